"""The pair model's graph, and how far it is from the f32 weights it was written from."""

import torch

from folder import write_folder
from graph import Graph
from pair_train import batches
from shape import PAIR_HEADS, tokenizer
from shipped import Shipped


class PairGraph(Graph):
    """Outputs logits_<head> alone, read from the first token. (The program works the last layer out for that token alone.)"""

    classes = PAIR_HEADS

    def write(self):
        x, mask = self.embeddings(), self.mask_bias()
        for n in range(self.config["num_hidden_layers"]):
            x = self.layer(x, n, mask)
        first = self.node("Gather", [x, self.constant("first", 0)], "first.token", axis=1)
        pooled = self.node("Tanh", [self.linear(first, "pooler.dense", "pooler")], "pooled")
        for name in self.heads:
            self.linear(pooled, "heads." + name, "logits_" + name)


def export(model, folder):
    weights = {name: tensor.float().numpy() for name, tensor in model.named().items()}
    bare = ("heads.", "pooler.")
    write_folder({name if name.startswith(bare) else "bert." + name: value for name, value in weights.items()}, folder, PairGraph)


@torch.inference_mode()
def check(model, folder, pairs, heads=tuple(PAIR_HEADS)):
    """Equal decisions a head, over pairs."""
    shipped, found = Shipped(folder)([p.pair for p in pairs]), {"pairs": len(pairs)}
    numbered = [p._replace(truth=n) for n, p in enumerate(pairs)]
    for head in heads:
        exact = torch.zeros(len(pairs), dtype=torch.long)
        for ids, segments, mask, at in batches(tokenizer(), numbered):
            exact[at] = model(ids, segments, mask, head).argmax(1)
        found[f"equal_{head}"] = float((exact.numpy() == shipped["logits_" + head].argmax(1)).mean())
    return found
