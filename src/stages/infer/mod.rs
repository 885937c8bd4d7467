//! Inference: what the models and the lexicon say of each sentence.
//!
//! [`Classifier`] gives tone, loaded language and frames over the engine seam; [`lexicon::Lexicon`] finds loaded terms.

pub mod batches;
pub mod checkpoint;
pub mod frames;
pub mod heads;
pub mod lexicon;
pub mod models;
pub mod pins;
pub mod tokens;

mod cache;
mod classifier;
mod memo;
mod tokenizer_files;

pub use cache::{Cache, default_folder as default_cache_folder};
pub use classifier::{Checkpoints, Classifier, ClassifierOptions, Passed, Taught, vectors};
pub(crate) use classifier::{Loaded, load_model};
pub use frames::Scorer;
