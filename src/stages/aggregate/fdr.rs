//! False-discovery rate (Benjamini & Hochberg 1995, step-up).

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Adjusted p-values in the order given: for the i-th smallest of m, the least of p·m/j over j ≥ i, at most 1.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut q = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p[at] * p.len() as f64 / (rank + 1) as f64);
        q[at] = least;
    }
    q
}

/// Benjamini–Hochberg within each family; tests without a p-value belong to none.
pub fn within_families<K: Hash + Eq>(tests: impl Iterator<Item = (K, Option<f64>)>) -> Vec<Option<f64>> {
    let mut families: FxHashMap<K, (Vec<usize>, Vec<f64>)> = FxHashMap::default();
    let mut count = 0;
    for (at, (family, p)) in tests.enumerate() {
        count += 1;
        if let Some(p) = p {
            let members = families.entry(family).or_default();
            members.0.push(at);
            members.1.push(p);
        }
    }
    let mut q = vec![None; count];
    for (at, p) in families.into_values() {
        for (at, value) in at.into_iter().zip(benjamini_hochberg(&p)) {
            q[at] = Some(value);
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_do_not_mix_and_missing_tests_do_not_count() {
        let tests = [("a", Some(0.01)), ("b", Some(0.04)), ("a", None), ("a", Some(0.03))];
        assert_eq!(within_families(tests.into_iter()), [Some(0.02), Some(0.04), None, Some(0.03)]);
    }
}
