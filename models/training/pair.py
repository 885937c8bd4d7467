"""The pair model: one MiniLM that reads a sentence together with a hypothesis. From the public sets to models/pair.

    python pair.py --data DIR --out DIR [--start FOLDER] [--minutes M] [--only STEP]

Every step writes what it made into --out and is skipped when that is there already, so a killed run goes on where it stopped.
"""

from pathlib import Path

import numpy as np

import steps
from blocks import by_frame, hypotheses, read_blocks
from calibrate import (expected_calibration_error, frames_threshold, interval, loaded_threshold, macro_f1, scale_and_bias, sigmoid, softmax,
                       temperature)
from frames import accuracy, dev_schemes, mean_auc
from pair_encoder import PairModel
from pair_export import check, export
from pair_sets import dev_nli, pair_material
from pair_settle import Settler
from pair_train import PairTrainer
from sets import clip, rows, wordings
from shape import PAIR_HEADS
from shipped import Shipped
from steps import keep

HERE = Path(__file__).parent


def step_train(args):
    steps.train(PairTrainer(args.data, args.out / "training", args.start), args.minutes)


def step_settle(args):
    """Of what was trained, or of --weights."""
    model = PairModel.of_checkpoint(args.weights) if args.weights else PairModel.load(args.out / "training" / "trained.safetensors")
    steps.train(Settler(model, pair_material(args.data, args.out / "training"), read_blocks(args.blocks), args.out / "settling"), args.settle_minutes)


def step_export(args):
    model = PairModel.load(args.out / "settling" / "trained.safetensors")
    export(model, args.out)
    keep(args.out / "check.json", check(model, args.out, dev_nli(args.data)[:2000]))


def step_calibrate(args):
    """On the graph that ships, dev parts only."""
    reader, material, found = Shipped(args.out), pair_material(args.data, args.out / "training"), {}
    parts = {"entailment": [(r.pair, r.truth) for r in dev_nli(args.data)[:3000]],
             "tone": [((t, None), c) for t, c in material.tone_dev["newsmtsc"] + material.tone_dev["ccf"]],
             "loaded": [((t, None), c) for t, c in material.loaded_dev[:1500]]}
    for name, part in parts.items():
        logits = reader([pair for pair, _ in part])["logits_" + name]
        truth = np.array([c for _, c in part])
        heat, before, after = temperature(logits, truth)
        found[name] = {"temperature": heat, "ece_before": before, "ece_after": after, "n": len(part),
                       "accuracy": float((logits.argmax(1) == truth).mean()), "macro_f1": macro_f1(truth, logits.argmax(1))}
        if name == "loaded":
            found[name]["threshold"] = loaded_threshold(softmax(logits, heat)[:, 1], truth)
    found["frames"] = calibrated_frames(reader, dev_schemes(args.data, wordings(HERE / "wordings_measured.txt"))[1:])
    keep(args.out / "calibration.json", found)


def calibrated_frames(reader, schemes):
    """Temperature, bias and cut-off of the frames head on schemes that training leaves out, each of the same weight."""
    parts = [(frame_margins(reader, s)["frames"], s.truth) for s in schemes]
    scale, bias = scale_and_bias(parts, (1.0, 0.0))
    threshold, best, _ = frames_threshold(parts, scale, bias)
    error = lambda a, b: float(np.mean([expected_calibration_error(sigmoid(a * m + b).ravel(), truth.ravel()) for m, truth in parts]))
    return {"temperature": 1 / scale, "bias": bias, "threshold": threshold, "micro_f1": best, "ece_before": error(1.0, 0.0), "ece_after": error(scale, bias),
            "schemes": {s.name: {"n": len(m), "accuracy": accuracy(s.truth, m), "auc": mean_auc(s.truth, m)} for s, (m, _) in zip(schemes, parts)}}


def frame_margins(reader, scheme):
    """{head: texts x frames}, the mean over a frame's hypotheses of how far entailment stands above its alternative, in logits."""
    frames = [hypotheses(w) for w in scheme.scheme.values()]
    logits = reader([(text, h) for text in scheme.texts for own in frames for h in own], size=64)
    found = {}
    for head in ("frames", "entailment"):
        values = logits["logits_" + head]
        margins = (values[:, PAIR_HEADS[head].index("entailment")] - values[:, 0]).reshape(len(scheme.texts), -1)
        found[head] = by_frame(margins, frames)
    return found


def step_measure(args):
    """Inference on MNLI matched, and frames on the schemes that training leaves out."""
    table = {}
    for name, folder in (("pair", args.out), ("start", args.start)):
        if folder is None:
            continue
        reader, table[name] = Shipped(folder), {}
        for scheme in dev_schemes(args.data, wordings(HERE / "wordings_measured.txt"), args.size):
            scheme.texts, scheme.truth = scheme.texts[: args.size], scheme.truth[: args.size]
            for head, scores in frame_margins(reader, scheme).items():
                table[name][f"{scheme.name}, {head} head"] = {"n": len(scores), "accuracy": accuracy(scheme.truth, scores), "auc": mean_auc(scheme.truth, scores)}
            keep(args.out / "scores.json", table)
        matched = [r for r in rows(args.data, "nli/eval") if r["src"] == "mnli_m"][:: args.every]
        guess = reader([(clip(r["p"], 90), clip(r["h"], 40)) for r in matched], size=64)["logits_entailment"].argmax(1)
        truth = np.array([PAIR_HEADS["entailment"].index(r["y"]) for r in matched])
        table[name]["MNLI matched"] = {"n": len(truth), "accuracy": interval(lambda t, g: float((t == g).mean()), truth, guess)}
        keep(args.out / "scores.json", table)


STEPS = {"train": (step_train, "training/trained.safetensors"), "settle": (step_settle, "settling/trained.safetensors"),
         "export": (step_export, "check.json"),
         "calibrate": (step_calibrate, "calibration.json"), "measure": (step_measure, "scores.json")}


def main():
    parser = steps.parser(__doc__, STEPS)
    parser.add_argument("--start", type=Path, help="folder of an earlier pair model to go on from; by default all-MiniLM-L6-v2")
    parser.add_argument("--weights", type=Path, help="settle these (under the names of BERT checkpoints) instead of what was trained")
    parser.add_argument("--blocks", type=Path, help="of blocks.py: the frames head learns from them while the weights settle")
    parser.add_argument("--settle-minutes", type=float, default=20, help="wall clock of putting the weights on the int8 grid")
    parser.add_argument("--size", type=int, default=300, help="texts of each left-out scheme that are measured")
    parser.add_argument("--every", type=int, default=1, help="measure on every so manieth row of MNLI matched")
    steps.run(STEPS, parser.parse_args())


if __name__ == "__main__":
    main()
