#!/usr/bin/python3
"""Runs three daemons under valgrind: they join, answer each method, reload, report a failure, and leave.

Exit status 0 if valgrind finds no error and no leak in any daemon. SWIMD_BUILD names the build.
"""
import os
import signal
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import Cluster, Peer, RpcError, paths, unwind_on_sigterm, usable  # noqa: E402

FOUND = 99
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible", "--track-fds=yes", f"--error-exitcode={FOUND}"]


def life(cluster):
    wrapper = VALGRIND
    daemons = []
    for number in range(3):
        seeds = [cluster.address(0), "no.such.host.invalid"] if number else []
        daemon = cluster.daemon(seeds=seeds, wrapper=wrapper)
        daemon.options += ["--ro-socket", os.path.join(daemon.directory, "ro")]
        daemons.append(daemon)
        daemon.launch()
    for daemon in daemons:
        daemon.ready(120)
    cluster.watch([])
    numbers = [d.watch() for d in daemons]
    for daemon, number in zip(daemons, numbers):
        daemon.watched(number)
    cluster.whole(120)
    peer = Peer(cluster, "127.0.9.1:7946", "base")
    peer.join(daemons[0].address)
    cluster.whole(60, also=["base"])
    for daemon in daemons:
        connection = daemon.connect()
        for method in ("info", "members", "health", "metrics", "discovery", "reload"):
            connection.call(method, seconds=30)
        connection.call("metrics", format="openmetrics")
        connection.call("subscribe", snapshot=True, since=0)
        connection.raw(b"{\n[]\nnonsense\n" + b"x" * 70000 + b"\n", 4)
        daemon.signal(signal.SIGHUP)
        try:
            daemon.call("join", addresses=["127.0.8.8:1", "no.such.host.invalid"])
        except RpcError as error:
            print(f"join: {error}")
    peer.peer.silent = True
    cluster.all_say("member.failed", "base", 0.0, seconds=120)
    peer.peer.silent = False
    daemons[0].call("remove", name="base")
    begin = time.monotonic()
    daemons[2].call("leave")
    status = [daemons[2].ended(120)]
    cluster.all_say("member.left", daemons[2].name, begin, daemons[:2], 60)
    for daemon in daemons[:2]:
        daemon.disconnect()
        daemon.signal(signal.SIGTERM)
        status.append(daemon.ended(120))
    for daemon in daemons:
        print(f"---- {daemon}\n{daemon.tail(60)}")
    return status


def main():
    unwind_on_sigterm()
    if usable():
        sys.exit(f"valgrind.py: {usable()}")
    if not shutil.which("valgrind"):
        sys.exit("valgrind.py: valgrind is missing; on Debian: apt-get install valgrind")
    with Cluster() as cluster:
        status = life(cluster)
    if any(status):
        sys.exit(f"valgrind.py: exit statuses {status}; {FOUND} means that valgrind found an error or a leak")
    print(f"{paths.SWIMD}: three daemons ran and left under valgrind, which found no error and no leak")


if __name__ == "__main__":
    main()
