//! Table `terms`: how often each outlet uses each term of the lexicon, and whether more often than the others do.

use chrono::NaiveDate;
use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::{ArticleSums, NO_CELL};
use super::columns::{column, frame};
use super::fdr;
use super::intervals::{self, Interval, Kind};
use super::linearised::{RatioMoments, RatioSums};
use super::log_odds::{LogOdds, WordCount, log_odds};
use super::measures::VoiceGroup;
use super::options::AggregateOptions;
use super::periods::{ALL, Calendar, Window};
use crate::error::Result;

/// One row of the table.
struct Row<'a> {
    outlet: &'a str,
    period: &'a str,
    period_start: Option<NaiveDate>,
    voice: VoiceGroup,
    term: u32,
    sums: RatioSums,
    articles_with_term: u32,
    share_in_quotes: Option<f64>,
    interval: Option<Interval>,
    log_odds: Option<LogOdds>,
    p: Option<f64>,
    q: Option<f64>,
}

/// Sums of one term over the articles of one outlet that have it.
#[derive(Clone, Copy, Default)]
struct TermSums {
    moments: RatioMoments,
    /// Occurrences in any voice, and those inside quoted speech.
    everywhere: u32,
    quoted: u32,
}

/// Token and term sums of one outlet, in one period and voice.
pub(super) struct OutletSums {
    /// Over word tokens; y stays 0.
    pub(super) tokens: RatioMoments,
    terms: Vec<TermSums>,
}

impl OutletSums {
    /// One lexicon entry over the outlet's articles.
    pub(super) fn with_term(&self, term: u32) -> RatioMoments {
        self.terms[term as usize].moments.over(&self.tokens)
    }

    pub(super) fn articles_with(&self, term: u32) -> u32 {
        self.terms[term as usize].moments.sums.n as u32
    }

    /// The sums of all these outlets; `entries` is the size of the lexicon.
    pub(super) fn together(outlets: &[Self], entries: usize) -> Self {
        let mut all = Self { tokens: RatioMoments::default(), terms: vec![TermSums::default(); entries] };
        for outlet in outlets {
            all.tokens = all.tokens.plus(&outlet.tokens);
            for (sum, term) in all.terms.iter_mut().zip(&outlet.terms) {
                sum.moments = sum.moments.plus(&term.moments);
                sum.everywhere += term.everywhere;
                sum.quoted += term.quoted;
            }
        }
        all
    }
}

/// q-values are within a period and voice, over all outlets and terms. The row over all periods lists every term that
/// any outlet uses in that voice, so that an absence is seen; a period lists the terms that occur.
pub fn table(sums: &ArticleSums, periods: &Calendar, options: &AggregateOptions) -> Result<DataFrame> {
    let mut windows: Vec<Option<(u32, &Window)>> = vec![None];
    windows.extend((0u32..).zip(&periods.windows).map(Some));
    let everyone = sums.outlets_by_name();
    let parts: Vec<DataFrame> = windows
        .par_iter()
        .map(|window| {
            let mut rows = compare(sums, periods, *window, &everyone, options);
            rows.retain(|row| window.is_none() || row.sums.y > 0.0);
            data_frame(sums, &rows, options)
        })
        .collect::<Result<_>>()?;
    let mut parts = parts.into_iter();
    let mut table = parts.next().unwrap_or_default();
    for part in parts {
        table.vstack_mut_owned(part)?;
    }
    let order = SortMultipleOptions::default().with_maintain_order(true);
    Ok(table.sort(["outlet"], order)?)
}

/// The sums of every outlet, in the order of `outlets_by_name`.
pub(super) fn outlet_sums(
    sums: &ArticleSums,
    periods: &Calendar,
    window: Option<u32>,
    voice: VoiceGroup,
) -> Vec<OutletSums> {
    let mut outlets: Vec<OutletSums> = Vec::with_capacity(sums.outlets.len());
    outlets.resize_with(sums.outlets.len(), || OutletSums {
        tokens: RatioMoments::default(),
        terms: vec![TermSums::default(); sums.lexicon.len()],
    });
    for (article, key) in sums.articles.iter().enumerate() {
        let weight = sums.weights[article];
        if weight == 0.0 || (window.is_some() && periods.window_of[article] != window) {
            continue;
        }
        let outlet = &mut outlets[key.outlet as usize];
        let cells = sums.slots[article].iter().filter(|&&cell| cell != NO_CELL).map(|&cell| &sums.cells[cell as usize]);
        let tokens = weight * f64::from(cells.map(|cell| voice.share_of(cell.tokens, cell.tokens_quoted)).sum::<u32>());
        outlet.tokens.add(0.0, tokens);
        let mut counts = sums.terms_of(article as u32).to_vec();
        counts.sort_by_key(|count| count.term);
        for parts in counts.chunk_by(|a, b| a.term == b.term) {
            let (count, quoted) = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.count, sum.1 + part.quoted));
            let term = &mut outlet.terms[parts[0].term as usize];
            term.everywhere += count;
            term.quoted += quoted;
            let y = weight * f64::from(voice.share_of(count, quoted));
            if y > 0.0 {
                term.moments.add(y, tokens);
            }
        }
    }
    outlets
}

