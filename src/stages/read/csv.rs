//! CSV and TSV with any delimiter. Records are bounded: an unclosed quote must not pull a whole file into memory.

use std::io::BufRead;
use std::sync::Arc;

use csv_core::ReadRecordResult;

use super::columns::recognise;
use super::encoding::Charset;
use super::options::ColumnMap;
use super::records::{Failure, RawRecord, Records};
use super::sample::Sampled;
use super::stream::{Bytes, read_failure};

/// How fields are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// Whether `"` encloses fields. Many TSV exports use none, and a headline that begins with a quote must keep it.
    pub quoting: bool,
}

impl Dialect {
    /// Sniffs the dialect: the delimiter that makes known columns out of the first line, else the most even one.
    pub fn sniff(sample: &[u8], map: &ColumnMap) -> Self {
        let score = |dialect: Dialect| {
            let rows = parse_sample(sample, dialect);
            let header = rows.first().map_or(&[][..], |row| &row.cells);
            let known = header.iter().filter(|name| is_known(name, map)).count();
            let even = rows.iter().filter(|row| row.cells.len() == header.len()).count();
            (known, header.len() > 1, even * 100 / rows.len().max(1), header.len())
        };
        let quoted = |delimiter| Dialect { delimiter, quoting: true };
        let delimiter = *b",\t;|".iter().rev().max_by_key(|delimiter| score(quoted(**delimiter))).unwrap_or(&b',');
        Self { delimiter, quoting: !has_bare_quotes(sample, delimiter) }
    }

    fn reader(self) -> csv_core::Reader {
        csv_core::ReaderBuilder::new().delimiter(self.delimiter).quoting(self.quoting).build()
    }

    pub fn delimiter_name(self) -> &'static str {
        match self.delimiter {
            b'\t' => "tab",
            b';' => "semicolon",
            b'|' => "bar",
            _ => "comma",
        }
    }
}

fn is_known(name: &str, map: &ColumnMap) -> bool {
    recognise(name).is_some() || map.iter().any(|(_, column)| column.eq_ignore_ascii_case(name.trim()))
}

struct SampleRow {
    cells: Vec<String>,
}

/// The sample's whole rows, the last one left out since the sample may cut it.
fn parse_sample(sample: &[u8], dialect: Dialect) -> Vec<SampleRow> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quoting(dialect.quoting)
        .from_reader(sample);
    let mut parsed: Vec<SampleRow> = rows
        .byte_records()
        .map_while(Result::ok)
        .take(200)
        .map(|row| SampleRow { cells: row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect() })
        .collect();
    if parsed.len() > 2 {
        parsed.pop();
    }
    parsed
}

/// Whether quotes are plain characters: more fields begin with a quote and go on after the next one (`"Go," she said`)
/// than are enclosed for a reason, and without quoting every row has as many fields as the first.
fn has_bare_quotes(sample: &[u8], delimiter: u8) -> bool {
    let rows = parse_sample(sample, Dialect { delimiter, quoting: false });
    let width = rows.first().map_or(0, |row| row.cells.len());
    if width < 2 || rows.iter().any(|row| row.cells.len() != width) {
        return false;
    }
    let (mut bare, mut needed) = (0usize, 0usize);
    let mut at = 0;
    let mut field_start = true;
    while at < sample.len() {
        if field_start && sample[at] == b'"' {
            let (end, reason) = closing_quote(sample, at + 1, delimiter);
            match sample.get(end + 1) {
                None => {}
                Some(next) if *next == delimiter || matches!(next, b'\r' | b'\n') => needed += usize::from(reason),
                Some(_) => bare += 1,
            }
            at = end + 1;
            field_start = false;
        } else {
            field_start = sample[at] == delimiter || sample[at] == b'\n';
            at += 1;
        }
    }
    bare > needed
}

/// Where an enclosed field's last quote stands, and whether the field had to be enclosed.
fn closing_quote(sample: &[u8], start: usize, delimiter: u8) -> (usize, bool) {
    let mut reason = false;
    let mut at = start;
    while at < sample.len() {
        match sample[at] {
            b'"' if sample.get(at + 1) == Some(&b'"') => {
                reason = true;
                at += 1;
            }
            b'"' => return (at, reason),
            byte => reason |= byte == delimiter || byte == b'\n',
        }
        at += 1;
    }
    (at, reason)
}

/// The row buffer's size where rows are of the usual length.
const CELLS_BYTES: usize = 64 << 10;

/// The records of a CSV or TSV file.
pub(super) struct CsvRecords {
    bytes: Bytes,
    charset: Charset,
    parser: csv_core::Reader,
    columns: Vec<Arc<str>>,
    /// Data rows so far.
    row: u64,
    limit: usize,
    cells: Vec<u8>,
    ends: Vec<usize>,
    done: bool,
}

