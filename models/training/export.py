"""How far the shipped graph is from the f32 weights it was written from."""

import torch

from encoder import OnePass, encode
from folder import write_folder
from shipped import Shipped


def export(model, folder):
    write_folder({name: value.float().numpy() for name, value in model.state_dict().items()}, folder)


def check(model, folder, texts):
    """Equal decisions a head and cosine gap of the vectors, over texts."""
    vectors, pooled = encode(model, texts, limit=128)
    shipped = Shipped(folder)(texts)
    found = {"sentences": len(texts)}
    with torch.inference_mode():
        for name, head in model.heads.items():
            exact = head(pooled).argmax(1).numpy()
            found[f"equal_{name}"] = float((exact == shipped["logits_" + name].argmax(1)).mean())
    cosine = (vectors.numpy() * shipped["embedding"]).sum(1)
    return found | {"cosine_gap_mean": float(1 - cosine.mean()), "cosine_gap_max": float(1 - cosine.min())}
