//! Pairs of articles worth comparing: near in time, with telling terms in common.
//!
//! An inverted index over each article's heaviest terms, walked in order of date, so that an article meets only those of
//! the days around it; the cost is the number of articles times what one time window holds, and only that is in memory.

use std::collections::VecDeque;

use chrono::NaiveDate;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bags::{Shelf, Weight};
use super::linkage;
use super::similarity::{WINDOW, cosines, probability};

/// Heaviest terms of an article's headline and lead, by which it is found.
const KEYS: usize = 40;
/// Keys that two articles have in common at least. One of 40 found every labelled pair that comparing all articles does; two
/// of 25 lost a third of them.
const SHARED: u8 = 1;
/// A key that more articles of a time window have finds none of them: their rarer terms do.
const MOST: usize = 1000;
/// Once an article's rarest keys have led to so many (counted anew for each key), its commoner ones are not followed. Where a time
/// window has 25 articles, as in the labelled collection, that is all forty keys; where it has ten thousand, every article would else
/// be compared with half of them.
const FOLLOWED: usize = 1000;
/// Articles that look for earlier ones at a time.
const BLOCK: usize = 16_384;
/// Probability under which a pair is as good as unrelated.
const LEAST: f32 = 0.02;

/// Two articles, the one earlier in `order` first, and the probability that they tell the same story.
pub type Link = (u32, u32, f32);

/// Every likely pair that can bear on a story. `dates` are by article.
///
/// Groups are joined only while the mean probability between them is at least [`linkage::LEAST`], so that one of their pairs
/// is at least that: a story lies within a connected component of the pairs that are, and pairs between components say
/// nothing. In a large collection these are nearly all, gigabytes of them: the components are found first.
///
/// # Errors
/// The shelf cannot be read.
pub fn links(shelf: &mut Shelf, dates: &[Option<NaiveDate>]) -> std::io::Result<Vec<Link>> {
    links_by(BLOCK, shelf, dates)
}

fn links_by(block: usize, shelf: &mut Shelf, dates: &[Option<NaiveDate>]) -> std::io::Result<Vec<Link>> {
    // Undated articles come last and meet every other.
    let mut order: Vec<u32> = (0..shelf.len() as u32).collect();
    order.sort_by_key(|&at| (dates[at as usize].is_none(), dates[at as usize], at));
    let day = |article: u32| dates[article as usize].map(|date| (date - NaiveDate::default()).num_days() as i32);
    let days: Vec<Option<i32>> = order.iter().map(|&article| day(article)).collect();
    let mut walk = Walk { shelf, order: &order, days: &days, block };
    let sure = walk.pairs(linkage::LEAST as f32, &|_| true, &|_, _| true)?;
    let component = components(order.len(), &sure);
    let mut members = vec![0u32; order.len()];
    component.iter().for_each(|&first| members[first as usize] += 1);
    let likely = walk.pairs(LEAST, &|place| members[component[place as usize] as usize] > 1, &|a, b| {
        component[a as usize] == component[b as usize]
    })?;
    let article = |place: u32| order[place as usize];
    Ok(likely.into_iter().map(|(earlier, later, probable)| (article(earlier), article(later), probable)).collect())
}

/// A walk over all articles in order of date.
struct Walk<'a> {
    shelf: &'a mut Shelf,
    /// Article at each place, and its day.
    order: &'a [u32],
    days: &'a [Option<i32>],
    block: usize,
}

/// An article of the time window.
struct Held {
    keys: Vec<u32>,
    weights: Vec<Weight>,
}

impl Walk<'_> {
    /// Pairs of places, the earlier first, that are at least so probable, among the places that `takes_part` names and the pairs that
    /// `wanted` lets through.
    fn pairs(
        &mut self,
        least: f32,
        takes_part: &dyn Fn(u32) -> bool,
        wanted: &(dyn Fn(u32, u32) -> bool + Sync),
    ) -> std::io::Result<Vec<Link>> {
        let mut pairs = Vec::new();
        let mut held: VecDeque<Held> = VecDeque::new();
        // Place of the first that is held.
        let mut from = 0;
        for start in (0..self.order.len()).step_by(self.block) {
            let end = (start + self.block).min(self.order.len());
            // An undated one at the end of the block meets all.
            let first = if self.days[end - 1].is_some() { first_met(self.days, start) } else { 0 };
            if first < from {
                held.clear();
            } else {
                held.drain(..(first - from).min(held.len()));
            }
            from = first;
            self.load(from + held.len()..end, takes_part, &mut held)?;
            let mut index: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            for (place, held) in (from as u32..).zip(&held) {
                held.keys.iter().for_each(|&key| index.entry(key).or_default().push(place));
            }
            let at = |place: u32| &held[place as usize - from];
            let days = self.days;
            let of_one = |place: u32| {
                let probable = move |earlier: u32| {
                    let gap = days[place as usize].zip(days[earlier as usize]).map(|(a, b)| a - b);
                    (earlier, place, probability(cosines(&at(place).weights, &at(earlier).weights), gap))
                };
                let met = meet(&at(place).keys, &index, days, place as usize).into_iter();
                met.filter(move |&earlier| wanted(earlier, place)).map(probable).filter(move |link| link.2 >= least)
            };
            let found: Vec<Link> = (start as u32..end as u32).into_par_iter().flat_map_iter(of_one).collect();
            pairs.extend(found);
        }
        Ok(pairs)
    }

    /// The articles at these places; those that take no part with nothing in them.
    fn load(
        &mut self,
        places: std::ops::Range<usize>,
        takes_part: &dyn Fn(u32) -> bool,
        held: &mut VecDeque<Held>,
    ) -> std::io::Result<()> {
        let wanted: Vec<u32> = places.clone().map(|place| place as u32).filter(|&place| takes_part(place)).collect();
        let articles: Vec<u32> = wanted.iter().map(|&place| self.order[place as usize]).collect();
        let mut weights = self.shelf.weights(&articles)?.into_iter();
        let mut wanted = wanted.into_iter().peekable();
        for place in places {
            let weights = if wanted.next_if_eq(&(place as u32)).is_some() {
                weights.next().unwrap_or_default()
            } else {
                Vec::new()
            };
            held.push_back(Held { keys: keys(&weights), weights });
        }
        Ok(())
    }
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

