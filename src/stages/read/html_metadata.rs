//! What a page says of its article: JSON-LD first, then OpenGraph and meta tags, then the page itself.

use dom_smoothie::Readability;
use serde_json::Value;

/// Scripts longer than this are no metadata.
const MAX_JSON_LD: usize = 4 << 20;
/// A main text shorter than this gives way to a longer one in the metadata.
const SHORT_TEXT: usize = 250;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    pub title: Option<String>,
    pub author: Option<String>,
    pub date: Option<String>,
    pub site: Option<String>,
    pub section: Option<String>,
    pub url: Option<String>,
    /// The article's text, which some publishers repeat in JSON-LD.
    pub body: Option<String>,
}

impl Metadata {
    /// The record's cells, named by field.
    pub fn cells(self, text: String) -> Vec<(&'static str, String)> {
        let text = match self.body {
            Some(body) if text.trim().len() < SHORT_TEXT && body.len() > text.len() => body,
            _ => text,
        };
        let cells = [
            ("title", self.title),
            ("text", Some(text)),
            ("author", self.author),
            ("date", self.date),
            ("outlet", self.site),
            ("section", self.section),
            ("url", self.url),
        ];
        cells.into_iter().filter_map(|(name, content)| Some((name, content?))).collect()
    }

    /// Takes from `other` what is missing here.
    fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            author: self.author.or(other.author),
            date: self.date.or(other.date),
            site: self.site.or(other.site),
            section: self.section.or(other.section),
            url: self.url.or(other.url),
            body: self.body.or(other.body),
        }
    }
}

/// Reads the metadata of a page; call it before the main text is extracted, which takes the page apart.
pub(super) fn metadata(page: &Readability) -> Metadata {
    let seen = Seen::of(page);
    let stated = seen.json_ld.or(meta_tags(&seen.tags));
    let title = seen.heading.or_else(|| match stated.title {
        Some(_) => None,
        None => clean(&page.get_article_title()),
    });
    stated.or(Metadata { title, date: seen.date, url: seen.url, ..Metadata::default() })
}

/// What one walk over a page finds of its article.
#[derive(Default)]
struct Seen {
    json_ld: Metadata,
    /// Names in lower case, and contents.
    tags: Vec<(String, String)>,
    /// What the page shows or links to.
    heading: Option<String>,
    date: Option<String>,
    url: Option<String>,
}

impl Seen {
    fn of(page: &Readability) -> Self {
        let mut seen = Self::default();
        for node in page.doc.root().descendants_it() {
            let Some(element) = node.element_ref() else { continue };
            let attribute = |name: &str| {
                let found = element.attrs.iter().find(|attribute| &*attribute.name.local == name);
                found.map(|attribute| &*attribute.value)
            };
            let is = |name: &str, value: &str| attribute(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
            match &*element.name.local {
                "script" if is("type", "application/ld+json") => {
                    seen.json_ld = std::mem::take(&mut seen.json_ld).or(json_ld(&node.text()));
                }
                "meta" => {
                    let name = attribute("property").or_else(|| attribute("name")).or_else(|| attribute("itemprop"));
                    if let (Some(name), Some(content)) = (name, attribute("content")) {
                        seen.tags.push((name.to_lowercase(), content.to_owned()));
                    }
                }
                "h1" if seen.heading.is_none() => seen.heading = clean(&node.text()),
                "time" if seen.date.is_none() => seen.date = attribute("datetime").and_then(clean),
                "link" if seen.url.is_none() && is("rel", "canonical") => {
                    seen.url = attribute("href").and_then(clean);
                }
                _ => {}
            }
        }
        seen
    }
}

fn meta_tags(tags: &[(String, String)]) -> Metadata {
    let find = |names: &[&str]| {
        names.iter().find_map(|name| tags.iter().filter(|(tag, _)| tag == name).find_map(|(_, content)| clean(content)))
    };
    // Many sites put the address of a profile where the author's name belongs.
    let author = find(&[
        "author",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "byl",
        "article:author",
        "twitter:creator",
    ]);
    Metadata {
        title: find(&["og:title", "twitter:title", "parsely-title", "dc.title", "headline"]),
        author: author.filter(|author| !author.contains("://") && !author.starts_with('@')),
        date: find(&[
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "parsely-pub-date",
            "sailthru.date",
            "dc.date.issued",
            "dcterms.created",
            "dc.date",
            "pubdate",
            "publishdate",
            "publication_date",
            "date",
        ]),
        site: find(&["og:site_name", "application-name", "dc.publisher"]),
        section: find(&["article:section", "parsely-section", "section"]),
        url: find(&["og:url"]),
        body: None,
    }
}

/// The article of one JSON-LD script, where it describes one.
fn json_ld(script: &str) -> Metadata {
    let text = script.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>");
    if text.len() > MAX_JSON_LD {
        return Metadata::default();
    }
    let value = serde_json::from_str::<Value>(text).unwrap_or_default();
    find_article(&value, 0).map(from_article).unwrap_or_default()
}

/// The first object that describes an article, inside lists and `@graph`.
fn find_article(value: &Value, depth: usize) -> Option<&Value> {
    match value {
        _ if depth > 6 => None,
        Value::Array(items) => items.iter().find_map(|item| find_article(item, depth + 1)),
        Value::Object(members) if members.get("@type").is_some_and(is_article) => Some(value),
        Value::Object(members) => ["@graph", "mainEntity", "mainEntityOfPage"]
            .iter()
            .find_map(|name| members.get(*name).and_then(|member| find_article(member, depth + 1))),
        _ => None,
    }
}

fn is_article(kind: &Value) -> bool {
    let is = |name: &str| name.ends_with("Article") || name.ends_with("BlogPosting") || name == "Report";
    match kind {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

fn from_article(article: &Value) -> Metadata {
    let text = |name: &str| article.get(name).and_then(Value::as_str).and_then(clean);
    Metadata {
        title: text("headline").or_else(|| text("name")),
        author: article.get("author").or_else(|| article.get("creator")).and_then(names),
        date: text("datePublished").or_else(|| text("dateCreated")),
        site: article.get("publisher").and_then(names),
        section: article.get("articleSection").and_then(names),
        url: text("url").or_else(|| match article.get("mainEntityOfPage")? {
            Value::String(url) => clean(url),
            page => page.get("@id").and_then(Value::as_str).and_then(clean),
        }),
        body: article.get("articleBody").and_then(Value::as_str).map(super::html::plain_text),
    }
}

/// A name, the `name` of an object, or all of a list.
fn names(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => clean(name),
        Value::Object(members) => members.get("name").and_then(names),
        Value::Array(items) => {
            let all: Vec<String> =
                items.iter().filter_map(|item| if item.is_array() { None } else { names(item) }).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        _ => None,
    }
}

/// On one line, with entities resolved; None where nothing is left.
fn clean(text: &str) -> Option<String> {
    let text = if text.contains('&') { super::html::plain_text(text) } else { text.to_owned() };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}
