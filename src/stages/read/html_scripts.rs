//! Empties scripts and styles before a page is parsed: they are most of a served page's bytes, and nothing reads them but the
//! metadata in JSON-LD, which stays.
//!
//! What is emptied must be what the parser would take for the text of a script or a style. Wherever that is uncertain, the rest
//! of the page is left as it is.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::html_tags::{Markup, next, raw_text};

/// A page without so many bytes is parsed as fast as it is searched for scripts.
const SMALL: usize = 8 << 10;

/// The page with empty scripts and styles; a small one as it is.
pub(super) fn emptied(html: &str) -> Cow<'_, str> {
    if html.len() < SMALL { Cow::Borrowed(html) } else { emptied_in(html) }
}

fn emptied_in(html: &str) -> Cow<'_, str> {
    let texts = texts(html.as_bytes());
    if texts.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut left = String::with_capacity(html.len() - texts.iter().map(Range::len).sum::<usize>());
    let mut at = 0;
    for text in texts {
        left.push_str(&html[at..text.start]);
        at = text.end;
    }
    left.push_str(&html[at..]);
    Cow::Owned(left)
}

/// Elements whose text holds no tags, beside scripts and styles.
const RAW: &[&str] = &["textarea", "title", "xmp", "iframe", "noembed", "noframes"];

/// Elements of SVG and MathML that may hold HTML, in which an end tag of theirs is not always one; `title` and `desc` mostly hold
/// a few words.
const HOLDING_HTML: &[&str] = &["foreignobject", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"];

/// Where the texts of scripts and styles are.
fn texts(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Inside SVG and MathML a script holds elements like any other; inside `select` a style does, and what ends a script is unclear.
    let (mut svg, mut math, mut in_select) = (0usize, 0usize, false);
    let mut at = 0;
    while let Some(markup) = next(bytes, &mut at) {
        let tag = match markup {
            Markup::Tag(tag) => tag,
            Markup::Other(rest) if rest.starts_with(b"![CDATA[") => return found,
            Markup::Other(_) => continue,
        };
        let is = |other: &str| tag.is(other);
        let foreign = svg + math > 0;
        if tag.closes {
            svg = svg.saturating_sub(usize::from(is("svg")));
            math = math.saturating_sub(usize::from(is("math")));
            in_select &= !is("select");
            continue;
        }
        let is_script = is("script") || is("style");
        if is("plaintext") || in_select && is_script || foreign && HOLDING_HTML.iter().any(|other| is(other)) {
            return found;
        }
        if is_script || RAW.iter().any(|raw| is(raw)) || foreign && is("desc") {
            let Some(text) = text(&bytes[at..], tag.name) else { return found };
            // Whether the parser is in SVG or HTML here, it sees the same only where there is no tag.
            if foreign && text.contains(&b'<') {
                return found;
            }
            let is_data = is("script") && names_json(tag.attributes);
            if is_script && !foreign && !is_data && !text.is_empty() {
                found.push(at..at + text.len());
            }
            at += text.len();
        }
        svg += usize::from(is("svg"));
        math += usize::from(is("math"));
        in_select |= is("select");
    }
    found
}

/// The text of an element up to its end tag; `None` where the parser might see another end: in a comment inside a script, at a tag
/// that only begins like the end tag, behind the end of a `noscript`, or nowhere.
fn text<'a>(rest: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let end = [b"/", name].concat();
    let text = &rest[..raw_text(rest, &end)];
    let behind = rest.get(text.len() + 1 + end.len())?;
    let is_end = behind.is_ascii_whitespace() || matches!(behind, b'/' | b'>');
    let ends_noscript = raw_text(text, b"/noscript") < text.len();
    (is_end && memmem::find(text, b"<!--").is_none() && !ends_noscript).then_some(text)
}

/// Whether a script's tag says that it holds data: `type="application/ld+json"`.
fn names_json(tag: &[u8]) -> bool {
    tag.windows(4).any(|four| four.eq_ignore_ascii_case(b"json"))
}

#[cfg(test)]
mod tests {
    use dom_query::Document;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scripts_and_styles_are_emptied_and_data_stays() {
        let page = "<head><SCRIPT async>if(a<b)c='<p>'</Script ><style>p>a{}</style>\
                    <script type='application/ld+json'>{\"headline\": \"<i>\"}</script></head><p>One.";
        let left = "<head><SCRIPT async></Script ><style></style>\
                    <script type='application/ld+json'>{\"headline\": \"<i>\"}</script></head><p>One.";
        assert_eq!(emptied_in(page), left);
        assert!(matches!(emptied_in("<p>No script"), Cow::Borrowed(_)));
    }

    /// Where a scan could be led to take the article for a script.
    #[test]
    fn an_article_is_never_taken_for_a_script() {
        for lure in [
            "<title>how to <script> in a title</title>",
            "<textarea><style></textarea>",
            "<!-- <script> -->",
            "<a title='<script>'>x</a>",
            "<noscript><style></noscript>",
            "<iframe><script></iframe>",
            "<select><style></select>",
            "<svg><style><p>",
            "<svg><title><textarea></svg><style/><script></style>",
            "<svg><desc></svg></desc><script><p>",
            "<script><!-- <script> </script> --></script>",
            "<script></scripty></script>",
        ] {
            let page = format!("<body>{lure}<p>The article.</p><script>x</script>");
            assert!(emptied_in(&page).contains("The article."), "{lure}");
        }
        assert!(emptied_in("<body><script><p>The article.</p>").contains("The article."), "without an end");
    }

    /// The page's elements and text, but for the text of scripts and styles, and for templates, into which no selector looks.
    fn tree(html: &str) -> String {
        let page = Document::from(html);
        page.select("template").remove();
        page.select("script, style").iter().for_each(|element| element.set_text(""));
        page.html().to_string()
    }

    proptest! {
        #[test]
        fn the_parser_sees_the_same_page(parts in prop::collection::vec(prop::sample::select(vec![
            "<script>", "<script type=ld+json>", "</script>", "</script ", "<style>", "</style>", "<style/>", "<!--", "-->", "--!>", "<title>",
            "</title>", "<textarea>", "</textarea>", "<svg>", "</svg>", "<desc>", "</desc>", "<foreignObject>", "<mi>", "<math>", "<select>", "</select>", "<noscript>", "</noscript>", "<iframe>",
            "</iframe>", "<p>", "</p>", "<div a='", "'", "\"", ">", "<", "/", "<template>", "</template>", "<table>", "<td>", "</table>",
            "<![CDATA[", "]]>", "<xmp>", "</xmp>", "<body>", "</head>", " word ", "<!doctype html>", "<? x",
        ]), 0..24)) {
            let page = parts.concat();
            prop_assert_eq!(tree(&emptied_in(&page)), tree(&page));
        }
    }
}
