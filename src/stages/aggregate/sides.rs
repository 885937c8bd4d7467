//! What estimates and contrasts are made with, and the sides of a contrast: an outlet, an outlet's period, or all the other outlets together.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use super::article_sums::ArticleSums;
use super::bootstrap::Resampling;
use super::columns::Matrix;
use super::linearised::RatioMoments;
use super::measures::{Estimand, Layout, Slice};
use super::options::AggregateOptions;

/// The other side of "outlet against all the others".
pub const REST: &str = "(rest)";

/// What every estimate and every contrast needs.
pub struct Setting<'a> {
    pub sums: &'a ArticleSums,
    pub layout: &'a Layout,
    pub options: &'a AggregateOptions,
}

/// One side of a contrast. Its bootstrap totals are megabytes, and drawn again whenever they are needed.
pub struct Side {
    pub outlet: Arc<str>,
    pub period: Arc<str>,
    pub articles: Vec<u32>,
    /// A slice of [`Slice::CONTRASTED`] each: one an estimand.
    pub moments: Vec<Vec<RatioMoments>>,
}

/// Bootstrap totals of a side, a slice of [`Slice::CONTRASTED`] each: `resamples × layout.columns`.
#[derive(Clone)]
pub struct Totals(pub Vec<Matrix>);

impl Side {
    pub fn new(setting: &Setting, outlet: &str, period: &str, articles: Vec<u32>) -> Self {
        let moments = Slice::CONTRASTED.map(|slice| {
            let matrix = setting.layout.matrix(setting.sums, &articles, slice);
            let of = |e: &Estimand| RatioMoments::of(matrix.rows().map(|row| (row[e.numerator], row[e.denominator])));
            setting.layout.estimands.iter().map(of).collect()
        });
        Self { outlet: outlet.into(), period: period.into(), articles, moments: moments.into() }
    }

    /// The same draws each time: they follow from the seed and the side's name.
    pub fn totals(&self, setting: &Setting) -> Totals {
        let name = ["contrasts", &self.outlet, &self.period];
        let resampling = Resampling::of_cell(&name, self.articles.len(), setting.options);
        let of = |slice| resampling.totals(&setting.layout.matrix(setting.sums, &self.articles, slice));
        Totals(Slice::CONTRASTED.map(of).into())
    }
}

impl Totals {
    fn each(&mut self, other: &Self, change: impl Fn(&mut f64, f64)) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.values.iter_mut().zip(&other.values).for_each(|(own, &other)| change(own, other));
        }
    }

    /// The totals of `count` sides together, a few of them in memory at a time, added in the order of the sides.
    pub fn pooled<'t>(count: usize, totals_of: impl Fn(usize) -> Cow<'t, Self> + Sync) -> Option<Self> {
        let mut pool: Option<Self> = None;
        let sides: Vec<usize> = (0..count).collect();
        for few in sides.chunks(rayon::current_num_threads()) {
            let drawn: Vec<Cow<Self>> = few.par_iter().map(|&side| totals_of(side)).collect();
            for totals in drawn {
                match &mut pool {
                    None => pool = Some(totals.into_owned()),
                    Some(pool) => pool.each(&totals, |sum, own| *sum += own),
                }
            }
        }
        pool
    }

    /// What is left of a pool without one of its sides.
    pub fn less(mut self, side: &Self) -> Self {
        self.each(side, |sum, own| *sum -= own);
        self
    }
}

/// The articles of every side but one.
pub fn rest(sides: &[Side], at: usize) -> Side {
    let others = || sides.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, side)| side);
    let mut moments: Vec<Vec<RatioMoments>> = Vec::new();
    for side in others() {
        if moments.is_empty() {
            moments.clone_from(&side.moments);
            continue;
        }
        let pairs = moments.iter_mut().flatten().zip(side.moments.iter().flatten());
        pairs.for_each(|(sum, own)| *sum = sum.plus(own));
    }
    Side {
        outlet: REST.into(),
        period: Arc::clone(&sides[at].period),
        articles: others().flat_map(|side| side.articles.iter().copied()).collect(),
        moments,
    }
}
