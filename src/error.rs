//! Typed errors of the library. A message names the file, the row or the flag, and what to do.

use std::path::{Path, PathBuf};

/// Everything that ends a run. One bad article never does: see [`crate::record::Rejected`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// A flag, a configuration key or a value of one that cannot be used.
    #[error("{0}")]
    Config(String),
    /// An input that cannot be read at all.
    #[error("{}: {reason}", path.display())]
    Input { path: PathBuf, reason: String },
    /// A model, manifest or tokenizer that is missing, damaged or not what it says it is.
    #[error("{}: {reason}", path.display())]
    Model { path: PathBuf, reason: String },
    #[error("engine: {0}")]
    Engine(String),
    /// A run folder that cannot be used.
    #[error("{}: {reason}", path.display())]
    Run { path: PathBuf, reason: String },
    #[error("tables: {0}")]
    Tables(#[from] polars::error::PolarsError),
    #[error("report page: {0}")]
    Page(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For `map_err` on file operations.
    pub fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The name nearest to `given` among `known`, when it is near enough to be what was meant.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given.to_lowercase(), &name.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .map(|(_, name)| name)
}

/// `unknown WHAT "given"; did you mean "near"?` with all names where none is near.
pub fn unknown<'a>(what: &str, given: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(given, known.clone()) {
        Some(name) => format!("unknown {what} \"{given}\"; did you mean \"{name}\"?"),
        None => {
            let all: Vec<_> = known.into_iter().collect();
            format!("unknown {what} \"{given}\"; known: {}", all.join(", "))
        }
    }
}
