//! DeBERTa (v1, v2, v3) over tch, after He et al. 2021: <https://arxiv.org/abs/2006.03654>.
//!
//! rust-bert 0.23 has these networks too, but computes other logits than the checkpoints were trained with: in v1 it clamps
//! relative positions to the number of attention heads, in v2 it does not shift them by the span and leaves out a square root.

use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use tch::{IndexOp, Kind, Tensor};

use super::failed;
use crate::error::{Error, Result};

/// Weights of v1 are brought into the shape of v2, which only names and arranges them in another way.
pub(super) struct Deberta {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    settings: Settings,
    pooler: Linear,
    classifier: Linear,
}

#[derive(Debug, Clone, Deserialize)]
struct Settings {
    model_type: String,
    hidden_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    max_position_embeddings: i64,
    #[serde(default)]
    type_vocab_size: i64,
    #[serde(default = "epsilon")]
    layer_norm_eps: f64,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "gelu")]
    pooler_hidden_act: String,
    #[serde(default = "yes")]
    position_biased_input: bool,
    #[serde(default)]
    relative_attention: bool,
    #[serde(default)]
    pos_att_type: Names,
    #[serde(default)]
    norm_rel_ebd: Names,
    #[serde(default)]
    share_att_key: bool,
    max_relative_positions: Option<i64>,
    position_buckets: Option<i64>,
    embedding_size: Option<i64>,
    #[serde(default)]
    conv_kernel_size: i64,
    #[serde(default)]
    talking_head: bool,
}

/// A list, or names apart by `|`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Names {
    #[default]
    None,
    Joined(String),
    List(Vec<String>),
}

impl Names {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::Joined(names) => names.to_lowercase().split('|').any(|own| own.trim() == name),
            Self::List(names) => names.iter().any(|own| own.trim().eq_ignore_ascii_case(name)),
        }
    }
}

fn epsilon() -> f64 {
    1e-7
}

fn gelu() -> String {
    "gelu".into()
}

fn yes() -> bool {
    true
}

/// Tensors of the file, by name; what is taken is in the network's kind and on its device.
pub(super) struct Weights<'a> {
    pub values: FxHashMap<String, Tensor>,
    pub file: &'a Path,
    pub kind: Kind,
    pub device: tch::Device,
}

impl Weights<'_> {
    fn raw(&self, name: &str) -> Result<Tensor> {
        let value = self.values.get(name).ok_or_else(|| {
            let reason = format!("has no {name}: not a sequence classifier of this type?");
            Error::Model { path: self.file.to_owned(), reason }
        })?;
        Ok(value.to_kind(Kind::Float))
    }

    fn ready(&self, value: &Tensor) -> Tensor {
        value.to_kind(self.kind).to_device(self.device).contiguous()
    }

    fn take(&self, name: &str) -> Result<Tensor> {
        Ok(self.ready(&self.raw(name)?))
    }

    fn linear(&self, stem: &str) -> Result<Linear> {
        Ok(Linear { weight: self.take(&format!("{stem}.weight"))?, bias: self.take(&format!("{stem}.bias"))? })
    }
}

struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn of(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&self.bias))
    }
}

struct Norm {
    scale: Linear,
    epsilon: f64,
}

impl Norm {
    fn new(weights: &Weights<'_>, stem: &str, epsilon: f64) -> Result<Self> {
        Ok(Self { scale: weights.linear(stem)?, epsilon })
    }

    fn of(&self, x: &Tensor) -> Tensor {
        let Linear { weight, bias } = &self.scale;
        x.layer_norm(weight.size(), Some(weight), Some(bias), self.epsilon, true)
    }
}

struct Embeddings {
    words: Tensor,
    positions: Option<Tensor>,
    segments: Option<Tensor>,
    projection: Option<Tensor>,
    norm: Norm,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    /// Keys and queries of the relative positions, heads × positions × width: the same for every text.
    position_keys: Option<Tensor>,
    position_queries: Option<Tensor>,
    attended: Linear,
    attended_norm: Norm,
    wide: Linear,
    narrow: Linear,
    norm: Norm,
}

impl Deberta {
    /// From a parsed `config.json`.
    pub(super) fn new(json: &serde_json::Value, weights: &Weights<'_>) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: weights.file.to_owned(), reason };
        let settings: Settings = serde_json::from_value(json.clone()).map_err(|e| fail(format!("config.json: {e}")))?;
        settings.check().map_err(fail)?;
        let embeddings = Embeddings::new(weights, &settings)?;
        let relative = settings.relative_attention.then(|| relative_embeddings(weights, &settings)).transpose()?;
        let layers = (0..settings.num_hidden_layers).map(|n| Layer::new(weights, &settings, n, relative.as_ref()));
        Ok(Self {
            embeddings,
            layers: layers.collect::<Result<_>>()?,
            pooler: weights.linear("pooler.dense")?,
            classifier: weights.linear("classifier")?,
            settings,
        })
    }

