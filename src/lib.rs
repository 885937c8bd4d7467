//! framescope reads a collection of news articles and measures, sentence by sentence, tone, loaded language, framing and
//! voice; then, per article and per outlet over time, gives estimates with honest intervals.
//!
//! The pipeline, and the type that flows out of each stage:
//!
//! 1. [`stages::read`]: files → [`record::Article`]
//! 2. [`stages::clean`]: `Article` → [`record::CleanArticle`], every removal recorded with its rule and byte range
//! 3. [`stages::segment`]: `CleanArticle` → [`record::Sentence`]s, with part, voice, speaker and offsets
//! 4. [`stages::infer`]: `Sentence` → [`record::Scores`] and [`record::TermHit`]s, over the engine seam ([`engines`])
//! 5. [`stages::aggregate`]: `sentences.parquet` → tables of estimates
//! 6. [`stages::report`]: tables → CSV, Parquet, codebook and one page
//!
//! [`evaluation`] measures the same classifiers against labelled examples.
//!
//! [`pipeline`] joins them in chunks of articles; the binary's `cli` turns flags into one [`config::Config`] first.

pub mod config;
pub mod engines;
pub mod error;
pub mod evaluation;
#[cfg(feature = "hub")]
pub mod hub;
pub mod pipeline;
pub mod record;
pub mod run_folder;
pub mod stages;

pub use error::{Error, Result};
