#!/usr/bin/env python3
"""Read, clean and segment on one core, against Python on the same files.

    cargo build --release --example prepare
    pip install pysbd==0.3.4 trafilatura==2.3.1 lxml_html_clean
    python3 benches/reading.py [--jsonl FILE] [--html FOLDER]

JSON Lines: framescope reads, cleans and segments; Python reads each line with `json` and segments its text with pySBD, and does
no cleaning. HTML pages: framescope extracts the main text and the metadata, cleans and segments; Python extracts the main text
with trafilatura and segments it with pySBD. Both run alone on the first core (`taskset`), each three times; the least CPU time
counts, which other work on the machine disturbs less than the clock; program start included. Without --jsonl and --html the files are our own: the sample articles and the HTML fixtures, repeated
under other names (nothing in the program remembers a text that it has met).
"""

import argparse
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = r"""
import gzip, json, os, sys, time
kind, path, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
started = time.perf_counter()
import pysbd
segmenter = pysbd.Segmenter(language="en", clean=False)
def texts():
    if kind == "jsonl":
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield record.get("title") or "", record.get("text") or ""
    else:
        import trafilatura
        for name in sorted(os.listdir(path)):
            with open(os.path.join(path, name), "rb") as page:
                yield "", trafilatura.extract(page.read()) or ""
articles = sentences = size = 0
for title, text in texts():
    for part in (title, text):
        # Line by line, as pySBD's own documentation advises for long texts; a whole article at once is slower still.
        for line in part.splitlines():
            if line.strip():
                sentences += len(segmenter.segment(line))
    articles += 1
    size += len(title.encode()) + len(text.encode())
    if articles == limit:
        break
print(json.dumps({"articles": articles, "sentences": sentences, "text_bytes": size, "seconds": time.perf_counter() - started}))
"""


def on_one_core(command):
    """What the command printed, with its CPU seconds: the least of three runs."""
    best = None
    for _ in range(3):
        child = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=subprocess.PIPE, text=True)
        account = json.loads(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{command[0]} failed")
        account["cpu"] = usage.ru_utime + usage.ru_stime
        if best is None or account["cpu"] < best["cpu"]:
            best = account
    return best


def sample_jsonl(folder):
    """The sample articles, forty times, under ids of their own."""
    path = folder / "articles.jsonl"
    records = []
    for name in sorted(glob.glob(str(ROOT / "seeds/articles/*.jsonl"))):
        with open(name, encoding="utf-8") as lines:
            records += [json.loads(line) for line in lines]
    with open(path, "w", encoding="utf-8") as out:
        for copy in range(40):
            for at, record in enumerate(records):
                out.write(json.dumps({**record, "id": f"{copy}-{at}"}, ensure_ascii=False) + "\n")
    return path


def sample_html(folder):
    pages = folder / "pages"
    pages.mkdir()
    for copy in range(20):
        for name in glob.glob(str(ROOT / "tests/fixtures/html*/*.html")):
            source = pathlib.Path(name)
            (pages / f"{copy:02}-{source.parent.name}-{source.name}").write_bytes(source.read_bytes())
    return pages


def row(label, account, input_bytes):
    seconds, articles = account["cpu"], account["articles"]
    return f"| {label} | {articles:,} | {account['sentences']:,} | {seconds:.2f} | {input_bytes / seconds / 1e6:.2f} | {articles / seconds:,.0f} |"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", default=ROOT / "target/release/examples/prepare", type=pathlib.Path)
    arguments.add_argument("--jsonl", type=pathlib.Path)
    arguments.add_argument("--html", type=pathlib.Path)
    arguments.add_argument("--python-limit", type=int, default=0, help="articles that Python reads of the JSON Lines, at most")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        jsonl, html = given.jsonl or sample_jsonl(scratch), given.html or sample_html(scratch)
        size = {"jsonl": jsonl.stat().st_size, "html": sum(page.stat().st_size for page in html.iterdir())}
        print("| input | articles | sentences | CPU seconds | MB/s of input | articles/s |\n|---|---|---|---|---|---|")
        for kind, path, python in [("jsonl", jsonl, "json + pySBD"), ("html", html, "trafilatura + pySBD")]:
            ours = on_one_core([given.binary, path])
            theirs = on_one_core([sys.executable, "-c", PYTHON, kind, path, given.python_limit])
            print(row(f"{kind}: framescope", ours, size[kind]))
            print(row(f"{kind}: {python}", theirs, size[kind] * theirs["articles"] / max(1, ours["articles"] + ours["rejected"])))
            ratio = (ours["articles"] / ours["cpu"]) / (theirs["articles"] / theirs["cpu"])
            stages = ", ".join(f"{stage} {ours[stage]:.2f} s" for stage in ("set_up", "read", "clean", "segment"))
            print(f"| {kind}: ratio in articles/s | {ratio:.0f} × | ({stages}) | | | |")


if __name__ == "__main__":
    main()
