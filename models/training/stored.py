"""The weights of a graph of ours."""

import onnx


def constants(path):
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def weights_of(stored):
    """{name in BERT checkpoints, without "bert.": array} of a graph's constants: int8 values times their scales, matrices as outputs x inputs."""
    weights = {}
    for name, value in stored.items():
        stem, _, part = name.removeprefix("bert.").rpartition(".")
        if part == "q":
            scale = stored[name[:-1] + "s"]
            words = stem.endswith("word_embeddings")
            weights[stem + ".weight"] = value * scale[:, None] if words else (value * scale).T
        elif part in ("b", "beta", "B", "bias"):
            weights[stem + ".bias"] = value
        elif part in ("g", "weight"):
            weights[stem + ".weight"] = value
        elif part == "W":
            weights[stem + ".weight"] = value.T
        elif name in ("pos", "positions"):
            weights["embeddings.position_embeddings.weight"] = value[0]
        elif name == "type":
            weights["embeddings.token_type_embeddings.weight"] = value
    return weights
