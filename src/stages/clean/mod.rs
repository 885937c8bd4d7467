//! Stage: clean. `Article` → [`CleanArticle`].
//!
//! Unicode damage is repaired first, with the way back to the original bytes. Then rules take away what is not the
//! article: those that a pattern can express are TOML (`rules/`), the others are a file each. Nothing is cut out of the
//! text: what remains is a list of blocks, what went is a list of removals, each with its rule.
//!
//! False removals are worse than leftovers: a rule must match a paragraph from end to end, or a stretch at its edge, and
//! what cannot be told from prose stays.

mod agency;
mod author_bio;
mod byline;
mod catalog;
mod check;
mod dateline;
mod deck;
mod draft;
mod headline;
mod language;
mod link_preview;
mod matcher;
mod related_headline;
mod repair;
mod repeated;
mod rule;
mod wording;

pub use catalog::{RuleSummary, rule, rules};
pub use check::{Failed, check};
pub use language::Language;
pub use rule::{Position, Rule, Scope};

use crate::error::Result;
use crate::record::{Article, Block, CleanArticle, Field, Part, Rejected, Removal, RepairedText};
use draft::Draft;
use matcher::Matcher;

/// What a run wants of cleaning.
#[derive(Debug, Clone, Default)]
pub struct CleanOptions {
    /// Ids of rules that are switched off.
    pub disabled: Vec<String>,
    /// The user's own rules, in force after ours; see [`Rule::read`].
    pub extra: Vec<Rule>,
    pub language: Language,
    /// An article with fewer words left in deck and body is rejected (`too_short`); 0 keeps every one that has any.
    pub min_words: usize,
}

/// A rule in code, at work on a draft.
type Step = fn(&mut Draft);

/// Compiled rules; one serves every thread of a run.
pub struct Cleaner {
    matcher: Matcher,
    disabled: Vec<String>,
    language: Language,
    min_words: usize,
}

impl Cleaner {
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) where a rule that is to be switched off does not exist, one of the user's
    /// rules takes a name that exists, or a pattern is no regular expression.
    pub fn new(options: &CleanOptions) -> Result<Self> {
        let (built_in, own) = catalog::in_force(&options.disabled, &options.extra)?;
        Ok(Self {
            matcher: Matcher::new(built_in, own)?,
            disabled: options.disabled.clone(),
            language: options.language,
            min_words: options.min_words,
        })
    }

    /// Cleans one article. Time and memory are linear in its length.
    ///
    /// # Errors
    /// A [`Rejected`] with reason `not_english`, `empty_after_cleaning` (it had a text and all of it was taken away) or
    /// `too_short`.
    #[allow(clippy::result_large_err)]
    pub fn clean(&self, article: Article) -> Result<CleanArticle, Rejected> {
        let cleaned = self.apply(article);
        self.check(&cleaned)?;
        Ok(cleaned)
    }

    /// Cleans one article, whatever is left of it. Time and memory are linear in its length.
    pub fn apply(&self, article: Article) -> CleanArticle {
        let title = repair::repair(&article.title);
        let deck = repair::repair(article.deck.as_deref().unwrap_or_default());
        let mut text = repair::repair(&article.text);
        let previews =
            if self.in_force(link_preview::RULE.id) { link_preview::take_out(&mut text) } else { Vec::new() };
        let mut draft = Draft::new(&article, &title.text, &deck.text, &text.text);
        self.work_on(&mut draft);
        let blocks = blocks(&draft);
        let removals = removals(&draft, [&title, &deck, &text], previews);
        let agency = (!draft.agencies.is_empty()).then(|| draft.agencies.join("; "));
        let (author, outlet) = (draft.author.take(), draft.outlet.take());
        let mut cleaned = CleanArticle { article, title, deck, text, blocks, removals, agency };
        cleaned.article.author = cleaned.article.author.or(author);
        cleaned.article.outlet = cleaned.article.outlet.or(outlet);
        cleaned
    }

    fn in_force(&self, id: &str) -> bool {
        !self.disabled.iter().any(|disabled| disabled == id)
    }

    fn work_on(&self, draft: &mut Draft) {
        // Scraped author columns are often lists of everything: an agency among many says nothing.
        if let Some(author) = draft.article.author.as_deref().filter(|author| author.matches([',', ';']).count() < 2) {
            agency::credit(draft, author);
        }
        let in_force = |id| self.in_force(id);
        self.matcher.apply(draft);
        if in_force(headline::OUTLET_SUFFIX.id) {
            headline::outlet_suffix(draft);
        }
        if in_force(headline::REPEATED.id) {
            headline::repeated(draft);
        }
        if in_force(headline::UNDER_CAPTION.id) {
            headline::under_caption(draft);
        }
        if in_force(deck::REPEATED.id) {
            deck::repeated(draft);
        }
        let above_byline = in_force(byline::RULE.id).then(|| byline::apply(draft)).flatten();
        deck::mark(draft, above_byline, in_force(deck::LABEL.id));
        let rest: [(&str, Step); 4] = [
            (dateline::RULE.id, dateline::apply),
            (related_headline::RULE.id, related_headline::apply),
            (repeated::RULE.id, repeated::apply),
            (author_bio::RULE.id, author_bio::apply),
        ];
        for (id, apply) in rest {
            if in_force(id) {
                apply(draft);
            }
        }
    }

    /// Whether a cleaned article may be scored.
    ///
    /// # Errors
    /// As [`Cleaner::clean`].
    #[allow(clippy::result_large_err)]
    pub fn check(&self, cleaned: &CleanArticle) -> Result<(), Rejected> {
        let body = || {
            cleaned.blocks.iter().filter(|block| block.part != Part::Headline).map(|block| cleaned.block_text(block))
        };
        let had_text = !cleaned.text.text.trim().is_empty();
        if body().next().is_none() && (had_text || cleaned.blocks.is_empty()) {
            let detail =
                "nothing is left of the text once boilerplate is taken away; `inspect --clean` shows what went";
            return Err(rejected(&cleaned.article, "empty_after_cleaning", detail.into()));
        }
        if had_text && self.min_words > 0 {
            let words: usize = body().map(wording::count).sum();
            if words < self.min_words {
                let detail = format!("{words} words are left after cleaning, {} are asked for", self.min_words);
                return Err(rejected(&cleaned.article, "too_short", detail));
            }
        }
        let passages = cleaned.blocks.iter().map(|block| cleaned.block_text(block));
        match self.language {
            Language::English => match language::other_than_english(passages) {
                Some(name) => Err(rejected(
                    &cleaned.article,
                    "not_english",
                    format!(
                        "the text is in {name}; `--language any` scores it all the same, though the models know English only"
                    ),
                )),
                None => Ok(()),
            },
            Language::Any => Ok(()),
        }
    }
}

