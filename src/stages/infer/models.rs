//! The model manifest: which weights there are, what each output means, and proof that a file is what it says it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, unknown};
use crate::run_folder::Measured;

/// `manifest.toml` of a models folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub version: u32,
    /// Name of the model whose one pass over a sentence gives tone and loaded language.
    pub sentence_model: String,
    /// Name of the model that reads sentence–hypothesis pairs.
    pub pair_model: String,
    /// Name of the model whose sentence vectors are compared with the frames'; the sentence model, if it has good ones.
    pub vector_model: String,
    /// How the vector model's logits map to what the reference says; without it there is no cascade.
    pub cascade: Option<CascadeEntry>,
    /// How the pair model's reading of a frame and the vector model's are weighed together; without it the pair model's stands alone.
    pub stacked: Option<StackedEntry>,
    #[serde(rename = "model")]
    pub models: Vec<ModelEntry>,
    #[serde(skip)]
    folder: PathBuf,
}

/// One model of the manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub name: String,
    /// What it is, in a line.
    pub description: String,
    /// Weights, relative to the manifest.
    pub file: PathBuf,
    pub sha256: String,
    /// A Hugging Face `tokenizer.json`, relative to the manifest.
    pub tokenizer: PathBuf,
    pub tokenizer_sha256: String,
    /// Longer inputs are cut to this many tokens, special tokens included.
    pub max_tokens: usize,
    /// Licence of the weights.
    pub licence: String,
    /// The card that says what it was trained on and what it reached.
    pub card: PathBuf,
    /// Output that holds a unit-length sentence vector, and its width.
    pub embedding: Option<EmbeddingEntry>,
    /// Classifier heads by task: `tone`, `loaded`, `entailment`, `frames`.
    #[serde(default)]
    pub heads: BTreeMap<String, HeadEntry>,
    /// What it reached on labelled sets, as its card has it; the page of a run shows it.
    #[serde(default)]
    pub measured: Vec<Measured>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingEntry {
    pub output: String,
    pub width: usize,
    /// P(frame) = sigmoid(scale · cosine + bias), fitted on development sets.
    pub scale: f32,
    pub bias: f32,
    /// Cut-off for the frame shares.
    pub threshold: f32,
}

/// The reference's log-odds of a frame = slope · (the vector model's logit) + bias, by least squares, with residuals of that spread.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CascadeEntry {
    pub slope: f32,
    pub bias: f32,
    /// Standard deviation of what the line leaves.
    pub spread: f32,
}

/// Log-odds of a frame = entailment · (the pair model's margin) + vectors · (the vector model's logit) + bias: a logistic regression on
/// development schemes (stacking: Wolpert 1992).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackedEntry {
    pub entailment: f32,
    pub vectors: f32,
    pub bias: f32,
    /// Cut-off for the frame shares.
    pub threshold: f32,
}

/// One classifier head: the output that holds its logits, and what each column means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadEntry {
    pub output: String,
    /// In the order of the output's columns.
    pub labels: Vec<String>,
    /// Logits are divided by this before the softmax (Guo et al. 2017); fitted on a development set.
    #[serde(default = "one")]
    pub temperature: f32,
    /// Of a frames head: added to the margin of entailment, after the temperature (Platt 1999); fitted on a development set.
    #[serde(default)]
    pub bias: f32,
    /// Cut-off for shares, chosen on a development set.
    pub threshold: Option<f32>,
}

fn one() -> f32 {
    1.0
}

impl HeadEntry {
    /// The column of a label.
    ///
    /// # Errors
    /// Names the labels there are: a head that does not name the label is refused, never guessed.
    pub fn column(&self, label: &str) -> Result<usize> {
        self.labels.iter().position(|l| l == label).ok_or_else(|| {
            Error::Config(format!(
                "output {} has no label \"{label}\" (it has {})",
                self.output,
                self.labels.join(", ")
            ))
        })
    }
}

impl ModelEntry {
    /// # Errors
    /// The model has no such head.
    pub fn head(&self, task: &str) -> Result<&HeadEntry> {
        self.heads
            .get(task)
            .ok_or_else(|| Error::Config(format!("model {} has no head for {task}; see its manifest", self.name)))
    }
}

/// Where one file of a model stands against its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub file: PathBuf,
    pub expected: String,
    pub found: String,
}

impl Manifest {
    /// Reads `manifest.toml` of a folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.toml");
        let fail = |reason: String| Error::Model { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path)
            .map_err(|e| fail(format!("{e}; name the folder that holds the weights with --models DIR")))?;
        let mut manifest: Self = toml::from_str(&text).map_err(|e| fail(e.to_string()))?;
        folder.clone_into(&mut manifest.folder);
        manifest.model(&manifest.sentence_model)?;
        manifest.model(&manifest.pair_model)?;
        manifest.model(&manifest.vector_model)?;
        Ok(manifest)
    }

    /// # Errors
    /// An unknown name; the message names the nearest.
    pub fn model(&self, name: &str) -> Result<&ModelEntry> {
        let known = || self.models.iter().map(|m| m.name.as_str());
        self.models
            .iter()
            .find(|m| m.name == name)
            .ok_or_else(|| Error::Config(unknown("model", name, known().collect::<Vec<_>>())))
    }

    /// A file of the manifest, as a path.
    pub fn path(&self, file: &Path) -> PathBuf {
        self.folder.join(file)
    }

    /// The sha256 of the weights and of the tokenizer, expected and found.
    pub fn verify(&self, model: &ModelEntry) -> Result<Vec<Verified>> {
        [(&model.file, &model.sha256), (&model.tokenizer, &model.tokenizer_sha256)]
            .into_iter()
            .map(|(file, expected)| {
                let path = self.path(file);
                Ok(Verified { found: sha256_of(&path)?, expected: expected.clone(), file: path })
            })
            .collect()
    }

    /// # Errors
    /// A file that is missing or is not the one that the manifest names.
    pub fn require_verified(&self, model: &ModelEntry) -> Result<()> {
        match self.verify(model)?.into_iter().find(|v| v.found != v.expected) {
            None => Ok(()),
            Some(v) => Err(Error::Model {
                path: v.file,
                reason: format!(
                    "sha256 is {} but the manifest says {}; the file is damaged or another one: restore it, or correct \
                     the manifest if you replaced the model on purpose",
                    v.found, v.expected
                ),
            }),
        }
    }
}

/// Lower-case hexadecimal sha256 of a file, read in pieces.
pub fn sha256_of(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).map_err(|e| Error::Model { path: path.into(), reason: e.to_string() })?;
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut hasher).map_err(Error::io(path))?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
