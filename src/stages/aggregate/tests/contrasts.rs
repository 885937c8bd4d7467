//! Differences between outlets and periods, and of a pair on its own.

use super::super::contrast_pair;
use super::*;

#[test]
fn the_rest_of_two_outlets_is_the_other_one() {
    let rows = Collection { outlets: vec![("Gazette", 40), ("Courier", 25)], seed: 7 }.rows();
    let tables = run(&rows, &options());
    let of = |contrast, a, name: &str| {
        numbers(&rows_where(&tables.contrasts, &[("contrast", contrast), ("outlet_a", a), ("period", "all")]), name)
    };
    for name in ["estimate_b", "difference", "ci_low", "ci_high", "ci_low_bootstrap", "ci_high_bootstrap"] {
        let (pair, rest) = (of("outlets", "Courier", name), of("rest", "Courier", name));
        assert_eq!(pair.len(), rest.len());
        for (pair, rest) in pair.into_iter().zip(rest) {
            let near = pair.zip(rest).is_none_or(|(pair, rest)| (pair - rest).abs() < 1e-9);
            assert!(near && pair.is_some() == rest.is_some(), "{name}: {pair:?} {rest:?}");
        }
    }
}

#[test]
fn the_rest_is_the_other_outlets_pooled_and_a_pair_is_listed_once() {
    let rows = three_outlets();
    let tables = run(&rows, &options());
    let key = [
        ("contrast", "rest"),
        ("outlet_a", "Gazette"),
        ("part", "all"),
        ("voice", "all"),
        ("measure", "loaded"),
        ("statistic", "mean"),
    ];
    let row = rows_where(&tables.contrasts, &key);
    let mean = |gazette: bool| {
        let scores: Vec<f64> =
            rows.iter().filter(|r| (r.outlet == "Gazette") == gazette).map(|r| f64::from(r.loaded)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    assert!((number(&row, "estimate_a") - mean(true)).abs() < 1e-12);
    assert!((number(&row, "estimate_b") - mean(false)).abs() < 1e-12);
    assert!((number(&row, "difference") - (mean(true) - mean(false))).abs() < 1e-12);
    let pairs = rows_where(&tables.contrasts, &[("contrast", "outlets"), ("measure", "tone"), ("part", "headline")]);
    assert_eq!(pairs.height(), 3);
}

#[test]
fn periods_are_contrasted_where_asked_for() {
    let options = AggregateOptions { contrasts_by_period: true, min_articles: 1, ..options() };
    let tables = run(&three_outlets(), &options);
    let key =
        [("contrast", "periods"), ("outlet_a", "Gazette"), ("measure", "tone"), ("part", "all"), ("voice", "all")];
    let rows = rows_where(&tables.contrasts, &key);
    let text = |name: &str| {
        rows.column(name).unwrap().str().unwrap().iter().map(|t| t.unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(text("period"), ["2026-02", "2026-03", "2026-04", "2026-05"]);
    assert_eq!(text("period_b"), ["2026-01", "2026-02", "2026-03", "2026-04"]);
    assert!(rows_where(&tables.contrasts, &[("contrast", "outlets"), ("period", "2026-02")]).height() > 100);
}

#[test]
fn too_many_pairs_are_cut_with_a_note_and_every_outlet_keeps_the_rest() {
    let tables = run(&three_outlets(), &AggregateOptions { max_pairs: 1, ..options() });
    let tone = [("measure", "tone"), ("part", "headline")];
    let pairs = rows_where(&tables.contrasts, &[&tone[..], &[("contrast", "outlets")]].concat());
    assert_eq!((pairs.height(), tables.notes.len()), (1, 1));
    assert_eq!(rows_where(&tables.contrasts, &[&tone[..], &[("contrast", "rest")]].concat()).height(), 3);
}

#[test]
fn one_term_in_one_article_is_no_difference() {
    // Both outlets are alike but for the length of their articles; one article of the brief one has one term.
    let options = AggregateOptions { permutations: 1999, ..options() };
    let mut rows: Vec<SentenceRow> = three_outlets().into_iter().filter(|row| row.outlet != "Herald").collect();
    let template = rows[0].clone();
    rows.clear();
    for (outlet, articles, sentences) in [("Brief", 11, 6), ("Long", 12, 12)] {
        for article in 0..articles {
            for index in 0..sentences + article % 3 {
                let terms = match (outlet, article, index) {
                    ("Brief", 4, 2) => vec![("swarm", "dehumanising", false)],
                    _ => Vec::new(),
                };
                let article_id = format!("{outlet}-{article}");
                let (outlet, voice) = (outlet.to_owned(), "narration");
                rows.push(SentenceRow { article_id, outlet, voice, n_tokens_quoted: 0, terms, ..template.clone() });
            }
        }
    }
    let tables = run(&rows, &options);
    let key = [("contrast", "outlets"), ("measure", "terms_dehumanising"), ("part", "all"), ("voice", "narration")];
    let row = rows_where(&tables.contrasts, &key);
    assert!(number(&row, "p") > 0.2, "{row}");
    assert_eq!(row.column("p_method").unwrap().str().unwrap().get(0), Some("welch_t"));
}

#[test]
fn a_pair_on_its_own_has_the_tables_numbers() {
    let options = AggregateOptions { contrasts_by_period: true, ..options() };
    let rows = three_outlets();
    let tables = run(&rows, &options);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sentences.parquet");
    synthetic::write(&rows, &path, 100);
    let names = FRAMES.map(String::from);
    for period in ["all", "2026-02"] {
        // The order asked for does not matter: a pair has one order, the alphabet's.
        let pair = contrast_pair(&path, &names, &thresholds(), &options, ["Gazette", "Courier"], period).unwrap();
        let key = [("outlet_a", "Courier"), ("outlet_b", "Gazette"), ("period", period), ("contrast", "outlets")];
        let known = rows_where(&tables.contrasts, &key);
        assert!(known.height() > 50 && known.drop("q").unwrap().equals_missing(&pair.contrasts.drop("q").unwrap()));
        let (p, q) = (numbers(&pair.contrasts, "p"), numbers(&pair.contrasts, "q"));
        assert!(p.iter().zip(&q).all(|(p, q)| p.is_some() == q.is_some() && q >= p));
    }
    let unknown = contrast_pair(&path, &names, &thresholds(), &options, ["Gazete", "Courier"], "all").unwrap_err();
    assert!(unknown.to_string().contains("did you mean \"Gazette\""), "{unknown}");
}

#[test]
fn the_terms_of_a_pair_are_those_of_a_collection_of_the_two() {
    let rows = three_outlets();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sentences.parquet");
    synthetic::write(&rows, &path, 100);
    let names = FRAMES.map(String::from);
    let pair = contrast_pair(&path, &names, &thresholds(), &options(), ["Courier", "Gazette"], "all").unwrap();
    let two: Vec<_> = rows.iter().filter(|row| row.outlet != "Herald").cloned().collect();
    let alone = rows_where(&run(&two, &options()).terms, &[("period", "all")]);
    let order = SortMultipleOptions::default().with_maintain_order(true);
    assert!(alone.height() > 10 && alone.equals_missing(&pair.terms.sort(["outlet"], order).unwrap()));
}
