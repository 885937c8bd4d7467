#!/usr/bin/env python3
"""Zero-shot frames by natural language inference, side by side: same weights, same sentences, same 15 labels, two threads.

    bash scripts/setup-libtorch.sh && python3 benches/side_by_side.py [--json] [--sentences 100] [--only NAME ...]

Builds what it runs (cargo, release, feature torch), takes sentences from seeds/articles, and makes two things out of our pair
model (models/pair): a checkpoint folder as the hub has them, for everybody else, and a manifest in which frames are read by
the same three-class entailment head, for us. So every row computes the same probabilities; `furthest` is how far a row's are
from rust-bert's. Python rows need torch, transformers, onnx and onnxruntime (any missing one is said, and its rows left out);
the checkpoint needs numpy, onnx and safetensors.
Seconds are those of scoring, without loading. All rows run in turn, --repeat times, so that a neighbour of the machine slows all of them
alike: a rate is the median over the rounds, and so is its ratio to the first row's rate in the same round. Memory is the process's peak.
rust-bert's pipeline pads all pairs of a call to one length, so that it is the slower the more sentences a call has: rows of 1 and 16 sentences
show by how much.
Rows of other scorers (--scorer embedding, cascade, student) answer the same question in another way: `furthest` says how far.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import child

ROOT = Path(__file__).resolve().parent.parent
NLI = ["contradiction", "neutral", "entailment"]
MAX_TOKENS = 128


def sentences(count):
    """The first distinct sentences of the sample articles, by a plain rule: good enough for a rate."""
    found = {}
    for file in sorted((ROOT / "seeds/articles").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            for text in re.split(r"(?<=[.!?])\s+", json.loads(line).get("text") or ""):
                if 5 <= len(text.split()) <= 80:
                    found[" ".join(text.split())] = None
    if len(found) < count:
        sys.exit(f"seeds/articles has {len(found)} sentences, not {count}")
    return list(found)[:count]


def labels():
    scheme = tomllib.loads((ROOT / "seeds/frames/policy_frames.toml").read_text(encoding="utf-8"))
    return [frame["label"] for frame in scheme["frame"]]


def checkpoint(folder):
    """Our pair model as a Hugging Face checkpoint: the values of the .onnx file, int8 times scale."""
    import numpy as np
    from safetensors.numpy import save_file

    sys.path.append(str(ROOT / "models/training"))
    from stored import constants, weights_of

    stored = constants(ROOT / "models/pair/model.onnx")
    weights = weights_of(stored)
    head = {part: weights[f"heads.entailment.{part}"] for part in ("weight", "bias")}
    weights = {name: value for name, value in weights.items() if not name.startswith("heads.")}
    weights = {"bert." + name: value for name, value in weights.items()}
    weights |= {f"classifier.{part}": value for part, value in head.items()}
    folder.mkdir()
    save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in weights.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    width = weights["classifier.weight"].shape[1]
    config = dict(
        architectures=["BertForSequenceClassification"], model_type="bert", hidden_act="gelu", hidden_size=width,
        vocab_size=len(stored["bert.embeddings.word_embeddings.q"]), intermediate_size=len(weights["bert.encoder.layer.0.intermediate.dense.bias"]),
        num_hidden_layers=sum(name.endswith("intermediate.dense.bias") for name in weights), num_attention_heads=int(stored["split"][2]),
        max_position_embeddings=stored["positions"].shape[1], type_vocab_size=len(stored["bert.embeddings.token_type_embeddings.weight"]), layer_norm_eps=1e-12,
        attention_probs_dropout_prob=0.1, hidden_dropout_prob=0.1, initializer_range=0.02, pad_token_id=0,
        id2label={str(i): name for i, name in enumerate(NLI)}, label2id={name: i for i, name in enumerate(NLI)})
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = json.loads((ROOT / "models/pair/tokenizer.json").read_text(encoding="utf-8"))
    words = sorted(tokenizer["model"]["vocab"].items(), key=lambda pair: pair[1])
    (folder / "vocab.txt").write_text("".join(word + "\n" for word, _ in words), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(do_lower_case=True, tokenizer_class="BertTokenizer", model_max_length=MAX_TOKENS)))


def manifest(folder):
    """Our models, with frames read by the pair model's entailment head alone, as everybody else reads them."""
    shutil.copytree(ROOT / "models", folder, ignore=shutil.ignore_patterns("training"))
    path = folder / "manifest.toml"
    head = f'[model.heads.frames]\noutput = "logits_entailment"\nlabels = {json.dumps(NLI)}\n'
    text, count = re.subn(r"\[model\.heads\.frames\]\n(?:[a-z_]+ = .*\n)+", head, path.read_text(encoding="utf-8"), count=1)
    assert count == 1
    text, count = re.subn(r"\[stacked\]\n(?:[a-z_]+ = .*\n)+", "", text)
    assert count == 1
    path.write_text(text, encoding="utf-8")


