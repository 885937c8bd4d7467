//! Another story's headline, left in the text without any label. It looks like a subhead: a line in title case, no
//! sentence. What tells them apart is that a subhead is about this article and another story's headline is not, so that
//! most of its words occur nowhere else in it. What cannot be told apart stays.

use rustc_hash::FxHashSet;

use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording::{self, ends_sentence};
use crate::record::Part;

pub const RULE: CodedRule = CodedRule {
    id: "related_headline",
    family: "related",
    description: "Another story's headline, standing alone between paragraphs in title case, about something else than the article.",
    example: "Council Quietly Buys Golf Course With Library Money",
};

const MIN_WORDS: usize = 6;
const MAX_WORDS: usize = 22;
/// An article that has more such lines has them for structure.
const MAX_LINES: usize = 3;
/// The share of its content words that must be new to the article; and where its form alone is a headline's.
const NEW: f64 = 0.65;
const NEW_IF_HEADLINE: f64 = 0.5;

/// The label's rule, and how many headlines it can stand over.
const LABEL: &str = "related_label";
const MAX_LISTED: usize = 8;

pub fn apply(draft: &mut Draft) {
    listed(draft);
    unlabelled(draft);
}

/// Headlines in a row under a label that has been removed.
fn listed(draft: &mut Draft) {
    let labels: Vec<usize> = draft.cuts.iter().filter(|cut| cut.rule == LABEL).map(|cut| cut.range.end).collect();
    for label in labels {
        let from = draft.paragraphs.partition_point(|paragraph| paragraph.range.start < label);
        let to = draft.paragraphs.len().min(from + MAX_LISTED);
        let headlines = (from..to).take_while(|at| {
            let line = draft.paragraph(*at);
            let (share, large) = wording::title_case(line);
            !line.ends_with(['.', '"', '”', ':']) && wording::count(line) <= MAX_WORDS && share >= 0.8 && large >= 3
        });
        for at in from..from + headlines.count() {
            draft.remove(at, RULE.id);
        }
        draft.close_gaps();
    }
}

fn unlabelled(draft: &mut Draft) {
    let count = draft.paragraphs.len();
    let candidates: Vec<usize> = (1..count.saturating_sub(1)).filter(|at| stands_alone(draft, *at)).collect();
    if candidates.is_empty() || candidates.len() > MAX_LINES {
        return;
    }
    let mut vocabulary: FxHashSet<String> = wording::words(draft.title).map(|word| stem(&word)).collect();
    for at in (0..count).filter(|at| !candidates.contains(at)) {
        vocabulary.extend(wording::words(draft.paragraph(at)).map(|word| stem(&word)));
    }
    for at in candidates {
        let content: Vec<String> = wording::words(draft.paragraph(at)).filter(|word| word.chars().count() > 3).collect();
        let new = content.iter().filter(|word| !vocabulary.contains(&stem(word))).count();
        let share = if has_headline_form(draft.paragraph(at)) { NEW_IF_HEADLINE } else { NEW };
        if content.len() >= 4 && new as f64 >= share * content.len() as f64 {
            draft.remove(at, RULE.id);
        }
    }
    draft.close_gaps();
}

/// Subheads are neither two sentences nor ten words in capitals.
fn has_headline_form(line: &str) -> bool {
    let capitals = wording::count(line) >= 8 && !line.chars().any(char::is_lowercase);
    capitals || [". ", "? ", "! "].iter().any(|end| line.contains(end))
}

/// A headline between two paragraphs of prose.
fn stands_alone(draft: &Draft, at: usize) -> bool {
    let line = draft.paragraph(at);
    let (before, after) = (draft.paragraph(at - 1), draft.paragraph(at + 1));
    let prose = [before, after].iter().any(|line| wording::count(line) >= 8);
    draft.paragraphs[at].part == Part::Body && is_headline(line) && prose && ends_sentence(before) && ends_sentence(after)
}

fn is_headline(line: &str) -> bool {
    let words = wording::count(line);
    if !(MIN_WORDS..=MAX_WORDS).contains(&words) || ends_sentence(line) || line.ends_with([',', '"', '”', '—', '-']) {
        return false;
    }
    if !line.starts_with(|c: char| c.is_uppercase() || matches!(c, '‘' | '\'')) || line.contains(['•', '@', '|']) || line.contains("http") {
        return false;
    }
    let (share, large) = wording::title_case(line);
    share >= 0.9 && large >= 5
}

/// Rough enough to join a word's inflections: its first six letters.
fn stem(word: &str) -> String {
    let word = word.strip_suffix('s').filter(|rest| rest.chars().count() > 3).unwrap_or(word);
    word.chars().take(6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_are_told_by_their_looks() {
        assert!(is_headline("Council Quietly Buys Golf Course With Library Money"));
        assert!(is_headline("Mayor Bans Bikes From the Pier. Here's Who Pays"));
        for line in [
            "Was the Rally on the Pier Really So Peaceful?",
            "What the council will vote on next week",
            "The End of the Pier",
            "Jane Roe, Ann Poe, Tom Hale, Dora Bell, Ed Moss,",
            "1. The Council Buys a Golf Course With Money",
        ] {
            assert!(!is_headline(line), "{line}");
        }
    }
}
