//! Finding lexicon terms: on word boundaries, the longest term first, capitals as the entry says.

use std::ops::Range;

use rustc_hash::FxHashMap;
use unicode_segmentation::UnicodeSegmentation;

use super::entries::Entry;
use crate::error::{Error, Result};
use crate::record::{Sentence, TermHit};

/// A compiled lexicon.
pub struct Lexicon {
    entries: Vec<Entry>,
    /// Patterns by their first word, the longest first; of equal length, exact case first.
    patterns: FxHashMap<String, Vec<Pattern>>,
}

struct Pattern {
    /// Lower-cased words after the first.
    rest: Vec<String>,
    /// The words as written, where capitals matter.
    exact: Option<Vec<String>>,
    entry: usize,
}

/// One word of a sentence: UAX #29, with a letter or digit in it.
struct Word<'a> {
    start: usize,
    /// Where the word ends, a possessive 's included.
    end: usize,
    /// Without a possessive 's.
    written: &'a str,
    folded: String,
}

impl Lexicon {
    /// Compiles entries; where a form stands twice, the later entry wins, so that a user's list overrides the built-in.
    ///
    /// # Errors
    /// A term or form without a word in it.
    pub fn new(entries: Vec<Entry>) -> Result<Self> {
        let mut patterns: FxHashMap<String, Vec<Pattern>> = FxHashMap::default();
        for (index, entry) in entries.iter().enumerate() {
            for form in std::iter::once(&entry.term).chain(&entry.forms) {
                let found = words(form);
                let Some((first, rest)) = found.split_first() else {
                    return Err(Error::Config(format!(
                        "lexicon term \"{}\": the form \"{form}\" has no word",
                        entry.term
                    )));
                };
                let exact = entry.exact_case.then(|| found.iter().map(|w| normalised(w.written)).collect());
                let rest = rest.iter().map(|word| word.folded.clone()).collect();
                patterns.entry(first.folded.clone()).or_default().push(Pattern { rest, exact, entry: index });
            }
        }
        for list in patterns.values_mut() {
            list.sort_by_key(|p| (std::cmp::Reverse(p.rest.len()), p.exact.is_none(), std::cmp::Reverse(p.entry)));
        }
        Ok(Self { entries, patterns })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All hits in a sentence, in order, not overlapping, each with whether it stands in quoted speech.
    pub fn find(&self, sentence: &Sentence) -> Vec<TermHit> {
        let words = words(&sentence.text);
        let mut hits = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let Some(pattern) = self.longest(&sentence.text, &words[at..]) else {
                at += 1;
                continue;
            };
            let last = &words[at + pattern.rest.len()];
            let range = words[at].start..last.start + last.written.len();
            let entry = &self.entries[pattern.entry];
            hits.push(TermHit {
                term: entry.term.clone(),
                category: entry.category.clone(),
                strength: entry.strength,
                start: range.start as u32,
                end: range.end as u32,
                in_quote: inside(&sentence.quoted, &range),
            });
            at += pattern.rest.len() + 1;
        }
        hits
    }

