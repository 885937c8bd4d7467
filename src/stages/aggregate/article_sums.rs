//! The one pass over `sentences.parquet`: totals per article, part and voice.
//!
//! polars streams the needed columns in batches and in row order; each score column is then summed by one thread in
//! that order, so a total is the same to the last bit whatever the number of threads. What stays in memory is a row
//! per article, part and voice that occurs (about four an article), never a sentence.

use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use polars::prelude::*;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::columns::date_of;
use super::sampled::Sampled;
use super::scan::{for_each_batch, has_column, score, unsigned};
use crate::error::{Error, Result};
use crate::record::{Part, UNKNOWN_OUTLET, Voice};
use crate::run_folder::Thresholds;

/// Who wrote what, as the first sentence of the article has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleKey {
    pub id: Arc<str>,
    /// Index into [`ArticleSums::outlets`].
    pub outlet: u32,
    pub date: Option<NaiveDate>,
    pub section: Option<String>,
    pub agency: Option<String>,
}

/// What the table `articles` alone says of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub title: String,
    pub url: Option<String>,
    pub author: Option<String>,
}

/// Totals over the sentences of one article, part and voice.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub part: Part,
    pub voice: Voice,
    pub sentences: u32,
    pub tokens: u32,
    pub tokens_quoted: u32,
    pub terms: u32,
    pub terms_quoted: u32,
}

/// Occurrences of a lexicon term in one part of an article.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TermCount {
    pub article: u32,
    pub part: Part,
    /// Index into [`ArticleSums::lexicon`].
    pub term: u32,
    pub count: u32,
    /// Of those, inside quoted speech.
    pub quoted: u32,
}

/// The article-level table that everything else is made of.
#[derive(Debug, Default)]
pub struct ArticleSums {
    /// In order of first appearance.
    pub articles: Vec<ArticleKey>,
    /// Of each article, until the table `articles` is made.
    pub descriptions: Vec<Description>,
    /// In order of first appearance.
    pub outlets: Vec<String>,
    /// In order of first appearance.
    pub cells: Vec<Cell>,
    /// One vector a score of [`scores`], one total a cell.
    pub totals: Vec<Vec<f64>>,
    /// One vector a cut-off of [`cutoffs`], one count of sentences a cell.
    pub hits: Vec<Vec<u32>>,
    /// Of each article, the cell of each part and voice, [`NO_CELL`] where it has none.
    pub slots: Vec<[u32; 9]>,
    /// Term and category that occur, in order of first appearance.
    pub lexicon: Vec<(String, String)>,
    /// Sorted by article, part and term.
    pub terms: Vec<TermCount>,
    /// Of a run whose scorer learnt from a sample.
    pub sampled: Option<Sampled>,
    /// What each article counts in an estimate: 1, a part of it for one of several reprints, 0 where it is left out.
    pub weights: Vec<f64>,
}

/// Marks a part and voice that an article does not have.
pub const NO_CELL: u32 = u32::MAX;

/// Scores that come before the frames in [`scores`].
pub const FIXED_SCORES: usize = 4;

/// Columns of which the mean is taken: the four tone and wording scores, then the frames.
pub fn scores(frames: &[String]) -> Vec<String> {
    let fixed = ["tone", "tone_negative", "tone_positive", "loaded"].map(String::from);
    fixed.into_iter().chain(frames.iter().map(|name| format!("frame_{name}"))).collect()
}

/// Measures with a yes or no for each sentence: tone that is negative (positive) before anything else, then wording
/// and frames at or above their cut-offs.
pub fn cutoffs(frames: &[String]) -> Vec<String> {
    let fixed = ["tone_negative", "tone_positive", "loaded"].map(String::from);
    fixed.into_iter().chain(frames.iter().map(|name| format!("frame_{name}"))).collect()
}

const TEXT: [&str; 9] = ["article_id", "outlet", "section", "title", "url", "author", "agency", "part", "voice"];
const COUNTS: [&str; 4] = ["n_tokens", "n_tokens_quoted", "n_terms", "n_terms_quoted"];