fn rejected(article: &Article, reason: &str, detail: String) -> Rejected {
    Rejected {
        file: article.source.file.to_string(),
        row: article.source.row,
        id: Some(article.id.clone()),
        reason: reason.to_owned(),
        detail,
    }
}

/// Headline, deck, body, in reading order.
fn blocks(draft: &Draft) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(draft.paragraphs.len() + 2);
    let mut push = |field, part, range: std::ops::Range<usize>| {
        if !range.is_empty() {
            blocks.push(Block { field, part, range });
        }
    };
    push(Field::Title, Part::Headline, draft.title_range.clone());
    push(Field::Deck, Part::Deck, draft::trimmed(draft.deck, 0..draft.deck.len()));
    for part in [Part::Deck, Part::Body] {
        for paragraph in draft.paragraphs.iter().filter(|paragraph| paragraph.part == part) {
            push(Field::Text, part, paragraph.range.clone());
        }
    }
    blocks
}

/// The cuts, led back to the fields as they were read, and the link previews that were taken out of the text.
fn removals(
    draft: &Draft,
    [title, deck, text]: [&RepairedText; 3],
    previews: Vec<std::ops::Range<usize>>,
) -> Vec<Removal> {
    let lead_back = |cut: &draft::Cut| {
        let field = match cut.field {
            Field::Title => title,
            Field::Deck => deck,
            Field::Text => text,
        };
        let range = field.alignment.to_original(cut.range.clone());
        Removal { rule: cut.rule.clone(), field: cut.field, start: range.start, end: range.end }
    };
    let rule = link_preview::RULE.id;
    let preview = |range: std::ops::Range<usize>| Removal {
        rule: rule.to_owned(),
        field: Field::Text,
        start: range.start,
        end: range.end,
    };
    let mut removals: Vec<Removal> =
        draft.cuts.iter().map(lead_back).chain(previews.into_iter().map(preview)).collect();
    removals.sort_by_key(|removal| (removal.field, removal.start, removal.end));
    removals
}

#[cfg(test)]
mod tests;
