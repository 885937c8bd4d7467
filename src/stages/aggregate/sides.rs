//! The sides of a contrast: an outlet, an outlet's period, or all the other outlets together.

use super::article_sums::ArticleSums;
use super::bootstrap::{self, Resampling};
use super::columns::Matrix;
use super::linearised::RatioSums;
use super::measures::{Estimand, Layout, Slice};
use super::options::AggregateOptions;

/// The other side of "outlet against all the others".
pub const REST: &str = "(rest)";

/// What every contrast needs.
pub struct Setting<'a> {
    pub sums: &'a ArticleSums,
    pub layout: &'a Layout,
    pub options: &'a AggregateOptions,
}

/// One side of a contrast.
pub struct Side {
    pub outlet: String,
    pub period: String,
    pub articles: Vec<u32>,
    pub slices: Vec<SideSlice>,
}

/// A side in one slice of [`Slice::CONTRASTED`].
pub struct SideSlice {
    /// One an estimand.
    pub sums: Vec<RatioSums>,
    /// Bootstrap totals: `resamples × layout.columns`.
    pub totals: Matrix,
}

impl Side {
    pub fn new(setting: &Setting, outlet: &str, period: &str, articles: Vec<u32>) -> Self {
        let mut random = bootstrap::stream(setting.options.seed, &["contrasts", outlet, period]);
        let (resamples, most) = (setting.options.resamples as usize, setting.options.bootstrap_groups as usize);
        let resampling = Resampling::draw(articles.len(), resamples, most, &mut random);
        let slices = Slice::CONTRASTED.map(|slice| {
            let matrix = setting.layout.matrix(setting.sums, &articles, slice);
            let of = |e: &Estimand| RatioSums::of(matrix.rows().map(|row| (row[e.numerator], row[e.denominator])));
            SideSlice { sums: setting.layout.estimands.iter().map(of).collect(), totals: resampling.totals(&matrix) }
        });
        Self { outlet: outlet.to_string(), period: period.to_string(), articles, slices: slices.into() }
    }
}

/// The sums and bootstrap totals of all the sides taken together.
fn pool<'s>(sides: impl Iterator<Item = &'s Side>) -> Vec<SideSlice> {
    let mut pooled: Vec<SideSlice> = Vec::new();
    for side in sides {
        if pooled.is_empty() {
            let copy = |slice: &SideSlice| SideSlice { sums: slice.sums.clone(), totals: slice.totals.clone() };
            pooled = side.slices.iter().map(copy).collect();
            continue;
        }
        for (pool, slice) in pooled.iter_mut().zip(&side.slices) {
            pool.sums.iter_mut().zip(&slice.sums).for_each(|(sum, own)| *sum = sum.plus(own));
            pool.totals.values.iter_mut().zip(&slice.totals.values).for_each(|(sum, own)| *sum += own);
        }
    }
    pooled
}

/// The articles of every side but one.
pub fn rest(sides: &[Side], at: usize) -> Side {
    let others = || sides.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, side)| side);
    Side {
        outlet: REST.to_string(),
        period: sides[at].period.clone(),
        articles: others().flat_map(|side| side.articles.iter().copied()).collect(),
        slices: pool(others()),
    }
}
