//! A classifier from a checkpoint folder, on rust-bert's networks.

use std::path::Path;

use rust_bert::bert::{BertConfig, BertForSequenceClassification};
use rust_bert::distilbert::{DistilBertConfig, DistilBertModelClassifier};
use rust_bert::roberta::RobertaForSequenceClassification;
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::deberta::{Deberta, Weights};
use super::{Limits, Network, device_of, failed, kind_of};
use crate::engines::placement::Placement;
use crate::error::{Error, Result};

/// Its one output.
const LOGITS: &str = "logits";

/// A sequence classifier of one of five architectures.
pub(super) struct Classifier {
    model: Model,
    limits: Limits,
    /// Owns the tensors of rust-bert's networks.
    _store: Option<VarStore>,
}

enum Model {
    Bert(BertForSequenceClassification),
    Roberta(RobertaForSequenceClassification),
    DistilBert(DistilBertModelClassifier),
    Deberta(Box<Deberta>),
}

impl Classifier {
    /// From `config.json` and `model.safetensors` or `rust_model.ot`.
    pub(super) fn load(config: &Path, weights: &Path, placement: Placement) -> Result<Self> {
        let text = std::fs::read_to_string(config).map_err(Error::io(config))?;
        let fail = |reason: String| Error::Model { path: config.to_owned(), reason };
        let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let values = read(weights)?;
        let (device, kind) = (device_of(placement.device), kind_of(placement.precision));
        if ["deberta", "deberta-v2"].iter().any(|ours| json["model_type"] == *ours) {
            let model = Deberta::new(&json, &Weights { values, file: weights, kind, device })?;
            return Ok(Self { model: Model::Deberta(Box::new(model)), limits: limits(&json), _store: None });
        }
        let mut store = VarStore::new(device);
        let model = Model::new(&json, &store).map_err(fail)?;
        fill(&store, &values, weights)?;
        store.freeze();
        store.set_kind(kind);
        Ok(Self { model, limits: limits(&json), _store: Some(store) })
    }
}

impl Model {
    fn new(json: &serde_json::Value, store: &VarStore) -> Result<Self, String> {
        let root = store.root();
        let said = |error: rust_bert::RustBertError| error.to_string();
        match json["model_type"].as_str().unwrap_or_default() {
            "bert" => {
                BertForSequenceClassification::new(&root, &parsed::<BertConfig>(json)?).map(Self::Bert).map_err(said)
            }
            "roberta" => {
                let config = parsed::<BertConfig>(json)?;
                RobertaForSequenceClassification::new(&root, &config).map(Self::Roberta).map_err(said)
            }
            "distilbert" => {
                let config = parsed::<DistilBertConfig>(json)?;
                DistilBertModelClassifier::new(&root, &config).map(Self::DistilBert).map_err(said)
            }
            other => Err(format!(
                "is a model of type \"{other}\"; the torch engine runs bert, roberta, distilbert, deberta and deberta-v2 (v3 too). The embedded engine runs an ONNX export of any"
            )),
        }
    }
}

/// Keys that rust-bert insists on, that config files may lack, and that inference does not depend on.
const IDLE: &[(&str, f64)] = &[
    ("attention_probs_dropout_prob", 0.1),
    ("hidden_dropout_prob", 0.1),
    ("attention_dropout", 0.1),
    ("dropout", 0.1),
    ("qa_dropout", 0.1),
    ("seq_classif_dropout", 0.1),
    ("initializer_range", 0.02),
];

/// rust-bert's own reading of a file panics; this says what is wrong.
fn parsed<C: DeserializeOwned>(json: &serde_json::Value) -> Result<C, String> {
    let mut json = json.clone();
    let keys = json.as_object_mut().ok_or("is no JSON object")?;
    for (key, value) in IDLE {
        keys.entry(*key).or_insert_with(|| (*value).into());
    }
    keys.entry("tie_weights_").or_insert(true.into());
    keys.entry("sinusoidal_pos_embds").or_insert(false.into());
    serde_json::from_value(json).map_err(|error| format!("rust-bert cannot use it: {error}"))
}

fn limits(json: &serde_json::Value) -> Limits {
    let number = |key: &str| json[key].as_i64();
    // RoBERTa counts positions from after the padding's.
    let unused = if json["model_type"] == "roberta" { number("pad_token_id").unwrap_or(1) + 1 } else { 0 };
    Limits {
        vocabulary: number("vocab_size").unwrap_or(i64::MAX),
        positions: number("max_position_embeddings").map_or(i64::MAX, |positions| positions - unused),
        segments: number("type_vocab_size").filter(|&segments| segments > 1).unwrap_or(i64::MAX),
    }
}

/// The tensors of a file, by the names of today.
fn read(weights: &Path) -> Result<FxHashMap<String, Tensor>> {
    let read = match weights.extension().and_then(std::ffi::OsStr::to_str) {
        Some("safetensors") => Tensor::read_safetensors(weights),
        _ => Tensor::load_multi(weights),
    };
    let read = read.map_err(|error| Error::Model { path: weights.to_owned(), reason: error.to_string() })?;
    Ok(read.into_iter().map(|(name, value)| (today(&name), value)).collect())
}

/// Every tensor of the network from the file, in f32: one that is missing or of another shape is an error.
fn fill(store: &VarStore, values: &FxHashMap<String, Tensor>, weights: &Path) -> Result<()> {
    let fail = |reason: String| Error::Model { path: weights.to_owned(), reason };
    for (name, mut variable) in store.variables() {
        let value =
            values.get(&name).ok_or_else(|| fail(format!("has no {name}: not a sequence classifier of this type?")))?;
        if value.size() != variable.size() {
            return Err(fail(format!("{name} is {:?} where config.json says {:?}", value.size(), variable.size())));
        }
        tch::no_grad(|| variable.f_copy_(&value.to_kind(Kind::Float))).map_err(failed)?;
    }
    Ok(())
}

/// Checkpoints converted from TensorFlow long ago say gamma and beta.
fn today(name: &str) -> String {
    name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
}

impl Network for Classifier {
    fn outputs(&self) -> Vec<String> {
        vec![LOGITS.into()]
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn forward(&self, ids: &Tensor, segments: &Tensor, outputs: &[&str]) -> Result<Vec<Tensor>> {
        if let Some(other) = outputs.iter().find(|&&output| output != LOGITS) {
            return Err(Error::Engine(format!("the model has no output {other}")));
        }
        let segments = (self.limits.segments != i64::MAX).then_some(segments);
        let said = |error: rust_bert::RustBertError| Error::Engine(format!("rust-bert: {error}"));
        let logits = match &self.model {
            Model::Bert(model) => model.forward_t(Some(ids), None, segments, None, None, false).logits,
            Model::Roberta(model) => model.forward_t(Some(ids), None, segments, None, None, false).logits,
            Model::Deberta(model) => model.logits(ids, segments.unwrap_or(&ids.zeros_like()))?,
            Model::DistilBert(model) => model.forward_t(Some(ids), None, None, false).map_err(said)?.logits,
        };
        Ok(outputs.iter().map(|_| logits.shallow_clone()).collect())
    }
}
