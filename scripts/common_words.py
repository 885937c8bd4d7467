"""Makes src/stages/aggregate/stories/common_words.tsv: per cent of news articles in which a common word stands.

    python3 scripts/common_words.py ARTICLES.jsonl.gz > src/stages/aggregate/stories/common_words.tsv

Any large collection of English news serves (fields text and topic). Only words that are mostly in lower case are kept,
so no names, and only those in at least two per cent of the articles; one over-represented topic is left out.
"""

import collections
import gzip
import json
import re
import sys

LEFT_OUT = {"immigration"}
LEAST = 2.0
WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")


def main(path):
    having, capital, inside = (collections.Counter() for _ in range(3))
    count = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for article in map(json.loads, lines):
            if article.get("topic") in LEFT_OUT:
                continue
            count += 1
            words = [w.replace("’", "'") for w in WORD.findall(article["text"])]
            having.update({w.lower() for w in words})
            inside.update(w.lower() for w in words)
            capital.update(w.lower() for w in words if w[0].isupper())
    print("# word, per cent of news articles that have it; see scripts/common_words.py")
    for word, articles in sorted(having.items()):
        share = 100 * articles / count
        if share >= LEAST and len(word) > 1 and capital[word] < 0.5 * inside[word]:
            print(f"{word}\t{share:.1f}")


if __name__ == "__main__":
    main(sys.argv[1])
