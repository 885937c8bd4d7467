"""What a pair model, larger in passes though not in size, says of the texts that train the heads: soft targets."""

import tomllib
from pathlib import Path

import numpy as np

from calibrate import softmax
from shipped import Shipped

HEADS = ("tone", "loaded")


def temperatures(folder):
    """Those that the manifest beside the model's folder gives; 1 where it names none."""
    folder = Path(folder).resolve()
    known = tomllib.loads((folder.parent / "manifest.toml").read_text(encoding="utf-8"))["model"]
    own = next(model for model in known if model["file"].split("/")[0] == folder.name)
    return {head: own["heads"][head].get("temperature", 1.0) for head in HEADS}


def taught_by(folders, texts, out):
    """{text: {head: mean of the models' class shares}}."""
    shares = [soft_targets(folder, texts, out / f"teacher_{Path(folder).name}.npz") for folder in folders]
    return {text: {head: sum(own[text][head] for own in shares) / len(shares) for head in HEADS} for text in shares[0]}


def soft_targets(folder, texts, path):
    """{text: {head: calibrated class shares}}, worked out once and kept at `path`, a part at a time."""
    texts = list(dict.fromkeys(texts))
    shares = {head: np.zeros((0, 0)) for head in HEADS}
    if path.exists():
        kept = np.load(path)
        shares = {head: kept[head] for head in HEADS}
    model, heat, done = None, temperatures(folder), len(shares["tone"])
    while done < len(texts):
        model = model or Shipped(folder)
        part = texts[done : done + 4000]
        found = model([" ".join(text.split()[:60]) for text in part])
        fresh = {head: softmax(found["logits_" + head], heat[head]).astype(np.float32) for head in HEADS}
        shares = {head: np.concatenate([shares[head], fresh[head]]) if done else fresh[head] for head in HEADS}
        done += len(part)
        np.savez(path.with_suffix(".new.npz"), **shares)
        path.with_suffix(".new.npz").rename(path)
        print(f"        teacher: {done} of {len(texts)} texts", flush=True)
    return {text: {head: shares[head][n] for head in HEADS} for n, text in enumerate(texts)}
