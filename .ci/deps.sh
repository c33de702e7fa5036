#!/bin/sh
# Installs the Debian packages that swimd is built, tested and linted with, where they are missing.
# usage: deps.sh [GOAL...]   without a goal, or with one that is not known here: all of them.
# When nothing is missing it changes nothing and needs neither root nor a network.
set -eu

BUILD="gcc make autoconf pkg-config libc6-dev libavahi-client-dev libavahi-common-dev libc-ares-dev libevent-dev libjansson-dev libconfuse-dev libsmartcols-dev libsystemd-dev"
DEMO="iproute2 procps"
CHECK="avahi-daemon avahi-utils dbus check iproute2 procps nftables socat jq python3-minimal python3 python3-pytest python3-pytest-xdist mandoc binutils systemd systemd-container"
LINT="valgrind clang clang-format clang-tidy libclang-rt-14-dev cppcheck shellcheck mandoc systemd git ca-certificates"

# Optional, and installed only by hand: serf, beside which `make bench-cluster` measures swimd. Debian would
# start it as a service, with a port that swimd wants; the target says how to install it without.

wanted="$BUILD"
[ $# -gt 0 ] || set -- lint check demo
for goal; do
    case $goal in
    all | install | uninstall | clean | dist) ;;
    demo) wanted="$wanted $DEMO" ;;
    check | check-long | quickcheck | asan | sim | bench | bench-cluster | bench-paths) wanted="$wanted $CHECK" ;;
    *) wanted="$wanted $DEMO $CHECK $LINT" ;;
    esac
done

if ! command -v dpkg-query >/dev/null 2>&1; then
    {
        echo "deps: this is not a Debian system, so nothing was installed."
        echo "deps: install what these Debian packages hold, then run make without deps:"
        echo "$wanted" | tr ' ' '\n' | sort -u | sed 's/^/  /'
    } >&2
    exit 69
fi

missing=
for package in $(echo "$wanted" | tr ' ' '\n' | sort -u); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "deps: missing, and to install them takes root or sudo:$missing" >&2
        exit 77
    }
    as_root=sudo
fi
echo "deps: installing$missing"
# $as_root and $missing are lists of words.
# shellcheck disable=SC2086
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}
