//! Table `contrasts`: outlet against outlet, outlet against all the others, a period against the one before it.
//!
//! The headline interval of a difference is made of the two sides' own headline intervals (MOVER: Newcombe 1998,
//! method 10; Zou & Donner 2008), so that it stays honest where a side has none or all. q-values are within a family:
//! the same kind of contrast, period, part, voice and statistic, over all measures and pairs; contrasts between
//! periods make one family for all outlets and periods together.

use std::borrow::Cow;
use std::sync::Arc;

use polars::prelude::*;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::article_sums::ArticleSums;
use super::bootstrap;
use super::columns::{Matrix, column, frame};
use super::fdr;
use super::intervals::{self, Interval};
use super::linearised::{RatioMoments, RatioSums};
use super::measures::{Estimand, Layout, Slice};
use super::options::AggregateOptions;
use super::periods::{ALL, Calendar, Window};
use super::permutation;
use super::sides::{Setting, Side, Totals, rest};
use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Contrast {
    Outlets,
    Rest,
    Periods,
}

impl Contrast {
    fn name(self) -> &'static str {
        match self {
            Self::Outlets => "outlets",
            Self::Rest => "rest",
            Self::Periods => "periods",
        }
    }
}

/// One row of the table.
struct Row<'a> {
    contrast: Contrast,
    outlets: [Arc<str>; 2],
    periods: [Arc<str>; 2],
    slice: Slice,
    estimand: &'a Estimand,
    estimates: [f64; 2],
    interval: Option<Interval>,
    bootstrap: Option<(f64, f64)>,
    std_error: Option<f64>,
    p: Option<Tested>,
    q: Option<f64>,
    n_articles: [u32; 2],
}

/// A p-value, and the method that gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tested {
    p: f64,
    method: &'static str,
}

pub fn table(
    sums: &ArticleSums,
    layout: &Layout,
    periods: &Calendar,
    options: &AggregateOptions,
    notes: &mut Vec<String>,
) -> Result<DataFrame> {
    let setting = Setting { sums, layout, options };
    let mut rows = Vec::new();
    if options.contrasts {
        for window in setting.compared_within(periods) {
            let sides = setting.sides(periods, window);
            rows.extend(setting.between_outlets(&sides, notes));
        }
        if options.period_contrasts {
            rows.extend(setting.between_periods(periods));
        }
    }
    correct(&mut rows);
    data_frame(&rows, options)
}

/// The rows that [`table`] has, or would have, for two outlets in one window of articles (`None`: all of them), with q
/// over the pair's own measures. Empty where one of them has no article there.
pub fn pair(setting: &Setting, periods: &Calendar, window: Option<u32>, outlets: [u32; 2]) -> Result<DataFrame> {
    let by_outlet = setting.sums.articles_by_outlet();
    let sides = outlets.map(|outlet| setting.side(&by_outlet, periods, outlet, window));
    let mut rows = match &sides {
        [Some(a), Some(b)] => {
            let totals = [a, b].map(|side| side.totals(setting));
            setting.contrast(Contrast::Outlets, (a, &totals[0]), (b, &totals[1]))
        }
        _ => Vec::new(),
    };
    correct(&mut rows);
    data_frame(&rows, setting.options)
}

fn correct(rows: &mut [Row]) {
    let families = rows.iter().map(|row| {
        let period = if row.contrast == Contrast::Periods { "" } else { &row.periods[0] };
        ((row.contrast, period.to_string(), row.slice, row.estimand.statistic), row.p.map(|tested| tested.p))
    });
    let q = fdr::within_families(families);
    rows.iter_mut().zip(q).for_each(|(row, q)| row.q = q);
}

impl<'a> Setting<'a> {
    /// Where outlets are compared: over all periods and, where asked for, within each.
    fn compared_within(&self, periods: &Calendar) -> Vec<Option<u32>> {
        let mut wanted = vec![None];
        if self.options.contrasts_by_period {
            wanted.extend((0..periods.windows.len() as u32).map(Some));
        }
        wanted
    }

    /// The outlets as sides.
    fn sides(&self, periods: &Calendar, window: Option<u32>) -> Vec<Side> {
        let by_outlet = self.sums.articles_by_outlet();
        let of = |&outlet: &u32| self.side(&by_outlet, periods, outlet, window);
        self.sums.outlets_by_name().par_iter().filter_map(of).collect()
    }

    /// An outlet in a window (`None`: all its articles); `None` where it has no article there.
    fn side(&self, by_outlet: &[Vec<u32>], periods: &Calendar, outlet: u32, window: Option<u32>) -> Option<Side> {
        let own = by_outlet[outlet as usize].iter().copied();
        let articles: Vec<u32> = own.filter(|&a| window.is_none() || periods.window_of[a as usize] == window).collect();
        let label = window.map_or(ALL, |at| periods.windows[at as usize].label.as_str());
        let name = &self.sums.outlets[outlet as usize];
        (!articles.is_empty()).then(|| Side::new(self, name, label, articles))
    }

