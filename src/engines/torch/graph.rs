//! The weights of our own `.onnx` files, by the names that they carry in BERT checkpoints.
//!
//! `models/training/graph.py` writes them: a matrix is int8 values `NAME.q` with a scale `NAME.s` for each output (for the word embeddings:
//! for each word).

use std::path::Path;

use rten_onnx::onnx::{DataType, ModelProto, NodeProto, TensorProto};
use rustc_hash::FxHashMap;
use tch::{Kind, Tensor};

use crate::error::{Error, Result};

/// Values and layout of one file.
pub(super) struct Graph {
    /// f32, in PyTorch's order (a matrix is outputs × inputs), by names such as `encoder.layer.0.output.dense.weight`.
    pub weights: FxHashMap<String, Tensor>,
    pub outputs: Vec<String>,
    /// Layers whose mean over tokens the heads read, from 1; none where they read the first token of the last layer.
    pub pooled_layers: Vec<usize>,
    pub attention_heads: i64,
}

impl Graph {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let fail = |reason: String| Error::Model { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let graph = ModelProto::parse_buf(&bytes).map_err(|e| fail(e.to_string()))?.graph;
        let graph = graph.ok_or_else(|| fail("holds no graph".into()))?;
        let constants: FxHashMap<&str, &TensorProto> =
            graph.initializer.iter().filter_map(|tensor| Some((tensor.name.as_deref()?, tensor))).collect();
        let mut weights = FxHashMap::default();
        for (name, tensor) in &constants {
            if let Some((name, value)) = weight(name, tensor, &constants).map_err(&fail)? {
                weights.insert(name, value);
            }
        }
        check_epsilon(&graph.node).map_err(&fail)?;
        let width = weights.get("embeddings.LayerNorm.weight").map_or(0, |norm: &Tensor| norm.size()[0]);
        Ok(Self {
            weights,
            outputs: graph.output.iter().filter_map(|output| output.name.clone()).collect(),
            pooled_layers: pooled_layers(&graph.node).map_err(&fail)?,
            attention_heads: attention_heads(&constants, width).ok_or_else(|| fail(other_layout("attention heads")))?,
        })
    }
}

/// What to say of a graph that is not ours.
pub(super) fn other_layout(what: &str) -> String {
    format!("cannot find its {what}: not one of our own graphs. The embedded engine runs graphs of any layout")
}

/// The checkpoint's name and value of a constant, if it is a weight.
fn weight(
    name: &str,
    tensor: &TensorProto,
    constants: &FxHashMap<&str, &TensorProto>,
) -> Result<Option<(String, Tensor)>, String> {
    let bare = name.strip_prefix("bert.").unwrap_or(name);
    if bare == "positions" {
        return Ok(Some(("embeddings.position_embeddings.weight".into(), floats(tensor)?.squeeze_dim(0))));
    }
    match bare.rsplit_once('.') {
        Some((_, "weight" | "bias")) => Ok(Some((bare.into(), floats(tensor)?))),
        Some((stem, "q")) => {
            let scales = constants.get(format!("{}.s", &name[..name.len() - 2]).as_str());
            let scales = floats(scales.ok_or_else(|| format!("{name} has no scales"))?)?;
            Ok(Some((format!("{stem}.weight"), scaled(&whole(tensor)?, &scales)?)))
        }
        _ => Ok(None),
    }
}

/// A scale a row (word embeddings), or a scale a column, where the matrix is stored inputs × outputs. A square matrix of
/// the encoder is of the second kind: only embeddings have a scale a row, and more rows than columns.
fn scaled(whole: &Tensor, scales: &Tensor) -> Result<Tensor, String> {
    let (rows, columns) = whole.size2().map_err(|e| e.to_string())?;
    match scales.size()[..] {
        [n] if n == columns => Ok((whole * scales).tr().contiguous()),
        [n] if n == rows => Ok(whole * scales.unsqueeze(1)),
        _ => Err(format!("{rows} × {columns} weights, but scales of shape {:?}", scales.size())),
    }
}

fn raw(tensor: &TensorProto) -> Result<std::cell::Ref<'_, [u8]>, String> {
    let data = tensor.raw_data.as_ref().ok_or("a constant is not stored in the file's own bytes")?;
    Ok(std::cell::Ref::map(data.borrow(), Vec::as_slice))
}

fn read_as(tensor: &TensorProto, stored: DataType, kind: Kind) -> Result<Tensor, String> {
    if tensor.data_type != Some(stored) {
        return Err(format!("constant {} is of another type than {kind:?}", tensor.name.as_deref().unwrap_or("?")));
    }
    let bytes = raw(tensor)?;
    if bytes.len() as i64 != tensor.dims.iter().product::<i64>() * kind.elt_size_in_bytes() as i64 {
        return Err(format!("constant {} is cut short", tensor.name.as_deref().unwrap_or("?")));
    }
    Tensor::f_from_data_size(&bytes, &tensor.dims, kind).map_err(|e| e.to_string())
}

fn floats(tensor: &TensorProto) -> Result<Tensor, String> {
    read_as(tensor, DataType::FLOAT, Kind::Float)
}

fn whole(tensor: &TensorProto) -> Result<Tensor, String> {
    Ok(read_as(tensor, DataType::INT8, Kind::Int8)?.to_kind(Kind::Float))
}

/// From the shape `[0, 0, heads, width of a head]` that splits the queries.
fn attention_heads(constants: &FxHashMap<&str, &TensorProto>, width: i64) -> Option<i64> {
    constants.values().filter(|tensor| tensor.data_type == Some(DataType::INT64) && tensor.dims == [4]).find_map(|t| {
        let bytes = raw(t).ok()?;
        let shape: Vec<i64> =
            bytes.chunks_exact(8).map(|eight| i64::from_le_bytes(eight.try_into().expect("eight bytes"))).collect();
        (shape.len() == 4 && shape[2] * shape[3] == width).then_some(shape[2])
    })
}

/// The means that are joined into the heads' input are named for their layer: `pooled2`, `pooled4`...
fn pooled_layers(nodes: &[NodeProto]) -> Result<Vec<usize>, String> {
    let Some(joined) = nodes.iter().find(|node| node.op_type.as_deref() == Some("Concat")) else {
        return Ok(Vec::new());
    };
    let layer = |name: &String| name.strip_prefix("pooled")?.parse::<usize>().ok().filter(|layer| *layer > 0);
    joined.input.iter().map(|name| layer(name).ok_or_else(|| other_layout("pooled layers"))).collect()
}

/// rust-bert's BERT normalises with 1e-12 and takes no other.
fn check_epsilon(nodes: &[NodeProto]) -> Result<(), String> {
    let norms = nodes.iter().filter(|node| node.op_type.as_deref() == Some("LayerNormalization"));
    let epsilons = norms.flat_map(|node| &node.attribute).filter(|a| a.name.as_deref() == Some("epsilon"));
    match epsilons.filter_map(|a| a.f).find(|epsilon| (epsilon - 1e-12).abs() > 1e-14) {
        Some(epsilon) => Err(format!("normalises with epsilon {epsilon}, where rust-bert's BERT has 1e-12")),
        None => Ok(()),
    }
}
