"""How well do the stories of a run agree with pairs labelled by hand?

    pip install polars numpy
    python3 scripts/measure_stories.py RUN_FOLDER [tests/reference/stories/pairs.tsv]
    python3 scripts/measure_stories.py RUN_FOLDER --events seeds/events.tsv

pairs.tsv: 325 pairs of articles of two outlets within seven days, drawn at random from eight strata of lexical similarity
(103,203 pairs of the Article-Bias-Prediction collection of 6,000), read one by one; `weight` is the number of pairs that each
stands for, so that precision and recall are those of all pairs. `unclear`: follow-ups, previews and columns of which a second reader
might say either; they are left out, counted as different (strict) and as the same (lenient). Intervals: 2,000 bootstrap
resamples within strata.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl


def stories(run):
    table = pl.read_parquet(Path(run) / "articles.parquet", columns=["article_id", "story_id"])
    return dict(table.iter_rows())


def rates(same, found, weight):
    hit, false, missed = ((weight * part).sum(axis=-1) for part in (same & found, ~same & found, same & ~found))
    with np.errstate(invalid="ignore"):
        return hit / (hit + false), hit / (hit + missed), 2 * hit / (2 * hit + false + missed)


def interval(stratum, *columns):
    rng = np.random.default_rng(1)
    places = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    drawn = np.concatenate([rng.choice(p, size=(2000, len(p))) for p in places], axis=1)
    return [np.nanquantile(r, [0.025, 0.975]) for r in rates(*(c[drawn] for c in columns))]


def labelled(run, path):
    story = stories(run)
    pairs = pl.read_csv(path, separator="\t").filter(pl.col("first").is_in(list(story)) & pl.col("second").is_in(list(story)))
    found = np.array([story[a] == story[b] for a, b in pairs.select("first", "second").iter_rows()])
    for split in ("dev", "test"):
        for reading in ("unclear left out", "strict", "lenient"):
            keep = (pairs["split"] == split).to_numpy()
            if reading == "unclear left out":
                keep &= (pairs["label"] != "unclear").to_numpy()
            same = pairs["label"].is_in(["same", "unclear"] if reading == "lenient" else ["same"]).to_numpy()[keep]
            columns = same, found[keep], pairs["weight"].to_numpy()[keep]
            values = zip(rates(*columns), interval(pairs["stratum"].to_numpy()[keep], *columns))
            shown = [f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, (low, high) in values]
            print(f"| {split} | {reading} | {keep.sum()} | {same.sum()} | " + " | ".join(shown) + " |")


def events(run, path):
    event = dict(pl.read_csv(path, separator="\t").select("id", "event").iter_rows())
    story = {article: s for article, s in stories(run).items() if article in event}
    ids = sorted(story)
    both = [(event[a] == event[b], story[a] == story[b]) for i, a in enumerate(ids) for b in ids[i + 1 :]]
    same, found = (np.array(column) for column in zip(*both))
    shown = " | ".join(f"{value:.2f}" for value in rates(same, found, np.ones(len(both))))
    print(f"| events | | {len(both)} | {same.sum()} | {shown} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("pairs", nargs="?", default=Path(__file__).parent.parent / "tests/reference/stories/pairs.tsv")
    parser.add_argument("--events")
    options = parser.parse_args()
    print("| split | unclear pairs | pairs | same | precision | recall | F1 |\n|---|---|---|---|---|---|---|")
    events(options.run, options.events) if options.events else labelled(options.run, options.pairs)


if __name__ == "__main__":
    main()
