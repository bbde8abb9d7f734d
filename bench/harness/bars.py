"""The bars: what the figures must show, what they do show, met or missed."""
from dataclasses import dataclass

from .contenders import BY_NAME, RIVAL
from .settings import FULL, NORMAL

# Requests a second, ours to theirs: list, one, votes NORMAL at 1 and 100 tenants, FULL likewise.
RATIOS = {
    "mercurius": (2.0, 1.4, (1.5, 1.0), (4, 2.5)),
    "yoga": (2.2, 4, (2.5, 1.7), (5, 3.5)),
    "strawberry": (25, 35, (12, 12), None),
    "postgraphile": (5, 6, (4, 4), None),
    "floor": (0.5, 0.55, (0.6, 0.4), (1.5, 1.2)),
}
CACHED = {"mercurius": 15, "floor": 4, "fixed": 0.5}
BESIDE_VOTES, VOTES_BESIDE = 5, 200
SPREAD = 0.85
MEMORY = {100: 100, 1000: 500}
GROWTH = (("`one` on a poll with 40 votes to one with 1,000,000", "one-40", "one-million", 1.2),
          ("`polls(first: 20)` to `polls(first: 100)`", "list-20", "list-100", 5.5))


@dataclass
class Bar:
    """One line of the last table."""

    what: str
    target: str
    measured: str = "not measured"
    met: object = None          # True, False, or None where there is no figure


def at_least(what, target, value):
    return Bar(what, f"≥ {target}", *shown(value, lambda: value >= target))


def at_most(what, target, value, unit=""):
    return Bar(what, f"≤ {target}{unit}", *shown(value, lambda: value <= target, unit))


def shown(value, test, unit=""):
    return ("not measured", None) if value is None else (f"{value:.2f}{unit}", test())


def tenants(count):
    return "1 tenant" if count == 1 else f"{count:,} tenants"


def everything(figures):
    return [*ratios(figures), *cached(figures), *latency(figures), *correct(figures), *scale(figures)]


def ratios(figures):
    for peer, (listing, one, normal, full) in RATIOS.items():
        rival = RIVAL[peer]
        for op, target in (("list", listing), ("one", one)):
            for size in BY_NAME[peer].tenants:
                name = (size, op, NORMAL)
                value, _ = figures.ratio((rival, *name), (peer, *name))
                if value is not None or size == 1:
                    yield at_least(f"{label(peer)}: `{op}`, {tenants(size)}", target, value)
        for sync, targets in ((NORMAL, normal), (FULL, full)):
            for size, target in zip((1, 100), targets or ()):
                name = (size, "vote", sync)
                value, _ = figures.ratio((rival, *name), (peer, *name))
                yield at_least(f"{label(peer)}: `vote` {sync}, {tenants(size)}", target, value)


def label(peer):
    return f"to {BY_NAME[peer].label}"


def cached(figures):
    for peer, target in CACHED.items():
        for size in (1, 100):
            name = (size, "list", NORMAL)
            value, _ = figures.ratio(("ours-cache", *name), (peer, *name))
            yield at_least(f"result cache on, {label(peer)}: `list`, {tenants(size)}", target, value)
    beside = ("ours-cache", 1, "list+votes", NORMAL)
    value, _ = figures.ratio(beside, ("mercurius", 1, "list", NORMAL))
    bar = at_least(f"result cache on, 200 votes/s beside, {label('mercurius')}: `list`", BESIDE_VOTES, value)
    if value is not None:
        # Fewer votes than asked for would make it easier than it says.
        rate = figures.median("votes_beside", *beside)
        bar.measured += f", with {rate:.0f} votes/s"
        bar.met = bar.met and rate >= 0.95 * VOTES_BESIDE
    yield bar


def latency(figures):
    for name in figures.cells:
        if name[0] == "mercurius" and figures.rounds("ours", *name[1:]):
            value, _ = figures.ratio(("ours", *name[1:]), name, "p99")
            size, op, sync = name[1:]
            durability = f" {sync}" if op == "vote" else ""
            yield at_most(f"p99 to Mercurius's: `{op}`{durability}, {tenants(size)}", 1.0, value)


def correct(figures):
    own = [name for name in figures.cells if BY_NAME[name[0]].ours]
    for what, fields in (("errors in our rows", ("errors",)), ("lost votes in our rows", ("lost",)),
                         ("doubled votes in our rows", ("doubled",)), ("wrong tallies in our rows", ("wrong_tallies",))):
        total = sum(figures.total(field, *name) for name in own for field in fields)
        yield Bar(what, "0", f"{total}" if own else "not measured", total == 0 if own else None)


def scale(figures):
    for op in ("list", "one"):
        value, _ = figures.ratio(("ours", 1000, op, NORMAL), ("ours", 1, op, NORMAL))
        yield at_least(f"1,000 tenants to 1: `{op}`, requests/s", SPREAD, value)
    for size, target in MEMORY.items():
        found = [figures.median("rss", *name) for name in figures.cells if name[0] == "ours" and name[1] == size]
        yield at_most(f"memory with {size:,} open tenants, the most of all rows", target,
                      max(found) if found else None, " MB")
    for what, small, large, target in GROWTH:
        value, _ = figures.ratio(("ours", "special", small, NORMAL), ("ours", "special", large, NORMAL))
        yield at_most(f"{what}, requests/s", target, value)
