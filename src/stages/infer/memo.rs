//! Remembers the scores of a run's sentences, so that each distinct one is scored once: wire copy, boilerplate that
//! survived cleaning, headlines repeated by aggregators.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::record::Scores;

/// Entries kept: about 200 MB with 15 frames. Past that, new sentences are scored whenever they come; the scores are the
/// same either way.
const CAPACITY: usize = 1_000_000;

#[derive(Default)]
pub(super) struct Memo {
    scores: FxHashMap<[u8; 16], Scores>,
}

impl Memo {
    pub fn key(text: &str) -> [u8; 16] {
        Sha256::digest(text.as_bytes())[..16].try_into().expect("a digest has 32 bytes")
    }

    pub fn get(&self, key: &[u8; 16]) -> Option<&Scores> {
        self.scores.get(key)
    }

    pub fn insert(&mut self, key: [u8; 16], scores: Scores) {
        if self.scores.len() < CAPACITY {
            self.scores.insert(key, scores);
        }
    }
}
