//! Takes out of a page what its class names, ids and tags call something other than the article: comments, sidebars,
//! newsletter boxes, consent banners. Names are read by their words, so that `subscriber-only`, which is the article, is not
//! `subscribe`.

use dom_query::{Element, NodeData, NodeRef, TreeNode};
use dom_smoothie::Readability;

/// Words that name what stands beside or under an article. Such an element may be longer than the article (comments, lists
/// of other stories): it goes as long as text in paragraphs is left without it.
const APART: &[&str] = &[
    "aside",
    "breadcrumb",
    "breadcrumbs",
    "comment",
    "comments",
    "consent",
    "conversation",
    "cookie",
    "cookies",
    "discussion",
    "disqus",
    "footer",
    "gdpr",
    "masthead",
    "menu",
    "nav",
    "navigation",
    "onetrust",
    "outbrain",
    "playlist",
    "recirc",
    "recirculation",
    "recommendation",
    "recommendations",
    "recommended",
    "secondary",
    "side",
    "sidebar",
    "taboola",
    "zergnet",
];
const APART_PAIRS: &[(&str, &str)] = &[
    ("also", "read"),
    ("more", "from"),
    ("more", "news"),
    ("more", "stories"),
    ("most", "popular"),
    ("most", "read"),
    ("most", "viewed"),
    ("read", "also"),
    ("read", "next"),
    ("see", "also"),
    ("up", "next"),
];

/// Words that name what stands inside or around an article, but that a whole page may carry too: such an element goes if it
/// holds less than a third of the page's text.
const WITHIN: &[&str] = &[
    "ad",
    "ads",
    "adslot",
    "adspot",
    "advert",
    "advertisement",
    "advertising",
    "adverts",
    "authorbio",
    "barrier",
    "bio",
    "copyright",
    "cta",
    "dfp",
    "login",
    "mostpopular",
    "mostread",
    "newsletter",
    "newsletters",
    "paywall",
    "popular",
    "promo",
    "promos",
    "promotion",
    "pullquote",
    "rail",
    "regwall",
    "related",
    "share",
    "sharebar",
    "sharedaddy",
    "sharing",
    "signup",
    "social",
    "sponsor",
    "sponsored",
    "subscribe",
    "subscription",
    "tagline",
    "tags",
    "toc",
    "topics",
    "trending",
    "trust",
    "widget",
];
const WITHIN_PAIRS: &[(&str, &str)] = &[
    ("author", "bio"),
    ("author", "box"),
    ("inline", "sub"),
    ("jump", "to"),
    ("letters", "box"),
    ("sign", "up"),
    ("video", "caption"),
];
const WITHIN_SHARE: usize = 3;

/// Bytes of text in paragraphs that are left where a whole element apart may go.
const ARTICLE_LEFT: usize = 120;
/// Elements so named on one page; a real one has some dozens, and each costs a walk through what it holds.
const MOST_NAMED: usize = 2_000;

/// Tags that are never taken out, whatever their names say.
const KEPT_TAGS: &[&str] = &["html", "body", "main", "article", "h1", "table", "tbody", "tr", "td", "script", "style"];
/// Takes the furniture out of the page: one walk over it, since a selector per element costs as much as parsing does.
pub(super) fn remove(page: &Readability) {
    let Some(body) = page.doc.body() else { return };
    let all = text_bytes(&body);
    let in_paragraphs = paragraph_bytes(&body);
    let (mut words, mut named) = (Words::default(), 0);
    let mut next = body.first_child();
    while let Some(node) = next {
        let after = after_subtree(&node, &body);
        let verdict = is_named_apart(&node, &mut words);
        named += usize::from(verdict.is_some());
        if named > MOST_NAMED {
            return;
        }
        let goes = verdict.is_some_and(|apart| {
            !holds_the_article(&node)
                && (text_bytes(&node) * WITHIN_SHARE < all
                    || apart && leaves_an_article(in_paragraphs, paragraph_bytes(&node)))
        });
        if goes {
            node.remove_from_parent();
        }
        next = if goes { after } else { node.first_child().or(after) };
    }
}