def transformers_row(work, threads):
    import torch
    from transformers import pipeline

    torch.set_num_threads(threads)
    pipe = pipeline("zero-shot-classification", model=str(work / "checkpoint"), device="cpu")
    names = (work / "labels.txt").read_text().splitlines()
    texts = (work / "sentences.txt").read_text().splitlines()

    def run(batch):
        out = pipe(texts, names, hypothesis_template="This text is about {}.", multi_label=True, batch_size=batch)
        return [[dict(zip(row["labels"], row["scores"]))[name] for name in names] for row in out]

    return "Hugging Face transformers' zero-shot pipeline (torch, f32)", run


def onnxruntime_row(work, threads):
    """Dynamic int8, as people quantise: batches of one length, so that padding costs it nothing."""
    import numpy as np
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForSequenceClassification, BertTokenizerFast

    tok = BertTokenizerFast.from_pretrained(work / "checkpoint")
    network = AutoModelForSequenceClassification.from_pretrained(work / "checkpoint", attn_implementation="eager").eval()
    example = tok("One sentence.", "And another.", return_tensors="pt")
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(network, tuple(example[name] for name in inputs), str(work / "f32.onnx"), input_names=inputs,
                      output_names=["logits"], dynamic_axes={name: {0: "b", 1: "t"} for name in inputs} | {"logits": {0: "b"}}, opset_version=17)
    quantize_dynamic(str(work / "f32.onnx"), str(work / "int8.onnx"), weight_type=QuantType.QInt8, per_channel=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(work / "int8.onnx"), options, providers=["CPUExecutionProvider"])
    names = (work / "labels.txt").read_text().splitlines()
    texts = (work / "sentences.txt").read_text().splitlines()

    def run(batch):
        pairs = [(text, f"This text is about {name}.") for text in texts for name in names]
        encoded = tok([a for a, _ in pairs], [b for _, b in pairs], truncation="only_first", max_length=MAX_TOKENS)
        by_length = {}
        for i, ids in enumerate(encoded["input_ids"]):
            by_length.setdefault(len(ids), []).append(i)
        scores = np.zeros(len(pairs))
        for rows in by_length.values():
            for start in range(0, len(rows), batch):
                some = rows[start:start + batch]
                ids = np.array([encoded["input_ids"][i] for i in some])
                kinds = np.array([encoded["token_type_ids"][i] for i in some])
                logits = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds})[0]
                scores[some] = 1 / (1 + np.exp(logits[:, 0] - logits[:, 2]))
        return scores.reshape(len(texts), len(names)).tolist()

    return f"ONNX Runtime {onnxruntime.__version__}, dynamic int8 (Python)", run


PYTHON_ROWS = {"transformers": transformers_row, "onnxruntime-int8": onnxruntime_row}


def python_row(name, work, threads, batch):
    """Runs in a process of its own: prints what the Rust rows print."""
    import time

    started = time.perf_counter()
    engine, run = PYTHON_ROWS[name](work, threads)
    loading = time.perf_counter() - started
    started = time.perf_counter()
    frames = run(batch)
    seconds = time.perf_counter() - started
    print(json.dumps(dict(engine=engine, sentences=len(frames), loading_seconds=loading, seconds=seconds, frames=frames)))


