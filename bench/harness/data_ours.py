"""Our tenants: migrated and seeded by `polls` itself, which also makes the voters' tokens; the
polls, choices and votes are those of the peers. A seeded file is copied for every tenant: tokens
are looked up by their hash in the tenant's own database, so the copies know the same tokens."""
import shutil
import sqlite3

from . import rows, settings
from .process import Failed, run

MINUTES = 60
SPECIAL = "special"
# The tenants of the special set.
PLAIN, MILLION, WIDE = 0, 1, 2
MILLION_VOTES = 1_000_000
MILLION_POLL = 7
WIDE_POLLS = 120


def folder(name):
    return settings.WORK / "data" / "ours" / str(name)


def config(to, keys, database, durability=None):
    """Writes tenants.yaml and returns its path."""
    lines = ["resolve:", '  - host: "{tenant}.polls.local"', "defaults:", f'  database: "{database}"']
    if durability:
        lines.append(f"  durability: {durability}")
    lines += ["tenants:", *(f"  {key}:\n    name: {key}" for key in keys), ""]
    path = to / "tenants.yaml"
    path.write_text("\n".join(lines))
    return path


def seeded(binary, to, users, database="sqlite://{tenant}.db"):
    """One migrated tenant with people and tokens, no polls."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    path = config(to, [settings.key(0)], database)
    run([binary, "--config", path, "migrate", "up"], 2 * MINUTES)
    run([binary, "--config", path, "seed", "--tenant", settings.key(0), "--users", users, "--polls", 0,
         "--with-tokens", to / "tokens.txt"], 5 * MINUTES)


def tokens(name):
    lines = (folder(name) / "tokens.txt").read_text().splitlines()
    return [line.split()[1] for line in lines]


def build(binary, tenants):
    """Makes the files unless they are there, of this very program."""
    to, users = folder(tenants), settings.USERS.get(tenants, settings.BASE_USERS)
    stamp = to / "stamp"
    wanted = stamp_of(binary)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making our data: {tenants}", flush=True)
    seeded(binary, to, users)
    first = to / f"{settings.key(0)}.db"
    whole(first)
    numbers = (PLAIN, MILLION, WIDE) if tenants == SPECIAL else range(tenants)
    for number in numbers:
        if number:
            shutil.copyfile(first, to / f"{settings.key(number)}.db")
    for number in numbers:
        fill(to / f"{settings.key(number)}.db", number, tenants == SPECIAL)
    stamp.write_text(wanted)


def whole(path):
    """Brings what is in the write-ahead log into the file, so that a copy of the file has it."""
    db = sqlite3.connect(path, isolation_level=None)
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    if busy:
        raise Failed(f"{path.name} is still in use")


def stamp_of(binary):
    made = binary.stat()
    return f"{settings.DATA_VERSION} {made.st_size} {made.st_mtime_ns}"


def fill(path, number, special):
    wide = special and number == WIDE
    polls, choices, votes = rows.tenant_rows(number, WIDE_POLLS if wide else settings.POLLS)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous=OFF; BEGIN;")
    db.executemany(
        "INSERT INTO poll(id, question, question_key, ballot, created_by_id, pub_date, updated_at) "
        "VALUES (?1, ?2, lower(?2), 'open', ?3, ?4, ?4)", polls)
    db.executemany("INSERT INTO choice(id, poll_id, position, choice_text) VALUES (?, ?, ?, ?)", choices)
    db.executemany(
        "INSERT INTO vote(id, poll_id, choice_id, voted_by_id, voted_at) "
        "VALUES (?, ?, ?, ?, '2026-07-01 00:00:00')", votes)
    if special and number == MILLION:
        million(db)
    db.execute("UPDATE choice SET vote_count = (SELECT count(*) FROM vote WHERE choice_id = choice.id)")
    db.execute("COMMIT")
    db.close()


def million(db):
    """A million people vote on one poll."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    db.execute(
        numbers.format(settings.BASE_USERS + 1, MILLION_VOTES)
        + "INSERT INTO user(id, username, username_key, email, role, is_active, created_at) "
        "SELECT i, 'user' || i, 'user' || i, NULL, 'user', 1, '2026-01-01 00:00:00' FROM n")
    first = (MILLION_POLL - 1) * settings.CHOICES + 1
    db.execute(
        numbers.format(settings.VOTES + 1, MILLION_VOTES)
        + "INSERT INTO vote(poll_id, choice_id, voted_by_id, voted_at) "
        f"SELECT {MILLION_POLL}, {first} + i % {settings.CHOICES}, i, '2026-07-01 00:00:00' FROM n")
