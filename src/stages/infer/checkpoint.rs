//! Somebody else's classifier: a checkpoint folder as the Hugging Face hub has them. What its columns mean is read from its
//! `config.json`, never guessed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::classifier::Loaded;
use super::models::{HeadEntry, ModelEntry, sha256_of};
use super::tokens::TextTokenizer;
use super::{pins, tokenizer_files};
use crate::engines::fake::Fake;
use crate::engines::open::{self, CheckpointFiles};
use crate::engines::placement::Placement;
use crate::engines::{Engine, Output};
use crate::error::{Error, Result};
use crate::run_folder::ModelUsed;

/// Longer texts are cut, whatever the checkpoint would take: a sentence is shorter.
const MAX_TOKENS: usize = 512;

/// A folder with `config.json`, a tokenizer, and weights.
pub struct Checkpoint {
    folder: PathBuf,
    config: Config,
    labels: Vec<String>,
}

/// What we read of `config.json`.
#[derive(Deserialize)]
struct Config {
    model_type: String,
    id2label: Option<std::collections::BTreeMap<usize, String>>,
    label2id: Option<std::collections::BTreeMap<String, usize>>,
    max_position_embeddings: Option<usize>,
    pad_token_id: Option<u32>,
}

/// What a checkpoint is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Negative, perhaps neutral, positive.
    Tone,
    /// Whether a sentence entails a frame's hypothesis.
    Frames,
}

impl Role {
    fn task(self) -> &'static str {
        match self {
            Self::Tone => "tone",
            Self::Frames => "frames",
        }
    }
}

impl Checkpoint {
    /// Reads `config.json`.
    ///
    /// # Errors
    /// A folder without one, or one that does not name the classes.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let fail = |reason: String| Error::Model { path: path.clone(), reason };
        let text =
            std::fs::read_to_string(&path).map_err(|error| fail(format!("{error}; a checkpoint folder has one")))?;
        let config: Config = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let labels = labels(&config).map_err(fail)?;
        Ok(Self { folder: folder.to_owned(), config, labels })
    }

    /// The head for a role, its columns named as ours are: `negative`, `neutral`, `positive`; `entailment`, `contradiction`.
    ///
    /// # Errors
    /// Classes that are not those of the role.
    pub fn head(&self, role: Role) -> Result<HeadEntry> {
        let labels: Vec<String> = self.labels.iter().map(|label| ours(role, label)).collect();
        let has = |label: &str| labels.iter().filter(|own| *own == label).count() == 1;
        let fits = match role {
            Role::Tone => {
                has("negative") && has("positive") && (labels.len() == 2 || labels.len() == 3 && has("neutral"))
            }
            Role::Frames => has("entailment") && (labels.len() == 2 || has("contradiction")),
        };
        if !fits {
            let due = match role {
                Role::Tone => "negative and positive, or negative, neutral and positive",
                Role::Frames => "entailment and one other class, or entailment, contradiction and others",
            };
            return Err(Error::Model {
                path: self.folder.join("config.json"),
                reason: format!(
                    "names its classes {}; for {} they have to be {due}. If you know what they mean, name them so under \
                     id2label and label2id",
                    self.labels.join(", "),
                    role.task(),
                ),
            });
        }
        Ok(HeadEntry { output: "logits".into(), labels, temperature: 1.0, bias: 0.0, threshold: None })
    }

    /// Longest input, special tokens included.
    pub fn max_tokens(&self) -> usize {
        let unused =
            if self.config.model_type == "roberta" { self.config.pad_token_id.unwrap_or(1) as usize + 1 } else { 0 };
        let positions =
            self.config.max_position_embeddings.map_or(MAX_TOKENS, |positions| positions.saturating_sub(unused));
        let stated = tokenizer_files::max_length(&self.folder).unwrap_or(MAX_TOKENS);
        MAX_TOKENS.min(positions).min(stated)
    }

    /// # Errors
    /// Neither `tokenizer.json` nor a vocabulary from which to make one.
    pub fn tokenizer(&self) -> Result<TextTokenizer> {
        tokenizer_files::tokenizer(&self.folder, &self.config.model_type, self.max_tokens())
    }

    /// The weights that the engine takes: `model.onnx` for the embedded one, else `model.safetensors` or `rust_model.ot`.
    ///
    /// # Errors
    /// None of these files is there.
    pub fn weights(&self, engine: &str) -> Result<PathBuf> {
        let names: &[&str] = match engine {
            "embedded" => &["model.onnx", "onnx/model.onnx"],
            _ => &["model.safetensors", "rust_model.ot"],
        };
        names.iter().map(|name| self.folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
            let other = match engine {
                "embedded" => "; --engine torch runs a checkpoint as it is",
                _ => "; save it as safetensors, or export it to model.onnx for --engine embedded",
            };
            Error::Model { path: self.folder.clone(), reason: format!("has no {}{other}", names.join(" and no ")) }
        })
    }
}

