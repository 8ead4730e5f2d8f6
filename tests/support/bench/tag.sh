#!/usr/bin/env bash
# Measures warraq's taggers beside a plain CRF and a network of BERT-base's size: the
# same text, one core, one run. Learns a model from what is shipped but for the text
# that it is scored on, so it takes ten minutes. Prints a table.
#
#   tag.sh [ROUNDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

tools=$("$here/tools.sh" "$here/requirements-tag.txt")
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --release --quiet --features train
cp "$CARGO_TARGET_DIR/release/warraq" "$CARGO_TARGET_DIR/warraq-train"
cargo build --locked --release --quiet --manifest-path "$here/Cargo.toml" --bin taggers
"$tools/bin/python" "$here/tag.py" "$CARGO_TARGET_DIR/warraq-train" "$CARGO_TARGET_DIR/release/taggers" models "${1:-5}"
