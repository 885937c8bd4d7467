//! RSS and Atom dumps: one article an item or entry.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoding_rs::UTF_8;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::encoding::{Charset, Transcoded};
use super::html::plain_text;
use super::records::{Failure, RawRecord, Records};
use super::sample::Sampled;
use super::stream::{Bytes, read_failure};

/// The records of a feed.
pub(super) struct FeedRecords {
    reader: Reader<Bounded>,
    /// Bytes that may still be read for this record.
    budget: Arc<AtomicUsize>,
    limit: usize,
    buffer: Vec<u8>,
    /// Title of the channel or feed.
    channel: Option<String>,
    /// Names of the open elements, without prefix.
    path: Vec<String>,
    item: Option<Item>,
    text: String,
    row: u64,
    done: bool,
}

/// An item under construction.
#[derive(Default)]
struct Item {
    depth: usize,
    cells: Vec<(&'static str, String)>,
    /// The longest of content and description so far.
    text: String,
}

impl FeedRecords {
    pub fn open(sampled: Sampled, limit: usize) -> Self {
        let decoder = match sampled.charset {
            Charset::Legacy(encoding) => encoding.new_decoder_without_bom_handling(),
            _ => UTF_8.new_decoder_without_bom_handling(),
        };
        let budget = Arc::new(AtomicUsize::new(limit));
        let bytes: Bytes = Box::new(BufReader::new(Transcoded::new(sampled.bytes, decoder)));
        let mut reader = Reader::from_reader(Bounded { bytes, budget: Arc::clone(&budget) });
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self {
            reader,
            budget,
            limit,
            buffer: Vec::new(),
            channel: None,
            path: Vec::new(),
            item: None,
            text: String::new(),
            row: 0,
            done: false,
        }
    }

    /// Reads events up to the end of an item; None at the end of the feed.
    fn next_item(&mut self) -> Result<Option<Item>, Failure> {
        loop {
            self.buffer.clear();
            let mut buffer = std::mem::take(&mut self.buffer);
            let event = self.reader.read_event_into(&mut buffer);
            let finished = match event {
                Ok(Event::Eof) if self.item.is_some() => {
                    let detail = "the feed ends inside an item; the items before were read";
                    return Err(Failure::new("truncated", detail));
                }
                Ok(Event::Eof) => return Ok(None),
                Ok(event) => self.take(&event),
                Err(quick_xml::Error::Io(error)) => return Err(self.io_failure(&error)),
                Err(error) => {
                    let detail = format!("not well-formed XML: {error}; the items before this point were read");
                    return Err(Failure::new("corrupt", detail));
                }
            };
            self.buffer = buffer;
            if finished.is_some() {
                return Ok(finished);
            }
            if self.item.is_none() {
                self.budget.store(self.limit, Ordering::Relaxed);
            }
        }
    }

    fn io_failure(&self, error: &io::Error) -> Failure {
        match self.budget.load(Ordering::Relaxed) {
            0 => Failure::too_large(self.limit as u64 + 1, self.limit),
            _ => read_failure(error, None),
        }
    }

    fn take(&mut self, event: &Event) -> Option<Item> {
        match event {
            Event::Start(tag) => self.open_element(tag, false),
            Event::Empty(tag) => self.open_element(tag, true),
            Event::Text(text) => self.text.push_str(text),
            Event::CData(text) => self.text.push_str(text),
            Event::GeneralRef(name) => push_reference(&mut self.text, name),
            Event::End(_) => return self.close_element(),
            _ => {}
        }
        None
    }

    fn open_element(&mut self, tag: &BytesStart, empty: bool) {
        let name = local_name(tag);
        // Atom's xhtml content holds elements: their tags are part of the text.
        let inside_content =
            self.item.is_some() && self.path.last().is_some_and(|last| last == "content" || last == "div");
        if !inside_content {
            self.text.clear();
        } else if matches!(name.as_str(), "p" | "br" | "div") {
            self.text.push_str("<br><br>");
        }
        if matches!(name.as_str(), "item" | "entry") && self.item.is_none() {
            self.item = Some(Item { depth: self.path.len(), ..Item::default() });
            self.row += 1;
        }
        if name == "link" {
            let attribute = |wanted: &str| {
                let found = tag.attributes().flatten().find(|attribute| local_key(attribute.key.0) == wanted);
                found.map(|attribute| plain_text(&attribute.value))
            };
            let alternate = attribute("rel").is_none_or(|rel| rel == "alternate");
            if let (Some(item), Some(url), true) = (&mut self.item, attribute("href"), alternate) {
                item.cells.push(("url", url));
            }
        }
        if !empty && self.path.len() < 256 {
            self.path.push(name);
        }
    }

