//! Tables `outlets` and `sections`: every measure of every outlet, over all its articles and by period, with intervals;
//! and the same by the section that the record names.
//!
//! Rows become columns an outlet at a time: a collection of hundreds of outlets has a million estimates.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::ArticleSums;
use super::bootstrap::{self, Resampling};
use super::columns::{Matrix, column, frame};
use super::intervals::{self, Interval};
use super::linearised::RatioMoments;
use super::measures::{Estimand, Layout, SENTENCES, ScoredBy, Slice, TOKENS};
use super::options::AggregateOptions;
use super::periods::{ALL, Calendar, Window};
use super::ppi;
use super::sides::Setting;
use crate::error::Result;

/// Sections are told apart over all parts only.
const SECTION_SLICES: [Slice; 3] = [Slice::CONTRASTED[0], Slice::CONTRASTED[1], Slice::CONTRASTED[2]];

/// The articles that a block of rows is about.
struct Cell<'a> {
    outlet: &'a str,
    section: Option<&'a str>,
    window: Option<&'a Window>,
    articles: Vec<u32>,
}

/// One row of the table.
struct Row<'a> {
    outlet: &'a str,
    section: Option<&'a str>,
    period: &'a str,
    period_start: Option<NaiveDate>,
    slice: Slice,
    estimand: &'a Estimand,
    estimate: f64,
    headline: Option<Interval>,
    linear: Option<(f64, f64)>,
    bootstrap: Option<(f64, f64)>,
    std_error: Option<f64>,
    n_articles: u32,
    n_sentences: u64,
    n_tokens: u64,
    /// Articles with a sentence that the cross-encoder read, where a student scored; 0 where it is not corrected.
    n_read: Option<u32>,
}

impl Row<'_> {
    fn method(&self) -> &'static str {
        match (self.headline, self.n_read) {
            (Some(interval), _) => interval.method,
            (None, Some(0)) => "uncorrected",
            (None, _) => "none",
        }
    }

    /// Articles that the interval stands on.
    fn dependable_articles(&self) -> u32 {
        self.n_read.map_or(self.n_articles, |read| read.min(self.n_articles))
    }
}

pub fn table(sums: &ArticleSums, layout: &Layout, periods: &Calendar, options: &AggregateOptions) -> Result<DataFrame> {
    let setting = Setting { sums, layout, options };
    let slices: Vec<Slice> = Slice::all().collect();
    let by_outlet = sums.articles_by_outlet();
    setting.data_frame(&slices, false, |outlet| {
        let name = sums.outlets[outlet as usize].as_str();
        let cells = periods.cells(&by_outlet[outlet as usize]);
        cells.map(|(window, articles)| Cell { outlet: name, section: None, window, articles }).collect()
    })
}

/// The same estimates over all periods by section, desk or topic, as the record names it; no row where no record names any.
pub fn by_section(sums: &ArticleSums, layout: &Layout, options: &AggregateOptions) -> Result<DataFrame> {
    let setting = Setting { sums, layout, options };
    let by_outlet = sums.articles_by_outlet();
    setting.data_frame(&SECTION_SLICES, true, |outlet| {
        let name = sums.outlets[outlet as usize].as_str();
        let mut sections: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for &article in &by_outlet[outlet as usize] {
            if let Some(section) = sums.articles[article as usize].section.as_deref() {
                sections.entry(section).or_default().push(article);
            }
        }
        let cell = |(section, articles)| Cell { outlet: name, section: Some(section), window: None, articles };
        sections.into_iter().map(cell).collect()
    })
}

impl<'a> Setting<'a> {
    /// One outlet's cells at a time, outlets in the order of every table.
    fn data_frame(
        &self,
        slices: &[Slice],
        sectioned: bool,
        cells: impl Fn(u32) -> Vec<Cell<'a>> + Sync,
    ) -> Result<DataFrame> {
        let made: Vec<DataFrame> = self
            .sums
            .outlets_by_name()
            .par_iter()
            .map(|&outlet| {
                let rows: Vec<Vec<Row>> = cells(outlet).par_iter().map(|cell| self.rows(cell, slices)).collect();
                let rows: Vec<Row> = rows.into_iter().flatten().collect();
                data_frame(&rows, sectioned, self.options)
            })
            .collect::<Result<_>>()?;
        let mut table = data_frame(&[], sectioned, self.options)?;
        for outlet in made {
            table.vstack_mut_owned(outlet)?;
        }
        Ok(table)
    }

