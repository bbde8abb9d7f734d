"""Timing one operation in a room that has been checked."""
import json
import sys
import time

from . import bars, contenders, data_ours, load, plan, quiet, settings
from .process import TICKS, Failed, Program

# Warming up goes on, each time twice as long, until every tenant was asked so often or so many
# seconds are over.
ASKED, WARM_UP_LIMIT = 4, 16


class Checked(Exception):
    """An answer was wrong: its contender is not timed."""


def cell(room, op, people):
    """The figures of one operation."""
    files = prepare(room, op, people)
    voting = op == "vote"
    start = warm_up(room, files)
    room.settle()
    beside = voter(room, people) if op in plan.BESIDE_VOTES else None
    votes = room.votes() if voting else None
    cpu, busy = room.cpu(), quiet.times()
    figures = load.wrk(files, room.port, room.options.seconds, start["next"] if voting else 0)
    cpu, busy2 = room.cpu() - cpu, quiet.times()
    rss, pss = room.memory()
    requests, seconds = max(1, figures["requests"]), figures["us"] / 1e6
    total = (busy2[1] - busy[1]) / TICKS
    others = (busy2[0] - busy[0]) / TICKS - cpu - figures["wrk_cpu"]
    found = {
        "rps": round(requests / seconds, 1), "p50": figures["p50"], "p99": figures["p99"],
        "max": figures["max"], "requests": figures["requests"], "cpu_us": round(cpu * 1e6 / requests, 1),
        "rss": round(rss, 1), "pss": round(pss, 1), "wrk_cpu": round(figures["wrk_cpu"] / seconds, 3),
        "others": round(max(0, others) / total, 3), "status": figures["status"], "socket": figures["socket"],
        "asked_before": round(start["requests"] / len(room.keys), 1),
        "odd": 0 if voting else odd_sizes(figures, start),
    }
    if voting:
        room.settle()
        found |= account(votes, room.votes(), figures)
    if beside:
        found |= beside_figures(beside)
    found["errors"] = found["status"] + found["socket"] + found["odd"]
    return found


def prepare(room, op, people):
    contender = room.contender
    name, keys = f"{contender.name}-{op}", room.keys
    if op == "vote":
        return load.votes(name, contender.dialect, contender.path, keys, people)
    ask_as = op.split("+")[0]
    if room.tenants == data_ours.SPECIAL:
        number = {"one-40": data_ours.PLAIN, "one-million": data_ours.MILLION}.get(op, data_ours.WIDE)
        keys = [settings.key(number)]
        ask_as = {"list-100": "list-100", "list-20": "list"}.get(op, "one")
    return load.reads(name, contender.dialect, contender.path, op, keys, ask_as)


def warm_up(room, files):
    """Opens every tenant and warms the JIT, every single answer checked."""
    start = {"next": 0, "requests": 0, "bytes": 0}
    seconds = room.options.warm
    while start["requests"] < ASKED * len(room.keys) and seconds <= WARM_UP_LIMIT:
        figures = load.wrk(files, room.port, seconds, start["next"], check=True)
        seconds *= 2
        if figures["wrong"] or figures["status"]:
            raise Checked(f"{figures['wrong']} wrong answers while warming up, such as: {figures['sample']}")
        start = {name: figures[name] + (start[name] if name != "next" else 0) for name in start}
    return start


def odd_sizes(figures, start):
    """How many answers must have been of another size than the checked ones: errors are shorter.
    Of those in flight at either end a part may have been counted."""
    size = start["bytes"] / max(1, start["requests"])
    off = abs(figures["bytes"] - figures["requests"] * size) / size
    allowed = 2 * settings.CONNECTIONS + 0.01 * figures["requests"]
    return 0 if off <= allowed else round(off)


def account(before, after, figures):
    """Answers against rows. Those in flight at the end may be in the database without an answer."""
    answered = figures["requests"] - figures["status"]
    added = after[0] - before[0]
    return {
        "added": added,
        "lost": max(0, answered - added),
        "doubled": after[1] + max(0, added - answered - settings.CONNECTIONS),
        "wrong_tallies": after[2],
    }


def voter(room, people):
    """A second client that votes on the same tenant, so many times a second, in a process of its own."""
    files = load.votes("beside", room.contender.dialect, room.contender.path, room.keys, people)
    program = Program("voter", [
        sys.executable, settings.BENCH / "voter.py", room.port, files, bars.VOTES_BESIDE, room.options.seconds + 1],
        limit=room.options.seconds + 60)
    time.sleep(0.5)
    return program


def beside_figures(program):
    program.process.wait(60)
    program.stop()
    try:
        found = json.loads(program.log.read_text().splitlines()[-1])
    except (ValueError, IndexError):
        raise Failed(f"the voter said:\n{program.tail()}") from None
    if found["wrong"]:
        raise Failed(f"the voter met wrong answers: {found}")
    return {"votes_beside": found["rate"]}


def missing(step, op, options):
    """Why a row cannot be measured; nothing if it can."""
    return contenders.lacks(step.contender, "vote" if op == "vote" else "list", step.sync, options)
