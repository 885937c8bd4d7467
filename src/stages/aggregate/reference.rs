//! Agreement with reference implementations: `tests/reference/aggregate/make.py` (statsmodels, scipy, numpy, pandas,
//! scattertext) and `make.R` (survey); the README there says what agrees with what.

mod survey;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bootstrap::{self, Resampling};
use super::columns::Matrix;
use super::intervals::{self, Kind};
use super::linearised::{RatioMoments, RatioSums};
use super::log_odds::{WordCount, log_odds};
use super::measures::{Estimand, Statistic};
use super::trends::{self, Point};
use super::{AggregateOptions, Tables, aggregate, fdr, permutation};
use crate::run_folder::Thresholds;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/aggregate").join(name)
}

pub(super) fn load<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&std::fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs() + 1e-10, "{found}, not {expected}");
}

fn options() -> AggregateOptions {
    AggregateOptions { resamples: 100, distinctive: false, ..Default::default() }
}

/// The tables of the sentences that the references have read.
fn made(options: &AggregateOptions) -> Tables {
    let frames = ["economic", "security"].map(String::from);
    let thresholds = Thresholds { loaded: 0.5, frames: vec![0.5, 0.6] };
    aggregate(&fixture("sentences.parquet"), &frames, &thresholds, options).unwrap()
}

/// A table whose rows are found by their text columns.
struct Keyed {
    table: DataFrame,
    place: HashMap<Vec<String>, usize>,
}

impl Keyed {
    fn new(table: DataFrame, keys: &[&str]) -> Self {
        let columns: Vec<_> = keys.iter().map(|name| table.column(name).unwrap().str().unwrap().clone()).collect();
        let key = |row: usize| columns.iter().map(|column| column.get(row).unwrap().to_string()).collect();
        let place = (0..table.height()).map(|row| (key(row), row)).collect();
        Self { table, place }
    }

    /// The numbers of the row with this key, by column.
    fn row<'a>(&'a self, key: &[&str]) -> impl Fn(&str) -> Option<f64> + use<'a> {
        let key: Vec<String> = key.iter().map(|part| part.to_string()).collect();
        let row = *self.place.get(&key).unwrap_or_else(|| panic!("no row {key:?}"));
        move |name| self.table.column(name).unwrap().get(row).unwrap().extract::<f64>()
    }
}

#[derive(Deserialize)]
struct RatioCase {
    y: Vec<f64>,
    x: Vec<f64>,
    #[serde(default)]
    estimate: f64,
    #[serde(default)]
    std_error: f64,
    interval: [f64; 2],
}

impl RatioCase {
    fn moments(&self) -> RatioMoments {
        RatioMoments::of(self.y.iter().copied().zip(self.x.iter().copied()))
    }
}

#[test]
fn ratios_agree_with_cluster_robust_least_squares() {
    for case in load::<Vec<RatioCase>>("ratio.json") {
        let sums = case.moments().sums;
        near(sums.ratio().unwrap(), case.estimate);
        near(sums.std_error().unwrap(), case.std_error);
        let (low, high) = intervals::linear(&sums, 0.05).unwrap();
        near(low, case.interval[0]);
        near(high, case.interval[1]);
    }
}

#[test]
fn headline_intervals_agree_with_scipy() {
    #[derive(Deserialize)]
    struct Quantile {
        p: f64,
        freedom: f64,
        value: f64,
    }
    #[derive(Deserialize)]
    struct Cases {
        shares: Vec<RatioCase>,
        rates: Vec<RatioCase>,
        means: Vec<RatioCase>,
        student: Vec<Quantile>,
    }
    let cases: Cases = load("intervals.json");
    for Quantile { p, freedom, value } in cases.student {
        near(intervals::student_quantile(p, freedom), value);
    }
    let kinds =
        [(Kind::Share, cases.shares), (Kind::Rate, cases.rates), (Kind::Mean { least: -1.0, most: 1.0 }, cases.means)];
    for (kind, cases) in kinds {
        for case in cases {
            let interval = intervals::headline(kind, &case.moments(), 0.05).unwrap();
            near(interval.low, case.interval[0]);
            near(interval.high, case.interval[1]);
        }
    }
}

#[test]
fn trends_agree_with_cluster_robust_least_squares() {
    #[derive(Deserialize)]
    struct Case {
        y: Vec<f64>,
        x: Vec<f64>,
        day: Vec<f64>,
        slope: f64,
        std_error: f64,
        p: f64,
    }
    for case in load::<Vec<Case>>("trend.json") {
        let points: Vec<Point> =
            case.y.iter().zip(&case.x).zip(&case.day).map(|((&y, &x), &day)| Point { y, x, day }).collect();
        let line = trends::fit(points.iter().copied()).unwrap();
        near(line.slope, case.slope);
        near(line.std_error, case.std_error);
        near(intervals::student_p(line.slope / line.std_error, line.n - 1.0), case.p);
    }
}

#[test]
fn false_discovery_rates_agree_with_multipletests() {
    #[derive(Deserialize)]
    struct Case {
        p: Vec<f64>,
        q: Vec<f64>,
    }
    for case in load::<Vec<Case>>("fdr.json") {
        for (found, expected) in fdr::benjamini_hochberg(&case.p).into_iter().zip(case.q) {
            near(found, expected);
        }
    }
}

