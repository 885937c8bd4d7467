//! The embedded engine: rten, pure Rust, `.onnx` files with int8 weights and f32 arithmetic.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView};
use rten_onnx::onnx::{GraphProto, ModelProto};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::fast::{self, Steps};
use super::{Batch, Engine, Output, first_token};
use crate::error::{Error, Result};

/// A model in the embedded engine.
pub struct Embedded {
    model: Model,
    inputs: Inputs,
    outputs: Vec<String>,
    arithmetic: Arithmetic,
}

/// Of the products of activations with weights; everything else is f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arithmetic {
    F32,
    DynamicInt8(Steps),
}

struct Inputs {
    ids: NodeId,
    mask: Option<NodeId>,
    segments: Option<NodeId>,
}

thread_local! {
    // Callers that share one pool do not scale: each worker brings its own, one thread wide.
    static POOL: Arc<rten::ThreadPool> = Arc::new(rten::ThreadPool::with_num_threads(1));
}

impl Embedded {
    /// Loads an `.onnx` file of ours, or one laid out in any way, with inputs `input_ids` and, where the model has them,
    /// `attention_mask` and `token_type_ids`. What [`first_token`] can spare is spared.
    ///
    /// # Errors
    /// A file that is missing, damaged, or needs an operator or input that the engine does not have.
    pub fn load(path: &Path) -> Result<Self> {
        match rewritten(path, |graph| Ok(first_token::rewrite(graph)))? {
            Some(bytes) => Self::of(path, Arithmetic::F32, ModelOptions::with_all_ops().load(bytes)),
            None => Self::load_as_it_is(path),
        }
    }

    /// The same with int8 products, as finely as this processor can: see [`super::fast`].
    ///
    /// # Errors
    /// Those of [`Embedded::load`], and a file without int8 weights.
    pub fn load_fast(path: &Path) -> Result<Self> {
        Self::load_fast_in(path, Steps::of_this_processor())
    }

    /// The same in steps of the caller's choice; finer ones than [`Steps::of_this_processor`] give wrong products.
    ///
    /// # Errors
    /// Those of [`Embedded::load_fast`].
    pub fn load_fast_in(path: &Path, steps: Steps) -> Result<Self> {
        let bytes = rewritten(path, |graph| {
            first_token::rewrite(graph);
            fast::rewrite(graph, steps).map(|()| true)
        })?;
        Self::of(path, Arithmetic::DynamicInt8(steps), ModelOptions::with_all_ops().load(bytes.unwrap_or_default()))
    }

    /// Loads a file without rewriting it, whatever its size and wherever its weights.
    pub(super) fn load_as_it_is(path: &Path) -> Result<Self> {
        Self::of(path, Arithmetic::F32, ModelOptions::with_all_ops().load_file(path))
    }

