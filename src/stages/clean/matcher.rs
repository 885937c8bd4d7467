//! The pattern rules, compiled once, and their work on a draft.
//!
//! Our own rules are compiled when a text first calls for them: all of them at once take a quarter of a second, most of what a
//! small run costs. A user's rules are compiled at the start, so that a wrong pattern is said before a run.
//!
//! A paragraph first meets a set that says which rules match at all; only those are then run for their range. Rules that
//! remove whole paragraphs never see long ones, and the ends of long ones are looked at through a window, so that the
//! cost is linear in the text with a small factor.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::agency;
use super::draft::{Draft, Paragraph, trimmed};
use super::rule::{Position, Rule, Scope, fill};
use super::wording::ends_sentence;
use crate::error::{Error, Result};
use crate::record::{Field, Part};

/// No rule removes a paragraph that is longer, or more than this from an end of one.
const WINDOW: usize = 900;
/// Prefixes and suffixes stand in rows ("ADVERTISEMENT Story Continues Below ..."), but not in long ones.
const MAX_ROUNDS: usize = 6;
/// The most paragraphs that a rule of scope `between` removes.
const MAX_BETWEEN: usize = 12;

pub struct Matcher {
    paragraph: Group,
    ending: Group,
    prefix: Group,
    suffix: Group,
    inside: Group,
    between: Group,
    title_prefix: Group,
    title_suffix: Group,
}

/// The rules of one scope and part: first those that are always tried, together, then those that need a word.
struct Group {
    always: RegexSet,
    rules: Vec<Compiled>,
    /// The words needed, and whose: indices of `rules`.
    needed: AhoCorasick,
    needed_by: Vec<usize>,
}

struct Compiled {
    rule: Rule,
    anchored: String,
    regex: OnceLock<Regex>,
    until: Option<Regex>,
}

impl Matcher {
    /// `built_in` must be rules whose patterns are known to compile.
    ///
    /// # Errors
    /// [`Error::Config`] where a pattern of the user's `own` is no regular expression, or a rule lacks what its scope needs.
    pub fn new(built_in: Vec<Rule>, own: Vec<Rule>) -> Result<Self> {
        let compiled = built_in.into_iter().map(|rule| Compiled::new(rule, false));
        let compiled = compiled.chain(own.into_iter().map(|rule| Compiled::new(rule, true)));
        let (mut title, mut body): (Vec<Compiled>, Vec<Compiled>) =
            compiled.collect::<Result<Vec<_>>>()?.into_iter().partition(|one| one.rule.part == Part::Headline);
        let group = |rules: &mut Vec<Compiled>, scope| {
            let (these, others) = std::mem::take(rules).into_iter().partition(|one| one.rule.scope == scope);
            *rules = others;
            Group::new(these)
        };
        let misplaced = |one: &&Compiled| !matches!(one.rule.scope, Scope::Prefix | Scope::Suffix);
        if let Some(Compiled { rule, .. }) = title.iter().find(misplaced) {
            return Err(Error::Config(format!(
                "cleaning rule \"{}\": a headline rule has scope prefix or suffix",
                rule.id
            )));
        }
        Ok(Self {
            paragraph: group(&mut body, Scope::Paragraph)?,
            ending: group(&mut body, Scope::Ending)?,
            prefix: group(&mut body, Scope::Prefix)?,
            suffix: group(&mut body, Scope::Suffix)?,
            inside: group(&mut body, Scope::Inside)?,
            between: group(&mut body, Scope::Between)?,
            title_prefix: group(&mut title, Scope::Prefix)?,
            title_suffix: group(&mut title, Scope::Suffix)?,
        })
    }

    /// Applies every rule to every paragraph, and to the title.
    pub fn apply(&self, draft: &mut Draft) {
        self.between(draft);
        self.inside(draft);
        let count = draft.paragraphs.len();
        for at in 0..count {
            for _ in 0..MAX_ROUNDS {
                let place = Place { at, count };
                // Edges first: a whole-paragraph rule must not take the sentence in front of a notice with it.
                if !(self.prefix(draft, place) | self.suffix(draft, place)) {
                    break;
                }
            }
            self.whole(draft, Place { at, count });
        }
        draft.close_gaps();
        self.title(draft);
    }

