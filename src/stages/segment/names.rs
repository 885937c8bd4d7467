//! Noun phrases that can be a source: a name, a pronoun, or a description by role.

use std::ops::Range;

use super::tokens::{Kind, Token, without_possessive};
use super::words::{
    AFTER_TAG, BE, BODY, CALENDAR, Classes, DETERMINER, FEMALE, FUNCTION, HE, MALE, NAMING, NO_SOURCE, PARTICLE, ROLE,
    SAID, SHE, THEY, TITLE,
};

/// Who is named as the source of a quotation, as the text puts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A name without titles, and the gender that a title gives it.
    Named { name: String, gender: Classes },
    /// `HE`, `SHE` or `THEY`.
    Pronoun(Classes),
    /// "a spokesman for the agency", "police".
    Described(String),
}

/// Words of a phrase; longer ones are misread clauses.
const LONGEST_PHRASE: usize = 14;

/// Words of a name; longer runs of capitals are debris.
const LONGEST_NAME: usize = 5;

/// The noun phrase that opens at token `from`, and the token after it.
pub(super) fn phrase_at(text: &str, tokens: &[Token], from: usize, limit: usize) -> Option<(Source, usize)> {
    noun_phrase(text, tokens, from, limit, |_| false)
}

/// The same where no verb of saying follows to end the phrase: "Ortiz met Hale" opens with Ortiz.
pub(super) fn subject_at(text: &str, tokens: &[Token], from: usize, limit: usize) -> Option<(Source, usize)> {
    noun_phrase(text, tokens, from, limit, |at| {
        let (before, token) = (&tokens[at - 1], &tokens[at]);
        let roles = tokens[at..limit.min(at + 3)].iter().take_while(|t| t.kind == Kind::Word && !t.capital);
        let leaves_name = before.capital && !token.capital && !before.is(DETERMINER | FUNCTION);
        let enters_name = token.capital && !before.capital;
        let leaves_head = before.is(ROLE | TITLE | BODY) && !before.capital && token.classes == 0 && !token.capital;
        leaves_head
            || leaves_name
                && !token.is(PARTICLE)
                && !is_preposition(text, token)
                && !roles.clone().any(|t| t.is(ROLE | TITLE))
            || enters_name && !before.is(ROLE | TITLE | DETERMINER | FUNCTION)
    })
}

fn noun_phrase(
    text: &str,
    tokens: &[Token],
    from: usize,
    limit: usize,
    stops: impl Fn(usize) -> bool,
) -> Option<(Source, usize)> {
    let first = tokens[..limit].get(from).filter(|token| token.kind == Kind::Word)?;
    if first.is(HE | SHE | THEY) {
        return Some((pronoun(first), from + 1));
    }
    if first.is(NO_SOURCE) || first.is(FUNCTION) && !first.is(DETERMINER) {
        return None;
    }
    let mut end = from;
    while end < limit.min(from + LONGEST_PHRASE)
        && goes_on(text, tokens, from, end, limit)
        && !(end > from && stops(end))
    {
        end += 1;
    }
    let source = source_of(text, &tokens[from..end])?;
    let after = past_parenthesis(text, tokens, end, limit);
    match (&source, name_in_apposition(text, tokens, after, limit)) {
        (Source::Described(_), Some((name, end))) => Some((name, end)),
        _ => Some((source, after)),
    }
}

fn goes_on(text: &str, tokens: &[Token], from: usize, at: usize, limit: usize) -> bool {
    let token = &tokens[at];
    let participle = at > from + 1 && token.classes == 0 && !token.capital && token.text(text).ends_with("ed");
    if token.kind != Kind::Word || token.is(CALENDAR) || participle {
        return false;
    }
    if at == from || !token.is(FUNCTION | SAID | NAMING | BE | AFTER_TAG) || token.is(PARTICLE) {
        return at == from || !token.is(SAID | NAMING) || token.is(TITLE);
    }
    // "of the agency", "for Mr. Ortiz": a preposition, and what it governs.
    let next = tokens[..limit].get(at + 1);
    let governs = next.is_some_and(|next| {
        next.kind == Kind::Word && (next.capital || next.is(DETERMINER)) && !next.is(CALENDAR | HE | SHE | THEY)
    });
    let joins = matches!(token.text(text), "of" | "for" | "at" | "from" | "with") && governs;
    joins || token.is(DETERMINER) && is_preposition(text, &tokens[at - 1]) || token.capital && !token.is(FUNCTION)
}

