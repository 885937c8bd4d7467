"""The starting encoder as a frames reader: exported as it is, scale, bias and threshold fitted on left-out schemes.

    python starting.py --data DIR --out DIR [--size N]
"""

import argparse
import json
from pathlib import Path

from calibrate import frames_threshold, interval, scale_and_bias
from evaluate import VectorReader, frame_tests
from folder import starting_weights, write_folder
from frames import accuracy, dev_schemes, mean_auc
from sets import wordings
from shipped import Shipped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=400, help="sentences drawn from the largest left-out scheme")
    args = parser.parse_args()
    write_folder(starting_weights(), args.out)
    print("graph written", flush=True)
    known = wordings(Path(__file__).parent / "wordings_measured.txt")
    reader, fitted, scores = VectorReader(Shipped(args.out)), [], {}
    for scheme in dev_schemes(args.data, known, args.size):
        cosines = scheme.cosines(reader.vectors)
        fitted.append((cosines, scheme.truth))
        right, area = accuracy(scheme.truth, cosines), mean_auc(scheme.truth, cosines)
        scores[f"dev_{scheme.name}"] = {"n": len(cosines), "accuracy": right, "auc": area}
        print(scores, flush=True)
    scale, bias = scale_and_bias(fitted)
    threshold, f1, _ = frames_threshold(fitted, scale, bias)
    frames = {"scale": round(scale, 4), "bias": round(bias, 4), "threshold": round(threshold, 4)}
    (args.out / "calibration.json").write_text(json.dumps({"frames": frames}, indent=2) + "\n", encoding="utf-8")
    print(frames, "dev micro-F1", f1, flush=True)
    tests, first = frame_tests(args.data, known)
    best = tests["gvfc"].cosines(reader.vectors).argmax(1)
    scores["gvfc_accuracy"] = interval(lambda t, g: float((t == g).mean()), first, best)
    print(scores, flush=True)
    scores["ccf_auc"] = interval(mean_auc, tests["ccf"].truth, tests["ccf"].cosines(reader.vectors))
    (args.out / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    print(scores, flush=True)


if __name__ == "__main__":
    main()
