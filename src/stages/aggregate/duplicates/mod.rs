//! Near-duplicates: reprints of wire copy, syndicated pieces, one article in two files.
//!
//! Articles are sets of five-word shingles of their sentences, headline aside. MinHash and locality-sensitive hashing
//! ([`minhash`]) find candidate pairs; the exact Jaccard similarity of their shingles decides. In order of publication,
//! an article joins the cluster whose *first* article is most like it, at least [`LEAST_SIMILARITY`], or else begins its
//! own. So every member is a near-duplicate of the first publisher's article itself: likeness is never chained from copy
//! to copy, as single linkage would, and two articles that merely share a third's passages stay apart.

mod minhash;
mod shingles;

use std::path::Path;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::minhash::{Signature, Signed};
use super::article_sums::{ArticleKey, ArticleSums};
use super::texts::{ArticleText, for_each_article};
use crate::error::Result;

/// Jaccard similarity from which an article is a near-duplicate of another.
pub const LEAST_SIMILARITY: f64 = 0.5;
/// Estimated similarity from which a pair is worth the exact one: 4.4 standard errors below.
const WORTH_A_LOOK: f64 = 0.3;
/// Shingle sets in memory at a time: some 5 kB each.
const SETS: usize = 50_000;
/// Fewer shingles than this say nothing: two stubs "Subscribe to read on" are no reprint.
const LEAST_SHINGLES: usize = 30;

/// Which articles are near-duplicates of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// Of each article, the first published one of its cluster (itself, where it has no near-duplicate).
    pub first: Vec<u32>,
    /// Of each article, the articles of its cluster.
    pub size: Vec<u32>,
    /// Of each article, the agency that an article of its cluster credits: the first publisher's credit, else the
    /// earliest one. In the words of that article.
    pub agency_of: Vec<Option<u32>>,
}

/// Clusters the articles of a sentence table.
///
/// # Errors
/// A file that cannot be read or lacks a column.
pub fn find(path: &Path, sums: &ArticleSums) -> Result<Clusters> {
    let order = by_publication(sums);
    let (signed, article_of) = sign(path, sums, &order)?;
    let candidates = minhash::candidates(&signed, WORTH_A_LOOK);
    drop(signed);
    let exact = similarities(path, sums, &candidates, &article_of)?;
    let alike = candidates.iter().zip(exact).filter(|(_, similarity)| *similarity >= LEAST_SIMILARITY);
    let pairs: Vec<(u32, u32, f64)> = alike.map(|(&(first, second), similarity)| (first, second, similarity)).collect();
    let leaders = lead(article_of.len(), pairs);
    let mut first: Vec<u32> = (0..sums.articles.len() as u32).collect();
    for (at, leader) in leaders.into_iter().enumerate() {
        first[article_of[at] as usize] = article_of[leader as usize];
    }
    Ok(Clusters::new(first, &order, sums))
}

impl Clusters {
    fn new(first: Vec<u32>, order: &[u32], sums: &ArticleSums) -> Self {
        let mut count = vec![0u32; first.len()];
        first.iter().for_each(|&leader| count[leader as usize] += 1);
        let mut credited = vec![None; first.len()];
        for &article in order.iter().filter(|&&article| sums.articles[article as usize].agency.is_some()) {
            credited[first[article as usize] as usize].get_or_insert(article);
        }
        let size = first.iter().map(|&leader| count[leader as usize]).collect();
        let agency_of = first.iter().map(|&leader| credited[leader as usize]).collect();
        Self { first, size, agency_of }
    }
}

/// The order in which articles may lead a cluster: by date, undated ones last; on one day an agency's own article before
/// its clients', then input order.
fn by_publication(sums: &ArticleSums) -> Vec<u32> {
    let mut order: Vec<u32> = (0..sums.articles.len() as u32).collect();
    let key = |article: &ArticleKey| (article.date.is_none(), article.date, !own_agency(article, sums));
    order.sort_by_key(|&at| (key(&sums.articles[at as usize]), at));
    order
}

/// Whether the agency that an article credits is the outlet that published it.
pub fn own_agency(article: &ArticleKey, sums: &ArticleSums) -> bool {
    let outlet = &sums.outlets[article.outlet as usize];
    article.agency.iter().flat_map(|credit| credit.split("; ")).any(|agency| same_name(agency, outlet))
}

/// "AP" and "The Associated Press", "Reuters" and "reuters.com".
fn same_name(agency: &str, outlet: &str) -> bool {
    let initials: String =
        outlet.split_whitespace().filter_map(|word| word.chars().next()).filter(|c| c.is_uppercase()).collect();
    let (agency_lower, outlet_lower) = (agency.to_lowercase(), outlet.to_lowercase());
    initials.trim_start_matches('T') == agency
        || initials == agency
        || outlet_lower.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" ").contains(&agency_lower)
            && agency.len() > 2
        || outlet == agency
}

