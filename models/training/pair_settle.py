"""Puts a trained pair model on the int8 grid on which it ships, layer by layer from below, while what is above learns to say what the model
said before (Zhou et al. 2017, "Incremental network quantization"). Its frames head learns from blocks meanwhile, where there are any."""

import copy
import random
from pathlib import Path

import torch
from torch import nn

from blocks import BlockBag
from by_clock import ByClock
from encoder import matrices, settle
from pair_sets import Pair
from pair_train import Feeder, PairTrainer

READ_BY = {"entailment": ("entailment",), "frames": ("frames",), "tone": ("tone", "loaded"), "loaded": ("tone", "loaded")}
SHARES = {"entailment": 0.25, "frames": 0.45, "tone": 0.15, "loaded": 0.15}


class WithBlocks:
    """The material, but that pairs for the frames head are those of blocks, whose truth is the share that the head is to say."""

    def __init__(self, material, blocks):
        self.material, self.rng, self.bag = material, material.rng, BlockBag(blocks, material.rng)

    def draw(self, task, n):
        if task != "frames":
            return self.material.draw(task, n)
        out = []
        while len(out) < n:
            texts, labels, shares = self.bag.draw()
            out += [Pair((t, label), float(shares[row, column])) for row, t in enumerate(texts) for column, label in enumerate(labels)]
        return out


class Settler(ByClock):
    SETTLED_AT = {0: 0.35, 1: 0.42, 2: 0.5, 3: 0.58, 4: 0.66, 5: 0.74, "top": 0.82}
    RATES, WARM, REPORT_EVERY, CHECK_EVERY = {"all": 4e-5}, 0.05, 50, 1e9
    COUNTS = PairTrainer.COUNTS

    def __init__(self, model, material, blocks, out, seed=13):
        torch.manual_seed(seed)
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.teacher = copy.deepcopy(model).eval().requires_grad_(False)
        self.model = model
        model.dropout.p = 0.0
        for layer in model.layers:
            layer.dropout.p = 0.0
        settle(model.words.weight)
        self.mean = copy.deepcopy(model).eval().requires_grad_(False)
        self.from_blocks = bool(blocks)
        self.feeder = Feeder(WithBlocks(material, blocks) if blocks else material, random.Random(seed), SHARES)
        params = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW([{"params": params, "lr": 0.0, "name": "all"}], weight_decay=0.0, fused=True)
        self.elapsed, self.step, self.pairs, self.running = 0.0, 0, 0, {}

    def random_sources(self):
        return {"rng": self.feeder.rng, "material": self.feeder.material.rng}

    @staticmethod
    def matrices(model, part):
        return [model.pooler, *model.heads.values()] if part == "top" else matrices(model.layers[part])

    def one_step(self):
        task, ids, segments, mask, truth = self.feeder.next()
        heads = READ_BY[task]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            said = self.model.logits(ids, segments, mask, heads)
        if task == "frames" and self.from_blocks:
            shares = {"frames": torch.stack([1 - truth, truth], 1)}
        else:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                taught = self.teacher.logits(ids, segments, mask, heads)
            shares = {h: taught[h].float().softmax(1) for h in heads}
        # Less the entropy of what is taught, so that a loss of 0 is what can be had.
        loss = sum((shares[h] * (shares[h].clamp(min=1e-6).log() - said[h].float().log_softmax(1))).sum(1).mean() for h in heads)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.pairs += len(truth)
        self.running[task] = 0.97 * self.running.get(task, loss.item()) + 0.03 * loss.item()
        self.follow()

    report = PairTrainer.report