    fn rows(&self, cell: &Cell<'a>, slices: &[Slice]) -> Vec<Row<'a>> {
        let Cell { outlet, section, window, ref articles } = *cell;
        let (period, period_start) = window.map_or((ALL, None), |w| (w.label.as_str(), w.start));
        let name = [["outlets", outlet, period].as_slice(), section.as_slice()].concat();
        let resampling = Resampling::of_cell(&name, articles.len(), self.options);
        let mut rows = Vec::new();
        for &slice in slices {
            let matrix = self.layout.matrix(self.sums, articles, slice);
            let totals = resampling.totals(&matrix);
            rows.extend(estimates(self.layout, &matrix, &totals, self.options.alpha()).map(|estimated| Row {
                outlet,
                section,
                period,
                period_start,
                slice,
                ..estimated
            }));
        }
        rows
    }
}

/// Every estimate of one cell in one slice that has something in its denominator.
fn estimates<'a>(layout: &'a Layout, matrix: &Matrix, totals: &Matrix, alpha: f64) -> impl Iterator<Item = Row<'a>> {
    let count = |at: usize| matrix.rows().map(|row| row[at]).sum::<f64>().round() as u64;
    let (n_sentences, n_tokens) = (count(SENTENCES), count(TOKENS));
    layout.estimands.iter().filter_map(move |estimand| {
        let (y, x) = (estimand.numerator, estimand.denominator);
        let moments = RatioMoments::of(matrix.rows().map(|row| (row[y], row[x])));
        let sums = moments.sums;
        let scale = estimand.scale();
        let both = |(low, high): (f64, f64)| (scale * low, scale * high);
        let mut replicates: Vec<f64> = totals.rows().map(|row| row[y] / row[x]).collect();
        let varies = sums.n > 1.5;
        let row = Row {
            outlet: "",
            section: None,
            period: "",
            period_start: None,
            slice: Slice::CONTRASTED[0],
            estimand,
            estimate: scale * sums.ratio()?,
            headline: intervals::headline(estimand.kind, &moments, alpha).map(|i| i.scaled(scale)),
            linear: intervals::linear(&sums, alpha).map(both),
            bootstrap: if varies { bootstrap::percentile(&mut replicates, alpha).map(both) } else { None },
            std_error: sums.std_error().map(|error| scale * error),
            n_articles: sums.n as u32,
            n_sentences,
            n_tokens,
            n_read: None,
        };
        Some(match estimand.scored_by {
            ScoredBy::Itself => row,
            ScoredBy::Student { cross, student } => {
                corrected_row(row, layout, (cross, student), (matrix, totals), alpha)
            }
            ScoredBy::StudentAlone => uncorrected_row(row),
        })
    })
}

/// What the cross-encoder would have said, in place of what the student says; the row itself where too little was read.
fn corrected_row<'a>(
    row: Row<'a>,
    layout: &Layout,
    columns: (usize, usize),
    (matrix, resamples): (&Matrix, &Matrix),
    alpha: f64,
) -> Row<'a> {
    let totals = |row_of_totals| layout.sample_totals(row_of_totals, row.estimand, columns);
    let articles: Vec<ppi::Totals> = matrix.rows().map(totals).collect();
    let Some(corrected) = ppi::corrected(&articles) else { return uncorrected_row(row) };
    let replicates = resamples.rows().filter_map(|sums| totals(sums).value(corrected.lambda));
    Row {
        estimate: corrected.bounded(),
        headline: corrected.headline(row.estimand.kind, alpha),
        linear: corrected.linear(alpha),
        bootstrap: bootstrap::percentile(&mut replicates.collect(), alpha),
        std_error: Some(corrected.std_error()),
        n_read: Some(corrected.articles as u32),
        ..row
    }
}

/// The student's own word: nobody knows how far it is from the cross-encoder's here, so there is no interval.
fn uncorrected_row(row: Row<'_>) -> Row<'_> {
    Row { headline: None, linear: None, bootstrap: None, std_error: None, n_read: Some(0), ..row }
}

fn data_frame(rows: &[Row], sectioned: bool, options: &AggregateOptions) -> Result<DataFrame> {
    let mut columns = vec![
        column("outlet", rows, |r| r.outlet),
        column("period", rows, |r| r.period),
        column("period_start", rows, |r| r.period_start),
        column("part", rows, |r| r.slice.part.name()),
        column("voice", rows, |r| r.slice.voice.name()),
        column("measure", rows, |r| r.estimand.measure.as_str()),
        column("statistic", rows, |r| r.estimand.statistic.name()),
        column("estimate", rows, |r| r.estimate),
        column("ci_low", rows, |r| r.headline.map(|i| i.low)),
        column("ci_high", rows, |r| r.headline.map(|i| i.high)),
        column("std_error", rows, |r| r.std_error),
        column("n_articles", rows, |r| r.n_articles),
        column("n_sentences", rows, |r| r.n_sentences),
        column("n_tokens", rows, |r| r.n_tokens),
        column("method", rows, Row::method),
        column("small_cell", rows, |r| r.dependable_articles() < options.min_articles),
        column("ci_low_bootstrap", rows, |r| r.bootstrap.map(|b| b.0)),
        column("ci_high_bootstrap", rows, |r| r.bootstrap.map(|b| b.1)),
        column("ci_low_linear", rows, |r| r.linear.map(|l| l.0)),
        column("ci_high_linear", rows, |r| r.linear.map(|l| l.1)),
    ];
    if sectioned {
        columns.insert(1, column("section", rows, |r| r.section));
    }
    Ok(frame(columns)?)
}