/// The first place that the article at this one meets.
fn first_met(days: &[Option<i32>], place: usize) -> usize {
    days[place].map_or(0, |day| days.partition_point(|other| other.is_some_and(|other| other < day - WINDOW)))
}

/// Earlier places within the window that share keys, ascending.
fn meet(keys: &[u32], index: &FxHashMap<u32, Vec<u32>>, days: &[Option<i32>], place: usize) -> Vec<u32> {
    let first = first_met(days, place);
    let within = |key: &u32| {
        let places = &index[key];
        let from = places.partition_point(|&other| (other as usize) < first);
        let to = places.partition_point(|&other| (other as usize) < place);
        &places[from..to]
    };
    let mut found: Vec<&[u32]> = keys.iter().map(within).filter(|places| places.len() <= MOST).collect();
    found.sort_by_key(|places| places.len());
    let mut shared: FxHashMap<u32, u8> = FxHashMap::default();
    let mut followed = 0;
    for places in found {
        if followed >= FOLLOWED {
            break;
        }
        followed += places.len();
        places.iter().for_each(|&other| *shared.entry(other).or_default() += 1);
    }
    let mut met: Vec<u32> = shared.into_iter().filter(|&(_, count)| count >= SHARED).map(|(other, _)| other).collect();
    met.sort_unstable();
    met
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::aggregate::texts::ArticleText;

    #[test]
    fn components_are_what_a_chain_of_links_connects() {
        let found = components(7, &[(4, 5, 0.9), (1, 2, 0.5), (0, 2, 0.7), (5, 6, 0.6)]);
        assert_eq!(found, [0, 0, 0, 3, 4, 4, 4]);
    }

    /// Ten common keys lead to 300 articles each, a rare one to one that the last of them leads to as well.
    #[test]
    fn where_keys_lead_to_thousands_the_rarest_are_followed() {
        let common = (0..10).map(|key| (key, (key * 300..(key + 1) * 300).collect()));
        let mut index: FxHashMap<u32, Vec<u32>> = common.collect();
        index.insert(99, vec![2850]);
        let days = vec![Some(0); 3001];
        let keys: Vec<u32> = (0..10).chain([99]).collect();
        let met = meet(&keys, &index, &days, 3000);
        assert_eq!(met, (0..1200).chain([2850]).collect::<Vec<u32>>());
    }

    /// Articles over a month and undated ones, in blocks that divide days: the same pairs as all at once.
    #[test]
    fn pairs_do_not_depend_on_the_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let texts: Vec<ArticleText> = (0..60u32)
            .map(|article| ArticleText {
                article,
                headline: vec![format!("Topic{} in Town{}", article % 7, article % 5)],
                sentences: vec![format!(
                    "The mayor of Town{} spoke of topic{} and matter{}.",
                    article % 5,
                    article % 7,
                    article % 3
                )],
            })
            .collect();
        let date =
            |n: u64| NaiveDate::from_ymd_opt(2026, 3, 1).and_then(|first| first.checked_add_days(chrono::Days::new(n)));
        let dates: Vec<Option<NaiveDate>> =
            (0..60u64).map(|n| if n % 9 == 8 { None } else { date(n * 17 % 30) }).collect();
        let found = |block| {
            let mut bags = super::super::bags::Bags::new(folder.path(), 60).unwrap();
            bags.add(&texts).unwrap();
            links_by(block, &mut bags.shelve().unwrap(), &dates).unwrap()
        };
        let whole = found(60);
        assert!(whole.len() > 20, "{whole:?}");
        for block in [1, 7, 32] {
            assert_eq!(found(block), whole, "{block}");
        }
    }
}
