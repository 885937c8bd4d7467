//! The run folder keeps its contract.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde_json::{Value, json};

use crate::support::{TABLES, assert_same_tables, collection, root, run, score, stderr, stdout, table, texts};

#[test]
fn the_seeds_give_every_file_and_the_counts_agree() {
    let folder = tempfile::tempdir().unwrap();
    let done = score(&["seeds/articles"], folder.path(), &[], 0);
    for name in TABLES.iter().chain(&["run.json", "report.html"]) {
        assert!(folder.path().join(name).is_file(), "{name} is missing");
    }
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let is_csv = file.extension().is_some_and(|extension| extension == "csv");
        assert!(!is_csv || std::fs::read(&file).unwrap().starts_with(b"\xEF\xBB\xBF"), "{file:?} for Excel");
    }
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.path().join("run.json")).unwrap()).unwrap();
    let sentences = table(&folder.path().join("sentences.parquet"));
    let articles = table(&folder.path().join("articles.parquet"));
    assert_eq!(manifest["counts"]["articles"], 42);
    assert_eq!(articles.height(), 42);
    assert_eq!(manifest["counts"]["sentences"], sentences.height() as u64);
    assert!(manifest["counts"]["distinct_sentences"].as_u64() < manifest["counts"]["sentences"].as_u64());
    assert!(stdout(&done).contains("42 articles"), "{}", stdout(&done));
    assert!(stdout(&done).contains("mean nothing"), "the fake engine is always named as such");
}

#[test]
fn offsets_lead_back_to_the_original_text() {
    let folder = tempfile::tempdir().unwrap();
    score(&["seeds/articles"], folder.path(), &[], 0);
    let mut originals: BTreeMap<String, Value> = BTreeMap::new();
    for file in std::fs::read_dir(root().join("seeds/articles")).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            originals.insert(record["id"].as_str().unwrap().to_owned(), record);
        }
    }
    let sentences = table(&folder.path().join("sentences.parquet"));
    let number = |name: &str| sentences.column(name).unwrap().u32().unwrap().clone();
    let (starts, ends) = (number("start"), number("end"));
    let (ids, fields, texts) = (texts(&sentences, "article_id"), texts(&sentences, "field"), texts(&sentences, "text"));
    // Three articles carry damage on purpose: their sentences are the repaired text.
    let repaired = ["hc-04", "ct-05", "ll-06"];
    let mut equal = 0;
    for row in 0..sentences.height() {
        let (id, field) = (ids[row].as_deref().unwrap(), fields[row].as_deref().unwrap());
        let original = originals[id][field].as_str().unwrap();
        let slice = &original[starts.get(row).unwrap() as usize..ends.get(row).unwrap() as usize];
        if repaired.contains(&id) {
            continue;
        }
        assert_eq!(Some(slice), texts[row].as_deref(), "{id} {field}");
        equal += 1;
    }
    assert!(equal > 500, "{equal}");
}

#[test]
fn threads_do_not_change_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    score(&["seeds/articles"], &one, &["--threads", "1"], 0);
    score(&["seeds/articles"], &two, &["--threads", "2"], 0);
    assert_same_tables(&one, &two);
}

#[test]
fn report_rebuilds_the_same_tables_and_other_periods() {
    let folder = tempfile::tempdir().unwrap();
    let (first, copy) = (folder.path().join("first"), folder.path().join("copy"));
    score(&["seeds/articles"], &first, &[], 0);
    std::fs::create_dir(&copy).unwrap();
    for name in ["sentences.parquet", "run.json", "rejected.csv", "removals.csv"] {
        std::fs::copy(first.join(name), copy.join(name)).unwrap();
    }
    let path = copy.display().to_string();
    let rebuilt = run(&["report", &path]);
    assert_eq!(rebuilt.status.code(), Some(0), "{}", stderr(&rebuilt));
    assert_same_tables(&first, &copy);
    let quarters = run(&["report", &path, "--period", "quarter"]);
    assert_eq!(quarters.status.code(), Some(0), "{}", stderr(&quarters));
    let periods = texts(&table(&copy.join("outlets.parquet")), "period");
    assert!(periods.iter().flatten().any(|period| period == "2026-Q1"), "{periods:?}");
}

