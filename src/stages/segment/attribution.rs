//! Attribution tags: which words of the text around a quotation say whose it is.

use std::ops::Range;

use super::Passage;
use super::names::{Source, phrase_at, phrase_before};
use super::quotes::Quotation;
use super::tokens::{Kind, Token, within};
use super::words::{AFTER_TAG, BE, CLAUSE, FILLER, FUNCTION, NAMING, PARTICIPLE, SAID};

/// A tag of a quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub source: Source,
    /// Token range from subject to verb.
    pub tokens: Range<usize>,
    /// Stands right beside the quotation, with nothing between that the quotation completes: "…," she said.
    pub adjacent: bool,
}

/// Tokens that a search runs over at most, so that an endless sentence costs no more than a long one.
const REACH: usize = 80;

/// The tag of quotation `at` among those of its block.
pub(super) fn find(passage: &Passage, quotations: &[Quotation], at: usize) -> Option<Tag> {
    let quotation = &quotations[at];
    let sentence = |byte: usize| passage.sentences.partition_point(|s| s.end <= byte).min(passage.sentences.len() - 1);
    let first = &passage.sentences[sentence(quotation.outer.start)];
    let last = &passage.sentences[sentence(quotation.inner.end.saturating_sub(1))];
    let next = quotations.get(at + 1).map_or(usize::MAX, |q| q.outer.start);
    let previous = at.checked_sub(1).map_or(0, |before| quotations[before].outer.end);
    let after = within(&passage.tokens, &(quotation.outer.end..last.end.min(next)));
    let between = within(&passage.tokens, &(first.start.max(previous)..quotation.outer.start));
    let whole = within(&passage.tokens, &(first.start..quotation.outer.start));
    let search = Search { text: passage.text, tokens: &passage.tokens, quotations };
    search
        .tag_after(after.start..after.end.min(after.start + REACH))
        .or_else(|| search.tag_before(between.start.max(between.end.saturating_sub(REACH))..between.end))
        .or_else(|| search.tag_before(whole.start.max(whole.end.saturating_sub(REACH))..whole.end))
        .or_else(|| search.according_to(after.start..after.end.min(after.start + REACH)))
        .or_else(|| search.according_to(whole.start..whole.end.min(whole.start + REACH)))
}

/// The source of a sentence that reports speech without quotation marks or leads in to a quotation.
pub(super) fn reported(passage: &Passage, sentence: &Range<usize>, quotations: &[Quotation]) -> Option<Tag> {
    let tokens = within(&passage.tokens, sentence);
    let search = Search { text: passage.text, tokens: &passage.tokens, quotations };
    let tokens = tokens.start.max(tokens.end.saturating_sub(REACH))..tokens.end;
    search.tag_before(tokens.clone()).or_else(|| search.according_to(tokens))
}

pub(super) struct Search<'p> {
    pub text: &'p str,
    pub tokens: &'p [Token],
    pub quotations: &'p [Quotation],
}

