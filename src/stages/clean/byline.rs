//! The byline: who wrote it, and often for which outlet. It goes; author and outlet are kept where the record lacks them.

mod lists;

use super::agency;
use super::catalog::CodedRule;
use super::draft::Draft;
use super::wording;

pub const RULE: CodedRule = CodedRule {
    id: "byline",
    family: "byline",
    description: "The byline, with or without outlet, role and place; fills author and outlet where the record has none.",
    example: "By Jane Roe, The Harbor Ledger",
};

/// How far from the top a byline can stand, and how long it can be.
const TOP: usize = 6;
const MAX_WORDS: usize = 24;

/// Removes the bylines at the top; returns how many paragraphs stood before the first.
pub fn apply(draft: &mut Draft) -> Option<usize> {
    let mut first = None;
    for at in 0..draft.paragraphs.len().min(TOP) {
        let line = draft.paragraph(at);
        let Some(byline) = Byline::read(line, draft.article.outlet.as_deref()) else { continue };
        // Without a "By", only the very top is where a name and an outlet make a byline.
        if !byline.announced && at > 2 {
            continue;
        }
        // The name on one line, the outlet on the next.
        let above =
            at.checked_sub(1).filter(|_| byline.author.is_none()).and_then(|above| names_only(draft.paragraph(above)));
        first.get_or_insert(at - usize::from(above.is_some()));
        if above.is_some() {
            draft.remove(at - 1, RULE.id);
        }
        agency::credit(draft, line);
        draft.author = draft.author.take().or(byline.author).or(above);
        draft.outlet = draft.outlet.take().or(byline.outlet);
        draft.remove(at, RULE.id);
    }
    draft.close_gaps();
    first
}

/// A line that is a byline from end to end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Byline {
    author: Option<String>,
    outlet: Option<String>,
    /// It says "By".
    announced: bool,
}

/// What a stretch of a byline between separators can be.
enum Piece {
    Name(String),
    Outlet(String),
    /// A role, a place, a date, an account.
    Other,
}

impl Byline {
    fn read(line: &str, own_outlet: Option<&str>) -> Option<Self> {
        if wording::count(line) > MAX_WORDS || line.ends_with(['!', '?', ':', ';']) {
            return None;
        }
        let (rest, announced) = match opening(line) {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        if line.ends_with('.') && !ends_in_abbreviation(line) {
            return None;
        }
        // "The Price of Bread", "New Rules for 2013": only after a "By" do these words announce an outlet.
        if !announced && [" for ", " of "].iter().any(|word| line.contains(word)) {
            return None;
        }
        let mut byline = Self { announced, ..Self::default() };
        let mut names = Vec::new();
        let mut others = 0;
        for (at, (piece, marked)) in pieces(rest).into_iter().enumerate() {
            match classify(piece, at == 0, marked, announced, own_outlet)? {
                Piece::Name(name) => names.push(name),
                Piece::Outlet(outlet) => byline.outlet = byline.outlet.or(Some(outlet)),
                Piece::Other => others += 1,
            }
        }
        let plain_outlet = names.is_empty() && byline.outlet.is_some() && others == 0;
        let signed = !names.is_empty() && (announced || byline.outlet.is_some() || others > 0);
        if !signed && !(plain_outlet && (announced || own(line, own_outlet))) {
            return None;
        }
        byline.author = (!names.is_empty()).then(|| names.join(", "));
        byline.outlet = byline.outlet.filter(|outlet| agency::named(outlet).is_empty());
        Some(byline)
    }
}

/// Names and nothing else.
fn names_only(line: &str) -> Option<String> {
    let names = pieces(line).into_iter().map(|(piece, marked)| match classify(piece, false, marked, false, None) {
        Some(Piece::Name(name)) if !marked => Some(name),
        _ => None,
    });
    names.collect::<Option<Vec<_>>>().map(|names| names.join(", "))
}

fn opening(line: &str) -> Option<&str> {
    const OPENINGS: &[&str] =
        &["by ", "by: ", "written by ", "reported by ", "story by ", "posted by ", "words by ", "author: "];
    let opens = |opening: &&&str| line.get(..opening.len()).is_some_and(|start| start.eq_ignore_ascii_case(opening));
    OPENINGS.iter().find(opens).map(|opening| line[opening.len()..].trim())
}

fn ends_in_abbreviation(line: &str) -> bool {
    let last = line.rsplit(' ').next().unwrap_or_default();
    matches!(last, "Jr." | "Sr." | "D.C." | "U.S." | "Inc." | "Co." | "M.D." | "Ph.D.") || last.len() == 2
}

/// The stretches between separators, each with whether an outlet is what the separator announces.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    const SEPARATORS: &[(&str, bool)] = &[
        (" | ", true),
        (" — ", true),
        (" – ", true),
        (" -- ", true),
        (" - ", true),
        (" / ", true),
        (" • ", true),
        (" for ", true),
        (" of ", true),
        (", and ", false),
        (", ", false),
        (" and ", false),
        (" & ", false),
        (" with ", false),
        ("|", true),
    ];
    let mut found = Vec::new();
    let mut rest = text;
    let mut marked = false;
    loop {
        let next =
            SEPARATORS.iter().filter_map(|(separator, outlet)| Some((rest.find(separator)?, separator.len(), *outlet)));
        let Some((at, length, outlet)) = next.min_by_key(|(at, length, _)| (*at, usize::MAX - length)) else { break };
        found.push((rest[..at].trim(), marked));
        rest = &rest[at + length..];
        marked = outlet;
    }
    found.push((rest.trim(), marked));
    found
}