/// Signatures in the order given, of the articles that are long enough, and which article each is.
fn sign(path: &Path, sums: &ArticleSums, order: &[u32]) -> Result<(Signed, Vec<u32>)> {
    // In the order of the table, each where it came: a quarter of a kilobyte an article must not stand in memory twice.
    let mut signed: Vec<Signature> = Vec::with_capacity(sums.articles.len());
    let mut place_of: Vec<Option<u32>> = vec![None; sums.articles.len()];
    for_each_article(path, sums, |texts| {
        let made: Vec<_> = texts
            .par_iter()
            .map(|text| (text.article, long_enough(text).map(|set| minhash::signature(&set))))
            .collect();
        for (article, signature) in made {
            place_of[article as usize] = signature.is_some().then_some(signed.len() as u32);
            signed.extend(signature);
        }
        Ok(())
    })?;
    let ranked = order.iter().filter_map(|&article| Some((place_of[article as usize]?, article)));
    let (places, article_of) = ranked.unzip();
    Ok((Signed { signatures: signed, places }, article_of))
}

fn long_enough(text: &ArticleText) -> Option<Vec<u64>> {
    Some(shingles::shingles(&text.sentences)).filter(|set| set.len() >= LEAST_SHINGLES)
}

/// Exact similarity of each pair of ranks: as many pairs a pass over the texts as [`SETS`] allows.
fn similarities(path: &Path, sums: &ArticleSums, pairs: &[(u32, u32)], article_of: &[u32]) -> Result<Vec<f64>> {
    let mut found = Vec::with_capacity(pairs.len());
    while found.len() < pairs.len() {
        let mut wanted = FxHashSet::default();
        let within = |pair: &&(u32, u32)| {
            wanted.extend([pair.0, pair.1].map(|at| article_of[at as usize]));
            wanted.len() <= SETS
        };
        let now = pairs[found.len()..].iter().take_while(within).count();
        let sets = sets(path, sums, &wanted)?;
        let similarity = |&(first, second): &(u32, u32)| {
            let [a, b] = [first, second].map(|at| &sets[&article_of[at as usize]]);
            shingles::jaccard(a, b)
        };
        let few = &pairs[found.len()..found.len() + now];
        found.extend(few.par_iter().map(similarity).collect::<Vec<_>>());
    }
    Ok(found)
}

/// Shingle sets of some articles.
fn sets(path: &Path, sums: &ArticleSums, wanted: &FxHashSet<u32>) -> Result<FxHashMap<u32, Vec<u64>>> {
    let mut sets = FxHashMap::default();
    if wanted.is_empty() {
        return Ok(sets);
    }
    for_each_article(path, sums, |texts| {
        let made: Vec<_> = texts
            .par_iter()
            .filter(|text| wanted.contains(&text.article))
            .map(|text| (text.article, shingles::shingles(&text.sentences)))
            .collect();
        sets.extend(made);
        Ok(())
    })?;
    Ok(sets)
}

/// Of each of `count` articles, its leader: the most similar earlier article that leads, else itself. `pairs` are
/// (earlier, later, similarity).
fn lead(count: usize, mut pairs: Vec<(u32, u32, f64)>) -> Vec<u32> {
    pairs.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.total_cmp(&a.2)).then(a.0.cmp(&b.0)));
    let mut leader: Vec<u32> = (0..count as u32).collect();
    for of_one in pairs.chunk_by(|a, b| a.1 == b.1) {
        if let Some(&(first, later, _)) = of_one.iter().find(|pair| leader[pair.0 as usize] == pair.0) {
            leader[later as usize] = first;
        }
    }
    leader
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_not_chained_from_copy_to_copy() {
        let pairs = vec![(1, 2, 0.7), (0, 1, 0.6), (0, 3, 0.9), (2, 3, 0.95)];
        assert_eq!(lead(4, pairs), [0, 0, 2, 2], "the third article is like the second only");
    }

    #[test]
    fn an_agency_is_known_as_an_outlet() {
        for (agency, outlet) in [("AP", "The Associated Press"), ("AP", "Associated Press"), ("Reuters", "reuters.com")]
        {
            assert!(same_name(agency, outlet), "{agency} {outlet}");
        }
        for (agency, outlet) in [("AP", "Apple Daily"), ("Reuters", "The Guardian"), ("PA", "Palm Post")] {
            assert!(!same_name(agency, outlet), "{agency} {outlet}");
        }
    }
}