/// Whether an element is called something other than the article, and if so, whether something apart from it.
fn is_named_apart(node: &NodeRef, words: &mut Words) -> Option<bool> {
    let element = node.element_ref()?;
    let tag = &*element.name.local;
    if KEPT_TAGS.contains(&tag) {
        return None;
    }
    let mut apart = matches!(tag, "aside" | "nav" | "footer");
    let mut within = matches!(tag, "form" | "button");
    let (mut class, mut id) = ("", "");
    for attribute in &element.attrs {
        match &*attribute.name.local {
            "class" => class = &attribute.value,
            "id" => id = &attribute.value,
            _ => {}
        }
    }
    let named = !(class.is_empty() && id.is_empty());
    if !apart && named {
        words.read(class, id);
        apart = words.name(APART, APART_PAIRS);
        within |= !apart && words.name(WITHIN, WITHIN_PAIRS);
    }
    (apart || within).then_some(apart)
}

/// Whether an element is the article's body by its own word, or has the article's headline or body inside.
fn holds_the_article(node: &NodeRef) -> bool {
    let itemprop = |element: &Element| {
        let found = element.attrs.iter().find(|attribute| &*attribute.name.local == "itemprop");
        found.map(|attribute| attribute.value.to_string())
    };
    let own = node.element_ref().and_then(|element| itemprop(&element));
    own.is_some_and(|of| of.to_lowercase().contains("articlebody"))
        || node.descendants_it().any(|inner| {
            inner.element_ref().is_some_and(|element| {
                &*element.name.local == "h1"
                    || itemprop(&element).is_some_and(|of| of == "articleBody" || of == "headline")
            })
        })
}

fn leaves_an_article(in_paragraphs: usize, inside: usize) -> bool {
    inside == 0 || in_paragraphs.saturating_sub(inside) >= ARTICLE_LEFT
}

/// The node that follows everything inside a node, in the order of the page and within `root`.
fn after_subtree<'a>(node: &NodeRef<'a>, root: &NodeRef<'a>) -> Option<NodeRef<'a>> {
    let mut at = *node;
    loop {
        if at.id == root.id {
            return None;
        }
        if let Some(next) = at.next_sibling() {
            return Some(next);
        }
        at = at.parent()?;
    }
}

fn text_bytes(node: &NodeRef) -> usize {
    let own = |node: &TreeNode| match &node.data {
        NodeData::Text { contents } => contents.len(),
        _ => 0,
    };
    node.descendants_it().map(|inner| inner.query_or(0, own)).sum()
}

/// Bytes of the text inside the paragraphs of an element.
fn paragraph_bytes(node: &NodeRef) -> usize {
    node.descendants_it().filter(|inner| inner.has_name("p")).map(|paragraph| text_bytes(&paragraph)).sum()
}

/// The words of an element's names in lower case: `c-relatedPosts__list` has `c`, `related`, `posts` and `list`. One buffer
/// serves all elements of a page.
#[derive(Default)]
struct Words {
    letters: String,
    ends: Vec<usize>,
}

impl Words {
    fn read(&mut self, class: &str, id: &str) {
        self.letters.clear();
        self.ends.clear();
        let (mut start, mut after_small) = (0, false);
        for c in class.chars().chain([' ']).chain(id.chars()).chain([' ']) {
            if (!c.is_alphanumeric() || c.is_uppercase() && after_small) && self.letters.len() > start {
                start = self.letters.len();
                self.ends.push(start);
            }
            after_small = c.is_lowercase();
            if c.is_ascii_alphanumeric() {
                self.letters.push(c.to_ascii_lowercase());
            } else if c.is_alphanumeric() {
                self.letters.extend(c.to_lowercase());
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.letters[start..*end])
    }

    /// Whether one of the names, which are sorted, stands among the words, or one of the pairs of them.
    fn name(&self, names: &[&str], pairs: &[(&str, &str)]) -> bool {
        self.iter().any(|word| names.binary_search(&word).is_ok())
            || self.iter().zip(self.iter().skip(1)).any(|two| pairs.contains(&two))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(class: &str, id: &str) -> Words {
        let mut words = Words::default();
        words.read(class, id);
        words
    }

    #[test]
    fn names_are_sorted() {
        assert!(APART.is_sorted() && WITHIN.is_sorted());
    }

    #[test]
    fn names_are_read_by_their_words() {
        assert_eq!(
            words("c-relatedPosts__list ad-Slot", "most_read").iter().collect::<Vec<_>>(),
            ["c", "related", "posts", "list", "ad", "slot", "most", "read"]
        );
        assert!(words("most-read", "").name(APART, APART_PAIRS));
        assert!(!words("subscriber-only encrypted-content", "header-adjacent").name(WITHIN, WITHIN_PAIRS));
    }
}
