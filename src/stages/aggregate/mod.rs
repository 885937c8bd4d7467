//! Stage 5: `sentences.parquet` → tables of estimates, without inference.
//!
//! [`article_sums`] reads the sentences once, in batches, and keeps one small row of totals per article, part and
//! voice; everything after that works on articles. An estimate is a ratio of totals over articles (sentences that
//! reach a cut-off by sentences, scores by sentences, loaded terms by word tokens), and every interval and p-value
//! takes the article, never the sentence, as the unit that varies.

mod article_sums;
mod articles;
pub mod bootstrap;
mod columns;
mod contrasts;
mod distinctive;
mod duplicates;
mod fdr;
pub mod intervals;
pub mod linearised;
mod log_odds;
mod measures;
mod ngrams;
mod options;
mod outlets;
mod periods;
mod permutation;
mod same_story;
mod scan;
mod sides;
mod stories;
mod terms;
mod texts;
mod trends;
mod wire;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Instant;

use polars::prelude::DataFrame;

use crate::error::Result;
use crate::run_folder::Thresholds;

use article_sums::ArticleSums;
use measures::Layout;

pub use options::AggregateOptions;
pub use periods::Period;
pub use wire::Wire;

/// The tables of a run.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row an article, in input order.
    pub articles: DataFrame,
    /// Long form: outlet × period × part × voice × measure × statistic.
    pub outlets: DataFrame,
    /// Outlet × period × voice × lexicon term.
    pub terms: DataFrame,
    /// Outlet against outlet, outlet against the rest, a period against the one before. Empty when not asked for.
    pub contrasts: DataFrame,
    /// Linear trend of every measure over time, by outlet. Empty when not asked for.
    pub trends: DataFrame,
    /// The n-grams that set an outlet's wording apart. Empty when not asked for.
    pub distinctive: DataFrame,
    /// Outlet against outlet, and against the rest, within the stories that both tell. Empty when contrasts are not asked for.
    pub same_story: DataFrame,
    /// What a reader of the tables has to know about this run, e.g. that pairs were left out, in plain sentences.
    pub notes: Vec<String>,
    /// Seconds that finding near-duplicates and stories took, by name.
    pub seconds: [(&'static str, f64); 2],
}

/// Makes every table from a `sentences.parquet`.
///
/// `frames` are the frame names in scheme order (column `frame_<name>`), `thresholds.frames` their cut-offs in the
/// same order. The result depends on the file and the options only: not on the number of threads, and an outlet's
/// own estimates not on which other outlets are in the file.
///
/// # Errors
/// A file that cannot be read, lacks a column, or has a missing score; cut-offs that do not fit `frames`.
pub fn aggregate(
    sentences: &Path,
    frames: &[String],
    thresholds: &Thresholds,
    options: &AggregateOptions,
) -> Result<Tables> {
    options.check()?;
    let mut sums = ArticleSums::read(sentences, frames, thresholds)?;
    let layout = Layout::new(frames, &sums, options.article_sentences);
    let periods = periods::Calendar::new(&options.period, &sums);
    let mut notes = Vec::new();
    let started = Instant::now();
    let clusters = duplicates::find(sentences, &sums)?;
    let of_duplicates = started.elapsed().as_secs_f64();
    let stories = stories::find(sentences, &sums)?;
    let seconds = [("duplicates", of_duplicates), ("stories", started.elapsed().as_secs_f64() - of_duplicates)];
    let mut articles = articles::table(&sums, &layout)?;
    articles.hstack_mut(&articles::groups(&sums, &clusters, &stories))?;
    // From here on, wire copy counts as asked for.
    sums.weights = wire::weights(options.wire, &clusters, &sums, &mut notes);
    Ok(Tables {
        articles,
        outlets: outlets::table(&sums, &layout, &periods, options)?,
        terms: terms::table(&sums, &periods, options)?,
        contrasts: contrasts::table(&sums, &layout, &periods, options, &mut notes)?,
        trends: trends::table(&sums, &layout, options)?,
        distinctive: distinctive::table(sentences, &sums, options, &mut notes)?,
        same_story: same_story::table(&sums, &layout, &stories, options)?,
        notes,
        seconds,
    })
}
