//! What an outlet, or all the others together, wrote of each story.

use crate::stages::aggregate::article_sums::ArticleSums;
use crate::stages::aggregate::columns::Matrix;
use crate::stages::aggregate::measures::{Layout, Slice};
use crate::stages::aggregate::stories::Stories;

/// One outlet's articles of one story.
pub struct Coverage {
    /// Index of the story's first article.
    pub story: u32,
    pub outlet: u32,
    pub articles: Vec<u32>,
}

/// Totals of one side in one slice, a row a story that it tells, by story.
pub struct Side {
    pub stories: Vec<u32>,
    pub articles: Vec<u32>,
    pub totals: Matrix,
}

/// Every outlet's coverage of every story, by story and outlet. Articles without weight are left out.
pub fn coverage(sums: &ArticleSums, stories: &Stories) -> Vec<Coverage> {
    let counted = (0..sums.articles.len() as u32).filter(|&article| sums.weights[article as usize] > 0.0);
    let mut keyed: Vec<(u32, u32, u32)> = counted
        .map(|article| (stories.first[article as usize], sums.articles[article as usize].outlet, article))
        .collect();
    keyed.sort_unstable();
    let same = |a: &(u32, u32, u32), b: &(u32, u32, u32)| (a.0, a.1) == (b.0, b.1);
    let cover = |group: &[(u32, u32, u32)]| Coverage {
        story: group[0].0,
        outlet: group[0].1,
        articles: group.iter().map(|key| key.2).collect(),
    };
    keyed.chunk_by(same).map(cover).collect()
}

/// Totals of each coverage in one slice.
pub fn totals(sums: &ArticleSums, layout: &Layout, coverage: &[Coverage], slice: Slice) -> Matrix {
    let mut totals = Matrix::zeros(coverage.len(), layout.columns);
    for (at, covered) in coverage.iter().enumerate() {
        for row in layout.matrix(sums, &covered.articles, slice).rows() {
            totals.row_mut(at).iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
    totals
}

impl Side {
    /// The coverages at these places, in order, those of one story added up.
    pub fn of(coverage: &[Coverage], totals: &Matrix, places: impl Iterator<Item = usize>) -> Self {
        let mut side = Self { stories: Vec::new(), articles: Vec::new(), totals: Matrix::zeros(0, totals.columns) };
        for (covered, row) in places.map(|place| (&coverage[place], totals.row(place))) {
            if side.stories.last() == Some(&covered.story) {
                let at = side.stories.len() - 1;
                side.totals.row_mut(at).iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                side.articles[at] += covered.articles.len() as u32;
            } else {
                side.stories.push(covered.story);
                side.articles.push(covered.articles.len() as u32);
                side.totals.values.extend_from_slice(row);
            }
        }
        side
    }
}

/// Places of the stories that two sides tell, where one of them does not `None`; by story.
pub fn align(a: &Side, b: &Side) -> Vec<(Option<usize>, Option<usize>)> {
    let (mut at, mut other) = (0, 0);
    let mut places = Vec::with_capacity(a.stories.len() + b.stories.len());
    while at < a.stories.len() || other < b.stories.len() {
        let (first, second) = (a.stories.get(at), b.stories.get(other));
        let takes_first = second.is_none_or(|second| first.is_some_and(|first| first <= second));
        let takes_second = first.is_none_or(|first| second.is_some_and(|second| second <= first));
        places.push((takes_first.then_some(at), takes_second.then_some(other)));
        at += usize::from(takes_first);
        other += usize::from(takes_second);
    }
    places
}
