//! Bytes to Unicode: byte-order marks, UTF-16, UTF-8, and a guess at legacy encodings where it is none of these.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The encoding of a file, from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// UTF-16, decoded before anything else looks at the bytes.
    Utf16(&'static Encoding),
    /// Bytes that are not UTF-8; what they most likely are.
    Legacy(&'static Encoding),
    /// UTF-32, which no export we know of uses and no decoder here reads.
    Utf32,
}

impl Charset {
    pub fn detect(sample: &[u8]) -> Self {
        match sample {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Self::Utf32,
            [0xff, 0xfe, ..] => return Self::Utf16(UTF_16LE),
            [0xfe, 0xff, ..] => return Self::Utf16(UTF_16BE),
            _ => {}
        }
        if let Some(encoding) = utf16_without_mark(sample) {
            return Self::Utf16(encoding);
        }
        match std::str::from_utf8(sample) {
            Ok(_) => Self::Utf8,
            // The sample may end inside a character.
            Err(error) if error.error_len().is_none() => Self::Utf8,
            Err(_) if mostly_utf8(sample) => Self::Utf8,
            Err(_) => Self::Legacy(guess(sample)),
        }
    }

    /// Decodes UTF-16; None for encodings that are decoded record by record.
    pub fn transcoder(self) -> Option<Decoder> {
        match self {
            Self::Utf16(encoding) => Some(encoding.new_decoder_with_bom_removal()),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => UTF_8.name(),
            Self::Utf16(encoding) | Self::Legacy(encoding) => encoding.name(),
            Self::Utf32 => "UTF-32",
        }
    }

    /// Decodes one record, line or page. UTF-8 wins wherever the bytes are valid UTF-8: exports are often pasted
    /// together from files of different encodings. None where the bytes are no text in any encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return is_text(text).then_some(Cow::Borrowed(text));
        }
        let text = match self {
            Self::Utf32 => return None,
            _ if mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Legacy(encoding) => decode_legacy(encoding, bytes)?,
            Self::Utf8 | Self::Utf16(_) => decode_legacy(guess(bytes), bytes)?,
        };
        is_text(&text).then_some(Cow::Owned(text))
    }
}

/// The encoding that a page or an HTTP header names, where it is one that can hold the bytes.
pub(super) fn decode_labelled(label: Option<&str>, bytes: &[u8]) -> Option<String> {
    let utf8 = std::str::from_utf8(bytes).ok().map(|text| text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
    // UTF-16 of ASCII characters is valid UTF-8, too, but full of NULs.
    if utf8.is_some() && memchr::memchr(0, bytes).is_none() {
        return utf8;
    }
    let charset = Charset::detect(bytes);
    if let Charset::Utf16(encoding) = charset {
        return Some(encoding.decode(bytes).0.into_owned());
    }
    if utf8.is_some() {
        return utf8;
    }
    let labelled = label.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    match labelled.filter(|encoding| *encoding != UTF_8) {
        Some(encoding) => Charset::Legacy(encoding).decode(bytes).map(Cow::into_owned),
        None => charset.decode(bytes).map(Cow::into_owned),
    }
}

fn decode_legacy(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.into_owned())
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// UTF-8 with a few damaged bytes: its multi-byte characters far outnumber what is not UTF-8. Decoding it as a legacy
/// encoding would garble every one of them.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut wide, mut broken) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        wide += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    wide > broken * 4
}

/// Text has hardly any control characters; NULs are counted apart since exports strew them into good text.
fn is_text(text: &str) -> bool {
    let (mut controls, mut chars) = (0usize, 0usize);
    for c in text.chars() {
        chars += 1;
        controls += usize::from(c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\0' | '\u{85}'));
    }
    controls * 20 <= chars
}

/// UTF-16 of mostly ASCII characters has a NUL at every other byte.
fn utf16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    memchr::memchr(0, sample)?;
    let nuls = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let pairs = sample.len() / 2;
    if pairs < 8 {
        return None;
    }
    match (nuls(0), nuls(1)) {
        (even, odd) if odd * 10 >= pairs * 6 && even * 20 < pairs => Some(UTF_16LE),
        (even, odd) if even * 10 >= pairs * 6 && odd * 20 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Text without the NULs that broken exports leave in it.
pub(super) fn without_nuls(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

/// A stream decoded to UTF-8; what cannot be decoded becomes U+FFFD.
pub(super) struct Transcoded<R> {
    source: R,
    decoder: Decoder,
    encoded: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcoded<R> {
    pub fn new(source: R, decoder: Decoder) -> Self {
        Self { source, decoder, encoded: vec![0; 32 << 10], decoded: Vec::new(), given: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.given == self.decoded.len() && !self.ended {
            let n = self.source.read(&mut self.encoded)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(n * 3 + 16);
            self.decoded.resize(room, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.encoded[..n], &mut self.decoded, self.ended);
            self.decoded.truncate(written);
            self.given = 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let left = &self.decoded[self.given..];
        let n = left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&left[..n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16le(text: &str, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(Charset::detect(&utf16le("Der Zug ist fort", true)).name(), "UTF-16LE");
        assert_eq!(Charset::detect(&utf16le("The train has gone", false)).name(), "UTF-16LE");
        assert_eq!(Charset::detect("na\u{ef}ve caf\u{e9}".as_bytes()), Charset::Utf8);
        assert_eq!(Charset::detect(b"\x93The caf\xe9 has closed,\x94 she said. It\x92s over.").name(), "windows-1252");
        assert_eq!(Charset::detect(&[0xff, 0xfe, 0, 0, b'a', 0, 0, 0]), Charset::Utf32);
    }

    #[test]
    fn records_of_two_encodings_in_one_file_are_both_read() {
        let charset = Charset::Utf8;
        assert_eq!(charset.decode("caf\u{e9}".as_bytes()).unwrap(), "caf\u{e9}");
        assert_eq!(
            charset.decode(b"It\x92s the caf\xe9 on the corner").unwrap(),
            "It\u{2019}s the caf\u{e9} on the corner"
        );
    }

    #[test]
    fn one_damaged_byte_does_not_garble_the_rest() {
        let mut bytes =
            "\u{201c}We\u{2019}re closing\u{201d}, she said. \u{201c}It\u{2019}s over.\u{201d}".as_bytes().to_vec();
        bytes.push(0xe2);
        let text = Charset::detect(&bytes).decode(&bytes).unwrap().into_owned();
        assert!(text.starts_with("\u{201c}We\u{2019}re") && text.ends_with('\u{fffd}'));
    }

    #[test]
    fn noise_is_no_text() {
        let noise: Vec<u8> = (0..2000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(Charset::detect(&noise).decode(&noise), None);
    }

    #[test]
    fn utf16_is_streamed_to_utf8() {
        let text = "na\u{ef}ve \u{1f600} ".repeat(9000);
        let encoded = utf16le(&text, true);
        let mut decoded = String::new();
        let decoder = Charset::detect(&encoded).transcoder().unwrap();
        Transcoded::new(&encoded[..], decoder).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, text);
    }

    #[test]
    fn a_wrong_label_gives_way_to_valid_utf8() {
        assert_eq!(decode_labelled(Some("iso-8859-1"), "caf\u{e9}".as_bytes()).unwrap(), "caf\u{e9}");
        assert_eq!(decode_labelled(Some("iso-8859-2"), b"\xb1").unwrap(), "\u{105}");
        assert_eq!(decode_labelled(Some("utf-8"), b"the caf\xe9 closed").unwrap(), "the caf\u{e9} closed");
    }
}
