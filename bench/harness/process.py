"""Programs that are started, watched and always stopped: each in a session of its own."""
import atexit
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import settings

TICKS = os.sysconf("SC_CLK_TCK")
_running = []


class Failed(Exception):
    """A step that did not do what it should; its text is for people."""


class Program:
    """A program in the background. It ends by itself after `limit` seconds, whatever happens."""

    def __init__(self, name, argv, cwd=None, env=None, limit=1800, stop_with=signal.SIGTERM):
        settings.LOGS.mkdir(parents=True, exist_ok=True)
        self.name, self.stop_with = name, stop_with
        self.log = settings.LOGS / f"{name}.log"
        argv = ["timeout", "-k", "5", str(limit), *map(str, argv)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                argv, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, preexec_fn=_many_files)
        self.pid = self.process.pid
        _running.append(self)

    def alive(self):
        return self.process.poll() is None

    def stop(self, patience=15):
        if self in _running:
            _running.remove(self)
        members = tree([self.pid])
        if self.alive():
            # `timeout` passes a signal on to the program itself.
            os.kill(self.pid, self.stop_with)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        for pid in members:
            try:
                if os.getsid(pid) == self.pid:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def tail(self):
        return self.log.read_text(errors="replace")[-1500:]


def _many_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@atexit.register
def stop_all():
    for program in reversed(list(_running)):
        program.stop(20)


def run(argv, limit, cwd=None, env=None, text=None):
    """Runs a step to its end and returns its output; an error tells the last lines."""
    try:
        done = subprocess.run(
            list(map(str, argv)), cwd=cwd, env={**os.environ, **(env or {})}, input=text, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
            stdin=subprocess.DEVNULL if text is None else None)
    except subprocess.TimeoutExpired:
        raise Failed(f"{Path(str(argv[0])).name} took longer than {limit} s") from None
    if done.returncode != 0:
        shown = " ".join(Path(str(word)).name for word in argv[:4])
        raise Failed(f"{shown} failed with {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, test, program, limit=60):
    """Until `test` says yes; at once an error if the program ends meanwhile."""
    end = time.monotonic() + limit
    while not test():
        if not program.alive():
            raise Failed(f"{what} ended by itself:\n{program.tail()}")
        if time.monotonic() > end:
            raise Failed(f"{what} is not up after {limit} s:\n{program.tail()}")
        time.sleep(0.05)


def stat(pid):
    """The fields of /proc/PID/stat after the name; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(roots):
    """The roots and all below them."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat(entry)):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, left = [], list(roots)
    while left:
        pid = left.pop()
        found.append(pid)
        left.extend(children.get(pid, []))
    return found


def cpu_seconds(roots):
    """Processor time of the processes and of those children of theirs that have ended."""
    fields = filter(None, map(stat, tree(roots)))
    return sum(sum(map(int, each[11:15])) for each in fields) / TICKS


def memory(roots):
    """Resident megabytes, and the share of them that counts shared pages once."""
    rss = pss = 0
    for pid in tree(roots):
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    rss += int(line.split()[1])
                elif line.startswith("Pss:"):
                    pss += int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return rss / 1024, pss / 1024
