//! What was read and what was not.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Duration, NaiveDate};
use polars::prelude::*;
use serde::Serialize;

use super::estimates::Estimates;
use super::wording::count;
use crate::error::{Error, Result};
use crate::run_folder::{REJECTED, RunManifest};

#[derive(Debug, Serialize)]
pub struct Account {
    pub articles: String,
    pub sentences: String,
    pub distinct_sentences: String,
    /// Scored in earlier runs; `None` for none.
    pub cached_sentences: Option<String>,
    pub rejected: String,
    pub any_rejected: bool,
    /// First and last date of publication; empty where no article has one.
    pub first_date: String,
    pub last_date: String,
    pub undated: String,
    pub any_undated: bool,
    /// (reason, records, an example of the detail)
    pub reasons: Vec<(String, String, String)>,
    /// (rule, removals)
    pub removals: Vec<(String, String)>,
    pub inputs: Vec<InputRow>,
    pub seconds: String,
}

#[derive(Debug, Serialize)]
pub struct InputRow {
    pub file: String,
    pub articles: String,
    pub rejected: String,
    pub size: String,
    pub sha256: String,
}

#[derive(Debug, Serialize)]
pub struct OutletShown {
    pub name: String,
    pub articles: String,
    /// Shown until the reader chooses others.
    pub at_first: bool,
}

impl Account {
    pub fn read(run_dir: &Path, articles: &DataFrame, run: &RunManifest) -> Result<Self> {
        let dates = articles.column("date")?.cast(&DataType::Int32)?.i32()?.clone();
        let day = |days: Option<i32>| {
            days.map(|days| (NaiveDate::default() + Duration::days(i64::from(days))).format("%-d %B %Y").to_string())
        };
        let mut removals: Vec<_> = run.removals.iter().collect();
        removals.sort_by(|a, b| b.1.cmp(a.1));
        Ok(Self {
            articles: count(run.counts.articles),
            sentences: count(run.counts.sentences),
            distinct_sentences: count(run.counts.distinct_sentences),
            cached_sentences: (run.counts.cached_sentences > 0).then(|| count(run.counts.cached_sentences)),
            rejected: count(run.counts.rejected),
            any_rejected: run.counts.rejected > 0,
            first_date: day(dates.min()).unwrap_or_default(),
            last_date: day(dates.max()).unwrap_or_default(),
            undated: count(dates.null_count() as u64),
            any_undated: dates.null_count() > 0,
            reasons: reasons(&run_dir.join(REJECTED))?,
            removals: removals.into_iter().map(|(rule, n)| (rule.replace('_', " "), count(*n))).collect(),
            inputs: run.inputs.iter().map(input).collect(),
            seconds: duration(run.seconds.values().sum()),
        })
    }
}

fn input(used: &crate::run_folder::InputUsed) -> InputRow {
    InputRow {
        file: used.file.clone(),
        articles: count(used.articles),
        rejected: count(used.rejected),
        size: match used.bytes {
            bytes if bytes >= 10_000_000 => format!("{} MB", count(bytes / 1_000_000)),
            bytes => format!("{} kB", count(bytes.div_ceil(1000))),
        },
        sha256: used.sha256.clone(),
    }
}

fn duration(seconds: f64) -> String {
    match seconds.round() as u64 {
        0..=119 => format!("{seconds:.0} seconds"),
        whole => format!("{} minutes", (whole + 30) / 60),
    }
}

/// Reasons in rejected.csv with how often each is given; none where the run has no such file.
fn reasons(rejected: &Path) -> Result<Vec<(String, String, String)>> {
    if !rejected.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |error: csv::Error| Error::Run { path: rejected.to_owned(), reason: error.to_string() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(rejected).map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let at = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
    let (Some(reason), detail) = (at("reason"), at("detail")) else { return Ok(Vec::new()) };
    let mut counted: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let entry = counted.entry(record.get(reason).unwrap_or("").replace('_', " ")).or_default();
        entry.0 += 1;
        if entry.1.is_empty() {
            entry.1 = detail.and_then(|at| record.get(at)).unwrap_or("").chars().take(160).collect();
        }
    }
    let mut reasons: Vec<_> = counted.into_iter().collect();
    reasons.sort_by_key(|b| std::cmp::Reverse(b.1.0));
    Ok(reasons.into_iter().map(|(reason, (n, example))| (reason, count(n), example)).collect())
}

pub fn outlets_of(estimates: &Estimates, at_first: usize) -> Vec<OutletShown> {
    let outlets = estimates.outlets.iter().zip(&estimates.articles).enumerate();
    outlets
        .map(|(at, (name, articles))| OutletShown {
            name: name.clone(),
            articles: count(*articles),
            at_first: at < at_first,
        })
        .collect()
}

/// How many of the table's estimates are marked as small cells, and how many there are.
pub fn small_cells(outlets: &DataFrame) -> Result<(String, String)> {
    let small = outlets.column("small_cell")?.bool()?.sum().unwrap_or(0);
    Ok((count(u64::from(small)), count(outlets.height() as u64)))
}

/// A number of the configuration, wherever it stands.
pub fn setting(config: &serde_json::Value, key: &str) -> Option<f64> {
    let table = config.as_object()?;
    table.get(key).and_then(|value| value.as_f64()).or_else(|| table.values().find_map(|inner| setting(inner, key)))
}

/// A share as per cent, `0.95` as `95`.
pub fn percent(share: f64) -> String {
    ((share * 1e5).round() / 1e3).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_where_they_stand() {
        let config = serde_json::json!({ "period": "month", "aggregate": { "confidence": 0.9, "min_articles": 5 } });
        assert_eq!(setting(&config, "confidence").map(percent).as_deref(), Some("90"));
        assert_eq!(setting(&config, "min_articles").map(|n| n.to_string()).as_deref(), Some("5"));
        assert_eq!(setting(&config, "absent"), None);
        assert_eq!((percent(0.95), percent(0.999)), ("95".into(), "99.9".into()));
    }

    #[test]
    fn reasons_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(REJECTED);
        let rows =
            "\u{feff}file,row,id,reason,detail\na,1,,empty_text,no body\na,2,,bad_row,x\na,3,,empty_text,other\n";
        std::fs::write(&path, rows).unwrap();
        let expected = [("empty text", "2", "no body"), ("bad row", "1", "x")];
        let expected = expected.map(|(reason, n, example)| (reason.to_owned(), n.to_owned(), example.to_owned()));
        assert_eq!(reasons(&path).unwrap(), expected);
        assert!(reasons(&folder.path().join("absent.csv")).unwrap().is_empty());
    }
}
