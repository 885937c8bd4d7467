//! Opens a file as records: by its name, then by its first bytes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::csv::CsvRecords;
use super::csv_dialect::Dialect;
use super::discover::{Format, Found};
use super::json::{JsonRecords, Layout};
use super::mapper::is_wanted;
use super::options::ReadOptions;
use super::parquet::ParquetRecords;
use super::records::{Failure, Records};
use super::sample::Sampled;
use super::stream::{self, Bytes, Compression, Meter, RawFile, read_failure};
use super::text_export::{TextExport, is_text_export};
use super::txt::SingleRecord;

/// A file that has been opened as records.
pub(super) struct Opened {
    pub records: Box<dyn Records>,
    pub raw: RawFile,
    /// For people: `CSV (semicolon)`, `JSON Lines`.
    pub format: String,
    pub encoding: &'static str,
}

/// Opens a file. The hash of the file that could not be opened as records is given with the failure, where it was read.
pub(super) fn open(
    found: &Found,
    options: &ReadOptions,
    every_column: bool,
    progress: &Arc<AtomicU64>,
) -> Result<Opened, (Failure, Option<RawFile>)> {
    let path = &found.path;
    let random_access = matches!(found.format, Format::Parquet | Format::Sqlite);
    // Files with random access report their own progress; hashing them is not reading them.
    let counted = if random_access { &Arc::default() } else { progress };
    let (raw, bytes, meter) = stream::open(path, counted, options.max_expansion)
        .map_err(|error| (read_failure(&error, None).ending(), None))?;
    let opened = if random_access {
        drop(bytes);
        open_random_access(path, found.format, options, every_column, progress)
    } else {
        open_stream(path, found.format, (bytes, meter), options, every_column, progress)
    };
    match opened {
        Ok((records, format, encoding)) => Ok(Opened { records, raw, format, encoding }),
        Err(failure) => Err((failure.ending(), Some(raw))),
    }
}

