//! Near-duplicates, stories, and what `--wire` does to the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polars::prelude::*;

use crate::support::{root, run, score, stderr, table, texts};

/// Value of a text column by article.
fn by_article(articles: &DataFrame, column: &str) -> BTreeMap<String, String> {
    let values = texts(articles, column).into_iter().map(Option::unwrap_or_default);
    texts(articles, "article_id").into_iter().map(Option::unwrap).zip(values).collect()
}

/// Pairs of articles with the same value.
fn pairs(groups: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let each = |a: &String| {
        groups
            .keys()
            .filter(move |b| *b > a && groups[*b] == groups[a])
            .map(|b| (a.clone(), b.clone()))
            .collect::<Vec<_>>()
    };
    groups.keys().flat_map(each).collect()
}

fn report(folder: &Path, more: &[&str]) -> std::process::Output {
    let path = folder.display().to_string();
    run(&[&["report", &path, "--quiet"], more].concat())
}

fn estimate(folder: &Path, outlet: &str) -> (f64, f64) {
    let outlets = table(&folder.join("outlets.parquet"))
        .lazy()
        .filter(col("outlet").eq(lit(outlet)).and(col("period").eq(lit("all"))).and(col("measure").eq(lit("tone"))))
        .filter(col("part").eq(lit("all")).and(col("voice").eq(lit("all"))))
        .collect()
        .unwrap();
    let number =
        |name: &str| outlets.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(0).unwrap();
    (number("estimate"), number("n_articles"))
}

#[test]
fn reprints_of_one_wire_story_are_a_cluster_and_an_independent_telling_is_not() {
    let folder = tempfile::tempdir().unwrap();
    score(&["seeds/articles"], folder.path(), &[], 0);
    let articles = table(&folder.path().join("articles.parquet"));
    let clusters = by_article(&articles, "cluster_id");
    let expected: BTreeSet<(String, String)> =
        [("hc-09", "ll-09"), ("hc-09", "tpm-09"), ("ll-09", "tpm-09")].map(|(a, b)| (a.into(), b.into())).into();
    assert_eq!(pairs(&clusters), expected);
    assert_eq!(clusters["hc-09"], "tpm-09", "published a day before the others");
    assert_eq!(by_article(&articles, "first_publisher")["ll-09"], "Tidewater Public Media");
    assert_eq!(by_article(&articles, "cluster_agency")["ll-09"], "Continental Wire");
}

#[test]
fn the_stories_of_the_seeds_are_found() {
    let folder = tempfile::tempdir().unwrap();
    score(&["seeds/articles"], folder.path(), &[], 0);
    let articles = table(&folder.path().join("articles.parquet"));
    let found = pairs(&by_article(&articles, "story_id"));
    let events = std::fs::read_to_string(root().join("seeds/events.tsv")).unwrap();
    let truth: BTreeMap<String, String> = events
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .map(|(event, id)| (id.to_owned(), event.to_owned()))
        .collect();
    let truth = pairs(&truth);
    assert!(found.is_subset(&truth), "{:?}", found.difference(&truth));
    assert!(found.len() * 10 >= truth.len() * 8, "{} of {}: {:?}", found.len(), truth.len(), truth.difference(&found));
    let same = table(&folder.path().join("same_story.parquet"));
    let stories = same.column("n_stories").unwrap().u32().unwrap();
    assert!(stories.max().unwrap() >= 8, "the Courier and the Ledger share most of their stories");
    let number = |name: &str| same.column(name).unwrap().f64().unwrap().clone();
    let (overall, within, selection) = (number("overall"), number("within"), number("selection"));
    for row in 0..same.height() {
        let left = overall.get(row).unwrap() - within.get(row).unwrap() - selection.get(row).unwrap();
        assert!(left.abs() < 1e-9, "row {row}");
    }
}

#[test]
fn wire_copy_counts_as_asked_for_without_inference() {
    let folder = tempfile::tempdir().unwrap();
    score(&["seeds/articles"], folder.path(), &[], 0);
    let path = folder.path();
    let ledger = "The Liberty Ledger";
    let (each, count) = estimate(path, ledger);
    let notes = |folder: &Path| {
        let manifest = std::fs::read_to_string(folder.join("run.json")).unwrap();
        manifest.contains("Wire copy")
    };
    assert!(!notes(path));
    let done = report(path, &["--wire", "once"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(notes(path));
    // A third of one article of the outlet's own is all that changes.
    let (once, still) = estimate(path, ledger);
    assert!(once != each && still == count);
    report(path, &["--wire", "drop"]);
    let (dropped, fewer) = estimate(path, ledger);
    assert!(fewer == count - 1.0 && dropped != once);
    assert_eq!(table(&path.join("articles.parquet")).height(), 42, "articles lists all");
    report(path, &["--wire", "each"]);
    assert_eq!(estimate(path, ledger), (each, count));
    assert!(!notes(path), "a note of an earlier report does not stay");
    let wrong = report(path, &["--wire", "onse"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean \"once\""), "{}", stderr(&wrong));
}
