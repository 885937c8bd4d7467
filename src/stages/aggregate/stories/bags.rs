//! Articles as bags of weighted terms.

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
const MOST_TERMS: usize = 240;

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

/// One term of an article with its weights; those of an article's terms make vectors of unit length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub term: u32,
    pub lead: f32,
    pub full: f32,
}

/// Terms of every article, while the texts are read.
#[derive(Default)]
pub struct Bags {
    articles: Vec<(u32, Vec<Kept>)>,
    place: FxHashMap<u64, u32>,
    terms: Vec<Term>,
}

/// As [`Count`], with the term's place in [`Bags::terms`]: those of all articles are the most that is in memory here.
struct Kept {
    term: u32,
    lead: u16,
    full: u16,
}

#[derive(Debug, Clone, Copy, Default)]
struct Term {
    hash: u64,
    articles: u32,
    inside: u32,
    capital: u32,
}

impl Bags {
    pub fn add(&mut self, texts: &[ArticleText]) {
        let counted: Vec<Vec<Count>> = texts.par_iter().map(count).collect();
        for (text, counts) in texts.iter().zip(counted) {
            let kept = counts.into_iter().map(|count| self.keep(count)).collect();
            self.articles.push((text.article, kept));
        }
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

    /// The weighted terms of each of `articles` articles, sorted by term.
    pub fn weigh(self, articles: usize) -> Vec<Vec<Weight>> {
        let count = self.articles.len();
        let idf: Vec<f32> = self.terms.iter().map(|term| background::idf(term.hash, term.articles, count)).collect();
        let name = |term: &Term| term.inside > 0 && term.capital as f32 >= CAPITALISED * term.inside as f32;
        let names: Vec<bool> = self.terms.iter().map(name).collect();
        let weighed: Vec<(u32, Vec<Weight>)> =
            self.articles.into_par_iter().map(|(article, kept)| (article, weigh(kept, &idf, &names))).collect();
        let mut by_article = vec![Vec::new(); articles];
        weighed.into_iter().for_each(|(article, weights)| by_article[article as usize] = weights);
        by_article
    }
}

fn weigh(kept: Vec<Kept>, idf: &[f32], names: &[bool]) -> Vec<Weight> {
    let dampened = |count: u16| if count > 0 { 1.0 + f32::from(count).ln() } else { 0.0 };
    let mut weights: Vec<Weight> = kept
        .into_iter()
        .filter(|kept| idf[kept.term as usize] >= LEAST_IDF)
        .map(|kept| {
            let name = names[kept.term as usize];
            let factor = idf[kept.term as usize] * if name { NAME } else { 1.0 };
            let (lead, full) = (dampened(kept.lead) * factor, dampened(kept.full) * factor);
            Weight { term: kept.term, lead, full }
        })
        .collect();
    let heavier = |a: &Weight, b: &Weight| (b.lead + b.full).total_cmp(&(a.lead + a.full)).then(a.term.cmp(&b.term));
    if weights.len() > MOST_TERMS {
        weights.select_nth_unstable_by(MOST_TERMS, heavier);
        weights.truncate(MOST_TERMS);
    }
    weights.sort_unstable_by_key(|weight| weight.term);
    let length =
        |of: fn(&Weight) -> f32| weights.iter().map(|w| of(w).powi(2)).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    let (lead, full) = (length(|w| w.lead), length(|w| w.full));
    for weight in &mut weights {
        weight.lead /= lead;
        weight.full /= full;
    }
    weights.shrink_to_fit();
    weights
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
        let mut bags = Bags::default();
        bags.add(&[
            text(0, "The mayor of Harborton said that the pumps had failed"),
            text(1, "A pump of the town failed"),
        ]);
        let [name, headline] = ["Harborton", "Flood"].map(|word| bags.place[&term(word).unwrap()]);
        let weights = bags.weigh(2);
        let once = weights[0].iter().filter(|weight| weight.term != headline);
        let heaviest = once.max_by(|a, b| a.full.total_cmp(&b.full)).unwrap();
        assert_eq!(heaviest.term, name, "{:?}", weights[0]);
        let length: f32 = weights[0].iter().map(|weight| weight.full * weight.full).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert!(weights[0].len() < 7, "the, of, said, that and had are left out: {:?}", weights[0]);
    }
}
