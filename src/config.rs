//! Flags and `framescope.toml` become one validated [`Config`] before anything runs.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::engines::open;
use crate::engines::placement::{Device, Placement, Precision};
use crate::error::{Error, Result, unknown};
use crate::run_folder::Thresholds;
use crate::stages::aggregate::Wire;
use crate::stages::infer::frames::Scheme;
use crate::stages::infer::{Checkpoints, Scorer, default_cache_folder};

/// Settings as given, by flag or by file: a flag wins over the file. Every key of the file is a flag's name.
#[derive(Debug, Clone, Default, Deserialize, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Frame scheme: a built-in name (`framescope frames list`) or the path of a TOML file
    #[arg(long, value_name = "SCHEME")]
    pub frames: Option<String>,
    /// How frames are scored: embedding (also called bi: a sentence's vector against the frames' descriptions; the default),
    /// cross (reads sentence and hypothesis together, a pass for each), cascade (embedding first, cross for the frames that it
    /// leaves open) or student (learns from a sample of the collection what cross would say, and corrects the estimates by it)
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
const ENGINES: &[&str] = &["embedded", "torch", "fake"];
const PERIODS: &[&str] = &["day", "week", "month", "quarter", "year"];
const DAY_ORDERS: &[&str] = &["detect", "month-first", "day-first"];
const LANGUAGES: &[&str] = &["en", "any"];

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

    /// Checks every value and fills in the defaults.
    ///
    /// # Errors
    /// Names the setting, what was given, and the nearest right value.
    pub fn validate(self) -> Result<Config> {
        let tables = self.tables(None)?;
        let frames = self.frames.unwrap_or_else(|| "policy_frames".into());
        // A checkpoint for frames reads pairs; to ask for it is to ask for that scorer.
        let usual = if self.frame_checkpoint.is_some() { "cross" } else { "embedding" };
        let scorer = one_of("scorer", self.scorer, Scorer::NAMES, usual)?;
        if self.frame_checkpoint.is_some() && !["cross", "student"].contains(&scorer.as_str()) {
            return Err(Error::Config("--frame-checkpoint is for --scorer cross and --scorer student".into()));
        }
        let engine = one_of("engine", self.engine, ENGINES, "embedded")?;
        let precision = precision(self.precision, self.fast == Some(true))?;
        let (placement, remark) = placement(&engine, self.device.as_deref(), precision.as_deref())?;
        if self.no_built_in_lexicon == Some(true) && self.lexicon.is_empty() {
            return Err(Error::Config("no-built-in-lexicon needs a list of your own with --lexicon FILE".into()));
        }
        Ok(Config {
            scheme: Scheme::find(&frames)?,
            frames,
            scorer: Scorer::from_name(&scorer).expect("one of the names"),
            cascade_budget: within("cascade-budget", self.cascade_budget, 1..=1000, 6)?,
            student_sample: within("student-sample", self.student_sample, 100..=1_000_000, 2000)?,
            engine,
            placement,
            remarks: remark.into_iter().collect(),
            tone_checkpoint: self.tone_checkpoint,
            frame_checkpoint: self.frame_checkpoint,
            models: self.models.map_or_else(default_models, Ok)?,
            lexicon: self.lexicon,
            built_in_lexicon: self.no_built_in_lexicon != Some(true),
            map: self.map,
            aliases: self.aliases,
            day_order: one_of("day-order", self.day_order, DAY_ORDERS, "detect")?,
            language: one_of("language", self.language, LANGUAGES, "en")?,
            disabled_rules: self.disable_rule,
            rules: self.rules,
            min_words: within("min-words", self.min_words, 0..=10_000, 0)?,
            tables,
            cache: cache_folder(self.cache, self.no_cache == Some(true)),
            cache_megabytes: within("cache-megabytes", self.cache_megabytes, 1..=10_000_000, 2000)?,
            threads: within("threads", self.threads, 1..=1024, physical_cores())?,
            chunk: within("chunk", self.chunk, 1..=100_000, 64)?,
        })
    }
}

