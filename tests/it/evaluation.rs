//! `framescope eval` on small labelled files of our own.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{collection, run, stderr, stdout, table, texts};

const TONES: [(&str, &str); 4] = [
    ("The new bridge opened to cheers and sunshine.", "positive"),
    ("The council meets on Tuesdays.", "neutral"),
    ("Three people died when the roof fell in.", "negative"),
    ("The clinic closed after months of bitter failure.", "negative"),
];

fn tones(folder: &Path) -> String {
    let rows: Vec<Value> = TONES.iter().map(|(text, label)| json!({"text": text, "label": label})).collect();
    collection(folder, "tones.jsonl", &rows).display().to_string()
}

fn eval(task: &str, path: &str, more: &[&str]) -> std::process::Output {
    let mut args = vec!["eval", task, "--data", path, "--engine", "fake", "--resamples", "100"];
    args.extend(more);
    run(&args)
}

#[track_caller]
fn outcome(task: &str, path: &str, more: &[&str]) -> Value {
    let done = eval(task, path, &[more, &["--json"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    serde_json::from_str(&stdout(&done)).expect("stdout is one JSON object")
}

#[track_caller]
fn refused(done: &std::process::Output, says: &[&str]) {
    assert_eq!(done.status.code(), Some(2), "{}", stdout(done));
    for part in says {
        assert!(stderr(done).contains(part), "\"{part}\" is not in: {}", stderr(done));
    }
}

#[test]
fn json_has_the_promised_keys_for_every_task() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = [json!({"text": "A shameful betrayal.", "label": 1}), json!({"text": "It rained.", "label": 0})];
    let loaded = collection(folder.path(), "loaded.jsonl", &loaded).display().to_string();
    let pairs = [
        json!({"premise": "It rained all day.", "hypothesis": "The day was wet.", "label": "entailment"}),
        json!({"premise": "It rained all day.", "hypothesis": "The day was dry.", "label": "contradiction"}),
    ];
    let pairs = collection(folder.path(), "pairs.jsonl", &pairs).display().to_string();
    let frames = [json!({"text": "Prices rose.", "label": ["conflict"]}), json!({"text": "They argued.", "label": []})];
    let frames = collection(folder.path(), "frames.jsonl", &frames).display().to_string();
    let tasks = [
        outcome("tone", &tones(folder.path()), &[]),
        outcome("loaded", &loaded, &["--label-map", "0=plain,1=loaded"]),
        outcome("entailment", &pairs, &[]),
        outcome("frames", &frames, &["--frames", "generic_news"]),
    ];
    for outcome in tasks {
        let object = outcome.as_object().unwrap();
        for key in
            "task n accuracy macro_f1 macro_f1_ci micro_f1 auc_mean ece per_class sentences_per_second".split(' ')
        {
            assert!(object.contains_key(key), "{key} is not in {outcome}");
        }
        assert!(outcome["notes"][0].as_str().unwrap().contains("mean nothing"));
    }
}

#[test]
fn numbers_agree_with_the_predictions_file() {
    let folder = tempfile::tempdir().unwrap();
    let predictions = folder.path().join("predictions.parquet");
    let outcome = outcome("tone", &tones(folder.path()), &["--predictions", &predictions.display().to_string()]);
    let table = table(&predictions);
    let (gold, decided) = (texts(&table, "gold"), texts(&table, "decided"));
    assert_eq!(gold, TONES.map(|(_, label)| Some(label.to_owned())));
    let right = gold.iter().zip(&decided).filter(|(gold, decided)| gold == decided).count();
    assert_eq!(outcome["accuracy"], json!(right as f64 / 4.0));
    let probability = |label: &str| table.column(&format!("p_{label}")).unwrap().f32().unwrap().to_vec();
    let columns = ["negative", "neutral", "positive"].map(probability);
    for (row, decided) in decided.iter().enumerate() {
        let p: Vec<f32> = columns.iter().map(|column| column[row].unwrap()).collect();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let best = (0..3).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap();
        assert_eq!(decided.as_deref(), Some(["negative", "neutral", "positive"][best]));
    }
}

#[test]
fn the_result_does_not_depend_on_threads_or_format() {
    let folder = tempfile::tempdir().unwrap();
    let csv: String = TONES.iter().map(|(text, label)| format!("\"{text}\",{label}\n")).collect();
    let path = folder.path().join("tones.csv");
    std::fs::write(&path, format!("body,tone\n{csv}")).unwrap();
    let renamed = ["--text-column", "body", "--label-column", "tone", "--threads", "2"];
    let mut a = outcome("tone", &path.display().to_string(), &renamed);
    let mut b = outcome("tone", &tones(folder.path()), &["--threads", "1"]);
    for outcome in [&mut a, &mut b] {
        for key in ["seconds", "sentences_per_second", "threads"] {
            outcome[key] = Value::Null;
        }
    }
    assert_eq!(a, b);
}

#[test]
fn articles_are_scored_by_their_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let text = "The mayor blamed the state for the flood. Families carried what they could up the hill.\n\nRepairs will \
                cost the town four million dollars this year. Insurance covers half of it.";
    let rows =
        [json!({"text": text, "label": ["conflict", "economic_consequences"]}), json!({"text": text, "label": []})];
    let path = collection(folder.path(), "articles.jsonl", &rows).display().to_string();
    let by_sentence = ["--frames", "generic_news", "--unit", "sentence", "--aggregate"];
    let at_most = outcome("frames", &path, &[&by_sentence[..], &["max"]].concat());
    let mean = outcome("frames", &path, &[&by_sentence[..], &["mean"]].concat());
    // Equal sentences are scored once.
    assert_eq!((at_most["n"].as_u64(), at_most["passed"].as_u64()), (Some(2), Some(4)));
    let decided = |outcome: &Value| -> u64 {
        outcome["per_class"].as_object().unwrap().values().map(|label| label["decided"].as_u64().unwrap()).sum()
    };
    assert!(decided(&at_most) >= decided(&mean));
}

#[test]
fn the_terminal_shows_scores_and_confusion() {
    let folder = tempfile::tempdir().unwrap();
    let done = eval("tone", &tones(folder.path()), &["--fit"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    for part in ["macro-F1", "labelled \\ decided", "positive", "temperature", "development set", "mean nothing"] {
        assert!(stdout(&done).contains(part), "\"{part}\" is not in: {}", stdout(&done));
    }
}

#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let tones = tones(folder.path());
    refused(
        &eval("tone", &tones, &["--text-column", "txt"]),
        &["no column \"txt\" (did you mean \"text\"?)", "--text-column"],
    );
    refused(&eval("loaded", &tones, &[]), &["row 1", "unknown label \"positive\"", "--label-map", "--skip-unknown"]);
    refused(&eval("loaded", &tones, &["--skip-unknown"]), &["no row can be used", "4 rows with an unknown label"]);
    refused(&eval("entailment", &tones, &[]), &["no column \"premise\"", "--premise-column"]);
    refused(&eval("tone", &tones, &["--label-map", "bad=negativ"]), &["did you mean \"negative\""]);
    refused(&eval("tone", &tones, &["--single"]), &["--single is for frames"]);
    refused(
        &eval("frames", &tones, &["--frames", "generic_news", "--without", "conflcit"]),
        &["did you mean \"conflict\""],
    );
    refused(&eval("tone", &tones, &["--predictions", "out.xlsx"]), &["must end in .csv or .parquet"]);
    refused(&eval("tone", "no/such.jsonl", &[]), &["no/such.jsonl"]);
}

#[test]
fn rows_left_out_are_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        json!({"text": "It rained.", "label": "neutral"}),
        json!({"text": "It snowed.", "label": null}),
        json!({"text": " ", "label": "neutral"}),
    ];
    let path = collection(folder.path(), "tones.jsonl", &rows).display().to_string();
    let outcome = outcome("tone", &path, &[]);
    assert_eq!(
        (&outcome["n"], &outcome["skipped"]["unlabelled"], &outcome["skipped"]["empty_text"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let notes = outcome["notes"].to_string();
    assert!(notes.contains("1 rows without a label") && notes.contains("first such rows: 2, 3"), "{notes}");
    assert_eq!(outcome["macro_f1_ci"], Value::Null);
}
