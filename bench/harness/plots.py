"""Plots as SVG: dots on a logarithmic axis, a line for each contender."""
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from . import bars
from .contenders import CONTENDERS
from .settings import FULL, NORMAL

COLOURS = {1: "#1b6ca8", 100: "#d9822b", 1000: "#4a9c5d"}
LEFT, PANEL, GAP, ROW, TOP, BOTTOM = 300, 400, 60, 30, 84, 40
PLOTS = (("list", NORMAL, "list", "list: a page of 20 polls"), ("one", NORMAL, "one", "one: one poll"),
         ("vote", NORMAL, "vote-normal", "vote, NORMAL"), ("vote", FULL, "vote-full", "vote, FULL"))
PANELS = (("rps", "requests/s (more is better)"), ("p99", "p99 in ms (less is better)"))


def draw(figures, folder):
    """Writes the plots; their file names by operation."""
    found = {}
    for op, sync, name, title in PLOTS:
        rows = [each for each in CONTENDERS
                if any(figures.rounds(each.name, size, op, sync) for size in figures.sizes())]
        if rows:
            (folder / f"{name}.svg").write_text(plot(figures, rows, op, sync, title))
            found[op, sync] = f"{name}.svg"
    return found


def plot(figures, rows, op, sync, title):
    width, height = LEFT + 2 * PANEL + GAP + 40, TOP + ROW * len(rows) + BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
           f'<title>{escape(title)}</title><rect width="{width}" height="{height}" fill="#ffffff"/>',
           text(16, 26, title, size=17, weight="bold")]
    for place, size in enumerate(figures.sizes()):
        x = 16 + place * 130
        out += [circle(x + 5, 46, size), text(x + 16, 50, bars.tenants(size))]
    smallest = bars.tenants(figures.sizes()[0])
    out.append(text(width - 16, 50, f"logarithmic axes; figures are those of {smallest}", anchor="end", fill="#555555"))
    for number, contender in enumerate(rows):
        y = TOP + ROW * number
        if contender.ours:
            colour = "#faf3e3" if contender.cache else "#eef4f9"
            out.append(f'<rect x="8" y="{y}" width="{width - 16}" height="{ROW}" fill="{colour}"/>')
        out.append(text(LEFT - 12, y + ROW / 2 + 5, contender.label, anchor="end",
                        weight="bold" if contender.ours else "normal"))
    for place, (field, name) in enumerate(PANELS):
        out += panel(figures, rows, op, sync, field, name, LEFT + place * (PANEL + GAP))
    return "\n".join([*out, "</svg>", ""])


def panel(figures, rows, op, sync, field, name, x):
    values = {(row.name, size): figures.median(field, row.name, size, op, sync)
              for row in rows for size in figures.sizes()}
    known = [value for value in values.values() if value]
    low, high = floor(log10(min(known))), ceil(log10(max(known)) + 1e-9)
    high = max(high, low + 1)
    bottom = TOP + ROW * len(rows)

    def place(value):
        return x + (log10(value) - low) / (high - low) * PANEL

    out = [text(x + PANEL / 2, TOP - 12, name, anchor="middle", weight="bold")]
    for power in range(low, high + 1):
        at = place(10.0**power)
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{bottom}" stroke="#cccccc"/>')
        out.append(text(at, bottom + 18, f"{10.0**power:,g}", anchor="middle", fill="#555555"))
    for number, row in enumerate(rows):
        y = TOP + ROW * number + ROW / 2
        dots = [(place(values[row.name, size]), size) for size in figures.sizes() if values[row.name, size]]
        if len(dots) > 1:
            ends = min(dots)[0], max(dots)[0]
            out.append(f'<line x1="{ends[0]:.1f}" y1="{y}" x2="{ends[1]:.1f}" y2="{y}" stroke="#999999"/>')
        for at, size in dots:
            value = values[row.name, size]
            out.append(circle(at, y, size, f"{row.label}, {bars.tenants(size)}: {value:,.2f}"))
        if dots:
            value = values[row.name, dots[0][1]]
            shown = f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"
            beyond = max(dots)[0] > x + PANEL - 50
            at = min(dots)[0] - 10 if beyond else max(dots)[0] + 10
            out.append(text(at, y + 4, shown, anchor="end" if beyond else "start", size=11, fill="#333333"))
    return out


def circle(x, y, size, title=""):
    inside = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{COLOURS[size]}" fill-opacity="0.85">{inside}</circle>'


def text(x, y, words, anchor="start", size=13, weight="normal", fill="#111111"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{fill}">{escape(words)}</text>')
