"""Where it ran and what ran: no names, no paths."""
import json
import os
import platform
import re
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

from . import settings
from .process import run


def describe(options, server):
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": options.command,
        "commit": commit(),
        "cores": settings.CORES,
        "cpu": first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "seconds": options.seconds, "warm": options.warm, "rounds": options.rounds,
        "connections": settings.CONNECTIONS,
        "versions": versions(options, server),
    }


def first(pattern, text):
    found = re.search(pattern, text)
    return found.group(1).strip() if found else "?"


def commit():
    try:
        text = run(["git", "rev-parse", "--short=12", "HEAD"], 10, cwd=settings.ROOT).strip()
        dirty = run(["git", "status", "--porcelain", "--", "src", "migration", "Cargo.lock"], 10, cwd=settings.ROOT)
        return text + (" with changes" if dirty.strip() else "")
    except Exception:
        return "?"


def versions(options, server):
    found = {
        "polls": run([options.binary, "--version"], 10).split()[-1],
        "rustc": run(["rustc", "--version"], 20).split()[1],
        "wrk": first(r"wrk (\S+)", run(["sh", "-c", "wrk -v || true"], 10)),
        "node": run([settings.NODE, "--version"], 10).strip(),
        "python": platform.python_version(),
        "sqlite of Python": sqlite3.sqlite_version,
    }
    for folder, names in (("node", ("mercurius", "fastify", "graphql-yoga", "graphql-jit", "graphql", "better-sqlite3")),
                          ("postgraphile", ("postgraphile",))):
        packages = json.loads((settings.PEERS / folder / "package-lock.json").read_text())["packages"]
        found |= {name: packages[f"node_modules/{name}"]["version"] for name in names}
    pinned = (settings.PEERS / "django" / "requirements.txt").read_text()
    for name in ("Django", "djangorestframework", "strawberry-graphql-django", "strawberry-graphql", "gunicorn"):
        found[name] = first(rf"(?m)^{name}==(\S+)", pinned)
    lock = (settings.PEERS / "floor" / "Cargo.lock").read_text()
    for name in ("axum", "rusqlite"):
        found[f"{name} (floors)"] = first(rf'name = "{name}"\nversion = "([^"]+)"', lock)
    if server:
        found["PostgreSQL"] = server.psql("postgres", "show server_version").split()[0]
    return found
