"""Training of the pair model by wall clock: batches of one task and of nearly one length, two to an update, in bf16."""

import copy
import random
from pathlib import Path

import torch
from torch import nn

from by_clock import ByClock
from pair_encoder import starting_pair
from pair_sets import NOT_ENTAILMENT, dev_nli, pair_material
from shape import PAIR_HEADS, tokenizer

SHARES = {"entailment": 0.62, "frames": 0.30, "tone": 0.04, "loaded": 0.04}
# A frame's hypothesis that holds counts as much as the two that don't.
CLASS_WEIGHT = {"frames": torch.tensor([1.0, 2.0])}
RATES = {"encoder": 1.0e-4, "heads": 3e-4}
TOKENS, POOL, LIMIT, BATCHES_A_STEP = 2048, 1536, 96, 2
SMOOTHING = 0.05


class Feeder:
    """Batches of one task: a pool is drawn, put in order of length, and cut by tokens, so that little is padding."""

    def __init__(self, material, rng, shares=SHARES):
        self.material, self.rng, self.shares, self.tok = material, rng, shares, tokenizer(limit=LIMIT)
        self.left = {task: [] for task in shares}

    def next(self):
        task = self.rng.choices(list(self.shares), list(self.shares.values()))[0]
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


class PairTrainer(ByClock):
    RATES, WARM, REPORT_EVERY, CHECK_EVERY = RATES, 0.03, 50, 600
    COUNTS = (*ByClock.COUNTS, "pairs")

    def __init__(self, root, out, start, seed=11):
        torch.manual_seed(seed)
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.model = starting_pair(start)
        self.mean = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.feeder = Feeder(pair_material(root, self.out, seed), random.Random(seed))
        self.dev = dev_nli(root)[:600], self.feeder.material.dev_frames(600)
        heads = [*self.model.heads.parameters()]
        encoder = [p for n, p in self.model.named_parameters() if p.requires_grad and not n.startswith("heads.")]
        self.optimiser = torch.optim.AdamW(
            [{"params": encoder, "lr": 0.0, "name": "encoder"}, {"params": heads, "lr": 0.0, "name": "heads"}], weight_decay=0.01, fused=True)
        self.elapsed, self.step, self.pairs, self.running = 0.0, 0, 0, {}

    def random_sources(self):
        return {"rng": self.feeder.rng, "material": self.feeder.material.rng}

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

    def run(self, minutes):
        super().run(minutes)
        self.check()

    def report(self):
        losses = " ".join(f"{n} {v:.3f}" for n, v in sorted(self.running.items()))
        print(f"{self.elapsed / 60:6.1f} min  step {self.step}  {self.pairs} pairs, {self.pairs / self.elapsed:.0f} a second  {losses}", flush=True)

    @torch.inference_mode()
    def check(self):
        """Accuracy on small parts of the dev sets, for the log only."""
        for task, part in zip(("entailment", "frames"), self.dev):
            right = 0
            for ids, segments, mask, truth in batches(self.feeder.tok, part):
                right += (self.mean(ids, segments, mask, task).argmax(1) == truth).sum().item()
            print(f"        dev {task} accuracy {right / len(part):.3f}", flush=True)
