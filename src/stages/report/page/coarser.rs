//! A coarser period for the charts of a run with very many: estimated anew from the sentences, never averaged.

use std::path::Path;

use chrono::NaiveDate;
use polars::prelude::*;

use super::account::setting;
use super::estimates::periods;
use crate::error::Result;
use crate::run_folder::RunManifest;
use crate::stages::aggregate::{AggregateOptions, Period, Wire, outlet_estimates};

/// More points than this crowd a panel.
const MOST_PERIODS: i64 = 40;
/// Days of a period, the coarser ones last.
const PERIODS: [(Period, i64, &str); 4] = [
    (Period::Week, 7, "week"),
    (Period::Month, 30, "month"),
    (Period::Quarter, 91, "quarter"),
    (Period::Year, 365, "year"),
];

/// The outlets table by a coarser period and that period's name; `None` where the run's own period does well, or where
/// its periods are windows between events, which have no coarser form.
///
/// # Errors
/// Those of [`outlet_estimates`].
pub fn outlets_table(
    outlets: &DataFrame,
    sentences: &Path,
    run: &RunManifest,
) -> Result<Option<(DataFrame, &'static str)>> {
    let starts: Option<Vec<NaiveDate>> = periods(outlets)?.iter().map(|period| period.start).collect();
    let Some((period, name)) = starts.and_then(|starts| coarser(&starts)) else { return Ok(None) };
    let defaults = AggregateOptions::default();
    let options = AggregateOptions {
        period,
        confidence: setting(&run.config, "confidence").unwrap_or(defaults.confidence),
        min_articles: setting(&run.config, "min_articles").map_or(defaults.min_articles, |n| n as u32),
        wire: run.config["wire"].as_str().and_then(Wire::from_name).unwrap_or_default(),
        // The page shows the headline interval alone.
        resamples: 100,
        ..defaults
    };
    let frames: Vec<String> = run.scheme.frames.iter().map(|frame| frame.name.clone()).collect();
    Ok(Some((outlet_estimates(sentences, &frames, &run.thresholds, &options)?, name)))
}

fn coarser(starts: &[NaiveDate]) -> Option<(Period, &'static str)> {
    if starts.len() as i64 <= MOST_PERIODS {
        return None;
    }
    let days = (*starts.last()? - *starts.first()?).num_days();
    let fits = |(_, length, _): &(Period, i64, &str)| days / length < MOST_PERIODS;
    let (period, _, name) = PERIODS.into_iter().find(fits).unwrap_or(PERIODS[3].clone());
    Some((period, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_period_that_fits() {
        let days = |n: u64, step: u64| -> Vec<NaiveDate> {
            (0..n).map(|at| NaiveDate::default() + chrono::Days::new(at * step)).collect()
        };
        assert_eq!(coarser(&days(40, 1)), None);
        assert_eq!(coarser(&days(180, 1)), Some((Period::Week, "week")));
        assert_eq!(coarser(&days(104, 7)), Some((Period::Month, "month")));
        assert_eq!(coarser(&days(60, 30)), Some((Period::Quarter, "quarter")));
        assert_eq!(coarser(&days(600, 30)), Some((Period::Year, "year")));
    }
}
