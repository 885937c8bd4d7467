//! How common words are in news at large, so that a small collection knows it too.
//!
//! In a few dozen articles the words of one event stand in a tenth of them, as "council" or "yesterday" may: the inverse
//! document frequency of the collection alone cannot tell them apart. The document frequency used here is the
//! collection's, with [`ARTICLES`] imagined articles added in which every word is as common as in news at large; they
//! weigh much beside forty articles and little beside a hundred thousand.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::bags::term;

/// Imagined articles.
const ARTICLES: f64 = 1000.0;
/// Share of articles that have a word which is not in the table.
const RARE: f64 = 0.003;

/// Word and per cent of news articles that have it; made by `scripts/common_words.py`.
static COMMON: LazyLock<FxHashMap<u64, f64>> = LazyLock::new(|| {
    let mut shares = FxHashMap::default();
    for line in include_str!("common_words.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (word, share) = line.split_once('\t').expect("a word and a number");
        let share: f64 = share.parse::<f64>().expect("a number") / 100.0;
        let Some(term) = term(word) else { continue };
        let known = shares.entry(term).or_insert(share);
        *known = share.max(*known);
    }
    shares
});

/// ln((N + m) / (n + m·p)): n of N articles have the term, p of news at large, m imagined articles.
pub fn idf(term: u64, having: u32, articles: usize) -> f32 {
    let share = COMMON.get(&term).copied().unwrap_or(RARE);
    ((articles as f64 + ARTICLES) / (f64::from(having) + ARTICLES * share)).ln() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_articles_do_not_make_a_common_word_rare_nor_an_event_common() {
        let of = |word: &str, having| idf(term(word).unwrap(), having, 40);
        assert!(of("said", 12) < 1.0, "{}", of("said", 12));
        assert!(of("Harborton", 4) > 4.5, "{}", of("Harborton", 4));
    }

    #[test]
    fn a_large_collection_speaks_for_itself() {
        let rare = idf(term("Harborton").unwrap(), 50_000, 100_000);
        assert!(rare < 0.8, "{rare}");
    }
}
