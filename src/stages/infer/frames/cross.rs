//! The reference reading: a cross-encoder reads sentence and hypothesis together, one pass a pair (Yin et al. 2019).

use super::{FrameReading, Scheme, best_of, mean};
use crate::engines::Engine;
use crate::error::Result;
use crate::stages::infer::batches;
use crate::stages::infer::heads::EntailmentReading;
use crate::stages::infer::models::HeadEntry;
use crate::stages::infer::tokens::{Piece, TextTokenizer, Tokens};

/// A scheme's hypotheses, tokenised once, and the way to read entailment.
pub struct CrossScorer {
    output: String,
    reading: EntailmentReading,
    /// Hypotheses of all frames, one after the other.
    hypotheses: Vec<Piece>,
    /// Number of hypotheses of each frame.
    per_frame: Vec<usize>,
}

/// Pairs in memory at a time: bounds memory whatever the number of labels.
const PAIRS_AT_ONCE: usize = 60_000;

impl CrossScorer {
    pub fn new(scheme: &Scheme, head: &HeadEntry, tokenizer: &TextTokenizer) -> Result<Self> {
        let hypotheses = scheme.frames.iter().flat_map(|frame| &frame.hypotheses);
        Ok(Self {
            output: head.output.clone(),
            reading: EntailmentReading::new(head)?,
            hypotheses: hypotheses.map(|h| tokenizer.piece(h)).collect::<Result<_>>()?,
            per_frame: scheme.frames.iter().map(|frame| frame.hypotheses.len()).collect(),
        })
    }

    /// One reading a sentence. `done` is told of each finished pair count.
    pub fn score(
        &self,
        engine: &dyn Engine,
        tokenizer: &TextTokenizer,
        sentences: &[Piece],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<FrameReading>> {
        let at_once = (PAIRS_AT_ONCE / self.pairs_per_sentence()).max(1);
        let mut readings = Vec::with_capacity(sentences.len());
        for some in sentences.chunks(at_once) {
            let pairs = some
                .iter()
                .flat_map(|sentence| self.hypotheses.iter().map(|hypothesis| tokenizer.pair(sentence, hypothesis)))
                .collect::<Result<Vec<Tokens>>>()?;
            let logits = batches::run(engine, &pairs, &[&self.output], done)?.remove(0);
            let rows: Vec<&[f32]> = logits.rows().collect();
            readings.extend(rows.chunks_exact(self.pairs_per_sentence()).map(|rows| self.read(rows)));
        }
        Ok(readings)
    }

    pub fn pairs_per_sentence(&self) -> usize {
        self.hypotheses.len()
    }

    /// Probabilities, and for the single-best reading logit margins, are averaged over a frame's hypotheses.
    fn read(&self, rows: &[&[f32]]) -> FrameReading {
        let mut rest = rows;
        let frames: Vec<&[&[f32]]> = self.per_frame.iter().map(|&n| rest.split_off(..n).unwrap_or_default()).collect();
        let probabilities = frames.iter().map(|rows| mean(rows.iter().map(|row| self.reading.probability(row))));
        let margins: Vec<f32> =
            frames.iter().map(|rows| mean(rows.iter().map(|row| self.reading.margin(row)))).collect();
        FrameReading { probabilities: probabilities.collect(), top: best_of(&margins) }
    }
}
