//! Scores one article at a time, for `inspect`.

use super::{Scored, Setup, with_terms};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Sentence;
use crate::run_folder::Thresholds;
use crate::stages::infer::Scorer;

/// Models and lexicon, ready.
pub struct Inspection {
    setup: Setup,
}

impl Inspection {
    pub fn new(config: &Config) -> Result<Self> {
        if config.scorer == Scorer::Student {
            return Err(Error::Config(
                "the student scorer learns from a collection; inspect with another --scorer".into(),
            ));
        }
        Ok(Self { setup: Setup::new(config)? })
    }

    /// Cut-offs in force: the models', unless the settings name others.
    pub fn thresholds(&self, config: &Config) -> Thresholds {
        config.tables.applied_to(self.setup.classifier.thresholds().clone())
    }

    pub fn score(&self, sentences: Vec<Sentence>) -> Result<Vec<Scored>> {
        let texts: Vec<&str> = sentences.iter().map(|s| s.text.as_str()).collect();
        let (scores, _) = self.setup.classifier.score(&texts, &|_| {})?;
        let together = sentences.into_iter().zip(scores);
        Ok(together.map(|(sentence, scores)| with_terms(sentence, scores, &self.setup.lexicon)).collect())
    }
}
