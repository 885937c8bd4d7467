"""Reference values for the aggregate stage, from statsmodels, scipy, numpy, pandas and
scattertext (requirements.txt).

Writes, next to itself: ratio.json, trend.json, intervals.json, fdr.json, log_odds.json, bootstrap.json,
permutation.json, and a small sentence table (sentences.parquet) with tables.json, the estimates that pandas and
statsmodels give for it. Every number is made up by a seeded generator.
"""

import importlib.util
import itertools
import json
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

HERE = Path(__file__).parent


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


def articles(rng, count, share, spread, shortest=1):
    """Sentences of `count` articles: 0/1 outcomes whose chance varies between articles; article index of each."""
    sizes = np.maximum(shortest, np.round(np.exp(2.2 + 0.7 * rng.normal(size=count)))).astype(int)
    logit = np.log(share / (1 - share)) + spread * rng.normal(size=count)
    group = np.repeat(np.arange(count), sizes)
    hit = (rng.random(group.size) < 1 / (1 + np.exp(-logit[group]))).astype(float)
    return hit, group


def cluster_mean(y, group):
    fit = sm.OLS(y, np.ones((len(y), 1))).fit(cov_type="cluster", cov_kwds={"groups": group}, use_t=True)
    return fit.params[0], fit.bse[0], fit.conf_int()[0]


def totals(y, group):
    frame = pd.DataFrame({"y": y, "g": group}).groupby("g").y.agg(["sum", "count"])
    return frame["sum"].tolist(), frame["count"].astype(float).tolist()


def ratio(rng):
    cases = []
    for count, share, spread in [(2, 0.5, 0.3), (6, 0.2, 1.0), (25, 0.05, 1.0), (120, 0.4, 0.5)]:
        y, group = articles(rng, count, share, spread)
        if share > 0.3:
            y = y * rng.normal(0.2, 0.4, size=y.size)  # a score rather than a yes or no
        estimate, error, interval = cluster_mean(y, group)
        sums, sizes = totals(y, group)
        cases.append({"y": sums, "x": sizes, "estimate": estimate, "std_error": error, "interval": list(interval)})
    write("ratio.json", cases)


def trend(rng):
    cases = []
    for count, slope in [(5, 0.0), (40, 0.004), (150, -0.002)]:
        y, group = articles(rng, count, 0.3, 0.8)
        day = rng.integers(0, 180, size=count).astype(float)
        y = y + slope * day[group]
        design = sm.add_constant(day[group])
        fit = sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": group}, use_t=True)
        sums, sizes = totals(y, group)
        cases.append({"y": sums, "x": sizes, "day": day.tolist(), "slope": fit.params[1], "std_error": fit.bse[1],
                      "p": fit.pvalues[1]})
    write("trend.json", cases)


def shrunk(y, x):
    """Variance with Kish's effective number of articles m in the place of their number, and (z/t)² with the degrees of freedom
    that m, or the kurtosis of the residuals, leaves."""
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    residuals = y - y.sum() / x.sum() * x
    kish = x.sum() ** 2 / (x**2).sum()
    # The residuals of a ratio sum to zero, so that this kurtosis is about zero too; G2 is not defined for three.
    heavy = max(0.0, stats.kurtosis(residuals, bias=False)) if len(x) > 3 else 0.0
    freedom = max(1.0, min(kish - 1, 2 / (2 / (len(x) - 1) + heavy / len(x))))
    shrink = (stats.norm.ppf(0.975) / stats.t.ppf(0.975, freedom)) ** 2
    return (residuals**2).sum() / x.sum() ** 2 * kish / (kish - 1), shrink


def jeffreys(y, x):
    estimate, (variance, shrink) = sum(y) / sum(x), shrunk(y, x)
    size = min(estimate * (1 - estimate) / variance * shrink, sum(x))
    return list(stats.beta.ppf([0.025, 0.975], estimate * size + 0.5, (1 - estimate) * size + 0.5))


def korn_graubard(y, x):
    estimate, (variance, shrink) = sum(y) / sum(x), shrunk(y, x)
    size = estimate * (1 - estimate) / variance * shrink
    hits = size * estimate
    return [stats.beta.ppf(0.025, hits, size - hits + 1), stats.beta.ppf(0.975, hits + 1, size - hits)]


def garwood(count, alpha=0.05):
    low = stats.chi2.ppf(alpha / 2, 2 * count) / 2 if count > 0 else 0.0
    return [low, stats.chi2.ppf(1 - alpha / 2, 2 * count + 2) / 2]


