//! From likely pairs to stories: average linkage (UPGMA, Sokal & Michener 1958) on the pairs' probabilities.
//!
//! Two groups are joined while the mean probability over all their pairs, those never compared counting as none, is at
//! least one half, the most probable first. A single bridge between two stories is not enough, unlike in single
//! linkage, and a story that goes on for weeks breaks up where its articles stop being alike.

use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::candidates::Link;

/// Mean probability over all pairs from which two groups are one story.
pub const LEAST: f64 = 0.5;
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

struct Groups {
    /// Group that each article was merged into; itself where it leads one.
    parent: Vec<u32>,
    size: Vec<u32>,
    version: Vec<u32>,
    /// First and last day.
    days: Vec<Option<(i32, i32)>>,
    /// Of each group, its neighbours and the sum of the probabilities between the two.
    sums: Vec<FxHashMap<u32, f64>>,
    heap: BinaryHeap<Proposal>,
}

/// Of each article, the number of its group. `days` since any epoch.
pub fn groups(links: &[Link], days: &[Option<i32>]) -> Vec<u32> {
    let count = days.len();
    let mut groups = Groups {
        parent: (0..count as u32).collect(),
        size: vec![1; count],
        version: vec![0; count],
        days: days.iter().map(|day| day.map(|day| (day, day))).collect(),
        sums: vec![FxHashMap::default(); count],
        heap: BinaryHeap::new(),
    };
    for &(a, b, probability) in links {
        groups.sums[a as usize].insert(b, f64::from(probability));
        groups.sums[b as usize].insert(a, f64::from(probability));
        groups.propose(a, b, f64::from(probability));
    }
    while let Some(Proposal { groups: (a, b), versions, .. }) = groups.heap.pop() {
        if versions == (groups.version[a as usize], groups.version[b as usize]) {
            groups.join(a, b);
        }
    }
    (0..count as u32).map(|article| groups.root(article)).collect()
}

impl Groups {
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
        let (into, from) = if self.sums[a as usize].len() >= self.sums[b as usize].len() { (a, b) } else { (b, a) };
        self.parent[from as usize] = into;
        self.size[into as usize] += self.size[from as usize];
        self.days[into as usize] = span(self.days[into as usize], self.days[from as usize]);
        self.version[into as usize] += 1;
        self.version[from as usize] += 1;
        let moved = std::mem::take(&mut self.sums[from as usize]);
        for (neighbour, sum) in moved {
            self.sums[neighbour as usize].remove(&from);
            if neighbour != into {
                *self.sums[into as usize].entry(neighbour).or_default() += sum;
                *self.sums[neighbour as usize].entry(into).or_default() += sum;
            }
        }
        let proposals: Vec<(u32, f64)> = self.sums[into as usize].iter().map(|(&other, &sum)| (other, sum)).collect();
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
    use super::*;

    fn of(links: &[Link], days: &[i32]) -> Vec<Vec<u32>> {
        let days: Vec<Option<i32>> = days.iter().copied().map(Some).collect();
        let groups = groups(links, &days);
        let mut members: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
        (0..).zip(groups).for_each(|(article, group)| members.entry(group).or_default().push(article));
        let mut members: Vec<Vec<u32>> = members.into_values().collect();
        members.sort();
        members
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
