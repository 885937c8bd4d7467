//! Frames by outlets as a shaded table, for each voice.

use serde::Serialize;

use super::estimates::{Estimates, VOICES, WHOLE_RUN};
use super::render;
use super::views::{Views, frame_measures};
use super::wording::Scale;
use crate::error::Result;
use crate::run_folder::RunManifest;

/// Steps of the shading.
const STEPS: f64 = 9.0;

#[derive(Debug, Serialize)]
pub struct HeatRow {
    pub label: String,
    pub description: String,
    pub cells: Vec<HeatCell>,
}

#[derive(Debug, Serialize)]
pub struct HeatCell {
    pub estimate: String,
    pub interval: String,
    /// 0 (none) to 9 (the largest share in the table).
    pub step: u32,
    pub small: bool,
}

/// The rows of the default voice; those of the others go to the views.
pub fn tables(estimates: &Estimates, run: &RunManifest, views: &mut Views) -> Result<Vec<HeatRow>> {
    for (voice, name) in VOICES.iter().enumerate().skip(1) {
        views.put(format!("heat/{name}"), vec![render::heat_rows(&rows(estimates, run, voice), &shown(estimates))?]);
    }
    let first = rows(estimates, run, 0);
    views.put(format!("heat/{}", VOICES[0]), vec![render::heat_rows(&first, &shown(estimates))?]);
    Ok(first)
}

fn shown(estimates: &Estimates) -> Vec<super::account::OutletShown> {
    super::account::outlets_of(estimates, super::OUTLETS_AT_FIRST)
}

fn rows(estimates: &Estimates, run: &RunManifest, voice: usize) -> Vec<HeatRow> {
    let measures = frame_measures(estimates, run);
    let cell = |outlet, measure| estimates.cell(outlet, WHOLE_RUN, voice, measure);
    let outlets = 0..estimates.outlets.len();
    let of_frame = |measure| outlets.clone().filter_map(move |outlet| cell(outlet, measure));
    let largest =
        measures.iter().flat_map(|m| of_frame(m.measure)).filter(|c| !c.small).map(|c| c.estimate).fold(1e-9, f64::max);
    let heat_cell = |outlet, measure, scale: Scale| match cell(outlet, measure) {
        Some(cell) => HeatCell {
            estimate: scale.number(cell.estimate),
            interval: scale.interval(&cell).unwrap_or_default(),
            step: (cell.estimate / largest * STEPS).ceil().clamp(0.0, STEPS) as u32,
            small: cell.small,
        },
        None => HeatCell { estimate: String::new(), interval: String::new(), step: 0, small: false },
    };
    measures
        .iter()
        .map(|frame| HeatRow {
            label: frame.label.clone(),
            description: frame.description.clone(),
            cells: outlets.clone().map(|outlet| heat_cell(outlet, frame.measure, frame.scale)).collect(),
        })
        .collect()
}
