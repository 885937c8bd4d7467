//! Which quotations are speech, whose they are, and what that makes of each sentence.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::attribution::{self, Tag};
use super::names::subject_at;
use super::quotes::Quotation;
use super::speaker::Persons;
use super::tokens::{Kind, Token, within};
use super::voice::{self, SHORTEST_SPEECH};
use super::words::{BE, FUNCTION, NAMING, SAID, WORK};
use super::{Passage, indirect, words_in};
use crate::record::{Part, Voice};

/// Bytes between a verb of saying and a short quotation in what it reports.
const REPORT_REACH: usize = 200;
/// Bytes between a verb of naming and the short quotation that it hands on.
const NAMING_REACH: usize = 60;

/// What attribution says of one quotation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Speech {
    /// False for scare quotes and titles of works.
    pub spoken: bool,
    pub tag: Option<Tag>,
    pub speaker: Option<String>,
}

/// What the stage says of one sentence, besides its place.
pub(super) struct Reading {
    pub voice: Voice,
    pub indirect_speech: bool,
    pub speaker: Option<String>,
    /// Byte ranges in the sentence.
    pub quoted: Vec<Range<usize>>,
}

/// Goes through the article in reading order and says of each quotation whether it is speech, and whose.
pub(super) fn attribute(passages: &[Passage], quotations: &[Vec<Quotation>]) -> Vec<Vec<Speech>> {
    let mut persons = Persons::new(common_words(passages));
    for passage in passages {
        persons.note_names(passage.text, &passage.tokens);
    }
    let mut speech: Vec<Vec<Speech>> = Vec::with_capacity(passages.len());
    let mut first_sentence = 0;
    for (block, passage) in passages.iter().enumerate() {
        let before = block.checked_sub(1).map(|b| Before { passage: &passages[b], quotations: &quotations[b] });
        let carried = speech.last().and_then(|speech: &Vec<Speech>| speech.last()).cloned();
        let found = attribute_block(passage, &quotations[block], before, carried, &mut persons, first_sentence);
        speech.push(found);
        first_sentence += passage.sentences.len();
    }
    speech
}

/// The words of an article that it writes in lower case.
fn common_words<'p>(passages: &'p [Passage]) -> FxHashSet<&'p str> {
    let words = |passage: &'p Passage| passage.tokens.iter().map(|token| (token, token.text(passage.text)));
    let lower = |(token, word): (&Token, &'p str)| (token.kind == Kind::Word && !token.capital).then_some(word);
    passages.iter().flat_map(words).filter_map(lower).collect()
}

/// The block before, where a lead-in ("Ortiz continued:") may stand.
struct Before<'p> {
    passage: &'p Passage<'p>,
    quotations: &'p [Quotation],
}

fn attribute_block(
    passage: &Passage,
    quotations: &[Quotation],
    before: Option<Before>,
    carried: Option<Speech>,
    persons: &mut Persons,
    first_sentence: usize,
) -> Vec<Speech> {
    if let Some(author) = &passage.post {
        let speech = Speech { spoken: true, tag: None, speaker: Some(author.clone()) };
        return vec![speech; quotations.len()];
    }
    let mut found: Vec<Speech> = Vec::with_capacity(quotations.len());
    let mut noted = 0;
    for (at, quotation) in quotations.iter().enumerate() {
        let sentence = sentence_at(passage, quotation.outer.start);
        while noted <= sentence {
            note_subject(passage, noted, quotations, persons, first_sentence);
            noted += 1;
        }
        let tag = attribution::find(passage, quotations, at);
        let mut speaker = tag.as_ref().and_then(|tag| persons.resolve(&tag.source, first_sentence + sentence));
        if tag.is_none() {
            speaker = if quotation.continues {
                carried.as_ref().filter(|_| at == 0).and_then(|last| last.speaker.clone())
            } else {
                same_turn(passage, quotations, &found, at)
                    .or_else(|| next_paragraph(passage, quotations, at, before.as_ref(), carried.as_ref()))
                    .or_else(|| lead_in(passage, quotations, sentence, before.as_ref(), persons, first_sentence))
            };
        }
        let spoken = quotation.continues || is_speech(passage, quotation, tag.as_ref());
        found.push(Speech { spoken, speaker: speaker.filter(|_| spoken), tag });
    }
    while noted < passage.sentences.len() {
        note_subject(passage, noted, quotations, persons, first_sentence);
        noted += 1;
    }
    found
}

