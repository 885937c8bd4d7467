//! How a CSV or TSV file tells its fields apart.

use super::columns::recognise;
use super::options::ColumnMap;

/// Delimiters that exports use, the likeliest first; `\x01` is Hive's, `\x1f` the one that ASCII keeps for this.
const DELIMITERS: &[u8] = b",\t;|^~\x01\x1f";

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
        let delimiter = *DELIMITERS.iter().rev().max_by_key(|delimiter| score(quoted(**delimiter))).unwrap_or(&b',');
        Self { delimiter, quoting: !has_bare_quotes(sample, delimiter) }
    }

    pub fn reader(self) -> csv_core::Reader {
        csv_core::ReaderBuilder::new().delimiter(self.delimiter).quoting(self.quoting).build()
    }

    pub fn delimiter_name(self) -> &'static str {
        match self.delimiter {
            b'\t' => "tab",
            b';' => "semicolon",
            b'|' => "bar",
            b'^' => "caret",
            b'~' => "tilde",
            b'\x01' | b'\x1f' => "control character",
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

/// A quote that spoils the rows after it; the position is where it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// Still open at the end of the bytes.
    AtEnd(usize),
    /// Met, lines later, by a quote that opens another field.
    ByAnother(usize),
}

/// Looks for a quote that was opened and never properly closed.
pub(super) fn unclosed_quote(raw: &[u8], delimiter: u8) -> Option<Unclosed> {
    let (mut at, mut field_start) = (0, true);
    while at < raw.len() {
        if field_start && raw[at] == b'"' {
            let (end, _) = closing_quote(raw, at + 1, delimiter);
            if end >= raw.len() {
                return Some(Unclosed::AtEnd(at));
            }
            let closes = raw.get(end + 1).is_none_or(|next| *next == delimiter || matches!(next, b'\r' | b'\n'));
            if !closes && raw[at..end].contains(&b'\n') {
                return Some(Unclosed::ByAnother(at));
            }
            at = end + 1;
            field_start = false;
        } else {
            field_start = raw[at] == delimiter || raw[at] == b'\n';
            at += 1;
        }
    }
    None
}
