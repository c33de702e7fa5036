#!/bin/sh
# Runs make check in fresh roots of Debian, in each as it is met in the field:
#
#   whole      root, all capabilities, a root that is a mount point
#   container  root without cap_sys_admin and cap_net_admin, as docker makes it
#   user       an ordinary user, with a container's or a machine's root
#   chroot     root in a chroot that is no mount point
#   jail       an ordinary user in such a chroot
#
# usage: roots.sh DIRECTORY [SUITE[/KIND]...]   (default: bookworm trixie, each with every kind)
# Needs root, debootstrap and a network. MIRROR is where the packages come from. The roots stay in DIRECTORY, and are used
# again. COMMAND is what runs there instead, if it is set. Its last lines say of each kind how many tests ran; exit status 1 if any failed.
set -eu

MIRROR=${MIRROR:-http://deb.debian.org/debian}
COMMAND=${COMMAND:-make WERROR=1 check}
KINDS="whole container user chroot jail"
top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || {
    echo "usage: roots.sh DIRECTORY [SUITE[/KIND]...]" >&2
    exit 2
}
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- bookworm trixie
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
    echo "roots.sh: needs root, and debootstrap (on Debian: apt-get install debootstrap)" >&2
    exit 69
fi

# A bare system with the packages that `make deps check` installs, and this tree in /src.
prepare() {
    suite=$1 root=$directory/$1
    if [ ! -e "$root/.complete" ]; then
        rm -rf "$root"
        debootstrap --variant=minbase "$suite" "$root" "$MIRROR"
        printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
        chmod 755 "$root/usr/sbin/policy-rc.d"
        touch "$root/.complete"
    fi
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    rm -rf "$root/src"
    mkdir "$root/src"
    (cd "$top" && git -c safe.directory='*' ls-files -z | tar --null -T - -cf -) | tar -xf - -C "$root/src"
    inside with-network "$root" chroot env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c 'cd /src && apt-get update -q && apt-get install -q -y --no-install-recommends make &&
        sh .ci/deps.sh check && make WERROR=1 all test-programs && make BUILD=build/asan SAN=address,undefined WERROR=1 all test-programs
        chown -R 1000:1000 /src'
}

# A command in this root, in a mount namespace that ends with it; without the network also in one of its own, where loopback
# is nobody else's.
inside() {
    case $1 in with-network) more= ;; without-network) more=-n ;; esac
    shift
    # shellcheck disable=SC2016,SC2086
    unshare -m --propagation private $more sh -c '
        set -e
        root=$1 kind=$2
        shift 2
        ip link set lo up
        case $kind in chroot | jail) ;; *) mount --bind "$root" "$root" ;; esac
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        cd "$root"
        case $kind in
        chroot | jail) ;;
        *) pivot_root . mnt && umount -l mnt ;;
        esac
        case $kind in
        container) exec chroot . setpriv --bounding-set=-sys_admin,-net_admin "$@" ;;
        user | jail) exec chroot . setpriv --reuid=1000 --regid=1000 --clear-groups "$@" ;;
        *) exec chroot . "$@" ;;
        esac' sh "$@"
}

check() {
    suite=$1 kind=$2 log=$directory/$1-$2.log
    echo "== $suite, $kind"
    # As Debian has it: a user does not look into sbin.
    case $kind in
    user | jail) owner=1000 path=/usr/local/bin:/usr/bin:/bin ;;
    *) owner=0 path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
    esac
    chown -R $owner:$owner "$directory/$suite/src"
    # shellcheck disable=SC2016
    inside without-network "$directory/$suite" "$kind" \
        env -i HOME=/tmp LANG=C.UTF-8 PATH="$path" sh -c 'cd /src && eval "$1"' sh "$COMMAND" >"$log" 2>&1 || true
    grep -E '^ +skipped|^---- failed' "$log" || true
    verdict=$(tail -n 1 "$log")
    case $verdict in
    *" passed, 0 failed, "*) ;;
    *) failed=1 verdict="FAILED: $verdict (see $log)" ;;
    esac
    verdicts="$verdicts$suite, $kind: $verdict
"
}

failed=0 verdicts='' prepared=''
for wanted; do
    suite=${wanted%%/*}
    kinds=$KINDS
    [ "$suite" = "$wanted" ] || kinds=${wanted#*/}
    case " $prepared " in *" $suite "*) ;; *) prepare "$suite" ;; esac
    prepared="$prepared $suite"
    for kind in $kinds; do
        check "$suite" "$kind"
    done
done
printf '\n%s' "$verdicts"
exit $failed
