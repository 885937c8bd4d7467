#!/usr/bin/env python3
"""Hostile and broken input through the real program, with its CPU time and its memory.

    cargo build --release
    python3 scripts/hostile.py [--binary target/release/framescope] [--only NAME]

Each case is made on the fly (some take a gigabyte of disk), scored with the fake engine, and must end without a panic, within the
bounds of memory and CPU time, with the exit code that its rejected records call for and the named reason in rejected.csv. Prints a
Markdown table; the exit code is 1 where a case fails.
"""

import argparse
import csv
import gzip
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
import zlib

os.environ["FRAMESCOPE_CACHE"] = "off"  # scores of earlier runs would make this one look fast

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benches"))
import child  # noqa: E402

# Nothing here needs more: a record may have 64 MiB, is held raw, decoded, repaired and cut into sentences.
MIB = 1500
SECONDS = 120
SENTENCE = "The harbor council voted late on Monday to keep the ferry running through the winter. "
BINARY = None
GOOD = json.dumps({"id": "good", "title": "A good record", "text": SENTENCE * 3, "source": "Ledger", "date": "2024-05-06"}) + "\n"


def lines(path, count=200):
    with open(path, "w", encoding="utf-8") as out:
        for at in range(count):
            out.write(json.dumps({"id": f"n{at}", "title": f"Number {at}", "text": f"{SENTENCE * 5}Boat {at}.", "source": "Ledger"}) + "\n")