def intervals(rng):
    shares, rates, means = [], [], []
    for count, share, spread in [(2, 0.3, 0.8), (3, 0.3, 0.5), (12, 0.03, 1.0), (60, 0.1, 0.7), (150, 0.5, 0.7)]:
        y, group = articles(rng, count, share, spread, shortest=2)
        while cluster_mean(y, group)[1] < 1e-9:  # all articles alike has an interval of its own, last below
            y, group = articles(rng, count, share, spread, shortest=2)
        sums, sizes = totals(y, group)
        shares.append({"y": sums, "x": sizes, "interval": jeffreys(sums, sizes)})
        tokens = [20 * size for size in sizes]
        per_token, (variance, shrink) = sum(sums) / sum(tokens), shrunk(sums, tokens)
        effective = min(per_token**2 / variance * shrink, sum(sums))
        rates.append({"y": sums, "x": tokens,
                      "interval": [min(1.0, per_token * end / effective) for end in garwood(effective)]})
        score = 2 * rng.beta(2, 3, size=y.size) - 1 + 0.2 * rng.normal(size=count)[group]
        score = np.clip(score, -1, 1)
        sums, sizes = totals(score, group)
        half = korn_graubard([(y + x) / 2 for y, x in zip(sums, sizes)], sizes)
        means.append({"y": sums, "x": sizes, "interval": [2 * end - 1 for end in half]})
    none = {"y": [0.0] * 7, "x": [9.0, 4.0, 12.0, 3.0, 8.0, 5.0, 6.0]}
    shares.append(none | {"interval": [0.0, 1 - 0.025 ** (1 / 7)]})
    rates.append(none | {"interval": [0.0, garwood(0)[1] / 47]})
    quantiles = [{"p": p, "freedom": f, "value": stats.t.ppf(p, f)} for p in (0.9, 0.975, 0.995) for f in (1, 2, 7, 300)]
    write("intervals.json", {"shares": shares, "rates": rates, "means": means, "student": quantiles})


def fdr(rng):
    cases = []
    for count in (1, 2, 9, 200):
        p = np.where(rng.random(count) < 0.3, rng.random(count) * 1e-3, rng.random(count))
        p[-1] = p[0]  # a tie
        cases.append({"p": p.tolist(), "q": multipletests(p, method="fdr_bh")[1].tolist()})
    write("fdr.json", cases)


def scattertext_log_odds(priors):
    """scattertext's scorer, loaded without the package's own start-up, which wants spaCy."""
    path = importlib.util.find_spec("scattertext").submodule_search_locations[0]
    for name, folder in [("scattertext", path), ("scattertext.termsignificance", path + "/termsignificance")]:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [folder]
    package = sys.modules["scattertext.termsignificance"]
    plain = importlib.import_module(package.__name__ + ".LogOddsRatioUninformativeDirichletPrior")
    package.LogOddsRatioUninformativeDirichletPrior = plain.LogOddsRatioUninformativeDirichletPrior
    module = importlib.import_module(package.__name__ + ".LogOddsRatioInformativeDirichletPiror")
    return module.LogOddsRatioInformativeDirichletPrior(priors, scale_type="none")


def log_odds(rng):
    """A Zipf vocabulary in two groups; z from scattertext, delta from the formula (eq. 16) with logarithms apart."""
    weights = 1 / np.arange(1, 121)
    first = rng.poisson(3000 * weights * np.exp(0.4 * rng.normal(size=120))).astype(float)
    second = rng.poisson(9000 * weights * np.exp(0.4 * rng.normal(size=120))).astype(float)
    first[-1], second[-2] = 0.0, 0.0
    n1, n2, prior = first.sum(), second.sum(), first + second
    z = scattertext_log_odds(prior).get_zeta_i_j_given_separate_counts(first, second)
    a, a0 = prior, prior.sum()
    delta = (np.log(first + a) - np.log(n1 + a0 - first - a)) - (np.log(second + a) - np.log(n2 + a0 - second - a))
    write("log_odds.json", [
        {"first": [y1, n1], "second": [y2, n2], "log_odds": d, "z": v, "p": 2 * stats.norm.sf(abs(v))}
        for y1, y2, d, v in zip(first, second, delta, z)])