fn classify(piece: &str, first: bool, marked: bool, announced: bool, own_outlet: Option<&str>) -> Option<Piece> {
    if piece.is_empty() {
        return Some(Piece::Other);
    }
    if let Some(outlet) = without_role(piece) {
        return Some(if outlet.is_empty() { Piece::Other } else { Piece::Outlet(outlet.into()) });
    }
    if own(piece, own_outlet) || !agency::named(piece).is_empty() || names_outlet(piece) {
        return Some(Piece::Outlet(piece.into()));
    }
    if is_date(piece) || piece.starts_with('@') || piece.contains('@') && !piece.contains(' ') || is_suffix(piece) {
        return Some(Piece::Other);
    }
    let tokens = wording::count(piece);
    let capital = capitalised(piece);
    if capital && marked && tokens <= 6 {
        return Some(Piece::Outlet(piece.into()));
    }
    let article = ["The ", "A ", "An "].iter().any(|article| piece.starts_with(article));
    if capital && (2..=5).contains(&tokens) && !calendar(piece) && !article {
        return Some(Piece::Name(proper_case(piece)));
    }
    let staff = announced
        && first
        && matches!(piece.to_lowercase().as_str(), "staff" | "staff reports" | "admin" | "the editors");
    (staff || announced && !first && capital && tokens == 1).then_some(Piece::Other)
}

/// The outlet in front of a role, "Ledger Staff Writer"; empty where the role stands alone.
fn without_role(piece: &str) -> Option<&str> {
    let folded = piece.to_lowercase();
    if folded.starts_with("special to ") {
        return piece.get("special to ".len()..);
    }
    let role = lists::ROLES.iter().filter(|role| folded.ends_with(*role)).max_by_key(|role| role.len())?;
    let outlet = piece.get(..piece.len() - role.len())?;
    (outlet.is_empty() || outlet.ends_with(' ') && capitalised(outlet)).then(|| outlet.trim_end())
}

/// Words that papers are called by.
fn names_outlet(piece: &str) -> bool {
    let domain = piece.contains('.')
        && !piece.contains(' ')
        && piece.ends_with(|c: char| c.is_ascii_lowercase())
        && piece.contains(".co");
    capitalised(piece)
        && piece.split_whitespace().any(|word| lists::OUTLET_WORDS.contains(word.to_lowercase().as_str()))
        || domain
}

