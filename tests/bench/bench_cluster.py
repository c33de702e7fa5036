#!/usr/bin/python3
"""Measures swimd beside Serf in one run, and runs trials of swimd with many daemons.

usage: bench_cluster.py [--agents 100] [--kills 10] [--rounds 2] [--idle 20] [--no-serf]
       bench_cluster.py --start 200 [--runs 10]      start 200 daemons at once
       bench_cluster.py --restart-storm [--agents N] kill and restart each of 100 daemons ten times
       bench_cluster.py --stop-cont [--agents N]     stop and continue 8 of 64 daemons again and again
All take --profile and --seed.

Without a trial, each round runs three clusters one after the other, each on loopback of a network namespace of its own:
swimd and Serf (Debian's package `serf`) in profile lan, and swimd in profile fast. A cluster is started, left idle and
measured; then members are killed by SIGKILL, one after another. The order of the clusters changes from round to round, so
that a change of the load on the machine affects all of them.

The exit status is 1 if a figure misses its bound. The bounds are for ten kills among 100 members beside Serf; the last line
names the bounds that were not measured so. Needs root (or `unshare -rnm`).

The machine must do nothing else meanwhile. `apt-get install serf && systemctl disable --now serf` installs Serf.
"""
import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import serf  # noqa: E402
import trials  # noqa: E402
from harness import Cluster, TimedOut, paths, usable  # noqa: E402
from verdict import FIGURES, KILL_FIGURES, Side, false_failures, judge  # noqa: E402

UNAVAILABLE = 69
INSTALL = ("bench_cluster.py: Serf is not installed. Install Serf (on Debian: "
           "apt-get install serf && systemctl disable --now serf), or measure swimd alone with --no-serf")

SECONDS_TO_BE_WHOLE = 120
SECONDS_TO_FAIL = 60
SETTLING = 5                # seconds from a whole cluster to the measurement, in which the gossip of the start ends
STARTS = 3                  # attempts to start a cluster of Serf agents in which each agent lists all


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def cpu_ms(pid):
    """Milliseconds for which all threads of the process have run; /proc/PID/stat counts only in clock ticks."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e6


def carried(cluster):
    """(bytes, packets) that were sent over the loopback interface of the namespace so far."""
    for line in cluster.namespace.run("cat", "/proc/net/dev").splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            numbers = numbers.split()
            return int(numbers[8]), int(numbers[9])
    raise AssertionError("no loopback in the namespace")


def idle(cluster, seconds):
    """The costs of an idle member, per second."""
    daemons = cluster.running
    begin, (bytes_before, packets_before) = time.monotonic(), carried(cluster)
    cpu_before = sum(cpu_ms(d.process.pid) for d in daemons)
    cluster.pump.pass_time(seconds)
    cpu = sum(cpu_ms(d.process.pid) for d in daemons) - cpu_before
    bytes_after, packets_after = carried(cluster)
    share = (time.monotonic() - begin) * len(daemons)
    return {
        "CPU ms/s": cpu / share,
        "bytes/s": (bytes_after - bytes_before) / share,
        "packets/s": (packets_after - packets_before) / share,
        "PSS KiB": sum(pss_kib(d.process.pid) for d in daemons) / len(daemons),
    }


def killing(cluster, kills, rng, side):
    """Kill `kills` members, one after another. Returns {name: instant of the kill}."""
    killed = {}
    for number in range(kills):
        # A random pause, so that the kills are not in phase with the probe intervals.
        cluster.pump.pass_time(rng.uniform(0.5, 2.0))
        victim = rng.choice(cluster.running)
        # Read the events that were sent while the victim ran.
        cluster.pump.once(0)
        begin = killed[victim.name] = time.monotonic()
        victim.kill()
        try:
            instants = cluster.all_say("member.failed", victim.name, begin, seconds=SECONDS_TO_FAIL)
        except TimedOut as error:
            side.faults.append(f"{side.label}, kill {number + 1}: {error}")
            continue
        for name, instant in zip(KILL_FIGURES, (min(instants), max(instants))):
            side.figures[name].append(instant - begin)
    return killed


def disagreements(cluster, killed):
    """A text for each entry of a daemon's list of members that differs from what happened."""
    truth = {d.name: "dead" if d.name in killed else "alive" for d in cluster.daemons}
    found = []
    for daemon in cluster.running:
        listed = daemon.listed()
        found += [f"{daemon.name} lists {name} as {listed.get(name)}"
                  for name in truth | listed if listed.get(name) != truth.get(name)]
    return found


