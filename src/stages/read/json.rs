//! JSON Lines, and JSON arrays or runs of objects cut into their elements without being held.

use std::io::BufRead;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::csv::undecodable;
use super::encoding::Charset;
use super::json_cells::Cells;
use super::records::{Failure, RawRecord, Records};
use super::sample::{Line, Sampled, read_line};
use super::stream::{Bytes, read_failure};

/// How a JSON file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One object a line.
    Lines,
    /// An array of objects, or objects one after the other; `start` is the byte where they begin.
    Elements { start: usize },
}

/// The member that holds the records in the answers of news and search interfaces.
static WRAPPED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#""(?:articles|results|items|stories|docs|documents|data|hits|records|news|entries|posts)"\s*:\s*\[\s*\{"#,
    )
    .expect("a valid pattern")
});

impl Layout {
    pub fn sniff(sample: &[u8], named_lines: bool) -> Self {
        let start = sample.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
        if sample.get(start) != Some(&b'{') {
            return if named_lines && sample.get(start) != Some(&b'[') {
                Self::Lines
            } else {
                Self::Elements { start }
            };
        }
        let first_line = sample[start..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let whole = serde_json::from_slice::<serde::de::IgnoredAny>(first_line).is_ok();
        if let Some(found) = WRAPPED.find(sample).filter(|_| !named_lines) {
            let many_lines = whole && sample[start + first_line.len()..].iter().any(|byte| !byte.is_ascii_whitespace());
            if !many_lines {
                return Self::Elements { start: found.end() - 1 };
            }
        }
        if named_lines || whole { Self::Lines } else { Self::Elements { start } }
    }
}

/// The records of a JSON file.
pub(super) struct JsonRecords {
    bytes: Bytes,
    charset: Charset,
    layout: Layout,
    cells: Cells,
    /// Lines or elements so far.
    row: u64,
    limit: usize,
    /// Open brackets around the element, in `Elements`.
    brackets: u64,
    /// Only the array at the start belongs to the records.
    wrapped: bool,
    done: bool,
}

impl JsonRecords {
    pub fn open(sampled: Sampled, layout: Layout, limit: usize) -> Result<Self, Failure> {
        let mut bytes = sampled.bytes;
        let mut wrapped = false;
        if let Layout::Elements { start } = layout {
            // `start` lies inside the sample, which has been read without an error.
            let mut left = start;
            while left > 0 {
                let available = bytes.fill_buf().map_err(|error| read_failure(&error, None))?.len();
                let used = available.min(left);
                if used == 0 {
                    break;
                }
                bytes.consume(used);
                left -= used;
            }
            wrapped = start > 0 && sampled.sample[..start].contains(&b'{');
        }
        Ok(Self {
            bytes,
            charset: sampled.charset,
            layout,
            cells: Cells::default(),
            row: 0,
            limit,
            brackets: u64::from(wrapped),
            wrapped,
            done: false,
        })
    }

    fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            self.row += 1;
            match read_line(&mut *self.bytes, self.limit)? {
                Some(Line::Whole(line)) if line.trim_ascii().is_empty() => {}
                line => return Ok(line),
            }
        }
    }

    fn next_element(&mut self) -> std::io::Result<Option<Element>> {
        let mut scan = Scan::default();
        loop {
            let available = match self.bytes.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                self.done = true;
                let open = scan.size > 0 || self.brackets > 0;
                return Ok(open.then(|| scan.finish(self.limit, true)));
            }
            let (used, step) = scan.feed(available, &mut self.brackets, self.limit);
            self.bytes.consume(used);
            match step {
                Step::More => {}
                Step::Element => return Ok(Some(scan.finish(self.limit, false))),
                Step::ArrayEnd if self.wrapped && self.brackets == 0 => {
                    self.done = true;
                    return Ok(None);
                }
                Step::ArrayEnd => {}
            }
        }
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<RawRecord, Failure> {
        let text = self.charset.decode(bytes).ok_or_else(|| undecodable().at(self.row))?;
        let cells = self.cells.parse(&text).map_err(|error| {
            let advice = "the record is skipped; correct it or export it again";
            Failure::new("bad_row", format!("not a JSON object: {error}; {advice}")).at(self.row)
        })?;
        Ok(RawRecord { row: Some(self.row), cells })
    }
}

impl Records for JsonRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        let next = match self.layout {
            Layout::Lines => self.next_line().map(|line| {
                line.map(|line| match line {
                    Line::Whole(line) => Element::Whole(line),
                    Line::TooLarge { bytes } => Element::TooLarge(bytes),
                })
            }),
            Layout::Elements { .. } => {
                self.row += 1;
                self.next_element()
            }
        };
        match next {
            Ok(Some(Element::Whole(bytes))) => Some(self.parse(&bytes)),
            Ok(Some(Element::TooLarge(bytes))) => Some(Err(Failure::too_large(bytes, self.limit).at(self.row))),
            Ok(Some(Element::Cut)) => {
                let detail = "the file ends inside the array or inside a record; the records before were read";
                Some(Err(Failure::new("truncated", detail).at(self.row).ending()))
            }
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Err(read_failure(&error, Some(self.row))))
            }
        }
    }
}

enum Element {
    Whole(Vec<u8>),
    TooLarge(u64),
    Cut,
}

enum Step {
    More,
    Element,
    ArrayEnd,
}

/// Finds the end of an element by its brackets and strings alone: no recursion, whatever its depth.
#[derive(Default)]
struct Scan {
    element: Vec<u8>,
    size: u64,
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Takes bytes up to the end of the element; gives how many it took.
    fn feed(&mut self, bytes: &[u8], brackets: &mut u64, limit: usize) -> (usize, Step) {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.size == 0 {
                match byte {
                    b'[' => *brackets += 1,
                    b']' => {
                        *brackets = brackets.saturating_sub(1);
                        return (at + 1, Step::ArrayEnd);
                    }
                    b',' => {}
                    byte if byte.is_ascii_whitespace() => {}
                    byte => self.begin(byte),
                }
                if self.size == 0 {
                    continue;
                }
            } else if self.depth == 0 && !self.in_string && (matches!(byte, b',' | b']') || byte.is_ascii_whitespace())
            {
                // The end of a bare word or number; the delimiter belongs to the array.
                return (at, Step::Element);
            } else {
                self.size += 1;
                self.track(byte);
            }
            if self.size <= limit as u64 {
                self.element.push(byte);
            } else {
                self.element = Vec::new();
            }
            if self.depth == 0 && !self.in_string && matches!(byte, b'}' | b'"') {
                return (at + 1, Step::Element);
            }
        }
        (bytes.len(), Step::More)
    }

    fn begin(&mut self, byte: u8) {
        self.size = 1;
        self.track(byte);
    }

    fn track(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn finish(self, limit: usize, cut: bool) -> Element {
        match self.size > limit as u64 {
            true => Element::TooLarge(self.size),
            false if cut => Element::Cut,
            false => Element::Whole(self.element),
        }
    }
}
