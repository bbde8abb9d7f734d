"""The Markdown of the report."""
from . import bars
from .contenders import BY_NAME, CONTENDERS, RIVAL
from .settings import FULL, NORMAL

OPERATIONS = (
    ("list", NORMAL, "`list`: a page of 20 polls", "`polls(first: 20)` with question, date, creator, choices and tallies"),
    ("one", NORMAL, "`one`: one poll", "`poll(id: $id)` with its choices and tallies"),
    ("vote", NORMAL, "`vote`, NORMAL", "`castVote`; a power cut may take the last votes (SQLite: `synchronous=NORMAL`; "
     "PostgreSQL: `synchronous_commit=off`)"),
    ("vote", FULL, "`vote`, FULL", "`castVote`; on the disk before it is answered (SQLite: `synchronous=FULL`; PostgreSQL: "
     "`synchronous_commit=on`)"),
)
EXTRAS = {
    "one-40": "`one`, a poll with 40 votes", "one-million": "`one`, a poll with 1,000,000 votes",
    "list-20": "`polls(first: 20)` of 120", "list-100": "`polls(first: 100)` of 120",
}
HEAD = ["requests/s", "p50 ms", "p99 ms", "CPU µs/request", "RSS MB", "PSS MB", "errors"]


def table(head, lines):
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines]) + "\n"


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def figures_of(figures, *name):
    return [number(figures.median("rps", *name)), number(figures.median("p50", *name), 2),
            number(figures.median("p99", *name), 2), number(figures.median("cpu_us", *name), 1),
            number(figures.median("rss", *name)), number(figures.median("pss", *name)), str(figures.total("errors", *name))]


def ratio(figures, over, under):
    value, _ = figures.ratio(over, under)
    return "" if value is None else f"{value:,.2f}"


def operation(figures, data, op, sync, title, text):
    parts = [f"## {title}\n\n{text}.\n"]
    for size in figures.sizes():
        lines = [line(figures, data, contender, size, op, sync) for contender in CONTENDERS if not contender.cache]
        lines = [found for found in lines if found]
        if lines:
            head = ["", *HEAD, *(["lost", "doubled"] if op == "vote" else []), "ours to it"]
            parts.append(f"{bars.tenants(size)}:\n\n{table([bars.tenants(size), *head[1:]], lines)}")
    return "\n".join(parts) if len(parts) > 1 else ""


def line(figures, data, contender, size, op, sync):
    name = (contender.name, size, op, sync)
    votes = op == "vote"
    if not figures.rounds(*name):
        why = absent(data, *name)
        blank = [""] * (len(HEAD) + (2 if votes else 0))
        return [contender.label, why, *blank] if why else None
    rival = RIVAL.get(contender.name)
    versus = ratio(figures, (rival, *name[1:]), name) if rival else "1"
    lost = [str(figures.total("lost", *name)), str(figures.total("doubled", *name))] if votes else []
    return [contender.label, *figures_of(figures, *name), *lost, versus]


def absent(data, contender, size, op, sync):
    """Why there is no figure: a row is never dropped in silence."""
    if op not in BY_NAME[contender].ops or (sync == FULL and not BY_NAME[contender].full):
        return None
    wanted = dict(contender=contender, tenants=size, op=op, sync=sync)
    for missing in data["missing"]:
        if all(missing[field] == value for field, value in wanted.items()):
            return missing["why"]
    for failure in data["failures"]:
        if all(failure[field] == wanted[field] for field in ("contender", "tenants", "sync")):
            return "FAILED"
    return None


def cache(figures, data):
    """The rows of the result cache stand apart."""
    lines = []
    for size in figures.sizes():
        for op in ("list", "one"):
            name = (size, op, NORMAL)
            if figures.rounds("ours-cache", *name):
                lines.append([f"`{op}`, {bars.tenants(size)}", *figures_of(figures, "ours-cache", *name),
                              *(ratio(figures, ("ours-cache", *name), (peer, *name)) for peer in
                                ("ours", "mercurius", "floor", "fixed"))])
    beside = ("ours-cache", 1, "list+votes", NORMAL)
    if figures.rounds(*beside):
        rate = number(figures.median("votes_beside", *beside))
        lines.append([f"`list`, 1 tenant, {rate} votes/s on it beside", *figures_of(figures, *beside),
                      *(ratio(figures, beside, (peer, 1, "list", NORMAL)) for peer in
                        ("ours", "mercurius", "floor", "fixed"))])
    text = ("## Result cache on\n\nThe same questions again and again, answered from the exact result cache: not to be "
            "compared with the rows above line by line. The other rows have the cache off.\n\n")
    if not lines:
        why = [missing["why"] for missing in data["missing"] if missing["contender"] == "ours-cache"]
        return text + f"Not measured: {why[0]}.\n" if why else ""
    return text + table(["polls, result cache ON", *HEAD, "to cache off", "to Mercurius", "to the rusqlite floor",
                         "to the fixed body"], lines)


def growth(figures):
    lines = [[text, *figures_of(figures, "ours", "special", op, NORMAL)]
             for op, text in EXTRAS.items() if figures.rounds("ours", "special", op, NORMAL)]
    return "## Big polls and wide pages\n\n" + table(["polls, 1 tenant", *HEAD], lines) if lines else ""


def the_bars(figures):
    lines = []
    for bar in bars.everything(figures):
        verdict = {True: "met", False: "**missed**", None: ""}[bar.met]
        lines.append([bar.what, bar.target, bar.measured, verdict])
    return ("## Bars\n\nRatios are of requests a second, ours to theirs, both of the same round; the median of the "
            "rounds.\n\n" + table(["", "target", "measured", ""], lines))


def quiet(data):
    checks = data["quiet"]
    loud = sum(not check["quiet"] for check in checks)
    worst = max((check["others"] for check in checks), default=0)
    during = [cell["others"] for cell in data["cells"]]
    text = (f"Before each of {len(checks)} rounds others used at most {worst:.0%} of the machine"
            + (f"; **{loud} of them began although it was not quiet**" if loud else "") + ".")
    if during:
        text += (f" While measuring it was {sorted(during)[len(during) // 2]:.1%} (median; the kernel's own work counts), "
                 f"at most {max(during):.0%}.")
    return text


def failures(data):
    if not data["failures"]:
        return ""
    lines = [f"- round {each['round']}, {BY_NAME[each['contender']].label}, {each['tenants']} tenants, "
             f"{each['sync']}: {each['what'].splitlines()[0][:300]}" for each in data["failures"]]
    return "## Failures\n\nThis run has failed: these were not timed, or not to their end.\n\n" + "\n".join(lines) + "\n"
