"""The report: Markdown, JSON and plots."""
import json

from . import plots, tables
from .figures import Figures


def write(data, options):
    figures = Figures(data["cells"])
    options.out.mkdir(parents=True, exist_ok=True)
    images = plots.draw(figures, options.out)
    parts = [head(data)]
    for op, sync, title, text in tables.OPERATIONS:
        section = tables.operation(figures, data, op, sync, title, text)
        if section:
            image = images.get((op, sync))
            parts.append(section + (f"\n![{title}]({image})\n" if image else ""))
    parts += [tables.cache(figures, data), tables.growth(figures), tables.failures(data), tables.the_bars(figures)]
    text = "\n".join(part for part in parts if part)
    (options.out / "README.md").write_text(text)
    (options.out / "results.json").write_text(json.dumps(data, indent=1) + "\n")
    print(text)


def head(data):
    machine = data["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    rounds = "one round" if machine["rounds"] == 1 else f"{machine['rounds']} rounds"
    return f"""# Benchmarks

Written by `{machine['command']}` on {machine['date']}, of commit `{machine['commit']}`. How it is done, and what each row is: [bench/README.md](../../bench/README.md).

- **Machine:** {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, {machine['kernel']}. The load generator runs on the same cores.
- **Load:** wrk, 1 thread, {machine['connections']} connections, keep-alive, {machine['seconds']} s after {machine['warm']} s of checked warming up; the next tenant at every request, by Host header. {rounds.capitalize()}, each with every row; medians. Errors, lost and doubled votes are sums over the rounds.
- **Data:** in each tenant 50 polls with 4 choices and 40 votes, 100 users and as many more as voters are needed. Result cache off but where it says ON.
- **Quiet:** {tables.quiet(data)}
- **Versions:** {versions}.
"""
