//! Quotations of an article: what stands between quotation marks, however the marks are typed.
//!
//! A block is scanned once, with one quotation open at a time: marks nested in it belong to it. Straight marks take
//! their direction from their neighbours; single marks open only where a closing one follows, so apostrophes stay
//! apostrophes. A quotation left open at the end of its block goes on where the next block re-opens it or is the one
//! that closes it, and otherwise ends with the sentence that it opened in.

use std::ops::Range;

use super::Passage;
use super::tokens::{Kind, is_apostrophe};

/// One quotation of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quotation {
    /// Byte range with its marks.
    pub outer: Range<usize>,
    /// Byte range between its marks.
    pub inner: Range<usize>,
    /// Carries on the quotation that the block before left open.
    pub continues: bool,
}

/// Marks that a quotation in single marks may hold; past them its opening mark was an apostrophe.
const MOST_MARKS_INSIDE: usize = 100;

/// Blocks a quotation may run through without being re-opened.
const MOST_BLOCKS_UNMARKED: usize = 3;

/// The quotations of each block, in order.
pub(super) fn find(passages: &[Passage]) -> Vec<Vec<Quotation>> {
    let scans: Vec<Scan> = passages.iter().map(scan).collect();
    let mut found: Vec<Vec<Quotation>> = scans.iter().map(|scan| scan.closed.clone()).collect();
    for (at, scan) in scans.iter().enumerate() {
        let Some(open) = &scan.open else { continue };
        let text = passages[at].text;
        let next = at + 1;
        let same_part = |block: usize| passages.get(block).is_some_and(|p| p.part == passages[at].part);
        let reopened = same_part(next) && scans[next].opens_with_mark;
        let closing = (next..passages.len().min(next + MOST_BLOCKS_UNMARKED))
            .take_while(|&block| same_part(block))
            .find(|&block| scans[block].stray_close.is_some() || scans[block].marked)
            .and_then(|block| scans[block].stray_close.clone().map(|mark| (block, mark)));
        let end = match (reopened, closing) {
            (true, _) => text.len(),
            (false, Some((last, mark))) => {
                for block in next..last {
                    let all = 0..passages[block].text.len();
                    found[block].insert(0, Quotation { outer: all.clone(), inner: all, continues: true });
                }
                found[last].insert(0, Quotation { outer: 0..mark.end, inner: 0..mark.start, continues: true });
                text.len()
            }
            (false, None) => sentence_end(&passages[at], open.end),
        };
        found[at].push(Quotation { outer: open.start..end, inner: open.end..end, continues: false });
    }
    found.iter_mut().for_each(|quotations| quotations.retain(|q| !q.inner.is_empty()));
    carry_over(&mut found, &scans, passages);
    found
}

/// The first quotation of a block that re-opens what the block before left open continues it.
fn carry_over(found: &mut [Vec<Quotation>], scans: &[Scan], passages: &[Passage]) {
    for block in 1..found.len() {
        let same_part = passages[block].part == passages[block - 1].part;
        let left_open = scans[block - 1].open.is_some() && scans[block].opens_with_mark && same_part;
        if let Some(first) = found[block].first_mut().filter(|first| left_open && first.outer.start == 0) {
            first.continues = true;
        }
    }
}

fn sentence_end(passage: &Passage, at: usize) -> usize {
    passage.sentences.iter().map(|s| s.end).find(|&end| end > at).unwrap_or(passage.text.len())
}

struct Scan {
    closed: Vec<Quotation>,
    /// Byte range of the mark of a quotation that the block does not close.
    open: Option<Range<usize>>,
    opens_with_mark: bool,
    /// A closing mark that is the block's first double mark.
    stray_close: Option<Range<usize>>,
    /// Whether the block has any double mark.
    marked: bool,
}

/// A quotation mark with its surroundings.
struct Mark {
    range: Range<usize>,
    shape: char,
    /// Neighbouring characters; a space at the ends of the block.
    before: char,
    after: char,
}

fn marks(passage: &Passage) -> Vec<Mark> {
    let text = passage.text;
    let mut marks: Vec<Mark> = Vec::new();
    for token in passage.tokens.iter().filter(|token| token.kind == Kind::Mark) {
        let shape = text[token.start..].chars().next().unwrap_or(' ');
        let after = text[token.end..].chars().next().unwrap_or(' ');
        if let Some(last) = marks.last_mut()
            && last.range.end == token.start
            && last.shape == shape
            && is_apostrophe(shape)
        {
            (last.range.end, last.shape, last.after) = (token.end, '"', after);
            continue;
        }
        let before = text[..token.start].chars().next_back().unwrap_or(' ');
        marks.push(Mark { range: token.start..token.end, shape, before, after });
    }
    marks
}

fn scan(passage: &Passage) -> Scan {
    let text = passage.text;
    if passage.post.is_some() {
        let whole = Quotation { outer: 0..text.len(), inner: 0..text.len(), continues: false };
        return Scan { closed: vec![whole], open: None, opens_with_mark: false, stray_close: None, marked: false };
    }
    let marks = marks(passage);
    let mut closed = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    while at < marks.len() {
        let mark = &marks[at];
        match open {
            None if mark.is_single() => {
                if let Some(close) = closing_single(text, &marks, at) {
                    closed.push(quotation(mark, &marks[close]));
                    at = close;
                }
            }
            None => open = mark.opens(marks.get(at + 1)).then_some(at),
            Some(opener) if !mark.is_single() => {
                if mark.closes(&marks[opener], text) {
                    closed.push(quotation(&marks[opener], mark));
                    open = None;
                } else if is_nested(&marks, at, &marks[opener]) {
                    at += 1;
                } else {
                    let first = marks[opener].range.clone();
                    let end = sentence_end(passage, first.end).min(text[..mark.range.start].trim_end().len());
                    closed.push(Quotation { outer: first.start..end, inner: first.end..end, continues: false });
                    open = Some(at);
                }
            }
            Some(_) => {}
        }
        at += 1;
    }
    let first = marks.iter().find(|mark| !mark.is_single());
    let stray_close = first.filter(|mark| mark.is_stray_close()).map(|mark| mark.range.clone());
    let opens_with_mark = marks.first().is_some_and(|mark| mark.range.start == 0 && mark.opens(marks.get(1)));
    Scan { closed, open: open.map(|at| marks[at].range.clone()), opens_with_mark, stray_close, marked: first.is_some() }
}

