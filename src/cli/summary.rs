//! What the terminal shows at the end of a run: how much was read, the outlets side by side, where the files are.

use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use framescope::run_folder::{self, RunManifest};
use polars::prelude::*;

use super::style;

/// Outlets shown; the rest is in the tables.
const OUTLETS: usize = 12;
/// Columns from which an interval stands beside its estimate, not under it.
pub(super) const WIDE: usize = 112;

/// Prints the summary of a finished run folder.
pub fn print(run: &Path, manifest: &RunManifest) -> Result<()> {
    let counts = &manifest.counts;
    let removed: u64 = manifest.removals.values().sum();
    let kept = match counts.cached_sentences {
        0 => String::new(),
        kept => format!(", {kept} of them scored in earlier runs"),
    };
    anstream::println!(
        "\n{} articles, {} sentences ({} distinct{kept}), {} passages cleaned away, {} rejected",
        counts.articles,
        counts.sentences,
        counts.distinct_sentences + counts.cached_sentences,
        removed,
        counts.rejected
    );
    if manifest.engine.starts_with("fake") {
        anstream::println!("{}", style::paint(style::WARN, "Scores are from the fake engine and mean nothing."));
    }
    let outlets = overall(run)?;
    if !outlets.is_empty() {
        print_outlets(&outlets, manifest);
        print_frames(&outlets, manifest);
    }
    for note in manifest.notes.iter().chain(&manifest.table_notes) {
        anstream::println!("{} {note}", style::paint(style::WARN, "note:"));
    }
    print_files(run, counts.rejected);
    Ok(())
}

/// One outlet's estimates over the whole time, all parts.
struct OutletEstimates {
    name: String,
    articles: u32,
    rows: Vec<Estimate>,
}

