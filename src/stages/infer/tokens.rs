//! Tokenising, once for every engine and every head. A text is tokenised once, however many pairs it then stands in.

use std::path::Path;

use tokenizers::{Encoding, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

use crate::error::{Error, Result};

/// Token ids of one text, or of a pair, with the special tokens around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub ids: Vec<u32>,
    /// 0 for the first text, 1 for the second.
    pub segments: Vec<u32>,
}

/// A text without special tokens, ready to stand alone or in a pair.
#[derive(Debug, Clone)]
pub struct Piece(Encoding);

/// A `tokenizer.json` that cuts to a model's length.
pub struct TextTokenizer {
    tokenizer: Tokenizer,
}

impl TextTokenizer {
    /// `max_tokens` counts the special tokens too. In a pair, the first text is cut, never the second.
    pub fn load(path: &Path, max_tokens: usize) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        Self::new(Tokenizer::from_file(path).map_err(|e| fail(e.to_string()))?, max_tokens).map_err(fail)
    }

    /// As [`TextTokenizer::load`], from a tokenizer that is there already.
    pub(super) fn new(mut tokenizer: Tokenizer, max_tokens: usize) -> Result<Self, String> {
        let truncation = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: max_tokens,
            strategy: TruncationStrategy::OnlyFirst,
            stride: 0,
        };
        tokenizer.with_truncation(Some(truncation)).map_err(|e| e.to_string())?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer })
    }

    pub fn piece(&self, text: &str) -> Result<Piece> {
        self.tokenizer.encode_fast(text, false).map(Piece).map_err(|e| Error::Engine(format!("tokenizer: {e}")))
    }

    /// The text alone.
    pub fn single(&self, text: &Piece) -> Result<Tokens> {
        self.joined(text, None)
    }

    /// The text, then the hypothesis.
    pub fn pair(&self, text: &Piece, hypothesis: &Piece) -> Result<Tokens> {
        self.joined(text, Some(hypothesis))
    }

    fn joined(&self, first: &Piece, second: Option<&Piece>) -> Result<Tokens> {
        let encoding = self
            .tokenizer
            .post_process(first.0.clone(), second.map(|piece| piece.0.clone()), true)
            .map_err(|e| Error::Engine(format!("tokenizer: {e}")))?;
        Ok(Tokens { ids: encoding.get_ids().to_vec(), segments: encoding.get_type_ids().to_vec() })
    }
}
