//! What would be read of an input, without reading it all.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::aliases::OutletAliases;
use super::discover::discover;
use super::messages::shorten;
use super::options::ReadOptions;
use super::source_file::SourceFile;
use crate::error::Result;
use crate::record::Article;

/// Files that are looked into.
const MAX_FILES: usize = 64;
const SAMPLES: usize = 3;
const SAMPLE_CHARS: usize = 80;

/// One file as it would be read. Of several files with the same format and columns only the first is described.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSchema {
    pub file: String,
    /// For people: `CSV (semicolon)`, `JSON Lines`, `Parquet`...
    pub format: String,
    /// Name of the encoding as the web standard has it.
    pub encoding: String,
    /// Columns in the file's order; for documents, the fields that were found in them.
    pub columns: Vec<ColumnSeen>,
    /// The first article; None where none can be read. Its outlet is the record's, else the domain of its address: a
    /// byline, which would come before the address, is found only by cleaning.
    pub first: Option<Article>,
    /// Further files of the same format and columns, among those that were looked into.
    pub alike: usize,
    /// Why the file cannot be read, or what one should know of it.
    pub notes: Vec<String>,
}

/// A column of an input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSeen {
    pub name: String,
    /// The field that it feeds; None where it is not used.
    pub feeds: Option<&'static str>,
    /// Up to three different values, cut to 80 characters.
    pub samples: Vec<String>,
}

/// Describes up to 64 files of the inputs.
///
/// # Errors
/// [`crate::Error::Input`] where an input does not exist. A file that cannot be read is described by its note.
pub(super) fn schema(inputs: &[PathBuf], options: &ReadOptions) -> Result<Vec<FileSchema>> {
    let options = Arc::new(options.clone());
    let found = discover(inputs)?;
    let mut schemas: Vec<FileSchema> = Vec::new();
    for file in found.files.iter().take(MAX_FILES) {
        let schema = match SourceFile::open(file, &options, true, &Arc::default()) {
            Ok(source) => describe(source, &options.aliases),
            Err(unopened) => without_content(unopened.used.file, unopened.failure.detail),
        };
        let alike = |other: &&mut FileSchema| {
            let columns =
                |schema: &FileSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
            other.first.is_some() && other.format == schema.format && columns(other) == columns(&schema)
        };
        match schemas.iter_mut().find(alike) {
            Some(other) if schema.first.is_some() => other.alike += 1,
            _ => schemas.push(schema),
        }
    }
    schemas.extend(found.rejected.into_iter().map(|rejected| without_content(rejected.file, rejected.detail)));
    Ok(schemas)
}

fn without_content(file: String, note: String) -> FileSchema {
    let (format, encoding) = ("not read".to_owned(), String::new());
    FileSchema { file, format, encoding, columns: Vec::new(), first: None, alike: 0, notes: vec![note] }
}

fn describe(mut source: SourceFile, aliases: &OutletAliases) -> FileSchema {
    let names = source.columns.clone();
    let columns = names
        .iter()
        .map(|name| {
            let meaning = source.mapper.meaning(name);
            let used = meaning.filter(|meaning| !meaning.summary || source.mapper.summary_used(&names).is_some());
            let mut seen = HashSet::new();
            let contents = source.lookahead().flat_map(|record| &record.cells).filter(|(column, _)| column == name);
            let samples = contents
                .map(|(_, content)| shorten(content.trim(), SAMPLE_CHARS))
                .filter(|sample| !sample.is_empty() && seen.insert(sample.clone()))
                .take(SAMPLES)
                .collect();
            ColumnSeen { name: name.to_string(), feeds: used.map(|meaning| meaning.field.name()), samples }
        })
        .collect();
    let mut first = None;
    let mut notes = Vec::new();
    while let Some(record) = source.next_record() {
        match record.map_err(|failure| (None, failure)).and_then(|record| source.mapper.article(record)) {
            Ok(mapped) => {
                let article = mapped.article;
                let outlet = aliases.outlet(article.outlet.as_deref(), article.url.as_deref());
                first = Some(Article { outlet, ..article });
                break;
            }
            Err((_, failure)) if notes.len() < SAMPLES => {
                let at = failure.row.map_or(String::new(), |row| format!("row {row}: "));
                notes.push(format!("{at}{}: {}", failure.reason, failure.detail));
            }
            Err(_) => {}
        }
    }
    notes.extend(source.notes());
    let (file, format, encoding) = (source.file.to_string(), source.format.clone(), source.encoding.to_owned());
    FileSchema { file, format, encoding, columns, first, alike: 0, notes }
}