#[test]
fn log_odds_agree_with_scattertext() {
    #[derive(Deserialize)]
    struct Case {
        first: [f64; 2],
        second: [f64; 2],
        log_odds: f64,
        z: f64,
        p: f64,
    }
    for case in load::<Vec<Case>>("log_odds.json") {
        let group = |[count, tokens]: [f64; 2]| WordCount { count, tokens, design_effect: 1.0 };
        let found = log_odds(group(case.first), group(case.second)).unwrap();
        near(found.log_odds, case.log_odds);
        near(found.z, case.z);
        near(intervals::normal_p(found.z_articles), case.p);
    }
}

fn two_columns(y: &[f64], x: &[f64]) -> Matrix {
    Matrix { columns: 2, values: y.iter().zip(x).flat_map(|(&y, &x)| [y, x]).collect() }
}

/// Both sides draw at random: an end may differ by four Monte-Carlo standard errors, √(p(1−p)/B) times the slope of
/// the quantile function there, of the two together.
#[test]
fn bootstrap_agrees_with_numpy_within_its_monte_carlo_error() {
    #[derive(Deserialize)]
    struct Case {
        y: Vec<f64>,
        x: Vec<f64>,
        interval: [f64; 2],
        slope: [f64; 2],
        resamples: f64,
    }
    const RESAMPLES: usize = 20_000;
    for case in load::<Vec<Case>>("bootstrap.json") {
        let mut random = bootstrap::stream(11, &["reference"]);
        let draws = Resampling::draw(case.y.len(), RESAMPLES, usize::MAX, &mut random);
        let totals = draws.totals(&two_columns(&case.y, &case.x));
        let mut ratios: Vec<f64> = totals.rows().map(|row| row[0] / row[1]).collect();
        let (low, high) = bootstrap::percentile(&mut ratios, 0.05).unwrap();
        for ((found, expected), slope) in [low, high].into_iter().zip(case.interval).zip(case.slope) {
            let error = slope * (0.025 * 0.975 * (1.0 / RESAMPLES as f64 + 1.0 / case.resamples)).sqrt();
            assert!((found - expected).abs() <= 4.0 * error, "{found}, not {expected} ± {error}");
            assert!(4.0 * error < 0.1 * (case.interval[1] - case.interval[0]), "the tolerance says nothing");
        }
    }
}

/// The reference counts every relabelling; random ones may differ by four binomial standard errors.
#[test]
fn permutation_agrees_with_every_relabelling() {
    #[derive(Deserialize)]
    struct Case {
        y: Vec<f64>,
        x: Vec<f64>,
        first: usize,
        statistic: f64,
        p: f64,
    }
    const PERMUTATIONS: u32 = 20_000;
    let estimand = Estimand {
        measure: "loaded".into(),
        statistic: Statistic::ShareSentences,
        numerator: 0,
        denominator: 1,
        kind: Kind::Share,
        scored_by: crate::stages::aggregate::measures::ScoredBy::Itself,
    };
    for case in load::<Vec<Case>>("permutation.json") {
        let side = |range: std::ops::Range<usize>| two_columns(&case.y[range.clone()], &case.x[range]);
        let (first, second) = (side(0..case.first), side(case.first..case.y.len()));
        let sums = |matrix: &Matrix| RatioSums::of(matrix.rows().map(|row| (row[0], row[1])));
        near(permutation::statistic(&sums(&first), &sums(&second)).unwrap(), case.statistic);
        let mut random = bootstrap::stream(5, &["reference"]);
        let found = permutation::p_values(&first, &second, std::slice::from_ref(&estimand), PERMUTATIONS, &mut random)
            [0]
        .unwrap();
        let drawn = f64::from(found.permutations);
        let error = (case.p * (1.0 - case.p) / drawn).sqrt();
        assert!((found.p - case.p).abs() <= 4.0 * error + 1.0 / drawn, "{}, not {} ± {error}", found.p, case.p);
        assert_eq!(found.permutations, if case.p < 0.08 { PERMUTATIONS } else { 199 }, "{}", case.p);
    }
}

/// Estimates and linearised errors of whole tables, from the Parquet file, against pandas and statsmodels.
#[test]
fn the_outlets_table_agrees_with_pandas_and_statsmodels() {
    #[derive(Deserialize)]
    struct Expected {
        outlet: String,
        period: String,
        part: String,
        voice: String,
        measure: String,
        statistic: String,
        estimate: f64,
        std_error: Option<f64>,
        n_articles: u32,
    }
    let without = AggregateOptions { contrasts: false, ..options() };
    let table = Keyed::new(made(&without).outlets, &["outlet", "period", "part", "voice", "measure", "statistic"]);
    let expected: Vec<Expected> = load("tables.json");
    assert!(expected.len() > 800);
    for Expected { outlet, period, part, voice, measure, statistic, estimate, std_error, n_articles } in expected {
        let row = table.row(&[&outlet, &period, &part, &voice, &measure, &statistic]);
        near(row("estimate").unwrap(), estimate);
        let at = format!("{outlet} {period} {part} {voice} {measure} {statistic}");
        assert_eq!(row("n_articles"), Some(f64::from(n_articles)), "{at}");
        assert_eq!(row("std_error").is_some(), std_error.is_some(), "{at}");
        near(row("std_error").unwrap_or(0.0), std_error.unwrap_or(0.0));
    }
}
