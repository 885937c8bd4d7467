//! An article as a set of word shingles (Broder 1997).

use rapidhash::v3::rapidhash_v3;

use crate::stages::aggregate::ngrams;

/// Words of a shingle. Unrelated news articles share almost no five words in a row.
pub const LENGTH: usize = 5;

/// Hashes of the distinct shingles of a running text, sorted. Sentence ends do not break a shingle: two readers of one
/// text may cut its sentences differently.
pub fn shingles(sentences: &[String]) -> Vec<u64> {
    let mut words: Vec<u64> = Vec::new();
    for sentence in sentences {
        ngrams::each_word(sentence, |word| words.push(rapidhash_v3(word.as_bytes())));
    }
    let mut bytes = [0u8; 8 * LENGTH];
    let mut hashes: Vec<u64> = words
        .windows(LENGTH)
        .map(|window| {
            bytes.chunks_exact_mut(8).zip(window).for_each(|(place, word)| place.copy_from_slice(&word.to_le_bytes()));
            rapidhash_v3(&bytes)
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// |A ∩ B| / |A ∪ B| of two sorted sets; 0 for two empty ones.
pub fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut at, mut other, mut shared) = (0, 0, 0usize);
    while at < a.len() && other < b.len() {
        match a[at].cmp(&b[other]) {
            std::cmp::Ordering::Less => at += 1,
            std::cmp::Ordering::Greater => other += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                at += 1;
                other += 1;
            }
        }
    }
    let union = a.len() + b.len() - shared;
    if union == 0 { 0.0 } else { shared as f64 / union as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u64> {
        shingles(&[text.to_owned()])
    }

    #[test]
    fn case_apostrophes_and_sentence_breaks_do_not_matter_and_word_order_does() {
        let whole = of("The mayor’s office closed the harbour bridge on Monday morning");
        let cut =
            shingles(&["the Mayor's office closed".to_owned(), "the harbour bridge on Monday morning".to_owned()]);
        assert_eq!(whole, cut);
        assert_eq!(whole.len(), 6);
        assert_eq!(jaccard(&whole, &of("morning Monday on bridge harbour the closed office mayor's the")), 0.0);
    }

    #[test]
    fn jaccard_counts_shared_shingles() {
        let (a, b) = (of("one two three four five six seven"), of("two three four five six seven eight"));
        assert_eq!(jaccard(&a, &b), 0.5);
        assert_eq!(jaccard(&[], &[]), 0.0);
        assert_eq!(jaccard(&a, &a), 1.0);
    }
}
