//! A seeded sentence table with the run folder's schema, for tests.

use std::path::Path;

use chrono::{Days, NaiveDate};
use polars::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::bootstrap::stream;

pub const FRAMES: [&str; 2] = ["economic", "security"];
const LEXICON: [(&str, &str); 3] = [("swarm", "dehumanising"), ("slam", "militaristic"), ("so-called", "sneer")];

/// One row of `sentences.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceRow {
    pub article_id: String,
    pub outlet: String,
    pub date: Option<NaiveDate>,
    pub part: &'static str,
    pub voice: &'static str,
    pub text: String,
    pub n_tokens: u32,
    pub n_tokens_quoted: u32,
    /// Negative, neutral, positive.
    pub tone: [f32; 3],
    pub loaded: f32,
    pub frames: Vec<f32>,
    /// Entry of the lexicon, and whether in quoted speech.
    pub terms: Vec<(&'static str, &'static str, bool)>,
}

impl SentenceRow {
    /// Of every three articles one in politics, one in business, one in no section.
    pub fn section(&self) -> Option<&'static str> {
        let (_, at) = self.article_id.rsplit_once('-')?;
        [Some("Politics"), Some("Business"), None][at.parse::<usize>().ok()? % 3]
    }
}

/// What to make: `articles` of each outlet, with a house style of its own.
pub struct Collection {
    pub outlets: Vec<(&'static str, usize)>,
    pub seed: u64,
}

impl Collection {
    pub fn rows(&self) -> Vec<SentenceRow> {
        self.outlets.iter().flat_map(|&(outlet, articles)| outlet_rows(self.seed, outlet, articles)).collect()
    }
}

/// An outlet's sentences depend on its own name only: other outlets do not change them.
fn outlet_rows(seed: u64, outlet: &str, articles: usize) -> Vec<SentenceRow> {
    let mut random = stream(seed, &["synthetic", outlet]);
    let style: f64 = random.random_range(0.1..0.5);
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let mut rows = Vec::new();
    for at in 0..articles {
        let date = (at % 9 != 8).then(|| first + Days::new(random.random_range(0..150)));
        let lean = (style + random.random_range(-0.1..0.1)).clamp(0.02, 0.98);
        for index in 0..random.random_range(3..25) {
            rows.push(sentence(&mut random, outlet, at, date, lean, index));
        }
    }
    rows
}

fn sentence(
    random: &mut ChaCha8Rng,
    outlet: &str,
    at: usize,
    date: Option<NaiveDate>,
    lean: f64,
    index: u32,
) -> SentenceRow {
    let part = if index == 0 {
        "headline"
    } else if index == 1 && at.is_multiple_of(5) {
        "deck"
    } else {
        "body"
    };
    let voice = ["narration", "narration", "quote", "mixed"][random.random_range(0..4)];
    let n_tokens = random.random_range(5..30);
    let n_tokens_quoted = match voice {
        "narration" => 0,
        "quote" => n_tokens - 2,
        _ => n_tokens / 2,
    };
    let negative = (lean as f32 + random.random_range(-0.1f32..0.4)).clamp(0.0, 1.0);
    let positive = (1.0 - negative) * random.random_range(0.0..0.6);
    let mut terms = Vec::new();
    for (term, category) in LEXICON {
        if random.random_bool(lean / 4.0) {
            terms.push((term, category, n_tokens_quoted > 0 && random.random_bool(0.5)));
        }
    }
    let opening = ["The council voted", "Officials said", "The border crisis", "A new report"];
    let text = format!(
        "{} on {}.",
        opening[random.random_range(0..4)],
        if lean > 0.3 { "migrant caravans" } else { "new homes" }
    );
    SentenceRow {
        article_id: format!("{outlet}-{at}"),
        outlet: outlet.to_string(),
        date,
        part,
        voice,
        text,
        n_tokens,
        n_tokens_quoted,
        tone: [negative, 1.0 - negative - positive, positive],
        loaded: (lean as f32 + random.random_range(-0.1f32..0.5)).clamp(0.0, 1.0),
        frames: vec![random.random_range(0.0..1.0), (lean as f32 * random.random_range(0.0f32..2.0)).min(1.0)],
        terms,
    }
}

/// Writes rows as a `sentences.parquet` of the contract's schema, in row groups of `group` rows.
pub fn write(rows: &[SentenceRow], path: &Path, group: usize) {
    let text = |name: &str, value: &dyn Fn(&SentenceRow) -> Option<String>| -> Column {
        Column::new(name.into(), rows.iter().map(value).collect::<Vec<_>>())
    };
    let unsigned = |name: &str, value: &dyn Fn(&SentenceRow) -> u32| -> Column {
        Column::new(name.into(), rows.iter().map(value).collect::<Vec<_>>())
    };
    let score = |name: &str, value: &dyn Fn(&SentenceRow) -> f32| -> Column {
        Column::new(name.into(), rows.iter().map(value).collect::<Vec<_>>())
    };
    let dates: Vec<Option<NaiveDate>> = rows.iter().map(|row| row.date).collect();
    let mut columns = vec![
        text("article_id", &|r| Some(r.article_id.clone())),
        text("outlet", &|r| Some(r.outlet.clone())),
        Column::new("date".into(), dates),
        text("section", &|r| r.section().map(String::from)),
        text("title", &|r| Some(format!("Title of {}", r.article_id))),
        text("url", &|_| None),
        text("author", &|r| Some(format!("Author of {}", r.outlet))),
        text("agency", &|_| None),
        text("part", &|r| Some(r.part.into())),
        text("voice", &|r| Some(r.voice.into())),
        text("text", &|r| Some(r.text.clone())),
        unsigned("n_tokens", &|r| r.n_tokens),
        unsigned("n_tokens_quoted", &|r| r.n_tokens_quoted),
        score("tone_negative", &|r| r.tone[0]),
        score("tone_neutral", &|r| r.tone[1]),
        score("tone_positive", &|r| r.tone[2]),
        score("tone", &|r| r.tone[2] - r.tone[0]),
        score("loaded", &|r| r.loaded),
        unsigned("n_terms", &|r| r.terms.len() as u32),
        unsigned("n_terms_quoted", &|r| r.terms.iter().filter(|term| term.2).count() as u32),
        terms_column(rows),
    ];
    for (at, frame) in FRAMES.iter().enumerate() {
        columns.push(score(&format!("frame_{frame}"), &|r| r.frames[at]));
    }
    let mut table = DataFrame::new_infer_height(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(group)).finish(&mut table).unwrap();
}

fn terms_column(rows: &[SentenceRow]) -> Column {
    let lists: Vec<Series> = rows
        .iter()
        .map(|row| {
            let terms: Vec<&str> = row.terms.iter().map(|term| term.0).collect();
            let categories: Vec<&str> = row.terms.iter().map(|term| term.1).collect();
            let quoted: Vec<bool> = row.terms.iter().map(|term| term.2).collect();
            let fields = [
                Series::new("term".into(), terms),
                Series::new("category".into(), categories),
                Series::new("start".into(), vec![0u32; quoted.len()]),
                Series::new("end".into(), vec![5u32; quoted.len()]),
                Series::new("in_quote".into(), quoted),
            ];
            StructChunked::from_series("".into(), row.terms.len(), fields.iter()).unwrap().into_series()
        })
        .collect();
    Column::new("terms".into(), lists)
}
