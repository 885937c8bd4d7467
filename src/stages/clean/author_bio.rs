//! What is said of the author at the end: not the article's own words about its subject.

use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording;

pub const RULE: CodedRule = CodedRule {
    id: "author_bio",
    family: "author_bio",
    description: "A note on the author among the last paragraphs. The author's name has to be known from the record or the byline.",
    example: "Jane Roe is a columnist for the Harbor Ledger and the author of a book on piers.",
};

const LAST: usize = 4;
const MAX_WORDS: usize = 90;

/// What follows the name in a note on its bearer.
const SAYS: &[&str] = &[
    " is ", " are ", ", a ", ", an ", ", the ", ", who ", " covers ", " writes ", " was ", " reports ", " has ", " teaches ", " serves ", " worked ",
    " can be ", " (@", "’s ", "'s ", " and ", " joined ", " lives ", " studied ",
];

pub fn apply(draft: &mut Draft) {
    let known = draft.article.author.as_deref().or(draft.author.as_deref()).unwrap_or_default().to_owned();
    let names: Vec<&str> = known
        .split([',', ';', '&', '|'])
        .flat_map(|names| names.split(" and "))
        .map(|name| name.trim().trim_start_matches("By "))
        .filter(|name| wording::count(name) >= 2)
        .collect();
    let count = draft.paragraphs.len();
    for at in count.saturating_sub(LAST).max(2)..count {
        let paragraph = draft.paragraph(at);
        let bare = paragraph.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_start_matches("Opinion by ");
        let about = names.iter().any(|name| bare.strip_prefix(name).is_some_and(introduces));
        if about && wording::count(paragraph) <= MAX_WORDS && !quoted_by_name(draft, &names, at) {
            draft.remove(at, RULE.id);
        }
    }
    draft.close_gaps();
}

fn introduces(rest: &str) -> bool {
    SAYS.iter().any(|says| rest.starts_with(says))
}

/// An author whom the article names in other paragraphs is also its subject.
fn quoted_by_name(draft: &Draft, names: &[&str], except: usize) -> bool {
    let elsewhere = |at: usize| names.iter().any(|name| draft.paragraph(at).contains(name));
    (0..draft.paragraphs.len()).filter(|at| *at + LAST < draft.paragraphs.len() && *at != except).any(elsewhere)
}
