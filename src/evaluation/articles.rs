//! Article texts as sentences, cleaned and split as `framescope score` does.

use std::sync::Arc;

use super::dataset::{Dataset, Example};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::pipeline::Preparation;
use crate::record::{Article, Source};

/// The sentences of each example, never none. Examples that the pipeline would reject, or that have no sentence, are
/// taken out of the dataset and counted.
pub(super) fn sentences(dataset: &mut Dataset, config: &Config) -> Result<Vec<Vec<String>>> {
    let preparation = Preparation::new(config)?;
    let mut all = Vec::with_capacity(dataset.examples.len());
    let mut kept = Vec::with_capacity(dataset.examples.len());
    for example in std::mem::take(&mut dataset.examples) {
        let split = preparation.clean_and_segment(article(&example));
        let sentences: Vec<String> =
            split.map(|(_, sentences)| sentences.into_iter().map(|s| s.text).collect()).unwrap_or_default();
        if sentences.is_empty() {
            dataset.skipped.unusable_articles += 1;
            dataset.skipped.note(example.row);
        } else {
            all.push(sentences);
            kept.push(example);
        }
    }
    if kept.is_empty() {
        return Err(Error::Config(format!(
            "no article has a sentence: {}",
            super::dataset::describe(&dataset.skipped)
        )));
    }
    // Numbers of clusters must stay without gaps for resampling.
    let mut numbers = rustc_hash::FxHashMap::default();
    for example in &mut kept {
        let next = numbers.len();
        example.cluster = *numbers.entry(example.cluster).or_insert(next);
    }
    (dataset.examples, dataset.clusters) = (kept, numbers.len());
    Ok(all)
}

fn article(example: &Example) -> Article {
    Article {
        id: example.id.clone().unwrap_or_else(|| example.row.to_string()),
        source: Source { file: Arc::from("evaluation"), row: Some(example.row) },
        title: String::new(),
        deck: None,
        text: example.text.clone(),
        outlet: None,
        author: None,
        published: None,
        url: None,
        section: None,
    }
}