fn own(piece: &str, outlet: Option<&str>) -> bool {
    outlet.is_some_and(|outlet| {
        let (piece, outlet) = (wording::normalised(piece), wording::normalised(outlet));
        !piece.is_empty() && piece.trim_start_matches("the ") == outlet.trim_start_matches("the ")
    })
}

/// Every word is written large, but for the particles of names and the articles of titles.
fn capitalised(piece: &str) -> bool {
    let mut large = false;
    let fits = piece.split_whitespace().all(|word| {
        let first = word.chars().find(|c| c.is_alphabetic());
        large |= first.is_some_and(char::is_uppercase);
        first.is_none_or(char::is_uppercase) && !word.starts_with(|c: char| c.is_ascii_digit())
            || lists::PARTICLES.contains(word)
    });
    fits && large
}

fn is_suffix(piece: &str) -> bool {
    matches!(piece, "Jr." | "Jr" | "Sr." | "II" | "III" | "M.D." | "MD" | "Ph.D." | "PhD" | "Esq.")
}

fn is_date(piece: &str) -> bool {
    let digits = piece.chars().filter(char::is_ascii_digit).count();
    digits > 0 && (digits >= 4 || calendar(piece) || piece.starts_with("May ")) && wording::count(piece) <= 6
}

/// Days and months are written large, too.
fn calendar(piece: &str) -> bool {
    let name =
        |word: &str| lists::CALENDAR.contains(word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase().as_str());
    piece.split_whitespace().any(name)
}

/// "JANE ROE" as Jane Roe; mixed case stays.
fn proper_case(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        return name.to_owned();
    }
    let mut start = true;
    let mut lower = |c: char| {
        let result: String = if start { c.to_string() } else { c.to_lowercase().collect() };
        start = !c.is_alphabetic();
        result
    };
    name.chars().map(&mut lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Option<String>, Option<String>)> {
        Byline::read(line, Some("The Common Thread")).map(|byline| (byline.author, byline.outlet))
    }

    fn found(author: &str, outlet: &str) -> Option<(Option<String>, Option<String>)> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some((some(author), some(outlet)))
    }

    #[test]
    fn reads_author_and_outlet() {
        assert_eq!(read("By Jane Roe"), found("Jane Roe", ""));
        assert_eq!(read("By Jane Roe, The Harbor Ledger"), found("Jane Roe", "The Harbor Ledger"));
        assert_eq!(read("By Jane Roe | Outlook"), found("Jane Roe", "Outlook"));
        assert_eq!(read("JANE ROE, Harbor Staff Writer"), found("Jane Roe", "Harbor"));
        assert_eq!(
            read("By Jane Roe and Ann M. Poe, Harbor Daily, May 3, 2026"),
            found("Jane Roe, Ann M. Poe", "Harbor Daily")
        );
        assert_eq!(read("Jane Roe, The Common Thread"), found("Jane Roe", "The Common Thread"));
        assert_eq!(read("By JANE O’ROE-POE for the Harbor Ledger"), found("Jane O’Roe-Poe", "the Harbor Ledger"));
        assert_eq!(read("The Common Thread"), found("", "The Common Thread"));
        assert_eq!(read("By Jane Roe, Associated Press"), found("Jane Roe", ""));
        assert_eq!(read("By Continental Wire"), found("", ""));
    }

    #[test]
    fn leaves_prose_and_subheads() {
        for line in [
            "By Monday",
            "By Thursday Evening",
            "By the time the ferry left, the pier was on fire",
            "By Jane Roe’s account, nobody was told.",
            "Jane Roe",
            "Jane Roe, mayor",
            "What the Harbor Ledger Missed",
            "The Price of Bread",
            "New Rules Revealed for 2013",
            "By contrast",
            "By 2026",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
