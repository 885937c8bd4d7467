//! From cells to an article: which cell feeds which field in one file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::columns::{ColumnField, Recognised, normalise, recognise};
use super::dates::{DayOrder, day_first_evidence, is_ambiguous, parse_published};
use super::encoding::without_nuls;
use super::messages::{no_text_column, shorten, unknown_column};
use super::options::{MAX_ARTICLE_CHARS, ReadOptions};
use super::records::{Failure, RawRecord};
use crate::record::{Article, Published, Source};

/// Gives one file's cells their meaning.
pub(super) struct Mapper {
    options: Arc<ReadOptions>,
    file: Arc<str>,
    stem: String,
    /// A column map applies to files with columns of their own only.
    mapped: bool,
    /// A summary may stand for the text: the file has no better column.
    summaries: bool,
    day_order: DayOrder,
    known: HashMap<Arc<str>, Option<Recognised>>,
    pub dates: DateTally,
}

/// What became of the dates of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DateTally {
    pub unreadable: u64,
    /// Row and content of the first date that could not be read.
    pub first_unreadable: Option<(Option<u64>, String)>,
    /// Dates such as 3/4/2020, in a file that does not show which number is the month.
    pub ambiguous: u64,
}

/// An article, and whether its id is the record's own rather than made of file and row.
pub(super) struct Mapped {
    pub article: Article,
    pub own_id: bool,
}

impl Mapper {
    pub fn new(options: Arc<ReadOptions>, file: Arc<str>, stem: String, has_own_columns: bool) -> Self {
        let (mapped, day_order) = (has_own_columns && !options.map.is_empty(), options.day_order);
        let dates = DateTally::default();
        Self { options, file, stem, mapped, summaries: false, day_order, known: HashMap::new(), dates }
    }

    /// What a column feeds; None where it feeds nothing.
    pub fn meaning(&mut self, column: &Arc<str>) -> Option<Recognised> {
        if let Some(known) = self.known.get(column) {
            return *known;
        }
        let meaning = if self.mapped { self.by_map(column) } else { recognise(column) };
        // Files whose every record has columns of its own must not fill the memory with them.
        if self.known.len() < 4096 {
            self.known.insert(Arc::clone(column), meaning);
        }
        meaning
    }

    fn by_map(&self, column: &str) -> Option<Recognised> {
        if let Some((field, _)) = self.options.map.iter().find(|(_, name)| same_column(name, column)) {
            return Some(Recognised { field, rank: 0, summary: false });
        }
        // A mapped field takes its content from the mapped column only.
        recognise(column).filter(|found| self.options.map.get(found.field).is_none())
    }

    /// Looks at the columns of a file where every record has the same ones.
    pub fn check_columns(&mut self, columns: &[Arc<str>]) -> Result<(), Failure> {
        if self.mapped {
            for (field, name) in self.options.map.iter() {
                if !columns.iter().any(|column| same_column(name, column)) {
                    let detail = unknown_column(field, name, columns.iter().map(|column| &**column));
                    return Err(Failure::new("unknown_column", detail).ending());
                }
            }
        }
        self.settle(columns)
    }

    /// Decides from the columns of a file whether it has a text at all, and whether a summary must stand for it.
    pub fn settle(&mut self, columns: &[Arc<str>]) -> Result<(), Failure> {
        let found: Vec<Recognised> = columns.iter().filter_map(|column| self.meaning(column)).collect();
        self.summaries = !found.iter().any(|found| found.field == ColumnField::Text && !found.summary);
        match found.iter().any(|found| matches!(found.field, ColumnField::Title | ColumnField::Text)) {
            true => Ok(()),
            false => {
                let detail = no_text_column(columns.iter().map(|column| &**column));
                Err(Failure::new("no_text_column", detail).ending())
            }
        }
    }

    /// The column that stands for the text since the file has no better one; the first choice where it has several.
    pub fn summary_used(&self, columns: &[Arc<str>]) -> Option<Arc<str>> {
        let rank = |column: &&Arc<str>| {
            self.known.get(*column).copied().flatten().filter(|found| found.summary).map(|found| found.rank)
        };
        let summaries = columns.iter().filter(|column| self.summaries && rank(column).is_some());
        summaries.min_by_key(|column| rank(column)).cloned()
    }