#[test]
fn a_bad_record_is_listed_and_the_rest_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let good = |id: &str| json!({"id": id, "title": "Council meets", "text": "The council met on Monday. It voted to keep the library open.", "outlet": "A"});
    let german = "Der Stadtrat hat am Montag beschlossen, die Bibliothek nicht zu schließen. Die Bürgermeisterin sagte, dass \
                  dies eine gute Entscheidung für alle Einwohner der Stadt sei und dass man nun weiter planen könne.";
    let path = collection(
        folder.path(),
        "mixed.jsonl",
        &[
            good("a"),
            json!({"id": "b", "title": "", "text": "  ", "outlet": "A"}),
            json!({"id": "c", "title": "Bibliothek bleibt offen", "text": german, "outlet": "A"}),
            good("d"),
        ],
    );
    let mut lines = std::fs::read_to_string(&path).unwrap();
    lines.push_str("{\"id\": \"e\", \"title\": \n");
    std::fs::write(&path, lines).unwrap();
    let output = folder.path().join("run");
    let done = score(&[&path.display().to_string()], &output, &[], 1);
    assert!(stdout(&done).contains("3 rejected"), "{}", stdout(&done));
    let rejected = std::fs::read_to_string(output.join("rejected.csv")).unwrap();
    assert!(rejected.contains("not_english"), "{rejected}");
    assert!(rejected.contains("empty_text"), "{rejected}");
    assert_eq!(rejected.lines().filter(|line| line.contains("mixed.jsonl")).count(), 3, "{rejected}");
    assert_eq!(table(&output.join("articles.parquet")).height(), 2);
}

#[test]
fn the_outlet_comes_from_the_record_else_the_byline_else_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        |byline: &str| format!("{byline}The council met on Monday.\n\nIt voted to keep the library open until June.");
    let path = collection(
        folder.path(),
        "three.jsonl",
        &[
            json!({"id": "a", "title": "A vote", "text": text("By Ann Lee, The Hill Post\n\n"), "url": "https://www.hillpost.example.com/a"}),
            json!({"id": "b", "title": "A vote", "text": text(""), "url": "https://www.hillpost.example.com/b"}),
            json!({"id": "c", "title": "A vote", "text": text(""), "outlet": "Post", "url": "https://x.example.org/c"}),
        ],
    );
    let output = folder.path().join("run");
    score(&[&path.display().to_string()], &output, &[], 0);
    let outlets = texts(&table(&output.join("articles.parquet")), "outlet");
    let outlets: Vec<&str> = outlets.iter().map(|outlet| outlet.as_deref().unwrap()).collect();
    assert_eq!(outlets, ["The Hill Post", "example.com", "Post"]);
}

#[test]
fn quoted_terms_are_not_the_outlets_own() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Officials held nine people on Tuesday. \u{201c}Every criminal alien on that bus is one fewer,\u{201d} said Tom Keel, \
                the director. The illegals were taken to a county jail.";
    let path = collection(
        folder.path(),
        "one.jsonl",
        &[json!({"id": "x", "title": "Nine held in county raid", "text": text, "outlet": "A", "date": "2026-03-01"})],
    );
    let output = folder.path().join("run");
    score(&[&path.display().to_string()], &output, &[], 0);
    let sentences = table(&output.join("sentences.parquet"));
    let own: u32 = sentences.column("n_terms").unwrap().u32().unwrap().sum().unwrap();
    let quoted: u32 = sentences.column("n_terms_quoted").unwrap().u32().unwrap().sum().unwrap();
    assert_eq!((own, quoted), (2, 1));
    let voices = texts(&sentences, "voice");
    assert_eq!(voices.iter().flatten().filter(|voice| *voice == "quote").count(), 1, "{voices:?}");
    let speakers = texts(&sentences, "speaker");
    assert!(speakers.iter().flatten().any(|name| name.contains("Keel")), "{speakers:?}");
}
