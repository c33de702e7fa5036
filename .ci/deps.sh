#!/bin/sh
# Installs the Debian packages that swimd is built, tested and linted with, where they are missing.
# usage: deps.sh [GOAL...]   without a goal, or with one that is not known here: all of them.
# When nothing is missing it changes nothing and needs neither root nor a network.
set -eu

BUILD="gcc make autoconf pkg-config libc6-dev libavahi-client-dev libavahi-common-dev libc-ares-dev libevent-dev libjansson-dev libconfuse-dev libsmartcols-dev libsystemd-dev"
DEMO="iproute2 procps"
# Debian would start and enable these as services; they are wanted as programs only.
PROMETHEUS="prometheus prometheus-node-exporter"
CHECK="avahi-daemon avahi-utils dbus check iproute2 procps nftables socat jq python3-minimal python3 python3-pytest python3-pytest-xdist mandoc binutils perl-base systemd systemd-container $PROMETHEUS"
# libFuzzer's library is of the version that `clang` stands for: Debian 13 has 19, Debian 12 has 14.
# shellcheck source=/dev/null
case $(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}") in
13) CLANG=19 ;;
*) CLANG=14 ;;
esac
LINT="valgrind clang clang-format clang-tidy libclang-rt-$CLANG-dev cppcheck shellcheck mandoc systemd git ca-certificates"

# Optional, and installed only by hand: serf, beside which `make bench-cluster` measures swimd. Debian would
# start it as a service, with a port that swimd wants; the target says how to install it without.

wanted="$BUILD"
[ $# -gt 0 ] || set -- lint check demo
for goal; do
    case $goal in
    all | install | uninstall | clean | dist) ;;
    demo) wanted="$wanted $DEMO" ;;
    check | check-flood | check-long | quickcheck | asan | sim | bench | bench-cluster | bench-paths) wanted="$wanted $CHECK" ;;
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

missing='' silent=''
for package in $(echo "$wanted" | tr ' ' '\n' | sort -u); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" != installed ] || continue
    case " $PROMETHEUS " in
    *" $package "*) silent="$silent $package" ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing$silent" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "deps: missing, and to install them takes root or sudo:$missing$silent" >&2
        exit 77
    }
    as_root=sudo
fi
echo "deps: installing$missing$silent"

# $as_root and $@ are lists of words.
install_packages() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# Their services are neither started now (policy-rc.d is Debian's way to say that, and who has one already knows better)
# nor at the next boot.
install_silently() {
    policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e $policy ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
        $as_root chmod 755 $policy
    fi
    status=0
    install_packages "$@" || status=$?
    [ $ours = no ] || $as_root rm -f $policy
    if command -v systemctl >/dev/null 2>&1; then
        for package; do
            $as_root systemctl --quiet disable "$package.service" >/dev/null 2>&1 || true
        done
    fi
    return $status
}

# shellcheck disable=SC2086
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    [ -z "$missing" ] || install_packages $missing
    [ -z "$silent" ] || install_silently $silent
}
