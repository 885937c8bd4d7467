"""What the pair model learns from: inference sets, classification sets recast as entailment, tone and loaded language."""

import random
from typing import NamedTuple

from by_clock import prepared
from draws import SCHEME_WEIGHT, Bag, Draws
from encoder import OnePass, encode
from sets import clip, rows
from shape import PAIR_HEADS

# Source: its weight. Sets written on MultiNLI's premises and on news-like prose first; templated fragments least.
NLI = {"mnli_train10k": 3, "mnli_mm": 3, "litl_baseline": 4, "litl_lots": 4, "litl_litl": 4, "snli_dev": 1.5, "cad_snli": 1.2,
       "semiauto_base_wiki": 0.8, "semiauto_sim_wiki": 1.4, "semiauto_translate_wiki": 1.4, "frag": 0.8}
EXTRA = {"extra_conjnli": 1.0, "extra_fm2": 0.5, "extra_wice": 0.15, "extra_help": 0.4, "extra_climate_fever": 0.5, "extra_dnc_megaveridicality": 0.4}
NOT_ENTAILMENT = 3  # either of the other two: the set does not say which


class Pair(NamedTuple):
    pair: tuple  # (text, hypothesis or None)
    truth: int


def nli_truth(y):
    classes = PAIR_HEADS["entailment"]
    return classes.index(y) if y in classes else NOT_ENTAILMENT


def nli_rows(root, measured):
    """{source: [Pair]} of sets whose licence lets weights ship."""
    out = {name: [] for name in NLI}
    for row in rows(root, "nli/train"):
        name = "frag" if row["src"].startswith("frag_") else row["src"]
        if name in out:
            out[name].append(row)
    out |= {name: rows(root, f"nli/{name}") for name in EXTRA}
    tidy = lambda part: [Pair((clip(r["p"], 90), clip(r["h"], 40)), nli_truth(r["y"])) for r in part if not measured.repeats(r["p"])]
    return {name: tidy(part) for name, part in out.items()}


def dev_nli(root):
    """Development rows of the LingNLI-style sets, on premises that training does not have."""
    part = [r for r in rows(root, "nli/eval") if r["src"].startswith("litl_")]
    part = random.Random(4).sample(part, len(part))
    return [Pair((clip(r["p"], 90), clip(r["h"], 40)), nli_truth(r["y"])) for r in part]


class PairMaterial(Draws):
    """All training sets, and what is drawn from them."""

    def __init__(self, root, seed):
        super().__init__(root, seed)
        self.dev_part = {name: part[::40] for name, part in self.labelled_rows.items()}
        self.schemes = {name: Bag([p for n, p in enumerate(part) if n % 40], self.rng) for name, part in self.labelled_rows.items()}
        self.nli = {name: Bag(part, self.rng) for name, part in nli_rows(root, self.measured).items()}
        self.find_near(starting_vectors)

    def scheme(self, rng):
        return rng.choices(list(SCHEME_WEIGHT), list(SCHEME_WEIGHT.values()))[0]

    def recast(self, scheme, text, own, rng):
        """One hypothesis that holds, one akin to it that does not, one other."""
        label = rng.choice(own) if own else None
        absent = [x for x in self.names[scheme] if x not in own and not any((x, o) in self.near[scheme] for o in own)]
        made = [Pair((text, self.wording(scheme, label, rng)), 1)] if own else []
        akin = [x for x in (self.akin[scheme][label] if own else []) if x in absent]
        for pool in (akin or absent, absent):
            if pool:
                made.append(Pair((text, self.wording(scheme, rng.choice(pool), rng)), 0))
        return made

    def draw(self, task, n):
        """n pairs or a few more, for the head of that name."""
        rng, out = self.rng, []
        if task == "entailment":
            weights = NLI | EXTRA
            return [self.nli[source].draw(1)[0] for source in rng.choices(list(weights), list(weights.values()), k=n)]
        if task == "tone":
            return [Pair((t, None), c) for t, c in self.toned(n)]
        if task == "loaded":
            return [Pair((t, None), c) for t, c in self.loaded.draw(n)]
        while len(out) < n:
            scheme = self.scheme(rng)
            (text, own), = self.schemes[scheme].draw(1)
            out += self.recast(scheme, text, own, rng)
        return out

    def dev_frames(self, n):
        """Pairs of texts that training does not have, though of schemes that it has; for temperature and cut-off."""
        rng, out = random.Random(6), []
        while len(out) < n:
            scheme = self.scheme(rng)
            text, own = rng.choice(self.dev_part[scheme])
            out += self.recast(scheme, text, own, rng)
        return out


def starting_vectors(texts):
    return encode(OnePass.start(), texts)[0].numpy()


def pair_material(root, folder, seed=11):
    """Kept in the folder of the training."""
    return prepared(folder, lambda: PairMaterial(root, seed))
