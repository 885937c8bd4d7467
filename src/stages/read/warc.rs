//! WARC: the HTML pages of successful HTTP responses.
//!
//! A reader of our own, since real archives have wrong lengths and cut records: the `warc` crate (0.4) trusts
//! `Content-Length`, allocates as much, and ends at the first record that does not fit.

use std::io::{self, BufRead};

use super::html;
use super::http::Response;
use super::records::{Failure, RawRecord, Records};
use super::reread::Rereadable;
use super::sample::{Line, read_line};
use super::stream::{Bytes, read_failure};

/// Bytes of a record's header, and lines of it.
const MAX_HEADER_LINE: usize = 64 << 10;
const MAX_HEADER_LINES: usize = 200;
/// Bytes within which a record's header names its type.
const HEADER_SEEN: usize = 512;

/// The pages of a WARC file; rows are records of any type, from 1.
pub(super) struct WarcRecords {
    bytes: Rereadable,
    limit: usize,
    row: u64,
    done: bool,
}

impl WarcRecords {
    pub fn open(bytes: Bytes, limit: usize) -> Self {
        Self { bytes: Rereadable::new(bytes), limit, row: 0, done: false }
    }

    /// The next record's header; None at the end. Bytes between records are passed over.
    fn next_header(&mut self) -> io::Result<Option<Header>> {
        loop {
            match read_line(&mut self.bytes, MAX_HEADER_LINE)? {
                None => return Ok(None),
                Some(Line::Whole(line)) if is_version(&line) => break,
                Some(_) => {}
            }
        }
        let mut header = Header::default();
        for _ in 0..MAX_HEADER_LINES {
            match read_line(&mut self.bytes, MAX_HEADER_LINE)? {
                Some(Line::Whole(line)) if !line.trim_ascii().is_empty() => header.take(&line),
                Some(Line::TooLarge { .. }) => {}
                _ => break,
            }
        }
        Ok(Some(header))
    }

    /// A record's content, whatever its header says of the length: it ends where the next record begins.
    fn content(&mut self, length: usize) -> io::Result<Content> {
        let (mut content, limit) = (Content::default(), self.limit);
        while content.read < length as u64 {
            let available = self.bytes.fill_buf()?;
            content.cut = available.is_empty();
            let n = available.len().min((length as u64 - content.read).min(1 << 20) as usize);
            let searched = content.bytes.len().saturating_sub(HEADER_SEEN);
            content.push(&available[..n], limit);
            self.bytes.consume(n);
            let ended = content.cut || content.read >= length as u64;
            if let Some(at) = next_record_inside(&content.bytes, searched, ended) {
                // The length was too long: what belongs to the next record is read again as such.
                let swallowed = content.bytes.split_off(at);
                self.bytes.again_first(swallowed);
                content.cut = false;
                content.read = at as u64;
                return Ok(content);
            }
            if content.cut {
                return Ok(content);
            }
        }
        // Normally two empty lines; anything else means that the length was too short.
        let mut empty_lines = Vec::new();
        loop {
            let Some(line) = read_line(&mut self.bytes, self.limit)? else { return Ok(content) };
            match line {
                Line::Whole(line) if is_version(&line) => {
                    let mut again = line;
                    again.extend_from_slice(b"\r\n");
                    self.bytes.again_first(again);
                    return Ok(content);
                }
                Line::Whole(line) if line.trim_ascii().is_empty() && empty_lines.len() < 64 => {
                    empty_lines.extend(b"\r\n")
                }
                Line::Whole(mut line) => {
                    line.extend_from_slice(b"\r\n");
                    content.push(&std::mem::take(&mut empty_lines), limit);
                    content.push(&line, limit);
                }
                Line::TooLarge { bytes } => content.read += bytes,
            }
        }
    }

    /// The next page; records of other kinds are passed over.
    fn next_page(&mut self) -> io::Result<Option<Result<RawRecord, Failure>>> {
        while let Some(header) = self.next_header()? {
            self.row += 1;
            let wanted = header.is_http_response();
            let content = self.content(header.length.unwrap_or(0))?;
            if !wanted {
                continue;
            }
            let page = match content {
                Content { cut: true, .. } => {
                    let detail = "the archive ends inside this record; the records before were read";
                    Err(Failure::new("truncated", detail))
                }
                Content { read, .. } if read > self.limit as u64 => Err(Failure::too_large(read, self.limit)),
                Content { bytes, .. } => match Response::parse(&bytes, self.limit) {
                    Ok(None) => continue,
                    Ok(Some(response)) => page(&response, header.url.as_deref()),
                    Err(failure) => Err(failure),
                },
            };
            return Ok(Some(
                page.map(|record| RawRecord { row: Some(self.row), ..record }).map_err(|f| f.at(self.row)),
            ));
        }
        Ok(None)
    }
}

fn page(response: &Response, url: Option<&str>) -> Result<RawRecord, Failure> {
    if response.body.len() > html::MAX_PAGE_BYTES {
        return Err(Failure::too_large(response.body.len() as u64, html::MAX_PAGE_BYTES));
    }
    let cells = html::article(&response.body, response.charset.as_deref(), url)?;
    Ok(RawRecord { row: None, cells: cells.into_iter().map(|(name, content)| (name.into(), content)).collect() })
}

impl Records for WarcRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        match self.next_page() {
            Ok(Some(page)) => Some(page),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Err(read_failure(&error, Some(self.row.max(1)))))
            }
        }
    }

    fn has_own_columns(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Header {
    kind: String,
    content_type: String,
    url: Option<String>,
    length: Option<usize>,
}

impl Header {
    fn take(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "warc-type" => self.kind = value.to_ascii_lowercase(),
            "content-type" => self.content_type = value.to_ascii_lowercase(),
            "warc-target-uri" => self.url = Some(value.trim_matches(['<', '>']).to_owned()),
            "content-length" => self.length = value.parse().ok(),
            _ => {}
        }
    }

    fn is_http_response(&self) -> bool {
        self.kind == "response" && (self.content_type.is_empty() || self.content_type.starts_with("application/http"))
    }
}

#[derive(Default)]
struct Content {
    bytes: Vec<u8>,
    /// Bytes read, also those not held.
    read: u64,
    /// The file ended first.
    cut: bool,
}

impl Content {
    fn push(&mut self, bytes: &[u8], limit: usize) {
        self.read += bytes.len() as u64;
        if self.read <= limit as u64 {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

fn is_version(line: &[u8]) -> bool {
    line.starts_with(b"WARC/0.") || line.starts_with(b"WARC/1.")
}

/// Where the next record begins inside a content whose length was given too long. Where the content has `ended`, the next
/// record's header may be cut off.
fn next_record_inside(content: &[u8], searched: usize, ended: bool) -> Option<usize> {
    let mut from = searched;
    while let Some(at) = find(&content[from..], b"\nWARC/1.") {
        let start = from + at + 1;
        let head = &content[start..content.len().min(start + HEADER_SEEN)];
        if find(head, b"WARC-Type").is_some() || (ended && head.len() < HEADER_SEEN) {
            return Some(start);
        }
        from = start;
    }
    None
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
