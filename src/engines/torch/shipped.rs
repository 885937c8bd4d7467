//! Our own models: the encoder in the chosen precision, pooling and heads in f32.

use std::path::Path;

use rustc_hash::FxHashMap;
use tch::{Kind, Tensor};

use super::encoder::Encoder;
use super::graph::{Graph, other_layout};
use super::{Limits, Network, device_of, kind_of};
use crate::engines::placement::Placement;
use crate::error::{Error, Result};

/// A BERT encoder with heads.
pub(super) struct Shipped {
    encoder: Encoder,
    outputs: Vec<String>,
    heads: FxHashMap<String, Head>,
    pooled_layers: Vec<usize>,
}

/// Pooled states → dense, tanh → logits.
struct Head {
    dense: (Tensor, Tensor),
    out: (Tensor, Tensor),
}

impl Shipped {
    pub(super) fn load(path: &Path, placement: Placement) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        let graph = Graph::read(path)?;
        let (kind, device) = (kind_of(placement.precision), device_of(placement.device));
        let encoder = Encoder::new(&graph.weights, graph.attention_heads, kind, device)
            .map_err(|missing| fail(other_layout(&missing)))?;
        if graph.pooled_layers.iter().any(|&layer| layer > encoder.depth()) {
            return Err(fail(other_layout("pooled layers")));
        }
        let heads = graph.outputs.iter().filter_map(|output| output.strip_prefix("logits_"));
        let heads =
            heads.map(|name| Ok((format!("logits_{name}"), Head::new(&graph, name, placement).map_err(&fail)?)));
        Ok(Self {
            encoder,
            heads: heads.collect::<Result<_>>()?,
            outputs: graph.outputs,
            pooled_layers: graph.pooled_layers,
        })
    }

    /// What the heads read: rows × width, f32.
    fn pooled(&self, states: &[Tensor]) -> Tensor {
        if self.pooled_layers.is_empty() {
            return states[states.len() - 1].select(1, 0).to_kind(Kind::Float);
        }
        let means: Vec<Tensor> = self.pooled_layers.iter().map(|layer| mean(&states[layer - 1])).collect();
        Tensor::cat(&means, 1)
    }
}

/// Over the tokens, in f32.
fn mean(states: &Tensor) -> Tensor {
    states.mean_dim(1, false, Kind::Float)
}

impl Head {
    /// Either `heads.NAME.dense` and `heads.NAME.out`, or the common `pooler.dense` and `heads.NAME`.
    fn new(graph: &Graph, name: &str, placement: Placement) -> Result<Self, String> {
        let of = |stem: String| {
            let part = |kind: &str| {
                let value = graph.weights.get(&format!("{stem}.{kind}"));
                value.map(|v| v.to_device(device_of(placement.device))).ok_or_else(|| other_layout(&stem))
            };
            Ok::<_, String>((part("weight")?, part("bias")?))
        };
        if graph.pooled_layers.is_empty() {
            return Ok(Self { dense: of("pooler.dense".into())?, out: of(format!("heads.{name}"))? });
        }
        Ok(Self { dense: of(format!("heads.{name}.dense"))?, out: of(format!("heads.{name}.out"))? })
    }

    fn logits(&self, pooled: &Tensor) -> Tensor {
        let hidden = pooled.linear(&self.dense.0, Some(&self.dense.1)).tanh();
        hidden.linear(&self.out.0, Some(&self.out.1))
    }
}

impl Network for Shipped {
    fn outputs(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn limits(&self) -> Limits {
        self.encoder.limits()
    }

    fn forward(&self, ids: &Tensor, segments: &Tensor, outputs: &[&str]) -> Result<Vec<Tensor>> {
        // The mean of the vector reads every token, a pooled first token reads itself.
        let first_only = self.pooled_layers.is_empty() && !outputs.contains(&"embedding");
        let states = self.encoder.states(ids, segments, first_only);
        let pooled = self.pooled(&states);
        let wanted = outputs.iter().map(|name| match (*name, self.heads.get(*name)) {
            (_, Some(head)) => Ok(head.logits(&pooled)),
            ("embedding", None) if self.outputs.iter().any(|output| output == "embedding") => {
                let vector = mean(&states[states.len() - 1]);
                Ok(&vector / vector.norm_scalaropt_dim(2.0, [1].as_slice(), true))
            }
            _ => Err(Error::Engine(format!("the model has no output {name}"))),
        });
        wanted.collect()
    }
}
