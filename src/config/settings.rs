//! Settings as given: the flags of the command line, the keys of `framescope.toml`.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{Error, Result, unknown};

/// Settings as given, by flag or by file: a flag wins over the file. Every key of the file is a flag's name.
#[derive(Debug, Clone, Default, Deserialize, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Frame scheme: a built-in name (`framescope frames list`) or the path of a TOML file
    #[arg(long, value_name = "SCHEME")]
    pub frames: Option<String>,
    /// How frames are scored: embedding (also called bi: a sentence's vector against the frames' descriptions; the default),
    /// cross (a cross-encoder reads sentence and hypothesis together, a pass for each; with our own models the embedding's reading
    /// is weighed in), cascade (embedding first, cross for the frames that it leaves open) or student (learns from a sample of the
    /// collection what cross would say, and corrects the estimates by it)
    #[arg(long, value_name = "NAME")]
    pub scorer: Option<String>,
    /// Most frames of a sentence that the cascade gives to the cross-encoder; 6 by default
    #[arg(long, value_name = "N")]
    pub cascade_budget: Option<usize>,
    /// Sentences that the cross-encoder reads for the student to learn from; 2000 by default
    #[arg(long, value_name = "N")]
    pub student_sample: Option<usize>,
    /// Inference engine: embedded (pure Rust; the default) or torch (rust-bert on libtorch; in builds with `--features torch`)
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,
    /// Where the torch engine computes: cpu (the default) or cuda:0, cuda:1...
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// In which numbers the engine computes: f32 (the default); with torch bf16 or f16 (f32 where the CPU has no units for them);
    /// with embedded int8, see --fast
    #[arg(long, value_name = "NUMBERS")]
    pub precision: Option<String>,
    /// Multiply in int8 (--precision int8): faster where the CPU has units for it, and a few decisions in a hundred fall otherwise
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub fast: Option<bool>,
    /// Folder of a checkpoint that reads tone in place of our own model: config.json, tokenizer.json and model.safetensors (or
    /// rust_model.ot) for --engine torch, model.onnx for embedded
    #[arg(long, value_name = "DIR")]
    pub tone_checkpoint: Option<PathBuf>,
    /// Folder of a checkpoint trained on natural language inference that reads frames in place of our own model (--scorer cross
    /// or student)
    #[arg(long, value_name = "DIR")]
    pub frame_checkpoint: Option<PathBuf>,
    /// Folder with the weights and their manifest.toml
    #[arg(long, value_name = "DIR", env = "FRAMESCOPE_MODELS")]
    pub models: Option<PathBuf>,
    /// Term list of your own (CSV/TSV), added to the built-in lexicon; may be given again
    #[arg(long, value_name = "FILE")]
    pub lexicon: Vec<PathBuf>,
    /// Use only the lists given with --lexicon
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub no_built_in_lexicon: Option<bool>,
    /// Which column feeds which field, e.g. title=headline,text=body
    #[arg(long, value_name = "FIELD=COLUMN,...")]
    pub map: Option<String>,
    /// Table of outlet names: alias, canonical name (CSV, TSV or TOML)
    #[arg(long, value_name = "FILE")]
    pub aliases: Option<PathBuf>,
    /// How dates of numbers such as 3/4/2020 are read: detect (by the file's other dates, else month first), month-first or
    /// day-first
    #[arg(long, value_name = "ORDER")]
    pub day_order: Option<String>,
    /// Language of the collection: en (others are listed as rejected) or any
    #[arg(long, value_name = "LANG")]
    pub language: Option<String>,
    /// Cleaning rules to switch off, by id; may be given again
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub disable_rule: Vec<String>,
    /// Cleaning rules of your own (TOML), added to the built-in ones
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Articles with fewer words left after cleaning are listed as rejected
    #[arg(long, value_name = "N")]
    pub min_words: Option<usize>,
    /// Period of the tables: day, week, month, quarter or year
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// Event dates that divide the time line instead of a period, e.g. 2026-03-01,2026-06-15
    #[arg(long, value_name = "DATE,...", value_delimiter = ',')]
    pub events: Vec<NaiveDate>,
    /// How wire copy counts in the tables: each (every article; the default), once (each cluster of near-duplicates weighs as
    /// one article) or drop (reprints and agency copy are left out)
    #[arg(long, value_name = "HOW")]
    pub wire: Option<String>,
    /// Seed of every random draw
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Bootstrap resamples
    #[arg(long, value_name = "N")]
    pub resamples: Option<u32>,
    /// Confidence of the intervals
    #[arg(long, value_name = "0..1")]
    pub confidence: Option<f64>,
    /// Estimates from fewer articles are marked as small cells
    #[arg(long, value_name = "N")]
    pub min_articles: Option<u32>,
    /// Contrast outlets within every period too, not over all of them only
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub contrasts_by_period: Option<bool>,
    /// Cut-off for the share of loaded sentences, in place of the model's
    #[arg(long, value_name = "0..1")]
    pub loaded_threshold: Option<f32>,
    /// Cut-off for the frame shares, in place of the model's and the scheme's
    #[arg(long, value_name = "0..1")]
    pub frame_threshold: Option<f32>,
    /// Folder of the scores kept between runs; by default framescope in the user's cache folder. "off" for none
    #[arg(long, value_name = "DIR", env = "FRAMESCOPE_CACHE")]
    pub cache: Option<PathBuf>,
    /// Keep no scores between runs, and use none
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub no_cache: Option<bool>,
    /// Most megabytes of scores to keep between runs; those used longest ago go first
    #[arg(long, value_name = "N")]
    pub cache_megabytes: Option<usize>,
    /// Threads; by default one a physical core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Articles a checkpoint
    #[arg(long, value_name = "N")]
    pub chunk: Option<usize>,
}

