#!/usr/bin/env python3
"""A million generated articles through the whole program with the fake engine: is the rate flat, and is memory bounded?

    cargo build --release && python3 benches/scale.py [--binary PATH] [--articles 1000000] [--keep FOLDER] [--report-only]

The collection is generated here (seeded, no text of others): function words and some loaded terms among made-up words of Zipf's
frequencies, new sentences throughout, 40 outlets over two years, wire copy that others reprint, events that several outlets tell.
The fake engine gives numbers from a hash, so that everything but the models' arithmetic is measured: reading, cleaning, segmenting,
tokenising, checkpoints, tables, page. Prints articles a second (and a second of a processor, which neighbours disturb less) by tenth
of the collection, peak resident memory by phase, and seconds by table. Needs only Python's standard library, on Linux; 20 GB of disk
for a million articles (under --keep, else where temporary files go).
"""

import argparse
import datetime
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import child

os.environ["FRAMESCOPE_CACHE"] = "off"

WORDS = 30_000
OUTLETS = 40
DAYS = 730
EVENTS_A_DAY = 40
SENTENCES = range(6, 31)  # of an article's body
TOKENS = range(8, 29)  # of a sentence
REPRINTED = 0.03
FUNCTION = "the of and to in a that was for on with as by at from it he she they said not but have had were which this has been would".split()
LOADED = "radical regime thugs extremist slammed outrage chaos bloated disgraced puppet".split()
DAY_ONE = datetime.date(2024, 1, 1)


def vocabulary(draw):
    """Words, all different, and their cumulated Zipf weights."""
    begin = "b br c d dr f g gl h k l m n p pl r s st t tr v w".split()
    middle = "a e i o u ai ea ou".split()
    end = "b d g l m n nd r rn s st t x".split()
    words = dict.fromkeys(FUNCTION)
    while len(words) < WORDS:
        word = "".join(draw.choice(begin) + draw.choice(middle) for _ in range(draw.randrange(1, 4))) + draw.choice(end)
        words[word] = None
        if len(words) == 2000:
            words |= dict.fromkeys(LOADED)
    weights = ((2 if rank < len(FUNCTION) else 1) / (rank + 3) for rank in range(len(words)))
    return list(words), list(itertools.accumulate(weights))


def articles(count, seed=7):
    draw = random.Random(seed)
    words, weights = vocabulary(draw)
    events, recent = {}, []
    for number in range(count):
        day = number * DAYS // count
        outlet = min(int(draw.expovariate(0.1)), OUTLETS - 1)
        record = {
            "id": f"article-{number}",
            "url": f"https://outlet{outlet}.example/{day}/{number}",
            "outlet": f"Outlet {outlet:02}",
            "author": f"Reporter {draw.randrange(2000)}",
            "section": ("politics", "world", "local", "business")[number % 4],
            "date": str(DAY_ONE + datetime.timedelta(days=day)),
        }
        if recent and draw.random() < REPRINTED:
            copied = draw.choice(recent)
            record |= {"title": copied["title"], "text": copied["text"]}
        else:
            event = (day, draw.randrange(EVENTS_A_DAY))
            if event not in events:
                events[event] = [draw.choice(words).capitalize() for _ in range(12)]
            lengths = [draw.choice(TOKENS) for _ in range(draw.choice(SENTENCES) + 1)]
            drawn = iter(draw.choices(words, cum_weights=weights, k=sum(lengths)))
            sentences = []
            for length in lengths:
                sentence = list(itertools.islice(drawn, length))
                sentence[length // 2] = draw.choice(events[event])
                sentence[0] = sentence[0].capitalize()
                sentences.append(" ".join(sentence) + ".")
            body = sentences[1:]
            record |= {"title": sentences[0][:-1], "text": "\n\n".join(" ".join(body[at : at + 4]) for at in range(0, len(body), 4))}
            recent = recent[-200:] + [record]
        yield record


def watched(command, run):
    """Seconds, processor seconds and chunks done, again and again, and the peak of memory until the last chunk and until the end."""
    started = time.time()
    seen, scoring, done = [], 0.0, 0

    def look(process):
        nonlocal scoring, done
        while (run / ".partial" / f"{done:08}.json").exists():
            done += 1
        if not seen or done > seen[-1][2]:
            seen.append((time.time() - started, processor_seconds(process), done))
            scoring = child.high_water(process)

    status, seconds, _, peak = child.run(command, look, stdout=subprocess.DEVNULL)
    if status not in (0, 1):
        sys.exit(f"framescope failed with status {status}")
    return seconds, seen, scoring, peak


def processor_seconds(process):
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/framescope")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="folder for collection and run, which stay; a collection that is there is taken")
    parser.add_argument("--report-only", action="store_true", help="make the tables of the run in --keep again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        source, run = folder / f"{args.articles}.jsonl", folder / "run"
        if not source.exists():
            partial = source.with_suffix(".partial")
            with partial.open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(record) + "\n" for record in articles(args.articles))
            partial.rename(source)
            print(f"{args.articles:,} articles, {source.stat().st_size / 1e9:.2f} GB", flush=True)
        if args.report_only:
            command = [args.binary, "report", run, "--quiet"]
        else:
            command = [args.binary, "score", source, "-o", run, "--engine", "fake", "--restart", "--quiet"]
        seconds, seen, scoring, peak = watched(command, run)
        manifest = json.loads((run / "run.json").read_text())
    show(args, seconds, seen, scoring, peak, manifest)


def show(args, seconds, seen, scoring, peak, manifest):
    counts = manifest["counts"]
    print(f"{counts['articles']:,} articles, {counts['sentences']:,} sentences, {counts['rejected']} rejected, {seconds:.0f} s in all")
    chunks = seen[-1][2]
    if chunks > 10:
        print("| tenth of the collection | articles a second | a second of a processor |\n|---|---|---|")
        marks = [next(mark for mark in seen if mark[2] >= chunks * tenth // 10) for tenth in range(11)]
        for tenth, pair in enumerate(itertools.pairwise(marks), 1):
            rates = [counts["articles"] / 10 / max(until - since, 1e-9) for since, until in list(zip(*pair))[:2]]
            print(f"| {tenth} | {rates[0]:.0f} | {rates[1]:.0f} |")
        print(f"peak while scoring {scoring:.0f} MiB")
    print(f"peak {peak:.0f} MiB")
    print("seconds:", ", ".join(f"{name} {value:.0f}" for name, value in manifest["seconds"].items()))


if __name__ == "__main__":
    main()