def one_round(side, agents, kills, seconds, rng):
    with side.cluster() as cluster:
        last = cluster.start(agents, options=side.options)
        try:
            side.figures["whole s"].append(max(0.0, cluster.whole(SECONDS_TO_BE_WHOLE) - last))
        except TimedOut as error:
            side.faults.append(f"{side.label}: {error}")
            return False
        cluster.pump.pass_time(SETTLING)
        for name, value in idle(cluster, seconds).items():
            side.figures[name].append(value)
        killed = killing(cluster, kills, rng, side)
        false = false_failures(cluster.daemons, killed)
        side.false += false
        side.faults += [f"{side.label}: {text}" for text in disagreements(cluster, killed)]
        show = [f"{name} {FIGURES[name].format(side.figures[name][-1])}" for name in FIGURES
                if name not in KILL_FIGURES and side.figures[name]]
        show += [f"{name} " + " ".join(FIGURES[name].format(v) for v in side.figures[name][-kills:])
                 for name in KILL_FIGURES if kills]
        print(f"  {side.label}: " + "; ".join(show) + f"; false failures {len(false)}", flush=True)
        return True


def table(sides):
    """Print a column for each side, and the quotient of swimd's figures and Serf's."""
    beside = len(sides) == 3
    width = max(len(name) for name in FIGURES) + 9

    def line(name, cells):
        print(f"{name:<{width}}" + "".join(f"{cell:>14}" for cell in cells))

    def row(name, values, form):
        cells = [form.format(v) if v is not None else "-" for v in values]
        if beside:
            cells.insert(2, f"{values[0] / values[1]:.2f}" if values[0] is not None and values[1] else "-")
        line(name, cells)
    print()
    labels = [side.label for side in sides]
    line("", labels[:2] + ["swimd/Serf"] + labels[2:] if beside else labels)
    for name, form in FIGURES.items():
        if name in KILL_FIGURES:
            row(f"{name}, median", [side.median(name) for side in sides], form)
            row(f"{name}, worst", [side.worst(name) for side in sides], form)
        else:
            row(name, [side.median(name) for side in sides], form)
    row("false failures", [len(side.false) for side in sides], "{}")


def compare(arguments, rng):
    lan = Side("swimd lan", Cluster, ["--profile", "lan"])
    other = Side("Serf lan", serf.Agents, ["-profile", "lan"])
    fast = Side("swimd fast", Cluster, ["--profile", "fast"])
    sides = [lan, fast] if arguments.no_serf else [lan, other, fast]
    if other in sides:
        if serf.program() is None:
            print(INSTALL, file=sys.stderr)
            sys.exit(UNAVAILABLE)
        print(f"{serf.program()} {serf.version()}")
    kills = [arguments.kills // arguments.rounds + (i < arguments.kills % arguments.rounds)
             for i in range(arguments.rounds)]
    for number, count in enumerate(kills):
        print(f"round {number + 1}: {arguments.agents} members, {arguments.idle:g} s idle, {count} kills", flush=True)
        turn = number % len(sides)
        for side in sides[turn:] + sides[:turn]:
            for _ in range(STARTS if side is other else 1):
                if one_round(side, arguments.agents, count, arguments.idle, rng):
                    break
    table(sides)
    if other in sides:
        for text in other.faults:
            print(f"NOTE {text}")
    return judge(lan, None if arguments.no_serf else other, fast, arguments.agents, arguments.kills)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, help="members of a cluster")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--idle", type=float, default=20, metavar="SECONDS")
    parser.add_argument("--no-serf", action="store_true")
    parser.add_argument("--start", type=int, metavar="N")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--restart-storm", action="store_true")
    parser.add_argument("--stop-cont", action="store_true")
    parser.add_argument("--profile", default="lan", help="profile of a trial's daemons")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    if usable():
        sys.exit(f"bench_cluster.py: {usable()}")
    if min(arguments.agents or 3, arguments.start or 3) < 3 or min(arguments.rounds, arguments.runs) < 1:
        parser.error("a cluster needs at least 3 members; --rounds and --runs are at least 1")
    if arguments.kills < 0 or arguments.kills > (arguments.agents or 100) - 2:
        parser.error("--kills: at least two members must remain")

    print(f"{paths.SWIMD}, --seed {arguments.seed}")
    rng, missed = random.Random(arguments.seed), []
    options = ["--profile", arguments.profile]
    if arguments.start:
        missed += trials.start(arguments.start, arguments.runs, options)
    if arguments.restart_storm:
        missed += trials.restart_storm(arguments.agents or 100, options, rng)
    if arguments.stop_cont:
        missed += trials.stop_cont(arguments.agents or 64, options, rng)
    if not (arguments.start or arguments.restart_storm or arguments.stop_cont):
        arguments.agents = arguments.agents or 100
        verdict = compare(arguments, rng)
        missed = verdict.missed
        closing, status = verdict.closing()
    else:
        closing, status = (f"{len(missed)} missed", 1) if missed else ("all bounds of the trial held", 0)
    for text in missed:
        print(f"MISSED {text}")
    print(closing)
    sys.exit(status)


if __name__ == "__main__":
    main()