    /// Settles how `3/4/2020` is read, from the first records of the file.
    pub fn settle_day_order<'a>(&mut self, records: impl Iterator<Item = &'a RawRecord>) {
        if self.options.day_order != DayOrder::Detect {
            return;
        }
        for (column, content) in records.flat_map(|record| &record.cells) {
            let is_date = self.meaning(column).is_some_and(|found| found.field == ColumnField::Date);
            match is_date.then(|| day_first_evidence(content)).flatten() {
                Some(true) => self.day_order = DayOrder::DayFirst,
                Some(false) => self.day_order = DayOrder::MonthFirst,
                None => continue,
            }
            return;
        }
    }

    /// Makes the article.
    pub fn article(&mut self, record: RawRecord) -> Result<Mapped, (Option<String>, Failure)> {
        let row = record.row;
        let mut fields = Fields::default();
        for (column, content) in record.cells {
            if let Some(meaning) = self.meaning(&column).filter(|meaning| self.summaries || !meaning.summary) {
                fields.offer(meaning, content);
            }
        }
        let published = self.published(row, &mut fields);
        let own_id = fields.take(ColumnField::Id).map(|id| id.trim().to_owned());
        let title = fields.take(ColumnField::Title).unwrap_or_default();
        let text = fields.take(ColumnField::Text).unwrap_or_default();
        if !title.chars().chain(text.chars()).any(char::is_alphanumeric) {
            let detail =
                "neither title nor text has a word; see with `inspect --schema` whether the right columns are read";
            return Err((own_id, Failure::new("empty_text", detail).at(row)));
        }
        if text.len() > MAX_ARTICLE_CHARS && text.chars().count() > MAX_ARTICLE_CHARS {
            let detail = format!(
                "the text has {} characters, an article may have {MAX_ARTICLE_CHARS}: is it a whole collection? Split it",
                text.chars().count()
            );
            return Err((own_id, Failure::new("article_too_long", detail).at(row)));
        }
        let mut trimmed = |field| fields.take(field).map(|content: String| content.trim().to_owned());
        let url = trimmed(ColumnField::Url);
        let article = Article {
            id: own_id.clone().unwrap_or_else(|| match row {
                Some(row) => format!("{}-{row}", self.stem),
                None => self.stem.clone(),
            }),
            source: Source { file: Arc::clone(&self.file), row },
            title,
            text,
            // The URL's domain is the last resort, after the byline: the pipeline asks for it once the text is clean.
            outlet: self.options.aliases.outlet(trimmed(ColumnField::Outlet).as_deref(), None),
            author: trimmed(ColumnField::Author),
            section: trimmed(ColumnField::Section),
            deck: fields.take(ColumnField::Deck),
            published,
            url,
        };
        Ok(Mapped { article, own_id: own_id.is_some() })
    }

    /// The first date that can be read, in the order of preference.
    fn published(&mut self, row: Option<u64>, fields: &mut Fields) -> Option<Published> {
        let mut candidates = std::mem::take(&mut fields.dates);
        candidates.sort_by_key(|(rank, _)| *rank);
        for (_, content) in &candidates {
            if let Some(published) = parse_published(content, self.day_order) {
                if self.day_order == DayOrder::Detect && is_ambiguous(content) {
                    self.dates.ambiguous += 1;
                }
                return Some(published);
            }
        }
        if let Some((_, content)) = candidates.first() {
            self.dates.unreadable += 1;
            self.dates.first_unreadable.get_or_insert_with(|| (row, shorten(content, 60)));
        }
        None
    }
}

/// The best cell so far for each field.
#[derive(Default)]
struct Fields {
    best: [Option<(u16, String)>; ColumnField::ALL.len()],
    dates: Vec<(u16, String)>,
}

impl Fields {
    fn offer(&mut self, meaning: Recognised, content: String) {
        let content = without_nuls(content);
        if is_missing(&content) {
            return;
        }
        if meaning.field == ColumnField::Date {
            return self.dates.push((meaning.rank, content));
        }
        let best = &mut self.best[meaning.field as usize];
        if best.as_ref().is_none_or(|(rank, _)| meaning.rank < *rank) {
            *best = Some((meaning.rank, content));
        }
    }

    fn take(&mut self, field: ColumnField) -> Option<String> {
        self.best[field as usize].take().map(|(_, content)| content)
    }
}

/// How tables write that there is nothing.
fn is_missing(content: &str) -> bool {
    matches!(content.trim(), "" | "nan" | "NaN" | "NA" | "N/A" | "null" | "NULL" | "None" | "<NA>" | "NaT" | "\\N")
}

fn same_column(given: &str, column: &str) -> bool {
    let lower = |name: &str| -> String { name.trim().to_lowercase() };
    given == column || lower(given) == lower(column)
}

/// Whether a file's column is read at all; for formats that can leave columns undecoded.
pub(super) fn is_wanted(options: &ReadOptions, column: &str) -> bool {
    recognise(column).is_some()
        || options.map.iter().any(|(_, name)| same_column(name, column) || belongs(name, column))
}

/// `source.name` lives in the column `source`.
fn belongs(member: &str, column: &str) -> bool {
    member.split_once('.').is_some_and(|(parent, _)| normalise(parent) == normalise(column))
}

/// The name of a file as it is shown.
pub(super) fn shown(path: &std::path::Path) -> Cow<'_, str> {
    path.to_string_lossy()
}
