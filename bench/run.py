#!/usr/bin/env python3
"""The load comparison: `make bench`, `make bench-quick`. See README.md beside this file."""
import argparse
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import campaign, install, report, settings  # noqa: E402
from harness.process import Failed, stop_all  # noqa: E402


def words(text):
    return tuple(word for word in text.split(",") if word)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of the most telling rows")
    parser.add_argument("--only", type=words, metavar="OP,…", help="of list, one, vote")
    parser.add_argument("--peers", type=words, metavar="NAME,…", help="besides ours, which always run")
    parser.add_argument("--tenants", type=words, metavar="N,…", help="of 1, 100, 1000")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each measurement")
    parser.add_argument("--warm", type=int, metavar="SECONDS", help="of checked load before each")
    parser.add_argument("--no-extras", action="store_true", help="without big polls, wide pages, votes beside")
    parser.add_argument("--resume", action="store_true", help="keep what an interrupted run has measured")
    parser.add_argument("--force", action="store_true", help="go on although others use the machine")
    parser.add_argument("--report", action="store_true", help="write the report again, measure nothing")
    parser.add_argument("--no-install", action="store_true", help="the peers are installed")
    parser.add_argument("--no-build", action="store_true", help="the binaries are built")
    parser.add_argument("--binary", type=Path, help="a release build of polls to measure; not built then")
    parser.add_argument("--out", type=Path, help="folder of the report")
    return parser.parse_args()


def options():
    given = arguments()
    found = settings.Options(command="make bench")
    if given.quick:
        found = settings.Options(
            quick=True, rounds=1, seconds=3, warm=1, tenants=(1, 100), command="make bench-quick",
            out=settings.WORK / "quick", raw=settings.WORK / "raw-quick.json")
    for name, value in (("ops", given.only), ("peers", given.peers), ("rounds", given.rounds),
                        ("seconds", given.seconds), ("warm", given.warm)):
        if value is not None:
            setattr(found, name, value)
    if given.tenants:
        found.tenants = tuple(int(count) for count in given.tenants)
    if not set(found.tenants) <= set(settings.USERS) or not set(found.ops) <= {"list", "one", "vote"}:
        raise SystemExit("--tenants takes 1, 100, 1000; --only takes list, one, vote")
    found.extras, found.resume, found.force = not given.no_extras, given.resume, given.force
    found.install, found.build = not given.no_install, not given.no_build
    if given.binary:
        found.binary, found.given = given.binary.resolve(), True
    if given.out:
        found.out = given.out.resolve()
    # What changes the figures; no paths of this machine.
    told = {"--only": given.only, "--peers": given.peers, "--tenants": given.tenants, "--rounds": given.rounds,
            "--seconds": given.seconds, "--warm": given.warm}
    shown = [f"{name} {','.join(value) if isinstance(value, tuple) else value}" for name, value in told.items() if value]
    shown += [name for name, value in (("--no-extras", given.no_extras), ("--force", given.force)) if value]
    if shown:
        found.command += f" ARGS='{' '.join(shown)}'"
    return found, given.report


def alone():
    """Holds the work folder until the end: two runs would measure each other."""
    settings.WORK.mkdir(parents=True, exist_ok=True)
    lock = open(settings.WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failed("another run is going on here") from None
    return lock


def interrupted(number, _):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    chosen, only_report = options()
    begun = time.monotonic()
    try:
        lock = alone()
        if only_report:
            data = json.loads(chosen.raw.read_text())
        else:
            install.everything(chosen)
            print(f"ready after {time.monotonic() - begun:.0f} s", flush=True)
            data = campaign.run(chosen)
        report.write(data, chosen)
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; --resume goes on from here", file=sys.stderr)
        return 130
    finally:
        stop_all()
    lock.close()
    print(f"{len(data['cells'])} measurements, {time.monotonic() - begun:.0f} s; report in "
          f"{os.path.relpath(chosen.out)}")
    return 1 if data["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
