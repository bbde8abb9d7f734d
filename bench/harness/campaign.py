"""The run as a whole: rounds, steps, what is kept."""
import json
import os
import sqlite3
import time
from types import SimpleNamespace

from . import contenders, data_ours, data_peers, machine, measure, plan, postgres, queries, quiet, settings, verify
from .process import Failed
from .rooms import Room


class Results:
    """What was measured, kept in a file after every cell."""

    def __init__(self, options):
        self.path, self.options = options.raw, options
        self.data = {"cells": [], "quiet": [], "failures": [], "missing": [], "steps": []}
        if options.resume and self.path.exists():
            self.data = json.loads(self.path.read_text())
            self.data["failures"] = []
            if self.data.get("measured") != self.measured():
                raise Failed("the last run measured another build or other seconds; leave out --resume")
        self.data["measured"] = self.measured()

    def measured(self):
        """What must be the same for figures to belong together."""
        return [data_ours.stamp_of(self.options.binary), self.options.seconds, self.options.quick]

    def has(self, number, step, op):
        wanted = (number, step.contender.name, step.tenants, op, step.sync)
        return any((c["round"], c["contender"], c["tenants"], c["op"], c["sync"]) == wanted
                   for c in self.data["cells"])

    def add(self, kind, **fields):
        self.data[kind].append(fields)
        self.save()

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(self.data, indent=1))
        os.replace(temporary, self.path)


def run(options):
    """Everything but the report. Returns the results."""
    results = Results(options)
    server = None
    wanted = [step for number in range(1, options.rounds + 1) for step in plan.steps(options, number)]
    if any(step.contender.on_postgres for step in wanted):
        server = postgres.Server()
    data(options, wanted, server)
    results.data["machine"] = machine.describe(options, server)
    for number in range(1, options.rounds + 1):
        print(f"round {number} of {options.rounds}", flush=True)
        results.add("quiet", round=number, **quiet.check(options.force))
        for step in plan.steps(options, number):
            one(options, results, number, step, server)
    if server:
        server.program.stop()
    return results.data


def data(options, steps, server):
    """Whatever the steps will need, made before the first one."""
    for tenants in sorted({step.tenants for step in steps}, key=str):
        of_size = [step.contender for step in steps if step.tenants == tenants]
        if any(each.store == "peers" for each in of_size):
            data_peers.build(tenants)
        if any(each.store == "ours" for each in of_size):
            data_ours.build(options.binary, tenants)
        if any(each.on_postgres for each in of_size):
            server.build(options.binary, tenants)
    fixed(options)


def fixed(options):
    """The texts of the fixed floor, from the peers' data: what our server answers for them."""
    data_peers.build(1)
    to = settings.WORK / "fixed"
    to.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(data_peers.folder(1) / "t0000.db")
    room = SimpleNamespace(sql=lambda _, text: db.execute(text).fetchall())
    polls = verify.expected(room, "t0000", 20)
    db.close()
    (to / "list.json").write_text(queries.ours_as_text(polls, "t0000", "list"))
    (to / "one.json").write_text(queries.ours_as_text(polls[queries.POLL - 1], "t0000", "one"))


def one(options, results, number, step, server):
    """One start of one contender; what fails is kept and fails the run at its end."""
    ops = []
    for op in step.ops:
        why = measure.missing(step, op, options)
        known = dict(contender=step.contender.name, tenants=step.tenants, op=op, sync=step.sync)
        if why and not any(all(m[k] == v for k, v in known.items()) for m in results.data["missing"]):
            results.add("missing", **known, why=why)
        if not why and not results.has(number, step, op):
            ops.append(op)
    if not ops:
        return
    begun = time.monotonic()
    try:
        with Room(options, step.contender, step.tenants, step.sync, server) as room:
            people, reserved = contenders.voters(step.contender, step.tenants) \
                if step.tenants in settings.USERS else ([], [])
            checked = tuple(op.split("+")[0].split("-")[0] for op in ops)
            verify.everything(room, checked, reserved)
            for op in ops:
                found = measure.cell(room, op, people)
                results.add("cells", round=number, contender=step.contender.name, tenants=step.tenants, op=op,
                            sync=step.sync, **found)
                say(step, op, found)
            verify.everything(room, tuple(op for op in checked if op != "vote"), reserved)
    except Exception as error:  # whatever one contender does, the others are measured
        print(f"  FAILED {step.contender.name} {step.tenants} {step.sync}: {error}", flush=True)
        results.add("failures", round=number, contender=step.contender.name, tenants=step.tenants,
                    sync=step.sync, what=str(error).replace(f"{settings.ROOT}/", "")[:1000])
    results.add("steps", round=number, contender=step.contender.name, tenants=step.tenants, sync=step.sync,
                took=round(time.monotonic() - begun, 1))


def say(step, op, found):
    votes = f" lost {found['lost']} doubled {found['doubled']}" if "lost" in found else ""
    print(f"  {step.contender.name:14} {op:12} {step.tenants!s:>7} {step.sync:6} {found['rps']:10,.0f}/s "
          f"p50 {found['p50']:7.2f} p99 {found['p99']:7.2f} ms  {found['cpu_us']:8.1f} us  {found['rss']:6.0f} MB "
          f"errors {found['errors']}{votes}", flush=True)
