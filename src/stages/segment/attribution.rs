//! Attribution tags: which words of the text around a quotation say whose it is.

use std::ops::Range;

use super::Passage;
use super::names::{Source, phrase_at, phrase_before, subject_at};
use super::quotes::Quotation;
use super::tokens::{Kind, Token, within};
use super::words::{
    AFTER_TAG, BE, CLAUSE, DETERMINER, FILLER, FUNCTION, HE, NAMING, PARTICIPLE, PLURAL, ROLE, SAID, SHE, SUBORDINATOR,
    THEY, TITLE,
};

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
        .or_else(|| search.tag_trailing(after.clone()))
        .or_else(|| search.according_to(after.start..after.end.min(after.start + REACH)))
        .or_else(|| search.according_to(whole.start..whole.end.min(whole.start + REACH)))
}

/// Where the subjects of a sentence may stand, as token indices: that of a clause before it first, then its own.
pub(super) fn subject_starts(passage: &Passage, sentence: &Range<usize>) -> (Vec<usize>, usize) {
    let tokens = within(&passage.tokens, sentence);
    let search = Search { text: passage.text, tokens: &passage.tokens, quotations: &[] };
    let own = search.clause_start(tokens.start, tokens.end);
    let subordinate = passage.tokens[tokens.clone()].first().is_some_and(|token| token.is(SUBORDINATOR));
    let starts = if subordinate { vec![tokens.start + 1, own] } else { vec![own] };
    (starts, tokens.end)
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
        tokens[..limit].get(end).filter(|token| token.kind == Kind::Comma)?;
        let close = (end + 1..limit.min(end + 25)).find(|&at| {
            tokens[at].kind == Kind::Comma
                && tokens[..limit].get(self.skip_fillers(at + 1, limit)).is_some_and(|t| t.is(SAID))
        })?;
        let verb = self.skip_fillers(close + 1, limit);
        Some(Tag { source, tokens: from..verb + 1, adjacent: true })
    }

    /// "“We lost” because of them, Ortiz said."
    fn tag_trailing(&self, range: Range<usize>) -> Option<Tag> {
        let tokens = self.tokens;
        let range = range.start.max(range.end.saturating_sub(REACH))..range.end;
        let verb = range.clone().rfind(|&at| tokens[at].is(SAID) && !self.quoted(&tokens[at]))?;
        let closes = tokens[..range.end].get(verb + 1).is_none_or(|token| token.kind == Kind::Stop);
        let (source, start) = self.subject_of(verb, range.start).filter(|_| closes)?;
        let after_comma = start > range.start && tokens[start - 1].kind == Kind::Comma;
        after_comma.then_some(Tag { source, tokens: start..verb + 1, adjacent: false })
    }

    /// "Ortiz said: “", "Ortiz called it “", "Ortiz: “" before an opening mark.
    pub(super) fn tag_before(&self, range: Range<usize>) -> Option<Tag> {
        let tokens = self.tokens;
        let inverted = |token: &&Token| token.is(SAID) && !token.is(PARTICIPLE) && token.capital;
        if tokens[..range.end].get(range.start).filter(inverted).is_some() {
            // "Added Ortiz: “"
            let (source, end) = phrase_at(self.text, tokens, range.start + 1, range.end)?;
            return Some(Tag { source, tokens: range.start..end, adjacent: self.leads_in(end..range.end) });
        }
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
            match tokens[floor..verb].last() {
                Some(before) if matches!(before.text(text), "for" | "of" | "without" | "from") => return None,
                Some(before) if before.is(DETERMINER) => return None,
                // "footage of Ortiz saying"
                Some(before) if before.capital && !before.is(FUNCTION) => {
                    return phrase_before(text, tokens, verb, floor);
                }
                _ => {}
            }
            let opens = self.clause_start(floor, verb);
            return subject_at(text, tokens, opens, verb).map(|(source, _)| (source, verb));
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
            return subject_at(text, tokens, opens, verb).map(|(source, _)| (source, end));
        }
        let end = if before.text(text) == "who" && tokens[floor..end].last().is_some_and(|t| t.kind == Kind::Comma) {
            end - 1
        } else {
            end
        };
        let (source, start) = phrase_before(text, tokens, end, floor)?;
        (!self.is_no_subject(start, end, verb, floor)).then_some((source, start))
    }

    /// "marching through the streets chanted", and "Republican claims", where the verb is a noun.
    fn is_no_subject(&self, start: usize, end: usize, verb: usize, floor: usize) -> bool {
        let governed = self.tokens[floor..start].last().is_some_and(|token| {
            let prepositions =
                ["in", "on", "at", "through", "about", "over", "against", "by", "to", "with", "of", "for"];
            prepositions.contains(&token.text(self.text))
        });
        let (first, head, verb) = (&self.tokens[start], &self.tokens[end - 1], &self.tokens[verb]);
        let name = head.is(HE | SHE | THEY) || head.capital;
        let adjective = matches!(head.text(self.text), "Republican" | "Democratic" | "GOP" | "American" | "Federal");
        let noun = verb.is(PLURAL) && !matches!(verb.text(self.text), "reads" | "notes");
        let counted =
            first.is(DETERMINER) && !matches!(first.text(self.text), "the" | "The" | "a" | "A" | "one" | "One");
        governed || adjective && verb.is(PLURAL) || noun && !name && (counted || !head.is(ROLE))
    }

    /// Where the subject of a sentence may stand: first, after "But", or after the comma of "In a letter,".
    fn clause_start(&self, floor: usize, limit: usize) -> usize {
        let opens = |at: usize| !self.tokens[at].is(FUNCTION) || self.tokens[at].is(HE | SHE | THEY | DETERMINER);
        if floor >= limit || opens(floor) {
            return floor;
        }
        let conjunction = matches!(self.tokens[floor].text(self.text), "But" | "And" | "So" | "Yet" | "Still" | "Then");
        if conjunction && floor + 1 < limit && opens(floor + 1) {
            return floor + 1;
        }
        (floor..limit.min(floor + 30)).find(|&at| self.tokens[at].kind == Kind::Comma).map_or(limit, |comma| comma + 1)
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

    /// "Ortiz: “We lost”", as in headlines and transcripts, and "Ortiz fired back: “We lost”".
    fn name_and_colon(&self, range: Range<usize>) -> Option<Tag> {
        let colon = range.end.checked_sub(1).filter(|&at| at >= range.start)?;
        if self.tokens[colon].kind != Kind::Colon {
            return None;
        }
        let opens = self.clause_start(range.start, colon);
        let (source, end) = subject_at(self.text, self.tokens, opens, colon)?;
        let person = matches!(source, Source::Named { .. } | Source::Pronoun(HE | SHE));
        let modal =
            |token: &Token| matches!(token.text(self.text), "should" | "must" | "would" | "could" | "can" | "will");
        if self.tokens[end..colon].iter().any(modal) {
            return None;
        }
        let labels = end < colon && self.tokens[end].kind == Kind::Colon;
        (person && !labels).then_some(Tag { source, tokens: range.start..colon + 1, adjacent: end == colon })
    }

    pub(super) fn according_to(&self, range: Range<usize>) -> Option<Tag> {
        let (text, tokens) = (self.text, self.tokens);
        let at = range.clone().find(|&at| {
            tokens[at].text(text).eq_ignore_ascii_case("according")
                && tokens[..range.end].get(at + 1).is_some_and(|to| to.text(text) == "to")
                && !self.quoted(&tokens[at])
        })?;
        let (source, end) = phrase_at(text, tokens, at + 2, range.end)?;
        // "according to the usual norms" names nobody.
        let can_speak = tokens[at + 2..end].iter().any(|t| t.capital || t.is(ROLE | TITLE | HE | SHE | THEY));
        can_speak.then_some(Tag { source, tokens: at..end, adjacent: false })
    }
}
