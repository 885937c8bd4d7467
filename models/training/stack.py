"""Weighs the pair model's reading of a frame and the vectors' together (stacking: Wolpert 1992), and prints [stacked] of the manifest.

    python stack.py --data DIR --pair FOLDER --model FOLDER

A logistic regression on two schemes that neither training saw (claim topics; CCF dev), each of the same weight. The folders are those of pair.py and
run.py, with their calibration.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from calibrate import expected_calibration_error, frames_threshold, sigmoid
from frames import accuracy, dev_schemes, f1, mean_auc
from pair import HERE, frame_margins
from sets import wordings
from shipped import Shipped


def weights_of(parts):
    """parts: [(scores: rows x 2, truth: rows)] -> weights of the two scores, and a bias."""
    x = np.concatenate([scores for scores, _ in parts])
    y = np.concatenate([truth for _, truth in parts]).astype(float)
    w = np.concatenate([np.full(len(truth), 1 / len(truth)) for _, truth in parts])

    def loss(parameters):
        z = x @ parameters[:2] + parameters[2]
        return float((w * (np.logaddexp(0, z) - y * z)).sum())

    return minimize(loss, [0.5, 0.5, 0.0], method="Nelder-Mead", options={"maxiter": 4000}).x


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pair", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="the one-pass model")
    args = parser.parse_args()
    pair, own = (json.loads((folder / "calibration.json").read_text())["frames"] for folder in (args.pair, args.model))
    reader, vectors = Shipped(args.pair), Shipped(args.model)
    parts = []
    for scheme in dev_schemes(args.data, wordings(HERE / "wordings_measured.txt"))[1:]:
        margins = frame_margins(reader, scheme)["frames"] / pair["temperature"] + pair["bias"]
        logits = own["scale"] * scheme.cosines(lambda texts: vectors(texts)["embedding"]) + own["bias"]
        parts.append((scheme.name, margins, logits, scheme.truth))
    entailment, weight, bias = weights_of([(np.stack([m.ravel(), v.ravel()], 1), t.ravel()) for _, m, v, t in parts])
    both = [entailment * m + weight * v + bias for _, m, v, _ in parts]
    threshold, _, level = frames_threshold([(z, t) for z, (*_, t) in zip(both, parts)], 1.0, 0.0)
    print(f"[stacked]\nentailment = {entailment:.4f}\nvectors = {weight:.4f}\nbias = {bias:.4f}\nthreshold = {threshold:.2f}  # within 0.01 of its mean micro-F1: {level[0]} to {level[1]}")
    for z, (name, margins, logits, truth) in zip(both, parts):
        for what, scores, cut in (("pair model", margins, pair["threshold"]), ("vectors", logits, own["threshold"]), ("both", z, threshold)):
            held = sigmoid(scores)
            print(f"# {name}, {what}: accuracy {accuracy(truth, scores):.3f}, mean AUC {mean_auc(truth, scores):.3f}, micro-F1 {f1(truth, held >= cut):.3f}, "
                  f"macro-F1 {f1(truth, held >= cut, 'macro'):.3f}, ECE {expected_calibration_error(held.ravel(), truth.ravel()):.3f}")


if __name__ == "__main__":
    main()
