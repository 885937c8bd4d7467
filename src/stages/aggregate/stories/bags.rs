//! Articles as bags of weighted terms.
//!
//! The bags of a million articles are gigabytes: while the texts are read they go to a temporary file, and come back a few days'
//! articles at a time.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rapidhash::v3::rapidhash_v3;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use unicode_segmentation::UnicodeSegmentation;

use super::background;
use crate::stages::aggregate::texts::ArticleText;

/// Sentences after the headline that make the lead, where news puts what happened.
const LEAD_SENTENCES: usize = 8;
/// A word of the headline counts as often as this.
const HEADLINE: u16 = 2;
/// Weight of a term that is a name.
const NAME: f32 = 1.5;
/// A term is a name when it is capitalised in at least this share of its places within sentences.
const CAPITALISED: f32 = 0.6;
/// Terms this common say nothing of what an article is about.
const LEAST_IDF: f32 = 1.0;
/// Terms kept of an article, the heaviest.
pub const MOST_TERMS: usize = 240;

/// Occurrences of one term in one article.
#[derive(Debug, Clone, Copy)]
struct Count {
    term: u64,
    lead: u16,
    full: u16,
    /// Places within a sentence, where a capital says that the term is a name; and those with one.
    inside: u16,
    capital: u16,
}

/// The telling terms of one article with their weights, which make vectors of unit length. Those of headline and lead come first, sorted;
/// then the others, sorted. Terms apart from weights, since most comparisons of two articles find few terms in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bag {
    pub terms: Vec<u32>,
    /// In headline and lead, of the first terms.
    pub lead: Vec<f32>,
    /// In the whole text, of every term.
    pub full: Vec<f32>,
    /// Length of the part of `full` that is not in headline and lead.
    pub rest: f32,
}

/// Terms of every article, while the texts are read.
pub struct Bags {
    file: BufWriter<File>,
    /// Of each article, where its terms begin in the file, and how many they are.
    places: Vec<(u64, u32)>,
    written: u64,
    articles: usize,
    place: FxHashMap<u64, u32>,
    terms: Vec<Term>,
}

/// Terms of every article, with what is known of all of them.
pub struct Shelf {
    file: File,
    places: Vec<(u64, u32)>,
    idf: Vec<f32>,
    names: Vec<bool>,
}

/// As [`Count`], with the term's place in [`Bags::terms`].
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kept {
    term: u32,
    lead: u16,
    full: u16,
}

/// Bytes of a [`Kept`] in the file.
const KEPT: usize = 8;

impl Kept {
    fn to_bytes(self) -> [u8; KEPT] {
        let mut bytes = [0; KEPT];
        bytes[..4].copy_from_slice(&self.term.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.lead.to_le_bytes());
        bytes[6..].copy_from_slice(&self.full.to_le_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let two = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Self { term: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]), lead: two(4), full: two(6) }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Term {
    hash: u64,
    articles: u32,
    inside: u32,
    capital: u32,
}

impl Bags {
    /// For `articles` articles, with a temporary file in `folder`, or where the system keeps them if that is not to be written to.
    ///
    /// # Errors
    /// No file can be made in either.
    pub fn new(folder: &Path, articles: usize) -> std::io::Result<Self> {
        let file = tempfile::tempfile_in(folder).or_else(|_| tempfile::tempfile())?;
        Ok(Self {
            file: BufWriter::new(file),
            places: vec![(0, 0); articles],
            written: 0,
            articles: 0,
            place: FxHashMap::default(),
            terms: Vec::new(),
        })
    }

