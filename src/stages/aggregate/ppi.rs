//! Prediction-powered estimates: what the cross-encoder would have said of every sentence, from the student's word on all of
//! them and the cross-encoder's on a random sample.
//!
//! With Y the cross-encoder's and F the student's score of a sentence (or 1 where it reaches the cut-off, 0 where not),
//!
//! θ(λ) = mean of Y over the read + λ · (mean of F over the unread − mean of F over the read),
//!
//! which is unbiased for any λ since the read sentences are a random sample (Angelopoulos et al. 2023, *Prediction-powered
//! inference*); λ = 0 leaves the student out. λ is the one of least estimated variance within 0..=1 (PPI++: Angelopoulos, Duchi
//! & Zrnic 2023). The variance is linearised with the article as the cluster: article a moves θ by
//!
//! (Y_a − ȳ·m_a − λ·(F_a − f̄·m_a)) / m + λ · (U_a − ū·k_a) / k,
//!
//! with m_a of its m sentences read, totals Y_a and F_a over them, and U_a the student's total over its k_a of k unread ones;
//! SE² is n/(n − 1) times the sum of squares, n the articles with a sentence that was read.

use super::intervals::{self, Interval, Kind, Known};
use super::linearised::degrees_of_freedom;

/// Totals over the sentences of one article, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Sentences that only the student scored, and its total over them.
    pub unread: f64,
    pub student_unread: f64,
    /// Sentences that the cross-encoder read too, its total over them, and the student's.
    pub read: f64,
    pub cross: f64,
    pub student_read: f64,
}

/// A corrected estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    /// Of a share or a score between 0 and 1; chance may put it a little beyond.
    pub value: f64,
    pub variance: f64,
    /// 0..=1: how much the student's word counts.
    pub lambda: f64,
    /// Articles with a sentence that was read, and Kish's effective number of them.
    pub articles: f64,
    effective: f64,
    /// Of the variance.
    freedom: f64,
}

impl Totals {
    fn plus(self, other: &Self) -> Self {
        Self {
            unread: self.unread + other.unread,
            student_unread: self.student_unread + other.student_unread,
            read: self.read + other.read,
            cross: self.cross + other.cross,
            student_read: self.student_read + other.student_read,
        }
    }

    /// θ(λ); `None` where nothing was read.
    pub fn value(&self, lambda: f64) -> Option<f64> {
        let lambda = if self.unread > 0.0 { lambda } else { 0.0 };
        let moved = if lambda > 0.0 { self.student_unread / self.unread - self.student_read / self.read } else { 0.0 };
        (self.read > 0.0).then(|| self.cross / self.read + lambda * moved)
    }
}

/// How an estimate varies with λ.
struct Spread {
    all: Totals,
    articles: f64,
    effective: f64,
    /// What each article moves the estimate by: without the student, and what λ adds.
    moves: Vec<(f64, f64)>,
}

/// The estimate from a set of articles; `None` where fewer than two have a sentence that was read.
pub fn corrected(articles: &[Totals]) -> Option<Corrected> {
    let spread = Spread::of(articles)?;
    spread.at(spread.best_lambda())
}

impl Spread {
    fn of(articles: &[Totals]) -> Option<Self> {
        let all = articles.iter().fold(Totals::default(), Totals::plus);
        let read = articles.iter().filter(|article| article.read > 0.0);
        let (n, squares) =
            read.fold((0.0, 0.0), |(n, squares), article| (n + 1.0, squares + article.read * article.read));
        if n < 1.5 {
            return None;
        }
        let mean = |total: f64, count: f64| if count > 0.0 { total / count } else { 0.0 };
        let (cross, student) = (mean(all.cross, all.read), mean(all.student_read, all.read));
        let unread = mean(all.student_unread, all.unread);
        let effective = all.read * all.read / squares;
        let moved = |a: &Totals| {
            let own = (a.cross - cross * a.read) / all.read;
            let added =
                mean(a.student_unread - unread * a.unread, all.unread) - (a.student_read - student * a.read) / all.read;
            (own, if all.unread > 0.0 { added } else { 0.0 })
        };
        Some(Self { all, articles: n, effective, moves: articles.iter().map(moved).collect() })
    }

