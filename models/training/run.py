"""From the public sets to models/onepass: train, export, check, calibrate, measure.

    python run.py --data DIR --out DIR [--minutes M] [--only STEP] [--baseline DIR]

Every step writes what it made into --out and is skipped when that is there already, so a killed run goes on where it stopped.
"""

import json
from pathlib import Path

import numpy as np

import evaluate
import steps
from blocks import read_blocks
from calibrate import frames_threshold, loaded_threshold, macro_f1, scale_and_bias, softmax, temperature
from encoder import OnePass
from export import check, export
from folder import starting_weights, write_folder
from frames import dev_schemes
from sets import Measured, loaded_rows, rows, tone_rows, wordings
from shipped import Shipped
from steps import keep
from train import Trainer

HERE = Path(__file__).parent
MEASURED = HERE / "wordings_measured.txt"


def step_train(args):
    steps.train(Trainer(args.data, args.out / "training", args.teacher, args.start, read_blocks(args.blocks)), args.minutes)


def step_export(args):
    model = OnePass.load(args.out / "training" / "trained.safetensors")
    export(model, args.out)
    texts = [r["text"] for r in rows(args.data, "anno_lexical/test")[:2000]]
    keep(args.out / "check.json", check(model, args.out, texts))


def step_calibrate(args):
    """On the graph that ships, dev parts only."""
    reader = evaluate.VectorReader(Shipped(args.out))
    measured = Measured(args.data)
    _, tone = tone_rows(args.data, measured)
    tone = tone["newsmtsc"] + tone["ccf"]
    loaded = loaded_rows(args.data, measured, "dev")
    found = {}
    for name, part in (("tone", tone), ("loaded", loaded)):
        logits = reader.outputs([t for t, _ in part])["logits_" + name]
        truth = np.array([c for _, c in part])
        t, before, after = temperature(logits, truth)
        found[name] = {"temperature": t, "ece_before": before, "ece_after": after, "n": len(part)}
        if name == "loaded":
            found[name]["threshold"] = loaded_threshold(softmax(logits, t)[:, 1], truth)
        else:
            found[name]["macro_f1"] = macro_f1(truth, logits.argmax(1))
    fitted = [(s.cosines(reader.vectors), s.truth) for s in dev_schemes(args.data, wordings(MEASURED))]
    scale, bias = scale_and_bias(fitted)
    threshold, best, level = frames_threshold(fitted, scale, bias)
    found["frames"] = {"threshold": threshold, "micro_f1": best, "within_a_hundredth": level}
    keep(args.out / "calibration_report.json", found)
    keep(args.out / "calibration.json", {
        "temperature": {name: round(found[name]["temperature"], 4) for name in ("tone", "loaded")},
        "threshold": {"loaded": round(found["loaded"]["threshold"], 4)},
        "frames": {"scale": round(scale, 4), "bias": round(bias, 4), "threshold": round(threshold, 4)},
    })


def step_measure(args):
    """This model first, then the starting vectors, then (asked for) a pair model of the same conventions."""
    known, settings, table = wordings(MEASURED), json.loads((args.out / "calibration.json").read_text()), {}
    dev = dev_schemes(args.data, known)
    heat, threshold = settings["temperature"]["loaded"], settings["threshold"]["loaded"]
    own = evaluate.VectorReader(Shipped(args.out))
    table["one-pass"] = evaluate.score_heads(args.data, *evaluate.head_classes(own, heat, threshold))
    table["one-pass"] |= evaluate.score_frames(args.data, known, dev, own)
    keep(args.out / "scores.json", table)
    write_folder(starting_weights(), args.out / "starting")
    start = evaluate.VectorReader(Shipped(args.out / "starting"))
    table["plain all-MiniLM"] = evaluate.score_frames(args.data, known, dev, start)
    keep(args.out / "scores.json", table)
    if args.baseline:
        pair = evaluate.VectorReader(Shipped(args.baseline))
        table["baseline"] = evaluate.score_heads(args.data, *evaluate.head_classes(pair, 1.0, 0.5))
        keep(args.out / "scores.json", table)
    table["frozen all-MiniLM + logistic regression"] = frozen_scores(args, start)
    keep(args.out / "scores.json", table)


def frozen_scores(args, reader, limit=3000):
    measured = Measured(args.data)
    parts, _ = tone_rows(args.data, measured)
    tone = evaluate.frozen_regression(reader, parts["newsmtsc"][:limit] + parts["ccf"], 3)
    loaded = evaluate.frozen_regression(reader, loaded_rows(args.data, measured, "train")[:limit], 2)
    return evaluate.score_heads(args.data, lambda t: tone(t).argmax(1), lambda t: (loaded(t)[:, 1], 0.5))


STEPS = {"train": (step_train, "training/trained.safetensors"), "export": (step_export, "check.json"),
         "calibrate": (step_calibrate, "calibration.json"), "measure": (step_measure, None)}


def main():
    parser = steps.parser(__doc__, STEPS)
    parser.add_argument("--teacher", type=Path, default=HERE.parent / "pair", help="folder of the pair model that teaches tone and loaded language")
    parser.add_argument("--start", type=Path, help="folder of an earlier one-pass model to go on from, at lower rates")
    parser.add_argument("--blocks", type=Path, help="of blocks.py: texts against frames, scored by a better teacher")
    parser.add_argument("--baseline", type=Path, help="folder of a pair model to measure beside this one")
    steps.run(STEPS, parser.parse_args())


if __name__ == "__main__":
    main()
