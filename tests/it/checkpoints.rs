//! Other people's classifiers: checkpoint folders in both engines, against what transformers makes of them.

use std::path::{Path, PathBuf};

use framescope::engines::open::{CheckpointFiles, open_checkpoint};
use framescope::engines::placement::Placement;
use framescope::stages::infer::batches;
use framescope::stages::infer::checkpoint::{Checkpoint, Role};
use framescope::stages::infer::tokens::Tokens;
use polars::prelude::*;
use serde_json::{Value, json};

use crate::support::{collection, root, run, stderr, table};

/// Tiny random checkpoints, written by tests/reference/checkpoints.py.
pub fn folder(name: &str) -> PathBuf {
    root().join("tests/reference/checkpoints").join(name)
}

/// A copy with another `config.json`.
pub fn copy(name: &str, to: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let copy = to.join(name);
    std::fs::create_dir_all(&copy).unwrap();
    for file in std::fs::read_dir(folder(name)).unwrap().flatten() {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let mut config: Value = serde_json::from_slice(&std::fs::read(copy.join("config.json")).unwrap()).unwrap();
    change(&mut config);
    std::fs::write(copy.join("config.json"), config.to_string()).unwrap();
    copy
}

/// Same tokens as transformers' own tokenizer, and logits to 1e-4 of the largest.
#[track_caller]
fn as_transformers_has_it(name: &str, engine: &str) {
    let text = std::fs::read_to_string(folder("logits.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let checkpoint = Checkpoint::read(&folder(name)).unwrap();
    let tokenizer = checkpoint.tokenizer().unwrap();
    let (config, weights) = (folder(name).join("config.json"), checkpoint.weights(engine).unwrap());
    let files = CheckpointFiles { config: &config, weights: &weights, pad: 0 };
    let opened = open_checkpoint(engine, &files, Placement::default()).unwrap();
    let rows = reference[name].as_array().unwrap();
    assert_eq!(rows.len(), 16);
    let tokens: Vec<Tokens> = rows
        .iter()
        .map(|row| {
            let text = tokenizer.piece(row["text"].as_str().unwrap()).unwrap();
            match row["hypothesis"].as_str() {
                Some(hypothesis) => tokenizer.pair(&text, &tokenizer.piece(hypothesis).unwrap()).unwrap(),
                None => tokenizer.single(&text).unwrap(),
            }
        })
        .collect();
    let logits = batches::run(opened.as_ref(), &tokens, &["logits"], &|_| {}).unwrap().remove(0);
    let numbers = |value: &Value| value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let mut furthest: f64 = 0.0;
    for ((row, tokens), logits) in rows.iter().zip(&tokens).zip(logits.rows()) {
        let ids: Vec<f64> = tokens.ids.iter().copied().map(f64::from).collect();
        assert_eq!(ids, numbers(&row["ids"]), "{}", row["text"]);
        let expected = numbers(&row["logits"]);
        assert_eq!(expected.len(), logits.len());
        furthest = expected.iter().zip(logits).map(|(a, b)| (a - f64::from(*b)).abs()).fold(furthest, f64::max);
    }
    eprintln!("{name} in {engine}: furthest logit {furthest:.1e}");
    assert!(furthest < 1e-4, "{name} in {engine}: {furthest}");
}

#[test]
fn onnx_exports_run_in_the_embedded_engine_as_in_transformers() {
    for name in ["bert", "distilbert", "deberta-v2"] {
        as_transformers_has_it(name, "embedded");
    }
}

#[test]
#[cfg(feature = "torch")]
fn every_architecture_runs_on_libtorch_as_in_transformers() {
    for name in ["bert", "distilbert", "roberta", "deberta", "deberta-v2"] {
        as_transformers_has_it(name, "torch");
    }
}

#[test]
fn labels_are_read_from_the_config_in_any_case_and_order() {
    let head = |name: &str, role| Checkpoint::read(&folder(name)).unwrap().head(role).unwrap().labels;
    assert_eq!(head("bert", Role::Frames), ["contradiction", "neutral", "entailment"]);
    assert_eq!(head("roberta", Role::Frames), ["entailment", "neutral", "contradiction"]);
    assert_eq!(head("deberta-v2", Role::Frames), ["entailment", "not_entailment"]);
    assert_eq!(head("distilbert", Role::Tone), ["negative", "positive"]);
}

#[test]
fn classes_that_do_not_fit_are_refused_by_name() {
    let scratch = tempfile::tempdir().unwrap();
    let message = |name: &str, role, change: fn(&mut Value)| {
        let folder = copy(name, scratch.path(), change);
        Checkpoint::read(&folder).and_then(|checkpoint| checkpoint.head(role).map(drop)).unwrap_err().to_string()
    };
    let sentiment = message("distilbert", Role::Frames, |_| {});
    assert!(sentiment.contains("NEGATIVE, POSITIVE") && sentiment.contains("entailment"), "{sentiment}");
    let nli = message("bert", Role::Tone, |_| {});
    assert!(nli.contains("ENTAILMENT") && nli.contains("positive"), "{nli}");
    let unnamed = message("bert", Role::Frames, |config| {
        config["id2label"] = json!({"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"});
        config["label2id"] = json!({"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2});
    });
    assert!(unnamed.contains("LABEL_0") && unnamed.contains("id2label"), "{unnamed}");
    let apart = message("bert", Role::Frames, |config| {
        config["label2id"] = json!({"CONTRADICTION": 2, "NEUTRAL": 1, "ENTAILMENT": 0});
    });
    assert!(apart.contains("contradict each other"), "{apart}");
    let none = message("bert", Role::Frames, |config| {
        let config = config.as_object_mut().unwrap();
        config.remove("id2label");
        config.remove("label2id");
    });
    assert!(none.contains("neither id2label nor label2id"), "{none}");
    let three = message("bert", Role::Frames, |config| {
        config["id2label"] = json!({"0": "entailment", "1": "neutral", "2": "other"});
        config["label2id"] = json!({"entailment": 0, "neutral": 1, "other": 2});
    });
    assert!(three.contains("contradiction"), "{three}");
}

#[test]
fn a_length_or_a_mask_built_into_an_export_is_found() {
    let path = folder("ignores-mask/model.onnx");
    let files = CheckpointFiles { config: &path, weights: &path, pad: 0 };
    let error = open_checkpoint("embedded", &files, Placement::default()).err().expect("refused").to_string();
    assert!(error.contains("padding") && error.contains("--engine torch"), "{error}");
}

fn articles(folder: &Path) -> PathBuf {
    let article = |id: &str, text: &str| json!({"id": id, "outlet": "The Ledger", "date": "2026-03-01", "title": format!("Story {id}"), "text": text});
    let both = [
        article("1", "The council approved the budget on Monday. Critics called the decision reckless."),
        article("2", "Prices rose again. The minister said that the reform would help farmers."),
    ];
    collection(folder, "articles.jsonl", &both)
}

#[track_caller]
fn scored_with_checkpoints(engine: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (input, out) = (articles(scratch.path()), scratch.path().join("run"));
    let (tone, frames) = (folder("distilbert"), folder("bert"));
    let done = run(&[
        "score",
        input.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
        "--engine",
        engine,
        "--tone-checkpoint",
        tone.to_str().unwrap(),
        "--frame-checkpoint",
        frames.to_str().unwrap(),
        "--frames",
        "generic_news",
        "--cache",
        "off",
        "--resamples",
        "100",
        "--quiet",
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let run: Value = serde_json::from_slice(&std::fs::read(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["scorer"], "cross");
    let used: Vec<&str> = run["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert!(used.contains(&"distilbert") && used.contains(&"bert"), "{used:?}");
    let sentences = table(&out.join("sentences.parquet"));
    let column = |name: &str| sentences.column(name).unwrap().cast(&DataType::Float64).unwrap();
    let all = |name: &str| column(name).f64().unwrap().iter().flatten().collect::<Vec<f64>>();
    assert!(all("tone_neutral").iter().all(|p| *p == 0.0), "two classes know no neutral");
    let (negative, positive) = (all("tone_negative"), all("tone_positive"));
    assert!(negative.iter().zip(&positive).all(|(n, p)| (n + p - 1.0).abs() < 1e-5 && *n > 0.0));
}

#[test]
fn the_embedded_engine_scores_with_exports() {
    scored_with_checkpoints("embedded");
}

#[test]
#[cfg(feature = "torch")]
fn the_torch_engine_scores_with_checkpoints() {
    scored_with_checkpoints("torch");
}

#[test]
fn what_a_folder_lacks_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let input = articles(scratch.path());
    let refused = |flag: &str, folder: &Path, more: &[&str], says: &[&str]| {
        let out = scratch.path().join("run");
        let mut args = vec!["score", input.to_str().unwrap(), "-o", out.to_str().unwrap(), "--cache", "off"];
        args.extend([flag, folder.to_str().unwrap()]);
        args.extend(more);
        let done = run(&args);
        assert_eq!(done.status.code(), Some(2), "{}", stderr(&done));
        for part in says {
            assert!(stderr(&done).contains(part), "\"{part}\" is not in: {}", stderr(&done));
        }
    };
    refused("--tone-checkpoint", &scratch.path().join("nowhere"), &[], &["nowhere", "config.json"]);
    refused("--frame-checkpoint", &folder("roberta"), &[], &["roberta", "model.onnx", "--engine torch"]);
    refused("--frame-checkpoint", &folder("distilbert"), &[], &["NEGATIVE, POSITIVE", "entailment"]);
    refused("--frame-checkpoint", &folder("bert"), &["--scorer", "embedding"], &["--scorer cross"]);
    let bare = copy("bert", scratch.path(), |_| {});
    std::fs::remove_file(bare.join("vocab.txt")).unwrap();
    refused("--frame-checkpoint", &bare, &[], &["tokenizer.json", "save_pretrained"]);
    let wide = copy("distilbert", scratch.path(), |config| {
        config["id2label"] = json!({"0": "negative", "1": "neutral", "2": "positive"});
        config["label2id"] = json!({"negative": 0, "neutral": 1, "positive": 2});
    });
    refused("--tone-checkpoint", &wide, &[], &["2 numbers", "3 classes"]);
}

#[test]
#[cfg(feature = "torch")]
fn what_the_torch_engine_cannot_run_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let message = |name: &str, change: fn(&mut Value)| {
        let folder = copy(name, scratch.path(), change);
        let (config, weights) = (folder.join("config.json"), folder.join("model.safetensors"));
        let files = CheckpointFiles { config: &config, weights: &weights, pad: 0 };
        open_checkpoint("torch", &files, Placement::default()).err().expect("refused").to_string()
    };
    let albert = message("bert", |config| config["model_type"] = json!("albert"));
    assert!(albert.contains("albert") && albert.contains("roberta"), "{albert}");
    let deep = message("bert", |config| config["num_hidden_layers"] = json!(3));
    assert!(deep.contains("bert.encoder.layer.2."), "{deep}");
    let wide = message("roberta", |config| config["vocab_size"] = json!(7));
    assert!(wide.contains("word_embeddings") && wide.contains("config.json says [7, 16]"), "{wide}");
    let bare = message("bert", |config| drop(config.as_object_mut().unwrap().remove("hidden_size")));
    assert!(bare.contains("hidden_size"), "{bare}");
    let convolved = message("deberta-v2", |config| config["conv_kernel_size"] = json!(3));
    assert!(convolved.contains("convolution"), "{convolved}");
}
