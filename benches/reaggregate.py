#!/usr/bin/env python3
"""Tables from 10 million sentences of 46 columns without inference, beside DuckDB's time for the same group-bys.

    pip install duckdb pyarrow numpy
    cargo build --release && python3 benches/reaggregate.py [--binary PATH] [--sentences 10000000] [--threads 2] [--json]

A run folder is generated (seeded; words are invented), with `run.json` from a run over the sample collection. Then, one after
the other on the same file: DuckDB's group-bys (totals per article, part and voice of every score and cut-off; from those,
means and shares per outlet, month, part and voice; term counts per article, then per outlet, month and voice), and
`framescope report`, which makes the same totals and then what DuckDB was not asked for: intervals by resampling articles,
contrasts with permutation tests, trends, n-grams over all of the text, CSV, Parquet and the page. `run.json` has the
seconds of each table. Every total is compared: a difference is an error. Seconds of processor time stand beside those on the clock:
on a machine that others use, they alone say much.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import child

os.environ["FRAMESCOPE_CACHE"] = "off"  # scores of earlier runs would make this one look fast

OUTLETS, MONTHS, PER_ARTICLE, GROUP = 24, 24, 40, 100_000
SCORES = ["tone", "tone_negative", "tone_positive", "loaded"]


def stock_of_sentences(draw, size=200_000):
    """Sentences of 6 to 24 invented words whose frequencies fall off as in language."""
    syllables = ["ba", "ko", "ri", "ten", "mal", "su", "dor", "vi", "gan", "lep", "os", "tra"]
    words = np.array(["".join(draw.choice(syllables, draw.integers(1, 5))) + str(n % 7) for n in range(20_000)])
    weights = 1 / (np.arange(len(words)) + 3)
    picked = draw.choice(len(words), size=(size, 24), p=weights / weights.sum())
    return [" ".join(words[row[:n]]).capitalize() + "." for row, n in zip(picked, draw.integers(6, 25, size))]


class Generated:
    """Batches of the sentence table, with the columns and types of the template."""

    def __init__(self, schema, frames, lexicon, seed=11):
        self.schema, self.frames, self.lexicon = schema, frames, lexicon
        self.draw = np.random.default_rng(seed)
        self.texts = pa.array(stock_of_sentences(self.draw))
        self.house = self.draw.uniform(0.05, 0.2, (OUTLETS, len(frames) + 1))

    def batch(self, first, rows):
        draw = self.draw
        at = np.arange(first, first + rows)
        article, index = at // PER_ARTICLE, at % PER_ARTICLE
        outlet, month = article % OUTLETS, article // OUTLETS % MONTHS
        voice = np.where(index == 0, 0, draw.choice(3, rows, p=[0.6, 0.25, 0.15]))
        tokens = draw.integers(6, 25, rows).astype(np.uint32)
        quoted = np.where(voice == 0, 0, np.where(voice == 1, tokens - 2, tokens // 2)).astype(np.uint32)
        tone = draw.dirichlet([1.5, 4, 1], rows).astype(np.float32)
        of = lambda values: pa.array(values)
        text = lambda pattern, values: pa.array([pattern % value for value in values])
        n_terms = draw.poisson(0.25, rows).astype(np.uint32)
        in_quote = (draw.random(n_terms.sum()) < 0.3) & np.repeat(voice > 0, n_terms)
        ends = np.concatenate([[0], np.cumsum(n_terms)]).astype(np.int32)
        columns = {
            "sentence_id": text("a%d", at), "article_id": text("a%d", article), "outlet": text("Outlet %02d", outlet),
            "date": pa.array((np.datetime64("2024-01", "M") + month).astype("datetime64[D]") + article % 28),
            "section": pa.array(np.array(["Politics", "Business", "World"])[article % 3]), "title": text("Title of %d", article),
            "url": text("https://outlet.example/%d", article), "author": text("Author %d", article % 500),
            "agency": pa.nulls(rows, pa.string()), "sentence_index": of(index.astype(np.uint32)), "block": of((index // 3).astype(np.uint32)),
            "part": pa.array(np.where(index == 0, "headline", "body")), "field": pa.array(np.where(index == 0, "title", "text")),
            "start": of((index * 100).astype(np.uint32)), "end": of((index * 100 + 90).astype(np.uint32)),
            "voice": pa.array(np.array(["narration", "quote", "mixed"])[voice]), "indirect_speech": of(draw.random(rows) < 0.1),
            "speaker": pa.nulls(rows, pa.string()), "text": self.texts.take(pa.array(draw.integers(0, len(self.texts), rows))),
            "n_tokens": of(tokens), "n_tokens_quoted": of(quoted), "tone_negative": of(tone[:, 0]), "tone_neutral": of(tone[:, 1]),
            "tone_positive": of(tone[:, 2]), "tone": of(tone[:, 2] - tone[:, 0]),
            "loaded": of(draw.beta(2, 5, rows).astype(np.float32)), "n_terms": of(n_terms),
            "n_terms_quoted": of(np.add.reduceat(np.concatenate([in_quote, [0]]), ends[:-1]).astype(np.uint32) * (n_terms > 0)),
            "top_frame": pa.array(np.array(self.frames)[draw.integers(0, len(self.frames), rows)]),
            "top_frame_share": of(draw.random(rows).astype(np.float32)),
        }
        articles = np.unique(article)
        for number, frame in enumerate(self.frames):
            lean = np.repeat(draw.beta(1, 1 / self.house[articles % OUTLETS, number]), PER_ARTICLE)[:rows]
            columns[f"frame_{frame}"] = of(np.clip(lean * 0.5 + draw.random(rows) * 0.3, 0, 1).astype(np.float32))
        which = draw.integers(0, len(self.lexicon), len(in_quote))
        terms, categories = (np.array(names) for names in zip(*self.lexicon))
        struct = {
            "term": pa.array(terms[which]), "category": pa.array(categories[which]), "strength": pa.array(np.ones(len(which), np.uint32)),
            "start": pa.array(np.zeros(len(which), np.uint32)), "end": pa.array(np.ones(len(which), np.uint32)), "in_quote": of(in_quote),
        }
        inner = self.schema.field("terms").type.value_type
        fields = [pa.field(inner.field(i).name, plain(inner.field(i).type)) for i in range(inner.num_fields)]
        hits = pa.StructArray.from_arrays([struct[field.name].cast(field.type) for field in fields], fields=fields)
        columns["terms"] = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), hits)
        arrays = [columns[field.name] if field.name == "terms" else columns[field.name].cast(plain(field.type)) for field in self.schema]
        return pa.table(arrays, names=self.schema.names)


def plain(kind):
    return pa.large_string() if pa.types.is_dictionary(kind) or pa.types.is_string_view(kind) else kind


def generate(run, template, sentences):
    source = pq.ParquetFile(template / "sentences.parquet")
    manifest = json.loads((template / "run.json").read_text())
    frames = [frame["name"] for frame in manifest["scheme"]["frames"]]
    hits = duckdb.sql(f"SELECT DISTINCT t.term, t.category FROM (SELECT unnest(terms) t FROM '{template}/sentences.parquet') ORDER BY ALL").fetchall()
    (run / "run.json").write_text(json.dumps(manifest))
    made = Generated(source.schema_arrow, frames, hits)
    writer = None
    for first in range(0, sentences, GROUP):
        table = made.batch(first, min(GROUP, sentences - first))
        writer = writer or pq.ParquetWriter(run / "sentences.parquet", table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()
    return manifest, frames


def group_bys(run, manifest, frames, threads):
    """The same totals and ratios; seconds of the whole, of processor time, and the outlet table for the comparison."""
    connection = duckdb.connect()
    connection.execute(f"SET threads={threads}; SET memory_limit='4GB'; SET preserve_insertion_order=false")
    scores = SCORES + [f"frame_{name}" for name in frames]
    cuts = dict(zip(scores[3:], [manifest["thresholds"]["loaded"], *manifest["thresholds"]["frames"]]))
    sums = ", ".join(f"sum({name}::DOUBLE) AS s_{name}" for name in scores)
    hits = ", ".join(f"count(*) FILTER ({name} >= {cut}::FLOAT) AS h_{name}" for name, cut in cuts.items())
    tones = ", ".join(f"count(*) FILTER (tone_{a} > tone_{b} AND tone_{a} > tone_neutral) AS h_tone_{a}" for a, b in [("negative", "positive"), ("positive", "negative")])
    source = f"'{run}/sentences.parquet'"
    started, used = time.time(), processor_seconds(resource.getrusage(resource.RUSAGE_SELF))
    connection.execute(f"""CREATE TABLE sums AS SELECT article_id, any_value(outlet) AS outlet, date_trunc('month', any_value(date)) AS month, part, voice,
        count(*) AS n, sum(n_tokens) AS tokens, sum(n_tokens_quoted) AS quoted, sum(n_terms) AS terms, {sums}, {hits}, {tones}
        FROM {source} GROUP BY article_id, part, voice""")
    means = ", ".join(f"sum(s_{name}) / sum(n) AS mean_{name}" for name in scores)
    shares = ", ".join(f"sum(h_{name}) / sum(n) AS share_{name}" for name in list(cuts) + ["tone_negative", "tone_positive"])
    outlets = connection.execute(f"""SELECT outlet, month, part, voice, count(DISTINCT article_id) AS n_articles, sum(n) AS n_sentences,
        1000 * sum(terms) / sum(tokens) AS rate_terms, {means}, {shares}
        FROM sums GROUP BY GROUPING SETS ((outlet, month), (outlet, month, part), (outlet, month, voice), (outlet, month, part, voice),
        (outlet), (outlet, part), (outlet, voice), (outlet, part, voice))""").to_arrow_table()
    connection.execute(f"""CREATE TABLE hits AS SELECT article_id, any_value(outlet) AS outlet, any_value(month) AS month, part, t.term AS term,
        t.category AS category, count(*) AS n, count(*) FILTER (t.in_quote) AS quoted
        FROM (SELECT article_id, outlet, date_trunc('month', date) AS month, part, unnest(terms) AS t FROM {source}) GROUP BY ALL""")
    connection.execute("SELECT outlet, month, term, category, sum(n), sum(quoted) FROM hits GROUP BY GROUPING SETS ((outlet, month, term, category), (outlet, term, category))").to_arrow_table()
    return time.time() - started, processor_seconds(resource.getrusage(resource.RUSAGE_SELF)) - used, outlets


def processor_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def report(binary, run, threads):
    """Seconds, of processor time, peak resident megabytes."""
    threads = {"RAYON_NUM_THREADS": str(threads), "POLARS_MAX_THREADS": str(threads)}
    status, *measured = child.run([binary, "report", run, "--period", "month"], stdout=subprocess.DEVNULL, env={**os.environ, **threads})
    if status != 0:
        sys.exit("framescope report failed")
    return measured


def compare(run, outlets):
    """Share of DuckDB's numbers found in outlets.parquet within 1e-9; anything else is an error."""
    ours = duckdb.sql(f"SELECT outlet, period, measure, statistic, estimate FROM '{run}/outlets.parquet' WHERE part = 'all' AND voice = 'all'").fetchall()
    ours = {(outlet, period, measure, statistic): value for outlet, period, measure, statistic, value in ours}
    checked = 0
    for row in outlets.to_pylist():
        if row["part"] is not None or row["voice"] is not None:
            continue
        period = row["month"].strftime("%Y-%m") if row["month"] else "all"
        for name, value in row.items():
            kind, _, measure = name.partition("_")
            statistic = {"mean": "mean", "share": "share_sentences", "rate": "rate_per_1000"}.get(kind)
            if statistic:
                other = ours[(row["outlet"], period, measure, statistic)]
                if abs(other - value) > 1e-9 * max(1, abs(value)):
                    sys.exit(f"{row['outlet']} {period} {measure} {statistic}: {other} here, {value} by DuckDB")
                checked += 1
    return checked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/framescope")
    parser.add_argument("--sentences", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, help="keep the generated run here, and use it again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch) / "template"
        subprocess.run([given.binary, "score", "seeds/articles", "-o", str(template), "--engine", "fake", "--quiet"], check=True)
        run = given.folder or Path(scratch) / "run"
        run.mkdir(parents=True, exist_ok=True)
        if not (run / "sentences.parquet").exists():
            generate(run, template, given.sentences)
        manifest = json.loads((run / "run.json").read_text())
        frames = [frame["name"] for frame in manifest["scheme"]["frames"]]
        duck, duck_processor, outlets = group_bys(run, manifest, frames, given.threads)
        seconds, processor, peak = report(given.binary, run, given.threads)
        checked = compare(run, outlets)
        spent = {name: value for name, value in json.loads((run / "run.json").read_text())["seconds"].items() if name.startswith("aggregate")}
    sums = spent.get("aggregate sums", float("nan"))
    result = {"sentences": given.sentences, "duckdb_seconds": round(duck, 1), "duckdb_processor": round(duck_processor, 1), "same_totals_seconds": round(sums, 1), "same_totals_ratio": round(sums / duck, 2),
              "report_seconds": round(seconds, 1), "report_processor": round(processor, 1), "report_ratio": round(seconds / duck, 2), "peak_mb": round(peak), "numbers_compared": checked,
              "seconds": {name: round(value, 1) for name, value in spent.items()}}
    if given.json:
        print(json.dumps(result))
    else:
        print("\n".join(f"{name:24} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
