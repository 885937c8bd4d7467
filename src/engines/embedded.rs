//! The embedded engine: rten, pure Rust, `.onnx` files with int8 weights and f32 arithmetic.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::{Batch, Engine, Output};
use crate::error::{Error, Result};

/// A model in the embedded engine.
pub struct Embedded {
    model: Model,
    inputs: Inputs,
    outputs: Vec<String>,
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
    /// Loads an `.onnx` file with inputs `input_ids` and, where the model has them, `attention_mask` and `token_type_ids`.
    ///
    /// # Errors
    /// A file that is missing, damaged, or needs an operator or input that the engine does not have.
    pub fn load(path: &Path) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        let model = ModelOptions::with_all_ops().load_file(path).map_err(|error| fail(error.to_string()))?;
        let name = |id: &NodeId| model.node_info(*id).and_then(|node| node.name().map(str::to_owned));
        let input = |wanted: &str| model.input_ids().iter().copied().find(|id| name(id).as_deref() == Some(wanted));
        let ids = input("input_ids").ok_or_else(|| fail("the graph has no input named input_ids".into()))?;
        let inputs = Inputs { ids, mask: input("attention_mask"), segments: input("token_type_ids") };
        let outputs = model.output_ids().iter().filter_map(name).collect();
        Ok(Self { model, inputs, outputs })
    }
}

impl Engine for Embedded {
    fn name(&self) -> String {
        "embedded (rten, f32 arithmetic)".into()
    }

    fn outputs(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn run(&self, batch: Batch<'_>, outputs: &[&str]) -> Result<Vec<Output>> {
        let shape = [batch.rows(), batch.length];
        let tensor = |values: &[u32]| NdTensor::from_data(shape, values.iter().map(|&v| v as i32).collect::<Vec<_>>());
        let mut inputs: Vec<(NodeId, ValueOrView)> = vec![(self.inputs.ids, tensor(batch.ids).into())];
        if let Some(mask) = self.inputs.mask {
            inputs.push((mask, NdTensor::<i32, 2>::full(shape, 1).into()));
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

fn rows_of(value: Value, name: &str) -> Result<Output> {
    let tensor: NdTensor<f32, 2> =
        value.try_into().map_err(|_| Error::Engine(format!("output {name} is not a matrix of f32")))?;
    Ok(Output { width: tensor.size(1), values: tensor.to_vec() })
}
