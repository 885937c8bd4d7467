//! From likely pairs to stories: average linkage (UPGMA, Sokal & Michener 1958) on the pairs' probabilities.
//!
//! Two groups are joined while the mean probability over all their pairs, those never compared counting as none, is at
//! least one half, the most probable first. A single bridge between two stories is not enough, unlike in single
//! linkage, and a story that goes on for weeks breaks up where its articles stop being alike.
//!
//! A million articles have gigabytes of likely pairs, so they are joined in order of time. Average linkage is *reducible* (Bruynooghe
//! 1977; Murtagh 1983): joining two groups makes neither more alike to a third than the more alike of the two was, so that two groups
//! which are each other's nearest may be joined at once, whatever comes later. A group whose articles have met all that they ever will is
//! joined as soon as its nearest group is such a one too, or forgotten when no group is near enough.

use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::candidates::Link;
use super::timeline::Timeline;

/// Mean probability over all pairs from which two groups are one story.
const LEAST: f64 = 0.5;
/// Days from the first to the last article of a story at most.
const SPAN: i32 = 14;

/// Two groups that may be joined. Ordered by mean probability; equal ones by the groups' numbers, lower first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Proposal {
    mean: f64,
    groups: (u32, u32),
    /// Changes of either group since would make it stale.
    versions: (u32, u32),
}

impl Eq for Proposal {}

impl Ord for Proposal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.mean.total_cmp(&other.mean).then_with(|| other.groups.cmp(&self.groups))
    }
}

impl PartialOrd for Proposal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Groups of places while their links come in.
pub struct Linkage<'a> {
    timeline: &'a Timeline,
    /// Group that each place was merged into; itself where it leads one.
    parent: Vec<u32>,
    size: Vec<u32>,
    version: Vec<u32>,
    /// First and last day.
    days: Vec<Option<(i32, i32)>>,
    /// Of each group that may yet be joined, its neighbours and the sum of the probabilities between the two.
    sums: FxHashMap<u32, FxHashMap<u32, f64>>,
    heap: BinaryHeap<Proposal>,
}

impl<'a> Linkage<'a> {
    pub fn new(timeline: &'a Timeline) -> Self {
        let count = timeline.days.len();
        Self {
            timeline,
            parent: (0..count as u32).collect(),
            size: vec![1; count],
            version: vec![0; count],
            days: timeline.days.iter().map(|day| day.map(|day| (day, day))).collect(),
            sums: FxHashMap::default(),
            heap: BinaryHeap::new(),
        }
    }

    /// Takes further links, after which dated places before `complete` get no more.
    pub fn add(&mut self, links: &[Link], complete: usize) {
        for &(a, b, probability) in links {
            let probability = f64::from(probability);
            self.sums.entry(a).or_default().insert(b, probability);
            self.sums.entry(b).or_default().insert(a, probability);
            self.propose(a, b, probability);
        }
        let dated = self.timeline.undated..complete;
        self.join_complete(|group| dated.contains(&(group as usize)));
    }

    /// Of each place, the number of its group.
    pub fn finish(mut self) -> Vec<u32> {
        self.join_complete(|_| true);
        (0..self.parent.len() as u32).map(|place| self.root(place)).collect()
    }

    /// Joins what is near enough, the nearest first, but for groups that are not `complete` and those that have to wait for them, their
    /// nearest; forgets the others.
    fn join_complete(&mut self, complete: impl Fn(u32) -> bool) {
        let mut waiting: FxHashSet<u32> = FxHashSet::default();
        let mut kept = Vec::new();
        while let Some(proposal) = self.heap.pop() {
            let (a, b) = proposal.groups;
            if proposal.versions != (self.version[a as usize], self.version[b as usize]) {
                continue;
            }
            let waits = |group: u32| waiting.contains(&group) || !complete(group);
            if waits(a) || waits(b) {
                waiting.extend([a, b]);
                kept.push(proposal);
            } else {
                self.join(a, b);
            }
        }
        self.heap = kept.into();
        let done: Vec<u32> =
            self.sums.keys().copied().filter(|group| !waiting.contains(group) && complete(*group)).collect();
        done.into_iter().for_each(|group| drop(self.leave(group)));
    }