fn sentence_at(passage: &Passage, byte: usize) -> usize {
    passage.sentences.partition_point(|s| s.end <= byte).min(passage.sentences.len().saturating_sub(1))
}

fn note_subject(passage: &Passage, sentence: usize, quotations: &[Quotation], persons: &mut Persons, first: usize) {
    let Some(range) = passage.sentences.get(sentence) else { return };
    if quotations.iter().any(|q| q.outer.start <= range.start && range.start < q.outer.end) {
        return;
    }
    let (starts, end) = attribution::subject_starts(passage, range);
    for start in starts {
        if let Some((source, _)) = subject_at(passage.text, &passage.tokens, start, end) {
            persons.note_subject(&source, first + sentence);
        }
    }
}

/// `“We lost,” Ortiz said. “We left.”`: with nothing but a tag between, the speaker goes on.
fn same_turn(passage: &Passage, quotations: &[Quotation], found: &[Speech], at: usize) -> Option<String> {
    let previous = at.checked_sub(1)?;
    let speaker = found[previous].speaker.clone()?;
    let (from, to) = (&quotations[previous], &quotations[at]);
    let sentence = sentence_at(passage, to.outer.start);
    let spoken = sentence_at(passage, from.outer.end - 1);
    let next = sentence == spoken + 1 && passage.sentences[sentence].start == to.outer.start;
    (sentence == spoken || next).then_some(speaker)
}

/// A paragraph that is all quotation, after one that ended in a quotation with its tag: the same speaker goes on. Where
/// the tag does not come last, the convention of leaving the quotation open says so; without either, nobody knows.
fn next_paragraph(
    passage: &Passage,
    quotations: &[Quotation],
    at: usize,
    before: Option<&Before>,
    carried: Option<&Speech>,
) -> Option<String> {
    let (before, carried) = (before?, carried?);
    let whole = at == 0 && quotations[at].outer == (0..passage.text.len());
    let (tag, last) = (carried.tag.as_ref()?, before.quotations.last()?);
    let ends_in_tag = tag.adjacent
        && before.passage.tokens[tag.tokens.start].start >= last.outer.end
        && sentence_at(before.passage, last.inner.end - 1) + 1 == before.passage.sentences.len();
    (whole && ends_in_tag).then(|| carried.speaker.clone())?
}

/// The subject of a sentence that ends in a colon right before the quotation, in this block or the one before.
fn lead_in(
    passage: &Passage,
    quotations: &[Quotation],
    sentence: usize,
    before: Option<&Before>,
    persons: &mut Persons,
    first_sentence: usize,
) -> Option<String> {
    let (passage, quotations, range) = match sentence.checked_sub(1) {
        Some(previous) => (passage, quotations, &passage.sentences[previous]),
        None => before.and_then(|b| Some((b.passage, b.quotations, b.passage.sentences.last()?)))?,
    };
    if !passage.text[range.clone()].ends_with(':') {
        return None;
    }
    let tag = attribution::reported(passage, range, quotations)?;
    persons.resolve(&tag.source, first_sentence + sentence)
}

fn is_speech(passage: &Passage, quotation: &Quotation, tag: Option<&Tag>) -> bool {
    let words = words_in(passage, quotation);
    if words == 0 {
        return false;
    }
    let adjacent = tag.is_some_and(|tag| tag.adjacent);
    let set_off = adjacent && is_set_off(passage, quotation) && !is_programme(passage, quotation);
    if is_title(passage, quotation) && !set_off {
        return false;
    }
    if adjacent {
        return true;
    }
    words >= SHORTEST_SPEECH || governs(passage, quotation, tag)
}

/// Whether a comma or colon joins a quotation to its tag: “told “Fox News Sunday” that” has none.
fn is_set_off(passage: &Passage, quotation: &Quotation) -> bool {
    let before = passage.text[..quotation.outer.start].trim_end();
    before.ends_with([',', ':']) || passage.text[quotation.inner.clone()].ends_with([',', '?', '!', '.'])
}

