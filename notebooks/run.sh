#!/usr/bin/env bash
# Executes every notebook and the R twin on a run; fails on any error, on any figure with nothing in it, on stored outputs.
#
#   bash notebooks/run.sh [RUN]      RUN: a run folder, by default output/demo
#
# Executed notebooks and their figures go to output/notebooks. Python 3.11 or newer; the packages of requirements.txt go into
# .venv (or VENV). R with ggplot2 and knitr for the twin: as root with apt they are installed where they are missing;
# WITHOUT_R=1 leaves the twin out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
run=$(realpath "${1:-$root/output/demo}")
out=$root/output/notebooks
[ -f "$run/run.json" ] || { echo "notebooks: $run is no finished run; make it with: framescope score seeds/articles -o output/demo" >&2; exit 2; }
mkdir -p "$out"

python=$(bash "$root/scripts/venv.sh" "$here/requirements.txt")
FRAMESCOPE_RUN=$run "$python" "$here/run.py" "$out"

if [ "${WITHOUT_R:-0}" = 1 ]; then
  echo "R twin: left out, as WITHOUT_R says"
  exit 0
fi
has_r() { command -v Rscript >/dev/null && Rscript --vanilla -e 'for (p in c("ggplot2", "knitr", "jsonlite")) library(p, character.only = TRUE)' >/dev/null 2>&1; }
if ! has_r && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing R"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends r-base-core r-cran-ggplot2 r-cran-knitr r-cran-jsonlite >/dev/null
fi
has_r || { echo "notebooks: R with ggplot2, knitr and jsonlite is not installed; install it, or set WITHOUT_R=1 to leave the R twin out" >&2; exit 2; }
FRAMESCOPE_RUN=$run Rscript --vanilla "$here/run.R" "$here/02_framing_over_time.Rmd" "$out"
