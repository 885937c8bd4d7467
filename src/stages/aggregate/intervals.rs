//! The interval that a table leads with, and the plain linearised one beside it.
//!
//! With few articles or a rare frame the percentile bootstrap and ±t·SE cover too seldom, and both shrink to nothing
//! where no sentence, or every sentence, reaches the cut-off. The headline interval is therefore binomial (Poisson) in shape and
//! clustered in width: on the effective sample size that the article-clustered standard error implies (Korn & Graubard 1998,
//! *Survey Methodology* 24), shares take Jeffreys' interval and scores Clopper and Pearson's, and rates per token Garwood's (1936)
//! on the effective count. Franco, Little, Louis & Slud 2019 (*J. Survey Statistics and Methodology* 7) compare these shapes.
//! Articles of unequal length know less than their number says: Kish's effective number m takes the place of n in the variance's
//! m/(m−1) and in the degrees of freedom, which heavy tails lower further ([`degrees_of_freedom`](super::linearised::degrees_of_freedom)).
//! `examples/coverage.rs` measures all of them on data with a known truth.

use statrs::distribution::{Beta, ContinuousCDF, Gamma, Normal, StudentsT};

use super::linearised::{RatioMoments, RatioSums};

/// An interval and the name of the method that gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub method: &'static str,
}

impl Interval {
    /// Both ends in the unit of the table.
    pub fn scaled(self, scale: f64) -> Self {
        Self { low: scale * self.low, high: scale * self.high, ..self }
    }
}

/// What is estimated, as far as its interval has to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Share of units, 0 to 1.
    Share,
    /// Mean of a score between these bounds.
    Mean { least: f64, most: f64 },
    /// Occurrences per token.
    Rate,
}

/// Quantile of Student's t.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(p))
}

/// Two-sided p-value of a t statistic; infinite degrees of freedom give the normal.
pub fn student_p(t: f64, freedom: f64) -> f64 {
    if !freedom.is_finite() || freedom > 1e7 {
        return normal_p(t);
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |s| 2.0 * s.sf(t.abs()))
}

/// Two-sided p-value of a standard normal statistic.
pub fn normal_p(z: f64) -> f64 {
    Normal::standard().sf(z.abs()) * 2.0
}

fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// ratio ± t·SE with n − 1 degrees of freedom; `None` under two articles, or where nothing varies between them.
pub fn linear(sums: &RatioSums, alpha: f64) -> Option<(f64, f64)> {
    let (ratio, error) = (sums.ratio()?, sums.std_error().filter(|&error| error > 0.0)?);
    let reach = student_quantile(1.0 - alpha / 2.0, sums.n - 1.0) * error;
    Some((ratio - reach, ratio + reach))
}

/// The headline interval; `None` for a single article, and for a mean that does not vary between articles.
pub fn headline(kind: Kind, moments: &RatioMoments, alpha: f64) -> Option<Interval> {
    let sums = &moments.sums;
    let (ratio, variance) = (sums.ratio()?, sums.variance()?);
    let known =
        Known { articles: sums.n, effective: sums.effective_articles(), freedom: moments.degrees_of_freedom()? };
    let (variance, shrink) = (known.widened(variance), known.shrink(alpha));
    match kind {
        Kind::Share => Some(share(ratio, variance, sums, shrink, alpha)),
        Kind::Mean { least, most } if variance > 0.0 => {
            let span = most - least;
            let ratio = ((ratio - least) / span).clamp(0.0, 1.0);
            let size = ratio * (1.0 - ratio) * span * span / variance * shrink;
            let (low, high) = clopper_pearson(ratio, size, alpha);
            Some(Interval { low: least + span * low, high: least + span * high, method: "korn_graubard" })
        }
        Kind::Mean { .. } => None,
        Kind::Rate => Some(rate(ratio, variance, sums, shrink, alpha)),
    }
}

/// How well a variance is known that articles were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub articles: f64,
    /// Kish's effective number of them.
    pub effective: f64,
    /// Of the variance.
    pub freedom: f64,
}

impl Known {
    /// m/(m−1) in the place of n/(n−1).
    fn widened(self, variance: f64) -> f64 {
        let m = self.effective.max(1.0 + 1e-9);
        variance * (self.articles - 1.0) / self.articles * m / (m - 1.0)
    }

    /// (z/t)²: what a badly known variance takes off the effective size.
    fn shrink(self, alpha: f64) -> f64 {
        let level = 1.0 - alpha / 2.0;
        (normal_quantile(level) / student_quantile(level, self.freedom)).powi(2)
    }
}

