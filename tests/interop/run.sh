#!/usr/bin/env bash
# Opens the tables of a run with other programs' readers: see README.md beside this file.
#
#   bash tests/interop/run.sh [RUN]      RUN: a finished run of seeds/articles, by default output/demo
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$(bash "$root/scripts/venv.sh" "$here/requirements.txt")
FRAMESCOPE_RUN=$(realpath "${1:-$root/output/demo}")
FRAMESCOPE=$(realpath -m "${FRAMESCOPE:-$root/target/release/framescope}")
export FRAMESCOPE_RUN FRAMESCOPE
exec "$python" -m pytest -q -rs -p no:cacheprovider "$here"