type Readable = (Box<dyn Records>, String, &'static str);

fn open_random_access(
    path: &Path,
    format: Format,
    options: &ReadOptions,
    every_column: bool,
    progress: &Arc<AtomicU64>,
) -> Result<Readable, Failure> {
    let wants = |column: &str| every_column || is_wanted(options, column);
    match format {
        Format::Sqlite => {
            let records = super::sqlite::SqliteRecords::open(path, progress, options)?;
            Ok((Box::new(records), "SQLite".to_owned(), "UTF-8"))
        }
        _ => Ok((Box::new(ParquetRecords::open(path, progress, wants)?), "Parquet".to_owned(), "UTF-8")),
    }
}

fn open_stream(
    path: &Path,
    format: Format,
    (mut bytes, meter): (Bytes, Meter),
    options: &ReadOptions,
    every_column: bool,
    progress: &Arc<AtomicU64>,
) -> Result<Readable, Failure> {
    let limit = options.max_record_bytes;
    let head = bytes.fill_buf().map_err(|error| read_failure(&error, None))?;
    if head.is_empty() {
        return Err(Failure::new("empty_file", "the file has no bytes"));
    }
    if Compression::of(head) != Compression::None {
        return Err(Failure::new("unknown_format", "it is compressed twice; unpack it once"));
    }
    if let Some(advice) = no_text_file(head) {
        return Err(Failure::new("unknown_format", advice));
    }
    if format == Format::Warc {
        let records = super::warc::WarcRecords::open(meter.around(bytes), limit);
        return Ok((Box::new(records), "WARC".to_owned(), "by page"));
    }
    let sampled = Sampled::new(bytes, meter).map_err(|error| read_failure(&error, None))?;
    let format = if format == Format::Unknown { by_content(&sampled.sample)? } else { format };
    let encoding = sampled.charset.name();
    let (records, name): (Box<dyn Records>, String) = match format {
        Format::Table => {
            let dialect = Dialect::sniff(&sampled.sample, &options.map);
            let name =
                format!("CSV ({}{})", dialect.delimiter_name(), if dialect.quoting { "" } else { ", no quoting" });
            (Box::new(CsvRecords::open(sampled, dialect, limit)?), name)
        }
        Format::Json | Format::JsonLines => {
            let layout = Layout::sniff(&sampled.sample, format == Format::JsonLines);
            let name = if layout == Layout::Lines { "JSON Lines" } else { "JSON" };
            (Box::new(JsonRecords::open(sampled, layout, limit)?), name.to_owned())
        }
        Format::Html => (Box::new(super::html::page(sampled)), "HTML".to_owned()),
        Format::Feed => (Box::new(super::feed::FeedRecords::open(sampled, limit)), "RSS/Atom".to_owned()),
        Format::Warc => (Box::new(super::warc::WarcRecords::open(sampled.bytes, limit)), "WARC".to_owned()),
        Format::Parquet | Format::Sqlite => {
            drop(sampled);
            return open_random_access(path, format, options, every_column, progress);
        }
        Format::Text | Format::Unknown if is_text_export(&String::from_utf8_lossy(&sampled.sample)) => {
            (Box::new(TextExport::open(sampled, limit)), "text export (LexisNexis, ProQuest)".to_owned())
        }
        Format::Text | Format::Unknown => (Box::new(SingleRecord::text(sampled, limit)), "text".to_owned()),
    };
    Ok((records, name, encoding))
}

/// What to do with a file that is something else than its name says. A spreadsheet saved as `.csv` in name only is a ZIP archive.
fn no_text_file(head: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "it is a ZIP archive: unpack it and give its folder; if it is an Excel sheet, save it as CSV"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "it is an old Office file: save the sheet as CSV, the document as plain text",
        ),
        (b"%PDF-", "it is a PDF: save it as plain text or export the articles as CSV"),
        (b"{\\rtf", "it is an RTF document: save it as plain text or export the articles as CSV"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive: unpack it and give its folder"),
        (b"Rar!\x1a\x07", "it is a RAR archive: unpack it and give its folder"),
        (b"\xfd7zXZ\x00", "it is compressed with xz: unpack it, or compress it as .gz or .zst"),
        (b"BZh91AY&SY", "it is compressed with bzip2: unpack it, or compress it as .gz or .zst"),
    ];
    KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, advice)| *advice)
}

/// The format of a file whose name does not tell it.
fn by_content(sample: &[u8]) -> Result<Format, Failure> {
    let head: Vec<u8> = sample.trim_ascii_start().iter().take(2000).map(u8::to_ascii_lowercase).collect();
    let starts = |prefixes: &[&[u8]]| prefixes.iter().any(|prefix| head.starts_with(prefix));
    Ok(match () {
        () if starts(&[b"par1"]) => Format::Parquet,
        () if starts(&[b"sqlite format 3"]) => Format::Sqlite,
        () if starts(&[b"warc/"]) => Format::Warc,
        () if starts(&[b"{", b"["]) => Format::Json,
        () if starts(&[b"<!doctype html", b"<html", b"<head", b"<body"]) => Format::Html,
        () if starts(&[b"<rss", b"<feed", b"<rdf"]) => Format::Feed,
        () if starts(&[b"<?xml"]) && contains(&head, b"<html") => Format::Html,
        () if starts(&[b"<?xml"]) => Format::Feed,
        () if looks_like_table(sample) => Format::Table,
        () => {
            let advice = "give CSV, TSV, JSON, JSON Lines, Parquet, TXT, HTML, WARC, SQLite, RSS or Atom, with its usual extension";
            return Err(Failure::new("unknown_format", format!("neither name nor content tells the format; {advice}")));
        }
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// A first line with a known column name and a delimiter.
fn looks_like_table(sample: &[u8]) -> bool {
    let line = sample.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let cells: Vec<&str> = line.split([',', '\t', ';', '|']).collect();
    let known = cells.iter().filter(|cell| super::columns::recognise(cell).is_some()).count();
    cells.len() > 1 && known > 0 && known * 3 >= cells.len()
}
