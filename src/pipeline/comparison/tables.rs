//! Reads the rows of a run's tables that are about two outlets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polars::prelude::*;

use super::{ComparedTerm, Difference, Estimate, SameStory};
use crate::error::{Error, Result};
use crate::stages::aggregate::ALL;

/// Voice, measure, statistic.
pub type Key = (String, String, String);

/// Columns of a table of the run folder, of the rows that `wanted` holds for.
pub fn read(run: &Path, table: &str, wanted: Option<Expr>, columns: &[&str]) -> Result<DataFrame> {
    let path = run.join(format!("{table}.parquet"));
    if !path.is_file() {
        let reason = "no such table; `framescope report RUN` makes the tables again".into();
        return Err(Error::Run { path, reason });
    }
    let scan = LazyFrame::scan_parquet(PlRefPath::try_from_path(&path)?, Default::default())?;
    let scan = match wanted {
        Some(wanted) => scan.filter(wanted),
        None => scan,
    };
    Ok(scan.select(columns.iter().map(|name| col(*name)).collect::<Vec<_>>()).collect()?)
}

pub fn text(table: &DataFrame, name: &str) -> Result<StringChunked> {
    Ok(table.column(name)?.str()?.clone())
}

pub fn number(table: &DataFrame, name: &str) -> Result<Float64Chunked> {
    Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone())
}

fn finite(column: &Float64Chunked, row: usize) -> Option<f64> {
    column.get(row).filter(|value| value.is_finite())
}

/// Labels of the run's periods, in order of time.
pub fn periods(run: &Path) -> Result<Vec<String>> {
    let table = read(run, "outlets", None, &["period", "period_start"])?;
    let (labels, starts) = (text(&table, "period")?, table.column("period_start")?.cast(&DataType::Int32)?);
    let distinct: BTreeSet<(Option<i32>, &str)> =
        starts.i32()?.iter().zip(labels.iter()).filter_map(|(start, label)| Some((start, label?))).collect();
    Ok(distinct.into_iter().map(|(_, label)| label.to_owned()).filter(|label| label != ALL).collect())
}

/// Estimates over all parts, each with the side that it is of: 0 or 1.
pub fn estimates(run: &Path, names: [&str; 2], period: &str) -> Result<Vec<(usize, Key, Estimate)>> {
    const COLUMNS: [&str; 9] =
        ["outlet", "voice", "measure", "statistic", "estimate", "ci_low", "ci_high", "n_articles", "small_cell"];
    let either = col("outlet").eq(lit(names[0])).or(col("outlet").eq(lit(names[1])));
    let here = col("period").eq(lit(period)).and(col("part").eq(lit("all")));
    let table = read(run, "outlets", Some(either.and(here)), &COLUMNS)?;
    let outlet = text(&table, "outlet")?;
    let keys = keys(&table)?;
    let (estimate, articles) = (number(&table, "estimate")?, number(&table, "n_articles")?);
    let (low, high) = (number(&table, "ci_low")?, number(&table, "ci_high")?);
    let small = table.column("small_cell")?.bool()?.clone();
    let rows = keys.into_iter().enumerate().filter_map(|(row, key)| {
        let side = names.iter().position(|name| outlet.get(row) == Some(name))?;
        let estimate = Estimate {
            estimate: finite(&estimate, row)?,
            ci_low: finite(&low, row),
            ci_high: finite(&high, row),
            n_articles: finite(&articles, row)? as u32,
            small_cell: small.get(row).unwrap_or(false),
        };
        Some((side, key, estimate))
    });
    Ok(rows.collect())
}

fn keys(table: &DataFrame) -> Result<Vec<Key>> {
    let (voice, measure, statistic) = (text(table, "voice")?, text(table, "measure")?, text(table, "statistic")?);
    let owned = |column: &StringChunked, row| column.get(row).unwrap_or_default().to_owned();
    Ok((0..table.height()).map(|row| (owned(&voice, row), owned(&measure, row), owned(&statistic, row))).collect())
}

const DIFFERENCE: [&str; 12] = [
    "outlet_a",
    "part",
    "voice",
    "measure",
    "statistic",
    "difference",
    "ci_low",
    "ci_high",
    "p",
    "p_method",
    "q",
    "n_articles_a",
];

/// The rows of table `contrasts` about the pair in that period; `None` where it has none.
pub fn listed_pair(run: &Path, names: [&str; 2], period: &str) -> Result<Option<DataFrame>> {
    if !run.join("contrasts.parquet").is_file() {
        return Ok(None);
    }
    let [a, b] = names;
    let ordered = |a, b| col("outlet_a").eq(lit(a)).and(col("outlet_b").eq(lit(b)));
    let wanted =
        ordered(a, b).or(ordered(b, a)).and(col("contrast").eq(lit("outlets"))).and(col("period").eq(lit(period)));
    let table = read(run, "contrasts", Some(wanted), &DIFFERENCE)?;
    Ok((table.height() > 0).then_some(table))
}

