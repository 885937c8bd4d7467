//! Stage 1, read: files → [`Article`](crate::record::Article), streamed, in bounded memory.
//!
//! Read are CSV/TSV, JSON Lines, JSON, Parquet, TXT, HTML, WARC, SQLite, RSS and Atom, alone or mixed in folders, as they
//! are or as `.gz` and `.zst`. Columns are recognised by the names that common exports use, or mapped by the user;
//! encodings and date forms are detected. Each format is a file of this folder that gives records of named cells
//! (`records`); `mapper` gives the cells their meaning; `reader` joins the files to one stream.
//!
//! Ids: a record's own id is kept, otherwise it is `<file stem>-<row>`. A second article with an id gets `id~2`; a record
//! that repeats an earlier one in id, outlet, address, title and text is rejected as `duplicate_record`.
//!
//! Reasons in [`Rejected`](crate::record::Rejected): `bad_row`, `record_too_large`, `article_too_long`, `empty_text`, `undecodable`,
//! `duplicate_record`, for pages also `no_main_text`, `corrupt_page`, `unsupported_encoding`; and for a file or the rest of
//! it `truncated`, `corrupt`, `decompression_bomb`, `unreadable`, `no_text_column`, `unknown_column`, `unknown_format`,
//! `no_records`, `empty_file`, `duplicate_file`.

mod aliases;
mod columns;
mod csv;
mod csv_dialect;
mod dates;
mod discover;
mod encoding;
mod feed;
mod html;
mod html_depth;
mod html_furniture;
mod html_metadata;
mod html_scripts;
mod html_tags;
#[cfg(test)]
mod html_tests;
mod http;
mod ids;
mod json;
mod json_cells;
mod mapper;
mod messages;
mod open;
mod options;
mod parquet;
mod reader;
mod records;
mod reread;
mod sample;
mod schema;
mod source_file;
mod sqlite;
mod stream;
#[cfg(test)]
mod survival_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
mod text_export;
mod txt;
mod warc;
#[cfg(test)]
mod web_tests;

use std::path::PathBuf;

pub use aliases::OutletAliases;
pub use columns::ColumnField;
pub use dates::DayOrder;
pub use options::{ColumnMap, MAX_ARTICLE_CHARS, MAX_RECORD_BYTES, ReadOptions};
pub use reader::{Progress, Reader};
pub use schema::{ColumnSeen, FileSchema};

use crate::error::Result;

/// Opens the inputs (files, or folders of them) as one stream of articles.
///
/// # Errors
/// [`crate::Error::Input`] where an input does not exist or none can be read, a named file has no title or text column, or a
/// mapped column is in none of the files. Whatever is wrong with a single record or file later comes in the stream.
pub fn open(inputs: &[PathBuf], options: &ReadOptions) -> Result<Reader> {
    Reader::open(inputs, options)
}

/// What would be read: formats, columns with the fields that they feed, sample values, the first article of each kind of file.
///
/// # Errors
/// [`crate::Error::Input`] where an input does not exist.
pub fn schema(inputs: &[PathBuf], options: &ReadOptions) -> Result<Vec<FileSchema>> {
    schema::schema(inputs, options)
}
