"""Measures framescope on public sets and prints one Markdown table.

    python scripts/measure.py --data DIR [--binary PATH] [--models DIR] [--only NAME,...] [--scorer NAME ...] [--dev]

DIR holds the sets as gzip-compressed JSON Lines, one folder a set: nli/eval, newsmtsc/{train,devtest_rw}, ccf/train,
babe/train, gvfc/train, semeval23_frames/train, anno_lexical/dev. Each is rewritten with the columns that
`framescope eval` reads, in a temporary folder, and evaluated by the program itself. Sets above --max-rows texts are
sampled with a fixed seed, and the table says so. `--dev` fits temperatures and cut-offs on development sets instead.
Needs nothing but Python.
"""

import argparse
import csv
import gzip
import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "models/training"))
from sets import ccf_parts  # noqa: E402, of plain Python too

SEED = 2026
TONE = {-1: "negative", 0: "neutral", 1: "positive"}
LOADED = {0: "plain", 1: "loaded"}
CCF_FRAMES = {
    "Eco Detection": "economy",
    "Pbh Detection": "public_health",
    "Secu Detection": "security",
    "Just Detection": "justice",
    "Pol Detection": "politics",
    "Sci Detection": "science",
    "Envt Detection": "environment",
    "Cult Detection": "culture",
}
POLICY_FRAMES = {
    "Economic": "economic",
    "Capacity_and_resources": "capacity_and_resources",
    "Morality": "morality",
    "Fairness_and_equality": "fairness_and_equality",
    "Legality_Constitutionality_and_jurisprudence": "legality",
    "Policy_prescription_and_evaluation": "policy_evaluation",
    "Crime_and_punishment": "crime_and_punishment",
    "Security_and_defense": "security_and_defense",
    "Health_and_safety": "health_and_safety",
    "Quality_of_life": "quality_of_life",
    "Cultural_identity": "cultural_identity",
    "Public_opinion": "public_opinion",
    "Political": "political",
    "External_regulation_and_reputation": "external_regulation_and_reputation",
}


def rows_of(folder: Path, name: str):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def pairs(folder, keep):
    for row in rows_of(folder, "nli/eval"):
        if keep(row["src"]):
            yield {"premise": row["p"], "hypothesis": row["h"], "label": row["y"], "cluster": row["p"]}


def sentence_tone(folder, name):
    """Sentences whose targets all carry the same label: that label is the sentence's tone."""
    for row in rows_of(folder, name):
        labels = {target["label"] for target in row["targets"]}
        if len(labels) == 1:
            # <source>_<article>_<event>_<sentence>_<mention>_<from>_<to>
            article = row["id"].rsplit("_", 4)[0]
            yield {"text": row["text"], "label": TONE[labels.pop()], "cluster": article}


def loaded(folder, name, cluster):
    for row in rows_of(folder, name):
        label = LOADED.get(row["label"])
        yield {"text": row["text"], "label": label, "cluster": row.get(cluster) or row["id"]}


def climate(folder, read, *parts):
    """Articles of these parts of the training's own split: tone was trained on "train", frames never; "dev" calibrates both."""
    named = dict(zip(("train", "dev", "test"), ccf_parts(folder)))
    own = {row["doc_id"] for part in parts for row in named[part]}
    for row in rows_of(folder, "ccf/train"):
        if row["doc_id"] in own:
            yield {"text": row["text"], "label": read(row), "cluster": str(row["doc_id"])}


def climate_frames(row):
    return [CCF_FRAMES[name] for name in row["labels"] if name in CCF_FRAMES]


def headlines(folder):
    for row in rows_of(folder, "gvfc/train"):
        if row["relevant"] == 1 and row["frame1"]:
            yield {"text": row["text"], "label": row["frame1"]}


def articles(folder):
    for row in rows_of(folder, "semeval23_frames/train"):
        yield {"text": row["text"], "label": [POLICY_FRAMES[name] for name in row["frames"]]}