fn is_preposition(text: &str, token: &Token) -> bool {
    matches!(token.text(text), "of" | "for" | "at" | "from" | "with" | "in")
}

/// ", Lena Ortiz" after a description.
fn name_in_apposition(text: &str, tokens: &[Token], comma: usize, limit: usize) -> Option<(Source, usize)> {
    tokens[..limit].get(comma).filter(|token| token.kind == Kind::Comma)?;
    let names =
        tokens[comma + 1..limit].iter().take_while(|token| token.capital && !token.is(FUNCTION | CALENDAR)).count();
    let end = comma + 1 + names;
    let closed =
        tokens[..limit].get(end).is_none_or(|token| matches!(token.kind, Kind::Comma | Kind::Stop | Kind::Mark));
    (names >= 2 && closed).then(|| named(text, &tokens[comma + 1..end]))?.map(|source| (source, end))
}

fn past_parenthesis(text: &str, tokens: &[Token], at: usize, limit: usize) -> usize {
    if tokens[..limit].get(at).is_none_or(|token| token.text(text) != "(") {
        return at;
    }
    (at..limit.min(at + 10)).find(|&end| tokens[end].text(text) == ")").map_or(at, |close| close + 1)
}

/// The noun phrase that ends before token `end`, and the token it opens at.
pub(super) fn phrase_before(text: &str, tokens: &[Token], end: usize, floor: usize) -> Option<(Source, usize)> {
    let end = before_parenthesis(text, tokens, end, floor);
    let last = tokens[floor..end].last()?;
    match last.kind {
        Kind::Comma => before_apposition(text, tokens, end - 1, floor),
        Kind::Word if last.is(HE | SHE | THEY) => Some((pronoun(last), end - 1)),
        Kind::Word if last.is(NO_SOURCE) || last.is(FUNCTION | CALENDAR | SAID) => None,
        Kind::Word => {
            let start = phrase_start(text, tokens, end, floor);
            source_of(text, &tokens[start..end]).map(|source| (source, start))
        }
        _ => None,
    }
}

fn before_parenthesis(text: &str, tokens: &[Token], end: usize, floor: usize) -> usize {
    if tokens[floor..end].last().is_none_or(|token| token.text(text) != ")") {
        return end;
    }
    (end.saturating_sub(10).max(floor)..end).rfind(|&at| tokens[at].text(text) == "(").unwrap_or(end)
}

/// "Lena Ortiz, the mayor, said" and "the mayor, Lena Ortiz, said"; `comma` is the one before the verb.
fn before_apposition(text: &str, tokens: &[Token], comma: usize, floor: usize) -> Option<(Source, usize)> {
    let mut close = comma;
    for _ in 0..3 {
        let open = (close.saturating_sub(25).max(floor)..close).rfind(|&at| tokens[at].kind == Kind::Comma)?;
        let inside = &tokens[open + 1..close];
        if inside.len() >= 2 && inside.iter().all(|token| token.capital && !token.is(FUNCTION | BODY | CALENDAR)) {
            return named(text, inside).map(|source| (source, open + 1));
        }
        if let Some((source, start)) = phrase_before(text, tokens, open, floor).filter(|(s, _)| is_head(s)) {
            return Some((source, start));
        }
        close = open;
    }
    None
}

fn is_head(source: &Source) -> bool {
    !matches!(source, Source::Pronoun(_))
}

fn phrase_start(text: &str, tokens: &[Token], end: usize, floor: usize) -> usize {
    let lowest = end.saturating_sub(LONGEST_PHRASE).max(floor);
    let mut start = end - 1;
    while start > lowest {
        let token = &tokens[start - 1];
        let determined = tokens[start].is(DETERMINER) && !is_preposition(text, token);
        if token.kind != Kind::Word || determined || token.is(CALENDAR | BE) {
            break;
        }
        let content = !token.is(FUNCTION | SAID) || token.is(PARTICLE) || token.is(TITLE);
        let joins =
            token.is(DETERMINER) || is_preposition(text, token) && start > lowest + 1 && governs_back(tokens, start);
        if !(content || joins) {
            break;
        }
        start -= 1;
    }
    // A preposition opens no noun phrase.
    while start + 1 < end && tokens[start].is(FUNCTION) && !tokens[start].is(DETERMINER) {
        start += 1;
    }
    start
}

