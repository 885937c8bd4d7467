//! Link previews that a page kept inside its sentences: behind a person's name, the name once more, in full, and glued to it the
//! headlines of a pop-up that ends in MORE: `Ann Lee Ann Marie LeePier to close Mayor under fire MORE (D-Maine) said`.
//!
//! Such a stretch stands in the middle of a sentence. It is taken out of the repaired text, as a repair is, so that the sentence
//! stays one; and it is recorded as a removal.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::catalog::CodedRule;
use super::repair;
use crate::record::RepairedText;

pub const RULE: CodedRule = CodedRule {
    id: "link_preview",
    family: "related",
    description: "Headlines of a link's pop-up inside a sentence: behind a name, the name again in full, glued to them, up to MORE.",
    example: "Mayor Ann Lee Ann Marie LeePier to close for a year MORE said no.",
};

/// What a name in full has in front of its surname: capitalised words, initials, a short form in brackets.
static FORENAMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^ (?:(?:\(?\p{Lu}[\p{L}.’'-]*\)?|de|da|del|la|van|von|der) ){1,6}$").expect("tested")
});

const END: &str = " MORE";
const SHORTEST_SURNAME: usize = 3;
/// Bytes of the previews, and of the full name before them.
const MOST_PREVIEW: usize = 500;
const MOST_FORENAMES: usize = 80;

/// Takes the previews out of a repaired text; their ranges in the text as it was read.
pub fn take_out(text: &mut RepairedText) -> Vec<Range<usize>> {
    let found = previews(&text.text);
    let original = found.iter().map(|range| text.alignment.to_original(range.clone())).collect();
    repair::take_out(text, &found);
    original
}

fn previews(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    if !text.contains(END) {
        return found;
    }
    let (mut word, mut before) = (0, ' ');
    for (at, c) in text.char_indices() {
        let glued =
            before.is_lowercase() && (c.is_uppercase() || c.is_ascii_digit() || matches!(c, '\'' | '‘' | '“' | '"'));
        let after = found.last().map_or(0, |last| last.end);
        if glued && word >= after && at - word <= MOST_FORENAMES && text[word..at].chars().count() >= SHORTEST_SURNAME {
            let named = named_before(text, after, word..at);
            found.extend(named.and_then(|named| Some(named..end_after(text, at)?)));
        }
        if c.is_whitespace() || c == '(' {
            word = at + c.len_utf8();
        }
        before = c;
    }
    found
}

/// Where the same surname ends that stands before the full name; from there on the text is the pop-up's.
fn named_before(text: &str, from: usize, surname: Range<usize>) -> Option<usize> {
    let window = super::matcher::boundary_above(text, surname.start.saturating_sub(MOST_FORENAMES).max(from));
    let before = &text[window..surname.start];
    let at = before.rfind(&text[surname.clone()])?;
    let end = at + surname.len();
    let whole = before[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    (whole && FORENAMES.is_match(&before[end..])).then_some(window + end)
}

/// The end of the first MORE behind the glue, in the same line.
fn end_after(text: &str, glue: usize) -> Option<usize> {
    let to = super::matcher::boundary_below(text, (glue + MOST_PREVIEW).min(text.len()));
    let line = text[glue..to].split('\n').next()?;
    let end = line
        .match_indices(END)
        .map(|(at, _)| at + END.len())
        .find(|end| line[*end..].chars().next().is_none_or(|next| !next.is_alphanumeric()))?;
    Some(glue + end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::clean::repair::repair;

    fn without(text: &str) -> String {
        let mut repaired = repair(text);
        let removed = take_out(&mut repaired);
        assert!(removed.iter().all(|range| text.get(range.clone()).is_some()));
        repaired.text
    }

    #[test]
    fn previews_go_and_the_sentence_stays() {
        for (text, left) in [
            (RULE.example, "Mayor Ann Lee said no."),
            (
                "Sen. Jo Poe Joseph (Jo) Allan PoePier to close, council says 'We knew nothing' MORE (R-Maine) and Ann Lee Ann Marie LeeFerry late MORE’s aide.",
                "Sen. Jo Poe (R-Maine) and Ann Lee’s aide.",
            ),
            (
                "Jo Paul Joseph (Jo) PaulMcCabe calls for an end MORE and Ann McRoe Ann McRoePier MORE left.",
                "Jo Paul and Ann McRoe left.",
            ),
            ("Caf&eacute; owner Jo Poe Jo Allan Poe5 things to know MORE left.", "Café owner Jo Poe left."),
        ] {
            assert_eq!(without(text), left);
        }
    }

    #[test]
    fn names_that_only_look_glued_stay() {
        for text in [
            "Sen. Mitch McConnell asked for MORE money.",
            "He told Ann DeVos that DeVos was MORE than a name.",
            "WikiLeaks and Jo Poe Jo Poe want MORE.",
            "Ann Lee met Tom LeeRoy, who wanted MORE.",
        ] {
            assert_eq!(without(text), text);
        }
    }
}