impl ArticleSums {
    /// Reads and reduces the sentence table.
    pub fn read(path: &Path, frames: &[String], thresholds: &Thresholds) -> Result<Self> {
        if thresholds.frames.len() != frames.len() {
            return Err(Error::Run {
                path: path.to_owned(),
                reason: format!("{} frames but {} cut-offs", frames.len(), thresholds.frames.len()),
            });
        }
        let mut wanted: Vec<String> = TEXT.iter().chain(&COUNTS).map(|name| name.to_string()).collect();
        wanted.extend(["date", "tone_neutral", "terms"].map(String::from));
        wanted.extend(scores(frames));
        let mut reading = Reading::new(path, frames, thresholds);
        if frames.first().map(|frame| has_column(path, &format!("cross_{frame}"))).transpose()? == Some(true) {
            wanted.extend(frames.iter().map(|frame| format!("cross_{frame}")));
            reading.sums.sampled = Some(Sampled::of(frames.len()));
        }
        for_each_batch(path, &wanted, |batch| reading.take(batch))?;
        Ok(reading.finish())
    }

    /// Articles of each outlet that count, in input order.
    pub fn articles_by_outlet(&self) -> Vec<Vec<u32>> {
        let mut by_outlet = vec![Vec::new(); self.outlets.len()];
        for (at, article) in self.articles.iter().enumerate() {
            if self.weights[at] > 0.0 {
                by_outlet[article.outlet as usize].push(at as u32);
            }
        }
        by_outlet
    }

    /// Outlets in alphabetical order, the order of every table.
    pub fn outlets_by_name(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.outlets.len() as u32).collect();
        order.sort_by_key(|&outlet| &self.outlets[outlet as usize]);
        order
    }

    /// The term counts of one article.
    pub fn terms_of(&self, article: u32) -> &[TermCount] {
        let from = self.terms.partition_point(|count| count.article < article);
        let to = self.terms.partition_point(|count| count.article <= article);
        &self.terms[from..to]
    }
}

/// The table while it is read.
struct Reading<'a> {
    path: &'a Path,
    scores: Vec<String>,
    cutoffs: Vec<(String, f32)>,
    sums: ArticleSums,
    articles: FxHashMap<Arc<str>, u32>,
    outlets: FxHashMap<String, u32>,
    lexicon: FxHashMap<(String, String), u32>,
    rows: usize,
}

impl<'a> Reading<'a> {
    fn new(path: &'a Path, frames: &[String], thresholds: &Thresholds) -> Self {
        let scores = scores(frames);
        let cuts = std::iter::once(thresholds.loaded).chain(thresholds.frames.iter().copied());
        let cutoffs: Vec<_> = cutoffs(frames).into_iter().skip(2).zip(cuts).collect();
        let sums = ArticleSums {
            totals: vec![Vec::new(); scores.len()],
            hits: vec![Vec::new(); cutoffs.len() + 2],
            ..ArticleSums::default()
        };
        Self {
            path,
            scores,
            cutoffs,
            sums,
            articles: FxHashMap::default(),
            outlets: FxHashMap::default(),
            lexicon: FxHashMap::default(),
            rows: 0,
        }
    }

    fn take(&mut self, mut batch: DataFrame) -> Result<()> {
        batch.rechunk_mut();
        let (article_of, cell_of) = self.place(&batch)?;
        self.count(&batch, &cell_of)?;
        self.sum(&batch, &cell_of)?;
        self.sum_sampled(&batch, &cell_of)?;
        self.count_terms(&batch, &article_of)?;
        self.rows += batch.height();
        Ok(())
    }

    fn refuse(&self, row: usize, what: &str) -> Error {
        Error::Run { path: self.path.to_owned(), reason: format!("row {}: {what}", self.rows + row + 1) }
    }

