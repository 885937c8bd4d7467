//! What several rules ask about a line: how it ends, how it is capitalised, which words it has.

/// Whether a line ends as a sentence does.
pub fn ends_sentence(line: &str) -> bool {
    let bare = line.trim_end_matches(['"', '”', '’', '\'', '»', ')', ']', ' ']);
    bare.ends_with(['.', '!', '?', '…', ':', ';'])
}

/// Lower-case words with their letters and digits only: "Don’t — stop" is "dont stop".
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '—' | '–' | '/')).filter_map(|token| {
        let word: String = token.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        (!word.is_empty()).then_some(word)
    })
}

/// The words with single spaces between them.
pub fn normalised(text: &str) -> String {
    words(text).collect::<Vec<_>>().join(" ")
}

pub fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Words that a headline in title case leaves small.
const SMALL: &[&str] = &[
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "and", "or", "but", "nor", "by", "with", "from", "as", "is", "vs", "via",
    "up", "out", "over", "into", "than", "that", "its", "it", "be", "if", "not", "so", "yet", "per", "after", "amid", "about",
];

/// The share of the words that are written large, of those that title case writes large; and how many those are.
pub fn title_case(line: &str) -> (f64, usize) {
    let mut large = 0;
    let mut all = 0;
    for token in line.split_whitespace() {
        let token = token.trim_matches(|c: char| !c.is_alphanumeric());
        let Some(first) = token.chars().next() else { continue };
        if !first.is_alphabetic() || SMALL.contains(&token.to_lowercase().as_str()) {
            continue;
        }
        all += 1;
        large += usize::from(first.is_uppercase());
    }
    (if all == 0 { 0.0 } else { large as f64 / all as f64 }, all)
}

/// Whether a line is one quotation from its first character to its last, or to a dash and a short attribution after it.
pub struct Quotation<'a> {
    /// Without its quotation marks.
    pub words: &'a str,
    /// What follows the dash.
    pub attribution: Option<&'a str>,
}

impl<'a> Quotation<'a> {
    pub fn of(line: &'a str) -> Option<Self> {
        let inner = line.strip_prefix(['"', '“'])?;
        let (end, mark) = inner.char_indices().rfind(|(_, c)| matches!(c, '"' | '”'))?;
        let rest = inner[end + mark.len_utf8()..].trim();
        let words = &inner[..end];
        if words.contains(['"', '“', '”']) {
            return None;
        }
        let dashed = rest.strip_prefix(['—', '–']).or_else(|| rest.strip_prefix("--")).or_else(|| rest.strip_prefix("- "));
        let attribution = dashed.map(str::trim).filter(|name| !name.is_empty() && count(name) <= 14);
        (rest.is_empty() || attribution.is_some()).then_some(Self { words, attribution })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_case_is_told_from_sentence_case() {
        assert_eq!(title_case("Mayor Backs a Plan to Sell the Old Pier").0, 1.0);
        assert!(title_case("Mayor Dora Bell backs a plan to sell").0 < 0.8);
    }

    #[test]
    fn a_quotation_may_have_an_attribution_and_nothing_else() {
        assert!(Quotation::of("“We will not move.”").is_some_and(|quotation| quotation.attribution.is_none()));
        assert_eq!(Quotation::of("\"We stay.\" — Sheriff Tom Hale").unwrap().attribution, Some("Sheriff Tom Hale"));
        assert!(Quotation::of("“We stay,” he said. “All of us.”").is_none());
        assert!(Quotation::of("“We stay,” he said.").is_none());
    }
}