/// Whether a preposition before `start` hangs on a noun that can be a source.
fn governs_back(tokens: &[Token], start: usize) -> bool {
    tokens[start - 2].is(ROLE | TITLE) || tokens[start - 2].capital && !tokens[start - 2].is(FUNCTION)
}

fn pronoun(token: &Token) -> Source {
    Source::Pronoun(token.classes & (HE | SHE | THEY))
}

/// What a whole noun phrase names: the name it ends in, else the person before a preposition, else a description.
fn source_of(text: &str, phrase: &[Token]) -> Option<Source> {
    let (first, last) = (phrase.first()?, phrase.last()?);
    if let Some(at) = phrase.iter().position(|token| is_preposition(text, token)) {
        let head = &phrase[..at];
        let run = capital_run(head);
        let titles = head.iter().rposition(|token| token.is(TITLE)).map_or(0, |last| last + 1);
        let name = run.start.max(titles)..run.end;
        let titled = titles > run.start;
        if (titled && !name.is_empty() || name.len() >= 2) && !head[name].iter().any(|t| t.is(BODY | ROLE)) {
            return named(text, &head[run]);
        }
        let describes = first.is(DETERMINER) || head.iter().any(|token| token.is(ROLE | TITLE | BODY));
        let office = office_holder(text, phrase, at);
        return office.or_else(|| describes.then(|| described(text, phrase))?);
    }
    let run = capital_run(phrase);
    let proper = run.end == phrase.len() && !run.is_empty();
    if proper && !(run.len() == 1 && last.is(ROLE | TITLE | DETERMINER)) {
        return named(text, &phrase[run]);
    }
    let determined = first.is(DETERMINER) && phrase.len() > 1;
    (determined || last.is(ROLE | TITLE) && run.len() <= 1).then(|| described(text, phrase))?
}

/// "Secretary of State John Kerry": the last two names after the office.
fn office_holder(text: &str, phrase: &[Token], preposition: usize) -> Option<Source> {
    let rest = &phrase[preposition + 1..];
    let run = capital_run(rest);
    let titled = phrase[..preposition].last().is_some_and(|token| token.is(TITLE) && token.capital);
    (titled && run.len() >= 3 && run.end == rest.len()).then(|| named(text, &rest[rest.len() - 2..]))?
}

/// The capitalised words that the phrase ends in, particles included.
fn capital_run(phrase: &[Token]) -> Range<usize> {
    let mut start = phrase.len();
    while start > 0 {
        let token = &phrase[start - 1];
        let inside = token.is(PARTICLE) && start < phrase.len() && start > 1 && phrase[start - 2].capital;
        if !(token.capital && !token.is(FUNCTION) || inside) {
            break;
        }
        start -= 1;
    }
    start..phrase.len()
}

/// A name from capitalised words: titles are cut off and give the gender.
fn named(text: &str, run: &[Token]) -> Option<Source> {
    let titles = run.iter().rposition(|token| token.is(TITLE) || is_possessive(text, token)).map_or(0, |last| last + 1);
    if run.len() > titles + LONGEST_NAME {
        return None;
    }
    let (title, mut name) = run.split_at(titles);
    while name.first().is_some_and(|token| token.is(CALENDAR)) {
        name = &name[1..];
    }
    let owned = title.last().is_some_and(|token| is_possessive(text, token));
    if owned && name.first().is_some_and(|token| token.is(BODY)) {
        return None;
    }
    let gender = title.iter().fold(0, |bits, token| bits | token.classes & (MALE | FEMALE));
    match (name.first(), name.last()) {
        (Some(first), Some(last)) => {
            let name = without_possessive(&text[first.start..last.end]).to_owned();
            Some(Source::Named { name, gender })
        }
        _ => described(text, run),
    }
}

fn is_possessive(text: &str, token: &Token) -> bool {
    without_possessive(token.text(text)).len() < token.end - token.start
}

fn described(text: &str, phrase: &[Token]) -> Option<Source> {
    let (first, last) = (phrase.first()?, phrase.last()?);
    Some(Source::Described(text[first.start..last.end].to_owned()))
}
