//! Table `distinctive`: the words, pairs and triples of words that set an outlet's language apart from the others'.
//!
//! Narration and quotes are compared apart; mixed sentences, whose words cannot be told apart here, are left out.
//! Ranking and q-values rest on the log-odds ratio over its article-level error ([`super::log_odds`]); q is within an
//! outlet and voice, over all n-grams that are frequent enough.

use std::path::Path;

use polars::prelude::*;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::article_sums::ArticleSums;
use super::columns::{column, frame};
use super::fdr;
use super::intervals;
use super::linearised::RatioSums;
use super::log_odds::{LogOdds, WordCount, log_odds};
use super::ngrams::{self, Gram, Most, Sketch};
use super::options::AggregateOptions;
use super::scan::for_each_batch;
use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;

/// The threshold rises until no more n-grams reach it, and their sums by outlet and voice (32 bytes each) are no more,
/// which bounds the memory of the second pass whatever the number of sentences and outlets.
const MOST: Most = Most { candidates: 400_000, cells: 12_000_000 };
/// Passages handed over together: the n-grams of a whole batch of sentences would be half a gigabyte.
const AT_ONCE: usize = 512;
const VOICES: [&str; 2] = ["narration", "quote"];
const VOICE_NAMES: [&str; 2] = ["narration", "quotes"];

/// One article's sentences of one voice.
struct Passage {
    outlet: u32,
    voice: usize,
    sentences: Vec<String>,
    /// Of the article; never 0.
    weight: f64,
}

/// Sums of one n-gram over the articles that have it.
#[derive(Debug, Clone, Copy, Default)]
struct GramSums {
    y: f64,
    yy: f64,
    xy: f64,
    articles: u32,
    /// Outlet and voice, see [`cell`]; of no meaning in a sum over outlets. In here, since there it costs no memory.
    cell: u32,
}

/// One number for an outlet and voice.
fn cell(outlet: u32, voice: usize) -> u32 {
    outlet * VOICES.len() as u32 + voice as u32
}

/// Exact counts of the candidates.
#[derive(Default)]
struct Counts {
    place: FxHashMap<u64, u32>,
    /// Text and number of words.
    names: Vec<(String, usize)>,
    /// Of each n-gram the outlets and voices that have it, by [`cell`].
    sums: Vec<Vec<GramSums>>,
    /// Word tokens by outlet and voice.
    tokens: Vec<[RatioSums; 2]>,
}

/// One row of the table.
struct Row<'a> {
    outlet: &'a str,
    voice: usize,
    gram: &'a (String, usize),
    own: RatioSums,
    others: RatioSums,
    articles: u32,
    compared: LogOdds,
    q: f64,
}

pub fn table(
    path: &Path,
    sums: &ArticleSums,
    options: &AggregateOptions,
    notes: &mut Vec<String>,
) -> Result<DataFrame> {
    if !options.distinctive || sums.outlets.len() < 2 {
        return data_frame(&[]);
    }
    let mut sketch = Sketch::new();
    passages(path, sums, |passages| {
        let distinct: Vec<Vec<u64>> = passages.par_iter().map(|p| ngrams::distinct(&p.sentences)).collect();
        sketch.add(&distinct);
    })?;
    let least = u16::try_from(options.distinctive_articles.max(1)).unwrap_or(u16::MAX);
    let threshold = sketch.threshold(least, MOST, VOICES.len() * sums.outlets.len());
    if threshold > least {
        notes.push(format!("Distinctive n-grams: only those in {threshold} articles or more, to bound memory."));
    }
    let mut counts = Counts { tokens: vec![Default::default(); sums.outlets.len()], ..Counts::default() };
    passages(path, sums, |passages| {
        let candidate = |gram| sketch.articles(gram) >= threshold;
        let counted: Vec<_> = passages.par_iter().map(|p| ngrams::count(&p.sentences, candidate)).collect();
        for (passage, (grams, tokens)) in passages.iter().zip(counted) {
            counts.add(passage, grams, tokens);
        }
    })?;
    drop(sketch);
    let everywhere = counts.everywhere();
    let rows: Vec<Vec<Row>> = sums
        .outlets_by_name()
        .par_iter()
        .flat_map_iter(|&outlet| [0, 1].map(|voice| (outlet, voice)))
        .map(|(outlet, voice)| counts.compare(&everywhere, sums, outlet, voice, u32::from(threshold), options))
        .collect();
    data_frame(&rows.into_iter().flatten().collect::<Vec<_>>())
}

