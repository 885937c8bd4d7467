//! One outlet's version of a story: its first sentences, with voices, loaded terms and frames marked.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use polars::prelude::*;
use serde::Serialize;

use super::telling::{hits, is_web_address, marked};
use super::wording::Scale;
use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;
use crate::run_folder::RunManifest;
use crate::stages::aggregate::scan;

/// Sentences shown, the headline among them.
const SENTENCES: usize = 16;
/// Frames named at a sentence, and in the head of a version.
const FRAMES_A_SENTENCE: usize = 2;
const FRAMES: usize = 5;

/// An article as the page sets it beside another.
#[derive(Debug, Serialize)]
pub struct Version {
    pub outlet: String,
    pub date: String,
    pub title: String,
    /// Only `http` and `https`.
    pub url: Option<String>,
    pub agency: Option<String>,
    /// Of narration; empty where the article has none.
    pub tone: String,
    pub loaded: String,
    pub terms: String,
    /// Frames with the share of narration that invokes them, the most frequent first.
    pub frames: Vec<(String, String, u32)>,
    pub paragraphs: Vec<Paragraph>,
    /// Sentences that are not shown.
    pub more: usize,
    /// Share of narration of each frame, in scheme order.
    #[serde(skip)]
    pub shares: Vec<f64>,
}

#[derive(Debug, Serialize)]
pub struct Paragraph {
    /// `headline`, `deck` or `body`.
    pub part: String,
    pub sentences: Vec<Said>,
    #[serde(skip)]
    block: u32,
}

#[derive(Debug, Serialize)]
pub struct Said {
    /// Escaped markup: the sentence with its loaded terms marked.
    pub text: String,
    /// `narration`, `quote` or `mixed`.
    pub voice: String,
    pub speaker: Option<String>,
    pub frames: Vec<String>,
    pub is_loaded: bool,
}

/// The versions of the wanted articles, by article.
///
/// # Errors
/// [`crate::Error::Tables`] for a table that cannot be read or lacks a column of the contract.
pub fn read(
    articles: &DataFrame,
    sentences: &Path,
    wanted: &[&str],
    run: &RunManifest,
) -> Result<HashMap<String, Version>> {
    let mut versions = heads(articles, wanted, run)?;
    let mut columns =
        ["article_id", "block", "part", "voice", "speaker", "text", "terms", "loaded"].map(String::from).to_vec();
    columns.extend(run.scheme.frames.iter().map(|frame| format!("frame_{}", frame.name)));
    let rows = rows_of(sentences, wanted)?;
    scan::for_rows(sentences, &columns, &rows, |batch, from, rows| {
        let places = IdxCa::from_vec("rows".into(), rows.iter().map(|row| (row - from) as IdxSize).collect());
        add_sentences(&batch.take(&places)?, run, &mut versions)
    })?;
    Ok(versions)
}

/// Rows of the articles' sentences, which ascend.
fn rows_of(sentences: &Path, articles: &[&str]) -> Result<Vec<usize>> {
    let articles: HashSet<&str> = articles.iter().copied().collect();
    let (mut rows, mut from) = (Vec::new(), 0);
    scan::for_each_batch(sentences, &["article_id".to_owned()], |batch| {
        let ids = batch.column("article_id")?.str()?.iter().enumerate();
        rows.extend(ids.filter(|(_, id)| id.is_some_and(|id| articles.contains(id))).map(|(at, _)| from + at));
        from += batch.height();
        Ok(())
    })?;
    Ok(rows)
}

