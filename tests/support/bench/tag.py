"""Sets warraq's taggers beside a plain CRF and a network of BERT-base's size, on one
core: learns from the shipped corpora but for what is scored, scores, and times all of
them in turn. Prints a table."""

import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

import numpy
import onnx
import onnxruntime
import pycrfsuite
from onnx import TensorProto, helper, numpy_helper

# Whose text or names the scored ones are: NewsFANE marks ANERcorp's text once more, and
# the labels of the silver corpus are of a network that read all of it.
LEFT_OUT = {"wikinews.conll", "newsfane.conll", "silver.conll"}
# What a CRF learns from, for each set that it is scored on.
CRF_SOURCES = {"newswire": ["anercorp.conll"], "news": ["written.conll", "ntrex.conll"]}
LEAST_SECONDS = 1.0


def text_of(path):
    return gzip.decompress(path.read_bytes()).decode()


def sentences(text):
    """Of rows; documents are not told apart."""
    parts = (part.split("\n") for part in text.split("\n\n"))
    rows = ([line.split("\t") for line in part if line and not line.startswith("-DOCSTART-")] for part in parts)
    return [sentence for sentence in rows if sentence]


def written(parts):
    return "\n\n".join("\n".join("\t".join(row) for row in sentence) for sentence in parts) + "\n"


def shape(word):
    latin, digit = any("a" <= letter.lower() <= "z" for letter in word), any(map(str.isdigit, word))
    return f"{latin:d}{digit:d}{not word.isalnum():d}"


def features(words):
    """What a CRF for names is mostly given: words, their ends and shapes, two to each side."""
    padded = ["<s>", "<s>", *words, "</s>", "</s>"]
    rows = []
    for at, word in enumerate(words):
        before2, before, _, after, after2 = padded[at : at + 5]
        row = [f"w={word}", f"-1={before}", f"+1={after}", f"-2={before2}", f"+2={after2}", f"s={shape(word)}"]
        row += [f"-1,0={before}|{word}", f"0,+1={word}|{after}"]
        for length in range(1, 5):
            row += [f"p={word[:length]}", f"e={word[-length:]}", f"-1p={before[:length]}", f"+1e={after[-length:]}"]
        rows.append(row)
    return rows


def learned(training, folder):
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.1, "c2": 0.1, "max_iterations": 100})
    for sentence in training:
        trainer.append(features([row[0] for row in sentence]), [row[1] for row in sentence])
    path = str(folder / "crf.model")
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    return tagger


def network(folder, layers=12, width=768, heads=12, inner=3072, words=30522, labels=9):
    """An encoder of BERT-base's size with a head for labels, of random numbers: what one
    costs does not depend on what it has learned."""
    rng = numpy.random.default_rng(1)
    weights, nodes = [], []

    def weight(name, *sizes):
        weights.append(numpy_helper.from_array(rng.normal(0, 0.02, sizes).astype(numpy.float32), name))
        return name

    def shape_of(name, sizes):
        weights.append(numpy_helper.from_array(numpy.array(sizes, numpy.int64), name))
        return name

    def node(kind, inputs, name, **attributes):
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def linear(name, x, size, to):
        product = node("MatMul", [x, weight(f"{name}.w", size, to)], f"{name}.product")
        return node("Add", [product, weight(f"{name}.b", to)], name)

    def normed(name, x):
        return node("LayerNormalization", [x, weight(f"{name}.g", width), weight(f"{name}.b", width)], name, epsilon=1e-12)

    split, whole = shape_of("split", [1, -1, heads, width // heads]), shape_of("whole", [1, -1, width])
    scale = weight("scale", 1)
    embedded = node("Gather", [weight("words", words, width), "pieces"], "gathered")
    x = normed("embedded", node("Add", [embedded, node("Gather", [weight("places", 512, width), "at"], "placed")], "sum"))
    for layer in range(layers):
        name = f"layer{layer}"

        def head(part, order):
            parts = node("Reshape", [linear(f"{name}.{part}", x, width, width), split], f"{name}.{part}.split")
            return node("Transpose", [parts], f"{name}.{part}.heads", perm=order)

        query, key, value = head("query", [0, 2, 1, 3]), head("key", [0, 2, 3, 1]), head("value", [0, 2, 1, 3])
        scores = node("Mul", [node("MatMul", [query, key], f"{name}.scores"), scale], f"{name}.scaled")
        seen = node("MatMul", [node("Softmax", [scores], f"{name}.shares", axis=-1), value], f"{name}.seen")
        joined = node("Reshape", [node("Transpose", [seen], f"{name}.back", perm=[0, 2, 1, 3]), whole], f"{name}.joined")
        x = normed(f"{name}.one", node("Add", [x, linear(f"{name}.out", joined, width, width)], f"{name}.more"))
        wide = node("Gelu", [linear(f"{name}.wide", x, width, inner)], f"{name}.gelu")
        x = normed(f"{name}.two", node("Add", [x, linear(f"{name}.narrow", wide, inner, width)], f"{name}.most"))
    linear("logits", x, width, labels)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "n"]) for name in ("pieces", "at")]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "n", labels])
    graph = helper.make_graph(nodes, "encoder", inputs, [output], weights)
    path = folder / "encoder.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def read(sentence):
        length = min(len(sentence) + 2, 512)
        pieces = numpy.arange(length, dtype=numpy.int64)[None] % words
        session.run(None, {"pieces": pieces, "at": numpy.arange(length, dtype=numpy.int64)[None]})

    return read


