//! Zero-shot frames against rust-bert's own `ZeroShotClassificationModel`, on the same checkpoint.

use std::path::Path;

use framescope::engines::placement::Placement;
use framescope::stages::infer::frames::Scheme;
use framescope::stages::infer::{Checkpoints, Classifier, ClassifierOptions, Scorer};
use rust_bert::pipelines::common::{ModelResource, ModelType};
use rust_bert::pipelines::zero_shot_classification::{ZeroShotClassificationConfig, ZeroShotClassificationModel};
use rust_bert::resources::LocalResource;
use serde_json::json;
use tch::Tensor;

use crate::checkpoints::{copy, folder};
use crate::support::root;

const SENTENCES: [&str; 4] = [
    "The council approved the new budget on Monday.",
    "Critics called the decision reckless, and warned of higher taxes.",
    "Prices rose.",
    "The minister said the reform would help farmers; opponents said it would ruin them within a year.",
];
const LABELS: [&str; 4] = ["economic consequences", "fairness and equality", "crime", "public opinion"];

fn ours(checkpoint: &Path) -> Vec<Vec<f32>> {
    let frames: String = LABELS
        .iter()
        .map(|label| format!("[[frame]]\nname = \"{}\"\nlabel = \"{label}\"\n", label.replace(' ', "_")))
        .collect();
    let scheme = Scheme::parse(&format!("name = \"four\"\n{frames}"), "four").unwrap();
    let models = root().join("models");
    let classifier = Classifier::new(&ClassifierOptions {
        models: &models,
        engine: "torch",
        placement: Placement::default(),
        scorer: Scorer::Cross,
        cascade_budget: 4,
        scheme: &scheme,
        checkpoints: Checkpoints { tone: None, frames: Some(checkpoint) },
    })
    .unwrap();
    classifier.score(&SENTENCES, &|_| {}).unwrap().0.into_iter().map(|scores| scores.frames).collect()
}

fn theirs(checkpoint: &Path) -> Vec<Vec<f32>> {
    let resource = |name: &str| LocalResource { local_path: checkpoint.join(name) };
    let mut config = ZeroShotClassificationConfig::new(
        ModelType::Bert,
        ModelResource::Torch(Box::new(resource("model.safetensors"))),
        resource("config.json"),
        resource("vocab.txt"),
        None,
        true,
        None,
        None,
    );
    config.device = tch::Device::Cpu;
    let model = ZeroShotClassificationModel::new(config).unwrap();
    let template = Box::new(|label: &str| format!("This text is about {label}."));
    let found = model.predict_multilabel(SENTENCES, LABELS, Some(template), 128).unwrap();
    found.into_iter().map(|labels| labels.into_iter().map(|label| label.score as f32).collect()).collect()
}

fn furthest(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!((a.len(), a[0].len()), (b.len(), b[0].len()));
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The same network with its classes in another order, and a config that says so.
fn permuted(to: &Path, order: [i64; 3], names: [&str; 3]) -> std::path::PathBuf {
    let folder = copy("bert", to, |config| {
        config["id2label"] = json!({"0": names[0], "1": names[1], "2": names[2]});
        config["label2id"] = json!({names[0]: 0, names[1]: 1, names[2]: 2});
    });
    let weights = folder.join("model.safetensors");
    let mut tensors = Tensor::read_safetensors(&weights).unwrap();
    for (_, tensor) in tensors.iter_mut().filter(|(name, _)| name.starts_with("classifier.")) {
        *tensor = tensor.index_select(0, &Tensor::from_slice(&order));
    }
    Tensor::write_safetensors(&tensors, &weights).unwrap();
    folder
}

/// rust-bert takes logit 0 for contradiction and logit 2 for entailment; a checkpoint in that order it reads as we do.
#[test]
fn in_the_order_that_rust_bert_assumes_both_agree() {
    let difference = furthest(&ours(&folder("bert")), &theirs(&folder("bert")));
    eprintln!("furthest probability from rust-bert's pipeline: {difference:.1e}");
    assert!(difference < 1e-5, "{difference}");
}

/// With entailment first and contradiction last, rust-bert answers the opposite; we read the config.
#[test]
fn with_permuted_labels_we_say_the_same_and_rust_bert_does_not() {
    let scratch = tempfile::tempdir().unwrap();
    let other = permuted(scratch.path(), [2, 1, 0], ["entailment", "neutral", "contradiction"]);
    let usual = ours(&folder("bert"));
    assert!(furthest(&usual, &ours(&other)) < 1e-6);
    let wrong = theirs(&other);
    assert!(furthest(&usual, &wrong) > 0.3, "rust-bert has learnt to read id2label?");
    let opposite: Vec<Vec<f32>> = usual.iter().map(|row| row.iter().map(|p| 1.0 - p).collect()).collect();
    assert!(furthest(&opposite, &wrong) < 1e-5);
}

/// `rust_model.ot`, tch's own format, holds the same tensors.
#[test]
fn a_checkpoint_in_tchs_own_format_is_the_same_checkpoint() {
    let scratch = tempfile::tempdir().unwrap();
    let other = copy("bert", scratch.path(), |_| {});
    let tensors = Tensor::read_safetensors(other.join("model.safetensors")).unwrap();
    Tensor::save_multi(&tensors, other.join("rust_model.ot")).unwrap();
    std::fs::remove_file(other.join("model.safetensors")).unwrap();
    assert!(furthest(&ours(&folder("bert")), &ours(&other)) < 1e-7);
}
