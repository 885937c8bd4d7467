//! The same story in several outlets: which articles tell of one event.
//!
//! Articles are bags of terms of headline, lead and whole text, names weighing more ([`bags`]); terms are weighed by how
//! rare they are here and in news at large ([`background`]). In order of time ([`timeline`]) an inverted index finds pairs within a
//! week of each other ([`candidates`]), a logistic regression on pairs labelled by hand says how probable it is that both tell the
//! same story ([`similarity`]), and average linkage makes stories of the pairs ([`linkage`]). docs/stories.md has what it
//! finds and what it misses.

mod background;
mod bags;
mod candidates;
mod linkage;
mod similarity;
mod timeline;

use std::path::Path;

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::article_sums::ArticleSums;
use super::texts::for_each_article;
use crate::error::{Error, Result};

use linkage::Linkage;
use timeline::Timeline;

/// Which articles tell the same story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stories {
    /// Of each article, the first published one of its story (itself, where it is the only one).
    pub first: Vec<u32>,
    /// Of each article, the articles of its story.
    pub size: Vec<u32>,
    /// Of each article, the outlets that tell its story.
    pub outlets: Vec<u32>,
}

/// Finds the stories of a sentence table.
///
/// # Errors
/// A file that cannot be read or lacks a column; no room for the temporary file beside it.
pub fn find(path: &Path, sums: &ArticleSums) -> Result<Stories> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unusable = || Error::io(folder.join("(temporary file)"));
    let mut bags = bags::Bags::new(folder, sums.articles.len()).map_err(unusable())?;
    for_each_article(path, sums, |texts| bags.add(&texts).map_err(unusable()))?;
    let mut shelf = bags.shelve().map_err(unusable())?;
    let dates: Vec<Option<NaiveDate>> = sums.articles.iter().map(|article| article.date).collect();
    let timeline = Timeline::new(&dates);
    let mut linkage = Linkage::new(&timeline);
    candidates::for_each_block(candidates::BLOCK, &mut shelf, &timeline, |links, complete| {
        linkage.add(links, complete)
    })
    .map_err(unusable())?;
    drop(shelf);
    let mut groups = vec![0; dates.len()];
    for (&article, group) in timeline.articles.iter().zip(linkage.finish()) {
        groups[article as usize] = group;
    }
    Ok(Stories::new(&groups, sums))
}

impl Stories {
    /// From the number of each article's group.
    fn new(groups: &[u32], sums: &ArticleSums) -> Self {
        let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (article, &group) in (0..).zip(groups) {
            members.entry(group).or_default().push(article);
        }
        let count = groups.len();
        let mut stories = Self { first: vec![0; count], size: vec![0; count], outlets: vec![0; count] };
        for articles in members.into_values() {
            let published = |article: &&u32| {
                let date = sums.articles[**article as usize].date;
                (date.is_none(), date, **article)
            };
            let first = *articles.iter().min_by_key(published).expect("a group has an article");
            let mut outlets: Vec<u32> =
                articles.iter().map(|&article| sums.articles[article as usize].outlet).collect();
            outlets.sort_unstable();
            outlets.dedup();
            for &article in &articles {
                let at = article as usize;
                stories.first[at] = first;
                stories.size[at] = articles.len() as u32;
                stories.outlets[at] = outlets.len() as u32;
            }
        }
        stories
    }
}
