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
mod pair;
mod periods;
mod permutation;
pub mod ppi;
mod same_story;
mod sampled;
pub(in crate::stages) mod scan;
mod shifts;
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

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::run_folder::Thresholds;

use article_sums::ArticleSums;
use measures::Layout;

pub use options::AggregateOptions;
pub use pair::{Pair, contrast_pair};
pub use periods::{ALL, Period};
pub use wire::Wire;

const STUDENT_NOTE: &str = "frames in the tables outlets and sections are corrected by the sample that cross read \
    (prediction-powered inference, method ppi) where at least two articles of a row have a sentence of it, and have no interval \
    elsewhere; articles has the student's own scores, and no table compares or follows frames";

/// The tables of a run.
#[derive(Debug, Clone)]
pub struct Tables {
    /// One row an article, in input order.
    pub articles: DataFrame,
    /// Long form: outlet × period × part × voice × measure × statistic.
    pub outlets: DataFrame,
    /// The same by the section, desk or topic that the record names; no row where no record names one.
    pub sections: DataFrame,
    /// Outlet × period × voice × lexicon term.
    pub terms: DataFrame,
    /// Lexicon terms in a period against the one before, by outlet and for all outlets together.
    pub shifts: DataFrame,
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
    /// Seconds spent, by table.
    pub seconds: BTreeMap<String, f64>,
}

/// What is to be known of the tables besides their rows.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// What a reader of the tables has to know about this run, e.g. that pairs were left out, in plain sentences.
    pub notes: Vec<String>,
    /// Seconds spent, by table.
    pub seconds: BTreeMap<String, f64>,
}

/// Makes every table from a `sentences.parquet`, all of them in memory together.
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
    let mut made: BTreeMap<&str, DataFrame> = BTreeMap::new();
    let Account { notes, seconds } = aggregate_each(sentences, frames, thresholds, options, &mut |name, part| {
        match made.get_mut(name) {
            Some(table) => table.vstack_mut(&part).map(drop)?,
            None => drop(made.insert(name, part)),
        }
        Ok(())
    })?;
    let mut of = |name: &str| made.remove(name).unwrap_or_default();
    Ok(Tables {
        articles: of("articles"),
        outlets: of("outlets"),
        sections: of("sections"),
        terms: of("terms"),
        shifts: of("shifts"),
        contrasts: of("contrasts"),
        trends: of("trends"),
        distinctive: of("distinctive"),
        same_story: of("same_story"),
        notes,
        seconds,
    })
}

/// [`aggregate`], handing each table over by its name as soon as it is made, so that no two have to be in memory; `articles` in
/// parts, one after another under the same name.
///
/// # Errors
/// Those of [`aggregate`], and whatever `take` refuses.
pub fn aggregate_each(
    sentences: &Path,
    frames: &[String],
    thresholds: &Thresholds,
    options: &AggregateOptions,
    take: &mut dyn FnMut(&'static str, DataFrame) -> Result<()>,
) -> Result<Account> {
    options.check()?;
    let mut clock = Clock::start();
    let mut sums = ArticleSums::read(sentences, frames, thresholds)?;
    clock.lap("sums");
    let layout = Layout::new(frames, &sums, options.article_sentences);
    let periods = periods::Calendar::new(&options.period, &sums);
    let mut notes = Vec::new();
    if sums.sampled.is_some() {
        notes.push(STUDENT_NOTE.into());
    }
    let clusters = duplicates::find(sentences, &sums)?;
    clock.lap("duplicates");
    let stories = stories::find(sentences, &sums)?;
    clock.lap("stories");
    let mut hand_over = |name: &'static str, table: DataFrame| {
        clock.lap(name);
        take(name, table)?;
        clock.lap("writing");
        Ok::<_, Error>(())
    };
    let count = sums.articles.len() as u32;
    // A collection without articles has a table without rows.
    for start in (0..count.max(1)).step_by(articles::PART as usize) {
        let places = start..count.min(start + articles::PART);
        hand_over("articles", articles::table(&sums, &layout, (&clusters, &stories), places)?)?;
    }
    // Of a million articles, a quarter of a gigabyte.
    sums.descriptions = Vec::new();
    // From here on, wire copy counts as asked for.
    sums.weights = wire::weights(options.wire, &clusters, &sums, &mut notes);
    hand_over("outlets", outlets::table(&sums, &layout, &periods, options)?)?;
    hand_over("sections", outlets::by_section(&sums, &layout, options)?)?;
    hand_over("terms", terms::table(&sums, &periods, options)?)?;
    hand_over("shifts", shifts::table(&sums, &periods, options)?)?;
    let compared = layout.compared();
    hand_over("contrasts", contrasts::table(&sums, &compared, &periods, options, &mut notes)?)?;
    hand_over("trends", trends::table(&sums, &compared, options)?)?;
    hand_over("distinctive", distinctive::table(sentences, &sums, options, &mut notes)?)?;
    hand_over("same_story", same_story::table(&sums, &compared, &stories, options)?)?;
    Ok(Account { notes, seconds: clock.seconds })
}

/// The table `outlets` alone.
///
/// # Errors
/// Those of [`aggregate`].
pub fn outlet_estimates(
    sentences: &Path,
    frames: &[String],
    thresholds: &Thresholds,
    options: &AggregateOptions,
) -> Result<DataFrame> {
    let sums = weighted_sums(sentences, frames, thresholds, options)?;
    let layout = Layout::new(frames, &sums, options.article_sentences);
    outlets::table(&sums, &layout, &periods::Calendar::new(&options.period, &sums), options)
}

/// Totals by article, each weighing what `options.wire` says. Near-duplicates are looked for only where that depends on them.
fn weighted_sums(
    sentences: &Path,
    frames: &[String],
    thresholds: &Thresholds,
    options: &AggregateOptions,
) -> Result<ArticleSums> {
    options.check()?;
    let mut sums = ArticleSums::read(sentences, frames, thresholds)?;
    if options.wire != Wire::Each {
        let clusters = duplicates::find(sentences, &sums)?;
        sums.weights = wire::weights(options.wire, &clusters, &sums, &mut Vec::new());
    }
    Ok(sums)
}

/// Seconds spent, by table.
struct Clock {
    last: Instant,
    seconds: BTreeMap<String, f64>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), seconds: BTreeMap::new() }
    }

    fn lap(&mut self, name: &str) {
        *self.seconds.entry(format!("aggregate {name}")).or_default() += self.last.elapsed().as_secs_f64();
        self.last = Instant::now();
    }
}
