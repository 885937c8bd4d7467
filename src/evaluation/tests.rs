use std::path::Path;

use super::dataset::{Columns, DatasetOptions, LabelMap};
use super::measured::LOADED;
use super::*;
use crate::config::Settings;
use crate::stages::infer::{Classifier, ClassifierOptions};

fn config() -> Config {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let settings = Settings {
        engine: Some("fake".into()),
        frames: Some("generic_news".into()),
        models: Some(models),
        threads: Some(1),
        resamples: Some(100),
        ..Settings::default()
    };
    settings.validate().unwrap()
}

const TEXTS: [&str; 4] = [
    "The council met on Tuesday.",
    "A reckless, shameful betrayal of every driver in town.",
    "Prices rose by two per cent.",
    "Volunteers rebuilt the hall in a week.",
];

fn dataset(task: Task, config: &Config, gold: [&[usize]; 4], multi_label: bool) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.jsonl");
    let labels = task.labels(&config.scheme);
    let rows = TEXTS.iter().zip(gold).map(|(text, gold)| {
        let names: Vec<&str> = gold.iter().map(|&label| labels[label].as_str()).collect();
        let label = if multi_label { serde_json::json!(names) } else { serde_json::json!(names[0]) };
        serde_json::json!({"text": text, "label": label}).to_string()
    });
    std::fs::write(&path, rows.collect::<Vec<_>>().join("\n")).unwrap();
    let options = DatasetOptions {
        columns: Columns::default(),
        map: LabelMap::default(),
        labels,
        multi_label,
        pairs: false,
        skip_unknown: false,
    };
    dataset::read(&path, &options).unwrap()
}

fn options(task: Task, config: &Config) -> EvaluationOptions<'_> {
    EvaluationOptions { task, config, unit: Unit::Text, threshold: None, fit: false }
}

#[test]
fn the_probabilities_are_those_of_a_run() {
    let config = config();
    let classifier = Classifier::new(&ClassifierOptions {
        models: &config.models,
        engine: &config.engine,
        placement: config.placement,
        checkpoints: config.checkpoints(),
        scorer: config.scorer,
        cascade_budget: config.cascade_budget,
        scheme: &config.scheme,
    });
    let (scores, _) = classifier.unwrap().score(&TEXTS, &|_| {}).unwrap();
    let probabilities = |task, gold, multi_label| {
        let mut dataset = dataset(task, &config, gold, multi_label);
        evaluate(&mut dataset, &options(task, &config), &|_| {}).unwrap().1.probabilities
    };
    let one: [&[usize]; 4] = [&[0], &[1], &[0], &[1]];
    let tone = probabilities(Task::Tone, one, false);
    let loaded = probabilities(Task::Loaded, one, false);
    let frames = probabilities(Task::Frames, [&[], &[1, 2], &[0], &[3, 4]], true);
    for (index, expected) in scores.iter().enumerate() {
        assert_eq!(tone[index], expected.tone);
        assert!((loaded[index][LOADED] - expected.loaded).abs() < 1e-6);
        assert_eq!(frames[index], expected.frames);
    }
}

#[test]
fn labels_that_repeat_the_decisions_score_one() {
    let config = config();
    let guess: [&[usize]; 4] = [&[0], &[1], &[2], &[1]];
    let mut first = dataset(Task::Tone, &config, guess, false);
    let (outcome, predictions) = evaluate(&mut first, &options(Task::Tone, &config), &|_| {}).unwrap();
    let right = predictions.decided.iter().zip(guess).filter(|(decided, gold)| decided == gold).count();
    assert_eq!(outcome.accuracy, Some(right as f64 / 4.0));
    let decided: [&[usize]; 4] = std::array::from_fn(|i| predictions.decided[i].as_slice());
    let mut second = dataset(Task::Tone, &config, decided, false);
    let (outcome, _) = evaluate(&mut second, &options(Task::Tone, &config), &|_| {}).unwrap();
    assert_eq!((outcome.accuracy, outcome.macro_f1), (Some(1.0), Some(1.0)));
    assert_eq!(outcome.macro_f1_ci, Some([1.0, 1.0]));
}

#[test]
fn one_threshold_replaces_all_and_unlabelled_frames_are_noted() {
    let config = config();
    let gold: [&[usize]; 4] = [&[0], &[0], &[], &[0]];
    let decided_at = |threshold| {
        let mut dataset = dataset(Task::Frames, &config, gold, true);
        let options = EvaluationOptions { threshold: Some(threshold), ..options(Task::Frames, &config) };
        evaluate(&mut dataset, &options, &|_| {}).unwrap()
    };
    let (all, predictions) = decided_at(0.0);
    assert!(predictions.decided.iter().all(|decided| decided.len() == 5));
    assert_eq!((all.per_class[0].recall, all.per_class[0].precision), (Some(1.0), Some(0.75)));
    assert_eq!(all.micro_f1, Some(2.0 * 3.0 / (2.0 * 3.0 + 17.0)));
    assert!(all.notes.iter().any(|note| note.contains("--without")), "{:?}", all.notes);
    let (none, _) = decided_at(1.1);
    assert_eq!((none.micro_f1, none.per_class[0].precision, none.accuracy), (Some(0.0), None, None));
}

#[test]
fn a_fit_never_raises_the_loss() {
    let config = config();
    let one: [&[usize]; 4] = [&[0], &[1], &[0], &[1]];
    for (task, gold, multi_label) in
        [(Task::Tone, one, false), (Task::Loaded, one, false), (Task::Frames, [&[][..], &[1, 2], &[0], &[3, 4]], true)]
    {
        let mut dataset = dataset(task, &config, gold, multi_label);
        let options = EvaluationOptions { fit: true, ..options(task, &config) };
        let fit = evaluate(&mut dataset, &options, &|_| {}).unwrap().0.fit.unwrap();
        assert!(fit.nll_after <= fit.nll_before + 1e-9, "{fit:?}");
        assert_eq!(fit.threshold.is_some(), task != Task::Tone);
    }
}

#[test]
fn a_single_frame_has_nothing_to_fit() {
    let config = config();
    let mut dataset = dataset(Task::Frames, &config, [&[0], &[1], &[2], &[3]], false);
    let options = EvaluationOptions { fit: true, ..options(Task::Frames, &config) };
    let error = evaluate(&mut dataset, &options, &|_| {}).err().unwrap().to_string();
    assert!(error.contains("--single"), "{error}");
}
