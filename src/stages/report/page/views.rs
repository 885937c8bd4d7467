//! Every view the page can show, drawn in advance, and the one of each section that it shows first.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::DataFrame;
use serde::Serialize;

use super::estimates::{Estimates, VOICES, WHOLE_RUN};
use super::ngrams::{self, NgramRow};
use super::panel::View;
use super::render;
use super::telling::{self, Picked, Telling};
use super::terms::{self, TermRow};
use super::wording::Scale;
use crate::error::Result;
use crate::run_folder::RunManifest;

/// Markup by view, one an outlet: `frame_economic/narration`, `heat/quotes`, `terms/all`, `sentences/loaded`...
#[derive(Debug, Default)]
pub struct Views {
    pub markup: BTreeMap<String, Vec<String>>,
}

impl Views {
    pub fn put(&mut self, name: String, markup: Vec<String>) {
        self.markup.insert(name, markup);
    }
}

/// A measure that the reader can choose.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub name: String,
    pub label: String,
    pub description: String,
    /// What the panels show, in words, e.g. "share of sentences, per cent".
    pub shows: &'static str,
    #[serde(skip)]
    pub measure: usize,
    #[serde(skip)]
    pub scale: Scale,
}

/// Small multiples of one section.
#[derive(Debug, Serialize)]
pub struct Multiples {
    pub choices: Vec<Choice>,
    /// Panels of the first choice, narration, one an outlet.
    pub panels: Vec<String>,
}

pub fn frames(estimates: &Estimates, run: &RunManifest, views: &mut Views) -> Result<Multiples> {
    multiples(estimates, frame_measures(estimates, run), views)
}

pub fn tone(estimates: &Estimates, views: &mut Views) -> Result<Multiples> {
    let tone = choice(estimates, "tone", "mean", "Tone", "");
    multiples(estimates, tone.into_iter().collect(), views)
}

pub fn loaded(estimates: &Estimates, run: &RunManifest, views: &mut Views) -> Result<Multiples> {
    let cut = format!("Sentences that the model gives at least {} for loaded wording.", run.thresholds.loaded);
    let loaded = choice(estimates, "loaded", "share_sentences", "Sentences with loaded wording", &cut);
    let terms = "Terms of the lexicon of loaded terms, counted in the text.";
    let terms = choice(estimates, "terms", "rate_per_1000", "Loaded terms per 1,000 tokens", terms);
    multiples(estimates, loaded.into_iter().chain(terms).collect(), views)
}

/// The frames of the scheme, the most frequent in narration first.
pub fn frame_measures(estimates: &Estimates, run: &RunManifest) -> Vec<Choice> {
    let mut frames: Vec<Choice> = run
        .scheme
        .frames
        .iter()
        .filter_map(|frame| {
            let measure = format!("frame_{}", frame.name);
            let share = choice(estimates, &measure, "share_sentences", &frame.label, &frame.description);
            share.or_else(|| choice(estimates, &measure, "mean", &frame.label, &frame.description))
        })
        .collect();
    let share = |frame: &Choice| estimates.together(WHOLE_RUN, 0, frame.measure).unwrap_or(0.0);
    frames.sort_by(|a, b| share(b).total_cmp(&share(a)));
    frames
}

fn choice(estimates: &Estimates, measure: &str, statistic: &str, label: &str, description: &str) -> Option<Choice> {
    let scale = Scale::of(statistic, measure);
    Some(Choice {
        name: measure.to_owned(),
        label: capitalised(label),
        description: description.to_owned(),
        shows: match (scale, statistic) {
            (Scale::Rate, _) => "loaded terms per 1,000 tokens",
            (Scale::Signed, _) => "mean tone of sentences, from −1 (negative) to +1 (positive)",
            (Scale::Share, "mean") => "mean probability over sentences, in per cent",
            (Scale::Share, _) => "share of sentences, in per cent",
        },
        measure: estimates.measure(measure, statistic)?,
        scale,
    })
}

