//! How well the intervals of `--scorer student` cover what the cross-encoder would have said.
//!
//! ```text
//! framescope score COLLECTION -o RUN --scorer cross --frames SCHEME
//! cargo run --release --example student -- RUN [RESAMPLES] [SAMPLE]
//! ```
//!
//! The sentences of RUN, every one read by the cross-encoder, are the population and its means and shares the truth. A resample
//! draws as many articles with replacement, then SAMPLE of their sentences; a student learns from those, and the estimates
//! corrected by them are held against the truth. Vectors are made once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use framescope::run_folder::RunManifest;
use framescope::stages::aggregate::intervals::Kind;
use framescope::stages::aggregate::ppi::{Totals, corrected};
use framescope::stages::infer::frames::{Lesson, Student};
use framescope::stages::infer::vectors;
use polars::prelude::*;
use rand::seq::index;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Sentences of one article, as places in the population.
type Article = Vec<usize>;

/// Whether the corrected interval holds the truth, its width, that of the sample alone, whether the student's holds it, lambda,
/// and 1 where there is a corrected interval.
type Counts = [f64; 6];

struct Population {
    articles: Vec<Article>,
    vectors: Vec<Vec<f32>>,
    /// Sentences × frames.
    cross: Vec<Vec<f32>>,
    frames: Vec<String>,
    cutoffs: Vec<f32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let run = PathBuf::from(args.next().ok_or("give the folder of a run with --scorer cross")?);
    let resamples: usize = args.next().map_or(Ok(500), |text| text.parse())?;
    let sample: usize = args.next().map_or(Ok(2000), |text| text.parse())?;
    let population = read(&run)?;
    let (n, k) = (population.cross.len(), population.frames.len());
    println!(
        "{} articles, {n} sentences, {k} frames; {resamples} resamples, {sample} sentences each",
        population.articles.len()
    );
    let done = AtomicUsize::new(0);
    let each: Vec<Vec<Counts>> = (0..resamples as u64)
        .into_par_iter()
        .map(|seed| {
            let counts = one(&population, sample, seed);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(25) {
                eprintln!("{done} of {resamples}");
            }
            counts
        })
        .collect();
    println!(
        "| frame | statistic | truth | corrected: covered, % | width | the sample alone: width | the student alone: covered, % | lambda |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut all = [0.0; 2];
    for frame in 0..k {
        for share in [false, true] {
            let at = 2 * frame + usize::from(share);
            let sum_of = |what: usize| each.iter().map(|counts| counts[at][what]).sum::<f64>();
            let [covered, width, alone, naive, lambda, with] = std::array::from_fn(sum_of);
            let m = resamples as f64;
            println!(
                "| {} | {} | {:.4} | {:.1} | {:.4} | {:.4} | {:.1} | {:.2} |",
                population.frames[frame],
                if share { "share_sentences" } else { "mean" },
                population.truth(frame, share),
                100.0 * covered / with,
                width / with,
                alone / with,
                100.0 * naive / m,
                lambda / with,
            );
            all = [all[0] + covered, all[1] + with];
        }
    }
    println!("all together: {:.1} % covered", 100.0 * all[0] / all[1]);
    Ok(())
}

impl Population {
    fn value(&self, score: f32, frame: usize, share: bool) -> f64 {
        if share { f64::from(u8::from(score >= self.cutoffs[frame])) } else { f64::from(score) }
    }