def bootstrap(rng, resamples=40_000):
    """Percentile interval over articles, with the Monte-Carlo standard error of each end (order-statistic density)."""
    cases = []
    for count, share in [(8, 0.3), (40, 0.15)]:
        y, group = articles(rng, count, share, 0.7, shortest=3)
        sums, sizes = map(np.array, totals(y, group))
        drawn = rng.integers(0, count, size=(resamples, count))
        ratios = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
        ends, density = np.quantile(ratios, [0.025, 0.975]), []
        for p in (0.025, 0.975):
            width = np.quantile(ratios, min(p + 0.01, 1)) - np.quantile(ratios, max(p - 0.01, 0))
            density.append(width / 0.02)  # d quantile / d p
        cases.append({"y": sums.tolist(), "x": sizes.tolist(), "interval": ends.tolist(), "slope": density,
                      "resamples": resamples})
    write("bootstrap.json", cases)


def studentised(y, x, first):
    def side(mask):
        n, r = mask.sum(), y[mask].sum() / x[mask].sum()
        e = y[mask] - r * x[mask]
        return r, n / (n - 1) * (e @ e) / x[mask].sum() ** 2
    (ra, va), (rb, vb) = side(first), side(~first)
    return abs(ra - rb) / np.sqrt(va + vb)


def permutation(rng):
    """Exact p-values: every relabelling counted."""
    cases = []
    for a, b, shift in [(5, 6, 0.0), (6, 6, 0.25), (4, 9, 0.4)]:
        x = rng.integers(3, 30, size=a + b).astype(float)
        y = np.minimum(x, np.round(x * np.clip(0.3 + 0.15 * rng.normal(size=a + b), 0, 1)))
        y[:a] = np.minimum(x[:a], np.round(y[:a] + shift * x[:a]))
        chosen = [studentised(y, x, np.isin(np.arange(a + b), pick)) for pick in itertools.combinations(range(a + b), a)]
        observed = studentised(y, x, np.arange(a + b) < a)
        cases.append({"y": y.tolist(), "x": x.tolist(), "first": a, "statistic": observed,
                      "p": float(np.mean(np.array(chosen) >= observed * (1 - 1e-9)))})
    write("permutation.json", cases)


TERMS = [("flood", "alarm"), ("crackdown", "militaristic"), ("undocumented", "legal_status"), ("very", "intensifier")]


def sentence_table(rng):
    rows = []
    for outlet, count, lean in [("Bee", 30, 0.35), ("Clarion", 18, 0.2), ("Dispatch", 3, 0.5)]:
        for article in range(count):
            day = None if article % 11 == 10 else pd.Timestamp("2026-01-05") + pd.Timedelta(days=int(rng.integers(0, 90)))
            effect = np.clip(lean + 0.1 * rng.normal(), 0.05, 0.9)
            for index in range(int(rng.integers(2, 14))):
                rows.append(sentence(rng, outlet, article, day, effect, index))
    return pd.DataFrame(rows)


