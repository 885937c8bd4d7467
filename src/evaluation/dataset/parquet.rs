//! Parquet: text, numbers, booleans, and lists of them.

use std::path::Path;

use polars::prelude::*;
use serde_json::Value;

use super::columns::{Record, Wanted, missing};
use crate::error::{Error, Result};

pub(super) fn read(path: &Path, wanted: &[Wanted<'_>]) -> Result<Vec<Record>> {
    let fail = |reason: String| Error::Input { path: path.into(), reason };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let table = ParquetReader::new(file).finish().map_err(|e| fail(e.to_string()))?;
    let names: Vec<&str> = table.get_column_names().into_iter().map(PlSmallStr::as_str).collect();
    if let Some(w) = wanted.iter().find(|w| w.required && !names.contains(&w.column)) {
        return Err(missing(path, w, names.iter().copied()));
    }
    let columns: Vec<Option<&Column>> = wanted.iter().map(|w| table.column(w.column).ok()).collect();
    let cell = |w: &Wanted<'_>, column: &Column, row: usize| {
        let value = column.get(row)?;
        value_of(&value).ok_or_else(|| {
            fail(format!(
                "column \"{}\" is of type {}; text, numbers or lists of them are read",
                w.column,
                column.dtype()
            ))
        })
    };
    (0..table.height())
        .map(|row| {
            let cells =
                wanted.iter().zip(&columns).map(|(w, column)| column.map_or(Ok(Value::Null), |c| cell(w, c, row)));
            Ok(Record { row: row as u64 + 1, cells: cells.collect::<Result<_>>()? })
        })
        .collect()
}

fn value_of(value: &AnyValue<'_>) -> Option<Value> {
    match value {
        AnyValue::Null => Some(Value::Null),
        AnyValue::String(text) => Some((*text).into()),
        AnyValue::StringOwned(text) => Some(text.as_str().into()),
        AnyValue::Boolean(flag) => Some((*flag).into()),
        AnyValue::List(series) => {
            series.iter().map(|item| value_of(&item)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        value if value.is_integer() => value.extract::<i64>().map(Value::from),
        value if value.is_float() => value.extract::<f64>().map(Value::from),
        _ => None,
    }
}
