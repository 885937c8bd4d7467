//! The engine on libtorch: rust-bert's networks over tch, on the CPU or a CUDA device, in f32, bf16 or f16.
//!
//! Batches come with equally long rows, so nothing is padded and no mask is passed. In f32 a row's result is the same
//! whatever rows stand beside it, to the rounding of f32; in bf16 and f16 to the rounding of those.

mod checkpoint;
mod deberta;
mod encoder;
mod graph;
mod shipped;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tch::{Kind, Tensor};

use self::shipped::Shipped;
use super::open::CheckpointFiles;
use super::placement::{Device, Placement, Precision};
use super::{Batch, Engine, Output};
use crate::error::{Error, Result};

/// A model in the torch engine.
pub struct Torch {
    network: Box<dyn Network>,
    placement: Placement,
}

/// Token ids to named matrices.
trait Network {
    fn outputs(&self) -> Vec<String>;

    /// Token ids and positions that the network has embeddings for.
    fn limits(&self) -> Limits;

    /// `ids` and `segments` are rows × tokens, i64; each result is rows × width.
    fn forward(&self, ids: &Tensor, segments: &Tensor, outputs: &[&str]) -> Result<Vec<Tensor>>;
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    vocabulary: i64,
    positions: i64,
    segments: i64,
}

// SAFETY: a network is not changed after it is loaded. A forward pass without gradients only reads its tensors, whose
// reference counts are atomic: libtorch allows it from several threads at once, as tch says of its own `CModule`.
unsafe impl Send for Torch {}
unsafe impl Sync for Torch {}

impl Torch {
    /// One of our own models: the values of the `.onnx` file itself, each int8 weight times its scale.
    ///
    /// # Errors
    /// A device that is not there, or a file that is damaged or laid out in another way.
    pub fn shipped(file: &Path, placement: Placement) -> Result<Self> {
        allows(placement)?;
        one_thread_a_call();
        Ok(Self { network: Box::new(Shipped::load(file, placement)?), placement })
    }

    /// A checkpoint folder's classifier.
    ///
    /// # Errors
    /// A device that is not there, an architecture that is none of ours, a tensor that is missing.
    pub fn checkpoint(files: &CheckpointFiles<'_>, placement: Placement) -> Result<Self> {
        allows(placement)?;
        one_thread_a_call();
        Ok(Self { network: Box::new(checkpoint::Classifier::load(files.config, files.weights, placement)?), placement })
    }

    fn check(&self, batch: Batch<'_>) -> Result<()> {
        let Limits { vocabulary, positions, segments } = self.network.limits();
        let beyond = |values: &[u32], limit: i64| values.iter().copied().find(|&value| i64::from(value) >= limit);
        if batch.length as i64 > positions {
            return Err(Error::Engine(format!("{} tokens, but the model has {positions} positions", batch.length)));
        }
        if let Some(id) = beyond(batch.ids, vocabulary) {
            return Err(Error::Engine(format!("token {id}, but the model knows {vocabulary}: not its tokenizer?")));
        }
        match beyond(batch.segments, segments) {
            Some(segment) => Err(Error::Engine(format!("segment {segment}, but the model has {segments}"))),
            None => Ok(()),
        }
    }
}

impl Engine for Torch {
    fn name(&self) -> String {
        let Placement { device, precision } = self.placement;
        format!("torch (libtorch 2.4.0, {device}, {precision} arithmetic)")
    }

    fn outputs(&self) -> Vec<String> {
        self.network.outputs()
    }

    fn run(&self, batch: Batch<'_>, outputs: &[&str]) -> Result<Vec<Output>> {
        self.check(batch)?;
        let shape = [batch.rows() as i64, batch.length as i64];
        let tensor = |values: &[u32]| {
            let values: Vec<i64> = values.iter().copied().map(i64::from).collect();
            Tensor::from_slice(&values).view(shape).to_device(device_of(self.placement.device))
        };
        // rust-bert panics where libtorch fails, e.g. for want of memory on the device.
        let run = || {
            tch::no_grad(|| {
                let results = self.network.forward(&tensor(batch.ids), &tensor(batch.segments), outputs)?;
                results.iter().map(output_of).collect::<Result<Vec<Output>>>()
            })
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            // Behind what went wrong stands a list of addresses.
            let said = said.and_then(|said| said.split("\\nException raised").next());
            Err(Error::Engine(format!("libtorch: {}", said.unwrap_or("failed without a word"))))
        })
    }
}

fn output_of(tensor: &Tensor) -> Result<Output> {
    let tensor = tensor.to_kind(Kind::Float).to_device(tch::Device::Cpu).contiguous();
    let (rows, width) = tensor.size2().map_err(failed)?;
    let mut values = vec![0.0_f32; (rows * width) as usize];
    tensor.f_copy_data(&mut values, (rows * width) as usize).map_err(failed)?;
    Ok(Output { width: width as usize, values })
}

/// Whether libtorch has the device.
///
/// # Errors
/// If not: says what there is.
pub fn allows(placement: Placement) -> Result<()> {
    let Device::Cuda(number) = placement.device else { return Ok(()) };
    let there = if tch::Cuda::is_available() { tch::Cuda::device_count() } else { 0 };
    match (number as i64) < there {
        true => Ok(()),
        false if there == 0 => Err(Error::Config(
            "--device: this libtorch finds no CUDA device; it takes a libtorch built for CUDA (README.md, libtorch)"
                .into(),
        )),
        false => Err(Error::Config(format!("--device: there is no cuda:{number}; the last is cuda:{}", there - 1))),
    }
}

/// Batches already run side by side, one a thread: within one, libtorch's own threads would only wait for each other.
fn one_thread_a_call() {
    tch::set_num_threads(1);
}

fn device_of(device: Device) -> tch::Device {
    match device {
        Device::Cpu => tch::Device::Cpu,
        Device::Cuda(number) => tch::Device::Cuda(number),
    }
}

fn kind_of(precision: Precision) -> Kind {
    match precision {
        // Int8 was refused before.
        Precision::F32 | Precision::Int8 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
        Precision::F16 => Kind::Half,
    }
}

fn failed(error: tch::TchError) -> Error {
    Error::Engine(format!("libtorch: {error}"))
}