    fn truth(&self, frame: usize, share: bool) -> f64 {
        let sum: f64 = self.cross.iter().map(|scores| self.value(scores[frame], frame, share)).sum();
        sum / self.cross.len() as f64
    }
}

/// The population of a run: vectors by the models in force now.
fn read(run: &Path) -> Result<Population, Box<dyn std::error::Error>> {
    let manifest = RunManifest::load(run)?;
    if manifest.scorer != "cross" {
        return Err("the run has to be one with --scorer cross".into());
    }
    let frames: Vec<String> = manifest.scheme.frames.iter().map(|frame| frame.name.clone()).collect();
    let table = ParquetReader::new(std::fs::File::open(run.join("sentences.parquet"))?).finish()?;
    let texts: Vec<&str> = table.column("text")?.str()?.iter().flatten().collect();
    let columns = frames.iter().map(|name| {
        let column = table.column(&format!("frame_{name}"))?.f32()?;
        Ok::<Vec<f32>, PolarsError>(column.iter().flatten().collect())
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let mut places: HashMap<&str, Article> = HashMap::new();
    let mut order = Vec::new();
    for (row, id) in table.column("article_id")?.str()?.iter().flatten().enumerate() {
        places
            .entry(id)
            .or_insert_with(|| {
                order.push(id);
                Vec::new()
            })
            .push(row);
    }
    Ok(Population {
        articles: order.iter().map(|id| places[id].clone()).collect(),
        vectors: vectors(Path::new("models"), &texts)?,
        cross: (0..texts.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect(),
        frames,
        cutoffs: manifest.thresholds.frames,
    })
}

/// Draws, learns, estimates, and counts: for each frame its mean, then its share.
fn one(population: &Population, sample: usize, seed: u64) -> Vec<Counts> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let articles: Vec<&Article> = (0..population.articles.len())
        .map(|_| &population.articles[random.random_range(0..population.articles.len())])
        .collect();
    let sentences: Vec<(usize, usize)> =
        articles.iter().enumerate().flat_map(|(at, article)| article.iter().map(move |&row| (at, row))).collect();
    let drawn = index::sample(&mut random, sentences.len(), sample.min(sentences.len())).into_vec();
    let lessons = drawn.iter().map(|&at| sentences[at].1);
    let lessons: Vec<Lesson> =
        lessons.map(|row| Lesson { vector: &population.vectors[row], cross: &population.cross[row] }).collect();
    let (student, unseen) = Student::learn(&lessons, population.frames.len());
    let heard: HashMap<usize, usize> = drawn.iter().enumerate().map(|(lesson, &at)| (at, lesson)).collect();
    let readings: Vec<Vec<f32>> = sentences
        .iter()
        .enumerate()
        .map(|(at, &(_, row))| match heard.get(&at) {
            Some(&lesson) => unseen[lesson].probabilities.clone(),
            None => student.read(&population.vectors[row]).probabilities,
        })
        .collect();
    let mut counts = Vec::new();
    for (frame, share) in (0..population.frames.len()).flat_map(|frame| [(frame, false), (frame, true)]) {
        let mut totals = vec![Totals::default(); articles.len()];
        let mut alone = totals.clone();
        for (at, &(article, row)) in sentences.iter().enumerate() {
            let own = population.value(readings[at][frame], frame, share);
            let totals = &mut totals[article];
            if heard.contains_key(&at) {
                let cross = population.value(population.cross[row][frame], frame, share);
                totals.read += 1.0;
                totals.cross += cross;
                totals.student_read += own;
                alone[article].read += 1.0;
                alone[article].cross += cross;
            } else {
                totals.unread += 1.0;
                totals.student_unread += own;
            }
        }
        let truth = population.truth(frame, share);
        let kind = if share { Kind::Share } else { Kind::Mean { least: 0.0, most: 1.0 } };
        let mut entry = Counts::default();
        // The student for the cross-encoder: an interval of its own mean, as if it were the truth.
        let trusted: Vec<Totals> = totals
            .iter()
            .map(|t| Totals { read: t.read + t.unread, cross: t.student_read + t.student_unread, ..Totals::default() })
            .collect();
        let holds = |found: &[Totals]| corrected(found).and_then(|c| c.headline(kind, 0.05));
        if let Some(naive) = holds(&trusted) {
            entry[3] += f64::from(u8::from(naive.low <= truth && truth <= naive.high));
        }
        if let (Some(found), Some(plain)) = (corrected(&totals), holds(&alone))
            && let Some(interval) = found.headline(kind, 0.05)
        {
            entry[0] += f64::from(u8::from(interval.low <= truth && truth <= interval.high));
            entry[1] += interval.high - interval.low;
            entry[2] += plain.high - plain.low;
            entry[4] += found.lambda;
            entry[5] += 1.0;
        }
        counts.push(entry);
    }
    counts
}
