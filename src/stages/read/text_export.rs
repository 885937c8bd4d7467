//! Text files that hold many articles, as LexisNexis ("1 of 250 DOCUMENTS") and ProQuest ("Document 1 of 250") give them.
//!
//! Read as one article, such a file would be one row of all its outlets. The articles are told apart by those lines; inside
//! one, labels at the beginning of a line (`BYLINE:`, `Publication date:`) name the fields.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::csv::undecodable;
use super::encoding::Charset;
use super::records::{Failure, RawRecord, Records};
use super::sample::{Line, Sampled, read_line};
use super::stream::{Bytes, read_failure};

static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:Document [\d,]{1,9} of [\d,]{1,9}|[\d,]{1,9} of [\d,]{1,9} DOCUMENTS)\s*$")
        .expect("a valid pattern")
});

static LABEL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Z][A-Za-z /-]{1,38}):(?:\s+(.*))?$").expect("a valid pattern"));

/// What a label's content is to the article: a field, its full text, or nothing that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Field(&'static str),
    FullText,
    /// Stands before the text, or after it.
    Other,
}

/// The labels of both services, in lower case. Only these are labels: a paragraph may begin with a word and a colon.
fn label(name: &str) -> Option<Content> {
    Some(match name.to_lowercase().as_str() {
        "title" | "headline" => Content::Field("title"),
        "byline" | "author" => Content::Field("author"),
        "publication title" => Content::Field("outlet"),
        "publication date" => Content::Field("date"),
        "section" => Content::Field("section"),
        "highlight" | "subtitle" => Content::Field("deck"),
        "url" | "document url" => Content::Field("url"),
        "proquest document id" | "acc-no" => Content::Field("id"),
        "full text" | "body" => Content::FullText,
        "abstract"
        | "links"
        | "publication info"
        | "length"
        | "dateline"
        | "load-date"
        | "language"
        | "graphic"
        | "subject"
        | "publication-type"
        | "journal-code"
        | "correction-date"
        | "correction"
        | "series"
        | "document-type"
        | "type"
        | "distribution"
        | "person"
        | "people"
        | "company"
        | "company / organization"
        | "organization"
        | "ticker"
        | "industry"
        | "geographic"
        | "state"
        | "city"
        | "country"
        | "category"
        | "name"
        | "location"
        | "pages"
        | "publication year"
        | "publisher"
        | "place of publication"
        | "country of publication"
        | "publication subject"
        | "issn"
        | "source type"
        | "language of publication"
        | "document type"
        | "copyright"
        | "last updated"
        | "database"
        | "column"
        | "credit"
        | "identifier / keyword"
        | "number of pages"
        | "first page"
        | "volume"
        | "issue"
        | "edition"
        | "classification"
        | "business indexing term"
        | "e-issn"
        | "pub-type"
        | "slug" => Content::Other,
        _ => return None,
    })
}

/// Whether a text begins as such an export does: its boundary lines come before much else.
pub(super) fn is_text_export(sample: &str) -> bool {
    sample.lines().take(60).any(|line| BOUNDARY.is_match(line))
}

/// The articles of such a file; rows are documents, from 1.
pub(super) struct TextExport {
    bytes: Bytes,
    charset: Charset,
    limit: usize,
    row: u64,
    /// The first boundary has been passed.
    begun: bool,
    done: bool,
}

impl TextExport {
    pub fn open(sampled: Sampled, limit: usize) -> Self {
        Self { bytes: sampled.bytes, charset: sampled.charset, limit, row: 0, begun: false, done: false }
    }

    /// The lines up to the next boundary; None at the end. What stands before the first boundary is about the export.
    fn next_document(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let (mut lines, mut bytes) = (Vec::new(), 0u64);
        let row = self.row + 1;
        loop {
            let line = match read_line(&mut self.bytes, self.limit) {
                Err(error) => {
                    self.done = true;
                    return Err(read_failure(&error, Some(row)));
                }
                Ok(None) => {
                    self.done = true;
                    break;
                }
                Ok(Some(Line::TooLarge { bytes: more })) => {
                    bytes += more;
                    continue;
                }
                Ok(Some(Line::Whole(line))) => line,
            };
            let text = self.charset.decode(&line).ok_or_else(|| undecodable().at(row))?;
            if BOUNDARY.is_match(&text) {
                if std::mem::replace(&mut self.begun, true) {
                    break;
                }
                (lines, bytes) = (Vec::new(), 0);
                continue;
            }
            bytes += line.len() as u64 + 1;
            if bytes <= self.limit as u64 {
                lines.push(text.trim_end().to_owned());
            }
        }
        if bytes > self.limit as u64 {
            return Err(Failure::too_large(bytes, self.limit).at(row));
        }
        Ok((self.begun && !lines.is_empty()).then_some(lines))
    }
}