impl Search<'_> {
    fn quoted(&self, token: &Token) -> bool {
        let at = self.quotations.partition_point(|q| q.outer.end <= token.start);
        self.quotations.get(at).is_some_and(|q| q.outer.start < token.end)
    }

    fn skip_fillers(&self, mut at: usize, limit: usize) -> usize {
        while at < limit && (self.tokens[at].is(FILLER) || self.is_adverb(at)) {
            at += 1;
        }
        at
    }

    fn is_adverb(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.kind == Kind::Word && !token.capital && token.classes == 0 && token.text(self.text).ends_with("ly")
    }

    /// "said Ortiz", "Ortiz said", "Ortiz, the mayor, said", "according to Ortiz" after a closing mark.
    fn tag_after(&self, range: Range<usize>) -> Option<Tag> {
        let (text, tokens, limit) = (self.text, self.tokens, range.end);
        let mut from = range.start;
        while from < limit && matches!(tokens[from].kind, Kind::Comma | Kind::Dash) {
            from += 1;
        }
        let verb = self.skip_fillers(from, limit);
        if verb < limit && tokens[verb].is(SAID) && !tokens[verb].is(PARTICIPLE) {
            let (source, end) = phrase_at(text, tokens, verb + 1, limit)?;
            return Some(Tag { source, tokens: from..end, adjacent: true });
        }
        let (source, end) = phrase_at(text, tokens, from, limit)?;
        let verb = self.skip_fillers(end, limit);
        if verb < limit && tokens[verb].is(SAID) {
            return Some(Tag { source, tokens: from..verb + 1, adjacent: true });
        }
        let comma = tokens[..limit].get(end).filter(|token| token.kind == Kind::Comma)?;
        debug_assert!(comma.start >= tokens[from].end);
        let close = (end + 1..limit.min(end + 25)).find(|&at| {
            tokens[at].kind == Kind::Comma
                && tokens[..limit].get(self.skip_fillers(at + 1, limit)).is_some_and(|t| t.is(SAID))
        })?;
        let verb = self.skip_fillers(close + 1, limit);
        Some(Tag { source, tokens: from..verb + 1, adjacent: true })
    }

    /// "Ortiz said: “", "Ortiz called it “", "Ortiz: “" before an opening mark.
    pub(super) fn tag_before(&self, range: Range<usize>) -> Option<Tag> {
        let tokens = self.tokens;
        let verbs = range.clone().rev().filter(|&at| tokens[at].is(SAID | NAMING) && !self.quoted(&tokens[at]));
        for verb in verbs.take(3) {
            if let Some((source, start)) = self.subject_of(verb, range.start) {
                let adjacent = tokens[verb].is(SAID) && self.leads_in(verb + 1..range.end);
                return Some(Tag { source, tokens: start..verb + 1, adjacent });
            }
        }
        self.name_and_colon(range)
    }

    fn subject_of(&self, verb: usize, floor: usize) -> Option<(Source, usize)> {
        let (text, tokens) = (self.text, self.tokens);
        if tokens[verb].is(PARTICIPLE) {
            let opens = self.clause_start(floor, verb);
            return phrase_at(text, tokens, opens, verb).map(|(source, _)| (source, verb));
        }
        let mut end = verb;
        while end > floor && (tokens[end - 1].is(FILLER) && !tokens[end - 1].is(SAID) || self.is_adverb(end - 1)) {
            end -= 1;
        }
        let before = tokens[floor..end].last()?;
        if before.is(BE) || before.text(text) == "to" || self.quoted(before) {
            return None;
        }
        let end = if matches!(before.text(text), "who" | "and") { end - 1 } else { end };
        if before.text(text) == "and" {
            // "Ortiz stood up and said": the subject is the clause's.
            let opens = self.clause_start(floor, verb);
            return phrase_at(text, tokens, opens, verb).map(|(source, _)| (source, end));
        }
        let end = if before.text(text) == "who" && tokens[floor..end].last().is_some_and(|t| t.kind == Kind::Comma) {
            end - 1
        } else {
            end
        };
        phrase_before(text, tokens, end, floor)
    }

    /// Where the subject of a sentence may stand: after "But", "Meanwhile," and the like.
    fn clause_start(&self, floor: usize, limit: usize) -> usize {
        let mut at = floor;
        while at < limit && at < floor + 2 {
            let token = &self.tokens[at];
            let pronoun =
                token.is(super::words::HE | super::words::SHE | super::words::THEY | super::words::DETERMINER);
            if token.kind == Kind::Comma || token.is(FUNCTION) && !pronoun {
                at += 1;
            } else {
                break;
            }
        }
        at
    }

    /// Whether only a comma, a colon or a short complement stands between a verb and the quotation.
    fn leads_in(&self, rest: Range<usize>) -> bool {
        let rest = &self.tokens[rest];
        let Some((last, complement)) = rest.split_last() else { return true };
        let closed = matches!(last.kind, Kind::Comma | Kind::Colon);
        closed
            && complement.len() <= 12
            && !complement.iter().any(|t| t.is(CLAUSE) || t.kind == Kind::Stop)
            && complement.first().is_none_or(|token| token.is(AFTER_TAG) || last.kind == Kind::Colon)
    }

    /// "Ortiz: “We lost”", as in headlines and transcripts.
    fn name_and_colon(&self, range: Range<usize>) -> Option<Tag> {
        let colon = range.end.checked_sub(1).filter(|&at| at >= range.start)?;
        if self.tokens[colon].kind != Kind::Colon || colon - range.start > 6 {
            return None;
        }
        let (source, end) = phrase_at(self.text, self.tokens, range.start, colon)?;
        let named = matches!(source, Source::Named { .. }) && end == colon;
        named.then_some(Tag { source, tokens: range.start..colon + 1, adjacent: true })
    }

    pub(super) fn according_to(&self, range: Range<usize>) -> Option<Tag> {
        let (text, tokens) = (self.text, self.tokens);
        let at = range.clone().find(|&at| {
            tokens[at].text(text).eq_ignore_ascii_case("according")
                && tokens[..range.end].get(at + 1).is_some_and(|to| to.text(text) == "to")
                && !self.quoted(&tokens[at])
        })?;
        let (source, end) = phrase_at(text, tokens, at + 2, range.end)?;
        Some(Tag { source, tokens: at..end, adjacent: false })
    }
}
