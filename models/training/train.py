"""Multi-task training by wall clock: vectors against label wordings, tone and loaded language (own labels and a teacher's shares), nearness to the start."""

import copy
import pickle
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from encoder import Batcher, OnePass, encode
from frames import varied_wording
from sets import Measured, label_schemes, loaded_rows, pair_rows, tone_rows, wordings
from teacher import soft_targets

SCHEME_WEIGHT = {"wikipedia_current_events": 3, "huffpost": 3, "articles": 3, "us_bills_119_committee": 1.5,
                 "uk_manifesto_crowd": 1.2, "valueeval_arguments": 1.5, "goemotions": 0.7, "news_aggregator": 0.7,
                 "newsgroups20": 0.7, "banking77": 0.3, "clinc150": 0.3, "pairs": 1.5}
TONE_WEIGHT = {"newsmtsc": 0.68, "ccf": 0.20, "sst2": 0.12}
RATES = {"encoder": 8e-5, "heads": 8e-4, "scale": 2e-2}
TEXTS, LABELS, HEAD_TEXTS = 24, 20, 24
# Of a head's loss: on the batch that has its label, the label against the teacher's shares; on the other batch, the shares alone.
OWN_LABEL, UNLABELLED = 0.6, 0.5
# Of the running mean of the weights, which is what is exported.
DECAY = 0.998
ANCHOR, ANCHOR_EVERY = 2.0, 3
NEAR_LABELS = 0.6


class Bag:
    """Endless shuffled draws from a list."""

    def __init__(self, items, rng):
        self.items, self.rng, self.left = items, rng, []

    def draw(self, n):
        out = []
        while len(out) < n:
            if not self.left:
                self.left = list(range(len(self.items)))
                self.rng.shuffle(self.left)
            out.append(self.items[self.left.pop()])
        return out


class Balanced:
    """Draws with every class as likely as another, for small sets with a rare class."""

    def __init__(self, items, rng):
        self.bags = [Bag([i for i in items if i[1] == c], rng) for c in sorted({c for _, c in items})]
        self.rng = rng

    def draw(self, n):
        return [self.rng.choice(self.bags).draw(1)[0] for _ in range(n)]


