#!/usr/bin/env bash
# The image where no container engine runs and no registry of images answers: its
# runtime stage, built from the Dockerfile itself by buildah and run by runc.
# In place of distroless there is a base of the same Debian packages, unpacked.
#
#   image.sh fetch             install buildah and runc, bring the packages into the
#                              cache; says so where that cannot be done
#   image.sh can               whether an image can be built and run here; says why not
#   image.sh build BINARY DIR  the runtime stage around BINARY; afterwards DIR/rootfs is
#                              its root file system, DIR/image.json its configuration
#   image.sh size BINARY       how large that is, unpacked and packed
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}
# What distroless cc is made of. A new list needs a new number.
base=$cache/image-base-1
contents=(base-files netbase tzdata ca-certificates libc6 libgcc-s1 libstdc++6 libgomp1 libssl3)
base_name=$(sed -n 's/^FROM \(.*\) AS runtime$/\1/p' "$top/Dockerfile")

say() { echo "image.sh: $*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

fetch() {
    if [ "$(id -u)" != 0 ] || ! have apt-get; then
        say "left out: the image is built and run only by root on Debian; the Dockerfile is linted all the same"
        return
    fi
    local missing=()
    have buildah || missing+=(buildah)
    have runc || missing+=(runc)
    if [ "${#missing[@]}" -gt 0 ] || [ ! -e "$base/whole" ]; then
        apt-get update -qq
    fi
    if [ "${#missing[@]}" -gt 0 ]; then
        say "installing ${missing[*]}"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
    mkdir -p "$cache"
    exec 8>"$base.lock"
    flock 8
    [ -e "$base/whole" ] || unpack
}

# As distroless does it: unpacked, no script of a package is run, no program stays.
unpack() {
    say "unpacking ${contents[*]} into $base"
    rm -rf "$base"
    mkdir -p "$base/packages" "$base/root"
    (cd "$base/packages" && apt-get download -qq -o APT::Sandbox::User=root "${contents[@]}")
    local package
    for package in "$base"/packages/*.deb; do
        # As root: the modes and owners are those of the packages.
        dpkg-deb --extract "$package" "$base/root"
    done
    mkdir -p "$base/root/etc/ssl/certs"
    cat "$base"/root/usr/share/ca-certificates/mozilla/*.crt >"$base/root/etc/ssl/certs/ca-certificates.crt"
    rm -rf "$base/packages" "$base"/root/{usr/sbin,usr/bin,bin,sbin} \
        "$base"/root/etc/update-motd.d "$base"/root/usr/share/doc/ca-certificates/examples
    touch "$base/whole"
}

can() {
    [ "$(id -u)" = 0 ] || die "left out: building and running the image needs root"
    have buildah && have runc && [ -e "$base/whole" ] || die "left out: no buildah, runc or base; run: $0 fetch"
    unshare --mount --pid --fork true 2>/dev/null || die "left out: no namespaces can be made here, such as inside a container"
}

build() {
    local binary=$1 dir=$2
    can
    rm -rf "$dir"
    mkdir -p "$dir/build/out/doc"
    # What the build stage hands over.
    cp "$binary" "$dir/build/out/warraq"
    cp "$top/LICENSE" "$dir/build/out/doc/"
    buildah=(buildah --root "$dir/storage" --runroot "$dir/run" --storage-driver vfs)
    local from
    from=$("${buildah[@]}" from scratch)
    "${buildah[@]}" add --quiet "$from" "$base/root" / >/dev/null
    "${buildah[@]}" config --user 65532 --workingdir /home/nonroot \
        --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$from"
    "${buildah[@]}" commit --quiet "$from" "$base_name" >/dev/null
    "${buildah[@]}" build --quiet --isolation chroot --pull-never --target runtime \
        --build-context "build=$dir/build" --build-arg REVISION=0123abc --build-arg CREATED=2026-01-01T00:00:00Z \
        --tag warraq --file "$top/Dockerfile" "$top" >/dev/null
    "${buildah[@]}" inspect --type image localhost/warraq >"$dir/image.json"
    ln -s "$("${buildah[@]}" mount "$("${buildah[@]}" from --pull-never localhost/warraq)")" "$dir/rootfs"
}

size() {
    local dir
    dir=$(mktemp -d)
    trap "rm -rf '$dir'" EXIT
    build "$1" "$dir/image"
    local root=$dir/image/rootfs/.
    echo "the image: $(du -sm --apparent-size "$root" | cut -f 1) MiB unpacked, of which the base $(du -sm --apparent-size "$base/root" | cut -f 1);" \
        "$(tar -C "$root" -cf - . | gzip -6 | wc -c | awk '{ printf "%.1f", $1 / 1048576 }') MiB packed by gzip"
}

case ${1:-} in
fetch) fetch ;;
can) can ;;
build) build "$2" "$3" ;;
size) size "$2" ;;
*) die "usage: image.sh fetch|can|build BINARY DIR|size BINARY" ;;
esac