def speed(work, texts, most):
    """Words a second of time on the core."""
    done, start = 0, time.process_time()
    for text in texts:
        work(text)
        done += len(text)
        if (seconds := time.process_time() - start) > most:
            break
    return done / seconds


def main():
    trainer, taggers, models, rounds = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    def run(*arguments, text=None):
        return subprocess.run([*map(str, arguments)], input=text, check=True, capture_output=True, text=True).stdout

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sources = folder / "sources"
        sources.mkdir()
        training = {path.name.removesuffix(".gz"): text_of(path) for path in (models / "training").glob("*.gz")}
        training["corpora.tsv"] = (models / "training" / "corpora.tsv").read_text()
        wikinews = training["wikinews.conll"]
        newswire = sentences(training["anercorp.conll"])
        cut = len(newswire) * 4 // 5
        training["anercorp.conll"] = written(newswire[:cut])
        # A first model, which read NewsFANE, counted what it took words for.
        training["seen.tsv"] = training["seen.tsv"].split("\n")[0] + "\n"
        rows = training["corpora.tsv"].splitlines(keepends=True)
        training["corpora.tsv"] = "".join(row for row in rows if row.split("\t")[0] not in LEFT_OUT)
        for name, text in training.items():
            if name not in LEFT_OUT:
                (sources / name).write_text(text)
        model = folder / "fast.bin"
        print("warraq learns", file=sys.stderr)
        run(trainer, "train", "--sources", sources, "--out", model)
        gold = {"newswire": written(newswire[cut:]), "news": wikinews}
        f1, crfs = {}, {}
        for convention, text in gold.items():
            print(f"a CRF learns for {convention}", file=sys.stderr)
            crf = crfs[convention] = learned(
                [sentence for name in CRF_SOURCES[convention] for sentence in sentences(training[name])], folder
            )
            said = [
                [[*row, tag] for row, tag in zip(sentence, crf.tag(features([row[0] for row in sentence])))]
                for sentence in sentences(text)
            ]
            f1["crf", convention] = run(taggers, "score", text=written(said)).strip()
            labelled = run(taggers, "label", model, models, convention, text=text)
            f1["fast", convention] = run(taggers, "score", text=labelled).strip()
        (folder / "wikinews.conll").write_text(wikinews)
        texts = [[row[0] for row in sentence] for sentence in sentences(wikinews)]
        read = network(folder)
        measured = {"fast": [], "accurate": [], "crf": [], "bert": []}
        for _ in range(rounds):
            ours = json.loads(run(taggers, "speed", folder / "wikinews.conll", models))
            measured["fast"].append(ours["fast"])
            measured["accurate"].append(ours["accurate"])
            measured["crf"].append(speed(lambda words: crfs["news"].tag(features(words)), texts, LEAST_SECONDS))
            measured["bert"].append(speed(read, texts, 5 * LEAST_SECONDS))
        table({name: statistics.median(values) for name, values in measured.items()}, f1, ours, rounds)


def table(words, f1, ours, rounds):
    names = {
        "fast": "warraq, fast",
        "crf": f"a CRF of words, their ends and their neighbours (python-crfsuite {version('python-crfsuite')})",
        "accurate": "warraq, accurate",
        "bert": f"a network of BERT-base's size, of random numbers (ONNX Runtime {version('onnxruntime')}, f32)",
    }
    print("| tagger | words a second, one core | MB/s | F1, last fifth of ANERcorp | F1, Wikinews |")
    print("|---|---|---|---|---|")
    for tagger, name in names.items():
        scores = [f1.get((tagger, convention), "") for convention in ("newswire", "news")]
        size = words[tagger] * ours["bytes"] / ours["words"] / 1e6
        print(f"| {name} | {words[tagger]:,.0f} | {size:.3g} | {' | '.join(scores)} |")
    print(
        f"\n{ours['words']:,} words of Wikinews, median of {rounds} rounds, all in one run. The network is given a "
        "piece for each word, which flatters it. F1 of exact spans; neither fast nor the CRF has read what it is scored on."
    )


if __name__ == "__main__":
    main()