    pub(super) fn logits(&self, ids: &Tensor, segments: &Tensor) -> Result<Tensor> {
        let index = self.relative_index(ids)?;
        let mut states = self.embeddings.of(ids, segments);
        for layer in &self.layers {
            states = layer.of(&states, index.as_ref(), &self.settings);
        }
        let pooled = self.pooler.of(&states.i((.., 0))).gelu("none");
        Ok(self.classifier.of(&pooled))
    }

    /// Which relative position stands between each two tokens: tokens × tokens, 0..2·span.
    fn relative_index(&self, ids: &Tensor) -> Result<Option<Tensor>> {
        if !self.settings.relative_attention {
            return Ok(None);
        }
        let (_, tokens) = ids.size2().map_err(failed)?;
        let places = Tensor::arange(tokens, (Kind::Int64, ids.device()));
        let distance = places.unsqueeze(1) - places.unsqueeze(0);
        let distance = match self.settings.buckets() {
            Some(buckets) => bucketed(&distance, buckets, self.settings.farthest()),
            None => distance,
        };
        let span = self.settings.span();
        Ok(Some((distance + span).clamp(0, 2 * span - 1)))
    }
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        let ours = [("hidden_act", &self.hidden_act), ("pooler_hidden_act", &self.pooler_hidden_act)];
        if let Some((key, other)) = ours.iter().find(|(_, act)| *act != "gelu") {
            return Err(format!("config.json: {key} is {other}; the torch engine's DeBERTa has gelu only"));
        }
        if self.conv_kernel_size > 0 || self.talking_head {
            return Err("config.json: the torch engine's DeBERTa has no convolution and no talking heads".into());
        }
        Ok(())
    }

    fn is_first_version(&self) -> bool {
        self.model_type == "deberta"
    }

    fn buckets(&self) -> Option<i64> {
        self.position_buckets.filter(|&buckets| buckets > 0 && !self.is_first_version())
    }

    fn farthest(&self) -> i64 {
        self.max_relative_positions.filter(|&positions| positions > 0).unwrap_or(self.max_position_embeddings)
    }

    /// Relative positions in each direction.
    fn span(&self) -> i64 {
        self.buckets().unwrap_or_else(|| self.farthest())
    }

    fn head_width(&self) -> i64 {
        self.hidden_size / self.num_attention_heads
    }

    /// Content to content, and each kind of position attention, are added up.
    fn scale(&self) -> f64 {
        let kinds = ["c2p", "p2c"].iter().filter(|kind| self.pos_att_type.has(kind)).count();
        1.0 / ((self.head_width() * (1 + kinds as i64)) as f64).sqrt()
    }

    /// Rows × tokens × hidden to rows × heads × tokens × width.
    fn split(&self, x: &Tensor) -> Tensor {
        let size = x.size();
        x.view([size[0], size[1], self.num_attention_heads, self.head_width()]).transpose(1, 2)
    }
}

/// Near distances one by one, far ones in buckets that widen with the logarithm; the sign stays.
fn bucketed(distance: &Tensor, buckets: i64, farthest: i64) -> Tensor {
    let middle = buckets / 2;
    let far = distance.abs().clamp_min(middle).to_kind(Kind::Float);
    let share = (far / middle as f64).log() / (((farthest - 1) as f64 / middle as f64) as f32).ln() as f64;
    let bucket = ((share * (middle - 1) as f64).ceil() + middle as f64).to_kind(Kind::Int64) * distance.sign();
    distance.where_self(&distance.abs().le(middle), &bucket)
}

fn relative_embeddings(weights: &Weights<'_>, settings: &Settings) -> Result<Tensor> {
    let all = weights.take("deberta.encoder.rel_embeddings.weight")?;
    let (center, span) = (all.size()[0] / 2, settings.span());
    let used = all.narrow(0, (center - span).max(0), 2 * span.min(center));
    match settings.norm_rel_ebd.has("layer_norm") {
        true => Ok(Norm::new(weights, "deberta.encoder.LayerNorm", settings.layer_norm_eps)?.of(&used)),
        false => Ok(used),
    }
}

impl Embeddings {
    fn new(weights: &Weights<'_>, settings: &Settings) -> Result<Self> {
        let table = |name: &str| weights.take(&format!("deberta.embeddings.{name}.weight"));
        let narrow = settings.embedding_size.is_some_and(|size| size != settings.hidden_size);
        Ok(Self {
            words: table("word_embeddings")?,
            positions: settings.position_biased_input.then(|| table("position_embeddings")).transpose()?,
            segments: (settings.type_vocab_size > 0).then(|| table("token_type_embeddings")).transpose()?,
            projection: narrow.then(|| table("embed_proj")).transpose()?,
            norm: Norm::new(weights, "deberta.embeddings.LayerNorm", settings.layer_norm_eps)?,
        })
    }

