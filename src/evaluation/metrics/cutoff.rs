//! Cut-offs chosen on labelled data. They belong on a development set: on the set that is measured they flatter.

/// A cut-off and the value of the measure it was chosen for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cutoff {
    pub at: f64,
    pub value: f64,
}

/// Right and wrong decisions when everything from a cut-off on is decided.
#[derive(Debug, Clone, Copy)]
struct Decided {
    true_positive: f64,
    false_positive: f64,
    positives: f64,
    negatives: f64,
}

/// Maximises the mean F1 of the two classes.
pub fn best_macro_f1(probabilities: &[f64], carried: &[bool]) -> Option<Cutoff> {
    best(probabilities, carried, |d| {
        let with = f1(d.true_positive, d.false_positive, d.positives - d.true_positive);
        let without = f1(d.negatives - d.false_positive, d.positives - d.true_positive, d.false_positive);
        f64::midpoint(with, without)
    })
}

/// Maximises the F1 of the positive class; over all examples × labels pooled, that is micro-F1.
pub fn best_f1(probabilities: &[f64], carried: &[bool]) -> Option<Cutoff> {
    best(probabilities, carried, |d| f1(d.true_positive, d.false_positive, d.positives - d.true_positive))
}

/// Maximises true-positive rate less false-positive rate (Youden 1950).
pub fn best_youden(probabilities: &[f64], carried: &[bool]) -> Option<Cutoff> {
    best(probabilities, carried, |d| d.true_positive / d.positives - d.false_positive / d.negatives)
}

fn f1(true_positive: f64, false_positive: f64, false_negative: f64) -> f64 {
    let whole = 2.0 * true_positive + false_positive + false_negative;
    if whole > 0.0 { 2.0 * true_positive / whole } else { 0.0 }
}

/// Tries the middle between every two neighbouring probabilities. `None` where all or none carry the label.
fn best(probabilities: &[f64], carried: &[bool], measure: impl Fn(Decided) -> f64) -> Option<Cutoff> {
    let mut order: Vec<(f64, bool)> = probabilities.iter().copied().zip(carried.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = carried.iter().filter(|c| **c).count() as f64;
    let mut decided =
        Decided { true_positive: 0.0, false_positive: 0.0, positives, negatives: carried.len() as f64 - positives };
    if decided.positives == 0.0 || decided.negatives == 0.0 {
        return None;
    }
    let mut best: Option<Cutoff> = None;
    for (place, &(p, carried)) in order.iter().enumerate() {
        if carried {
            decided.true_positive += 1.0
        } else {
            decided.false_positive += 1.0
        }
        let next = order.get(place + 1).map_or(0.0, |next| next.0);
        let value = measure(decided);
        if next < p && best.is_none_or(|best| value > best.value) {
            best = Some(Cutoff { at: f64::midpoint(p, next), value });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_off_stands_between_the_classes() {
        let probabilities = [0.9, 0.6, 0.3, 0.1];
        let carried = [true, true, false, false];
        for cutoff in [best_macro_f1, best_f1, best_youden].map(|f| f(&probabilities, &carried).unwrap()) {
            assert!((cutoff.at - 0.45).abs() < 1e-12 && (cutoff.value - 1.0).abs() < 1e-12, "{cutoff:?}");
        }
    }

    #[test]
    fn equal_probabilities_are_never_split() {
        let cutoff = best_f1(&[0.7, 0.7, 0.2], &[true, false, false]).unwrap();
        assert!((cutoff.at - 0.45).abs() < 1e-12 && (cutoff.value - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(best_f1(&[0.7, 0.2], &[true, true]), None);
    }
}
