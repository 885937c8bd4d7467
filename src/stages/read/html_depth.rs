//! How deep the elements of a page stand inside each other, before it is parsed: parsing and extraction take time with the
//! square of it, so that a page of nothing but `<div>` must be found out first.
//!
//! Whatever is uncertain counts as deeper: a limit on this is a limit on the tree.

use memchr::memchr_iter;

use super::html_tags::{Markup, name, next, raw_text};

/// Whether no element stands inside more than `limit` others.
pub(super) fn is_within(html: &str, limit: usize) -> bool {
    // Scripts are full of `i<n`, which the quick count takes for tags: only what it finds too deep is read by the rules.
    quick(html.as_bytes()) <= limit || by_the_rules(html.as_bytes()) <= limit
}

/// Every `<` before a letter taken for a tag.
fn quick(bytes: &[u8]) -> usize {
    let mut depth = Depth::default();
    for at in memchr_iter(b'<', bytes) {
        let rest = &bytes[at + 1..];
        match rest.first() {
            Some(b'/') => depth.close(),
            Some(first) if first.is_ascii_alphabetic() => depth.open(name(rest)),
            _ => {}
        }
    }
    depth.deepest
}

/// Tags as HTML's tokenizer sees them: not inside scripts, styles, comments and attributes.
fn by_the_rules(bytes: &[u8]) -> usize {
    let mut depth = Depth::default();
    // Inside SVG and MathML, scripts and styles hold elements like any other; inside `select`, a style is no style.
    let (mut foreign, mut in_select) = (0usize, false);
    let mut at = 0;
    while let Some(markup) = next(bytes, &mut at) {
        let Markup::Tag(tag) = markup else { continue };
        let is = |other: &str| tag.is(other);
        match tag.closes {
            true => {
                depth.close();
                foreign = foreign.saturating_sub(usize::from(is("svg") || is("math")));
                in_select &= !is("select");
            }
            false if foreign == 0 && is("script") => at += raw_text(&bytes[at..], b"/script"),
            false if foreign == 0 && !in_select && is("style") => at += raw_text(&bytes[at..], b"/style"),
            false => {
                depth.open(tag.name);
                foreign += usize::from(is("svg") || is("math"));
                in_select |= is("select");
            }
        }
    }
    depth.deepest
}

#[derive(Default)]
struct Depth {
    now: usize,
    deepest: usize,
}

impl Depth {
    fn open(&mut self, name: &[u8]) {
        if !is_void(name) {
            self.now += 1;
            self.deepest = self.deepest.max(self.now);
        }
    }

    fn close(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

/// Elements that never have an end tag, or are mostly written without one.
fn is_void(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "img", "br", "meta", "link", "input", "hr", "source", "wbr", "area", "col", "p", "li", "option", "td", "tr",
        "dd", "dt",
    ];
    NAMES.iter().any(|void| name.eq_ignore_ascii_case(void.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_styles_comments_and_attributes_hold_no_elements() {
        let loops = "for(i=0;i<n;i++)if(a<b)c=\"<div>\";".repeat(1000);
        let tags = "<div><b>".repeat(1000);
        for page in [
            format!("<html><head><SCRIPT type=x>{loops}</script></head><body><p>One.</p></body></html>"),
            format!("<html><style>{tags}</style><p>One."),
            format!("<html><!-- {tags} --><p>One.<!-->"),
            format!("<html><p title='{tags}' data-x = \"{tags}\" data-y={}>One.", "<b".repeat(1000)),
        ] {
            assert!(quick(page.as_bytes()) > 500 && is_within(&page, 5), "{}", &page[..60]);
        }
    }

    /// Where a scan could be led to believe that elements are text.
    #[test]
    fn nothing_hides_elements() {
        let deep = "<div>".repeat(1000);
        assert!(!is_within(&"<p-x>".repeat(1000), 900));
        for lure in [
            "",
            "<!-->",
            "<!--->",
            "<!-- --!>",
            "<? >",
            "</ >",
            "<a title=\"<script>\">",
            "<a title='<style>'>",
            "<a \">",
            "<a b=c\"d>",
            "<a =\">",
            "<svg><style>",
            "<math><script>",
            "<select><style></select>",
            "<script></script>",
            "<script><!-- </script>",
            "<style></STYLE >",
            "<script/x=y></script x>",
            "<b<c>",
            "< script>",
        ] {
            assert!(!is_within(&format!("<html><body>{lure}{deep}"), 900), "{lure}");
        }
    }
}
