"""What frames cost: sentences a second against the number of frames, of sentences and of threads, for every scorer.

    python benches/cost.py [--binary PATH] [--out docs/cost.svg] [--json]

Generated articles, every sentence another one, scored by the program with the shipped models. Sentences a second of the stage that scores,
what a student learns from included; reading and cleaning go on beside it, loading the models and making the tables are left out. Each
point is one run: compare within a plot, not between machines. Needs matplotlib.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from whole_program import collection

os.environ["FRAMESCOPE_CACHE"] = "off"  # scores of earlier runs would make this one look fast

SCORERS = {"embedding": (), "cascade": (), "student": ("--student-sample", "100"), "cross": ()}
ROOT = Path(__file__).resolve().parent.parent
ARTICLES = 8  # of 31 sentences
FRAMES = (1, 5, 10, 15, 30)
THREADS = (1, 2, 4, 8)


def scheme(path, count):
    """The first `count` frames of the built-in schemes."""
    known = []
    for name in ("policy_frames", "immigration", "generic_news", "episodic_thematic"):
        known += tomllib.loads((ROOT / f"seeds/frames/{name}.toml").read_text(encoding="utf-8"))["frame"]
    lines = ['name = "some"']
    for number, frame in enumerate(known[:count]):
        lines += ["[[frame]]", f'name = "f{number}"', f"label = {json.dumps(frame['label'])}", f"description = {json.dumps(frame['description'])}",
                  f"hypotheses = {json.dumps(frame['hypotheses'][:1])}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(known[:count])


def rate(binary, source, folder, scorer, threads, frames):
    """Sentences a second of the stage that scores."""
    out = folder / "run"
    command = [binary, "score", str(source), "-o", str(out), "--quiet", "--restart", "--resamples", "100", "--threads", str(threads),
               "--scorer", scorer, *SCORERS[scorer], "--frames", str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
    seconds = manifest["seconds"]
    infer = seconds["infer"] + seconds.get("learn", 0)
    return manifest["counts"]["distinct_sentences"] / infer


def measure(binary, most_threads):
    points = {"frames": {}, "sentences": {}, "threads": {}}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        sources = {articles: folder / f"{articles}.jsonl" for articles in (2, 8, 32, 128)}
        for articles, path in sources.items():
            collection(path, articles, 1_000_000)
        file = folder / "scheme.toml"
        for scorer in SCORERS:
            add = lambda plot, x, y: (points[plot].setdefault(scorer, []).append((x, y)), print(f"{plot:10} {scorer:10} {x:6} {y:9.1f}/s", file=sys.stderr))
            for count in FRAMES:
                frames = scheme(file, count)
                add("frames", frames, rate(binary, sources[ARTICLES], folder, scorer, min(2, most_threads), file))
            scheme(file, 15)
            for articles, path in sources.items():
                if scorer != "cross" or articles <= 32:
                    add("sentences", 31 * articles, rate(binary, path, folder, scorer, min(2, most_threads), file))
            for threads in (n for n in THREADS if n <= most_threads):
                add("threads", threads, rate(binary, sources[ARTICLES], folder, scorer, threads, file))
    return points


def draw(points, path):
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams |= {"svg.hashsalt": "framescope", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    labels = {"frames": "frames (250 sentences, 2 threads)", "sentences": "sentences (15 frames, 2 threads)", "threads": "threads (250 sentences, 15 frames)"}
    figure, axes = pyplot.subplots(1, 3, figsize=(10.5, 3.4), sharey=True, layout="constrained")
    for axis, (plot, lines) in zip(axes, points.items()):
        for scorer, pairs in lines.items():
            axis.plot(*zip(*sorted(pairs)), marker="o", markersize=3, label=scorer)
        axis.set_xlabel(labels[plot])
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        if plot == "threads":
            axis.set_xticks(sorted({x for pairs in lines.values() for x, _ in pairs}))
        if plot == "sentences":
            axis.set_xscale("log")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("sentences a second")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(SCORERS), frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "target/release/framescope"))
    parser.add_argument("--out", type=Path, default=ROOT / "docs/cost.svg")
    parser.add_argument("--json", action="store_true", help="print the points as JSON")
    args = parser.parse_args()
    points = measure(str(Path(args.binary).resolve()), os.cpu_count())
    draw(points, args.out)
    if args.json:
        print(json.dumps(points))


if __name__ == "__main__":
    main()
