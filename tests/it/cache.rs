//! Scores kept between runs, through the real program.

use std::path::Path;

use crate::support::{assert_same_tables, collection, framescope, score, stdout};

fn counts(run: &Path) -> (u64, u64) {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap();
    let count = |name: &str| json["counts"][name].as_u64().unwrap();
    (count("distinct_sentences"), count("cached_sentences"))
}

#[test]
fn a_second_run_scores_what_is_new_and_gives_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cache = path("cache").display().to_string();
    let articles = path("articles");
    std::fs::create_dir(&articles).unwrap();
    for file in std::fs::read_dir("seeds/articles").unwrap().flatten() {
        std::fs::copy(file.path(), articles.join(file.file_name())).unwrap();
    }
    let input = articles.display().to_string();
    score(&[&input], &path("without"), &[], 0);
    score(&[&input], &path("first"), &["--cache", &cache], 0);
    score(&[&input], &path("second"), &["--cache", &cache], 0);
    assert_same_tables(&path("without"), &path("first"));
    assert_same_tables(&path("first"), &path("second"));
    let (all, none) = counts(&path("first"));
    assert!(all > 500 && none == 0, "{all} {none}");
    assert_eq!(counts(&path("second")), (0, all));

    // Another scheme, another scorer and no cache have nothing to do with it.
    score(&[&input], &path("other"), &["--cache", &cache, "--frames", "immigration"], 0);
    score(&[&input], &path("cross"), &["--cache", &cache, "--scorer", "cross"], 0);
    score(&[&input], &path("off"), &["--cache", &cache, "--no-cache"], 0);
    for run in ["other", "cross", "off"] {
        assert_eq!(counts(&path(run)), (all, 0), "{run}");
    }

    let more = [
        serde_json::json!({"title": "Ferry fares rise again", "outlet": "Harborton Courier", "date": "2026-06-01",
        "text": "The port authority raised ferry fares on Monday. Commuters called it an outrage, and officials did not answer."}),
    ];
    collection(&articles, "tomorrow.jsonl", &more);
    score(&[&input], &path("tomorrow"), &["--cache", &cache], 0);
    assert_eq!(counts(&path("tomorrow")), (3, all));
}

#[test]
fn a_damaged_cache_is_begun_again_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cache = path("cache").display().to_string();
    score(&["seeds/articles"], &path("first"), &["--cache", &cache], 0);
    std::fs::write(path("cache").join("scores.sqlite"), "no database, whatever its name says. ".repeat(100)).unwrap();
    let said = score(&["seeds/articles"], &path("second"), &["--cache", &cache], 0);
    assert!(stdout(&said).contains("was damaged and is begun again"), "{}", stdout(&said));
    assert_same_tables(&path("first"), &path("second"));
    score(&["seeds/articles"], &path("third"), &["--cache", &cache], 0);
    assert_eq!(counts(&path("third")).0, 0);
}

#[test]
fn two_runs_at_a_time_share_one_cache() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cache = path("cache").display().to_string();
    let start = |output: &str| {
        let output = path(output).display().to_string();
        let args = [
            "score",
            "seeds/articles",
            "-o",
            &output,
            "--engine",
            "fake",
            "--resamples",
            "100",
            "--chunk",
            "3",
            "--quiet",
        ];
        framescope(&[&args[..], &["--cache", &cache]].concat()).spawn().unwrap()
    };
    let mut both = [start("one"), start("two")];
    for child in &mut both {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_same_tables(&path("one"), &path("two"));
    score(&["seeds/articles"], &path("three"), &["--cache", &cache], 0);
    assert_eq!(counts(&path("three")).0, 0);
}
