"""Multi-task training by wall clock: vectors against label wordings, tone and loaded language (own labels and a teacher's shares), nearness to the start."""

import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn

import draws
from blocks import BlockBag
from by_clock import ByClock, prepared
from draws import Bag, Draws
from encoder import Batcher, OnePass, encode, matrices
from sets import pair_rows
from teacher import taught_by

SCHEME_WEIGHT = draws.SCHEME_WEIGHT | {"pairs": 1.5}
RATES = {"encoder": 8e-5, "heads": 8e-4, "scale": 2e-2}
LATER_RATES = {"encoder": 3e-5, "heads": 5e-5, "scale": 1e-2}  # of a model that was trained before
TEXTS, LABELS, HEAD_TEXTS = 24, 20, 24
# Of a head's loss: on the batch that has its label, the label against the teacher's shares; on the other batch, the shares alone.
OWN_LABEL, UNLABELLED = 0.6, 0.5
ANCHOR, ANCHOR_EVERY = 2.0, 3
# Of the loss on blocks; and what log-odds a cosine stands for there, as calibrated for the shipped vectors.
BLOCKS, BLOCK_SCALE, BLOCK_BIAS = 4.0, 10.4, -4.5


class Material(Draws):
    """All training sets, and the batches drawn from them."""

    def __init__(self, root, seed):
        super().__init__(root, seed)
        self.schemes = {name: Bag(part, self.rng) for name, part in self.labelled_rows.items()}
        self.pairs = Bag(pair_rows(root, self.measured), self.rng)

    def labelled(self):
        """Texts, label wordings, and truth (texts x labels): 1 own, 0 not, -1 unknown."""
        scheme = self.rng.choices(list(SCHEME_WEIGHT), list(SCHEME_WEIGHT.values()))[0]
        if scheme == "pairs":
            return self.paired()
        part = self.schemes[scheme].draw(TEXTS)
        own = sorted({self.rng.choice(ls) for _, ls in part if ls})
        self.rng.shuffle(own)
        rest = [x for x in self.names[scheme] if x not in own]
        labels = own[:LABELS] + self.rng.sample(rest, min(len(rest), LABELS - len(own[:LABELS])))
        truth = torch.tensor([[float(self.is_own(scheme, x, ls)) for x in labels] for _, ls in part])
        return [t for t, _ in part], [self.wording(scheme, x) for x in labels], truth

    def paired(self):
        part = self.pairs.draw(TEXTS)
        partners = [b for _, b in part]
        truth = torch.tensor([[float(a == b) for b in partners] for a in partners])
        return [t for t, _ in part], partners, truth


def label_loss(model, texts, labels, truth):
    """Softmax over labels for each text, softmax over texts for each label, and sigmoid for absolute use."""
    cosines = texts @ labels.T
    logits = model.scale * cosines
    own, unknown = truth.clamp(min=0), truth < 0
    losses = []
    for scores, target in ((logits, own), (logits.T, own.T)):
        hidden = unknown if scores is logits else unknown.T
        has = target.sum(1) > 0
        if has.any():
            share = target[has] / target[has].sum(1, keepdim=True)
            log_share = scores.masked_fill(hidden, -30.0)[has].log_softmax(1)
            losses.append(-(share * log_share).sum(1).mean())
    weight = torch.where(own > 0, 2.0, 1.0).masked_fill(unknown, 0.0)
    both = nn.functional.binary_cross_entropy_with_logits(logits + model.bias, own, weight=weight)
    return losses[0] + 0.5 * losses[-1] + 2.0 * both


def labelled_loss(logits, classes, taught):
    """Of a head, on texts that have its label: the label, against `taught`, the loss on the teacher's shares."""
    own = nn.functional.cross_entropy(logits, torch.tensor(classes), label_smoothing=0.05)
    return OWN_LABEL * own + (1 - OWN_LABEL) * taught


