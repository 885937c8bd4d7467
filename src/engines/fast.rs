//! Dynamic int8: the graph of an `.onnx` file with int8 weights, rewritten so that its matrix products are int8 too.
//!
//! Wherever a product `x · dequantised(W)` stands, each token's row of x is scaled to −127..127 ([`Steps`]) and rounded, multiplied as integers, and
//! scaled back. The scale is the row's own, not the batch's, so that a sentence's score still does not depend on its neighbours. About
//! twice as fast; what it changes is in docs/scorers.md.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use rten_gemm::GemmExecutor;
use rten_onnx::onnx::{AttributeProto, AttributeType, DataType, GraphProto, NodeProto, TensorProto};

/// How finely a row of activations is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// −127..127.
    Eight,
    /// −64..64: where a processor adds two products up in 16 bits (`vpmaddubsw`, x86-64 without VNNI), finer ones would not fit, and
    /// would be cut off without a word.
    Seven,
}

impl Steps {
    /// The finest that this processor multiplies exactly.
    pub fn of_this_processor() -> Self {
        if GemmExecutor::<u8, i8, i32>::default().may_saturate() { Self::Seven } else { Self::Eight }
    }

    /// What they change, measured with the weights that ship (`Seven` with those before them); docs/scorers.md.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Eight => {
                "computed in int8 (--fast): on 3,425 sentences of 80 real articles, 98.2 % of tone, 98.4 % of loaded-language and \
                 99.5 % of frame decisions were those of f32"
            }
            Self::Seven => {
                "computed in int8 (--fast), activations in 7 bits since this processor has no exact 8-bit products: on 1,677 sentences of \
                 40 real articles, 95.3 % of tone, 97.6 % of loaded-language and 99.5 % of frame decisions were those of f32"
            }
        }
    }

    /// Largest step on either side, and the unsigned byte that stands for none.
    fn most_and_middle(self) -> (f32, u8) {
        match self {
            Self::Eight => (127.0, 128),
            // (64 + 64) · 127 · 2 is less than 2^15.
            Self::Seven => (64.0, 64),
        }
    }
}

/// Rewrites a graph.
///
/// # Errors
/// One without a product of int8 weights.
pub fn rewrite(graph: &mut GraphProto, steps: Steps) -> Result<(), String> {
    match products(graph, steps) {
        0 => Err("has no matrix product with int8 weights, which --fast is about".into()),
        _ => Ok(()),
    }
}

const MOST: &str = "fast.most";
const LEAST: &str = "fast.least";
const ONE: &str = "fast.one";
const MIDDLE: &str = "fast.middle";
const NONE: &str = "fast.none";
const LAST_AXIS: &str = "fast.last_axis";

/// Rewrites them and says how many.
fn products(graph: &mut GraphProto, steps: Steps) -> usize {
    let weights: HashMap<String, (String, String)> = graph
        .node
        .iter()
        .filter(|node| node.op_type.as_deref() == Some("DequantizeLinear") && node.input.len() == 2)
        .map(|node| (node.output[0].clone(), (node.input[0].clone(), node.input[1].clone())))
        .collect();
    let mut nodes = Vec::with_capacity(2 * graph.node.len());
    let mut quantised = HashSet::new();
    let mut rewritten = 0;
    for node in std::mem::take(&mut graph.node) {
        let of_weights = (node.op_type.as_deref() == Some("MatMul")).then(|| weights.get(&node.input[1])).flatten();
        let Some((weight, scale)) = of_weights else {
            nodes.push(node);
            continue;
        };
        let (x, output) = (&node.input[0], &node.output[0]);
        if quantised.insert(x.clone()) {
            quantise_rows(x, &mut nodes);
        }
        let name = |end: &str| format!("{output}.{end}");
        // rten fuses these three into one pass.
        let product = [&format!("{x}.int8"), weight, MIDDLE, NONE];
        nodes.push(operator("MatMulInteger", &product, &name("int32")));
        let cast = operator("Cast", &[&name("int32")], &name("whole"));
        nodes.push(with_integer(cast, "to", i64::from(DataType::FLOAT.0)));
        nodes.push(operator("Mul", &[&name("whole"), scale], &name("columns")));
        nodes.push(operator("Mul", &[&name("columns"), &format!("{x}.step")], output));
        rewritten += 1;
    }
    let used: HashSet<&String> = nodes.iter().flat_map(|node| &node.input).collect();
    let idle: Vec<bool> =
        nodes.iter().map(|node| weights.contains_key(&node.output[0]) && !used.contains(&node.output[0])).collect();
    let mut idle = idle.into_iter();
    nodes.retain(|_| !idle.next().unwrap_or_default());
    graph.node = nodes;
    graph.initializer.extend(constants(steps));
    rewritten
}

/// `x.int8`, each row of x in steps of `x.step` around the middle.
fn quantise_rows(x: &str, nodes: &mut Vec<NodeProto>) {
    let name = |end: &str| format!("{x}.{end}");
    nodes.push(operator("Abs", &[x], &name("size")));
    let largest = operator("ReduceMax", &[&name("size"), LAST_AXIS], &name("largest"));
    nodes.push(with_integer(largest, "keepdims", 1));
    nodes.push(operator("Max", &[&name("largest"), LEAST], &name("reach")));
    nodes.push(operator("Div", &[&name("reach"), MOST], &name("step")));
    nodes.push(operator("Div", &[x, &name("step")], &name("steps")));
    nodes.push(operator("QuantizeLinear", &[&name("steps"), ONE, MIDDLE], &name("int8")));
}

fn operator(kind: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(kind.into()),
        name: Some(output.into()),
        input: inputs.iter().map(|&input| input.into()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

fn with_integer(mut node: NodeProto, name: &str, value: i64) -> NodeProto {
    let attribute = AttributeProto {
        name: Some(name.into()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    };
    node.attribute.push(attribute);
    node
}

fn constants(steps: Steps) -> [TensorProto; 6] {
    let (most, middle) = steps.most_and_middle();
    let tensor = |name: &str, dims: &[i64], kind: DataType, bytes: &[u8]| TensorProto {
        name: Some(name.into()),
        dims: dims.to_vec(),
        data_type: Some(kind),
        raw_data: Some(RefCell::new(bytes.to_vec())),
        ..TensorProto::default()
    };
    let float = |name: &str, value: f32| tensor(name, &[], DataType::FLOAT, &value.to_le_bytes());
    [
        float(MOST, most),
        float(LEAST, 1e-9),
        float(ONE, 1.0),
        tensor(MIDDLE, &[], DataType::UINT8, &[middle]),
        tensor(NONE, &[], DataType::INT8, &[0]),
        tensor(LAST_AXIS, &[1], DataType::INT64, &(-1_i64).to_le_bytes()),
    ]
}
