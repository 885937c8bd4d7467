//! Table `articles`: one row an article, means and shares of its own sentences. No interval: nothing is sampled.

use std::ops::Range;

use polars::prelude::*;
use rayon::prelude::*;

use super::article_sums::{ArticleSums, NO_CELL};
use super::columns::{Matrix, column, frame};
use super::duplicates::Clusters;
use super::measures::{Layout, PartGroup, Slice, Statistic, VoiceGroup};
use super::stories::Stories;
use crate::error::Result;
use crate::record::Voice;

/// Suffix of a column, by voice.
const SUFFIXES: [(VoiceGroup, &str); 3] =
    [(VoiceGroup::All, ""), (VoiceGroup::Narration, "_narration"), (VoiceGroup::Quotes, "_quotes")];

/// Rows of one part of the table: a million articles of some 150 columns are more than need be in memory at a time.
pub const PART: u32 = 50_000;

/// The rows of some articles, by their places.
pub fn table(
    sums: &ArticleSums,
    layout: &Layout,
    (clusters, stories): (&Clusters, &Stories),
    places: Range<u32>,
) -> Result<DataFrame> {
    let range = places.start as usize..places.end as usize;
    let (articles, descriptions) = (&sums.articles[range.clone()], &sums.descriptions[range]);
    let places: Vec<u32> = places.collect();
    let mut columns = vec![
        column("article_id", articles, |a| &*a.id),
        column("outlet", articles, |a| sums.outlets[a.outlet as usize].as_str()),
        column("date", articles, |a| a.date),
        column("section", articles, |a| a.section.as_deref()),
        column("title", descriptions, |d| d.title.as_str()),
        column("url", descriptions, |d| d.url.as_deref()),
        column("author", descriptions, |d| d.author.as_deref()),
        column("agency", articles, |a| a.agency.as_deref()),
    ];
    columns.extend(counts(sums, &places));
    for (voice, suffix) in SUFFIXES {
        columns.extend(scores(sums, layout, &places, voice, suffix));
    }
    columns.extend(groups(sums, clusters, stories, &places));
    Ok(frame(columns)?)
}

/// Columns of near-duplicates and of stories.
fn groups(sums: &ArticleSums, clusters: &Clusters, stories: &Stories, places: &[u32]) -> Vec<Column> {
    let article = |at: u32| &sums.articles[at as usize];
    let id = |of: &[u32], at: u32| article(of[at as usize]).id.to_string();
    vec![
        column("cluster_id", places, |&at| id(&clusters.first, at)),
        column("cluster_size", places, |&at| clusters.size[at as usize]),
        column("cluster_first", places, |&at| clusters.first[at as usize] == at),
        column("first_publisher", places, |&at| {
            let first = article(clusters.first[at as usize]);
            sums.outlets[first.outlet as usize].clone()
        }),
        column("cluster_agency", places, |&at| {
            clusters.agency_of[at as usize].and_then(|credited| article(credited).agency.clone())
        }),
        column("story_id", places, |&at| id(&stories.first, at)),
        column("story_size", places, |&at| stories.size[at as usize]),
        column("story_outlets", places, |&at| stories.outlets[at as usize]),
    ]
}

fn counts(sums: &ArticleSums, places: &[u32]) -> Vec<Column> {
    let cells = |at: u32| {
        sums.slots[at as usize].iter().filter(|&&cell| cell != NO_CELL).map(|&cell| &sums.cells[cell as usize])
    };
    let total = |name: &str, count: &dyn Fn(u32) -> u32| {
        let values: Vec<u32> = places.iter().copied().map(count).collect();
        Column::new(name.into(), values)
    };
    let voice = |at: u32, voice: Voice| cells(at).filter(|c| c.voice == voice).map(|c| c.sentences).sum();
    vec![
        total("n_sentences", &|at| cells(at).map(|cell| cell.sentences).sum()),
        total("n_tokens", &|at| cells(at).map(|cell| cell.tokens).sum()),
        total("n_tokens_quoted", &|at| cells(at).map(|cell| cell.tokens_quoted).sum()),
        total("n_narration", &|at| voice(at, Voice::Narration)),
        total("n_quote", &|at| voice(at, Voice::Quote)),
        total("n_mixed", &|at| voice(at, Voice::Mixed)),
    ]
}

/// Means, shares of sentences and the rate of terms in one voice; null where the article has no sentence (for the
/// rate: no token) in that voice.
fn scores(sums: &ArticleSums, layout: &Layout, places: &[u32], voice: VoiceGroup, suffix: &str) -> Vec<Column> {
    let slice = Slice { part: PartGroup::All, voice };
    let wanted: Vec<_> = layout
        .estimands
        .iter()
        .filter_map(|estimand| {
            let name = match estimand.statistic {
                Statistic::Mean => format!("{}{suffix}", estimand.measure),
                Statistic::ShareSentences => format!("{}_share{suffix}", estimand.measure),
                Statistic::RatePer1000 if estimand.measure == "terms" => format!("terms_per_1000{suffix}"),
                Statistic::ShareArticles | Statistic::RatePer1000 => return None,
            };
            Some((name, estimand))
        })
        .collect();
    // A chunk at a time, so that the wide rows of totals never stand in memory together.
    let chunks: Vec<Vec<Vec<Option<f64>>>> = places
        .par_chunks(4096)
        .map(|articles| {
            let totals: Matrix = layout.matrix(sums, articles, slice);
            let value = |row: &[f64], e: &super::measures::Estimand| {
                (row[e.denominator] > 0.0).then(|| e.scale() * row[e.numerator] / row[e.denominator])
            };
            wanted.iter().map(|(_, e)| totals.rows().map(|row| value(row, e)).collect()).collect()
        })
        .collect();
    let values = |at: usize| chunks.iter().flat_map(|chunk| chunk[at].iter().copied()).collect::<Vec<_>>();
    wanted.iter().enumerate().map(|(at, (name, _))| Column::new(name.as_str().into(), values(at))).collect()
}
