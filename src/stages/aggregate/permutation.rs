//! Permutation p-values of a difference between two sets of articles.
//!
//! Labels are shuffled over articles, never over sentences. The statistic is studentised, |R_a − R_b| / √(V_a + V_b)
//! with the linearised variances, which keeps the test valid when the two sets differ in size and spread (Janssen
//! 1997; Chung & Romano 2013, *Annals of Statistics* 41). p = (1 + exceedances) / (1 + permutations), so it is never 0.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::columns::Matrix;
use super::linearised::RatioSums;
use super::measures::Estimand;

/// |difference| over its standard error: 0 where there is neither a difference nor any variation, infinite where
/// there is a difference without variation; `None` where a side has fewer than two articles.
pub fn statistic(first: &RatioSums, second: &RatioSums) -> Option<f64> {
    let variance = first.variance()? + second.variance()?;
    let difference = (first.ratio()? - second.ratio()?).abs();
    Some(if difference <= 1e-14 { 0.0 } else { difference / variance.sqrt() })
}

/// The sums behind every estimand, a row an article, laid out so that a group's sums are one pass of additions.
struct Pool {
    /// Distinct denominators.
    denominators: Vec<usize>,
    /// Of each estimand, its denominator's place.
    denominator_of: Vec<usize>,
    rows: Matrix,
    total: Vec<f64>,
}

impl Pool {
    fn new(first: &Matrix, second: &Matrix, estimands: &[Estimand]) -> Self {
        let mut denominators: Vec<usize> = estimands.iter().map(|e| e.denominator).collect();
        denominators.sort_unstable();
        denominators.dedup();
        let denominator_of: Vec<_> =
            estimands.iter().map(|e| denominators.partition_point(|&d| d < e.denominator)).collect();
        let columns = 3 * (denominators.len() + estimands.len());
        let mut rows = Matrix::zeros(first.rows().len() + second.rows().len(), columns);
        let mut total = vec![0.0; columns];
        for (at, article) in first.rows().chain(second.rows()).enumerate() {
            let row = rows.row_mut(at);
            let (units, values) = row.split_at_mut(3 * denominators.len());
            for (unit, &denominator) in units.chunks_exact_mut(3).zip(&denominators) {
                let x = article[denominator];
                unit.copy_from_slice(&[f64::from(u8::from(x > 0.0)), x, x * x]);
            }
            for (value, estimand) in values.chunks_exact_mut(3).zip(estimands) {
                let (y, x) = (article[estimand.numerator], article[estimand.denominator]);
                value.copy_from_slice(&[y, y * y, x * y]);
            }
            total.iter_mut().zip(row).for_each(|(sum, value)| *sum += *value);
        }
        Self { denominators, denominator_of, rows, total }
    }

    /// Sums over some of the articles.
    fn group(&self, articles: &[u32], sums: &mut [f64]) {
        sums.fill(0.0);
        for &article in articles {
            sums.iter_mut().zip(self.rows.row(article as usize)).for_each(|(sum, value)| *sum += value);
        }
    }

    fn ratio_sums(&self, sums: &[f64], estimand: usize) -> RatioSums {
        let (units, values) = sums.split_at(3 * self.denominators.len());
        let unit = &units[3 * self.denominator_of[estimand]..][..3];
        let value = &values[3 * estimand..][..3];
        RatioSums { n: unit[0], x: unit[1], xx: unit[2], y: value[0], yy: value[1], xy: value[2] }
    }

    fn statistic(&self, group: &[f64], estimand: usize) -> Option<f64> {
        let (total, group) = (self.ratio_sums(&self.total, estimand), self.ratio_sums(group, estimand));
        statistic(&group, &total.less(&group))
    }
}

/// A p-value, and the number of relabellings behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permuted {
    pub p: f64,
    pub permutations: u32,
}

/// Relabellings after which a plainly unremarkable estimand is let go, and the exceedances that make it one
/// (sequential Monte Carlo, Besag & Clifford 1991): its p-value is above 0.05 already.
const FIRST_LOOK: u32 = 199;
const ENOUGH: u32 = 20;

/// One p-value an estimand, two-sided; `None` where a side has fewer than two articles for it.
///
/// `first` and `second` hold the articles' rows of totals. The same permutations serve every estimand; those that 20
/// of the first 199 exceed get no more.
pub fn p_values(
    first: &Matrix,
    second: &Matrix,
    estimands: &[Estimand],
    permutations: u32,
    random: &mut ChaCha8Rng,
) -> Vec<Option<Permuted>> {
    let looked = FIRST_LOOK.min(permutations);
    let mut exceed = exceedances(first, second, estimands, looked, random);
    let open: Vec<usize> = (0..estimands.len()).filter(|&at| exceed[at].is_some_and(|count| count < ENOUGH)).collect();
    let mut permuted = vec![looked; estimands.len()];
    if looked < permutations && !open.is_empty() {
        let remaining: Vec<Estimand> = open.iter().map(|&at| estimands[at].clone()).collect();
        let more = exceedances(first, second, &remaining, permutations - looked, random);
        for (&at, more) in open.iter().zip(more) {
            exceed[at] = exceed[at].zip(more).map(|(count, more)| count + more);
            permuted[at] = permutations;
        }
    }
    let result = |(exceed, permutations): (Option<u32>, u32)| {
        exceed.map(|count| Permuted { p: f64::from(1 + count) / f64::from(1 + permutations), permutations })
    };
    exceed.into_iter().zip(permuted).map(result).collect()
}

/// Of each estimand, the relabellings whose statistic is at least the observed one.
fn exceedances(
    first: &Matrix,
    second: &Matrix,
    estimands: &[Estimand],
    permutations: u32,
    random: &mut ChaCha8Rng,
) -> Vec<Option<u32>> {
    let pool = Pool::new(first, second, estimands);
    let (count_first, count_second) = (first.rows().len(), second.rows().len());
    let (smaller, from) = if count_first <= count_second { (count_first, 0) } else { (count_second, count_first) };
    let count = pool.rows.rows().len();
    let mut articles: Vec<u32> = (0..count as u32).collect();
    let mut sums = vec![0.0; pool.rows.columns];
    pool.group(&articles[from..from + smaller], &mut sums);
    let observed: Vec<Option<f64>> = (0..estimands.len()).map(|at| pool.statistic(&sums, at)).collect();
    let mut exceed = vec![0u32; estimands.len()];
    for _ in 0..permutations {
        for at in 0..smaller {
            articles.swap(at, random.random_range(at..count));
        }
        pool.group(&articles[..smaller], &mut sums);
        for (at, observed) in observed.iter().enumerate() {
            // A relabelling without a statistic counts against the difference: it cannot make p too small. The
            // tolerance keeps relabellings equal to the observed one from falling below it by rounding.
            let Some(observed) = observed else { continue };
            let exceeds = pool.statistic(&sums, at).is_none_or(|shuffled| shuffled >= observed * (1.0 - 1e-9));
            exceed[at] += u32::from(exceeds);
        }
    }
    observed.iter().zip(exceed).map(|(observed, exceed)| observed.map(|_| exceed)).collect()
}