    /// The article and the cell of every row.
    fn place(&mut self, batch: &DataFrame) -> Result<(Vec<u32>, Vec<u32>)> {
        let ids = batch.column("article_id")?.str()?.clone();
        let parts = batch.column("part")?.str()?.clone();
        let voices = batch.column("voice")?.str()?.clone();
        let (mut article_of, mut cell_of) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
        let mut last: Option<(&str, u32)> = None;
        for (row, ((id, part), voice)) in ids.iter().zip(parts.iter()).zip(voices.iter()).enumerate() {
            let id = id.ok_or_else(|| self.refuse(row, "no article_id"))?;
            let article = match last {
                Some((same, article)) if same == id => article,
                _ => self.article(batch, row, id)?,
            };
            last = Some((id, article));
            let part = part.and_then(|name| name.parse().ok()).ok_or_else(|| self.refuse(row, "unknown part"))?;
            let voice = voice.and_then(|name| name.parse().ok()).ok_or_else(|| self.refuse(row, "unknown voice"))?;
            article_of.push(article);
            cell_of.push(self.cell(article, part, voice));
        }
        Ok((article_of, cell_of))
    }

    fn article(&mut self, batch: &DataFrame, row: usize, id: &str) -> Result<u32> {
        if let Some(&article) = self.articles.get(id) {
            return Ok(article);
        }
        let text = |name: &str| -> Result<Option<String>> { Ok(batch.column(name)?.str()?.get(row).map(String::from)) };
        let outlet = text("outlet")?.unwrap_or_else(|| UNKNOWN_OUTLET.into());
        let next = self.outlets.len() as u32;
        let outlet = *self.outlets.entry(outlet).or_insert_with_key(|name| {
            self.sums.outlets.push(name.clone());
            next
        });
        let article = self.sums.articles.len() as u32;
        let id: Arc<str> = id.into();
        self.sums.articles.push(ArticleKey {
            id: Arc::clone(&id),
            outlet,
            date: batch.column("date")?.date()?.physical().get(row).and_then(date_of),
            section: text("section")?,
            agency: text("agency")?,
        });
        self.sums.descriptions.push(Description {
            title: text("title")?.unwrap_or_default(),
            url: text("url")?,
            author: text("author")?,
        });
        self.sums.slots.push([NO_CELL; 9]);
        self.articles.insert(id, article);
        Ok(article)
    }

    fn cell(&mut self, article: u32, part: Part, voice: Voice) -> u32 {
        let slot = &mut self.sums.slots[article as usize][part as usize * 3 + voice as usize];
        if *slot == NO_CELL {
            *slot = self.sums.cells.len() as u32;
            let (sentences, tokens, tokens_quoted, terms, terms_quoted) = (0, 0, 0, 0, 0);
            self.sums.cells.push(Cell { part, voice, sentences, tokens, tokens_quoted, terms, terms_quoted });
        }
        *slot
    }

    fn count(&mut self, batch: &DataFrame, cell_of: &[u32]) -> Result<()> {
        let counts: Vec<&[u32]> = COUNTS.iter().map(|name| unsigned(batch, name)).collect::<Result<_>>()?;
        for (row, &cell) in cell_of.iter().enumerate() {
            let cell = &mut self.sums.cells[cell as usize];
            cell.sentences += 1;
            cell.tokens += counts[0][row];
            cell.tokens_quoted += counts[1][row];
            cell.terms += counts[2][row];
            cell.terms_quoted += counts[3][row];
        }
        Ok(())
    }

    /// Adds every score column to its totals and, against its cut-off, to its hits: a thread a column.
    fn sum(&mut self, batch: &DataFrame, cell_of: &[u32]) -> Result<()> {
        let cells = self.sums.cells.len();
        let values: Vec<&[f32]> = self.scores.iter().map(|name| score(batch, name)).collect::<Result<_>>()?;
        for (name, values) in self.scores.iter().zip(&values) {
            if let Some(row) = values.iter().position(|value| value.is_nan()) {
                return Err(self.refuse(row, &format!("{name} is not a number")));
            }
        }
        self.sums.totals.par_iter_mut().zip(&values).for_each(|(totals, values)| {
            grow(totals, cells);
            cell_of.iter().zip(*values).for_each(|(&cell, &value)| totals[cell as usize] += f64::from(value));
        });
        let neutral = score(batch, "tone_neutral")?;
        let [negative, positive] = [values[1], values[2]];
        let (tone, cut) = self.sums.hits.split_at_mut(2);
        for (hits, this, other) in [(0, negative, positive), (1, positive, negative)] {
            grow(&mut tone[hits], cells);
            for (row, &cell) in cell_of.iter().enumerate() {
                tone[hits][cell as usize] += u32::from(this[row] > other[row] && this[row] > neutral[row]);
            }
        }
        // Scores from `loaded` on are the ones with a cut-off, in the same order.
        cut.par_iter_mut().zip(&values[3..]).zip(&self.cutoffs).for_each(|((hits, values), (_, cutoff))| {
            grow(hits, cells);
            cell_of.iter().zip(*values).for_each(|(&cell, value)| hits[cell as usize] += u32::from(value >= cutoff));
        });
        Ok(())
    }

