//! Two outlets against each other: what the tables have of a pair, for one that they leave out, or for one period.

use std::path::Path;

use polars::prelude::DataFrame;

use super::article_sums::ArticleSums;
use super::measures::Layout;
use super::options::AggregateOptions;
use super::periods::{ALL, Calendar};
use super::sides::Setting;
use super::{contrasts, terms, weighted_sums};
use crate::error::{Error, Result, unknown};
use crate::run_folder::Thresholds;

/// Two outlets against each other in one period.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The rows of table `contrasts` for the pair, with q over the measures of this pair alone. No row where an outlet
    /// has no article in the period or `options.contrasts` is off.
    pub contrasts: DataFrame,
    /// As table `terms`, but each of the two against the other only.
    pub terms: DataFrame,
}

/// Contrasts two outlets of a `sentences.parquet` in the period of that label, or in `all`.
///
/// p-values are those that the table has for the pair: both draw the same relabellings, whichever outlets are beside them.
///
/// # Errors
/// Those of [`super::aggregate`]; an outlet or a period that the file does not have.
pub fn contrast_pair(
    sentences: &Path,
    frames: &[String],
    thresholds: &Thresholds,
    options: &AggregateOptions,
    outlets: [&str; 2],
    period: &str,
) -> Result<Pair> {
    let sums = weighted_sums(sentences, frames, thresholds, options)?;
    let layout = Layout::new(frames, &sums, options.article_sentences).compared();
    let periods = Calendar::new(&options.period, &sums);
    let window = match period {
        ALL => None,
        label => Some(window_of(&periods, label)?),
    };
    let [first, second] = outlets.map(|outlet| outlet_of(&sums, outlet));
    // The table's order of a pair, which its relabellings are drawn by.
    let mut pair = [first?, second?];
    pair.sort_by_key(|&outlet| &sums.outlets[outlet as usize]);
    let setting = Setting { sums: &sums, layout: &layout, options };
    let contrasts = match options.contrasts {
        true => contrasts::pair(&setting, &periods, window, pair)?,
        false => DataFrame::default(),
    };
    Ok(Pair { contrasts, terms: terms::pair(&sums, &periods, window, pair, options)? })
}

fn outlet_of(sums: &ArticleSums, name: &str) -> Result<u32> {
    let found = sums.outlets.iter().position(|outlet| outlet == name);
    let unknown = || Error::Config(unknown("outlet", name, sums.outlets.iter().map(String::as_str)));
    found.map(|at| at as u32).ok_or_else(unknown)
}

fn window_of(periods: &Calendar, label: &str) -> Result<u32> {
    let found = periods.windows.iter().position(|window| window.label == label);
    let unknown = || Error::Config(unknown("period", label, periods.windows.iter().map(|w| w.label.as_str())));
    found.map(|at| at as u32).ok_or_else(unknown)
}
