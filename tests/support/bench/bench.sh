#!/usr/bin/env bash
# Measures warraq's text work beside trafilatura, PyArabic and CAMeL Tools: the same
# pages, one core, one run. Prints the README's table.
#
#   bench.sh [ROUNDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

tools=$("$here/tools.sh" "$here/requirements.txt" camel-tools==1.6.0)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --release --quiet --manifest-path "$here/Cargo.toml" --bin speed
"$tools/bin/python" "$here/bench.py" "$CARGO_TARGET_DIR/release/speed" tests/fixtures/pages "${1:-5}"
