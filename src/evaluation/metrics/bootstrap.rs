//! Percentile intervals from resampled clusters (Efron & Tibshirani 1993, ch. 13): examples of one article stand or fall
//! together, so articles are drawn, not examples.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How many resamples, of what confidence, from which seed.
#[derive(Debug, Clone, Copy)]
pub struct Resampling {
    pub resamples: u32,
    /// E.g. 0.95.
    pub confidence: f64,
    pub seed: u64,
}

/// Intervals of several statistics from the same resamples; `clusters[i]` is the cluster of example `i`, numbered from 0.
///
/// `statistics` gives one value a statistic for a weight an example (how often it was drawn). The result does not depend
/// on the number of threads. `None` with fewer than two clusters, or where no resample has a value.
pub fn intervals<const N: usize>(
    clusters: &[usize],
    resampling: Resampling,
    statistics: impl Fn(&[u32]) -> [Option<f64>; N] + Sync,
) -> [Option<[f64; 2]>; N] {
    let number = clusters.iter().max().map_or(0, |last| last + 1);
    if number < 2 {
        return [None; N];
    }
    let draws: Vec<[Option<f64>; N]> = (0..resampling.resamples)
        .into_par_iter()
        .map(|resample| {
            let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);
            random.set_stream(u64::from(resample));
            let mut drawn = vec![0u32; number];
            (0..number).for_each(|_| drawn[random.random_range(0..number)] += 1);
            let weights: Vec<u32> = clusters.iter().map(|&cluster| drawn[cluster]).collect();
            statistics(&weights)
        })
        .collect();
    std::array::from_fn(|statistic| {
        let mut values: Vec<f64> = draws.iter().filter_map(|draw| draw[statistic]).collect();
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - resampling.confidence) / 2.0;
        Some([quantile(&values, tail)?, quantile(&values, 1.0 - tail)?])
    })
}

/// Of ascending values, with linear interpolation (R's type 7).
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let place = share * (values.len().checked_sub(1)? as f64);
    let low = values[place.floor() as usize];
    let high = values[place.ceil() as usize];
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESAMPLING: Resampling = Resampling { resamples: 2000, confidence: 0.95, seed: 7 };

    fn share(weights: &[u32], right: &[bool]) -> [Option<f64>; 1] {
        let total: u32 = weights.iter().sum();
        let right: u32 = weights.iter().zip(right).filter(|(_, right)| **right).map(|(w, _)| *w).sum();
        [Some(f64::from(right) / f64::from(total))]
    }

    #[test]
    fn alone_standing_examples_give_the_binomial_interval() {
        let right: Vec<bool> = (0..400).map(|i| i % 4 != 0).collect();
        let clusters: Vec<usize> = (0..400).collect();
        let [interval] = intervals(&clusters, RESAMPLING, |weights| share(weights, &right));
        let [low, high] = interval.unwrap();
        let half = 1.96 * (0.75_f64 * 0.25 / 400.0).sqrt();
        assert!((low - (0.75 - half)).abs() < 0.006 && (high - (0.75 + half)).abs() < 0.006, "{low} {high}");
    }

    #[test]
    fn clusters_that_agree_within_widen_the_interval() {
        let right: Vec<bool> = (0..400).map(|i| (i / 20) % 4 != 0).collect();
        let apart: Vec<usize> = (0..400).collect();
        let together: Vec<usize> = (0..400).map(|i| i / 20).collect();
        let width = |clusters: &[usize]| {
            let [interval] = intervals(clusters, RESAMPLING, |weights| share(weights, &right));
            let [low, high] = interval.unwrap();
            high - low
        };
        // Clusters of 20 equal examples: the interval is sqrt(20) = 4.5 times as wide.
        let ratio = width(&together) / width(&apart);
        assert!((ratio - 20.0_f64.sqrt()).abs() < 0.5, "{ratio}");
    }

    #[test]
    fn one_cluster_has_no_interval() {
        assert_eq!(intervals(&[0, 0], RESAMPLING, |_| [Some(1.0)]), [None]);
    }
}
