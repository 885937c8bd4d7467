//! Entities, control and invisible characters, line breaks and spaces, in one pass.
//!
//! An entity is recognised at its `;`, looking back at what has been written so far: so one that a removed character
//! had split, or that an outer entity spelled out, is found without a second pass.

use super::entities;
use super::mojibake::windows_1252;
use super::{Pass, Rewriter};
use crate::record::Edit;

pub fn repair(text: &str) -> Option<Pass> {
    let mut out = Rewriter::default();
    let bytes = text.as_bytes();
    let mut kept = 0;
    let mut at = 0;
    while let Some(skip) = bytes[at..].iter().position(|byte| OF_INTEREST[*byte as usize]) {
        at += skip;
        let c = text[at..].chars().next().expect("the bytes of interest are ASCII or lead bytes");
        let end = at + c.len_utf8();
        let change = change(text, at, c);
        if c == ';' || change.is_some() {
            out.keep(&text[kept..at]);
            kept = end;
            match change {
                Some(Change::To(with)) => out.replace(at..end, with.encode_utf8(&mut [0; 4])),
                Some(Change::Gone) => out.replace(at..end, ""),
                None => semicolon(&mut out, at),
            }
        }
        at = end;
    }
    out.keep(&text[kept..]);
    out.finish()
}

/// The five characters that Windows-1252 leaves undefined: kept until misread UTF-8 is decoded, then of no use.
pub fn drop_undefined(text: &str) -> Option<Pass> {
    let undefined = |c: char| ('\u{80}'..'\u{a0}').contains(&c);
    if !text.contains(undefined) {
        return None;
    }
    let mut out = Rewriter::default();
    let mut kept = 0;
    for (at, found) in text.match_indices(undefined) {
        out.keep(&text[kept..at]);
        out.replace(at..at + found.len(), "");
        kept = at + found.len();
    }
    out.keep(&text[kept..]);
    out.finish()
}

/// ASCII controls but the tab and the newline, `;`, and the lead bytes under which the other candidates stand.
const OF_INTEREST: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = byte != b'\n' as usize && byte != b'\t' as usize;
        byte += 1;
    }
    table[0x7F] = true;
    table[b';' as usize] = true;
    table[0xC2] = true;
    table[0xE2] = true;
    table[0xE3] = true;
    table[0xEF] = true;
    table
};

enum Change {
    To(char),
    Gone,
}

fn change(text: &str, at: usize, c: char) -> Option<Change> {
    let before = || text[..at].chars().next_back();
    let after = |from: usize| text[at + from..].chars().next();
    Some(match c {
        '\r' if after(1) == Some('\n') => Change::Gone,
        '\r' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}' => Change::To('\n'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Change::To(' '),
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => Change::Gone,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => Change::Gone,
        // Joiners mean something in emoji and in Arabic or Indic scripts, never after an ASCII letter.
        '\u{200c}' | '\u{200d}' if before().is_none_or(|c| c.is_ascii()) => Change::Gone,
        '\u{fffd}' => lost_character(&text[..at], &text[at + 3..])?,
        '\u{80}'..='\u{9f}' => Change::To(windows_1252(c as u32).filter(|known| *known != c)?),
        c if c.is_ascii_control() => Change::Gone,
        _ => return None,
    })
}

/// U+FFFD stands for a character that is lost. An apostrophe can be told by what follows; after "â€" it is the rest of
/// misread UTF-8, which is decoded later.
fn lost_character(before: &str, after: &str) -> Option<Change> {
    if before.ends_with("â€") {
        return None;
    }
    let last = before.chars().next_back();
    let ending = after.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let contracted = matches!(ending, "s" | "t" | "re" | "ve" | "ll" | "d" | "m");
    let apostrophe = contracted && last.is_some_and(char::is_alphabetic);
    Some(if apostrophe { Change::To('’') } else { Change::Gone })
}

/// A `;` that ends an entity takes the place of the whole entity.
fn semicolon(out: &mut Rewriter, at: usize) {
    let Some((start, decoded)) = entities::ending(&out.text) else { return out.keep(";") };
    let mut original = at..at + 1;
    let end = out.text.len();
    // Everything from the `&` on has been copied or replaced since: fold those edits into this one.
    let mut folded = 0isize;
    while let Some(edit) = out.edits.pop_if(|edit| edit.repaired.end > start || edit.repaired.start >= start) {
        folded += edit.original.len() as isize - edit.repaired.len() as isize;
    }
    original.start = (at as isize - (end - start) as isize - folded) as usize;
    out.text.truncate(start);
    let decoded = match decoded {
        '\u{a0}' => Some(' '),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => None,
        decoded => Some(decoded),
    };
    let position = out.text.len();
    out.text.extend(decoded);
    out.edits.push(Edit { repaired: position..out.text.len(), original });
}
