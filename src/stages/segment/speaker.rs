//! From the words of a tag to a speaker: last names to full names, pronouns to the person last named.

use rustc_hash::FxHashMap;

use super::names::Source;
use super::tokens::{Kind, Token, without_possessive};
use super::words::{BODY, CALENDAR, Classes, FEMALE, FUNCTION, HE, MALE, ROLE, SAID, SHE, TITLE};

/// Sentences after which a pronoun no longer reaches back to a name.
const PRONOUN_REACH: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    name: String,
    gender: Classes,
}

/// The persons an article has named so far, and who was last spoken of.
#[derive(Debug, Default)]
pub(super) struct Persons {
    /// Full names by last name.
    by_last_name: FxHashMap<String, Vec<Person>>,
    /// Person subjects and speakers, latest last, with the number of the sentence.
    recent: Vec<(Person, usize)>,
    /// The latest source that is no person.
    last_group: Option<(String, usize)>,
}

impl Persons {
    /// Notes the full names in a run of tokens, so that a last name alone can be resolved.
    pub(super) fn note_names(&mut self, text: &str, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            let run = tokens[at..].iter().take_while(|token| is_name_word(token)).count();
            let name = &tokens[at..at + run];
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
                    None => {
                        self.last_group = Some((name.clone(), sentence));
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

    fn antecedent(&mut self, pronoun: Classes, sentence: usize) -> Option<String> {
        let gender = match pronoun {
            HE => MALE,
            SHE => FEMALE,
            _ => {
                let (name, at) = self.last_group.as_ref()?;
                return (sentence <= at + 2).then(|| name.clone());
            }
        };
        let fits = |person: &Person| person.gender == 0 || person.gender & gender != 0;
        let (person, at) = self.recent.iter().rev().find(|(person, _)| fits(person))?.clone();
        if sentence > at + PRONOUN_REACH {
            return None;
        }
        self.recent.push((person.clone(), sentence));
        Some(person.name)
    }

    /// The person a name stands for: the one full name that ends in it, or itself where it is a full name.
    fn person(&self, name: &str, gender: Classes) -> Option<Person> {
        let last = name.rsplit(' ').next().unwrap_or(name);
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

fn is_name_word(token: &Token) -> bool {
    token.kind == Kind::Word && token.capital && !token.is(FUNCTION | SAID)
}
