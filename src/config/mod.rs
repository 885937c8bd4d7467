//! Flags and `framescope.toml` become one validated [`Config`] before anything runs.

mod settings;
mod validation;

use std::path::PathBuf;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::engines::placement::Placement;
use crate::run_folder::Thresholds;
use crate::stages::aggregate::Wire;
use crate::stages::infer::frames::Scheme;
use crate::stages::infer::{Checkpoints, Scorer};

pub use settings::Settings;

/// Everything a run depends on, checked.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    #[serde(skip)]
    pub scheme: Scheme,
    pub frames: String,
    pub scorer: Scorer,
    pub cascade_budget: usize,
    pub student_sample: usize,
    pub engine: String,
    #[serde(flatten)]
    pub placement: Placement,
    /// What the user should hear before the run starts.
    #[serde(skip)]
    pub remarks: Vec<String>,
    pub tone_checkpoint: Option<PathBuf>,
    pub frame_checkpoint: Option<PathBuf>,
    #[serde(skip)]
    pub models: PathBuf,
    pub lexicon: Vec<PathBuf>,
    pub built_in_lexicon: bool,
    pub map: Option<String>,
    pub aliases: Option<PathBuf>,
    pub day_order: String,
    pub language: String,
    pub disabled_rules: Vec<String>,
    pub rules: Option<PathBuf>,
    pub min_words: usize,
    #[serde(flatten)]
    pub tables: TableSettings,
    /// Where scores are kept between runs; `None` for nowhere.
    #[serde(skip)]
    pub cache: Option<PathBuf>,
    #[serde(skip)]
    pub cache_megabytes: usize,
    #[serde(skip)]
    pub threads: usize,
    pub chunk: usize,
}

/// What the tables depend on beyond the sentences: can be changed later by `framescope report`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableSettings {
    pub period: String,
    pub events: Vec<NaiveDate>,
    #[serde(default)]
    pub wire: Wire,
    pub seed: u64,
    pub resamples: u32,
    pub confidence: f64,
    pub min_articles: u32,
    #[serde(default)]
    pub contrasts_by_period: bool,
    pub loaded_threshold: Option<f32>,
    pub frame_threshold: Option<f32>,
}

impl Config {
    /// The checkpoint folders that take the place of our own models.
    pub fn checkpoints(&self) -> Checkpoints<'_> {
        Checkpoints { tone: self.tone_checkpoint.as_deref(), frames: self.frame_checkpoint.as_deref() }
    }
}

impl TableSettings {
    /// `thresholds`, with the cut-offs that were given in their place.
    pub fn applied_to(&self, mut thresholds: Thresholds) -> Thresholds {
        if let Some(loaded) = self.loaded_threshold {
            thresholds.loaded = loaded;
        }
        if let Some(frame) = self.frame_threshold {
            thresholds.frames.fill(frame);
        }
        thresholds
    }
}
