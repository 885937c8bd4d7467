"""Training by wall clock: rates that rise and fall, a running mean of the weights, checkpoints."""

import pickle
import time
from pathlib import Path

import torch

from encoder import settle

# Of the running mean of the weights, which is what is exported.
DECAY = 0.998


def prepared(folder, make):
    """Reading and deduplicating takes a while, so what `make` gives is kept beside the checkpoint."""
    path = Path(folder) / "material.pkl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())


class ByClock:
    """Has a model, its running mean, an optimiser whose groups have names, and the folder that it writes to; a step, a report and a check
    are up to each model."""

    RATES = {}
    # Share of the time in which the rates rise, steps between reports, seconds between checks.
    WARM, REPORT_EVERY, CHECK_EVERY = 0.06, 25, 900
    COUNTS = ("elapsed", "step")

    def random_sources(self):
        """{name: random.Random} that a checkpoint keeps."""
        raise NotImplementedError

    # {part: share of the time at which its matrices go on the int8 grid on which they ship}, so that what trains on makes up for the rounding
    # (Zhou et al. 2017, "Incremental network quantization", by layers).
    SETTLED_AT = {}

    @staticmethod
    def matrices(model, part):
        """The linear layers of a part, in an order that is the same for every model."""
        raise NotImplementedError

    @torch.no_grad()
    def on_share(self, share):
        """Called before each step with the share of the time that is over, and once more at the end. A matrix settles where its running mean is."""
        for part, at in self.SETTLED_AT.items():
            for own, mean in zip(self.matrices(self.model, part), self.matrices(self.mean, part)):
                if share >= at and own.weight.requires_grad:
                    settle(mean.weight)
                    own.load_state_dict(mean.state_dict())
                    settle(own.weight)

    @torch.no_grad()
    def follow(self):
        """The running mean of the weights; in the first steps it takes up more of the newest."""
        decay = min(DECAY, (1 + self.step) / (10 + self.step))
        pairs = [(mean, own) for mean, own in zip(self.mean.parameters(), self.model.parameters()) if own.requires_grad]
        torch._foreach_lerp_([m for m, _ in pairs], [o for _, o in pairs], 1 - decay)

    def run(self, minutes, save_every=300):
        began, saved, checked = time.time() - self.elapsed, time.time(), time.time()
        self.model.train()
        while self.elapsed < minutes * 60:
            share = self.elapsed / (minutes * 60)
            for group in self.optimiser.param_groups:
                group["lr"] = self.RATES[group["name"]] * min(1, share / self.WARM + 0.02) * (1 - share)
            self.on_share(share)
            self.one_step()
            self.step += 1
            self.elapsed = time.time() - began
            if self.step % self.REPORT_EVERY == 0:
                self.report()
            if time.time() - saved > save_every:
                saved = time.time()
                self.checkpoint()
            if time.time() - checked > self.CHECK_EVERY and self.elapsed < minutes * 60:
                checked = time.time()
                self.check()
        self.on_share(1.0)
        self.checkpoint()
        self.mean.save(self.out / "trained.safetensors")

    def checkpoint(self):
        """Written beside the old one and renamed, so that a killed run keeps a whole checkpoint."""
        state = {"model": self.model.state_dict(), "mean": self.mean.state_dict(), "optimiser": self.optimiser.state_dict(), "torch_rng": torch.get_rng_state()}
        state |= {name: getattr(self, name) for name in self.COUNTS} | {name: rng.getstate() for name, rng in self.random_sources().items()}
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
        torch.set_rng_state(state["torch_rng"])
        for name in self.COUNTS:
            setattr(self, name, state[name])
        for name, rng in self.random_sources().items():
            rng.setstate(state[name])
        return True