/// Streams the text, an article at a time, [`AT_ONCE`] passages together: an article cut by the end of a batch is held back and completed.
fn passages(path: &Path, sums: &ArticleSums, mut take: impl FnMut(&[Passage])) -> Result<()> {
    let outlets: FxHashMap<&str, u32> = sums.outlets.iter().map(String::as_str).zip(0..).collect();
    let weights: FxHashMap<&str, f64> =
        sums.articles.iter().map(|a| &*a.id).zip(sums.weights.iter().copied()).filter(|(_, w)| *w != 1.0).collect();
    let wanted = ["article_id", "outlet", "voice", "text"].map(String::from);
    let mut open: Vec<Passage> = Vec::new();
    let mut last = String::new();
    for_each_batch(path, &wanted, |batch| {
        let text = |name: &str| -> Result<&StringChunked> { Ok(batch.column(name)?.str()?) };
        let (ids, names, voices, texts) = (text("article_id")?, text("outlet")?, text("voice")?, text("text")?);
        let mut done: Vec<Passage> = Vec::new();
        for (((id, outlet), voice), text) in ids.iter().zip(names.iter()).zip(voices.iter()).zip(texts.iter()) {
            let (Some(id), Some(voice), Some(text)) = (id, voice, text) else { continue };
            if id != last {
                done.append(&mut open);
                last.replace_range(.., id);
            }
            let Some(voice) = VOICES.iter().position(|name| *name == voice) else { continue };
            let weight = weights.get(id).copied().unwrap_or(1.0);
            if weight == 0.0 {
                continue;
            }
            let outlet = outlets[outlet.unwrap_or(UNKNOWN_OUTLET)];
            match open.iter_mut().find(|passage| passage.voice == voice) {
                Some(passage) => passage.sentences.push(text.to_string()),
                None => open.push(Passage { outlet, voice, sentences: vec![text.to_string()], weight }),
            }
        }
        done.chunks(AT_ONCE).for_each(&mut take);
        Ok(())
    })?;
    take(&open);
    Ok(())
}

impl Counts {
    fn add(&mut self, passage: &Passage, grams: Vec<Gram>, tokens: u32) {
        let tokens = passage.weight * f64::from(tokens);
        self.tokens[passage.outlet as usize][passage.voice].add(0.0, tokens);
        for gram in grams {
            let next = self.names.len() as u32;
            let place = *self.place.entry(gram.hash).or_insert_with(|| {
                self.names.push((gram.text(&passage.sentences), gram.length));
                self.sums.push(Vec::new());
                next
            });
            let sums = self.cell(place, cell(passage.outlet, passage.voice));
            let y = passage.weight * f64::from(gram.count);
            sums.y += y;
            sums.yy += y * y;
            sums.xy += tokens * y;
            sums.articles += 1;
        }
    }

    fn cell(&mut self, gram: u32, cell: u32) -> &mut GramSums {
        let cells = &mut self.sums[gram as usize];
        let at = cells.binary_search_by_key(&cell, |sums| sums.cell).unwrap_or_else(|at| {
            if cells.len() == cells.capacity() {
                // Doubling would leave a third of the largest thing in memory empty.
                cells.reserve_exact(4 + cells.len() / 8);
            }
            cells.insert(at, GramSums { cell, ..GramSums::default() });
            at
        });
        &mut cells[at]
    }

    /// Sums of each n-gram over all outlets, by voice.
    fn everywhere(&self) -> Vec<[GramSums; 2]> {
        let of = |cells: &Vec<GramSums>| {
            let mut voices = [GramSums::default(); 2];
            for sums in cells {
                let voice = &mut voices[sums.cell as usize % VOICES.len()];
                *voice = voice.plus(sums);
            }
            voices
        };
        self.sums.par_iter().map(of).collect()
    }

