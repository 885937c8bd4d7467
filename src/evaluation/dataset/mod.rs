//! Labelled examples from a file. Nothing is dropped in silence: what cannot be used is counted by reason, and a label
//! that the task does not know ends the run unless the user says otherwise.

mod columns;
mod delimited;
mod json_lines;
mod labels;
mod parquet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::Value;

pub use labels::LabelMap;

use columns::{Record, Wanted};

use crate::error::{Error, Result, unknown};

/// Which column holds what.
#[derive(Debug, Clone)]
pub struct Columns {
    pub text: String,
    pub label: String,
    /// `None`: `id`, where there is such a column.
    pub id: Option<String>,
    /// Rows with an equal value are resampled together; `None`: by id, where ids repeat.
    pub cluster: Option<String>,
    /// With a hypothesis column, examples are pairs: premise and hypothesis in place of the text.
    pub premise: String,
    pub hypothesis: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            text: "text".into(),
            label: "label".into(),
            id: None,
            cluster: None,
            premise: "premise".into(),
            hypothesis: "hypothesis".into(),
        }
    }
}

/// How a file is read.
#[derive(Debug, Clone)]
pub struct DatasetOptions {
    pub columns: Columns,
    pub map: LabelMap,
    /// The task's labels.
    pub labels: Vec<String>,
    /// A row carries any number of labels, none included; else exactly one.
    pub multi_label: bool,
    /// Rows are pairs of premise and hypothesis.
    pub pairs: bool,
    /// Leave out labels that the task does not have, and count them; else they are an error.
    pub skip_unknown: bool,
}

/// One labelled example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Row in the file, from 1.
    pub row: u64,
    pub id: Option<String>,
    /// The text, or a pair's premise.
    pub text: String,
    pub hypothesis: Option<String>,
    /// Indices into the labels; exactly one unless multi-label.
    pub gold: Vec<usize>,
    /// Examples with the same number are resampled together.
    pub cluster: usize,
}

/// Labelled examples, and what was left out.
#[derive(Debug, Clone)]
pub struct Dataset {
    pub labels: Vec<String>,
    pub multi_label: bool,
    pub examples: Vec<Example>,
    /// Number of clusters of examples.
    pub clusters: usize,
    pub skipped: Skipped,
}

/// Rows of the file, and how many of them could not be used, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Rows in the file.
    pub rows: u64,
    /// Label null or empty.
    pub unlabelled: u64,
    /// Text (premise, hypothesis) null or empty.
    pub empty_text: u64,
    /// Labels that the task does not have, with how often each stood; only with `skip_unknown`.
    pub unknown_labels: BTreeMap<String, u64>,
    /// Rows left out since their only label is unknown.
    pub unknown_label_rows: u64,
    /// Articles that cleaning rejects or that have no sentence.
    pub unusable_articles: u64,
    /// The first rows left out, for looking them up.
    pub first_rows: Vec<u64>,
}

impl Skipped {
    /// Rows left out.
    pub fn total(&self) -> u64 {
        self.unlabelled + self.empty_text + self.unknown_label_rows + self.unusable_articles
    }

    pub(super) fn note(&mut self, row: u64) {
        if self.first_rows.len() < 5 {
            self.first_rows.push(row);
        }
    }
}

/// Where the wanted cells stand in a record.
const LABEL: usize = 0;
const TEXT: usize = 1;
const ID: usize = 2;
const CLUSTER: usize = 3;
const HYPOTHESIS: usize = 4;

/// Reads the labelled examples of a file.
///
/// # Errors
/// A file that cannot be read, a missing column (the message says which there are), a label that the task does not have
/// (the message names row and nearest label), or a file with no usable row.
pub fn read(path: &Path, options: &DatasetOptions) -> Result<Dataset> {
    options.map.check(&options.labels)?;
    let records = columns::read(path, &wanted(options))?;
    let mut skipped = Skipped { rows: records.len() as u64, ..Skipped::default() };
    let mut examples = Vec::with_capacity(records.len());
    let mut keys = Vec::with_capacity(records.len());
    for record in records {
        if let Some(example) = example(path, &record, options, &mut skipped)? {
            let cluster =
                if options.columns.cluster.is_some() { text_of(&record.cells[CLUSTER]) } else { example.id.clone() };
            keys.push(cluster);
            examples.push(example);
        }
    }
    if examples.is_empty() {
        let reason = format!("no row can be used: {}", describe(&skipped));
        return Err(Error::Input { path: path.into(), reason });
    }
    let clusters = number_clusters(&mut examples, &keys);
    let (labels, multi_label) = (options.labels.clone(), options.multi_label);
    Ok(Dataset { labels, multi_label, examples, clusters, skipped })
}