const KEYS: &[&str] = &[
    "frames",
    "scorer",
    "cascade-budget",
    "student-sample",
    "engine",
    "device",
    "precision",
    "fast",
    "tone-checkpoint",
    "frame-checkpoint",
    "models",
    "lexicon",
    "no-built-in-lexicon",
    "map",
    "aliases",
    "day-order",
    "language",
    "disable-rule",
    "rules",
    "min-words",
    "period",
    "events",
    "wire",
    "seed",
    "resamples",
    "confidence",
    "min-articles",
    "contrasts-by-period",
    "loaded-threshold",
    "frame-threshold",
    "cache",
    "no-cache",
    "cache-megabytes",
    "threads",
    "chunk",
];

impl Settings {
    /// Reads a `framescope.toml`. Relative paths in it are relative to the file.
    ///
    /// # Errors
    /// An unknown key names the nearest known one.
    pub fn from_file(path: &Path) -> Result<Self> {
        let fail = |reason: String| Error::Config(format!("{}: {reason}", path.display()));
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let table: toml::Table = toml::from_str(&text).map_err(|e| fail(e.to_string()))?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(fail(unknown("key", key, KEYS.iter().copied())));
        }
        let mut settings: Self = toml::from_str(&text).map_err(|e| fail(e.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let cache = settings.cache.as_mut().filter(|folder| folder.as_os_str() != "off");
        let checkpoints = [&mut settings.tone_checkpoint, &mut settings.frame_checkpoint];
        let paths = [&mut settings.models, &mut settings.aliases, &mut settings.rules].into_iter().chain(checkpoints);
        for path in paths.flatten().chain(&mut settings.lexicon).chain(cache) {
            *path = folder.join(&*path);
        }
        if let Some(scheme) = settings.frames.as_mut().filter(|name| name.ends_with(".toml")) {
            *scheme = folder.join(&*scheme).display().to_string();
        }
        Ok(settings)
    }

    /// These settings, with what they leave open taken from `file`.
    pub fn over(self, file: Self) -> Self {
        let list = |mine: Vec<PathBuf>, theirs| if mine.is_empty() { theirs } else { mine };
        Self {
            frames: self.frames.or(file.frames),
            scorer: self.scorer.or(file.scorer),
            cascade_budget: self.cascade_budget.or(file.cascade_budget),
            student_sample: self.student_sample.or(file.student_sample),
            engine: self.engine.or(file.engine),
            device: self.device.or(file.device),
            precision: self.precision.or(file.precision),
            fast: self.fast.or(file.fast),
            tone_checkpoint: self.tone_checkpoint.or(file.tone_checkpoint),
            frame_checkpoint: self.frame_checkpoint.or(file.frame_checkpoint),
            models: self.models.or(file.models),
            lexicon: list(self.lexicon, file.lexicon),
            no_built_in_lexicon: self.no_built_in_lexicon.or(file.no_built_in_lexicon),
            map: self.map.or(file.map),
            aliases: self.aliases.or(file.aliases),
            day_order: self.day_order.or(file.day_order),
            language: self.language.or(file.language),
            disable_rule: if self.disable_rule.is_empty() { file.disable_rule } else { self.disable_rule },
            rules: self.rules.or(file.rules),
            min_words: self.min_words.or(file.min_words),
            period: self.period.or(file.period),
            events: if self.events.is_empty() { file.events } else { self.events },
            wire: self.wire.or(file.wire),
            seed: self.seed.or(file.seed),
            resamples: self.resamples.or(file.resamples),
            confidence: self.confidence.or(file.confidence),
            min_articles: self.min_articles.or(file.min_articles),
            contrasts_by_period: self.contrasts_by_period.or(file.contrasts_by_period),
            loaded_threshold: self.loaded_threshold.or(file.loaded_threshold),
            frame_threshold: self.frame_threshold.or(file.frame_threshold),
            cache: self.cache.or(file.cache),
            no_cache: self.no_cache.or(file.no_cache),
            cache_megabytes: self.cache_megabytes.or(file.cache_megabytes),
            threads: self.threads.or(file.threads),
            chunk: self.chunk.or(file.chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_of_the_file_names_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("framescope.toml");
        std::fs::write(&path, "framez = \"immigration\"\n").unwrap();
        let error = Settings::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("framescope.toml") && error.contains("did you mean \"frames\""), "{error}");
    }

    #[test]
    fn every_flag_is_a_key_of_the_file_and_flags_win() {
        let command = <Settings as clap::Args>::augment_args(clap::Command::new("x"));
        let flags: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
        assert_eq!(flags, KEYS);
        let file = Settings { seed: Some(1), period: Some("week".into()), ..Settings::default() };
        let both = Settings { seed: Some(2), ..Settings::default() }.over(file);
        assert_eq!((both.seed, both.period.as_deref()), (Some(2), Some("week")));
    }

    #[test]
    fn paths_of_the_file_are_relative_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("framescope.toml");
        std::fs::write(&path, "frames = \"mine.toml\"\nlexicon = [\"terms.tsv\"]\n").unwrap();
        let settings = Settings::from_file(&path).unwrap();
        assert_eq!(settings.lexicon, [folder.path().join("terms.tsv")]);
        assert_eq!(settings.frames.unwrap(), folder.path().join("mine.toml").display().to_string());
    }
}