    /// Takes a group from its neighbours, and gives back what they had in common.
    fn leave(&mut self, group: u32) -> FxHashMap<u32, f64> {
        let sums = self.sums.remove(&group).unwrap_or_default();
        for neighbour in sums.keys() {
            self.sums.get_mut(neighbour).and_then(|theirs| theirs.remove(&group));
        }
        sums
    }

    fn root(&self, mut group: u32) -> u32 {
        while self.parent[group as usize] != group {
            group = self.parent[group as usize];
        }
        group
    }

    fn propose(&mut self, a: u32, b: u32, sum: f64) {
        let (a, b) = (a.min(b), a.max(b));
        let mean = sum / (f64::from(self.size[a as usize]) * f64::from(self.size[b as usize]));
        let span = span(self.days[a as usize], self.days[b as usize]).map_or(0, |(first, last)| last - first);
        if mean >= LEAST && span <= SPAN {
            let versions = (self.version[a as usize], self.version[b as usize]);
            self.heap.push(Proposal { mean, groups: (a, b), versions });
        }
    }

    /// Merges the group with fewer neighbours into the other.
    fn join(&mut self, a: u32, b: u32) {
        let neighbours = |group| self.sums.get(&group).map_or(0, FxHashMap::len);
        let (into, from) = if neighbours(a) >= neighbours(b) { (a, b) } else { (b, a) };
        self.parent[from as usize] = into;
        self.size[into as usize] += self.size[from as usize];
        self.days[into as usize] = span(self.days[into as usize], self.days[from as usize]);
        self.version[into as usize] += 1;
        self.version[from as usize] += 1;
        for (neighbour, sum) in self.leave(from) {
            if neighbour != into {
                *self.sums.entry(into).or_default().entry(neighbour).or_default() += sum;
                *self.sums.entry(neighbour).or_default().entry(into).or_default() += sum;
            }
        }
        let proposals: Vec<(u32, f64)> =
            self.sums.get(&into).into_iter().flatten().map(|(&other, &sum)| (other, sum)).collect();
        proposals.into_iter().for_each(|(other, sum)| self.propose(into, other, sum));
    }
}

