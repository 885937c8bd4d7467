//! Paired differences over stories: mean, Student's interval, sign-flip p; and what is left to the choice of stories.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::stages::aggregate::intervals;

/// Up to this many stories every pattern of signs is counted; with more, random ones are.
const EXACT: usize = 11;
/// Random patterns after which a plainly unremarkable difference gets no more, and the exceedances that make it one, as
/// for the permutations of articles.
const FIRST_LOOK: u32 = 199;
const ENOUGH: u32 = 20;

/// Mean of paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    pub mean: f64,
    /// Standard error with n − 1 in the denominator of the variance; `None` for one story.
    pub std_error: Option<f64>,
    pub n: usize,
}

impl Paired {
    /// `None` without any story.
    pub fn of(differences: &[f64]) -> Option<Self> {
        let n = differences.len();
        if n == 0 {
            return None;
        }
        let mean = differences.iter().sum::<f64>() / n as f64;
        let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
        let std_error = (n > 1).then(|| (squares / (n as f64 - 1.0) / n as f64).sqrt());
        Some(Self { mean, std_error, n })
    }

    /// Student's interval over stories; `None` for one story, or where the difference is the same in each.
    pub fn interval(&self, alpha: f64) -> Option<(f64, f64)> {
        self.std_error.filter(|&error| error > 1e-15).map(|error| reach(self.mean, error, self.n, alpha))
    }
}

/// estimate ± t·error with one degree of freedom less than there are stories.
pub fn reach(estimate: f64, error: f64, stories: usize, alpha: f64) -> (f64, f64) {
    let reach = intervals::student_quantile(1.0 - alpha / 2.0, stories as f64 - 1.0) * error;
    (estimate - reach, estimate + reach)
}

/// Two-sided p of a mean difference of zero: the share of all 2^n patterns of signs whose |sum| is at least the observed
/// one (Fisher 1935). `None` for fewer than two stories.
fn exact_p(differences: &[f64]) -> Option<f64> {
    let n = differences.len();
    if n < 2 {
        return None;
    }
    let observed = differences.iter().sum::<f64>().abs() * (1.0 - 1e-9);
    // The first sign is held: every pattern has a mirror image of the same |sum|.
    let patterns = 1u32 << (n - 1);
    let flipped = |pattern: &u32| {
        let rest = differences[1..].iter().enumerate();
        let sum: f64 = rest.map(|(at, d)| if pattern >> at & 1 == 1 { -d } else { *d }).sum();
        (differences[0] + sum).abs() >= observed - f64::EPSILON
    };
    Some((0..patterns).filter(flipped).count() as f64 / f64::from(patterns))
}

/// p of several sets of differences over the same stories; a story without a difference in a set is `None` there. `by_story`
/// holds a row a story, a column a set.
pub fn p_values(by_story: &[Vec<Option<f64>>], permutations: u32, random: &mut ChaCha8Rng) -> Vec<Option<f64>> {
    let sets = by_story.first().map_or(0, Vec::len);
    let column = |set: usize| -> Vec<f64> { by_story.iter().filter_map(|row| row[set]).collect() };
    let mut p: Vec<Option<f64>> = vec![None; sets];
    let mut open = Vec::new();
    for (set, p) in p.iter_mut().enumerate() {
        let differences = column(set);
        if differences.len() <= EXACT {
            *p = exact_p(&differences);
        } else {
            open.push(set);
        }
    }
    let rows: Vec<Vec<f64>> =
        by_story.iter().map(|row| open.iter().map(|&set| row[set].unwrap_or(0.0)).collect()).collect();
    let looked = FIRST_LOOK.min(permutations);
    let first = exceedances(&rows, looked, random);
    let remaining: Vec<usize> = (0..open.len()).filter(|&at| looked < permutations && first[at] < ENOUGH).collect();
    let rows: Vec<Vec<f64>> = rows.iter().map(|row| remaining.iter().map(|&at| row[at]).collect()).collect();
    let more = exceedances(&rows, permutations - looked, random);
    for (at, &set) in open.iter().enumerate() {
        p[set] = Some(f64::from(1 + first[at]) / f64::from(1 + looked));
    }
    for (&at, more) in remaining.iter().zip(more) {
        p[open[at]] = Some(f64::from(1 + first[at] + more) / f64::from(1 + permutations));
    }
    p
}

/// Of each column, the random patterns of signs whose |sum| is at least the observed one.
fn exceedances(rows: &[Vec<f64>], patterns: u32, random: &mut ChaCha8Rng) -> Vec<u32> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut exceed = vec![0u32; columns];
    if columns == 0 {
        return exceed;
    }
    let mut sums = vec![0.0; columns];
    rows.iter().for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, d)| *sum += d));
    let observed: Vec<f64> = sums.iter().map(|sum: &f64| sum.abs() * (1.0 - 1e-9)).collect();
    for _ in 0..patterns {
        sums.fill(0.0);
        for row in rows {
            let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
            sums.iter_mut().zip(row).for_each(|(sum, d)| *sum += sign * d);
        }
        exceed.iter_mut().zip(&sums).zip(&observed).for_each(|((count, sum), observed)| {
            *count += u32::from(sum.abs() >= observed - f64::EPSILON);
        });
    }
    exceed
}

/// Standard error of a sum of contributions, one a story: √(G/(G−1) · Σu²), the cluster-robust error of a linearised
/// statistic whose contributions add up to nothing. `None` for one story.
pub fn clustered_error(contributions: &[f64]) -> Option<f64> {
    let count = contributions.len() as f64;
    (count > 1.5).then(|| (count / (count - 1.0) * contributions.iter().map(|u| u * u).sum::<f64>()).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::aggregate::bootstrap;

    #[test]
    fn every_pattern_is_counted_for_few_stories() {
        assert_eq!(exact_p(&[1.0, 2.0, 3.0]), Some(0.25), "2 of 8 patterns");
        assert_eq!(exact_p(&[0.0, 0.0]), Some(1.0));
        assert_eq!(exact_p(&[0.4]), None);
    }

    #[test]
    fn random_patterns_agree_with_a_normal_tail_and_missing_stories_do_not_count() {
        let rows: Vec<Vec<Option<f64>>> = (0..60)
            .map(|at| {
                vec![Some(if at % 3 == 0 { -1.0 } else { 1.0 }), Some(f64::from(at % 2) - 0.5), (at < 3).then_some(2.0)]
            })
            .collect();
        let p = p_values(&rows, 4999, &mut bootstrap::stream(1, &["paired"]));
        // 40 of 60 signs alike: the exact two-sided binomial p is 0.0135.
        assert!((p[0].unwrap() - 0.0135).abs() < 4.0 * (0.0135f64 / 5000.0).sqrt(), "{p:?}");
        assert!(p[1].unwrap() > 0.9);
        assert_eq!(p[2], Some(0.25));
    }

    #[test]
    fn one_story_has_a_difference_and_no_interval() {
        let one = Paired::of(&[0.3]).unwrap();
        assert_eq!((one.mean, one.interval(0.05)), (0.3, None));
        assert_eq!(Paired::of(&[]), None);
        assert_eq!(Paired::of(&[0.1, 0.1]).unwrap().interval(0.05), None);
    }
}
