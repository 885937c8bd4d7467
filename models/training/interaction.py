"""A head on the pair of vectors of sentence and frame: does it read frames better than their cosine does?

    python interaction.py --data DIR --out DIR --model ../onepass [--texts N] [--only STEP]

The encoder stays as it ships: texts of the classification sets and wordings of their labels become vectors once, and each head learns from
these which labels a text has. Steps: vectors, heads. Every head starts as the cosine (its own scale and bias) plus nothing, is
chosen by the left-out dev schemes, and is measured beside the bare cosine on the dev schemes and on the measured ones.
"""

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn

import evaluate
import steps
from calibrate import interval
from draws import SCHEME_WEIGHT, Draws
from frames import accuracy, article_scores, dev_schemes, mean_auc, read_as
from sets import wordings
from shipped import Shipped

HERE = Path(__file__).parent
WORDINGS_A_LABEL = 6
LABELS_AT_ONCE = 24


class Cosine(nn.Module):
    """scale · cosine + bias: what ships."""

    def __init__(self):
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(-4.0))

    def forward(self, texts, frames):
        return self.scale * (texts @ frames.T) + self.bias


class Bilinear(Cosine):
    """The cosine plus a product of the two vectors projected apart to a few numbers."""

    def __init__(self, width=384, rank=32):
        super().__init__()
        self.left, self.right = nn.Linear(width, rank, bias=False), nn.Linear(width, rank, bias=False)
        nn.init.zeros_(self.right.weight)

    def forward(self, texts, frames):
        return super().forward(texts, frames) + self.left(texts) @ self.right(frames).T


class Interaction(Cosine):
    """The cosine plus a small network on product and distance of the two vectors, number by number."""

    def __init__(self, width=384, hidden=64):
        super().__init__()
        self.hidden, self.out = nn.Linear(2 * width, hidden), nn.Linear(hidden, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, texts, frames):
        u, v = texts[:, None], frames[None]
        # Unit vectors of 384 numbers have numbers of about 1/20: brought to the order of one.
        pair = torch.cat([400 * u * v, 20 * (u - v).abs()], -1)
        return super().forward(texts, frames) + self.out(torch.tanh(self.hidden(pair))).squeeze(-1)


HEADS = {"cosine": Cosine, "bilinear": Bilinear, "interaction": Interaction}


def step_vectors(args):
    draws, reader = Draws(args.data, seed=17), Shipped(args.model, args.threads)
    share, kept = args.texts / sum(SCHEME_WEIGHT.values()), {}
    for scheme, part in draws.labelled_rows.items():
        part = random.Random(5).sample(part, min(len(part), round(share * SCHEME_WEIGHT[scheme])))
        names = draws.names[scheme]
        put = [[read_as(draws.known.get(scheme, {}).get(name, [name]))] for name in names]
        for name, own in zip(names, put):
            own += [draws.wording(scheme, name) for _ in range(WORDINGS_A_LABEL - 1)]
        kept[f"{scheme}/texts"] = reader([text for text, _ in part])["embedding"]
        labels = reader([wording for own in put for wording in own])["embedding"]
        kept[f"{scheme}/labels"] = labels.reshape(len(names), WORDINGS_A_LABEL, -1)
        kept[f"{scheme}/truth"] = np.array([[name in own for name in names] for _, own in part])
        print(f"{scheme}: {len(part)} texts, {len(names)} labels", flush=True)
    np.savez(args.out / "vectors.npz", **kept)


class Schemes:
    """Batches of one scheme each: vectors of texts, of some of its labels, each in one wording, and which fit."""

    def __init__(self, path, seed=3):
        stored = np.load(path)
        self.stored = {key: torch.from_numpy(stored[key]) for key in stored}
        self.rng = np.random.default_rng(seed)
        self.names = sorted({key.split("/")[0] for key in stored})
        weights = np.array([SCHEME_WEIGHT[name] for name in self.names])
        self.weights = weights / weights.sum()

    def draw(self, size=96):
        name = self.rng.choice(self.names, p=self.weights)
        texts, labels, truth = (self.stored[f"{name}/{what}"] for what in ("texts", "labels", "truth"))
        rows = torch.from_numpy(self.rng.choice(len(texts), min(size, len(texts)), replace=False))
        columns = torch.from_numpy(self.rng.choice(len(labels), min(LABELS_AT_ONCE, len(labels)), replace=False))
        wording = torch.from_numpy(self.rng.integers(0, labels.shape[1], len(columns)))
        return texts[rows], labels[columns, wording], truth[rows][:, columns].float()


