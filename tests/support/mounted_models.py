"""Writes tests/fixtures/mounted: a small token classifier of each kind with random
weights, and what PyTorch's transformers answer with it.

    pip install torch==2.15.0 transformers==4.57.1 numpy
    python3 tests/support/mounted_models.py

The same versions write the same files. Nothing is fetched.
"""

import json
import pathlib
import shutil

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig, BertForTokenClassification, BertTokenizerFast,
    ElectraConfig, ElectraForTokenClassification, ElectraTokenizerFast,
    RobertaConfig, RobertaForTokenClassification, RobertaTokenizerFast,
    XLMRobertaConfig, XLMRobertaForTokenClassification, XLMRobertaTokenizerFast,
)

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "mounted"
LABELS = ["O", "B-PERS", "I-PERS", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-MISC", "I-MISC"]
POSITIONS = 60
SENTENCES = [line.split() for line in """
وصل سمير القرعاوي إلى مدينة طنجة مساء أمس
قال وزير النقل إن الطريق إلى نهر الورد مغلق ، و المطر لن يتوقف
التقى ( هيثم القرعاوي ) وفدا من Reuters في Paris
The minister Samir met the mayor of Tangier in 2024 .
بيروت
وبيروت وللعراق والمغرب 😀 naïve café
أعلنت حركة الشباب في نهر الورد أن 1500 عامل
""".strip().splitlines()]
MARKS = {"wordpiece": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], "others": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]}
COMMON = dict(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    id2label=dict(enumerate(LABELS)), label2id={label: at for at, label in enumerate(LABELS)},
)


def text():
    return [" ".join(words) for words in SENTENCES]


def parts():
    """Letters, beginnings and ends of the words but for the face, which shall be
    unknown. No trainer: those of vocabularies decide ties by chance."""
    words = sorted({word for words in SENTENCES for word in words if word != "😀"})
    letters = sorted({letter for word in words for letter in word})
    begins = sorted({word[:3] for word in words if len(word) > 2})
    ends = sorted({word[-2:] for word in words if len(word) > 4})
    return letters, begins, ends, words[::3]


def wordpiece(folder):
    letters, begins, ends, whole = parts()
    pieces = letters + ["##" + letter for letter in letters] + begins + ["##" + end for end in ends] + whole
    pieces = MARKS["wordpiece"] + list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}\n')
    return len(pieces)


def bert(folder):
    size = wordpiece(folder)
    cutter = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), do_lower_case=False)
    config = BertConfig(vocab_size=size, max_position_embeddings=POSITIONS, pad_token_id=0, **COMMON)
    return cutter, BertForTokenClassification(config)


def electra(folder):
    size = wordpiece(folder)
    cutter = ElectraTokenizerFast(vocab_file=str(folder / "vocab.txt"), do_lower_case=False)
    config = ElectraConfig(
        vocab_size=size, max_position_embeddings=POSITIONS, embedding_size=16, pad_token_id=0, **COMMON
    )
    return cutter, ElectraForTokenClassification(config)


def roberta(folder):
    cutter = Tokenizer(models.BPE())
    # As on the hub: what fits words that were cut before is set when they are read.
    cutter.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=380, special_tokens=MARKS["others"], initial_alphabet=alphabet, show_progress=False
    )
    cutter.train_from_iterator(text(), trainer)
    cutter.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    cutter.save(str(folder / "tokenizer.json"))
    fast = RobertaTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), add_prefix_space=True)
    config = RobertaConfig(
        vocab_size=cutter.get_vocab_size(), max_position_embeddings=POSITIONS + 2, type_vocab_size=1, pad_token_id=1,
        hidden_act="gelu", layer_norm_eps=1e-5, **COMMON,
    )
    return fast, RobertaForTokenClassification(config)


def xlm_roberta(folder):
    letters, begins, ends, whole = parts()
    pieces = ["▁"] + letters + ["▁" + begin for begin in begins] + ends + ["▁" + word for word in whole]
    scored = [(piece, -2 - at * 37 % 60 / 10) for at, piece in enumerate(dict.fromkeys(pieces))]
    cutter = Tokenizer(models.Unigram([(mark, 0.0) for mark in MARKS["others"]] + scored, unk_id=3))
    cutter.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    cutter.pre_tokenizer = pre_tokenizers.Metaspace()
    marks = [("<s>", 0), ("</s>", 2)]
    cutter.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=marks
    )
    cutter.save(str(folder / "tokenizer.json"))
    fast = XLMRobertaTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    config = XLMRobertaConfig(
        vocab_size=cutter.get_vocab_size(), max_position_embeddings=POSITIONS + 2, type_vocab_size=1, pad_token_id=1,
        layer_norm_eps=1e-5, **COMMON,
    )
    return fast, XLMRobertaForTokenClassification(config)


def fill(model):
    """Weights far larger than those of a fresh model, so that a slip shows."""
    generator = torch.Generator().manual_seed(20261129)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            drawn = torch.randn(weights.shape, generator=generator)
            norm = "LayerNorm.weight" in name
            weights.copy_(1 + 0.2 * drawn if norm else 0.25 * drawn)
    model.eval()


def windows(counts, room):
    """As src/tag/neural/windows.rs: words to read, and those that count."""
    found, start = [], 0
    while start < len(counts):
        end, total = start, 0
        while end < len(counts) and total + counts[end] <= room:
            total += counts[end]
            end += 1
        end = max(end, start + 1)
        kept = found[-1][2] if found else 0
        if end == len(counts):
            return found + [(start, end, end, kept)]
        after, total = end, 0
        while after > start + 1 and total + counts[after - 1] <= room // 4:
            after -= 1
            total += counts[after]
        found.append((start, end, after + (end - after) // 2, kept))
        start = after
    return found


def answers(cutter, model, batch):
    """Of sentences read together, padded: ids and the logits of each word's first piece."""
    read = cutter(batch, is_split_into_words=True, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**read).logits
    found = []
    for at, words in enumerate(batch):
        of = read.word_ids(at)
        rows = [logits[at, of.index(word)] for word in range(len(words))]
        mask = read["attention_mask"][at].bool()
        found.append({
            "words": words,
            "ids": read["input_ids"][at][mask].tolist(),
            "logits": [[round(float(logit), 6) for logit in row] for row in rows],
        })
    return found


def long(cutter, model, words):
    counts = [len(cutter([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]) for word in words]
    logits = []
    for start, end, until, kept in windows(counts, POSITIONS - 2):
        logits += answers(cutter, model, [words[start:end]])[0]["logits"][kept - start:until - start]
    return {"words": words, "logits": logits}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for make in (bert, roberta, xlm_roberta, electra):
        folder = FOLDER / make.__name__.replace("_", "-")
        folder.mkdir(parents=True)
        torch.manual_seed(0)
        cutter, model = make(folder)
        fill(model)
        model.save_pretrained(folder)
        if not (folder / "tokenizer.json").exists():
            cutter.backend_tokenizer.save(str(folder / "tokenizer.json"))
        cut_anew = [word for words in SENTENCES for word in words] * 2
        expected = {"sentences": answers(cutter, model, SENTENCES), "long": long(cutter, model, cut_anew)}
        lines = json.dumps(expected, ensure_ascii=False).replace("}, {", "},\n{")
        (folder / "expected.json").write_text(lines + "\n", encoding="utf-8")


main()
