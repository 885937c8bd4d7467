//! What the aggregation can be asked for.

use serde::{Deserialize, Serialize};

use super::periods::Period;
use super::wire::Wire;
use crate::error::{Error, Result};

/// Options of [`super::aggregate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AggregateOptions {
    pub period: Period,
    /// How reprints and agency copy count in every table but `articles`.
    pub wire: Wire,
    /// Seed of every bootstrap draw and permutation.
    pub seed: u64,
    /// Bootstrap resamples of the articles of a cell.
    pub resamples: u32,
    /// Articles of a cell that are resampled one by one; a larger cell is first dealt at random into this many groups
    /// of articles, which are resampled instead (the interval is the same up to the Monte-Carlo error).
    pub bootstrap_groups: u32,
    /// Confidence of every interval, e.g. 0.95.
    pub confidence: f64,
    /// Cells of fewer articles are marked `small_cell`; they are never left out.
    pub min_articles: u32,
    /// `share_articles` counts an article when at least this many of its sentences reach the cut-off.
    pub article_sentences: u32,
    /// Whether to make the table of contrasts.
    pub contrasts: bool,
    /// Whether contrasts compare each period of an outlet with the one before it, where both have `min_articles`.
    pub period_contrasts: bool,
    /// Whether outlets are compared within every period too, not over all of them only.
    pub contrasts_by_period: bool,
    /// Random relabellings of articles behind each p-value; one that is plainly unremarkable after 199 gets no more.
    pub permutations: u32,
    /// Pools of more articles than this are not relabelled: their p-value is that of the same statistic under Student's t.
    pub permutation_articles: u32,
    /// Outlet pairs contrasted at most; beyond it, the pairs of the outlets with the most articles. Every outlet is
    /// contrasted with the rest in any case.
    pub max_pairs: u32,
    /// Whether to make the table of trends.
    pub trends: bool,
    /// Whether to make the table of distinctive n-grams, which reads the text once more.
    pub distinctive: bool,
    /// Distinctive n-grams kept an outlet and voice.
    pub distinctive_top: u32,
    /// Occurrences over all outlets that an n-gram needs.
    pub distinctive_count: u32,
    /// Articles that an n-gram needs: a name that one article repeats sets no outlet apart.
    pub distinctive_articles: u32,
}

impl Default for AggregateOptions {
    fn default() -> Self {
        Self {
            period: Period::Month,
            wire: Wire::Each,
            seed: 1,
            resamples: 1000,
            bootstrap_groups: 1000,
            confidence: 0.95,
            min_articles: 5,
            article_sentences: 1,
            contrasts: true,
            period_contrasts: true,
            contrasts_by_period: false,
            permutations: 1999,
            permutation_articles: 4000,
            max_pairs: 100,
            trends: true,
            distinctive: true,
            distinctive_top: 50,
            distinctive_count: 10,
            distinctive_articles: 5,
        }
    }
}

impl AggregateOptions {
    /// Refuses values that no table can be made with.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::Config(what.to_string()));
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return refuse(&format!("confidence must lie between 0 and 1, not {}", self.confidence));
        }
        if self.resamples < 100 {
            return refuse(&format!("resamples must be 100 or more, not {}", self.resamples));
        }
        if self.bootstrap_groups < 100 {
            return refuse(&format!("bootstrap_groups must be 100 or more, not {}", self.bootstrap_groups));
        }
        if self.permutations < 99 {
            return refuse(&format!("permutations must be 99 or more, not {}", self.permutations));
        }
        if self.article_sentences == 0 {
            return refuse("article_sentences must be 1 or more");
        }
        Ok(())
    }

    /// Probability outside the interval.
    pub(super) fn alpha(&self) -> f64 {
        1.0 - self.confidence
    }
}
