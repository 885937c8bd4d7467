//! Ratio of totals over articles, with its linearised (delta-method) standard error.
//!
//! R = Σy / Σx over n articles; residuals e = y − R·x; SE² = n/(n−1) · Σe² / (Σx)². Cochran, *Sampling Techniques*,
//! ch. 6 on the ratio estimator and ch. 9 on clusters of unequal size; it is the cluster-robust error of a mean, with
//! the article as the cluster. An article without any unit in the denominator (no quote, say) is not part of n.

/// What the estimator needs of a set of articles. Sums add up, so that a permutation is a few additions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RatioSums {
    /// Articles with x > 0.
    pub n: f64,
    pub y: f64,
    pub x: f64,
    pub yy: f64,
    pub xy: f64,
    pub xx: f64,
}

impl RatioSums {
    pub fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut sums = Self::default();
        pairs.for_each(|(y, x)| sums.add(y, x));
        sums
    }

    pub fn add(&mut self, y: f64, x: f64) {
        if x > 0.0 {
            self.n += 1.0;
            self.y += y;
            self.x += x;
            self.yy += y * y;
            self.xy += x * y;
            self.xx += x * x;
        }
    }

    /// The sums of both sets of articles.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            y: self.y + other.y,
            x: self.x + other.x,
            yy: self.yy + other.yy,
            xy: self.xy + other.xy,
            xx: self.xx + other.xx,
        }
    }

    /// The sums of the articles that are in `self` and not in `part`.
    pub fn less(&self, part: &Self) -> Self {
        Self {
            n: self.n - part.n,
            y: self.y - part.y,
            x: self.x - part.x,
            yy: self.yy - part.yy,
            xy: self.xy - part.xy,
            xx: self.xx - part.xx,
        }
    }

    /// Σy / Σx; `None` where the denominator is empty.
    pub fn ratio(&self) -> Option<f64> {
        (self.x > 0.0).then(|| self.y / self.x)
    }

    /// Kish's effective number of articles, (Σx)²/Σx²: n where all have one size, fewer where a few long ones weigh most.
    pub fn effective_articles(&self) -> f64 {
        self.x * self.x / self.xx
    }

    /// Squared standard error; `None` for fewer than two articles, from which nothing can be said of variation.
    pub fn variance(&self) -> Option<f64> {
        let ratio = self.ratio()?;
        if self.n < 1.5 {
            return None;
        }
        let squares = self.yy - 2.0 * ratio * self.xy + ratio * ratio * self.xx;
        // Differences of large sums leave noise where the residuals are all zero.
        let noise = 1e-13 * self.yy.abs().max(ratio * ratio * self.xx);
        let squares = if squares <= noise { 0.0 } else { squares };
        Some(self.n / (self.n - 1.0) * squares / (self.x * self.x))
    }

    pub fn std_error(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_of_equal_share_have_no_variation_and_one_article_has_no_error() {
        let equal = RatioSums::of([(1.0, 3.0), (2.0, 6.0), (3.0, 9.0)].into_iter());
        assert_eq!((equal.ratio(), equal.std_error()), (Some(1.0 / 3.0), Some(0.0)));
        let one = RatioSums::of([(1.0, 3.0), (0.0, 0.0)].into_iter());
        assert_eq!((one.n, one.ratio(), one.std_error()), (1.0, Some(1.0 / 3.0), None));
        assert_eq!(RatioSums::default().ratio(), None);
    }

    #[test]
    fn equal_sizes_reduce_to_the_standard_error_of_a_mean() {
        let y: [f64; 4] = [1.0, 4.0, 2.0, 7.0];
        let sums = RatioSums::of(y.iter().map(|&y| (y, 1.0)));
        let mean = 3.5;
        let deviation = (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
        assert!((sums.std_error().unwrap() - deviation / 2.0).abs() < 1e-12);
    }
}
