//! Frames: each scorer reads a scheme in its own way and gives the same two readings.

mod cross;
mod embedding;
mod scheme;

pub use cross::CrossScorer;
pub use embedding::EmbeddingScorer;
pub use scheme::{BUILT_IN, Frame, Scheme};

use super::heads::softmax;

/// What a scorer says of one sentence.
#[derive(Debug, Clone, PartialEq)]
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