/// Whether what stands before a title makes it a broadcast's: “on “Fox News Sunday,” Ortiz said”, “ABC's “This Week,” Ortiz said”.
fn is_programme(passage: &Passage, quotation: &Quotation) -> bool {
    let before = passage.text[..quotation.outer.start].trim_end();
    [" on", "'s", "’s"].iter().any(|lead| before.ends_with(lead))
}

/// A short quotation belongs to a verb of its sentence: "called them “animals”", "said it was “unfair”". The words of a
/// report are the speaker's as far as it goes; a verb of naming must stand near, and have a subject where its
/// participle may be meant ("a thing called “the Left”").
fn governs(passage: &Passage, quotation: &Quotation, tag: Option<&Tag>) -> bool {
    let range = &passage.sentences[sentence_at(passage, quotation.outer.start)];
    let near = |verb: usize, bytes: usize| {
        let verb = &passage.tokens[verb];
        verb.start >= range.start && quotation.outer.start.checked_sub(verb.end).is_some_and(|gap| gap <= bytes)
    };
    let tagged = tag.is_some_and(|tag| {
        let (first, last) = (&passage.tokens[tag.tokens.start], tag.tokens.end - 1);
        first.text(passage.text).eq_ignore_ascii_case("according")
            || passage.tokens[last].is(SAID) && near(last, REPORT_REACH)
            || passage.tokens[last].is(NAMING) && near(last, NAMING_REACH)
    });
    let before = within(&passage.tokens, &(range.start..quotation.outer.start));
    tagged
        || before.rev().take(12).any(|at| {
            let (token, subject) = (&passage.tokens[at], at.checked_sub(1).map(|before| &passage.tokens[before]));
            let ambiguous =
                matches!(token.text(passage.text), "called" | "dubbed" | "labeled" | "labelled" | "branded");
            token.is(NAMING) && !ambiguous && near(at, NAMING_REACH) && !subject.is_some_and(|subject| subject.is(BE))
        })
}

/// Title case and short, or announced as a work: "the documentary “Into the Sea”".
fn is_title(passage: &Passage, quotation: &Quotation) -> bool {
    let inside = within(&passage.tokens, &quotation.inner);
    let outside = within(&passage.tokens, &(0..quotation.outer.start));
    let lead = passage.tokens[outside].iter().rfind(|token| !matches!(token.kind, Kind::Colon | Kind::Comma));
    if lead.is_some_and(|token| token.is(WORK)) {
        return true;
    }
    if passage.part == Part::Headline {
        // All is title case there: only a slogan's length tells.
        return words_in(passage, quotation) <= SHORTEST_SPEECH;
    }
    let words: Vec<_> = passage.tokens[inside.clone()].iter().filter(|token| token.kind == Kind::Word).collect();
    let stop = passage.tokens[inside.clone()].iter().position(|token| token.kind == Kind::Stop);
    let stops = stop.is_some_and(|at| at + 1 < inside.len());
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let all_capital = words.iter().all(|token| token.capital || token.is(FUNCTION | BE));
    let capitals = words.iter().filter(|token| token.capital).count();
    words.len() <= 14 && first.capital && last.capital && all_capital && capitals >= 2 && !stops
}

/// The reading of one sentence of a block.
pub(super) fn read(passage: &Passage, range: &Range<usize>, quotations: &[Quotation], speech: &[Speech]) -> Reading {
    let cut = |q: &Range<usize>| q.start.max(range.start)..q.end.min(range.end);
    let first = quotations.partition_point(|q| q.outer.end <= range.start);
    let touching: Vec<usize> = (first..quotations.len())
        .take_while(|&at| quotations[at].outer.start < range.end)
        .filter(|&at| speech[at].spoken && !cut(&quotations[at].inner).is_empty())
        .collect();
    let outer: Vec<_> = touching.iter().map(|&at| cut(&quotations[at].outer)).collect();
    let tags: Vec<_> = touching.iter().filter_map(|&at| speech[at].tag.as_ref()).collect();
    let voice = voice::of(&passage.tokens, range, &outer, &tags);
    let quoted = touching
        .iter()
        .map(|&at| cut(&quotations[at].inner))
        .map(|q| q.start - range.start..q.end - range.start)
        .collect();
    Reading {
        voice,
        indirect_speech: voice == Voice::Narration && indirect::reports_speech(passage, range, quotations),
        speaker: touching.iter().find_map(|&at| speech[at].speaker.clone()),
        quoted,
    }
}