/// The same interval for a share or score between 0 and 1 whose variance was worked out elsewhere; `None` for a mean that
/// does not vary.
pub fn of_variance(kind: Kind, ratio: f64, variance: f64, known: Known, alpha: f64) -> Option<(f64, f64)> {
    let variance = known.widened(variance);
    if variance > 0.0 && ratio > 0.0 && ratio < 1.0 {
        let size = ratio * (1.0 - ratio) / variance * known.shrink(alpha);
        return Some(if kind == Kind::Share { jeffreys } else { clopper_pearson }(ratio, size, alpha));
    }
    (variance > 0.0 || kind == Kind::Share).then(|| clopper_pearson(ratio, known.articles, alpha))
}

fn share(ratio: f64, variance: f64, sums: &RatioSums, shrink: f64, alpha: f64) -> Interval {
    // One unit an article: plain binomial sampling of articles.
    let single = sums.xx == sums.x && sums.x == sums.n;
    let ((low, high), method) = if single {
        (clopper_pearson(ratio.clamp(0.0, 1.0), sums.n, alpha), "clopper_pearson")
    } else if variance > 0.0 {
        let size = (ratio * (1.0 - ratio) / variance * shrink).min(sums.x);
        (jeffreys(ratio, size, alpha), "jeffreys_effective")
    } else {
        // All articles agree (none or all of the sentences): they count as one unit each, however long they are.
        (clopper_pearson(ratio.clamp(0.0, 1.0), sums.n, alpha), "clopper_pearson_articles")
    };
    Interval { low, high, method }
}

/// Jeffreys' interval for a share strictly between 0 and 1 of a possibly fractional number of units.
fn jeffreys(share: f64, size: f64, alpha: f64) -> (f64, f64) {
    let (a, b) = (share * size + 0.5, (1.0 - share) * size + 0.5);
    // Of a handful of units with next to no hits it may leave out the share itself.
    (beta_quantile(alpha / 2.0, a, b).min(share), beta_quantile(1.0 - alpha / 2.0, a, b).max(share))
}

/// Clopper–Pearson for a share of a possibly fractional number of units.
fn clopper_pearson(share: f64, size: f64, alpha: f64) -> (f64, f64) {
    let hits = share * size;
    let low = if share <= 0.0 { 0.0 } else { beta_quantile(alpha / 2.0, hits, size - hits + 1.0) };
    let high = if share >= 1.0 { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, hits + 1.0, size - hits) };
    (low, high)
}

