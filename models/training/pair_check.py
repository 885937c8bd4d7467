"""How often a pair model as it ships decides as the weights did that it was rounded from.

    python pair_check.py --data DIR --weights FILE.safetensors [--model FOLDER] [--pairs N]

`entailment` and `frames` on new hypotheses over MultiNLI premises, `tone` and `loaded` on sentences of anno_lexical's test part.
"""

import argparse
import json
from pathlib import Path

from pair_encoder import PairModel
from pair_export import check
from pair_sets import Pair, dev_nli
from sets import rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="before rounding, under the names of BERT checkpoints")
    parser.add_argument("--model", type=Path, default=Path(__file__).parent.parent / "pair")
    parser.add_argument("--pairs", type=int, default=2000)
    args = parser.parse_args()
    model = PairModel.of_checkpoint(args.weights)
    sentences = [Pair((r["text"], None), 0) for r in rows(args.data, "anno_lexical/test")[: args.pairs]]
    found = {"sentences": len(sentences)} | check(model, args.model, sentences, ("tone", "loaded"))
    found |= check(model, args.model, dev_nli(args.data)[: args.pairs], ("entailment", "frames"))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
