"""Texts against frames, scored by a teacher that is better than either model: the mean, in log-odds, of what the pair model and the vectors say.

    python blocks.py --data DIR --out FILE --weights FILE.safetensors [--model FOLDER] [--blocks N]

A block is some texts against some labels, all of them with all. Half of the blocks are of the classification sets, half put news sentences against
frames that no set has (wordings_frames.txt). Both recipes learn from them with --blocks FILE.
"""

import argparse
import json
import pickle
import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from by_clock import prepared
from draws import SCHEME_WEIGHT, Bag, Draws
from frames import read_as, varied_wording
from pair_encoder import PairModel
from pair_sets import Pair
from pair_train import batches
from sets import clip, wordings
from shape import tokenizer
from shipped import Shipped

HERE = Path(__file__).parent
TEXTS, LABELS, INVENTED = 24, 12, 0.5
# Log-odds that the pair model's frames head means by its margin: logistic regression on claim topics and CCF dev, as for the vectors.
PAIR_SCALE, PAIR_BIAS = 0.80, -1.05
# A mean of two that err apart is too timid (measured on the same sets); and how much of a known truth is taught.
SHARPENED, TRUTH = 1.12, 0.25


class Block(NamedTuple):
    texts: list
    labels: list  # of each label, its wordings
    truth: np.ndarray  # texts x labels: 1, 0, or -1 where it is not known
    odds: np.ndarray  # texts x labels: the teacher's log-odds


def read_blocks(path):
    """Of main's own writing; None without a path."""
    return [Block(*block) for block in pickle.loads(path.read_bytes())] if path else None


class BlockBag:
    def __init__(self, blocks, rng):
        self.bag, self.rng = Bag(blocks, rng), rng

    def draw(self):
        """Texts, label wordings, and the shares to say (texts x labels): the teacher's, with a part of the truth where there is one."""
        block, = self.bag.draw(1)
        shares = 1 / (1 + np.exp(-SHARPENED * block.odds))
        known = block.truth >= 0
        shares[known] += TRUTH * (block.truth[known] - shares[known])
        return block.texts, [varied_wording(own, self.rng) for own in block.labels], shares


def hypotheses(wordings_):
    """Of one frame: its name, and its descriptions."""
    name, *descriptions = wordings_
    return [f"This text is about {name}."] + ([f"This text deals with {'; '.join(descriptions)}."] if descriptions else [])


def by_frame(values, asked):
    """Texts x hypotheses -> texts x frames, the mean over the hypotheses of each."""
    ends = np.cumsum([len(own) for own in asked])[:-1]
    return np.stack([part.mean(1) for part in np.split(values, ends, axis=1)], axis=1)


def drawn(material, rng, invented, vectors, count):
    news = [clip(t) for name in ("articles", "wikipedia_current_events", "huffpost") for t, _ in rng.sample(material.labelled_rows[name], 4000)]
    news += [t for t, _ in rng.sample(material.loaded.items, 12000)]
    names, frames = list(invented), vectors([read_as(w) for w in invented.values()])
    for _ in range(count):
        if rng.random() < INVENTED:
            texts = rng.sample(news, TEXTS)
            best = (vectors(texts[: LABELS // 2]) @ frames.T).argmax(1)
            chosen = {names[i] for i in best}
            chosen |= set(rng.sample([n for n in names if n not in chosen], LABELS - len(chosen)))
            yield texts, [invented[n] for n in sorted(chosen)], np.full((TEXTS, LABELS), -1, dtype=np.int8)
            continue
        scheme = rng.choices(list(SCHEME_WEIGHT), list(SCHEME_WEIGHT.values()))[0]
        part = rng.sample(material.labelled_rows[scheme], TEXTS)
        own = sorted({x for _, ls in part for x in ls})
        rng.shuffle(own)
        own = own[: LABELS * 2 // 3]
        rest = [x for x in material.names[scheme] if x not in own]
        own += rng.sample(rest, min(len(rest), LABELS - len(own)))
        truth = [[material.is_own(scheme, x, ls) for x in own] for _, ls in part]
        yield [t for t, _ in part], [material.known.get(scheme, {}).get(x, [x]) for x in own], np.array(truth, dtype=np.int8)


@torch.inference_mode()
def pair_odds(model, tok, texts, labels):
    asked = [hypotheses(w) for w in labels]
    pairs = [(t, h) for t in texts for own in asked for h in own]
    margins = np.zeros(len(pairs), dtype=np.float32)
    for ids, segments, mask, at in batches(tok, [Pair(pair, n) for n, pair in enumerate(pairs)]):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(ids, segments, mask, "frames").float()
        margins[at.numpy()] = (logits[:, 1] - logits[:, 0]).numpy()
    return PAIR_SCALE * by_frame(margins.reshape(len(texts), -1), asked) + PAIR_BIAS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="the pair model's, under the names of BERT checkpoints")
    parser.add_argument("--model", type=Path, default=HERE.parent / "onepass", help="whose vectors are the other half of the teacher")
    parser.add_argument("--blocks", type=int, default=240)
    args = parser.parse_args()
    torch.set_num_threads(2)
    model, tok, reader = PairModel.of_checkpoint(args.weights), tokenizer(limit=96), Shipped(args.model)
    vectors = lambda texts: reader(texts)["embedding"]
    settings = json.loads((args.model / "calibration.json").read_text())["frames"]
    def made():
        draws = Draws(args.data, 17)
        draws.find_near(vectors)
        return draws
    args.out.parent.mkdir(parents=True, exist_ok=True)
    material, blocks = prepared(args.out.parent, made), []
    invented = wordings(HERE / "wordings_frames.txt")["invented"]
    for n, (texts, labels, truth) in enumerate(drawn(material, random.Random(23), invented, vectors, args.blocks)):
        cosines = vectors(texts) @ vectors([read_as(w) for w in labels]).T
        odds = (pair_odds(model, tok, texts, labels) + settings["scale"] * cosines + settings["bias"]) / 2
        blocks.append(Block(texts, labels, truth, odds.astype(np.float32)))
        if n % 10 == 9:
            print(f"{n + 1} blocks, teacher says yes to {np.mean([(b.odds > -1.1).mean() for b in blocks]):.3f}", flush=True)
    args.out.write_bytes(pickle.dumps([tuple(block) for block in blocks]))


if __name__ == "__main__":
    main()
