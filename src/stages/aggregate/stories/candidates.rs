//! Pairs of articles worth comparing: near in time, with telling terms in common.
//!
//! An inverted index over each article's heaviest terms, walked in order of date, so that an article meets only those of
//! the days around it; the cost is the number of articles times what one time window holds.

use chrono::NaiveDate;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bags::Weight;
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

/// Every likely pair. `dates` and `weights` are by article.
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
    let found: Vec<Vec<Link>> = (0..order.len())
        .into_par_iter()
        .map(|place| {
            let near = |place: usize| &weights[order[place] as usize];
            let mut links = Vec::new();
            for earlier in meet(&keys[place], &index, &days, place) {
                let gap = days[place].zip(days[earlier as usize]).map(|(a, b)| a - b);
                let probable = probability(cosines(near(place), near(earlier as usize)), gap);
                if probable >= LEAST {
                    links.push((order[earlier as usize], order[place], probable));
                }
            }
            links
        })
        .collect();
    found.into_iter().flatten().collect()
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
