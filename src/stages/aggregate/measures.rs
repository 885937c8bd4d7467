//! What is estimated, over which sentences: measures, statistics, parts and voices.
//!
//! Every estimate is a ratio of two totals over articles. [`Layout`] says which column of an article's row of totals
//! holds which; [`Layout::row`] fills that row for one part and voice.

use super::article_sums::{self, ArticleSums, NO_CELL};
use super::columns::Matrix;
use super::intervals::Kind;
use super::ppi;
use crate::record::{Part, Voice};

/// The parts of an article that a table tells apart. A deck counts in `all` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartGroup {
    All,
    Headline,
    Body,
}

/// Whose words. A mixed sentence counts in `all` only; its tokens and terms are split exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoiceGroup {
    All,
    Narration,
    Quotes,
}

/// A part and a voice: the sentences that an estimate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    pub part: PartGroup,
    pub voice: VoiceGroup,
}

impl PartGroup {
    pub const ALL: [Self; 3] = [Self::All, Self::Headline, Self::Body];

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Headline => "headline",
            Self::Body => "body",
        }
    }

    pub fn holds(self, part: Part) -> bool {
        match self {
            Self::All => true,
            Self::Headline => part == Part::Headline,
            Self::Body => part == Part::Body,
        }
    }
}

impl VoiceGroup {
    pub const ALL: [Self; 3] = [Self::All, Self::Narration, Self::Quotes];

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Narration => "narration",
            Self::Quotes => "quotes",
        }
    }

    pub fn holds(self, voice: Voice) -> bool {
        match self {
            Self::All => true,
            Self::Narration => voice == Voice::Narration,
            Self::Quotes => voice == Voice::Quote,
        }
    }

    /// Of `total` tokens or terms, `quoted` of them inside quoted speech, those in this voice.
    pub fn share_of(self, total: u32, quoted: u32) -> u32 {
        match self {
            Self::All => total,
            Self::Narration => total - quoted.min(total),
            Self::Quotes => quoted,
        }
    }
}

impl Slice {
    /// Every part in every voice.
    pub fn all() -> impl Iterator<Item = Self> {
        PartGroup::ALL.into_iter().flat_map(|part| VoiceGroup::ALL.map(|voice| Self { part, voice }))
    }

    /// The slices that outlets are contrasted in: everything, narration, quotes, headlines.
    pub const CONTRASTED: [Self; 4] = [
        Self { part: PartGroup::All, voice: VoiceGroup::All },
        Self { part: PartGroup::All, voice: VoiceGroup::Narration },
        Self { part: PartGroup::All, voice: VoiceGroup::Quotes },
        Self { part: PartGroup::Headline, voice: VoiceGroup::All },
    ];
}

/// The name of a statistic in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Mean score over sentences.
    Mean,
    /// Share of sentences that reach the cut-off.
    ShareSentences,
    /// Share of articles with at least `article_sentences` such sentences.
    ShareArticles,
    /// Occurrences per 1,000 word tokens.
    RatePer1000,
}

impl Statistic {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::ShareSentences => "share_sentences",
            Self::ShareArticles => "share_articles",
            Self::RatePer1000 => "rate_per_1000",
        }
    }
}

/// One estimate: a measure, a statistic, and the two totals whose ratio it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimand {
    pub measure: String,
    pub statistic: Statistic,
    pub numerator: usize,
    pub denominator: usize,
    pub kind: Kind,
    pub scored_by: ScoredBy,
}

/// Whose scores an estimate is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoredBy {
    /// A scorer that stands for itself.
    Itself,
    /// A student, with the columns of the totals over the sample: the cross-encoder's and the student's.
    Student { cross: usize, student: usize },
    /// A student, of a statistic that a sample of sentences cannot correct.
    StudentAlone,
}

impl Estimand {
    /// What the ratio is multiplied by in a table.
    pub fn scale(&self) -> f64 {
        if self.statistic == Statistic::RatePer1000 { 1000.0 } else { 1.0 }
    }
}

