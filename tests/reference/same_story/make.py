"""Reference values for the table same_story, from scipy, statsmodels and numpy (../aggregate/requirements.txt).

Writes paired.json next to itself. Two outlets' totals by story, some stories told by one of them only; the differences
within stories (scipy's and statsmodels' one-sample t, scipy's exhaustive sign flips), the difference overall, and the
part left to the choice of stories with its infinitesimal-jackknife error: the derivative of the statistic by the weight of
each story, taken numerically. Every number is made up by a seeded generator.
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

HERE = Path(__file__).parent


def side(rng, stories, lean):
    """Story number, sentences (x) and the sum of their scores (y) of the stories that a side tells."""
    x = rng.integers(3, 30, size=len(stories)).astype(float)
    y = x * np.clip(lean + 0.2 * rng.normal(size=len(stories)), 0, 1)
    return {"stories": [int(s) for s in stories], "x": x.tolist(), "y": y.tolist()}


def statistic(weights, a, b):
    """Overall difference less the mean difference within the stories that both tell, a weight a story."""
    def ratio(side):
        w = np.array([weights[s] for s in side["stories"]])
        return (w @ np.array(side["y"])) / (w @ np.array(side["x"]))
    shared, d = differences(a, b)
    w = np.array([weights[s] for s in shared])
    return ratio(a) - ratio(b) - (w @ d) / w.sum()


def differences(a, b):
    value = [{s: y / x for s, x, y in zip(o["stories"], o["x"], o["y"])} for o in (a, b)]
    shared = [s for s in a["stories"] if s in value[1]]
    return shared, np.array([value[0][s] - value[1][s] for s in shared])


def selection(a, b):
    stories = sorted(set(a["stories"]) | set(b["stories"]))
    ones = dict.fromkeys(stories, 1.0)
    step, slopes = 1e-4, []
    for s in stories:
        up, down = (statistic(ones | {s: 1 + h}, a, b) for h in (step, -step))
        slopes.append((up - down) / (2 * step))
    count = len(stories)
    return statistic(ones, a, b), np.sqrt(count / (count - 1) * np.square(slopes).sum())


def case(rng, both, first, second, lean):
    numbers = rng.permutation(both + first + second)
    a = side(rng, sorted(numbers[: both + first]), lean)
    b = side(rng, sorted(np.concatenate([numbers[:both], numbers[both + first:]])), 0.3)
    _, d = differences(a, b)
    part, error = selection(a, b)
    freedom = both - 1
    reach = stats.t.ppf(0.975, freedom) * error
    low, high = DescrStatsW(d).tconfint_mean()
    t = stats.ttest_1samp(d, 0)
    assert np.isclose(d.mean() / t.statistic, stats.sem(d))
    out = {"a": a, "b": b, "within": d.mean(), "std_error": stats.sem(d), "interval": [low, high],
           "overall": sum(a["y"]) / sum(a["x"]) - sum(b["y"]) / sum(b["x"]), "selection": part,
           "selection_error": error, "selection_interval": [part - reach, part + reach]}
    if both <= 11:
        flips = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
        out["p"] = flips.pvalue
    return out


def main():
    rng = np.random.default_rng(20261124)
    cases = [case(rng, *shape) for shape in [(2, 1, 1, 0.5), (6, 3, 9, 0.35), (11, 0, 4, 0.5), (40, 25, 10, 0.33)]]
    (HERE / "paired.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
