#!/usr/bin/env bash
# scripts/setup-libtorch.sh [DIR]: a CPU-only libtorch 2.4.0 for `--features torch`, in DIR (target/libtorch by default, where
# .cargo/config.toml looks for it). For Linux on x86_64; README.md says what to do elsewhere. Run again, it does nothing.
# Takes PyTorch's own download where the network has it, else the libraries out of the wheel of the package index that pip uses;
# both with the older C++ ABI. Needs python3 and, for the wheel, pip, gcc and binutils.
set -euo pipefail
VERSION=2.4.0
ZIP="https://download.pytorch.org/libtorch/cpu/libtorch-shared-with-deps-$VERSION%2Bcpu.zip"
DIR=$(realpath -m "${1:-$(dirname "$0")/../target/libtorch}")

say() { printf '%4s s  %s\n' "$SECONDS" "$*"; }
fail() { echo "setup-libtorch: $*" >&2; exit 1; }

[ "$(uname -sm)" = "Linux x86_64" ] || fail "this script is for Linux on x86_64; README.md (libtorch) says how to go about it here"
command -v python3 >/dev/null || fail "needs python3"

# The version in the headers is the one asked for, and the library loads with all that it needs.
check() {
  local found
  found=$(sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9]*\).*/\2/p' "$1/include/torch/csrc/api/include/torch/version.h" | paste -sd.) || true
  [ "$found" = "$VERSION" ] || { echo "headers are of version ${found:-(none)}"; return 1; }
  python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1/lib/libtorch_cpu.so" || { echo "libtorch_cpu.so does not load"; return 1; }
}

if [ -f "$DIR/source" ] && check "$DIR" >/dev/null 2>&1; then
  echo "libtorch $VERSION is set up in $DIR (from $(cat "$DIR/source"))"
  exit 0
fi

# Next to DIR, so that the last step is a rename: a half-made DIR is never seen.
NEW="$DIR.new"
rm -rf "$NEW"
mkdir -p "$NEW/download"

# copies what the engine needs out of a zip: unpack FILE PREFIX NAME...; all of include/ and the named libraries
unpack() {
  python3 - "$NEW" "$@" <<'PY'
import os, shutil, sys, zipfile

folder, file, prefix, *wanted = sys.argv[1:]
archive = zipfile.ZipFile(file)
for name in archive.namelist():
    inner = name.removeprefix(prefix)
    base = os.path.basename(inner)
    if inner == name or not base:
        continue
    if not (inner.startswith("include/") or (inner.startswith("lib/") and any(base.startswith(w) for w in wanted))):
        continue
    target = os.path.join(folder, inner)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with archive.open(name) as source, open(target, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
PY
}

from_pytorch() {
  curl -fsIL --connect-timeout 10 --max-time 30 -o /dev/null "$ZIP" 2>/dev/null || return 1
  say "fetching $ZIP"
  curl -fsSL --retry 3 -o "$NEW/download/libtorch.zip" "$ZIP" || return 1
  say "sha256 $(sha256sum "$NEW/download/libtorch.zip" | cut -d' ' -f1)"
  unpack "$NEW/download/libtorch.zip" libtorch/ libtorch.so libtorch_cpu.so libc10.so libgomp
  echo "PyTorch's download" > "$NEW/source"
}

# libtorch_cpu.so of the wheel wants two CUDA libraries, for its profiler only: small ones that always answer "no device" stand in.
stand_in() {
  local short=$1 symbols
  symbols=$(nm -D --undefined-only "$NEW/lib/libtorch_cpu.so" | sed -n "s/^ *U \([A-Za-z0-9_]*\)@lib$short\.so\.12$/\1/p" | sort -u)
  for symbol in $symbols; do
    case $symbol in
      cudaGetErrorString) echo "const char *$symbol(int code) { return \"no CUDA in this libtorch\"; }" ;;
      cudaGetDeviceCount) echo "int $symbol(int *count) { *count = 0; return 100; }" ;;
      *GetVersion) echo "int $symbol(int *version) { *version = 0; return 0; }" ;;
      *) echo "int $symbol(void) { return 999; }" ;;
    esac
  done > "$NEW/download/$short.c"
  echo "lib$short.so.12 { global: *; };" > "$NEW/download/$short.map"
  gcc -shared -fPIC -w -Wl,-soname,"lib$short.so.12" -Wl,--version-script="$NEW/download/$short.map" \
    -o "$NEW/lib/lib$short.so.12" "$NEW/download/$short.c"
}

from_wheel() {
  for tool in gcc nm strip; do command -v $tool >/dev/null || fail "the wheel needs $tool (gcc and binutils)"; done
  python3 -m pip --version >/dev/null 2>&1 || fail "the wheel needs pip"
  say "fetching the wheel of torch $VERSION with pip (about 760 MB)"
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --platform manylinux1_x86_64 --python-version 311 \
    --implementation cp --abi cp311 -d "$NEW/download" "torch==$VERSION"
  say "sha256 $(sha256sum "$NEW"/download/*.whl | sed "s|$NEW/download/||")"
  unpack "$NEW"/download/*.whl torch/ libtorch_cpu.so libc10.so libgomp
  stand_in cudart
  stand_in cupti
  strip --strip-unneeded "$NEW/lib/libtorch_cpu.so" "$NEW/lib/libc10.so"
  ln -s libtorch_cpu.so "$NEW/lib/libtorch.so"
  echo "the wheel" > "$NEW/source"
}

from_pytorch || { say "download.pytorch.org is not to be had here"; from_wheel; }
rm -rf "$NEW/download"
echo "$VERSION" > "$NEW/build-version"
check "$NEW" || fail "what was fetched is not libtorch $VERSION, see above; it is left in $NEW"
rm -rf "$DIR"
mv "$NEW" "$DIR"
say "libtorch $VERSION in $DIR, $(du -sm --apparent-size "$DIR" | cut -f1) MB, from $(cat "$DIR/source")"
case $DIR in
  "$(realpath -m "$(dirname "$0")/../target/libtorch")") ;;
  *) echo "Before building: export LIBTORCH=$DIR LIBTORCH_CXX11_ABI=0" ;;
esac
