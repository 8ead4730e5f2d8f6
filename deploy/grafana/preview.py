#!/usr/bin/env python3
"""The dashboard without Grafana: its queries, asked of a Prometheus, drawn as pages and pictures.

    preview.py ask URL [--minutes N] [--to UNIX] [--scrape S] > panels.json
        asks Prometheus (2.x or later) what each panel and annotation of warraq.json asks
    preview.py draw panels.json DIR
        DIR/NAME.html for each row of the dashboard, and NAME.png where chromium is installed

panels.json: {"from": unix, "to": unix, "variables": {name: text}, "panels": [{"id": n, "series":
[{"name": legend, "points": [[unix, value]...]}...]}...], "annotations": [{"name", "title", "from",
"to"}...]}. Nothing but Python's standard library; the look is Grafana's dark theme, roughly.
"""

import argparse
import datetime
import html
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
DASHBOARD = json.loads((HERE / "warraq.json").read_text(encoding="utf-8"))

# ---- ask ------------------------------------------------------------------------------------


class Prometheus:
    """A server, a time range and what the dashboard's variables stand for."""

    def __init__(self, url, start, end, scrape):
        self.url, self.start, self.end = url.rstrip("/"), start, end
        # As Grafana: a point a pixel or so, never closer than the scrapes.
        self.step = max(scrape, math.ceil((end - start) / 500))
        self.variables = {"__rate_interval": f"{max(4 * scrape, self.step + scrape)}s", "__interval": f"{self.step}s"}

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)["data"]

    def fill(self, text):
        return re.sub(r"\$\{?(\w+)\}?", lambda match: self.variables.get(match[1], match[0]), text)

    def values(self, definition):
        """What label_values(selector, label) gives."""
        selector, label = re.fullmatch(r"label_values\((.*), *(\w+)\)", definition).groups()
        series = self.get("series", **{"match[]": self.fill(selector), "start": self.start, "end": self.end})
        return sorted({one[label] for one in series if one.get(label)})

    def range(self, expression, step=None):
        parameters = {"query": self.fill(expression), "start": self.start, "end": self.end, "step": step or self.step}
        return self.get("query_range", **parameters)["result"]


def legend(pattern, labels):
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), pattern)


def finite(text):
    value = float(text)
    return value if math.isfinite(value) else None


def resolve(prometheus):
    """Each variable as it stands when the dashboard is opened; what is shown of it."""
    shown = {}
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] != "query":
            continue
        found = prometheus.values(variable["definition"])
        if variable["includeAll"]:
            value = variable.get("allValue") or "(" + "|".join(map(re.escape, found)) + ")"
            # A regular expression inside a PromQL string.
            value, text = value.replace("\\", "\\\\"), "All"
        else:
            value = text = found[0] if found else ""
        prometheus.variables[variable["name"]], shown[variable["label"]] = value, text
    return shown


def annotation_events(prometheus, annotation):
    step = int(annotation["step"].rstrip("s"))
    for series in prometheus.range(annotation["expr"], step):
        title = legend(annotation["titleFormat"], series["metric"])
        start = previous = None
        for time, _ in series["values"]:
            if previous is None or time - previous > step:
                if start is not None:
                    yield {"name": annotation["name"], "title": title, "from": start, "to": previous}
                start = time
            previous = time
        yield {"name": annotation["name"], "title": title, "from": start, "to": previous}


def ask(prometheus):
    shown = resolve(prometheus)
    panels = []
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            continue
        series = [
            {
                "name": legend(target["legendFormat"], found["metric"]),
                "points": [[time, finite(value)] for time, value in found["values"]],
            }
            for target in panel["targets"]
            for found in prometheus.range(target["expr"])
        ]
        panels.append({"id": panel["id"], "title": panel["title"], "unit": panel["fieldConfig"]["defaults"]["unit"], "series": series})
    events = [
        event
        for annotation in DASHBOARD["annotations"]["list"]
        if "expr" in annotation
        for event in annotation_events(prometheus, annotation)
    ]
    return {"from": prometheus.start, "to": prometheus.end, "variables": shown, "panels": panels, "annotations": events}


