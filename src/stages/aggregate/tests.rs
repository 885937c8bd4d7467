//! The stage as a whole, on a synthetic sentence table.

use polars::prelude::*;

use super::synthetic::{self, Collection, FRAMES, SentenceRow};
use super::{AggregateOptions, Tables, aggregate};
use crate::run_folder::Thresholds;

fn thresholds() -> Thresholds {
    Thresholds { loaded: 0.5, frames: vec![0.5, 0.6] }
}

fn options() -> AggregateOptions {
    AggregateOptions { resamples: 200, permutations: 199, ..Default::default() }
}

fn three_outlets() -> Vec<SentenceRow> {
    Collection { outlets: vec![("Gazette", 40), ("Courier", 25), ("Herald", 4)], seed: 7 }.rows()
}

fn run(rows: &[SentenceRow], options: &AggregateOptions) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sentences.parquet");
    synthetic::write(rows, &path, 100);
    aggregate(&path, &FRAMES.map(String::from), &thresholds(), options).unwrap()
}

fn tables(tables: &Tables) -> [(&'static str, &DataFrame); 6] {
    let Tables { articles, outlets, terms, contrasts, trends, distinctive, .. } = tables;
    [
        ("articles", articles),
        ("outlets", outlets),
        ("terms", terms),
        ("contrasts", contrasts),
        ("trends", trends),
        ("distinctive", distinctive),
    ]
}

#[test]
fn the_number_of_threads_and_the_row_groups_change_nothing() {
    let rows = three_outlets();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&rows, &options()))
    };
    let (one, two) = (with(1), with(2));
    for ((name, a), (_, b)) in tables(&one).into_iter().zip(tables(&two)) {
        assert!(a.equals_missing(b), "{name}");
    }
    assert!(one.outlets.height() > 500);
}

/// Rows of a table where all the given columns have the given values.
fn rows_where(table: &DataFrame, wanted: &[(&str, &str)]) -> DataFrame {
    let condition = wanted.iter().map(|(name, value)| col(*name).eq(lit(*value))).reduce(Expr::and).unwrap();
    table.clone().lazy().filter(condition).collect().unwrap()
}

fn number(table: &DataFrame, name: &str) -> f64 {
    assert_eq!(table.height(), 1, "one row expected, got {table}");
    table.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(0).unwrap()
}

#[test]
fn estimates_equal_a_count_of_the_rows() {
    let rows = three_outlets();
    let tables = run(&rows, &options());
    let own: Vec<_> = rows.iter().filter(|r| r.outlet == "Courier" && r.part == "body" && r.voice == "quote").collect();
    let expected = [
        ("tone", "mean", own.iter().map(|r| f64::from(r.tone[2] - r.tone[0])).sum::<f64>() / own.len() as f64),
        (
            "frame_security",
            "share_sentences",
            own.iter().filter(|r| r.frames[1] >= 0.6).count() as f64 / own.len() as f64,
        ),
    ];
    for (measure, statistic, value) in expected {
        let key = [("outlet", "Courier"), ("period", "all"), ("part", "body"), ("voice", "quotes")];
        let row = rows_where(&tables.outlets, &[&key[..], &[("measure", measure), ("statistic", statistic)]].concat());
        assert!((number(&row, "estimate") - value).abs() < 1e-12, "{measure} {statistic}");
        assert_eq!(number(&row, "n_sentences"), own.len() as f64);
    }
}

#[test]
fn term_rates_split_mixed_sentences_by_token() {
    let rows = three_outlets();
    let tables = run(&rows, &options());
    let own: Vec<_> = rows.iter().filter(|r| r.outlet == "Gazette").collect();
    let tokens: u32 = own.iter().map(|r| r.n_tokens - r.n_tokens_quoted).sum();
    let hits = own.iter().flat_map(|r| &r.terms).filter(|term| term.0 == "swarm" && !term.2).count();
    let key = [("outlet", "Gazette"), ("period", "all"), ("voice", "narration"), ("term", "swarm")];
    let row = rows_where(&tables.terms, &key);
    assert_eq!(number(&row, "count"), hits as f64);
    assert!((number(&row, "rate_per_1000") - 1000.0 * hits as f64 / f64::from(tokens)).abs() < 1e-12);
    let key = [("outlet", "Gazette"), ("period", "all"), ("part", "all"), ("voice", "narration")];
    let row = rows_where(&tables.outlets, &[&key[..], &[("measure", "terms_dehumanising")]].concat());
    assert!((number(&row, "estimate") - 1000.0 * hits as f64 / f64::from(tokens)).abs() < 1e-12);
}
