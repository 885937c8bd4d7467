//! A file of examples as records: the wanted columns of each row, whatever the format.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use super::{delimited, json_lines, parquet};
use crate::error::{Error, Result, nearest};

/// A column to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub column: &'a str,
    /// The flag that renames it, for the message when it is missing.
    pub flag: &'static str,
    /// A missing column is an error; else its cells are null.
    pub required: bool,
    /// Cells may hold lists.
    pub list: bool,
}

/// One row: its number (from 1; the line in JSON Lines, the row below the header elsewhere) and the wanted cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub row: u64,
    pub cells: Vec<Value>,
}

/// Reads the wanted columns of JSON Lines, CSV, TSV (all also `.gz` or `.zst`) or Parquet.
pub(super) fn read(path: &Path, wanted: &[Wanted<'_>]) -> Result<Vec<Record>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
    match plain.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "jsonl" | "ndjson" | "json" => json_lines::read(path, open(path, &name)?, wanted),
        "csv" => delimited::read(path, open(path, &name)?, b',', wanted),
        "tsv" | "tab" => delimited::read(path, open(path, &name)?, b'\t', wanted),
        "parquet" | "pq" if plain == name => parquet::read(path, wanted),
        _ => {
            let reason = "is none of .jsonl, .csv, .tsv (each also .gz or .zst) and .parquet".into();
            Err(Error::Input { path: path.into(), reason })
        }
    }
}

fn open(path: &Path, name: &str) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).map_err(Error::io(path))?;
    Ok(match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "gz" => Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file))),
        "zst" => Box::new(BufReader::new(zstd::Decoder::new(file).map_err(Error::io(path))?)),
        _ => Box::new(BufReader::new(file)),
    })
}

/// Says which column is missing, which there are, and how to name the right one.
pub(super) fn missing<'a>(path: &Path, wanted: &Wanted<'_>, present: impl Iterator<Item = &'a str>) -> Error {
    let present: Vec<&str> = present.collect();
    let near = nearest(wanted.column, present.iter().copied());
    let hint = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
    let there = if present.is_empty() { "no columns".into() } else { present.join(", ") };
    let reason =
        format!("no column \"{}\"{hint}; it has {there}; name the right one with {}", wanted.column, wanted.flag);
    Error::Input { path: path.into(), reason }
}
