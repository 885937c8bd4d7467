//! Article-clustered bootstrap: articles are drawn with replacement, each with all its sentences.

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::columns::Matrix;
use super::options::AggregateOptions;

/// A random stream of its own for each cell: it depends on the seed and the cell's name, not on the thread that runs
/// it nor on what else is in the collection.
pub fn stream(seed: u64, name: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in name {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// The draws of one cell, used for every measure of it.
pub(super) struct Resampling {
    /// Which resampled unit an article belongs to; `None` where every article is its own.
    group_of: Option<Vec<u32>>,
    units: usize,
    resamples: usize,
    /// `resamples × units`: how often the unit was drawn.
    weights: Vec<u16>,
}

impl Resampling {
    /// The draws of a cell by its name, as many as the options say.
    pub(super) fn of_cell(name: &[&str], articles: usize, options: &AggregateOptions) -> Self {
        let mut random = stream(options.seed, name);
        Self::draw(articles, options.resamples as usize, options.bootstrap_groups as usize, &mut random)
    }

    pub(super) fn draw(articles: usize, resamples: usize, most_units: usize, random: &mut ChaCha8Rng) -> Self {
        let units = articles.min(most_units);
        let group_of = (articles > units).then(|| {
            let mut groups: Vec<u32> = (0..articles).map(|at| (at % units) as u32).collect();
            groups.shuffle(random);
            groups
        });
        let mut weights = vec![0u16; resamples * units];
        for row in weights.chunks_exact_mut(units.max(1)) {
            for _ in 0..units {
                row[random.random_range(0..units)] += 1;
            }
        }
        Self { group_of, units, resamples, weights }
    }

    /// Column totals of each resample: `resamples × matrix.columns`.
    pub(super) fn totals(&self, matrix: &Matrix) -> Matrix {
        let grouped = self.group_of.as_ref().map(|group_of| {
            let mut grouped = Matrix::zeros(self.units, matrix.columns);
            for (row, &group) in matrix.rows().zip(group_of) {
                add(grouped.row_mut(group as usize), row);
            }
            grouped
        });
        let units = grouped.as_ref().unwrap_or(matrix);
        let mut totals = Matrix::zeros(self.resamples, matrix.columns);
        // Blocks of units stay in the processor's nearest cache while every resample passes over them.
        const BLOCK: usize = 32;
        for from in (0..self.units).step_by(BLOCK) {
            let to = (from + BLOCK).min(self.units);
            for resample in 0..self.resamples {
                let weights = &self.weights[resample * self.units..][from..to];
                let total = totals.row_mut(resample);
                for (unit, &weight) in (from..to).zip(weights) {
                    if weight > 0 {
                        let weight = f64::from(weight);
                        total.iter_mut().zip(units.row(unit)).for_each(|(sum, value)| *sum += weight * value);
                    }
                }
            }
        }
        totals
    }
}

fn add(total: &mut [f64], row: &[f64]) {
    total.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
}

/// Percentile interval of a ratio of totals; `articles` are pairs of numerator and denominator.
///
/// `None` where no interval can be had: see [`percentile`].
pub fn ratio_interval(
    articles: &[(f64, f64)],
    resamples: usize,
    alpha: f64,
    random: &mut ChaCha8Rng,
) -> Option<(f64, f64)> {
    let matrix = Matrix { columns: 2, values: articles.iter().flat_map(|&(y, x)| [y, x]).collect() };
    let totals = Resampling::draw(articles.len(), resamples, articles.len(), random).totals(&matrix);
    percentile(&mut totals.rows().map(|row| row[0] / row[1]).collect(), alpha)
}

/// Percentile interval of the replicates (quantiles by linear interpolation, numpy's default). Replicates that are
/// not finite, from a resample without any unit, are left out; `None` under 100 that are left or where all are equal.
pub fn percentile(replicates: &mut Vec<f64>, alpha: f64) -> Option<(f64, f64)> {
    replicates.retain(|value| value.is_finite());
    if replicates.len() < 100 {
        return None;
    }
    let low = quantile(replicates, alpha / 2.0);
    let high = quantile(replicates, 1.0 - alpha / 2.0);
    (low < high).then_some((low, high))
}

fn quantile(values: &mut [f64], p: f64) -> f64 {
    let at = p * (values.len() - 1) as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(at as usize, f64::total_cmp);
    let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (next - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_linearly() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.025), 2.5);
        assert_eq!(quantile(&mut values, 1.0), 100.0);
    }

    #[test]
    fn every_resample_draws_as_many_articles_as_there_are() {
        for (articles, most) in [(7, 100), (500, 100)] {
            let mut random = stream(3, &["outlet"]);
            let resampling = Resampling::draw(articles, 120, most, &mut random);
            let mut ones = Matrix::zeros(articles, 1);
            (0..articles).for_each(|at| ones.row_mut(at)[0] = 1.0);
            let totals = resampling.totals(&ones);
            assert!(totals.rows().all(|row| row[0] == articles as f64), "{articles} articles");
        }
    }

    #[test]
    fn streams_differ_by_name_and_not_by_how_it_is_cut() {
        let draw = |name: &[&str]| stream(1, name).random::<u64>();
        assert_eq!(draw(&["a", "b"]), draw(&["a", "b"]));
        assert_ne!(draw(&["a", "b"]), draw(&["ab", ""]));
    }
}
