"""Writes tests/fixtures/seqeval.json: random IOB2 sequences with stray I-, and
what seqeval's default mode says of them.

    pip install seqeval==1.2.2
    python3 tests/support/seqeval_fixture.py > tests/fixtures/seqeval.json
"""

import json
import random
import warnings
from importlib.metadata import version

from seqeval.metrics import classification_report

KINDS = ["PER", "ORG", "LOC", "MISC"]


def sentence(rng, length):
    """IOB2, one label in eight drawn blindly: so I- stands where nothing began."""
    tags, before = [], "O"
    for _ in range(length):
        if rng.random() < 1 / 8:
            tag = rng.choice(["O"] + [f"{part}-{kind}" for part in "BI" for kind in KINDS])
        elif before != "O" and rng.random() < 0.5:
            tag = "I-" + before[2:]
        else:
            tag = rng.choice(["O", "O", "O", "B-" + rng.choice(KINDS)])
        tags.append(tag)
        before = tag
    return tags


def said(rng, gold):
    """The gold labels with mistakes."""
    other = sentence(rng, len(gold))
    return [theirs if rng.random() < 0.25 else ours for ours, theirs in zip(gold, other)]


def case(rng):
    gold = [sentence(rng, rng.randrange(1, 24)) for _ in range(rng.randrange(1, 6))]
    guess = [said(rng, tags) for tags in gold]
    report = classification_report(gold, guess, output_dict=True, zero_division=0)
    names = {kind: kind for kind in KINDS} | {"micro avg": "all"}
    scores = {
        names[name]: {
            "precision": float(row["precision"]),
            "recall": float(row["recall"]),
            "f1": float(row["f1-score"]),
            "gold": int(row["support"]),
        }
        for name, row in report.items()
        if name in names
    }
    return {"gold": [" ".join(tags) for tags in gold], "said": [" ".join(tags) for tags in guess], "scores": scores}


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(7)
    cases = [case(rng) for _ in range(80)]
    lines = ",\n".join(json.dumps(one) for one in cases)
    print(f'{{"seqeval": "{version("seqeval")}", "cases": [\n{lines}\n]}}')


main()
