#!/usr/bin/python3
"""Measures real clusters on loopback: how soon all list all, and how soon a kill, a leave and a restart are reported.

usage: cluster.py [--sizes 10,50,100] [--rounds 10] [--partition-size 20] [--partition-seconds 30]
                  [--profile lan] [--no-partition]

Each round starts SIZE daemons at once with the first as the seed of the others, kills one, ends another by SIGTERM, and
restarts the killed one. The exit status is 1 if a figure misses its bound. The clusters run in network namespaces of their
own, so the program needs root (or `unshare -rnm`).
"""
import argparse
import os
import random
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import Cluster, paths, unwind_on_sigterm, usable  # noqa: E402
from verdict import false_failures  # noqa: E402

# Bounds of the figures in seconds.
BOUNDS = {"whole": 3.0, "first failed": 10.0, "all failed": 10.0, "all left": 2.0, "alive again": 5.0}
HEALS = 30.0
PATIENCE = 60               # seconds, larger than the bounds, so that a figure beyond its bound is measured too


def one_round(size, options, rng):
    """Run one round. Returns ({figure: seconds}, [complaint])."""
    figures, complaints = {}, []
    with Cluster() as cluster:
        last = cluster.start(size, options=options)
        figures["whole"] = max(0.0, cluster.whole(PATIENCE) - last)
        for daemon in cluster.daemons:
            counts = daemon.call("members")["counts"]
            if counts["alive"] != size:
                complaints.append(f"{daemon.name} counts {counts}")

        victim, leaver = rng.sample(cluster.daemons, 2)
        cluster.pump.once(0)
        begin = time.monotonic()
        victim.kill()
        instants = cluster.all_say("member.failed", victim.name, begin, seconds=PATIENCE)
        figures["first failed"], figures["all failed"] = min(instants) - begin, max(instants) - begin
        killed = {victim.name: begin}

        leaver.disconnect()
        begin = time.monotonic()
        leaver.signal(signal.SIGTERM)
        instants = cluster.all_say("member.left", leaver.name, begin,
                                   [d for d in cluster.running if d is not leaver], PATIENCE)
        figures["all left"] = max(instants) - begin
        if leaver.ended() != 0:
            complaints.append(f"{leaver.name} ended with status {leaver.process.returncode}")

        complaints += false_failures([victim], killed)     # before the restart, which drops the victim's events
        begin = time.monotonic()
        victim.seeds = [next(d for d in cluster.running if d is not victim).address]
        victim.launch()
        cluster.watch([victim])
        cluster.whole(PATIENCE)
        figures["alive again"] = time.monotonic() - begin
        complaints += false_failures(cluster.daemons, killed)
    return figures, complaints


def partition(size, seconds, options):
    """Cut one half of a cluster from the other for `seconds`. Returns ({figure: seconds}, [complaint])."""
    figures, complaints = {}, []
    with Cluster() as cluster:
        cluster.start(size, options=options)
        cluster.whole(PATIENCE)
        halves = cluster.daemons[:size // 2], cluster.daemons[size // 2:]
        begin = time.monotonic()
        cluster.namespace.cut(*([d.address.rsplit(":", 1)[0] for d in half] for half in halves))
        cluster.pump.pass_time(seconds)
        for here, there in (halves, halves[::-1]):
            for daemon in here:
                wrong = [d.name for d in there if daemon.view.get(d.name) != "dead"]
                if wrong:
                    complaints.append(f"{daemon.name} does not list {wrong} as dead after {seconds} s")
                for event in daemon.heard_of("member.failed", since=begin):
                    if event["member"]["name"] not in {d.name for d in there}:
                        complaints.append(f"{daemon.name} says that {event['member']['name']} of the same half failed")
        healed = time.monotonic()
        cluster.namespace.heal()
        figures["healed"] = cluster.whole(4 * HEALS) - healed
    return figures, complaints


def row(*cells):
    print("  ".join(f"{cell:>14}" for cell in cells), flush=True)


def main():
    unwind_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="10,50,100")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--profile", default="lan")
    parser.add_argument("--partition-size", type=int, default=20)
    parser.add_argument("--partition-seconds", type=float, default=30)
    parser.add_argument("--no-partition", action="store_true")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    if usable():
        sys.exit(f"cluster.py: {usable()}")

    print(f"{paths.SWIMD}, profile {arguments.profile}, --seed {arguments.seed}; seconds")
    rng, missed = random.Random(arguments.seed), []
    options = ["--profile", arguments.profile]
    row("daemons", "round", *BOUNDS)
    for size in (int(s) for s in arguments.sizes.split(",")):
        table = []
        for number in range(1, arguments.rounds + 1):
            try:
                figures, complaints = one_round(size, options, rng)
            except AssertionError as error:
                missed.append(f"{size} daemons, round {number}: {error}")
                continue
            table.append(figures)
            row(size, number, *(f"{figures[name]:.2f}" for name in BOUNDS))
            missed += [f"{size} daemons, round {number}: {text}" for text in complaints]
            missed += [f"{size} daemons, round {number}: {name} {figures[name]:.2f} s, bound {bound:g} s"
                       for name, bound in BOUNDS.items() if figures[name] > bound]
        if table:
            row(size, "median", *(f"{statistics.median(f[name] for f in table):.2f}" for name in BOUNDS))
            row(size, "worst", *(f"{max(f[name] for f in table):.2f}" for name in BOUNDS))
    if not arguments.no_partition:
        size, seconds = arguments.partition_size, arguments.partition_seconds
        figures, complaints = partition(size, seconds, options)
        print(f"{size} daemons, halves cut from each other for {seconds:g} s: "
              f"all list all {figures['healed']:.2f} s after the cut")
        missed += complaints
        if figures["healed"] > HEALS:
            missed.append(f"healed after {figures['healed']:.2f} s, bound {HEALS:g} s")
    for text in missed:
        print(f"MISSED {text}")
    print("all bounds held" if not missed else f"{len(missed)} missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