    fn whole(&self, draft: &mut Draft, place: Place) {
        let paragraph = draft.paragraph(place.at);
        if paragraph.len() > WINDOW {
            return;
        }
        let fits = |found: &&Compiled| found.removes(paragraph) && place.allows(&found.rule);
        let found = self.paragraph.matching(paragraph).chain(self.ending.matching(paragraph)).find(fits);
        if let Some(found) = found {
            if found.rule.credits_agency {
                agency::credit(draft, paragraph);
            }
            draft.remove(place.at, &found.rule.id);
        }
    }

    fn prefix(&self, draft: &mut Draft, place: Place) -> bool {
        let paragraph = draft.paragraph(place.at);
        let window = &paragraph[..boundary_below(paragraph, WINDOW)];
        let found = self.prefix.matching(window).find_map(|found| {
            let end = found.regex().find(window)?.end();
            let left = !paragraph[end..].trim().is_empty();
            (left && found.removes(&window[..end]) && place.allows(&found.rule)).then_some((found, end))
        });
        let Some((found, length)) = found else { return false };
        if found.rule.credits_agency {
            agency::credit(draft, &paragraph[..length]);
        }
        draft.remove_prefix(place.at, length, &found.rule.id);
        true
    }

    fn suffix(&self, draft: &mut Draft, place: Place) -> bool {
        let paragraph = draft.paragraph(place.at);
        let from = boundary_above(paragraph, paragraph.len().saturating_sub(WINDOW));
        let window = &paragraph[from..];
        let found = self.suffix.matching(window).find_map(|found| {
            let start = found.regex().find(window)?.start();
            let left = ends_sentence(paragraph[..from + start].trim_end());
            (left && found.removes(&window[start..]) && place.allows(&found.rule)).then_some((found, start))
        });
        let Some((found, start)) = found else { return false };
        if found.rule.credits_agency {
            agency::credit(draft, &window[start..]);
        }
        draft.remove_suffix(place.at, from + start, &found.rule.id);
        true
    }

    /// Matches inside paragraphs split them.
    fn inside(&self, draft: &mut Draft) {
        let mut split = Vec::with_capacity(draft.paragraphs.len());
        for at in 0..draft.paragraphs.len() {
            let Paragraph { range, part } = draft.paragraphs[at].clone();
            let mut cuts: Vec<(Range<usize>, &str)> = Vec::new();
            for found in self.inside.matching(draft.paragraph(at)) {
                let matches = found
                    .regex()
                    .find_iter(draft.paragraph(at))
                    .filter(|matched| found.removes(matched.as_str()) && matched.len() < range.len());
                cuts.extend(matches.map(|matched| {
                    (range.start + matched.start()..range.start + matched.end(), found.rule.id.as_str())
                }));
            }
            cuts.sort_by_key(|(cut, _)| (cut.start, cut.end));
            let mut start = range.start;
            for (cut, rule) in cuts {
                if cut.start >= start {
                    split.push(Paragraph { range: trimmed(draft.text, start..cut.start), part });
                    start = cut.end;
                    draft.cut(rule, trimmed(draft.text, cut));
                }
            }
            split.push(Paragraph { range: trimmed(draft.text, start..range.end), part });
        }
        draft.paragraphs = split;
        draft.close_gaps();
    }

    fn between(&self, draft: &mut Draft) {
        let count = draft.paragraphs.len();
        for found in &self.between.rules {
            let Some(until) = &found.until else { continue };
            let mut at = 0;
            while at < count {
                let reach = count.min(at + MAX_BETWEEN);
                let opens = found.regex().is_match(draft.paragraph(at)) && Place { at, count }.allows(&found.rule);
                let closing = (at..reach).find(|other| opens && until.is_match(draft.paragraph(*other)));
                for inner in at..closing.map_or(at, |last| last + 1) {
                    draft.remove(inner, &found.rule.id);
                }
                at = closing.unwrap_or(at) + 1;
            }
        }
        draft.close_gaps();
    }

