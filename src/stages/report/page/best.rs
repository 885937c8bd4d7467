//! The sentences with the highest scores: narration of the body that reports no one's speech.
//!
//! Only numbers are read of all sentences, and only those of the best are kept; whose they are is read of the best alone.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::path::Path;

use polars::prelude::*;
use rapidhash::v3::rapidhash_v3;
use rayon::prelude::*;

use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;
use crate::stages::aggregate::scan;

/// Shorter sentences are fragments, longer ones lists and run-ons; neither shows a frame well.
const TOKENS: std::ops::RangeInclusive<u32> = 9..=60;
/// Sentences kept of a score: enough to find a few an outlet.
const KEPT: usize = 20_000;

/// A sentence by its row in the table. The higher score comes after the lower, of equal ones the earlier row after the later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    pub score: f32,
    pub row: usize,
}

impl Eq for Scored {}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.row.cmp(&self.row))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Whose a sentence is, and what stands for its article and its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Origin {
    /// Index into the outlets asked for.
    pub outlet: Option<usize>,
    pub outlet_hash: u64,
    pub article: u64,
    pub text: u64,
}

/// Of each column and threshold the sentences that reach it, best first.
///
/// # Errors
/// [`crate::Error::Tables`] if the sentence table cannot be read or lacks a column.
pub fn best(sentences: &Path, columns: &[(String, f32)]) -> Result<Vec<Vec<Scored>>> {
    let mut wanted = ["part", "voice", "indirect_speech", "n_tokens"].map(String::from).to_vec();
    wanted.extend(columns.iter().map(|(name, _)| name.clone()));
    let mut kept: Vec<BinaryHeap<Reverse<Scored>>> = vec![BinaryHeap::new(); columns.len()];
    let mut from = 0;
    scan::for_each_batch(sentences, &wanted, |mut batch| {
        batch.rechunk_mut();
        let eligible = eligible(&batch)?;
        let scores: Vec<&[f32]> = columns.iter().map(|(name, _)| scan::score(&batch, name)).collect::<Result<_>>()?;
        kept.par_iter_mut().zip(&scores).zip(columns).for_each(|((kept, scores), (_, threshold))| {
            for &at in eligible.iter().filter(|&&at| scores[at] >= *threshold) {
                let scored = Scored { score: scores[at], row: from + at };
                if kept.len() < KEPT {
                    kept.push(Reverse(scored));
                } else if let Some(mut worst) = kept.peek_mut().filter(|worst| worst.0 < scored) {
                    *worst = Reverse(scored);
                }
            }
        });
        from += batch.height();
        Ok(())
    })?;
    let best_first = |kept: BinaryHeap<Reverse<Scored>>| kept.into_sorted_vec().into_iter().map(|scored| scored.0);
    Ok(kept.into_iter().map(|kept| best_first(kept).collect()).collect())
}

/// Places of the sentences that may be shown.
fn eligible(batch: &DataFrame) -> Result<Vec<usize>> {
    let (parts, voices) = (batch.column("part")?.str()?, batch.column("voice")?.str()?);
    let indirect = batch.column("indirect_speech")?.bool()?;
    let tokens = scan::unsigned(batch, "n_tokens")?;
    let rows = parts.iter().zip(voices.iter()).zip(indirect.iter()).zip(tokens).enumerate();
    let eligible = rows.filter(|(_, (((part, voice), indirect), tokens))| {
        *part == Some("body") && *voice == Some("narration") && *indirect == Some(false) && TOKENS.contains(tokens)
    });
    Ok(eligible.map(|(at, _)| at).collect())
}

/// Where the sentences come from, by row.
///
/// # Errors
/// As [`best`].
pub fn origins(
    sentences: &Path,
    rows: impl Iterator<Item = usize>,
    outlets: &[String],
) -> Result<HashMap<usize, Origin>> {
    let rows: Vec<usize> = rows.collect::<BTreeSet<usize>>().into_iter().collect();
    let known: HashMap<&str, usize> = outlets.iter().map(String::as_str).zip(0..).collect();
    let mut origins = HashMap::new();
    let wanted = ["article_id", "outlet", "text"].map(String::from);
    scan::for_rows(sentences, &wanted, &rows, |batch, from, rows| {
        let hash = |name: &str| -> Result<Vec<u64>> {
            let texts = batch.column(name)?.str()?;
            Ok(rows.iter().map(|row| rapidhash_v3(texts.get(row - from).unwrap_or_default().as_bytes())).collect())
        };
        let names = batch.column("outlet")?.str()?;
        let (outlet_hashes, articles, texts) = (hash("outlet")?, hash("article_id")?, hash("text")?);
        origins.extend(rows.iter().enumerate().map(|(at, &row)| {
            let outlet = known.get(names.get(row - from).unwrap_or(UNKNOWN_OUTLET)).copied();
            (row, Origin { outlet, outlet_hash: outlet_hashes[at], article: articles[at], text: texts[at] })
        }));
        Ok(())
    })?;
    Ok(origins)
}
