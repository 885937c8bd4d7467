//! Pairs of articles worth comparing: near in time, with telling terms in common.
//!
//! An inverted index over each article's heaviest terms, walked in order of date, so that an article meets only those of
//! the days around it; the cost is the number of articles times what one time window holds, and only that is in memory
//! (and every undated article).

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bags::{Bag, Shelf};
use super::similarity::Looked;
use super::timeline::Timeline;

/// Heaviest terms of an article's headline and lead, by one of which it is found: so every labelled pair was that comparing all articles
/// finds. (Two of 25 lost a third of them.)
const KEYS: usize = 40;
/// A key that more articles of a time window have finds none of them: their rarer terms do.
const MOST: usize = 1000;
/// Once an article's rarest keys have led to so many (counted anew for each key), its commoner ones are not followed. Where a time
/// window has 25 articles, as in the labelled collection, that is all forty keys; where it has ten thousand, every article would else
/// be compared with half of them.
const FOLLOWED: usize = 1000;
/// Articles that look for earlier ones at a time.
pub const BLOCK: usize = 16_384;
/// Probability under which a pair is as good as unrelated.
const LEAST: f32 = 0.02;

/// Two places, the earlier first, and the probability that they tell the same story.
pub type Link = (u32, u32, f32);

/// An article of the time window.
struct Held {
    keys: Vec<u32>,
    bag: Bag,
}

/// Hands over the likely pairs, those of `block` places with earlier ones at a time, and the place before which dated articles are in
/// no later pair.
///
/// # Errors
/// The shelf cannot be read.
pub fn for_each_block(
    block: usize,
    shelf: &mut Shelf,
    timeline: &Timeline,
    mut take: impl FnMut(&[Link], usize),
) -> std::io::Result<()> {
    let (count, undated) = (timeline.articles.len(), timeline.undated);
    // Every undated place before the block, then the dated ones from `from` on.
    let mut held: Vec<Held> = Vec::new();
    let mut from = undated;
    for start in (0..count).step_by(block) {
        let end = (start + block).min(count);
        let first = timeline.first_met(start);
        held.drain(undated.min(held.len())..(undated + first - from).min(held.len()));
        from = first;
        let bags = shelf.bags(&timeline.articles[start..end])?;
        held.par_extend(bags.into_par_iter().map(|bag| Held { keys: keys(&bag), bag }));
        let mut index: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (place, held) in (0..undated).chain(from..).zip(&held) {
            held.keys.iter().for_each(|&key| index.entry(key).or_default().push(place as u32));
        }
        let bag = |place: u32| {
            let place = place as usize;
            &held[if place < undated { place } else { undated + place - from }]
        };
        let of_one = |place: u32| {
            let Held { keys, bag: own } = bag(place);
            let looked = Looked::new(own);
            let link = move |earlier: u32| {
                let probable = looked.probability(&bag(earlier).bag, timeline.between(earlier, place), LEAST)?;
                Some((earlier, place, probable))
            };
            meet(keys, &index, timeline, place as usize).into_iter().filter_map(link)
        };
        let links: Vec<Link> = (start as u32..end as u32).into_par_iter().flat_map_iter(of_one).collect();
        take(&links, if end < count { timeline.first_met(end) } else { count });
    }
    Ok(())
}

/// The terms by which an article is found.
fn keys(bag: &Bag) -> Vec<u32> {
    let mut heaviest: Vec<(u32, f32)> = bag.terms.iter().copied().zip(bag.lead.iter().copied()).collect();
    heaviest.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    heaviest.truncate(KEYS);
    heaviest.into_iter().map(|(term, _)| term).collect()
}

/// Earlier places, undated or within the window, that share a key; ascending.
fn meet(keys: &[u32], index: &FxHashMap<u32, Vec<u32>>, timeline: &Timeline, place: usize) -> Vec<u32> {
    let first = timeline.first_met(place);
    let within = |key: &u32| {
        let before = |end: usize| index[key].partition_point(|&other| (other as usize) < end);
        [
            &index[key][..before(timeline.undated.min(place))],
            &index[key][before(first)..before(place).max(before(first))],
        ]
    };
    let led_to = |places: &[&[u32]; 2]| places[0].len() + places[1].len();
    let mut found: Vec<[&[u32]; 2]> = keys.iter().map(within).filter(|places| led_to(places) <= MOST).collect();
    found.sort_by_key(led_to);
    let mut met = Vec::new();
    for places in found {
        if met.len() >= FOLLOWED {
            break;
        }
        met.extend(places.into_iter().flatten());
    }
    met.sort_unstable();
    met.dedup();
    met
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::stages::aggregate::texts::ArticleText;

    fn date(day: u64) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 3, 1).and_then(|first| first.checked_add_days(chrono::Days::new(day)))
    }

    /// Ten common keys lead to 300 articles each, a rare one to one that the last of them leads to as well.
    #[test]
    fn where_keys_lead_to_thousands_the_rarest_are_followed() {
        let common = (0..10).map(|key| (key, (key * 300..(key + 1) * 300).collect()));
        let mut index: FxHashMap<u32, Vec<u32>> = common.collect();
        index.insert(99, vec![2850]);
        let keys: Vec<u32> = (0..10).chain([99]).collect();
        let met = meet(&keys, &index, &Timeline::new(&vec![date(0); 3001]), 3000);
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
        let dates: Vec<_> = (0..60u64).map(|n| if n % 9 == 8 { None } else { date(n * 17 % 30) }).collect();
        let timeline = Timeline::new(&dates);
        let found = |block| {
            let mut bags = super::super::bags::Bags::new(folder.path(), 60).unwrap();
            bags.add(&texts).unwrap();
            let (mut all, mut done) = (Vec::new(), timeline.undated);
            for_each_block(block, &mut bags.shelve().unwrap(), &timeline, |links, complete| {
                let again = |&place: &u32| (timeline.undated..done).contains(&(place as usize));
                assert!(!links.iter().any(|(earlier, later, _)| again(earlier) || again(later)));
                done = complete;
                all.extend_from_slice(links);
            })
            .unwrap();
            assert_eq!(done, 60);
            all
        };
        let whole = found(60);
        assert!(whole.len() > 20, "{whole:?}");
        let undated = |&&(earlier, later, _): &&Link| earlier < 6 && later >= 6;
        assert!(whole.iter().filter(undated).count() > 3, "{whole:?}");
        for block in [1, 4, 7, 32] {
            assert_eq!(found(block), whole, "{block}");
        }
    }
}
