//! A run's folder is a contract: its file names, and `run.json`, which says how the numbers came about.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Version of the contract: raised when a file or a column changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

pub const SENTENCES: &str = "sentences.parquet";
pub const RUN_JSON: &str = "run.json";
pub const REJECTED: &str = "rejected.csv";
pub const REMOVALS: &str = "removals.csv";
pub const CODEBOOK: &str = "codebook.json";
pub const PAGE: &str = "report.html";

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunManifest {
    pub schema_version: u32,
    /// framescope's version.
    pub framescope: String,
    /// Start of the run, RFC 3339, UTC.
    pub started: String,
    pub finished: String,
    pub command: Vec<String>,
    /// The validated configuration, every key with the value in force.
    pub config: serde_json::Value,
    pub engine: String,
    /// `cross`, `embedding`...
    pub scorer: String,
    pub models: Vec<ModelUsed>,
    pub scheme: SchemeUsed,
    pub thresholds: Thresholds,
    /// Of a run with `--scorer student`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentUsed>,
    /// Terms of the loaded-term lexicon in force, with the neutral wording one would expect.
    #[serde(default)]
    pub neutral_wording: BTreeMap<String, String>,
    /// What a reader of the tables has to know about this run, in plain sentences.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The same of the tables as they were last made, e.g. that wire copy counts once.
    #[serde(default)]
    pub table_notes: Vec<String>,
    pub inputs: Vec<InputUsed>,
    pub counts: Counts,
    /// Removals by cleaning rule.
    pub removals: BTreeMap<String, u64>,
    /// Seconds by stage.
    pub seconds: BTreeMap<String, f64>,
}

/// What the student scorer learnt from, and how near it comes to the cross-encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudentUsed {
    /// Sentences that the cross-encoder read.
    pub sampled: u64,
    pub agreement: crate::stages::infer::frames::Agreement,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelUsed {
    pub name: String,
    pub file: String,
    pub sha256: String,
    pub licence: String,
    /// What its manifest says it reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measured>,
}

/// What a model reached on labelled examples that it was not trained on: one measure on one set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What it was asked for: `tone`, `loaded language`, `frames`.
    pub task: String,
    /// The scorer that it was measured with, where that matters: `cross`, `embedding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// The labelled set, and which part of it.
    pub set: String,
    pub examples: u64,
    /// `macro-F1`, `mean AUC`, `accuracy`...
    pub measure: String,
    pub value: f64,
    /// 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Expected calibration error on the same examples, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_error: Option<f64>,
}

/// The frame scheme of the run, with all that is needed to read the frame columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemeUsed {
    pub name: String,
    pub title: String,
    pub source: String,
    pub frames: Vec<FrameUsed>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameUsed {
    /// Column `frame_<name>`.
    pub name: String,
    pub label: String,
    pub description: String,
    pub hypotheses: Vec<String>,
}

/// Cut-offs behind every `share` measure: a sentence counts when its score is at or above the cut-off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub loaded: f32,
    /// One a frame, in scheme order.
    pub frames: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputUsed {
    pub file: String,
    pub sha256: String,
    pub bytes: u64,
    pub articles: u64,
    pub rejected: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub articles: u64,
    pub sentences: u64,
    /// Texts that went through the model: each distinct sentence once.
    pub distinct_sentences: u64,
    /// Distinct sentences whose scores were kept from earlier runs.
    #[serde(default)]
    pub cached_sentences: u64,
    pub rejected: u64,
}

impl RunManifest {
    /// Reads `run.json` of a run folder.
    pub fn load(run: &Path) -> Result<Self> {
        let path = run.join(RUN_JSON);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::Run {
            path: path.clone(),
            reason: format!("not a finished run ({source}); give the folder that `framescope score -o` wrote"),
        })?;
        serde_json::from_str(&text).map_err(|error| Error::Run { path, reason: error.to_string() })
    }
}
