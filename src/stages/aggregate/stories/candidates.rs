//! Pairs of articles worth comparing: near in time, with telling terms in common.
//!
//! An inverted index over each article's heaviest terms, walked in order of date, so that an article meets only those of
//! the days around it; the cost is the number of articles times what one time window holds.

use chrono::NaiveDate;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bags::Weight;
use super::linkage;
use super::similarity::{WINDOW, cosines, probability};

/// Heaviest terms of an article's headline and lead, by which it is found.
const KEYS: usize = 40;
/// Keys that two articles have in common at least. One of 40 found every labelled pair that comparing all articles does; two
/// of 25 lost a third of them.
const SHARED: u8 = 1;
/// A key that more articles of a time window have finds none of them: their rarer terms do.
const MOST: usize = 1000;
/// Probability under which a pair is as good as unrelated.
const LEAST: f32 = 0.02;

/// Two articles, the one earlier in `order` first, and the probability that they tell the same story.
pub type Link = (u32, u32, f32);

/// Every likely pair that can bear on a story. `dates` and `weights` are by article.
///
/// Groups are joined only while the mean probability between them is at least [`linkage::LEAST`], so that one of their pairs
/// is at least that: a story lies within a connected component of the pairs that are, and pairs between components say
/// nothing. In a large collection these are nearly all, gigabytes of them: the components are found first.
pub fn links(weights: &[Vec<Weight>], dates: &[Option<NaiveDate>]) -> Vec<Link> {
    // Undated articles come last and meet every other.
    let mut order: Vec<u32> = (0..weights.len() as u32).collect();
    order.sort_by_key(|&at| (dates[at as usize].is_none(), dates[at as usize], at));
    let day = |article: u32| dates[article as usize].map(|date| (date - NaiveDate::default()).num_days() as i32);
    let days: Vec<Option<i32>> = order.iter().map(|&article| day(article)).collect();
    let mut index: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    let keys: Vec<Vec<u32>> = order.par_iter().map(|&article| keys(&weights[article as usize])).collect();
    for (place, keys) in (0..).zip(&keys) {
        keys.iter().for_each(|&key| index.entry(key).or_default().push(place));
    }
    // Places of an earlier article that `wanted` lets through, each of `later`, and how probable, at least so much.
    let (keys, index, days) = (&keys, &index, &days);
    let near = |place: u32| &weights[order[place as usize] as usize];
    let pairs = |later: &[u32], least: f32, wanted: &(dyn Fn(u32, u32) -> bool + Sync)| -> Vec<Link> {
        let of_one = |&place: &u32| {
            let met = meet(&keys[place as usize], index, days, place as usize);
            let probable = move |earlier: u32| {
                let gap = days[place as usize].zip(days[earlier as usize]).map(|(a, b)| a - b);
                (earlier, place, probability(cosines(near(place), near(earlier)), gap))
            };
            met.into_iter().filter(move |&earlier| wanted(earlier, place)).map(probable).filter(move |l| l.2 >= least)
        };
        later.par_iter().flat_map_iter(of_one).collect()
    };
    let every: Vec<u32> = (0..order.len() as u32).collect();
    let component = components(order.len(), &pairs(&every, linkage::LEAST as f32, &|_, _| true));
    // The others lead their component, by being its first.
    let later: Vec<u32> = every.into_iter().filter(|&place| component[place as usize] != place).collect();
    let likely = pairs(&later, LEAST, &|a, b| component[a as usize] == component[b as usize]);
    let article = |place: u32| order[place as usize];
    likely.into_iter().map(|(earlier, later, probable)| (article(earlier), article(later), probable)).collect()
}

/// Of each of `count` places, one place of its connected component.
fn components(count: usize, links: &[Link]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..count as u32).collect();
    fn root(parent: &mut [u32], mut place: u32) -> u32 {
        while parent[place as usize] != place {
            parent[place as usize] = parent[parent[place as usize] as usize];
            place = parent[place as usize];
        }
        place
    }
    for &(a, b, _) in links {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b) as usize] = a.min(b);
    }
    (0..count as u32).map(|place| root(&mut parent, place)).collect()
}

/// The terms by which an article is found.
fn keys(weights: &[Weight]) -> Vec<u32> {
    let mut heaviest: Vec<&Weight> = weights.iter().filter(|weight| weight.lead > 0.0).collect();
    heaviest.sort_unstable_by(|a, b| b.lead.total_cmp(&a.lead).then(a.term.cmp(&b.term)));
    heaviest.truncate(KEYS);
    heaviest.into_iter().map(|weight| weight.term).collect()
}

/// Earlier places within the window that share keys, ascending.
fn meet(keys: &[u32], index: &FxHashMap<u32, Vec<u32>>, days: &[Option<i32>], place: usize) -> Vec<u32> {
    let first =
        days[place].map_or(0, |day| days.partition_point(|other| other.is_some_and(|other| other < day - WINDOW)));
    let mut shared: FxHashMap<u32, u8> = FxHashMap::default();
    for key in keys {
        let places = &index[key];
        let from = places.partition_point(|&other| (other as usize) < first);
        let to = places.partition_point(|&other| (other as usize) < place);
        if to - from <= MOST {
            places[from..to].iter().for_each(|&other| *shared.entry(other).or_default() += 1);
        }
    }
    let mut met: Vec<u32> = shared.into_iter().filter(|&(_, count)| count >= SHARED).map(|(other, _)| other).collect();
    met.sort_unstable();
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_what_a_chain_of_links_connects() {
        let found = components(7, &[(4, 5, 0.9), (1, 2, 0.5), (0, 2, 0.7), (5, 6, 0.6)]);
        assert_eq!(found, [0, 0, 0, 3, 4, 4, 4]);
    }
}
