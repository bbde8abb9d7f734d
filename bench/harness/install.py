"""Installs what the comparison needs, by lock files, and builds our server and the floors."""
import hashlib
import os
import shutil
import sys

from . import postgres, settings
from .process import Failed, run

MINUTES = 60


def everything(options):
    tools()
    if options.install:
        peers()
    if options.build:
        build(options)
    for path, what in ((settings.FLOOR, "floor"), (options.binary, "polls")):
        if not path.exists():
            raise Failed(f"there is no release build of {what}; leave out --no-build")


def tools():
    """What Debian has: installed if we may, else named."""
    packages = {"wrk": "wrk", "npm": "npm", "python3": "python3", "cargo": "cargo", "cc": "build-essential"}
    missing = [package for tool, package in packages.items() if not shutil.which(tool)]
    if postgres.binaries() is None:
        missing.append("postgresql")
    try:
        import ensurepip  # noqa: F401  (Debian keeps it in a package of its own)
    except ImportError:
        missing.append("python3-venv")
    if not missing:
        return
    if os.geteuid() != 0:
        raise Failed(f"missing: apt-get install {' '.join(missing)}")
    print(f"installing {', '.join(missing)}", flush=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], 5 * MINUTES, env=quiet)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], 15 * MINUTES, env=quiet)


def peers():
    node = settings.NODE.parents[1]
    # better-sqlite3 is compiled for the Node that it will run on.
    env = {"npm_config_nodedir": str(node), "PATH": f"{node / 'bin'}:{os.environ['PATH']}"}
    for folder, extra in (("node-runtime", {}), ("node", env), ("postgraphile", env)):
        path = settings.PEERS / folder
        install(folder, path / "node_modules", path / "package-lock.json",
                lambda path=path, extra=extra: run(
                    ["npm", "ci", "--no-audit", "--no-fund"], 15 * MINUTES, cwd=path, env=extra))
    requirements = settings.PEERS / "django" / "requirements.txt"
    install("django", settings.VENV, requirements, lambda: python(requirements))


def python(requirements):
    shutil.rmtree(settings.VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", settings.VENV], 5 * MINUTES)
    run([settings.VENV / "bin" / "pip", "install", "-q", "--no-deps", "-r", requirements], 15 * MINUTES)


def install(name, folder, lock, work):
    """Does the work unless it was done for this very lock file."""
    stamp = settings.WORK / f"{name}.stamp"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if folder.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {name}", flush=True)
    settings.WORK.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    work()
    stamp.write_text(wanted)


def build(options):
    """The floors, and ours unless another build of it is to be measured."""
    print("building", flush=True)
    floor = {"CARGO_TARGET_DIR": str(settings.WORK / "floor")}
    run(["cargo", "build", "--release", "--locked"], 30 * MINUTES, cwd=settings.PEERS / "floor", env=floor)
    if options.given:
        return
    ours = {"CARGO_TARGET_DIR": str(settings.ROOT / "target")}
    run(["cargo", "build", "--release", "--locked"], 60 * MINUTES, cwd=settings.ROOT, env=ours)