impl Records for TextExport {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        while !self.done {
            match self.next_document() {
                Ok(Some(lines)) => {
                    self.row += 1;
                    let cells = cells(&lines).into_iter().map(|(name, content)| (name.into(), content)).collect();
                    return Some(Ok(RawRecord { row: Some(self.row), cells }));
                }
                Ok(None) => {}
                Err(failure) => {
                    self.row += 1;
                    return Some(Err(failure));
                }
            }
        }
        None
    }

    fn columns(&self) -> Option<&[Arc<str>]> {
        None
    }

    fn has_own_columns(&self) -> bool {
        false
    }
}

/// Runs of lines without a blank one between them.
fn paragraphs(lines: &[String]) -> Vec<Vec<&str>> {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    for line in lines {
        match line.trim() {
            "" => paragraphs.push(Vec::new()),
            rule if rule.chars().all(|c| matches!(c, '_' | '-' | '=')) => paragraphs.push(Vec::new()),
            line => paragraphs.last_mut().expect("never empty").push(line),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

fn cells(lines: &[String]) -> Vec<(&'static str, String)> {
    let mut cells: Vec<(&'static str, String)> = Vec::new();
    let (mut head, mut body, mut full_text) = (Vec::new(), Vec::new(), Vec::new());
    // LexisNexis gives the text no label: it is what follows the header's labels. ProQuest's is behind `Full text:`.
    let (mut in_full_text, mut labelled, mut after_text) = (false, false, false);
    for paragraph in paragraphs(lines) {
        let mut rest = &paragraph[..];
        while let Some((content, text)) = rest.first().and_then(|line| labelled_line(line)) {
            rest = &rest[1..];
            // A label's content goes on over the lines under it, up to the next label.
            let more = rest.iter().position(|line| labelled_line(line).is_some()).unwrap_or(rest.len());
            let whole = std::iter::once(text).chain(rest[..more].iter().copied()).filter(|line| !line.is_empty());
            let whole = whole.collect::<Vec<_>>().join(" ");
            rest = &rest[more..];
            after_text |= !body.is_empty();
            (in_full_text, labelled) = (content == Content::FullText, true);
            match content {
                Content::FullText if !whole.is_empty() => full_text.push(whole),
                Content::Field(name) if !whole.is_empty() && !cells.iter().any(|(known, _)| *known == name) => {
                    cells.push((name, whole));
                }
                _ => {}
            }
        }
        if rest.is_empty() {
            continue;
        }
        match (in_full_text, labelled, after_text) {
            (true, ..) => full_text.push(rest.join(" ")),
            (_, false, _) => head.push(rest.to_vec()),
            (_, true, false) => body.push(rest.join(" ")),
            (_, true, true) => {}
        }
    }
    read_head(&head, &mut cells);
    let text = if full_text.is_empty() { body } else { full_text };
    cells.push(("text", text.join("\n\n")));
    cells
}

fn labelled_line(line: &str) -> Option<(Content, &str)> {
    let found = LABEL.captures(line)?;
    let content = label(found.get(1)?.as_str())?;
    Some((content, found.get(2).map_or("", |text| text.as_str().trim())))
}

/// The unlabelled lines above: outlet, date and title, in this order; a copyright notice may come first.
fn read_head(head: &[Vec<&str>], cells: &mut Vec<(&'static str, String)>) {
    let is_date = |line: &str| super::dates::parse_published(line, super::DayOrder::Detect).is_some();
    let mut offer = |name: &'static str, content: String| {
        if !cells.iter().any(|(known, _)| *known == name) {
            cells.push((name, content));
        }
    };
    let about_rights = |line: &str| line.starts_with("Copyright") || line.eq_ignore_ascii_case("all rights reserved");
    let lines: Vec<&str> = head.iter().flatten().copied().filter(|line| !about_rights(line)).collect();
    match lines.iter().position(|line| is_date(line)) {
        Some(date) => {
            offer("date", lines[date].to_owned());
            if let Some(outlet) = lines[..date].last() {
                offer("outlet", (*outlet).to_owned());
            }
            // Under the date may stand an edition, in the date's own paragraph.
            let title = head.iter().skip_while(|paragraph| !paragraph.contains(&lines[date])).nth(1);
            if let Some(title) = title {
                offer("title", title.join(" "));
            }
        }
        None => {
            if let Some(title) = head.first() {
                offer("title", title.join(" "));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<(String, String)>> {
        let bytes = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let sampled = Sampled::new(bytes, crate::stages::read::stream::Meter::of_nothing()).unwrap();
        let mut export = TextExport::open(sampled, 1 << 20);
        let records = std::iter::from_fn(|| export.next_record()).map(Result::unwrap);
        let plain =
            |record: RawRecord| record.cells.into_iter().map(|(name, content)| (name.to_string(), content)).collect();
        records.map(plain).collect()
    }

    fn cell<'a>(record: &'a [(String, String)], name: &str) -> &'a str {
        record.iter().find(|(known, _)| known == name).map_or("", |(_, content)| content)
    }

    #[test]
    fn a_lexisnexis_text_is_cut_into_its_articles() {
        let text = "\n\n            1 of 2 DOCUMENTS\n\n   Copyright 2020 The Hill Post Company\n   All Rights Reserved\n\n   The Hill Post\n\n   \
            January 6, 2020 Monday\n   Late Edition - Final\n\nFerry to Run All\nWinter\n\nBYLINE: By JANE ROE\n\nSECTION: Section A; Pg. 1\n\n\
            LENGTH: 812 words\n\nDATELINE: PORT HALE\n\nThe council voted to keep\nthe ferry running.\n\nNote: nobody was asked.\n\n\
            LOAD-DATE: January 6, 2020\n\nGRAPHIC: PHOTO: a ferry\n\n   2 of 2 DOCUMENTS\n\n   The Ledger\n\n   January 7, 2020\n\nSecond\n\nLENGTH: 9 words\n\nIt runs.\n";
        assert!(is_text_export(text));
        let records = read(text);
        assert_eq!(records.len(), 2);
        let first = &records[0];
        for (name, content) in [
            ("title", "Ferry to Run All Winter"),
            ("outlet", "The Hill Post"),
            ("date", "January 6, 2020 Monday"),
            ("author", "By JANE ROE"),
            ("section", "Section A; Pg. 1"),
            ("text", "The council voted to keep the ferry running.\n\nNote: nobody was asked."),
        ] {
            assert_eq!(cell(first, name), content, "{name}");
        }
        assert_eq!((cell(&records[1], "outlet"), cell(&records[1], "text")), ("The Ledger", "It runs."));
    }

    #[test]
    fn a_proquest_text_is_cut_into_its_articles() {
        let rule = "_".repeat(60);
        let text = format!(
            "{rule}\n\nReport Information from ProQuest\n\n{rule}\n\nDocument 1 of 2\n\nFerry to run all winter\n\nAuthor: Roe, Jane\n\n\
             Publication info: Hill Post ; Port Hale [Port Hale]06 Jan 2020: A.1.\n\nAbstract: It stays.\n\nLinks: none\n\n\
             Full text: The council voted.\n\nThe mayor said: yes.\n\nSubject: Ferries;\n\nTitle: Ferry to run all winter\n\n\
             Publication title: Hill Post; Port Hale\n\nPublication date: Jan 6, 2020\n\nProQuest document ID: 233\n\n{rule}\n\nDocument 2 of 2\n\nSecond\n\n\
             Full text: It runs.\n\nTitle: Second\n"
        );
        let records = read(&text);
        assert_eq!(records.len(), 2);
        for (name, content) in [
            ("title", "Ferry to run all winter"),
            ("outlet", "Hill Post; Port Hale"),
            ("date", "Jan 6, 2020"),
            ("id", "233"),
            ("text", "The council voted.\n\nThe mayor said: yes."),
        ] {
            assert_eq!(cell(&records[0], name), content, "{name}");
        }
        assert_eq!(cell(&records[1], "text"), "It runs.");
    }

    #[test]
    fn a_plain_text_is_none() {
        assert!(!is_text_export(
            "Ferry to run\n\nOne of 2 documents was lost.\n\nDocument 1 of 2 was found in a drawer.\n"
        ));
    }
}
