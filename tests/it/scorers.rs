//! The frame scorers through the real program: each gives every table, and says what it did.

use std::path::Path;

use crate::support::{assert_same_tables, root, run, score, stderr, table, texts};

fn numbers(table: &polars::prelude::DataFrame, column: &str) -> Vec<Option<f32>> {
    table.column(column).unwrap().f32().unwrap().iter().collect()
}

/// The shipped manifest with another `[cascade]`, and the cross-encoder alone; an empty one is none at all.
fn models_with_cascade(folder: &Path, cascade: &str) -> String {
    models_with(folder, |manifest| {
        put(manifest, "cascade", cascade);
        put(manifest, "stacked", "");
    })
}

/// Puts a section in the place of what there is; an empty one is none at all.
fn put(manifest: &mut toml::Table, name: &str, section: &str) {
    manifest.remove(name);
    if !section.is_empty() {
        manifest.insert(name.into(), toml::Value::Table(toml::from_str(section).unwrap()));
    }
}

/// The shipped manifest, changed.
fn models_with(folder: &Path, change: impl Fn(&mut toml::Table)) -> String {
    let manifest = std::fs::read_to_string(root().join("models/manifest.toml")).unwrap();
    let mut manifest: toml::Table = toml::from_str(&manifest).unwrap();
    for model in manifest["model"].as_array_mut().unwrap() {
        for file in ["file", "tokenizer", "card"] {
            let path = root().join("models").join(model[file].as_str().unwrap());
            model[file] = toml::Value::String(path.display().to_string());
        }
    }
    change(&mut manifest);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("manifest.toml"), toml::to_string(&manifest).unwrap()).unwrap();
    folder.display().to_string()
}

#[test]
fn bi_is_another_name_of_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    score(&["seeds/articles"], &first, &["--scorer", "bi"], 0);
    score(&["seeds/articles"], &second, &["--scorer", "embedding"], 0);
    assert_same_tables(&first, &second);
}

/// With weights in the manifest, the reference's log-odds are those of cross-encoder and vectors, weighed; a frame's cut-off is theirs.
#[test]
fn the_reference_weighs_in_what_the_vectors_say() {
    let folder = tempfile::tempdir().unwrap();
    let models = |name: &str, stacked: &str| {
        models_with(&folder.path().join(name), |manifest| {
            put(manifest, "stacked", stacked);
            for model in manifest["model"].as_array_mut().unwrap() {
                if let Some(embedding) = model.get_mut("embedding") {
                    // The fake vectors are hundreds of numbers in -3..3: so that no probability is 0 or 1.
                    embedding["scale"] = toml::Value::Float(0.004);
                    embedding["bias"] = toml::Value::Float(0.0);
                }
            }
        })
    };
    let (bare, weighed) =
        (models("bare", ""), models("weighed", "entailment = 0.5\nvectors = 0.7\nbias = -0.3\nthreshold = 0.4\n"));
    let run_with = |name: &str, scorer: &str, models: &str| {
        let output = folder.path().join(name);
        score(&["seeds/articles/common-thread.jsonl"], &output, &["--scorer", scorer, "--models", models], 0);
        let run: serde_json::Value = serde_json::from_slice(&std::fs::read(output.join("run.json")).unwrap()).unwrap();
        let cutoff = run["thresholds"]["frames"][0].as_f64().unwrap();
        let frame = numbers(&table(&output.join("sentences.parquet")), "frame_economic");
        (frame.into_iter().flatten().map(f64::from).collect::<Vec<f64>>(), cutoff)
    };
    let (pairs, _) = run_with("pairs", "cross", &bare);
    let (vectors, _) = run_with("vectors", "embedding", &bare);
    let (both, cutoff) = run_with("both", "cross", &weighed);
    assert!((cutoff - 0.4).abs() < 1e-6);
    assert!(both.len() > 20 && pairs.len() == both.len() && vectors.len() == both.len());
    let logit = |p: f64| (p / (1.0 - p)).ln();
    for ((pairs, vectors), both) in pairs.into_iter().zip(vectors).zip(both) {
        let expected = 0.5 * logit(pairs) + 0.7 * logit(vectors) - 0.3;
        assert!((logit(both) - expected).abs() < 1e-3, "{pairs} {vectors} {both}");
    }
}

#[test]
fn the_cascade_asks_the_cross_encoder_about_a_few_frames_of_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    // The fake vectors are hundreds of numbers in -3..3, not of unit length; so much smaller, their log-odds leave many frames open.
    let models = models_with_cascade(folder.path(), "slope = 0.004\nbias = 0.0\nspread = 2.0\n");
    let run_with = |name: &str, more: &[&str]| {
        let output = folder.path().join(name);
        let more = [more, &["--models", &models]].concat();
        score(&["seeds/articles/common-thread.jsonl"], &output, &more, 0);
        table(&output.join("sentences.parquet"))
    };
    let cross = run_with("cross", &["--scorer", "cross"]);
    let frames: Vec<String> =
        cross.get_column_names().iter().filter(|n| n.starts_with("frame_")).map(|n| n.to_string()).collect();
    assert_eq!(frames.len(), 15);
    let asked = |cascade: &polars::prelude::DataFrame| -> Vec<usize> {
        let columns = frames.iter().map(|frame| (numbers(cascade, frame), numbers(&cross, frame)));
        let mut asked = vec![0; cross.height()];
        for (own, theirs) in columns {
            own.iter()
                .zip(theirs)
                .zip(&mut asked)
                .for_each(|((own, theirs), asked)| *asked += usize::from(*own == theirs));
        }
        asked
    };
    let three = asked(&run_with("three", &["--scorer", "cascade", "--cascade-budget", "3"]));
    let all = asked(&run_with("all", &["--scorer", "cascade", "--cascade-budget", "15"]));
    assert!(three.iter().all(|&asked| asked <= 3) && three.contains(&3), "{three:?}");
    assert!(all.iter().zip(&three).all(|(all, three)| all >= three));
    assert!(all.iter().sum::<usize>() > three.iter().sum());
}