/// Quantile of the beta distribution by bisection of its distribution function: statrs 0.19 inverts it by an iteration
/// that never ends for some fractional shapes. Within a 1e-13th of itself.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if a + b > LARGEST_SHAPES {
        return limiting_beta_quantile(p, a, b);
    }
    let Ok(beta) = Beta::new(a, b) else { return f64::NAN };
    let (mut low, mut high) = (0.0, 1.0);
    while high - low > 1e-13 * high && high > f64::MIN_POSITIVE {
        let middle = f64::midpoint(low, high);
        if beta.cdf(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Beyond these, the distribution function is a difference of logarithms too large for double precision. An effective size
/// like that means that next to nothing varies between articles.
const LARGEST_SHAPES: f64 = 1e8;

/// Of a beta distribution with a very large shape: where the other is small, its gamma limit; else the normal one, with
/// Cornish and Fisher's correction for skewness. Within a 1e-4th of the standard deviation.
fn limiting_beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if a > b {
        return 1.0 - limiting_beta_quantile(1.0 - p, b, a);
    }
    if a < 1e4 {
        let gamma = Gamma::new(a, 1.0).map_or(f64::NAN, |gamma| gamma.inverse_cdf(p));
        return gamma / (b + (a - 1.0 + gamma) / 2.0);
    }
    let (sum, z) = (a + b, normal_quantile(p));
    let deviation = (a / sum * (b / sum) / (sum + 1.0)).sqrt();
    let skewness = 2.0 * (b - a) / (sum + 2.0) * ((sum + 1.0) / a / b).sqrt();
    a / sum + deviation * (z + skewness * (z * z - 1.0) / 6.0)
}

fn rate(ratio: f64, variance: f64, sums: &RatioSums, shrink: f64, alpha: f64) -> Interval {
    // No more than one occurrence a token.
    if ratio <= 0.0 {
        return Interval { low: 0.0, high: (garwood(0.0, alpha).1 / sums.x).min(1.0), method: "garwood" };
    }
    // count² · Var(R)/R² = 1/(relative variance): the count that a Poisson of the same relative error would have.
    let count = if variance > 0.0 { (ratio * ratio / variance * shrink).min(sums.y) } else { sums.n.min(sums.y) };
    let (low, high) = garwood(count, alpha);
    Interval { low: ratio * low / count, high: (ratio * high / count).min(1.0), method: "garwood_effective" }
}

/// Garwood's interval of a Poisson mean for a possibly fractional count.
fn garwood(count: f64, alpha: f64) -> (f64, f64) {
    let quantile = |p, shape| Gamma::new(shape, 1.0).map_or(f64::NAN, |gamma| gamma.inverse_cdf(p));
    let low = if count <= 0.0 { 0.0 } else { quantile(alpha / 2.0, count) };
    (low, quantile(1.0 - alpha / 2.0, count + 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any articles: an interval holds its estimate, stays in range, and has a width.
        #[test]
        fn intervals_hold_the_estimate(
            articles in prop::collection::vec((1u32..60, 0.0f64..=1.0), 2..40),
            rare in prop::bool::ANY,
        ) {
            let pairs = || articles.iter().map(|&(x, share)| {
                let share = if rare { share.powi(12) } else { share };
                ((share * f64::from(x)).round(), f64::from(x))
            });
            let moments = RatioMoments::of(pairs());
            let sums = moments.sums;
            let ratio = sums.ratio().unwrap();
            for kind in [Kind::Share, Kind::Rate, Kind::Mean { least: -1.0, most: 1.0 }] {
                let Some(interval) = headline(kind, &moments, 0.05) else {
                    let constant = kind != Kind::Share && kind != Kind::Rate && sums.variance() == Some(0.0);
                    prop_assert!(constant);
                    continue;
                };
                let Interval { low, high, .. } = interval;
                prop_assert!(low <= ratio && ratio <= high && low < high, "{kind:?} {low} {ratio} {high}");
                prop_assert!((-1.0..=1.0).contains(&low) && high <= 1.0, "{kind:?} {low} {high}");
            }
        }
    }

    /// Quantiles and standard deviations by scipy 1.17 (`stats.beta.ppf`, `stats.beta.std`).
    #[test]
    fn beta_quantiles_of_very_large_shapes_are_near_scipys() {
        for (p, a, b, expected, deviation) in [
            (0.025, 2.0, 2e8, 1.2110463889588922e-9, 7.071067688121791e-9),
            (0.975, 3.5, 4e12, 2.0015955343260366e-12, 4.677071733460704e-13),
            (0.025, 5e7, 1.5e8, 0.2499399909721762, 3.061862170824317e-5),
            (0.975, 6e8, 2e8, 0.7500300051059756, 1.5309310882826544e-5),
            (0.025, 2e9, 3.0, 0.9999999963876561, 8.660254016193751e-10),
            (0.975, 20000.5, 9e9, 2.2531760873729423e-6, 1.5713628062718692e-8),
        ] {
            let found = beta_quantile(p, a, b);
            assert!((found - expected).abs() < 1e-4 * deviation, "{p} {a} {b}: {found}, not {expected}");
        }
    }

    /// Scores that differ between articles in their last digits only, or that are all next to nothing.
    #[test]
    fn an_interval_of_hardly_any_variation_still_holds_its_estimate() {
        let wiggle = [1e-6, -2e-6, 3e-6, 0.0, -1e-6, 2e-6, -3e-6, 1e-6];
        let even = RatioMoments::of(wiggle.iter().map(|w| (8.0 * (0.2 + w), 8.0)));
        let tiny = RatioMoments::of([(3e-28, 9.0), (5e-27, 11.0)].into_iter());
        for (moments, kind) in
            [(even, Kind::Mean { least: -1.0, most: 1.0 }), (tiny, Kind::Mean { least: 0.0, most: 1.0 })]
        {
            let (ratio, interval) = (moments.sums.ratio().unwrap(), headline(kind, &moments, 0.05).unwrap());
            assert!(
                interval.low <= ratio && ratio <= interval.high && interval.low < interval.high,
                "{interval:?} {ratio}"
            );
            // Of the order of the linearised one.
            let (low, high) = linear(&moments.sums, 0.05).unwrap();
            let wider = (interval.high - interval.low) / (high - low);
            assert!((0.9..20.0).contains(&wider), "{wider}");
        }
    }

    #[test]
    fn none_and_all_have_an_interval_and_one_article_has_none() {
        let articles = |y: f64, n: usize| RatioMoments::of((0..n).map(|_| (y, 8.0)));
        let none = headline(Kind::Share, &articles(0.0, 10), 0.05).unwrap();
        assert_eq!((none.low, none.method), (0.0, "clopper_pearson_articles"));
        assert!((none.high - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-9, "ten articles, not eighty sentences");
        let all = headline(Kind::Share, &articles(8.0, 10), 0.05).unwrap();
        assert!((all.low - (1.0 - none.high)).abs() < 1e-9 && all.high == 1.0);
        let few_tokens = RatioMoments::of([(0.0, 1.0), (0.0, 1.0)].into_iter());
        assert_eq!(headline(Kind::Rate, &few_tokens, 0.05).unwrap().high, 1.0, "no more than one a token");
        assert_eq!(headline(Kind::Share, &articles(3.0, 1), 0.05), None);
        assert_eq!(headline(Kind::Mean { least: 0.0, most: 1.0 }, &articles(3.0, 5), 0.05), None);
    }
}