    fn of(&self, ids: &Tensor, segments: &Tensor) -> Tensor {
        let look_up = |table: &Tensor, at: &Tensor| Tensor::embedding(table, at, -1, false, false);
        let mut sum = look_up(&self.words, ids);
        if let Some(positions) = &self.positions {
            sum += positions.narrow(0, 0, ids.size()[1]).unsqueeze(0);
        }
        if let Some(table) = &self.segments {
            sum += look_up(table, segments);
        }
        if let Some(projection) = &self.projection {
            sum = sum.linear::<&Tensor>(projection, None);
        }
        self.norm.of(&sum)
    }
}

impl Layer {
    fn new(weights: &Weights<'_>, settings: &Settings, n: i64, relative: Option<&Tensor>) -> Result<Self> {
        let stem = format!("deberta.encoder.layer.{n}");
        let own = format!("{stem}.attention.self");
        let [query, key, value] = match settings.is_first_version() {
            true => joined(weights, settings, &own)?,
            false => [
                weights.linear(&format!("{own}.query_proj"))?,
                weights.linear(&format!("{own}.key_proj"))?,
                weights.linear(&format!("{own}.value_proj"))?,
            ],
        };
        let of_positions = |kind: &str, names: [&str; 2], shared: &Linear| {
            let Some(relative) = relative.filter(|_| settings.pos_att_type.has(kind)) else { return Ok(None) };
            let projected = match (settings.is_first_version(), settings.share_att_key) {
                (true, _) if kind == "c2p" => {
                    relative.linear::<&Tensor>(&weights.take(&format!("{own}.{}.weight", names[0]))?, None)
                }
                (true, _) => weights.linear(&format!("{own}.{}", names[0]))?.of(relative),
                (false, true) => shared.of(relative),
                (false, false) => weights.linear(&format!("{own}.{}", names[1]))?.of(relative),
            };
            Ok::<_, Error>(Some(settings.split(&projected.unsqueeze(0)).squeeze_dim(0).contiguous()))
        };
        let eps = settings.layer_norm_eps;
        Ok(Self {
            position_keys: of_positions("c2p", ["pos_proj", "pos_key_proj"], &key)?,
            position_queries: of_positions("p2c", ["pos_q_proj", "pos_query_proj"], &query)?,
            query,
            key,
            value,
            attended: weights.linear(&format!("{stem}.attention.output.dense"))?,
            attended_norm: Norm::new(weights, &format!("{stem}.attention.output.LayerNorm"), eps)?,
            wide: weights.linear(&format!("{stem}.intermediate.dense"))?,
            narrow: weights.linear(&format!("{stem}.output.dense"))?,
            norm: Norm::new(weights, &format!("{stem}.output.LayerNorm"), eps)?,
        })
    }

    fn of(&self, x: &Tensor, index: Option<&Tensor>, settings: &Settings) -> Tensor {
        let [query, key, value] = [&self.query, &self.key, &self.value].map(|part| settings.split(&part.of(x)));
        let mut scores = query.matmul(&key.transpose(-1, -2));
        if let Some(index) = index {
            let size = scores.size();
            // Token i to the position of j: the query of i with that position's key.
            if let Some(keys) = &self.position_keys {
                scores += query.matmul(&keys.transpose(-1, -2)).gather(-1, &index.expand(&size, false), false);
            }
            // And the key of j with that position's query.
            if let Some(queries) = &self.position_queries {
                let all = key.matmul(&queries.transpose(-1, -2));
                scores += all.gather(-1, &index.tr().expand(&size, false), false).transpose(-1, -2);
            }
        }
        let shares = (scores * settings.scale()).softmax(-1, None);
        let mixed = shares.matmul(&value).transpose(1, 2).contiguous().view_as(x);
        let x = self.attended_norm.of(&(self.attended.of(&mixed) + x));
        let wide = self.wide.of(&x).gelu("none");
        self.norm.of(&(self.narrow.of(&wide) + &x))
    }
}

/// v1 keeps query, key and value of a head together in one matrix, and has no bias on keys.
fn joined(weights: &Weights<'_>, settings: &Settings, own: &str) -> Result<[Linear; 3]> {
    let (heads, width, hidden) = (settings.num_attention_heads, settings.head_width(), settings.hidden_size);
    let all = weights.raw(&format!("{own}.in_proj.weight"))?.f_view([heads, 3, width, hidden]).map_err(failed)?;
    let part = |at: i64, bias: Tensor| Linear {
        weight: weights.ready(&all.select(1, at).reshape([hidden, hidden])),
        bias: weights.ready(&bias),
    };
    let bias = |name: &str| weights.raw(&format!("{own}.{name}"));
    Ok([
        part(0, bias("q_bias")?),
        part(1, Tensor::zeros([hidden], (Kind::Float, tch::Device::Cpu))),
        part(2, bias("v_bias")?),
    ])
}
