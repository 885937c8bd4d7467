//! UTF-8 that was read as Windows-1252 or Latin-1 ("â€™" for ’, "Ã©" for é), one level a call.
//!
//! A sequence is decoded only when all of it is valid UTF-8 and what stood there is not something people write. Sequences
//! that could be either ("É”" closes a quotation) are decoded only in a text that has others of the sure kind.

use super::{Pass, Rewriter};

pub fn repair(text: &str) -> Option<Pass> {
    // All lead bytes C2..F4 read as Windows-1252 are U+00C2..U+00F4: in UTF-8, C3 and a continuation byte.
    if !text.as_bytes().contains(&0xC3) {
        return None;
    }
    let sure = sequences(text).any(|sequence| sequence.sure);
    let mut out = Rewriter::default();
    let mut kept = 0;
    for sequence in sequences(text).filter(|sequence| sequence.sure || sure) {
        if sequence.start < kept {
            continue;
        }
        out.keep(&text[kept..sequence.start]);
        out.replace(sequence.start..sequence.end, sequence.decoded.encode_utf8(&mut [0; 4]));
        kept = sequence.end;
    }
    out.keep(&text[kept..]);
    out.finish()
}

struct Sequence {
    start: usize,
    end: usize,
    decoded: char,
    /// Nobody writes this on purpose.
    sure: bool,
}

fn sequences(text: &str) -> impl Iterator<Item = Sequence> {
    text.match_indices(|c: char| ('\u{c2}'..='\u{f4}').contains(&c)).filter_map(|(start, _)| sequence_at(text, start))
}

fn sequence_at(text: &str, start: usize) -> Option<Sequence> {
    let mut chars = text[start..].char_indices();
    let (_, lead) = chars.next()?;
    let length = match lead as u32 {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let mut bytes = [lead as u8, 0, 0, 0];
    let mut punctuation = false;
    for slot in &mut bytes[1..length] {
        let (_, c) = chars.next()?;
        *slot = match c {
            // ” has no place in Windows-1252's own reading of E2 80 9D: decoders put U+FFFD there.
            '\u{fffd}' if lead == 'â' => 0x9D,
            c => byte_of(c).filter(|byte| (0x80..0xC0).contains(byte))?,
        };
        punctuation |= is_typographic(c);
    }
    let decoded = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    let end = chars.next().map_or(text.len(), |(at, _)| start + at);
    let sure = is_sure(lead, decoded, punctuation);
    plausible(decoded).then_some(Sequence { start, end, decoded, sure })
}

/// Judged by the lead: what it would mean for the characters to have been written as they stand.
fn is_sure(lead: char, decoded: char, punctuation: bool) -> bool {
    match lead {
        'Â' | 'Ã' => !punctuation,
        'Ä' | 'Å' | 'Ð' | 'Ñ' => !punctuation && decoded.is_alphabetic(),
        'â' => ('\u{2000}'..'\u{2c00}').contains(&decoded),
        'ï' => matches!(decoded, '\u{feff}' | '\u{fb00}'..='\u{fb06}' | '\u{fffd}'),
        'ð' => decoded >= '\u{1f000}',
        _ => false,
    }
}

/// What news text can contain, or what a deeper level of damage can; phonetic letters and the like are chance.
fn plausible(decoded: char) -> bool {
    matches!(decoded, 'ˆ' | '˜') || !matches!(decoded, '\u{250}'..='\u{2ff}' | '\u{700}'..='\u{8ff}')
}

/// Characters that good typography puts after any letter.
fn is_typographic(c: char) -> bool {
    matches!(c, '‘' | '’' | '‚' | '“' | '”' | '„' | '–' | '—' | '…' | '‹' | '›' | '«' | '»' | '™' | '®' | '°' | '\u{a0}' | '²' | '³' | '·' | '•')
}

/// The byte that Windows-1252 (or Latin-1, for U+0080..=U+009F) reads as `c`.
fn byte_of(c: char) -> Option<u8> {
    match c as u32 {
        code @ 0x80..=0xFF => Some(code as u8),
        _ => WINDOWS_1252.iter().position(|known| *known == c).map(|at| 0x80 + at as u8),
    }
}

/// The character that Windows-1252 puts at a byte 0x80..=0x9F; the five undefined ones map to the C1 control.
pub fn windows_1252(code: u32) -> Option<char> {
    code.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(at as usize)).copied()
}

#[rustfmt::skip]
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];
