//! What every format gives: records as named cells, or what was wrong with one.

use std::sync::Arc;

/// One record before its columns have been given their meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawRecord {
    /// 1-based; None where the file is the record.
    pub row: Option<u64>,
    /// Column name and content, in the record's order; empty cells may be left out.
    pub cells: Vec<(Arc<str>, String)>,
}

/// A record, or the rest of a file, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub row: Option<u64>,
    pub reason: &'static str,
    pub detail: String,
    /// Nothing more can come from this file.
    pub ends: bool,
}

impl Failure {
    pub fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { row: None, reason, detail: detail.into(), ends: false }
    }

    pub fn at(self, row: impl Into<Option<u64>>) -> Self {
        Self { row: row.into(), ..self }
    }

    pub fn ending(self) -> Self {
        Self { ends: true, ..self }
    }

    pub fn too_large(bytes: u64, limit: usize) -> Self {
        let (size, limit) = (bytes >> 20, limit >> 20);
        let detail = format!(
            "the record has {size} MiB or more, the limit is {limit} MiB: is a quote never closed, or the whole \
             collection one record? Split it"
        );
        Self::new("record_too_large", detail)
    }
}

/// A file as a sequence of records. After a failure that `ends` it gives nothing more.
pub(super) trait Records: Send {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>>;

    /// The columns, where every record has the same ones.
    fn columns(&self) -> Option<&[Arc<str>]> {
        None
    }

    /// Whether the columns are the file's own, so that a column map applies; else they are this stage's field names.
    fn has_own_columns(&self) -> bool {
        true
    }
}