/// Columns of an article's row of totals.
pub const SENTENCES: usize = 0;
pub const TOKENS: usize = 1;
pub const ARTICLES: usize = 2;
const TERMS: usize = 3;
const FIRST_SCORE: usize = 4;

/// The columns of a row of totals, and the estimates that are made of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub estimands: Vec<Estimand>,
    pub columns: usize,
    scores: usize,
    cutoffs: usize,
    /// Of each lexicon entry, its category's place.
    category_of: Vec<usize>,
    categories: usize,
    article_sentences: u32,
    /// Where the totals over the sample begin: its sentences, then four columns a frame.
    sample_at: Option<usize>,
}

/// Columns of the sample that belong to one frame.
const SAMPLE_COLUMNS: usize = 4;

impl Layout {
    pub fn new(frames: &[String], sums: &ArticleSums, article_sentences: u32) -> Self {
        let scores = article_sums::scores(frames);
        let cutoffs = article_sums::cutoffs(frames);
        let mut categories: Vec<&str> = sums.lexicon.iter().map(|(_, category)| category.as_str()).collect();
        categories.sort_unstable();
        categories.dedup();
        let category_of =
            sums.lexicon.iter().map(|(_, category)| categories.partition_point(|c| *c < category.as_str()));
        let category_of = category_of.collect();
        let mut layout = Self {
            estimands: Vec::new(),
            columns: FIRST_SCORE + scores.len() + 2 * cutoffs.len() + categories.len(),
            scores: scores.len(),
            cutoffs: cutoffs.len(),
            category_of,
            categories: categories.len(),
            article_sentences,
            sample_at: None,
        };
        if sums.sampled.is_some() {
            layout.sample_at = Some(layout.columns);
            layout.columns += 1 + SAMPLE_COLUMNS * frames.len();
        }
        for (at, measure) in scores.into_iter().enumerate() {
            let kind = Kind::Mean { least: if measure == "tone" { -1.0 } else { 0.0 }, most: 1.0 };
            layout.push(measure, Statistic::Mean, FIRST_SCORE + at, SENTENCES, kind);
        }
        for (at, measure) in cutoffs.into_iter().enumerate() {
            let column = FIRST_SCORE + layout.scores + at;
            layout.push(measure.clone(), Statistic::ShareSentences, column, SENTENCES, Kind::Share);
            layout.push(measure, Statistic::ShareArticles, column + layout.cutoffs, ARTICLES, Kind::Share);
        }
        for (at, frame) in frames.iter().enumerate() {
            layout.say_who_scored(at, &format!("frame_{frame}"));
        }
        layout.push("terms".into(), Statistic::RatePer1000, TERMS, TOKENS, Kind::Rate);
        for (at, category) in categories.into_iter().enumerate() {
            let column = layout.categories_at() + at;
            layout.push(format!("terms_{category}"), Statistic::RatePer1000, column, TOKENS, Kind::Rate);
        }
        layout
    }

    fn push(&mut self, measure: String, statistic: Statistic, numerator: usize, denominator: usize, kind: Kind) {
        let scored_by = ScoredBy::Itself;
        self.estimands.push(Estimand { measure, statistic, numerator, denominator, kind, scored_by });
    }

    /// Marks the estimates of a student's frame.
    fn say_who_scored(&mut self, frame: usize, measure: &str) {
        let Some(first) = self.sample_at.map(|at| at + 1 + SAMPLE_COLUMNS * frame) else { return };
        for estimand in self.estimands.iter_mut().filter(|estimand| estimand.measure == measure) {
            estimand.scored_by = match estimand.statistic {
                Statistic::Mean => ScoredBy::Student { cross: first, student: first + 1 },
                Statistic::ShareSentences => ScoredBy::Student { cross: first + 2, student: first + 3 },
                Statistic::ShareArticles | Statistic::RatePer1000 => ScoredBy::StudentAlone,
            };
        }
    }

