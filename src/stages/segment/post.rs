//! Posts of social networks that a page embeds: a paragraph that ends in the author's signature. Its words are the author's
//! and not the outlet's, though no quotation mark says so: `The plan is dead. — Ann Lee (@annlee) May 3, 2019`.

use std::sync::LazyLock;

use regex::Regex;

static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"(?:\p{Lu}\p{L}{2,8}\.? \d{1,2}, \d{4}|\d{1,2} \p{Lu}\p{L}{2,8}\.? \d{4})";
    Regex::new(&format!(r"(?:—|–|--)\s*(?P<author>[^\n()—–]{{2,60}}?)\s*\(@\w{{1,30}}\)\s+{date}\.?$")).expect("tested")
});

/// Bytes at the end of a paragraph in which a signature stands.
const REACH: usize = 200;

/// The author of the post that a paragraph is.
pub(super) fn author(text: &str) -> Option<String> {
    let from = (text.len().saturating_sub(REACH)..).find(|at| text.is_char_boundary(*at))?;
    if !text[from..].contains("(@") {
        return None;
    }
    let found = SIGNATURE.captures(&text[from..])?;
    let before = &text[..from + found.get(0)?.start()];
    before.chars().any(char::is_alphanumeric).then(|| found["author"].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_found_at_the_end() {
        assert_eq!(author("The plan is dead. — Ann Lee (@annlee) May 3, 2019").as_deref(), Some("Ann Lee"));
        assert_eq!(author("No! pic.example.com/x -- J. P. Roe (@jp_roe) 3 May 2019").as_deref(), Some("J. P. Roe"));
        for none in [
            "— Ann Lee (@annlee) May 3, 2019",
            "Ann Lee (@annlee) said no on May 3, 2019",
            "The plan — Ann Lee (@annlee) says — is dead.",
        ] {
            assert_eq!(author(none), None, "{none}");
        }
    }
}
