//! How reprints and agency copy count in the estimates.

use serde::{Deserialize, Serialize};

use super::article_sums::ArticleSums;
use super::duplicates::{Clusters, own_agency};

/// What becomes of near-duplicates and agency copy in every table but `articles`, which lists them all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Each cluster of near-duplicates weighs as one article: each of its m articles 1/m.
    Once,
    /// Every article counts: what an outlet prints is its coverage, whoever wrote it.
    #[default]
    Each,
    /// Only what is the outlet's own: no reprint (a near-duplicate of an article published earlier), and no article that
    /// credits an agency other than the outlet itself.
    Drop,
}

impl Wire {
    pub const NAMES: [&'static str; 3] = ["once", "each", "drop"];

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Once, Self::Each, Self::Drop]
            .into_iter()
            .zip(Self::NAMES)
            .find(|(_, known)| *known == name)
            .map(|(w, _)| w)
    }
}

/// The weight of each article, 0 where it is left out; says in `notes` what was done to how many.
pub fn weights(wire: Wire, clusters: &Clusters, sums: &ArticleSums, notes: &mut Vec<String>) -> Vec<f64> {
    let count = sums.articles.len();
    match wire {
        Wire::Each => vec![1.0; count],
        Wire::Once => {
            let weights: Vec<f64> = clusters.size.iter().map(|&size| 1.0 / f64::from(size)).collect();
            let (shared, alone) =
                (weights.iter().filter(|w| **w < 1.0).count(), weights.iter().filter(|w| **w == 1.0).count());
            let groups = weights.iter().sum::<f64>().round() as usize - alone;
            notes.push(format!(
                "Wire copy counts once: {shared} of {count} articles are near-duplicates, in {groups} cluster(s) that \
                 weigh one article each. Counts of sentences, tokens and terms are weighted likewise."
            ));
            weights
        }
        Wire::Drop => {
            let reprint = |at: usize| clusters.first[at] != at as u32;
            let agency = |at: usize| sums.articles[at].agency.is_some() && !own_agency(&sums.articles[at], sums);
            let reprints = (0..count).filter(|&at| reprint(at)).count();
            let credited = (0..count).filter(|&at| !reprint(at) && agency(at)).count();
            notes.push(format!(
                "Wire copy is left out of every table but articles: {reprints} reprints and {credited} other articles that \
                 credit an agency, of {count} articles."
            ));
            (0..count).map(|at| if reprint(at) || agency(at) { 0.0 } else { 1.0 }).collect()
        }
    }
}