@dataclass
class Measurement:
    """One row of the table: a set, how it is read, and the flags that evaluate it."""

    name: str
    task: str
    read: Callable
    flags: list = field(default_factory=list)
    max_rows: int | None = None


def schemes(name):
    return ["--frames", str(HERE / "schemes" / f"{name}.toml")]


MEASURED = [
    Measurement("MNLI matched", "entailment", lambda d: pairs(d, lambda src: src == "mnli_m")),
    Measurement("NewsMTSC devtest, one tone a sentence", "tone", lambda d: sentence_tone(d, "newsmtsc/devtest_rw")),
    Measurement("CCF climate news, articles kept apart", "tone", lambda d: climate(d, lambda row: row["sentiment"], "test")),
    Measurement("BABE", "loaded", lambda d: loaded(d, "babe/train", "news_link")),
    Measurement("GVFC headlines, 9 frames", "frames", headlines, [*schemes("gun_violence"), "--single"]),
    Measurement(
        "CCF climate news, 8 frames",
        "frames",
        lambda d: climate(d, climate_frames, "train", "test"),
        schemes("climate_topics"),
    ),
    Measurement(
        "SemEval-2023 articles, 14 frames, best sentence",
        "frames",
        articles,
        ["--frames", "policy_frames", "--without", "other", "--unit", "sentence", "--aggregate", "max"],
    ),
    Measurement(
        "SemEval-2023 articles, 14 frames, mean of sentences",
        "frames",
        articles,
        ["--frames", "policy_frames", "--without", "other", "--unit", "sentence", "--aggregate", "mean"],
    ),
]


def fifth_of_articles(rows):
    """Every fifth article, by a hash that does not change from run to run."""
    import hashlib

    for row in rows:
        if int(hashlib.sha256(row["cluster"].encode()).hexdigest(), 16) % 5 == 0:
            yield row


DEVELOPMENT = [
    Measurement("NewsMTSC train, a fifth of the articles", "tone", lambda d: fifth_of_articles(sentence_tone(d, "newsmtsc/train"))),
    Measurement("Anno-lexical dev", "loaded", lambda d: loaded(d, "anno_lexical/dev", "id"), max_rows=3000),
    Measurement("CCF climate news, a fifth of the articles", "frames", lambda d: climate(d, climate_frames, "dev"), schemes("climate_topics")),
    Measurement("MNLI premises, new hypotheses (litl)", "entailment", lambda d: pairs(d, lambda src: src.startswith("litl_")), max_rows=3000),
]


def sampled(rows, max_rows):
    if max_rows is None or len(rows) <= max_rows:
        return rows
    return random.Random(SEED).sample(rows, max_rows)


def evaluate(measurement, scorer, args, folder):
    everything = list(measurement.read(args.data))
    limit = min((n for n in (measurement.max_rows, args.max_rows) if n is not None), default=None)
    if measurement.task == "frames" and "--unit" in measurement.flags and args.max_articles is not None:
        limit = args.max_articles
    rows = sampled(everything, limit)
    path = folder / "examples.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for number, row in enumerate(rows):
            print(json.dumps({"id": str(number), **row}, ensure_ascii=False), file=out)
    command = [args.binary, "eval", measurement.task, "--data", path, "--json", *measurement.flags]
    if "cluster" in rows[0]:
        command += ["--cluster-column", "cluster"]
    for flag in ("models", "threads", "engine"):
        if getattr(args, flag) is not None:
            command += [f"--{flag}", getattr(args, flag)]
    if scorer:
        command += ["--scorer", scorer]
    if args.dev:
        command.append("--fit")
    predictions = folder / "predictions.csv"
    if scorer:
        command += ["--predictions", predictions]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{measurement.name}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    result["sampled_from"] = len(everything) if len(rows) < len(everything) else None
    return result, decisions(predictions, "--single" in measurement.flags) if scorer else None


