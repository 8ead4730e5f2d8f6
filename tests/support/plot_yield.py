#!/usr/bin/env python3
"""Draws the CSV of tests/kafka/yielding.rs as docs/replay-yield.svg.

    python3 tests/support/plot_yield.py FILE.csv docs/replay-yield.svg
"""
import csv
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 900, 200, 70, 20, 40, 60


def read(path):
    with open(path, newline="") as file:
        lines = [line for line in file]
    notes = dict(line[2:].strip().split("=") for line in lines if line.startswith("# "))
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return notes, [{name: float(value) if value else None for name, value in row.items()} for row in rows]


def nice(most):
    step = 10 ** (len(str(int(most))) - 1)
    return next(step * n for n in (0.1, 0.2, 0.5, 1, 2, 2.5, 5, 10) if step * n * 5 >= most)


def panel(rows, y, title, unit, series, line=None):
    last = rows[-1]["second"]
    values = [row[name] for row in rows for name, _, _ in series if row[name] is not None]
    step = nice(max(values + [line[0] if line else 1, 1]))
    most = step * 5
    x_of = lambda second: LEFT + (WIDTH - LEFT - RIGHT) * second / last
    y_of = lambda value: y + HEIGHT - HEIGHT * min(value, most) / most
    out = [f'<text x="{LEFT}" y="{y - 10}" font-weight="bold">{title}</text>']
    for tick in range(6):
        at = y_of(step * tick)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{step * tick:,.0f}</text>')
    for second in range(0, int(last) + 1, 30):
        out.append(f'<text x="{x_of(second):.1f}" y="{y + HEIGHT + 16}" text-anchor="middle">{second} s</text>')
    if line:
        at = y_of(line[0])
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#c00" stroke-dasharray="6 4"/>')
        out.append(f'<text x="{WIDTH - RIGHT}" y="{at - 5:.1f}" text-anchor="end" fill="#c00">{line[1]}</text>')
    for index, (name, colour, label) in enumerate(series):
        points = " ".join(f"{x_of(row['second']):.1f},{y_of(row[name]):.1f}" for row in rows if row[name] is not None)
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out.append(f'<text x="{LEFT + 220 + index * 210}" y="{y - 10}" fill="{colour}">{label}</text>')
    out.append(f'<text x="14" y="{y + HEIGHT / 2}" transform="rotate(-90 14 {y + HEIGHT / 2})" text-anchor="middle">{unit}</text>')
    return out


def main():
    notes, rows = read(sys.argv[1])
    bound = float(notes["bound"])
    out = panel(rows, TOP, "Lag of the live group", "seconds", [("live_lag", "#06c", "by the live worker itself")], (bound, f"--max-live-lag {bound:.0f}s"))
    out += panel(
        rows,
        TOP + HEIGHT + GAP,
        "Records a second",
        "records/s",
        [("live_rate", "#06c", "live articles coming in"), ("replay_rate", "#e70", "replayed"), ("replay_limit", "#999", "what the replay may do")],
    )
    height = TOP + 2 * (HEIGHT + GAP)
    style = 'font-family="sans-serif" font-size="12"'
    body = "\n".join(out)
    with open(sys.argv[2], "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {style}>\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n')


main()
