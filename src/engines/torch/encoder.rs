//! BERT's encoder over tch, for our own models: query, key and value in one product, and the last layer only for the tokens
//! that somebody reads.

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
    /// Query, divided by the root of a head's width, key and value, one under the other.
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
        let scaled = |name: &str, by: f64| {
            let value = weights.get(name).ok_or_else(|| name.to_owned())?;
            Ok::<_, String>((value * by).to_kind(kind).to_device(device).contiguous())
        };
        let tensor = |name: &str| scaled(name, 1.0);
        let pair =
            |stem: &str| Ok::<_, String>(Pair(tensor(&format!("{stem}.weight"))?, tensor(&format!("{stem}.bias"))?));
        let positions = tensor("embeddings.position_embeddings.weight")?;
        let shrunk = (heads as f64 / positions.size()[1] as f64).sqrt();
        let layer = |n: i64| {
            let stem = format!("encoder.layer.{n}");
            let joined = |kind: &str| {
                let part = |name: &str, by: f64| scaled(&format!("{stem}.attention.self.{name}.{kind}"), by);
                Ok::<_, String>(Tensor::cat(&[part("query", shrunk)?, part("key", 1.0)?, part("value", 1.0)?], 0))
            };
            Ok::<_, String>(Layer {
                joined: Pair(joined("weight")?, joined("bias")?),
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
            positions,
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

    /// The states after each layer: rows × tokens × width, where the last has one token a row if only the first is read.
    pub(super) fn states(&self, ids: &Tensor, segments: &Tensor, first_only: bool) -> Vec<Tensor> {
        let look_up = |table: &Tensor, at: &Tensor| Tensor::embedding(table, at, -1, false, false);
        let places = self.positions.narrow(0, 0, ids.size()[1]).unsqueeze(0);
        let mut states =
            self.norm.normalised(&(look_up(&self.words, ids) + places + look_up(&self.segments, segments)));
        let mut all = Vec::with_capacity(self.layers.len());
        for (n, layer) in self.layers.iter().enumerate() {
            let asking = if first_only && n + 1 == self.layers.len() { 1 } else { ids.size()[1] };
            states = layer.of(&states, asking, self.heads);
            all.push(states.shallow_clone());
        }
        all
    }
}

impl Layer {
    /// What becomes of the first `asking` tokens of each row of `x`.
    fn of(&self, x: &Tensor, asking: i64, heads: i64) -> Tensor {
        let (query, key, value) = self.asked(x, asking, heads);
        let x = x.narrow(1, 0, asking);
        let mixed = attention(&query, &key, &value).transpose(1, 2).reshape(x.size());
        let x = self.attended_norm.normalised(&(self.attended.linear(&mixed) + x));
        let wide = self.wide.linear(&x).gelu("none");
        self.norm.normalised(&(self.narrow.linear(&wide) + &x))
    }

    /// Query, key and value: rows × heads × tokens × width of a head, where the query has `asking` tokens.
    fn asked(&self, x: &Tensor, asking: i64, heads: i64) -> (Tensor, Tensor, Tensor) {
        let size = x.size();
        let (rows, tokens, width) = (size[0], size[1], size[2]);
        let split = |joined: &Tensor, tokens: i64| {
            joined.view([rows, tokens, -1, heads, width / heads]).permute([2, 0, 3, 1, 4]).contiguous()
        };
        if asking == tokens {
            let parts = split(&self.joined.linear(x), tokens);
            return (parts.i(0), parts.i(1), parts.i(2));
        }
        let Pair(weight, bias) = &self.joined;
        let part = |from: i64, n: i64| {
            Pair(weight.narrow(0, from * width, n * width), bias.narrow(0, from * width, n * width))
        };
        let others = split(&part(1, 2).linear(x), tokens);
        (split(&part(0, 1).linear(&x.narrow(1, 0, asking)), asking).i(0), others.i(0), others.i(1))
    }
}

/// Dot products of queries that were scaled. On the CPU as two batched products, which for texts as short as sentences take a third of the time of
/// libtorch 2.4's fused attention in f32, and a sixth in bf16.
fn attention(query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
    if query.device() != tch::Device::Cpu {
        // A mask that hides nothing: tch hands on "no mask" as one without a type, which libtorch 2.4 refuses.
        let nothing = Tensor::zeros([1, 1, query.size()[2], key.size()[2]], (query.kind(), query.device()));
        return Tensor::scaled_dot_product_attention(query, key, value, Some(nothing), 0.0, false, 1.0);
    }
    let flat = |x: &Tensor| x.flatten(0, 1);
    let scores = flat(query).bmm(&flat(key).transpose(1, 2));
    let shares = scores.softmax(-1, Kind::Float).to_kind(value.kind());
    shares.bmm(&flat(value)).view_as(query)
}
