#!/usr/bin/python3
"""Measures swimd beside Serf over simulated network paths: false failures, and how soon a crash is reported.

usage: bench_paths.py [SCENARIO…] [--members 12] [--seconds 100] [--jobs 2] [--no-serf] [--list]

In each scenario a cluster of swimd and one of Serf (Debian's package `serf`), both in profile lan, run at the same time, each
on hosts of its own (tests/system/harness/tunnel.py). The members start over the paths of the scenario and are observed for
--seconds in which none crashes. Then SIGKILL ends one member: not host 0, whose paths some scenarios disturb, and not host 1,
the seed. The table has for each side:

    failures    member.failed events, of all members, about members that ran
    told by all seconds from the kill until all others report that the member failed
    packets/s   packets that a member sends per second during the observation (for Serf, over TCP too)
    whole       seconds from the last start until each member lists all as alive

If swimd is worse than Serf, a line below the table says so. The exit status is 1 if a figure of swimd could not be measured:
not all members listed all before the observation, or not all reported the crash within a minute. Needs root.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import serf  # noqa: E402
from harness import Cluster, Path, TimedOut, Tunnels, paths, tunnels_unusable, usable  # noqa: E402

UNAVAILABLE = 69
SECONDS_TO_BE_WHOLE = 60
SECONDS_TO_FAIL = 60
SETTLING = 10               # seconds from a whole cluster to the observation
DELAY = 0.5                 # ms of delay on a path that the scenario does not disturb


class Spell:
    """A disturbance of all paths of host 0: these attributes for the first `on` seconds of each `period` seconds."""

    def __init__(self, on, period, **attributes):
        self.on, self.period, self.attributes = on, period, attributes
        self.usual = {name: DELAY if name == "delay" else 0.0 for name in attributes}

    def at(self, instant):
        return self.attributes if instant % self.period < self.on else self.usual


def one_host(**attributes):
    return lambda network, count: network.around(0, **attributes)


def one_loses_what_it_sends(network, count):
    for other in range(1, count):
        network.path(0, other, loss=0.5)


def halves(network, count):
    for one in range(count // 2):
        for other in range(count // 2, count):
            network.both(one, other, delay=150)


def thin_uplinks(network, count):
    """Let all that a host sends share one link of 3 kB/s with a queue of 30 kB."""
    for host in range(count):
        network.share([(host, other) for other in range(count) if other != host],
                      Path(delay=DELAY, rate=3000, queue=30000))


def everywhere(network, count):
    """Change no path: all keep the common attributes."""


# Name: (attributes of all paths, a function that changes some paths, the Spell of host 0 or None).
SCENARIOS = {
    "clean": ({}, everywhere, None),
    "60 ± 20 ms, 2 % lost, 1 % twice, 2 % out of order":
        ({"delay": 60, "jitter": 20, "loss": 0.02, "twice": 0.01, "swap": 0.02}, everywhere, None),
    "20 % lost": ({"loss": 0.2}, everywhere, None),
    "30 % lost": ({"loss": 0.3}, everywhere, None),
    "200 ± 200 ms": ({"delay": 200, "jitter": 200}, everywhere, None),
    "half twice and out of order": ({"delay": 20, "jitter": 10, "twice": 0.5, "swap": 0.5}, everywhere, None),
    "two halves 150 ms apart": ({}, halves, None),
    "one host behind 600 ms": ({}, one_host(delay=600), None),
    "one host loses half of what it sends": ({}, one_loses_what_it_sends, None),
    "one host silent 1.5 s in 10": ({}, everywhere, Spell(1.5, 10, loss=1.0)),
    "one host with 2 s of delay for 8 s in 30": ({}, everywhere, Spell(8, 30, delay=2000)),
    "links of 3 kB/s": ({"rate": 3000}, everywhere, None),
    "uplinks of 3 kB/s": ({}, thin_uplinks, None),
}


class Serfs(serf.Agents):
    """Serf agents that retry to join, because the first attempt may fail on a path that loses packets."""

    def make(self, *arguments, seeds=(), options=(), **more):
        joins = [word for seed in seeds for word in ("-retry-join", seed)]
        return super().make(*arguments, options=[*options, *joins, "-retry-interval", "1s"], **more)


class Side:
    def __init__(self, label, cluster, options, count, scenario):
        common, disturb, self.spell = scenario
        self.label, self.cluster = label, cluster
        self.network = Tunnels(cluster, count, **{"delay": DELAY, **common})
        disturb(self.network, count)
        self.figures = {"failures": None, "told by all": None, "packets/s": None, "whole": None}
        self.faults = []
        self.daemons = [self.network.daemon(number, seeds=[1] if number != 1 else [], options=options)
                        for number in range(count)]

    def launch(self):
        for daemon in self.daemons:
            daemon.launch()
        self.started = time.monotonic()
        self.cluster.watch(self.daemons)

    def is_whole(self):
        names = {daemon.name for daemon in self.daemons}
        whole = all(daemon.alive() == names for daemon in self.daemons)
        if whole and self.figures["whole"] is None:
            self.figures["whole"] = time.monotonic() - self.started
        return whole

    def cast(self, instant):
        if self.spell is not None:
            self.network.around(0, **self.spell.at(instant))


def step(sides, seconds):
    """Run the pumps of all sides for `seconds` in all."""
    for side in sides:
        side.cluster.pump.pass_time(seconds / len(sides))


def observe(sides, seconds):
    """Count failures and packets for `seconds` in which no member crashes."""
    begin = time.monotonic()
    before = {side: side.network.packets for side in sides}
    while time.monotonic() - begin < seconds:
        for side in sides:
            side.cast(time.monotonic() - begin)
        step(sides, 0.05)
    took = time.monotonic() - begin
    for side in sides:
        side.figures["packets/s"] = (side.network.packets - before[side]) / took / len(side.daemons)
        side.figures["failures"] = len([1 for daemon in side.daemons for event in daemon.heard_of("member.failed", since=begin)])


def crash(sides, rng):
    """Kill the same member on each side, while the disturbances go on."""
    victim = rng.randrange(2, len(sides[0].daemons))
    begin = time.monotonic()
    killed = {side: side.daemons[victim].kill() for side in sides}

    def told(side):
        name = side.daemons[victim].name
        instants = [d.heard_of("member.failed", name, killed[side]) for d in side.daemons if d.name != name]
        return max(found[0]["at"] for found in instants) - killed[side] if all(instants) else None
    while time.monotonic() - begin < SECONDS_TO_FAIL and any(side.figures["told by all"] is None for side in sides):
        for side in sides:
            side.cast(time.monotonic() - begin)
        step(sides, 0.05)
        for side in sides:
            side.figures["told by all"] = told(side)
    for side in sides:
        if side.figures["told by all"] is None:
            side.faults.append(f"not all members reported the crash within {SECONDS_TO_FAIL} s")


def run(name, arguments):
    """Run one scenario. Returns the figures and faults of each side."""
    scenario, rng = SCENARIOS[name], random.Random(arguments.seed)
    with Cluster() as ours:
        if arguments.no_serf:
            return measure([Side("swimd", ours, ["--profile", "lan"], arguments.members, scenario)], arguments, rng)
        with Serfs() as theirs:
            return measure([Side("swimd", ours, ["--profile", "lan"], arguments.members, scenario),
                            Side("Serf", theirs, ["-profile", "lan"], arguments.members, scenario)], arguments, rng)


def measure(sides, arguments, rng):
    for side in sides:
        side.launch()
    begin = time.monotonic()
    while time.monotonic() - begin < SECONDS_TO_BE_WHOLE and not all([side.is_whole() for side in sides]):
        step(sides, 0.05)
    for side in sides:
        if side.figures["whole"] is None:
            side.faults.append(f"not all members listed all within {SECONDS_TO_BE_WHOLE} s of the last start")
    step(sides, SETTLING)
    observe(sides, arguments.seconds)
    crash(sides, rng)
    return {side.label: {"figures": side.figures, "faults": side.faults} for side in sides}


# ------------------------------------------------------------------------------------ all scenarios
def run_all(names, arguments):
    """Run each scenario in a process of its own, --jobs at a time. Returns {name: result}."""
    waiting, running, results = list(names), {}, {}
    while waiting or running:
        while waiting and len(running) < arguments.jobs:
            name = waiting.pop(0)
            command = [sys.executable, "-B", os.path.abspath(__file__), name, "--one", "--seed", str(arguments.seed),
                       "--members", str(arguments.members), "--seconds", str(arguments.seconds)]
            running[name] = subprocess.Popen(command + (["--no-serf"] if arguments.no_serf else []),
                                             stdout=subprocess.PIPE, text=True)
        for name, process in list(running.items()):
            try:
                output, _ = process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            del running[name]
            if process.returncode:
                print(output)
                sys.exit(f"bench_paths.py: {name}: exit status {process.returncode}")
            results[name] = json.loads(output.splitlines()[-1])
            print(f"  {name}: {show(results[name])}", flush=True)
    return results


def show(result):
    return "; ".join(f"{label} " + ", ".join(f"{name} {cell(value)}" for name, value in side["figures"].items())
                     for label, side in result.items())


def cell(value):
    return "-" if value is None else f"{value:d}" if isinstance(value, int) else f"{value:.2f}"


def table(results):
    columns = ["failures", "told by all", "packets/s", "whole"]
    labels = list(next(iter(results.values())))
    width = max(len(name) for name in results) + 2
    print("\n" + " " * width + "".join(f"{column:>20}" for column in columns))
    print(" " * width + "".join(f"{' / '.join(labels):>20}" for _ in columns))
    for name, result in results.items():
        print(f"{name:<{width}}" + "".join(
            f"{' / '.join(cell(result[label]['figures'][column]) for label in labels):>20}" for column in columns))


def worse(results):
    """Yield a text for each figure in which Serf is better."""
    for name, result in results.items():
        if "Serf" not in result:
            continue
        ours, theirs = result["swimd"]["figures"], result["Serf"]["figures"]
        for what in ("failures", "told by all", "whole"):
            if theirs[what] is not None and (ours[what] is None or ours[what] > theirs[what]):
                yield f"{name}: {what} {cell(ours[what])}, Serf's {cell(theirs[what])}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="run only these scenarios")
    parser.add_argument("--members", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--jobs", type=int, default=2, help="how many scenarios run at a time")
    parser.add_argument("--no-serf", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(SCENARIOS))
        return 0
    unknown = [name for name in arguments.scenario if name not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario {unknown[0]!r}; --list names them")
    if arguments.members < 4 or arguments.members > 250:
        parser.error("--members: from 4 to 250")
    for reason in (usable(), tunnels_unusable()):
        if reason:
            sys.exit(f"bench_paths.py: {reason}")
    if not arguments.no_serf and serf.program() is None:
        print("bench_paths.py: Serf is not installed. Install Serf (on Debian: "
              "apt-get install serf && systemctl disable --now serf), or measure swimd alone with --no-serf", file=sys.stderr)
        return UNAVAILABLE
    if arguments.one:
        print(json.dumps(run(arguments.scenario[0], arguments)))
        return 0
    print(f"{paths.SWIMD}, {arguments.members} members, {arguments.seconds:g} s each, --seed {arguments.seed}", flush=True)
    results = run_all(arguments.scenario or SCENARIOS, arguments)
    results = {name: results[name] for name in SCENARIOS if name in results}
    table(results)
    for text in worse(results):
        print(f"WORSE THAN SERF {text}")
    faults = [f"{name}: {label}: {fault}" for name, result in results.items()
              for label, side in result.items() for fault in side["faults"]]
    for fault in faults:
        print(f"NOTE {fault}")
    return 1 if any(side["faults"] for result in results.values() for label, side in result.items() if label == "swimd") else 0


if __name__ == "__main__":
    sys.exit(main())
