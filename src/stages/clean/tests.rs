//! What the stage does as a whole.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::record::Source;

pub fn article(title: &str, text: &str) -> Article {
    Article {
        id: "a-1".into(),
        source: Source { file: Arc::from("collection.csv"), row: Some(1) },
        title: title.into(),
        deck: None,
        text: text.into(),
        outlet: None,
        author: None,
        published: None,
        url: None,
        section: None,
    }
}

fn clean_with(options: &CleanOptions, article: Article) -> Result<CleanArticle, Rejected> {
    Cleaner::new(options).unwrap().clean(article)
}

/// All rules in force, compiled once.
static CLEANER: LazyLock<Cleaner> = LazyLock::new(|| Cleaner::new(&CleanOptions::default()).unwrap());

fn clean(title: &str, text: &str) -> CleanArticle {
    CLEANER.clean(article(title, text)).unwrap()
}

fn body(cleaned: &CleanArticle) -> Vec<&str> {
    let body = cleaned.blocks.iter().filter(|block| block.part == Part::Body);
    body.map(|block| cleaned.block_text(block)).collect()
}

fn ids(cleaned: &CleanArticle) -> Vec<&str> {
    cleaned.removals.iter().map(|removal| removal.rule.as_str()).collect()
}

const OPENING: &str = "The harbor council voted late on Monday to keep the ferry running through the winter.";
const CLOSE: &str = "The next boat leaves the town at noon, and the mayor said that she would be on it with her family.";

/// A paragraph in the middle of an article: what is kept of it, and the rules that took something from it.
pub fn what_happens_to(paragraph: &str) -> (Vec<String>, Vec<String>) {
    let cleaned = clean("Ferry to run all winter", &format!("{OPENING}\n\n{paragraph}\n\n{CLOSE}"));
    let kept = body(&cleaned).into_iter().filter(|kept| ![OPENING, CLOSE].contains(kept)).map(Into::into).collect();
    (kept, ids(&cleaned).into_iter().map(Into::into).collect())
}

/// A report with everything that gets into a scraped text, of our own invention.
const REPORT: &str = "“The pier belongs to the people who work it.” — Councilman Ed Moss

By Jane Roe, The Harbor Ledger

May 4, 2026

Photo credit: Port Authority handout

PORT HALE — The council sold the old pier on Monday, and the men who had fished from it for forty years were told to leave by Friday.

“We were told nothing,” said Ed Moss, who voted no. He said that he would go to court.

RELATED: Mayor Buys a Boat With Parking Money

Golf Club Wins Secret Tax Break. Guess Who Sits on Its Board

Was the sale legal?

The clerk said that it was. Nobody on the council answered our questions about the price.

Advertisement

Sign up for the Ledger’s FREE Morning Tide newsletter!

Share this article: Facebook | Harborbook | Email

The Associated Press contributed to this report.

© 2026 The Harbor Ledger LLC. All rights reserved. This material may not be published, broadcast, rewritten or redistributed.";

#[test]
fn a_report_with_everything_in_it() {
    let cleaned = clean("Council Sells the Old Pier | The Harbor Ledger", REPORT);
    let deck: Vec<&str> = cleaned.blocks.iter().filter(|block| block.part == Part::Deck).map(|block| cleaned.block_text(block)).collect();
    assert_eq!(deck, ["“The pier belongs to the people who work it.” — Councilman Ed Moss"]);
    assert_eq!(cleaned.block_text(&cleaned.blocks[0]), "Council Sells the Old Pier");
    assert_eq!(
        body(&cleaned),
        [
            "The council sold the old pier on Monday, and the men who had fished from it for forty years were told to leave by Friday.",
            "“We were told nothing,” said Ed Moss, who voted no. He said that he would go to court.",
            "Was the sale legal?",
            "The clerk said that it was. Nobody on the council answered our questions about the price.",
        ]
    );
    assert_eq!(
        ids(&cleaned),
        [
            "headline_outlet", "byline", "timestamp", "photo_credit", "dateline", "related_link", "related_headline",
            "advertisement_label", "newsletter_signup", "share_call", "contribution", "copyright_notice",
        ]
    );
    assert_eq!(cleaned.article.author.as_deref(), Some("Jane Roe"));
    assert_eq!(cleaned.article.outlet.as_deref(), Some("The Harbor Ledger"));
    assert_eq!(cleaned.agency.as_deref(), Some("AP"));
}

