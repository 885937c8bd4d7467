"""Reads the public sets, splits them, and removes rows that repeat a measured text."""

import functools
import gzip
import json
import random
import re
from pathlib import Path

TONES = ["negative", "neutral", "positive"]
LOADED = ["plain", "loaded"]
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“'])")
CCF_FRAMES = ["Pol", "Sci", "Eco", "Just", "Envt", "Cult", "Pbh", "Secu"]


@functools.lru_cache(maxsize=None)
def rows(root, name):
    with gzip.open(Path(root) / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sentences(text):
    """A plain splitter: good enough to draw training sentences from articles."""
    parts = (part for line in text.split("\n") for part in SENTENCE.split(line.strip()))
    return [part for part in parts if 5 <= len(part.split()) <= 70]


def as_list(label):
    return label if isinstance(label, list) else [label]


class Measured:
    """Texts that are measured on: a training text that repeats one is dropped."""

    SETS = [
        "babe/train", "gvfc/train", "semeval23_frames/train", "newsmtsc/devtest_rw", "zeroshot/cap_sotu",
        "zeroshot/claim_topics_perspectrum", "zeroshot/climate_narrative_frames",
    ]

    def __init__(self, root):
        self.exact, self.shingles = set(), set()
        for name in self.SETS:
            for row in rows(root, name):
                self.add(row["text"])

    def add(self, text):
        words = self.words(text)
        self.exact.add(" ".join(words))
        self.shingles.update(hash(tuple(words[i : i + 8])) for i in range(len(words) - 7))

    @staticmethod
    def words(text):
        return re.findall(r"[a-z0-9]+", text.lower())

    def repeats(self, text):
        words = self.words(text)
        if " ".join(words) in self.exact:
            return True
        own = [hash(tuple(words[i : i + 8])) for i in range(len(words) - 7)]
        return bool(own) and sum(s in self.shingles for s in own) * 2 >= len(own)


def split_by(items, key, shares, seed):
    """Splits rows by group so that no group (article) falls into two parts."""
    groups = sorted({str(key(item)) for item in items})
    random.Random(seed).shuffle(groups)
    bounds, start = [], 0.0
    for share in shares:
        bounds.append((round(start * len(groups)), round((start + share) * len(groups))))
        start += share
    part = {g: n for n, (low, high) in enumerate(bounds) for g in groups[low:high]}
    parts = [[] for _ in shares]
    for item in items:
        parts[part[str(key(item))]].append(item)
    return parts


def ccf_parts(root):
    """Train, dev and test rows of CCF, split by article."""
    return split_by(rows(root, "ccf/train"), lambda row: row["doc_id"], [0.5, 0.2, 0.3], seed=3)


def newsmtsc_tone(row):
    """One tone for a sentence; None where its targets disagree in sign."""
    signs = {target["label"] for target in row["targets"]} - {0}
    if len(signs) > 1:
        return None
    return 1 + (signs.pop() if signs else 0)


def is_single(row):
    return len({target["label"] for target in row["targets"]}) == 1


def tone_rows(root, measured):
    """{source: [(text, class)]} for training, and {source: [...]} for dev."""
    article = lambda row: "_".join(row["id"].split("_")[:3])
    train, dev = split_by(rows(root, "newsmtsc/train"), article, [0.88, 0.12], seed=5)
    ccf_train, ccf_dev, _ = ccf_parts(root)
    ccf = lambda part: [(r["text"], TONES.index(r["sentiment"])) for r in part if r["sentiment"]]
    pairs = lambda part: [(r["text"], newsmtsc_tone(r)) for r in part if newsmtsc_tone(r) is not None]
    film = [(r["text"], 2 * int(r["label"])) for r in rows(root, "sst2/train")]
    training = {"newsmtsc": pairs(train), "ccf": ccf(ccf_train), "sst2": film}
    training = {s: [row for row in part if not measured.repeats(row[0])] for s, part in training.items()}
    return training, {"newsmtsc": pairs([r for r in dev if is_single(r)]), "ccf": ccf(ccf_dev)}


def loaded_rows(root, measured, part):
    pairs = [(r["text"], int(r["label"])) for r in rows(root, f"anno_lexical/{part}")]
    return [row for row in pairs if not measured.repeats(row[0])]


def wordings(path):
    """{scheme: {label: [wording, ...]}} from a wordings file."""
    schemes, scheme = {}, None
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            scheme = schemes.setdefault(line.strip("[]"), {})
            continue
        head, *rest = (part.strip() for part in line.split(" | "))
        label, first = (part.strip() for part in head.rsplit(": ", 1))
        scheme[label] = [first, *rest]
    return schemes


def clip(text, words=45):
    return " ".join(text.split()[:words])


def label_schemes(root, measured, known):
    """{scheme: [(text, [label, ...])]}: the classification sets that train the vectors."""
    out = {}
    names = ["wikipedia_current_events", "huffpost", "news_aggregator", "newsgroups20", "us_bills_119_committee",
             "uk_manifesto_crowd", "goemotions", "valueeval_arguments", "banking77", "clinc150"]
    for name in names:
        labels = known.get(name)
        # An absent label is a negative only where it was coded for.
        whole = [r for r in rows(root, f"zeroshot/{name}") if len(r.get("coded_for", [0, 0, 0])) == 3]
        pairs = [(clip(r["text"]), as_list(r["label"])) for r in whole]
        if labels:
            pairs = [(t, [x for x in ls if x in labels]) for t, ls in pairs]
        out[name] = [(t, ls) for t, ls in pairs if len(t) > 3 and (ls or name == "uk_manifesto_crowd")]
    out["articles"] = []
    for row in rows(root, "articles/articles"):
        topic = (row["topic"] or "").replace("_", " ")
        if topic in known["articles"]:
            body = sentences(row["text"])[1:7]
            texts = [row["title"] or ""] * 2 + body[:1] + body[2:4]
            out["articles"] += [(t, [topic]) for t in texts if len(t) > 20]
    return {name: [p for p in part if not measured.repeats(p[0])] for name, part in out.items()}


def pair_rows(root, measured):
    """(text, partner) pairs that keep the vectors good at matching: titles with a sentence of the body, and claims."""
    pairs = []
    for row in rows(root, "articles/articles"):
        body = sentences(row["text"])[1:9]
        if row["title"] and len(body) > 2:
            pairs += [(body[0], row["title"]), (body[2], row["title"])]
    bills = rows(root, "zeroshot/us_bills_119_committee")
    pairs += [(clip(r["text"]), r["title"]) for r in bills if r["title"] and r["title"] != r["text"]][:4000]
    pairs += [(r["text"], r["target"]) for r in rows(root, "zeroshot/stance_perspectrum") if r["label"] == "supports"]
    return [pair for pair in pairs if not measured.repeats(pair[0]) and not measured.repeats(pair[1])]