    fn between_outlets(&self, sides: &[Side], notes: &mut Vec<String>) -> Vec<Row<'a>> {
        if sides.len() < 2 {
            return Vec::new();
        }
        let paired = self.paired(sides, notes);
        let pairs: Vec<(usize, usize)> =
            paired.iter().enumerate().flat_map(|(at, &a)| paired[at + 1..].iter().map(move |&b| (a, b))).collect();
        // Held for the outlets that are paired, a dozen or so; those of the others are drawn when needed.
        let held: FxHashMap<usize, Totals> = paired.into_par_iter().map(|at| (at, sides[at].totals(self))).collect();
        let totals_of = |at: usize| held.get(&at).map_or_else(|| Cow::Owned(sides[at].totals(self)), Cow::Borrowed);
        let between = |&(a, b): &(usize, usize)| {
            self.contrast(Contrast::Outlets, (&sides[a], &totals_of(a)), (&sides[b], &totals_of(b)))
        };
        let mut rows: Vec<Row> = pairs.par_iter().flat_map_iter(between).collect();
        let Some(pool) = Totals::pooled(sides.len(), totals_of) else { return rows };
        let against_rest = |at: usize| {
            let own = totals_of(at);
            let others = pool.clone().less(&own);
            self.contrast(Contrast::Rest, (&sides[at], &own), (&rest(sides, at), &others))
        };
        let rest: Vec<Vec<Row>> = (0..sides.len()).into_par_iter().map(against_rest).collect();
        rows.extend(rest.into_iter().flatten());
        rows
    }

    /// The sides of which every pair is contrasted, in the order given.
    fn paired(&self, sides: &[Side], notes: &mut Vec<String>) -> Vec<usize> {
        let most = (self.options.max_pairs as usize).max(1);
        let mut count = sides.len();
        while count * (count - 1) / 2 > most {
            count -= 1;
        }
        let mut order: Vec<usize> = (0..sides.len()).collect();
        if count < sides.len() {
            order.sort_by_key(|&at| (std::cmp::Reverse(sides[at].articles.len()), at));
            order.truncate(count);
            order.sort_unstable();
            notes.push(format!(
                "Contrasts ({}): pairs of the {count} outlets with the most articles only, of {}; every outlet is \
                 contrasted with the rest.",
                sides[0].period,
                sides.len()
            ));
        }
        order
    }

    /// Each period of an outlet with the one before, where both have enough articles to say something.
    fn between_periods(&self, periods: &Calendar) -> Vec<Row<'a>> {
        let by_outlet = self.sums.articles_by_outlet();
        let enough = |articles: &[u32]| articles.len() >= self.options.min_articles as usize;
        let of = |&outlet: &u32| {
            let name = &self.sums.outlets[outlet as usize];
            let cells: Vec<(&Window, Vec<u32>)> =
                periods.cells(&by_outlet[outlet as usize]).filter_map(|(window, a)| Some((window?, a))).collect();
            let mut rows = Vec::new();
            for pair in cells.windows(2).filter(|pair| pair.iter().all(|(_, articles)| enough(articles))) {
                let [before, after] = [0, 1].map(|at| Side::new(self, name, &pair[at].0.label, pair[at].1.clone()));
                let (totals, of_before) = (after.totals(self), before.totals(self));
                rows.extend(self.contrast(Contrast::Periods, (&after, &totals), (&before, &of_before)));
            }
            rows
        };
        self.sums.outlets_by_name().par_iter().flat_map_iter(of).collect()
    }

    fn contrast(&self, contrast: Contrast, a: (&Side, &Totals), b: (&Side, &Totals)) -> Vec<Row<'a>> {
        let ((a, of_a), (b, of_b)) = (a, b);
        let mut rows = Vec::new();
        for (at, slice) in Slice::CONTRASTED.into_iter().enumerate() {
            let totals = [&of_a.0[at], &of_b.0[at]];
            let p = self.p_values(a, b, at);
            for (which, estimand) in self.layout.estimands.iter().enumerate() {
                let moments = [a.moments[at][which], b.moments[at][which]];
                let sums = moments.map(|moments| moments.sums);
                let [Some(first), Some(second)] = sums.map(|sums| sums.ratio()) else { continue };
                let scale = estimand.scale();
                let variance = sums[0].variance().zip(sums[1].variance()).map(|(a, b)| a + b);
                rows.push(Row {
                    contrast,
                    outlets: [a.outlet.clone(), b.outlet.clone()],
                    periods: [a.period.clone(), b.period.clone()],
                    slice,
                    estimand,
                    estimates: [scale * first, scale * second],
                    interval: mover(estimand, &moments, self.options.alpha()).map(|i| i.scaled(scale)),
                    bootstrap: variance.and_then(|_| self.bootstrap(estimand, totals)),
                    std_error: variance.map(|variance| scale * variance.sqrt()),
                    p: p[which],
                    q: None,
                    n_articles: sums.map(|sums| sums.n as u32),
                });
            }
        }
        rows
    }

    fn bootstrap(&self, estimand: &Estimand, totals: [&Matrix; 2]) -> Option<(f64, f64)> {
        let ratio = |row: &[f64]| estimand.scale() * row[estimand.numerator] / row[estimand.denominator];
        let mut differences: Vec<f64> =
            totals[0].rows().zip(totals[1].rows()).map(|(a, b)| ratio(a) - ratio(b)).collect();
        bootstrap::percentile(&mut differences, self.options.alpha())
    }

    /// One an estimand.
    ///
    /// Of relabelling and Welch's t, the larger: relabelling moves the articles' lengths as well, so that where an event
    /// is rare and one outlet writes longer it is the lengths that order the relabellings (a single term in a single
    /// article can come out at 1 in 2,000). The t statistic knows better there; where events are many the two agree.
    fn p_values(&self, a: &Side, b: &Side, at: usize) -> Vec<Option<Tested>> {
        let estimands = &self.layout.estimands;
        let (own, other) = (&a.moments[at], &b.moments[at]);
        let welch =
            own.iter().zip(other).map(|(a, b)| welch_p(&a.sums, &b.sums).map(|p| Tested { p, method: "welch_t" }));
        if a.articles.len() + b.articles.len() > self.options.permutation_articles as usize {
            return welch.collect();
        }
        let slice = Slice::CONTRASTED[at];
        let matrices = [a, b].map(|side| self.layout.matrix(self.sums, &side.articles, slice));
        let name = ["permutation", &a.outlet, &a.period, &b.outlet, &b.period, slice.part.name(), slice.voice.name()];
        let mut random = bootstrap::stream(self.options.seed, &name);
        let [first, second] = &matrices;
        let found = permutation::p_values(first, second, estimands, self.options.permutations, &mut random);
        let relabelled = found.into_iter().map(|found| found.map(|f| Tested { p: f.p, method: "permutation" }));
        relabelled.zip(welch).map(|(relabelled, welch)| larger(relabelled?, welch)).collect()
    }
}

