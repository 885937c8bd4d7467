#!/usr/bin/env bash
# Opens the pages of two runs in headless Chromium: the sample collection's, and one over a hostile collection.
#
#   bash tests/browser/run.sh [RUN]     RUN: a finished run of seeds/articles, by default output/demo
#
# Needs Node 20, npm, Python 3 and Chromium (CHROMIUM=path, else chromium on the path; as root with apt it is installed where it
# is missing). FRAMESCOPE: the program, by default target/release/framescope. Screenshots go to output/browser.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
run=$(realpath "${1:-$root/output/demo}")
program=$(realpath "${FRAMESCOPE:-$root/target/release/framescope}")
die() { printf 'browser tests: %s\n' "$1" >&2; exit 2; }

[ -f "$run/report.html" ] || die "$run has no report.html; make it with: framescope score seeds/articles -o output/demo"
[ -x "$program" ] || die "$program is not there; build it with: cargo build --release, or set FRAMESCOPE"
command -v npm >/dev/null || die "npm is not installed"
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
if [ -z "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  CHROMIUM=$(command -v chromium)
fi
[ -n "$CHROMIUM" ] || die "Chromium is not installed; install it, or set CHROMIUM to its path"
export CHROMIUM

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$root/tests/hostile/make.py" "$scratch"
# Exit code 1: one record of it is rejected on purpose.
(cd "$root" && "$program" score "$scratch/=articles+.jsonl" -o "$scratch/run" --quiet \
  --frames "$scratch/scheme.toml" --lexicon "$scratch/terms.tsv") || [ $? = 1 ] || die "the hostile collection was not scored"
[ -f "$scratch/run/report.html" ] || die "the hostile collection has no page"

cd "$here"
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent
mkdir -p "$root/output/browser"
cp "$scratch/run/report.html" "$root/output/browser/hostile.html"
SEEDS_RUN=$run HOSTILE_RUN=$scratch/run SHOTS=$root/output/browser npm test --silent