    fn compare<'a>(
        &'a self,
        everywhere: &[[GramSums; 2]],
        sums: &'a ArticleSums,
        outlet: u32,
        voice: usize,
        articles: u32,
        options: &AggregateOptions,
    ) -> Vec<Row<'a>> {
        let own_tokens = self.tokens[outlet as usize][voice];
        let all_tokens = self.tokens.iter().fold(RatioSums::default(), |sum, voices| sum.plus(&voices[voice]));
        let other_tokens = all_tokens.less(&own_tokens);
        let row = |at: usize, everywhere: &GramSums| {
            let cells = &self.sums[at];
            let found = cells.binary_search_by_key(&cell(outlet, voice), |sums| sums.cell);
            let own = found.map_or(GramSums::default(), |at| cells[at]);
            let (own_sums, others) = (own.over(&own_tokens), everywhere.less(&own).over(&other_tokens));
            let compared = log_odds(WordCount::of(&own_sums), WordCount::of(&others))?;
            let (outlet, gram) = (sums.outlets[outlet as usize].as_str(), &self.names[at]);
            Some(Row { outlet, voice, gram, own: own_sums, others, articles: own.articles, compared, q: 1.0 })
        };
        let frequent = |sums: &GramSums| sums.articles >= articles && sums.y >= f64::from(options.distinctive_count);
        let everywhere = everywhere.iter().map(|voices| &voices[voice]).enumerate().filter(|(_, sums)| frequent(sums));
        // Whole rows of all n-grams, for two outlets at a time, would be hundreds of megabytes.
        let (places, z): (Vec<(usize, &GramSums)>, Vec<f64>) =
            everywhere.filter_map(|(at, sums)| Some(((at, sums), row(at, sums)?.compared.z_articles))).unzip();
        let p: Vec<f64> = z.iter().map(|&z| intervals::normal_p(z)).collect();
        let q = fdr::benjamini_hochberg(&p);
        let mut ranked: Vec<usize> = (0..z.len()).collect();
        let name = |rank: usize| &self.names[places[rank].0];
        ranked.sort_unstable_by(|&a, &b| z[b].abs().total_cmp(&z[a].abs()).then_with(|| name(a).cmp(name(b))));
        ranked.truncate(options.distinctive_top as usize);
        let row = |rank: usize| Some(Row { q: q[rank], ..row(places[rank].0, places[rank].1)? });
        ranked.into_iter().filter_map(row).collect()
    }
}

impl GramSums {
    fn plus(&self, other: &Self) -> Self {
        Self {
            y: self.y + other.y,
            yy: self.yy + other.yy,
            xy: self.xy + other.xy,
            articles: self.articles + other.articles,
            cell: 0,
        }
    }

    fn less(&self, part: &Self) -> Self {
        Self {
            y: self.y - part.y,
            yy: self.yy - part.yy,
            xy: self.xy - part.xy,
            articles: self.articles - part.articles,
            cell: 0,
        }
    }

    fn over(&self, tokens: &RatioSums) -> RatioSums {
        RatioSums { y: self.y, yy: self.yy, xy: self.xy, ..*tokens }
    }
}

fn data_frame(rows: &[Row]) -> Result<DataFrame> {
    let rate = |sums: &RatioSums| 1000.0 * sums.y / sums.x;
    Ok(frame(vec![
        column("outlet", rows, |r| r.outlet),
        column("voice", rows, |r| VOICE_NAMES[r.voice]),
        column("ngram", rows, |r| r.gram.0.as_str()),
        column("n", rows, |r| r.gram.1 as u32),
        column("count", rows, |r| r.own.y.round() as u64),
        column("count_rest", rows, |r| r.others.y.round() as u64),
        column("rate_per_1000", rows, |r| rate(&r.own)),
        column("rate_per_1000_rest", rows, |r| rate(&r.others)),
        column("n_articles_with_ngram", rows, |r| r.articles),
        column("log_odds", rows, |r| r.compared.log_odds),
        column("z", rows, |r| r.compared.z),
        column("z_articles", rows, |r| r.compared.z_articles),
        column("q", rows, |r| r.q),
    ])?)
}