    fn best_lambda(&self) -> f64 {
        let own_added: f64 = self.moves.iter().map(|(own, added)| own * added).sum();
        let added_added: f64 = self.moves.iter().map(|(_, added)| added * added).sum();
        if added_added > 0.0 { (-own_added / added_added).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn at(&self, lambda: f64) -> Option<Corrected> {
        let sum_of = |power| self.moves.iter().map(|(own, added)| (own + lambda * added).powi(power)).sum::<f64>();
        let own_squares: f64 = self.moves.iter().map(|(own, _)| own * own).sum();
        // Differences of equal numbers leave noise.
        let squares = if sum_of(2) < 1e-13 * own_squares { 0.0 } else { sum_of(2) };
        let (n, effective, fourth) = (self.articles, self.effective, sum_of(4));
        let freedom = degrees_of_freedom(n, effective, squares, fourth);
        let value = self.all.value(lambda)?;
        Some(Corrected { value, variance: n / (n - 1.0) * squares, lambda, articles: n, effective, freedom })
    }
}

impl Corrected {
    pub fn std_error(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The estimate, within its range.
    pub fn bounded(&self) -> f64 {
        self.value.clamp(0.0, 1.0)
    }

    /// θ ± t·SE over the articles with a sentence that was read; `None` where nothing varies.
    pub fn linear(&self, alpha: f64) -> Option<(f64, f64)> {
        let reach = intervals::student_quantile(1.0 - alpha / 2.0, self.articles - 1.0) * self.std_error();
        (reach > 0.0).then_some((self.value - reach, self.value + reach))
    }

    /// The interval that a table leads with: the one of an uncorrected share or mean, on this variance.
    pub fn headline(&self, kind: Kind, alpha: f64) -> Option<Interval> {
        let known = Known { articles: self.articles, effective: self.effective, freedom: self.freedom };
        intervals::of_variance(kind, self.bounded(), self.variance, known, alpha).map(|(low, high)| Interval {
            low,
            high,
            method: "ppi",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::stages::aggregate::reference::load;

    #[derive(Deserialize)]
    struct Case {
        cross: Vec<f64>,
        student: Vec<f64>,
        unread: Vec<f64>,
        fixed: Vec<Expected>,
        tuned: Expected,
    }

    #[derive(Deserialize)]
    struct Expected {
        #[serde(default)]
        lambda: f64,
        estimate: f64,
        interval: [f64; 2],
    }

    fn one_sentence_articles(case: &Case) -> Vec<Totals> {
        let read = case.cross.iter().zip(&case.student);
        let read = read.map(|(&cross, &student_read)| Totals { read: 1.0, cross, student_read, ..Totals::default() });
        let unread = case.unread.iter();
        let unread = unread.map(|&student_unread| Totals { unread: 1.0, student_unread, ..Totals::default() });
        read.chain(unread).collect()
    }

    /// Given λ to 1e-9, but for the factor n/(n − 1) that it leaves out; tuned, to a fifth of the interval's width: that package
    /// pools the student's variance over read and unread where ours keeps them apart.
    #[test]
    fn articles_of_one_sentence_agree_with_ppi_python() {
        for case in load::<Vec<Case>>("ppi.json") {
            let spread = Spread::of(&one_sentence_articles(&case)).unwrap();
            let n = case.cross.len() as f64;
            for expected in &case.fixed {
                let found = spread.at(expected.lambda).unwrap();
                let reach = 1.959963984540054 * found.std_error() * ((n - 1.0) / n).sqrt();
                assert!((found.value - expected.estimate).abs() < 1e-9, "{found:?}");
                assert!((found.value - reach - expected.interval[0]).abs() < 1e-9, "{found:?} {:?}", expected.interval);
                assert!((found.value + reach - expected.interval[1]).abs() < 1e-9, "{found:?} {:?}", expected.interval);
            }
            let found = spread.at(spread.best_lambda()).unwrap();
            let width = case.tuned.interval[1] - case.tuned.interval[0];
            assert!((found.value - case.tuned.estimate).abs() < 0.05 * width, "{found:?} {}", case.tuned.estimate);
            let own = 2.0 * 1.959963984540054 * found.std_error();
            assert!((own / width - 1.0).abs() < 0.05, "{own} {width}");
            assert!(case.fixed.iter().all(|other| found.variance <= spread.at(other.lambda).unwrap().variance + 1e-15));
        }
    }

    #[test]
    fn a_student_that_is_always_right_leaves_the_plain_mean_of_all() {
        let article = |y: f64, read: f64, unread: f64| Totals {
            read,
            unread,
            cross: y * read,
            student_read: y * read,
            student_unread: y * unread,
        };
        let articles: Vec<Totals> = (0..40).map(|i| article(f64::from(i % 5) / 5.0, 1.0, 4.0)).collect();
        let found = corrected(&articles).unwrap();
        assert!((found.value - 0.4).abs() < 1e-12);
        let plain = crate::stages::aggregate::linearised::RatioSums::of(
            articles.iter().map(|a| (a.student_read + a.student_unread, a.read + a.unread)),
        );
        assert!(found.std_error() <= 1.05 * plain.std_error().unwrap(), "{found:?}");
    }

    #[test]
    fn without_two_articles_read_nothing_is_corrected_and_all_read_needs_no_student() {
        let read = Totals { read: 2.0, cross: 1.0, student_read: 0.5, ..Totals::default() };
        let unread = Totals { unread: 3.0, student_unread: 1.0, ..Totals::default() };
        assert_eq!(corrected(&[read, unread, unread]), None);
        let other = Totals { cross: 0.5, ..read };
        let found = corrected(&[read, other]).unwrap();
        assert_eq!((found.value, found.lambda), (0.375, 0.0));
    }
}