    fn title(&self, draft: &mut Draft) {
        let title = &draft.title[draft.title_range.clone()];
        if let Some(found) = self.title_prefix.first(title) {
            draft.cut_title(&found.1.rule.id, 0..found.0.end);
        }
        let title = &draft.title[draft.title_range.clone()];
        if let Some(found) = self.title_suffix.first(title) {
            draft.cut_title(&found.1.rule.id, found.0.start..title.len());
        }
    }
}

impl Group {
    fn new(mut compiled: Vec<Compiled>) -> Result<Self> {
        // Stable: the order of the files decides between rules that match the same.
        compiled.sort_by_key(|compiled| !compiled.rule.needs.is_empty());
        let patterns = compiled.iter().take_while(|compiled| compiled.rule.needs.is_empty());
        let always = RegexSetBuilder::new(patterns.map(|compiled| compiled.anchored.as_str()))
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build();
        let words = compiled
            .iter()
            .enumerate()
            .flat_map(|(at, compiled)| compiled.rule.needs.iter().map(move |word| (at, word)));
        let (needed_by, words): (Vec<usize>, Vec<&String>) = words.unzip();
        let needed = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
        Ok(Self {
            always: always.map_err(|error| Error::Config(format!("cleaning rules: {error}")))?,
            needed: needed.map_err(|error| Error::Config(format!("cleaning rules: {error}")))?,
            needed_by,
            rules: compiled,
        })
    }

    /// The rules that match, in their order.
    fn matching<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Compiled> {
        let always = if self.always.is_empty() { Vec::new() } else { self.always.matches(text).into_iter().collect() };
        let mut guarded: Vec<usize> = match self.needed_by.is_empty() {
            true => Vec::new(),
            false => self
                .needed
                .find_overlapping_iter(text)
                .map(|found| self.needed_by[found.pattern().as_usize()])
                .collect(),
        };
        guarded.sort_unstable();
        guarded.dedup();
        let guarded = guarded.into_iter().filter(|at| self.rules[*at].regex().is_match(text));
        always.into_iter().chain(guarded).map(|at| &self.rules[at])
    }

    fn first<'a>(&'a self, text: &'a str) -> Option<(Range<usize>, &'a Compiled)> {
        self.matching(text).find_map(|found| Some((found.regex().find(text)?.range(), found)))
    }
}

impl Compiled {
    fn new(rule: Rule, now: bool) -> Result<Self> {
        let wrong = |error: regex::Error| Error::Config(format!("cleaning rule \"{}\": {error}", rule.id));
        let until = match (&rule.until, rule.scope) {
            (Some(until), Scope::Between) => Some(compile(&format!("^(?:{})$", fill(until))).map_err(wrong)?),
            (None, Scope::Between) => {
                return Err(Error::Config(format!("cleaning rule \"{}\" lacks `until`", rule.id)));
            }
            _ => None,
        };
        let anchored = rule.anchored();
        let regex = if now { OnceLock::from(compile(&anchored).map_err(wrong)?) } else { OnceLock::new() };
        Ok(Self { anchored, regex, until, rule })
    }

    fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| compile(&self.anchored).expect("the built-in patterns are compiled in a test"))
    }

    fn removes(&self, matched: &str) -> bool {
        !matched.is_empty() && matched.split_whitespace().count() <= self.rule.max_words
    }
}

/// Which paragraph of how many.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    count: usize,
}

impl Place {
    fn allows(self, rule: &Rule) -> bool {
        match rule.position {
            Position::Anywhere => true,
            Position::Top => self.at < 6,
            Position::End => self.at + 8 >= self.count,
        }
    }
}

const SIZE: usize = 64 << 20;

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(SIZE).dfa_size_limit(SIZE).build()
}

pub fn boundary_below(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

pub fn boundary_above(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

impl Draft<'_> {
    /// A stretch at an end of the title goes, unless nothing would be left.
    pub fn cut_title(&mut self, rule: &str, within: Range<usize>) {
        let range = self.title_range.clone();
        let cut = range.start + within.start..range.start + within.end;
        let rest = if within.start == 0 { cut.end..range.end } else { range.start..cut.start };
        let rest = trimmed(self.title, rest);
        if !rest.is_empty() {
            self.title_range = rest;
            self.cuts.push(super::draft::Cut {
                rule: rule.to_owned(),
                field: Field::Title,
                range: trimmed(self.title, cut),
            });
        }
    }
}
