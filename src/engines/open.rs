//! From an engine's name to an engine.

use std::path::Path;
use std::sync::Arc;

use super::placement::{Device, Placement, Precision};
use super::{Engine, embedded::Embedded};
use crate::error::{Error, Result, unknown};

/// Names of the engines that run models.
pub const NAMES: &[&str] = &["embedded", "torch"];

/// Opens one of our own models, an `.onnx` file, in the engine of this name.
///
/// # Errors
/// An unknown engine, one that this build is without, a placement that it does not have, or a file that it cannot run.
pub fn open(engine: &str, file: &Path, placement: Placement) -> Result<Arc<dyn Engine>> {
    allows(engine, placement)?;
    match engine {
        "embedded" if placement.precision == Precision::Int8 => Ok(Arc::new(Embedded::load_fast(file)?)),
        "embedded" => Ok(Arc::new(Embedded::load(file)?)),
        #[cfg(feature = "torch")]
        "torch" => Ok(Arc::new(super::torch::Torch::shipped(file, placement)?)),
        other => Err(Error::Config(unknown("engine", other, NAMES.iter().copied()))),
    }
}

/// The files of a checkpoint that an engine takes.
pub struct CheckpointFiles<'a> {
    pub config: &'a Path,
    pub weights: &'a Path,
    /// The token that fills up short texts.
    pub pad: u32,
}

/// Opens somebody else's classifier, whose one output is then `logits`.
///
/// # Errors
/// As [`open`]; and an ONNX export that has the length of its example built in.
pub fn open_checkpoint(engine: &str, files: &CheckpointFiles<'_>, placement: Placement) -> Result<Arc<dyn Engine>> {
    allows(engine, placement)?;
    match engine {
        "embedded" => Ok(Arc::new(Embedded::load_classifier(files.weights, files.pad)?)),
        #[cfg(feature = "torch")]
        "torch" => Ok(Arc::new(super::torch::Torch::checkpoint(files, placement)?)),
        other => Err(Error::Config(unknown("engine", other, NAMES.iter().copied()))),
    }
}

/// Whether the engine of this name is in this build, and computes there and so.
///
/// # Errors
/// If not: says what to do.
pub fn allows(engine: &str, placement: Placement) -> Result<()> {
    match engine {
        "torch" if placement.precision == Precision::Int8 => Err(Error::Config(
            "--fast and --precision int8 are for the embedded engine; torch has --precision bf16".into(),
        )),
        #[cfg(feature = "torch")]
        "torch" => super::torch::allows(placement),
        #[cfg(not(feature = "torch"))]
        "torch" => Err(Error::Config(
            "--engine torch: this build is without libtorch; run scripts/setup-libtorch.sh, then build with `cargo build \
             --release --features torch` (README.md, libtorch)"
                .into(),
        )),
        _ if placement == Placement::default() => Ok(()),
        "embedded" if placement == (Placement { device: Device::Cpu, precision: Precision::Int8 }) => Ok(()),
        _ => Err(Error::Config(format!(
            "--device and --precision are for --engine torch; the {engine} engine computes on the cpu in f32 (embedded also in \
             int8: --fast)"
        ))),
    }
}