/// In the order of the columns.
fn labels(config: &Config) -> Result<Vec<String>, String> {
    let by_name = config.label2id.as_ref().map(|ids| ids.iter().map(|(label, id)| (*id, label.clone())).collect());
    let by_id = config.id2label.clone();
    let labels: std::collections::BTreeMap<usize, String> = match (by_id, by_name) {
        (Some(a), Some(b)) if a != b => return Err("id2label and label2id contradict each other".into()),
        (Some(labels), _) | (None, Some(labels)) => labels,
        (None, None) => return Err("names no classes: it has neither id2label nor label2id".into()),
    };
    if labels.len() < 2 || !labels.keys().copied().eq(0..labels.len()) {
        return Err("id2label does not name every class from 0 on, or names one only".into());
    }
    Ok(labels.into_values().collect())
}

/// A label as we call it, if it is one of the role's: in any case, and abbreviated as some checkpoints do.
fn ours(role: Role, label: &str) -> String {
    let label = label.trim().to_lowercase();
    let known: &[(&str, &[&str])] = match role {
        Role::Tone => {
            &[("negative", &["negative", "neg"]), ("neutral", &["neutral", "neu"]), ("positive", &["positive", "pos"])]
        }
        Role::Frames => &[
            ("entailment", &["entailment", "entail", "entails"]),
            ("contradiction", &["contradiction", "contradict", "contradicts"]),
        ],
    };
    known.iter().find(|(_, names)| names.contains(&label.as_str())).map_or(label, |(ours, _)| (*ours).to_owned())
}

/// Loads a checkpoint for a role, as a model with one head for the role's task.
///
/// # Errors
/// A folder that lacks a file, whose classes do not fit the role, or that the engine cannot run.
pub(crate) fn load(
    folder: &Path,
    role: Role,
    (engine, placement): (&str, Placement),
    used: &mut Vec<ModelUsed>,
) -> Result<Loaded> {
    let checkpoint = Checkpoint::read(folder)?;
    let pinned = pins::check(folder)?;
    let head = checkpoint.head(role)?;
    let tokenizer = checkpoint.tokenizer()?;
    let weights = checkpoint.weights(engine)?;
    let sha256 = sha256_of(&weights)?;
    let opened: Arc<dyn Engine> = match engine {
        "fake" => Arc::new(Fake::new(vec![(head.output.clone(), head.labels.len())])),
        _ => {
            let config = folder.join("config.json");
            let pad = checkpoint.config.pad_token_id.unwrap_or(0);
            open::open_checkpoint(engine, &CheckpointFiles { config: &config, weights: &weights, pad }, placement)?
        }
    };
    let own = || folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = match pinned {
        Some(pin) => format!("{} at {}", pin.name, pin.revision),
        None => own().unwrap_or_else(|| folder.display().to_string()),
    };
    let licence = "see its card".to_owned();
    used.push(ModelUsed {
        name: name.clone(),
        file: weights.display().to_string(),
        sha256: sha256.clone(),
        licence: licence.clone(),
        measured: Vec::new(),
    });
    let entry = ModelEntry {
        name,
        description: format!("{} from {}", checkpoint.config.model_type, folder.display()),
        file: weights,
        sha256,
        tokenizer: PathBuf::new(),
        tokenizer_sha256: tokenizer_files::sha256(folder)?,
        max_tokens: checkpoint.max_tokens(),
        licence,
        card: PathBuf::new(),
        embedding: None,
        heads: [(role.task().to_owned(), head)].into(),
        measured: Vec::new(),
    };
    check_width(&entry, role, opened.as_ref(), &tokenizer)?;
    Ok(Loaded { entry, engine: opened, tokenizer })
}

/// Runs one text: as many columns as names, or the file is not the one that `config.json` is about.
fn check_width(entry: &ModelEntry, role: Role, engine: &dyn Engine, tokenizer: &TextTokenizer) -> Result<()> {
    let head = entry.head(role.task())?;
    let tokens = [tokenizer.single(&tokenizer.piece("A sentence.")?)?];
    let output: Output = super::batches::run(engine, &tokens, &[&head.output], &|_| {})?.remove(0);
    if output.width == head.labels.len() {
        return Ok(());
    }
    let reason = format!("gives {} numbers a text, but config.json names {} classes", output.width, head.labels.len());
    Err(Error::Model { path: entry.file.clone(), reason })
}
