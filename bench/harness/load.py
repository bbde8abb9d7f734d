"""Running wrk and reading what it says."""
import json
import resource
import shutil

from . import queries, settings
from .process import Failed, Program


def folder(name):
    path = settings.WORK / "load" / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def reads(name, dialect, path, op, tenants, ask_as=None):
    """Files for reads of these tenants; the folder."""
    to = folder(name)
    lines = []
    for tenant in tenants:
        ask = queries.ask(dialect, path, ask_as or op, tenant)
        lines.append("\t".join((settings.host(tenant), ask.method, ask.path, ask.body)))
    (to / "reads.txt").write_text("\n".join(lines) + "\n")
    return to


def votes(name, dialect, path, tenants, voters):
    """Files for votes: every voter on every poll of every tenant."""
    to = folder(name)
    ask = queries.ask(dialect, path, "vote", tenants[0])
    (to / "hosts.txt").write_text("".join(settings.host(tenant) + "\n" for tenant in tenants))
    (to / "voters.txt").write_text("".join(f"{voter}\n" for voter in voters))
    choices = range(1, settings.POLLS * settings.CHOICES + 1)
    (to / "choices.txt").write_text(
        "".join(queries.choice_id(dialect, tenant, row) + "\n" for tenant in tenants for row in choices))
    body = [part for half in ask.body.split("$C") for part in half.split("$U")]
    if dialect == "rest":  # a voter only: what stands between choice and voter is empty
        body = [body[0], None, body[1]]
    fields = {"path": ask.path.split("$C"), "body": body}
    lua = [f"{name} = {{ {', '.join(quoted(part) for part in parts)} }}," for name, parts in fields.items()]
    lua += [f"token = {str(ask.token).lower()},", f"polls = {settings.POLLS}, choices = {settings.CHOICES},"]
    (to / "votes.lua").write_text("return {\n" + "\n".join(lua) + "\n}\n")
    return to


def quoted(text):
    return "false" if text is None else json.dumps(text)


def wrk(files, port, seconds, first=0, check=False, connections=settings.CONNECTIONS):
    """Loads the server and returns wrk's figures, with the processor time that wrk itself used."""
    before = used()
    program = Program("wrk", [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", settings.BENCH / "load.lua",
        f"http://127.0.0.1:{port}/", "--", files, first, int(check)], limit=seconds + 60)
    program.process.wait()
    program.stop()
    text = program.log.read_text(errors="replace")
    results = [line for line in text.splitlines() if line.startswith("RESULT ")]
    if not results:
        raise Failed(f"wrk said nothing of use:\n{text[-1500:]}")
    figures = json.loads(results[0].removeprefix("RESULT "))
    figures["sample"] = next((line[7:] for line in text.splitlines() if line.startswith("SAMPLE ")), "")
    figures["wrk_cpu"] = used() - before
    if figures["exhausted"]:
        raise Failed("all voters have voted on everything; settings.USERS must be more")
    return figures


def used():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
