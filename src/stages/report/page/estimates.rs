//! The outlets table, indexed for the page: one cell an outlet, period, voice and measure.

use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};
use polars::prelude::*;

use crate::error::Result;

/// One estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub estimate: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub articles: u64,
    /// What the estimate is a mean over: sentences, or tokens for a rate.
    pub weight: f64,
    pub small: bool,
}

/// A period on the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub label: String,
    pub start: Option<NaiveDate>,
}

/// The whole run of an outlet, in place of a period.
pub const WHOLE_RUN: usize = usize::MAX;

pub const VOICES: [&str; 3] = ["narration", "quotes", "all"];

#[derive(Debug, Default)]
pub struct Estimates {
    /// By number of articles, most first.
    pub outlets: Vec<String>,
    pub articles: Vec<u64>,
    pub periods: Vec<Period>,
    cells: HashMap<(usize, usize, usize, usize), Cell>,
    measures: Vec<(String, String)>,
}

impl Estimates {
    /// Rows of the outlets table over all parts of the articles; `outlets` says which, in which order.
    pub fn read(table: &DataFrame, outlets: Vec<(String, u64)>) -> Result<Self> {
        let mut read = Self {
            periods: periods(table)?,
            articles: outlets.iter().map(|(_, articles)| *articles).collect(),
            outlets: outlets.into_iter().map(|(outlet, _)| outlet).collect(),
            ..Self::default()
        };
        let outlet_at: HashMap<_, _> = read.outlets.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
        let period_at: HashMap<_, _> =
            read.periods.iter().enumerate().map(|(at, period)| (period.label.clone(), at)).collect();
        let mut measure_at: BTreeMap<(String, String), usize> = BTreeMap::new();
        let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
        let (outlet, period, part, voice) = (text("outlet")?, text("period")?, text("part")?, text("voice")?);
        let (measure, statistic) = (text("measure")?, text("statistic")?);
        let numbers = Numbers::read(table)?;
        for row in 0..table.height() {
            let at = |column: &StringChunked| column.get(row).unwrap_or("").to_owned();
            let key = (|| {
                (part.get(row)? == "all").then_some(())?;
                let period = match period.get(row)? {
                    "all" => WHOLE_RUN,
                    label => *period_at.get(label)?,
                };
                let voice = VOICES.iter().position(|known| Some(*known) == voice.get(row))?;
                Some((*outlet_at.get(outlet.get(row)?)?, period, voice))
            })();
            let (Some((outlet, period, voice)), Some(cell)) = (key, numbers.cell(row)) else { continue };
            let next = measure_at.len();
            let measure = *measure_at.entry((at(&measure), at(&statistic))).or_insert(next);
            // A second method's row for the same cell does not replace the first.
            read.cells.entry((outlet, period, voice, measure)).or_insert(cell);
        }
        let mut measures: Vec<_> = measure_at.into_iter().collect();
        measures.sort_by_key(|(_, at)| *at);
        read.measures = measures.into_iter().map(|(measure, _)| measure).collect();
        Ok(read)
    }

    /// Where `measure` by `statistic` is kept, if the table has it.
    pub fn measure(&self, measure: &str, statistic: &str) -> Option<usize> {
        self.measures.iter().position(|(m, s)| m == measure && s == statistic)
    }

    pub fn cell(&self, outlet: usize, period: usize, voice: usize, measure: usize) -> Option<Cell> {
        self.cells.get(&(outlet, period, voice, measure)).copied()
    }

    /// All outlets taken together in one period: the mean weighted by sentences, or by tokens for a rate. Without interval.
    pub fn together(&self, period: usize, voice: usize, measure: usize) -> Option<f64> {
        let cells = (0..self.outlets.len()).filter_map(|outlet| self.cell(outlet, period, voice, measure));
        let (sum, weight) = cells.fold((0.0, 0.0), |(s, w), cell| (s + cell.weight * cell.estimate, w + cell.weight));
        (weight > 0.0).then(|| sum / weight)
    }
}

/// Periods of the table in order of time; labels without a date keep the table's order.
pub fn periods(table: &DataFrame) -> Result<Vec<Period>> {
    let labels = table.column("period")?.str()?.clone();
    let starts = table.column("period_start")?.cast(&DataType::Int32)?.i32()?.clone();
    let mut seen = std::collections::HashSet::new();
    let mut periods: Vec<Period> = labels
        .iter()
        .zip(starts.iter())
        .filter_map(|(label, start)| {
            let label = label.filter(|label| *label != "all" && seen.insert(label.to_string()))?;
            let start = start.map(|days| NaiveDate::default() + Duration::days(i64::from(days)));
            Some(Period { label: label.to_owned(), start })
        })
        .collect();
    periods.sort_by_key(|period| period.start);
    Ok(periods)
}

struct Numbers {
    estimate: Float64Chunked,
    low: Float64Chunked,
    high: Float64Chunked,
    articles: Float64Chunked,
    sentences: Float64Chunked,
    tokens: Float64Chunked,
    statistic: StringChunked,
    small: BooleanChunked,
}

impl Numbers {
    fn read(table: &DataFrame) -> Result<Self> {
        let number =
            |name: &str| -> Result<Float64Chunked> { Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
        Ok(Self {
            estimate: number("estimate")?,
            low: number("ci_low")?,
            high: number("ci_high")?,
            articles: number("n_articles")?,
            sentences: number("n_sentences")?,
            tokens: number("n_tokens")?,
            statistic: table.column("statistic")?.str()?.clone(),
            small: table.column("small_cell")?.bool()?.clone(),
        })
    }

    fn cell(&self, row: usize) -> Option<Cell> {
        let finite = |column: &Float64Chunked| column.get(row).filter(|value| value.is_finite());
        let weight = match self.statistic.get(row)? {
            "rate_per_1000" => &self.tokens,
            "share_articles" => &self.articles,
            _ => &self.sentences,
        };
        Some(Cell {
            estimate: finite(&self.estimate)?,
            low: finite(&self.low),
            high: finite(&self.high),
            articles: finite(&self.articles).unwrap_or(0.0) as u64,
            weight: finite(weight).unwrap_or(0.0),
            small: self.small.get(row).unwrap_or(false),
        })
    }
}
