"""The steps of a recipe: each writes what it made and is skipped when that is there already."""

import argparse
import json
import time
from pathlib import Path

import torch


def keep(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: {json.dumps(value)}", flush=True)
    return value


def train(trainer, minutes):
    if trainer.resume():
        print(f"goes on at step {trainer.step}, {trainer.elapsed / 60:.1f} min", flush=True)
    trainer.run(minutes)


def parser(about, steps):
    flags = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    flags.add_argument("--out", type=Path, required=True, help="where the model and the reports go")
    flags.add_argument("--minutes", type=float, default=80, help="wall clock of the training")
    flags.add_argument("--threads", type=int, default=2)
    if steps:
        flags.add_argument("--only", choices=steps, help="run one step, even if it was done before")
    return flags


def run(steps, args):
    """steps: {name: (function of args, the file by which it is known to be done, or None)}."""
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (step, made) in steps.items():
        if args.only in (None, name) and (args.only or not made or not (args.out / made).exists()):
            began = time.time()
            print(f"== {name}", flush=True)
            step(args)
            print(f"== {name} took {(time.time() - began) / 60:.1f} min", flush=True)
