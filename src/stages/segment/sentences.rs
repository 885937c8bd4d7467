//! Sentence boundaries of a block: the `sentencex` rules, run on the text without its quotation marks, and a repair
//! layer for what they miss in news text.
//!
//! The splitter never cuts inside a pair of quotation marks, and pairs them wrongly where one is missing. A quotation
//! of three sentences must give three sentences, so the marks are taken out before it and its boundaries mapped back.

use std::ops::Range;
use std::sync::LazyLock;

use sentencex::languages::{English, Language};

use super::tokens::{Kind, Token, is_apostrophe, is_mark, within};
use super::words::{AFTER_TAG, CALENDAR, FILLER, FUNCTION, SAID, TITLE};

static ENGLISH: LazyLock<English> = LazyLock::new(|| English {});

/// Byte ranges of the sentences of a block: in order, not overlapping, trimmed of white space, together covering all
/// text that is not white space.
pub(super) fn split(text: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut cuts = boundaries(text);
    cuts.extend(before_quotations(text, tokens));
    cuts.push(text.len());
    cuts.sort_unstable();
    let mut sentences: Vec<Range<usize>> = Vec::with_capacity(cuts.len());
    let mut start = 0;
    for cut in cuts {
        let piece = trimmed(text, start..cut);
        start = cut;
        if piece.is_empty() {
            continue;
        }
        match sentences.last_mut() {
            Some(last) if belong_together(text, tokens, last, &piece) => last.end = piece.end,
            _ => sentences.push(piece),
        }
    }
    sentences
}

/// Positions in `text` where a sentence ends, closing marks included.
fn boundaries(text: &str) -> Vec<usize> {
    let (bare, removed) = without_marks(text);
    let mut cuts = Vec::new();
    let mut seen = 0;
    for boundary in ENGLISH.get_sentence_boundaries(&bare) {
        let end = boundary.start_byte + boundary.text.trim_end().len();
        while removed.get(seen).is_some_and(|&(at, _)| at < end) {
            seen += 1;
        }
        let shift = seen.checked_sub(1).map_or(0, |last| removed[last].1);
        cuts.push(past_closing_marks(text, end + shift));
    }
    cuts.retain(|&cut| cut < text.len());
    cuts
}

/// `studied at the School of Art. “I loved it”`: a stop before a quotation ends a sentence even after a word that
/// elsewhere is an abbreviation, unless that is a title or an initial.
fn before_quotations<'a>(text: &'a str, tokens: &'a [Token]) -> impl Iterator<Item = usize> + 'a {
    tokens.windows(4).filter_map(move |four| {
        let [word, stop, mark, next] = four else { return None };
        let ends = word.kind == Kind::Word && word.end - word.start > 2 && !word.is(TITLE) && stop.text(text) == ".";
        let opens = matches!(mark.text(text), "“" | "\"") && mark.start > stop.end && mark.end == next.start;
        (ends && opens && word.end == stop.start && next.capital).then_some(stop.end)
    })
}

/// The text without quotation marks, and for each removed mark its position in the new text and the bytes removed so
/// far. Apostrophes inside words stay.
fn without_marks(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut bare = String::with_capacity(text.len());
    let mut removed = Vec::new();
    let mut bytes = 0;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word =
            is_apostrophe(c) && before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if is_mark(c) && !inside_word {
            bytes += c.len_utf8();
            removed.push((bare.len(), bytes));
        } else {
            bare.push(c);
        }
        before = c;
    }
    (bare, removed)
}

