//! Runs the program, and writes small collections of our own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polars::prelude::*;

/// A command of the program under test, from the repository's root, with no colours, and neither settings nor cache of the user's.
pub fn framescope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_framescope"));
    command.current_dir(root()).args(args).env("NO_COLOR", "1").env_remove("FRAMESCOPE_MODELS");
    command.env("FRAMESCOPE_CACHE", "off");
    command
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs to the end; what it printed and how it ended.
pub fn run(args: &[&str]) -> Output {
    framescope(args).output().expect("the program starts")
}

/// Runs with the fake engine into `output`, asserting the exit code.
#[track_caller]
pub fn score(inputs: &[&str], output: &Path, more: &[&str], code: i32) -> Output {
    let output_path = output.display().to_string();
    let mut args = vec!["score"];
    args.extend(inputs);
    args.extend(["-o", &output_path, "--engine", "fake", "--resamples", "100"]);
    args.extend(more);
    let done = run(&args);
    assert_eq!(done.status.code(), Some(code), "{}\n{}", stdout(&done), stderr(&done));
    done
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn table(path: &Path) -> DataFrame {
    ParquetReader::new(std::fs::File::open(path).expect("the table is there")).finish().expect("a Parquet file")
}

pub fn texts(table: &DataFrame, column: &str) -> Vec<Option<String>> {
    table.column(column).unwrap().str().unwrap().iter().map(|value| value.map(str::to_owned)).collect()
}

/// Files of a run that must not depend on when, how often interrupted or on how many threads it was made.
pub const TABLES: &[&str] = &[
    "sentences.parquet",
    "articles.parquet",
    "articles.csv",
    "outlets.parquet",
    "outlets.csv",
    "terms.parquet",
    "terms.csv",
    "contrasts.parquet",
    "contrasts.csv",
    "same_story.parquet",
    "same_story.csv",
    "rejected.csv",
    "removals.csv",
    "codebook.json",
];

#[track_caller]
pub fn assert_same_tables(a: &Path, b: &Path) {
    for name in TABLES {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(read(a) == read(b), "{name} differs");
    }
}

/// A JSON Lines file in `folder`.
pub fn collection(folder: &Path, name: &str, records: &[serde_json::Value]) -> PathBuf {
    let path = folder.join(name);
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&path, lines).unwrap();
    path
}
