//! The straight lines over time whose slope survives correction.

use polars::prelude::*;
use serde::Serialize;

use super::contrasts::{is_page_measure, statistic_label};
use super::whisker::Whisker;
use super::wording::{Scale, measure_label, probability};
use crate::error::Result;
use crate::run_folder::SchemeUsed;

const MOST_Q: f64 = 0.05;
const SHOWN: usize = 15;

#[derive(Debug, Clone, Default, Serialize)]
pub struct Trends {
    pub tested: usize,
    pub survived: usize,
    pub rows: Vec<TrendRow>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TrendRow {
    pub outlet: String,
    pub measure: String,
    pub statistic: String,
    pub voice: String,
    pub change: String,
    pub unit: &'static str,
    pub interval: String,
    pub q: String,
    pub dot: String,
    #[serde(skip)]
    drawn: (Scale, f64, f64, f64),
}

/// Trends over all parts in narration with q at or below 0.05, the clearest first.
///
/// # Errors
/// [`crate::Error::Tables`] for a table without the columns of the contract.
pub fn surviving(table: &DataFrame, scheme: &SchemeUsed) -> Result<Trends> {
    let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
    let number =
        |name: &str| -> Result<Float64Chunked> { Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
    let (outlet, part, voice) = (text("outlet")?, text("part")?, text("voice")?);
    let (measure, statistic) = (text("measure")?, text("statistic")?);
    let (change, low, high, q) = (number("change_per_30_days")?, number("ci_low")?, number("ci_high")?, number("q")?);
    let mut found = Trends::default();
    for row in 0..table.height() {
        let (measure, statistic) = (measure.get(row).unwrap_or(""), statistic.get(row).unwrap_or(""));
        let here = part.get(row) == Some("all") && voice.get(row) == Some("narration");
        let Some(q) = q.get(row).filter(|q| here && q.is_finite() && is_page_measure(measure, statistic)) else {
            continue;
        };
        found.tested += 1;
        let (Some(change), Some(low), Some(high)) = (change.get(row), low.get(row), high.get(row)) else { continue };
        if q > MOST_Q {
            continue;
        }
        found.survived += 1;
        let scale = Scale::of(statistic, measure);
        let [written, from, to] = scale.differences([change, low, high]);
        found.rows.push(TrendRow {
            outlet: outlet.get(row).unwrap_or("").to_owned(),
            measure: measure_label(measure, scheme),
            statistic: statistic_label(statistic).to_owned(),
            voice: "narration".to_owned(),
            change: written,
            unit: scale.difference_unit(),
            interval: format!("{from} to {to}"),
            q: probability(q),
            dot: String::new(),
            drawn: (scale, change, low, high),
        });
    }
    let clarity = |row: &TrendRow| row.drawn.1.abs() / (row.drawn.3 - row.drawn.2).max(1e-12);
    found.rows.sort_by(|a, b| clarity(b).total_cmp(&clarity(a)));
    found.rows.truncate(SHOWN);
    for row in &mut found.rows {
        let (_, change, low, high) = row.drawn;
        let widest = low.abs().max(high.abs());
        row.dot = Whisker { low: -widest, high: widest, zero: true }.draw(change, Some(low), Some(high));
    }
    Ok(found)
}
