//! News agencies: their names as texts give them, and the one name by which they are recorded.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::draft::Draft;

/// The recorded name, and a pattern for how it is credited. Patterns are tried in this order.
const KNOWN: &[(&str, &str)] = &[
    ("AP", r"Associated Press|\bAP\b"),
    ("Reuters", r"(?i:\bReuters\b)"),
    ("AFP", r"(?i:Agence[ -]France[ -]Presse)|\bAFP\b"),
    ("UPI", r"United Press International|\bUPI\b"),
    ("Bloomberg", r"\bBloomberg\b"),
    ("PA", r"Press Association|\bPA Media\b|^PA$"),
    ("dpa", r"\b(?:dpa|DPA)\b"),
    ("The Canadian Press", r"Canadian Press"),
    ("Xinhua", r"\bXinhua\b"),
    ("Kyodo", r"\bKyodo\b"),
    ("EFE", r"\bEFE\b"),
    ("ANSA", r"\bANSA\b"),
    ("TASS", r"\bTASS\b"),
    ("Tribune Content Agency", r"Tribune (?:Content Agency|News Service|Media Services)"),
];

/// Word boundaries are those of ASCII: see `rule::fill`.
static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(KNOWN.iter().map(|(_, pattern)| pattern.replace(r"\b", r"(?-u:\b)"))).expect("tested")
});

/// An agency that is not in the list calls itself one.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:\p{Lu}[\p{L}.-]+ ){1,3}(?:Wire|News Service|News Agency|Newswire)(?-u:\b)").expect("tested")
});

/// Every agency that a credit names, by its recorded name.
pub fn named(credit: &str) -> Vec<String> {
    let mut found: Vec<String> = PATTERNS.matches(credit).into_iter().map(|at| KNOWN[at].0.to_owned()).collect();
    // What every name of an unlisted agency has in it: few texts do, and the pattern is a slow one.
    if !["Wire", "News"].iter().any(|word| credit.contains(word)) {
        return found;
    }
    found.extend(
        NAMED
            .find_iter(credit)
            .map(|name| name.as_str().trim_start_matches("By ").trim_start_matches("The ").to_owned()),
    );
    found
}

/// Records the agencies that a credit names.
pub fn credit(draft: &mut Draft, text: &str) {
    let outlet = draft.article.outlet.as_deref().unwrap_or_default().to_lowercase();
    for name in named(text) {
        // "Harbor-Times Wire" in the Harbor-Times is a desk.
        let own =
            name.ends_with("Wire") && name.split(' ').next().is_some_and(|word| outlet.contains(&word.to_lowercase()));
        if !own {
            record(draft, name);
        }
    }
}

/// Broadcasters and papers put their own letters where agencies do.
const NO_AGENCY: &[&str] = &["CNN", "NPR", "CBS", "NBC", "ABC", "BBC", "CBN", "FOX", "PBS", "VOA", "RFE"];

/// The tag of a dateline, "(AP)": a known agency, or letters that are not the outlet's own.
pub fn credit_tag(draft: &mut Draft, tag: &str) {
    let known = named(tag);
    if !known.is_empty() {
        return known.into_iter().for_each(|name| record(draft, name));
    }
    let letters = (2..=5).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_uppercase());
    let outlet = draft.article.outlet.as_deref().unwrap_or_default();
    let own = initials(outlet).ends_with(tag)
        || outlet.to_uppercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == tag);
    if letters && !own && !NO_AGENCY.contains(&tag) {
        record(draft, tag.to_owned());
    }
}

fn record(draft: &mut Draft, name: String) {
    let same = |known: &String| *known == name || initials(known) == name || initials(&name) == *known;
    if !draft.agencies.iter().any(same) {
        draft.agencies.push(name);
    }
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).filter(|c| c.is_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recorded_in_one_form() {
        assert_eq!(named("The Associated Press and Reuters contributed to this report."), ["AP", "Reuters"]);
        assert_eq!(named("By Continental Wire"), ["Continental Wire"]);
        assert!(named("Jane Roe of Harrisburg, PA, contributed").is_empty());
    }
}
