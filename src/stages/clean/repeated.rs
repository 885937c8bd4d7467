//! Text that stands in the article twice: a pull quote set between paragraphs, a paragraph that was scraped twice. To
//! keep both would count the same words twice.

use std::collections::hash_map::Entry;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rustc_hash::FxHashMap;

use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording::{self, Quotation, normalised};
use crate::record::Part;

pub const RULE: CodedRule = CodedRule {
    id: "repeated_passage",
    family: "repeated",
    description: "A paragraph that the article has already, or a pull quote whose words stand in another paragraph.",
    example: "(a paragraph of eight words or more, once more)",
};

const MIN_WORDS: usize = 8;
/// Pull quotes are few; an article with more lines of their kind is a list or a transcript.
const MAX_PULL_QUOTES: usize = 40;
const MAX_PULL_QUOTE_WORDS: usize = 60;

pub fn apply(draft: &mut Draft) {
    duplicates(draft);
    pull_quotes(draft);
    draft.close_gaps();
}

fn duplicates(draft: &mut Draft) {
    let mut seen: FxHashMap<&str, ()> = FxHashMap::default();
    for at in 0..draft.paragraphs.len() {
        let paragraph = draft.paragraph(at);
        if draft.paragraphs[at].part != Part::Body || wording::count(paragraph) < MIN_WORDS {
            continue;
        }
        match seen.entry(paragraph) {
            Entry::Vacant(new) => drop(new.insert(())),
            Entry::Occupied(_) => draft.remove(at, RULE.id),
        }
    }
}

/// Whole quotations and lines that are no sentences, if all their words stand in a row in another paragraph.
fn pull_quotes(draft: &mut Draft) {
    let candidates: Vec<(usize, String)> = (1..draft.paragraphs.len())
        .filter(|at| draft.paragraphs[*at].part == Part::Body)
        .filter_map(|at| Some((at, format!(" {} ", normalised(pull_quote(draft.paragraph(at))?)))))
        .collect();
    if candidates.is_empty() || candidates.len() > MAX_PULL_QUOTES {
        return;
    }
    // Used once: the kind that is built fastest.
    let finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(candidates.iter().map(|(_, words)| words));
    let Ok(finder) = finder else { return };
    let mut elsewhere = vec![false; candidates.len()];
    for at in 0..draft.paragraphs.len() {
        let words = format!(" {} ", normalised(draft.paragraph(at)));
        for found in finder.find_overlapping_iter(&words) {
            // Longer than the quotation itself: it stands there among other words.
            elsewhere[found.pattern()] |= words.len() > candidates[found.pattern().as_usize()].1.len();
        }
    }
    for ((at, _), elsewhere) in candidates.iter().zip(elsewhere) {
        if elsewhere {
            draft.remove(*at, RULE.id);
        }
    }
}

fn pull_quote(paragraph: &str) -> Option<&str> {
    if !(MIN_WORDS..=MAX_PULL_QUOTE_WORDS).contains(&wording::count(paragraph)) {
        return None;
    }
    match Quotation::of(paragraph) {
        Some(quotation) => Some(quotation.words),
        None => (!wording::ends_sentence(paragraph)).then_some(paragraph),
    }
}