    fn of(path: &Path, arithmetic: Arithmetic, model: std::result::Result<Model, rten::LoadError>) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        let model = model.map_err(|error| fail(error.to_string()))?;
        let name = |id: &NodeId| model.node_info(*id).and_then(|node| node.name().map(str::to_owned));
        let input = |wanted: &str| model.input_ids().iter().copied().find(|id| name(id).as_deref() == Some(wanted));
        let ids = input("input_ids").ok_or_else(|| fail("the graph has no input named input_ids".into()))?;
        let inputs = Inputs { ids, mask: input("attention_mask"), segments: input("token_type_ids") };
        let outputs = model.output_ids().iter().filter_map(name).collect();
        Ok(Self { model, inputs, outputs, arithmetic })
    }

    /// Loads somebody else's export of a classifier, whose output is `logits`, and checks that it has no length built in:
    /// exporters trace the model with one example, and what it computed from that example's length can end up as a constant. A
    /// short text then gets another result when padding stands behind it.
    ///
    /// # Errors
    /// As [`Embedded::load`]; a graph without `logits`; one whose result depends on the padding, or that fails with it.
    pub fn load_classifier(path: &Path, pad: u32) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        let engine = Self::load_as_it_is(path)?;
        if !engine.outputs.iter().any(|output| output == "logits") {
            return Err(fail(format!("has no output logits (it has {})", engine.outputs.join(", "))));
        }
        if engine.inputs.mask.is_none() {
            return Ok(engine);
        }
        let built_in = |what: &str| {
            fail(format!(
                "{what}: the export has the length of its example built in, or ignores the mask. Export it with dynamic axes \
                 (`optimum-cli export onnx` does), or run the checkpoint itself with --engine torch"
            ))
        };
        let text: Vec<u32> = (0..7).map(|i| pad + 1 + i).collect();
        let alone = engine.logits(&text, 0, pad).map_err(|error| built_in(&error.to_string()))?;
        for padding in [5, 50] {
            let padded = engine.logits(&text, padding, pad).map_err(|error| built_in(&error.to_string()))?;
            let furthest = alone.iter().zip(&padded).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            if furthest > 1e-3 {
                return Err(built_in(&format!("with {padding} padding tokens a text's logits move by {furthest:.4}")));
            }
        }
        Ok(engine)
    }

    fn logits(&self, text: &[u32], padding: usize, pad: u32) -> Result<Vec<f32>> {
        let ids: Vec<u32> = text.iter().copied().chain(std::iter::repeat_n(pad, padding)).collect();
        let mask = (0..ids.len()).map(|i| i32::from(i < text.len())).collect();
        let batch = Batch { ids: &ids, segments: &vec![0; ids.len()], length: ids.len() };
        Ok(self.run_masked(batch, mask, &["logits"])?.remove(0).values)
    }

    fn run_masked(&self, batch: Batch<'_>, mask: Vec<i32>, outputs: &[&str]) -> Result<Vec<Output>> {
        let shape = [batch.rows(), batch.length];
        let tensor = |values: &[u32]| NdTensor::from_data(shape, values.iter().map(|&v| v as i32).collect::<Vec<_>>());
        let mut inputs: Vec<(NodeId, ValueOrView)> = vec![(self.inputs.ids, tensor(batch.ids).into())];
        if let Some(input) = self.inputs.mask {
            inputs.push((input, NdTensor::from_data(shape, mask).into()));
        }
        if let Some(segments) = self.inputs.segments {
            inputs.push((segments, tensor(batch.segments).into()));
        }
        let wanted = outputs
            .iter()
            .map(|name| self.model.node_id(name).map_err(|error| Error::Engine(error.to_string())))
            .collect::<Result<Vec<_>>>()?;
        let options = RunOptions::default().with_thread_pool(Some(POOL.with(Arc::clone)));
        let values =
            self.model.run(inputs, &wanted, Some(options)).map_err(|error| Error::Engine(error.to_string()))?;
        values.into_iter().zip(outputs).map(|(value, name)| rows_of(value, name)).collect()
    }
}

/// The bytes of an `.onnx` file whose graph was rewritten; `None` where there was nothing to rewrite.
fn rewritten(
    path: &Path,
    rewrite: impl FnOnce(&mut GraphProto) -> std::result::Result<bool, String>,
) -> Result<Option<Vec<u8>>> {
    let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| fail(error.to_string()))?;
    let mut model = ModelProto::parse_file(file).map_err(|error| fail(error.to_string()))?;
    let graph = model.graph.as_mut().ok_or_else(|| fail("the file holds no graph".into()))?;
    match rewrite(graph).map_err(fail)? {
        true => Ok(Some(model.write_buf().map_err(|error| fail(error.to_string()))?)),
        false => Ok(None),
    }
}

impl Engine for Embedded {
    fn name(&self) -> String {
        match self.arithmetic {
            Arithmetic::F32 => "embedded (rten, f32 arithmetic)".into(),
            Arithmetic::DynamicInt8(Steps::Eight) => "embedded (rten, dynamic int8)".into(),
            Arithmetic::DynamicInt8(Steps::Seven) => "embedded (rten, dynamic int8, activations in 7 bits)".into(),
        }
    }

    fn outputs(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn run(&self, batch: Batch<'_>, outputs: &[&str]) -> Result<Vec<Output>> {
        self.run_masked(batch, vec![1; batch.ids.len()], outputs)
    }
}

fn rows_of(value: Value, name: &str) -> Result<Output> {
    let tensor: NdTensor<f32, 2> =
        value.try_into().map_err(|_| Error::Engine(format!("output {name} is not a matrix of f32")))?;
    Ok(Output { width: tensor.size(1), values: tensor.to_vec() })
}
