"""The weights of a graph of ours."""

import onnx


def constants(path):
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def weights_of(stored):
    """{name in BERT checkpoints, without "bert.": array} of a graph's constants: int8 values times their scales, matrices as outputs x inputs."""
    weights = {}
    for name, value in stored.items():
        bare = name.removeprefix("bert.")
        stem, _, part = bare.rpartition(".")
        if part == "q":
            scale = stored[name[:-1] + "s"]
            words = stem.endswith("word_embeddings")
            weights[stem + ".weight"] = value * scale[:, None] if words else (value * scale).T
        elif part in ("weight", "bias"):
            weights[bare] = value
        elif name == "positions":
            weights["embeddings.position_embeddings.weight"] = value[0]
    return weights
