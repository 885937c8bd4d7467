//! Two outlets of a finished run side by side, for `compare`: out of its tables, with no inference.

mod published;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::finish::{options, table_settings};
use crate::error::{Error, Result, nearest, unknown};
use crate::run_folder::{RunManifest, SENTENCES};
use crate::stages::aggregate::{ALL, AggregateOptions, contrast_pair};
use crate::stages::report::measure_label;

pub use published::{OutletListed, Published, outlets_of};

/// What a run says of two outlets in one period. Arrays of two hold the first outlet's value, then the second's.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub framescope: String,
    pub engine: String,
    /// Name of the frame scheme.
    pub scheme: String,
    /// A period's label, or `all`.
    pub period: String,
    /// Confidence of the intervals, e.g. 0.95.
    pub confidence: f64,
    pub outlets: [Published; 2],
    /// Over which comparisons the q of a difference is corrected.
    pub correction: Correction,
    /// Every measure, statistic and voice over all parts of the articles, in the order of table `outlets`.
    pub measures: Vec<Compared>,
    /// Every term of the lexicon that one of the two uses, in each voice.
    pub terms: Vec<ComparedTerm>,
    /// What a reader has to know, in plain sentences.
    pub notes: Vec<String>,
}

/// The comparisons that one false-discovery rate is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Correction {
    /// All pairs of outlets in table `contrasts`.
    Run,
    /// The measures of this pair, which the table leaves out.
    Pair,
}

/// One measure, statistic and voice of both outlets.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// `narration`, `quotes` or `all`.
    pub voice: String,
    pub measure: String,
    pub statistic: String,
    /// The measure in words.
    pub label: String,
    /// Missing where an outlet has no sentence of that voice.
    pub estimates: [Option<Estimate>; 2],
    /// The first minus the second; missing where an estimate is.
    pub difference: Option<Difference>,
    /// The difference within the stories that both tell; missing where they tell none in common, and for a period.
    pub same_story: Option<SameStory>,
}

/// A difference where both outlets tell the same stories, as table `same_story` has it: the story is the unit.
#[derive(Debug, Clone, Serialize)]
pub struct SameStory {
    pub n_stories: u32,
    /// Mean over those stories of each outlet's value in the story.
    pub within: [f64; 2],
    pub difference: Difference,
    /// The difference over all articles minus that within stories: what goes with which stories each tells.
    pub selection: Option<f64>,
    pub selection_ci_low: Option<f64>,
    pub selection_ci_high: Option<f64>,
    pub small_cell: bool,
}

/// An outlet's estimate with its headline interval, in the units of table `outlets`.
#[derive(Debug, Clone, Serialize)]
pub struct Estimate {
    pub estimate: f64,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub n_articles: u32,
    pub small_cell: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    pub difference: f64,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub p: Option<f64>,
    pub p_method: String,
    pub q: Option<f64>,
}

impl Difference {
    /// Whether q is at most `most_q` and the interval, a method of its own, leaves out zero as well.
    pub fn survives(&self, most_q: f64) -> bool {
        let one_sided = self.ci_low.is_some_and(|low| low > 0.0) || self.ci_high.is_some_and(|high| high < 0.0);
        one_sided && self.q.is_some_and(|q| q <= most_q)
    }
}

/// A term of the lexicon in one voice.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedTerm {
    pub voice: String,
    pub term: String,
    pub category: String,
    /// The wording that one would expect in its place, where the lexicon has one.
    pub neutral: Option<String>,
    pub counts: [u64; 2],
    /// Occurrences per 1,000 tokens; missing where an outlet has no token of that voice.
    pub rates_per_1000: [Option<f64>; 2],
    pub n_articles_with_term: [u32; 2],
    /// Weighted log-odds ratio of the first outlet against the second: below 0 where the second uses the term more.
    pub log_odds: Option<f64>,
    /// `log_odds` over its standard error clustered by article.
    pub z_articles: Option<f64>,
    /// Corrected over the terms of the voice.
    pub q: Option<f64>,
}

