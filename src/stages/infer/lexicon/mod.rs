//! Loaded terms: a lexicon of terms with category, strength and the neutral wording, and where they stand in a sentence.

mod entries;
mod matching;

pub use entries::{Entry, parse};
pub use matching::{Lexicon, count_words};

/// The lexicon that comes with the program.
pub const BUILT_IN: &str = include_str!("../../../../seeds/lexicon/loaded_terms.tsv");
