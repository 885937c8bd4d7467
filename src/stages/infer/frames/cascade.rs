//! The cascade: vectors first, the cross-encoder only for the frames that the vectors leave open.
//!
//! A vector's logit is mapped to the log-odds that the reference would give the frame (a line fitted beforehand: `[cascade]` of the
//! manifest). Frames that lie within [`OPEN`] of its spread from their cut-off are open; the cross-encoder reads those nearest to it, up
//! to the budget. What a sentence gets depends on that sentence alone.

use super::{CrossScorer, EmbeddingScorer, FrameReading, Judged, best_of};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::heads::{logit, sigmoid};
use crate::stages::infer::models::{CascadeEntry, StackedEntry};
use crate::stages::infer::tokens::{Piece, TextTokenizer};

/// Beyond so many standard deviations a normal residual crosses the cut-off less than once in twenty times, and the vectors decide.
const OPEN: f32 = 1.645;

pub struct Cascade {
    pub(super) first: EmbeddingScorer,
    pub(super) second: CrossScorer,
    stacked: Option<StackedEntry>,
    line: CascadeEntry,
    /// Log-odds of each frame's cut-off on the reference's scale.
    cutoffs: Vec<f32>,
    /// Most frames of a sentence that the cross-encoder reads.
    budget: usize,
}

impl Cascade {
    /// `cutoffs` are the reference's, one a frame.
    pub fn new(
        first: EmbeddingScorer,
        second: CrossScorer,
        stacked: Option<StackedEntry>,
        line: CascadeEntry,
        cutoffs: &[f32],
        budget: usize,
    ) -> Self {
        let cutoffs = cutoffs.iter().map(|&cutoff| logit(cutoff)).collect();
        Self { first, second, stacked, line, cutoffs, budget }
    }

    /// The line, the budget, and how both readings are weighed.
    pub fn settings(&self) -> (CascadeEntry, usize, Option<StackedEntry>) {
        (self.line, self.budget, self.stacked)
    }

    /// Most frames of a sentence that the cross-encoder reads.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// One reading a sentence, on the reference's scale. `done` is told of pairs, read or spared.
    pub fn score<'v>(
        &self,
        vectors: impl Iterator<Item = &'v [f32]>,
        (engine, tokenizer, sentences): (&dyn Engine, &TextTokenizer, &[Piece]),
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<FrameReading>> {
        let logits: Vec<Vec<f32>> = vectors.map(|vector| self.first.logits(vector).collect()).collect();
        let odds: Vec<Vec<f32>> = logits.iter().map(|logits| self.log_odds(logits)).collect();
        let open: Vec<Vec<usize>> = odds.iter().map(|odds| self.open(odds)).collect();
        let chosen: Vec<&[usize]> = open.iter().map(Vec::as_slice).collect();
        done(open.iter().map(|open| self.budget.saturating_sub(open.len())).sum());
        let mut judged = self.second.judge(engine, tokenizer, sentences, &chosen, done)?;
        if let Some(stacked) = &self.stacked {
            for ((judged, open), logits) in judged.iter_mut().zip(&open).zip(&logits) {
                judged.iter_mut().zip(open).for_each(|(judged, &frame)| *judged = stacked.with(*judged, logits[frame]));
            }
        }
        let each = odds.iter().zip(&open).zip(&judged);
        Ok(each.map(|((odds, open), judged)| Self::reading(odds, open, judged)).collect())
    }

    fn log_odds(&self, logits: &[f32]) -> Vec<f32> {
        logits.iter().map(|logit| self.line.slope * logit + self.line.bias).collect()
    }

    /// The frames to read, nearest to their cut-off first; equal ones in scheme order.
    fn open(&self, odds: &[f32]) -> Vec<usize> {
        let far = |frame: usize| (odds[frame] - self.cutoffs[frame]).abs();
        let mut open: Vec<usize> = (0..odds.len()).filter(|&frame| far(frame) < OPEN * self.line.spread).collect();
        open.sort_by(|&a, &b| far(a).total_cmp(&far(b)));
        open.truncate(self.budget);
        open
    }

    /// The reference's word where it was asked; elsewhere the mapped log-odds.
    fn reading(odds: &[f32], open: &[usize], judged: &[Judged]) -> FrameReading {
        let mut margins = odds.to_vec();
        let mut probabilities: Vec<f32> = margins.iter().map(|&margin| sigmoid(margin)).collect();
        for (&frame, judged) in open.iter().zip(judged) {
            (margins[frame], probabilities[frame]) = (judged.margin, judged.probability);
        }
        FrameReading { probabilities, top: best_of(&margins) }
    }
}
