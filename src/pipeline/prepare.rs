//! Everything before inference: read, clean, segment.

use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;

use super::checkpoint::{ChunkAccount, RemovalRow};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::{Article, CleanArticle, Rejected, Sentence};
use crate::run_folder::InputUsed;
use crate::stages::clean::{CleanOptions, Cleaner, Language, Rule};
use crate::stages::read::{self, ReadOptions, Reader};
use crate::stages::segment::{SegmentOptions, Segmenter};

/// The first three stages, set up.
pub struct Preparation {
    read: ReadOptions,
    cleaner: Cleaner,
    segmenter: Segmenter,
}

/// A chunk of articles, ready to be scored.
pub struct Prepared {
    pub articles: Vec<PreparedArticle>,
    pub(super) account: ChunkAccount,
    pub(super) stretch: Stretch,
}

/// Where a chunk lies in the input: bytes read before and by the end of it, of how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub start: u64,
    pub end: u64,
    pub of: u64,
}

pub struct PreparedArticle {
    pub article: Article,
    pub agency: Option<String>,
    pub sentences: Vec<Sentence>,
}

/// Records in the order of the input, good and bad.
pub(super) struct Records {
    reader: Reader,
}

impl Preparation {
    pub fn new(config: &Config) -> Result<Self> {
        let mut read = ReadOptions::default();
        if let Some(map) = &config.map {
            read.map = read::ColumnMap::parse(map)?;
        }
        if let Some(path) = &config.aliases {
            read.aliases = read::OutletAliases::load(path)?;
        }
        read.day_order = config.day_order.parse().map_err(Error::Config)?;
        let clean = CleanOptions {
            disabled: config.disabled_rules.clone(),
            extra: config.rules.as_ref().map(Rule::read_checked).transpose()?.unwrap_or_default(),
            language: if config.language == "any" { Language::Any } else { Language::English },
            min_words: config.min_words,
        };
        Ok(Self { read, cleaner: Cleaner::new(&clean)?, segmenter: Segmenter::new(&SegmentOptions::default()) })
    }

    pub(super) fn open(&self, inputs: &[PathBuf]) -> Result<Records> {
        Ok(Records { reader: read::open(inputs, &self.read)? })
    }

    /// The reader alone, for `inspect`.
    pub fn reader(&self, inputs: &[PathBuf]) -> Result<Reader> {
        read::open(inputs, &self.read)
    }

    /// How inputs are read, for `inspect --schema`.
    pub fn read_options(&self) -> &ReadOptions {
        &self.read
    }

    /// Cleans one article, and says why it would be rejected, if so.
    pub fn clean(&self, article: Article) -> (CleanArticle, Option<Rejected>) {
        let mut clean = self.cleaner.apply(article);
        let rejected = self.cleaner.check(&clean).err();
        // The record's own outlet, else the byline's, else the domain of the URL.
        let (outlet, url) = (clean.article.outlet.as_deref(), clean.article.url.as_deref());
        clean.article.outlet = self.read.aliases.outlet(outlet, url);
        (clean, rejected)
    }

    /// Cleans and segments one article.
    pub fn clean_and_segment(&self, article: Article) -> Result<(CleanArticle, Vec<Sentence>), Rejected> {
        match self.clean(article) {
            (_, Some(rejected)) => Err(rejected),
            (clean, None) => {
                let sentences = self.segmenter.segment(&clean);
                Ok((clean, sentences))
            }
        }
    }

    pub(super) fn prepare(&self, records: Vec<Result<Article, Rejected>>, stretch: Stretch) -> Prepared {
        let started = Instant::now();
        let done: Vec<Result<(CleanArticle, Vec<Sentence>), Rejected>> =
            records.into_par_iter().map(|record| self.clean_and_segment(record?)).collect();
        let mut account = ChunkAccount::default();
        let mut articles = Vec::with_capacity(done.len());
        for result in done {
            match result {
                Err(rejected) => account.rejected.push(rejected),
                Ok((clean, sentences)) => {
                    account.removals.extend(removal_rows(&clean));
                    account.sentences += sentences.len() as u64;
                    // People read the title in tables and on the page: entities and misread characters do not belong there.
                    let article = Article { title: clean.title.text.trim().to_owned(), ..clean.article };
                    articles.push(PreparedArticle { agency: clean.agency, article, sentences });
                }
            }
        }
        account.articles = articles.len() as u64;
        account.seconds.insert("clean and segment".into(), started.elapsed().as_secs_f64());
        Prepared { articles, account, stretch }
    }
}

impl Prepared {
    pub fn sentences(&self) -> usize {
        self.account.sentences as usize
    }
}

impl Records {
    /// Up to `count` records; `None` at the end of the input.
    pub fn records(&mut self, count: usize) -> Option<Vec<Result<Article, Rejected>>> {
        let records: Vec<_> = self.reader.by_ref().take(count).collect();
        (!records.is_empty()).then_some(records)
    }

    pub fn position(&self) -> (u64, u64) {
        let progress = self.reader.progress();
        (progress.read(), progress.total())
    }

    pub fn inputs(&self) -> Vec<InputUsed> {
        self.reader.inputs().to_vec()
    }

    /// What one should know of how the inputs were read.
    pub fn notes(&self) -> Vec<String> {
        self.reader.notes().to_vec()
    }
}

fn removal_rows(clean: &CleanArticle) -> impl Iterator<Item = RemovalRow> + '_ {
    clean.removals.iter().map(|removal| RemovalRow {
        article_id: clean.article.id.clone(),
        rule: removal.rule.clone(),
        field: removal.field,
        start: removal.start,
        end: removal.end,
        text: clean.article.field(removal.field)[removal.start..removal.end].to_owned(),
    })
}