def one_gib_record(folder):
    """One JSON object of a gigabyte on one line, between two good ones."""
    with open(folder / "a.jsonl", "w", encoding="utf-8") as out:
        out.write(GOOD)
        out.write('{"title": "Huge", "text": "')
        for _ in range(1 << 10):
            out.write(SENTENCE * ((1 << 20) // len(SENTENCE)))
        out.write('"}\n')
        out.write(GOOD.replace("good", "after"))


def one_gib_array(folder):
    """A JSON array of a gigabyte on one line, of records with one field more that nobody wants."""
    with open(folder / "a.json", "w", encoding="utf-8") as out:
        blob = "x" * (1 << 20)
        out.write("[")
        for at in range(1 << 10):
            out.write(("," if at else "") + json.dumps({"title": f"Boat {at}", "text": SENTENCE, "raw_html": blob}))
        out.write("]")


def one_gib_unclosed(folder):
    """The same, but the bracket of the first record never closes."""
    with open(folder / "a.json", "w", encoding="utf-8") as out:
        out.write('[{"title": "Open", "text": "')
        for _ in range(1 << 10):
            out.write("x" * (1 << 20))


def csv_open_quote(folder):
    """300 MB of CSV behind a quote that is never closed."""
    with open(folder / "a.csv", "w", encoding="utf-8") as out:
        out.write("title,text\nGood,One sentence stands here.\nBad,\"It opens\n")
        for at in range(3000):
            out.write(f"Row {at},{'word ' * 20_000}\n")


def truncated_gzip(folder):
    lines(folder / "whole.jsonl", 5000)
    packed = gzip.compress((folder / "whole.jsonl").read_bytes())
    (folder / "whole.jsonl").unlink()
    (folder / "a.jsonl.gz").write_bytes(packed[: len(packed) * 2 // 3])


def damaged_gzip(folder):
    lines(folder / "whole.jsonl", 5000)
    packed = bytearray(gzip.compress((folder / "whole.jsonl").read_bytes()))
    (folder / "whole.jsonl").unlink()
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0x55
    (folder / "a.jsonl.gz").write_bytes(packed)


def gzip_bomb(folder):
    """Ten gigabytes of one letter in ten megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with open(folder / "a.csv.gz", "wb") as out:
        out.write(packer.compress(b"title,text\nGood,One sentence stands here.\nBomb,"))
        block = b"x" * (1 << 20)
        for _ in range(10 << 10):
            out.write(packer.compress(block))
        out.write(packer.flush())
    (folder / "good.jsonl").write_text(GOOD)


def gzip_bomb_of_lines(folder):
    """Sixteen gigabytes of good records: one gzip member of 64 MiB, many times over."""
    member = packed(b"", (GOOD * (1 + (1 << 20) // len(GOOD))).encode(), 64)
    with open(folder / "a.jsonl.gz", "wb") as out:
        for _ in range(256):
            out.write(member)


def packed(start, block, times):
    """Gzip of a start and many blocks, without holding them: a child's peak memory counts that of its parent at the fork."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(start), *(packer.compress(block) for _ in range(times)), packer.flush()])


def nested_bomb(folder):
    """Gzip in gzip in gzip."""
    inner = packed(b"", b"x" * (1 << 20), 256)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(gzip.compress(inner, 9), 9))
    (folder / "good.jsonl").write_text(GOOD)


def warc_bomb(folder):
    """A page in a WARC whose body unpacks to a gigabyte."""
    body = packed(b"<html><body><p>", b"word " * (200 << 10), 1 << 10)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    (folder / "a.warc").write_bytes(warc("response", head + body))
    (folder / "good.jsonl").write_text(GOOD)


def warc(kind, content, length=None):
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://www.ledger.example.com/a\r\nContent-Type: application/http; msgtype=response\r\n"
    return f"{head}Content-Length: {len(content) if length is None else length}\r\n\r\n".encode() + content + b"\r\n\r\n"


def page(title):
    text = "".join(f"<p>{SENTENCE}It is {title}.</p>" for _ in range(6))
    html = f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html.encode()


def warc_lengths(folder):
    """Too short, too long, absurd, negative, none."""
    records = [warc("response", page("One")), warc("response", page("Two"), 100), warc("response", page("Three"), len(page("Three")) + 5000),
               warc("response", page("Four")), warc("response", page("Five"), -1), warc("response", page("Six")), warc("response", page("Seven"), 1 << 60)]
    (folder / "a.warc").write_bytes(b"".join(records))


def nuls(folder):
    (folder / "a.csv").write_bytes(b"title,text\nGood,One\x00 sentence \x00stands here.\n" + b"\x00" * (8 << 20) + b"\nAfter,It goes on.\n")
    (folder / "b.txt").write_bytes(b"\x00" * (4 << 20))
    (folder / "c.jsonl").write_bytes(GOOD.encode() + b"\x00" * (1 << 20) + b"\n")


def long_article(folder):
    """Ten million characters in one record."""
    text = (SENTENCE + "“We were told nothing,” said Ed Moss. ") * (10_000_000 // 124 + 1)
    (folder / "a.jsonl").write_text(json.dumps({"title": "Long", "text": text}) + "\n" + GOOD)


def long_line(folder):
    """The same without a sentence's end, a space or a line break."""
    (folder / "a.jsonl").write_text(json.dumps({"title": "Long", "text": "x" * 10_000_000}) + "\n" + GOOD)


def just_short_enough(folder):
    """The longest article that is taken: two million characters."""
    text = (SENTENCE + "“We were told nothing,” said Ed Moss. ") * (1_990_000 // 124)
    (folder / "a.jsonl").write_text(json.dumps({"title": "Long", "text": text}) + "\n" + GOOD)


def deep_html(folder):
    (folder / "a.html").write_text("<div>" * 200_000 + "deep")
    (folder / "b.html").write_text("<html><body><p>" + SENTENCE + "<b>" * 400 + "</body></html>")
    (folder / "c.html").write_bytes(b"<html><body>" + b"<p>one two three " * (1 << 21))
    (folder / "good.jsonl").write_text(GOOD)


def deep_json(folder):
    (folder / "a.json").write_text("[" * 5_000_000)
    (folder / "b.jsonl").write_text('{"a":' * 500_000 + "1" + "}" * 500_000 + "\n" + GOOD)


def xml_bomb(folder):
    entities = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10 if at else "lol" * 10}">' for at in range(10))
    (folder / "a.xml").write_text(f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]><rss><channel><item><title>Bomb &e9;</title><description>{SENTENCE}</description></item></channel></rss>')


def parquet_damage(folder):
    (folder / "a.parquet").write_bytes(b"PAR1" + os.urandom(1 << 16) + b"\xff\xff\xff\x7fPAR1")
    (folder / "good.jsonl").write_text(GOOD)


def sqlite_damage(folder):
    database = sqlite3.connect(folder / "a.db")
    database.execute("create table newsdata(id text, title text, content text, source text)")
    database.executemany("insert into newsdata values(?,?,?,?)", [(str(at), f"Number {at}", SENTENCE * 20, "Ledger") for at in range(3000)])
    database.commit()
    database.close()
    content = bytearray((folder / "a.db").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = os.urandom(20_000)
    (folder / "a.db").write_bytes(content)
    (folder / "good.jsonl").write_text(GOOD)


def archive_in_disguise(folder):
    """A ZIP archive under the name of a table, as spreadsheets are saved; and one under its own name."""
    for name in ("a.csv", "b.zip"):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", "title,text\n" + "x" * (1 << 26))
    (folder / "good.jsonl").write_text(GOOD)


def parquet_without_text(folder):
    """A Parquet table with neither title nor text: the outlets of a run."""
    (folder / "good.jsonl").write_text(GOOD)
    score(BINARY, folder, folder / "run")
    (folder / "run/outlets.parquet").rename(folder / "a.parquet")
    shutil.rmtree(folder / "run")
    (folder / "run.log").unlink()


def links(folder):
    """Links that lead round in a circle, to the same file, and nowhere."""
    (folder / "in").mkdir()
    (folder / "in/a.jsonl").write_text(GOOD)
    (folder / "in/loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "again.jsonl").symlink_to(folder / "in/a.jsonl")
    (folder / "nowhere.jsonl").symlink_to(folder / "missing.jsonl")


def duplicates(folder):
    with open(folder / "a.jsonl", "w", encoding="utf-8") as out:
        for at in range(30_000):
            out.write(json.dumps({"id": "same", "title": "Same", "text": f"{SENTENCE}Boat {at % 15_000}."}) + "\n")


def many_columns(folder):
    """A hundred thousand keys in every record."""
    record = {f"key{at}": at for at in range(100_000)}
    with open(folder / "a.jsonl", "w", encoding="utf-8") as out:
        for at in range(20):
            out.write(json.dumps({"title": f"Number {at}", "text": SENTENCE, **{f"{at}{key}": value for key, value in record.items()}}) + "\n")


def wrong_names(folder):
    """What is called one thing and is another."""
    (folder / "a.parquet").write_text(GOOD)
    (folder / "b.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(100_000))
    (folder / "c.jsonl").write_text("title,text\nA,One sentence.\n")
    (folder / "d.db").write_text("no database")
    (folder / "e.warc.gz").write_bytes(os.urandom(5000))
    (folder / "f.xml").write_text("<rss><channel><item><title>A</b></item>")
    (folder / "g.jsonl").write_text(GOOD)


# Name, maker, reasons that rejected.csv must hold (each), articles that must be scored.
CASES = [
    ("1 GB record on one line", one_gib_record, ["record_too_large"], 2),
    ("1 GB array on one line", one_gib_array, [], 1024),
    ("1 GB array, first record never closes", one_gib_unclosed, ["record_too_large"], 0),
    ("CSV with an open quote, 300 MB", csv_open_quote, ["bad_row"], 3001),
    ("truncated gzip", truncated_gzip, ["truncated"], 2000),
    ("damaged gzip", damaged_gzip, ["corrupt"], 1000),
    ("gzip bomb, 10 GB", gzip_bomb, ["decompression_bomb"], 1),
    ("gzip bomb of lines, 16 GB", gzip_bomb_of_lines, ["decompression_bomb", "duplicate_record"], 1),
    ("gzip in gzip in gzip", nested_bomb, ["unknown_format"], 1),
    ("WARC page that unpacks to 1 GB", warc_bomb, ["record_too_large"], 1),
    ("WARC with wrong lengths", warc_lengths, ["truncated"], 6),
    ("NULs", nuls, ["bad_row"], 3),
    ("article of 10 million characters", long_article, ["article_too_long"], 1),
    ("10 million characters without a space", long_line, ["article_too_long"], 1),
    ("article of 2 million characters", just_short_enough, [], 2),
    ("deep and wide HTML", deep_html, ["no_main_text", "record_too_large"], 2),
    ("deep JSON", deep_json, ["truncated"], 1),
    ("XML entity bomb", xml_bomb, [], 1),
    ("damaged Parquet", parquet_damage, ["corrupt"], 1),
    ("Parquet without title and text", parquet_without_text, ["no_text_column"], 1),
    ("damaged SQLite", sqlite_damage, ["corrupt"], 1000),
    ("ZIP archive named .csv", archive_in_disguise, ["unknown_format"], 1),
    ("links in a circle", links, ["duplicate_file", "unreadable"], 1),
    ("30,000 records with one id", duplicates, ["duplicate_record"], 15_000),
    ("100,000 columns a record", many_columns, [], 20),
    ("wrong names", wrong_names, ["corrupt", "bad_row"], 1),
]


def score(binary, folder, output):
    """Exit code, CPU seconds, peak MiB, stderr."""
    command = [binary, "score", folder, "-o", output, "--engine", "fake", "--resamples", "100", "--quiet"]
    with open(output.with_suffix(".log"), "wb") as log:
        status, _, seconds, peak = child.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)
    return status, seconds, peak, output.with_suffix(".log").read_text(errors="replace")


def judge(case, code, seconds, mib, log, output):
    """What is wrong with how it ended."""
    _, _, wanted, articles = case
    wrong = []
    if "panicked" in log or code not in (0, 1, 2):
        wrong.append(f"ended with {code}: {log.strip()[-300:]}")
    if seconds > SECONDS:
        wrong.append(f"{seconds:.0f} s")
    if mib > MIB:
        wrong.append(f"{mib:.0f} MiB")
    reasons, scored = {}, 0
    if (output / "rejected.csv").is_file():
        csv.field_size_limit(1 << 30)
        with open(output / "rejected.csv", newline="", encoding="utf-8-sig") as rows:
            for row in csv.DictReader(rows):
                reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    if (output / "run.json").is_file():
        scored = json.loads((output / "run.json").read_text())["counts"]["articles"]
    elif articles:
        wrong.append(f"no run: {log.strip()[-300:]}")
    wrong += [f"no {reason} in rejected.csv" for reason in wanted if reason not in reasons and articles]
    wrong += [f"\"{reason}\" is not said" for reason in wanted if not articles and reason not in log and reason not in reasons]
    if scored < articles:
        wrong.append(f"{scored} articles scored, {articles} are good")
    return wrong, reasons, scored


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", default=ROOT / "target/release/framescope", type=pathlib.Path)
    arguments.add_argument("--only", default="")
    given = arguments.parse_args()
    global BINARY
    BINARY = given.binary
    failures = 0
    print("| input | scored | rejected, by reason | CPU seconds | peak MiB |\n|---|---|---|---|---|")
    for case in CASES:
        name, make, _, _ = case
        if given.only not in name:
            continue
        scratch = pathlib.Path(tempfile.mkdtemp())
        try:
            folder, output = scratch / "in", scratch / "run"
            folder.mkdir()
            make(folder)
            code, seconds, mib, log = score(given.binary, folder, output)
            wrong, reasons, scored = judge(case, code, seconds, mib, log, output)
        finally:
            shutil.rmtree(scratch)
        said = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())) or "none"
        print(f"| {name} | {scored:,} | {said} | {seconds:.1f} | {mib:.0f} |", flush=True)
        for one in wrong:
            failures += 1
            print(f"  WRONG: {one}", file=sys.stderr, flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
