"""Every Parquet table opens in polars, pandas, pyarrow, DuckDB and R's arrow, with the types and the words of the codebook."""

import json
import pathlib
import shutil
import subprocess

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from conftest import TABLES

ARROW_TYPES = {
    "bool": pyarrow.types.is_boolean,
    "date": pyarrow.types.is_date32,
    "f32": pyarrow.types.is_float32,
    "f64": pyarrow.types.is_float64,
    "i32": pyarrow.types.is_int32,
    "i64": pyarrow.types.is_int64,
    "u32": pyarrow.types.is_uint32,
    "u64": pyarrow.types.is_uint64,
}
"""The codebook's type → the Arrow type that a reader has to find."""

DATES = {"date", "period_start", "first_date", "last_date"}

TERM = {"term": "text", "category": "text", "strength": "u32", "start": "u32", "end": "u32", "in_quote": "bool"}
"""One element of the list `terms`."""


def is_text(kind):
    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    return pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind)


def is_list(kind):
    return pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)


def fits(promised, kind):
    if promised in ("str", "cat"):
        return is_text(kind)
    if promised.startswith("list[struct["):
        return is_list(kind) and pyarrow.types.is_struct(kind.value_type)
    return ARROW_TYPES[promised](kind)


def quoted(path):
    return "'" + str(path).replace("'", "''") + "'"


def test_every_table_of_the_contract_is_there(run):
    missing = [name for name in TABLES if not (run / f"{name}.parquet").is_file()]
    assert not missing


def test_types_are_those_of_the_codebook(parquet, book):
    schema = pyarrow.parquet.read_schema(parquet)
    promised = book[parquet.stem]
    assert schema.names == list(promised)
    wrong = {field.name: (promised[field.name]["type"], str(field.type)) for field in schema
             if not fits(promised[field.name]["type"], field.type)}
    assert not wrong


def test_dates_are_dates_and_counts_are_counts(parquet):
    schema = pyarrow.parquet.read_schema(parquet)
    for field in schema:
        if field.name in DATES:
            assert pyarrow.types.is_date32(field.type), field
        if field.name.startswith("n_") or field.name in ("count", "count_rest"):
            assert pyarrow.types.is_unsigned_integer(field.type), field
        if field.name in ("small_cell", "indirect_speech"):
            assert pyarrow.types.is_boolean(field.type), field
        if field.name.startswith("frame_") or field.name in ("estimate", "ci_low", "ci_high", "q", "tone"):
            assert pyarrow.types.is_floating(field.type), field


def test_terms_are_lists_of_structs(run):
    kind = pyarrow.parquet.read_schema(run / "sentences.parquet").field("terms").type
    assert is_list(kind)
    fields = {field.name: field.type for field in kind.value_type}
    assert list(fields) == list(TERM)
    for name, promised in TERM.items():
        assert is_text(fields[name]) if promised == "text" else ARROW_TYPES[promised](fields[name]), name


def test_metadata_says_what_the_codebook_says(parquet, book):
    metadata = {key.decode(): value.decode() for key, value in pyarrow.parquet.read_metadata(parquet).metadata.items()}
    described = json.loads(metadata["framescope.columns"])
    promised = {name: {key: column[key] for key in ("unit", "range", "meaning")}
                for name, column in book[parquet.stem].items()}
    assert described == promised
    assert all(text for column in described.values() for text in column.values())
    assert metadata["framescope.row"] and metadata["framescope.meaning"] and metadata["framescope.version"]
    assert int(metadata["framescope.schema_version"]) >= 1


def test_duckdb_reads_the_metadata(parquet, book):
    rows = duckdb.sql(f"select value from parquet_kv_metadata({quoted(parquet)}) where key = 'framescope.columns'")
    assert set(json.loads(bytes(rows.fetchall()[0][0]))) == set(book[parquet.stem])


def test_polars_reads_the_metadata(parquet, book):
    assert set(json.loads(polars.read_parquet_metadata(parquet)["framescope.columns"])) == set(book[parquet.stem])


def test_all_readers_agree(parquet):
    arrow = pyarrow.parquet.read_table(parquet)
    assert arrow.num_rows > 0
    by_polars = polars.read_parquet(parquet)
    assert by_polars.equals(polars.from_arrow(arrow))
    by_duckdb = duckdb.sql(f"select * from {quoted(parquet)}").pl()
    assert by_duckdb.columns == by_polars.columns
    assert by_duckdb.cast(by_polars.schema).equals(by_polars)
    by_pandas = pandas.read_parquet(parquet, dtype_backend="pyarrow")
    assert polars.from_pandas(by_pandas).cast(by_polars.schema).equals(by_polars)
    plain = pandas.read_parquet(parquet)
    assert plain.shape == by_polars.shape
    assert polars.scan_parquet(parquet).select(polars.len()).collect().item() == arrow.num_rows


def test_duckdb_types(parquet, book):
    described = duckdb.sql(f"describe select * from {quoted(parquet)}").fetchall()
    kinds = {"str": "VARCHAR", "bool": "BOOLEAN", "date": "DATE", "f32": "FLOAT", "f64": "DOUBLE", "i32": "INTEGER",
             "i64": "BIGINT", "u32": "UINTEGER", "u64": "UBIGINT"}
    for name, kind, *_ in described:
        promised = book[parquet.stem][name]["type"]
        if promised.startswith("list[struct["):
            assert kind.startswith("STRUCT(") and kind.endswith("[]"), (name, kind)
        else:
            assert kind == kinds[promised], name


def test_terms_unnest_to_the_counted_number(run):
    sentences = run / "sentences.parquet"
    counted = pyarrow.parquet.read_table(sentences, columns=["n_terms"])["n_terms"].to_pylist()
    assert sum(counted) > 0
    unnested = duckdb.sql(f"select unnest(terms, recursive := true) from {quoted(sentences)}").pl()
    assert unnested.height == sum(counted)
    exploded = polars.read_parquet(sentences).filter(polars.col("n_terms") > 0).explode("terms").unnest("terms", separator=".")
    assert exploded.height == sum(counted)
    nested = pandas.read_parquet(sentences)
    assert [len(terms) for terms in nested["terms"]] == counted
    # A term's offsets are bytes of the sentence.
    for text, start, end in exploded.select("text", "terms.start", "terms.end").iter_rows():
        assert text.encode()[start:end].decode().strip()


def test_numbers_are_finite_and_in_range(run):
    sentences = polars.read_parquet(run / "sentences.parquet")
    for name in [name for name in sentences.columns if name.startswith("frame_")] + ["loaded", "tone_negative"]:
        column = sentences[name]
        assert column.null_count() == 0 and column.is_finite().all() and column.is_between(0, 1).all(), name
    outlets = polars.read_parquet(run / "outlets.parquet")
    with_interval = outlets.drop_nulls(["ci_low", "ci_high"])
    assert with_interval.height > 0
    inside = with_interval.filter(polars.col("estimate").is_between(polars.col("ci_low"), polars.col("ci_high")))
    assert inside.height == with_interval.height


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_arrow(run):
    script = pathlib.Path(__file__).with_name("open.R")
    done = subprocess.run(["Rscript", "--vanilla", script, run], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("R's package arrow is not installed")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_csv(run):
    script = pathlib.Path(__file__).with_name("read_csv.R")
    done = subprocess.run(["Rscript", "--vanilla", script, run], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
