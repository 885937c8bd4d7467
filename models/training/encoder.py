"""The one-pass encoder: MiniLM, a mean-pooled unit vector, and two heads over pooled layers."""

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BertConfig, BertModel

from graph import on_grid
from shape import FROZEN_LAYERS, HEADS, MAX_TOKENS, POOLED_LAYERS, start_folder, tokenizer
from stored import constants, weights_of


def mean_pool(states, mask):
    weight = mask.unsqueeze(-1).to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1)


class Head(nn.Module):
    """Pooled layers -> hidden -> logits."""

    def __init__(self, width, classes, hidden=192, dropout=0.1):
        super().__init__()
        self.dense = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, pooled):
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))


@torch.no_grad()
def settle(weight):
    """Puts a matrix (a row an output channel, or a word) on the int8 grid on which it ships, and leaves it there."""
    whole, scale = on_grid(weight.numpy(), axis=0)
    weight.copy_(torch.from_numpy(whole * scale))
    weight.requires_grad_(False)


def matrices(part):
    return [module for module in part.modules() if isinstance(module, nn.Linear)]


class OnePass(nn.Module):
    def __init__(self, bert):
        super().__init__()
        self.bert = bert
        width = bert.config.hidden_size * len(POOLED_LAYERS)
        self.heads = nn.ModuleDict({name: Head(width, len(classes)) for name, classes in HEADS.items()})
        self.scale = nn.Parameter(torch.tensor(15.0))
        self.bias = nn.Parameter(torch.tensor(-5.0))

    @classmethod
    def start(cls, folder=None):
        """The starting encoder with new heads, or the exported model in `folder`. What is not trained is on the int8 grid from the start."""
        model = cls(BertModel.from_pretrained(start_folder(), add_pooling_layer=False))
        if folder:
            stored = weights_of(constants(folder / "model.onnx"))
            stored = {name if name.startswith("heads.") else "bert." + name: torch.tensor(value) for name, value in stored.items()}
            lacking, unknown = model.load_state_dict(stored, strict=False)
            assert not unknown and set(lacking) == {"scale", "bias"}, (lacking, unknown)
        for part in (model.bert.embeddings, *model.bert.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(False)
        settle(model.bert.embeddings.word_embeddings.weight)
        for layer in range(FROZEN_LAYERS):
            model.settle(layer)
        return model

    def part(self, name):
        """An encoder layer by its number, or the "heads"."""
        return self.heads if name == "heads" else self.bert.encoder.layer[name]

    def settle(self, name):
        """The matrices of a part; biases and norms, which ship in f32, still train."""
        for matrix in matrices(self.part(name)):
            settle(matrix.weight)

    @classmethod
    def load(cls, path):
        config = BertConfig.from_pretrained(start_folder())
        model = cls(BertModel(config, add_pooling_layer=False))
        model.load_state_dict(load_file(path))
        return model.eval()

    def save(self, path):
        save_file({k: v.detach().contiguous().clone() for k, v in self.state_dict().items()}, path)

    def forward(self, ids, mask):
        """Unit vectors (batch x 384) and the pooled layers that the heads read (batch x 1152)."""
        states = self.bert(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        pooled = [mean_pool(states[layer], mask) for layer in POOLED_LAYERS]
        return nn.functional.normalize(pooled[-1], dim=-1), torch.cat(pooled, -1)


class Batcher:
    """Texts to padded ids and mask."""

    def __init__(self, limit=MAX_TOKENS):
        self.tok = tokenizer(limit=limit)

    def __call__(self, texts):
        encoded = [e.ids for e in self.tok.encode_batch(texts)]
        width = max(map(len, encoded))
        ids = torch.zeros(len(texts), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, own in enumerate(encoded):
            ids[row, : len(own)] = torch.tensor(own)
            mask[row, : len(own)] = 1
        return ids, mask


@torch.inference_mode()
def encode(model, texts, size=48, limit=MAX_TOKENS):
    """Vectors and pooled layers of many texts, batched by length, in the order given."""
    model.eval()
    batcher = Batcher(limit)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors, pooled = [None] * len(texts), [None] * len(texts)
    for start in range(0, len(order), size):
        part = order[start : start + size]
        v, p = model(*batcher([texts[i] for i in part]))
        for row, i in enumerate(part):
            vectors[i], pooled[i] = v[row], p[row]
    return torch.stack(vectors), torch.stack(pooled)
