//! n-grams of words, counted in bounded memory.
//!
//! Two passes over the text (Park, Chen & Yu 1995): the first only adds up, in a fixed table of counters indexed by
//! hash, in how many articles each n-gram stands; a counter shared by several n-grams is too high, never too low. The
//! second counts exactly the n-grams whose counter reaches the number of articles asked for.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};
use unicode_segmentation::UnicodeSegmentation;

/// Longest n-gram, in words.
pub const LONGEST: usize = 3;
/// Counters of the first pass (2 bytes each).
const COUNTERS: usize = 1 << 24;

/// Words of a sentence as compared: lower case, one form of apostrophe, something alphanumeric in each.
pub fn words(sentence: &str) -> Vec<String> {
    sentence.unicode_words().map(|word| word.to_lowercase().replace('\u{2019}', "'")).collect()
}

/// Hashes of a sentence's n-grams, with the place of the first word and the length.
pub fn hashes(words: &[String]) -> impl Iterator<Item = (u64, usize, usize)> {
    let each: Vec<u64> = words.iter().map(|word| hash(word.as_bytes())).collect();
    (0..each.len()).flat_map(move |from| {
        let mut grams = [(0, from, 0); LONGEST];
        let mut joined = 0u64;
        for (at, gram) in grams.iter_mut().enumerate() {
            let Some(&word) = each.get(from + at) else { break };
            joined = mix(joined ^ word.rotate_left(at as u32 * 21));
            *gram = (joined, from, at + 1);
        }
        grams.into_iter().filter(|gram| gram.2 > 0)
    })
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    mix(hasher.finish())
}

/// splitmix64's finaliser: every bit of the input changes half of the output's.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// First pass: in how many articles an n-gram may stand.
pub struct Sketch {
    counters: Vec<u16>,
}

impl Sketch {
    pub fn new() -> Self {
        Self { counters: vec![0; COUNTERS] }
    }

    /// Adds one article's distinct n-grams.
    pub fn add(&mut self, distinct: &[u64]) {
        for &gram in distinct {
            let counter = &mut self.counters[gram as usize % COUNTERS];
            *counter = counter.saturating_add(1);
        }
    }

    /// At least the number of articles with this n-gram.
    pub fn articles(&self, gram: u64) -> u16 {
        self.counters[gram as usize % COUNTERS]
    }

    /// The least number of articles, from `least` up, that at most `most` counters reach.
    pub fn threshold(&self, least: u16, most: usize) -> u16 {
        let mut reached = vec![0usize; usize::from(u16::MAX) + 1];
        self.counters.iter().for_each(|&counter| reached[usize::from(counter)] += 1);
        let mut above = 0;
        let mut threshold = u16::MAX;
        for count in (least..=u16::MAX).rev() {
            above += reached[usize::from(count)];
            if above > most {
                break;
            }
            threshold = count;
        }
        threshold
    }
}

/// Counts of one n-gram in one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gram {
    pub hash: u64,
    pub count: u32,
    pub length: usize,
    /// Its words, so that the count can be given a name.
    pub text: String,
}

/// The n-grams of one article's sentences that `candidate` lets through, and its number of words.
pub fn count(sentences: &[&str], candidate: impl Fn(u64) -> bool) -> (Vec<Gram>, u32) {
    let mut grams: FxHashMap<u64, Gram> = FxHashMap::default();
    let mut tokens = 0;
    for sentence in sentences {
        let words = words(sentence);
        tokens += words.len() as u32;
        for (hash, from, length) in hashes(&words).filter(|gram| candidate(gram.0)) {
            let text = || words[from..from + length].join(" ");
            grams.entry(hash).or_insert_with(|| Gram { hash, count: 0, length, text: text() }).count += 1;
        }
    }
    let mut grams: Vec<_> = grams.into_values().collect();
    grams.sort_unstable_by_key(|gram| gram.hash);
    (grams, tokens)
}

/// The distinct n-grams of one article's sentences.
pub fn distinct(sentences: &[&str]) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    for sentence in sentences {
        found.extend(hashes(&words(sentence)).map(|gram| gram.0));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_stay_inside_a_sentence_and_ignore_case_and_apostrophe() {
        let sentences = ["Don\u{2019}t stop.", "don't STOP now"];
        let (mut grams, tokens) = count(&sentences, |_| true);
        grams.sort_by(|a, b| a.text.cmp(&b.text));
        let found: Vec<_> = grams.iter().map(|gram| (gram.text.as_str(), gram.count)).collect();
        let expected =
            [("don't", 2), ("don't stop", 2), ("don't stop now", 1), ("now", 1), ("stop", 2), ("stop now", 1)];
        assert_eq!((&found[..], tokens), (&expected[..], 5));
        assert_eq!(distinct(&sentences).len(), 6);
    }

    #[test]
    fn the_sketch_never_counts_too_few_and_its_threshold_bounds_the_candidates() {
        let mut sketch = Sketch::new();
        for article in 0..50u64 {
            let grams: Vec<u64> = (0..=article).map(mix).collect();
            sketch.add(&grams);
        }
        assert!((0..50).all(|gram| u64::from(sketch.articles(mix(gram))) >= 50 - gram));
        assert_eq!(sketch.threshold(5, 1000), 5);
        assert_eq!(sketch.threshold(5, 10), 41);
    }
}
