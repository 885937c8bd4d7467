//! CSV and TSV with any delimiter. Records are bounded: an unclosed quote must not pull a whole file into memory.

use std::io::BufRead;
use std::sync::Arc;

use csv_core::ReadRecordResult;

use super::csv_dialect::{Dialect, Unclosed, unclosed_quote};
use super::encoding::Charset;
use super::records::{Failure, RawRecord, Records};
use super::reread::Rereadable;
use super::sample::Sampled;
use super::stream::read_failure;

/// The row buffer's size where rows are of the usual length.
const CELLS_BYTES: usize = 64 << 10;
/// How often the rows after an unclosed quote are read again in one file; each time may cost a record's limit.
const MAX_RECOVERIES: usize = 20;

/// The records of a CSV or TSV file.
pub(super) struct CsvRecords {
    bytes: Rereadable,
    charset: Charset,
    parser: csv_core::Reader,
    dialect: Dialect,
    columns: Vec<Arc<str>>,
    /// Data rows so far.
    row: u64,
    limit: usize,
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// The row as it stands in the file.
    raw: Vec<u8>,
    recoveries: usize,
    done: bool,
}

enum Row {
    /// The content is in `cells` and `ends`.
    Fields {
        fields: usize,
        /// The file ended with it, not a line.
        at_end: bool,
    },
    /// Too large, since a quote is not closed.
    Unclosed(Unclosed),
    TooLarge(u64),
    End,
}

impl CsvRecords {
    /// Reads the header.
    pub fn open(sampled: Sampled, dialect: Dialect, limit: usize) -> Result<Self, Failure> {
        let mut records = Self {
            bytes: Rereadable::new(sampled.bytes),
            charset: sampled.charset,
            parser: dialect.reader(),
            dialect,
            columns: Vec::new(),
            row: 0,
            limit,
            cells: vec![0; CELLS_BYTES.min(limit.max(1024))],
            ends: vec![0; 256],
            raw: Vec::new(),
            recoveries: 0,
            done: false,
        };
        let header = match records.read_row().map_err(|error| read_failure(&error, None))? {
            Row::Fields { fields, .. } => fields,
            Row::Unclosed(_) => return Err(Failure::too_large(limit as u64, limit).ending()),
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
        self.raw.clear();
        loop {
            let input = match self.bytes.fill_buf() {
                Ok(input) => input,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let (result, read, out, ended) =
                self.parser.read_record(input, &mut self.cells[written..], &mut self.ends[fields..]);
            let at_end = input.is_empty();
            if dropped == 0 && self.dialect.quoting {
                self.raw.extend_from_slice(&input[..read]);
            }
            self.bytes.consume(read);
            (written, fields) = (written + out, fields + ended);
            let full = match result {
                ReadRecordResult::InputEmpty => false,
                ReadRecordResult::OutputFull => grow(&mut self.cells, self.limit),
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends, self.limit / 16),
                ReadRecordResult::Record if dropped > 0 => return Ok(Row::TooLarge(dropped + written as u64)),
                ReadRecordResult::Record => return Ok(Row::Fields { fields, at_end }),
                ReadRecordResult::End => return Ok(Row::End),
            };
            if full
                && dropped == 0
                && let Some(unclosed) = self.recoverable()
            {
                return Ok(Row::Unclosed(unclosed));
            }
            if full || dropped > 0 {
                dropped += written as u64;
                (written, fields) = (0, 0);
            }
        }
    }

    /// A quote in the row that is not closed, with lines after it that can be read again.
    fn recoverable(&self) -> Option<Unclosed> {
        let found = unclosed_quote(&self.raw, self.dialect.delimiter).filter(|_| self.dialect.quoting)?;
        let (Unclosed::AtEnd(at) | Unclosed::ByAnother(at)) = found;
        (self.recoveries < MAX_RECOVERIES && self.raw[at..].contains(&b'\n')).then_some(found)
    }

    /// Gives up the line in which the quote opens, and reads those after it again as rows of their own.
    fn recover(&mut self, unclosed: Unclosed) -> Failure {
        let (Unclosed::AtEnd(at) | Unclosed::ByAnother(at)) = unclosed;
        let line_end = self.raw[at..].iter().position(|byte| *byte == b'\n').map_or(self.raw.len(), |end| at + end + 1);
        self.bytes.again_first(self.raw.split_off(line_end));
        self.raw = Vec::new();
        self.parser = self.dialect.reader();
        self.recoveries += 1;
        let detail = "a quote opens in this row and is not closed; the lines after it were read as rows of their own";
        Failure::new("bad_row", detail).at(self.row)
    }

    /// The record, unless a quote that was never closed has pulled other rows into it or the file ends inside it.
    fn checked(&mut self, fields: usize, at_end: bool) -> Result<RawRecord, Failure> {
        let record = self.record(fields);
        let ragged = record.as_ref().is_err_and(|failure| failure.reason == "bad_row");
        if !(ragged || at_end) {
            return record;
        }
        match self.recoverable() {
            Some(Unclosed::ByAnother(_)) if !ragged => record,
            Some(unclosed) => Err(self.recover(unclosed)),
            None if at_end
                && unclosed_quote(&self.raw, self.dialect.delimiter)
                    .is_some_and(|found| matches!(found, Unclosed::AtEnd(_))) =>
            {
                let detail = "the file ends inside a quoted field; the rows before were read. Export it again";
                Err(Failure::new("truncated", detail).at(self.row))
            }
            None => record,
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
            Ok(Row::Fields { fields, at_end }) => self.checked(fields, at_end),
            Ok(Row::Unclosed(unclosed)) => Err(self.recover(unclosed)),
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
