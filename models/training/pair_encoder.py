"""MiniLM over pairs, with heads on the pooled first token. The last layer is worked out for the first token alone: nothing reads the others."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from shape import PAIR_HEADS, start_folder
from stored import constants, weights_of

EPSILON = 1e-12


class Layer(nn.Module):
    """One layer of BERT with query, key and value in one product. Batched products on contiguous parts: for short texts several times
    as fast on a CPU as libtorch's fused attention."""

    def __init__(self, width, heads, wide, dropout):
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.joined, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.attended_norm, self.norm = nn.LayerNorm(width, EPSILON), nn.LayerNorm(width, EPSILON)
        self.wide, self.narrow = nn.Linear(width, wide), nn.Linear(wide, width)

    def forward(self, x, hidden, first_only=False):
        """x: rows x tokens x width; hidden: rows x 1 x tokens, very negative where there is padding, or None."""
        rows, tokens, width = x.shape
        size = width // self.heads
        split = lambda part, n: part.view(rows, n, -1, self.heads, size).permute(2, 0, 3, 1, 4).reshape(-1, rows * self.heads, n, size)
        if first_only:
            weight, bias = self.joined.weight, self.joined.bias
            key, value = split(F.linear(x, weight[width:], bias[width:]), tokens)
            x = x[:, :1]
            query = split(F.linear(x, weight[:width], bias[:width]), 1)[0]
        else:
            query, key, value = split(self.joined(x), tokens)
        scores = torch.bmm(query, key.transpose(1, 2)) * size ** -0.5
        if hidden is not None:
            scores = (scores.view(rows, self.heads, -1, tokens) + hidden[:, None]).view_as(scores)
        mixed = torch.bmm(scores.softmax(-1).to(value.dtype), value)
        mixed = mixed.view(rows, self.heads, -1, size).transpose(1, 2).reshape(x.shape)
        x = self.attended_norm(x + self.dropout(self.attended(mixed)))
        return self.norm(x + self.dropout(self.narrow(F.gelu(self.wide(x)))))


class PairModel(nn.Module):
    def __init__(self, dropout=0.1):
        super().__init__()
        shape = json.loads((start_folder() / "config.json").read_text())
        width = shape["hidden_size"]
        self.words = nn.Embedding(shape["vocab_size"], width)
        self.positions = nn.Embedding(shape["max_position_embeddings"], width)
        self.segments = nn.Embedding(shape["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.layers = nn.ModuleList(Layer(width, shape["num_attention_heads"], shape["intermediate_size"], dropout)
                                    for _ in range(shape["num_hidden_layers"]))
        self.pooler = nn.Linear(width, width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(classes)) for name, classes in PAIR_HEADS.items()})
        self.dropout = nn.Dropout(dropout)
        self.words.requires_grad_(False)

    @classmethod
    def load(cls, path):
        model = cls()
        model.load_state_dict(load_file(path))
        return model.eval()

    @classmethod
    def of_checkpoint(cls, path):
        """From a safetensors file under the names of BERT checkpoints, which must have every part."""
        model = cls()
        lacking = model.take(load_file(path))
        assert not lacking, lacking
        return model.eval()

    def save(self, path):
        save_file({k: v.detach().contiguous().clone() for k, v in self.state_dict().items()}, path)

    def forward(self, ids, segments, mask, head):
        return self.logits(ids, segments, mask, [head])[head]

    def logits(self, ids, segments, mask, heads):
        """{head: rows x classes}, in one pass."""
        hidden = None if bool(mask.all()) else (1 - mask[:, None].float()) * -1e4
        places = self.positions.weight[: ids.shape[1]]
        x = self.dropout(self.norm(self.words(ids) + places + self.segments(segments)))
        for n, layer in enumerate(self.layers):
            x = layer(x, hidden, first_only=n + 1 == len(self.layers))
        pooled = self.dropout(torch.tanh(self.pooler(x[:, 0])))
        return {head: self.heads[head](pooled) for head in heads}

    def named(self):
        """{name in BERT checkpoints: tensor}, which is how the graph and the torch engine name them."""
        own = {"embeddings.word_embeddings.weight": self.words.weight, "embeddings.position_embeddings.weight": self.positions.weight,
               "embeddings.token_type_embeddings.weight": self.segments.weight}
        def put(name, part):
            own[name + ".weight"], own[name + ".bias"] = part.weight, part.bias
        put("embeddings.LayerNorm", self.norm)
        for n, layer in enumerate(self.layers):
            stem = f"encoder.layer.{n}."
            for at, part in enumerate(("query", "key", "value")):
                own[f"{stem}attention.self.{part}.weight"] = layer.joined.weight.chunk(3)[at]
                own[f"{stem}attention.self.{part}.bias"] = layer.joined.bias.chunk(3)[at]
            put(stem + "attention.output.dense", layer.attended)
            put(stem + "attention.output.LayerNorm", layer.attended_norm)
            put(stem + "intermediate.dense", layer.wide)
            put(stem + "output.dense", layer.narrow)
            put(stem + "output.LayerNorm", layer.norm)
        put("pooler.dense", self.pooler)
        for name, head in self.heads.items():
            put("heads." + name, head)
        return {name: tensor.detach() for name, tensor in own.items()}

    @torch.no_grad()
    def take(self, weights):
        """Takes up what `weights` (names as of `named`, with or without "bert.") has; says which parts it lacks."""
        weights = {name.removeprefix("bert."): value for name, value in weights.items()}
        own = self.named()
        for name, tensor in own.items():
            if name in weights:
                tensor.copy_(weights[name])
        return sorted(set(own) - set(weights))


def starting_pair(folder=None):
    """From an earlier model's graph, or from all-MiniLM-L6-v2, whose heads are then new."""
    model = PairModel()
    if folder:
        weights = {name: torch.from_numpy(value.copy()) for name, value in weights_of(constants(Path(folder) / "model.onnx")).items()}
    else:
        weights = load_file(start_folder() / "model.safetensors")
    lacking = model.take(weights)
    print(f"        starts anew: {', '.join(lacking) or 'nothing'}", flush=True)
    return model
