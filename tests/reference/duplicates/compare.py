"""Do framescope's near-duplicates agree with Python's datasketch on the same cleaned text?

    pip install polars datasketch
    python3 tests/reference/duplicates/compare.py RUN_FOLDER

Shingles are made here anew, as sets of five-word strings of `sentences.parquet`, headline aside; datasketch's MinHash LSH
(128 permutations, threshold 0.5) finds candidate pairs, their exact Jaccard similarity decides, and the pairs are clustered
by the same rule as the program's (an article joins the first published article that is most like it). Prints how many
pairs of `articles.parquet` agree; exit code 1 under 99 %.
"""

import re
import sys
from pathlib import Path

import polars as pl
from datasketch import MinHash, MinHashLSH

WORD = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*")
LENGTH, LEAST, FEWEST = 5, 0.5, 30


def shingles(texts):
    words = [w.lower().replace("’", "'") for text in texts for w in WORD.findall(text)]
    return {" ".join(words[i : i + LENGTH]) for i in range(len(words) - LENGTH + 1)}


def signed(grams):
    signature = MinHash(num_perm=128)
    signature.update_batch([g.encode() for g in grams])
    return signature


def jaccard(a, b):
    return len(a & b) / len(a | b)


def pairs_of(groups):
    members = {}
    for article, group in groups.items():
        members.setdefault(group, []).append(article)
    return {tuple(sorted((a, b))) for m in members.values() for i, a in enumerate(m) for b in m[i + 1 :]}


def main(run):
    sentences = pl.read_parquet(Path(run) / "sentences.parquet", columns=["article_id", "part", "text"])
    body = sentences.filter(pl.col("part") != "headline").group_by("article_id", maintain_order=True).agg("text")
    articles = pl.read_parquet(Path(run) / "articles.parquet", columns=["article_id", "date", "cluster_id", "cluster_first"])
    sets = {i: s for i, s in ((i, shingles(t)) for i, t in body.iter_rows()) if len(s) >= FEWEST}
    lsh, signatures = MinHashLSH(threshold=0.4, num_perm=128), {}
    for article, grams in sets.items():
        signatures[article] = signed(grams)
        lsh.insert(article, signatures[article])
    like = {}
    for article in sets:
        for other in lsh.query(signatures[article]):
            if other != article and (similarity := jaccard(sets[article], sets[other])) >= LEAST:
                like.setdefault(article, {})[other] = similarity
    similar = {tuple(sorted((a, b))) for a, others in like.items() for b in others}
    # The program's order of publication also puts an agency's own article first on one day: taken from its own leaders.
    first = dict(zip(articles["article_id"], articles["cluster_first"]))
    rows = sorted(enumerate(articles.iter_rows()), key=lambda r: (r[1][1] is None, r[1][1] or 0, not first[r[1][0]], r[0]))
    order, leader = [row[0] for _, row in rows], {}
    for place, article in enumerate(order):
        earlier = {o: s for o, s in like.get(article, {}).items() if leader.get(o) == o}
        leader[article] = max(earlier, key=lambda o: (earlier[o], -order.index(o))) if earlier else article
    ours = pairs_of(dict(zip(articles["article_id"], articles["cluster_id"])))
    theirs = pairs_of(leader)
    both = len(ours & theirs)
    print(f"articles {articles.height}, similar pairs by datasketch {len(similar)}")
    print(f"clustered pairs: framescope {len(ours)}, datasketch {len(theirs)}, both {both}")
    for pair in sorted(ours ^ theirs)[:20]:
        a, b = (sets.get(p, set()) for p in pair)
        print("  only", "framescope" if pair in ours else "datasketch", *pair, f"Jaccard {jaccard(a, b) if a or b else 0:.3f}")
    return 0 if both >= 0.99 * max(len(ours | theirs), 1) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
