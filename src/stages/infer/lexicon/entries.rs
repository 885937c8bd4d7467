//! Lexicon files: TSV or CSV with a header. `term` and `category` are required.

use crate::error::{Error, Result, unknown};

/// One lexicon entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Citation form; all tables name the term by it.
    pub term: String,
    pub category: String,
    /// 1 (mild) to 3 (strong).
    pub strength: u8,
    /// The neutral wording one would expect.
    pub neutral: String,
    /// Whether capitals must be as written.
    pub exact_case: bool,
    /// Further surface forms: inflections, spellings.
    pub forms: Vec<String>,
    pub note: String,
}

const COLUMNS: [&str; 7] = ["term", "category", "strength", "neutral", "case", "forms", "note"];

/// Reads entries; the delimiter is a tab where the header has one, else a comma. `origin` names the file in errors.
///
/// # Errors
/// An unknown or missing column, a strength outside 1..=3, a case rule other than `any` or `exact`: with the row.
pub fn parse(text: &str, origin: &str) -> Result<Vec<Entry>> {
    let fail = |row: usize, reason: String| Error::Config(format!("lexicon {origin}, row {row}: {reason}"));
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter == b',')
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().map_err(|e| fail(0, e.to_string()))?.clone();
    if let Some(odd) = headers.iter().find(|h| !COLUMNS.contains(h)) {
        return Err(fail(0, unknown("column", odd, COLUMNS)));
    }
    let column = |name: &str| headers.iter().position(|h| h == name);
    for required in ["term", "category"] {
        column(required).ok_or_else(|| fail(0, format!("the column \"{required}\" is missing")))?;
    }
    let mut entries = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|e| fail(index + 1, e.to_string()))?;
        let cell = |name: &str| column(name).and_then(|i| record.get(i)).unwrap_or_default();
        entries.push(entry(cell).map_err(|reason| fail(index + 1, reason))?);
    }
    Ok(entries)
}

fn entry<'a>(cell: impl Fn(&str) -> &'a str) -> std::result::Result<Entry, String> {
    let required = |name: &str| match cell(name) {
        "" => Err(format!("{name} is empty")),
        value => Ok(value.to_owned()),
    };
    let strength = match cell("strength") {
        "" => 1,
        given => given
            .parse()
            .ok()
            .filter(|s| (1..=3).contains(s))
            .ok_or(format!("strength \"{given}\" is not 1, 2 or 3"))?,
    };
    let exact_case = match cell("case") {
        "" | "any" => false,
        "exact" => true,
        given => return Err(unknown("case rule", given, ["any", "exact"])),
    };
    let forms = cell("forms").split('|').map(str::trim).filter(|form| !form.is_empty());
    Ok(Entry {
        term: required("term")?,
        category: required("category")?,
        strength,
        neutral: cell("neutral").to_owned(),
        exact_case,
        forms: forms.map(str::to_owned).collect(),
        note: cell("note").to_owned(),
    })
}
