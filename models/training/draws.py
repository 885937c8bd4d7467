"""What both models learn from, and how it is drawn."""

import random
from pathlib import Path

from frames import varied_wording
from sets import Measured, label_schemes, loaded_rows, tone_rows, wordings

SCHEME_WEIGHT = {"wikipedia_current_events": 3, "huffpost": 3, "articles": 3, "us_bills_119_committee": 1.5,
                 "uk_manifesto_crowd": 1.2, "valueeval_arguments": 1.5, "goemotions": 0.7, "news_aggregator": 0.7,
                 "newsgroups20": 0.7, "banking77": 0.3, "clinc150": 0.3}
TONE_WEIGHT = {"newsmtsc": 0.68, "ccf": 0.20, "sst2": 0.12}
# Cosines of two labels of a scheme: above the first they mean nearly the same, above the second they are akin.
NEAR_LABELS, AKIN_LABELS = 0.6, 0.3


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
        self.items = items
        self.bags = [Bag([i for i in items if i[1] == c], rng) for c in sorted({c for _, c in items})]
        self.rng = rng

    def draw(self, n):
        return [self.rng.choice(self.bags).draw(1)[0] for _ in range(n)]


class Draws:
    """Classification sets, tone and loaded language."""

    def __init__(self, root, seed):
        self.rng = random.Random(seed)
        self.measured = Measured(root)
        self.known = wordings(Path(__file__).parent / "wordings.txt")
        self.labelled_rows = label_schemes(root, self.measured, self.known)
        self.names = {name: sorted({x for _, ls in part for x in ls}) for name, part in self.labelled_rows.items()}
        tone, self.tone_dev = tone_rows(root, self.measured)
        self.tone = {s: (Balanced if s == "ccf" else Bag)(part, self.rng) for s, part in tone.items()}
        self.loaded = Bag(loaded_rows(root, self.measured, "train"), self.rng)
        self.loaded_dev = loaded_rows(root, self.measured, "dev")

    def head_texts(self):
        """Those that the heads learn from."""
        return [text for bag in (*self.tone.values(), self.loaded) for text, _ in bag.items]

    def wording(self, scheme, label, rng=None):
        return varied_wording(self.known.get(scheme, {}).get(label, [label]), rng or self.rng)

    def toned(self, n):
        picks = self.rng.choices(list(TONE_WEIGHT), list(TONE_WEIGHT.values()), k=n)
        return [self.tone[source].draw(1)[0] for source in picks]

    def is_own(self, scheme, label, own):
        """1 the text's label, 0 not its label, -1 unknown: it means nearly the same as one that is."""
        if label in own:
            return 1
        return -1 if any((label, x) in self.near[scheme] for x in own) else 0

    def find_near(self, vectors_of):
        """Which labels of a scheme mean nearly the same, and which are akin to each, by the starting model's vectors."""
        self.near, self.akin = {}, {}
        for scheme, names in self.names.items():
            known = self.known.get(scheme, {})
            vectors = vectors_of([": ".join(known.get(x, [x])[:2]) for x in names])
            alike = vectors @ vectors.T
            others = [(i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
            self.near[scheme] = {(names[i], names[j]) for i, j in others if alike[i, j] > NEAR_LABELS}
            self.akin[scheme] = {x: [] for x in names}
            for i, j in others:
                if AKIN_LABELS < alike[i, j] <= NEAR_LABELS:
                    self.akin[scheme][names[i]].append(names[j])