fn larger(relabelled: Tested, welch: Option<Tested>) -> Option<Tested> {
    Some(welch.filter(|welch| welch.p > relabelled.p).unwrap_or(relabelled))
}

/// Interval of a difference out of the two sides' own headline intervals.
fn mover(estimand: &Estimand, moments: &[RatioMoments; 2], alpha: f64) -> Option<Interval> {
    let [a, b] = [&moments[0], &moments[1]]
        .map(|side| Some((side.sums.ratio()?, intervals::headline(estimand.kind, side, alpha)?)));
    let ((a, own), (b, other)) = (a?, b?);
    Some(Interval {
        low: a - b - (a - own.low).hypot(other.high - b),
        high: a - b + (own.high - a).hypot(b - other.low),
        method: "mover",
    })
}

/// Welch's t test on the linearised variances.
fn welch_p(a: &RatioSums, b: &RatioSums) -> Option<f64> {
    let t = permutation::statistic(a, b)?;
    let (va, vb) = (a.variance()?, b.variance()?);
    let freedom = (va + vb).powi(2) / (va * va / (a.n - 1.0) + vb * vb / (b.n - 1.0));
    Some(match t {
        0.0 => 1.0,
        t if t.is_infinite() => 0.0,
        t => intervals::student_p(t, freedom),
    })
}

fn data_frame(rows: &[Row], options: &AggregateOptions) -> Result<DataFrame> {
    let small = |n: u32| n < options.min_articles;
    Ok(frame(vec![
        column("contrast", rows, |r| r.contrast.name()),
        column("outlet_a", rows, |r| &*r.outlets[0]),
        column("outlet_b", rows, |r| &*r.outlets[1]),
        column("period", rows, |r| &*r.periods[0]),
        column("period_b", rows, |r| &*r.periods[1]),
        column("part", rows, |r| r.slice.part.name()),
        column("voice", rows, |r| r.slice.voice.name()),
        column("measure", rows, |r| r.estimand.measure.as_str()),
        column("statistic", rows, |r| r.estimand.statistic.name()),
        column("estimate_a", rows, |r| r.estimates[0]),
        column("estimate_b", rows, |r| r.estimates[1]),
        column("difference", rows, |r| r.estimates[0] - r.estimates[1]),
        column("ci_low", rows, |r| r.interval.map(|i| i.low)),
        column("ci_high", rows, |r| r.interval.map(|i| i.high)),
        column("std_error", rows, |r| r.std_error),
        column("p", rows, |r| r.p.map(|tested| tested.p)),
        column("q", rows, |r| r.q),
        column("n_articles_a", rows, |r| r.n_articles[0]),
        column("n_articles_b", rows, |r| r.n_articles[1]),
        column("method", rows, |r| r.interval.map_or("none", |i| i.method)),
        column("p_method", rows, |r| r.p.map_or("none", |tested| tested.method)),
        column("small_cell", rows, |r| r.n_articles.into_iter().any(small)),
        column("ci_low_bootstrap", rows, |r| r.bootstrap.map(|b| b.0)),
        column("ci_high_bootstrap", rows, |r| r.bootstrap.map(|b| b.1)),
    ])?)
}
