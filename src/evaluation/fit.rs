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