enum Row {
    /// Fields and their number; the content is in `cells` and `ends`.
    Fields(usize),
    TooLarge(u64),
    End,
}

impl CsvRecords {
    /// Reads the header.
    pub fn open(sampled: Sampled, dialect: Dialect, limit: usize) -> Result<Self, Failure> {
        let mut records = Self {
            bytes: sampled.bytes,
            charset: sampled.charset,
            parser: dialect.reader(),
            columns: Vec::new(),
            row: 0,
            limit,
            cells: vec![0; CELLS_BYTES.min(limit.max(1024))],
            ends: vec![0; 256],
            done: false,
        };
        let header = match records.read_row().map_err(|error| read_failure(&error, None))? {
            Row::Fields(fields) => fields,
            Row::TooLarge(bytes) => return Err(Failure::too_large(bytes, limit).ending()),
            Row::End => return Err(Failure::new("empty_file", "the file has no header and no rows").ending()),
        };
        for field in 0..header {
            let name = records.decode(field).ok_or_else(|| undecodable().ending())?;
            records.columns.push(name.trim().into());
        }
        Ok(records)
    }

    fn read_row(&mut self) -> std::io::Result<Row> {
        let (mut written, mut fields, mut dropped) = (0usize, 0usize, 0u64);
        loop {
            let input = match self.bytes.fill_buf() {
                Ok(input) => input,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let (result, read, out, ended) =
                self.parser.read_record(input, &mut self.cells[written..], &mut self.ends[fields..]);
            self.bytes.consume(read);
            (written, fields) = (written + out, fields + ended);
            let full = match result {
                ReadRecordResult::InputEmpty => false,
                ReadRecordResult::OutputFull => grow(&mut self.cells, self.limit),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, self.limit / 16),
                ReadRecordResult::Record if dropped > 0 => return Ok(Row::TooLarge(dropped + written as u64)),
                ReadRecordResult::Record => return Ok(Row::Fields(fields)),
                ReadRecordResult::End => return Ok(Row::End),
            };
            if full || dropped > 0 {
                dropped += written as u64;
                (written, fields) = (0, 0);
            }
        }
    }

    fn decode(&self, field: usize) -> Option<String> {
        let start = if field == 0 { 0 } else { self.ends[field - 1] };
        let bytes = self.cells.get(start..self.ends[field])?;
        self.charset.decode(bytes).map(|text| text.into_owned())
    }

    fn record(&mut self, fields: usize) -> Result<RawRecord, Failure> {
        let known = self.columns.len();
        let surplus_is_empty = || self.ends[known - 1] == self.ends[fields - 1];
        if fields < known || (fields > known && !surplus_is_empty()) {
            let lines = self.cells[..self.ends[fields.max(1) - 1]].iter().filter(|byte| **byte == b'\n').count() + 1;
            let detail = format!(
                "the row has {fields} fields over {lines} lines, the header {known} fields: look for an unquoted \
                 delimiter, line break or quote"
            );
            return Err(Failure::new("bad_row", detail).at(self.row));
        }
        let mut cells = Vec::with_capacity(known);
        for (field, column) in self.columns.iter().enumerate() {
            let content = self.decode(field).ok_or_else(|| undecodable().at(self.row))?;
            if !content.is_empty() {
                cells.push((Arc::clone(column), content));
            }
        }
        Ok(RawRecord { row: Some(self.row), cells })
    }
}

/// Doubles a buffer; true where it has reached its limit instead.
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, limit: usize) -> bool {
    let longer = (buffer.len() * 2).min(limit.max(1024));
    let full = longer <= buffer.len();
    if !full {
        buffer.resize(longer, T::default());
    }
    full
}

pub(super) fn undecodable() -> Failure {
    Failure::new("undecodable", "the bytes are no text in any encoding we know; convert the file to UTF-8")
}

impl Records for CsvRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        self.row += 1;
        Some(match self.read_row() {
            Ok(Row::Fields(fields)) => self.record(fields),
            Ok(Row::TooLarge(bytes)) => {
                self.cells = vec![0; CELLS_BYTES.min(self.limit.max(1024))];
                Err(Failure::too_large(bytes, self.limit).at(self.row))
            }
            Ok(Row::End) => {
                self.done = true;
                return None;
            }
            Err(error) => {
                self.done = true;
                Err(read_failure(&error, Some(self.row)))
            }
        })
    }

    fn columns(&self) -> Option<&[Arc<str>]> {
        Some(&self.columns)
    }
}
