"""How near-duplicates and stories scale: generated collections through `framescope report`.

    python3 benches/duplicates_and_stories.py --binary target/release/framescope [--articles 10000 30000 100000]

Writes a generated sentences.parquet (pip install polars numpy) of made-up words: stories of a few outlets each, one article in twenty
a reprint with edits, a hundred articles a day. Prints seconds and peak memory of the whole report, in which everything else is turned
down as far as it goes (100 resamples, no contrasts to speak of: four outlets).
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import child

os.environ["FRAMESCOPE_CACHE"] = "off"  # scores of earlier runs would make this one look fast

SEEDS = Path(__file__).parent.parent / "seeds" / "articles"
SENTENCES, WORDS, A_DAY = 26, 22, 100
COMMON = np.array([f"common{i}" for i in range(400)])


def sentences(rng, own):
    """Words of which a quarter are the story's own, the others common ones whose frequencies fall off."""
    shape = (SENTENCES, WORDS)
    common = COMMON[np.minimum(rng.exponential(50, shape).astype(int), len(COMMON) - 1)]
    return [" ".join(words) for words in np.where(rng.random(shape) < 0.25, own[rng.integers(0, len(own), shape)], common)]


def articles(rng, first, count):
    """`count` articles, the first of them the `first` of the collection: its number says on which day they stand."""
    made = []
    while len(made) < count:
        own = np.array([f"Name{rng.integers(40_000)}" if i % 3 == 0 else f"topic{rng.integers(60_000)}" for i in range(24)])
        day = datetime.date(2024, 1, 1) + datetime.timedelta(days=(first + len(made)) // A_DAY)
        for outlet in rng.choice(4, rng.integers(1, 5), replace=False):
            text = sentences(rng, own)
            made.append((outlet, day, text))
            if rng.random() < 0.05:
                edited = zip(text, sentences(rng, own), rng.random(SENTENCES) < 0.85)
                made.append(((outlet + 1) % 4, day, [kept if keep else changed for kept, changed, keep in edited]))
    return made[:count]


def write(like, path, count):
    """Rows with the columns of a real run's table, scores drawn at random."""
    rng = np.random.default_rng(11)
    frames = []
    for start in range(0, count, 10_000):
        made = articles(rng, start, min(10_000, count - start))
        rows = [(start + a, o, d, i, t) for a, (o, d, text) in enumerate(made) for i, t in enumerate(text)]
        n = len(rows)
        columns = {}
        for name, dtype in like.schema.items():
            if name in ("article_id", "sentence_id"):
                columns[name] = [f"a{r[0]}" + (f"#{r[3]}" if name == "sentence_id" else "") for r in rows]
            elif name == "outlet":
                columns[name] = [f"Outlet {r[1]}" for r in rows]
            elif name == "date":
                columns[name] = [r[2] for r in rows]
            elif name == "part":
                columns[name] = ["headline" if r[3] == 0 else "body" for r in rows]
            elif name == "text":
                columns[name] = [r[4] for r in rows]
            elif name == "voice":
                columns[name] = ["narration"] * n
            elif name == "n_tokens":
                columns[name] = [WORDS] * n
            elif name == "terms":
                columns[name] = [[]] * n
            elif dtype == pl.Float32:
                columns[name] = rng.random(n, dtype=np.float32)
            elif dtype in (pl.UInt32, pl.Int32):
                columns[name] = [0] * n
            elif dtype == pl.Boolean:
                columns[name] = [False] * n
            elif name == "title":
                columns[name] = [f"Title {r[0]}" for r in rows]
            else:
                columns[name] = [None] * n
        frames.append(pl.DataFrame(columns, schema=like.schema))
    pl.concat(frames).write_parquet(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        subprocess.run([options.binary, "score", SEEDS, "-o", base, "--engine", "fake", "--resamples", "100", "-q"], check=True,
                       stderr=subprocess.DEVNULL)
        like = pl.read_parquet(base / "sentences.parquet").head(0)
        print("| articles | sentences | seconds, whole report | of which duplicates | stories | peak MB |\n|---|---|---|---|---|---|")
        for count in options.articles:
            run = Path(folder) / str(count)
            run.mkdir()
            shutil.copy(base / "run.json", run)
            write(like, run / "sentences.parquet", count)
            status, elapsed, _, peak = child.run([options.binary, "report", run, "--quiet", "--resamples", "100"])
            if status:
                sys.exit(f"framescope report failed for {count} articles")
            seconds = json.loads((run / "run.json").read_text())["seconds"]
            print(f"| {count:,} | {count * SENTENCES:,} | {elapsed:.0f} | {seconds['aggregate duplicates']:.1f} | "
                  f"{seconds['aggregate stories']:.1f} | {peak:.0f} |", flush=True)
            shutil.rmtree(run)


if __name__ == "__main__":
    main()
