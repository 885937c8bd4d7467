//! Takes out of a page what its class names, ids and tags call something other than the article: comments, sidebars,
//! newsletter boxes, consent banners. Names are read by their words, so that `subscriber-only`, which is the article, is not
//! `subscribe`.

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
const APART_PAIRS: &[&str] = &[
    "also read",
    "more from",
    "more news",
    "more stories",
    "most popular",
    "most read",
    "most viewed",
    "read also",
    "read next",
    "see also",
    "up next",
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
const WITHIN_PAIRS: &[&str] =
    &["author bio", "author box", "inline sub", "jump to", "letters box", "sign up", "video caption"];
const WITHIN_SHARE: usize = 3;

/// Bytes of text in paragraphs that are left where a whole element apart may go.
const ARTICLE_LEFT: usize = 120;
/// Elements so named on one page; a real one has some dozens, and each costs a walk through what it holds.
const MOST_NAMED: usize = 2_000;

/// Tags that are never taken out, whatever their names say.
const KEPT_TAGS: &[&str] = &["html", "body", "main", "article", "h1", "table", "tbody", "tr", "td", "script", "style"];
/// What the article cannot lie inside of.
const ARTICLE: &str = "h1, [itemprop=\"articleBody\"], [itemprop=\"headline\"]";

/// Takes the furniture out of the page.
pub(super) fn remove(page: &Readability) {
    let all = page.doc.select("body").text().len();
    let in_paragraphs = page.doc.select("p").text().len();
    let mut named = 0;
    for element in page.doc.select("body *").iter() {
        let tag = element.nodes().first().and_then(|node| node.node_name()).unwrap_or_default();
        if KEPT_TAGS.contains(&&*tag) {
            continue;
        }
        let words = words(&element.attr("class").unwrap_or_default(), &element.attr("id").unwrap_or_default());
        let apart = matches!(&*tag, "aside" | "nav" | "footer") || is_named(&words, APART, APART_PAIRS);
        if !apart && !matches!(&*tag, "form" | "button") && !is_named(&words, WITHIN, WITHIN_PAIRS) {
            continue;
        }
        named += 1;
        if named > MOST_NAMED {
            return;
        }
        let is_body = element.attr("itemprop").is_some_and(|of| of.to_lowercase().contains("articlebody"));
        if is_body || element.select(ARTICLE).exists() {
            continue;
        }
        let small = element.text().len() * WITHIN_SHARE < all;
        if small || apart && leaves_an_article(in_paragraphs, element.select("p").text().len()) {
            element.remove();
        }
    }
}

fn leaves_an_article(in_paragraphs: usize, inside: usize) -> bool {
    inside == 0 || in_paragraphs.saturating_sub(inside) >= ARTICLE_LEFT
}

/// The words of an element's names in lower case: `c-relatedPosts__list` has `c`, `related`, `posts` and `list`.
fn words(class: &str, id: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for c in class.chars().chain([' ']).chain(id.chars()).chain([' ']) {
        if (!c.is_alphanumeric() || c.is_uppercase() && after_small) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        after_small = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

fn is_named(words: &[String], names: &[&str], pairs: &[&str]) -> bool {
    let pair = |two: &[String]| pairs.iter().any(|pair| pair.split_once(' ') == Some((&two[0], &two[1])));
    words.iter().any(|word| names.contains(&word.as_str())) || words.windows(2).any(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_their_words() {
        assert_eq!(
            words("c-relatedPosts__list ad-Slot", "most_read"),
            ["c", "related", "posts", "list", "ad", "slot", "most", "read"]
        );
        assert!(is_named(&words("most-read", ""), APART, APART_PAIRS));
        assert!(!is_named(&words("subscriber-only encrypted-content", "header-adjacent"), WITHIN, WITHIN_PAIRS));
    }
}