/// What the table of articles has of each.
fn heads(articles: &DataFrame, wanted: &[&str], run: &RunManifest) -> Result<HashMap<String, Version>> {
    let ids = articles.column("article_id")?.str()?;
    let text = |name: &str| -> Result<StringChunked> { Ok(articles.column(name)?.str()?.clone()) };
    let (outlet, title, url, agency) = (text("outlet")?, text("title")?, text("url")?, text("agency")?);
    let date = articles.column("date")?.cast(&DataType::String)?.str()?.clone();
    let score =
        |name: &str| -> Result<Float64Chunked> { Ok(articles.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
    let (tone, loaded) = (score("tone_narration")?, score("loaded_share_narration")?);
    let terms = score("terms_per_1000_narration")?;
    let names = run.scheme.frames.iter().map(|frame| format!("frame_{}_share_narration", frame.name));
    let shares: Vec<Float64Chunked> = names.map(|name| score(&name)).collect::<Result<_>>()?;
    let mut versions = HashMap::new();
    for row in (0..articles.height()).filter(|&row| ids.get(row).is_some_and(|id| wanted.contains(&id))) {
        let written = |column: &Float64Chunked, scale: Scale| column.get(row).map(|value| scale.value(value));
        let own: Vec<f64> = shares.iter().map(|share| share.get(row).unwrap_or(0.0)).collect();
        let mut frames: Vec<usize> = (0..own.len()).filter(|&at| own[at] > 0.0).collect();
        frames.sort_by(|&a, &b| own[b].total_cmp(&own[a]));
        let shown = |&at: &usize| {
            let share = (own[at] * 100.0).round() as u32;
            (run.scheme.frames[at].label.clone(), Scale::Share.value(own[at]), share)
        };
        let version = Version {
            outlet: outlet.get(row).unwrap_or(UNKNOWN_OUTLET).to_owned(),
            date: date.get(row).unwrap_or_default().to_owned(),
            title: title.get(row).unwrap_or_default().to_owned(),
            url: url.get(row).filter(|url| is_web_address(url)).map(str::to_owned),
            agency: agency.get(row).map(str::to_owned),
            tone: written(&tone, Scale::Signed).unwrap_or_default(),
            loaded: written(&loaded, Scale::Share).unwrap_or_default(),
            terms: written(&terms, Scale::Rate).unwrap_or_default(),
            frames: frames.iter().take(FRAMES).map(shown).collect(),
            paragraphs: Vec::new(),
            more: 0,
            shares: own,
        };
        versions.insert(ids.get(row).unwrap_or_default().to_owned(), version);
    }
    Ok(versions)
}

fn add_sentences(table: &DataFrame, run: &RunManifest, versions: &mut HashMap<String, Version>) -> Result<()> {
    let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
    let (ids, parts, voices) = (text("article_id")?, text("part")?, text("voice")?);
    let (speakers, texts) = (text("speaker")?, text("text")?);
    let blocks = table.column("block")?.u32()?.clone();
    let number =
        |name: &str| -> Result<Float64Chunked> { Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
    let loaded = number("loaded")?;
    let names = run.scheme.frames.iter().map(|frame| format!("frame_{}", frame.name));
    let scores: Vec<Float64Chunked> = names.map(|name| number(&name)).collect::<Result<_>>()?;
    for row in 0..table.height() {
        let Some(version) = ids.get(row).and_then(|id| versions.get_mut(id)) else { continue };
        if version.paragraphs.iter().map(|paragraph| paragraph.sentences.len()).sum::<usize>() >= SENTENCES {
            version.more += 1;
            continue;
        }
        let scores: Vec<f64> = scores.iter().map(|score| score.get(row).unwrap_or(0.0)).collect();
        let said = Said {
            text: marked(texts.get(row).unwrap_or_default(), &hits(&table.column("terms")?.get(row)?)?),
            voice: voices.get(row).unwrap_or_default().to_owned(),
            speaker: speakers.get(row).map(str::to_owned),
            frames: invoked(&scores, run),
            is_loaded: loaded.get(row).is_some_and(|score| score >= f64::from(run.thresholds.loaded)),
        };
        let block = blocks.get(row).unwrap_or_default();
        let part = parts.get(row).unwrap_or_default();
        match version.paragraphs.last_mut().filter(|last| last.block == block && last.part == part) {
            Some(last) => last.sentences.push(said),
            None => version.paragraphs.push(Paragraph { part: part.to_owned(), sentences: vec![said], block }),
        }
    }
    Ok(())
}

/// Labels of the frames that reach their cut-offs, the highest score first.
fn invoked(scores: &[f64], run: &RunManifest) -> Vec<String> {
    let reaches = |&at: &usize| run.thresholds.frames.get(at).is_some_and(|cut| scores[at] >= f64::from(*cut));
    let mut frames: Vec<usize> = (0..scores.len()).filter(reaches).collect();
    frames.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    frames.into_iter().take(FRAMES_A_SENTENCE).map(|at| run.scheme.frames[at].label.clone()).collect()
}
