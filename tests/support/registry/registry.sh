#!/usr/bin/env bash
# A real schema registry for the tests: Apicurio Registry, from Maven Central.
#   registry.sh fetch            bring it into the cache (159 MB)
#   registry.sh with COMMAND...  start one, run the command with its address in
#                                WARRAQ_TEST_REGISTRY, stop it
# It needs Java 21 or newer: the one of PATH, or WARRAQ_TEST_JAVA.
set -euo pipefail

version=3.3.3
cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}/apicurio-$version
java=${WARRAQ_TEST_JAVA:-java}

say() { echo "registry.sh: $*" >&2; }
die() { say "$*"; exit 1; }

fetch() {
    [ -f "$cache/quarkus-run.jar" ] && return
    command -v mvn >/dev/null || die "mvn (Maven) is missing; run 'make setup'"
    local new
    mkdir -p "$(dirname "$cache")"
    new=$(mktemp -d "$cache.XXXXXX")
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
        -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all" -DoutputDirectory="$new" >&2
    tar -xzf "$new"/*.tar.gz -C "$new"
    rm "$new"/*.tar.gz
    mv -T "$new" "$cache" 2>/dev/null || rm -rf "$new"
}

newer_java() {
    local major
    major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${major:-0}" -ge 21 ] || die "Apicurio $version needs Java 21 or newer, $java is ${major:-none}; set WARRAQ_TEST_JAVA"
}

free_port() {
    local port
    for port in $(shuf -i 19100-19900 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    die "no free port"
}

with() {
    fetch
    newer_java
    local port log code=0 i
    port=$(free_port)
    log=$(mktemp)
    QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=$port "$java" -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -jar "$cache/quarkus-run.jar" >"$log" 2>&1 </dev/null &
    registry=$!
    trap 'kill "$registry" 2>/dev/null; wait "$registry" 2>/dev/null; rm -f "$log"' EXIT
    WARRAQ_TEST_REGISTRY=http://127.0.0.1:$port/apis/ccompat/v7
    export WARRAQ_TEST_REGISTRY
    for ((i = 0; i < 600; i++)); do
        grep -q "Listening on" "$log" && break
        kill -0 "$registry" 2>/dev/null || { tail -n 20 "$log" >&2; die "the registry did not start"; }
        sleep 0.2
    done
    grep -q "Listening on" "$log" || die "the registry was not ready in two minutes"
    say "Apicurio Registry $version is ready at $WARRAQ_TEST_REGISTRY"
    "$@" || code=$?
    exit "$code"
}

case ${1:-} in
fetch) fetch ;;
with) [ $# -ge 2 ] || die "usage: registry.sh with COMMAND..."; shift; with "$@" ;;
*) sed -n '2,/^set/{/^set/d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
