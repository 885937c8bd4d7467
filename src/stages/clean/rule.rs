//! A cleaning rule as it is written down, by us or by a user.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::record::Part;

/// A rule that a pattern can express. In a file: `family = "..."`, then `[[rule]]` tables with these keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique snake_case name; the one that `removals` and the audit carry.
    pub id: String,
    /// Regular expression in the syntax of the `regex` crate. Where it has to match is the scope's business: it needs
    /// no `^` and no `$`. `{name}` stands for a person's name, `{names}` for a list of names, `{agency}` for a news
    /// agency's, `{date}` for a date, `{phrase}` for words without the end of a sentence.
    pub pattern: String,
    pub scope: Scope,
    /// For scope `between`: what the last paragraph of the stretch matches from end to end.
    #[serde(default)]
    pub until: Option<String>,
    /// Which part of the article it looks at.
    #[serde(default = "body")]
    pub part: Part,
    #[serde(default)]
    pub position: Position,
    /// A paragraph of more words (or, for `prefix` and `suffix`, a match of more) is never removed.
    #[serde(default = "max_words")]
    pub max_words: usize,
    /// Words of which one has to stand in the paragraph, in any case, for the rule to be tried at all. It makes a pattern
    /// that can match from anywhere as cheap as one that starts with a word of its own.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The removed text names an agency that the story is owed to, at least in part.
    #[serde(default)]
    pub credits_agency: bool,
    pub description: String,
    /// Paragraphs that the rule removes something from; each is a test.
    pub examples: Vec<String>,
    /// Paragraphs that look alike and stay whole; each is a test.
    #[serde(default)]
    pub counter_examples: Vec<String>,
}

/// What a match takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The paragraph, if the pattern matches all of it.
    Paragraph,
    /// The paragraph, if it ends with a match.
    Ending,
    /// The match, at the start of a paragraph.
    Prefix,
    /// The match, at the end of a paragraph and after the end of a sentence.
    Suffix,
    /// The match, anywhere in a paragraph.
    Inside,
    /// The paragraphs from one that the pattern matches to the nearest that `until` matches, at most 12 of them.
    Between,
}

/// Where in the article a rule may fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    #[default]
    Anywhere,
    /// In the first six paragraphs.
    Top,
    /// In the last eight paragraphs.
    End,
}

fn body() -> Part {
    Part::Body
}

fn max_words() -> usize {
    45
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    family: String,
    rule: Vec<Rule>,
}

/// The family's name and its rules, out of the text of a rule file; `file` names it in errors.
pub(super) fn parse(toml: &str, file: &str) -> Result<(String, Vec<Rule>)> {
    let family: Family = toml::from_str(toml).map_err(|error| Error::Config(format!("{file}: {error}")))?;
    Ok((family.family, family.rule))
}

impl Rule {
    /// The rules of a user's own file. They are not tried on their examples: see [`super::check`].
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read, [`Error::Config`] where it is not a rule file.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Rule>> {
        let path = path.as_ref();
        let toml = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Ok(parse(&toml, &path.display().to_string())?.1)
    }

    /// The rules of a user's own file, each tried on its examples first.
    ///
    /// # Errors
    /// As [`Rule::read`], and [`Error::Config`] where a rule fails an example of its own: a pattern that removes nothing,
    /// or too much, would spoil a run in silence.
    pub fn read_checked(path: impl AsRef<Path>) -> Result<Vec<Rule>> {
        let path = path.as_ref();
        let rules = Self::read(path)?;
        match super::check(&rules)?.first() {
            None => Ok(rules),
            Some(failed) => Err(Error::Config(format!(
                "{}: cleaning rule \"{}\" fails its example \"{}\": {}; `framescope rules check` shows every one",
                path.display(),
                failed.rule,
                failed.example,
                failed.what
            ))),
        }
    }

    /// The pattern with its placeholders filled in, anchored as the scope wants it.
    pub(super) fn anchored(&self) -> String {
        let pattern = fill(&self.pattern);
        match self.scope {
            Scope::Paragraph | Scope::Between => format!("^(?:{pattern})$"),
            Scope::Ending | Scope::Suffix => format!("(?:{pattern})$"),
            Scope::Prefix => format!("^(?:{pattern})"),
            Scope::Inside => pattern,
        }
    }
}

/// The placeholders become patterns. Word boundaries are those of ASCII: for the others the regex crate
/// has only its slow engines, fifty times slower on text with a curly quote in it.
pub(super) fn fill(pattern: &str) -> String {
    let placeholders =
        [("{names}", NAMES), ("{name}", NAME), ("{agency}", AGENCY), ("{date}", DATE), ("{phrase}", PHRASE)];
    let filled =
        placeholders.iter().fold(pattern.to_owned(), |pattern, (placeholder, with)| pattern.replace(placeholder, with));
    filled.replace(r"\b", r"(?-u:\b)")
}

/// Two to five capitalised words, with initials and the particles of names between them.
const NAME: &str = r"(?-i:\p{Lu}(?:\.(?:\p{Lu}\.)*|[\p{L}’'-]*)(?: (?:(?:de|da|del|della|di|du|la|le|van|von|der|den|bin|al|el|y) ){0,2}\p{Lu}(?:\.|[\p{L}’'-]*)){1,4}(?:,? (?:Jr|Sr|II|III)\.?)?)";

/// Capitalised words with what joins names, places and roles.
const NAMES: &str = r"(?-i:(?:(?:\p{Lu}\S*|and|in|from|with|by|the|for|of|at|additional|reporting|editing|writing|de|van|von|al|&|—|–|-)[\s,;]*)+)";

/// No sentence ends inside; a full stop after a short capitalised word is an abbreviation's.
const PHRASE: &str = r"(?-i:(?:[^.!?]|[.!?][\p{L}\d]|\b(?:\p{Lu}|St|Dr|Mrs?|Ms|Sen|Rep|Gov|Jr|Sr)\.)*)";

const AGENCY: &str = r"(?:[Tt]he )?(?:AP|Associated Press|Reuters|Thomson Reuters|AFP|Agence[ -]France[ -]Presse|UPI|United Press International|Bloomberg(?: News)?|PA(?: Media)?|Press Association|dpa|Canadian Press|Xinhua|Kyodo(?: News)?|EFE|ANSA|TASS|(?-i:\p{Lu}\p{L}+ )(?:Wire|News Service|News Agency))";

const DATE: &str = r"(?:(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)\.?,? )?(?:(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?|\d{1,2} (?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.? \d{4}|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2}-\d{2})";
