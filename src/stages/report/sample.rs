//! Test support: a made-up run with the tables and sentences of a real one. Outlets, headlines and sentences are invented.

mod estimates;

use std::path::Path;

use polars::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::estimates::Estimates;
use crate::run_folder::{
    Counts, FrameUsed, InputUsed, Measured, ModelUsed, RunManifest, SCHEMA_VERSION, SchemeUsed, Thresholds,
};

const OUTLETS: &[&str] = &["Harbour Post", "Northfield Ledger", "The Daily Spark", "Civic Wire"];
const FRAMES: &[&str] = &[
    "economic",
    "capacity",
    "morality",
    "fairness",
    "legality",
    "policy",
    "crime",
    "security",
    "health",
    "quality_of_life",
    "culture",
    "public_opinion",
    "political",
    "external",
    "other",
];
const TERMS: &[(&str, &str, &str)] = &[
    ("flood of arrivals", "dehumanising", "increase in arrivals"),
    ("crackdown", "militaristic", "enforcement"),
    ("so-called", "sneer", ""),
    ("chaos", "alarm", "disorder"),
    ("radical", "sneer", ""),
    ("slammed", "intensifier", "criticised"),
    ("illegals", "legal-status label", "people without papers"),
    ("collateral damage", "euphemism", "civilian deaths"),
    ("war on cars", "militaristic", "traffic limits"),
    ("reportedly", "hedge", ""),
];
const VOICES: &[&str] = &["all", "narration", "quotes"];

pub(crate) struct Sample {
    pub manifest: RunManifest,
    outlets: Vec<String>,
    periods: Vec<(String, i32)>,
    /// Articles of an outlet in a period.
    articles: usize,
    seed: u64,
    /// Put into every title and sentence.
    pub title: String,
    pub text: String,
    pub url: String,
}

/// Four outlets, six months, fifteen frames.
pub(crate) fn small() -> Sample {
    Sample::new(OUTLETS.iter().map(|name| name.to_string()).collect(), 6, 10)
}

/// As many outlets, months and articles as a page has to bear.
pub(crate) fn large(outlets: usize, months: usize, articles: usize) -> Sample {
    Sample::new((0..outlets).map(|n| format!("{} {}", OUTLETS[n % 4], n / 4 + 1)).collect(), months, articles)
}

impl Sample {
    fn new(outlets: Vec<String>, months: usize, articles: usize) -> Self {
        let periods = (0..months)
            .map(|n| {
                let start = chrono::NaiveDate::from_ymd_opt(2025 + (n / 12) as i32, (n % 12) as u32 + 1, 1).unwrap();
                (start.format("%Y-%m").to_string(), (start - chrono::NaiveDate::default()).num_days() as i32)
            })
            .collect();
        let manifest = manifest((outlets.len() * months * articles) as u64);
        let title = "Council debates the harbour budget".to_owned();
        let text =
            "The council slammed the plan as chaos — for the harbour, its workers and the town that lives from it"
                .to_owned();
        Self {
            manifest,
            outlets,
            periods,
            articles,
            seed: 7,
            title,
            text,
            url: "https://news.example/story/17".to_owned(),
        }
    }

    pub fn tables(&self) -> Vec<(&'static str, DataFrame)> {
        vec![
            ("articles", self.articles_table()),
            ("outlets", self.outlets_table()),
            ("terms", self.terms_table()),
            ("contrasts", self.contrasts_table()),
        ]
    }

