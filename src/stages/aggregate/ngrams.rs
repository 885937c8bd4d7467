//! n-grams of words, counted in bounded memory.
//!
//! Two passes over the text (Park, Chen & Yu 1995): the first only adds up, in fixed tables of counters indexed by
//! hash, in how many articles each n-gram stands; a counter shared by several n-grams is too high, never too low, and the least of an
//! n-gram's counters is the nearest (Cormode & Muthukrishnan 2005). The second counts exactly the n-grams whose counters reach the number
//! of articles asked for.

use std::hash::Hasher;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use unicode_segmentation::UnicodeSegmentation;

/// Longest n-gram, in words.
pub const LONGEST: usize = 3;
/// Counters of each table of the first pass (2 bytes each).
const COUNTERS: usize = 1 << 24;
/// A million articles have hundreds of millions of n-grams: in one table of counters twenty rare ones share each, and come in with any
/// common one. With three tables a rare one would have to meet a common one in each.
const TABLES: usize = 3;

/// Hands over each word of a sentence as compared: lower case, one form of apostrophe, something alphanumeric in each.
pub fn each_word(sentence: &str, mut take: impl FnMut(&str)) {
    let mut lower = String::new();
    for word in sentence.unicode_words() {
        if word.is_ascii() {
            // Nearly every word of a collection: no allocation.
            lower.clear();
            lower.push_str(word);
            lower.make_ascii_lowercase();
            take(&lower);
        } else {
            take(&word.to_lowercase().replace('\u{2019}', "'"));
        }
    }
}

/// Hash of each word of a sentence.
fn word_hashes(sentence: &str) -> Vec<u64> {
    let mut each = Vec::new();
    each_word(sentence, |word| each.push(hash(word.as_bytes())));
    each
}

/// Hashes of a sentence's n-grams out of those of its words, with the place of the first word and the length.
fn hashes(each: &[u64]) -> impl Iterator<Item = (u64, usize, usize)> {
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
    tables: [Vec<u16>; TABLES],
}

impl Sketch {
    pub fn new() -> Self {
        Self { tables: std::array::from_fn(|_| vec![0; COUNTERS]) }
    }

    /// Adds the distinct n-grams of each article.
    pub fn add(&mut self, articles: &[Vec<u64>]) {
        self.tables.par_iter_mut().enumerate().for_each(|(table, counters)| {
            for &gram in articles.iter().flatten() {
                let counter = &mut counters[place(gram, table)];
                *counter = counter.saturating_add(1);
            }
        });
    }

    /// At least the number of articles with this n-gram.
    pub fn articles(&self, gram: u64) -> u16 {
        let counters = self.tables.iter().enumerate().map(|(table, counters)| counters[place(gram, table)]);
        counters.min().unwrap_or(0)
    }

    /// The least number of articles, from `least` up, that at most `most.candidates` counters of a table reach, with at most
    /// `most.cells` cells of `cells` (outlet and voice) that their n-grams can stand in.
    pub fn threshold(&self, least: u16, most: Most, cells: usize) -> u16 {
        let mut reached = vec![0usize; usize::from(u16::MAX) + 1];
        self.tables[0].iter().for_each(|&counter| reached[usize::from(counter)] += 1);
        let (mut above, mut filled) = (0, 0);
        let mut threshold = u16::MAX;
        for count in (least..=u16::MAX).rev() {
            above += reached[usize::from(count)];
            filled += reached[usize::from(count)] * cells.min(usize::from(count));
            if above > most.candidates || filled > most.cells {
                break;
            }
            threshold = count;
        }
        threshold
    }
}

/// Counter of an n-gram in a table: other bits of its hash for each.
fn place(gram: u64, table: usize) -> usize {
    (mix(gram ^ table as u64) % COUNTERS as u64) as usize
}

/// What the second pass may hold.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    pub candidates: usize,
    /// Sums of a candidate in an outlet and voice.
    pub cells: usize,
}

/// Counts of one n-gram in one article, and where its words stand first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gram {
    pub hash: u64,
    pub count: u32,
    pub length: usize,
    sentence: usize,
    from: usize,
}

impl Gram {
    /// Its words, out of the article's sentences. Few n-grams of an article are new to the collection: only those need it.
    pub fn text(&self, sentences: &[String]) -> String {
        words(&sentences[self.sentence])[self.from..self.from + self.length].join(" ")
    }
}

fn words(sentence: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(sentence, |word| words.push(word.to_owned()));
    words
}

/// The n-grams of one article's sentences that `candidate` lets through, and its number of words.
pub fn count(sentences: &[String], candidate: impl Fn(u64) -> bool) -> (Vec<Gram>, u32) {
    let mut grams: FxHashMap<u64, Gram> = FxHashMap::default();
    let mut tokens = 0;
    for (sentence, text) in sentences.iter().enumerate() {
        let words = word_hashes(text);
        tokens += words.len() as u32;
        for (hash, from, length) in hashes(&words).filter(|gram| candidate(gram.0)) {
            grams.entry(hash).or_insert(Gram { hash, count: 0, length, sentence, from }).count += 1;
        }
    }
    let mut grams: Vec<_> = grams.into_values().collect();
    grams.sort_unstable_by_key(|gram| gram.hash);
    (grams, tokens)
}

/// The distinct n-grams of one article's sentences.
pub fn distinct(sentences: &[String]) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    for sentence in sentences {
        found.extend(hashes(&word_hashes(sentence)).map(|gram| gram.0));
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
        let sentences = ["Don\u{2019}t stop.", "don't STOP now"].map(String::from);
        let (grams, tokens) = count(&sentences, |_| true);
        let mut named: Vec<_> = grams.iter().map(|gram| (gram.text(&sentences), gram.count)).collect();
        named.sort();
        let found: Vec<_> = named.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        let expected =
            [("don't", 2), ("don't stop", 2), ("don't stop now", 1), ("now", 1), ("stop", 2), ("stop now", 1)];
        assert_eq!((&found[..], tokens), (&expected[..], 5));
        assert_eq!(distinct(&sentences).len(), 6);
    }

    #[test]
    fn the_sketch_never_counts_too_few_and_its_threshold_bounds_the_candidates() {
        let mut sketch = Sketch::new();
        for article in 0..50u64 {
            sketch.add(&[(0..=article).map(mix).collect()]);
        }
        assert!((0..50).all(|gram| u64::from(sketch.articles(mix(gram))) >= 50 - gram));
        let most = |candidates, cells| Most { candidates, cells };
        assert_eq!(sketch.threshold(5, most(1000, 1000), 1), 5);
        assert_eq!(sketch.threshold(5, most(10, 1000), 1), 41);
        // Ten n-grams in 41 articles or more, each in all four cells perhaps.
        assert_eq!(sketch.threshold(5, most(1000, 40), 4), 41);
        // Those in fewer articles than there are cells stand in as many as they have articles.
        assert_eq!(sketch.threshold(5, most(1000, 50 + 49 + 48), 1000), 48);
    }
}
