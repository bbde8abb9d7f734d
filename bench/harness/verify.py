"""Are a contender's answers right? Each is compared with its own database before it is timed."""
from . import queries, settings
from .process import Failed

POLL_SQL = """SELECT p.id, p.question, p.pub_date, u.username FROM poll p
JOIN "user" u ON u.id = p.created_by_id ORDER BY p.id LIMIT {}"""
CHOICE_SQL = """SELECT c.id, c.choice_text, (SELECT count(*) FROM vote v WHERE v.choice_id = c.id)
FROM choice c WHERE c.poll_id = {} ORDER BY c.id"""


def expected(room, tenant, first):
    """The first polls as the database has them."""
    found = []
    for ident, question, date, creator in room.sql(tenant, POLL_SQL.format(first)):
        choices = [(int(c), text, int(n)) for c, text, n in room.sql(tenant, CHOICE_SQL.format(ident))]
        found.append({"id": int(ident), "question": question, "choices": choices,
                      "date": str(date)[:19], "creator": creator})
    return found


def plain(poll):
    return {name: poll[name] for name in ("id", "question", "choices")}


def reads(room, tenant, ops):
    """The list and the one poll of a tenant, whole."""
    contender = room.contender
    if contender.dialect == "book":
        return book(room, tenant)
    polls = expected(room, tenant, 20)
    for op in ("list", "one"):
        if op not in ops:
            continue
        ask = queries.ask(contender.dialect, contender.path, op, tenant)
        status, answer = room.call(tenant, ask)
        wanted = polls if op == "list" else polls[queries.POLL - 1]
        if contender.dialect == "fixed":
            right = room.last == queries.ours_as_text(wanted, tenant, op)
        else:
            wanted = wanted if op == "list" else plain(wanted)
            right = status == 200 and queries.read(contender.dialect, op, answer, tenant) == wanted
        if not right:
            raise Failed(f"{contender.label}: wrong answer to `{op}` of {tenant}: {room.last[:600]}")


def book(room, tenant):
    status, answer = room.call(tenant, queries.ask("book", "", "list", tenant))
    polls = expected(room, tenant, settings.POLLS)
    counts = [[(c["id"], len(c["votes"])) for c in poll["choices"]] for poll in answer]
    if status != 200 or counts != [[(c, n) for c, _, n in poll["choices"]] for poll in polls]:
        raise Failed(f"{room.contender.label}: wrong answer of {tenant}: {room.last[:600]}")


def votes(room, tenant, people):
    """A vote counts once; a second one of the same person is refused; both are in the database."""
    contender = room.contender
    ask = queries.ask(contender.dialect, contender.path, "vote", tenant)
    choice = (queries.POLL + 2 - 1) * settings.CHOICES + 2
    count = f"SELECT count(*), (SELECT count(*) FROM vote WHERE choice_id = {choice}) FROM vote"
    before = [int(value) for value in room.sql(tenant, count)[0]]
    answers = [room.call(tenant, ask, choice + place, people[0]) for place in (0, 0, 1)]
    got = [queries.voted(contender.dialect, *answer) for answer in answers]
    after = [int(value) for value in room.sql(tenant, count)[0]]
    if got != [before[1] + 1, None, None] or after != [before[0] + 1, before[1] + 1]:
        raise Failed(f"{contender.label}: votes of {tenant} went wrong: {got}, {before} to {after}: {answers}")


def stranger(room):
    """Nobody answers for a tenant that does not exist."""
    ask = queries.ask(room.contender.dialect, room.contender.path, room.contender.ops[0], "t9999")
    status, answer = room.call("t9999", ask)
    if status < 400 and not (isinstance(answer, dict) and answer.get("errors")):
        raise Failed(f"{room.contender.label} answers for a tenant that does not exist: {room.last[:300]}")


def everything(room, ops, people):
    """What must be right before any of these operations is timed."""
    try:
        every(room, ops, people)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failed(f"{room.contender.label}: {error!r}: {room.last[:600]}") from error


def every(room, ops, people):
    last = len(room.keys) - 1
    sample = sorted({0, min(1, last), last // 2, last})
    if room.contender.dialect == "fixed":
        return reads(room, room.keys[0], ops)
    for number in sample:
        reads(room, room.keys[number], ops)
        if "vote" in ops:
            votes(room, room.keys[number], people)
            reads(room, room.keys[number], ops)
    stranger(room)
