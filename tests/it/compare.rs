//! `compare`: two outlets of a run side by side.

use std::path::Path;

use polars::prelude::*;
use serde_json::{Value, json};
use textwrap::core::display_width;

use crate::support::{collection, framescope, run, score, stderr, stdout, table};

const COURIER: &str = "The Harborton Courier";
const LEDGER: &str = "The Liberty Ledger";

fn seeds() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    score(&["seeds/articles"], folder.path(), &[], 0);
    let path = folder.path().display().to_string();
    (folder, path)
}

#[track_caller]
fn compared(args: &[&str]) -> Value {
    let done = run(&[&["compare"], args, &["--json"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The one row of a table where all columns have these values.
#[track_caller]
fn row(run: &Path, name: &str, wanted: &[(&str, &str)]) -> DataFrame {
    let condition = wanted.iter().map(|(name, value)| col(*name).eq(lit(*value))).reduce(Expr::and).unwrap();
    let found = table(&run.join(format!("{name}.parquet"))).lazy().filter(condition).collect().unwrap();
    assert_eq!(found.height(), 1, "{name} {wanted:?}");
    found
}

fn number(row: &DataFrame, name: &str) -> Option<f64> {
    row.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(0)
}

/// Equal but for the last digit, which reading JSON may lose.
#[track_caller]
fn assert_same(a: Option<f64>, b: Option<f64>, what: &str) {
    let same = a.zip(b).map_or(a.is_none() && b.is_none(), |(a, b)| (a - b).abs() <= 1e-13 * a.abs());
    assert!(same, "{what}: {a:?} and {b:?}");
}

fn measure<'a>(comparison: &'a Value, voice: &str, measure: &str, statistic: &str) -> &'a Value {
    let rows = comparison["measures"].as_array().unwrap();
    let is = |row: &&Value| row["voice"] == voice && row["measure"] == measure && row["statistic"] == statistic;
    rows.iter().find(is).unwrap_or_else(|| panic!("no {voice} {measure} {statistic}"))
}

#[test]
fn every_number_is_the_tables() {
    let (folder, path) = seeds();
    let comparison = compared(&[&path, COURIER, LEDGER]);
    assert_eq!(comparison["correction"], "run");
    let pair = table(&folder.path().join("contrasts.parquet"))
        .lazy()
        .filter(col("outlet_a").eq(lit(COURIER)).and(col("outlet_b").eq(lit(LEDGER))).and(col("part").eq(lit("all"))))
        .collect()
        .unwrap();
    assert_eq!(comparison["measures"].as_array().unwrap().len(), pair.height());
    for (voice, name, statistic) in [
        ("narration", "tone", "mean"),
        ("quotes", "frame_morality", "share_sentences"),
        ("all", "loaded", "share_articles"),
        ("narration", "terms", "rate_per_1000"),
    ] {
        let found = measure(&comparison, voice, name, statistic);
        let key = [("part", "all"), ("voice", voice), ("measure", name), ("statistic", statistic), ("period", "all")];
        for (side, outlet) in [COURIER, LEDGER].into_iter().enumerate() {
            let own = row(folder.path(), "outlets", &[&key[..], &[("outlet", outlet)]].concat());
            for column in ["estimate", "ci_low", "ci_high", "n_articles"] {
                assert_same(
                    found["estimates"][side][column].as_f64(),
                    number(&own, column),
                    &format!("{outlet} {name} {column}"),
                );
            }
        }
        let contrast =
            row(folder.path(), "contrasts", &[&key[..], &[("outlet_a", COURIER), ("outlet_b", LEDGER)]].concat());
        for column in ["difference", "ci_low", "ci_high", "p", "q"] {
            assert_same(found["difference"][column].as_f64(), number(&contrast, column), &format!("{name} {column}"));
        }
    }
}

#[test]
fn the_other_way_round_every_sign_changes_and_nothing_else() {
    let (_folder, path) = seeds();
    let (one, other) = (compared(&[&path, COURIER, LEDGER]), compared(&[&path, LEDGER, COURIER]));
    let find = |comparison, of| {
        measure(comparison, "narration", "frame_economic", "share_sentences")["difference"][of].as_f64()
    };
    let negated = |of| find(&other, of).map(|value| 0.0 - value);
    assert!(find(&one, "difference").is_some_and(|difference| difference != 0.0));
    assert_eq!(find(&one, "difference"), negated("difference"));
    assert_eq!((find(&one, "ci_low"), find(&one, "ci_high")), (negated("ci_high"), negated("ci_low")));
    assert_eq!((find(&one, "p"), find(&one, "q")), (find(&other, "p"), find(&other, "q")));
    let (terms, swapped) = (one["terms"].as_array().unwrap(), other["terms"].as_array().unwrap());
    assert!(terms.len() > 10 && terms.len() == swapped.len());
    for (a, b) in terms.iter().zip(swapped) {
        assert_eq!((&a["term"], &a["q"]), (&b["term"], &b["q"]));
        assert_eq!(a["counts"][0], b["counts"][1]);
        let sum = a["log_odds"].as_f64().unwrap() + b["log_odds"].as_f64().unwrap();
        assert!(sum.abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn the_same_stories_are_compared_where_both_tell_them() {
    let (folder, path) = seeds();
    let (one, other) = (compared(&[&path, COURIER, LEDGER]), compared(&[&path, LEDGER, COURIER]));
    let key = [("outlet_a", COURIER), ("outlet_b", LEDGER), ("part", "all"), ("voice", "narration")];
    let measure_key = [("measure", "loaded"), ("statistic", "share_sentences")];
    let listed = row(folder.path(), "same_story", &[&key[..], &measure_key].concat());
    let within = |comparison| measure(comparison, "narration", "loaded", "share_sentences")["same_story"].clone();
    let (forth, back) = (within(&one), within(&other));
    assert!(forth["n_stories"].as_u64().is_some_and(|stories| stories > 1), "{forth}");
    assert_same(forth["n_stories"].as_f64(), number(&listed, "n_stories"), "n_stories");
    assert_same(forth["within"][1].as_f64(), number(&listed, "within_b"), "within_b");
    assert_same(back["within"][0].as_f64(), number(&listed, "within_b"), "within_b turned");
    for (found, column) in [("difference", "within"), ("ci_low", "ci_low"), ("p", "p"), ("q", "q")] {
        assert_same(forth["difference"][found].as_f64(), number(&listed, column), found);
    }
    let turned = |of: &str| back["difference"][of].as_f64().map(|value| 0.0 - value);
    assert_same(forth["difference"]["difference"].as_f64(), turned("difference"), "difference turned");
    assert_same(forth["difference"]["ci_low"].as_f64(), turned("ci_high"), "ci_low turned");
    assert_same(
        forth["selection_ci_high"].as_f64(),
        back["selection_ci_low"].as_f64().map(|v| 0.0 - v),
        "selection turned",
    );
    let shown = stdout(&run(&["compare", &path, COURIER, LEDGER]));
    assert!(shown.contains(&format!("In the {} stories that both tell", forth["n_stories"])), "{shown}");
    let period = compared(&[&path, COURIER, LEDGER, "--period", "2026-03"]);
    assert!(measure(&period, "narration", "tone", "mean")["same_story"].is_null(), "the table is of the whole run");
}

#[test]
fn a_period_is_compared_by_itself_and_says_how_q_came_about() {
    let (folder, path) = seeds();
    let period = "2026-03";
    let comparison = compared(&[&path, COURIER, LEDGER, "--period", period, "--voice", "all"]);
    assert_eq!((&comparison["correction"], &comparison["period"]), (&json!("pair"), &json!(period)));
    assert!(comparison["notes"].to_string().contains("measures of this pair alone"), "{}", comparison["notes"]);
    let dated = table(&folder.path().join("articles.parquet"))
        .lazy()
        .filter(col("outlet").eq(lit(COURIER)).and(col("date").dt().to_string("%Y-%m").eq(lit(period))))
        .collect()
        .unwrap();
    assert!(dated.height() > 0);
    assert_eq!(comparison["outlets"][0]["articles"], dated.height());
    let found = measure(&comparison, "all", "tone", "mean");
    let key = [("part", "all"), ("voice", "all"), ("measure", "tone"), ("statistic", "mean"), ("period", period)];
    let sides =
        [COURIER, LEDGER].map(|outlet| row(folder.path(), "outlets", &[&key[..], &[("outlet", outlet)]].concat()));
    let [a, b] = sides.map(|side| number(&side, "estimate").unwrap());
    assert!((found["difference"]["difference"].as_f64().unwrap() - (a - b)).abs() < 1e-12);
    for row in comparison["measures"].as_array().unwrap() {
        assert_eq!(row["voice"], "all");
        let (p, q) = (row["difference"]["p"].as_f64(), row["difference"]["q"].as_f64());
        assert!(p.is_none() == q.is_none() && p.is_none_or(|p| p <= q.unwrap() && q.unwrap() <= 1.0), "{row}");
    }
}

#[test]
fn a_pair_that_the_table_leaves_out_is_compared_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let article = |outlet: usize, at: usize| {
        json!({
            "id": format!("{outlet}-{at}"), "outlet": format!("Paper {outlet:02}"), "date": "2026-03-02", "title": "Council meets",
            "text": format!("The council of ward {outlet} met on Monday about road {at}. It voted to keep library {} open.", outlet * at),
        })
    };
    // Sixteen outlets make 120 pairs, twenty more than the table lists; the last outlets have the fewest articles.
    let records: Vec<Value> = (0..16)
        .flat_map(|outlet| (0..5 - outlet / 8).map(move |at| (outlet, at)))
        .map(|(o, a)| article(o, a))
        .collect();
    let input = collection(folder.path(), "many.jsonl", &records);
    let output = folder.path().join("run");
    score(&[&input.display().to_string()], &output, &[], 0);
    let path = output.display().to_string();
    assert_eq!(compared(&[&path, "Paper 00", "Paper 01"])["correction"], "run");
    let left_out = compared(&[&path, "Paper 15", "Paper 14"]);
    assert_eq!(left_out["correction"], "pair");
    let difference = &measure(&left_out, "all", "tone", "mean")["difference"];
    assert!(difference["p"].as_f64().is_some_and(|p| p > 0.0 && p <= 1.0), "{difference}");
    let shown = stdout(&run(&["compare", &path, "Paper 15", "Paper 14"]));
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains("false-discovery rate over the measures of this pair"), "{shown}");
}

#[test]
fn the_terminal_shows_both_outlets_in_the_words_asked_for() {
    let (_folder, path) = seeds();
    let shown = run(&["compare", &path, COURIER, LEDGER]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    let text = stdout(&shown);
    for part in [
        "The Harborton Courier against The Liberty Ledger",
        "mean nothing",
        "Narration: sentences in the outlets' own words",
        "loaded wording, % of sentences",
        "dehumanising",
        "Loaded terms that The Liberty Ledger uses more than The Harborton Courier",
        "neutral wording",
        "all pairs and measures of the run",
    ] {
        assert!(text.contains(part), "\"{part}\" is not in:\n{text}");
    }
    assert!(
        !text.contains("Quotes: ") && !text.contains('\u{1b}'),
        "narration only, and no colour codes off a terminal"
    );
    let text = stdout(&run(&["compare", &path, COURIER, LEDGER, "--voice", "quote,all"]));
    assert!(text.contains("Quotes: ") && text.contains("All sentences") && !text.contains("Narration: "), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let (_folder, path) = seeds();
    for columns in [60, 80, 120, 200] {
        let done = framescope(&["compare", &path, COURIER, LEDGER, "--voice", "narration,quotes,all"])
            .env("COLUMNS", columns.to_string())
            .output()
            .unwrap();
        for line in stdout(&done).lines() {
            assert!(display_width(line) <= columns, "{columns}: {line}");
        }
        let list = framescope(&["compare", &path]).env("COLUMNS", columns.to_string()).output().unwrap();
        assert!(stdout(&list).lines().all(|line| display_width(line) <= columns), "{}", stdout(&list));
    }
}

#[test]
fn csv_has_the_numbers_of_the_json() {
    let (_folder, path) = seeds();
    let comparison = compared(&[&path, COURIER, LEDGER]);
    let done = run(&["compare", &path, COURIER, LEDGER, "--csv"]);
    let mut reader = csv::Reader::from_reader(&done.stdout[..]);
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let measures = comparison["measures"].as_array().unwrap();
    assert_eq!(rows.len(), measures.len());
    for (row, json) in rows.iter().zip(measures) {
        assert_eq!((&row[at("measure")], &row[at("outlet_b")]), (json["measure"].as_str().unwrap(), LEDGER));
        for (column, value) in [
            ("estimate_a", &json["estimates"][0]["estimate"]),
            ("q", &json["difference"]["q"]),
            ("ci_high_b", &json["estimates"][1]["ci_high"]),
        ] {
            assert_same(row[at(column)].parse().ok(), value.as_f64(), &format!("{column} {json}"));
        }
    }
}

#[test]
fn a_name_that_is_not_there_brings_the_nearest() {
    let (_folder, path) = seeds();
    let list = run(&["compare", &path]);
    assert_eq!(list.status.code(), Some(0));
    let text = stdout(&list);
    for outlet in [COURIER, LEDGER, "Common Thread", "Tidewater Public Media"] {
        assert!(text.contains(outlet), "{text}");
    }
    for (args, message) in [
        (vec![COURIER], "name a second outlet"),
        (vec!["Harbourton Courier", LEDGER], "did you mean \"The Harborton Courier\"?"),
        (vec![COURIER, "Zeitung am Abend"], "lists its 4 outlets"),
        (vec![COURIER, COURIER], "given twice"),
        (vec![COURIER, LEDGER, "--period", "2026-3"], "did you mean \"2026-03\"?"),
        (vec![COURIER, LEDGER, "--voice", "narator"], "narration"),
    ] {
        let done = run(&[&["compare", path.as_str()], &args[..]].concat());
        assert_eq!(done.status.code(), Some(2), "{args:?}");
        assert!(stderr(&done).contains(message), "{args:?}: {}", stderr(&done));
    }
    let lower = compared(&[&path, "the harborton courier", LEDGER]);
    assert_eq!(lower["outlets"][0]["outlet"], COURIER);
    let nowhere = run(&["compare", "seeds", COURIER, LEDGER]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("not a finished run"), "{}", stderr(&nowhere));
}
