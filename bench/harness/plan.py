"""What is measured in a round, in which order."""
from dataclasses import dataclass

from . import contenders, settings


@dataclass(frozen=True)
class Step:
    """One start of one contender, and what is timed before it stops."""

    contender: contenders.Contender
    tenants: object
    sync: str
    ops: tuple


# In the quick run: these, at one tenant; at 100 only those that matter for the bars there.
QUICK_MANY = ("ours", "mercurius", "yoga", "floor", "fixed", "ours-cache")
# What the special rooms measure.
GROWTH = ("one-40", "one-million", "list-20", "list-100")
BESIDE_VOTES = ("list+votes",)


def chosen(options):
    """The contenders asked for; ours are always among them."""
    if not options.peers:
        return contenders.CONTENDERS
    unknown = set(options.peers) - set(contenders.BY_NAME)
    if unknown:
        raise SystemExit(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(contenders.BY_NAME)}")
    wanted = set(options.peers) | {"ours"} | {contenders.RIVAL.get(name) for name in options.peers}
    return tuple(each for each in contenders.CONTENDERS if each.name in wanted)


def steps(options, number):
    """The steps of a round; each round begins elsewhere, so that nobody always comes first."""
    found = []
    for tenants in options.tenants:
        group = []
        for contender in chosen(options):
            group += of_one(options, contender, tenants)
        turn = (number - 1) * 3 % max(1, len(group))
        found += group[turn:] + group[:turn]
    if options.extras:
        found += extras(options)
    return found


def of_one(options, contender, tenants):
    if tenants not in contender.tenants:
        return []
    if options.quick and tenants > 1 and contender.name not in QUICK_MANY:
        return []
    # Reads come first, in whichever order they are asked for: peers count the votes anew each time.
    wanted = [op for op in ("list", "one", "vote") if op in options.ops and op in contender.ops]
    # At 1,000 tenants nobody votes: the rows that the issue asks for there are reads.
    ops = tuple(op for op in wanted if op != "vote" or tenants < 1000)
    found = [Step(contender, tenants, settings.NORMAL, ops)] if ops else []
    # On PostgreSQL FULL is for one tenant: no bar asks for more.
    if "vote" in ops and contender.full and (tenants == 1 or not contender.on_postgres):
        found.append(Step(contender, tenants, settings.FULL, ("vote",)))
    return found


def extras(options):
    found = []
    names = [each.name for each in chosen(options)]
    if "list" in options.ops or "one" in options.ops:
        found.append(Step(contenders.BY_NAME["ours"], "special", settings.NORMAL, GROWTH))
    if "list" in options.ops and "ours-cache" in names:
        found.append(Step(contenders.BY_NAME["ours-cache"], 1, settings.NORMAL, BESIDE_VOTES))
    return found
