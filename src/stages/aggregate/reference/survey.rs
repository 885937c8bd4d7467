//! Agreement with R's survey package: `tests/reference/aggregate/make.R`.

use serde::Deserialize;

use super::{Keyed, load, made, near, options};
use crate::stages::aggregate::AggregateOptions;
use crate::stages::aggregate::linearised::RatioSums;

#[derive(Deserialize)]
struct Fixture {
    cells: Vec<Cell>,
    differences: Vec<Difference>,
    trends: Vec<Trend>,
    weighted: Vec<Weighted>,
}

/// A ratio in a domain: an outlet over all periods or in one.
#[derive(Deserialize)]
struct Cell {
    outlet: String,
    period: String,
    voice: String,
    measure: String,
    statistic: String,
    estimate: f64,
    std_error: f64,
    /// Whether the design was stratified by domain.
    stratified: bool,
    /// Articles of the whole design.
    sampled: f64,
}

#[test]
fn errors_by_domain_agree_with_those_of_a_design_stratified_by_domain() {
    let table = Keyed::new(made(&options()).outlets, &["outlet", "period", "part", "voice", "measure", "statistic"]);
    let cells = load::<Fixture>("survey.json").cells;
    assert!(cells.iter().filter(|cell| cell.stratified).count() > 150);
    for cell in cells {
        let row = table.row(&[&cell.outlet, &cell.period, "all", &cell.voice, &cell.measure, &cell.statistic]);
        near(row("estimate").unwrap(), cell.estimate);
        // Without strata survey multiplies by n/(n − 1) over the articles of the whole sample: those outside the domain
        // count as articles with nothing in it.
        let n = row("n_articles").unwrap();
        let factor = |n: f64| n / (n - 1.0);
        let whole = if cell.stratified { 1.0 } else { (factor(cell.sampled) / factor(n)).sqrt() };
        near(whole * row("std_error").unwrap(), cell.std_error);
    }
}

#[derive(Deserialize)]
struct Difference {
    /// `outlet|period`.
    first: String,
    second: String,
    voice: String,
    measure: String,
    statistic: String,
    difference: f64,
    std_error: f64,
}

#[test]
fn differences_agree_with_contrasts_of_domains() {
    let keys = ["outlet_a", "period", "outlet_b", "period_b", "part", "voice", "measure", "statistic"];
    let table = Keyed::new(made(&AggregateOptions { min_articles: 2, ..options() }).contrasts, &keys);
    let differences = load::<Fixture>("survey.json").differences;
    assert_eq!(differences.len(), 5 * 3 * 5);
    for Difference { first, second, voice, measure, statistic, difference, std_error } in differences {
        let [(a, period), (b, period_b)] = [&first, &second].map(|side| side.split_once('|').unwrap());
        let row = table.row(&[a, period, b, period_b, "all", &voice, &measure, &statistic]);
        near(row("difference").unwrap(), difference);
        near(row("std_error").unwrap(), std_error);
    }
}

#[derive(Deserialize)]
struct Trend {
    outlet: String,
    voice: String,
    measure: String,
    statistic: String,
    change: f64,
    std_error: f64,
    n_sentences: f64,
}

#[test]
fn trends_agree_with_svyglm_but_for_the_small_sample_factor() {
    let table = Keyed::new(made(&options()).trends, &["outlet", "part", "voice", "measure", "statistic"]);
    let trends = load::<Fixture>("survey.json").trends;
    assert_eq!(trends.len(), 2 * 3 * 4);
    for Trend { outlet, voice, measure, statistic, change, std_error, n_sentences } in trends {
        let row = table.row(&[&outlet, "all", &voice, &measure, &statistic]);
        near(row("change_per_30_days").unwrap(), change);
        // statsmodels, whose error the table has, multiplies the variance by (N − 1)/(N − 2) as well.
        near(row("std_error").unwrap(), std_error * ((n_sentences - 1.0) / (n_sentences - 2.0)).sqrt());
    }
}

#[derive(Deserialize)]
struct Weighted {
    /// One an article, as are the totals.
    weight: Vec<f64>,
    y: Vec<f64>,
    x: Vec<f64>,
    sentences: Vec<f64>,
    mean: Estimate,
    ratio: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    estimate: f64,
    std_error: f64,
}

#[test]
fn ratios_of_weighted_articles_agree_with_sampling_weights() {
    let cases = load::<Fixture>("survey.json").weighted;
    assert_eq!(cases.len(), 3);
    for case in cases {
        for (denominator, expected) in [(&case.sentences, &case.mean), (&case.x, &case.ratio)] {
            let articles = case.weight.iter().zip(&case.y).zip(denominator);
            let sums = RatioSums::of(articles.map(|((w, y), x)| (w * y, w * x)));
            near(sums.ratio().unwrap(), expected.estimate);
            near(sums.std_error().unwrap(), expected.std_error);
        }
    }
}
