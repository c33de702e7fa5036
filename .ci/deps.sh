#!/bin/sh
# Installs the missing Debian packages with which swimd is built, tested and linted.
# usage: deps.sh [GOAL...]   GOAL is a target of make; all packages without a goal or with an unknown goal.
# If no package is missing, the script changes nothing and needs neither root nor a network.
set -eu

BUILD="gcc make autoconf pkg-config libc6-dev libavahi-client-dev libavahi-common-dev libc-ares-dev libevent-dev libjansson-dev libconfuse-dev libsmartcols-dev libsystemd-dev"
DEMO="iproute2 procps"
# The tests start these programs themselves, but Debian would start and enable them as services.
PROMETHEUS="prometheus prometheus-node-exporter"
CHECK="avahi-daemon avahi-utils dbus check iproute2 procps nftables socat jq python3-minimal python3 python3-pytest python3-pytest-xdist mandoc binutils perl-base systemd systemd-container $PROMETHEUS"
# libFuzzer's library must have the version of the package `clang`: 19 in Debian 13, 14 in Debian 12.
# shellcheck source=/dev/null
case $(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}") in
13) CLANG=19 ;;
*) CLANG=14 ;;
esac
LINT="valgrind clang clang-format clang-tidy libclang-rt-$CLANG-dev cppcheck shellcheck mandoc systemd git ca-certificates"

# Not installed here: serf, beside which `make bench-cluster` measures swimd. Debian would start serf as a service on the
# port of swimd; the target says how to install serf without that service.

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
        echo "deps: this system has no dpkg-query, so it is not Debian; nothing was installed."
        echo "deps: install the equivalents of these Debian packages, then run make without deps:"
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
        echo "deps: run this as root or install sudo; these packages are missing:$missing$silent" >&2
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

# Installs packages without starting their services now (Debian's policy-rc.d forbids that; an existing policy-rc.d is
# kept) or at the next boot.
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
