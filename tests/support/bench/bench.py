"""Times the Python tools on the pages, warraq's example in between, and prints a
table of medians. All on one core: this process and what it starts are pinned."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import trafilatura
from camel_tools.utils.dediac import dediac_ar
from camel_tools.utils.normalize import (
    normalize_alef_ar,
    normalize_alef_maksura_ar,
    normalize_teh_marbuta_ar,
    normalize_unicode,
)
from pyarabic import araby

# A tool's pass over the pages is repeated until so many seconds on the core have gone by.
LEAST_SECONDS = 1.0


def camel(text):
    text = normalize_unicode(text).replace("\u0640", "")
    return normalize_teh_marbuta_ar(normalize_alef_maksura_ar(normalize_alef_ar(dediac_ar(text))))


def pyarabic(text):
    text = araby.strip_tashkeel(araby.strip_tatweel(araby.normalize_ligature(text)))
    return araby.normalize_teh(araby.normalize_alef(text))


def extract(page):
    return trafilatura.extract(page, output_format="txt", with_metadata=True)


def speed(work, pages, size):
    """Megabytes a second of time on the core, which a busy machine does not stretch."""
    passes, start = 0, time.process_time()
    while (seconds := time.process_time() - start) < LEAST_SECONDS or passes == 0:
        for page in pages:
            work(page)
        passes += 1
    return passes * size / seconds / 1e6


def text_of(file):
    """One page is in windows-1256, as its markup says; the tools are handed text."""
    page = file.read_bytes()
    try:
        return page.decode()
    except UnicodeDecodeError:
        return page.decode("cp1256")


def main():
    binary, folder, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    # The binary's first run is on this core too: a child inherits it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pages = {kind: [text_of(file) for file in sorted(folder.glob(f"*.{kind}"))] for kind in ("txt", "html")}
    sizes = {kind: sum(len(page.encode()) for page in texts) for kind, texts in pages.items()}
    works = {
        ("txt", f"PyArabic {version('pyarabic')}"): pyarabic,
        ("txt", f"CAMeL Tools {version('camel-tools')}"): camel,
        ("html", f"trafilatura {version('trafilatura')}"): extract,
    }
    measured = {}
    for _ in range(rounds):
        ours = json.loads(subprocess.run([binary, str(folder)], check=True, capture_output=True, text=True).stdout)
        for name, value in ours.items():
            measured.setdefault(name, []).append(value)
        for (kind, name), work in works.items():
            measured.setdefault(name, []).append(speed(work, pages[kind], sizes[kind]))
    medians = {name: statistics.median(values) for name, values in measured.items()}
    table(medians, works, pages, sizes, rounds)


def table(medians, works, pages, sizes, rounds):
    text_tools, page_tools = ([name for kind, name in works if kind == wanted] for wanted in ("txt", "html"))
    rows = [
        ("letters alone: the match form", "letters", text_tools),
        ("plain text: display and match forms, blocks, sentences", "forms", text_tools),
        ("plain text: the same, and language and fingerprint", "text", text_tools),
        ("HTML: all of that, from the page", "html", page_tools),
    ]
    print("| work | warraq, MB/s a core | beside it, MB/s a core | times as fast |")
    print("|---|---|---|---|")
    for work, ours, others in rows:
        for other in others:
            ratio = medians[ours] / medians[other]
            print(f"| {work} | {medians[ours]:.1f} | {other}: {medians[other]:.1f} | {ratio:.1f} |")
    print(
        f"\n{len(pages['txt'])} pages as text ({sizes['txt']:,} bytes) and as HTML ({sizes['html']:,} bytes) over and "
        f"over, median of {rounds} rounds, all in one run. PyArabic and CAMeL Tools do letters only: ligatures or "
        "compatibility forms, tatweel, marks, alef, yeh (CAMeL Tools), teh marbuta."
    )


if __name__ == "__main__":
    main()