    fn sum_sampled(&mut self, batch: &DataFrame, cell_of: &[u32]) -> Result<()> {
        let Some(sampled) = &mut self.sums.sampled else { return Ok(()) };
        sampled.resize(self.sums.cells.len());
        for frame in 0..sampled.cross.len() {
            let name = &self.scores[FIXED_SCORES + frame];
            let cutoff = self.cutoffs[1 + frame].1;
            let student = score(batch, name)?;
            let cross = batch.column(&name.replacen("frame_", "cross_", 1))?.f32()?;
            for ((cross, &student), &cell) in cross.iter().zip(student).zip(cell_of) {
                if let Some(cross) = cross {
                    sampled.add(frame, cell as usize, (cross, student), cutoff);
                }
            }
        }
        Ok(())
    }

    fn count_terms(&mut self, batch: &DataFrame, article_of: &[u32]) -> Result<()> {
        let articles = Column::new("article".into(), article_of);
        let found =
            DataFrame::new_infer_height(vec![articles, batch.column("part")?.clone(), batch.column("terms")?.clone()])?
                .explode(["terms"], ExplodeOptions { empty_as_null: false, keep_nulls: false })?
                .unnest(["terms"], None)?;
        let articles = unsigned(&found, "article")?;
        let parts = found.column("part")?.str()?.iter();
        let names = found.column("term")?.str()?.iter().zip(found.column("category")?.str()?.iter());
        let quoted = found.column("in_quote")?.bool()?.iter();
        let mut counts = Vec::new();
        for (((&article, part), (term, category)), quoted) in articles.iter().zip(parts).zip(names).zip(quoted) {
            let (Some(part), Some(term), Some(category)) = (part.and_then(|name| name.parse().ok()), term, category)
            else {
                continue;
            };
            let term = self.term(term, category);
            counts.push(TermCount { article, part, term, count: 1, quoted: u32::from(quoted == Some(true)) });
        }
        self.sums.terms.extend(merged(counts));
        Ok(())
    }

    fn term(&mut self, term: &str, category: &str) -> u32 {
        let next = self.lexicon.len() as u32;
        *self.lexicon.entry((term.to_string(), category.to_string())).or_insert_with_key(|entry| {
            self.sums.lexicon.push(entry.clone());
            next
        })
    }

    fn finish(self) -> ArticleSums {
        let mut sums = self.sums;
        let cells = sums.cells.len();
        sums.totals.iter_mut().for_each(|totals| grow(totals, cells));
        sums.hits.iter_mut().for_each(|hits| grow(hits, cells));
        if let Some(sampled) = &mut sums.sampled {
            sampled.resize(cells);
        }
        // An article that a batch cuts, or that comes again later, has counts in both.
        sums.terms = merged(sums.terms);
        sums.terms.shrink_to_fit();
        sums.weights = vec![1.0; sums.articles.len()];
        sums
    }
}

/// Lengthens by zeros. Of forty such vectors, the half that doubling leaves empty would be a third of all memory.
pub fn grow<T: Copy + Default>(values: &mut Vec<T>, length: usize) {
    if values.capacity() < length {
        values.reserve_exact(length + length / 8 - values.len());
    }
    values.resize(length, T::default());
}

/// Sorted by article, part and term, one count each.
fn merged(mut counts: Vec<TermCount>) -> Vec<TermCount> {
    let place = |count: &TermCount| (count.article, count.part, count.term);
    counts.sort_unstable_by_key(place);
    counts.dedup_by(|next, kept| {
        let same = place(next) == place(kept);
        if same {
            kept.count += next.count;
            kept.quoted += next.quoted;
        }
        same
    });
    counts
}
