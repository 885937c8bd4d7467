//! Our own models on rust-bert's BERT: the encoder in the chosen precision, pooling and heads in f32.

use std::path::Path;

use rust_bert::bert::{BertConfig, BertEmbeddings, BertModel};
use rustc_hash::FxHashMap;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::graph::{Graph, other_layout};
use super::{Limits, Network, device_of, failed, kind_of};
use crate::engines::placement::Placement;
use crate::error::{Error, Result};

/// A BERT encoder with heads.
pub(super) struct Shipped {
    bert: BertModel<BertEmbeddings>,
    limits: Limits,
    outputs: Vec<String>,
    heads: FxHashMap<String, Head>,
    pooled_layers: Vec<usize>,
    /// Owns the encoder's tensors.
    _store: VarStore,
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
        let config = config(&graph).ok_or_else(|| fail(other_layout("embeddings")))?;
        let mut store = VarStore::new(device_of(placement.device));
        let bert = BertModel::new_with_optional_pooler(store.root(), &config, false);
        for (name, mut variable) in store.variables() {
            let value = graph.weights.get(&name).ok_or_else(|| fail(other_layout(&name)))?;
            if value.size() != variable.size() {
                return Err(fail(format!("{name} is {:?} where {:?} is due", value.size(), variable.size())));
            }
            tch::no_grad(|| variable.f_copy_(value)).map_err(failed)?;
        }
        store.freeze();
        store.set_kind(kind_of(placement.precision));
        let heads = graph.outputs.iter().filter_map(|output| output.strip_prefix("logits_"));
        let heads =
            heads.map(|name| Ok((format!("logits_{name}"), Head::new(&graph, name, placement).map_err(&fail)?)));
        Ok(Self {
            bert,
            limits: Limits {
                vocabulary: config.vocab_size,
                positions: config.max_position_embeddings,
                segments: config.type_vocab_size,
            },
            heads: heads.collect::<Result<_>>()?,
            outputs: graph.outputs,
            pooled_layers: graph.pooled_layers,
            _store: store,
        })
    }

    /// What the heads read: rows × width, f32.
    fn pooled(&self, last: &Tensor, layers: Option<&Vec<Tensor>>) -> Tensor {
        match layers {
            None => last.select(1, 0).to_kind(Kind::Float),
            Some(layers) => {
                let means: Vec<Tensor> = self.pooled_layers.iter().map(|layer| mean(&layers[layer - 1])).collect();
                Tensor::cat(&means, 1)
            }
        }
    }
}

/// Over the tokens, in f32.
fn mean(states: &Tensor) -> Tensor {
    states.mean_dim(1, false, Kind::Float)
}

fn config(graph: &Graph) -> Option<BertConfig> {
    let shape = |name: &str| graph.weights.get(name).map(Tensor::size);
    let words = shape("embeddings.word_embeddings.weight")?;
    Some(BertConfig {
        hidden_size: words[1],
        vocab_size: words[0],
        max_position_embeddings: shape("embeddings.position_embeddings.weight")?[0],
        type_vocab_size: shape("embeddings.token_type_embeddings.weight")?[0],
        intermediate_size: shape("encoder.layer.0.intermediate.dense.weight")?[0],
        num_hidden_layers: graph.layers(),
        num_attention_heads: graph.attention_heads,
        output_hidden_states: Some(!graph.pooled_layers.is_empty()),
        ..BertConfig::default()
    })
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
        self.limits
    }

    fn forward(&self, ids: &Tensor, segments: &Tensor, outputs: &[&str]) -> Result<Vec<Tensor>> {
        let states = self.bert.forward_t(Some(ids), None, Some(segments), None, None, None, None, false);
        let states = states.map_err(|error| Error::Engine(format!("rust-bert: {error}")))?;
        let pooled = self.pooled(&states.hidden_state, states.all_hidden_states.as_ref());
        let wanted = outputs.iter().map(|name| match (*name, self.heads.get(*name)) {
            (_, Some(head)) => Ok(head.logits(&pooled)),
            ("embedding", None) if self.outputs.iter().any(|output| output == "embedding") => {
                let vector = mean(&states.hidden_state);
                Ok(&vector / vector.norm_scalaropt_dim(2.0, [1].as_slice(), true))
            }
            _ => Err(Error::Engine(format!("the model has no output {name}"))),
        });
        wanted.collect()
    }
}