#[test]
fn the_student_learns_from_a_sample_and_its_estimates_are_corrected_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let settings = ["--scorer", "student", "--student-sample", "120"];
    score(&["seeds/articles"], &one, &[&settings[..], &["--threads", "1"]].concat(), 0);
    score(&["seeds/articles"], &two, &[&settings[..], &["--threads", "2", "--chunk", "5"]].concat(), 0);
    assert_same_tables(&one, &two);

    let sentences = table(&one.join("sentences.parquet"));
    let cross = numbers(&sentences, "cross_economic");
    assert_eq!(cross.iter().flatten().count(), 120);
    let outlets = texts(&sentences, "outlet");
    let mut sampled = std::collections::BTreeMap::new();
    cross
        .iter()
        .zip(&outlets)
        .for_each(|(cross, outlet)| *sampled.entry(outlet).or_insert(0) += i32::from(cross.is_some()));
    assert!(sampled.len() == 4 && sampled.values().all(|&n| n > 10), "every outlet has its share: {sampled:?}");

    let run_json: serde_json::Value = serde_json::from_slice(&std::fs::read(one.join("run.json")).unwrap()).unwrap();
    assert_eq!(run_json["scorer"], "student");
    assert_eq!(run_json["student"]["sampled"], 120);
    assert_eq!(run_json["student"]["agreement"]["texts"], 120);
    let notes = run_json["notes"].to_string();
    assert!(notes.contains("had not seen") && notes.contains("120 sentences"), "{notes}");

    for compared in ["contrasts", "trends", "same_story"] {
        let measures = texts(&table(&one.join(format!("{compared}.parquet"))), "measure");
        assert!(measures.iter().flatten().all(|measure| !measure.starts_with("frame_")), "{compared}");
    }
    let estimates = table(&one.join("outlets.parquet"));
    let (measures, statistics, methods) =
        (texts(&estimates, "measure"), texts(&estimates, "statistic"), texts(&estimates, "method"));
    let low: Vec<Option<f64>> = estimates.column("ci_low").unwrap().f64().unwrap().iter().collect();
    let mut corrected = 0;
    for row in 0..estimates.height() {
        let (measure, method) = (measures[row].as_deref().unwrap(), methods[row].as_deref().unwrap());
        if !measure.starts_with("frame_") {
            assert!(method != "ppi" && method != "uncorrected", "{measure} {method}");
            continue;
        }
        assert!(["ppi", "uncorrected", "none"].contains(&method), "{measure} {method}");
        assert_eq!(low[row].is_some(), method == "ppi", "{measure} {method}");
        if statistics[row].as_deref() == Some("share_articles") {
            assert_eq!(method, "uncorrected");
        }
        corrected += usize::from(method == "ppi");
    }
    assert!(corrected > 100, "{corrected}");
}

/// The corrected estimate of an outlet whose every sentence was read is the cross-encoder's own.
#[test]
fn a_sample_of_everything_gives_what_the_cross_encoder_says() {
    let folder = tempfile::tempdir().unwrap();
    let (student, cross) = (folder.path().join("student"), folder.path().join("cross"));
    score(&["seeds/articles"], &student, &["--scorer", "student", "--student-sample", "100000"], 0);
    score(&["seeds/articles"], &cross, &["--scorer", "cross"], 0);
    let estimates = |folder: &Path| {
        let table = table(&folder.join("outlets.parquet"));
        let (measures, statistics) = (texts(&table, "measure"), texts(&table, "statistic"));
        let values: Vec<f64> = table.column("estimate").unwrap().f64().unwrap().iter().flatten().collect();
        let methods = texts(&table, "method");
        (measures, statistics, values, methods)
    };
    let (measures, statistics, corrected, methods) = estimates(&student);
    let (.., truth, _) = estimates(&cross);
    assert_eq!(corrected.len(), truth.len());
    let mut compared = 0;
    for row in 0..truth.len() {
        let sampled = statistics[row].as_deref() != Some("share_articles") && methods[row].as_deref() == Some("ppi");
        if measures[row].as_deref().unwrap().starts_with("frame_") && sampled {
            assert!(
                (corrected[row] - truth[row]).abs() < 1e-6,
                "{:?}: {} {}",
                measures[row],
                corrected[row],
                truth[row]
            );
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn what_a_scorer_cannot_do_is_said() {
    let article = ["inspect", "seeds/articles/common-thread.jsonl", "--engine", "fake", "--scorer", "student"];
    let refused = run(&article);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("learns from a collection"), "{}", stderr(&refused));
    let folder = tempfile::tempdir().unwrap();
    let models = models_with_cascade(folder.path(), "");
    let unfitted = run(&["score", "seeds/articles", "--engine", "fake", "--scorer", "cascade", "--models", &models]);
    assert!(stderr(&unfitted).contains("no [cascade]"), "{}", stderr(&unfitted));
    let few = run(&["score", "seeds/articles", "--engine", "fake", "--scorer", "student", "--student-sample", "7"]);
    assert!(stderr(&few).contains("--student-sample: 7 is not in 100..="), "{}", stderr(&few));
}
