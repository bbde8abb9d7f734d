"""The SQLite files of the peers and the floors."""
import shutil
import sqlite3

from . import rows, settings

SCHEMA = """
CREATE TABLE user (
  id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL);
CREATE TABLE poll (
  id INTEGER PRIMARY KEY, question TEXT NOT NULL,
  created_by_id INTEGER NOT NULL REFERENCES user(id), pub_date TEXT NOT NULL);
CREATE TABLE choice (
  id INTEGER PRIMARY KEY, poll_id INTEGER NOT NULL REFERENCES poll(id), choice_text TEXT NOT NULL);
CREATE TABLE vote (
  id INTEGER PRIMARY KEY, poll_id INTEGER NOT NULL REFERENCES poll(id),
  choice_id INTEGER NOT NULL REFERENCES choice(id),
  voted_by_id INTEGER NOT NULL REFERENCES user(id), UNIQUE (poll_id, voted_by_id));
CREATE INDEX poll_created_by ON poll(created_by_id);
CREATE INDEX choice_poll ON choice(poll_id);
CREATE INDEX vote_poll ON vote(poll_id);
CREATE INDEX vote_choice ON vote(choice_id);
CREATE INDEX vote_voted_by ON vote(voted_by_id);
"""


def folder(tenants):
    return settings.WORK / "data" / "peers" / str(tenants)


def build(tenants):
    """Makes the files unless they are there."""
    to = folder(tenants)
    stamp = to / "stamp"
    wanted = f"{settings.DATA_VERSION} {settings.USERS[tenants]}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making data of {tenants} tenants for the peers", flush=True)
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for number in range(tenants):
        make(to / f"{settings.key(number)}.db", number, settings.USERS[tenants])
    stamp.write_text(wanted)


def make(path, number, users):
    polls, choices, votes = rows.tenant_rows(number)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN;" + SCHEMA)
    db.executemany("INSERT INTO user VALUES (?,?,?)", rows.people(users))
    db.executemany("INSERT INTO poll VALUES (?,?,?,?)", polls)
    db.executemany("INSERT INTO choice VALUES (?,?,?)", ((c, p, text) for c, p, _, text in choices))
    db.executemany("INSERT INTO vote VALUES (?,?,?,?)", votes)
    for statement in ("COMMIT", "ANALYZE", "PRAGMA journal_mode=WAL"):
        db.execute(statement)
    db.close()
