//! Weighted log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words",
//! *Political Analysis* 16, eqs. 15, 16, 19 and 22).
//!
//! Group i against group j, word w with counts y, group sizes n, prior pseudo-counts α_w summing to α₀:
//! δ = ln[(y_i + α)/(n_i + α₀ − y_i − α)] − ln[(y_j + α)/(n_j + α₀ − y_j − α)], and Var(δ) the sum of the reciprocals of
//! the four counts. The prior is the pooled counts of both groups.
//!
//! The published variance takes every token as an independent draw. A word that one article repeats twenty times is
//! one event, so each group's term is also multiplied by its design effect (the variance of its rate between articles
//! over the Poisson one, at least 1); p and q come from that statistic.

use super::linearised::RatioSums;

/// Counts of one word in one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordCount {
    /// Occurrences of the word.
    pub count: f64,
    /// All word tokens of the group.
    pub tokens: f64,
    /// Variance of the rate between articles over the Poisson variance, at least 1.
    pub design_effect: f64,
}

impl WordCount {
    /// From article totals of the word (y) and of tokens (x).
    pub fn of(sums: &RatioSums) -> Self {
        let poisson = sums.y / (sums.x * sums.x);
        let between = sums.variance().filter(|_| sums.y > 0.0).map_or(1.0, |variance| variance / poisson);
        Self { count: sums.y, tokens: sums.x, design_effect: between.max(1.0) }
    }
}

/// The comparison of a word between two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogOdds {
    /// δ: above 0 where the first group uses the word more.
    pub log_odds: f64,
    /// δ over its published standard error.
    pub z: f64,
    /// δ over the standard error with the design effects of articles.
    pub z_articles: f64,
}

/// `None` where a group has no token, or the word occurs in neither, or nothing but the word does.
pub fn log_odds(first: WordCount, second: WordCount) -> Option<LogOdds> {
    let (prior, prior_tokens) = (first.count + second.count, first.tokens + second.tokens);
    if prior <= 0.0 || prior >= prior_tokens || first.tokens <= 0.0 || second.tokens <= 0.0 {
        return None;
    }
    // Log-odds of the word in a group, and their variance.
    let odds = |group: WordCount| {
        let word = group.count + prior;
        let others = group.tokens + prior_tokens - word;
        ((word / others).ln(), 1.0 / word + 1.0 / others)
    };
    let ((own, own_variance), (other, other_variance)) = (odds(first), odds(second));
    let log_odds = own - other;
    let between = first.design_effect * own_variance + second.design_effect * other_variance;
    Some(LogOdds {
        log_odds,
        z: log_odds / (own_variance + other_variance).sqrt(),
        z_articles: log_odds / between.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rates_give_zero_and_swapping_groups_the_opposite() {
        let count = |count, tokens| WordCount { count, tokens, design_effect: 1.0 };
        let equal = log_odds(count(10.0, 1000.0), count(50.0, 5000.0)).unwrap();
        assert!(equal.log_odds.abs() < 1e-12, "{equal:?}");
        let (a, b) = (count(30.0, 1000.0), count(10.0, 2000.0));
        let (there, back) = (log_odds(a, b).unwrap(), log_odds(b, a).unwrap());
        assert!(there.z > 0.0 && (there.z + back.z).abs() < 1e-12);
        assert_eq!(log_odds(count(0.0, 10.0), count(0.0, 10.0)), None);
    }

    #[test]
    fn a_word_that_one_article_repeats_is_one_event() {
        let spread = RatioSums::of((0..40).map(|at| (f64::from(u8::from(at % 2 == 0)), 500.0)));
        let burst = RatioSums::of((0..40).map(|at| (if at == 0 { 20.0 } else { 0.0 }, 500.0)));
        assert_eq!(WordCount::of(&spread).design_effect, 1.0);
        assert!((WordCount::of(&burst).design_effect - 20.0).abs() < 1.0);
    }
}
