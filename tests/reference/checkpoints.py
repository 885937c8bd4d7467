"""Writes tests/reference/checkpoints: a tiny random checkpoint of each architecture, and what transformers makes of it.

Every folder is laid out as the ones on the Hugging Face hub are; the weights are random (seeded) and mean nothing. logits.json
has, for each folder, token ids, segments and logits of single sentences and of pairs, from transformers in f32.
Written with torch 2.4.0, transformers 4.49.0, tokenizers 0.21.4, onnx 1.23.2:
    python tests/reference/checkpoints.py
The trainers of the vocabularies break ties at random: another run writes other files, which fit each other as these do.
"""

import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (AutoModelForSequenceClassification, BertConfig, BertTokenizerFast, DebertaConfig, DebertaTokenizerFast,
                          DebertaV2Config, DebertaV2TokenizerFast, DistilBertConfig, DistilBertTokenizerFast, RobertaConfig,
                          RobertaTokenizerFast)

HERE = Path(__file__).parent / "checkpoints"
SENTENCES = [
    "The council approved the new budget on Monday.",
    "Critics called the decision reckless, and warned of higher taxes for working families in the northern districts.",
    "Prices rose.",
    "The minister said the reform would help farmers; opponents said it would ruin them within a year, if not sooner.",
]
HYPOTHESES = ["This text is about economic consequences.", "This text is about fairness and equality.", "This text is about crime."]
NLI = ["CONTRADICTION", "NEUTRAL", "ENTAILMENT"]
SIZES = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=160)
TEXTS = SENTENCES + HYPOTHESES + ["no yes un re ing ed s the of and a in to it is was for on that by this with"]


def labels(names):
    return dict(id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)})


def word_pieces(folder):
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer()
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tok.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=150, special_tokens=special))
    vocabulary = sorted(tok.get_vocab().items(), key=lambda pair: pair[1])
    (folder / "vocab.txt").write_text("".join(word + "\n" for word, _ in vocabulary), encoding="utf-8")
    return len(vocabulary)


def byte_pairs(folder, special):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tok.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet))
    tok.model.save(str(folder))
    return tok.get_vocab_size()


def pieces(folder):
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Replace(" {2,}", " ")
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.decoder = decoders.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tok.train_from_iterator(TEXTS, trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="[UNK]"))
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(name, tok.token_to_id(name)) for name in ("[CLS]", "[SEP]")])
    tok.save(str(folder / "tokenizer.json"))
    return tok.get_vocab_size()


def model(config, folder):
    torch.manual_seed(5)
    network = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.dim() == 2 and "embeddings" not in name:
                value.normal_(0, 0.4)
            elif value.dim() == 2:
                value.normal_(0, 1.0)
            elif name.endswith("bias"):
                value.normal_(0, 0.1)
    network.save_pretrained(folder)
    return network


def reference(network, tok):
    found = []
    for text in SENTENCES:
        for hypothesis in [None, *HYPOTHESES]:
            encoded = tok(text, hypothesis, return_tensors="pt", return_token_type_ids=True)
            accepted = {k: v for k, v in encoded.items() if k in network.forward.__code__.co_varnames}
            with torch.inference_mode():
                logits = network(**accepted).logits[0].tolist()
            found.append(dict(text=text, hypothesis=hypothesis, ids=encoded["input_ids"][0].tolist(), logits=logits))
    return found


def export(network, folder, tok, text=SENTENCES[1]):
    """As people do it: traced with one sentence, names and dynamic axes as Optimum has them."""
    encoded = tok(text, HYPOTHESES[0], return_tensors="pt")
    order = [name for name in network.forward.__code__.co_varnames if name in encoded]
    if network.config.model_type == "deberta-v2":
        order.remove("token_type_ids")  # has no segments
    encoded = {name: encoded[name] for name in order}
    axes = {name: {0: "batch", 1: "sequence"} for name in encoded} | {"logits": {0: "batch"}}
    torch.onnx.export(network, ({**encoded},), str(folder / "model.onnx"), input_names=list(encoded), output_names=["logits"],
                      dynamic_axes=axes, opset_version=17)


class IgnoresMask(torch.nn.Module):
    """An export gone wrong: it takes a mask and does not heed it."""

    def __init__(self, network):
        super().__init__()
        self.network, self.config = network, network.config

    def forward(self, input_ids, attention_mask):
        logits = self.network(input_ids=input_ids, attention_mask=torch.ones_like(attention_mask)).logits
        return logits + 0.0 * attention_mask.sum()


def folder(name):
    path = HERE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def main():
    found = {}

    path = folder("bert")
    config = BertConfig(vocab_size=word_pieces(path), **SIZES, **labels(NLI))
    (path / "tokenizer_config.json").write_text(json.dumps(dict(do_lower_case=True, tokenizer_class="BertTokenizer")))
    tok = BertTokenizerFast.from_pretrained(path)
    network = model(config, path)
    found["bert"] = reference(network, tok)
    export(network, path, tok)

    path = folder("distilbert")
    size = word_pieces(path)
    DistilBertTokenizerFast(str(path / "vocab.txt")).save_pretrained(path)
    (path / "vocab.txt").unlink()
    config = DistilBertConfig(vocab_size=size, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=160,
                              **labels(["NEGATIVE", "POSITIVE"]))
    tok = DistilBertTokenizerFast.from_pretrained(path)
    network = model(config, path)
    found["distilbert"] = reference(network, tok)
    export(network, path, tok)
    export(IgnoresMask(network).eval(), folder("ignores-mask"), tok)

    path = folder("roberta")
    size = byte_pairs(path, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    config = RobertaConfig(vocab_size=size, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2,
                           **SIZES, **labels(["entailment", "neutral", "contradiction"]))
    tok = RobertaTokenizerFast(str(path / "vocab.json"), str(path / "merges.txt"))
    found["roberta"] = reference(model(config, path), tok)

    path = folder("deberta")
    size = byte_pairs(path, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    config = DebertaConfig(vocab_size=size, type_vocab_size=0, relative_attention=True, position_biased_input=False,
                           pos_att_type=["c2p", "p2c"], max_relative_positions=-1, pooler_hidden_size=16, **SIZES, **labels(NLI))
    tok = DebertaTokenizerFast(str(path / "vocab.json"), str(path / "merges.txt"))
    found["deberta"] = reference(model(config, path), tok)

    path = folder("deberta-v2")
    size = pieces(path)
    config = DebertaV2Config(vocab_size=size, type_vocab_size=0, relative_attention=True, position_biased_input=False,
                             pos_att_type=["p2c", "c2p"], position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
                             max_relative_positions=-1, pooler_hidden_size=16, layer_norm_eps=1e-7, **SIZES,
                             **labels(["entailment", "not_entailment"]))
    tok = DebertaV2TokenizerFast(tokenizer_file=str(path / "tokenizer.json"))
    network = model(config, path)
    found["deberta-v2"] = reference(network, tok)
    export(network, path, tok, text=SENTENCES[2])

    (HERE / "logits.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
