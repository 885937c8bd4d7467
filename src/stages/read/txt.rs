//! Plain text: one article a file.

use super::csv::undecodable;
use super::records::{Failure, RawRecord, Records};
use super::sample::Sampled;
use super::stream::read_failure;

/// A first line up to this many characters, with a blank line under it, is the title.
const TITLE_CHARS: usize = 200;

/// A file that is one record.
pub(super) struct SingleRecord {
    record: Option<Result<RawRecord, Failure>>,
}

impl SingleRecord {
    pub fn new(record: Result<RawRecord, Failure>) -> Self {
        Self { record: Some(record) }
    }

    /// A text file: the title where there is one, and the text under it.
    pub fn text(sampled: Sampled, limit: usize) -> Self {
        Self::new(read_whole(sampled, limit).and_then(|(charset, bytes)| {
            let text = charset.decode(&bytes).ok_or_else(undecodable)?;
            let (title, body) = split_title(&text);
            let cells = [("title", title), ("text", body)].into_iter().filter(|(_, content)| !content.is_empty());
            Ok(RawRecord { row: None, cells: cells.map(|(name, content)| (name.into(), content.to_owned())).collect() })
        }))
    }
}

/// All bytes of a file that must not be longer than the limit.
pub(super) fn read_whole(sampled: Sampled, limit: usize) -> Result<(super::encoding::Charset, Vec<u8>), Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let mut limited = sampled.bytes.take(limit as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|error| read_failure(&error, None))?;
    match bytes.len() > limit {
        true => Err(Failure::too_large(bytes.len() as u64, limit)),
        false => Ok((sampled.charset, bytes)),
    }
}

fn split_title(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(['\u{feff}', '\n', '\r']);
    let Some((first, rest)) = text.split_once('\n') else { return ("", text) };
    let second = rest.split('\n').next().unwrap_or_default();
    let title = first.trim();
    let is_title = second.trim().is_empty()
        && !title.is_empty()
        && title.chars().count() <= TITLE_CHARS
        && !rest.trim().is_empty();
    if is_title { (title, rest.trim_start_matches(['\n', '\r'])) } else { ("", text) }
}

impl Records for SingleRecord {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        self.record.take()
    }

    fn has_own_columns(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_over_a_blank_one_is_the_title() {
        assert_eq!(split_title("Title\n\nBody.\n\nMore."), ("Title", "Body.\n\nMore."));
        assert_eq!(split_title("Title\r\n\r\nBody."), ("Title", "Body."));
        assert_eq!(split_title("A line.\nAnother line."), ("", "A line.\nAnother line."));
        assert_eq!(split_title("Only a line\n\n"), ("", "Only a line\n\n"));
        let long = format!("{}\n\nBody.", "x".repeat(201));
        assert_eq!(split_title(&long), ("", long.as_str()));
    }
}
