//! The headline: once is enough, and the outlet's name behind it is not part of it.

use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording::normalised;

pub const REPEATED: CodedRule = CodedRule {
    id: "headline_repeated",
    family: "headline",
    description: "The headline, given again as one of the first paragraphs of the text.",
    example: "(the headline, once more)",
};

pub const OUTLET_SUFFIX: CodedRule = CodedRule {
    id: "headline_outlet",
    family: "headline",
    description: "The outlet's name behind the headline: \"Old Pier to Close | The Harbor Ledger\".",
    example: " | The Harbor Ledger",
};

pub const UNDER_CAPTION: CodedRule = CodedRule {
    id: "headline_under_caption",
    family: "headline",
    description: "A caption at the top that runs into the headline, or into a shorter form of it.",
    example: "The pier on Monday. (the headline, in a shorter form)",
};

/// A caption is shorter, and most of the words behind it are the headline's.
const CAPTION_WORDS: usize = 45;
const HEADLINE_WORDS: std::ops::RangeInclusive<usize> = 3..=14;
const HEADLINE_SHARE: f64 = 0.7;

/// The first paragraph, where its last words are no sentence but the headline.
pub fn under_caption(draft: &mut Draft) {
    let Some(_) = draft.paragraphs.get(1) else { return };
    let paragraph = draft.paragraph(0);
    if super::wording::count(paragraph) > CAPTION_WORDS || super::wording::ends_sentence(paragraph) {
        return;
    }
    let ends = [". ", "? ", "! ", ".” ", ".\" ", "?” ", "!” "];
    let Some(tail) = ends.iter().filter_map(|end| Some(paragraph.rfind(end)? + end.len())).max() else { return };
    let title = normalised(&draft.title[draft.title_range.clone()]);
    let title: Vec<&str> = title.split(' ').collect();
    let tail = normalised(&paragraph[tail..]);
    let words: Vec<&str> = tail.split(' ').filter(|word| !word.is_empty()).collect();
    let shared = words.iter().filter(|word| title.contains(word)).count();
    if HEADLINE_WORDS.contains(&words.len()) && shared as f64 >= HEADLINE_SHARE * words.len() as f64 {
        draft.remove(0, UNDER_CAPTION.id);
        draft.close_gaps();
    }
}

pub fn repeated(draft: &mut Draft) {
    let title = normalised(&draft.title[draft.title_range.clone()]);
    for at in 0..draft.paragraphs.len().min(4) {
        let paragraph = draft.paragraph(at);
        if !title.is_empty() && paragraph.len() < 2 * draft.title.len() + 16 && normalised(paragraph) == title {
            draft.remove(at, REPEATED.id);
        }
    }
    draft.close_gaps();
}

pub fn outlet_suffix(draft: &mut Draft) {
    let title = &draft.title[draft.title_range.clone()];
    let cut = [" | ", " - ", " – ", " — ", " :: ", " » "].into_iter().find_map(|separator| {
        let at = title.rfind(separator)?;
        is_outlet(title[at + separator.len()..].trim(), separator == " | ", draft.article.outlet.as_deref())
            .then_some(at)
    });
    if let Some(at) = cut {
        let length = title.len();
        draft.cut_title(OUTLET_SUFFIX.id, at..length);
    }
}

/// The record's own outlet by any part of its name, a web address, or, after an upright, any short name.
fn is_outlet(name: &str, upright: bool, outlet: Option<&str>) -> bool {
    let known = outlet.map(normalised).unwrap_or_default();
    let given = normalised(name);
    let (known, given) = (known.trim_start_matches("the "), given.trim_start_matches("the "));
    let same = !given.is_empty()
        && (known == given
            || known.starts_with(given) && given.len() > 3
            || given.starts_with(known) && known.len() > 3);
    let address =
        !name.contains(' ') && [".com", ".org", ".net", ".co.uk"].iter().any(|end| name.to_lowercase().ends_with(end));
    let large = name
        .split_whitespace()
        .all(|word| word.chars().next().is_some_and(|c| c.is_uppercase() || c == '&' || word == "of"));
    same || address || upright && large && name.split_whitespace().count() <= 5
}
