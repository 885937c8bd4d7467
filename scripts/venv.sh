#!/usr/bin/env bash
# Prints the Python of a virtual environment that holds what REQUIREMENTS pins; makes it where it is not there yet.
#
#   python=$(bash scripts/venv.sh notebooks/requirements.txt)
#
# The environment is .venv in the repository, or VENV.
set -euo pipefail
requirements=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${VENV:-$root/.venv}
# What the file includes with -r counts too.
pins=$(cd "$(dirname "$requirements")" && { cat "$requirements"; sed -n 's/^-r //p' "$requirements" | xargs -r cat; } | sha256sum | cut -c1-16)
if [ ! -f "$venv/installed-$pins" ]; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
  touch "$venv/installed-$pins"
fi
echo "$venv/bin/python"
