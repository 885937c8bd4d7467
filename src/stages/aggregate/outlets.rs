//! Table `outlets`: every measure of every outlet, over all its articles and by period, with intervals.

use chrono::NaiveDate;
use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::ArticleSums;
use super::bootstrap::{self, Resampling};
use super::columns::{Matrix, column, frame};
use super::intervals::{self, Interval};
use super::linearised::RatioSums;
use super::measures::{Estimand, Layout, SENTENCES, Slice, TOKENS};
use super::options::AggregateOptions;
use super::periods::{ALL, Calendar};
use crate::error::Result;

/// One row of the table.
struct Row<'a> {
    outlet: &'a str,
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
}

pub fn table(sums: &ArticleSums, layout: &Layout, periods: &Calendar, options: &AggregateOptions) -> Result<DataFrame> {
    let by_outlet = sums.articles_by_outlet();
    let cells: Vec<_> = sums
        .outlets_by_name()
        .into_iter()
        .flat_map(|outlet| {
            let name = sums.outlets[outlet as usize].as_str();
            periods.cells(&by_outlet[outlet as usize]).map(move |(window, articles)| (name, window, articles))
        })
        .collect();
    let rows: Vec<Vec<Row>> = cells
        .par_iter()
        .map(|(outlet, window, articles)| {
            let (period, period_start) = window.map_or((ALL, None), |w| (w.label.as_str(), w.start));
            let mut random = bootstrap::stream(options.seed, &["outlets", outlet, period]);
            let (resamples, most) = (options.resamples as usize, options.bootstrap_groups as usize);
            let resampling = Resampling::draw(articles.len(), resamples, most, &mut random);
            let mut rows = Vec::new();
            for slice in Slice::all() {
                let matrix = layout.matrix(sums, articles, slice);
                let totals = resampling.totals(&matrix);
                rows.extend(estimates(layout, &matrix, &totals, options.alpha()).map(|estimated| Row {
                    outlet,
                    period,
                    period_start,
                    slice,
                    ..estimated
                }));
            }
            rows
        })
        .collect();
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    data_frame(&rows, options)
}

/// Every estimate of one cell in one slice that has something in its denominator.
fn estimates<'a>(layout: &'a Layout, matrix: &Matrix, totals: &Matrix, alpha: f64) -> impl Iterator<Item = Row<'a>> {
    let count = |at: usize| matrix.rows().map(|row| row[at]).sum::<f64>().round() as u64;
    let (n_sentences, n_tokens) = (count(SENTENCES), count(TOKENS));
    layout.estimands.iter().filter_map(move |estimand| {
        let (y, x) = (estimand.numerator, estimand.denominator);
        let sums = RatioSums::of(matrix.rows().map(|row| (row[y], row[x])));
        let scale = estimand.scale();
        let both = |(low, high): (f64, f64)| (scale * low, scale * high);
        let mut replicates: Vec<f64> = totals.rows().map(|row| row[y] / row[x]).collect();
        let varies = sums.n > 1.5;
        Some(Row {
            outlet: "",
            period: "",
            period_start: None,
            slice: Slice::CONTRASTED[0],
            estimand,
            estimate: scale * sums.ratio()?,
            headline: intervals::headline(estimand.kind, &sums, alpha).map(|i| i.scaled(scale)),
            linear: intervals::linear(&sums, alpha).map(both),
            bootstrap: if varies { bootstrap::percentile(&mut replicates, alpha).map(both) } else { None },
            std_error: sums.std_error().map(|error| scale * error),
            n_articles: sums.n as u32,
            n_sentences,
            n_tokens,
        })
    })
}

fn data_frame(rows: &[Row], options: &AggregateOptions) -> Result<DataFrame> {
    Ok(frame(vec![
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
        column("method", rows, |r| r.headline.map_or("none", |i| i.method)),
        column("small_cell", rows, |r| r.n_articles < options.min_articles),
        column("ci_low_bootstrap", rows, |r| r.bootstrap.map(|b| b.0)),
        column("ci_high_bootstrap", rows, |r| r.bootstrap.map(|b| b.1)),
        column("ci_low_linear", rows, |r| r.linear.map(|l| l.0)),
        column("ci_high_linear", rows, |r| r.linear.map(|l| l.1)),
    ])?)
}
