//! What every column of every table means: for `codebook.json`, for the Parquet files' metadata and for the page.

use serde::Serialize;

use super::columns;
use crate::run_folder::{RunManifest, SCHEMA_VERSION};

/// One column, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnMeaning {
    pub unit: String,
    /// Smallest and largest value, or the values there are.
    pub range: String,
    pub meaning: String,
}

impl ColumnMeaning {
    pub(super) fn new(unit: &str, range: &str, meaning: impl Into<String>) -> Self {
        Self { unit: unit.into(), range: range.into(), meaning: meaning.into() }
    }
}

/// A table of the run folder and what a row of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableMeaning {
    pub name: &'static str,
    pub row: &'static str,
    pub meaning: &'static str,
}

pub(super) const TABLES: &[TableMeaning] = &[
    TableMeaning {
        name: "sentences",
        row: "one sentence, in input order",
        meaning: "Everything that was measured; every other table is computed from this one and run.json.",
    },
    TableMeaning {
        name: "articles",
        row: "one article",
        meaning: "Means and shares over the sentences of the article, for all sentences, for narration and for quotes.",
    },
    TableMeaning {
        name: "outlets",
        row: "one estimate: outlet, period, part, voice, measure, statistic",
        meaning: "Estimates by outlet and period with intervals that respect that sentences sit in articles.",
    },
    TableMeaning {
        name: "sections",
        row: "one estimate: outlet, section, voice, measure, statistic, over all periods",
        meaning: "The estimates of the table outlets by section, desk or topic; no row where no record names one.",
    },
    TableMeaning {
        name: "terms",
        row: "one lexicon term in one outlet, period and voice",
        meaning: "How often each loaded term occurs, and how far it sets the outlet apart from the others.",
    },
    TableMeaning {
        name: "shifts",
        row: "one lexicon term in one outlet, period and voice, against the period before",
        meaning: "Loaded terms that became more or less frequent from one period to the next.",
    },
    TableMeaning {
        name: "contrasts",
        row: "one comparison of two outlets, of one against all others, or of one's period against the one before",
        meaning: "Differences with interval, permutation p and the false-discovery rate q.",
    },
    TableMeaning {
        name: "trends",
        row: "one outlet, part, voice, measure, statistic",
        meaning: "Change over time of each measure.",
    },
    TableMeaning {
        name: "same_story",
        row: "one comparison of two outlets, or of one with all others, in the stories that both tell",
        meaning: "Differences within the same stories, and what is left to the choice of stories.",
    },
    TableMeaning {
        name: "distinctive",
        row: "one n-gram in one outlet, period and voice",
        meaning: "Words and word sequences, from no list, that set an outlet apart from the others.",
    },
    TableMeaning {
        name: "rejected",
        row: "one record that was not scored",
        meaning: "What was left out, where it came from, and why.",
    },
    TableMeaning {
        name: "removals",
        row: "one stretch of text that a cleaning rule took out",
        meaning: "What was cleaned away; it is neither scored nor counted.",
    },
];

pub(super) fn table_meaning(table: &str) -> Option<TableMeaning> {
    TABLES.iter().copied().find(|known| known.name == table)
}

/// The meaning of one column; `None` where the codebook does not know it.
pub fn column_meaning(table: &str, column: &str, run: &RunManifest) -> Option<ColumnMeaning> {
    columns::fixed(table, column).or_else(|| match table {
        "sentences" => columns::sentence_score(column, run),
        "articles" => columns::article_score(column, run),
        _ => None,
    })
}

/// Key-value pairs for a Parquet file: what the table is, and as JSON in `framescope.columns` unit, range and meaning
/// of each of its columns.
pub fn parquet_metadata<'a>(
    table: &str,
    columns: impl IntoIterator<Item = &'a str>,
    run: &RunManifest,
) -> Vec<(String, String)> {
    let described: serde_json::Map<_, _> = columns
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), serde_json::json!(column_meaning(table, name, run)?))))
        .collect();
    let mut pairs = vec![
        ("framescope.version".to_owned(), run.framescope.clone()),
        ("framescope.schema_version".to_owned(), SCHEMA_VERSION.to_string()),
        ("framescope.columns".to_owned(), serde_json::Value::Object(described).to_string()),
    ];
    if let Some(known) = table_meaning(table) {
        pairs.push(("framescope.row".to_owned(), known.row.to_owned()));
        pairs.push(("framescope.meaning".to_owned(), known.meaning.to_owned()));
    }
    pairs
}
