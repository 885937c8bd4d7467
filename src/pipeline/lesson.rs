//! What the student scorer learns before a run: a random sample of the collection's sentences, read by the cross-encoder.
//!
//! The input is read twice: once to draw, once for the drawn sentences' texts. Outlets are strata, and n_h of an outlet's N_h
//! sentences are drawn with n_h in proportion to √N_h (Bankier 1988, *Power allocations*): small outlets need a sample too
//! if their own estimates are to be corrected by it. Within an outlet every sentence is as likely as another. A sentence is in
//! by the hash of seed, article and place, whatever the order of the input and the number of threads.

use std::collections::{BTreeMap, BinaryHeap};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::prepare::Records;
use super::{Job, Preparation, Progress, Scored, Setup};
use crate::error::Result;
use crate::record::{Scores, UNKNOWN_OUTLET};
use crate::stages::infer::frames::{Agreement, FrameReading, Student};

/// The student, and what it learnt from. Kept in the checkpoint, so that a resumed run goes on with the very same.
#[derive(Serialize, Deserialize)]
pub struct Learnt {
    pub student: Student,
    pub agreement: Agreement,
    /// In the order of drawing.
    pub sampled: Vec<Sampled>,
    pub seconds: f64,
}

/// A sentence of the sample.
#[derive(Serialize, Deserialize)]
pub struct Sampled {
    pub article_id: String,
    pub sentence_index: u32,
    /// The cross-encoder's probability of each frame.
    pub cross: Vec<f32>,
    /// The student's reading, by heads that have not learnt from this sentence.
    pub student: FrameReading,
}

impl Sampled {
    /// The row of this sentence: what the cross-encoder says beside what the student says that has not seen it.
    pub fn in_place_of(&self, scored: Scored) -> Scored {
        let FrameReading { probabilities, top } = self.student.clone();
        let scores = Scores { frames: probabilities, top_frame: top, ..scored.scores };
        Scored { scores, cross: Some(self.cross.clone()), ..scored }
    }
}

/// The sample by article and place of the sentence.
pub type Sample<'a> = FxHashMap<(&'a str, u32), &'a Sampled>;

impl Learnt {
    pub fn sample(&self) -> Sample<'_> {
        self.sampled.iter().map(|s| ((s.article_id.as_str(), s.sentence_index), s)).collect()
    }
}

/// A sentence that may be drawn: the lower the hash the sooner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    hash: u64,
    record: usize,
    sentence: u32,
}

/// The candidates of one outlet: the lowest hashes of all its sentences.
#[derive(Default)]
struct Stratum {
    sentences: u64,
    lowest: BinaryHeap<Candidate>,
}

impl Stratum {
    fn offer(&mut self, candidate: Candidate, most: usize) {
        self.sentences += 1;
        self.lowest.push(candidate);
        if self.lowest.len() > most {
            self.lowest.pop();
        }
    }
}

