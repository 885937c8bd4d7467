"""Frames by description: vectors of wordings, scores of texts, and the measures used for them."""

import random

import numpy as np
from scipy.stats import rankdata

from sets import CCF_FRAMES, as_list, ccf_parts, rows, sentences

TEMPLATES = ["{}", "{}", "This text is about {}.", "The text deals with {}.", "This sentence concerns {}.",
             "The issue is framed in terms of {}.", "This news report is about {}.", "Topic: {}", "The frame is {}."]


def varied_wording(wordings, rng):
    """One way of putting a label, for training: a name or a description, or both, often in a template."""
    roll = rng.random()
    if len(wordings) > 1 and roll < 0.35:
        return f"{wordings[0]}: {rng.choice(wordings[1:])}"
    if len(wordings) > 1 and roll < 0.5:
        return "; ".join(wordings)
    wording = rng.choice(wordings)
    clause = wording.split()[0] in {"the", "people", "someone", "life", "who", "how", "whether"} and wording.count(" ") > 5
    return wording if clause else rng.choice(TEMPLATES).format(wording)


def read_as(wordings):
    """The text whose vector stands for a frame when scoring: "name: description; description"."""
    return f"{wordings[0]}: {'; '.join(wordings[1:])}" if wordings[1:] else wordings[0]


class Labelled:
    """A measured scheme: texts, frames of each text, and optionally the article a sentence belongs to."""

    def __init__(self, name, scheme, texts, labels, groups=None):
        self.name, self.scheme, self.texts, self.groups = name, scheme, texts, groups
        index = {label: n for n, label in enumerate(scheme)}
        self.truth = np.zeros((len(labels), len(scheme)), dtype=bool)
        for row, own in enumerate(labels):
            for label in own:
                if label in index:
                    self.truth[row, index[label]] = True

    def cosines(self, vectors_of):
        """texts (or articles) x frames. vectors_of: list of texts -> n x 384 unit vectors."""
        scores = vectors_of(self.texts) @ vectors_of([read_as(w) for w in self.scheme.values()]).T
        return scores if self.groups is None else article_scores(scores, self.groups, len(self.truth))


def article_scores(scores, groups, n):
    """An article's score for a frame: the mean of its sentences' highest fifth."""
    out = np.zeros((n, scores.shape[1]))
    groups = np.asarray(groups)
    for article in range(n):
        own = np.sort(scores[groups == article], axis=0)[::-1]
        out[article] = own[: max(1, round(len(own) / 5))].mean(0)
    return out


def auc(truth, scores):
    """Area under the ROC curve by ranks (Mann-Whitney)."""
    n = truth.sum()
    return (rankdata(scores)[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n))


def mean_auc(truth, scores):
    present = [n for n in range(truth.shape[1]) if 0 < truth[:, n].sum() < len(truth)]
    return float(np.mean([auc(truth[:, n], scores[:, n]) for n in present]))


def accuracy(truth, scores):
    """Share of texts whose best frame is one of their own; texts with no frame are left out."""
    own = truth.any(1)
    return float(truth[own][np.arange(own.sum()), scores[own].argmax(1)].mean())


def f1(truth, chosen, average="micro"):
    hits, made, real = (x.sum(0).astype(float) for x in (truth & chosen, chosen, truth))
    if average == "micro":
        return float(2 * hits.sum() / max(1, made.sum() + real.sum()))
    return float(np.mean(2 * hits / np.maximum(1, made + real)))


def by_article(name, scheme, articles, labels, limit):
    texts, groups = [], []
    for n, text in enumerate(articles):
        own = sentences(text)[:limit] or [text[:400]]
        texts += own
        groups += [n] * len(own)
    return Labelled(name, scheme, texts, labels, groups)


def ccf_frames(part, scheme):
    labels = [[x for x in r["labels"] if x.removesuffix(" Detection") in CCF_FRAMES] for r in part]
    return Labelled("ccf", scheme, [r["text"] for r in part], labels)


def dev_schemes(root, known, size=400):
    """Whole schemes of sentences that training leaves out; used to choose settings, scale, bias and threshold."""
    sotu = random.Random(9).sample(rows(root, "zeroshot/cap_sotu"), size)
    claims = rows(root, "zeroshot/claim_topics_perspectrum")
    plain = lambda name, part: Labelled(name, known[name], [r["text"] for r in part], [as_list(r["label"]) for r in part])
    return [plain("cap_sotu", sotu), plain("claim_topics_perspectrum", claims), ccf_frames(ccf_parts(root)[1], known["ccf"])]


def climate_articles(root, known):
    """The one left-out scheme of framing proper, every third article."""
    part = rows(root, "zeroshot/climate_narrative_frames")[::3]
    name = "climate_narrative_frames"
    return by_article(name, known[name], [r["text"] for r in part], [r["label"] for r in part], 15)