/// The differences over all parts, the first of `names` minus the second, whichever way round the table has them.
pub fn differences(table: &DataFrame, names: [&str; 2]) -> Result<BTreeMap<Key, Difference>> {
    if table.height() == 0 {
        return Ok(BTreeMap::new());
    }
    let (first, part, p_method) = (text(table, "outlet_a")?, text(table, "part")?, text(table, "p_method")?);
    let (difference, p, q) = (number(table, "difference")?, number(table, "p")?, number(table, "q")?);
    let (low, high) = (number(table, "ci_low")?, number(table, "ci_high")?);
    let rows = keys(table)?.into_iter().enumerate().filter_map(|(row, key)| {
        if part.get(row) != Some("all") {
            return None;
        }
        let ends = [finite(&low, row), finite(&high, row)];
        let (sign, [low, high]) = match first.get(row) == Some(names[0]) {
            true => (1.0, ends),
            false => (-1.0, [ends[1].map(|end| 0.0 - end), ends[0].map(|end| 0.0 - end)]),
        };
        let difference = Difference {
            // Adding zero leaves no negative zero.
            difference: sign * finite(&difference, row)? + 0.0,
            ci_low: low,
            ci_high: high,
            p: finite(&p, row),
            p_method: p_method.get(row).unwrap_or_default().to_owned(),
            q: finite(&q, row),
        };
        Some((key, difference))
    });
    Ok(rows.collect())
}

const SAME_STORY: [&str; 18] = [
    "outlet_a",
    "part",
    "voice",
    "measure",
    "statistic",
    "n_stories",
    "within_a",
    "within_b",
    "within",
    "ci_low",
    "ci_high",
    "p",
    "p_method",
    "q",
    "selection",
    "selection_ci_low",
    "selection_ci_high",
    "small_cell",
];

/// The differences within the stories that both tell, over all parts; none for a single period or where the run has no such table.
pub fn same_story(run: &Path, names: [&str; 2], period: &str) -> Result<BTreeMap<Key, SameStory>> {
    if period != ALL || !run.join("same_story.parquet").is_file() {
        return Ok(BTreeMap::new());
    }
    let [a, b] = names;
    let ordered = |a, b| col("outlet_a").eq(lit(a)).and(col("outlet_b").eq(lit(b)));
    let wanted = ordered(a, b).or(ordered(b, a)).and(col("part").eq(lit("all")));
    let table = read(run, "same_story", Some(wanted), &SAME_STORY)?;
    let (first, p_method) = (text(&table, "outlet_a")?, text(&table, "p_method")?);
    let numbers: BTreeMap<&str, Float64Chunked> = ["n_stories", "within_a", "within_b", "within", "ci_low", "ci_high"]
        .into_iter()
        .chain(["p", "q", "selection", "selection_ci_low", "selection_ci_high"])
        .map(|name| Ok((name, number(&table, name)?)))
        .collect::<Result<_>>()?;
    let small = table.column("small_cell")?.bool()?.clone();
    let rows = keys(&table)?.into_iter().enumerate().filter_map(|(row, key)| {
        let of = |name: &str| finite(&numbers[name], row);
        let as_listed = first.get(row) == Some(a);
        let turned = |value: f64| if as_listed { value } else { 0.0 - value };
        let ends = |low: Option<f64>, high: Option<f64>| {
            if as_listed { [low, high] } else { [high, low].map(|end| end.map(turned)) }
        };
        let [ci_low, ci_high] = ends(of("ci_low"), of("ci_high"));
        let [selection_ci_low, selection_ci_high] = ends(of("selection_ci_low"), of("selection_ci_high"));
        let mut within = [of("within_a")?, of("within_b")?];
        if !as_listed {
            within.reverse();
        }
        let found = SameStory {
            n_stories: of("n_stories")? as u32,
            within,
            difference: Difference {
                difference: turned(of("within")?) + 0.0,
                ci_low,
                ci_high,
                p: of("p"),
                p_method: p_method.get(row).unwrap_or_default().to_owned(),
                q: of("q"),
            },
            selection: of("selection").map(|value| turned(value) + 0.0),
            selection_ci_low,
            selection_ci_high,
            small_cell: small.get(row).unwrap_or(false),
        };
        Some((key, found))
    });
    Ok(rows.collect())
}

/// The terms of a table in which two outlets are compared with each other, in its order of voices and terms.
pub fn terms(table: &DataFrame, names: [&str; 2], neutral: &BTreeMap<String, String>) -> Result<Vec<ComparedTerm>> {
    let (outlet, voice) = (text(table, "outlet")?, text(table, "voice")?);
    let (term, category) = (text(table, "term")?, text(table, "category")?);
    let (count, rate) = (number(table, "count")?, number(table, "rate_per_1000")?);
    let (articles, log_odds) = (number(table, "n_articles_with_term")?, number(table, "log_odds")?);
    let (z_articles, q) = (number(table, "z_articles")?, number(table, "q")?);
    let mut found: Vec<ComparedTerm> = Vec::new();
    let mut places: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for row in 0..table.height() {
        let (Some(voice), Some(term), Some(category)) = (voice.get(row), term.get(row), category.get(row)) else {
            continue;
        };
        let Some(side) = names.iter().position(|name| outlet.get(row) == Some(name)) else { continue };
        let place = *places.entry((voice, term, category)).or_insert_with(|| {
            found.push(ComparedTerm {
                voice: voice.to_owned(),
                term: term.to_owned(),
                category: category.to_owned(),
                neutral: neutral.get(term).cloned(),
                counts: [0; 2],
                rates_per_1000: [None; 2],
                n_articles_with_term: [0; 2],
                log_odds: None,
                z_articles: None,
                q: None,
            });
            found.len() - 1
        });
        let compared = &mut found[place];
        compared.counts[side] = count.get(row).unwrap_or(0.0) as u64;
        compared.rates_per_1000[side] = finite(&rate, row);
        compared.n_articles_with_term[side] = articles.get(row).unwrap_or(0.0) as u32;
        if side == 0 {
            compared.log_odds = finite(&log_odds, row);
            compared.z_articles = finite(&z_articles, row);
            compared.q = finite(&q, row);
        }
    }
    Ok(found)
}
