"""Training of the pair model by wall clock: batches of one task and of nearly one length, two to an update, in bf16."""

import copy
import pickle
import random
import time
from pathlib import Path

import torch
from torch import nn

from pair_encoder import starting_pair
from pair_sets import NOT_ENTAILMENT, PairMaterial, dev_nli, starting_vectors
from shape import PAIR_HEADS, tokenizer

SHARES = {"entailment": 0.62, "frames": 0.30, "tone": 0.04, "loaded": 0.04}
# A frame's hypothesis that holds counts as much as the two that don't.
CLASS_WEIGHT = {"frames": torch.tensor([1.0, 2.0])}
RATES = {"encoder": 1.0e-4, "heads": 3e-4}
TOKENS, POOL, LIMIT, BATCHES_A_STEP = 2048, 1536, 96, 2
WARM, SMOOTHING, DECAY = 0.03, 0.05, 0.998


class Feeder:
    """Batches of one task: a pool is drawn, put in order of length, and cut by tokens, so that little is padding."""

    def __init__(self, material, rng):
        self.material, self.rng, self.tok = material, rng, tokenizer(limit=LIMIT)
        self.left = {task: [] for task in SHARES}

    def next(self):
        task = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
        if not self.left[task]:
            pool = self.material.draw(task, POOL)
            self.left[task] = batches(self.tok, pool)
            self.rng.shuffle(self.left[task])
        return task, *self.left[task].pop()


def batches(tok, pool):
    """(ids, segments, mask, truths) under the token budget."""
    encoded = tok.encode_batch([p.pair[0] if p.pair[1] is None else p.pair for p in pool])
    order = sorted(range(len(pool)), key=lambda i: len(encoded[i].ids))
    made, part = [], []
    for i in order:
        if part and len(encoded[i].ids) * (len(part) + 1) > TOKENS:
            made.append(part)
            part = []
        part.append(i)
    return [stacked([encoded[i] for i in part]) + (torch.tensor([pool[i].truth for i in part]),) for part in [*made, part]]


def stacked(encoded):
    width = max(len(e.ids) for e in encoded)
    ids, segments, mask = (torch.zeros(len(encoded), width, dtype=torch.long) for _ in range(3))
    for row, e in enumerate(encoded):
        ids[row, : len(e.ids)] = torch.tensor(e.ids)
        segments[row, : len(e.ids)] = torch.tensor(e.type_ids)
        mask[row, : len(e.ids)] = 1
    return ids, segments, mask


def loss_of(task, logits, truth):
    known = truth < NOT_ENTAILMENT
    losses = []
    if known.any():
        losses.append(nn.functional.cross_entropy(logits[known], truth[known], weight=CLASS_WEIGHT.get(task), label_smoothing=SMOOTHING) * known.sum())
    if not known.all():
        entailed = logits[~known].softmax(1)[:, PAIR_HEADS["entailment"].index("entailment")]
        losses.append(-torch.log1p(-entailed.clamp(max=0.999)).sum())
    return sum(losses) / len(truth)


class PairTrainer:
    def __init__(self, root, out, start, seed=11):
        torch.manual_seed(seed)
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.model = starting_pair(start)
        self.mean = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.feeder = Feeder(self.prepared(root, seed), random.Random(seed))
        self.dev = dev_nli(root)[:600], self.feeder.material.dev_frames(600)
        heads = [*self.model.heads.parameters()]
        encoder = [p for n, p in self.model.named_parameters() if p.requires_grad and not n.startswith("heads.")]
        self.optimiser = torch.optim.AdamW(
            [{"params": encoder, "lr": 0.0, "name": "encoder"}, {"params": heads, "lr": 0.0, "name": "heads"}], weight_decay=0.01, fused=True)
        self.elapsed, self.step, self.pairs, self.running = 0.0, 0, 0, {}

    def prepared(self, root, seed):
        """Reading and deduplicating takes a while, so it is kept beside the checkpoint."""
        path = self.out / "material.pkl"
        if not path.exists():
            material = PairMaterial(root, seed)
            material.learn_nearness(starting_vectors)
            path.write_bytes(pickle.dumps(material))
        return pickle.loads(path.read_bytes())

    def one_step(self):
        for _ in range(BATCHES_A_STEP):
            task, ids, segments, mask, truth = self.feeder.next()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = self.model(ids, segments, mask, task)
            loss = loss_of(task, logits.float(), truth)
            (loss / BATCHES_A_STEP).backward()
            self.pairs += len(truth)
            self.running[task] = 0.97 * self.running.get(task, loss.item()) + 0.03 * loss.item()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow()

    @torch.no_grad()
    def follow(self):
        """The running mean of the weights, which is what is exported; in the first steps it takes up more of the newest."""
        decay = min(DECAY, (1 + self.step) / (10 + self.step))
        pairs = [(mean, own) for mean, own in zip(self.mean.parameters(), self.model.parameters()) if own.requires_grad]
        torch._foreach_lerp_([m for m, _ in pairs], [o for _, o in pairs], 1 - decay)

    def run(self, minutes, save_every=300, check_every=600):
        began, saved, checked = time.time() - self.elapsed, time.time(), time.time()
        self.model.train()
        while self.elapsed < minutes * 60:
            share = self.elapsed / (minutes * 60)
            for group in self.optimiser.param_groups:
                group["lr"] = RATES[group["name"]] * min(1, share / WARM + 0.02) * (1 - share)
            self.one_step()
            self.step += 1
            self.elapsed = time.time() - began
            if self.step % 50 == 0:
                losses = " ".join(f"{n} {v:.3f}" for n, v in sorted(self.running.items()))
                print(f"{self.elapsed / 60:6.1f} min  step {self.step}  {self.pairs} pairs, {self.pairs / self.elapsed:.0f} a second  {losses}", flush=True)
            if time.time() - saved > save_every:
                saved = time.time()
                self.checkpoint()
            if time.time() - checked > check_every and self.elapsed < minutes * 60:
                checked = time.time()
                self.check()
        self.checkpoint()
        self.check()
        self.mean.save(self.out / "trained.safetensors")

    @torch.inference_mode()
    def check(self):
        """Accuracy on small parts of the dev sets, for the log only."""
        for task, part in zip(("entailment", "frames"), self.dev):
            right = 0
            for ids, segments, mask, truth in batches(self.feeder.tok, part):
                right += (self.mean(ids, segments, mask, task).argmax(1) == truth).sum().item()
            print(f"        dev {task} accuracy {right / len(part):.3f}", flush=True)

    def checkpoint(self):
        """Written beside the old one and renamed, so that a killed run keeps a whole checkpoint."""
        state = {"model": self.model.state_dict(), "mean": self.mean.state_dict(), "optimiser": self.optimiser.state_dict(), "elapsed": self.elapsed,
                 "step": self.step, "pairs": self.pairs, "torch_rng": torch.get_rng_state(), "rng": self.feeder.rng.getstate(),
                 "material": self.feeder.material.rng.getstate()}
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
        self.elapsed, self.step, self.pairs = state["elapsed"], state["step"], state["pairs"]
        torch.set_rng_state(state["torch_rng"])
        self.feeder.rng.setstate(state["rng"])
        self.feeder.material.rng.setstate(state["material"])
        return True
