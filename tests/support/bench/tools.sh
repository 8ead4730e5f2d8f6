#!/usr/bin/env bash
# A virtual environment with what other tools are measured by; made once, kept in the
# cache. Prints its folder.
#
#   tools.sh REQUIREMENTS [PACKAGE…]   PACKAGEs are installed without what they ask for
set -euo pipefail
requirements=$1
shift
cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}
tools=$cache/bench-$({ cat "$requirements"; echo "$@"; } | sha256sum | cut -c 1-12)
if [ ! -e "$tools/ready" ]; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    pip=("$tools/bin/pip" install --quiet --disable-pip-version-check)
    "${pip[@]}" --requirement "$requirements" >&2
    if [ $# -gt 0 ]; then "${pip[@]}" --no-deps "$@" >&2; fi
    touch "$tools/ready"
fi
echo "$tools"
