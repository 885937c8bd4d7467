//! The same story in several outlets, version beside version: headline and first sentences with what was measured in them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use polars::prelude::*;
use serde::Serialize;

use super::render;
use super::versions::{self, Version};
use super::views::Views;
use super::wording::count;
use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;
use crate::run_folder::RunManifest;

/// Stories on the page: those that the most outlets tell.
const SHOWN: usize = 24;
/// Versions a story: one an outlet, those of the outlets with the most articles.
const VERSIONS: usize = 6;

/// Stories that at least two outlets tell.
#[derive(Debug, Default, Serialize)]
pub struct Stories {
    /// Whether the run says which articles tell the same story.
    pub known: bool,
    /// Stories told by two outlets or more.
    pub shared: String,
    /// Whether all of them are shown.
    pub all: bool,
    pub shown: Vec<Story>,
    /// The two versions of the first story that the page shows without a script.
    pub first: Vec<String>,
}

/// A story as the reader chooses it.
#[derive(Debug, Serialize)]
pub struct Story {
    /// The first headline.
    pub title: String,
    pub date: String,
    pub outlets: Vec<String>,
    /// The two versions whose frames are furthest apart.
    pub left: usize,
    pub right: usize,
}

/// An article that tells a story.
struct Told {
    article: String,
    outlet: String,
    date: Option<i32>,
}

/// The stories of the run; the markup of their versions goes to the views `story/0`, `story/1`...
///
/// `outlets` are those of the run, the ones with the most articles first.
///
/// # Errors
/// [`crate::Error::Tables`] if the sentence table cannot be read or lacks a column of the contract.
pub fn stories(
    articles: &DataFrame,
    sentences: &Path,
    outlets: &[(String, u64)],
    run: &RunManifest,
    views: &mut Views,
) -> Result<Stories> {
    let Some(by_story) = by_story(articles, outlets)? else { return Ok(Stories::default()) };
    let mut chosen: Vec<Vec<Told>> = by_story.into_values().filter(|told| told.len() > 1).collect();
    let (shared, all) = (count(chosen.len() as u64), chosen.len() <= SHOWN);
    // Dates from the newest on; the articles' names settle what is left.
    chosen.sort_by(|a, b| {
        b.len().cmp(&a.len()).then_with(|| b[0].date.cmp(&a[0].date)).then_with(|| a[0].article.cmp(&b[0].article))
    });
    chosen.truncate(SHOWN);
    chosen.iter_mut().for_each(|told| told.truncate(VERSIONS));
    let wanted: Vec<&str> = chosen.iter().flatten().map(|told| told.article.as_str()).collect();
    let mut read = versions::read(articles, sentences, &wanted, run)?;
    let (mut shown, mut first) = (Vec::new(), Vec::new());
    for told in &chosen {
        let versions: Vec<Version> = told.iter().filter_map(|told| read.remove(&told.article)).collect();
        if versions.len() < 2 {
            continue;
        }
        let (left, right) = furthest_apart(&versions);
        let markup: Vec<String> = versions.iter().map(render::version).collect::<Result<_>>()?;
        if first.is_empty() {
            first = vec![markup[left].clone(), markup[right].clone()];
        }
        views.put(format!("story/{}", shown.len()), markup);
        shown.push(Story {
            title: versions[0].title.clone(),
            date: versions[0].date.clone(),
            outlets: versions.into_iter().map(|version| version.outlet).collect(),
            left,
            right,
        });
    }
    Ok(Stories { known: true, shared, all, shown, first })
}

/// One article an outlet and story, its first; of the outlets with the most articles first. `None` where the articles name
/// no story.
fn by_story(articles: &DataFrame, outlets: &[(String, u64)]) -> Result<Option<BTreeMap<String, Vec<Told>>>> {
    let Ok(story) = articles.column("story_id") else { return Ok(None) };
    let story = story.cast(&DataType::String)?.str()?.clone();
    let (ids, names) = (articles.column("article_id")?.str()?, articles.column("outlet")?.str()?);
    let dates = articles.column("date")?.cast(&DataType::Int32)?.i32()?.clone();
    let rank: HashMap<&str, usize> = outlets.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    let mut by_story: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for row in 0..articles.height() {
        let (Some(story), Some(article)) = (story.get(row), ids.get(row)) else { continue };
        let outlet = names.get(row).unwrap_or(UNKNOWN_OUTLET).to_owned();
        let told = by_story.entry(story.to_owned()).or_default();
        told.push(Told { article: article.to_owned(), outlet, date: dates.get(row) });
    }
    for told in by_story.values_mut() {
        told.sort_by(|a, b| {
            let order = |told: &Told| (rank.get(told.outlet.as_str()).copied(), told.date.is_none(), told.date);
            order(a).cmp(&order(b)).then_with(|| a.article.cmp(&b.article))
        });
        told.dedup_by(|later, earlier| later.outlet == earlier.outlet);
    }
    Ok(Some(by_story))
}

/// The pair with the largest sum of differences between its shares of frames.
fn furthest_apart(versions: &[Version]) -> (usize, usize) {
    let apart = |a: &Version, b: &Version| a.shares.iter().zip(&b.shares).map(|(a, b)| (a - b).abs()).sum::<f64>();
    let mut best = (0, 1, -1.0);
    for a in 0..versions.len() {
        for b in a + 1..versions.len() {
            let distance = apart(&versions[a], &versions[b]);
            if distance > best.2 {
                best = (a, b, distance);
            }
        }
    }
    (best.0, best.1)
}
