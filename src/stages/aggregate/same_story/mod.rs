//! Table `same_story`: what is left of a difference between outlets where both tell the same stories.
//!
//! An outlet's value in a story is the ratio of its totals over its articles of that story (one article, as a rule), its
//! difference to the other outlet's value is one observation, and every story that both tell counts once. Student's
//! interval and the sign-flip p take the story as the unit. `overall` is the difference over all articles, as in
//! `contrasts`; `selection` is overall − within: the part that the choice of stories, and how many articles and
//! sentences each gets, accounts for. Its error is linearised with the story as the cluster, so that it knows that both
//! parts share articles. q-values are within a kind of contrast, part, voice and statistic.

mod paired;
mod sides;

#[cfg(test)]
mod reference;

use polars::prelude::*;
use rayon::prelude::*;

use self::sides::{Coverage, Side};
use super::article_sums::ArticleSums;
use super::bootstrap;
#[cfg(test)]
use super::columns::Matrix;
use super::columns::{column, frame};
use super::fdr;
use super::measures::{Estimand, Layout, Slice};
use super::options::AggregateOptions;
use super::sides::REST;
use super::stories::Stories;
use crate::error::Result;

/// The outlets that are compared; the second is `None` for all the others together.
type Pair = (u32, Option<u32>);

/// One row of the table; amounts in the unit of the table.
struct Row<'a> {
    names: [&'a str; 2],
    slice: Slice,
    estimand: &'a Estimand,
    n_stories: u32,
    n_articles: [u32; 2],
    within: [f64; 2],
    interval: Option<(f64, f64)>,
    std_error: Option<f64>,
    p: Option<f64>,
    q: Option<f64>,
    overall: f64,
    selection: f64,
    selection_interval: Option<(f64, f64)>,
    selection_error: Option<f64>,
}

struct Setting<'a> {
    sums: &'a ArticleSums,
    layout: &'a Layout,
    options: &'a AggregateOptions,
    coverage: Vec<Coverage>,
}

pub fn table(sums: &ArticleSums, layout: &Layout, stories: &Stories, options: &AggregateOptions) -> Result<DataFrame> {
    let mut rows = Vec::new();
    if options.contrasts {
        let setting = Setting { sums, layout, options, coverage: sides::coverage(sums, stories) };
        let pairs = setting.pairs();
        for slice in Slice::CONTRASTED {
            rows.extend(setting.slice(&pairs, slice));
        }
    }
    rows.sort_by_key(|row| (row.names[1] == REST, row.names));
    let families = rows.iter().map(|row| ((row.names[1] == REST, row.slice, row.estimand.statistic), row.p));
    let q = fdr::within_families(families);
    rows.iter_mut().zip(q).for_each(|(row, q)| row.q = q);
    data_frame(&rows, options)
}

impl<'a> Setting<'a> {
    /// The pairs with the most stories in common, then every outlet with all the others.
    fn pairs(&self) -> Vec<Pair> {
        let outlets = self.sums.outlets_by_name();
        let mut rank = vec![0usize; outlets.len()];
        outlets.iter().enumerate().for_each(|(at, &outlet)| rank[outlet as usize] = at);
        let mut common: std::collections::BTreeMap<(usize, usize), usize> = Default::default();
        for story in self.coverage.chunk_by(|a, b| a.story == b.story) {
            let mut tell: Vec<usize> = story.iter().map(|covered| rank[covered.outlet as usize]).collect();
            tell.sort_unstable();
            for (at, &first) in tell.iter().enumerate() {
                tell[at + 1..].iter().for_each(|&second| *common.entry((first, second)).or_default() += 1);
            }
        }
        let mut pairs: Vec<((usize, usize), usize)> = common.into_iter().collect();
        pairs.sort_by_key(|&(pair, stories)| (std::cmp::Reverse(stories), pair));
        pairs.truncate((self.options.max_pairs as usize).max(1));
        let pairs = pairs.into_iter().map(|((a, b), _)| (outlets[a], Some(outlets[b])));
        pairs.chain(outlets.iter().map(|&outlet| (outlet, None))).collect()
    }