struct Estimate {
    voice: String,
    measure: String,
    statistic: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl OutletEstimates {
    fn find(&self, voice: &str, measure: &str, statistic: &str) -> Option<&Estimate> {
        self.rows.iter().find(|e| e.voice == voice && e.measure == measure && e.statistic == statistic)
    }
}

/// Most articles first.
fn overall(run: &Path) -> Result<Vec<OutletEstimates>> {
    let path = run.join("outlets.parquet");
    let file = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let table = ParquetReader::new(file).finish()?;
    let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
    let number =
        |name: &str| -> Result<Float64Chunked> { Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
    let (outlet, period, part) = (text("outlet")?, text("period")?, text("part")?);
    let (voice, measure, statistic) = (text("voice")?, text("measure")?, text("statistic")?);
    let (value, low, high, articles) =
        (number("estimate")?, number("ci_low")?, number("ci_high")?, number("n_articles")?);
    let mut found: Vec<OutletEstimates> = Vec::new();
    for row in (0..table.height()).filter(|&r| period.get(r) == Some("all") && part.get(r) == Some("all")) {
        let name = outlet.get(row).unwrap_or_default();
        let at = found.iter().position(|o| o.name == name).unwrap_or_else(|| {
            found.push(OutletEstimates { name: name.to_owned(), articles: 0, rows: Vec::new() });
            found.len() - 1
        });
        let owned = |column: &StringChunked| column.get(row).unwrap_or_default().to_owned();
        if voice.get(row) == Some("all") {
            found[at].articles = found[at].articles.max(articles.get(row).unwrap_or_default() as u32);
        }
        found[at].rows.push(Estimate {
            voice: owned(&voice),
            measure: owned(&measure),
            statistic: owned(&statistic),
            value: value.get(row),
            low: low.get(row),
            high: high.get(row),
        });
    }
    found.sort_by(|a, b| b.articles.cmp(&a.articles).then_with(|| a.name.cmp(&b.name)));
    Ok(found)
}

/// A plain table as wide as the terminal: a dim header, the first column to the left, the others to the right.
pub(super) fn table<S: AsRef<str>>(header: &[S]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(style::width() as u16);
    table.set_header(header.iter().map(|cell| Cell::new(cell.as_ref()).add_attribute(Attribute::Dim)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn print_outlets(outlets: &[OutletEstimates], manifest: &RunManifest) {
    let confidence = manifest.config.get("confidence").and_then(serde_json::Value::as_f64).unwrap_or(0.95) * 100.0;
    anstream::println!(
        "\n{} with {confidence:.0} % intervals, the article the unit",
        style::paint(style::HEAD, "Tone, loaded language and loaded terms by outlet,")
    );
    let gap = if style::width() < WIDE { '\n' } else { ' ' };
    let mut table = table(&["outlet", "tone", "own voice", "loaded %", "terms ‰", "in quotes"]);
    table.column_iter_mut().skip(1).for_each(|column| {
        column.set_padding((1, 0)).set_constraint(ColumnConstraint::ContentWidth);
    });
    let plural = |count| if count == 1 { "" } else { "s" };
    for outlet in outlets.iter().take(OUTLETS) {
        table.add_row([
            format!("{}{gap}({} article{})", outlet.name, outlet.articles, plural(outlet.articles)),
            interval(outlet.find("all", "tone", "mean"), 1.0, 2, gap),
            interval(outlet.find("narration", "tone", "mean"), 1.0, 2, gap),
            interval(outlet.find("all", "loaded", "share_sentences"), 100.0, 0, gap),
            interval(outlet.find("narration", "terms", "rate_per_1000"), 1.0, 1, gap),
            interval(outlet.find("quotes", "terms", "rate_per_1000"), 1.0, 1, gap),
        ]);
    }
    anstream::println!("{table}");
    if outlets.len() > OUTLETS {
        anstream::println!(
            "{}",
            style::paint(style::DIM, format!("and {} more outlets in the tables", outlets.len() - OUTLETS))
        );
    }
}

fn print_frames(outlets: &[OutletEstimates], manifest: &RunManifest) {
    let title = format!("Strongest frames by outlet, mean score of {} frames:", manifest.scheme.frames.len());
    anstream::println!("\n{}", style::paint(style::HEAD, title));
    let mut table = table(&["outlet", "first", "second", "third"]);
    for outlet in outlets.iter().take(OUTLETS) {
        let mut frames: Vec<(&str, f64)> = manifest
            .scheme
            .frames
            .iter()
            .filter_map(|frame| {
                let estimate = outlet.find("all", &format!("frame_{}", frame.name), "mean")?;
                Some((frame.name.as_str(), estimate.value?))
            })
            .collect();
        frames.sort_by(|a, b| b.1.total_cmp(&a.1));
        let cells = frames.iter().take(3).map(|(name, value)| format!("{} {value:.2}", name.replace('_', " ")));
        table.add_row(std::iter::once(outlet.name.clone()).chain(cells).collect::<Vec<_>>());
    }
    anstream::println!("{table}");
}

/// `0.12 [0.08, 0.17]` with the given gap, a dash where there is no estimate.
fn interval(estimate: Option<&Estimate>, scale: f64, digits: usize, gap: char) -> String {
    let Some(value) = estimate.and_then(|e| e.value) else { return "–".into() };
    let value = value * scale;
    match estimate.and_then(|e| e.low.zip(e.high)) {
        Some((low, high)) => format!("{value:.digits$}{gap}[{:.digits$}, {:.digits$}]", low * scale, high * scale),
        None => format!("{value:.digits$}"),
    }
}

fn print_files(run: &Path, rejected: u64) {
    let line = |file: &str, what: &str| {
        anstream::println!("  {:<38} {}", run.join(file).display(), style::paint(style::DIM, what))
    };
    anstream::println!("\n{}", style::paint(style::HEAD, "Files"));
    line(run_folder::PAGE, "open this one in a browser");
    line("outlets.csv", "estimates by outlet and period (also .parquet)");
    line("articles.csv", "one row an article (also .parquet)");
    line("terms.csv", "loaded terms by outlet (also .parquet)");
    line("contrasts.csv", "outlet against outlet (also .parquet)");
    line(run_folder::SENTENCES, "one row a sentence: every table comes from it");
    line(run_folder::CODEBOOK, "what every column means");
    if rejected > 0 {
        line(run_folder::REJECTED, "what was not scored, and why");
    }
}