def decisions(path, single):
    """One a text, or one a text and label."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if single:
        return [row["decided"] for row in rows]
    labels = [name.removeprefix("p_") for name in rows[0] if name.startswith("p_")]
    return [label in row["decided"].split("|") for row in rows for label in labels]


def equal(decided, reference):
    return f"{100 * sum(a == b for a, b in zip(decided, reference, strict=True)) / len(decided):.1f}"


def number(value, interval=None):
    if value is None:
        return "–"
    shown = f"{value:.3f}"
    return shown if interval is None else f"{shown} [{interval[0]:.3f}, {interval[1]:.3f}]"


def table_row(measurement, result):
    n = str(result["n"])
    if result["sampled_from"]:
        n += f" of {result['sampled_from']}"
    task = measurement.task + (f" ({result['scorer']})" if result["scorer"] else "")
    cells = [
        measurement.name,
        task,
        n,
        number(result["accuracy"]),
        number(result["macro_f1"], result["macro_f1_ci"]),
        number(result["micro_f1"], result["micro_f1_ci"]) if result["multi_label"] else "–",
        number(result["auc_mean"], result["auc_mean_ci"]),
        number(result["ece"]),
        f"{result['sentences_per_second']:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


def fit_row(measurement, result):
    fit = result["fit"]
    cutoff = fit["threshold"]
    shown = f"{cutoff['at']:.4f} ({cutoff['measure']} {cutoff['value']:.3f})" if cutoff else "–"
    n = str(result["n"]) + (f" of {result['sampled_from']}" if result["sampled_from"] else "")
    task = measurement.task + (f" ({result['scorer']})" if result["scorer"] else "")
    values = ("temperature", "scale", "bias")
    fitted = ", ".join(f"{name} {fit[name]:.4f}" for name in values if fit[name] is not None)
    cells = [measurement.name, task, n, fitted, number(fit["ece_before"]), number(fit["ece_after"]), shown]
    return "| " + " | ".join(cells) + " |"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--binary", default="framescope", help="the program")
    parser.add_argument("--models", help="models folder, if not the program's own")
    parser.add_argument("--scorer", nargs="+", default=[],
                        help="frame scorers that read the same texts, if not the default; decisions are compared with the first one's")
    parser.add_argument("--engine", help="inference engine, if not the default")
    parser.add_argument("--threads", help="threads, if not the default")
    parser.add_argument("--max-rows", type=int, help="sample larger sets down to this many texts")
    parser.add_argument("--max-articles", type=int, help="sample article sets down to this many")
    parser.add_argument("--only", default="", help="sets whose name holds one of these words, comma-separated")
    parser.add_argument("--dev", action="store_true", help="fit on development sets instead of measuring")
    parser.add_argument("--json", type=Path, help="also write all results to this file")
    return parser.parse_args()


def main():
    args = arguments()
    wanted = [word.lower() for word in args.only.split(",") if word]
    chosen = [m for m in (DEVELOPMENT if args.dev else MEASURED) if not wanted or any(w in m.name.lower() for w in wanted)]
    if args.dev:
        header = ["set", "task", "n", "fitted", "ECE before", "ECE after", "cut-off"]
    else:
        header = ["set", "task", "n", "accuracy", "macro-F1", "micro-F1", "mean AUC", "ECE", "sentences/s"]
    if args.scorer and not args.dev:
        header.append(f"decisions as {args.scorer[0]}, %")
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header), flush=True)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for measurement in chosen:
            reference = None
            for scorer in args.scorer if measurement.task == "frames" and args.scorer else [None]:
                result, decided = evaluate(measurement, scorer, args, Path(folder))
                results[f"{measurement.name} ({scorer})" if scorer else measurement.name] = result
                row = (fit_row if args.dev else table_row)(measurement, result)
                if args.scorer and not args.dev:
                    row += f" {equal(decided, reference) if reference else '–'} |"
                print(row, flush=True)
                reference = reference or decided
                for note in result["notes"]:
                    print(f"{measurement.name}: {note}", file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
