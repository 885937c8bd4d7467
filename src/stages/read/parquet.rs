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
        let (fields, groups) = guarded(|| {
            let mut reader = ParquetReader::new(File::open(path)?);
            let fields: Vec<ArrowField> = reader.schema()?.iter_values().cloned().collect();
            let groups = reader.get_metadata()?.row_groups.iter();
            Ok((fields, groups.map(|group| (group.num_rows(), group.total_byte_size())).collect::<Vec<_>>()))
        })?;
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut columns = Vec::new();
        let mut wanted = Vec::new();
        for field in &fields {
            let before = columns.len();
            flatten(field, &field.name, &mut columns);
            if wants(&field.name) || columns[before..].iter().any(|name| wants(name)) {
                wanted.push(field.name.to_string());
            }
        }
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

/// The names under which a column's cells come: those of its members, `source.name`, where it has any.
fn flatten(field: &ArrowField, name: &str, columns: &mut Vec<Arc<str>>) {
    match &field.dtype {
        ArrowDataType::Struct(members) => {
            members.iter().for_each(|member| flatten(member, &format!("{name}.{}", member.name), columns));
        }
        _ => columns.push(name.into()),
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
    if let Some(text) = value.get_str() {
        return Some(text.to_owned());
    }
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::Binary(bytes) => Charset::detect(bytes).decode(bytes)?.into_owned(),
        AnyValue::Date(days) => chrono::NaiveDate::from_epoch_days(*days)?.to_string(),
        AnyValue::Datetime(ticks, unit, zone) => moment(*ticks, *unit, zone.map(|zone| zone.as_str()))?,
        AnyValue::DatetimeOwned(ticks, unit, zone) => moment(*ticks, *unit, zone.as_ref().map(|zone| zone.as_str()))?,
        AnyValue::List(items) => {
            let is_text = super::columns::recognise(name).is_some_and(|found| found.field == super::ColumnField::Text);
            let items: Vec<String> = items.iter().filter_map(|item| content("", &item)).collect();
            items.join(if is_text { "\n\n" } else { ", " })
        }
        other => other.to_string(),
    })
}

/// A timestamp as text. Parquet stores zoned ones in UTC and names the zone: they are given in that zone, so that an
/// evening in New York stays on its day.
fn moment(ticks: i64, unit: TimeUnit, zone: Option<&str>) -> Option<String> {
    let moment = match unit {
        TimeUnit::Nanoseconds => chrono::DateTime::from_timestamp_nanos(ticks),
        TimeUnit::Microseconds => chrono::DateTime::from_timestamp_micros(ticks)?,
        TimeUnit::Milliseconds => chrono::DateTime::from_timestamp_millis(ticks)?,
    };
    let Some(zone) = zone else {
        // Midnight without a zone is how tables store a plain date.
        let text = moment.format("%Y-%m-%dT%H:%M:%S").to_string();
        return Some(text.strip_suffix("T00:00:00").map(str::to_owned).unwrap_or(text));
    };
    let local = match (zone.parse::<chrono_tz::Tz>(), zone.parse::<chrono::FixedOffset>()) {
        (Ok(zone), _) => moment.with_timezone(&zone).fixed_offset(),
        (_, Ok(offset)) => moment.with_timezone(&offset),
        _ => moment.fixed_offset(),
    };
    Some(local.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_keep_their_zone() {
        let shown = |zone| moment(1_578_371_400_000, TimeUnit::Milliseconds, zone).unwrap();
        assert_eq!(shown(Some("America/New_York")), "2020-01-06T23:30:00-05:00");
        assert_eq!(shown(Some("+05:30")), "2020-01-07T10:00:00+05:30");
        assert_eq!(shown(Some("UTC")), "2020-01-07T04:30:00+00:00");
        assert_eq!(shown(None), "2020-01-07T04:30:00");
        assert_eq!(moment(1_578_355_200_000_000, TimeUnit::Microseconds, None).unwrap(), "2020-01-07");
    }
}