def measured(command, environment):
    """The JSON that a command prints, with its peak memory."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        status, _, _, peak = child.run(command, stdout=out, stderr=complaints, env=environment, cwd=ROOT)
        complaints.seek(0)
        complaint = complaints.read().decode(errors="replace").strip()
        if status != 0:
            raise RuntimeError(complaint.splitlines()[-1] if complaint else f"exit {status}")
        out.seek(0)
        found = json.loads(out.read().decode().strip().splitlines()[-1])
    return found | {"peak_mb": round(peak)}


def build(target):
    command = ["cargo", "build", "--release", "--locked", "--features", "torch", "--example", "frames_rate", "--example", "rust_bert_zero_shot"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return target / "release/examples"


def rows(args, work, examples):
    """Name, command."""
    sentences, names, threads = str(work / "sentences.txt"), str(work / "labels.txt"), str(args.threads)

    def ours(engine, precision, scorer="cross", models=work / "models"):
        return [str(examples / "frames_rate"), sentences, str(work / "scheme.toml"), str(models), threads, engine, precision, scorer]

    for batch in (args.batch, 1, 16):
        name = "rust-bert" if batch == args.batch else f"rust-bert, {batch} a call"
        yield name, [str(examples / "rust_bert_zero_shot"), sentences, names, str(work / "checkpoint"), threads, str(batch)]
    yield "torch-f32", ours("torch", "f32")
    yield "torch-bf16", ours("torch", "bf16")
    yield "embedded", ours("embedded", "f32")
    yield "embedded-int8", ours("embedded", "int8")
    for name in PYTHON_ROWS:
        pairs = str(args.batch * len(labels()))
        yield name, [sys.executable, __file__, "--row", name, "--work", str(work), "--threads", threads, "--batch", pairs]
    for scorer in args.scorer:
        yield f"embedded --scorer {scorer}", ours("embedded", "f32", scorer)


def summary(name, rounds, first):
    """A row of the table out of all rounds."""
    rate = lambda row: row["sentences"] / row["seconds"]
    rates = [rate(done[name]) for done in rounds]
    times = [rate(done[name]) / rate(done[first]) for done in rounds]
    row, reference = rounds[0][name], rounds[0][first]["frames"]
    furthest = max(abs(a - b) for x, y in zip(reference, row["frames"]) for a, b in zip(x, y))
    kept = {key: row[key] for key in ("engine", "sentences", "loading_seconds")}
    peak = max(done[name]["peak_mb"] for done in rounds)
    return {"name": name} | kept | {"peak_mb": peak, "sentences_per_second": statistics.median(rates), "rates": rates,
                                    "times_first": statistics.median(times), "furthest": furthest}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else on stdout")
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4, help="sentences a call for the pipelines of others (times 15 labels)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="these rows only")
    parser.add_argument("--scorer", nargs="*", default=[], metavar="SCORER", help="rows for our other scorers")
    parser.add_argument("--examples", type=Path, help="folder of the built examples; by default they are built")
    parser.add_argument("--row", choices=PYTHON_ROWS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.row:
        return python_row(args.row, args.work, args.threads, args.batch)
    # Spinning threads slow each other down where others work too.
    environment = os.environ | {"OMP_NUM_THREADS": str(args.threads), "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    examples = args.examples or build(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")))
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        (work / "sentences.txt").write_text("\n".join(sentences(args.sentences)) + "\n", encoding="utf-8")
        (work / "labels.txt").write_text("\n".join(labels()) + "\n", encoding="utf-8")
        frames = [f'[[frame]]\nname = "f{i}"\nlabel = {json.dumps(label)}\n' for i, label in enumerate(labels())]
        (work / "scheme.toml").write_text('name = "labels"\n' + "".join(frames), encoding="utf-8")
        checkpoint(work / "checkpoint")
        manifest(work / "models")
        rounds = [{} for _ in range(args.repeat)]
        wanted = [(name, command) for name, command in rows(args, work, examples) if not args.only or name in args.only]
        for number, measured_in_round in enumerate(rounds, 1):
            for name, command in wanted:
                try:
                    row = measured_in_round[name] = measured(command, environment)
                except RuntimeError as error:
                    print(f"{name}: left out: {error}", file=sys.stderr)
                    continue
                print(f"round {number}, {name}: {row['sentences'] / row['seconds']:.2f} sentences/s", file=sys.stderr)
    found = [name for name, _ in wanted if all(name in done for done in rounds)]
    table = [summary(name, rounds, found[0]) for name in found]
    if args.json:
        print(json.dumps({"labels": len(labels()), "threads": args.threads, "rows": table}))
        return None
    print("| | engine | sentences a second | × first row | peak MB | furthest probability from the first row's |")
    print("|---|---|---|---|---|---|")
    for row in table:
        print(f"| {row['name']} | {row['engine']} | {row['sentences_per_second']:.2f} | {row['times_first']:.2f} | {row['peak_mb']} | {row['furthest']:.4f} |")
    return None


if __name__ == "__main__":
    main()