# ---- numbers as Grafana writes them ---------------------------------------------------------

SCALES = {
    "none": (1000, [""]),
    "short": (1000, ["", " K", " Mil", " Bil"]),
    "bytes": (1024, [" B", " KiB", " MiB", " GiB"]),
    "binBps": (1024, [" B/s", " KiB/s", " MiB/s", " GiB/s"]),
    "recps": (1000, [" rec/s", "K rec/s", "M rec/s"]),
    "ops": (1000, [" ops/s", "K ops/s"]),
    "cps": (1000, [" c/s", "K c/s", "M c/s"]),
    "cpm": (1000, [" c/m", "K c/m"]),
}


def digits(value, decimals):
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
        return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return f"{value:.{decimals}f}"


def words(value, unit, decimals=None):
    """A value with its unit."""
    if unit == "percentunit":
        return digits(value * 100, decimals) + "%"
    if unit in ("s", "dtdurations"):
        size = abs(value)
        for limit, factor, name in ((1e-3, 1e6, " µs"), (1, 1e3, " ms"), (60, 1, " s"), (3600, 1 / 60, " min"), (86400, 1 / 3600, " hour")):
            if size < limit:
                return ("0 s" if size == 0 else digits(value * factor, decimals) + name)
        return digits(value / 86400, decimals) + " day"
    base, names = SCALES[unit]
    place = 0
    while abs(value) >= base and place + 1 < len(names):
        value, place = value / base, place + 1
    return digits(value, decimals) + names[place]


def ticks(low, high, count, unit):
    """Round numbers from low to high, about `count` of them."""
    if unit in ("bytes", "binBps"):
        step = 2.0 ** max(0, math.ceil(math.log2((high - low) / count)))
    else:
        rough = (high - low) / count
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    if unit == "none" and high - low >= 1:
        step = max(1, step)
    first = math.ceil(low / step - 1e-9)
    return [step * place for place in range(first, math.floor(high / step + 1e-9) + 1)], step


# ---- draw -----------------------------------------------------------------------------------

