//! Templates, content security policy and the packed views.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use flate2::{Compression, write::GzEncoder};
use minijinja::{Environment, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::account::{Account, OutletShown};
use super::contrasts::Contrasts;
use super::heat::HeatRow;
use super::ngrams::NgramRow;
use super::stories::Stories;
use super::telling::Telling;
use super::terms::TermRow;
use super::trends::Trends;
use super::versions::Version;
use super::views::{Multiples, TellingSentences, Views};
use crate::error::{Error, Result};
use crate::run_folder::Measured;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// By name as templates include one another; `.html` turns escaping on.
const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("page.html")),
    ("account.html", include_str!("account.html")),
    ("multiples.html", include_str!("multiples.html")),
    ("panel.html", include_str!("panel.html")),
    ("heat_rows.html", include_str!("heat_rows.html")),
    ("term_rows.html", include_str!("term_rows.html")),
    ("ngrams.html", include_str!("ngrams.html")),
    ("sentences.html", include_str!("sentences.html")),
    ("stories.html", include_str!("stories.html")),
    ("version.html", include_str!("version.html")),
    ("contrasts.html", include_str!("contrasts.html")),
    ("trust.html", include_str!("trust.html")),
    ("provenance.html", include_str!("provenance.html")),
];

/// Everything the page's template reads.
#[derive(Debug, Serialize)]
pub struct Page {
    pub account: Account,
    pub outlets: Vec<OutletShown>,
    pub outlets_in_all: usize,
    pub periods: usize,
    /// The period of the charts where the run's own is too fine for them.
    pub coarser: Option<&'static str>,
    /// Estimates marked as small cells, and all.
    pub small_cells: (String, String),
    pub frames: Multiples,
    pub tone: Multiples,
    pub loaded: Multiples,
    pub heat: Vec<HeatRow>,
    pub terms: Option<Vec<Vec<TermRow>>>,
    pub distinctive: Option<Vec<Vec<NgramRow>>>,
    pub any_distinctive: bool,
    pub contrasts: Option<Contrasts>,
    pub trends: Option<Trends>,
    pub sentences: Vec<TellingSentences>,
    pub stories: Stories,
    /// What the models reached on labelled sets with the run's scorer.
    pub measured: Vec<Measured>,
    pub manifest: serde_json::Value,
    pub config: String,
    /// The engine for tests made the scores.
    pub is_test_engine: bool,
    /// Confidence of the intervals, in per cent.
    pub level: String,
    /// Cells of fewer articles are marked; empty where the configuration does not say.
    pub least_articles: String,
}

/// An estimate over the whole run, above a panel.
#[derive(Debug, Serialize)]
pub struct Whole {
    pub estimate: String,
    pub interval: String,
    pub small: bool,
}

/// The page as HTML.
pub fn page(page: &Page, views: &Views) -> Result<String> {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source_hash(STYLE),
        source_hash(SCRIPT)
    );
    fill("page.html", context! { page, policy, style => STYLE, script => SCRIPT, views => packed(views)? })
}

pub fn panel(whole: &[Whole], svg: &str) -> Result<String> {
    fill("panel.html", context! { whole, svg })
}

pub fn heat_rows(heat: &[HeatRow], outlets: &[OutletShown]) -> Result<String> {
    fill("heat_rows.html", context! { heat, outlets })
}

pub fn term_rows(terms: &[TermRow]) -> Result<String> {
    fill("term_rows.html", context! { terms })
}

pub fn ngrams(ngrams: &[NgramRow]) -> Result<String> {
    fill("ngrams.html", context! { ngrams })
}

pub fn sentences(sentences: &[Telling]) -> Result<String> {
    fill("sentences.html", context! { sentences })
}

pub fn version(version: &Version) -> Result<String> {
    fill("version.html", context! { version })
}

fn fill(template: &str, content: minijinja::Value) -> Result<String> {
    thread_local!(static TEMPLATING: Environment<'static> = environment());
    TEMPLATING
        .with(|environment| environment.get_template(template)?.render(content))
        .map_err(|error: minijinja::Error| Error::Page(format!("{error:#}")))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).expect("a template of our own parses: a test renders each");
    }
    environment
}

/// The hash that lets one inline block through the policy.
fn source_hash(block: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(block)))
}

/// The views as JSON, compressed (drawings repeat themselves tenfold), as one JSON string.
fn packed(views: &Views) -> Result<String> {
    let failed = |error: std::io::Error| Error::Page(error.to_string());
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    serde_json::to_writer(&mut packer, &views.markup).map_err(|error| failed(error.into()))?;
    packer.flush().map_err(failed)?;
    Ok(format!("\"{}\"", BASE64.encode(packer.finish().map_err(failed)?)))
}
