//! Tokens of a block: words with their classes, and the punctuation that attribution turns on.

use std::ops::Range;

use super::words::{self, Classes};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Comma,
    Colon,
    /// Full stop, question mark, exclamation mark, ellipsis, semicolon.
    Stop,
    Dash,
    /// A quotation mark, or an apostrophe that does not stand inside a word.
    Mark,
    Other,
}

/// One token: a byte range of the block, what it is, and for words the classes and whether it opens with a capital.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    pub capital: bool,
    pub classes: Classes,
}

impl Token {
    pub(super) fn is(&self, classes: Classes) -> bool {
        self.classes & classes != 0
    }

    pub(super) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }
}

pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '‘' | '’' | '‚' | '\'' | '`' | '＂')
}

pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`')
}

/// Cuts a block into tokens. White space goes between them.
pub(super) fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5 + 1);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (end, kind) = match c {
            // "Ortiz & Co."
            '&' => (at + 1, Kind::Word),
            c if c.is_alphanumeric() => (word_end(text, at), Kind::Word),
            c => (at + c.len_utf8(), punctuation(c)),
        };
        let (capital, classes) = match kind {
            Kind::Word => (c.is_uppercase() || is_ordinal(&text[at..end]) || c == '&', words::classes(&text[at..end])),
            _ => (false, 0),
        };
        tokens.push(Token { start: at, end, kind, capital, classes });
        at = end;
    }
    tokens
}

/// "9th", part of a name like "9th Circuit".
fn is_ordinal(word: &str) -> bool {
    word.as_bytes()[0].is_ascii_digit() && ["th", "st", "nd", "rd"].iter().any(|ending| word.ends_with(ending))
}

fn punctuation(c: char) -> Kind {
    match c {
        ',' => Kind::Comma,
        ':' => Kind::Colon,
        '.' | '?' | '!' | '…' | ';' => Kind::Stop,
        '-' | '–' | '—' => Kind::Dash,
        c if is_mark(c) => Kind::Mark,
        _ => Kind::Other,
    }
}

/// Where the word that opens at `start` ends. Apostrophes, hyphens, full stops and ampersands join two letters; the
/// last full stop of "U.S.", "J." and of titles belongs to the word. A possessive ending is cut off: it is no token.
fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut dotted = false;
    let mut letters = text[start..].char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let next = letters.peek().map(|&(_, next)| next);
        let joins =
            next.is_some_and(char::is_alphanumeric) && (is_apostrophe(c) || matches!(c, '-' | '.' | '&' | '\u{ad}'));
        if !(c.is_alphanumeric() || joins || is_combining(c)) {
            break;
        }
        dotted |= c == '.';
        end = start + at + c.len_utf8();
    }
    let word = &text[start..end];
    let initial = word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase();
    if text[end..].starts_with('.') && (dotted || initial || words::classes(&text[start..=end]) != 0) {
        end += 1;
    }
    end
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe0f}')
}

/// The word without "'s".
pub(super) fn without_possessive(word: &str) -> &str {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

/// The tokens that lie inside a byte range, as indices.
pub(super) fn within(tokens: &[Token], range: &Range<usize>) -> Range<usize> {
    let first = tokens.partition_point(|token| token.start < range.start);
    let last = tokens.partition_point(|token| token.end <= range.end);
    first..last.max(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokenize(text).iter().map(|token| token.text(text)).collect()
    }

    #[test]
    fn abbreviations_and_initials_keep_their_stop() {
        assert_eq!(
            words("Sen. J. D. O'Neil of the U.S. left."),
            ["Sen.", "J.", "D.", "O'Neil", "of", "the", "U.S.", "left", "."]
        );
    }

    #[test]
    fn marks_stand_alone() {
        assert_eq!(words("“No,” she’d said"), ["“", "No", ",", "”", "she’d", "said"]);
    }
}
