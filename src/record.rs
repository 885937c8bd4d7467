//! The records that flow from stage to stage. Each state of the text is a type of its own, and every later type can
//! name its byte range in the original record.
//!
//! `Article` (read) → `CleanArticle` (clean) → `Vec<Sentence>` (segment) → `Scores` (infer).

use std::ops::Range;
use std::sync::Arc;

use chrono::{FixedOffset, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

/// Name of the outlet of a record that names none.
pub const UNKNOWN_OUTLET: &str = "unknown";

/// Where a record came from: the file, and the row (1-based, header not counted) or the record's position in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file as it was named or found; `archive.gz!inner.html` for a member of an archive.
    pub file: Arc<str>,
    /// 1-based row, line or record number in that file; `None` where the file is the record.
    pub row: Option<u64>,
}

/// When an article was published. Exports give anything from a year-month-day to a full timestamp with its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Calendar date in the zone the record states (never shifted to UTC).
    pub date: NaiveDate,
    /// Local time of day, where stated.
    pub time: Option<NaiveTime>,
    /// The zone's offset, where stated.
    #[serde(skip)]
    pub offset: Option<FixedOffset>,
}

/// One article as it was read: decoded to Unicode, otherwise untouched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Unique in a run: the record's own id, else `<file stem>-<row>`.
    pub id: String,
    pub source: Source,
    /// Headline; empty where the record has none.
    pub title: String,
    /// Standfirst, where the record has a column of its own for it.
    pub deck: Option<String>,
    /// Body text, paragraphs separated by line breaks.
    pub text: String,
    pub outlet: Option<String>,
    pub author: Option<String>,
    pub published: Option<Published>,
    pub url: Option<String>,
    /// Section, desk or topic column, where there is one.
    pub section: Option<String>,
}

impl Article {
    /// The text of one field as it was read; empty where the record lacks it.
    pub fn field(&self, field: Field) -> &str {
        match field {
            Field::Title => &self.title,
            Field::Deck => self.deck.as_deref().unwrap_or(""),
            Field::Text => &self.text,
        }
    }
}

/// The field of the original record that a byte range indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Title,
    Deck,
    Text,
}

/// The part of the article that a passage belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Headline,
    Deck,
    Body,
}

/// Whose words a sentence is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// The outlet's own words. Scare quotes (one or two quoted words) leave a sentence narration.
    Narration,
    /// A speaker's words between quotation marks, with no more around them than the attribution.
    Quote,
    /// Both: a quoted stretch of three words or more inside the outlet's sentence.
    Mixed,
}

macro_rules! names {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name used in every table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
        impl std::str::FromStr for $type {
            type Err = ();
            fn from_str(name: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|v| v.name() == name).ok_or(())
            }
        }
    };
}
names!(Field { Title => "title", Deck => "deck", Text => "text" });
names!(Part { Headline => "headline", Deck => "deck", Body => "body" });
names!(Voice { Narration => "narration", Quote => "quote", Mixed => "mixed" });

/// A stretch taken out of an article by a cleaning rule; it is neither scored nor counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The rule's id, e.g. `photo_credit`.
    pub rule: String,
    pub field: Field,
    /// Byte range in the original field.
    pub start: usize,
    pub end: usize,
}

/// A field after Unicode repair, with the way back to the original bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairedText {
    pub text: String,
    pub alignment: Alignment,
}

/// Maps byte positions of a repaired text to the original. Outside the edits the two texts are equal byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alignment {
    /// In ascending order, not overlapping: `repaired` replaced `original`.
    pub edits: Vec<Edit>,
}

/// One repaired stretch: where it is now, where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub repaired: Range<usize>,
    pub original: Range<usize>,
}

