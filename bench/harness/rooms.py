"""A room: one contender's server, up, with fresh data of its own; gone when one leaves it."""
import http.client
import json
import os
import shutil
import sqlite3
import time

from . import contenders, postgres, queries, settings
from .process import Program, cpu_seconds, free_port, memory, wait_for


class Room:
    """A running contender."""

    def __init__(self, options, contender, tenants, sync, server=None):
        self.options, self.contender, self.tenants, self.sync = options, contender, tenants, sync
        self.postgres = server if contender.on_postgres else None
        self.owner = postgres.OURS if contender.ours else postgres.PEERS
        self.data = settings.WORK / "live"
        self.keys = self.prepare()
        place = contenders.Place(options, tenants, self.keys, sync, self.data, free_port(), self.postgres)
        self.port = place.port
        argv, cwd, env = contenders.command(contender, place)
        self.program = Program(contender.name, argv, cwd, env)
        self.roots = [self.program.pid] + ([self.postgres.program.pid] if self.postgres else [])
        wait_for(contender.label, self.is_up, self.program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()

    def prepare(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        if self.postgres:
            self.postgres.synchronous(self.sync)
            self.postgres.take_back(self.owner, self.tenants)
            keys = [settings.key(number) for number in range(self.tenants)]
        else:
            template = contenders.template(self.contender, self.tenants)
            keys = sorted(path.stem for path in template.glob("*.db"))
            for key in keys:
                # Half a gigabyte that nobody writes to need not be copied.
                copy = os.link if self.tenants == "special" else shutil.copyfile
                copy(template / f"{key}.db", self.data / f"{key}.db")
        # The copies' pages shall not be on their way to the disk while votes are.
        os.sync()
        return keys

    def is_up(self):
        try:
            status, _ = self.call(self.keys[0], queries.ask(
                self.contender.dialect, self.contender.path, self.contender.ops[-1 if len(self.contender.ops) == 1 else 1],
                self.keys[0]))
            return status == 200
        except (OSError, http.client.HTTPException):
            return False

    def call(self, tenant, ask, choice=None, voter=None):
        """One request; status and what the answer says."""
        path, body = ask.path, ask.body
        if choice is not None:
            ident = queries.choice_id(self.contender.dialect, tenant, choice)
            path, body = path.replace("$C", ident), body.replace("$C", ident).replace("$U", str(voter))
        headers = {"Host": settings.host(tenant), "Content-Type": "application/json"}
        if ask.token:
            headers["Authorization"] = f"Bearer {voter}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(ask.method, path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
            self.last = text.decode(errors="replace")
            return answer.status, json.loads(text or b"{}")
        finally:
            connection.close()

    def sql(self, tenant, text):
        """Asks the tenant's database itself; rows of texts and numbers."""
        if self.postgres:
            return self.postgres.rows(postgres.prefix(self.owner, self.tenants) + tenant, text)
        db = sqlite3.connect(f"file:{self.data / tenant}.db?mode=ro", uri=True, timeout=20)
        try:
            return db.execute(text).fetchall()
        finally:
            db.close()

    def votes(self):
        """How many votes there are, how many twice, how many tallies are wrong, over all tenants."""
        twice = "(SELECT count(*) FROM (SELECT 1 FROM vote GROUP BY poll_id, voted_by_id HAVING count(*) > 1) d)"
        tallies = (
            "(SELECT count(*) FROM choice c WHERE vote_count <> (SELECT count(*) FROM vote WHERE choice_id = c.id))"
            if self.contender.ours else "0")
        sql = f"SELECT (SELECT count(*) FROM vote), {twice}, {tallies}"
        if self.postgres:
            names = postgres.names(self.owner, self.tenants)
            rows = [line.split("\x1f") for line in self.postgres.each(names, sql + ";").splitlines()]
        else:
            rows = [self.sql(tenant, sql)[0] for tenant in self.keys]
        return [sum(int(row[place]) for row in rows) for place in range(3)]

    def settle(self, patience=20):
        """Waits until the server has done with what a client asked that is gone."""
        end = time.monotonic() + patience
        before = self.cpu()
        while time.monotonic() < end:
            time.sleep(0.3)
            now = self.cpu()
            if now - before <= 0.03:
                return
            before = now

    def cpu(self):
        return cpu_seconds(self.roots)

    def memory(self):
        return memory(self.roots)
