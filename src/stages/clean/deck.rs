//! The deck: what stands between the headline and the article. It is the outlet's own display text and is kept, as a part
//! of its own: a pull quote set at the top, the lines above the byline, a list of highlights.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use regex::Regex;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording::{self, Quotation, normalised};
use crate::record::Part;

pub const REPEATED: CodedRule = CodedRule {
    id: "deck_repeated",
    family: "deck",
    description: "The record's own deck, given again as one of the first paragraphs of the text.",
    example: "(the deck, once more)",
};

pub const LABEL: CodedRule = CodedRule {
    id: "deck_label",
    family: "deck",
    description: "The label over a list of highlights; the list itself is kept, as deck.",
    example: "Story highlights",
};

/// A longer paragraph is an article's opening, whatever stands around it.
const MAX_WORDS: usize = 60;
/// The most lines of a list of highlights.
const MAX_HIGHLIGHTS: usize = 8;

static HIGHLIGHTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:Story [Hh]ighlights|STORY HIGHLIGHTS)[: ]*|^(?:Key (?:[Pp]oints|[Tt]akeaways)|KEY (?:POINTS|TAKEAWAYS)|[Hh]ighlights|At a [Gg]lance)[: ]*$")
        .expect("tested")
});

pub fn repeated(draft: &mut Draft) {
    let deck = normalised(draft.deck);
    for at in 0..draft.paragraphs.len().min(4) {
        if !deck.is_empty() && draft.paragraph(at).len() < 2 * draft.deck.len() + 16 && normalised(draft.paragraph(at)) == deck {
            draft.remove(at, REPEATED.id);
        }
    }
    draft.close_gaps();
}

/// Marks the paragraphs that are deck. `above_byline`: how many stood before the byline, where there was one.
pub fn mark(draft: &mut Draft, above_byline: Option<usize>, label_in_force: bool) {
    let above = above_byline.filter(|above| *above <= 2).unwrap_or(0);
    for at in 0..above.min(draft.paragraphs.len()) {
        if wording::count(draft.paragraph(at)) <= MAX_WORDS {
            draft.paragraphs[at].part = Part::Deck;
        }
    }
    let after = draft.paragraphs.iter().take_while(|paragraph| paragraph.part == Part::Deck).count();
    if is_pull_quote(draft, after) {
        draft.paragraphs[after].part = Part::Deck;
    }
    if label_in_force {
        highlights(draft);
    }
}

/// A first paragraph that is a quotation and nothing else, and either signed or taken from further down.
fn is_pull_quote(draft: &Draft, at: usize) -> bool {
    if at + 1 >= draft.paragraphs.len() || wording::count(draft.paragraph(at)) > MAX_WORDS {
        return false;
    }
    let Some(quotation) = Quotation::of(draft.paragraph(at)) else { return false };
    quotation.attribution.is_some() || recurs(quotation.words, &draft.text[draft.paragraphs[at].range.end..])
}

/// Whether most runs of four words of a quotation stand in the text: pull quotes are shortened and mended.
fn recurs(quotation: &str, text: &str) -> bool {
    let runs = |text: &str| {
        let mut last = [0u64; 4];
        wording::words(text).enumerate().filter_map(move |(at, word)| {
            last.rotate_left(1);
            last[3] = FxBuildHasher.hash_one(word.as_str());
            (at >= 3).then_some(last)
        }).collect::<FxHashSet<_>>()
    };
    let wanted = runs(quotation);
    let found = runs(text).intersection(&wanted).count();
    !wanted.is_empty() && found * 10 >= wanted.len() * 7
}

/// A list of highlights: lines that are no sentences, under a label, at the top.
fn highlights(draft: &mut Draft) {
    let Some(first) = (0..draft.paragraphs.len().min(2)).find(|at| HIGHLIGHTS.is_match(draft.paragraph(*at))) else { return };
    let label = HIGHLIGHTS.find(draft.paragraph(first)).map_or(0, |label| label.end());
    let line = |at: usize| if at == first { &draft.paragraph(at)[label..] } else { draft.paragraph(at) };
    let from = first + usize::from(line(first).is_empty());
    let listed = (from..draft.paragraphs.len().min(from + MAX_HIGHLIGHTS))
        .take_while(|at| !wording::ends_sentence(line(*at)) && wording::count(line(*at)) <= 35)
        .count();
    if listed == 0 || from + listed >= draft.paragraphs.len() {
        return;
    }
    draft.remove_prefix(first, label, LABEL.id);
    for paragraph in &mut draft.paragraphs[from..from + listed] {
        paragraph.part = Part::Deck;
    }
    draft.close_gaps();
}
