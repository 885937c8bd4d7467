//! Dependencies point one way: record ← stages ← pipeline ← cli. Engines know nothing of articles, stages nothing of clap.

use std::path::{Path, PathBuf};

use crate::support::root;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(sources(&entry.path()));
        } else if entry.path().extension().is_some_and(|e| e == "rs") {
            found.push(entry.path());
        }
    }
    found
}

#[track_caller]
fn never_mentions(folder: &str, forbidden: &[&str]) {
    let files = sources(&root().join("src").join(folder));
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests may look further than the code they test.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for name in forbidden {
            let found = code.lines().find(|line| line.contains(name) && !line.trim_start().starts_with("//"));
            assert!(found.is_none(), "{} mentions {name}: {}", file.display(), found.unwrap().trim());
        }
    }
}

#[test]
fn engines_know_nothing_of_articles() {
    never_mentions("engines", &["crate::record", "crate::stages", "crate::pipeline", "crate::config", "clap"]);
}

#[test]
fn stages_know_nothing_of_the_pipeline_or_the_command_line() {
    never_mentions("stages", &["crate::pipeline", "crate::evaluation", "crate::config", "clap::"]);
    never_mentions("pipeline", &["crate::evaluation", "clap::"]);
}

#[test]
fn a_stage_uses_no_later_stage() {
    let order = ["read", "clean", "segment", "infer", "aggregate", "report"];
    for (at, stage) in order.iter().enumerate() {
        let later: Vec<String> = order[at + 1..].iter().map(|later| format!("stages::{later}")).collect();
        let later: Vec<&str> = later.iter().map(String::as_str).collect();
        never_mentions(&format!("stages/{stage}"), &later);
    }
}

#[test]
fn the_engine_seam_stays_small() {
    let seam = std::fs::read_to_string(root().join("src/engines/mod.rs")).unwrap();
    assert!(seam.lines().count() < 100);
}