impl Alignment {
    /// The original range of a range of the repaired text. A boundary inside an edit widens to the whole edit.
    pub fn to_original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.position(range.start, |edit| edit.original.start);
        let end = self.position(range.end, |edit| edit.original.end);
        start..end.max(start)
    }

    /// Edits that touch the boundary only at its edge leave it where it is.
    fn position(&self, at: usize, inside: impl Fn(&Edit) -> usize) -> usize {
        let after = self.edits.partition_point(|edit| edit.repaired.end <= at);
        if let Some(edit) = self.edits.get(after).filter(|edit| edit.repaired.start < at) {
            return inside(edit);
        }
        match after.checked_sub(1).map(|last| &self.edits[last]) {
            Some(edit) => edit.original.end + (at - edit.repaired.end),
            None => at,
        }
    }
}

/// A stretch of a repaired field that cleaning kept: a headline, a deck, or a paragraph of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub field: Field,
    pub part: Part,
    /// Byte range in the repaired field; trimmed of white space, never empty.
    pub range: Range<usize>,
}

/// An article after cleaning. Nothing is cut out of the text: `blocks` say what remains, `removals` what went and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanArticle {
    /// The record as read, except that author and outlet are filled from the byline where they were missing.
    pub article: Article,
    pub title: RepairedText,
    pub deck: RepairedText,
    pub text: RepairedText,
    /// In reading order: headline, deck, body.
    pub blocks: Vec<Block>,
    /// In order of field and position.
    pub removals: Vec<Removal>,
    /// The news agency credited in the text or byline, by its usual short name (AP, Reuters, AFP...); several joined by "; ".
    pub agency: Option<String>,
}

impl CleanArticle {
    /// One repaired field.
    pub fn field(&self, field: Field) -> &RepairedText {
        match field {
            Field::Title => &self.title,
            Field::Deck => &self.deck,
            Field::Text => &self.text,
        }
    }

    /// The text of one kept block.
    pub fn block_text(&self, block: &Block) -> &str {
        &self.field(block.field).text[block.range.clone()]
    }
}

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// 0-based position in the article, headline first.
    pub index: u32,
    /// 0-based index of the block (paragraph) it stands in.
    pub block: u32,
    pub part: Part,
    pub field: Field,
    /// The sentence as scored. Equal to the original bytes `start..end` of `field`, unless a repair touched them.
    pub text: String,
    /// Byte range in the original field.
    pub start: usize,
    pub end: usize,
    pub voice: Voice,
    /// Narration that reports what a named or described source said, without quotation marks.
    pub indirect_speech: bool,
    /// Whose words the quoted stretch is, where the text says so.
    pub speaker: Option<String>,
    /// Byte ranges in `text` that stand between quotation marks as speech (scare quotes are not speech).
    pub quoted: Vec<Range<usize>>,
}

/// One occurrence of a lexicon term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermHit {
    /// The lexicon's citation form.
    pub term: String,
    pub category: String,
    /// 1 (mild) to 3 (strong).
    pub strength: u8,
    /// Byte range in the sentence's `text`.
    pub start: u32,
    pub end: u32,
    /// Whether it stands inside quoted speech.
    pub in_quote: bool,
}

/// What inference says of one sentence's text. All probabilities in 0..=1.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Probability of negative, neutral, positive; they sum to 1.
    pub tone: [f32; 3],
    /// Probability that the wording is loaded.
    pub loaded: f32,
    /// Multi-label reading, one a frame of the scheme: the probability that the sentence invokes it, each its own test.
    pub frames: Vec<f32>,
    /// Single-best reading: index of the best frame, and its share of a softmax over the frames.
    pub top_frame: Option<(usize, f32)>,
}

/// A record, or a part of the input, that was not scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub file: String,
    /// 1-based row or record number, where there is one.
    pub row: Option<u64>,
    pub id: Option<String>,
    /// Stable snake_case name of the reason, e.g. `empty_text`, `bad_row`, `not_english`, `undecodable`.
    pub reason: String,
    /// What exactly, and what to do about it.
    pub detail: String,
}
