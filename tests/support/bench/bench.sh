#!/usr/bin/env bash
# Measures warraq's text work beside trafilatura, PyArabic and CAMeL Tools: the same
# pages, one core, one run. Prints the README's table.
#
#   bench.sh [ROUNDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

camel_tools=1.6.0
cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}
tools=$cache/bench-$({ cat "$here/requirements.txt"; echo "$camel_tools"; } | sha256sum | cut -c 1-12)
if [ ! -e "$tools/ready" ]; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
    "$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps "camel-tools==$camel_tools" >&2
    touch "$tools/ready"
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --release --quiet --manifest-path "$here/Cargo.toml" --bin speed
"$tools/bin/python" "$here/bench.py" "$CARGO_TARGET_DIR/release/speed" tests/fixtures/pages "${1:-5}"
