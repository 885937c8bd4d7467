"""The ONNX graph: int8 weights with one scale an output channel, f32 arithmetic.

Inputs input_ids, attention_mask, token_type_ids (batch x tokens, int64).
Outputs embedding (batch x 384, mean-pooled, unit length) and, for each head in the weights, logits_<head> (batch x classes).
The pair model's is in pair_export.py.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shape import HEADS, POOLED_LAYERS

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def on_grid(matrix, axis):
    """int8 values, and one f32 scale for each index of `axis` (kept as a dimension): values * scale is what ships of the matrix."""
    scale = np.abs(matrix).max(axis=1 - axis, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.clip(np.round(matrix / scale), -127, 127), scale


class Graph:
    """Nodes and constants of the graph while it is written."""

    classes = HEADS

    def __init__(self, weights, config):
        self.weights, self.config = weights, config
        self.nodes, self.constants = [], {}
        self.heads = [name for name in self.classes if any(f"heads.{name}.{part}" in weights for part in ("out.weight", "weight"))]

    def constant(self, name, value, kind=np.int64):
        self.constants.setdefault(name, np.array(value, dtype=kind, order="C"))
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name], np.float32)

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def int8(self, name, matrix, axis):
        """Stores a matrix as int8 with one f32 scale for each index of `axis`."""
        whole, scale = on_grid(matrix, axis)
        return self.constant(name + ".q", whole, np.int8), self.constant(name + ".s", scale.reshape(-1), np.float32)

    def linear(self, x, name, output):
        parts = self.int8(name, self.weights[name + ".weight"].T, axis=1)
        matrix = self.node("DequantizeLinear", list(parts), output + ".w", axis=1)
        product = self.node("MatMul", [x, matrix], output + ".product")
        return self.node("Add", [product, self.weight(name + ".bias")], output)

    def norm(self, x, name, output):
        return self.node("LayerNormalization", [x, self.weight(name + ".weight"), self.weight(name + ".bias")], output,
                         axis=-1, epsilon=self.config["layer_norm_eps"])

    def embedded_words(self):
        """Gathers int8 rows and scales only those."""
        name = "bert.embeddings.word_embeddings"
        rows, scales = self.int8(name, self.weights[name + ".weight"], axis=0)
        words = self.node("Cast", [self.node("Gather", [rows, "input_ids"], "word.q")], "word.f", to=TensorProto.FLOAT)
        scale = self.node("Unsqueeze", [self.node("Gather", [scales, "input_ids"], "word.s"), self.constant("last", [-1])], "word.su")
        return self.node("Mul", [words, scale], "word")

    def embeddings(self):
        words = self.embedded_words()
        length = self.node("Shape", ["input_ids"], "length", start=1, end=2)
        table = self.constant("positions", self.weights["bert.embeddings.position_embeddings.weight"][None], np.float32)
        places = self.node("Slice", [table, self.constant("from", [0]), length, self.constant("axis1", [1])], "place")
        kinds = self.node("Gather", [self.weight("bert.embeddings.token_type_embeddings.weight"), "token_type_ids"], "kind")
        total = self.node("Add", [self.node("Add", [words, places], "word_place"), kinds], "summed")
        return self.norm(total, "bert.embeddings.LayerNorm", "layer0")

    def mask_bias(self):
        mask = self.node("Unsqueeze", ["attention_mask", self.constant("axes12", [1, 2])], "mask4")
        keep = self.node("Cast", [mask], "mask4.f", to=TensorProto.FLOAT)
        drop = self.node("Sub", [self.constant("one", 1, np.float32), keep], "dropped")
        return self.node("Mul", [drop, self.constant("far", -10000.0, np.float32)], "mask_bias")

    def layer(self, x, n, mask):
        width, heads = self.config["hidden_size"], self.config["num_attention_heads"]
        name, tag = f"bert.encoder.layer.{n}.", f"layer{n}."
        shape4 = self.constant("split", [0, 0, heads, width // heads])
        turned = {}
        for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
            flat = self.linear(x, name + "attention.self." + part, tag + part)
            turned[part] = self.node("Transpose", [self.node("Reshape", [flat, shape4], tag + part + "4")], tag + part + "t", perm=order)
        scores = self.node("MatMul", [turned["query"], turned["key"]], tag + "scores")
        scale = self.constant("attention_scale", 1 / np.sqrt(width // heads), np.float32)
        biased = self.node("Add", [self.node("Mul", [scores, scale], tag + "scaled"), mask], tag + "biased")
        shares = self.node("Softmax", [biased], tag + "shares", axis=-1)
        mixed = self.node("Transpose", [self.node("MatMul", [shares, turned["value"]], tag + "mixed")], tag + "mixedt", perm=[0, 2, 1, 3])
        joined = self.node("Reshape", [mixed, self.constant("join", [0, 0, width])], tag + "joined")
        seen = self.linear(joined, name + "attention.output.dense", tag + "attended")
        x = self.norm(self.node("Add", [seen, x], tag + "add1"), name + "attention.output.LayerNorm", tag + "norm1")
        wide = self.node("Gelu", [self.linear(x, name + "intermediate.dense", tag + "wide")], tag + "gelu")
        narrow = self.linear(wide, name + "output.dense", tag + "narrow")
        return self.norm(self.node("Add", [narrow, x], tag + "add2"), name + "output.LayerNorm", f"layer{n + 1}")

    def pooled(self, x, output):
        mask = self.node("Unsqueeze", ["mask.f", "last"], output + ".mask")
        total = self.node("ReduceSum", [self.node("Mul", [x, mask], output + ".kept"), "axis1"], output + ".sum", keepdims=0)
        return self.node("Div", [total, "count"], output)

    def head(self, x, name):
        hidden = self.node("Tanh", [self.linear(x, f"heads.{name}.dense", name + ".dense")], name + ".hidden")
        self.linear(hidden, f"heads.{name}.out", "logits_" + name)

    def write(self):
        x, mask = self.embeddings(), self.mask_bias()
        self.node("Cast", ["attention_mask"], "mask.f", to=TensorProto.FLOAT)
        self.node("ReduceSum", ["mask.f", "axis1"], "count", keepdims=1)
        pooled = []
        for n in range(self.config["num_hidden_layers"]):
            x = self.layer(x, n, mask)
            if n + 1 == self.config["num_hidden_layers"] or (self.heads and n + 1 in POOLED_LAYERS):
                pooled.append(self.pooled(x, f"pooled{n + 1}"))
        length = self.node("ReduceL2", [pooled[-1], "axis1"], "norm", keepdims=1)
        self.node("Div", [pooled[-1], length], "embedding")
        if self.heads:
            joined = self.node("Concat", pooled, "pooled", axis=1)
            for name in self.heads:
                self.head(joined, name)

    def model(self):
        self.write()
        value = helper.make_tensor_value_info
        widths = {"logits_" + n: len(self.classes[n]) for n in self.heads} | {"embedding": self.config["hidden_size"]}
        made = {node.output[0] for node in self.nodes}
        graph = helper.make_graph(
            self.nodes, "framescope",
            [value(name, TensorProto.INT64, ["batch", "tokens"]) for name in INPUTS],
            [value(name, TensorProto.FLOAT, ["batch", width]) for name, width in widths.items() if name in made],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        return model