fn span(a: Option<(i32, i32)>, b: Option<(i32, i32)>) -> Option<(i32, i32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use rand::{Rng, SeedableRng, rngs::SmallRng};

    use super::*;

    fn timeline(days: &[Option<i32>]) -> Timeline {
        let date = |day: i32| NaiveDate::default() + chrono::TimeDelta::days(i64::from(day));
        Timeline::new(&days.iter().map(|day| day.map(date)).collect::<Vec<_>>())
    }

    fn members(groups: Vec<u32>) -> Vec<Vec<u32>> {
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        (0..).zip(groups).for_each(|(place, group)| members.entry(group).or_default().push(place));
        let mut members: Vec<Vec<u32>> = members.into_values().collect();
        members.sort();
        members
    }

    /// Links in blocks of so many places each.
    fn linked(links: &[Link], timeline: &Timeline, block: usize) -> Vec<Vec<u32>> {
        let count = timeline.days.len();
        let mut linkage = Linkage::new(timeline);
        for start in (0..count).step_by(block) {
            let end = (start + block).min(count);
            let of_block: Vec<Link> =
                links.iter().copied().filter(|link| (start..end).contains(&(link.1 as usize))).collect();
            linkage.add(&of_block, if end < count { timeline.first_met(end) } else { count });
        }
        members(linkage.finish())
    }

    fn of(links: &[Link], days: &[i32]) -> Vec<Vec<u32>> {
        linked(links, &timeline(&days.iter().copied().map(Some).collect::<Vec<_>>()), days.len())
    }

    /// All pairs of groups, again and again.
    fn plainly(links: &[Link], timeline: &Timeline) -> Vec<Vec<u32>> {
        let probability: BTreeMap<(u32, u32), f64> =
            links.iter().map(|&(a, b, probability)| ((a, b), f64::from(probability))).collect();
        let mut groups: Vec<Vec<u32>> = (0..timeline.days.len() as u32).map(|place| vec![place]).collect();
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for (one, a) in groups.iter().enumerate() {
                for (other, b) in groups.iter().enumerate().take(one) {
                    let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a.min(b), a.max(b))));
                    let sum: f64 = pairs.filter_map(|pair| probability.get(&pair)).sum();
                    let days = || a.iter().chain(b).filter_map(|&place| timeline.days[place as usize]);
                    let span = days().max().zip(days().min()).map_or(0, |(last, first)| last - first);
                    let mean = sum / (a.len() * b.len()) as f64;
                    if mean >= LEAST && span <= SPAN && best.is_none_or(|best| mean > best.0) {
                        best = Some((mean, other, one));
                    }
                }
            }
            let Some((_, into, from)) = best else { break };
            let moved = groups.remove(from);
            groups[into].extend(moved);
            groups[into].sort_unstable();
        }
        groups.sort();
        groups
    }

    /// Three articles a day over forty days, some undated; most pairs of a week are alike, so that chains of waiting groups are long.
    #[test]
    fn joining_in_order_of_time_is_joining_the_nearest_of_all() {
        for seed in 0..20 {
            let mut random = SmallRng::seed_from_u64(seed);
            let days: Vec<Option<i32>> =
                (0..120).map(|place| if place < 5 { None } else { Some((place - 5) / 3) }).collect();
            let timeline = timeline(&days);
            let mut links = Vec::new();
            for later in 0..120u32 {
                for earlier in (0..later).filter(|&earlier| timeline.between(earlier, later).is_none_or(|gap| gap <= 7))
                {
                    if random.random_bool(if earlier < 5 { 0.1 } else { 0.7 }) {
                        links.push((earlier, later, random.random_range(0.02..1.0f32)));
                    }
                }
            }
            let expected = plainly(&links, &timeline);
            assert!(expected.iter().filter(|group| group.len() > 2).count() > 5, "{expected:?}");
            for block in [1, 3, 10, 50, 120] {
                assert_eq!(linked(&links, &timeline, block), expected, "seed {seed}, blocks of {block}");
            }
        }
    }

    /// What is done is forgotten: a long collection takes no more memory than a short one.
    #[test]
    fn only_the_last_weeks_are_kept() {
        let days: Vec<Option<i32>> = (0..900).map(|place| Some(place / 3)).collect();
        let timeline = timeline(&days);
        let mut linkage = Linkage::new(&timeline);
        for place in 3..900u32 {
            let links = [(place - 3, place, 0.9), (place - 2, place, 0.3)];
            linkage.add(&links, timeline.first_met(place as usize));
            assert!(linkage.sums.len() < 100 && linkage.heap.len() < 100, "{place}");
        }
        assert!(members(linkage.finish()).len() > 20);
    }

    #[test]
    fn one_bridge_does_not_join_two_stories() {
        let inside = [(0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.9), (3, 4, 0.9), (4, 5, 0.9), (3, 5, 0.9)];
        let bridged = [&inside[..], &[(2, 3, 0.95)]].concat();
        // The bridge is joined first, being the most probable; the others then stand alone with half of each.
        let found = of(&[&inside[..], &[(2, 3, 0.85)]].concat(), &[0; 6]);
        assert_eq!(found, [vec![0, 1, 2], vec![3, 4, 5]]);
        assert!(of(&bridged, &[0; 6]).iter().all(|group| group.len() < 6));
    }

    #[test]
    fn a_story_ends_after_its_longest_span() {
        let links = [(0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.9)];
        assert_eq!(of(&links, &[0, 7, 14]), [vec![0, 1, 2]]);
        assert_eq!(of(&links, &[0, 7, 15]), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn pairs_that_were_never_compared_count_against_joining() {
        assert_eq!(of(&[(0, 1, 0.9), (1, 2, 0.8)], &[0; 3]), [vec![0, 1], vec![2]]);
    }
}
