#!/usr/bin/env python3
"""Read, clean and segment on one core, against Python on the same files.

    cargo build --release --example prepare
    pip install pysbd==0.3.4 trafilatura==2.3.1 lxml_html_clean
    python3 benches/reading.py [--jsonl FILE] [--html FOLDER]

JSON Lines: framescope reads, cleans and segments; Python reads each line with `json` and segments its text with pySBD, and does
no cleaning. HTML pages: framescope extracts the main text and the metadata, cleans and segments; Python extracts the main text
with trafilatura and segments it with pySBD. Heavy pages are the same pages with what served ones carry besides: inline scripts and
styles, a menu, a list of other stories, a footer, 90 KB in all. Both run alone on the first core (`taskset`), each three times; the least CPU time
counts, which other work on the machine disturbs less than the clock; program start included. Without --jsonl and --html the files are our own: the sample articles and the HTML fixtures, repeated
under other names (nothing in the program remembers a text that it has met).
"""

import argparse
import glob
import json
import os
import pathlib
import re
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
    for copy in range(100):
        for name in glob.glob(str(ROOT / "tests/fixtures/html*/*.html")):
            source = pathlib.Path(name)
            (pages / f"{copy:03}-{source.parent.name}-{source.name}").write_bytes(source.read_bytes())
    return pages


def heavy_html(folder, pages):
    """Some of the pages with the furniture of served ones around them."""
    heavy = folder / "heavy"
    heavy.mkdir()
    each = lambda form, count: "".join(form.format(n=n) for n in range(count))
    head = "<script>" + each("window.q{n}=function(a,b){{for(var i=0;i<b;i++)if(a<b&&b>{n})return a+'x{n}';return{{k:{n},v:[1,2,3]}}}};", 500) + "</script>"
    head += "<style>" + each(".c-{n}__item--wide>li:not(.is-{n}){{margin:0 {n}px;color:#{n:06x}}}", 300) + "</style>"
    item = '<li class="site-nav__item"><a class="site-nav__link" href="/section/{n}" data-track="nav-{n}"><span>Section {n}</span></a></li>'
    menu = f'<nav class="site-nav"><ul>{each(item, 120)}</ul></nav>'
    card = '<li class="card"><a href="/story/{n}"><img src="/i/{n}.jpg" alt=""><h3 class="card__title">Another story, number {n} of the day</h3></a></li>'
    foot = f'<div class="more-stories"><ul>{each(card, 60)}</ul></div><footer>' + each('<a href="/about/{n}">About {n}</a>', 60) + "</footer>"
    for page in sorted(pages.iterdir())[:1952]:
        text = page.read_text(encoding="utf-8", errors="replace")
        text = re.sub("(?i)</head>", lambda end: head + end[0], text, count=1)
        text = re.sub("(?i)<body[^>]*>", lambda body: body[0] + menu, text, count=1)
        text = re.sub("(?i)</body>", lambda end: foot + end[0], text, count=1)
        (heavy / page.name).write_text(text, encoding="utf-8")
    return heavy


def row(label, account, input_bytes):
    seconds, articles = account["cpu"], account["articles"]
    return f"| {label} | {articles:,} | {account['sentences']:,} | {seconds:.2f} | {input_bytes / seconds / 1e6:.2f} | {articles / seconds:,.0f} |"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", default=ROOT / "target/release/examples/prepare", type=pathlib.Path)
    arguments.add_argument("--jsonl", type=pathlib.Path)
    arguments.add_argument("--html", type=pathlib.Path)
    arguments.add_argument("--python-limit", type=int, default=600, help="articles that Python reads of each, at most; 0 for all")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        jsonl, html = given.jsonl or sample_jsonl(scratch), given.html or sample_html(scratch)
        heavy = heavy_html(scratch, html)
        size = {"jsonl": jsonl.stat().st_size}
        size |= {pages: sum(page.stat().st_size for page in pages.iterdir()) for pages in (html, heavy)}
        print("| input | articles | sentences | CPU seconds | MB/s of input | articles/s |\n|---|---|---|---|---|---|")
        kinds = [("JSON Lines", "jsonl", jsonl, "json + pySBD"), ("HTML pages", "html", html, "trafilatura + pySBD")]
        for name, kind, path, python in [*kinds, ("heavy HTML pages", "html", heavy, "trafilatura + pySBD")]:
            ours = on_one_core([given.binary, path])
            theirs = on_one_core([sys.executable, "-c", PYTHON, kind, path, given.python_limit])
            whole = size["jsonl" if kind == "jsonl" else path]
            print(row(f"{name}: framescope", ours, whole))
            print(row(f"{name}: {python}", theirs, whole * theirs["articles"] / max(1, ours["articles"] + ours["rejected"])))
            ratio = (ours["articles"] / ours["cpu"]) / (theirs["articles"] / theirs["cpu"])
            stages = ", ".join(f"{stage} {ours[stage]:.2f} s" for stage in ("set_up", "read", "clean", "segment"))
            print(f"| {name}: ratio in articles/s | {ratio:.0f} × | ({stages}) | | | |")


if __name__ == "__main__":
    main()
