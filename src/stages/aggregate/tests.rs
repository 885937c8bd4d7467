//! The stage as a whole, on a synthetic sentence table.

mod contrasts;

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

fn tables(tables: &Tables) -> [(&'static str, &DataFrame); 8] {
    let Tables { articles, outlets, sections, terms, shifts, contrasts, trends, distinctive, .. } = tables;
    [
        ("articles", articles),
        ("outlets", outlets),
        ("sections", sections),
        ("terms", terms),
        ("shifts", shifts),
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

#[test]
fn sections_are_told_apart_and_articles_without_one_are_in_none() {
    let rows = three_outlets();
    let tables = run(&rows, &options());
    let own = |r: &&SentenceRow| r.outlet == "Gazette" && r.section() == Some("Business") && r.voice == "narration";
    let own: Vec<_> = rows.iter().filter(own).collect();
    let loaded = own.iter().filter(|r| r.loaded >= 0.5).count() as f64 / own.len() as f64;
    let key = [("outlet", "Gazette"), ("section", "Business"), ("period", "all"), ("voice", "narration")];
    let row =
        rows_where(&tables.sections, &[&key[..], &[("measure", "loaded"), ("statistic", "share_sentences")]].concat());
    assert!((number(&row, "estimate") - loaded).abs() < 1e-12);
    assert_eq!(number(&row, "n_sentences"), own.len() as f64);
    let sections = tables.sections.column("section").unwrap().str().unwrap();
    assert!(sections.iter().all(|section| section.is_some()));
}

#[test]
fn a_term_that_comes_up_is_a_shift_of_the_outlet_and_of_all_outlets() {
    let mut rows = Collection { outlets: vec![("Gazette", 80), ("Courier", 40)], seed: 3 }.rows();
    for row in &mut rows {
        let late = row.date.is_some_and(|date| date >= "2026-03-01".parse().unwrap());
        row.terms.retain(|term| term.0 != "swarm");
        if row.outlet == "Gazette" && late && row.voice == "narration" {
            row.terms.push(("swarm", "dehumanising", false));
        }
    }
    let period = super::Period::Events(vec!["2026-03-01".parse().unwrap()]);
    let tables = run(&rows, &AggregateOptions { period, ..options() });
    let late = |r: &&SentenceRow| r.date.is_some_and(|date| date >= "2026-03-01".parse().unwrap());
    let of = |outlet| rows_where(&tables.shifts, &[("outlet", outlet), ("term", "swarm"), ("voice", "narration")]);
    let gazette = of("Gazette");
    let own: Vec<_> = rows.iter().filter(late).filter(|r| r.outlet == "Gazette").collect();
    let hits = own.iter().filter(|r| r.voice == "narration").count() as f64;
    let tokens: u32 = own.iter().map(|r| r.n_tokens - r.n_tokens_quoted).sum();
    assert_eq!((number(&gazette, "count"), number(&gazette, "count_before")), (hits, 0.0));
    assert!((number(&gazette, "rate_per_1000") - 1000.0 * hits / f64::from(tokens)).abs() < 1e-12);
    assert!(number(&gazette, "z_articles") > 3.0 && number(&gazette, "q") < 0.01);
    assert_eq!(of("Courier").height(), 0, "no row for a term that is in neither period");
    assert_eq!(number(&of("(all)"), "count"), hits);
}

/// Before and after the event, one text in three articles; two of them use the term: two thirds of an occurrence each time.
#[test]
fn weighted_counts_of_shifts_are_rounded_not_cut() {
    let mut rows = Collection { outlets: vec![("Gazette", 80)], seed: 3 }.rows();
    rows.iter_mut().for_each(|row| row.terms.clear());
    let printed = |at: usize, when: &str, text: &str| SentenceRow {
        article_id: format!("Reprint-{when}-{at}"),
        date: Some(when.parse().unwrap()),
        part: "body",
        voice: "narration",
        text: text.to_owned(),
        n_tokens: 40,
        n_tokens_quoted: 0,
        terms: if at < 2 { vec![("swarm", "dehumanising", false)] } else { vec![] },
        ..rows[0].clone()
    };
    let text = |word: &str| (0..40).map(|at| format!("{word}{at}")).collect::<Vec<_>>().join(" ");
    let reprints: Vec<_> = [("2026-02-01", text("early")), ("2026-04-01", text("late"))]
        .iter()
        .flat_map(|(when, text)| [0, 1, 2].map(|at| printed(at, when, text)))
        .collect();
    rows.extend(reprints);
    let period = super::Period::Events(vec!["2026-03-01".parse().unwrap()]);
    let wire = super::Wire::Once;
    let tables = run(&rows, &AggregateOptions { period, wire, ..options() });
    let shift = rows_where(&tables.shifts, &[("outlet", "Gazette"), ("term", "swarm"), ("voice", "all")]);
    let sizes = numbers(&tables.articles, "cluster_size");
    let ids = tables.articles.column("article_id").unwrap().str().unwrap();
    let weight: std::collections::HashMap<&str, f64> =
        ids.iter().zip(&sizes).map(|(id, size)| (id.unwrap(), 1.0 / size.unwrap())).collect();
    assert!((0..3).all(|at| weight[format!("Reprint-2026-02-01-{at}").as_str()] == 1.0 / 3.0));
    let gazette = |late: bool| {
        let event = "2026-03-01".parse().unwrap();
        let own = rows.iter().filter(|r| r.date.is_some_and(|date| (date >= event) == late));
        1000.0 * (2.0 / 3.0) / own.map(|r| weight[r.article_id.as_str()] * f64::from(r.n_tokens)).sum::<f64>()
    };
    for (count, rate, late) in [("count", "rate_per_1000", true), ("count_before", "rate_per_1000_before", false)] {
        assert_eq!(number(&shift, count), 1.0, "{count}");
        assert!((number(&shift, rate) - gazette(late)).abs() < 1e-9, "{rate}");
    }
}

#[test]
fn a_period_of_few_articles_is_not_set_against_another() {
    let rows = Collection { outlets: vec![("Gazette", 120), ("Herald", 4)], seed: 7 }.rows();
    let tables = run(&rows, &AggregateOptions { min_articles: 5, ..options() });
    assert!(rows_where(&tables.contrasts, &[("contrast", "periods"), ("outlet_a", "Gazette")]).height() > 0);
    assert_eq!(rows_where(&tables.contrasts, &[("contrast", "periods"), ("outlet_a", "Herald")]).height(), 0);
    assert_eq!(rows_where(&tables.shifts, &[("outlet", "Herald")]).height(), 0);
}

/// Numbers of a column, in row order.
fn numbers(table: &DataFrame, name: &str) -> Vec<Option<f64>> {
    table.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().iter().collect()
}

#[test]
fn an_outlets_numbers_do_not_depend_on_the_others() {
    let rows = three_outlets();
    let alone: Vec<_> = rows.iter().filter(|row| row.outlet == "Courier").cloned().collect();
    let of = |tables: &Tables| rows_where(&tables.outlets, &[("outlet", "Courier")]);
    let (together, alone) = (of(&run(&rows, &options())), of(&run(&alone, &options())));
    assert!(together.height() > 300);
    assert!(together.equals_missing(&alone));
}

#[test]
fn the_seed_moves_only_what_is_drawn() {
    let rows = three_outlets();
    let (a, b) = (run(&rows, &options()), run(&rows, &AggregateOptions { seed: 2, ..options() }));
    for fixed in ["estimate", "ci_low", "ci_high", "std_error", "ci_low_linear"] {
        assert_eq!(numbers(&a.outlets, fixed), numbers(&b.outlets, fixed), "{fixed}");
    }
    assert_ne!(numbers(&a.outlets, "ci_low_bootstrap"), numbers(&b.outlets, "ci_low_bootstrap"));
    assert_ne!(numbers(&a.contrasts, "p"), numbers(&b.contrasts, "p"));
}

#[test]
fn a_cell_of_one_article_has_no_interval_and_few_are_marked() {
    let rows = Collection { outlets: vec![("Gazette", 12), ("Herald", 1)], seed: 3 }.rows();
    let tables = run(&rows, &options());
    let herald = rows_where(&tables.outlets, &[("outlet", "Herald"), ("period", "all")]);
    assert!(herald.height() > 50);
    for interval in ["ci_low", "ci_high", "ci_low_bootstrap", "ci_low_linear", "std_error"] {
        assert!(numbers(&herald, interval).iter().all(Option::is_none), "{interval}");
    }
    assert!(numbers(&herald, "small_cell").iter().all(|&small| small == Some(1.0)));
    assert!(numbers(&rows_where(&tables.contrasts, &[("outlet_b", "Herald")]), "p").iter().all(Option::is_none));
}

#[test]
fn every_interval_holds_its_estimate() {
    let tables = run(&three_outlets(), &options());
    for (table, estimate) in
        [(&tables.outlets, "estimate"), (&tables.terms, "rate_per_1000"), (&tables.contrasts, "difference")]
    {
        let columns = ["ci_low", estimate, "ci_high"].map(|name| numbers(table, name));
        let rows = columns[0].iter().zip(&columns[1]).zip(&columns[2]);
        let mut held = 0;
        for ((low, value), high) in rows {
            let (Some(low), Some(value), Some(high)) = (low, value, high) else { continue };
            assert!(low <= value && value <= high, "{estimate}: {low} {value} {high}");
            held += 1;
        }
        assert!(held > 20, "{estimate}");
    }
}

#[test]
fn narration_quotes_and_mixed_add_up() {
    let rows = three_outlets();
    let tables = run(&rows, &options());
    let key = |voice| {
        [
            ("outlet", "Gazette"),
            ("period", "all"),
            ("part", "all"),
            ("voice", voice),
            ("measure", "loaded"),
            ("statistic", "mean"),
        ]
    };
    let of = |voice| {
        let row = rows_where(&tables.outlets, &key(voice));
        (number(&row, "estimate"), number(&row, "n_sentences"))
    };
    let mixed: Vec<f64> =
        rows.iter().filter(|r| r.outlet == "Gazette" && r.voice == "mixed").map(|r| f64::from(r.loaded)).collect();
    let (all, narration, quotes) = (of("all"), of("narration"), of("quotes"));
    assert_eq!(all.1, narration.1 + quotes.1 + mixed.len() as f64);
    let joined = narration.0 * narration.1 + quotes.0 * quotes.1 + mixed.iter().sum::<f64>();
    assert!((all.0 - joined / all.1).abs() < 1e-12);
}

#[test]
fn distinctive_wording_is_found_and_told_from_a_repeated_name() {
    let mut rows = Collection { outlets: vec![("Gazette", 40), ("Courier", 40)], seed: 5 }.rows();
    for (at, row) in rows.iter_mut().enumerate() {
        let gazette = row.outlet == "Gazette";
        row.text = format!("Council voted on item {}.", at % 7);
        if gazette && row.part == "headline" {
            row.text = "An illegal alien surge again.".into();
        }
        row.voice = "narration";
    }
    let burst: Vec<_> = rows.iter().filter(|r| r.article_id == "Courier-3").cloned().collect();
    rows.extend(std::iter::repeat_n(SentenceRow { text: "Zanzibar.".into(), ..burst[0].clone() }, 60));
    let tables = run(&rows, &options());
    let of = |outlet| rows_where(&tables.distinctive, &[("outlet", outlet), ("ngram", "illegal alien surge")]);
    let (own, other) = (of("Gazette"), of("Courier"));
    assert_eq!((number(&own, "count"), number(&own, "count_rest"), number(&own, "n")), (40.0, 0.0, 3.0));
    assert!(number(&own, "z_articles") > 2.0 && number(&own, "q") < 0.05 && number(&other, "z_articles") < -2.0);
    assert_eq!(rows_where(&tables.distinctive, &[("ngram", "zanzibar")]).height(), 0, "one article is not a style");
}

#[test]
fn unusable_files_and_options_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sentences.parquet");
    let mut rows = Collection { outlets: vec![("Gazette", 2)], seed: 1 }.rows();
    rows[1].loaded = f32::NAN;
    synthetic::write(&rows, &path, 100);
    let with = |frames: &[String], options: &AggregateOptions| {
        aggregate(&path, frames, &Thresholds { loaded: 0.5, frames: vec![0.5; frames.len()] }, options)
            .unwrap_err()
            .to_string()
    };
    let frames = FRAMES.map(String::from);
    assert!(with(&frames, &options()).contains("row 2: loaded is not a number"));
    assert!(with(&["moral".into()], &options()).contains("frame_moral"));
    assert!(with(&frames, &AggregateOptions { confidence: 95.0, ..options() }).contains("confidence"));
    let written: AggregateOptions = serde_json::from_str(r#"{"period": "week", "seed": 9}"#).unwrap();
    assert_eq!((written.period.to_string(), written.seed, written.resamples), ("week".into(), 9, 1000));
    assert!(serde_json::from_str::<AggregateOptions>(r#"{"perod": "week"}"#).is_err());
}
