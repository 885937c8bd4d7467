//! What may be set to what: every value checked, every default filled in.

use std::path::{Path, PathBuf};

use super::{Config, Settings, TableSettings};
use crate::engines::open;
use crate::engines::placement::{Device, Placement, Precision};
use crate::error::{Error, Result, unknown};
use crate::stages::aggregate::Wire;
use crate::stages::infer::frames::Scheme;
use crate::stages::infer::{Scorer, default_cache_folder};

const ENGINES: &[&str] = &["embedded", "torch", "fake"];
const PERIODS: &[&str] = &["day", "week", "month", "quarter", "year"];
const DAY_ORDERS: &[&str] = &["detect", "month-first", "day-first"];
const LANGUAGES: &[&str] = &["en", "any"];

impl Settings {
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
}
