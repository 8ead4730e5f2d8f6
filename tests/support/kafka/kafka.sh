#!/usr/bin/env bash
# Apache Kafka for the tests, from Maven artifacts: one node, loopback only.
#
#   kafka.sh fetch            bring the jars into the cache, unless they are there
#   kafka.sh serve DIR        run a broker with its data in DIR, in the foreground;
#                             once it is ready DIR/bootstrap holds host:port, and
#                             DIR/pid the broker's process. SIGTERM stops it cleanly.
#                             When standard input closes it is killed and DIR is
#                             removed, so it never outlives who started it.
#                             Served again, DIR has the same port and data.
#                             Where DIR/tls is there (broker.pem, ca.crt, jwks.json,
#                             password), the broker has ACLs and two more listeners:
#                             DIR/sasl is the address of SASL_SSL, DIR/ssl of mTLS.
#   kafka.sh format DIR [ARG...]  make DIR/data for the DIR/server.properties that is
#                             there, such as that of one node of a cluster; ARG as
#                             kafka-storage.sh format takes them
#   kafka.sh tool NAME ARG... one of Kafka's own tools by the name of its script, such
#                             as kafka-acls.sh
#   kafka.sh with COMMAND...  run COMMAND with WARRAQ_TEST_BOOTSTRAP set to a fresh
#                             broker, which ends with it, whatever happens.
#                             If WARRAQ_TEST_BOOTSTRAP is set, that cluster is used.
#
# KAFKA_VERSION=3.9.2 is another Apache Kafka than the one whose jars are known by their
# hash (libs.sha256).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
known=4.3.1
version=${KAFKA_VERSION:-$known}
cache=${WARRAQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warraq}/kafka-$version
cluster=d2FycmFxLXRlc3RzLWthZg

say() { echo "kafka.sh: $*" >&2; }
die() { say "$@"; exit 1; }

whole() { [ -d "$cache/libs" ] && { [ "$version" != "$known" ] || (cd "$cache/libs" && sha256sum --quiet --status -c "$here/libs.sha256"); }; }

fetch() {
    if whole; then return; fi
    command -v java >/dev/null || die "java 17 or newer is missing; run 'make setup'"
    command -v mvn >/dev/null || die "mvn (Maven) is missing; run 'make setup'"
    say "bringing Apache Kafka $version into $cache"
    mkdir -p "$cache"
    # Beside the place and then moved: a run that is cut short leaves no half cache.
    local fresh
    fresh=$(mktemp -d "$cache/libs.XXXXXX")
    mvn -q -B -f "$here/pom.xml" "-Dkafka.version=$version" dependency:copy-dependencies \
        -DincludeScope=runtime "-DoutputDirectory=$fresh" -DprojectBuildDirectory="$fresh.build" >&2 ||
        { rm -rf "$fresh"; die "Maven could not bring Kafka $version"; }
    if [ "$version" = "$known" ] && ! (cd "$fresh" && sha256sum --quiet -c "$here/libs.sha256" >&2); then
        die "the jars in $fresh are not those of libs.sha256; if that is right (a new version)," \
            "run: (cd $fresh && sha256sum *.jar >$here/libs.sha256)"
    fi
    rm -rf "$cache/libs" "$fresh.build"
    mv "$fresh" "$cache/libs"
    chmod 755 "$cache/libs"
}

# Below the range from which the kernel takes the ports of outgoing connections:
# a client that retries a stopped broker could otherwise take its port away.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

configure() {
    local port sasl tls templates=("$here/server.properties") format=()
    port=$(free_port)
    if [ -d "$1/tls" ]; then
        templates+=("$here/secured.properties")
        sasl=$(free_port)
        tls=$(free_port)
        echo "127.0.0.1:$sasl" >"$1/sasl"
        echo "127.0.0.1:$tls" >"$1/ssl"
        local mechanism
        for mechanism in 256 512; do
            format+=(--add-scram "SCRAM-SHA-$mechanism=[name=warraq-scram-$mechanism,password=$(cat "$1/tls/password")]")
        done
    fi
    sed -e "s|@PORT@|$port|g; s|@CONTROLLER_PORT@|$(free_port)|g; s|@DATA@|$1/data|; s|@DIR@|$1|" \
        -e "s|@SASL_PORT@|${sasl:-}|g; s|@TLS_PORT@|${tls:-}|g; s|@PASSWORD@|$(cat "$1/tls/password" 2>/dev/null)|" \
        "${templates[@]}" >"$1/server.properties"
    echo "127.0.0.1:$port" >"$1/address"
    format "$1" "${format[@]}"
}

