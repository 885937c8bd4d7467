"""Where the run under test is, and what its codebook promises."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TABLES = ["sentences", "articles", "outlets", "terms", "contrasts", "trends", "distinctive", "same_story"]
"""Tables that every run has; more may come."""


def run_folder():
    folder = pathlib.Path(os.environ.get("FRAMESCOPE_RUN", ROOT / "output/demo")).resolve()
    if not (folder / "run.json").is_file():
        sys.exit(f"{folder} is no finished run: framescope score seeds/articles -o output/demo, or set FRAMESCOPE_RUN")
    return folder


def parquet_files(folder):
    return sorted(folder.glob("*.parquet"))


def codebook(folder):
    """Table → column → what codebook.json says of it."""
    book = json.loads((folder / "codebook.json").read_text(encoding="utf-8"))
    return {table["table"]: {column["name"]: column for column in table["columns"]} for table in book["tables"]}


def pytest_generate_tests(metafunc):
    if "parquet" in metafunc.fixturenames:
        files = parquet_files(run_folder())
        metafunc.parametrize("parquet", files, ids=[file.stem for file in files])


@pytest.fixture(scope="session")
def run():
    return run_folder()


@pytest.fixture(scope="session")
def book(run):
    return codebook(run)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A run over the hostile collection, made by the program itself."""
    binary = pathlib.Path(os.environ.get("FRAMESCOPE", ROOT / "target/release/framescope"))
    if not binary.is_file():
        sys.exit(f"{binary} is not there: cargo build --release, or set FRAMESCOPE to the program's path")
    folder = tmp_path_factory.mktemp("hostile")
    subprocess.run([sys.executable, ROOT / "tests/hostile/make.py", folder], check=True)
    command = [binary.resolve(), "score", "=articles+.jsonl", "-o", "run", "--frames", "scheme.toml", "--lexicon", "terms.tsv"]
    environment = {**os.environ, "FRAMESCOPE_MODELS": str(ROOT / "models")}
    done = subprocess.run([*command, "--quiet"], cwd=folder, env=environment, capture_output=True, text=True)
    # 1: something was rejected, as it has to be.
    assert done.returncode == 1, done.stdout + done.stderr
    return folder / "run"