    /// # Errors
    /// The temporary file cannot be written.
    pub fn add(&mut self, texts: &[ArticleText]) -> std::io::Result<()> {
        let counted: Vec<Vec<Count>> = texts.par_iter().map(count).collect();
        for (text, counts) in texts.iter().zip(counted) {
            self.places[text.article as usize] = (self.written, counts.len() as u32);
            self.written += (KEPT * counts.len()) as u64;
            self.articles += 1;
            for count in counts {
                let kept = self.keep(count);
                self.file.write_all(&kept.to_bytes())?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, count: Count) -> Kept {
        let next = self.terms.len() as u32;
        let place = *self.place.entry(count.term).or_insert_with(|| {
            self.terms.push(Term { hash: count.term, ..Term::default() });
            next
        });
        let term = &mut self.terms[place as usize];
        term.articles += 1;
        term.inside += u32::from(count.inside);
        term.capital += u32::from(count.capital);
        Kept { term: place, lead: count.lead, full: count.full }
    }

    /// # Errors
    /// The temporary file cannot be written.
    pub fn shelve(self) -> std::io::Result<Shelf> {
        let idf = |term: &Term| background::idf(term.hash, term.articles, self.articles);
        let name = |term: &Term| term.inside > 0 && term.capital as f32 >= CAPITALISED * term.inside as f32;
        Ok(Shelf {
            idf: self.terms.iter().map(idf).collect(),
            names: self.terms.iter().map(name).collect(),
            places: self.places,
            file: self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?,
        })
    }
}

impl Shelf {
    /// The bag of each of these articles.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn bags(&mut self, articles: &[u32]) -> std::io::Result<Vec<Bag>> {
        let mut read = Vec::with_capacity(articles.len());
        for &article in articles {
            let (at, terms) = self.places[article as usize];
            let mut bytes = vec![0; KEPT * terms as usize];
            self.file.seek(SeekFrom::Start(at))?;
            self.file.read_exact(&mut bytes)?;
            read.push(bytes);
        }
        let kept = |bytes: Vec<u8>| bytes.chunks_exact(KEPT).map(Kept::of_bytes).collect();
        Ok(read.into_par_iter().map(|bytes| weigh(kept(bytes), &self.idf, &self.names)).collect())
    }
}

fn weigh(kept: Vec<Kept>, idf: &[f32], names: &[bool]) -> Bag {
    let dampened = |count: u16| if count > 0 { 1.0 + f32::from(count).ln() } else { 0.0 };
    let weight = |Kept { term, lead, full }| {
        let factor = idf[term as usize] * if names[term as usize] { NAME } else { 1.0 };
        (term, dampened(lead) * factor, dampened(full) * factor)
    };
    let mut weights: Vec<(u32, f32, f32)> =
        kept.into_iter().filter(|kept| idf[kept.term as usize] >= LEAST_IDF).map(weight).collect();
    if weights.len() > MOST_TERMS {
        weights.select_nth_unstable_by(MOST_TERMS, |a, b| (b.1 + b.2).total_cmp(&(a.1 + a.2)).then(a.0.cmp(&b.0)));
        weights.truncate(MOST_TERMS);
    }
    weights.sort_unstable_by_key(|&(term, lead, _)| (lead == 0.0, term));
    let leading = weights.partition_point(|&(_, lead, _)| lead > 0.0);
    let lead = unit(weights[..leading].iter().map(|weight| weight.1).collect());
    let full = unit(weights.iter().map(|weight| weight.2).collect());
    Bag { terms: weights.iter().map(|weight| weight.0).collect(), lead, rest: length(&full[leading..]), full }
}

/// Divided by its length.
fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = length(&vector);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

/// Euclidean.
fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

/// The distinct terms of an article, in order of their hashes.
fn count(text: &ArticleText) -> Vec<Count> {
    let mut counts: FxHashMap<u64, Count> = FxHashMap::default();
    let mut add = |word: &str, lead: u16, full: u16, inside: bool| {
        let Some(term) = term(word) else { return };
        let count = counts.entry(term).or_insert(Count { term, lead: 0, full: 0, inside: 0, capital: 0 });
        count.lead = count.lead.saturating_add(lead);
        count.full = count.full.saturating_add(full);
        // An article of 65,535 times the same word is no article; it must not stop the run.
        count.inside = count.inside.saturating_add(u16::from(inside));
        count.capital = count.capital.saturating_add(u16::from(inside && word.starts_with(char::is_uppercase)));
    };
    // A headline may be set in capitals: it says nothing of names.
    for word in text.headline.iter().flat_map(|sentence| sentence.unicode_words()) {
        add(word, HEADLINE, HEADLINE, false);
    }
    for (at, sentence) in text.sentences.iter().enumerate() {
        let lead = u16::from(at < LEAD_SENTENCES);
        for (place, word) in sentence.unicode_words().enumerate() {
            add(word, lead, 1, place > 0);
        }
    }
    let mut counts: Vec<Count> = counts.into_values().collect();
    counts.sort_unstable_by_key(|count| count.term);
    counts
}

/// The hash of a word as compared: lower case, without a possessive and a plural ending; `None` for a single letter.
pub fn term(word: &str) -> Option<u64> {
    let lower = word.to_lowercase().replace('\u{2019}', "'");
    let bare = lower.strip_suffix("'s").unwrap_or(&lower);
    let stem = singular(bare);
    (stem.chars().nth(1).is_some()).then(|| rapidhash_v3(stem.as_bytes()))
}

/// Harman's S-stemmer (1991, *Journal of the American Society for Information Science* 42): three rules for plurals, the
/// first that fits.
fn singular(word: &str) -> std::borrow::Cow<'_, str> {
    let ends =
        |ending: &str, but: &[&str]| word.len() > 3 && word.ends_with(ending) && !but.iter().any(|b| word.ends_with(b));
    let cut = |from_end: usize| &word[..word.len() - from_end];
    if ends("ies", &["eies", "aies"]) {
        format!("{}y", cut(3)).into()
    } else if ends("es", &["aes", "ees", "oes"]) || ends("s", &["us", "ss", "es"]) {
        cut(1).into()
    } else {
        word.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_possessive_and_plural() {
        for (a, b) in [("Migrants", "migrant"), ("Courier’s", "courier"), ("parties", "party"), ("judges", "judge")] {
            assert_eq!(term(a), term(b), "{a} {b}");
        }
        assert_ne!(term("congress"), term("congres"));
        assert_eq!(term("I"), None);
    }

    #[test]
    fn names_weigh_more_and_common_words_nothing() {
        let text = |article, sentence: &str| ArticleText {
            article,
            headline: vec!["Flood".into()],
            sentences: vec![sentence.into()],
        };
        let folder = tempfile::tempdir().unwrap();
        let mut bags = Bags::new(folder.path(), 2).unwrap();
        bags.add(&[
            text(0, "The mayor of Harborton said that the pumps had failed"),
            text(1, "A pump of the town failed"),
        ])
        .unwrap();
        let [name, headline] = ["Harborton", "Flood"].map(|word| bags.place[&term(word).unwrap()]);
        let bag = bags.shelve().unwrap().bags(&[0]).unwrap().remove(0);
        let once = bag.terms.iter().zip(&bag.full).filter(|(term, _)| **term != headline);
        let heaviest = once.max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(*heaviest.0, name, "{bag:?}");
        for vector in [&bag.lead, &bag.full] {
            assert!((length(vector) - 1.0).abs() < 1e-5);
        }
        assert!(bag.terms.len() < 7, "the, of, said, that and had are left out: {bag:?}");
    }
}
