"""Temperatures, thresholds, and the frames' scale and bias: all on dev parts and left-out schemes."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from frames import f1


def macro_f1(truth, guess):
    scores = []
    for c in np.unique(np.concatenate([truth, guess])):
        hits = ((truth == c) & (guess == c)).sum()
        scores.append(2 * hits / ((truth == c).sum() + (guess == c).sum()))
    return float(np.mean(scores))


def softmax(logits, temperature=1.0):
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def expected_calibration_error(stated, happened, bins=15):
    """Mean gap between the stated probability and how often it happened, over equal-width bins (Guo et al. 2017)."""
    bin_of = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [abs(stated[bin_of == b].mean() - happened[bin_of == b].mean()) * (bin_of == b).mean()
            for b in range(bins) if (bin_of == b).any()]
    return float(sum(gaps))


def temperature(logits, truth):
    """The temperature with the least cross-entropy, and the calibration error before and after."""
    loss = lambda t: -np.log(softmax(logits, t)[np.arange(len(truth)), truth] + 1e-12).mean()
    best = float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)
    right = logits.argmax(1) == truth
    before, after = (expected_calibration_error(softmax(logits, t).max(1), right) for t in (1.0, best))
    return best, before, after


def loaded_threshold(probability, truth):
    """The middle of the thresholds whose macro-F1 is within 0.002 of the best on dev: a plateau, not a spike."""
    grid = np.arange(0.2, 0.8001, 0.01)
    scores = np.array([macro_f1(truth, (probability >= g).astype(int)) for g in grid])
    return float(np.median(grid[scores >= scores.max() - 0.002]))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logistic(schemes, start):
    """Weights of some scores, and a bias, by logistic regression; every scheme weighs the same. schemes: [([scores, ...], truth)]."""
    x = np.concatenate([np.stack([s.ravel() for s in scores], axis=1) for scores, _ in schemes])
    y = np.concatenate([t.ravel() for _, t in schemes]).astype(float)
    w = np.concatenate([np.full(t.size, 1 / t.size) for _, t in schemes])

    def loss(parameters):
        z = x @ parameters[:-1] + parameters[-1]
        return float((w * (np.logaddexp(0, z) - y * z)).sum())

    return minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000}).x.tolist()


def scale_and_bias(schemes, start=(10.0, -5.0)):
    """Of a cosine, or of another score. schemes: [(scores, truth)]."""
    return logistic([([scores], truth) for scores, truth in schemes], start)


def frames_threshold(schemes, scale, bias):
    """The probability whose mean micro-F1 over the left-out schemes is highest, that mean, and the lowest and highest within 0.01 of it."""
    grid = np.arange(0.05, 0.91, 0.01)
    means = np.array([np.mean([f1(t, sigmoid(scale * c + bias) >= g) for c, t in schemes]) for g in grid])
    level = grid[means >= means.max() - 0.01]
    return round(float(grid[means.argmax()]), 2), float(means.max()), (round(float(level[0]), 2), round(float(level[-1]), 2))


def interval(measure, *arrays, groups=None, draws=1000, seed=1):
    """The measure on all rows and its 95 % percentile bootstrap interval, resampling groups where given."""
    rng = np.random.default_rng(seed)
    n = len(arrays[0])
    names, member = np.unique(np.arange(n) if groups is None else np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(member == g) for g in range(len(names))] if groups is not None else None
    values = []
    for _ in range(draws):
        pick = rng.integers(0, len(names), len(names))
        index = pick if members is None else np.concatenate([members[g] for g in pick])
        try:
            values.append(measure(*(a[index] for a in arrays)))
        except ValueError:
            continue
    low, high = np.percentile(values, [2.5, 97.5])
    return [float(measure(*arrays)), float(low), float(high)]
