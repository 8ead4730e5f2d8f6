#!/usr/bin/env bash
# Makes the crawlers' messages of tests/fixtures/presets anew, with the tools of
# requirements.txt in a folder of their own in the cache, and shows what changed.
# Their records are tests/text/presets.rs; look at both before you commit.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."

cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}
tools=$cache/presets-$(sha256sum "$here/requirements.txt" | cut -c 1-12)
if [ ! -e "$tools/ready" ]; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    # pip's own resolver fails on news-please's requirements.
    "$tools/bin/pip" install --quiet uv==0.13.9
    "$tools/bin/uv" pip install --quiet --python "$tools/bin/python" -r "$here/requirements.txt"
    touch "$tools/ready"
fi
"$tools/bin/python" "$here/produce.py" tests/fixtures/egypt-jsonld.html tests/fixtures/presets/*.html tests/fixtures/presets
git --no-pager diff --stat -- tests/fixtures/presets
