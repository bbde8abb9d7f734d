"""Is anybody else using the machine?"""
import os
import time

from .process import Failed

# More than this share of all cores used by others makes figures worthless.
ALLOWED = 0.05
PATIENCE = 90


def times():
    """Busy and all processor time of the machine so far, in ticks; stolen time counts as busy."""
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def share(seconds=1.5):
    """The busy share of all cores while nothing of ours runs."""
    busy, total = times()
    time.sleep(seconds)
    busy2, total2 = times()
    return (busy2 - busy) / max(1, total2 - total)


def check(force):
    """Waits a little for a quiet machine; what was found goes into the report."""
    begun = time.monotonic()
    now = share()
    while now > ALLOWED and not force and time.monotonic() - begun < PATIENCE:
        print(f"  others use {now:.0%} of the machine; waiting", flush=True)
        time.sleep(5)
        now = share()
    found = {
        "others": round(now, 3),
        "load1": os.getloadavg()[0],
        "waited": round(time.monotonic() - begun, 1),
        "quiet": now <= ALLOWED,
    }
    if not found["quiet"]:
        if not force:
            raise Failed(
                f"others use {now:.0%} of the machine after {PATIENCE} s; stop them, or go on with --force")
        print(f"  WARNING: others use {now:.0%} of the machine; going on, as --force says", flush=True)
    return found