NAMED = {"green": "#73bf69", "yellow": "#fade2a", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2", "purple": "#b877d9", "text": "#ccccdc", "transparent": "#8e8e8e"}
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a", "#447ebc", "#c15c17", "#b7dbab", "#f4d598", "#70dbed"]
CELL, GAP, COLUMNS, WIDTH = 30, 8, 24, 1560
STYLE = """
* { box-sizing: border-box; margin: 0 }
body { background: #111217; color: #ccccdc; font: 13px/1.3 Inter, Roboto, "DejaVu Sans", sans-serif; width: WIDTHpx }
header { display: flex; gap: 8px; padding: 10px 8px 4px; align-items: center }
header b { font-size: 16px; font-weight: 500; margin-right: 10px }
header .time { margin-left: auto }
header span { background: #181b1f; border: 1px solid #2c2f36; border-radius: 2px; padding: 4px 8px; font-size: 12px }
header i { font-style: normal; color: #6e9fff; margin-right: 6px }
h2 { position: absolute; font-size: 16px; font-weight: 500; line-height: 30px; padding-left: 8px }
h2::before { content: "⌄"; margin-right: 8px; color: #9a9aa8 }
main { position: relative }
section { position: absolute; background: #181b1f; border: 1px solid #25282e; border-radius: 2px; overflow: hidden }
h3 { font-size: 13.5px; font-weight: 500; padding: 6px 8px 0; height: 30px; white-space: nowrap }
h3 small { color: #8e8e9c; font-size: 11px; border: 1px solid #55565f; border-radius: 50%; padding: 0 4.5px; margin-left: 6px; font-style: italic; font-family: serif }
svg { position: absolute; left: 0 }
svg text { fill: #a9a9b8; font-size: 11.5px }
ul { position: absolute; bottom: 5px; left: 10px; right: 8px; list-style: none; padding: 0; max-height: 34px; overflow: hidden }
li { display: inline-block; font-size: 12px; margin-right: 14px; color: #ccccdc; white-space: nowrap }
li i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: 3px }
.stats { position: absolute; inset: 30px 0 0 0; display: flex }
.stat { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; font-size: 40px; font-weight: 500; z-index: 1; line-height: 1.1 }
.stat small { font-size: 14px; font-weight: 400; color: #ccccdc }
.none { position: absolute; inset: 30px 0 0 0; display: flex; align-items: center; justify-content: center; color: #8e8e9c; font-size: 14px }
""".replace("WIDTH", str(WIDTH))


def at(fields, *path, default=None):
    for key in path:
        if not isinstance(fields, dict) or key not in fields:
            return default
        fields = fields[key]
    return fields


def settings(panel, series):
    """A series' own settings: the defaults with the overrides that match its name."""
    own = {}
    for override in panel["fieldConfig"]["overrides"]:
        how, what = override["matcher"]["id"], override["matcher"]["options"]
        matches = what == series["name"] if how == "byName" else re.search(what.strip("/"), series["name"])
        if matches:
            own.update({one["id"]: one["value"] for one in override["properties"]})
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults.get("custom", {})
    return {
        "color": NAMED.get(at(own, "color", "fixedColor"), at(own, "color", "fixedColor")),
        "unit": own.get("unit", defaults["unit"]),
        "right": own.get("custom.axisPlacement") == "right",
        "dash": at(own, "custom.lineStyle", "fill") == "dash",
        "fill": own.get("custom.fillOpacity", custom.get("fillOpacity", 0)) / 100,
        "stack": at(own, "custom.stacking", "mode", default=at(custom, "stacking", "mode", default="none")) == "normal",
        "thresholds": own.get("thresholds", defaults.get("thresholds")),
        "max": own.get("max", defaults.get("max")),
        "decimals": own.get("decimals", defaults.get("decimals")),
    }


def step_color(thresholds, value):
    color = "green"
    for step in thresholds["steps"]:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return NAMED.get(color, color)


class Axis:
    def __init__(self, unit, low, high, top, bottom):
        self.unit, self.low, self.high, self.top, self.bottom = unit, low, high, top, bottom
        self.ticks, self.step = ticks(low, high, 5, unit)

    def y(self, value):
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def label(self, value):
        scaled = value * 100 if self.unit == "percentunit" else value
        step = self.step * 100 if self.unit == "percentunit" else self.step
        if self.unit in ("bytes", "binBps", "s", "dtdurations", "short"):
            return words(value, self.unit)
        exponent = math.log10(step)
        decimals = max(0, math.ceil(-exponent - 1e-9) + (1 if abs(step / 10 ** math.floor(exponent) - 2.5) < 1e-6 else 0))
        if abs(scaled) >= 1000:
            decimals = None
        return words(value, self.unit, decimals)


def runs(points, gap):
    """Points in pieces without a hole."""
    piece = []
    for time, value in points:
        if value is None or (piece and time - piece[-1][0] > gap):
            if piece:
                yield piece
            piece = []
        if value is not None:
            piece.append((time, value))
    if piece:
        yield piece


def time_ticks(start, end):
    step = next(step for step in (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400) if (end - start) / step <= 7)
    first = math.ceil(start / step) * step
    return [first + step * place for place in range(int((end - first) // step) + 1)], step


def clock(time, step):
    day = int(time) % 86400
    text = f"{day // 3600:02}:{day // 60 % 60:02}"
    return text + f":{day % 60:02}" if step < 60 else text


def stacked(series, looks):
    """Adds to each stacked series what lies below it; floors by time for the fill."""
    below, floors = {}, []
    for one, look in zip(series, looks):
        if not look["stack"]:
            floors.append(None)
            continue
        floor = {time: below.get(time, 0) for time, _ in one["points"]}
        one["points"] = [[time, None if value is None else value + floor[time]] for time, value in one["points"]]
        below.update({time: value for time, value in one["points"] if value is not None})
        floors.append(floor)
    return floors


def graph(panel, series, data, width, height):
    looks = [settings(panel, one) for one in series]
    series = [dict(one, points=[list(point) for point in one["points"]]) for one in series]
    for place, look in enumerate(looks):
        look["color"] = look["color"] or PALETTE[place % len(PALETTE)]
    floors = stacked(series, looks)
    rows = 1 if sum(len(one["name"]) * 6.6 + 36 for one in series) < width - 20 else 2
    defaults = panel["fieldConfig"]["defaults"]
    top, bottom = 12, height - 30 - 18 - 17 * rows - 6
    axes = {}
    for right in (False, True):
        mine = [place for place, look in enumerate(looks) if look["right"] == right]
        values = [value for place in mine for _, value in series[place]["points"] if value is not None]
        if not values:
            continue
        look = looks[mine[0]]
        low = min(values) if defaults.get("min") is None else defaults["min"]
        high = look["max"] if look["max"] is not None else max(values) * 1.06
        if high <= low:
            high = low + (1 if look["unit"] != "s" else 0.1)
        axes[right] = Axis(look["unit"], low, high, top, bottom)
    margin = {side: 14 + max(len(axis.label(tick)) for tick in axis.ticks) * 6.4 if (axis := axes.get(side)) else 14 for side in (False, True)}
    left, right_edge = margin[False], width - (margin[True] if True in axes else 14)
    span = data["to"] - data["from"]

    def x(time):
        return left + (time - data["from"]) / span * (right_edge - left)

    out = []
    for side, axis in axes.items():
        for tick in axis.ticks:
            place = axis.y(tick)
            if not side:
                out.append(f'<line x1="{left:.1f}" x2="{right_edge:.1f}" y1="{place:.1f}" y2="{place:.1f}" stroke="#26292f"/>')
            anchor, where = ("start", right_edge + 6) if side else ("end", left - 6)
            out.append(f'<text x="{where:.1f}" y="{place + 4:.1f}" text-anchor="{anchor}">{axis.label(tick)}</text>')
    times, step = time_ticks(data["from"], data["to"])
    for time in times:
        out.append(f'<line x1="{x(time):.1f}" x2="{x(time):.1f}" y1="{top}" y2="{bottom}" stroke="#26292f"/>')
        if left + 12 < x(time) < right_edge - 12:
            out.append(f'<text x="{x(time):.1f}" y="{bottom + 16}" text-anchor="middle">{clock(time, step)}</text>')
    gap = 2.5 * min((b[0] - a[0] for one in series for a, b in zip(one["points"], one["points"][1:])), default=60)
    for one, look, floor in list(zip(series, looks, floors))[::-1]:
        axis, color = axes.get(look["right"]), look["color"]
        for piece in runs(one["points"], gap):
            line = " ".join(f"{x(time):.1f},{axis.y(value):.1f}" for time, value in piece)
            if look["fill"]:
                back = " ".join(f"{x(time):.1f},{axis.y(floor[time] if floor else axis.low):.1f}" for time, _ in reversed(piece))
                out.append(f'<polygon points="{line} {back}" fill="{color}" fill-opacity="{look["fill"]}"/>')
            dash = ' stroke-dasharray="8 6"' if look["dash"] else ""
            if len(piece) == 1:
                out.append(f'<circle cx="{x(piece[0][0]):.1f}" cy="{axis.y(piece[0][1]):.1f}" r="2" fill="{color}"/>')
            out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.6"{dash}/>')
    if at(defaults, "custom", "thresholdsStyle") and False in axes:
        axis = axes[False]
        for mark in defaults["thresholds"]["steps"]:
            if mark["value"] is not None and axis.low <= mark["value"] <= axis.high:
                out.append(f'<line x1="{left:.1f}" x2="{right_edge:.1f}" y1="{axis.y(mark["value"]):.1f}" y2="{axis.y(mark["value"]):.1f}" stroke="{NAMED[mark["color"]]}" stroke-width="1.5" stroke-dasharray="10 7"/>')
    colors = {one["name"]: NAMED.get(one["iconColor"], one["iconColor"]) for one in DASHBOARD["annotations"]["list"]}
    for event in data.get("annotations", []):
        color, start, end = colors[event["name"]], x(event["from"]), x(event["to"])
        out.append(f'<line x1="{start:.1f}" x2="{start:.1f}" y1="{top}" y2="{bottom}" stroke="{color}" stroke-dasharray="3 4" stroke-opacity=".8"/>')
        out.append(f'<rect x="{start:.1f}" width="{max(end - start, 3):.1f}" y="{bottom}" height="3" fill="{color}"/>')
    items = "".join(f'<li><i style="background:{look["color"]}"></i>{html.escape(one["name"])}</li>' for one, look in zip(series, looks))
    return f'<svg width="{width}" height="{height - 30}">{"".join(out)}</svg><ul>{items}</ul>'


def spark(points, data, color, width, height):
    values = [value for _, value in points if value is not None]
    if len(values) < 2:
        return ""
    low, high = min(values + [0]), max(values) or 1
    where = [
        (f"{(time - data['from']) / (data['to'] - data['from']) * width:.1f}", f"{height - 2 - (value - low) / (high - low or 1) * height * 0.35:.1f}")
        for time, value in points
        if value is not None
    ]
    line = " ".join(",".join(place) for place in where)
    return (
        f'<svg width="{width}" height="{height}"><polygon points="{where[0][0]},{height} {line} {where[-1][0]},{height}" fill="{color}" fill-opacity=".15"/>'
        f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.2"/></svg>'
    )


def stat(panel, series, data, width, height):
    out, lines = [], []
    for one in series:
        last = next((value for _, value in reversed(one["points"]) if value is not None), None)
        if last is None:
            continue
        look = settings(panel, one)
        color = look["color"] or step_color(look["thresholds"], last)
        name = f"<small>{html.escape(one['name'])}</small>" if panel["options"]["textMode"] == "value_and_name" else ""
        out.append(f'<div class="stat" style="color:{color}">{name}{words(last, look["unit"], look["decimals"])}</div>')
        if panel["options"]["graphMode"] == "area":
            lines.append(spark(one["points"], data, color, width, height - 30))
    return f'{"".join(lines)}<div class="stats">{"".join(out)}</div>'


def timeline(panel, series, data, width, height):
    defaults = panel["fieldConfig"]["defaults"]
    names = {key: value for mapping in defaults.get("mappings", []) for key, value in mapping["options"].items()}
    left = 20 + max(len(one["name"]) for one in series) * 6.3
    bottom, span = height - 30 - 24, data["to"] - data["from"]
    share = bottom / len(series)

    def x(time):
        return left + (time - data["from"]) / span * (width - 12 - left)

    out = []
    gap = 2.5 * min((b[0] - a[0] for one in series for a, b in zip(one["points"], one["points"][1:])), default=60)
    for place, one in enumerate(series):
        y = place * share
        out.append(f'<text x="{left - 8:.1f}" y="{y + share / 2 + 4:.1f}" text-anchor="end">{html.escape(one["name"])}</text>')
        for piece in runs(one["points"], gap):
            start = 0
            for end in range(1, len(piece) + 1):
                if end < len(piece) and piece[end][1] == piece[start][1]:
                    continue
                mapped = names.get(f"{piece[start][1]:g}", {})
                color = NAMED.get(mapped.get("color"), step_color(defaults["thresholds"], piece[start][1]))
                until = piece[end][0] if end < len(piece) else piece[-1][0]
                out.append(f'<rect x="{x(piece[start][0]):.1f}" y="{y + share * 0.1:.1f}" width="{max(2, x(until) - x(piece[start][0])):.1f}" height="{share * 0.8:.1f}" fill="{color}" fill-opacity=".8"/>')
                start = end
    times, step = time_ticks(data["from"], data["to"])
    out += [f'<text x="{x(time):.1f}" y="{bottom + 16}" text-anchor="middle">{clock(time, step)}</text>' for time in times if left + 12 < x(time) < width - 24]
    used = {f"{value:g}" for one in series for _, value in one["points"] if value is not None}
    items = "".join(f'<li><i style="background:{NAMED[value["color"]]}"></i>{value["text"]}</li>' for key, value in names.items() if key in used)
    return f'<svg width="{width}" height="{height - 30}">{"".join(out)}</svg>' + (f"<ul>{items}</ul>" if panel["options"]["legend"]["showLegend"] else "")


DRAWN = {"timeseries": graph, "stat": stat, "state-timeline": timeline}


def section(panel, data, top):
    place, column = panel["gridPos"], WIDTH / COLUMNS
    width, height = int(place["w"] * column - GAP), place["h"] * (CELL + GAP) - GAP
    found = next((one for one in data["panels"] if one["id"] == panel["id"]), {"series": []})
    series = [one for one in found["series"] if any(value is not None for _, value in one["points"])]
    if series:
        body = DRAWN[panel["type"]](panel, series, data, width, height)
    else:
        body = f'<div class="none">{html.escape(panel["fieldConfig"]["defaults"].get("noValue", "No data"))}</div>'
    y = (place["y"] - top) * (CELL + GAP)
    return f'<section style="left:{place["x"] * column + GAP / 2:.0f}px;top:{y}px;width:{width}px;height:{height}px"><h3>{html.escape(panel["title"])}<small>i</small></h3>{body}</section>'


def page(row, panels, data):
    top = row["gridPos"]["y"]
    height = (max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) - top) * (CELL + GAP)
    chips = "".join(f"<span><i>{html.escape(name)}</i>{html.escape(text)}</span>" for name, text in data.get("variables", {}).items())
    when = f'<span class="time">{clock(data["from"], 60)} to {clock(data["to"], 60)} UTC</span>'
    body = "".join(section(panel, data, top) for panel in panels)
    text = (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{html.escape(row["title"])}</title><style>{STYLE}</style>'
        f"<header><b>{html.escape(DASHBOARD['title'])}</b>{chips}{when}</header>"
        f'<main style="height:{height}px"><h2>{html.escape(row["title"])}</h2>{body}</main></html>'
    )
    return text, height + 48


def rows():
    """Each row with its panels."""
    found = []
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            found.append((panel, []))
        else:
            found[-1][1].append(panel)
    return found


def photograph(page_file, height):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        print("chromium is not installed: pages only", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as profile:
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars --disable-background-networking --disable-component-update --disable-sync"
        subprocess.run(
            [browser, *flags.split(), f"--user-data-dir={profile}", f"--window-size={WIDTH},{height}", f"--screenshot={page_file.with_suffix('.png')}", page_file.as_uri()],
            check=True,
            stderr=subprocess.DEVNULL,
        )


def draw(data, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for row, panels in rows():
        text, height = page(row, panels, data)
        name = re.sub(r"\W+", "-", row["title"].lower()).strip("-")
        file = (folder / f"{name}.html").resolve()
        file.write_text(text, encoding="utf-8")
        photograph(file, height)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("ask")
    asking.add_argument("url")
    asking.add_argument("--minutes", type=float, default=15)
    asking.add_argument("--to", type=float, help="unix time; now unless given")
    asking.add_argument("--scrape", type=int, default=15, help="scrape interval, seconds")
    drawing = commands.add_parser("draw")
    drawing.add_argument("panels", type=pathlib.Path)
    drawing.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    if given.command == "ask":
        end = math.floor(given.to or datetime.datetime.now().timestamp())
        json.dump(ask(Prometheus(given.url, int(end - given.minutes * 60), end, given.scrape)), sys.stdout, ensure_ascii=False)
    else:
        draw(json.loads(given.panels.read_text(encoding="utf-8")), given.folder)


if __name__ == "__main__":
    main()
