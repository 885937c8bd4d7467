//! Agreement with scikit-learn; `tests/reference/classification_metrics.py` made the values.

use serde_json::Value;

use super::calibration::{self, ece, fit_platt, fit_temperature, logit, nll, softmax};
use super::classification::{LabelMatrix, accuracy, counts, macro_f1, micro_f1};
use super::confusion::Confusion;
use super::cutoff;
use super::ranking::Ranking;

const TOLERANCE: f64 = 1e-6;

fn reference(part: &str) -> Value {
    let all: Value =
        serde_json::from_str(include_str!("../../../tests/reference/classification_metrics.json")).unwrap();
    all[part].clone()
}

fn list<T: serde::de::DeserializeOwned>(value: &Value, key: &str) -> T {
    serde_json::from_value(value[key].clone()).unwrap()
}

#[track_caller]
fn close(found: f64, value: &Value, tolerance: f64) {
    let expected = value.as_f64().unwrap();
    assert!((found - expected).abs() < tolerance, "found {found}, reference {expected}");
}

fn argmax(row: &[f32]) -> usize {
    (0..row.len()).reduce(|best, next| if row[next] > row[best] { next } else { best }).unwrap()
}

#[test]
fn one_label_a_text() {
    let expected = reference("single_label");
    let gold: Vec<usize> = list(&expected, "gold");
    let logits: Vec<Vec<f32>> = list(&expected, "logits");
    let decided: Vec<usize> = logits.iter().map(|row| argmax(row)).collect();
    let matrix = |of: &[usize]| LabelMatrix::from_indices(of.iter().map(std::slice::from_ref), 4);
    let weights = vec![1; gold.len()];
    let found = counts(&matrix(&gold), &matrix(&decided), &weights);
    close(accuracy(&found).unwrap(), &expected["accuracy"], TOLERANCE);
    close(macro_f1(&found).unwrap(), &expected["macro_f1"], TOLERANCE);
    close(micro_f1(&found).unwrap(), &expected["micro_f1"], TOLERANCE);
    assert_eq!(found[3].f1(), None);
    let probabilities: Vec<Vec<f64>> = logits.iter().map(|row| softmax(row, 1.0)).collect();
    for label in 0..3 {
        close(found[label].precision().unwrap(), &expected["precision"][label], TOLERANCE);
        close(found[label].recall().unwrap(), &expected["recall"][label], TOLERANCE);
        close(found[label].f1().unwrap(), &expected["f1"][label], TOLERANCE);
        assert_eq!(Some(found[label].support()), expected["support"][label].as_u64());
        let scores: Vec<f32> = probabilities.iter().map(|row| row[label] as f32).collect();
        let auc = Ranking::new(&scores, &matrix(&gold).column(label)).auc(&weights).unwrap();
        close(auc, &expected["auc"][label], TOLERANCE);
    }
    assert_eq!(Confusion::new(&gold, &decided, 4).counts, list::<Vec<Vec<u64>>>(&expected, "confusion"));
    let confidence: Vec<f64> = probabilities.iter().zip(&decided).map(|(row, &d)| row[d]).collect();
    let right: Vec<bool> = gold.iter().zip(&decided).map(|(g, d)| g == d).collect();
    close(ece(&confidence, &right), &expected["ece"], TOLERANCE);
    close(nll(&logits, &gold, 1.0), &expected["nll"], TOLERANCE);
    // The reference scans temperatures in steps of 1e-5.
    close(fit_temperature(&logits, &gold), &expected["temperature"], 5e-5);
}

#[test]
fn many_labels_a_text() {
    let expected = reference("multi_label");
    let gold: Vec<Vec<usize>> = list(&expected, "gold");
    let probabilities: Vec<Vec<f32>> = list(&expected, "probabilities");
    let gold = LabelMatrix::from_indices(gold.iter().map(Vec::as_slice), 5);
    let decided = LabelMatrix::from_cutoffs(&probabilities, &[0.4; 5]);
    let weights = vec![1; probabilities.len()];
    let found = counts(&gold, &decided, &weights);
    close(macro_f1(&found).unwrap(), &expected["macro_f1"], TOLERANCE);
    close(micro_f1(&found).unwrap(), &expected["micro_f1"], TOLERANCE);
    for label in 0..5 {
        let scores: Vec<f32> = probabilities.iter().map(|row| row[label]).collect();
        close(Ranking::new(&scores, &gold.column(label)).auc(&weights).unwrap(), &expected["auc"][label], TOLERANCE);
    }
    let flat: Vec<f64> = probabilities.iter().flatten().map(|&p| f64::from(p)).collect();
    let happened: Vec<bool> = gold.rows().flatten().copied().collect();
    close(ece(&flat, &happened), &expected["ece"], TOLERANCE);
    let x: Vec<f64> = probabilities.iter().flatten().map(|&p| logit(p)).collect();
    let (a, b) = fit_platt(&x, &happened);
    close(a, &expected["platt"][0], 1e-4);
    close(b, &expected["platt"][1], 1e-4);
    assert!(calibration::binary_nll(&x, &happened, (a, b)) <= calibration::binary_nll(&x, &happened, (1.0, 0.0)));
    close(cutoff::best_f1(&flat, &happened).unwrap().value, &expected["best_f1"], TOLERANCE);
}

#[test]
fn two_classes_with_a_cut_off() {
    let expected = reference("binary");
    let gold: Vec<bool> = list(&expected, "gold");
    let probabilities: Vec<f64> = list(&expected, "probabilities");
    let scores: Vec<f32> = list(&expected, "probabilities");
    close(Ranking::new(&scores, &gold).auc(&vec![1; gold.len()]).unwrap(), &expected["auc"], TOLERANCE);
    close(cutoff::best_macro_f1(&probabilities, &gold).unwrap().value, &expected["best_macro_f1"], TOLERANCE);
}