#[test]
fn removals_name_the_original_bytes() {
    let text = format!("{OPENING}\n\nPhoto&nbsp;credit: Jane Roe &amp; Co.\n\n{CLOSE}");
    let cleaned = clean("Ferry to run", &text);
    let removal = &cleaned.removals[0];
    assert_eq!((&text[removal.start..removal.end], removal.rule.as_str()), ("Photo&nbsp;credit: Jane Roe &amp; Co.", "photo_credit"));
    assert_eq!(cleaned.article.text, text);
}

#[test]
fn a_quotation_at_the_top_is_deck_only_if_it_comes_again_or_is_signed() {
    let opening = "“We will not leave the pier to them, not this year.”";
    let again = format!("{opening}\n\n{OPENING}\n\n“We will not leave the pier to them, not this year, not ever,” said Ed Moss.");
    assert_eq!(clean("Ferry", &again).blocks[1].part, Part::Deck);
    let once = format!("{opening}\n\n{OPENING}\n\nThat is what Ed Moss told the council before it voted.");
    assert_eq!(clean("Ferry", &once).blocks[1].part, Part::Body);
}

#[test]
fn the_records_deck_is_deck_and_not_counted_twice() {
    let deck = "A town votes on what it has left.";
    let article = Article { deck: Some(deck.into()), ..article("Ferry", &format!("{deck}\n{OPENING}\n{CLOSE}")) };
    let cleaned = CLEANER.clean(article).unwrap();
    assert_eq!((cleaned.blocks[1].part, cleaned.blocks[1].field), (Part::Deck, Field::Deck));
    assert_eq!(body(&cleaned), [OPENING, CLOSE]);
}

#[test]
fn agencies_are_credited_from_byline_and_dateline() {
    let text = format!("By Continental Wire\n\nHARBOR CITY (CW) -- {OPENING}\n\n{CLOSE}");
    let cleaned = clean("Ferry", &text);
    assert_eq!(cleaned.agency.as_deref(), Some("Continental Wire"));
    assert_eq!(body(&cleaned), [OPENING, CLOSE]);
    assert_eq!(cleaned.article.author, None);
}

#[test]
fn the_record_has_the_last_word_on_author_and_outlet() {
    let known = Article { author: Some("A. Poe".into()), outlet: Some("Tide".into()), ..article("Ferry", &format!("By Jane Roe, The Ledger\n\n{OPENING}")) };
    let cleaned = CLEANER.clean(known).unwrap();
    assert_eq!((cleaned.article.author.as_deref(), cleaned.article.outlet.as_deref()), (Some("A. Poe"), Some("Tide")));
}

#[test]
fn rules_are_switched_off_and_added() {
    let text = format!("{OPENING}\n\nAdvertisement\n\nFerry times: see the board.\n\n{CLOSE}");
    let toml = "family = \"mine\"\n[[rule]]\nid = \"ferry_times\"\nscope = \"paragraph\"\npattern = 'Ferry times: .*'\ndescription = \"Ours\"\nexamples = [\"Ferry times: see the board.\"]";
    let extra = rule::parse(toml, "mine.toml").unwrap().1;
    let options = CleanOptions { disabled: vec!["advertisement_label".into()], extra: extra.clone(), ..Default::default() };
    let cleaned = clean_with(&options, article("Ferry", &text)).unwrap();
    assert_eq!(body(&cleaned), [OPENING, "Advertisement", CLOSE]);
    let taken = CleanOptions { extra: vec![Rule { id: "byline".into(), ..extra[0].clone() }], ..Default::default() };
    assert!(Cleaner::new(&taken).is_err());
    let broken = CleanOptions { extra: vec![Rule { pattern: "(".into(), ..extra[0].clone() }], ..Default::default() };
    assert!(Cleaner::new(&broken).err().unwrap().to_string().contains("ferry_times"));
}

