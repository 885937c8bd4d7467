//! The reference reading: a cross-encoder reads sentence and hypothesis together, one pass a pair (Yin et al. 2019). What the vectors
//! say is weighed in where the manifest has weights for it: together they read frames that no training saw better than either.

use super::{EmbeddingScorer, FrameReading, Scheme, best_of, mean};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::batches;
use crate::stages::infer::heads::{EntailmentReading, sigmoid};
use crate::stages::infer::models::{HeadEntry, StackedEntry};
use crate::stages::infer::tokens::{Piece, TextTokenizer, Tokens};

/// A scheme's hypotheses, tokenised once, and the way to read entailment.
pub struct CrossScorer {
    output: String,
    reading: EntailmentReading,
    /// Hypotheses of each frame.
    frames: Vec<Vec<Piece>>,
}

/// What the cross-encoder says of one sentence and frame, averaged over the frame's hypotheses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// 0..=1.
    pub probability: f32,
    /// How far entailment stands above its alternative, in logits: for the single-best reading.
    pub margin: f32,
}

impl StackedEntry {
    /// Weighs what the vectors say of the frame in.
    pub(super) fn with(&self, judged: Judged, vector_logit: f32) -> Judged {
        let margin = self.entailment * judged.margin + self.vectors * vector_logit + self.bias;
        Judged { probability: sigmoid(margin), margin }
    }
}

/// Weighs the vectors' reading in.
pub struct Stack {
    pub(super) vectors: EmbeddingScorer,
    pub(super) entry: StackedEntry,
}

impl Stack {
    /// `judged`: of all frames, in scheme order.
    pub(super) fn with(&self, judged: &mut [Judged], vector: &[f32]) {
        for (judged, logit) in judged.iter_mut().zip(self.vectors.logits(vector)) {
            *judged = self.entry.with(*judged, logit);
        }
    }
}

/// Pairs in memory at a time: bounds memory whatever the number of labels.
const PAIRS_AT_ONCE: usize = 60_000;

impl CrossScorer {
    pub fn new(scheme: &Scheme, head: &HeadEntry, tokenizer: &TextTokenizer) -> Result<Self> {
        let tokenised = |frame: &super::Frame| frame.hypotheses.iter().map(|h| tokenizer.piece(h)).collect();
        Ok(Self {
            output: head.output.clone(),
            reading: EntailmentReading::new(head)?,
            frames: scheme.frames.iter().map(tokenised).collect::<Result<_>>()?,
        })
    }

    /// Of each sentence, all frames. `done` is told of each finished pair count.
    pub fn judge_all(
        &self,
        engine: &dyn Engine,
        tokenizer: &TextTokenizer,
        sentences: &[Piece],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Vec<Judged>>> {
        let all: Vec<usize> = (0..self.frames.len()).collect();
        self.judge(engine, tokenizer, sentences, &vec![all.as_slice(); sentences.len()], done)
    }

    /// Of each sentence, the frames in `chosen` only, in that order.
    pub fn judge(
        &self,
        engine: &dyn Engine,
        tokenizer: &TextTokenizer,
        sentences: &[Piece],
        chosen: &[&[usize]],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Vec<Judged>>> {
        let at_once = (PAIRS_AT_ONCE / self.pairs_per_sentence().max(1)).max(1);
        let mut judged = Vec::with_capacity(sentences.len());
        for (some, chosen) in sentences.chunks(at_once).zip(chosen.chunks(at_once)) {
            let mut pairs: Vec<Tokens> = Vec::new();
            for (sentence, frames) in some.iter().zip(chosen) {
                for hypothesis in frames.iter().flat_map(|&frame| &self.frames[frame]) {
                    pairs.push(tokenizer.pair(sentence, hypothesis)?);
                }
            }
            let logits = batches::run(engine, &pairs, &[&self.output], done)?.remove(0);
            let mut rows = logits.rows();
            for frames in chosen {
                let one = |&frame: &usize| self.read(rows.by_ref().take(self.frames[frame].len()));
                judged.push(frames.iter().map(one).collect());
            }
        }
        Ok(judged)
    }

    /// Of all frames together.
    pub fn pairs_per_sentence(&self) -> usize {
        self.frames.iter().map(Vec::len).sum()
    }

    fn read<'a>(&self, rows: impl Iterator<Item = &'a [f32]>) -> Judged {
        let both = rows.map(|row| (self.reading.probability(row), self.reading.margin(row)));
        let (probabilities, margins): (Vec<f32>, Vec<f32>) = both.unzip();
        Judged { probability: mean(probabilities.into_iter()), margin: mean(margins.into_iter()) }
    }
}

pub(super) fn reading(frames: &[Judged]) -> FrameReading {
    let margins: Vec<f32> = frames.iter().map(|judged| judged.margin).collect();
    FrameReading { probabilities: frames.iter().map(|judged| judged.probability).collect(), top: best_of(&margins) }
}
