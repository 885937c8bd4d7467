//! The engine seam. An engine turns a batch of token ids into rows of numbers; it knows nothing of sentences,
//! frames or articles. Tokenising happens before it, once, for every engine.

pub mod embedded;
pub mod fake;
pub mod fast;
mod first_token;
pub mod open;
pub mod placement;
#[cfg(feature = "torch")]
pub mod torch;

use crate::error::Result;

/// Token ids of equally long sequences: no padding, so a row's result cannot depend on its neighbours.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// `rows × length` token ids, row after row.
    pub ids: &'a [u32],
    /// `rows × length` segment ids: 0 for the first text, 1 for the second of a pair.
    pub segments: &'a [u32],
    /// Tokens a row; every row has this many.
    pub length: usize,
}

impl Batch<'_> {
    pub fn rows(&self) -> usize {
        self.ids.len() / self.length
    }
}

/// One named output of a batch: `rows × width`, f32, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub width: usize,
    pub values: Vec<f32>,
}

impl Output {
    /// The rows, each `width` numbers; none where nothing was run.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }
}

/// Runs one model. Callable from several threads at once.
pub trait Engine: Send + Sync {
    /// Name for `run.json`, e.g. `embedded (rten, f32 arithmetic)`.
    fn name(&self) -> String;

    /// Names of the outputs that [`Engine::run`] can give, e.g. `logits_tone`, `embedding`.
    fn outputs(&self) -> Vec<String>;

    /// Runs a batch and returns the asked outputs, in the order asked, each with one row a sequence.
    ///
    /// # Errors
    /// An output that the model does not have, or a failure of the model itself.
    fn run(&self, batch: Batch<'_>, outputs: &[&str]) -> Result<Vec<Output>>;
}
