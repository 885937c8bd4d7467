"""CSV files hold what the Parquet files hold, and a spreadsheet opens them without harm."""

import csv
import datetime
import math
import re

import pandas
import polars
import pytest
from conftest import codebook, parquet_files

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DANGEROUS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How a formula begins (OWASP, "CSV Injection")."""
SIX_DIGITS = 5.000001e-6


def read(path):
    """Header and rows, as text."""
    raw = path.read_bytes()
    assert raw.startswith(BYTE_ORDER_MARK), f"{path.name} has no byte order mark"
    assert not raw[3:].startswith(BYTE_ORDER_MARK)
    lines = csv.reader(raw[3:].decode("utf-8").splitlines(keepends=True), strict=True)
    return next(lines), list(lines)


def pairs(run):
    """CSV and Parquet of the same table."""
    return [(file.with_suffix(".csv"), file) for file in parquet_files(run) if file.stem != "sentences"]


def same_cell(cell, value):
    match value:
        case None:
            return cell == ""
        case bool():
            return cell == ("true" if value else "false")
        case str():
            return cell == ("'" + value if value.startswith(DANGEROUS) else value)
        case datetime.date():
            return cell == value.isoformat() and re.fullmatch(r"\d{4}-\d\d-\d\d", cell)
        case int():
            return cell == str(value)
        case float():
            if math.isnan(value):
                return cell == ""
            return math.isclose(float(cell), value, rel_tol=SIX_DIGITS, abs_tol=0.0)
    raise AssertionError(f"a CSV cell of type {type(value)}")


def assert_same(csv_path, parquet_path):
    table = polars.read_parquet(parquet_path)
    header, rows = read(csv_path)
    assert header == table.columns
    assert len(rows) == table.height > 0
    for row, values in zip(rows, table.iter_rows(), strict=True):
        for name, cell, value in zip(header, row, values, strict=True):
            assert same_cell(cell, value), f"{csv_path.name}, {name}: {cell!r} against {value!r}"


def test_csv_holds_what_parquet_holds(run):
    assert len(pairs(run)) >= 6
    for csv_path, parquet_path in pairs(run):
        assert_same(csv_path, parquet_path)


def test_hostile_csv_holds_what_parquet_holds(hostile):
    for csv_path, parquet_path in pairs(hostile):
        assert_same(csv_path, parquet_path)


def test_no_text_cell_of_a_hostile_run_is_a_formula(hostile):
    book, guarded = codebook(hostile), {}
    for path in sorted(hostile.glob("*.csv")):
        header, rows = read(path)
        for at, name in enumerate(header):
            if book[path.stem][name]["type"] not in ("str", "cat"):
                continue
            cells = [row[at] for row in rows]
            bad = [cell for cell in cells if cell.startswith(DANGEROUS)]
            assert not bad, f"{path.name}, {name}: {bad[0]!r}"
            guarded[f"{path.stem}.{name}"] = sum(cell.startswith("'") and cell[1:].startswith(DANGEROUS) for cell in cells)
    # The collection does put formulas into these, so that the guard had something to do.
    for column in ["articles.article_id", "articles.title", "articles.outlet", "articles.author", "articles.section",
                   "outlets.outlet", "terms.outlet", "terms.category", "contrasts.outlet_a", "contrasts.outlet_b",
                   "trends.outlet", "rejected.id", "rejected.file", "removals.article_id", "removals.text"]:
        assert guarded[column] > 0, f"no formula reached {column}; {guarded}"


def test_parquet_keeps_hostile_text_as_it_is(hostile):
    articles = polars.read_parquet(hostile / "articles.parquet")
    assert articles["title"].str.starts_with("=HYPERLINK").any()
    assert "=cmd|'/c calc'!A1" in articles["outlet"].to_list()
    assert not articles["outlet"].str.starts_with("'=").any()


@pytest.mark.parametrize("name", ["rejected", "removals"])
def test_lists_are_read_as_the_codebook_says(run, book, name):
    header, _ = read(run / f"{name}.csv")
    assert header == list(book[name])


def test_readers_see_the_same_csv(run):
    for csv_path, parquet_path in pairs(run):
        table = polars.read_parquet(parquet_path)
        by_polars = polars.read_csv(csv_path, try_parse_dates=True, infer_schema_length=None)
        by_pandas = pandas.read_csv(csv_path)
        assert by_polars.columns == table.columns == list(by_pandas.columns)
        assert by_polars.height == table.height == len(by_pandas)
        for name, kind in table.schema.items():
            if kind == polars.Date and table[name].null_count() < table.height:
                assert by_polars.schema[name] == polars.Date, name
