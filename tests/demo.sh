#!/bin/sh
# Three real daemons on loopback addresses find each other; one is killed; the other two notice.
# usage: demo.sh BUILD-DIRECTORY (what `make demo` calls). Leaves nothing behind, whatever happens.
set -eu

build=${1:?usage: demo.sh BUILD-DIRECTORY}
swimd=$build/swimd
swimctl=$build/swimctl
patience=40 # seconds for any one step

# A socket's path has 107 bytes at most.
tmp=${TMPDIR:-/tmp}
[ ${#tmp} -le 60 ] || tmp=/tmp
dir=$(mktemp -d "$tmp/swimd-demo.XXXXXX")
pids=

cleanup() {
    status=$?
    trap - EXIT
    trap '' PIPE # who no longer reads does not keep us from cleaning up
    set +e
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null
    done
    # One that does not end by itself is made to.
    {
        sleep 10
        for pid in $pids; do
            kill -KILL "$pid"
        done
    } >/dev/null 2>&1 &
    guard=$!
    # The shell says of each how it ended, which is no news here.
    for pid in $pids; do
        wait "$pid" 2>/dev/null
    done
    kill -KILL "$guard" 2>/dev/null
    wait 2>/dev/null
    if [ "$status" -ne 0 ] && [ "$status" -lt 128 ]; then
        echo "demo: failed (exit status $status); what the daemons said:" >&2
        tail -n 5 "$dir"/*.log >&2
    fi
    rm -rf "$dir"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
trap 'exit 141' PIPE

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m')
    plain=$(printf '\033[0m')
else
    bold=
    plain=
fi

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

now_ms() {
    date +%s%3N
}

ask() { # NAME ARGUMENT...: swimctl of that daemon
    member=$1
    shift
    "$swimctl" -s "$dir/$member.sock" "$@"
}

launch() { # NAME ADDRESS [OPTION...]
    member=$1
    address=$2
    shift 2
    : >"$dir/$member.conf"
    "$swimd" -c "$dir/$member.conf" --name "$member" --bind "$address:7946" --socket "$dir/$member.sock" \
        --state-dir "$dir/$member" "$@" 2>"$dir/$member.log" &
    pids="$pids $!"
}

# All of 127.0.0.0/8 is this machine. Another demo, or whatever else, may have some of it: three tries.
first_daemon() {
    try=0
    while [ "$try" -lt 3 ]; do
        net=127.$((($$ / 250 + try) % 250 + 1)).$(($$ % 250 + 1))
        launch db1 "$net.1"
        if ask db1 wait --members 1 --timeout 5 2>/dev/null; then
            return 0
        fi
        kill -TERM "$!" 2>/dev/null || :
        code=0
        wait "$!" 2>/dev/null || code=$?
        pids=
        # 69: it could not have its address.
        [ "$code" -eq 69 ] || return 1
        try=$((try + 1))
    done
    return 1
}

follow() { # NAME: what it says of failures, until it says that a member has failed
    timeout "$patience" "$swimctl" -s "$dir/$1.sock" events --since 0 \
        --type member.suspected --type member.failed |
        sed -u -e "s/^/  $1 says: /" -e '/ member\.failed /q'
}

for name in db1 db2 db3; do
    mkdir "$dir/$name"
done

say "1. Three daemons start. db2 and db3 are told of db1 and of nobody else."
first_daemon
launch db2 "$net.2" --seed "$net.1"
launch db3 "$net.3" --seed "$net.1"
victim=$!
for name in db1 db2 db3; do
    ask "$name" wait --members '=3' --timeout "$patience"
done

say "2. They have found each other. 'swimctl members', asked of db1:"
ask db1 members

say "3. db3 is killed (kill -9 $victim). 'swimctl events' of the other two:"
began=$(now_ms)
kill -KILL "$victim"
wait "$victim" 2>/dev/null || :
pids=${pids% "$victim"} # that number may be another's soon
follow db1 &
one=$!
follow db2 &
two=$!
wait "$one"
wait "$two"
for name in db1 db2; do
    ask "$name" wait --status db3=dead --timeout "$patience"
done
took=$(($(now_ms) - began))

say "4. They agree, $((took / 1000)).$((took % 1000 / 100)) s after the kill. 'swimctl members', asked of db2:"
ask db2 members

say "5. db1 leaves on purpose ('swimctl leave'), which is no failure. What db2 sees:"
ask db1 leave >/dev/null
timeout "$patience" "$swimctl" -s "$dir/db2.sock" events --since 0 --type member.left --count 1 |
    sed -e 's/^/  db2 says: /'
