#!/usr/bin/env python3
"""The whole program: sentences a second with 15 frames, and peak memory at 1,000 and 6,000 articles.

    cargo build --release && python3 benches/whole_program.py [--binary PATH] [--articles FILE]

The collections are generated here (seeded, no text of others): every article draws 30 sentences from a stock. For the rate
the stock is larger than the draw, so that nearly every sentence is new to the models. For memory the stock is small:
a sentence that was seen is not scored again, so that 6,000 articles take minutes; all that memory depends on (articles,
sentences, rows, tables, page) is there in full. `--articles FILE` adds a run over a real collection with the fake engine.
Needs only Python's standard library, on Linux or macOS.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

import child

os.environ["FRAMESCOPE_CACHE"] = "off"  # scores of earlier runs would make this one look fast

SUBJECTS = "the council|the mayor|a spokesman for the agency|the union|the hospital|two residents|the governor|a judge|teachers|the company".split("|")
VERBS = "rejected|praised|delayed|questioned|approved|attacked|funded|closed|reviewed|defended".split("|")
OBJECTS = "the plan for the harbour|a new rent law|the budget for schools|the border bill|the clinic's contract|a strike vote|the flood report".split("|")
TAILS = "on Monday|after a long night|despite heavy criticism|for the third time this year|without giving a reason|in front of a full hall".split("|")
OUTLETS = ["North Post", "South Herald", "East Wire", "West Standard"]


def sentence(draw):
    number = draw.randrange(10_000)
    words = f"{draw.choice(SUBJECTS)} {draw.choice(VERBS)} {draw.choice(OBJECTS)} {draw.choice(TAILS)}, and {number} people signed a letter about it."
    return words[0].upper() + words[1:]


def collection(path, articles, stock_size, seed=7):
    draw = random.Random(seed)
    stock = [sentence(draw) for _ in range(stock_size)]
    with path.open("w", encoding="utf-8") as out:
        for number in range(articles):
            chosen = [draw.choice(stock) for _ in range(30)]
            text = "\n\n".join(" ".join(chosen[i : i + 5]) for i in range(0, 30, 5))
            record = {
                "id": f"a{number}",
                "title": chosen[0].rstrip("."),
                "text": text,
                "outlet": OUTLETS[number % 4],
                "date": f"2026-{number % 6 + 1:02}-{number % 28 + 1:02}",
            }
            out.write(json.dumps(record) + "\n")


def run(binary, source, out, *more):
    """Seconds, peak resident megabytes, and the counts of run.json."""
    status, seconds, _, peak = child.run([binary, "score", source, "-o", out, "--quiet", *more])
    if status not in (0, 1):
        sys.exit(f"framescope failed on {source}")
    return seconds, peak, json.loads((out / "run.json").read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/framescope")
    parser.add_argument("--articles", type=Path, help="a real collection, for a run with the fake engine")
    args = parser.parse_args()
    print("| run | articles | sentences | distinct | seconds | sentences scored a second | peak MB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        runs = [("15 frames, all new", 40, 1_000_000, ()), ("15 frames", 1_000, 600, ()), ("15 frames", 6_000, 600, ())]
        for name, articles, stock, more in runs:
            source = folder / f"{articles}.jsonl"
            collection(source, articles, stock)
            show(name, run(args.binary, source, folder / f"run-{articles}", *more))
        if args.articles:
            show("real collection, fake engine", run(args.binary, args.articles, folder / "real", "--engine", "fake"))


def show(name, measured):
    seconds, megabytes, manifest = measured
    counts = manifest["counts"]
    infer = manifest["seconds"].get("infer", seconds)
    rate = counts["distinct_sentences"] / infer
    cells = [name, counts["articles"], counts["sentences"], counts["distinct_sentences"], f"{seconds:.1f}", f"{rate:.1f}", f"{megabytes:.0f}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
