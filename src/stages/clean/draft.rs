//! An article while rules work on it.

use std::ops::Range;

use crate::record::{Article, Field, Part};

/// One line of the body. Its range shrinks as prefixes and suffixes go; it is empty once the paragraph is gone.
#[derive(Debug, Clone)]
pub struct Paragraph {
    pub range: Range<usize>,
    pub part: Part,
}

/// What was taken away, in a repaired field.
#[derive(Debug, Clone)]
pub struct Cut {
    pub rule: String,
    pub field: Field,
    pub range: Range<usize>,
}

/// The repaired fields and what the rules have made of them so far.
pub struct Draft<'a> {
    pub article: &'a Article,
    pub title: &'a str,
    /// What is left of the title.
    pub title_range: Range<usize>,
    pub deck: &'a str,
    pub text: &'a str,
    /// In order; those that are gone have been taken out.
    pub paragraphs: Vec<Paragraph>,
    pub cuts: Vec<Cut>,
    pub author: Option<String>,
    pub outlet: Option<String>,
    pub agencies: Vec<String>,
}

impl<'a> Draft<'a> {
    pub fn new(article: &'a Article, title: &'a str, deck: &'a str, text: &'a str) -> Self {
        Self {
            article,
            title,
            title_range: trimmed(title, 0..title.len()),
            deck,
            text,
            paragraphs: paragraphs(text),
            cuts: Vec::new(),
            author: None,
            outlet: None,
            agencies: Vec::new(),
        }
    }

    /// What is left of a paragraph.
    pub fn paragraph(&self, at: usize) -> &'a str {
        &self.text[self.paragraphs[at].range.clone()]
    }

    /// Notes that a stretch of the body goes. The caller adjusts the paragraph.
    pub fn cut(&mut self, rule: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.cuts.push(Cut { rule: rule.to_owned(), field: Field::Text, range });
        }
    }

    /// A whole paragraph goes; it stays in the list, empty, until [`Draft::close_gaps`].
    pub fn remove(&mut self, at: usize, rule: &str) {
        let range = self.paragraphs[at].range.clone();
        self.paragraphs[at].range = range.start..range.start;
        self.cut(rule, range);
    }

    /// The first `length` bytes of a paragraph go.
    pub fn remove_prefix(&mut self, at: usize, length: usize, rule: &str) {
        let range = self.paragraphs[at].range.clone();
        self.paragraphs[at].range = trimmed(self.text, range.start + length..range.end);
        self.cut(rule, trimmed(self.text, range.start..range.start + length));
    }

    /// What follows the first `length` bytes of a paragraph goes.
    pub fn remove_suffix(&mut self, at: usize, length: usize, rule: &str) {
        let range = self.paragraphs[at].range.clone();
        self.paragraphs[at].range = trimmed(self.text, range.start..range.start + length);
        self.cut(rule, trimmed(self.text, range.start + length..range.end));
    }

    /// Drops the paragraphs that are gone from the list.
    pub fn close_gaps(&mut self) {
        self.paragraphs.retain(|paragraph| !paragraph.range.is_empty());
    }
}

/// The lines of a text, trimmed, without the empty ones.
fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split('\n') {
        let range = trimmed(text, start..start + line.len());
        start += line.len() + 1;
        if !range.is_empty() {
            found.push(Paragraph { range, part: Part::Body });
        }
    }
    found
}

/// A range without white space at either end.
pub fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    start..start.max(range.start + slice.trim_end().len())
}