    fn close_element(&mut self) -> Option<Item> {
        let name = self.path.pop()?;
        let parent = self.path.last().map(String::as_str);
        let Some(item) = &mut self.item else {
            if name == "title" && matches!(parent, Some("channel" | "feed")) {
                self.channel = Some(plain_text(self.text.trim()));
            }
            self.text.clear();
            return None;
        };
        if matches!(name.as_str(), "item" | "entry") && self.path.len() <= item.depth {
            return self.item.take();
        }
        let inside_content = matches!(name.as_str(), "p" | "br" | "a" | "b" | "i" | "em" | "strong" | "span")
            || (name == "div" && parent == Some("content"));
        if inside_content {
            return None;
        }
        let content = std::mem::take(&mut self.text);
        let field = match (name.as_str(), parent) {
            ("title", Some("item" | "entry")) => "title",
            ("encoded" | "content" | "description" | "summary", _) => {
                let text = plain_text(content.trim());
                if text.len() > item.text.len() {
                    item.text = text;
                }
                return None;
            }
            ("pubDate" | "published", _) => "published",
            ("date" | "updated", Some("item" | "entry")) => "date",
            ("creator", _) | ("author", Some("item")) | ("name", Some("author")) => "author",
            ("category", Some("item")) => "section",
            ("guid" | "id", Some("item" | "entry")) => "id",
            ("link", Some("item")) => "url",
            _ => return None,
        };
        let content = plain_text(content.trim());
        // An item may have many categories: the first is the section.
        if !content.is_empty() && !item.cells.iter().any(|(name, _)| *name == field) {
            item.cells.push((field, content));
        }
        None
    }
}

/// Markup in feeds is escaped once more as XML: that layer is resolved here, names of HTML are left to `plain_text`.
fn push_reference(text: &mut String, name: &str) {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    match (name, number.and_then(char::from_u32)) {
        (_, Some(c)) => text.push(c),
        ("lt", _) => text.push('<'),
        ("gt", _) => text.push('>'),
        ("amp", _) => text.push('&'),
        ("quot", _) => text.push('"'),
        ("apos", _) => text.push('\''),
        _ => text.push_str(&format!("&{name};")),
    }
}

fn local_name(tag: &BytesStart) -> String {
    local_key(tag.name().0).to_owned()
}

fn local_key(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

impl Records for FeedRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        self.budget.store(self.limit, Ordering::Relaxed);
        match self.next_item() {
            Ok(Some(mut item)) => {
                item.cells.push(("text", item.text));
                if let Some(channel) = &self.channel {
                    item.cells.push(("outlet", channel.clone()));
                }
                let cells = item.cells.into_iter().map(|(name, content)| (name.into(), content)).collect();
                Some(Ok(RawRecord { row: Some(self.row), cells }))
            }
            Ok(None) => {
                self.done = true;
                None
            }
            Err(failure) => {
                self.done = true;
                Some(Err(failure.at(self.row.max(1)).ending()))
            }
        }
    }

    fn has_own_columns(&self) -> bool {
        false
    }
}

/// A stream that refuses to give one record more than its budget.
struct Bounded {
    bytes: Bytes,
    budget: Arc<AtomicUsize>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.budget.load(Ordering::Relaxed) {
            0 => Err(io::Error::other("the record is too large")),
            _ => self.bytes.fill_buf(),
        }
    }

    fn consume(&mut self, n: usize) {
        let left = self.budget.load(Ordering::Relaxed);
        self.budget.store(left.saturating_sub(n), Ordering::Relaxed);
        self.bytes.consume(n);
    }
}
