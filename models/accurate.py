#!/usr/bin/env python3
"""Packs the accurate tagger's network into the one file that warraq reads.

    python3 models/accurate.py NETWORK.npz NETWORK.json PIECES.tsv > models/accurate.bin

The network is multilingual-e5-small with a head for labels, its matrices as
int8 rows with a scale each; README.md says what it was trained on. Nothing but
Python's standard library is needed: numbers are copied as they are. The layout
is described in src/tag/neural/file.rs.
"""

import ast
import json
import struct
import sys
import zipfile
import zlib

VERSION = 1


def arrays(path):
    """Each array of an .npz file: its shape and its bytes, little-endian."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            data = archive.read(entry)
            length = struct.unpack("<H", data[8:10])[0]
            header = ast.literal_eval(data[10 : 10 + length].decode("latin-1"))
            if header["fortran_order"] or header["descr"] not in ("<f4", "|i1"):
                sys.exit(f"{entry}: {header} is neither f32 nor int8 in rows")
            found[entry.removesuffix(".npy")] = (header["shape"], data[10 + length :])
    return found


def pieces(path):
    """Spelling and log probability of each piece, in the order of the rows."""
    with open(path, encoding="utf-8") as lines:
        rows = (line.rstrip("\n").split("\t") for line in lines)
        return [[text, float(score)] for _, text, score in rows]


def main():
    network, description, vocabulary = sys.argv[1:]
    found = arrays(network)
    with open(description, encoding="utf-8") as file:
        about = json.load(file)
    if about["gelu"] != "tanh":
        sys.exit(f"gelu is {about['gelu']!r}, and warraq computes tanh")
    width, inner = about["hidden"], about["ff"]
    header = {
        "labels": about["labels"],
        "width": width,
        "layers": about["layers"],
        "heads": about["heads"],
        "inner": inner,
        "positions": found["pos"][0][0],
        "epsilon": about["eps"],
        "begin": about["bos"],
        "end": about["eos"],
        "unknown": about["unk"],
        "unknown_score": about["unk_score"],
        "letters": about["norm"],
        "pieces": pieces(vocabulary),
    }
    body = bytearray()

    def put(name, *shape):
        found_shape, data = found[name]
        if found_shape != shape:
            sys.exit(f"{name} is {found_shape}, expected {shape}")
        body.extend(data)

    def matrix(name, rows, columns):
        put(f"{name}_s", rows, 1)
        put(f"{name}_q", rows, columns)

    matrix("word", len(header["pieces"]), width)
    put("pos", header["positions"], width)
    put("type", width)
    put("lnw", width)
    put("lnb", width)
    for layer in range(about["layers"]):
        for name, rows, columns in (
            ("q", width, width),
            ("k", width, width),
            ("v", width, width),
            ("o", width, width),
            ("i", inner, width),
            ("f", width, inner),
        ):
            matrix(f"l{layer}.{name}w", rows, columns)
            put(f"l{layer}.{name}b", rows)
        for name in ("alw", "alb", "olw", "olb"):
            put(f"l{layer}.{name}", width)
    put("hw", width, len(about["labels"]))
    put("hb", len(about["labels"]))

    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    content = struct.pack("<I", len(text)) + text + body
    sys.stdout.buffer.write(b"WARRAQNN" + struct.pack("<II", VERSION, zlib.crc32(content)) + content)


main()
