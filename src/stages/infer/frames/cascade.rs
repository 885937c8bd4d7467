//! The cascade: vectors first, the cross-encoder only for the frames that the vectors leave open.
//!
//! A vector's logit is mapped to the log-odds that the cross-encoder would put the frame at or above its cut-off (Platt's
//! map, fitted beforehand: `[cascade]` of the manifest). Frames whose log-odds lie within [`OPEN`] of even are open; the
//! cross-encoder reads those nearest to even, up to the budget. What a sentence gets depends on that sentence alone.

use super::{CrossScorer, EmbeddingScorer, FrameReading, Judged, best_of};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::heads::{logit, sigmoid};
use crate::stages::infer::models::CascadeEntry;
use crate::stages::infer::tokens::{Piece, TextTokenizer};

/// Log-odds of 0.05 and 0.95: beyond them the vectors decide.
const OPEN: f32 = 2.944;

pub struct Cascade {
    pub(super) first: EmbeddingScorer,
    pub(super) second: CrossScorer,
    slope: f32,
    bias: f32,
    /// Log-odds of each frame's cut-off on the cross-encoder's scale.
    cutoffs: Vec<f32>,
    /// Most frames of a sentence that the cross-encoder reads.
    budget: usize,
}

impl Cascade {
    /// `cutoffs` are the cross-encoder's, one a frame.
    pub fn new(
        first: EmbeddingScorer,
        second: CrossScorer,
        entry: &CascadeEntry,
        cutoffs: &[f32],
        budget: usize,
    ) -> Self {
        let cutoffs = cutoffs.iter().map(|&cutoff| logit(cutoff)).collect();
        Self { first, second, slope: entry.slope, bias: entry.bias, cutoffs, budget }
    }

    /// Slope and bias of the map, and the budget.
    pub fn settings(&self) -> (f32, f32, usize) {
        (self.slope, self.bias, self.budget)
    }

    /// Most frames of a sentence that the cross-encoder reads.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// One reading a sentence, on the cross-encoder's scale. `done` is told of pairs, read or spared.
    pub fn score<'v>(
        &self,
        vectors: impl Iterator<Item = &'v [f32]>,
        (engine, tokenizer, sentences): (&dyn Engine, &TextTokenizer, &[Piece]),
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<FrameReading>> {
        let odds: Vec<Vec<f32>> = vectors.map(|vector| self.log_odds(vector)).collect();
        let open: Vec<Vec<usize>> = odds.iter().map(|odds| self.open(odds)).collect();
        let chosen: Vec<&[usize]> = open.iter().map(Vec::as_slice).collect();
        done(open.iter().map(|open| self.budget.saturating_sub(open.len())).sum());
        let judged = self.second.judge(engine, tokenizer, sentences, &chosen, done)?;
        let each = odds.iter().zip(&open).zip(&judged);
        Ok(each.map(|((odds, open), judged)| self.reading(odds, open, judged)).collect())
    }

    fn log_odds(&self, vector: &[f32]) -> Vec<f32> {
        self.first.logits(vector).map(|logit| self.slope * logit + self.bias).collect()
    }

    /// The frames to read, nearest to even first; equal ones in scheme order.
    fn open(&self, odds: &[f32]) -> Vec<usize> {
        let mut open: Vec<usize> = (0..odds.len()).filter(|&frame| odds[frame].abs() < OPEN).collect();
        open.sort_by(|&a, &b| odds[a].abs().total_cmp(&odds[b].abs()));
        open.truncate(self.budget);
        open
    }

    /// The cross-encoder's word where it was asked; elsewhere the mapped log-odds, moved so that even is the frame's cut-off.
    fn reading(&self, odds: &[f32], open: &[usize], judged: &[Judged]) -> FrameReading {
        let mut margins: Vec<f32> = odds.iter().zip(&self.cutoffs).map(|(odds, cutoff)| odds + cutoff).collect();
        let mut probabilities: Vec<f32> = margins.iter().map(|&margin| sigmoid(margin)).collect();
        for (&frame, judged) in open.iter().zip(judged) {
            (margins[frame], probabilities[frame]) = (judged.margin, judged.probability);
        }
        FrameReading { probabilities, top: best_of(&margins) }
    }
}
