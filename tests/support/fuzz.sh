#!/usr/bin/env bash
# Fuzzes the text half: fuzz.sh SECONDS [TARGET…]. Builds the targets and runs
# each for so long on one core; ends with the executions of each. What a target
# finds is under fuzz/artifacts/, and ends this with 1.
#
# A run is a finding after 2 s over one input (at most 64 KiB, far below the
# second that a MiB may take), or when it holds more than 20 times the input and
# 2 MiB of memory (fuzz/lib.rs).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../fuzz"

seconds=$1
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(decode html plain normalize enrich)

cargo build --locked --release --quiet
built=target/x86_64-unknown-linux-gnu/release
status=0
total=0
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    log=$(mktemp)
    # The first folder takes what is new; the others are only read.
    "$built/$target" -max_total_time="$seconds" -timeout=2 -max_len=65536 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="artifacts/$target/" "corpus/$target" "seeds/$target" ../tests/fixtures >"$log" 2>&1 || {
        status=1
        tail -n 40 "$log" >&2
        echo "fuzz: $target found something: fuzz/artifacts/$target; make a test of it" >&2
    }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $target: ${runs:-?} executions in $seconds s"
    total=$((total + ${runs:-0}))
    rm -f "$log"
done
echo "fuzz: $total executions"
exit $status
