//! Agreement with scipy, statsmodels and a numerical infinitesimal jackknife: `tests/reference/same_story/make.py`.

use serde::Deserialize;

use super::paired;
use super::sides::{Side, align};
use super::{Matrix, parts};
use crate::stages::aggregate::bootstrap;
use crate::stages::aggregate::intervals::Kind;
use crate::stages::aggregate::measures::{Estimand, Statistic};

#[derive(Deserialize)]
struct Told {
    stories: Vec<u32>,
    y: Vec<f64>,
    x: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    a: Told,
    b: Told,
    within: f64,
    std_error: f64,
    interval: (f64, f64),
    overall: f64,
    selection: f64,
    selection_error: f64,
    selection_interval: (f64, f64),
    p: Option<f64>,
}

impl Told {
    fn side(&self) -> Side {
        let values = self.y.iter().zip(&self.x).flat_map(|(&y, &x)| [y, x]).collect();
        let articles = vec![1; self.stories.len()];
        Side { stories: self.stories.clone(), articles, totals: Matrix { columns: 2, values } }
    }
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs() + 1e-10, "{found}, not {expected}");
}

#[test]
fn paired_differences_and_what_is_left_to_selection_agree() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/same_story/paired.json");
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 4);
    let estimand = Estimand {
        measure: "loaded".into(),
        statistic: Statistic::Mean,
        numerator: 0,
        denominator: 1,
        kind: Kind::Mean { least: 0.0, most: 1.0 },
        scored_by: crate::stages::aggregate::measures::ScoredBy::Itself,
    };
    for case in cases {
        let (a, b) = (case.a.side(), case.b.side());
        let places = align(&a, &b);
        let found = parts(&a, &b, &places, &estimand, 0.05).unwrap();
        near(found.within[0] - found.within[1], case.within);
        near(found.std_error.unwrap(), case.std_error);
        near(found.interval.unwrap().0, case.interval.0);
        near(found.interval.unwrap().1, case.interval.1);
        near(found.overall, case.overall);
        near(found.selection, case.selection);
        near(found.selection_error.unwrap(), case.selection_error);
        near(found.selection_interval.unwrap().0, case.selection_interval.0);
        near(found.selection_interval.unwrap().1, case.selection_interval.1);
        let value = |side: &Side, at: usize| side.totals.row(at)[0] / side.totals.row(at)[1];
        let differences = places.iter().filter_map(|&(first, second)| Some(value(&a, first?) - value(&b, second?)));
        let rows: Vec<Vec<Option<f64>>> = differences.map(|d| vec![Some(d)]).collect();
        let p = paired::p_values(&rows, 999, &mut bootstrap::stream(1, &["reference"]))[0].unwrap();
        if let Some(expected) = case.p {
            near(p, expected);
        }
    }
}
