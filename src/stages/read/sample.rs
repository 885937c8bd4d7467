//! The beginning of a stream, which settles format and encoding; and its lines, held only up to a limit.

use std::io::{self, BufRead, BufReader, Read};

use super::encoding::{Charset, Transcoded};
use super::stream::{Bytes, Meter, SAMPLE_BYTES, read_up_to};

/// A stream whose beginning has been looked at.
pub(super) struct Sampled {
    /// The first bytes as they stand in the file.
    pub sample: Vec<u8>,
    pub charset: Charset,
    /// The whole stream from its beginning: without a byte-order mark, and as UTF-8 where the file is UTF-16.
    pub bytes: Bytes,
}

impl Sampled {
    pub fn new(mut bytes: Bytes, meter: Meter) -> io::Result<Self> {
        let sample = read_up_to(&mut *bytes, SAMPLE_BYTES, 0)?;
        let charset = Charset::detect(&sample);
        let mut whole = meter.around(io::Cursor::new(sample.clone()).chain(bytes));
        let bytes: Bytes = match charset.transcoder() {
            Some(decoder) => Box::new(BufReader::new(Transcoded::new(whole, decoder))),
            None => {
                if sample.starts_with(b"\xef\xbb\xbf") {
                    whole.consume(3);
                }
                whole
            }
        };
        // Formats look at the sample as UTF-8 too.
        let sample = match charset.transcoder() {
            Some(mut decoder) => {
                let mut text = String::with_capacity(sample.len() * 2 + 16);
                let _ = decoder.decode_to_string(&sample, &mut text, false);
                text.into_bytes()
            }
            None => sample.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(sample),
        };
        Ok(Self { sample, charset, bytes })
    }
}

/// One line, held only up to a limit.
pub(super) enum Line {
    /// Without its line end.
    Whole(Vec<u8>),
    /// Longer than the limit: skipped without being held.
    TooLarge { bytes: u64 },
}

/// Reads one line of at most `limit` bytes; None at the end.
pub(super) fn read_line(reader: &mut (impl BufRead + ?Sized), limit: usize) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut bytes = 0u64;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok((bytes > 0).then(|| whole_or_too_large(line, bytes, limit)));
        }
        let end = memchr::memchr(b'\n', available);
        let part = &available[..end.unwrap_or(available.len())];
        if bytes + part.len() as u64 <= limit as u64 {
            line.extend_from_slice(part);
        } else {
            line = Vec::new();
        }
        let used = part.len() + usize::from(end.is_some());
        bytes += part.len() as u64;
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(whole_or_too_large(line, bytes, limit)));
        }
    }
}

fn whole_or_too_large(mut line: Vec<u8>, bytes: u64, limit: usize) -> Line {
    if bytes > limit as u64 {
        return Line::TooLarge { bytes };
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Line::Whole(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_skipped_and_the_next_one_read() {
        let mut reader = BufReader::with_capacity(4, &b"short\r\nmuch too long\nnext"[..]);
        let mut next = || read_line(&mut reader, 6).unwrap();
        assert!(matches!(next(), Some(Line::Whole(line)) if line == b"short"));
        assert!(matches!(next(), Some(Line::TooLarge { bytes: 13 })));
        assert!(matches!(next(), Some(Line::Whole(line)) if line == b"next"));
        assert!(next().is_none());
    }
}