    fn slice(&self, pairs: &[Pair], slice: Slice) -> Vec<Row<'a>> {
        let totals = sides::totals(self.sums, self.layout, &self.coverage, slice);
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); self.sums.outlets.len()];
        self.coverage.iter().enumerate().for_each(|(place, covered)| places[covered.outlet as usize].push(place));
        // Made anew for every pair: the totals of all outlets must not stand in memory twice.
        let of_outlet = |outlet: u32| Side::of(&self.coverage, &totals, places[outlet as usize].iter().copied());
        let of_others = |outlet: u32| {
            let others = (0..self.coverage.len()).filter(|&place| self.coverage[place].outlet != outlet);
            Side::of(&self.coverage, &totals, others)
        };
        let compare =
            |&(a, b): &Pair| self.compare(&of_outlet(a), &b.map_or_else(|| of_others(a), of_outlet), (a, b), slice);
        pairs.par_iter().map(compare).collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn compare(&self, a: &Side, b: &Side, (first, second): Pair, slice: Slice) -> Vec<Row<'a>> {
        let name = |outlet: u32| self.sums.outlets[outlet as usize].as_str();
        let names = [name(first), second.map_or(REST, name)];
        let places = sides::align(a, b);
        let shared: Vec<(usize, usize)> = places.iter().filter_map(|&(a, b)| a.zip(b)).collect();
        if shared.is_empty() {
            return Vec::new();
        }
        let values = |estimand: &Estimand, (at, other): (usize, usize)| {
            Some([ratio(a.totals.row(at), estimand)?, ratio(b.totals.row(other), estimand)?])
        };
        let estimands = &self.layout.estimands;
        let by_story: Vec<Vec<Option<[f64; 2]>>> =
            shared.iter().map(|&story| estimands.iter().map(|e| values(e, story)).collect()).collect();
        let differences: Vec<Vec<Option<f64>>> =
            by_story.iter().map(|row| row.iter().map(|pair| pair.map(|[a, b]| a - b)).collect()).collect();
        let name = ["same_story", names[0], names[1], slice.part.name(), slice.voice.name()];
        let mut random = bootstrap::stream(self.options.seed, &name);
        let p = paired::p_values(&differences, self.options.permutations, &mut random);
        let row = |(which, estimand): (usize, &'a Estimand)| {
            let found: Vec<Option<[f64; 2]>> = by_story.iter().map(|row| row[which]).collect();
            let counted = || shared.iter().zip(&found).filter(|(_, pair)| pair.is_some()).map(|(&places, _)| places);
            let n_articles =
                [counted().map(|(at, _)| a.articles[at]).sum(), counted().map(|(_, other)| b.articles[other]).sum()];
            let part = parts(a, b, &places, estimand, self.options.alpha())?;
            Some(Row { names, slice, estimand, n_articles, p: p[which], ..part })
        };
        estimands.iter().enumerate().filter_map(row).collect()
    }
}

fn ratio(row: &[f64], estimand: &Estimand) -> Option<f64> {
    (row[estimand.denominator] > 0.0).then(|| row[estimand.numerator] / row[estimand.denominator])
}

