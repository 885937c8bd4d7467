//! The vector reading: a sentence's vector against each frame's vector. One pass a sentence, whatever the number of frames.

use super::{Frame, FrameReading, Scheme, best_of};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::batches;
use crate::stages::infer::heads::sigmoid;
use crate::stages::infer::models::EmbeddingEntry;
use crate::stages::infer::tokens::{TextTokenizer, Tokens};

/// One unit-length vector a frame, of the text `label: description` (the wording that reads frames best on development
/// schemes: models/README.md), or of the label and its hypotheses where there is no description.
pub struct EmbeddingScorer {
    frames: Vec<Vec<f32>>,
    scale: f32,
    bias: f32,
}

impl EmbeddingScorer {
    pub fn new(
        scheme: &Scheme,
        entry: &EmbeddingEntry,
        engine: &dyn Engine,
        tokenizer: &TextTokenizer,
    ) -> Result<Self> {
        let tokens = scheme.frames.iter().map(|frame| tokenizer.single(&tokenizer.piece(&described(frame))?));
        let vectors = batches::run(engine, &tokens.collect::<Result<Vec<Tokens>>>()?, &[&entry.output], &|_| {})?;
        let frames = vectors[0].rows().map(<[f32]>::to_vec).collect();
        Ok(Self { frames, scale: entry.scale, bias: entry.bias })
    }

    /// From a sentence's unit-length vector.
    pub fn read(&self, vector: &[f32]) -> FrameReading {
        let logits: Vec<f32> = self.logits(vector).collect();
        FrameReading { probabilities: logits.iter().map(|&logit| sigmoid(logit)).collect(), top: best_of(&logits) }
    }

    /// Of each frame, whose sigmoid is its probability.
    pub fn logits(&self, vector: &[f32]) -> impl Iterator<Item = f32> {
        self.frames.iter().map(move |frame| self.scale * dot(frame, vector) + self.bias)
    }
}

fn described(frame: &Frame) -> String {
    if frame.description.is_empty() {
        return format!("{}: {}", frame.label, frame.hypotheses.join(" "));
    }
    format!("{}: {}", frame.label, frame.description)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
