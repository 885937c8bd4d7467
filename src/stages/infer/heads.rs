//! From logits to probabilities.

use super::models::HeadEntry;
use crate::error::Result;

/// Softmax of `logits / temperature`.
pub fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp: Vec<f32> = logits.iter().map(|logit| ((logit - highest) / temperature).exp()).collect();
    let total: f32 = exp.iter().sum();
    exp.into_iter().map(|value| value / total).collect()
}

/// Reads entailment out of a head, whatever the order and number of its labels.
#[derive(Debug, Clone, Copy)]
pub struct EntailmentReading {
    entailment: usize,
    /// Contradiction in a three-class head; the one other class in a two-class head.
    against: usize,
    temperature: f32,
    bias: f32,
}

impl EntailmentReading {
    /// The columns come from the labels' names.
    ///
    /// # Errors
    /// A head that does not name `entailment`, or that has three classes and does not name `contradiction`.
    pub fn new(head: &HeadEntry) -> Result<Self> {
        let entailment = head.column("entailment")?;
        let against = match head.labels.len() {
            2 => 1 - entailment,
            _ => head.column("contradiction")?,
        };
        Ok(Self { entailment, against, temperature: head.temperature, bias: head.bias })
    }

    /// How far entailment stands above its alternative, in calibrated logits.
    pub fn margin(&self, logits: &[f32]) -> f32 {
        (logits[self.entailment] - logits[self.against]) / self.temperature + self.bias
    }

    /// Entailment against contradiction (Yin et al. 2019): each label is its own test. 0..=1.
    pub fn probability(&self, logits: &[f32]) -> f32 {
        sigmoid(self.margin(logits))
    }
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(p / (1 − p)), the other way round; 0 and 1 count as a millionth from them.
pub fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(labels: &[&str]) -> HeadEntry {
        let labels = labels.iter().map(|l| (*l).to_owned()).collect();
        HeadEntry { output: "logits".into(), labels, temperature: 1.0, bias: 0.0, threshold: None }
    }

    #[test]
    fn entailment_is_read_by_name_in_any_order() {
        let usual = EntailmentReading::new(&head(&["contradiction", "neutral", "entailment"])).unwrap();
        let permuted = EntailmentReading::new(&head(&["entailment", "neutral", "contradiction"])).unwrap();
        let two = EntailmentReading::new(&head(&["entailment", "not_entailment"])).unwrap();
        let expected = 1.0 / (1.0 + (-3.0_f32).exp());
        assert!((usual.probability(&[-1.0, 0.5, 2.0]) - expected).abs() < 1e-6);
        assert!((permuted.probability(&[2.0, 0.5, -1.0]) - expected).abs() < 1e-6);
        assert!((two.probability(&[2.0, -1.0]) - expected).abs() < 1e-6);
    }

    #[test]
    fn temperature_divides_the_margin_and_bias_moves_it() {
        let calibrated = HeadEntry { temperature: 2.0, bias: -0.5, ..head(&["not_entailment", "entailment"]) };
        let reading = EntailmentReading::new(&calibrated).unwrap();
        assert!((reading.margin(&[-1.0, 2.0]) - 1.0).abs() < 1e-6);
        assert!((reading.probability(&[-1.0, 2.0]) - 0.731_059).abs() < 1e-6);
    }

    #[test]
    fn a_head_without_entailment_is_refused() {
        let error = EntailmentReading::new(&head(&["LABEL_0", "LABEL_1"])).unwrap_err();
        assert!(error.to_string().contains("entailment"), "{error}");
    }

    #[test]
    fn softmax_sums_to_one_and_survives_large_logits() {
        let p = softmax(&[1000.0, 999.0, -1000.0], 2.0);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(p[0] > p[1] && p[2] < 1e-6);
    }
}
