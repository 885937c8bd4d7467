//! Cells of a CSV file that spreadsheets open without harm: ISO dates, six significant digits, guarded text.

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, Duration, NaiveDate};
use polars::prelude::*;
use rayon::prelude::*;

use crate::error::{Error, Result};

/// UTF-8's byte order mark: without it Excel reads a CSV file in the machine's own code page.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Significant digits of a float. Parquet keeps every bit; CSV is read by people.
const SIGNIFICANT_DIGITS: usize = 6;

/// A text cell that a spreadsheet would run as a formula, made text again by an apostrophe before it.
///
/// Formulas begin with `=`, `+`, `-`, `@`, a tab or a line break (OWASP, "CSV Injection"), or the full-width form of a sign.
/// Only for text: a negative number must stay a number.
pub fn guard_cell(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Rows that are put into words at a time, by each thread.
const BLOCK: usize = 8_192;

/// Begins a CSV file: UTF-8 with byte order mark, and the names of a table's columns.
pub(super) fn write_header(table: &DataFrame, to: &mut dyn Write) -> Result<()> {
    let failed = |error: std::io::Error| csv_failed(error.into());
    to.write_all(BYTE_ORDER_MARK).map_err(failed)?;
    let mut header = csv::Writer::from_writer(Vec::new());
    header.write_record(table.get_column_names().iter().map(|name| name.as_str())).map_err(csv_failed)?;
    to.write_all(&header.into_inner().map_err(|error| failed(error.into_error()))?).map_err(failed)
}

/// The rows of a table as CSV: comma, `.` as decimal sign, empty where there is no value.
pub(super) fn write_rows(table: &DataFrame, to: &mut dyn Write) -> Result<()> {
    let failed = |error: std::io::Error| csv_failed(error.into());
    let starts: Vec<usize> = (0..table.height()).step_by(BLOCK).collect();
    for few in starts.chunks(rayon::current_num_threads()) {
        let written: Vec<Vec<u8>> =
            few.par_iter().map(|&start| lines(&table.slice(start as i64, BLOCK))).collect::<Result<_>>()?;
        written.iter().try_for_each(|lines| to.write_all(lines)).map_err(failed)?;
    }
    Ok(())
}

fn csv_failed(error: csv::Error) -> Error {
    Error::Tables(PolarsError::ComputeError(error.to_string().into()))
}

fn lines(table: &DataFrame) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns: Vec<Series> = table.columns().iter().map(|column| column.as_materialized_series().rechunk()).collect();
    for row in 0..table.height() {
        for column in &columns {
            writer.write_field(cell(&column.get(row)?)).map_err(csv_failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(csv_failed)?;
    }
    writer.into_inner().map_err(|error| csv_failed(error.into_error().into()))
}

fn cell(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => guard_cell(text).into_owned(),
        AnyValue::StringOwned(text) => guard_cell(text).into_owned(),
        AnyValue::Boolean(value) => value.to_string(),
        AnyValue::Float32(value) => float(f64::from(*value)),
        AnyValue::Float64(value) => float(*value),
        AnyValue::Date(days) => date(*days),
        AnyValue::Datetime(count, unit, _) => datetime(*count, *unit),
        other if other.is_primitive_numeric() => other.to_string(),
        other => guard_cell(&other.to_string()).into_owned(),
    }
}

/// The shortest decimal that keeps six significant digits and every digit before the point; empty where there is no number.
fn float(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    let rounded: f64 = match value.abs() {
        large if large >= 1e5 => value.round(),
        _ => format!("{value:.*e}", SIGNIFICANT_DIGITS - 1).parse().unwrap_or(value),
    };
    if rounded != 0.0 && rounded.abs() < 1e-6 { format!("{rounded:e}") } else { rounded.to_string() }
}

fn date(days_since_epoch: i32) -> String {
    (NaiveDate::default() + Duration::days(i64::from(days_since_epoch))).to_string()
}

fn datetime(count: i64, unit: TimeUnit) -> String {
    let moment = match unit {
        TimeUnit::Nanoseconds => DateTime::from_timestamp_nanos(count),
        TimeUnit::Microseconds => DateTime::from_timestamp_micros(count).unwrap_or_default(),
        TimeUnit::Milliseconds => DateTime::from_timestamp_millis(count).unwrap_or_default(),
    };
    moment.format("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv_of(table: &DataFrame) -> String {
        let mut bytes = Vec::new();
        write_header(table, &mut bytes).unwrap();
        write_rows(table, &mut bytes).unwrap();
        String::from_utf8(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn text_is_guarded_and_numbers_are_not() {
        let table = df!(
            "outlet" => ["=HYPERLINK(\"x\")", "+1", "-1", "@sum", "\tx", "\rx", "plain - text", "＝1"],
            "difference" => [-0.25f64, -1e-9, 0.1 + 0.2, f64::NAN, 1234567.891, 0.0, -2.0, 1.0 / 3.0],
            "count" => [-1i32, 0, 1, 2, 3, 4, 5, 6],
        )
        .unwrap();
        let expected = [
            "outlet,difference,count",
            "\"'=HYPERLINK(\"\"x\"\")\",-0.25,-1",
            "'+1,-1e-9,0",
            "'-1,0.3,1",
            "'@sum,,2",
            "'\tx,1234568,3",
            "\"'\rx\",0,4",
            "plain - text,-2,5",
            "'＝1,0.333333,6",
        ];
        assert_eq!(csv_of(&table).split_terminator('\n').collect::<Vec<_>>(), expected);
    }

    #[test]
    fn blocks_follow_one_another() {
        let many = 3 * BLOCK + 5;
        let table = df!("row" => (0..many as u64).collect::<Vec<_>>()).unwrap();
        let rows: Vec<String> = csv_of(&table).lines().skip(1).map(String::from).collect();
        assert_eq!(rows, (0..many).map(|row| row.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn dates_are_iso_and_nothing_is_empty() {
        let days = Column::new("date".into(), [Some(0i32), Some(20_514), None]).cast(&DataType::Date).unwrap();
        let table = DataFrame::new(3, vec![days]).unwrap();
        assert_eq!(csv_of(&table), "date\n1970-01-01\n2026-03-02\n\"\"\n");
    }
}
