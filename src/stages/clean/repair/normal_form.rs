//! Letters and their combining marks composed (Unicode normalisation form C), stretch by stretch where it differs.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{Pass, Rewriter};

pub fn repair(text: &str) -> Option<Pass> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let mut out = Rewriter::default();
    let mut start = 0;
    let mut composed = String::new();
    let boundaries = text.char_indices().filter(|(_, c)| starts_stretch(*c)).map(|(at, _)| at);
    for end in boundaries.chain([text.len()]) {
        let stretch = &text[start..end];
        composed.clear();
        composed.extend(stretch.nfc());
        if composed == stretch {
            out.keep(stretch);
        } else {
            out.replace(start..end, &composed);
        }
        start = end;
    }
    out.finish()
}

/// Whether normalisation never looks back across this character.
fn starts_stretch(c: char) -> bool {
    c.is_ascii() || canonical_combining_class(c) == 0 && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes
}