def fit(head, schemes, measure, updates, every=250):
    """The weights that measure best on the dev schemes. Returns (measure, update)."""
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    best, kept = (measure(head), 0), {k: v.clone() for k, v in head.state_dict().items()}
    for update in range(1, updates + 1):
        texts, labels, truth = schemes.draw()
        logits = head(texts, labels)
        # A label and its absence weigh the same, whatever the number of labels.
        weight = torch.where(truth > 0, 0.5 / truth.mean().clamp(min=0.01), 0.5 / (1 - truth.mean()).clamp(min=0.01))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            found = measure(head)
            print(f"  {update}: loss {loss.item():.3f}, dev {found:.4f}", flush=True)
            if found > best[0]:
                best, kept = (found, update), {k: v.clone() for k, v in head.state_dict().items()}
    head.load_state_dict(kept)
    return best


class Reading:
    """A scheme's vectors, made once; scores of any head."""

    def __init__(self, scheme, reader):
        self.scheme = scheme
        self.texts = torch.from_numpy(reader.vectors(scheme.texts))
        self.frames = torch.from_numpy(reader.vectors([read_as(own) for own in scheme.scheme.values()]))

    def scores(self, head):
        with torch.inference_mode():
            parts = [head(part, self.frames) for part in self.texts.split(512)]
        found = torch.cat(parts).numpy()
        groups = self.scheme.groups
        return found if groups is None else article_scores(found, groups, len(self.scheme.truth))


def step_heads(args):
    torch.manual_seed(1)
    known = wordings(HERE / "wordings_measured.txt")
    reader = evaluate.VectorReader(Shipped(args.model, args.threads))
    dev = [Reading(scheme, reader) for scheme in dev_schemes(args.data, known)]
    tests, first = evaluate.frame_tests(args.data, known)
    tests = {name: Reading(scheme, reader) for name, scheme in tests.items()}
    aucs = lambda head: [mean_auc(own.scheme.truth, own.scores(head)) for own in dev]
    table = {}
    for name, kind in HEADS.items():
        head = kind()
        print(name, flush=True)
        best, update = fit(head, Schemes(args.out / "vectors.npz"), lambda head: float(np.mean(aucs(head))), args.updates)
        scores = {test: own.scores(head) for test, own in tests.items()}
        table[name] = {"update": update, "dev_mean_auc": best} | {
            f"dev_{own.scheme.name}": [accuracy(own.scheme.truth, own.scores(head)), auc] for own, auc in zip(dev, aucs(head))
        } | {
            "gvfc_accuracy": interval(lambda t, g: float((t == g).mean()), first, scores["gvfc"].argmax(1)),
            "ccf_auc": interval(mean_auc, tests["ccf"].scheme.truth, scores["ccf"]),
            "semeval_auc": interval(mean_auc, tests["semeval23"].scheme.truth, scores["semeval23"]),
        }
        torch.save(head.state_dict(), args.out / f"{name}.pt")
    steps.keep(args.out / "heads.json", table)


STEPS = {"vectors": (step_vectors, "vectors.npz"), "heads": (step_heads, "heads.json")}

if __name__ == "__main__":
    flags = steps.parser(__doc__, STEPS)
    flags.add_argument("--model", type=Path, default=HERE.parent / "onepass", help="the folder of the encoder")
    flags.add_argument("--texts", type=int, default=24_000, help="texts of the classification sets")
    flags.add_argument("--updates", type=int, default=6_000)
    steps.run(STEPS, flags.parse_args())
