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
