//! What the outlets of a run published: out of its table of articles.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;

use super::tables::{number, read, text};
use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;
use crate::stages::aggregate::{ALL, Period};

/// An outlet of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutletListed {
    pub outlet: String,
    pub articles: u64,
    pub first_date: Option<NaiveDate>,
    pub last_date: Option<NaiveDate>,
}

/// What an outlet published in the period, after cleaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    pub outlet: String,
    pub articles: u64,
    /// Of those, without a date.
    pub undated: u64,
    pub first_date: Option<NaiveDate>,
    pub last_date: Option<NaiveDate>,
    /// Of the articles, those credited to a news agency.
    pub from_agencies: u64,
    pub sentences: u64,
    pub narration: u64,
    pub quotes: u64,
    pub mixed: u64,
    pub tokens: u64,
    /// Of those, inside quoted speech.
    pub tokens_quoted: u64,
}

/// The outlets of a run folder, those with the most articles first.
///
/// # Errors
/// A folder without its table of articles.
pub fn outlets_of(run: &Path) -> Result<Vec<OutletListed>> {
    let table = read(run, "articles", None, &["outlet", "date"])?;
    let (outlets, dates) = (text(&table, "outlet")?, dates(&table)?);
    let mut found: BTreeMap<&str, OutletListed> = BTreeMap::new();
    for (outlet, date) in outlets.iter().zip(dates) {
        let name = outlet.unwrap_or(UNKNOWN_OUTLET);
        let listed = found.entry(name).or_insert_with(|| OutletListed {
            outlet: name.to_owned(),
            articles: 0,
            first_date: None,
            last_date: None,
        });
        listed.articles += 1;
        widen(&mut listed.first_date, &mut listed.last_date, date);
    }
    let mut listed: Vec<OutletListed> = found.into_values().collect();
    listed.sort_by_key(|outlet| std::cmp::Reverse(outlet.articles));
    Ok(listed)
}

/// Counts of both outlets over the articles of the period with that label, or of all.
pub fn published(run: &Path, names: [&str; 2], label: &str, period: &Period) -> Result<[Published; 2]> {
    const COUNTS: [&str; 6] = ["n_sentences", "n_narration", "n_quote", "n_mixed", "n_tokens", "n_tokens_quoted"];
    let columns = [&["outlet", "date", "agency"], &COUNTS[..]].concat();
    let either = col("outlet").eq(lit(names[0])).or(col("outlet").eq(lit(names[1])));
    let table = read(run, "articles", Some(either), &columns)?;
    let (outlets, dates, agencies) = (text(&table, "outlet")?, dates(&table)?, text(&table, "agency")?);
    let counts: Vec<Float64Chunked> = COUNTS.iter().map(|name| number(&table, name)).collect::<Result<_>>()?;
    let mut both = names.map(|name| Published { outlet: name.to_owned(), ..Published::default() });
    for (row, date) in dates.into_iter().enumerate() {
        let here = label == ALL || date.is_some_and(|date| period.label(period.start(date)) == label);
        let side = names.iter().position(|name| outlets.get(row) == Some(name));
        let Some(outlet) = side.filter(|_| here).map(|side| &mut both[side]) else { continue };
        outlet.articles += 1;
        outlet.undated += u64::from(date.is_none());
        outlet.from_agencies += u64::from(agencies.get(row).is_some());
        widen(&mut outlet.first_date, &mut outlet.last_date, date);
        let totals = [
            &mut outlet.sentences,
            &mut outlet.narration,
            &mut outlet.quotes,
            &mut outlet.mixed,
            &mut outlet.tokens,
            &mut outlet.tokens_quoted,
        ];
        totals.into_iter().zip(&counts).for_each(|(total, count)| *total += count.get(row).unwrap_or(0.0) as u64);
    }
    Ok(both)
}

fn dates(table: &DataFrame) -> Result<Vec<Option<NaiveDate>>> {
    let days = table.column("date")?.cast(&DataType::Int32)?;
    let date = |days: i32| NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
    Ok(days.i32()?.iter().map(|days| days.and_then(date)).collect())
}

fn widen(first: &mut Option<NaiveDate>, last: &mut Option<NaiveDate>, date: Option<NaiveDate>) {
    *first = first.iter().copied().chain(date).min();
    *last = last.iter().copied().chain(date).max();
}
