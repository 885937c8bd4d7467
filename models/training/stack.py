"""Weighs the pair model's reading of a frame and the vectors' together (stacking: Wolpert 1992), and prints [stacked] of the manifest.

    python stack.py --data DIR --pair FOLDER --model FOLDER

A logistic regression on two schemes that neither training saw (claim topics; CCF dev), each of the same weight. The folders are those of pair.py and
run.py, with their calibration.json.
"""

import argparse
import json
from pathlib import Path

from calibrate import expected_calibration_error, frames_threshold, logistic, sigmoid
from frames import accuracy, dev_schemes, f1, mean_auc
from pair import HERE, frame_margins
from sets import wordings
from shipped import Shipped


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
    entailment, weight, bias = logistic([([m, v], t) for _, m, v, t in parts], (0.5, 0.5, 0.0))
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
