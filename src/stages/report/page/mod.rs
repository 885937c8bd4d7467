//! `report.html`: one page, no network, that shows a run to someone who has not read the tables.
//!
//! Charts are drawn here, by plotters, for every view that the page offers ([`panel`], [`sheet`]); the page's script only
//! puts another drawing in place. Without a script the page shows its default views. Text out of articles reaches the page
//! through [`sheet::escape`] or minijinja's escaping, and a content security policy lets nothing run but our own script.

mod account;
mod best;
mod coarser;
mod contrasts;
mod estimates;
mod heat;
mod ngrams;
mod panel;
mod render;
mod sheet;
mod stories;
mod telling;
mod terms;
mod trends;
mod versions;
mod views;
mod whisker;
pub(super) mod wording;

use std::collections::HashMap;
use std::path::Path;

use polars::prelude::*;

use super::atomic::write_atomically;
use crate::error::{Error, Result};
use crate::record::UNKNOWN_OUTLET;
use crate::run_folder::{Measured, PAGE, RunManifest};

/// Outlets on the page: those with the most articles. All are in the tables.
const OUTLETS_ON_PAGE: usize = 40;
/// Outlets shown until the reader chooses others.
const OUTLETS_AT_FIRST: usize = 12;

/// Points of all drawings together: packed, one takes about 45 bytes of the page's five million.
const MOST_POINTS: usize = 75_000;
/// Narration, quotes, all; and narration and quotes once more to compare.
const SERIES_A_MEASURE: usize = 5;
/// Tone, loaded wording, loaded terms.
const OTHER_MEASURES: usize = 3;

/// The tables that [`write_page`] reads.
const TABLES: [&str; 6] = ["articles", "outlets", "terms", "contrasts", "trends", "distinctive"];
/// Columns that no drawing needs, of tables that can have millions of rows.
const NOT_DRAWN: [&str; 4] = ["ci_low_bootstrap", "ci_high_bootstrap", "ci_low_linear", "ci_high_linear"];
/// Columns of the table `articles`, which has some 150, that the page shows, and the shares of frames in narration.
const OF_ARTICLES: [&str; 10] = [
    "article_id",
    "outlet",
    "date",
    "title",
    "url",
    "agency",
    "tone_narration",
    "loaded_share_narration",
    "terms_per_1000_narration",
    "story_id",
];

fn is_drawn(table: &str, column: &str) -> bool {
    match table {
        "articles" => {
            OF_ARTICLES.contains(&column) || column.starts_with("frame_") && column.ends_with("_share_narration")
        }
        _ => !NOT_DRAWN.contains(&column),
    }
}

/// Those of the `written` tables of a run folder that the page needs, for [`write_page`].
///
/// # Errors
/// [`Error::Io`] and [`Error::Tables`] for a file that cannot be read.
pub fn tables_of_page(run_dir: &Path, written: &[String]) -> Result<Vec<(&'static str, DataFrame)>> {
    let read = |name: &'static str| {
        let path = run_dir.join(format!("{name}.parquet"));
        let mut reader = ParquetReader::new(std::fs::File::open(&path).map_err(Error::io(&path))?);
        let schema = reader.schema()?;
        let columns = schema.iter_names().map(|name| name.to_string());
        let drawn = columns.filter(|column| is_drawn(name, column)).collect();
        Ok((name, reader.with_columns(Some(drawn)).finish()?))
    };
    TABLES.into_iter().filter(|name| written.iter().any(|written| written == name)).map(read).collect()
}