format() {
    rm -rf "$1/data"
    java -Xmx128m -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$here/log4j2.xml" -cp "$cache/libs/*" \
        kafka.tools.StorageTool format -t "$cluster" -c "$1/server.properties" --ignore-formatted "${@:2}" >"$1/format.log" 2>&1 ||
        { cat "$1/format.log" >&2; die "could not format $1/data"; }
}

# What the broker has said since it was last started; what it said before is kept, as
# its end is often what explains a fault.
said=0
said_now() { tail -c "+$((said + 1))" "$dir/broker.log"; }

broker=
stop() {
    rm -f "$dir/bootstrap"
    [ -n "$broker" ] || return 0
    local signal=$1 i
    { # without the shell's own words on how it ended
        kill "-$signal" "$broker" || true
        for ((i = 0; i < 200; i++)); do
            kill -0 "$broker" || break
            sleep 0.05
        done
        kill -KILL "$broker" || true
        wait "$broker" || true
    } 2>/dev/null
    broker=
}

launch() {
    # The heap grows only as far as it must; a 100 MB value passes through it twice.
    # What a killed JVM leaves of its libraries goes away with the data.
    touch "$dir/broker.log"
    said=$(stat -c %s "$dir/broker.log")
    java -Xms128m "-Xmx${WARRAQ_TEST_KAFKA_HEAP:-1g}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Djava.io.tmpdir=$dir" \
        "-Dlog4j2.configurationFile=$here/log4j2.xml" "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://$dir/tls/jwks.json" \
        -cp "$cache/libs/*" \
        kafka.Kafka "$dir/server.properties" >>"$dir/broker.log" 2>&1 </dev/null &
    broker=$!
    local i
    for ((i = 0; i < 1200; i++)); do
        grep -q "Kafka Server started" <(said_now) && return 0
        kill -0 "$broker" 2>/dev/null || break
        sleep 0.05
    done
    return 1
}

serve() {
    dir=$1
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    exec 3<&0
    trap 'stop TERM; exit 0' TERM INT HUP
    trap 'stop KILL' EXIT
    local try started=
    if [ -f "$dir/server.properties" ]; then
        launch && started=1
    else
        # Another program may have taken the port in between: try others.
        for try in 1 2 3; do
            configure "$dir"
            launch && started=1 && break
            grep -q "Address already in use" <(said_now) || break
            stop KILL
        done
    fi
    [ -n "$started" ] || { said_now | tail -n 30 >&2; die "the broker in $dir did not start"; }
    echo "$broker" >"$dir/pid"
    cp "$dir/address" "$dir/bootstrap.new"
    mv "$dir/bootstrap.new" "$dir/bootstrap"
    cat <&3 >/dev/null &
    local starter=$! ended
    { wait -n -p ended "$broker" "$starter" || true; } 2>/dev/null
    if [ "$ended" = "$starter" ]; then
        stop KILL
        rm -rf "$dir" || { sleep 0.5; rm -rf "$dir"; }
    fi
    kill "$starter" 2>/dev/null || true
}

child=
served=
root=
end_all() {
    # The tests' whole group: cargo, the test binary, the workers it started.
    [ -z "$child" ] || { kill -TERM -- "-$child"; sleep 0.2; kill -KILL -- "-$child"; } 2>/dev/null || true
    [ -z "$served" ] || { kill "$served"; wait "$served"; } 2>/dev/null || true
    rm -rf "$root"
}

with() {
    if [ -n "${WARRAQ_TEST_BOOTSTRAP:-}" ]; then exec "$@"; fi
    fetch
    local code=0 i
    root=$(mktemp -d "${TMPDIR:-/tmp}/warraq-kafka.XXXXXX")
    trap end_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # The pipe to its standard input closes with this process, even on SIGKILL.
    coproc SERVE { exec "$here/kafka.sh" serve "$root"; }
    served=$SERVE_PID
    for ((i = 0; i < 600; i++)); do
        [ -f "$root/bootstrap" ] && break
        kill -0 "$served" 2>/dev/null || die "the broker did not start"
        sleep 0.1
    done
    [ -f "$root/bootstrap" ] || die "the broker was not ready in 60 s"
    WARRAQ_TEST_BOOTSTRAP=$(cat "$root/bootstrap")
    export WARRAQ_TEST_BOOTSTRAP
    say "Apache Kafka $version is ready at $WARRAQ_TEST_BOOTSTRAP"
    # In a group of its own (-m), and in the background, so that a signal ends the wait.
    set -m
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child" || code=$?
    exit "$code"
}

tool() {
    local class
    case $1 in
    kafka-acls.sh) class=org.apache.kafka.tools.AclCommand ;;
    kafka-configs.sh) class=kafka.admin.ConfigCommand ;;
    *) die "unknown tool $1" ;;
    esac
    shift
    exec java -Xmx128m -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$here/log4j2.xml" -cp "$cache/libs/*" "$class" "$@"
}

case ${1:-} in
tool) [ $# -ge 2 ] || die "usage: kafka.sh tool NAME ARG..."; fetch; shift; tool "$@" ;;
fetch) fetch ;;
format) [ $# -ge 2 ] || die "usage: kafka.sh format DIR [ARG...]"; fetch; format "${@:2}" ;;
serve) [ $# = 2 ] || die "usage: kafka.sh serve DIR"; fetch; serve "$2" ;;
with) [ $# -ge 2 ] || die "usage: kafka.sh with COMMAND..."; shift; with "$@" ;;
*) sed -n '2,/^set/{/^set/d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
