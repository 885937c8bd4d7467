//! What can be evaluated, and the labels of each task.

use serde::Serialize;

use crate::stages::infer::frames::Scheme;

/// A task with labelled examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// negative, neutral or positive; the most probable is decided.
    Tone,
    /// plain or loaded; loaded from the cut-off on.
    Loaded,
    /// Frames of a scheme.
    Frames,
    /// contradiction, neutral or entailment of a premise and a hypothesis; the most probable is decided.
    Entailment,
}

impl Task {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tone => "tone",
            Self::Loaded => "loaded",
            Self::Frames => "frames",
            Self::Entailment => "entailment",
        }
    }

    /// Names of the labels, in the order of every table of the outcome.
    pub fn labels(self, scheme: &Scheme) -> Vec<String> {
        let fixed: &[&str] = match self {
            Self::Tone => &["negative", "neutral", "positive"],
            Self::Loaded => &["plain", "loaded"],
            Self::Entailment => &["contradiction", "neutral", "entailment"],
            Self::Frames => return scheme.frames.iter().map(|frame| frame.name.clone()).collect(),
        };
        fixed.iter().map(|&label| label.to_owned()).collect()
    }
}

/// How article texts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The text as it is, cut at the model's longest input.
    Text,
    /// Each text is an article: cleaned and split as `framescope score` does, its sentences' probabilities combined.
    Sentences(Aggregate),
}

/// How the probabilities of an article's sentences are combined, frame by frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The highest: one sentence is enough.
    Max,
    Mean,
}