/// Within, overall and selection of one estimand; `None` where no story has a value on both sides.
fn parts<'a>(
    a: &Side,
    b: &Side,
    places: &[(Option<usize>, Option<usize>)],
    estimand: &'a Estimand,
    alpha: f64,
) -> Option<Row<'a>> {
    let total = |side: &Side, column: usize| side.totals.rows().map(|row| row[column]).sum::<f64>();
    let whole = [a, b].map(|side| (total(side, estimand.numerator), total(side, estimand.denominator)));
    let ratios = whole.map(|(y, x)| y / x);
    let pair = |&(at, other): &(Option<usize>, Option<usize>)| {
        Some([ratio(a.totals.row(at?), estimand)?, ratio(b.totals.row(other?), estimand)?])
    };
    let found: Vec<Option<[f64; 2]>> = places.iter().map(pair).collect();
    let differences: Vec<f64> = found.iter().flatten().map(|[a, b]| a - b).collect();
    let within = paired::Paired::of(&differences)?;
    let n = within.n as f64;
    let mean = |which: usize| found.iter().flatten().map(|pair| pair[which]).sum::<f64>() / n;
    // What each story adds to the overall difference, less what it adds to the one within.
    let residual = |side: &Side, place: Option<usize>, which: usize| {
        place.map_or(0.0, |at| {
            let row = side.totals.row(at);
            (row[estimand.numerator] - ratios[which] * row[estimand.denominator]) / whole[which].1
        })
    };
    let present =
        |side: &Side, place: Option<usize>| place.is_some_and(|at| side.totals.row(at)[estimand.denominator] > 0.0);
    let contributions: Vec<f64> = places
        .iter()
        .zip(&found)
        .filter(|((at, other), _)| present(a, *at) || present(b, *other))
        .map(|(&(at, other), pair)| {
            let own = pair.map_or(0.0, |[a, b]| (a - b - within.mean) / n);
            residual(a, at, 0) - residual(b, other, 1) - own
        })
        .collect();
    let scale = estimand.scale();
    let both = |(low, high): (f64, f64)| (scale * low, scale * high);
    let selection = ratios[0] - ratios[1] - within.mean;
    let selection_error = paired::clustered_error(&contributions).filter(|_| within.n > 1);
    Some(Row {
        names: ["", ""],
        slice: Slice::CONTRASTED[0],
        estimand,
        n_stories: within.n as u32,
        n_articles: [0, 0],
        within: [scale * mean(0), scale * mean(1)],
        interval: within.interval(alpha).map(both),
        std_error: within.std_error.map(|error| scale * error),
        p: None,
        q: None,
        overall: scale * (ratios[0] - ratios[1]),
        selection: scale * selection,
        selection_interval: selection_error.map(|error| both(paired::reach(selection, error, within.n, alpha))),
        selection_error: selection_error.map(|error| scale * error),
    })
}

fn data_frame(rows: &[Row], options: &AggregateOptions) -> Result<DataFrame> {
    Ok(frame(vec![
        column("contrast", rows, |r| if r.names[1] == REST { "rest" } else { "outlets" }),
        column("outlet_a", rows, |r| r.names[0]),
        column("outlet_b", rows, |r| r.names[1]),
        column("part", rows, |r| r.slice.part.name()),
        column("voice", rows, |r| r.slice.voice.name()),
        column("measure", rows, |r| r.estimand.measure.as_str()),
        column("statistic", rows, |r| r.estimand.statistic.name()),
        column("n_stories", rows, |r| r.n_stories),
        column("n_articles_a", rows, |r| r.n_articles[0]),
        column("n_articles_b", rows, |r| r.n_articles[1]),
        column("within_a", rows, |r| r.within[0]),
        column("within_b", rows, |r| r.within[1]),
        column("within", rows, |r| r.within[0] - r.within[1]),
        column("ci_low", rows, |r| r.interval.map(|i| i.0)),
        column("ci_high", rows, |r| r.interval.map(|i| i.1)),
        column("std_error", rows, |r| r.std_error),
        column("p", rows, |r| r.p),
        column("q", rows, |r| r.q),
        column("overall", rows, |r| r.overall),
        column("selection", rows, |r| r.selection),
        column("selection_ci_low", rows, |r| r.selection_interval.map(|i| i.0)),
        column("selection_ci_high", rows, |r| r.selection_interval.map(|i| i.1)),
        column("selection_std_error", rows, |r| r.selection_error),
        column("method", rows, |r| if r.interval.is_some() { "paired_t" } else { "none" }),
        column("p_method", rows, |r| if r.p.is_some() { "sign_flip" } else { "none" }),
        column("small_cell", rows, |r| r.n_stories < options.min_articles),
    ])?)
}