    fn random(&self, salt: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed ^ (salt << 8))
    }

    /// (article id, outlet, days since epoch)
    fn article_keys(&self) -> Vec<(String, String, i32)> {
        let mut keys = Vec::new();
        for (o, outlet) in self.outlets.iter().enumerate() {
            for (p, (_, start)) in self.periods.iter().enumerate() {
                for a in 0..self.articles {
                    keys.push((format!("a{o}-{p}-{a}"), outlet.clone(), start + (a % 28) as i32));
                }
            }
        }
        keys
    }

    fn articles_table(&self) -> DataFrame {
        let keys = self.article_keys();
        let mut random = self.random(1);
        let n = keys.len();
        let mut table = df!(
            "article_id" => keys.iter().map(|k| k.0.as_str()).collect::<Vec<_>>(),
            "outlet" => keys.iter().map(|k| k.1.as_str()).collect::<Vec<_>>(),
            "section" => vec![None::<&str>; n],
            "title" => vec![self.title.as_str(); n],
            "url" => vec![self.url.as_str(); n],
            "author" => vec!["R. Vale"; n],
            "agency" => vec![None::<&str>; n],
            "n_sentences" => vec![20u32; n],
            "n_tokens" => vec![440u32; n],
            "n_tokens_quoted" => vec![90u32; n],
            "n_narration" => vec![14u32; n],
            "n_quote" => vec![4u32; n],
            "n_mixed" => vec![2u32; n],
        )
        .unwrap();
        table.insert_column(2, days("date", keys.iter().map(|k| Some(k.2)))).unwrap();
        for voice in ["", "_narration", "_quotes"] {
            let mut scores = vec!["tone".into(), "loaded".into(), "loaded_share".into(), "terms_per_1000".into()];
            scores.extend(FRAMES.iter().flat_map(|f| [format!("frame_{f}"), format!("frame_{f}_share")]));
            for score in scores {
                let values: Vec<f64> = (0..n).map(|_| random.random_range(0.0..0.4)).collect();
                table.with_column(Column::new(format!("{score}{voice}").into(), values)).unwrap();
            }
        }
        table
    }

    fn outlets_table(&self) -> DataFrame {
        let mut random = self.random(2);
        let mut rows = Estimates::default();
        let mut measures: Vec<(String, &str)> =
            FRAMES.iter().map(|f| (format!("frame_{f}"), "share_sentences")).collect();
        measures.extend([
            ("tone".into(), "mean"),
            ("loaded".into(), "share_sentences"),
            ("terms".into(), "rate_per_1000"),
        ]);
        for (o, outlet) in self.outlets.iter().enumerate() {
            for (measure, statistic) in &measures {
                let scale = match *statistic {
                    "rate_per_1000" => 9.0,
                    _ => 0.3,
                };
                let base = if *statistic == "mean" {
                    random.random_range(-0.3..0.1)
                } else {
                    random.random_range(0.02..0.6) * scale
                };
                for (v, voice) in VOICES.iter().enumerate() {
                    let all = ("all".to_owned(), None);
                    let periods = self.periods.iter().map(|(label, start)| (label.clone(), Some(*start)));
                    for (p, (label, start)) in periods.chain([all]).enumerate() {
                        // One outlet is silent for a month, another has few articles in one.
                        if o == 1 && p == 3 && start.is_some() {
                            continue;
                        }
                        let small = o == 2 && p == 4;
                        let drift = (p as f64 * 0.9 + o as f64).sin() * 0.12 * scale + v as f64 * 0.05 * scale;
                        let estimate = if *statistic == "mean" { base + drift } else { (base + drift).max(0.0) };
                        let half = scale * if small { 0.3 } else { 0.05 };
                        rows.push(outlet, &label, start, voice, measure, statistic, estimate, half, small);
                    }
                }
            }
        }
        rows.table()
    }

    fn terms_table(&self) -> DataFrame {
        let mut random = self.random(3);
        let mut keys = Vec::new();
        let mut numbers = Vec::new();
        for outlet in &self.outlets {
            for voice in VOICES {
                for (term, category, _) in TERMS {
                    keys.push((outlet.as_str(), *voice, *term, *category));
                    let log_odds: f64 = random.random_range(-1.5..2.5);
                    numbers.push((random.random_range(3..90u32), log_odds, log_odds / random.random_range(0.2..0.6)));
                }
            }
        }
        df!(
            "outlet" => keys.iter().map(|k| k.0).collect::<Vec<_>>(),
            "period" => vec!["all"; keys.len()],
            "voice" => keys.iter().map(|k| k.1).collect::<Vec<_>>(),
            "term" => keys.iter().map(|k| k.2).collect::<Vec<_>>(),
            "category" => keys.iter().map(|k| k.3).collect::<Vec<_>>(),
            "count" => numbers.iter().map(|n| n.0).collect::<Vec<_>>(),
            "rate_per_1000" => numbers.iter().map(|n| f64::from(n.0) / 100.0).collect::<Vec<_>>(),
            "ci_low" => numbers.iter().map(|n| f64::from(n.0) / 140.0).collect::<Vec<_>>(),
            "ci_high" => numbers.iter().map(|n| f64::from(n.0) / 70.0).collect::<Vec<_>>(),
            "n_articles" => numbers.iter().map(|n| n.0 / 2 + 1).collect::<Vec<_>>(),
            "share_in_quotes" => numbers.iter().map(|n| f64::from(n.0 % 10) / 10.0).collect::<Vec<_>>(),
            "log_odds" => numbers.iter().map(|n| n.1).collect::<Vec<_>>(),
            "z" => numbers.iter().map(|n| n.2).collect::<Vec<_>>(),
            "q" => numbers.iter().map(|n| (-n.2.abs()).exp()).collect::<Vec<_>>(),
        )
        .unwrap()
    }

    fn contrasts_table(&self) -> DataFrame {
        let mut random = self.random(4);
        let mut keys = Vec::new();
        for outlet in &self.outlets {
            keys.extend(FRAMES.iter().map(|frame| (outlet.as_str(), format!("frame_{frame}"))));
        }
        let n = keys.len();
        let differences: Vec<f64> = (0..n).map(|_| random.random_range(-0.1..0.1)).collect();
        let p: Vec<f64> = differences.iter().map(|d: &f64| (-d.abs() * 80.0).exp()).collect();
        df!(
            "outlet_a" => keys.iter().map(|k| k.0).collect::<Vec<_>>(),
            "outlet_b" => vec!["(rest)"; n],
            "period" => vec!["all"; n],
            "part" => vec!["all"; n],
            "voice" => vec!["narration"; n],
            "measure" => keys.iter().map(|k| k.1.as_str()).collect::<Vec<_>>(),
            "statistic" => vec!["share_sentences"; n],
            "estimate_a" => differences.iter().map(|d| 0.2 + d / 2.0).collect::<Vec<_>>(),
            "estimate_b" => differences.iter().map(|d| 0.2 - d / 2.0).collect::<Vec<_>>(),
            "difference" => differences.clone(),
            "ci_low" => differences.iter().map(|d| d - 0.03).collect::<Vec<_>>(),
            "ci_high" => differences.iter().map(|d| d + 0.03).collect::<Vec<_>>(),
            "p" => p.clone(),
            "q" => p.iter().map(|p| (p * 2.0).min(1.0)).collect::<Vec<_>>(),
            "n_articles_a" => vec![60u32; n],
            "n_articles_b" => vec![180u32; n],
            "method" => vec!["permutation of articles"; n],
        )
        .unwrap()
    }

    /// Two sentences an article: one of narration with two loaded terms, one of a quoted speaker.
    pub fn write_sentences(&self, path: &Path) {
        let keys: Vec<_> = self.article_keys().into_iter().flat_map(|key| [(key.clone(), 0u32), (key, 1)]).collect();
        let n = keys.len();
        let mut random = self.random(5);
        let tone: Vec<f32> = (0..n).map(|_| random.random_range(-0.9..0.5)).collect();
        let mut table = df!(
            "sentence_id" => keys.iter().map(|(k, s)| format!("{}#{s}", k.0)).collect::<Vec<_>>(),
            "article_id" => keys.iter().map(|(k, _)| k.0.as_str()).collect::<Vec<_>>(),
            "outlet" => keys.iter().map(|(k, _)| k.1.as_str()).collect::<Vec<_>>(),
            "title" => vec![self.title.as_str(); n],
            "url" => vec![Some(self.url.as_str()); n],
            "section" => vec![None::<&str>; n],
            "author" => vec![Some("R. Vale"); n],
            "agency" => vec![None::<&str>; n],
            "sentence_index" => keys.iter().map(|(_, s)| *s).collect::<Vec<_>>(),
            "block" => vec![0u32; n],
            "field" => vec!["text"; n],
            "start" => vec![0u32; n],
            "end" => vec![self.text.len() as u32; n],
            "indirect_speech" => vec![false; n],
            "speaker" => vec![None::<&str>; n],
            "top_frame" => vec!["economic"; n],
            "top_frame_share" => vec![0.4f32; n],
            "part" => vec!["body"; n],
            "voice" => keys.iter().map(|(_, s)| if *s == 0 { "narration" } else { "quote" }).collect::<Vec<_>>(),
            "text" => keys.iter().map(|(k, s)| format!("{}, reported for the {}th time in story {}.", self.text, s, k.0)).collect::<Vec<_>>(),
            "n_tokens" => vec![21u32; n],
            "n_tokens_quoted" => keys.iter().map(|(_, s)| 21 * s).collect::<Vec<_>>(),
            "n_terms" => vec![2u32; n],
            "n_terms_quoted" => vec![0u32; n],
            "tone_negative" => tone.iter().map(|t| (-t).max(0.0)).collect::<Vec<_>>(),
            "tone_neutral" => tone.iter().map(|t| 1.0 - t.abs()).collect::<Vec<_>>(),
            "tone_positive" => tone.iter().map(|t| t.max(0.0)).collect::<Vec<_>>(),
            "tone" => tone.clone(),
            "loaded" => (0..n).map(|_| random.random_range(0.2..1.0f32)).collect::<Vec<_>>(),
        )
        .unwrap();
        table.insert_column(3, days("date", keys.iter().map(|(k, _)| Some(k.2)))).unwrap();
        for frame in FRAMES {
            let scores: Vec<f32> = (0..n).map(|_| random.random_range(0.0..1.0)).collect();
            table.with_column(Column::new(format!("frame_{frame}").into(), scores)).unwrap();
        }
        let hits: Vec<Series> = (0..n).map(|_| self.hits()).collect();
        table.with_column(Column::new("terms".into(), hits)).unwrap();
        ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut table).unwrap();
    }

    fn hits(&self) -> Series {
        let found: Vec<(&str, &str, u32)> = ["slammed", "chaos"]
            .into_iter()
            .filter_map(|term| Some((term, "alarm", self.text.find(term)? as u32)))
            .collect();
        let fields = [
            Series::new("term".into(), found.iter().map(|f| f.0).collect::<Vec<_>>()),
            Series::new("category".into(), found.iter().map(|f| f.1).collect::<Vec<_>>()),
            Series::new("start".into(), found.iter().map(|f| f.2).collect::<Vec<_>>()),
            Series::new("end".into(), found.iter().map(|f| f.2 + f.0.len() as u32).collect::<Vec<_>>()),
            Series::new("in_quote".into(), vec![false; found.len()]),
        ];
        StructChunked::from_series("".into(), found.len(), fields.iter()).unwrap().into_series()
    }
}