class Trainer(ByClock):
    SETTLED_AT = {2: 0.5, 3: 0.6, 4: 0.7, 5: 0.8, "heads": 0.9}

    def __init__(self, root, out, teacher, start=None, blocks=None, seed=7):
        torch.manual_seed(seed)
        self.RATES = LATER_RATES if start else RATES
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.model = OnePass.start(start)
        self.start = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.mean = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.material = prepared(self.out, lambda: self.made(root, seed))
        self.taught = taught_by([teacher] + [start] * bool(start), self.material.head_texts(), self.out)
        self.blocks = BlockBag(blocks, self.material.rng) if blocks else None
        scales = [self.model.scale, self.model.bias]
        encoder = [p for p in self.model.bert.parameters() if p.requires_grad]
        groups = [("encoder", encoder), ("heads", list(self.model.heads.parameters())), ("scale", scales)]
        self.optimiser = torch.optim.AdamW(
            [{"params": p, "lr": self.RATES[n], "name": n, "weight_decay": 0.0 if n == "scale" else 0.01} for n, p in groups])
        self.batch = Batcher(limit=52)
        self.elapsed, self.step, self.running = 0.0, 0, {}

    def made(self, root, seed):
        material = Material(root, seed)
        material.find_near(lambda texts: encode(self.start, texts)[0].numpy())
        return material

    def random_sources(self):
        return {"rng": self.material.rng}

    @staticmethod
    def matrices(model, part):
        return matrices(model.part(part))

    @staticmethod
    def read(model, ids, mask):
        """In bf16, twice as fast where the processor has such units; the losses that follow are in f32."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors, pooled = model(ids, mask)
        return vectors.float(), pooled.float()

    def head_losses(self, name, part, anchored):
        """Of both heads on the batch that carries labels for one of them, and how far its vectors are from the start's."""
        texts = [t for t, _ in part]
        ids, mask = self.batch(texts)
        vectors, pooled = self.read(self.model, ids, mask)
        losses = {}
        for head, layer in self.model.heads.items():
            logits = layer(pooled)
            shares = torch.from_numpy(np.stack([self.taught[t][head] for t in texts]))
            taught = nn.functional.cross_entropy(logits, shares)
            if head == name:
                losses[head] = labelled_loss(logits, [c for _, c in part], taught)
            else:
                losses[f"{head} taught"] = UNLABELLED * taught
        far = torch.zeros(())
        if anchored:
            with torch.no_grad():
                fixed, _ = self.read(self.start, ids, mask)
            far = (1 - (vectors * fixed).sum(-1)).mean()
        return losses, far

    def block_loss(self):
        """How far what the vectors say is from the teacher's shares, by frame and among the frames of a text."""
        texts, labels, shares = self.blocks.draw()
        shares = torch.from_numpy(shares).float()
        vectors, _ = self.read(self.model, *self.batch(texts))
        wordings_, _ = self.read(self.model, *self.batch(labels))
        logits = BLOCK_SCALE * (vectors @ wordings_.T) + BLOCK_BIAS
        taught = shares.clamp(1e-4, 1 - 1e-4).logit()
        each = nn.functional.binary_cross_entropy_with_logits(logits, shares) - nn.functional.binary_cross_entropy_with_logits(taught, shares)
        among = nn.functional.kl_div(logits.log_softmax(1), taught.log_softmax(1), log_target=True, reduction="batchmean")
        return each + 0.25 * among

    def one_step(self):
        texts, labels, truth = self.material.labelled()
        vectors, _ = self.read(self.model, *self.batch(texts))
        wordings_, _ = self.read(self.model, *self.batch(labels))
        losses = {"labels": label_loss(self.model, vectors, wordings_, truth)}
        if self.blocks:
            losses["blocks"] = self.block_loss()
        toned, _ = self.head_losses("tone", self.material.toned(HEAD_TEXTS), False)
        loaded = self.material.loaded.draw(HEAD_TEXTS)
        loaded, far = self.head_losses("loaded", loaded, self.step % ANCHOR_EVERY == 0)
        losses |= toned | loaded
        total = 0.5 * losses["labels"] + BLOCKS * losses.get("blocks", 0.0) + sum(toned.values()) + sum(loaded.values()) + ANCHOR * ANCHOR_EVERY * far
        if far.requires_grad:
            losses["anchor"] = far
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow()
        for name, loss in losses.items():
            self.running[name] = 0.97 * self.running.get(name, loss.item()) + 0.03 * loss.item()

    def report(self):
        losses = " ".join(f"{n} {v:.3f}" for n, v in self.running.items())
        print(f"{self.elapsed / 60:6.1f} min  step {self.step}  {losses}  scale {self.model.scale.item():.2f}", flush=True)

    def check(self):
        """Accuracy on small parts of the dev sets, for the log only."""
        for name, part in (("tone", self.material.tone_dev["newsmtsc"]), ("loaded", self.material.loaded_dev)):
            part = part[:400]
            _, pooled = encode(self.mean, [t for t, _ in part], limit=64)
            with torch.inference_mode():
                guess = self.mean.heads[name](pooled).argmax(1)
            right = (guess == torch.tensor([c for _, c in part])).float().mean().item()
            print(f"        dev {name} accuracy {right:.3f}", flush=True)
