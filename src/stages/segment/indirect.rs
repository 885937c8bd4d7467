//! Speech reported without quotation marks.

use std::ops::Range;

use super::Passage;
use super::attribution::Search;
use super::names::{phrase_at, phrase_before};
use super::quotes::Quotation;
use super::tokens::{Kind, within};
use super::words::{AFTER_TAG, BE, CALENDAR, FILLER, NAMING, PARTICIPLE, SAID, WEAK};

/// Words that a report has besides its tag; "Congress said yes" reports nothing.
const SHORTEST_REPORT: usize = 4;

/// Whether a sentence of narration reports what a source said: "according to X", "X said (that) ...", "..., X said".
pub(super) fn reports_speech(passage: &Passage, sentence: &Range<usize>, quotations: &[Quotation]) -> bool {
    let range = within(&passage.tokens, sentence);
    let search = Search { text: passage.text, tokens: &passage.tokens, quotations };
    let words = range.clone().filter(|&at| passage.tokens[at].kind == Kind::Word).count();
    if words < SHORTEST_REPORT + 2 {
        return false;
    }
    if search.according_to(range.clone()).is_some() {
        return true;
    }
    range.clone().filter(|&at| passage.tokens[at].is(SAID)).take(6).any(|verb| is_report(passage, range.clone(), verb))
}

fn is_report(passage: &Passage, sentence: Range<usize>, verb: usize) -> bool {
    let (text, tokens) = (passage.text, &passage.tokens[..]);
    let token = &tokens[verb];
    if token.is(NAMING) && !token.is(SAID) {
        return false;
    }
    let next = tokens[..sentence.end].get(verb + 1);
    let that = (verb + 1..sentence.end.min(verb + 7)).any(|at| tokens[at].text(text) == "that");
    let closes = next.is_none_or(|next| next.kind == Kind::Stop) || next.is_some_and(|n| n.kind == Kind::Comma);
    if token.is(PARTICIPLE) {
        return that;
    }
    let mut end = verb;
    while end > sentence.start && tokens[end - 1].is(FILLER) {
        end -= 1;
    }
    let inverted = end > sentence.start
        && tokens[end - 1].kind == Kind::Comma
        && phrase_at(text, tokens, verb + 1, sentence.end).is_some();
    if inverted {
        return true;
    }
    if end == sentence.start || tokens[end - 1].is(BE) || tokens[end - 1].text(text) == "to" {
        return false;
    }
    if tokens[end - 1].text(text) == "and" {
        return that || !token.is(WEAK);
    }
    let Some((_, start)) = phrase_before(text, tokens, end, sentence.start) else { return false };
    if token.is(WEAK) {
        return that;
    }
    let after_comma = start > sentence.start && tokens[start - 1].kind == Kind::Comma;
    let trailing = closes && start > sentence.start || after_comma && next.is_some_and(|n| n.is(AFTER_TAG | CALENDAR));
    let clause = sentence.end - (verb + 1) >= SHORTEST_REPORT;
    trailing || that || clause && !next.is_some_and(|next| matches!(next.text(text), "to" | "about" | "of"))
}
