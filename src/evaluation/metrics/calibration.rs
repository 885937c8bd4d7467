//! Whether a probability means what it says, and the temperature (or scale and bias) that makes it so.

/// Equal-width bins of the expected calibration error (Guo et al. 2017 use 15).
pub const BINS: usize = 15;

/// Expected calibration error: over equal-width bins, the weighted mean gap between mean probability and observed share.
/// In 0..=1; 0 for no predictions.
pub fn ece(probabilities: &[f64], happened: &[bool]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for (&p, &happened) in probabilities.iter().zip(happened) {
        // Bins are open below and closed above, as in Guo et al.
        let bin = ((p * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        bins[bin].0 += p;
        bins[bin].1 += f64::from(u8::from(happened));
    }
    let gap: f64 = bins.iter().map(|(expected, observed)| (expected - observed).abs()).sum();
    gap / probabilities.len().max(1) as f64
}

/// Softmax of `logits / temperature`.
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp: Vec<f64> = logits.iter().map(|&z| (f64::from(z - highest) / temperature).exp()).collect();
    let total: f64 = exp.iter().sum();
    exp.into_iter().map(|value| value / total).collect()
}

/// Mean negative log-likelihood of the gold labels under `softmax(logits / temperature)`.
pub fn nll(logits: &[Vec<f32>], gold: &[usize], temperature: f64) -> f64 {
    let terms = logits.iter().zip(gold).map(|(row, &gold)| {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let scaled = |z: f32| f64::from(z - highest) / temperature;
        row.iter().map(|&z| scaled(z).exp()).sum::<f64>().ln() - scaled(row[gold])
    });
    terms.sum::<f64>() / logits.len().max(1) as f64
}

/// Temperatures looked at. A fit at either end says that the data has no best one (all or none decided right).
const TEMPERATURES: (f64, f64) = (0.05, 20.0);

/// The temperature that minimises [`nll`] (Guo et al. 2017). The loss is convex in the inverse temperature, so bisection
/// on its derivative finds the one minimum.
pub fn fit_temperature(logits: &[Vec<f32>], gold: &[usize]) -> f64 {
    let slope = |inverse: f64| -> f64 {
        let terms = logits.iter().zip(gold).map(|(row, &gold)| {
            let expected: f64 = softmax(row, 1.0 / inverse).iter().zip(row).map(|(p, &z)| p * f64::from(z)).sum();
            expected - f64::from(row[gold])
        });
        terms.sum()
    };
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    1.0 / f64::midpoint(low, high)
}

/// Log-odds of a probability, kept finite.
pub fn logit(p: f32) -> f64 {
    let p = f64::from(p).clamp(1e-7, 1.0 - 1e-7);
    (p / (1.0 - p)).ln()
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Mean negative log-likelihood of yes/no outcomes under `sigmoid(a · x + b)`.
pub fn binary_nll(x: &[f64], happened: &[bool], (a, b): (f64, f64)) -> f64 {
    let terms = x.iter().zip(happened).map(|(x, &happened)| {
        let z = if happened { a * x + b } else { -(a * x + b) };
        // ln(1 + e^-z) without overflow.
        (-z).max(0.0) + (-z.abs()).exp().ln_1p()
    });
    terms.sum::<f64>() / x.len().max(1) as f64
}

/// The `(a, b)` that minimise [`binary_nll`] (Platt 1999), by Newton's method with halved steps.
pub fn fit_platt(x: &[f64], happened: &[bool]) -> (f64, f64) {
    let mut best = (1.0, 0.0);
    let mut loss = binary_nll(x, happened, best);
    for _ in 0..50 {
        let Some((step_a, step_b)) = newton_step(x, happened, best) else { break };
        let mut size = 1.0;
        let better = loop {
            let next = (best.0 - size * step_a, best.1 - size * step_b);
            let next_loss = binary_nll(x, happened, next);
            if next_loss < loss {
                break Some((next, next_loss));
            }
            size /= 2.0;
            if size < 1e-6 {
                break None;
            }
        };
        let Some((next, next_loss)) = better else { break };
        let gained = loss - next_loss;
        (best, loss) = (next, next_loss);
        if gained < 1e-12 {
            break;
        }
    }
    best
}

fn newton_step(x: &[f64], happened: &[bool], (a, b): (f64, f64)) -> Option<(f64, f64)> {
    let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&x, &happened) in x.iter().zip(happened) {
        let p = sigmoid(a * x + b);
        let (error, weight) = (p - f64::from(u8::from(happened)), p * (1.0 - p));
        ga += error * x;
        gb += error;
        haa += weight * x * x;
        hab += weight * x;
        hbb += weight;
    }
    let determinant = haa * hbb - hab * hab;
    (determinant > 1e-12).then(|| ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ece_is_the_gap_in_each_bin() {
        assert!((ece(&[0.9; 10], &[true; 10]) - 0.1).abs() < 1e-12);
        let half: Vec<bool> = (0..10).map(|i| i < 5).collect();
        assert!(ece(&[0.5; 10], &half).abs() < 1e-12);
        assert!((ece(&[1.0, 0.0], &[false, true]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_fitted_temperature_recovers_the_one_that_made_the_labels() {
        // Of 1000 examples with logits (0, 2), the share with label 1 is what softmax at temperature 2 says: 0.731.
        let gold: Vec<usize> = (0..1000).map(|i| usize::from(i < 731)).collect();
        let logits = vec![vec![0.0, 2.0]; 1000];
        let expected = 2.0 / (0.731_f64 / 0.269).ln();
        assert!((fit_temperature(&logits, &gold) - expected).abs() < 1e-6);
        assert!(nll(&logits, &gold, expected) < nll(&logits, &gold, 1.0));
    }
}
