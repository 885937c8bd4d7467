//! Whose words a sentence is made of.

use std::ops::Range;

use super::attribution::Tag;
use super::tokens::{Kind, Token, within};
use super::words::{AFTER_TAG, CLAUSE};
use crate::record::Voice;

/// Words that a quoted stretch needs for speech in the outlet's own sentence; a shorter one is a scare quote unless it
/// has a tag.
pub(super) const SHORTEST_SPEECH: usize = 3;

/// Words outside the quotation that still count as "no more than the attribution".
const LONGEST_TAG: usize = 16;

/// The voice of a sentence: `quoted` are its stretches of speech (byte ranges of the block, marks included), `tags`
/// those of its quotations.
pub(super) fn of(tokens: &[Token], sentence: &Range<usize>, quoted: &[Range<usize>], tags: &[&Tag]) -> Voice {
    if quoted.is_empty() {
        return Voice::Narration;
    }
    let words = within(tokens, sentence);
    let outside: Vec<usize> = words
        .filter(|&at| tokens[at].kind == Kind::Word)
        .filter(|&at| {
            let next = quoted.partition_point(|q| q.end <= tokens[at].start);
            quoted.get(next).is_none_or(|q| tokens[at].end <= q.start)
        })
        .collect();
    if outside.len() <= 1 || is_only_attribution(tokens, &outside, quoted, tags) { Voice::Quote } else { Voice::Mixed }
}

/// Whether all the words outside are a tag beside the quotation and its complements ("to reporters on Tuesday").
fn is_only_attribution(tokens: &[Token], outside: &[usize], quoted: &[Range<usize>], tags: &[&Tag]) -> bool {
    let Some(tag) = tags.iter().find(|tag| tag.adjacent) else { return false };
    if outside.len() > LONGEST_TAG + tag.tokens.len() {
        return false;
    }
    let rest: Vec<usize> = outside.iter().copied().filter(|at| !tag.tokens.contains(at)).collect();
    let plain = !rest.iter().any(|&at| tokens[at].is(CLAUSE));
    let before = rest.iter().filter(|&&at| at < tag.tokens.start).count();
    let complement = rest.iter().find(|&&at| at >= tag.tokens.end);
    let attached = complement.is_none_or(|&at| {
        tokens[at].is(AFTER_TAG) || at > tag.tokens.end && tokens[at - 1].kind == Kind::Comma || tokens[at].capital
    });
    // Two stretches with words of the outlet between them are its sentence, not the speaker's.
    let fragments = quoted.len() > 2;
    plain && before <= 2 && rest.len() <= LONGEST_TAG && attached && !fragments
}