impl Settings {
    /// The settings of the tables; what is not given comes from `earlier`, else is the default.
    ///
    /// # Errors
    /// A value out of range.
    pub fn tables(&self, earlier: Option<&TableSettings>) -> Result<TableSettings> {
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        let period = self.period.clone().or(earlier.map(|e| e.period.clone()));
        if events.is_empty() && self.period.is_none() {
            events = earlier.map(|e| e.events.clone()).unwrap_or_default();
        }
        let resamples = self.resamples.or(earlier.map(|e| e.resamples));
        let confidence = self.confidence.or(earlier.map(|e| e.confidence));
        let min_articles = self.min_articles.or(earlier.map(|e| e.min_articles));
        let loaded_threshold = self.loaded_threshold.or(earlier.and_then(|e| e.loaded_threshold));
        let frame_threshold = self.frame_threshold.or(earlier.and_then(|e| e.frame_threshold));
        Ok(TableSettings {
            period: one_of("period", period, PERIODS, "month")?,
            events,
            wire: match &self.wire {
                Some(name) => wire(name)?,
                None => earlier.map(|e| e.wire).unwrap_or_default(),
            },
            seed: self.seed.or(earlier.map(|e| e.seed)).unwrap_or(2026),
            resamples: within("resamples", resamples, 100..=100_000, 1000)?,
            confidence: within("confidence", confidence, 0.5..=0.999, 0.95)?,
            min_articles: within("min-articles", min_articles, 1..=10_000, 5)?,
            contrasts_by_period: self.contrasts_by_period.or(earlier.map(|e| e.contrasts_by_period)).unwrap_or(false),
            loaded_threshold: optional("loaded-threshold", loaded_threshold)?,
            frame_threshold: optional("frame-threshold", frame_threshold)?,
        })
    }
}

fn precision(given: Option<String>, fast: bool) -> Result<Option<String>> {
    match given {
        Some(other) if fast && other != "int8" => {
            Err(Error::Config(format!("--fast is --precision int8: leave it or --precision {other} out")))
        }
        None if fast => Ok(Some("int8".into())),
        given => Ok(given),
    }
}

/// Where and how the engine computes, and what to say where that is not what was asked for.
fn placement(engine: &str, device: Option<&str>, precision: Option<&str>) -> Result<(Placement, Option<String>)> {
    let asked = Placement {
        device: device.map_or(Ok(Device::Cpu), Device::from_name)?,
        precision: precision.map_or(Ok(Precision::F32), Precision::from_name)?,
    };
    open::allows(engine, asked)?;
    Ok(asked.within_means())
}

fn wire(name: &str) -> Result<Wire> {
    Wire::from_name(name)
        .ok_or_else(|| Error::Config(format!("--wire: {}", unknown("value", name, Wire::NAMES.iter().copied()))))
}

fn one_of(name: &str, given: Option<String>, known: &[&str], default: &str) -> Result<String> {
    let value = given.unwrap_or_else(|| default.into());
    if known.contains(&value.as_str()) {
        return Ok(value);
    }
    let shown = known.iter().copied().filter(|k| *k != "fake").collect::<Vec<_>>();
    Err(Error::Config(format!("--{name}: {}", unknown(name, &value, shown))))
}

fn within<T>(name: &str, given: Option<T>, range: std::ops::RangeInclusive<T>, default: T) -> Result<T>
where
    T: PartialOrd + std::fmt::Display,
{
    let value = given.unwrap_or(default);
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Error::Config(format!("--{name}: {value} is not in {}..={}", range.start(), range.end())))
}

fn optional(name: &str, given: Option<f32>) -> Result<Option<f32>> {
    given.map(|value| within(name, Some(value), 0.0..=1.0, 0.5)).transpose()
}

/// `models/` here, else beside the program or above it, else where the program was built.
fn default_models() -> Result<PathBuf> {
    let beside = std::env::current_exe().ok();
    let above = beside.iter().flat_map(|exe| exe.ancestors().skip(1).take(4)).map(|folder| folder.join("models"));
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let candidates: Vec<PathBuf> = std::iter::once(PathBuf::from("models")).chain(above).chain([built]).collect();
    candidates.into_iter().find(|folder| folder.join("manifest.toml").is_file()).ok_or_else(|| {
        Error::Config("no models folder found here or beside the program; name it with --models DIR".into())
    })
}

/// Off where it is said, and where the platform has no place for it.
fn cache_folder(given: Option<PathBuf>, none: bool) -> Option<PathBuf> {
    let folder = given.or_else(default_cache_folder);
    folder.filter(|folder| !none && folder.as_os_str() != "off")
}

/// Inference is bound by arithmetic: a second thread on the same core only makes it wait.
fn physical_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |logical| num_cpus::get_physical().clamp(1, logical.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(settings: Settings) -> String {
        settings.validate().expect_err("refused").to_string()
    }

    #[test]
    fn wrong_values_name_the_nearest_right_one() {
        let scorer = Settings { scorer: Some("embeding".into()), ..Settings::default() };
        assert!(message(scorer).contains("did you mean \"embedding\""));
        let period = Settings { period: Some("months".into()), ..Settings::default() };
        assert!(message(period).contains("--period"));
        let confidence = Settings { confidence: Some(95.0), ..Settings::default() };
        assert!(message(confidence).contains("--confidence: 95 is not in 0.5..=0.999"));
    }

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
