//! BERT's encoder over tch, for our own models: query, key and value in one product, and libtorch's fused attention.

use rustc_hash::FxHashMap;
use tch::{IndexOp, Kind, Tensor};

/// Tensors by the names of BERT checkpoints, without `bert.`.
pub(super) struct Encoder {
    words: Tensor,
    positions: Tensor,
    segments: Tensor,
    norm: Pair,
    layers: Vec<Layer>,
    heads: i64,
}

/// Weight and bias.
struct Pair(Tensor, Tensor);

struct Layer {
    /// Query, key and value, one under the other.
    joined: Pair,
    attended: Pair,
    attended_norm: Pair,
    wide: Pair,
    narrow: Pair,
    norm: Pair,
}

/// BERT's.
const EPSILON: f64 = 1e-12;

impl Pair {
    fn linear(&self, x: &Tensor) -> Tensor {
        x.linear(&self.0, Some(&self.1))
    }

    fn normalised(&self, x: &Tensor) -> Tensor {
        x.layer_norm(self.0.size(), Some(&self.0), Some(&self.1), EPSILON, true)
    }
}

impl Encoder {
    /// # Errors
    /// The name of a tensor that is missing.
    pub(super) fn new(
        weights: &FxHashMap<String, Tensor>,
        heads: i64,
        kind: Kind,
        device: tch::Device,
    ) -> Result<Self, String> {
        let tensor = |name: &str| {
            let value = weights.get(name).ok_or_else(|| name.to_owned())?;
            Ok::<_, String>(value.to_kind(kind).to_device(device).contiguous())
        };
        let pair =
            |stem: &str| Ok::<_, String>(Pair(tensor(&format!("{stem}.weight"))?, tensor(&format!("{stem}.bias"))?));
        let layer = |n: i64| {
            let stem = format!("encoder.layer.{n}");
            let [q, k, v] = ["query", "key", "value"].map(|part| pair(&format!("{stem}.attention.self.{part}")));
            let (q, k, v) = (q?, k?, v?);
            Ok::<_, String>(Layer {
                joined: Pair(Tensor::cat(&[q.0, k.0, v.0], 0), Tensor::cat(&[q.1, k.1, v.1], 0)),
                attended: pair(&format!("{stem}.attention.output.dense"))?,
                attended_norm: pair(&format!("{stem}.attention.output.LayerNorm"))?,
                wide: pair(&format!("{stem}.intermediate.dense"))?,
                narrow: pair(&format!("{stem}.output.dense"))?,
                norm: pair(&format!("{stem}.output.LayerNorm"))?,
            })
        };
        let deep = (0..).take_while(|n| weights.contains_key(&format!("encoder.layer.{n}.output.dense.weight")));
        Ok(Self {
            words: tensor("embeddings.word_embeddings.weight")?,
            positions: tensor("embeddings.position_embeddings.weight")?,
            segments: tensor("embeddings.token_type_embeddings.weight")?,
            norm: pair("embeddings.LayerNorm")?,
            layers: deep.map(layer).collect::<Result<_, _>>()?,
            heads,
        })
    }

    /// Layers.
    pub(super) fn depth(&self) -> usize {
        self.layers.len()
    }

    /// How many words, positions and segments it has embeddings for.
    pub(super) fn limits(&self) -> super::Limits {
        super::Limits {
            vocabulary: self.words.size()[0],
            positions: self.positions.size()[0],
            segments: self.segments.size()[0],
        }
    }

    /// The states after each layer: rows × tokens × width.
    pub(super) fn states(&self, ids: &Tensor, segments: &Tensor) -> Vec<Tensor> {
        let look_up = |table: &Tensor, at: &Tensor| Tensor::embedding(table, at, -1, false, false);
        let places = self.positions.narrow(0, 0, ids.size()[1]).unsqueeze(0);
        let mut states =
            self.norm.normalised(&(look_up(&self.words, ids) + places + look_up(&self.segments, segments)));
        // A mask that hides nothing: tch hands on "no mask" as one without a type, which libtorch 2.4 refuses.
        let tokens = ids.size()[1];
        let nothing = Tensor::zeros([1, 1, tokens, tokens], (states.kind(), states.device()));
        let mut all = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            states = layer.of(&states, self.heads, &nothing);
            all.push(states.shallow_clone());
        }
        all
    }
}

impl Layer {
    fn of(&self, x: &Tensor, heads: i64, nothing: &Tensor) -> Tensor {
        let size = x.size();
        let parts = self.joined.linear(x).view([size[0], size[1], 3, heads, size[2] / heads]).permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| parts.i(part));
        let mixed = Tensor::scaled_dot_product_attention(&query, &key, &value, Some(nothing), 0.0, false, None);
        let attended = self.attended.linear(&mixed.transpose(1, 2).reshape(&size));
        let x = self.attended_norm.normalised(&(attended + x));
        let wide = self.wide.linear(&x).gelu("none");
        self.norm.normalised(&(self.narrow.linear(&wide) + &x))
    }
}