/// Two outlets against each other in one window (`None`: all articles): every term that either uses, q over these two.
pub fn pair(
    sums: &ArticleSums,
    periods: &Calendar,
    window: Option<u32>,
    outlets: [u32; 2],
    options: &AggregateOptions,
) -> Result<DataFrame> {
    let window = window.map(|at| (at, &periods.windows[at as usize]));
    data_frame(sums, &compare(sums, periods, window, &outlets, options), options)
}

/// Every voice, each corrected by itself.
fn compare<'a>(
    sums: &'a ArticleSums,
    periods: &'a Calendar,
    window: Option<(u32, &'a Window)>,
    among: &[u32],
    options: &AggregateOptions,
) -> Vec<Row<'a>> {
    let of_voice = |voice| {
        let mut rows = compare_voice(sums, periods, window, voice, among, options);
        let q = fdr::within_families(rows.iter().map(|row| ((), row.p)));
        rows.iter_mut().zip(q).for_each(|(row, q)| row.q = q);
        rows
    };
    VoiceGroup::ALL.into_iter().flat_map(of_voice).collect()
}

/// The outlets in `among`, each against the others of them.
fn compare_voice<'a>(
    sums: &'a ArticleSums,
    periods: &'a Calendar,
    window: Option<(u32, &'a Window)>,
    voice: VoiceGroup,
    among: &[u32],
    options: &AggregateOptions,
) -> Vec<Row<'a>> {
    let outlets = outlet_sums(sums, periods, window.map(|(at, _)| at), voice);
    let (period, period_start) = window.map_or((ALL, None), |(_, w)| (w.label.as_str(), w.start));
    let mut rows = Vec::new();
    for term in lexicon_by_name(sums) {
        let each: Vec<RatioMoments> = outlets.iter().map(|outlet| outlet.with_term(term)).collect();
        let pool = among.iter().fold(RatioSums::default(), |pool, &outlet| pool.plus(&each[outlet as usize].sums));
        if pool.y <= 0.0 {
            continue;
        }
        for &outlet in among.iter().filter(|&&outlet| each[outlet as usize].sums.n > 0.0) {
            let moments = &each[outlet as usize];
            let own = moments.sums;
            let outlet_sums = &outlets[outlet as usize];
            let counted = &outlet_sums.terms[term as usize];
            let log_odds = log_odds(WordCount::of(&own), WordCount::of(&pool.less(&own)));
            rows.push(Row {
                outlet: &sums.outlets[outlet as usize],
                period,
                period_start,
                voice,
                term,
                sums: own,
                articles_with_term: outlet_sums.articles_with(term),
                share_in_quotes: (counted.everywhere > 0)
                    .then(|| f64::from(counted.quoted) / f64::from(counted.everywhere)),
                interval: intervals::headline(Kind::Rate, moments, options.alpha()).map(|i| i.scaled(1000.0)),
                log_odds,
                p: log_odds.map(|compared| intervals::normal_p(compared.z_articles)),
                q: None,
            });
        }
    }
    rows.sort_by(|a, b| a.outlet.cmp(b.outlet));
    rows
}

pub(super) fn lexicon_by_name(sums: &ArticleSums) -> Vec<u32> {
    let mut order: Vec<u32> = (0..sums.lexicon.len() as u32).collect();
    order.sort_by_key(|&term| &sums.lexicon[term as usize]);
    order
}

fn data_frame(sums: &ArticleSums, rows: &[Row], options: &AggregateOptions) -> Result<DataFrame> {
    let lexicon = |row: &Row| &sums.lexicon[row.term as usize];
    Ok(frame(vec![
        column("outlet", rows, |r| r.outlet),
        column("period", rows, |r| r.period),
        column("period_start", rows, |r| r.period_start),
        column("voice", rows, |r| r.voice.name()),
        column("term", rows, |r| lexicon(r).0.as_str()),
        column("category", rows, |r| lexicon(r).1.as_str()),
        column("count", rows, |r| r.sums.y.round() as u64),
        column("rate_per_1000", rows, |r| 1000.0 * r.sums.y / r.sums.x),
        column("ci_low", rows, |r| r.interval.map(|i| i.low)),
        column("ci_high", rows, |r| r.interval.map(|i| i.high)),
        column("std_error", rows, |r| r.sums.std_error().map(|error| 1000.0 * error)),
        column("n_articles", rows, |r| r.sums.n as u32),
        column("n_articles_with_term", rows, |r| r.articles_with_term),
        column("n_tokens", rows, |r| r.sums.x.round() as u64),
        column("share_in_quotes", rows, |r| r.share_in_quotes),
        column("log_odds", rows, |r| r.log_odds.map(|l| l.log_odds)),
        column("z", rows, |r| r.log_odds.map(|l| l.z)),
        column("z_articles", rows, |r| r.log_odds.map(|l| l.z_articles)),
        column("p", rows, |r| r.p),
        column("q", rows, |r| r.q),
        column("method", rows, |r| r.interval.map_or("none", |i| i.method)),
        column("small_cell", rows, |r| (r.sums.n as u32) < options.min_articles),
    ])?)
}
