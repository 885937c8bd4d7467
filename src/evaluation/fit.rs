//! Calibration and cut-offs for the manifest. They belong on a development set: fitted on the set that is then measured,
//! they flatter.

use serde::Serialize;

use super::metrics::calibration::{binary_nll, ece, fit_platt, fit_temperature, logit, nll, sigmoid, softmax};
use super::metrics::classification::LabelMatrix;
use super::metrics::cutoff;
use super::scoring::Answers;
use crate::stages::infer::models::{EmbeddingEntry, HeadEntry};

/// Values for `manifest.toml` or a scheme, and what they change on the file they were fitted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// Minimises the negative log-likelihood.
    pub temperature: Option<f64>,
    /// Of frames, P = sigmoid(scale · cosine + bias) or sigmoid(margin of entailment / temperature + bias) (Platt 1999).
    pub scale: Option<f64>,
    pub bias: Option<f64>,
    /// Negative log-likelihood with the manifest's calibration and with the fitted one.
    pub nll_before: f64,
    pub nll_after: f64,
    /// Expected calibration error, likewise.
    pub ece_before: f64,
    pub ece_after: f64,
    /// One cut-off for all labels, on probabilities after the fit.
    pub threshold: Option<FittedCutoff>,
    /// One a frame, maximising Youden's J; `None` where all or no texts carry it.
    pub frame_thresholds: Vec<Option<FittedCutoff>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FittedCutoff {
    pub at: f64,
    /// What it maximises: `macro_f1`, `micro_f1` or `youden_j`.
    pub measure: &'static str,
    /// That measure here.
    pub value: f64,
}

fn fitted(measure: &'static str, cutoff: Option<cutoff::Cutoff>) -> Option<FittedCutoff> {
    cutoff.map(|cutoff| FittedCutoff { at: cutoff.at, measure, value: cutoff.value })
}

/// For a head with one label a text; `loaded` is the column that has a cut-off.
pub(super) fn head(logits: &[Vec<f32>], gold: &[usize], temperature: f32, loaded: Option<usize>) -> Fit {
    let new = fit_temperature(logits, gold);
    let old = f64::from(temperature);
    let probabilities: Vec<Vec<f64>> = logits.iter().map(|row| softmax(row, new)).collect();
    let threshold = loaded.and_then(|column| {
        let p: Vec<f64> = probabilities.iter().map(|row| row[column]).collect();
        let carried: Vec<bool> = gold.iter().map(|&gold| gold == column).collect();
        fitted("macro_f1", cutoff::best_macro_f1(&p, &carried))
    });
    Fit {
        temperature: Some(new),
        scale: None,
        bias: None,
        nll_before: nll(logits, gold, old),
        nll_after: nll(logits, gold, new),
        ece_before: head_ece(logits, gold, old, loaded),
        ece_after: head_ece(logits, gold, new, loaded),
        threshold,
        frame_thresholds: Vec::new(),
    }
}

/// Of the most probable label's probability; of P(loaded) where a cut-off decides, since that is what tables report.
pub(super) fn head_ece(logits: &[Vec<f32>], gold: &[usize], temperature: f64, loaded: Option<usize>) -> f64 {
    let stated = |row: &Vec<f32>| {
        let p = softmax(row, temperature);
        let label = loaded.unwrap_or_else(|| argmax(row));
        (p[label], label)
    };
    let (p, label): (Vec<f64>, Vec<usize>) = logits.iter().map(stated).unzip();
    let happened: Vec<bool> = gold.iter().zip(label).map(|(&gold, label)| gold == label).collect();
    ece(&p, &happened)
}

/// Index of the greatest; the first of equals.
pub(super) fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

/// For multi-label frames. Without `calibration` (sentences combined into articles) only cut-offs are fitted.
pub(super) fn frames(answers: &Answers, gold: &LabelMatrix, calibration: Option<FrameCalibration<'_>>) -> Fit {
    let x: Vec<f64> = answers.probabilities.iter().flatten().map(|&p| logit(p)).collect();
    let happened: Vec<bool> = gold.rows().flatten().copied().collect();
    let (a, b) = match calibration {
        Some(_) => fit_platt(&x, &happened),
        None => (1.0, 0.0),
    };
    let before: Vec<f64> = x.iter().map(|x| sigmoid(*x)).collect();
    let after: Vec<f64> = x.iter().map(|x| sigmoid(a * x + b)).collect();
    let width = answers.cutoffs.len();
    let by_frame = (0..width).map(|frame| {
        let p: Vec<f64> = after.iter().skip(frame).step_by(width).copied().collect();
        fitted("youden_j", cutoff::best_youden(&p, &gold.column(frame)))
    });
    let (mut temperature, mut scale, mut bias) = (None, None, None);
    match calibration {
        Some(FrameCalibration::Cross(head)) => {
            temperature = Some(f64::from(head.temperature) / a);
            bias = Some(a * f64::from(head.bias) + b);
        }
        Some(FrameCalibration::Embedding(entry)) => {
            scale = Some(a * f64::from(entry.scale));
            bias = Some(a * f64::from(entry.bias) + b);
        }
        None => {}
    }
    Fit {
        temperature,
        scale,
        bias,
        nll_before: binary_nll(&x, &happened, (1.0, 0.0)),
        nll_after: binary_nll(&x, &happened, (a, b)),
        ece_before: ece(&before, &happened),
        ece_after: ece(&after, &happened),
        threshold: fitted("micro_f1", cutoff::best_f1(&after, &happened)),
        frame_thresholds: by_frame.collect(),
    }
}

/// The calibration that the frame probabilities came with.
#[derive(Clone, Copy)]
pub(super) enum FrameCalibration<'a> {
    /// The fit is exact with one hypothesis a frame, close with more: probabilities, not logits, are averaged over hypotheses.
    Cross(&'a HeadEntry),
    Embedding(&'a EmbeddingEntry),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes that follow sigmoid(1.5 · log-odds + 0.3) of what a head with temperature 2 and bias −0.5 states.
    #[test]
    fn a_head_is_given_the_temperature_and_bias_that_its_outcomes_follow() {
        let stated = [0.02_f32, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98];
        let each = |p: f32| {
            let yes = (1000.0 * sigmoid(1.5 * logit(p) + 0.3)).round() as usize;
            (0..1000).map(move |n| (p, n < yes))
        };
        let (probabilities, happened): (Vec<f32>, Vec<bool>) = stated.into_iter().flat_map(each).unzip();
        let answers = Answers {
            probabilities: probabilities.iter().map(|&p| vec![p]).collect(),
            logits: None,
            best: None,
            cutoffs: vec![0.5],
            temperature: None,
            passed: 0,
            seconds: 0.0,
            models: Vec::new(),
            engine: String::new(),
        };
        let gold = LabelMatrix::from_indices(happened.iter().map(|&yes| if yes { &[0][..] } else { &[] }), 1);
        let labels = ["not_entailment", "entailment"].map(str::to_owned).to_vec();
        let head = HeadEntry { output: "logits".into(), labels, temperature: 2.0, bias: -0.5, threshold: None };
        let fit = frames(&answers, &gold, Some(FrameCalibration::Cross(&head)));
        assert!((fit.temperature.unwrap() - 2.0 / 1.5).abs() < 0.01, "{fit:?}");
        assert!((fit.bias.unwrap() - (1.5 * -0.5 + 0.3)).abs() < 0.01, "{fit:?}");
        assert!(fit.ece_after < fit.ece_before && fit.scale.is_none(), "{fit:?}");
    }
}
