//! Parquet, in slices of a row group.

use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::*;

use super::encoding::Charset;
use super::records::{Failure, RawRecord, Records};

/// Decoded bytes and rows of one slice, about.
const SLICE_BYTES: usize = 64 << 20;
const SLICE_ROWS: usize = 10_000;

/// The records of a Parquet file.
pub(super) struct ParquetRecords {
    path: PathBuf,
    columns: Vec<Arc<str>>,
    /// The columns that are read.
    wanted: Vec<String>,
    slices: VecDeque<Slice>,
    batch: VecDeque<RawRecord>,
    row: u64,
    progress: Arc<AtomicU64>,
}

struct Slice {
    offset: usize,
    rows: usize,
    /// Its share of the file, for the progress.
    bytes: u64,
}

impl ParquetRecords {
    /// Reads the footer; of the columns, only those are decoded that `wants` accepts.
    pub fn open(path: &Path, progress: &Arc<AtomicU64>, wants: impl Fn(&str) -> bool) -> Result<Self, Failure> {
        let (columns, groups) = guarded(|| {
            let mut reader = ParquetReader::new(File::open(path)?);
            let columns: Vec<Arc<str>> = reader.schema()?.iter_names().map(|name| name.as_str().into()).collect();
            let groups = reader.get_metadata()?.row_groups.iter();
            Ok((columns, groups.map(|group| (group.num_rows(), group.total_byte_size())).collect::<Vec<_>>()))
        })?;
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let wanted = columns.iter().filter(|name| wants(name)).map(|name| name.to_string()).collect();
        let slices = slices(&groups, size);
        let progress = Arc::clone(progress);
        Ok(Self { path: path.to_owned(), columns, wanted, slices, batch: VecDeque::new(), row: 0, progress })
    }

    fn read_slice(&mut self, slice: &Slice) -> Result<(), Failure> {
        let frame = guarded(|| {
            ParquetReader::new(File::open(&self.path)?)
                .read_parallel(ParallelStrategy::None)
                .with_columns(Some(self.wanted.clone()))
                .with_slice(Some((slice.offset, slice.rows)))
                .finish()
        })?;
        let columns: Vec<(Arc<str>, &Column)> =
            frame.columns().iter().map(|column| (column.name().as_str().into(), column)).collect();
        for at in 0..frame.height() {
            self.row += 1;
            let mut cells = Vec::with_capacity(columns.len());
            for (name, column) in &columns {
                let value = column.get(at).map_err(|error| damaged(&error.to_string()))?;
                push_cells(&mut cells, name, &value);
            }
            self.batch.push_back(RawRecord { row: Some(self.row), cells });
        }
        Ok(())
    }
}

fn slices(groups: &[(usize, usize)], size: u64) -> VecDeque<Slice> {
    let all_rows: usize = groups.iter().map(|(rows, _)| rows).sum();
    let mut slices = VecDeque::new();
    let mut offset = 0;
    for &(rows, bytes) in groups {
        let fitting = rows.saturating_mul(SLICE_BYTES) / bytes.max(1);
        let step = fitting.clamp(1, SLICE_ROWS);
        for start in (0..rows).step_by(step) {
            let rows = step.min(rows - start);
            let bytes = (size as f64 * rows as f64 / all_rows.max(1) as f64) as u64;
            slices.push_back(Slice { offset: offset + start, rows, bytes });
        }
        offset += rows;
    }
    slices
}

/// Polars panics on some damaged files; that must cost the file, not the run.
fn guarded<T>(read: impl FnOnce() -> PolarsResult<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| damaged(&error.to_string())),
        Err(_) => Err(damaged("the decoder gave up")),
    }
}

fn damaged(error: &str) -> Failure {
    let error = super::messages::shorten(error, 300);
    Failure::new("corrupt", format!("not readable as Parquet: {error}; write it again, with plain string columns"))
        .ending()
}

fn push_cells(cells: &mut Vec<(Arc<str>, String)>, name: &Arc<str>, value: &AnyValue) {
    match value {
        AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
            let AnyValue::StructOwned(members) = value.clone().into_static() else { return };
            for (member, field) in members.0.iter().zip(&members.1) {
                push_cells(cells, &format!("{name}.{}", field.name()).into(), member);
            }
        }
        _ => {
            if let Some(content) = content(name, value).filter(|content| !content.is_empty()) {
                cells.push((Arc::clone(name), content));
            }
        }
    }
}

fn content(name: &str, value: &AnyValue) -> Option<String> {
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Binary(bytes) => Charset::detect(bytes).decode(bytes)?.into_owned(),
        AnyValue::Date(days) => chrono::NaiveDate::from_epoch_days(*days)?.to_string(),
        AnyValue::Datetime(ticks, unit, zone) => moment(*ticks, *unit, zone.is_some())?,
        AnyValue::DatetimeOwned(ticks, unit, zone) => moment(*ticks, *unit, zone.is_some())?,
        AnyValue::List(items) => {
            let is_text = super::columns::recognise(name).is_some_and(|found| found.field == super::ColumnField::Text);
            let items: Vec<String> = items.iter().filter_map(|item| content("", &item)).collect();
            items.join(if is_text { "\n\n" } else { ", " })
        }
        other => other.to_string(),
    })
}

/// A timestamp as text. Parquet stores zoned ones in UTC and only names the zone, so UTC is what can be kept.
fn moment(ticks: i64, unit: TimeUnit, zoned: bool) -> Option<String> {
    let moment = match unit {
        TimeUnit::Nanoseconds => chrono::DateTime::from_timestamp_nanos(ticks),
        TimeUnit::Microseconds => chrono::DateTime::from_timestamp_micros(ticks)?,
        TimeUnit::Milliseconds => chrono::DateTime::from_timestamp_millis(ticks)?,
    };
    let text = moment.format("%Y-%m-%dT%H:%M:%S").to_string();
    // Midnight without a zone is how tables store a plain date.
    Some(match text.strip_suffix("T00:00:00").filter(|_| !zoned) {
        Some(date) => date.to_owned(),
        None if zoned => text + "Z",
        None => text,
    })
}

impl Records for ParquetRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        while self.batch.is_empty() {
            let slice = self.slices.pop_front()?;
            if let Err(failure) = self.read_slice(&slice) {
                self.slices.clear();
                self.batch.clear();
                return Some(Err(failure.at(self.row + 1)));
            }
            self.progress.fetch_add(slice.bytes, Ordering::Relaxed);
        }
        self.batch.pop_front().map(Ok)
    }

    fn columns(&self) -> Option<&[Arc<str>]> {
        Some(&self.columns)
    }
}