    fn longest(&self, text: &str, words: &[Word<'_>]) -> Option<&Pattern> {
        self.patterns.get(&words[0].folded)?.iter().find(|pattern| {
            let n = pattern.rest.len() + 1;
            words.len() >= n
                && pattern.rest.iter().zip(&words[1..n]).all(|(wanted, word)| *wanted == word.folded)
                && words[..n].windows(2).all(|pair| joined(text, &pair[0], &pair[1]))
                && pattern.exact.as_ref().is_none_or(|exact| {
                    exact.iter().zip(&words[..n]).all(|(wanted, word)| *wanted == normalised(word.written))
                })
        })
    }
}

/// Word tokens of a sentence, and how many of them stand in quoted speech.
pub fn count_words(sentence: &Sentence) -> (u32, u32) {
    let mut counts = (0, 0);
    for word in words(&sentence.text) {
        counts.0 += 1;
        counts.1 += u32::from(inside(&sentence.quoted, &(word.start..word.end)));
    }
    counts
}

fn words(text: &str) -> Vec<Word<'_>> {
    let word = |(start, whole): (usize, &'_ str)| (start, start + whole.len(), without_possessive(whole).len());
    text.unicode_word_indices()
        .map(word)
        .map(|(start, end, length)| {
            let written = &text[start..start + length];
            Word { start, end, written, folded: normalised(written).to_lowercase() }
        })
        .collect()
}

/// "alien's" is an occurrence of "alien".
fn without_possessive(word: &str) -> &str {
    ["'s", "\u{2019}s", "'S", "\u{2019}S"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

/// One apostrophe for all.
fn normalised(word: &str) -> String {
    word.replace('\u{2019}', "'")
}

/// Only white space or one hyphen or dash may stand between the words of a term: "far, left" is not "far left".
fn joined(text: &str, first: &Word<'_>, second: &Word<'_>) -> bool {
    let between = &text[first.end..second.start];
    let hyphen = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2013}');
    between.chars().all(|c| c.is_whitespace() || hyphen(c)) && between.chars().filter(|&c| hyphen(c)).count() <= 1
}

fn inside(quoted: &[Range<usize>], range: &Range<usize>) -> bool {
    quoted.iter().any(|quote| quote.start <= range.start && range.end <= quote.end)
}

#[cfg(test)]
mod tests {
    use super::super::entries::parse;
    use super::*;
    use crate::record::{Field, Part, Voice};

    fn lexicon() -> Lexicon {
        let text = "term\tcategory\tstrength\tneutral\tcase\tforms\tnote\n\
                    illegals\tlegal_status_label\t3\tundocumented immigrants\tany\t\t\n\
                    criminal alien\tlegal_status_label\t3\t\tany\tcriminal aliens|criminal illegal aliens\t\n\
                    alien\tlegal_status_label\t2\tnon-citizen\tany\taliens\t\n\
                    far left\tpartisan_label\t2\tleft\tany\tfarleft\t\n\
                    RINO\tpartisan_label\t2\t\texact\tRINOs\t\n";
        Lexicon::new(parse(text, "test").unwrap()).unwrap()
    }

    fn sentence(text: &str, quoted: &[&str]) -> Sentence {
        let range = |part: &&str| text.find(*part).map(|start| start..start + part.len()).unwrap();
        Sentence {
            index: 0,
            block: 0,
            part: Part::Body,
            field: Field::Text,
            text: text.into(),
            start: 0,
            end: text.len(),
            voice: Voice::Narration,
            indirect_speech: false,
            speaker: None,
            quoted: quoted.iter().map(range).collect(),
        }
    }

    fn found(text: &str) -> Vec<String> {
        let sentence = sentence(text, &[]);
        lexicon().find(&sentence).iter().map(|hit| text[hit.start as usize..hit.end as usize].to_owned()).collect()
    }

    #[test]
    fn the_longest_term_wins_and_boundaries_hold() {
        assert_eq!(found("Criminal aliens, an alien; inalienable rights."), ["Criminal aliens", "alien"]);
        assert_eq!(found("The far-left, far left and far, left."), ["far-left", "far left"]);
        assert_eq!(found("Illegals' homes, an alien\u{2019}s claim"), ["Illegals", "alien"]);
    }

    #[test]
    fn exact_case_holds() {
        assert_eq!(found("A RINO saw a rino and two RINOs."), ["RINO", "RINOs"]);
    }

    #[test]
    fn a_hit_knows_whether_it_is_quoted() {
        let sentence = sentence("The illegals are \u{201c}a criminal alien\u{201d} each.", &["a criminal alien"]);
        let hits = lexicon().find(&sentence);
        assert_eq!(hits.iter().map(|h| h.in_quote).collect::<Vec<_>>(), [false, true]);
        assert_eq!(count_words(&sentence), (7, 3));
    }

    #[test]
    fn multi_byte_text_keeps_offsets() {
        assert_eq!(found("\u{130}stanbul\u{2019}s illegals \u{1F600} aliens"), ["illegals", "aliens"]);
    }

    #[test]
    fn the_built_in_lexicon_compiles() {
        let entries = parse(super::super::BUILT_IN, "built-in").unwrap();
        assert!(entries.len() >= 600, "{}", entries.len());
        Lexicon::new(entries).unwrap();
    }

    #[test]
    fn mistakes_name_the_row() {
        let error = parse("term,category,strength\nx,y,9\n", "mine.csv").unwrap_err().to_string();
        assert!(error.contains("mine.csv, row 1") && error.contains("strength"), "{error}");
        let error = parse("term,categroy\n", "mine.csv").unwrap_err().to_string();
        assert!(error.contains("did you mean \"category\""), "{error}");
    }
}
