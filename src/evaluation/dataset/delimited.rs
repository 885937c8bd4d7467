//! CSV and TSV with a header line.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::columns::{Record, Wanted, missing};
use crate::error::{Error, Result};

pub(super) fn read(path: &Path, input: impl Read, delimiter: u8, wanted: &[Wanted<'_>]) -> Result<Vec<Record>> {
    let fail = |e: csv::Error| Error::Input { path: path.into(), reason: e.to_string() };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(input);
    let header = reader.headers().map_err(fail)?.clone();
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let places: Vec<Option<usize>> = wanted.iter().map(|w| names.iter().position(|name| *name == w.column)).collect();
    if let Some((w, _)) = wanted.iter().zip(&places).find(|(w, place)| w.required && place.is_none()) {
        return Err(missing(path, w, names.iter().copied()));
    }
    let cell = |text: &str| match text.trim() {
        "" => Value::Null,
        // A list of labels as JSON writes it.
        list if list.starts_with('[') => serde_json::from_str(list).unwrap_or_else(|_| text.into()),
        _ => text.into(),
    };
    (1..)
        .zip(reader.records())
        .map(|(row, record)| {
            let record = record.map_err(fail)?;
            let cells = wanted.iter().zip(&places).map(|(w, place)| {
                let text = place.and_then(|place| record.get(place)).unwrap_or_default();
                if w.list { cell(text) } else { Value::from(text) }
            });
            Ok(Record { row, cells: cells.collect() })
        })
        .collect()
}
