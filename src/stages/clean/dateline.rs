//! The dateline: place, date and agency in front of the first paragraph. It goes as a prefix; the paragraph stays.

use std::sync::LazyLock;

use regex::Regex;

use super::agency;
use super::catalog::CodedRule;
use super::draft::Draft;

pub const RULE: CodedRule = CodedRule {
    id: "dateline",
    family: "dateline",
    description: "Place, date and agency at the head of the first paragraphs; the agency is recorded.",
    example: "HARBOR CITY (AP) — The old pier will close.",
};

/// "HARBOR CITY, Maine, May 3 (AP) — ", "Washington (CNN) - ", "(Reuters) - ": a tag and a dash.
static TAGGED: LazyLock<Regex> = LazyLock::new(|| {
    let place = r"\p{Lu}[\p{L}.’'/-]*(?: \p{Lu}[\p{L}.’'/-]*){0,4}";
    compile(&format!(
        r"^(?:{place}(?:, (?:{place}))?(?:,? {DAY})?,? ?)?\((?P<tag>\p{{Lu}}[\p{{L}}\d.&/’ -]{{1,40}})\)\s*(?:—-?|–-?|-{{1,2}})\s*"
    ))
});

/// The same without a dash: only letters that cannot be read as a remark in brackets.
static UNDASHED: LazyLock<Regex> = LazyLock::new(|| {
    let place = r"\p{Lu}[\p{L}.’'/-]*(?: \p{Lu}[\p{L}.’'/-]*){0,2}";
    compile(&format!(
        r"^(?:{place}(?:, {place})? )?\((?P<tag>CNN|AP|AFP|UPI|PA|Reuters|REUTERS|NPR|BBC)\):?\s*(?P<next>[\p{{Lu}}“‘\x22\d])"
    ))
});

/// "HARBOR CITY, Maine — The", a place in capitals and a dash; a new sentence has to follow.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    let capitals = r"\p{Lu}[\p{Lu}.’'/-]+(?: \p{Lu}[\p{Lu}.’'/-]+){0,4}";
    let region = r"\p{Lu}[\p{L}.]+(?: \p{Lu}[\p{L}.]+){0,2}";
    compile(&format!(
        r"^(?P<place>{capitals})(?P<region>, {region})?(?:, {DAY})? ?(?:—-?|–-?|--| - )\s*(?P<next>[\p{{Lu}}“‘\x22\d])"
    ))
});

/// "Harbor City, Maine — The", in small letters: only with its region.
static PLACE_AND_REGION: LazyLock<Regex> = LazyLock::new(|| {
    let place = r"\p{Lu}[\p{L}.’'-]+(?: \p{Lu}[\p{L}.’'-]+){0,2}";
    compile(&format!(r"^(?P<place>{place}), {place} (?:—|–|--|-) (?P<next>[\p{{Lu}}“‘\x22])"))
});

const DAY: &str = r"(?:(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[\p{L}]*\.? \d{1,2}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\p{L}*)(?:, \d{4})?";

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("tested")
}

/// Kickers that stand in capitals before a dash.
const NO_PLACE: &[&str] = &[
    "BREAKING",
    "UPDATE",
    "UPDATED",
    "EXCLUSIVE",
    "WATCH",
    "VIDEO",
    "FILE",
    "ANALYSIS",
    "OPINION",
    "LIVE",
    "ALERT",
    "CORRECTION",
    "NOTE",
    "EDITORIAL",
    "BREAKING NEWS",
    "FACT CHECK",
    "REVIEW",
    "COMMENTARY",
    "REPORT",
    "FACT",
    "MYTH",
    "TRUTH",
    "NASA",
    "NATO",
    "DACA",
];

/// The datelines of the first three paragraphs: a text may open with a caption or a line of its own.
pub fn apply(draft: &mut Draft) {
    for at in 0..draft.paragraphs.len().min(3) {
        let Some((length, tag)) = dateline(draft.paragraph(at)) else { continue };
        if let Some(tag) = tag {
            agency::credit_tag(draft, tag);
        }
        draft.remove_prefix(at, length, RULE.id);
        break;
    }
    draft.close_gaps();
}

/// How long the dateline of a paragraph is, and its tag.
fn dateline(paragraph: &str) -> Option<(usize, Option<&str>)> {
    if let Some(found) = TAGGED.captures(paragraph) {
        let tag = found.name("tag").map(|tag| tag.as_str());
        return tag.filter(|tag| tag.split_whitespace().count() <= 4).map(|tag| (found[0].len(), Some(tag)));
    }
    if let Some(found) = UNDASHED.captures(paragraph) {
        return Some((found.name("next")?.start(), found.name("tag").map(|tag| tag.as_str())));
    }
    let found = PLACE.captures(paragraph).or_else(|| PLACE_AND_REGION.captures(paragraph))?;
    let place = &found["place"];
    let alone = found.name("region").is_none() && place == place.to_uppercase();
    let letters = place.chars().filter(|c| c.is_alphabetic()).count();
    let placed = !(NO_PLACE.contains(&place) || alone && letters < 4);
    placed.then_some((found.name("next")?.start(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_datelines() {
        for (paragraph, rest, tag) in [
            ("HARBOR CITY (AP) — The pier", "The pier", Some("AP")),
            ("HARBOR CITY, May 3 (Reuters) - The pier", "The pier", Some("Reuters")),
            ("(CW) -- The pier", "The pier", Some("CW")),
            ("Harbor City (CNN) The pier", "The pier", Some("CNN")),
            ("(CNN)The pier", "The pier", Some("CNN")),
            ("CUTLER —- Agents came", "Agents came", None),
            ("CUTLER — Agents came", "Agents came", None),
            ("PORT HALE, Maine — “No,” she said", "“No,” she said", None),
            ("Port Hale, Maine - The pier", "The pier", None),
            ("LOS ANGELES/PARIS (Harbor News Service) – The pier", "The pier", Some("Harbor News Service")),
        ] {
            let (length, found) = dateline(paragraph).unwrap_or_else(|| panic!("{paragraph}"));
            assert_eq!((&paragraph[length..], found), (rest, tag));
        }
    }

    #[test]
    fn leaves_dashes_in_prose() {
        for paragraph in [
            "NASA — the agency that built it — said no.",
            "BREAKING — The pier is on fire.",
            "Jane Roe — the mayor — said no.",
            "The mayor (she is 40) — said no.",
            "ICE — Immigration and Customs Enforcement — said no.",
            "Over time — Years, in fact — it grew.",
        ] {
            assert_eq!(dateline(paragraph), None, "{paragraph}");
        }
    }
}
