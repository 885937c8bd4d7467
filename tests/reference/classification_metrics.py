"""Reference values for src/evaluation/metrics, from scikit-learn and NumPy.

    python -m venv .venv && .venv/bin/pip install scikit-learn==1.5.2
    .venv/bin/python tests/reference/classification_metrics.py > tests/reference/classification_metrics.json

Inputs are drawn from a seeded generator and written beside the results.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

random = np.random.default_rng(20)


def expected_calibration_error(probabilities, happened, bins=15):
    edges = np.linspace(0.0, 1.0, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (probabilities > low) & (probabilities <= high)
        if inside.any():
            error += inside.mean() * abs(probabilities[inside].mean() - happened[inside].mean())
    return error


def softmax(logits):
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def single_label(n=60, k=4):
    """The last label is neither carried nor decided: scikit-learn leaves it out of the mean."""
    gold = random.integers(0, k - 1, n)
    logits = np.round(random.normal(0, 2, (n, k)), 2)
    logits[:, k - 1] = -9.0
    logits[np.arange(n), gold] += 1.0
    logits = np.round(logits, 2)
    decided = logits.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(gold, decided, labels=[0, 1, 2])
    p = softmax(logits)
    # A temperature is a logistic regression on the logits with one shared slope: scan it finely.
    grid = np.linspace(0.2, 5.0, 48001)
    losses = [log_loss(gold, softmax(logits / t), labels=list(range(k))) for t in grid[::100]]
    near = grid[::100][int(np.argmin(losses))]
    fine = np.linspace(near - 0.02, near + 0.02, 4001)
    best = fine[int(np.argmin([log_loss(gold, softmax(logits / t), labels=list(range(k))) for t in fine]))]
    return {
        "gold": gold.tolist(),
        "logits": logits.tolist(),
        "accuracy": accuracy_score(gold, decided),
        "macro_f1": f1_score(gold, decided, average="macro"),
        "micro_f1": f1_score(gold, decided, average="micro"),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "confusion": confusion_matrix(gold, decided, labels=list(range(k))).tolist(),
        "auc": [roc_auc_score(gold == label, p[:, label]) for label in range(k - 1)],
        "ece": expected_calibration_error(p.max(axis=1), (decided == gold).astype(float)),
        "nll": log_loss(gold, p, labels=list(range(k))),
        "temperature": float(best),
    }


def multi_label(n=80, k=5):
    gold = random.random((n, k)) < np.array([0.5, 0.3, 0.2, 0.1, 0.05])
    logits = np.round(random.normal(-0.5, 1.2, (n, k)) + 1.4 * gold, 2)
    p = np.round(1 / (1 + np.exp(-logits)), 3)
    decided = p >= 0.4
    flat, outcome = p.ravel(), gold.ravel()
    platt = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    x = np.log(flat / (1 - flat)).reshape(-1, 1)
    platt.fit(x, outcome)
    return {
        "gold": [np.flatnonzero(row).tolist() for row in gold],
        "probabilities": p.tolist(),
        "cutoff": 0.4,
        "macro_f1": f1_score(gold, decided, average="macro"),
        "micro_f1": f1_score(gold, decided, average="micro"),
        "auc": [roc_auc_score(gold[:, label], p[:, label]) for label in range(k)],
        "ece": expected_calibration_error(flat, outcome.astype(float)),
        "platt": [float(platt.coef_[0, 0]), float(platt.intercept_[0])],
        "best_f1": max(f1_score(outcome, flat >= c) for c in np.unique(flat)),
    }


def binary(n=70):
    gold = random.random(n) < 0.35
    p = np.round(1 / (1 + np.exp(-(random.normal(-1, 1.0, n) + 1.3 * gold))), 3)
    scores = {float(c): f1_score(gold, p >= c, average="macro") for c in np.unique(p)}
    return {
        "gold": gold.tolist(),
        "probabilities": p.tolist(),
        "auc": roc_auc_score(gold, p),
        "best_macro_f1": max(scores.values()),
    }


json.dump(
    {"single_label": single_label(), "multi_label": multi_label(), "binary": binary()},
    sys.stdout,
    indent=None,
    default=float,
)
print()