impl Comparison {
    /// Compares two outlets of the run folder `run`: over all articles, or in the period of the run's tables with that label.
    ///
    /// # Errors
    /// A folder that is no finished run; an outlet or period that it does not have, with the nearest that it has.
    pub fn new(run: &Path, outlets: [&str; 2], period: &str) -> Result<Self> {
        let manifest = RunManifest::load(run)?;
        let options = options(&table_settings(run, &manifest)?)?;
        let known = outlets_of(run)?;
        let [first, second] = outlets.map(|given| find_outlet(given, &known));
        let names = [first?, second?];
        if names[0] == names[1] {
            return Err(Error::Config(format!(
                "\"{}\" is given twice; name another outlet to compare it with",
                names[0]
            )));
        }
        check_period(run, period)?;
        let mut comparison = Self {
            framescope: manifest.framescope.clone(),
            engine: manifest.engine.clone(),
            scheme: manifest.scheme.name.clone(),
            period: period.to_owned(),
            confidence: options.confidence,
            outlets: published::published(run, names, period, &options.period)?,
            correction: Correction::Run,
            measures: Vec::new(),
            terms: Vec::new(),
            notes: Vec::new(),
        };
        comparison.fill(run, &manifest, &options, names)?;
        comparison.note(&manifest);
        Ok(comparison)
    }

    fn fill(&mut self, run: &Path, manifest: &RunManifest, options: &AggregateOptions, names: [&str; 2]) -> Result<()> {
        let frames: Vec<String> = manifest.scheme.frames.iter().map(|frame| frame.name.clone()).collect();
        let listed = tables::listed_pair(run, names, &self.period)?;
        let options = AggregateOptions { contrasts: listed.is_none(), ..options.clone() };
        let sentences = run.join(SENTENCES);
        let pair = contrast_pair(&sentences, &frames, &manifest.thresholds, &options, names, &self.period)?;
        self.correction = if listed.is_some() { Correction::Run } else { Correction::Pair };
        let mut differences = tables::differences(listed.as_ref().unwrap_or(&pair.contrasts), names)?;
        let mut within = tables::same_story(run, names, &self.period)?;
        let mut rows: BTreeMap<usize, Compared> = BTreeMap::new();
        let mut places: BTreeMap<tables::Key, usize> = BTreeMap::new();
        for (side, key, estimate) in tables::estimates(run, names, &self.period)? {
            let next = places.len();
            let place = *places.entry(key.clone()).or_insert(next);
            let row = rows.entry(place).or_insert_with(|| {
                let (difference, same_story) = (differences.remove(&key), within.remove(&key));
                let label = measure_label(&key.1, &manifest.scheme);
                let (voice, measure, statistic) = key;
                Compared { voice, measure, statistic, label, estimates: [None, None], difference, same_story }
            });
            row.estimates[side] = Some(estimate);
        }
        self.measures = rows.into_values().collect();
        self.terms = tables::terms(&pair.terms, names, &manifest.neutral_wording)?;
        Ok(())
    }

    fn note(&mut self, manifest: &RunManifest) {
        if manifest.engine.starts_with("fake") {
            self.notes.push("Scores are from the fake engine and mean nothing.".into());
        }
        let silent = self.outlets.iter().filter(|outlet| outlet.articles == 0);
        let silent: Vec<String> =
            silent.map(|outlet| format!("{} has no article in {}.", outlet.outlet, self.period)).collect();
        let any_silent = !silent.is_empty();
        self.notes.extend(silent);
        if self.correction == Correction::Pair && !any_silent {
            self.notes.push(
                "contrasts.csv does not list this pair for this period: its p was computed now, in the same way, and its q is over \
                 the measures of this pair alone."
                    .into(),
            );
        }
    }
}

/// The outlet of that name, in whatever case.
fn find_outlet<'a>(given: &str, known: &'a [OutletListed]) -> Result<&'a str> {
    let names = || known.iter().map(|listed| listed.outlet.as_str());
    if let Some(name) = names().find(|name| *name == given) {
        return Ok(name);
    }
    let mut alike = names().filter(|name| name.to_lowercase() == given.to_lowercase());
    if let (Some(name), None) = (alike.next(), alike.next()) {
        return Ok(name);
    }
    Err(Error::Config(match nearest(given, names()) {
        Some(name) => format!("no outlet \"{given}\" in this run; did you mean \"{name}\"?"),
        None => {
            format!("no outlet \"{given}\" in this run; `framescope compare RUN` lists its {} outlets", known.len())
        }
    }))
}

fn check_period(run: &Path, period: &str) -> Result<()> {
    let known = tables::periods(run)?;
    if period == ALL || known.iter().any(|label| label == period) {
        return Ok(());
    }
    let why = unknown("period", period, known.iter().map(String::as_str));
    Err(Error::Config(format!("{why} (`framescope report RUN --period week` cuts time another way)")))
}
