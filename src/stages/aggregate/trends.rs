//! Table `trends`: the straight line through an outlet's measures over time, with article-cluster-robust errors.
//!
//! Least squares over sentences (for rates: tokens), all of an article sharing its date; the covariance is the
//! sandwich (X'X)⁻¹ (Σ_g X_g'e_g e_g'X_g) (X'X)⁻¹ over articles g, with the factor G/(G−1) · (N−1)/(N−2) of
//! statsmodels' `cov_type="cluster"`; intervals and p from Student's t with G − 1 degrees of freedom.

use chrono::NaiveDate;
use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::ArticleSums;
use super::columns::{column, frame};
use super::fdr;
use super::intervals;
use super::measures::{Estimand, Layout, Slice};
use super::options::AggregateOptions;
use crate::error::Result;

/// Days that a slope is stated for.
const DAYS: f64 = 30.0;

/// One article: total, units, and time in days since the outlet's first dated article.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub y: f64,
    pub x: f64,
    pub day: f64,
}

/// A fitted line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change a day.
    pub slope: f64,
    pub std_error: f64,
    /// Articles.
    pub n: f64,
}

/// Fits the line; `None` under three articles, on a single date, or where nothing varies around the line.
pub fn fit(points: impl Iterator<Item = Point> + Clone) -> Option<Line> {
    let points = points.filter(|point| point.x > 0.0);
    let (mut n, mut units, mut day_sum, mut y_sum) = (0.0, 0.0, 0.0, 0.0);
    for Point { y, x, day } in points.clone() {
        (n, units, day_sum, y_sum) = (n + 1.0, units + x, day_sum + x * day, y_sum + y);
    }
    let (day_mean, y_mean) = (day_sum / units, y_sum / units);
    let (mut spread, mut joint) = (0.0, 0.0);
    for Point { y, x, day } in points.clone() {
        spread += x * (day - day_mean).powi(2);
        joint += (y - x * y_mean) * (day - day_mean);
    }
    if n < 2.5 || spread <= 0.0 || units <= 2.0 {
        return None;
    }
    let slope = joint / spread;
    // With time centred on its mean, the slope's entry of the sandwich stands alone.
    let score = |p: Point| (p.y - p.x * (y_mean + slope * (p.day - day_mean))) * (p.day - day_mean);
    let squares: f64 = points.clone().map(|point| score(point).powi(2)).sum();
    let factor = n / (n - 1.0) * (units - 1.0) / (units - 2.0);
    let std_error = (factor * squares).sqrt() / spread;
    (std_error > 1e-15).then_some(Line { slope, std_error, n })
}

/// One row of the table.
struct Row<'a> {
    outlet: &'a str,
    slice: Slice,
    estimand: &'a Estimand,
    line: Line,
    first: NaiveDate,
    last: NaiveDate,
    p: f64,
    q: Option<f64>,
}

/// q-values are within a part, voice and statistic, over all outlets and measures.
pub fn table(sums: &ArticleSums, layout: &Layout, options: &AggregateOptions) -> Result<DataFrame> {
    let by_outlet = sums.articles_by_outlet();
    let order = if options.trends { sums.outlets_by_name() } else { Vec::new() };
    let mut rows: Vec<Row> =
        order.par_iter().flat_map_iter(|&outlet| trends(sums, layout, outlet, &by_outlet[outlet as usize])).collect();
    let q = fdr::within_families(rows.iter().map(|row| ((row.slice, row.estimand.statistic), Some(row.p))));
    rows.iter_mut().zip(q).for_each(|(row, q)| row.q = q);
    data_frame(&rows, options)
}

fn trends<'a>(sums: &'a ArticleSums, layout: &'a Layout, outlet: u32, articles: &[u32]) -> Vec<Row<'a>> {
    let dated: Vec<(u32, NaiveDate)> =
        articles.iter().filter_map(|&article| Some((article, sums.articles[article as usize].date?))).collect();
    let dates = || dated.iter().map(|&(_, date)| date);
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else { return Vec::new() };
    let articles: Vec<u32> = dated.iter().map(|&(article, _)| article).collect();
    let days: Vec<f64> = dates().map(|date| (date - first).num_days() as f64).collect();
    let mut rows = Vec::new();
    for slice in Slice::CONTRASTED {
        let matrix = layout.matrix(sums, &articles, slice);
        for estimand in &layout.estimands {
            let point =
                |(row, &day): (&[f64], &f64)| Point { y: row[estimand.numerator], x: row[estimand.denominator], day };
            let points: Vec<Point> = matrix.rows().zip(&days).map(point).collect();
            let Some(line) = fit(points.iter().copied()) else { continue };
            let p = intervals::student_p(line.slope / line.std_error, line.n - 1.0);
            let outlet = sums.outlets[outlet as usize].as_str();
            rows.push(Row { outlet, slice, estimand, line, first, last, p, q: None });
        }
    }
    rows
}

fn data_frame(rows: &[Row], options: &AggregateOptions) -> Result<DataFrame> {
    let scale = |row: &Row| DAYS * row.estimand.scale();
    let reach = |row: &Row| {
        let quantile = intervals::student_quantile(1.0 - options.alpha() / 2.0, row.line.n - 1.0);
        quantile * row.line.std_error
    };
    Ok(frame(vec![
        column("outlet", rows, |r| r.outlet),
        column("first_date", rows, |r| Some(r.first)),
        column("last_date", rows, |r| Some(r.last)),
        column("part", rows, |r| r.slice.part.name()),
        column("voice", rows, |r| r.slice.voice.name()),
        column("measure", rows, |r| r.estimand.measure.as_str()),
        column("statistic", rows, |r| r.estimand.statistic.name()),
        column("change_per_30_days", rows, |r| scale(r) * r.line.slope),
        column("ci_low", rows, |r| scale(r) * (r.line.slope - reach(r))),
        column("ci_high", rows, |r| scale(r) * (r.line.slope + reach(r))),
        column("std_error", rows, |r| scale(r) * r.line.std_error),
        column("p", rows, |r| r.p),
        column("q", rows, |r| r.q),
        column("n_articles", rows, |r| r.line.n as u32),
        column("method", rows, |_| "cluster_robust_t"),
        column("small_cell", rows, |r| (r.line.n as u32) < options.min_articles),
    ])?)
}
