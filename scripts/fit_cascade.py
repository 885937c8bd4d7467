"""Fits `[cascade]` of models/manifest.toml: the reference's log-odds of a frame, from the logit of the vectors.

    framescope score ARTICLES -o A --scorer embedding && framescope score ARTICLES -o B --scorer cross
    python scripts/fit_cascade.py A B

A line by least squares over sentences and frames, on every other article. On the rest: how often the vectors alone, and a cascade of each
budget, decide as the reference does, and how the vectors would with other cut-offs. Needs polars.
"""

import json
import math
import sys
from pathlib import Path

import polars as pl

VECTOR_CUTS, REFERENCE_CUTS = (0.16, 0.18, 0.20, 0.22, 0.25, 0.28, 0.30), (0.20, 0.22, 0.24, 0.26, 0.27)
OPEN = 1.645  # as in src/stages/infer/frames/cascade.rs


def main():
    first, second = map(Path, sys.argv[1:3])
    run = json.loads((second / "run.json").read_text())
    frames = [f"frame_{frame['name']}" for frame in run["scheme"]["frames"]]
    cutoffs = run["thresholds"]["frames"]
    own_cutoffs = json.loads((first / "run.json").read_text())["thresholds"]["frames"]
    keys = ["article_id", "sentence_id"]
    both = pl.read_parquet(first / "sentences.parquet", columns=keys + frames).join(
        pl.read_parquet(second / "sentences.parquet", columns=keys + frames), on=keys, suffix="_cross")
    articles = sorted(set(both["article_id"]))
    fitting = both["article_id"].is_in(articles[::2])
    fitted = logits(both.filter(fitting), frames)
    slope, bias, spread = line(*map(flat, fitted))
    print(f"[cascade]\nslope = {slope:.4f}\nbias = {bias:.4f}\nspread = {spread:.4f}")

    held_out = both.filter(~fitting)
    own, reference = logits(held_out, frames)
    cuts, own_cuts = [logit(cutoff) for cutoff in cutoffs], [logit(cutoff) for cutoff in own_cutoffs]
    truth, alone = decided(reference, cuts), decided(own, own_cuts)
    decisions = len(own) * len(frames)
    print(f"# fitted on {fitting.sum()} sentences of {len(articles[::2])} articles; below, {len(own)} of {len(articles[1::2])} others, {decisions} decisions")
    print(f"# the reference says yes to {sum(flat(truth)) / decisions:.3f}")
    print(f"# vectors alone, their own cut-offs: yes to {sum(flat(alone)) / decisions:.3f}, {alike(alone, truth):.1f} % as the reference")
    odds = [[slope * value + bias for value in row] for row in own]
    for budget in sorted({0, 1, 2, 3, 4, 6, 8, 10, len(frames)}):
        read = [asked(row, cuts, spread, budget) for row in odds]
        mixed = [[theirs[n] if n in some else row[n] for n in range(len(row))] for row, theirs, some in zip(odds, reference, read)]
        print(f"# budget {budget:2}: {sum(map(len, read)) / len(own):5.2f} pairs read a sentence, {alike(decided(mixed, cuts), truth):.1f} % as the reference; "
              f"mean probability {mean(mixed):.4f} for its {mean(reference):.4f}")
    print("# vectors alone, % as the reference, cut-off of the vectors down, of the reference across")
    print("#        " + "  ".join(f"{cut:.2f}" for cut in REFERENCE_CUTS))
    everything = [rows + others for rows, others in zip(fitted, (own, reference))]
    for cut in VECTOR_CUTS:
        alone = decided(everything[0], [logit(cut)] * len(frames))
        shares = (alike(alone, decided(everything[1], [logit(other)] * len(frames))) for other in REFERENCE_CUTS)
        print(f"#  {cut:.2f}  " + "  ".join(f"{share:4.1f}" for share in shares))


def asked(odds, cuts, spread, budget):
    far = [abs(value - cut) for value, cut in zip(odds, cuts)]
    return set(sorted((n for n, distance in enumerate(far) if distance < OPEN * spread), key=far.__getitem__)[:budget])


def flat(rows):
    return [value for row in rows for value in row]


def decided(rows, cuts):
    return [[value >= cut for value, cut in zip(row, cuts)] for row in rows]


def mean(rows):
    values = [1 / (1 + math.exp(-value)) for value in flat(rows)]
    return sum(values) / len(values)


def alike(decided, truth):
    return 100 * sum(a == b for a, b in zip(flat(decided), flat(truth))) / len(flat(truth))


def logit(p):
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def logits(both, frames):
    """Sentences x frames, of the vectors and of the reference."""
    rows = lambda names: [[logit(value) for value in row] for row in both.select(names).iter_rows()]
    return rows(frames), rows([frame + "_cross" for frame in frames])


def line(x, y):
    """Slope, intercept, and the standard deviation of what is left."""
    n, mx, my = len(x), sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
    bias = my - slope * mx
    return slope, bias, math.sqrt(sum((b - slope * a - bias) ** 2 for a, b in zip(x, y)) / n)


if __name__ == "__main__":
    main()