fn days(name: &str, days: impl Iterator<Item = Option<i32>>) -> Column {
    Column::new(name.into(), days.collect::<Vec<_>>()).cast(&DataType::Date).unwrap()
}

fn manifest(articles: u64) -> RunManifest {
    let frames = FRAMES.iter().map(|name| FrameUsed {
        name: (*name).into(),
        label: name.replace('_', " "),
        description: format!("The sentence is about {}.", name.replace('_', " ")),
        hypotheses: vec![format!("This is about {}.", name.replace('_', " "))],
    });
    RunManifest {
        schema_version: SCHEMA_VERSION,
        framescope: "0.1.0".into(),
        started: "2026-03-01T10:00:00Z".into(),
        finished: "2026-03-01T10:04:10Z".into(),
        command: ["framescope", "score", "articles", "-o", "run"].map(String::from).to_vec(),
        config: serde_json::json!({ "period": "month", "seed": 1, "frames": "policy" }),
        engine: "embedded".into(),
        scorer: "cross".into(),
        models: vec![ModelUsed {
            name: "entailment".into(),
            file: "entailment.onnx".into(),
            sha256: "7f".repeat(32),
            licence: "MIT".into(),
            measured: vec![Measured {
                task: "frames".into(),
                scorer: Some("cross".into()),
                set: "Harbour letters, test part".into(),
                examples: 512,
                measure: "macro-F1".into(),
                value: 0.612,
                interval: Some([0.58, 0.64]),
                calibration_error: Some(0.043),
            }],
        }],
        scheme: SchemeUsed {
            name: "policy".into(),
            title: "Policy frames".into(),
            source: "Boydstun et al. 2014".into(),
            frames: frames.collect(),
        },
        thresholds: Thresholds { loaded: 0.5, frames: vec![0.5; FRAMES.len()] },
        inputs: vec![InputUsed {
            file: "articles/all.jsonl".into(),
            sha256: "a0".repeat(32),
            bytes: 1 << 20,
            articles,
            rejected: 3,
        }],
        counts: Counts {
            articles,
            sentences: articles * 20,
            distinct_sentences: articles * 19,
            cached_sentences: 0,
            rejected: 3,
        },
        student: None,
        neutral_wording: TERMS.iter().filter(|t| !t.2.is_empty()).map(|t| (t.0.into(), t.2.into())).collect(),
        notes: vec!["Two outlets share a wire story.".into()],
        table_notes: Vec::new(),
        removals: [("byline".to_owned(), 212), ("photo_credit".to_owned(), 64)].into_iter().collect(),
        seconds: [("read".to_owned(), 0.4), ("infer".to_owned(), 240.0)].into_iter().collect(),
    }
}