fn wanted(options: &DatasetOptions) -> Vec<Wanted<'_>> {
    let names = &options.columns;
    let (text, flag) =
        if options.pairs { (&names.premise, "--premise-column") } else { (&names.text, "--text-column") };
    let column = |column, flag, required, list| Wanted { column, flag, required, list };
    let mut wanted = vec![
        column(names.label.as_str(), "--label-column", true, options.multi_label),
        column(text.as_str(), flag, true, false),
        column(names.id.as_deref().unwrap_or("id"), "--id-column", names.id.is_some(), false),
        column(names.cluster.as_deref().unwrap_or(""), "--cluster-column", names.cluster.is_some(), false),
    ];
    if options.pairs {
        wanted.push(column(names.hypothesis.as_str(), "--hypothesis-column", true, false));
    }
    wanted
}

fn example(path: &Path, record: &Record, options: &DatasetOptions, skipped: &mut Skipped) -> Result<Option<Example>> {
    let Some(names) = labels::names(&record.cells[LABEL], options.multi_label) else {
        skipped.unlabelled += 1;
        skipped.note(record.row);
        return Ok(None);
    };
    let mut gold = Vec::with_capacity(names.len());
    for name in &names {
        match options.map.index(name, &options.labels) {
            Some(label) => gold.push(label),
            None if options.skip_unknown => *skipped.unknown_labels.entry(name.clone()).or_default() += 1,
            None => {
                let what = unknown("label", name, options.labels.iter().map(String::as_str));
                let reason = format!(
                    "row {}: {what}\nRename labels with --label-map THEIRS=OURS, or leave such labels out with --skip-unknown.",
                    record.row
                );
                return Err(Error::Input { path: path.into(), reason });
            }
        }
    }
    if gold.is_empty() && !options.multi_label {
        skipped.unknown_label_rows += 1;
        skipped.note(record.row);
        return Ok(None);
    }
    gold.sort_unstable();
    gold.dedup();
    let hypothesis = options.pairs.then(|| text_of(&record.cells[HYPOTHESIS]));
    let (Some(text), false) = (text_of(&record.cells[TEXT]), hypothesis == Some(None)) else {
        skipped.empty_text += 1;
        skipped.note(record.row);
        return Ok(None);
    };
    Ok(Some(Example {
        row: record.row,
        id: text_of(&record.cells[ID]),
        text,
        hypothesis: hypothesis.flatten(),
        gold,
        cluster: 0,
    }))
}

/// Rows without a key of their own stand alone.
fn number_clusters(examples: &mut [Example], keys: &[Option<String>]) -> usize {
    let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
    let mut next = 0;
    for (example, key) in examples.iter_mut().zip(keys) {
        let known = key.as_deref().and_then(|key| numbers.get(key).copied());
        example.cluster = known.unwrap_or(next);
        if known.is_none() {
            if let Some(key) = key {
                numbers.insert(key, next);
            }
            next += 1;
        }
    }
    next
}

fn text_of(cell: &Value) -> Option<String> {
    match cell {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One line on what was left out; empty where nothing was.
pub fn describe(skipped: &Skipped) -> String {
    let unknown: Vec<String> =
        skipped.unknown_labels.iter().take(8).map(|(name, n)| format!("\"{name}\" {n} times")).collect();
    let parts = [
        (skipped.unlabelled, "without a label".to_owned()),
        (skipped.empty_text, "without text".to_owned()),
        (skipped.unknown_label_rows, "with an unknown label".to_owned()),
        (skipped.unusable_articles, "with no sentence left after cleaning".to_owned()),
    ];
    let mut said: Vec<String> =
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} rows {what}")).collect();
    if !skipped.first_rows.is_empty() {
        let rows: Vec<String> = skipped.first_rows.iter().map(u64::to_string).collect();
        said.push(format!("first such rows: {}", rows.join(", ")));
    }
    if !unknown.is_empty() {
        said.push(format!("labels ignored: {}", unknown.join(", ")));
    }
    if said.is_empty() {
        format!("{} rows read", skipped.rows)
    } else {
        format!("of {} rows, left out: {}", skipped.rows, said.join("; "))
    }
}
