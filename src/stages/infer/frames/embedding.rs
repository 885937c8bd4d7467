//! The one-pass reading: a sentence's vector against each frame's vector. Costs nothing beyond the pass that tone and
//! loaded language need anyway.

use super::{FrameReading, Scheme, best_of};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::batches;
use crate::stages::infer::heads::sigmoid;
use crate::stages::infer::models::EmbeddingEntry;
use crate::stages::infer::tokens::{TextTokenizer, Tokens};

/// One unit-length vector a frame: the mean of its description's and hypotheses' vectors.
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
        let frames = scheme.frames.iter().map(|frame| {
            let texts = std::iter::once(&frame.description).chain(&frame.hypotheses).filter(|text| !text.is_empty());
            let tokens =
                texts.map(|text| tokenizer.single(&tokenizer.piece(text)?)).collect::<Result<Vec<Tokens>>>()?;
            let vectors = batches::run(engine, &tokens, &[&entry.output], &|_| {})?.remove(0);
            let mut sum = vec![0.0; vectors.width];
            for vector in vectors.rows() {
                sum.iter_mut().zip(vector).for_each(|(total, value)| *total += value);
            }
            Ok(unit(sum))
        });
        Ok(Self { frames: frames.collect::<Result<_>>()?, scale: entry.scale, bias: entry.bias })
    }

    /// From a sentence's unit-length vector.
    pub fn read(&self, vector: &[f32]) -> FrameReading {
        let logits: Vec<f32> = self.frames.iter().map(|frame| self.scale * dot(frame, vector)).collect();
        let probabilities = logits.iter().map(|logit| sigmoid(logit + self.bias)).collect();
        FrameReading { probabilities, top: best_of(&logits) }
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = dot(&vector, &vector).sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|value| *value /= norm);
    vector
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
