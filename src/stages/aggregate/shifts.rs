//! Table `shifts`: loaded terms that an outlet, or all outlets together, uses more or less than in the period before.
//!
//! Weighted log-odds of the later period against the earlier one ([`super::log_odds`]); p rests on the article-level
//! error. q is within a voice, over all terms and periods: of all outlets together in one family, of the single
//! outlets in another. Periods of fewer than `min_articles` articles are not compared.

use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::ArticleSums;
use super::columns::{column, frame};
use super::fdr;
use super::intervals;
use super::linearised::RatioSums;
use super::log_odds::{LogOdds, WordCount, log_odds};
use super::measures::VoiceGroup;
use super::options::AggregateOptions;
use super::periods::{Calendar, Window};
use super::terms::{OutletSums, lexicon_by_name, outlet_sums};
use crate::error::Result;

/// All outlets together.
pub const EVERY_OUTLET: &str = "(all)";

/// One term in two periods of one outlet.
struct Row<'a> {
    outlet: &'a str,
    windows: [&'a Window; 2],
    voice: VoiceGroup,
    term: u32,
    sums: [RatioSums; 2],
    articles_with_term: [u32; 2],
    compared: Option<LogOdds>,
    p: Option<f64>,
    q: Option<f64>,
}

pub fn table(sums: &ArticleSums, periods: &Calendar, options: &AggregateOptions) -> Result<DataFrame> {
    let by_voice: Vec<Vec<Row>> = VoiceGroup::ALL
        .par_iter()
        .map(|&voice| {
            let mut rows = compare(sums, periods, voice, options);
            let q = fdr::within_families(rows.iter().map(|row| (row.outlet == EVERY_OUTLET, row.p)));
            rows.iter_mut().zip(q).for_each(|(row, q)| row.q = q);
            rows
        })
        .collect();
    let mut rows: Vec<Row> = by_voice.into_iter().flatten().collect();
    rows.sort_by_key(|row| (row.outlet, row.windows[1].start));
    data_frame(sums, &rows)
}

/// Every outlet's latest period with enough articles is kept until the next such period comes.
fn compare<'a>(
    sums: &'a ArticleSums,
    periods: &'a Calendar,
    voice: VoiceGroup,
    options: &AggregateOptions,
) -> Vec<Row<'a>> {
    let mut names: Vec<&str> = sums.outlets.iter().map(String::as_str).collect();
    names.push(EVERY_OUTLET);
    let terms = lexicon_by_name(sums);
    let mut earlier: Vec<Option<(&Window, OutletSums)>> = Vec::new();
    earlier.resize_with(names.len(), || None);
    let mut rows = Vec::new();
    for (window, at) in periods.windows.iter().zip(0u32..) {
        let mut outlets = outlet_sums(sums, periods, Some(at), voice);
        outlets.push(OutletSums::together(&outlets, sums.lexicon.len()));
        for ((later, earlier), name) in outlets.into_iter().zip(&mut earlier).zip(&names) {
            if later.tokens.sums.n < f64::from(options.min_articles) {
                continue;
            }
            if let Some((before, earlier)) = earlier.as_ref() {
                let pair = |&term: &u32| row(name, [before, window], voice, term, [earlier, &later]);
                rows.extend(terms.iter().filter_map(pair));
            }
            *earlier = Some((window, later));
        }
    }
    rows
}

/// `None` where the term occurs in neither period.
fn row<'a>(
    outlet: &'a str,
    windows: [&'a Window; 2],
    voice: VoiceGroup,
    term: u32,
    periods: [&OutletSums; 2],
) -> Option<Row<'a>> {
    let sums = periods.map(|period| period.with_term(term).sums);
    if sums.iter().all(|sums| sums.y <= 0.0) {
        return None;
    }
    let compared = log_odds(WordCount::of(&sums[1]), WordCount::of(&sums[0]));
    Some(Row {
        outlet,
        windows,
        voice,
        term,
        sums,
        articles_with_term: periods.map(|period| period.articles_with(term)),
        compared,
        p: compared.map(|compared| intervals::normal_p(compared.z_articles)),
        q: None,
    })
}

fn data_frame(sums: &ArticleSums, rows: &[Row]) -> Result<DataFrame> {
    let lexicon = |row: &Row| &sums.lexicon[row.term as usize];
    let rate = |sums: &RatioSums| 1000.0 * sums.y / sums.x;
    Ok(frame(vec![
        column("outlet", rows, |r| r.outlet),
        column("period", rows, |r| r.windows[1].label.as_str()),
        column("period_start", rows, |r| r.windows[1].start),
        column("period_before", rows, |r| r.windows[0].label.as_str()),
        column("voice", rows, |r| r.voice.name()),
        column("term", rows, |r| lexicon(r).0.as_str()),
        column("category", rows, |r| lexicon(r).1.as_str()),
        column("count", rows, |r| r.sums[1].y.round() as u64),
        column("count_before", rows, |r| r.sums[0].y.round() as u64),
        column("rate_per_1000", rows, |r| rate(&r.sums[1])),
        column("rate_per_1000_before", rows, |r| rate(&r.sums[0])),
        column("n_articles", rows, |r| r.sums[1].n as u32),
        column("n_articles_before", rows, |r| r.sums[0].n as u32),
        column("n_articles_with_term", rows, |r| r.articles_with_term[1]),
        column("n_articles_with_term_before", rows, |r| r.articles_with_term[0]),
        column("log_odds", rows, |r| r.compared.map(|c| c.log_odds)),
        column("z", rows, |r| r.compared.map(|c| c.z)),
        column("z_articles", rows, |r| r.compared.map(|c| c.z_articles)),
        column("p", rows, |r| r.p),
        column("q", rows, |r| r.q),
    ])?)
}