class Material:
    """All training sets, and the batches drawn from them."""

    def __init__(self, root, seed):
        here, self.rng = Path(__file__).parent, random.Random(seed)
        measured = Measured(root)
        self.known = wordings(here / "wordings.txt")
        schemes = label_schemes(root, measured, self.known)
        self.names = {name: sorted({x for _, ls in part for x in ls}) for name, part in schemes.items()}
        self.schemes = {name: Bag(part, self.rng) for name, part in schemes.items()}
        self.pairs = Bag(pair_rows(root, measured), self.rng)
        tone, self.tone_dev = tone_rows(root, measured)
        self.tone = {s: (Balanced if s == "ccf" else Bag)(part, self.rng) for s, part in tone.items()}
        loaded = loaded_rows(root, measured, "train")
        self.loaded = Bag(loaded, self.rng)
        self.loaded_dev = loaded_rows(root, measured, "dev")
        self.counts = {n: len(p) for n, p in schemes.items()} | {s: len(p) for s, p in tone.items()}
        self.counts |= {"loaded": len(loaded), "pairs": len(self.pairs.items)}
        self.head_texts = [t for part in (*tone.values(), loaded) for t, _ in part]

    def wording(self, scheme, label):
        return varied_wording(self.known.get(scheme, {}).get(label, [label]), self.rng)

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
        near = self.near[scheme]
        truth = torch.tensor([[self.is_own(x, ls, near) for x in labels] for _, ls in part])
        return [t for t, _ in part], [self.wording(scheme, x) for x in labels], truth

    @staticmethod
    def is_own(label, own, near):
        """1 the text's label, 0 not its label, -1 unknown: it means nearly the same as one that is."""
        if label in own:
            return 1.0
        return -1.0 if any((label, x) in near for x in own) else 0.0

    def find_near(self, start):
        """Pairs of labels of a scheme that the starting model holds for nearly the same."""
        self.near = {}
        for scheme, names in self.names.items():
            known = self.known.get(scheme, {})
            vectors, _ = encode(start, [": ".join(known.get(x, [x])[:2]) for x in names])
            alike = (vectors @ vectors.T > NEAR_LABELS).tolist()
            self.near[scheme] = {(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i != j and alike[i][j]}

    def paired(self):
        part = self.pairs.draw(TEXTS)
        partners = [b for _, b in part]
        truth = torch.tensor([[float(a == b) for b in partners] for a in partners])
        return [t for t, _ in part], partners, truth

    def toned(self):
        picks = self.rng.choices(list(TONE_WEIGHT), list(TONE_WEIGHT.values()), k=HEAD_TEXTS)
        return [self.tone[source].draw(1)[0] for source in picks]




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


class Trainer:
    def __init__(self, root, out, teacher, seed=7):
        torch.manual_seed(seed)
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.model = OnePass.start()
        self.start = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.mean = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.material = self.prepared(root, seed)
        self.taught = soft_targets(teacher, self.material.head_texts, self.out / "teacher.npz")
        scales = [self.model.scale, self.model.bias]
        encoder = [p for p in self.model.bert.parameters() if p.requires_grad]
        groups = [("encoder", encoder), ("heads", list(self.model.heads.parameters())), ("scale", scales)]
        self.optimiser = torch.optim.AdamW(
            [{"params": p, "lr": RATES[n], "name": n, "weight_decay": 0.0 if n == "scale" else 0.01} for n, p in groups])
        self.batch = Batcher(limit=52)
        self.elapsed, self.step, self.running = 0.0, 0, {}

    def prepared(self, root, seed):
        """Reading and deduplicating takes a while, so it is kept beside the checkpoint."""
        path = self.out / "material.pkl"
        if not path.exists():
            material = Material(root, seed)
            material.find_near(self.start)
            path.write_bytes(pickle.dumps(material))
        return pickle.loads(path.read_bytes())

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
                own = nn.functional.cross_entropy(logits, torch.tensor([c for _, c in part]), label_smoothing=0.05)
                losses[head] = OWN_LABEL * own + (1 - OWN_LABEL) * taught
            else:
                losses[f"{head} taught"] = UNLABELLED * taught
        far = torch.zeros(())
        if anchored:
            with torch.no_grad():
                fixed, _ = self.read(self.start, ids, mask)
            far = (1 - (vectors * fixed).sum(-1)).mean()
        return losses, far

    def one_step(self):
        texts, labels, truth = self.material.labelled()
        vectors, _ = self.read(self.model, *self.batch(texts))
        wordings_, _ = self.read(self.model, *self.batch(labels))
        losses = {"labels": label_loss(self.model, vectors, wordings_, truth)}
        toned, _ = self.head_losses("tone", self.material.toned(), False)
        loaded = self.material.loaded.draw(HEAD_TEXTS)
        loaded, far = self.head_losses("loaded", loaded, self.step % ANCHOR_EVERY == 0)
        losses |= toned | loaded
        total = 0.5 * losses["labels"] + sum(toned.values()) + sum(loaded.values()) + ANCHOR * ANCHOR_EVERY * far
        if far.requires_grad:
            losses["anchor"] = far
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow()
        for name, loss in losses.items():
            self.running[name] = 0.97 * self.running.get(name, loss.item()) + 0.03 * loss.item()

    @torch.no_grad()
    def follow(self):
        """The running mean of the weights; in the first steps it takes up more of the newest."""
        decay = min(DECAY, (1 + self.step) / (10 + self.step))
        for mean, own in zip(self.mean.parameters(), self.model.parameters()):
            if own.requires_grad:
                mean.lerp_(own, 1 - decay)

    def run(self, minutes, save_every=300, check_every=900):
        began, saved, checked = time.time() - self.elapsed, time.time(), time.time()
        self.model.train()
        while self.elapsed < minutes * 60:
            share = self.elapsed / (minutes * 60)
            for group in self.optimiser.param_groups:
                group["lr"] = RATES[group["name"]] * min(1, share / 0.06 + 0.02) * (1 - share)
            self.one_step()
            self.step += 1
            self.elapsed = time.time() - began
            if self.step % 25 == 0:
                self.report()
            if time.time() - saved > save_every:
                saved = time.time()
                self.checkpoint()
            if time.time() - checked > check_every and self.elapsed < minutes * 60:
                checked = time.time()
                self.check()
        self.checkpoint()
        self.mean.save(self.out / "trained.safetensors")

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

    def checkpoint(self):
        """Written beside the old one and renamed, so that a killed run keeps a whole checkpoint."""
        state = {"model": self.model.state_dict(), "mean": self.mean.state_dict(), "optimiser": self.optimiser.state_dict(), "elapsed": self.elapsed,
                 "step": self.step, "torch_rng": torch.get_rng_state(), "rng": self.material.rng.getstate()}
        torch.save(state, self.out / "checkpoint.new")
        (self.out / "checkpoint.new").rename(self.out / "checkpoint.pt")

    def resume(self):
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.elapsed, self.step = state["elapsed"], state["step"]
        torch.set_rng_state(state["torch_rng"])
        self.material.rng.setstate(state["rng"])
        return True
