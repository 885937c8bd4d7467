//! Web pages: main text and metadata.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use dom_smoothie::{Config, Readability, TextMode};
use regex::bytes::Regex;

use super::csv::undecodable;
use super::encoding::decode_labelled;
use super::html_depth;
use super::html_furniture;
use super::html_metadata::{Metadata, metadata};
use super::html_scripts;
use super::records::{Failure, RawRecord};
use super::sample::Sampled;
use super::txt::{SingleRecord, read_whole};

/// A page may not be longer: its tree takes many times its bytes.
pub(super) const MAX_PAGE_BYTES: usize = 8 << 20;
/// Elements inside each other. Real pages stay under a hundred; the extractor's time grows with the
/// square of it.
const MAX_DEPTH: usize = 500;

/// Below this many characters the extractor tries again with less strict rules, which take in sidebars: news briefs are
/// shorter than its default of 500.
const SHORT_ARTICLE_CHARS: usize = 250;
static CHARSET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:-]+)"#).expect("a valid pattern"));

/// An HTML file as one record.
pub(super) fn page(sampled: Sampled) -> SingleRecord {
    SingleRecord::new(read_whole(sampled, MAX_PAGE_BYTES).and_then(|(_, bytes)| article(&bytes, None, None)).map(
        |cells| RawRecord {
            row: None,
            cells: cells.into_iter().map(|(name, content)| (name.into(), content)).collect(),
        },
    ))
}

/// The article of a page, as cells named by field.
///
/// `label` is the encoding that the HTTP header names, `url` the page's address where it is known from outside.
pub(super) fn article(
    bytes: &[u8],
    label: Option<&str>,
    url: Option<&str>,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let declared = CHARSET.captures(&bytes[..bytes.len().min(4096)]).map(|found| found[1].to_vec());
    let declared = declared.and_then(|name| String::from_utf8(name).ok());
    let html = decode_labelled(label.or(declared.as_deref()), bytes).ok_or_else(undecodable)?;
    let html = html_scripts::emptied(&html);
    if !html_depth::is_within(&html, MAX_DEPTH) {
        return Err(Failure::new(
            "no_main_text",
            format!("more than {MAX_DEPTH} elements inside each other: no real page"),
        ));
    }
    let extracted = catch_unwind(AssertUnwindSafe(|| extract(&html)));
    let (mut metadata, text) = match extracted {
        Ok(Ok(extracted)) => extracted,
        Ok(Err(error)) => return Err(no_main_text(&error)),
        Err(_) => return Err(no_main_text("the extractor gave up on this page")),
    };
    if let Some(url) = url {
        metadata.url = Some(url.to_owned());
    }
    Ok(metadata.cells(text))
}

fn no_main_text(error: &str) -> Failure {
    Failure::new("no_main_text", format!("{error}; is it an article, or a list, a search or an error page?"))
}

fn extract(html: &str) -> Result<(Metadata, String), String> {
    let config = Config { text_mode: TextMode::Formatted, char_threshold: SHORT_ARTICLE_CHARS, ..Config::default() };
    let mut page = Readability::new(html, None, Some(config)).map_err(|error| error.to_string())?;
    let metadata = metadata(&page);
    html_furniture::remove(&page);
    let text = match page.parse() {
        Ok(article) => article.text_content.to_string(),
        Err(error) if metadata.body.is_none() => return Err(error.to_string()),
        Err(_) => String::new(),
    };
    Ok((metadata, text))
}

/// A text with markup, as in feeds, without it: paragraphs on lines of their own.
pub(super) fn plain_text(markup: &str) -> String {
    if !markup.contains(['<', '&']) || !html_depth::is_within(markup, MAX_DEPTH) {
        return markup.to_owned();
    }
    let parsed =
        catch_unwind(|| Readability::new(markup, None, None).map(|page| page.doc.formatted_text().to_string()));
    match parsed {
        Ok(Ok(text)) => text.trim().to_owned(),
        _ => markup.to_owned(),
    }
}
