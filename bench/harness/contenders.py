"""Who is compared: how each is started, where its rows are, and which operations it has."""
import os
from dataclasses import dataclass

from . import data_ours, data_peers, postgres, settings
from .process import run

ALL = ("list", "one", "vote")
READS = ("list", "one")
GUNICORN = ["--no-control-socket", "--log-level", "warning", "--keep-alive", "75", "--backlog", "2048"]


@dataclass(frozen=True)
class Contender:
    """One line of the tables."""

    name: str
    label: str
    dialect: str
    store: str                 # ours, peers, pg-ours, pg-peers
    ops: tuple = ALL
    full: bool = False         # whether its votes are measured with FULL as well
    tenants: tuple = (1, 100, 1000)
    path: str = "/graphql"
    cache: bool = False

    @property
    def ours(self):
        return self.dialect == "ours"

    @property
    def on_postgres(self):
        return self.store.startswith("pg-")


CONTENDERS = (
    Contender("ours", "polls", "ours", "ours", full=True),
    Contender("mercurius", "Mercurius + JIT", "graphql", "peers", full=True),
    Contender("yoga", "GraphQL Yoga + JIT", "graphql", "peers", full=True),
    Contender("floor", "floor: axum + rusqlite, no GraphQL", "graphql", "peers", full=True, path="/data/graphql"),
    Contender("fixed", "floor: axum, a fixed body", "fixed", "peers", READS, path="/fixed/graphql"),
    Contender("ours-cache", "polls, result cache ON", "ours", "ours", READS, cache=True),
    Contender("strawberry", "Strawberry-Django", "graphql", "peers"),
    Contender("drf", "Django REST framework, same answers", "rest", "peers", path=""),
    Contender("book", "the book's DRF list as it is (all polls, all votes)", "book", "peers", ("list",),
              tenants=(1,), path=""),
    Contender("ours-postgres", "polls on PostgreSQL", "ours", "pg-ours", full=True, tenants=(1, 100)),
    Contender("postgraphile", "PostGraphile 5 on PostgreSQL", "postgraphile", "pg-peers", full=True,
              tenants=(1, 100)),
)
BY_NAME = {each.name: each for each in CONTENDERS}
# Who is run against whom: ours on the same engine.
RIVAL = {each.name: "ours-postgres" if each.on_postgres else "ours" for each in CONTENDERS if not each.ours}


@dataclass
class Place:
    """Where a contender runs this time."""

    options: settings.Options
    tenants: object            # how many, or the name of a set
    keys: list
    sync: str
    data: object
    port: int
    postgres: object = None


def command(contender, place):
    """Arguments, folder and environment of the server."""
    env = {"BENCH_DATA": str(place.data), "BENCH_SYNC": place.sync, "NODE_ENV": "production"}
    if contender.ours:
        return ours(contender, place)
    if contender.name in ("mercurius", "yoga"):
        return [settings.NODE, f"{contender.name}.js", place.port], settings.PEERS / "node", env
    if contender.name in ("floor", "fixed"):
        texts = [settings.WORK / "fixed" / "list.json", settings.WORK / "fixed" / "one.json"]
        return [settings.FLOOR, place.port, *texts], None, env
    if contender.name == "postgraphile":
        # pg's own default is 10; many tenants must share what the server has.
        env |= {"BENCH_PG_PORT": str(place.postgres.port), "BENCH_PG_POOL": "10" if place.tenants == 1 else "3",
                "BENCH_PG_PREFIX": postgres.prefix(postgres.PEERS, place.tenants)}
        return [settings.NODE, "server.js", place.port], settings.PEERS / "postgraphile", env
    # A process a core, the connections shared evenly: a worker that takes more starves the others'.
    each = settings.CONNECTIONS // settings.CORES + 1
    return [settings.VENV / "bin" / "gunicorn", *GUNICORN, "-w", settings.CORES, "-k", "gthread", "--threads", 1,
            "--worker-connections", each, "-b", f"127.0.0.1:{place.port}", "wsgi:application"], \
        settings.PEERS / "django", env


def ours(contender, place):
    options = place.options
    if contender.on_postgres:
        database, durability = postgres.url(place.postgres.port, place.tenants), None
    else:
        database, durability = "sqlite://{tenant}.db", durability_of(options, place.sync)
    config = data_ours.config(place.data, place.keys, database, durability)
    env = {}
    if has_cache(options.binary):
        env["POLLS_RESULT_CACHE"] = "64MiB" if contender.cache else "off"
    argv = [options.binary, "--config", config, "serve", "--listen", f"127.0.0.1:{place.port}", "--log-level", "warn",
            "--max-open-databases", max(256, len(place.keys) + 1)]
    if contender.on_postgres:
        argv += ["--connections-per-server", postgres.CONNECTIONS - 100]
    return argv, place.data, env


_known = {}


def has_cache(binary):
    """Whether this build has a result cache."""
    if "cache" not in _known:
        _known["cache"] = "--result-cache" in run([binary, "serve", "--help"], 20)
    return _known["cache"]


def has_durability(binary):
    """Whether this build knows `durability: normal`."""
    if "durability" not in _known:
        to = settings.WORK / "probe"
        os.makedirs(to, exist_ok=True)
        config = data_ours.config(to, ["t0000"], "sqlite://{tenant}.db", "normal")
        try:
            run([binary, "--config", config, "tenant", "list"], 20)
            _known["durability"] = True
        except Exception:
            _known["durability"] = False
    return _known["durability"]


def durability_of(options, sync):
    return sync.lower() if has_durability(options.binary) else None


def lacks(contender, op, sync, options):
    """Why this build of ours cannot run a row; nothing if it can."""
    if contender.cache and not has_cache(options.binary):
        return "this build has no result cache"
    normal_votes = contender.store == "ours" and op == "vote" and sync == settings.NORMAL
    if normal_votes and not has_durability(options.binary):
        return "this build has no `durability: normal`"
    return None


def voters(contender, tenants):
    """Who may vote in a run, and the last ones, kept for checks."""
    if contender.ours:
        name = postgres.tokens_folder(tenants) if contender.on_postgres else tenants
        people = data_ours.tokens(name)
    else:
        people = [user + 1 for user in range(settings.USERS[tenants])]
    return people[settings.VOTES:-settings.RESERVED], people[-settings.RESERVED:]


def template(contender, tenants):
    """The folder whose files a SQLite contender gets a copy of."""
    return (data_ours if contender.ours else data_peers).folder(tenants)