#[test]
fn a_stretch_between_two_lines_goes_whole() {
    let toml = "family = \"mine\"\n[[rule]]\nid = \"box\"\nscope = \"between\"\npattern = 'At the pier'\nuntil = 'End of box'\ndescription = \"Ours\"\nexamples = [\"\"]";
    let options = CleanOptions { extra: rule::parse(toml, "mine.toml").unwrap().1, ..Default::default() };
    let text = format!("{OPENING}\nAt the pier\nTickets cost two dollars.\nEnd of box\n{CLOSE}\nAt the pier\n{OPENING} Again.");
    let cleaned = clean_with(&options, article("Ferry", &text)).unwrap();
    assert_eq!(body(&cleaned), [OPENING, CLOSE, "At the pier", &format!("{OPENING} Again.")]);
}

#[test]
fn other_languages_are_rejected_by_name() {
    let german = "Der Hafenrat hat am Montag beschlossen, die Fähre auch im Winter fahren zu lassen. Die Bürgermeisterin sagte, \
        dass niemand auf der Insel zurückgelassen werden dürfe, und kündigte an, selbst mit dem ersten Boot zu fahren, sobald das Wetter \
        es erlaube. Die Fischer begrüßten den Beschluss, der lange umstritten war.";
    let rejected = CLEANER.clean(article("Die Fähre fährt weiter", german)).unwrap_err();
    assert_eq!(rejected.reason, "not_english");
    assert!(rejected.detail.contains("German"), "{}", rejected.detail);
    let any = CleanOptions { language: Language::Any, ..Default::default() };
    assert!(clean_with(&any, article("Die Fähre fährt weiter", german)).is_ok());
    assert!(CLEANER.clean(article("Fähre", "Die Fähre fährt.")).is_ok());
}

#[test]
fn what_is_empty_or_too_short_is_rejected() {
    let rejected = CLEANER.clean(article("Ferry", "Advertisement\n\nLoading...")).unwrap_err();
    assert_eq!((rejected.reason.as_str(), rejected.row), ("empty_after_cleaning", Some(1)));
    assert!(CLEANER.clean(article("A headline alone", "")).is_ok());
    let options = CleanOptions { min_words: 20, ..Default::default() };
    assert_eq!(clean_with(&options, article("Ferry", OPENING)).unwrap_err().reason, "too_short");
}

/// Two million characters, in one line and in many: the bound is generous, a quadratic step would take hours.
#[test]
fn long_articles_take_seconds() {
    let lines = format!("{OPENING} “We were told nothing at all about it,” she said.\n").repeat(14_000);
    let distinct: String = (0..14_000).map(|at| format!("{OPENING} “We were told nothing of boat {at},” she said.\n")).collect();
    let one_line = format!("{OPENING} &amp; JUST WATCHED Advertisement (RELATED: ").repeat(14_000);
    let quotes: String = (0..20_000).map(|at| format!("“A pull quote of more than eight words, number {at}”\n")).collect();
    let entities = "&amp;".repeat(400_000);
    for text in [lines, distinct, one_line, quotes, entities] {
        let started = std::time::Instant::now();
        let cleaned = CLEANER.clean(article("Ferry", &text));
        assert!(started.elapsed().as_secs() < 30, "{} bytes took {:?}", text.len(), started.elapsed());
        drop(cleaned);
    }
}

proptest! {
    /// Blocks and removals of any text: on character boundaries, in order, apart from each other, nothing lost.
    #[test]
    fn what_stays_and_what_goes_is_all_there_was(lines in prop::collection::vec(line(), 1..12)) {
        let text = lines.join("\n");
        let Ok(cleaned) = CLEANER.clean(article("A title", &text)) else { return Ok(()) };
        let original = &cleaned.article.text;
        let mut covered: Vec<(usize, usize)> = cleaned
            .blocks
            .iter()
            .filter(|block| block.field == Field::Text)
            .map(|block| cleaned.text.alignment.to_original(block.range.clone()))
            .map(|range| (range.start, range.end))
            .chain(cleaned.removals.iter().map(|removal| (removal.start, removal.end)))
            .collect();
        covered.sort();
        for (start, end) in covered {
            prop_assert!(original.get(start..end).is_some(), "{start}..{end} of {original:?}");
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", any::<String>()]
}