/// Writes `report.html` into the run folder.
///
/// `tables` holds at least `articles` and `outlets`; `terms`, `contrasts`, `trends` and `distinctive` give theirs where they are there.
/// `sentences` is the run's sentence table, read for the most telling sentences.
///
/// # Errors
/// [`Error::Page`] where a table is missing, [`Error::Tables`] where one lacks a column of the contract, [`Error::Io`].
pub fn write_page(
    run_dir: &Path,
    tables: &[(&str, DataFrame)],
    manifest: &RunManifest,
    sentences: &Path,
) -> Result<()> {
    let made = |table: &&(&str, DataFrame)| table.1.height() > 0;
    let table = |name: &str| tables.iter().filter(made).find(|(known, _)| *known == name).map(|(_, table)| table);
    let needed = |name: &str| table(name).ok_or_else(|| Error::Page(format!("there is nothing in table \"{name}\"")));
    let articles = needed("articles")?;
    let by_period = needed("outlets")?;
    let coarser = coarser::outlets_table(by_period, sentences, manifest)?;
    let drawn = coarser.as_ref().map_or(by_period, |(table, _)| table);
    let mut outlets = articles_by_outlet(articles)?;
    let outlets_in_all = outlets.len();
    let mut views = views::Views::default();
    let stories = stories::stories(articles, sentences, &outlets, manifest, &mut views)?;
    outlets.truncate(outlets_on_page(drawn, manifest)?);
    let estimates = estimates::Estimates::read(drawn, outlets)?;
    let distinctive = table("distinctive").map(|t| views::distinctive(t, &estimates, &mut views)).transpose()?;
    let page = render::Page {
        any_distinctive: distinctive.iter().flatten().any(|ngrams| !ngrams.is_empty()),
        distinctive,
        is_test_engine: manifest.engine.starts_with("fake"),
        account: account::Account::read(run_dir, articles, manifest)?,
        outlets: account::outlets_of(&estimates, OUTLETS_AT_FIRST),
        outlets_in_all,
        periods: estimates.periods.len(),
        coarser: coarser.as_ref().map(|(_, name)| *name),
        small_cells: account::small_cells(by_period)?,
        frames: views::frames(&estimates, manifest, &mut views)?,
        tone: views::tone(&estimates, &mut views)?,
        loaded: views::loaded(&estimates, manifest, &mut views)?,
        heat: heat::tables(&estimates, manifest, &mut views)?,
        terms: table("terms").map(|terms| views::terms(terms, &estimates, manifest, &mut views)).transpose()?,
        trends: table("trends").map(|table| trends::surviving(table, &manifest.scheme)).transpose()?,
        contrasts: table("contrasts")
            .map(|table| contrasts::surviving(table, &manifest.scheme, &estimates.outlets))
            .transpose()?,
        stories,
        sentences: views::sentences(sentences, &estimates, manifest, &mut views)?,
        measured: measured(manifest),
        manifest: serde_json::to_value(manifest).map_err(|error| Error::Page(error.to_string()))?,
        config: serde_json::to_string_pretty(&manifest.config).map_err(|error| Error::Page(error.to_string()))?,
        level: account::setting(&manifest.config, "confidence").map_or("95".into(), account::percent),
        least_articles: account::setting(&manifest.config, "min_articles").map_or(String::new(), |n| n.to_string()),
    };
    let html = render::page(&page, &views)?;
    let path = run_dir.join(PAGE);
    write_atomically(&path, |to| to.write_all(html.as_bytes()).map_err(Error::io(&path)))
}

/// What the models reached with the scorer of the run.
fn measured(run: &RunManifest) -> Vec<Measured> {
    let all = run.models.iter().flat_map(|model| &model.measured);
    all.filter(|measured| measured.scorer.as_ref().is_none_or(|scorer| *scorer == run.scorer)).cloned().collect()
}

/// How many outlets the page has room for: each brings a drawing a measure and voice, with a point a period.
fn outlets_on_page(outlets: &DataFrame, run: &RunManifest) -> Result<usize> {
    let periods = outlets.column("period")?.n_unique()?.max(2);
    let measures = run.scheme.frames.len() + OTHER_MEASURES;
    Ok((MOST_POINTS / (periods * measures * SERIES_A_MEASURE)).clamp(OUTLETS_AT_FIRST, OUTLETS_ON_PAGE))
}

/// Outlets with their number of articles, most first.
fn articles_by_outlet(articles: &DataFrame) -> Result<Vec<(String, u64)>> {
    let mut counted: HashMap<String, u64> = HashMap::new();
    for outlet in articles.column("outlet")?.str()?.iter() {
        *counted.entry(outlet.unwrap_or(UNKNOWN_OUTLET).to_owned()).or_default() += 1;
    }
    let mut outlets: Vec<_> = counted.into_iter().collect();
    outlets.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(outlets)
}

#[cfg(test)]
mod tests;
