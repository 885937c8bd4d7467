"""Scores one reader on every measured set. A reader gives cosines to descriptions and, where it has heads, logits."""

import numpy as np

from calibrate import frames_threshold, interval, macro_f1, scale_and_bias, sigmoid, softmax
from frames import Labelled, accuracy, auc, by_article, ccf_frames, f1, mean_auc
from sets import TONES, as_list, ccf_parts, is_single, newsmtsc_tone, rows


class VectorReader:
    """Any call texts -> {"embedding": ..., "logits_tone": ..., "logits_loaded": ...}, with vectors kept by text."""

    def __init__(self, call):
        self.call, self.kept = call, {}

    def outputs(self, texts):
        missing = [t for t in dict.fromkeys(texts) if t not in self.kept]
        if missing:
            found = self.call(missing)
            for n, text in enumerate(missing):
                self.kept[text] = {name: value[n] for name, value in found.items()}
        names = self.kept[texts[0]].keys()
        return {name: np.stack([self.kept[t][name] for t in texts]) for name in names}

    def vectors(self, texts):
        return self.outputs(texts)["embedding"]


def tone_sets(root):
    single = [r for r in rows(root, "newsmtsc/devtest_rw") if is_single(r)]
    test = [r for r in ccf_parts(root)[2] if r["sentiment"]]
    article = lambda r: "_".join(r["id"].split("_")[:3])
    return {
        "newsmtsc": ([r["text"] for r in single], np.array([newsmtsc_tone(r) for r in single]), [article(r) for r in single]),
        "ccf": ([r["text"] for r in test], np.array([TONES.index(r["sentiment"]) for r in test]), [r["doc_id"] for r in test]),
    }


def babe(root):
    part = [r for r in rows(root, "babe/train") if r["label"] is not None]
    return [r["text"] for r in part], np.array([int(r["label"]) for r in part]), [r["news_link"] or r["id"] for r in part]


def frame_tests(root, known):
    """Measured schemes that nothing was chosen on."""
    guns = [r for r in rows(root, "gvfc/train") if r["relevant"] == 1 and r["frame1"]]
    news = rows(root, "semeval23_frames/train")
    return {
        "gvfc": Labelled("gvfc", known["gvfc"], [r["text"] for r in guns],
                         [[x for x in (r["frame1"], r["frame2"]) if x] for r in guns]),
        "ccf": ccf_frames(ccf_parts(root)[2], known["ccf"]),
        "semeval23": by_article("semeval23", known["semeval23_frames"], [r["text"] for r in news], [r["frames"] for r in news], 14),
    }, np.array([list(known["gvfc"]).index(r["frame1"]) for r in guns])


def score_heads(root, tone, loaded):
    """tone: texts -> class; loaded: texts -> (probability, threshold)."""
    found = {}
    for name, (texts, truth, groups) in tone_sets(root).items():
        found[f"tone_{name}"] = interval(macro_f1, truth, tone(texts), groups=groups)
    texts, truth, groups = babe(root)
    probability, threshold = loaded(texts)
    found["babe_f1"] = interval(macro_f1, truth, (probability >= threshold).astype(int), groups=groups)
    found["babe_auc"] = interval(auc, truth.astype(bool), probability, groups=groups)
    return found


def score_frames(root, known, dev, reader):
    """Frames by description. Scale, bias and threshold are fitted on the left-out dev schemes for every reader alike."""
    fitted = [(s.cosines(reader.vectors), s.truth) for s in dev]
    scale, bias = scale_and_bias(fitted)
    threshold, dev_f1, _ = frames_threshold(fitted, scale, bias)
    found = {"frames_fit": {"scale": scale, "bias": bias, "threshold": threshold, "dev_micro_f1": dev_f1}}
    for s, (cosines, truth) in zip(dev, fitted):
        found[f"dev_{s.name}"] = {"accuracy": accuracy(truth, cosines), "auc": mean_auc(truth, cosines)}
    tests, first = frame_tests(root, known)
    cosines = {name: s.cosines(reader.vectors) for name, s in tests.items()}
    best = cosines["gvfc"].argmax(1)
    found["gvfc_accuracy"] = interval(lambda t, g: float((t == g).mean()), first, best)
    found["ccf_auc"] = interval(mean_auc, tests["ccf"].truth, cosines["ccf"])
    chosen = sigmoid(scale * cosines["semeval23"] + bias) >= threshold
    truth = tests["semeval23"].truth
    found["semeval_f1"] = interval(f1, truth, chosen)
    found["semeval_shares"] = [float(truth.mean()), float(chosen.mean())]
    found["semeval_auc"] = interval(mean_auc, truth, cosines["semeval23"])
    grid = np.quantile(cosines["semeval23"], np.arange(0.02, 1, 0.02))
    found["semeval_f1_best_threshold"] = max(f1(truth, cosines["semeval23"] >= g) for g in grid)
    return found


def frozen_regression(reader, train, classes):
    """Logistic regression on a reader's frozen vectors; returns texts -> class probabilities."""
    from sklearn.linear_model import LogisticRegression

    x, y = reader.vectors([t for t, _ in train]), [c for _, c in train]
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(x, y)
    assert list(fitted.classes_) == list(range(classes))
    return lambda texts: fitted.predict_proba(reader.vectors(texts))


def head_classes(reader, temperature, threshold):
    """The two calls of score_heads for a reader with heads of its own."""
    tone = lambda texts: reader.outputs(texts)["logits_tone"].argmax(1)
    loaded = lambda texts: (softmax(reader.outputs(texts)["logits_loaded"], temperature)[:, 1], threshold)
    return tone, loaded
