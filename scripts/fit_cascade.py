"""Fits `[cascade]` of models/manifest.toml: log-odds that the cross-encoder puts a frame at or above its cut-off, from the logit of the vectors.

    framescope score ARTICLES -o A --scorer embedding && framescope score ARTICLES -o B --scorer cross
    python scripts/fit_cascade.py A B

One logistic regression over sentences and frames (Platt 1999). Also says what share of decisions a cascade would leave to the vectors and how
often those fall as the cross-encoder's do. Needs polars.
"""

import json
import math
import sys
from pathlib import Path

import polars as pl

OPEN = 2.944  # as in src/stages/infer/frames/cascade.rs


def main():
    first, second = map(Path, sys.argv[1:3])
    run = json.loads((second / "run.json").read_text())
    frames = [f"frame_{frame['name']}" for frame in run["scheme"]["frames"]]
    cutoffs = run["thresholds"]["frames"]
    keys = ["sentence_id"]
    both = pl.read_parquet(first / "sentences.parquet", columns=keys + frames).join(
        pl.read_parquet(second / "sentences.parquet", columns=keys + frames), on=keys, suffix="_cross")
    x, y = [], []
    for frame, cutoff in zip(frames, cutoffs):
        own = both[frame].clip(1e-6, 1 - 1e-6).cast(pl.Float64)
        x += (own / (1 - own)).log().to_list()
        y += (both[frame + "_cross"] >= cutoff).cast(pl.Float64).to_list()
    slope, bias = fit(x, y)
    odds = [slope * value + bias for value in x]
    settled = [(o >= 0) == (truth == 1) for o, truth in zip(odds, y) if abs(o) >= OPEN]
    print(f"[cascade]\nslope = {slope:.4f}\nbias = {bias:.4f}")
    print(f"# {len(x)} sentences and frames; cross-encoder says yes to {sum(y) / len(y):.3f}")
    print(f"# left to the vectors {len(settled) / len(x):.3f}, of which as the cross-encoder {sum(settled) / max(1, len(settled)):.3f}")


def fit(x, y, steps=50):
    """Newton's method; two parameters."""
    a, b = 1.0, 0.0
    for _ in range(steps):
        ga = gb = haa = hab = hbb = 0.0
        for value, truth in zip(x, y):
            p = 1 / (1 + math.exp(-max(-500.0, min(500.0, a * value + b))))
            error, weight = p - truth, p * (1 - p)
            ga, gb = ga + error * value, gb + error
            haa, hab, hbb = haa + weight * value * value, hab + weight * value, hbb + weight
        determinant = haa * hbb - hab * hab
        da, db = (hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant
        a, b = a - da, b - db
        if abs(da) + abs(db) < 1e-9:
            break
    return a, b


if __name__ == "__main__":
    main()
