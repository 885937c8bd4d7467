//! The contrasts between outlets that survive correction for the number of comparisons.

use std::collections::BTreeSet;

use polars::prelude::*;
use serde::Serialize;

use super::whisker::Whisker;
use super::wording::{Scale, measure_label, probability};
use crate::error::Result;
use crate::run_folder::SchemeUsed;

const MOST_Q: f64 = 0.05;
/// Rows shown; the rest is in contrasts.csv.
const SHOWN: usize = 40;
const REST: &str = "(rest)";

/// What the contrasts table says over the whole run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Contrasts {
    pub tested: usize,
    /// With q of at most 0.05.
    pub survived: usize,
    /// Of those, with an interval that leaves out zero: only they are listed.
    pub listed: usize,
    pub rows: Vec<ContrastRow>,
    /// Of outlets on the page against the rest, in narration, the clearest ones; few an outlet.
    pub clearest: Vec<ContrastRow>,
}

/// Contrasts that head the page, and of those at most from one outlet.
const CLEAREST: usize = 6;
const FROM_ONE_OUTLET: usize = 2;

#[derive(Debug, Clone, Serialize)]
pub struct ContrastRow {
    pub a: String,
    /// The other outlet, or "the other outlets".
    pub b: String,
    pub measure: String,
    pub voice: String,
    pub statistic: String,
    pub estimate_a: String,
    pub estimate_b: String,
    pub difference: String,
    pub unit: &'static str,
    pub interval: String,
    pub q: String,
    pub articles: String,
    pub higher: bool,
    pub dot: String,
    /// Difference in half widths of its interval.
    #[serde(skip)]
    clarity: f64,
    #[serde(skip)]
    drawn: (Scale, f64, f64, f64),
}

/// Contrasts over all periods and all parts with q at or below 0.05; outlets against the rest first, clearest first.
/// `on_page` are the outlets that may head the page: of hundreds, those of a handful of articles would crowd out the others.
///
/// # Errors
/// [`crate::Error::Tables`] for a table without the columns of the contract.
pub fn surviving(table: &DataFrame, scheme: &SchemeUsed, on_page: &[String]) -> Result<Contrasts> {
    let columns = Columns::read(table)?;
    let names: BTreeSet<_> = columns.text[..2].iter().flat_map(|c| c.iter().flatten()).filter(|n| *n != REST).collect();
    let two_outlets = names.len() == 2;
    let mut found = Contrasts::default();
    for row in 0..table.height() {
        let Some(q) = columns.number(Q, row).filter(|_| columns.is_shown(row, two_outlets)) else { continue };
        found.tested += 1;
        if q <= MOST_Q {
            found.survived += 1;
            found.rows.extend(columns.contrast(row, q, scheme).filter(leaves_out_zero));
        }
    }
    found.rows.sort_by(|x, y| {
        let rank = |c: &ContrastRow| (c.b != OTHERS, c.voice != "narration");
        rank(x)
            .cmp(&rank(y))
            .then(y.clarity.total_cmp(&x.clarity))
            .then_with(|| (&x.a, &x.measure).cmp(&(&y.a, &y.measure)))
    });
    let may_head = |row: &&ContrastRow| on_page.contains(&row.a) && (two_outlets || row.b == OTHERS);
    found.clearest = clearest(found.rows.iter().filter(may_head));
    found.listed = found.rows.len();
    found.rows.truncate(SHOWN);
    draw(&mut found.rows);
    Ok(found)
}

/// The permutation p and the interval are separate methods: where they disagree, the page does not claim a difference.
fn leaves_out_zero(row: &ContrastRow) -> bool {
    let (_, _, low, high) = row.drawn;
    low > 0.0 || high < 0.0
}

fn clearest<'a>(rows: impl Iterator<Item = &'a ContrastRow>) -> Vec<ContrastRow> {
    let mut chosen: Vec<ContrastRow> = Vec::new();
    for row in rows.filter(|row| row.voice == "narration") {
        let of_outlet = chosen.iter().filter(|other| other.a == row.a).count();
        let told = chosen.iter().any(|other| other.a == row.a && other.measure == row.measure);
        if chosen.len() < CLEAREST && of_outlet < FROM_ONE_OUTLET && !told {
            chosen.push(row.clone());
        }
    }
    chosen
}

const OTHERS: &str = "the other outlets";

/// Each scale has its own width, so that percentage points and rates can stand in one table.
fn draw(rows: &mut [ContrastRow]) {
    for scale in [Scale::Share, Scale::Signed, Scale::Rate] {
        let of_scale = || rows.iter().map(|row| row.drawn).filter(|drawn| drawn.0 == scale);
        let widest = of_scale().map(|(_, _, low, high)| low.abs().max(high.abs())).fold(1e-9, f64::max);
        let whisker = Whisker { low: -widest, high: widest, zero: true };
        for row in rows.iter_mut().filter(|row| row.drawn.0 == scale) {
            let (_, difference, low, high) = row.drawn;
            row.dot = whisker.draw(difference, Some(low), Some(high));
        }
    }
}

