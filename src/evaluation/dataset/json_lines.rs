//! JSON Lines: one object a line.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::Path;

use serde_json::{Map, Value};

use super::columns::{Record, Wanted, missing};
use crate::error::{Error, Result};

pub(super) fn read(path: &Path, input: impl BufRead, wanted: &[Wanted<'_>]) -> Result<Vec<Record>> {
    let fail = |row: u64, reason: String| Error::Input { path: path.into(), reason: format!("line {row}: {reason}") };
    let mut keys = BTreeSet::new();
    let mut records = Vec::new();
    for (row, line) in (1..).zip(input.lines()) {
        let line = line.map_err(|e| fail(row, e.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let object: Map<String, Value> =
            serde_json::from_str(&line).map_err(|e| fail(row, format!("not a JSON object: {e}")))?;
        let cells = wanted.iter().map(|w| object.get(w.column).cloned().unwrap_or(Value::Null)).collect();
        for key in object.keys().filter(|key| !keys.contains(*key)).cloned().collect::<Vec<_>>() {
            keys.insert(key);
        }
        records.push(Record { row, cells });
    }
    match wanted.iter().find(|w| w.required && !keys.contains(w.column)) {
        Some(w) => Err(missing(path, w, keys.iter().map(String::as_str))),
        None => Ok(records),
    }
}
