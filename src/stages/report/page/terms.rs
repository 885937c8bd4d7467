//! The loaded terms that set an outlet apart, by weighted log-odds against the others.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;
use serde::Serialize;

use super::estimates::VOICES;
use super::whisker::Whisker;
use super::wording::{Scale, count, probability};
use crate::error::Result;

/// Terms shown an outlet.
const SHOWN: usize = 8;
/// Where fewer survive correction, others fill up to this many, marked as weak.
const FILLED: usize = 4;
/// Fewer occurrences do not show a habit.
const LEAST_COUNT: f64 = 2.0;
const MOST_Q: f64 = 0.05;
/// Half the width of a 95 % interval, in standard errors.
const Z_95: f64 = 1.96;

#[derive(Debug, Clone, Serialize)]
pub struct TermRow {
    pub term: String,
    pub category: String,
    pub neutral: String,
    pub count: String,
    pub rate: String,
    pub interval: String,
    pub in_quotes: String,
    pub q: String,
    /// The difference does not survive correction.
    pub weak: bool,
    /// `<svg>` of the log-odds with its 95 % interval.
    pub dot: String,
}

struct Read {
    row: TermRow,
    log_odds: f64,
    error: f64,
}

/// The terms of each outlet in one voice (index into [`VOICES`]) over the whole run, most distinctive first: used more than
/// by the others, at least twice. Those with q of at most 0.05 come first; a few others follow where they are few.
/// `neutral` gives the wording one would expect in place of a term.
///
/// # Errors
/// [`crate::Error::Tables`] for a table without the columns of the contract.
pub fn loaded_terms(
    table: &DataFrame,
    outlets: &[String],
    voice: usize,
    neutral: &BTreeMap<String, String>,
) -> Result<Vec<Vec<TermRow>>> {
    let at: HashMap<&str, usize> = outlets.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let columns = Columns::read(table)?;
    let mut by_outlet: Vec<Vec<Read>> = (0..outlets.len()).map(|_| Vec::new()).collect();
    for row in 0..table.height() {
        let here = columns.period.get(row) == Some("all") && columns.voice.get(row) == Some(VOICES[voice]);
        let outlet = columns.outlet.get(row).and_then(|name| at.get(name));
        if let (true, Some(outlet), Some(read)) = (here, outlet, columns.term(row, neutral)) {
            by_outlet[*outlet].push(read);
        }
    }
    for terms in &mut by_outlet {
        terms.sort_by(|a, b| {
            let z = |term: &Read| term.log_odds / term.error;
            a.row.weak.cmp(&b.row.weak).then(z(b).total_cmp(&z(a))).then_with(|| a.row.term.cmp(&b.row.term))
        });
        let strong = terms.iter().filter(|term| !term.row.weak).count();
        terms.truncate(strong.clamp(FILLED, SHOWN));
    }
    let ends = |sign: f64| by_outlet.iter().flatten().map(move |term| term.log_odds + sign * Z_95 * term.error);
    let dots = Whisker { low: ends(-1.0).fold(0.0, f64::min), high: ends(1.0).fold(0.5, f64::max), zero: true };
    let drawn = |term: Read| {
        let half = Z_95 * term.error;
        TermRow { dot: dots.draw(term.log_odds, Some(term.log_odds - half), Some(term.log_odds + half)), ..term.row }
    };
    Ok(by_outlet.into_iter().map(|terms| terms.into_iter().map(drawn).collect()).collect())
}

struct Columns {
    outlet: StringChunked,
    period: StringChunked,
    voice: StringChunked,
    term: StringChunked,
    category: StringChunked,
    z_articles: Option<Float64Chunked>,
    numbers: HashMap<&'static str, Float64Chunked>,
}

const NUMBERS: [&str; 8] = ["count", "rate_per_1000", "ci_low", "ci_high", "share_in_quotes", "log_odds", "z", "q"];

impl Columns {
    fn read(table: &DataFrame) -> Result<Self> {
        let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
        let mut numbers = HashMap::new();
        for name in NUMBERS {
            numbers.insert(name, table.column(name)?.cast(&DataType::Float64)?.f64()?.clone());
        }
        Ok(Self {
            outlet: text("outlet")?,
            period: text("period")?,
            voice: text("voice")?,
            term: text("term")?,
            category: text("category")?,
            z_articles: table.column("z_articles").ok().and_then(|z| Some(z.f64().ok()?.clone())),
            numbers,
        })
    }

    fn number(&self, name: &str, row: usize) -> Option<f64> {
        self.numbers[name].get(row).filter(|value| value.is_finite())
    }

    fn term(&self, row: usize, neutral: &BTreeMap<String, String>) -> Option<Read> {
        let (log_odds, q) = (self.number("log_odds", row)?, self.number("q", row)?);
        // The standard error that knows that one article may repeat a term.
        let by_article = self.z_articles.as_ref().and_then(|z| z.get(row)).filter(|z| z.is_finite() && *z != 0.0);
        let z = by_article.or(self.number("z", row))?;
        let occurrences = self.number("count", row)?;
        if log_odds <= 0.0 || z <= 0.0 || occurrences < LEAST_COUNT {
            return None;
        }
        let rate = |name| self.number(name, row).map(|value| format!("{value:.2}"));
        let text = |column: &StringChunked| column.get(row).unwrap_or("").to_owned();
        let term = text(&self.term);
        let interval = rate("ci_low").zip(rate("ci_high")).map(|(low, high)| format!("{low} to {high}"));
        let row = TermRow {
            neutral: neutral.get(&term).cloned().unwrap_or_default(),
            term,
            category: text(&self.category).replace('_', " "),
            count: count(occurrences as u64),
            rate: rate("rate_per_1000").unwrap_or_default(),
            interval: interval.unwrap_or_default(),
            in_quotes: self.number("share_in_quotes", row).map(|share| Scale::Share.value(share)).unwrap_or_default(),
            q: probability(q),
            weak: q > MOST_Q,
            dot: String::new(),
        };
        Some(Read { row, log_odds, error: log_odds / z })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn only_terms_that_set_the_outlet_apart() {
        let sample = sample::small();
        let tables = sample.tables();
        let table = &tables.iter().find(|(name, _)| *name == "terms").unwrap().1;
        let outlets = ["Harbour Post".to_owned(), "Nobody".to_owned()];
        let terms = loaded_terms(table, &outlets, 0, &sample.manifest.neutral_wording).unwrap();
        assert!(!terms[0].is_empty() && terms[0].len() <= SHOWN && terms[1].is_empty());
        assert!(terms[0].is_sorted_by_key(|term| term.weak), "strong ones first");
        for term in &terms[0] {
            assert_eq!(term.weak, term.q.trim_start_matches("< ").parse::<f64>().unwrap() > MOST_Q, "{term:?}");
            assert!(term.dot.starts_with("<svg"));
            assert_eq!(term.neutral == "disorder", term.term == "chaos");
        }
    }
}