struct Columns {
    text: [StringChunked; 7],
    numbers: [Float64Chunked; 8],
}

const TEXT: [&str; 7] = ["outlet_a", "outlet_b", "period", "part", "voice", "measure", "statistic"];
const NUMBERS: [&str; 8] =
    ["estimate_a", "estimate_b", "difference", "ci_low", "ci_high", "q", "n_articles_a", "n_articles_b"];
const Q: usize = 5;

impl Columns {
    fn read(table: &DataFrame) -> Result<Self> {
        let mut text = Vec::new();
        for name in TEXT {
            text.push(table.column(name)?.str()?.clone());
        }
        let mut numbers = Vec::new();
        for name in NUMBERS {
            numbers.push(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone());
        }
        let fixed = "one column a name";
        Ok(Self { text: text.try_into().expect(fixed), numbers: numbers.try_into().expect(fixed) })
    }

    fn number(&self, column: usize, row: usize) -> Option<f64> {
        self.numbers[column].get(row).filter(|value| value.is_finite())
    }

    /// The whole run, all parts, narration or quotes. Of two outlets, each is the other's rest: the pair says it all.
    fn is_shown(&self, row: usize, two_outlets: bool) -> bool {
        let text = |column: usize| self.text[column].get(row).unwrap_or("");
        let pair = text(1) != REST;
        (text(2), text(3)) == ("all", "all")
            && text(4) != "all"
            && is_page_measure(text(5), text(6))
            && (pair || !two_outlets)
    }

    fn contrast(&self, row: usize, q: f64, scheme: &SchemeUsed) -> Option<ContrastRow> {
        let text = |column: usize| self.text[column].get(row).unwrap_or("");
        let number = |column: usize| self.number(column, row);
        let (a, b, difference) = (number(0)?, number(1)?, number(2)?);
        let (low, high) = (number(3)?, number(4)?);
        let scale = Scale::of(text(6), text(5));
        let other = if text(1) == REST { OTHERS } else { text(1) };
        let [estimate_a, estimate_b] = scale.two(a, b);
        let [written, from, to] = scale.differences([difference, low, high]);
        Some(ContrastRow {
            a: text(0).to_owned(),
            b: other.to_owned(),
            measure: measure_label(text(5), scheme),
            voice: text(4).to_owned(),
            statistic: statistic_label(text(6)).to_owned(),
            estimate_a,
            estimate_b,
            difference: written,
            unit: scale.difference_unit(),
            interval: format!("{from} to {to}"),
            q: probability(q),
            articles: format!("{} / {}", number(6).unwrap_or(0.0), number(7).unwrap_or(0.0)),
            higher: difference > 0.0,
            dot: String::new(),
            clarity: difference.abs() / (high - low).max(1e-9),
            drawn: (scale, difference, low, high),
        })
    }
}

/// Of the statistics of a measure, the one that the page speaks of; the tables hold the others.
pub fn is_page_measure(measure: &str, statistic: &str) -> bool {
    match measure {
        "tone" => statistic == "mean",
        "tone_negative" | "tone_positive" => false,
        _ => matches!(statistic, "share_sentences" | "rate_per_1000"),
    }
}

/// A statistic as the page names it.
pub fn statistic_label(statistic: &str) -> &str {
    match statistic {
        "share_sentences" => "share of sentences",
        "share_articles" => "share of articles",
        "rate_per_1000" => "per 1,000 tokens",
        "mean" => "mean",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn only_what_survives_is_shown() {
        let sample = sample::small();
        let tables = sample.tables();
        let table = &tables.iter().find(|(name, _)| *name == "contrasts").unwrap().1;
        let outlets: Vec<String> =
            table.column("outlet_a").unwrap().str().unwrap().iter().flatten().map(String::from).collect();
        let found = surviving(table, &sample.manifest.scheme, &outlets).unwrap();
        let of_one = surviving(table, &sample.manifest.scheme, &[found.clearest[0].a.clone()]).unwrap();
        assert!(of_one.clearest.iter().all(|row| row.a == found.clearest[0].a) && of_one.listed == found.listed);
        assert_eq!(found.tested, table.height());
        assert!(!found.clearest.is_empty() && found.clearest.len() <= CLEAREST);
        assert!(found.survived > 0 && found.survived < found.tested);
        assert!(found.listed <= found.survived);
        assert_eq!(found.rows.len(), found.listed.min(SHOWN));
        assert!(found.rows.iter().all(leaves_out_zero));
        for row in &found.rows {
            assert!(row.q.trim_start_matches("< ").parse::<f64>().unwrap() <= MOST_Q);
            assert_eq!(row.higher, row.difference.starts_with('+'), "{row:?}");
        }
    }
}
