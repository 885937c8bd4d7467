//! HTML character references left in text. Names are those of HTML 4, which is what exports leave behind.

use super::mojibake::windows_1252;

/// No name or number that is decoded is longer, `&` included.
const LONGEST: usize = 12;

/// The reference that `text` ends in, its `;` still to come: where its `&` stands, and the character.
pub fn ending(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let from = bytes.len().saturating_sub(LONGEST);
    let start = from + bytes[from..].iter().rposition(|byte| *byte == b'&')?;
    let name = text.get(start + 1..)?;
    let decoded = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((start, decoded))
}

/// Letters, digits, `#` and `;` are never written as references by an export: to decode them would let a text spell
/// references out without end.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None if number.starts_with(|c: char| c.is_ascii_digit()) => number.parse().ok()?,
        None => return None,
    };
    let c = windows_1252(code).or_else(|| char::from_u32(code))?;
    let excluded = c.is_ascii_alphanumeric() || matches!(c, '#' | ';') || c.is_ascii_control();
    (!excluded).then_some(c)
}

#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("amp", '&'), ("quot", '"'), ("apos", '\''), ("lt", '<'), ("gt", '>'), ("nbsp", '\u{a0}'), ("AMP", '&'), ("QUOT", '"'),
    ("rsquo", '’'), ("lsquo", '‘'), ("rdquo", '”'), ("ldquo", '“'), ("sbquo", '‚'), ("bdquo", '„'), ("mdash", '—'),
    ("ndash", '–'), ("hellip", '…'), ("bull", '•'), ("middot", '·'), ("trade", '™'), ("copy", '©'), ("reg", '®'),
    ("shy", '\u{ad}'), ("zwnj", '\u{200c}'), ("zwj", '\u{200d}'), ("lrm", '\u{200e}'), ("rlm", '\u{200f}'),
    ("ensp", ' '), ("emsp", ' '), ("thinsp", ' '), ("laquo", '«'), ("raquo", '»'), ("lsaquo", '‹'), ("rsaquo", '›'),
    ("euro", '€'), ("pound", '£'), ("yen", '¥'), ("cent", '¢'), ("curren", '¤'), ("sect", '§'), ("para", '¶'), ("deg", '°'),
    ("plusmn", '±'), ("times", '×'), ("divide", '÷'), ("frac12", '½'), ("frac14", '¼'), ("frac34", '¾'), ("sup1", '¹'),
    ("sup2", '²'), ("sup3", '³'), ("micro", 'µ'), ("ordm", 'º'), ("ordf", 'ª'), ("iexcl", '¡'), ("iquest", '¿'), ("not", '¬'),
    ("brvbar", '¦'), ("uml", '¨'), ("macr", '¯'), ("acute", '´'), ("cedil", '¸'), ("dagger", '†'), ("Dagger", '‡'),
    ("permil", '‰'), ("prime", '′'), ("Prime", '″'), ("minus", '−'), ("ne", '≠'), ("le", '≤'), ("ge", '≥'), ("infin", '∞'),
    ("larr", '←'), ("uarr", '↑'), ("rarr", '→'), ("darr", '↓'), ("tilde", '˜'), ("circ", 'ˆ'), ("fnof", 'ƒ'),
    ("Agrave", 'À'), ("Aacute", 'Á'), ("Acirc", 'Â'), ("Atilde", 'Ã'), ("Auml", 'Ä'), ("Aring", 'Å'), ("AElig", 'Æ'),
    ("Ccedil", 'Ç'), ("Egrave", 'È'), ("Eacute", 'É'), ("Ecirc", 'Ê'), ("Euml", 'Ë'), ("Igrave", 'Ì'), ("Iacute", 'Í'),
    ("Icirc", 'Î'), ("Iuml", 'Ï'), ("ETH", 'Ð'), ("Ntilde", 'Ñ'), ("Ograve", 'Ò'), ("Oacute", 'Ó'), ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'), ("Ouml", 'Ö'), ("Oslash", 'Ø'), ("Ugrave", 'Ù'), ("Uacute", 'Ú'), ("Ucirc", 'Û'), ("Uuml", 'Ü'),
    ("Yacute", 'Ý'), ("THORN", 'Þ'), ("szlig", 'ß'), ("agrave", 'à'), ("aacute", 'á'), ("acirc", 'â'), ("atilde", 'ã'),
    ("auml", 'ä'), ("aring", 'å'), ("aelig", 'æ'), ("ccedil", 'ç'), ("egrave", 'è'), ("eacute", 'é'), ("ecirc", 'ê'),
    ("euml", 'ë'), ("igrave", 'ì'), ("iacute", 'í'), ("icirc", 'î'), ("iuml", 'ï'), ("eth", 'ð'), ("ntilde", 'ñ'),
    ("ograve", 'ò'), ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'), ("ouml", 'ö'), ("oslash", 'ø'), ("ugrave", 'ù'),
    ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'), ("yacute", 'ý'), ("thorn", 'þ'), ("yuml", 'ÿ'), ("OElig", 'Œ'),
    ("oelig", 'œ'), ("Scaron", 'Š'), ("scaron", 'š'), ("Yuml", 'Ÿ'), ("Zcaron", 'Ž'), ("zcaron", 'ž'),
];