def sentence(rng, outlet, article, day, effect, index):
    part = "headline" if index == 0 else "deck" if index == 1 and article % 4 == 0 else "body"
    voice = rng.choice(["narration", "quote", "mixed"], p=[0.6, 0.25, 0.15])
    tokens = int(rng.integers(4, 30))
    quoted = {"narration": 0, "quote": tokens - 1, "mixed": tokens // 2}[voice]
    tone = rng.dirichlet([1 + 3 * effect, 2, 1]).astype(np.float32)
    terms = [{"term": t, "category": c, "start": 0, "end": 4, "in_quote": bool(quoted and rng.random() < 0.5)}
             for t, c in TERMS if rng.random() < effect / 3]
    return {"article_id": f"{outlet}-{article}", "outlet": outlet, "date": day, "part": part, "voice": str(voice),
            "text": f"Sentence {index} of the {outlet}.", "n_tokens": tokens, "n_tokens_quoted": quoted,
            "tone_negative": tone[0], "tone_neutral": tone[1], "tone_positive": tone[2],
            "tone": np.float32(tone[2] - tone[0]), "loaded": np.float32(rng.beta(1 + 4 * effect, 3)),
            "frame_economic": np.float32(rng.random()), "frame_security": np.float32(rng.beta(1 + 2 * effect, 2)),
            "terms": terms, "n_terms": len(terms), "n_terms_quoted": sum(t["in_quote"] for t in terms)}


def write_sentences(frame):
    term = pl.Struct({"term": pl.String, "category": pl.String, "start": pl.UInt32, "end": pl.UInt32,
                      "in_quote": pl.Boolean})
    types = {"date": pl.Date, "terms": pl.List(term)}
    types |= {name: pl.UInt32 for name in ("n_tokens", "n_tokens_quoted", "n_terms", "n_terms_quoted")}
    floats = [name for name in frame if name.startswith(("tone", "loaded", "frame_"))]
    types |= {name: pl.Float32 for name in floats}
    rows = frame.to_dict("records")
    for row in rows:
        row["date"] = None if pd.isna(row["date"]) else row["date"].date()
    schema = {name: types.get(name, pl.String) for name in frame}
    table = pl.DataFrame(rows, schema=schema)
    empty = [pl.lit(None, dtype=pl.String).alias(name) for name in ("section", "url", "author", "agency")]
    table.with_columns(*empty, pl.lit("A title").alias("title")).write_parquet(HERE / "sentences.parquet")


CUTOFFS = {"loaded": 0.5, "frame_economic": 0.5, "frame_security": 0.6}


def tables(frame):
    frame = frame.copy()
    frame["period"] = frame.date.dt.strftime("%Y-%m")
    rows = []
    for outlet, period in itertools.product(["Bee", "Clarion", "Dispatch"], ["all", "2026-01", "2026-02", "2026-03", "2026-04"]):
        cell = frame[(frame.outlet == outlet) & ((period == "all") | (frame.period == period))]
        for part, voice in itertools.product(["all", "headline", "body"], ["all", "narration", "quotes"]):
            rows += estimates(cell, {"outlet": outlet, "period": period, "part": part, "voice": voice})
    return rows


def estimates(cell, key):
    if key["part"] != "all":
        cell = cell[cell.part == key["part"]]
    rates = rate_rows(cell, key)
    if key["voice"] != "all":
        cell = cell[cell.voice == {"narration": "narration", "quotes": "quote"}[key["voice"]]]
    if cell.empty:
        return rates
    rows = [row(key, "tone", "mean", cell.tone, cell.article_id)]
    for measure, cutoff in CUTOFFS.items():
        hit = (cell[measure] >= np.float32(cutoff)).astype(float)
        rows.append(row(key, measure, "mean", cell[measure], cell.article_id))
        rows.append(row(key, measure, "share_sentences", hit, cell.article_id))
        any_hit = hit.groupby(cell.article_id).max()
        rows.append(row(key, measure, "share_articles", any_hit, any_hit.index))
    return rows + rates


def rate_rows(cell, key):
    """Rates by linearisation on article totals: a token-level regression whose clusters are articles."""
    tokens = {"all": cell.n_tokens, "narration": cell.n_tokens - cell.n_tokens_quoted, "quotes": cell.n_tokens_quoted}
    totals = pd.DataFrame({"x": tokens[key["voice"]].groupby(cell.article_id).sum()})
    for measure, wanted in [("terms", None), ("terms_alarm", "alarm")]:
        def hits(terms):
            return sum((wanted in (None, t["category"])) and (key["voice"] == "all" or t["in_quote"] == (key["voice"] == "quotes"))
                       for t in terms)
        totals[measure] = cell.terms.map(hits).groupby(cell.article_id).sum()
    totals = totals[totals.x > 0]
    rows = []
    for measure in ("terms", "terms_alarm"):
        if totals.empty:
            continue
        fit = sm.WLS(totals[measure] / totals.x, np.ones(len(totals)), weights=totals.x)
        fit = fit.fit(cov_type="cluster", cov_kwds={"groups": np.arange(len(totals))}) if len(totals) > 1 else fit.fit()
        error = 1000 * fit.bse.iloc[0] if len(totals) > 1 else None
        rows.append(key | {"measure": measure, "statistic": "rate_per_1000", "estimate": 1000 * fit.params.iloc[0],
                           "std_error": error, "n_articles": len(totals)})
    return rows


def row(key, measure, statistic, values, group):
    values, group = np.asarray(values, dtype=float), pd.factorize(np.asarray(group))[0]
    count = int(group.max()) + 1
    error = None
    if count > 1:
        error = cluster_mean(values, group)[1]
    return key | {"measure": measure, "statistic": statistic, "estimate": values.mean(), "std_error": error,
                  "n_articles": count}


def main():
    rng = np.random.default_rng(20260301)
    for make in (ratio, trend, intervals, fdr, bootstrap, permutation, log_odds):
        make(rng)
    frame = sentence_table(rng)
    write_sentences(frame)
    (HERE / "tables.json").write_text("[\n" + ",\n".join(json.dumps(r) for r in tables(frame)) + "\n]\n")


if __name__ == "__main__":
    main()
