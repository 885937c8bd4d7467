"""An encoder of its own for tone or for loaded language, against the shared one: is a pass more worth its cost?

    python separate.py --data DIR --out DIR --task tone|loaded --minutes M [--start FOLDER] [--emotions]

From the starting weights, or from the shared encoder's (at lower rates), all six layers trained, the same rows and the same teachers as the shared encoder; the log says what the
running mean of the weights reaches on the dev rows. Nothing that ships comes from it.
"""

import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn

import steps
from by_clock import ByClock, prepared
from calibrate import macro_f1, softmax
from draws import Bag, Draws
from encoder import Batcher, OnePass, encode
from sets import rows
from teacher import taught_by
from train import LATER_RATES, RATES, Trainer, labelled_loss

HERE = Path(__file__).parent
TEXTS = 48
# Share of the tone texts that are GoEmotions', where asked for; the groups are those of Demszky et al. 2020, ambiguous ones left out.
EMOTIONS = 0.23
NEGATIVE = "anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse sadness".split()
POSITIVE = "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief".split()


def emotion_rows(root):
    """(text, class) of the texts whose emotions agree in sign."""
    for row in rows(root, "zeroshot/goemotions"):
        signs = {0 if x in NEGATIVE else 2 if x in POSITIVE else 1 if x == "neutral" else None for x in row["label"]}
        if len(signs) == 1 and None not in signs:
            yield row["text"], signs.pop()


class Separate(ByClock):
    CHECK_EVERY, REPORT_EVERY = 300, 100

    def __init__(self, args, seed=11):
        torch.manual_seed(seed)
        self.task, self.out = args.task, args.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.RATES = LATER_RATES if args.start else RATES
        self.model = OnePass.start(args.start)
        for layer in self.model.bert.encoder.layer:
            layer.requires_grad_(True)
        self.mean = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.material = prepared(self.out, lambda: Draws(args.data, seed))
        self.taught = taught_by([args.teacher, args.shared], self.material.head_texts(), self.out)
        fresh = [pair for pair in emotion_rows(args.data) if not self.material.measured.repeats(pair[0])] if args.emotions else []
        self.emotions = Bag(fresh, self.material.rng)
        dev = self.material.tone_dev
        self.dev = dev["newsmtsc"] + dev["ccf"] if self.task == "tone" else self.material.loaded_dev
        encoder = [p for p in self.model.bert.encoder.parameters() if p.requires_grad]
        groups = [("encoder", encoder), ("heads", list(self.model.heads[self.task].parameters()))]
        self.optimiser = torch.optim.AdamW([{"params": p, "lr": self.RATES[n], "name": n, "weight_decay": 0.01} for n, p in groups])
        self.batch = Batcher(limit=64)
        self.elapsed, self.step, self.loss = 0.0, 0, 0.0

    def random_sources(self):
        return {"rng": self.material.rng}

    def drawn(self):
        if self.task == "loaded":
            return self.material.loaded.draw(TEXTS)
        emotions = self.emotions.draw(sum(self.material.rng.random() < EMOTIONS for _ in range(TEXTS))) if self.emotions.items else []
        return emotions + self.material.toned(TEXTS - len(emotions))

    def one_step(self):
        part = self.drawn()
        texts = [t for t, _ in part]
        _, pooled = Trainer.read(self.model, *self.batch(texts))
        logits = self.model.heads[self.task](pooled)
        known = [n for n, text in enumerate(texts) if text in self.taught]
        shares = torch.from_numpy(np.stack([self.taught[texts[n]][self.task] for n in known]))
        loss = labelled_loss(logits, [c for _, c in part], nn.functional.cross_entropy(logits[known], shares))
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow()
        self.loss += 0.03 * (loss.item() - self.loss)

    def report(self):
        print(f"{self.elapsed / 60:6.1f} min  step {self.step}  loss {self.loss:.3f}", flush=True)

    def check(self):
        """Macro-F1 on the dev rows; loaded language at the cut-off that is best there, as the shared encoder's figure is."""
        _, pooled = encode(self.mean, [t for t, _ in self.dev], limit=64)
        truth = np.array([c for _, c in self.dev])
        with torch.inference_mode():
            shares = softmax(self.mean.heads[self.task](pooled).numpy())
        np.save(self.out / "dev_shares.npy", shares)
        if self.task == "tone":
            score = macro_f1(truth, shares.argmax(1))
        else:
            score = max(macro_f1(truth, (shares[:, 1] >= g).astype(int)) for g in np.arange(0.3, 0.71, 0.02))
        print(f"        {self.elapsed / 60:.1f} min: dev macro-F1 {score:.3f} of {len(truth)}", flush=True)


def main():
    flags = steps.parser(__doc__, {})
    flags.add_argument("--task", choices=("tone", "loaded"), required=True)
    flags.add_argument("--emotions", action="store_true", help="GoEmotions among the tone texts")
    flags.add_argument("--start", type=Path, help="folder of the one-pass model to go on from")
    flags.add_argument("--teacher", type=Path, default=HERE.parent / "pair")
    flags.add_argument("--shared", type=Path, default=HERE.parent / "onepass", help="folder of the shared one-pass model, the second teacher")
    args = flags.parse_args()
    torch.set_num_threads(args.threads)
    trainer = Separate(args)
    steps.train(trainer, args.minutes)
    trainer.check()


if __name__ == "__main__":
    main()
