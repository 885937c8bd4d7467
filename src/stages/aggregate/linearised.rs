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

    /// Σe²; `None` for fewer than two articles, from which nothing can be said of variation.
    fn residual_squares(&self) -> Option<f64> {
        let ratio = self.ratio()?;
        if self.n < 1.5 {
            return None;
        }
        let squares = self.yy - 2.0 * ratio * self.xy + ratio * ratio * self.xx;
        // Differences of large sums leave noise where the residuals are all zero.
        let noise = 1e-13 * self.yy.abs().max(ratio * ratio * self.xx);
        Some(if squares <= noise { 0.0 } else { squares })
    }

    /// Squared standard error; `None` for fewer than two articles.
    pub fn variance(&self) -> Option<f64> {
        let squares = self.residual_squares()?;
        Some(self.n / (self.n - 1.0) * squares / (self.x * self.x))
    }

    pub fn std_error(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }
}

/// [`RatioSums`] with the sums of fourth order, which tell how well the articles know their own variance. They add up too.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RatioMoments {
    pub sums: RatioSums,
    /// Σy⁴, Σy³x, Σy²x², Σyx³, Σx⁴.
    fourth: [f64; 5],
}

impl RatioMoments {
    pub fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut moments = Self::default();
        pairs.for_each(|(y, x)| moments.add(y, x));
        moments
    }

    pub fn add(&mut self, y: f64, x: f64) {
        if x > 0.0 {
            self.sums.add(y, x);
            let (yy, xy, xx) = (y * y, x * y, x * x);
            let own = [yy * yy, yy * xy, xy * xy, xy * xx, xx * xx];
            self.fourth.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
    }

    /// The moments of both sets of articles.
    pub fn plus(&self, other: &Self) -> Self {
        let fourth = std::array::from_fn(|at| self.fourth[at] + other.fourth[at]);
        Self { sums: self.sums.plus(&other.sums), fourth }
    }

    /// These articles' y over the x of `all` articles: what is not among these has y = 0.
    pub fn over(&self, all: &Self) -> Self {
        let RatioSums { y, yy, xy, .. } = self.sums;
        let [yyyy, yyyx, yyxx, yxxx, _] = self.fourth;
        Self { sums: RatioSums { y, yy, xy, ..all.sums }, fourth: [yyyy, yyyx, yyxx, yxxx, all.fourth[4]] }
    }

    /// Degrees of freedom of the variance, see [`degrees_of_freedom`]; `None` where there is no variance to speak of.
    pub fn degrees_of_freedom(&self) -> Option<f64> {
        let sums = &self.sums;
        let (ratio, squares) = (sums.ratio()?, sums.residual_squares()?);
        let [yyyy, yyyx, yyxx, yxxx, xxxx] = self.fourth;
        let fourth = yyyy + ratio * (-4.0 * yyyx + ratio * (6.0 * yyxx + ratio * (-4.0 * yxxx + ratio * xxxx)));
        Some(degrees_of_freedom(sums.n, sums.effective_articles(), squares, fourth))
    }
}

/// Degrees of freedom of a variance from `n` articles that count as `effective` ones of equal length, from the sums of the
/// squares and of the fourth powers of their residuals: m − 1, or fewer where the tails are heavy. A sample variance has the relative
/// variance 2/(n−1) + κ/n with κ the excess kurtosis (Cramér 1946, *Mathematical Methods of Statistics*, 27.4), one of χ² with ν
/// degrees has 2/ν, so ν = 2/(2/(n−1) + κ/n). κ is estimated without bias for normal residuals (G₂ of Joanes & Gill 1998, *The
/// Statistician* 47), a negative one taken as none. Unequal lengths make tails heavy too: of the two the fewer, not both. At least 1.
///
/// Rare events sit in a few articles, whose residuals have heavy tails: a sample without them takes its own variance for small.
pub fn degrees_of_freedom(n: f64, effective: f64, squares: f64, fourth: f64) -> f64 {
    let by_length = (effective - 1.0).max(1.0);
    if n < 3.5 || squares <= 0.0 {
        return by_length;
    }
    // Rounding may leave the fourth powers outside of what any residuals can have.
    let g = (n * fourth / (squares * squares)).clamp(1.0, n) - 3.0;
    let excess = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g + 6.0);
    by_length.min(2.0 / (2.0 / (n - 1.0) + excess.max(0.0) / n)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_of_freedom_fall_with_heavy_tails_and_the_sums_give_what_the_residuals_give() {
        let even = RatioMoments::of((0..40).map(|at| (f64::from(at % 4), 8.0)));
        assert!((even.degrees_of_freedom().unwrap() - 39.0).abs() < 1e-9, "flat residuals leave m − 1");
        let pairs: Vec<(f64, f64)> =
            (0..40u8).map(|at| (if at < 2 { 5.0 } else { 0.01 * f64::from(at) }, f64::from(5 + at % 9))).collect();
        let burst = RatioMoments::of(pairs.iter().copied());
        let ratio = burst.sums.ratio().unwrap();
        let powers = |power| pairs.iter().map(|(y, x)| (y - ratio * x).powi(power)).sum::<f64>();
        let direct = degrees_of_freedom(40.0, burst.sums.effective_articles(), powers(2), powers(4));
        assert!((burst.degrees_of_freedom().unwrap() - direct).abs() < 1e-9);
        assert!(direct < 10.0, "{direct}");
        let halves = [&pairs[..11], &pairs[11..]].map(|half| RatioMoments::of(half.iter().copied()));
        assert!((halves[0].plus(&halves[1]).degrees_of_freedom().unwrap() - direct).abs() < 1e-9);
        let tokens = RatioMoments::of(pairs.iter().map(|&(_, x)| (0.0, x)));
        let with = RatioMoments::of(pairs.iter().copied().filter(|&(y, _)| y > 0.0));
        assert_eq!(with.over(&tokens).degrees_of_freedom(), burst.degrees_of_freedom());
    }

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