    /// Without what a student scored: differences of its own scores would not be those of the corrected estimates.
    pub fn compared(&self) -> Self {
        let mut compared = self.clone();
        compared.estimands.retain(|estimand| estimand.scored_by == ScoredBy::Itself);
        compared
    }

    fn categories_at(&self) -> usize {
        FIRST_SCORE + self.scores + 2 * self.cutoffs
    }

    /// The totals that a corrected estimate needs, from a row of totals.
    pub fn sample_totals(&self, row: &[f64], estimand: &Estimand, (cross, student): (usize, usize)) -> ppi::Totals {
        let read = self.sample_at.map_or(0.0, |at| row[at]);
        ppi::Totals {
            unread: row[SENTENCES] - read,
            student_unread: row[estimand.numerator] - row[student],
            read,
            cross: row[cross],
            student_read: row[student],
        }
    }

    fn add_sample(&self, sums: &ArticleSums, cell: usize, row: &mut [f64]) {
        let (Some(at), Some(sampled)) = (self.sample_at, &sums.sampled) else { return };
        row[at] += f64::from(sampled.sentences[cell]);
        if sampled.sentences[cell] == 0 {
            return;
        }
        for (frame, columns) in row[at + 1..].chunks_exact_mut(SAMPLE_COLUMNS).enumerate() {
            columns[0] += sampled.cross[frame][cell];
            columns[1] += sampled.student[frame][cell];
            columns[2] += f64::from(sampled.cross_hits[frame][cell]);
            columns[3] += f64::from(sampled.student_hits[frame][cell]);
        }
    }

    /// The totals of one article in one slice, times its weight, into a row of zeros.
    pub fn row(&self, sums: &ArticleSums, article: u32, slice: Slice, row: &mut [f64]) {
        let hits_at = FIRST_SCORE + self.scores;
        for &cell_at in sums.slots[article as usize].iter().filter(|&&cell| cell != NO_CELL) {
            let (cell, at) = (&sums.cells[cell_at as usize], cell_at as usize);
            if !slice.part.holds(cell.part) {
                continue;
            }
            row[TOKENS] += f64::from(slice.voice.share_of(cell.tokens, cell.tokens_quoted));
            row[TERMS] += f64::from(slice.voice.share_of(cell.terms, cell.terms_quoted));
            if slice.voice.holds(cell.voice) {
                row[SENTENCES] += f64::from(cell.sentences);
                row[FIRST_SCORE..hits_at].iter_mut().zip(&sums.totals).for_each(|(sum, totals)| *sum += totals[at]);
                row[hits_at..].iter_mut().zip(&sums.hits).for_each(|(sum, hits)| *sum += f64::from(hits[at]));
                self.add_sample(sums, at, row);
            }
        }
        if row[SENTENCES] > 0.0 {
            row[ARTICLES] = 1.0;
            let (hits, articles) = row[hits_at..].split_at_mut(self.cutoffs);
            let enough = f64::from(self.article_sentences);
            hits.iter().zip(articles).for_each(|(&hits, article)| *article = f64::from(u8::from(hits >= enough)));
        }
        let categories_at = self.categories_at();
        for count in sums.terms_of(article).iter().filter(|count| slice.part.holds(count.part)) {
            let category = self.category_of[count.term as usize];
            row[categories_at + category] += f64::from(slice.voice.share_of(count.count, count.quoted));
        }
        let weight = sums.weights[article as usize];
        if weight != 1.0 {
            row.iter_mut().for_each(|total| *total *= weight);
        }
    }

    /// The totals of a set of articles in one slice: a row an article.
    pub fn matrix(&self, sums: &ArticleSums, articles: &[u32], slice: Slice) -> Matrix {
        let mut matrix = Matrix::zeros(articles.len(), self.columns);
        for (at, &article) in articles.iter().enumerate() {
            self.row(sums, article, slice, matrix.row_mut(at));
        }
        matrix
    }
}