fn quotation(open: &Mark, close: &Mark) -> Quotation {
    Quotation { outer: open.range.start..close.range.end, inner: open.range.end..close.range.start, continues: false }
}

/// A second opening mark inside a quotation opens one within it when two closing marks follow.
fn is_nested(marks: &[Mark], at: usize, opener: &Mark) -> bool {
    let mut rest = marks[at + 1..].iter().filter(|mark| !mark.is_single());
    opener.shape != '"'
        && rest.next().is_some_and(Mark::is_close_shape)
        && rest.next().is_some_and(Mark::is_close_shape)
}

impl Mark {
    fn is_single(&self) -> bool {
        is_apostrophe(self.shape) || self.shape == '‚'
    }

    fn is_close_shape(&self) -> bool {
        matches!(self.shape, '”' | '»' | '›')
    }

    fn after_gap(&self) -> bool {
        self.before.is_whitespace() || matches!(self.before, '(' | '[' | '—' | '–' | '-' | '/') || self.before == '…'
    }

    /// Whether it opens a quotation where none is open.
    fn opens(&self, next: Option<&Mark>) -> bool {
        match self.shape {
            '“' | '„' | '‟' | '«' | '‹' => true,
            '”' | '»' | '›' => self.after_gap() && self.after.is_alphanumeric() && next.is_some(),
            _ if self.after.is_whitespace() => self.before.is_whitespace() && next.is_some(),
            _ => self.after_gap() || !self.before.is_alphanumeric() && !matches!(self.after, ',' | '.' | ';'),
        }
    }

    /// Whether it closes the quotation that `opener` opened.
    fn closes(&self, opener: &Mark, text: &str) -> bool {
        match self.shape {
            '”' | '›' => true,
            '»' | '«' => matches!(opener.shape, '«' | '»') && opener.shape != self.shape,
            '“' => opener.shape == '„' || (opener.shape == '"' && !self.after_gap()),
            '„' | '‟' | '‹' => false,
            _ => {
                let opens_anew = self.before.is_whitespace() && !self.after.is_whitespace();
                !opens_anew || self.is_misplaced_close(text)
            }
        }
    }

    /// `"We lost, "he said`: the space stands on the wrong side.
    fn is_misplaced_close(&self, text: &str) -> bool {
        text[..self.range.start].trim_end().ends_with(',') && self.after.is_lowercase()
    }

    fn is_stray_close(&self) -> bool {
        let closes = match self.shape {
            '”' | '»' => true,
            '"' => !self.after.is_alphanumeric() && !self.before.is_ascii_digit(),
            _ => false,
        };
        closes && !self.before.is_whitespace() && self.range.start > 0
    }
}

/// The single mark that closes the one at `open`; `None` where that is an apostrophe.
fn closing_single(text: &str, marks: &[Mark], open: usize) -> Option<usize> {
    let opener = &marks[open];
    let starts = matches!(opener.shape, '‘' | '\'' | '`' | '‚')
        && (opener.after_gap() || matches!(opener.before, '"' | '“'))
        && (opener.after.is_alphanumeric() || matches!(opener.after, '…' | '[' | '$' | '#' | '.'));
    if !starts || is_elision(&text[opener.range.end..]) {
        return None;
    }
    let mut doubles = 0;
    for (at, mark) in marks.iter().enumerate().skip(open + 1).take(MOST_MARKS_INSIDE) {
        if opener.shape == '‘' && mark.shape == '”' && doubles % 2 == 0 {
            // "‘We lost,” he said": typed with two kinds of marks.
            return Some(at);
        }
        if !mark.is_single() {
            doubles += 1;
        } else if opens_again(mark) {
            return None;
        } else if !mark.before.is_whitespace() && !mark.after.is_alphanumeric() && doubles % 2 == 0 {
            if is_possessive(text, mark) && closes_later(&marks[at + 1..]) {
                continue;
            }
            return Some(at);
        }
    }
    None
}

fn opens_again(mark: &Mark) -> bool {
    mark.shape != '’' && mark.before.is_whitespace() && mark.after.is_alphanumeric()
}

/// "the officials' plan"
fn is_possessive(text: &str, mark: &Mark) -> bool {
    mark.before == 's'
        && mark.after == ' '
        && text[mark.range.end..].trim_start().chars().next().is_some_and(char::is_alphanumeric)
}

fn closes_later(rest: &[Mark]) -> bool {
    rest.iter()
        .take(MOST_MARKS_INSIDE)
        .take_while(|mark| !opens_again(mark))
        .any(|mark| mark.is_single() && !mark.before.is_whitespace() && !mark.after.is_alphanumeric())
}

/// "'90s", "'em", "'til": an apostrophe that opens a word.
fn is_elision(rest: &str) -> bool {
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let years = word.len() >= 2 && word.as_bytes()[..2].iter().all(u8::is_ascii_digit) && word.len() <= 3;
    years || matches!(word, "em" | "til" | "tis" | "twas" | "cause" | "n" | "bout" | "cuz" | "Tis" | "Twas" | "Til")
}
