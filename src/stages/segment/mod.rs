//! Stage: segment. Sentences with their byte ranges, the voice they speak in, and whose words a quotation is.

mod attribution;
mod indirect;
mod names;
mod post;
mod quotes;
mod sentences;
mod speaker;
mod speech;
#[cfg(test)]
mod tests;
mod tokens;
mod voice;
mod words;

use std::ops::Range;

use crate::record::{CleanArticle, Part, Sentence};
use quotes::Quotation;
use tokens::Token;

/// What the stage can be told. There is nothing to choose yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SegmentOptions {}

/// Cuts articles into sentences. Holds no article: one serves all threads.
#[derive(Debug, Clone, Default)]
pub struct Segmenter {}

impl Segmenter {
    pub fn new(_options: &SegmentOptions) -> Self {
        Self {}
    }

    /// The sentences of an article, in reading order. The sentences of a block are ordered, do not overlap, and cover
    /// all of its text but white space. A quotation of several sentences gives several sentences.
    pub fn segment(&self, article: &CleanArticle) -> Vec<Sentence> {
        let passages: Vec<Passage> =
            article.blocks.iter().map(|block| Passage::new(article.block_text(block), block.part)).collect();
        let quotations = quotes::find(&passages);
        let speech = speech::attribute(&passages, &quotations);
        let mut sentences = Vec::with_capacity(passages.iter().map(|passage| passage.sentences.len()).sum());
        for (at, passage) in passages.iter().enumerate() {
            for range in &passage.sentences {
                let reading = speech::read(passage, range, &quotations[at], &speech[at]);
                sentences.push(sentence(article, at, range, reading, sentences.len()));
            }
        }
        sentences
    }
}

fn sentence(
    article: &CleanArticle,
    at: usize,
    range: &Range<usize>,
    reading: speech::Reading,
    index: usize,
) -> Sentence {
    let block = &article.blocks[at];
    let repaired = block.range.start + range.start..block.range.start + range.end;
    let field = article.field(block.field);
    let original = field.alignment.to_original(repaired.clone());
    Sentence {
        index: index as u32,
        block: at as u32,
        part: block.part,
        field: block.field,
        text: field.text[repaired].to_owned(),
        start: original.start,
        end: original.end,
        voice: reading.voice,
        indirect_speech: reading.indirect_speech,
        speaker: reading.speaker,
        quoted: reading.quoted,
    }
}

/// The text of a block, tokenised and cut into sentences.
pub(in crate::stages::segment) struct Passage<'t> {
    text: &'t str,
    part: Part,
    tokens: Vec<Token>,
    /// Byte ranges of `text`.
    sentences: Vec<Range<usize>>,
    /// The author, where the block is an embedded post.
    post: Option<String>,
}

impl<'t> Passage<'t> {
    fn new(text: &'t str, part: Part) -> Self {
        let tokens = tokens::tokenize(text);
        let sentences = sentences::split(text, &tokens);
        Self { text, part, tokens, sentences, post: post::author(text) }
    }
}

/// Number of word tokens of a quotation.
fn words_in(passage: &Passage, quotation: &Quotation) -> usize {
    let tokens = tokens::within(&passage.tokens, &quotation.inner);
    passage.tokens[tokens].iter().filter(|token| token.kind == tokens::Kind::Word).count()
}