/// Moves a boundary over the marks that close what ends there.
fn past_closing_marks(text: &str, mut at: usize) -> usize {
    let mut spaced = false;
    let mut end = at;
    while let Some(c) = text[at..].chars().next() {
        let next = text[at + c.len_utf8()..].chars().next().unwrap_or(' ');
        let closes = match c {
            '”' | '»' | '›' => !spaced || next.is_whitespace(),
            '"' | '\'' | '’' | '＂' => !spaced && (!next.is_alphanumeric() || opens_odd(text, at, c)),
            ')' | ']' => !spaced,
            c if c.is_whitespace() && !spaced => {
                spaced = true;
                at += c.len_utf8();
                continue;
            }
            _ => false,
        };
        if !closes {
            break;
        }
        at += c.len_utf8();
        end = at;
    }
    end
}

/// Whether a straight mark between two letters closes: an odd number of its kind stands shortly before it.
fn opens_odd(text: &str, at: usize, mark: char) -> bool {
    mark == '"' && text[..at].chars().rev().take(2000).filter(|&c| c == mark).count() % 2 == 1
}

/// Whether a boundary is no sentence end in news text.
fn belong_together(text: &str, tokens: &[Token], before: &Range<usize>, after: &Range<usize>) -> bool {
    let next = &tokens[within(tokens, after)];
    let Some(first) = next.iter().find(|token| token.kind == Kind::Word) else {
        return !text[after.clone()].chars().any(char::is_alphanumeric);
    };
    let opens_quote = next.first().is_some_and(|token| token.kind == Kind::Mark);
    let previous = &tokens[within(tokens, before)];
    let Some(last) = previous.iter().rfind(|token| token.kind == Kind::Word) else {
        return !text[before.clone()].chars().any(char::is_alphanumeric);
    };
    let closed = previous.last().is_some_and(|token| token.kind == Kind::Mark);
    let abbreviated = last.end == before.end && text[..last.end].ends_with('.');
    starts_lower(text, first) && !opens_quote
        || abbreviated && !opens_quote && continues_after_abbreviation(text, last, first)
        || previous.len() <= 2 && is_list_number(text, last, before)
        || closed && is_tag(text, previous, next)
}

fn starts_lower(text: &str, word: &Token) -> bool {
    word.text(text).chars().next().is_some_and(char::is_lowercase)
}

/// "Ms. Ortiz", "J. D. Vance", "3:40 p.m. ET", "9 a.m. Monday".
fn continues_after_abbreviation(text: &str, last: &Token, first: &Token) -> bool {
    let abbreviation = last.text(text);
    if abbreviation.len() == 2 {
        return first.capital && !first.is(FUNCTION);
    }
    if matches!(abbreviation, "a.m." | "p.m.") {
        return first.is(CALENDAR)
            || matches!(first.text(text), "ET" | "EST" | "EDT" | "CT" | "PT" | "PST" | "PDT" | "GMT");
    }
    last.capital && last.is(TITLE) && first.capital && !first.is(FUNCTION)
}

/// "1." and "(a)" stay with the item they number.
fn is_list_number(text: &str, last: &Token, sentence: &Range<usize>) -> bool {
    let word = last.text(text).trim_end_matches('.');
    let rest = &text[last.end..sentence.end];
    last.start <= sentence.start + 4
        && matches!(rest, "." | ")" | ".)" | "")
        && word.len() <= 2
        && word.bytes().all(|b| b.is_ascii_digit())
}

/// `“Why?” Ortiz asked.`: a tag after a quotation that ends in its own stop.
fn is_tag(text: &str, previous: &[Token], next: &[Token]) -> bool {
    let stop = previous.iter().rev().find(|token| token.kind != Kind::Mark);
    if !stop.is_some_and(|stop| matches!(stop.text(text), "?" | "!" | "…" | "—")) {
        return false;
    }
    let Some(verb) = next.iter().take(8).position(|token| token.is(SAID)) else { return false };
    let subject = next[..verb].iter().all(|token| token.kind == Kind::Word && (token.capital || token.is(FILLER)));
    let after = next.get(verb + 1);
    subject && verb > 0 && after.is_none_or(|token| token.kind != Kind::Word || token.is(AFTER_TAG))
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..(start + piece.trim().len())
}