/// Draws, has the cross-encoder read, and teaches `setup`'s classifier.
///
/// # Errors
/// An input that cannot be opened, a collection with too few sentences, or a failure of the engine.
pub(super) fn learn(
    job: &Job<'_>,
    setup: &mut Setup,
    preparation: &Preparation,
    workers: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<Learnt> {
    let started = std::time::Instant::now();
    progress.stage("drawing the sample");
    let drawn = draw(job, preparation, workers, progress)?;
    let texts = texts_of(job, preparation, &drawn, workers)?;
    progress.stage("learning from the sample");
    let borrowed: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let total = drawn.len() as u64;
    let within = |share: f64| {
        let done = (share * total as f64) as u64;
        progress.advance(done, total, 0, done);
    };
    let taught = workers.install(|| setup.classifier.teach(&borrowed, &within))?;
    let student = setup.classifier.student().expect("it has just learnt").clone();
    let readings = taught.cross.into_iter().zip(taught.student);
    let sampled = texts.into_iter().zip(drawn).zip(readings).map(|(((article_id, _), candidate), (cross, student))| {
        Sampled { article_id, sentence_index: candidate.sentence, cross: cross.probabilities, student }
    });
    let sampled = sampled.collect();
    Ok(Learnt { student, agreement: taught.agreement, sampled, seconds: started.elapsed().as_secs_f64() })
}

/// The sample in random order.
fn draw(
    job: &Job<'_>,
    preparation: &Preparation,
    workers: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>> {
    let (most, seed) = (job.config.student_sample, job.config.tables.seed);
    let mut strata: BTreeMap<String, Stratum> = BTreeMap::new();
    let mut reader = preparation.open(job.inputs)?;
    let (mut first, mut articles, mut sentences) = (0, 0, 0);
    while let Some(records) = reader.records(job.config.chunk) {
        let read = records.len();
        let offered: Vec<(String, Vec<Candidate>)> = workers.install(|| {
            let each = records.into_par_iter().zip(first..first + read);
            each.filter_map(|(record, number)| offer(preparation, record.ok()?, number, seed)).collect()
        });
        for (outlet, candidates) in offered {
            articles += 1;
            sentences += candidates.len() as u64;
            let stratum = strata.entry(outlet).or_default();
            candidates.into_iter().for_each(|candidate| stratum.offer(candidate, most));
        }
        first += read;
        let (bytes, of) = reader.position();
        progress.advance(bytes, of, articles, sentences);
    }
    let sizes: Vec<u64> = strata.values().map(|stratum| stratum.sentences).collect();
    let shares = allocation(&sizes, most as u64);
    let drawn = strata.into_values().zip(shares).flat_map(|(stratum, share)| {
        let lowest = stratum.lowest.into_sorted_vec();
        lowest.into_iter().take(share as usize)
    });
    let mut drawn: Vec<Candidate> = drawn.collect();
    drawn.sort();
    Ok(drawn)
}

fn offer(
    preparation: &Preparation,
    article: crate::record::Article,
    record: usize,
    seed: u64,
) -> Option<(String, Vec<Candidate>)> {
    let (clean, sentences) = preparation.clean_and_segment(article).ok()?;
    let candidate = |sentence: &crate::record::Sentence| {
        let hash = hash(seed, &clean.article.id, sentence.index);
        Candidate { hash, record, sentence: sentence.index }
    };
    let candidates = sentences.iter().map(candidate).collect();
    Some((clean.article.outlet.unwrap_or_else(|| UNKNOWN_OUTLET.into()), candidates))
}

fn hash(seed: u64, article: &str, sentence: u32) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(article.as_bytes());
    hash.update([0]);
    hash.update(sentence.to_le_bytes());
    u64::from_le_bytes(hash.finalize()[..8].try_into().expect("a digest has 32 bytes"))
}

/// How many of each stratum's units to draw: in proportion to the square root of its size, never more than it has, `most` in
/// all where there are as many.
fn allocation(sizes: &[u64], most: u64) -> Vec<u64> {
    let mut given = vec![0; sizes.len()];
    let mut left = most.min(sizes.iter().sum());
    // Strata that are drawn whole leave their surplus to the others.
    while left > 0 {
        let root = |at: usize| ((sizes[at] - given[at]) as f64).sqrt();
        let open: Vec<usize> = (0..sizes.len()).filter(|&at| given[at] < sizes[at]).collect();
        let total: f64 = open.iter().map(|&at| root(at)).sum();
        let due: Vec<(usize, f64)> = open.iter().map(|&at| (at, left as f64 * root(at) / total)).collect();
        let before = left;
        for &(at, due) in &due {
            let more = (due as u64).min(sizes[at] - given[at]);
            given[at] += more;
            left -= more;
        }
        if left == before {
            // Less than one each: the largest remainders, the first of equals.
            let mut due = due;
            due.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            due.iter().take(left as usize).for_each(|&(at, _)| given[at] += 1);
            left = 0;
        }
    }
    given
}

/// Article and text of each drawn sentence, in the order drawn.
fn texts_of(
    job: &Job<'_>,
    preparation: &Preparation,
    drawn: &[Candidate],
    workers: &rayon::ThreadPool,
) -> Result<Vec<(String, String)>> {
    let wanted: FxHashMap<(usize, u32), usize> =
        drawn.iter().enumerate().map(|(at, candidate)| ((candidate.record, candidate.sentence), at)).collect();
    let records: FxHashSet<usize> = drawn.iter().map(|candidate| candidate.record).collect();
    let mut texts = vec![(String::new(), String::new()); drawn.len()];
    let mut reader: Records = preparation.open(job.inputs)?;
    let mut first = 0;
    while let Some(some) = reader.records(job.config.chunk) {
        let read = some.len();
        let found: Vec<(usize, String, String)> = workers.install(|| {
            let each = some.into_par_iter().zip(first..first + read).filter(|(_, number)| records.contains(number));
            let found = each.filter_map(|(record, number)| {
                let (clean, sentences) = preparation.clean_and_segment(record.ok()?).ok()?;
                let chosen = sentences.into_iter().filter_map(|sentence| {
                    let at = *wanted.get(&(number, sentence.index))?;
                    Some((at, clean.article.id.clone(), sentence.text))
                });
                Some(chosen.collect::<Vec<_>>())
            });
            found.flatten_iter().collect()
        });
        found.into_iter().for_each(|(at, article, text)| texts[at] = (article, text));
        first += read;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_strata_get_more_than_their_share_and_never_more_than_they_have() {
        assert_eq!(allocation(&[900, 100], 40), [30, 10]);
        assert_eq!(allocation(&[1_000_000, 200], 100), [99, 1]);
        assert_eq!(allocation(&[5, 1_000_000, 5], 3000), [5, 2990, 5]);
        assert_eq!(allocation(&[3, 4], 100), [3, 4]);
        assert_eq!(allocation(&[], 100), Vec::<u64>::new());
        for most in 1..60 {
            let given = allocation(&[7, 1, 40, 12, 0], most);
            assert_eq!(given.iter().sum::<u64>(), most);
            assert!(given.iter().zip([7, 1, 40, 12, 0]).all(|(given, size)| *given <= size), "{given:?}");
        }
    }

    #[test]
    fn a_stratum_keeps_the_lowest_hashes_in_any_order() {
        let candidates = |order: &[u64]| {
            let mut stratum = Stratum::default();
            order.iter().for_each(|&hash| stratum.offer(Candidate { hash, record: 0, sentence: 0 }, 3));
            (stratum.sentences, stratum.lowest.into_sorted_vec().iter().map(|c| c.hash).collect::<Vec<_>>())
        };
        assert_eq!(candidates(&[9, 2, 7, 4, 1]), (5, vec![1, 2, 4]));
        assert_eq!(candidates(&[1, 4, 7, 2, 9]), candidates(&[9, 2, 7, 4, 1]));
    }
}
