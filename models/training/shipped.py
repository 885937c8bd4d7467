"""Runs an exported graph on texts."""

from pathlib import Path

import numpy as np
import onnxruntime

from graph import INPUTS
from shape import tokenizer


class Shipped:
    """An exported graph: vectors and logits of texts, or logits of pairs of texts."""

    def __init__(self, folder, threads=2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Beyond the basic ones, ONNX Runtime puts int8 kernels of its own in place of our weights' f32 arithmetic: 0.8 % of tones change.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self.session = onnxruntime.InferenceSession(str(Path(folder) / "model.onnx"), options, ["CPUExecutionProvider"])
        self.tok = tokenizer(Path(folder))
        self.outputs = [o.name for o in self.session.get_outputs()]

    def __call__(self, texts, size=32):
        """{output: array}, rows in the order given. texts: strings, or (text, hypothesis or None)."""
        found = self.tok.encode_batch([t[0] if isinstance(t, tuple) and t[1] is None else t for t in texts])
        encoded, kinds = [e.ids for e in found], [e.type_ids for e in found]
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        out = {name: [None] * len(texts) for name in self.outputs}
        for start in range(0, len(order), size):
            part = order[start : start + size]
            width = max(len(encoded[i]) for i in part)
            ids = np.zeros((len(part), width), dtype=np.int64)
            segments = np.zeros_like(ids)
            for row, i in enumerate(part):
                ids[row, : len(encoded[i])] = encoded[i]
                segments[row, : len(encoded[i])] = kinds[i]
            mask = (np.arange(width) < np.array([[len(encoded[i])] for i in part])).astype(np.int64)
            values = self.session.run(self.outputs, dict(zip(INPUTS, (ids, mask, segments))))
            for name, value in zip(self.outputs, values):
                for row, i in enumerate(part):
                    out[name][i] = value[row]
        return {name: np.stack(rows) for name, rows in out.items()}
