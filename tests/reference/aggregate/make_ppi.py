"""Reference values for prediction-powered estimates: ppi.json, by PyPI's ppi-python.

    python -m venv venv && venv/bin/pip install ppi-python==0.2.3 && venv/bin/python make_ppi.py

Every article has one sentence, which is what that package knows: independent observations.
"""

import json
from pathlib import Path

import numpy as np
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate


def case(rng, read, unread, quality, share):
    both = read + unread
    truth = rng.random(both) < share
    student = np.where(rng.random(both) < quality, truth, rng.random(both) < share).astype(float)
    if share > 0.3:  # scores rather than yes and no
        truth = np.clip(0.7 * truth + 0.3 * rng.random(both), 0, 1)
        student = np.clip(0.6 * student + 0.3 * rng.random(both), 0, 1)
    truth = truth.astype(float)
    y, f, u = truth[:read], student[:read], student[read:]
    out = {"cross": y.round(6).tolist(), "student": f.round(6).tolist(), "unread": u.round(6).tolist(), "fixed": []}
    y, f, u = (np.array(out[name]) for name in ("cross", "student", "unread"))
    for lam in (0.0, 0.4, 1.0):
        low, high = ppi_mean_ci(y, f, u, alpha=0.05, lam=lam)
        out["fixed"].append({"lambda": lam, "estimate": float(np.squeeze(ppi_mean_pointestimate(y, f, u, lam=lam))),
                             "interval": [float(np.squeeze(low)), float(np.squeeze(high))]})
    low, high = ppi_mean_ci(y, f, u, alpha=0.05)
    out["tuned"] = {"estimate": float(np.squeeze(ppi_mean_pointestimate(y, f, u))),
                    "interval": [float(np.squeeze(low)), float(np.squeeze(high))]}
    return out


def main():
    rng = np.random.default_rng(20261125)
    cases = [case(rng, *shape) for shape in ((40, 400, 0.9, 0.4), (150, 3000, 0.8, 0.1), (400, 1200, 0.3, 0.5), (300, 300, 0.95, 0.2))]
    (Path(__file__).parent / "ppi.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
