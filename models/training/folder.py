"""The model folder: graph, tokenizer and class names, from f32 weights."""

import json
from pathlib import Path

import onnx
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from graph import Graph
from shape import start_folder


def write_folder(weights, folder, graph_of=Graph):
    """Writes model.onnx, tokenizer.json and labels.json. weights: {name: f32 array}, the encoder's under "bert."."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    graph = graph_of(weights, json.loads((start_folder() / "config.json").read_text()))
    onnx.save(graph.model(), folder / "model.onnx")
    tokens = Tokenizer.from_file(str(start_folder() / "tokenizer.json"))
    tokens.no_truncation()
    tokens.no_padding()
    tokens.save(str(folder / "tokenizer.json"))
    labels = {name: graph.classes[name] for name in graph.heads}
    (folder / "labels.json").write_text(json.dumps(labels, indent=2) + "\n", encoding="utf-8")


def starting_weights():
    """The starting encoder as it is, with no head."""
    weights = load_file(start_folder() / "model.safetensors")
    return {"bert." + name.removeprefix("bert."): value.astype("float32") for name, value in weights.items()
            if "pooler" not in name and "position_ids" not in name}
