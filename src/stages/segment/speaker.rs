//! From the words of a tag to a speaker: last names to full names, pronouns to the person last named.

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::Source;
use super::tokens::{Kind, Token, without_possessive};
use super::words::{BODY, CALENDAR, Classes, FEMALE, FUNCTION, HE, MALE, ROLE, SAID, SHE, SUFFIX, TITLE, classes};

/// Sentences after which a pronoun no longer reaches back to a name.
const PRONOUN_REACH: usize = 5;

/// Mentions that a pronoun looks back over at most.
const MOST_RECENT: usize = 30;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    name: String,
    gender: Classes,
}

/// The persons an article has named so far, and who was last spoken of.
#[derive(Debug, Default)]
pub(super) struct Persons<'t> {
    /// The article's words in lower case: one that opens a sentence is no part of the name after it, and no name.
    common: FxHashSet<&'t str>,
    /// Full names by last name.
    by_last_name: FxHashMap<String, Vec<Person>>,
    /// Person subjects and speakers, latest last, with the number of the sentence.
    recent: Vec<(Person, usize)>,
    /// The latest source that is no person.
    last_group: Option<(String, usize)>,
}

impl<'t> Persons<'t> {
    pub(super) fn new(common: FxHashSet<&'t str>) -> Self {
        Self { common, ..Self::default() }
    }

    /// Notes the full names of a block, so that a last name alone can be resolved.
    pub(super) fn note_names(&mut self, text: &str, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            let run = tokens[at..].iter().take_while(|token| is_name_word(token)).count();
            let mut name = &tokens[at..at + run];
            let opens = at == 0 || matches!(tokens[at - 1].kind, Kind::Stop | Kind::Mark | Kind::Colon);
            if opens && name.first().is_some_and(|first| self.is_common(first.text(text)) && !first.is(MALE | FEMALE)) {
                name = &name[1..];
            }
            let titles = name.iter().rposition(|token| token.is(TITLE)).map_or(0, |last| last + 1);
            let gender = name[..titles].iter().fold(0, |bits, token| bits | token.classes & (MALE | FEMALE));
            self.note_name(text, &name[titles..], gender);
            at += run + 1;
        }
    }

    fn note_name(&mut self, text: &str, name: &[Token], title_gender: Classes) {
        let shouted = |token: &Token| token.end - token.start > 2 && !token.text(text).chars().any(char::is_lowercase);
        let person_like =
            (2..=4).contains(&name.len()) && !name.iter().any(|t| t.is(BODY | CALENDAR | ROLE) || shouted(t));
        let (Some(first), Some(last)) = (name.first(), name.last()) else { return };
        if !person_like {
            return;
        }
        let full = without_possessive(&text[first.start..last.end]).to_owned();
        let last = if last.is(SUFFIX) { &name[name.len() - 2] } else { last };
        let last_name = without_possessive(last.text(text)).to_owned();
        let gender = if title_gender == 0 { first.classes & (MALE | FEMALE) } else { title_gender };
        let known = self.by_last_name.entry(last_name).or_default();
        if !known.iter().any(|person| person.name == full) {
            known.push(Person { name: full, gender });
        }
    }

    /// The subject that opens a sentence, for the pronouns to come.
    pub(super) fn note_subject(&mut self, source: &Source, sentence: usize) {
        if let Source::Named { name, gender } = source
            && let Some(person) = self.person(name, *gender)
        {
            self.recent.push((person, sentence));
        }
    }

    /// The speaker that a source names, and that it was spoken of in this sentence.
    pub(super) fn resolve(&mut self, source: &Source, sentence: usize) -> Option<String> {
        match source {
            Source::Named { name, gender } => {
                let person = self.person(name, *gender);
                match person {
                    Some(person) => {
                        self.recent.push((person.clone(), sentence));
                        Some(person.name)
                    }
                    None if !name.contains(' ') && self.is_common(name) => None,
                    None => {
                        let person = Person { name: name.clone(), gender: *gender };
                        if name.split(' ').any(|word| is_acronym(word) || classes(word) & BODY != 0) {
                            self.last_group = Some((name.clone(), sentence));
                        } else {
                            self.recent.push((person, sentence));
                        }
                        Some(name.clone())
                    }
                }
            }
            Source::Described(description) => {
                self.last_group = Some((description.clone(), sentence));
                Some(description.clone())
            }
            Source::Pronoun(pronoun) => self.antecedent(*pronoun, sentence),
        }
    }

    fn is_common(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.common.contains(lower.as_str()) || OPENERS.contains(&lower.as_str())
    }

    fn antecedent(&mut self, pronoun: Classes, sentence: usize) -> Option<String> {
        let gender = match pronoun {
            HE => MALE,
            SHE => FEMALE,
            _ => {
                let (name, at) = self.last_group.as_ref()?;
                return (sentence <= at + 2).then(|| name.clone());
            }
        };
        let reach = || self.recent.iter().rev().take(MOST_RECENT).take_while(|(_, at)| sentence <= at + PRONOUN_REACH);
        let (person, at) = reach().find(|(person, _)| person.gender == 0 || person.gender & gender != 0)?.clone();
        // Somebody of unknown gender while another fits as well: the text leaves it open.
        let fits = |other: &Person| other.gender == 0 || other.gender & gender != 0;
        let rival = reach().any(|(other, then)| other.name != person.name && fits(other) && then + 2 >= at);
        if person.gender == 0 && rival {
            return None;
        }
        self.recent.push((person.clone(), sentence));
        Some(person.name)
    }

    /// The person a name stands for: the one full name that ends in it, or itself where it is a full name.
    fn person(&self, name: &str, gender: Classes) -> Option<Person> {
        let last = name.rsplit(' ').find(|word| classes(word) & SUFFIX == 0).unwrap_or(name);
        let known = self.by_last_name.get(last).map_or(&[][..], Vec::as_slice);
        if let Some(person) = known.iter().find(|person| person.name == name) {
            return Some(person.clone());
        }
        if name.contains(' ') {
            return None;
        }
        let fits = |person: &&Person| gender == 0 || person.gender == 0 || person.gender & gender != 0;
        let mut candidates = known.iter().filter(fits);
        match (candidates.next(), candidates.next()) {
            (Some(person), None) => Some(person.clone()),
            (None, _) if gender == 0 => None,
            _ => Some(Person { name: name.to_owned(), gender }),
        }
    }
}

/// Words that open a sentence before a name.
const OPENERS: [&str; 20] = [
    "impeach",
    "stop",
    "vote",
    "elect",
    "dump",
    "lock",
    "never",
    "almost",
    "take",
    "regarding",
    "consider",
    "update",
    "meet",
    "like",
    "enter",
    "ask",
    "watch",
    "former",
    "fellow",
    "see",
];

fn is_acronym(word: &str) -> bool {
    word.len() > 1 && !word.chars().any(char::is_lowercase)
}

fn is_name_word(token: &Token) -> bool {
    token.kind == Kind::Word && token.capital && !token.is(FUNCTION | SAID)
}