fn capitalised(label: &str) -> String {
    let mut rest = label.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// Draws every choice in each voice, and in narration against quotes.
fn multiples(estimates: &Estimates, choices: Vec<Choice>, views: &mut Views) -> Result<Multiples> {
    let sets: [(&str, &[usize]); 4] = [(VOICES[0], &[0]), (VOICES[1], &[1]), (VOICES[2], &[2]), ("both", &[0, 1])];
    for choice in &choices {
        for (name, voices) in sets {
            views.put(format!("{}/{name}", choice.name), panels(estimates, choice, voices)?);
        }
    }
    let first = choices.first().and_then(|first| views.markup.get(&format!("{}/{}", first.name, VOICES[0])));
    Ok(Multiples { panels: first.cloned().unwrap_or_default(), choices })
}

fn panels(estimates: &Estimates, choice: &Choice, voices: &[usize]) -> Result<Vec<String>> {
    let label = format!("{}: {}", choice.label, choice.shows);
    let view = View::new(estimates, choice.measure, choice.scale, voices.to_vec(), label);
    let panel = |outlet| {
        let whole: Vec<_> = voices
            .iter()
            .filter_map(|voice| estimates.cell(outlet, WHOLE_RUN, *voice, choice.measure))
            .map(|cell| render::Whole {
                estimate: choice.scale.value(cell.estimate),
                interval: choice.scale.interval(&cell).unwrap_or_default(),
                small: cell.small,
            })
            .collect();
        let svg = view.as_ref().map(|view| view.draw(estimates, outlet)).transpose()?.unwrap_or_default();
        render::panel(&whole, &svg)
    };
    (0..estimates.outlets.len()).map(panel).collect()
}

/// The distinctive terms of each outlet in narration; those in the other voices go to the views.
pub fn terms(
    table: &DataFrame,
    estimates: &Estimates,
    run: &RunManifest,
    views: &mut Views,
) -> Result<Vec<Vec<TermRow>>> {
    let of_voice = |voice| terms::loaded_terms(table, &estimates.outlets, voice, &run.neutral_wording);
    for (voice, name) in VOICES.iter().enumerate() {
        let by_outlet = of_voice(voice)?;
        views
            .put(format!("terms/{name}"), by_outlet.iter().map(|rows| render::term_rows(rows)).collect::<Result<_>>()?);
    }
    of_voice(0)
}

/// The distinctive n-grams of each outlet in narration; those in quotes go to the views.
pub fn distinctive(table: &DataFrame, estimates: &Estimates, views: &mut Views) -> Result<Vec<Vec<NgramRow>>> {
    let first = ngrams::distinctive(table, &estimates.outlets, VOICES[0])?;
    for (voice, rows) in
        [(VOICES[0], first.clone()), (VOICES[1], ngrams::distinctive(table, &estimates.outlets, VOICES[1])?)]
    {
        views.put(format!("ngrams/{voice}"), rows.iter().map(|rows| render::ngrams(rows)).collect::<Result<_>>()?);
    }
    Ok(first)
}

/// The sentences of one score.
#[derive(Debug, Serialize)]
pub struct TellingSentences {
    pub name: String,
    pub label: String,
    pub description: String,
    pub sentences: Vec<Telling>,
}

const PICKED: Picked = Picked { overall: 5, from_one_outlet: 2, each_outlet: 3 };

/// The most telling sentences of each frame and the most loaded ones; those of single outlets go to the views.
pub fn sentences(
    path: &Path,
    estimates: &Estimates,
    run: &RunManifest,
    views: &mut Views,
) -> Result<Vec<TellingSentences>> {
    let loaded = ("loaded".to_owned(), "Loaded wording".to_owned(), String::new(), run.thresholds.loaded);
    let frames = run.scheme.frames.iter().zip(&run.thresholds.frames);
    let frames =
        frames.map(|(f, cut)| (format!("frame_{}", f.name), capitalised(&f.label), f.description.clone(), *cut));
    let measures: Vec<_> = std::iter::once(loaded).chain(frames).collect();
    let columns: Vec<(String, f32)> = measures.iter().map(|(name, _, _, cut)| (name.clone(), *cut)).collect();
    let picked = telling::pick(path, &columns, &estimates.outlets, PICKED)?;
    let mut sections = Vec::new();
    for ((name, label, description, _), (sentences, each)) in measures.into_iter().zip(picked) {
        let markup = each.iter().map(|sentences| render::sentences(sentences)).collect::<Result<_>>()?;
        views.put(format!("sentences/{name}"), markup);
        sections.push(TellingSentences { name, label, description, sentences });
    }
    Ok(sections)
}
