//! Frames: each scorer reads a scheme in its own way and gives the same two readings.

mod cascade;
mod cross;
mod embedding;
mod reader;
mod scheme;
mod student;

use serde::{Deserialize, Serialize};

pub use cascade::Cascade;
pub use cross::{CrossScorer, Judged, Stack};
pub use embedding::EmbeddingScorer;
pub(super) use reader::{FrameReader, Sentences};
pub use scheme::{BUILT_IN, Frame, Scheme};
pub use student::{Agreement, Lesson, Student};

use super::heads::softmax;

/// How frames are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// A cross-encoder reads sentence and hypothesis together: one pass a sentence and hypothesis.
    Cross,
    /// Sentence vector against frame vectors: one pass a sentence, whatever the number of frames.
    Embedding,
    /// Vectors first; the cross-encoder reads the frames that they leave open, up to a budget.
    Cascade,
    /// Linear heads on the vectors learn from a sample of the collection what the cross-encoder would say.
    Student,
}

impl Scorer {
    /// `bi`, for bi-encoder, is another name of `embedding`.
    pub const NAMES: &'static [&'static str] = &["embedding", "bi", "cross", "cascade", "student"];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Embedding => "embedding",
            Self::Cascade => "cascade",
            Self::Student => "student",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "cross" => Some(Self::Cross),
            "embedding" | "bi" => Some(Self::Embedding),
            "cascade" => Some(Self::Cascade),
            "student" => Some(Self::Student),
            _ => None,
        }
    }
}

/// What a scorer says of one sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameReading {
    /// Multi-label: each frame its own test, 0..=1, in scheme order.
    pub probabilities: Vec<f32>,
    /// Single-best: which one frame, and its share of a softmax over all frames.
    pub top: Option<(usize, f32)>,
}

/// The single-best reading from one number a frame.
fn best_of(logits: &[f32]) -> Option<(usize, f32)> {
    let shares = softmax(logits, 1.0);
    shares.into_iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let n = values.len().max(1) as f32;
    values.sum::<f32>() / n
}
