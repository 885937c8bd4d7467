//! Cuts work into batches of equally long sequences under a token budget, and runs them on every core.
//!
//! Rows of a batch have exactly the same length: nothing is padded, so no arithmetic is wasted on padding and a row's
//! score cannot depend on its neighbours. A chunk of articles has thousands of sequences, so that batches stay full.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::tokens::Tokens;
use crate::engines::{Batch, Engine, Output};
use crate::error::Result;

/// Tokens a batch: large enough to keep the matrix products efficient, small enough to stay in the caches.
pub const TOKEN_BUDGET: usize = 2048;

/// Runs all sequences; `outputs[i]` holds one row a sequence, in the order given. `done` is told of each finished row
/// count.
///
/// # Errors
/// The first failure of the engine.
pub fn run(
    engine: &dyn Engine,
    sequences: &[Tokens],
    outputs: &[&str],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Output>> {
    let plan = plan(sequences, TOKEN_BUDGET);
    let results = on_threads(&plan, |rows| {
        let result = run_one(engine, sequences, rows, outputs);
        done(rows.len());
        result
    })?;
    Ok((0..outputs.len()).map(|o| in_order(&plan, &results, o, sequences.len())).collect())
}

/// Turns finished row counts into the share done of `total`, 0..=1.
pub fn share_of(total: usize, progress: &(dyn Fn(f64) + Sync)) -> impl Fn(usize) + Sync {
    let finished = AtomicUsize::new(0);
    move |rows| {
        let before = finished.fetch_add(rows, Ordering::Relaxed);
        progress((before + rows) as f64 / total as f64);
    }
}

/// Plain threads, as many as the current pool has, each taking the next batch. Not the pool's own workers: an engine waits
/// on a pool of its own, and a rayon worker that waits starts further batches on top of the one it is in.
fn on_threads<T: Send>(plan: &[Vec<usize>], run: impl Fn(&[usize]) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut finished = Vec::new();
        while let Some((at, rows)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, plan.get(at)?)))
        {
            finished.push((at, run(rows)?));
        }
        Ok(finished)
    };
    let threads = rayon::current_num_threads().min(plan.len());
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        running.into_iter().map(|thread| thread.join().expect("an engine fails, it does not panic")).collect()
    });
    let parts: Result<Vec<Vec<(usize, T)>>> = parts;
    let mut all: Vec<(usize, T)> = parts?.into_iter().flatten().collect();
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// Indices of the sequences of each batch: the longest first, so that the last to finish are the short ones.
fn plan(sequences: &[Tokens], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(sequences[i].ids.len()), i));
    order
        .chunk_by(|&a, &b| sequences[a].ids.len() == sequences[b].ids.len())
        .flat_map(|same| same.chunks((budget / sequences[same[0]].ids.len().max(1)).max(1)).map(<[usize]>::to_vec))
        .collect()
}

fn run_one(engine: &dyn Engine, sequences: &[Tokens], rows: &[usize], outputs: &[&str]) -> Result<Vec<Output>> {
    let ids: Vec<u32> = rows.iter().flat_map(|&i| sequences[i].ids.iter().copied()).collect();
    let segments: Vec<u32> = rows.iter().flat_map(|&i| sequences[i].segments.iter().copied()).collect();
    engine.run(Batch { ids: &ids, segments: &segments, length: sequences[rows[0]].ids.len() }, outputs)
}

fn in_order(plan: &[Vec<usize>], results: &[Vec<Output>], output: usize, rows: usize) -> Output {
    let width = results.first().map_or(0, |first| first[output].width);
    let mut values = vec![0.0; rows * width];
    for (indices, result) in plan.iter().zip(results) {
        for (&index, row) in indices.iter().zip(result[output].rows()) {
            values[index * width..][..width].copy_from_slice(row);
        }
    }
    Output { width, values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::fake::Fake;

    fn sequences(lengths: &[usize]) -> Vec<Tokens> {
        let tokens = |(i, &n): (usize, &usize)| Tokens { ids: vec![i as u32 + 1; n], segments: vec![0; n] };
        lengths.iter().enumerate().map(tokens).collect()
    }

    #[test]
    fn every_sequence_is_in_one_batch_of_its_own_length() {
        let sequences = sequences(&[5, 3, 5, 9, 3, 5]);
        let plan = plan(&sequences, 10);
        assert_eq!(plan, [vec![3], vec![0, 2], vec![5], vec![1, 4]]);
    }

    #[test]
    fn rows_come_back_in_the_order_given() {
        let engine = Fake::new(vec![("logits".into(), 2)]);
        let sequences = sequences(&[4, 2, 4, 7, 2]);
        let together = run(&engine, &sequences, &["logits"], &|_| {}).unwrap();
        for (index, alone) in sequences.iter().enumerate() {
            let alone = run(&engine, std::slice::from_ref(alone), &["logits"], &|_| {}).unwrap();
            assert_eq!(together[0].rows().nth(index), alone[0].rows().next());
        }
    }
}
