#!/usr/bin/python3
"""Measures swimd beside base peers with the behaviour and timing of real ones: false failures, missed changes, bytes sent.

usage: bench_base.py [--only TRIAL]... [--seconds 600] [--restarts 20] [--crowd 100] [--old SWIMD]

The trials have daemons with ordinary names and base peers whose ids are their addresses (tests/base_peer). Each trial runs on
loopback addresses in a network namespace of its own:

    peace       10 daemons and 10 base peers run for --seconds: no suspicion, no failure, and each list has 20 entries
    restarts    a daemon crashes, or stops by SIGTERM, --restarts times beside 3 base peers, and then a base peer starts; also
                with a state directory of the previous version, at incarnation 640
    events      3 daemons and 3 base peers: members of both kinds are killed, return and leave; members are stopped; partitions;
                pairs that cannot reach each other; a base peer is the only seed
    crowd       --crowd base peers start at once beside 3 daemons; the bytes and the processor time of a daemon meanwhile
    upgrade     10 daemons of an older swimd (--old) are replaced by this swimd, one at a time, beside 3 base peers

The table prints a bound beside each figure that has one. The exit status is 1 if a figure misses its bound. Base peers wait
0.1 s for an answer, so other work on the machine causes suspicions. Needs root.
"""
import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import REAL, Cluster, Mixed, TimedOut, paths, state_of_old, unwind_on_sigterm, usable  # noqa: E402

UNAVAILABLE = 69
SEEN = 2.0                          # seconds until base peers list a restarted daemon as alive
INTRODUCED = 5.0                    # seconds until a base peer that starts, or a member that returns, and all others list all
# Seconds from the end of a partition of 5 s until all list all again: the most in ten partitions of version 8241b2c, whose
# daemons had their addresses as names.
HEALED = 4.0
STEADY = 20                         # seconds over which costs are measured


class Table:
    def __init__(self):
        self.rows, self.missed = [], 0

    def row(self, trial, what, figure, bound=None, at_least=None):
        """Add and print a figure. bound: the highest value that is allowed; at_least: the lowest."""
        good = (bound is None or figure <= bound) and (at_least is None or figure >= at_least)
        self.missed += not good
        limit = "" if bound is None and at_least is None else f"≤ {bound}" if at_least is None else f"≥ {at_least}"
        figure = f"{figure:.2f}" if isinstance(figure, float) else str(figure)
        self.rows.append((trial, what, figure, limit, "" if good else "missed"))
        print("  ".join(filter(None, self.rows[-1])), flush=True)

    def print(self):
        widths = [max(len(row[n]) for row in self.rows) for n in range(5)]
        print()
        for row in self.rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


class Costs:
    """Measures the bytes sent and the processor time (ms) of a daemon per second, on average over the daemons."""

    def __init__(self, mixed):
        self.mixed, self.begin = mixed, time.monotonic()
        self.bytes, self.cpu = self.look()

    def look(self):
        return sum(self.mixed.sent_bytes()), sum(daemon.cpu_seconds() for daemon in self.mixed.cluster.running)

    def so_far(self):
        share = (time.monotonic() - self.begin) * len(self.mixed.cluster.running)
        sent, cpu = self.look()
        return (sent - self.bytes) / share, 1000 * (cpu - self.cpu) / share


def false_reports(table, trial, mixed, members):
    table.row(trial, "suspicions reported by all members", mixed.count("suspected") + mixed.told("member.suspected"), 0)
    table.row(trial, "failures reported by all members", mixed.count("failed") + mixed.told("member.failed"), 0)
    refused(table, trial, mixed)
    low, high = mixed.entries()
    table.row(trial, f"entries in the shortest list, of {members}", low, at_least=members)
    table.row(trial, f"entries in the longest list, of {members}", high, members)


def refused(table, trial, mixed):
    table.row(trial, "updates refused by base peers", mixed.count("refused"), 0)


def peace(table, mixed, options):
    mixed.start(10, 10)
    begin = time.monotonic()
    mixed.whole()
    table.row("peace", "s until all list all", time.monotonic() - begin, INTRODUCED)
    costs = Costs(mixed)
    mixed.cluster.pump.pass_time(options.seconds)
    rate, cpu = costs.so_far()
    table.row("peace", f"bytes/s of a daemon over {options.seconds} s", rate)
    table.row("peace", "CPU ms/s of a daemon", cpu)
    false_reports(table, "peace", mixed, 20)


def start_three(mixed, incarnation=None):
    daemons = [mixed.cluster.daemon(seeds=[] if n == 0 else [mixed.cluster.address(0)]) for n in range(3)]
    for daemon in daemons:
        if incarnation is not None:
            state_of_old(daemon, incarnation)
        daemon.launch()
    mixed.cluster.watch(daemons)
    mixed.cluster.whole()
    for n in range(3):
        mixed.peer([daemons[n].address])
    mixed.whole()
    return daemons


def restarts(clean, incarnation=None):
    def trial(table, mixed, options):
        name = f"{'clean restarts' if clean else 'crashes'}{'' if incarnation is None else f' at {incarnation}'}"
        daemons = start_three(mixed, incarnation)
        before = daemons[1].call("info")["incarnation"]
        seen, introduced = mixed.restarts(daemons[1], options.restarts, clean)
        table.row(name, f"s until all list the restarted daemon, most of {options.restarts}", seen, SEEN)
        table.row(name, "s until a late base peer and all others list all", introduced, INTRODUCED)
        table.row(name, "incarnations per restart", (daemons[1].call("info")["incarnation"] - before) / options.restarts, 16)
        refused(table, name, mixed)
    return trial


def timed(table, what, mixed, condition, bound=None):
    begin = time.monotonic()
    condition()
    table.row("events", what, time.monotonic() - begin, bound)


def events(table, mixed, _):
    daemons = start_three(mixed)
    daemon = daemons[1]
    daemon.kill()
    timed(table, "s until all list a killed daemon as dead", mixed, lambda: mixed.all_list(daemon, "dead"))
    daemon.launch()
    mixed.cluster.watch([daemon])
    timed(table, "s until all list that daemon again", mixed, mixed.whole, INTRODUCED)
    daemon.signal(signal.SIGSTOP)
    mixed.all_list(daemon, "dead")
    daemon.signal(signal.SIGCONT)
    timed(table, "s until all list a stopped and continued daemon again", mixed, mixed.whole, INTRODUCED)
    daemon.call("leave")
    daemon.ended()
    daemon.disconnect()
    timed(table, "s until all list a daemon that left as dead", mixed, lambda: mixed.all_list(daemon, "dead"))
    daemon.launch()
    mixed.cluster.watch([daemon])
    mixed.whole()
    peer = mixed.peers.pop()
    peer.close()
    timed(table, "s until all list a killed base peer as dead", mixed, lambda: mixed.all_list(peer, "dead"))
    peer = mixed.peer([daemons[0].address], peer.address)
    timed(table, "s until all list that base peer again", mixed, mixed.whole, INTRODUCED)
    peer.pause()
    mixed.all_list(peer, "dead")
    peer.resume()
    timed(table, "s until all list a stopped and continued base peer again", mixed, mixed.whole, INTRODUCED)
    peer.leave()
    peer.close()
    mixed.peers.remove(peer)
    timed(table, "s until all list a base peer that left as dead", mixed, lambda: mixed.all_list(peer, "dead"))
    mixed.peer([daemons[0].address], peer.address)
    mixed.whole()
    table.row("events", "s to heal after a partition of 5 s", mixed.partition(5), HEALED)
    table.row("events", "s to heal after a partition of 45 s", mixed.partition(45), 7.0)
    refused(table, "events", mixed)


def pairs(table, mixed, _):
    start_three(mixed)
    since = mixed.told("member.failed") + mixed.count("failed")
    mixed.cut_pairs()
    mixed.cluster.pump.pass_time(60)
    table.row("cut pairs", "failures reported in 60 s", mixed.told("member.failed") + mixed.count("failed") - since, 0)
    refused(table, "cut pairs", mixed)


def base_seed(table, mixed, _):
    first = mixed.peer([])
    daemons = [mixed.cluster.daemon(seeds=[first.address]) for _ in range(3)]
    for daemon in daemons:
        daemon.launch()
    begin = time.monotonic()
    mixed.cluster.watch(daemons)
    for daemon in daemons[1:]:
        mixed.peer([daemon.address])        # base peers do not gossip a joiner, so a daemon is the seed of these
    mixed.whole()
    table.row("base peer as seed", "s until all list all", time.monotonic() - begin, 2.0)
    false_reports(table, "base peer as seed", mixed, 6)


def crowd(table, mixed, options):
    name = f"{options.crowd} base peers"
    mixed.cluster.start(3)
    mixed.cluster.whole()
    costs = Costs(mixed)
    mixed.cluster.pump.pass_time(STEADY)
    rate, cpu = costs.so_far()
    table.row(name, "bytes/s of a daemon before base peers start", rate)
    table.row(name, "CPU ms/s of a daemon before base peers start", cpu)
    costs = Costs(mixed)
    for number in range(options.crowd):
        mixed.peer([mixed.cluster.daemons[number % 3].address])
    begin = time.monotonic()
    mixed.whole(120)
    table.row(name, f"s until all list {options.crowd + 3}", time.monotonic() - begin, 5.0)
    rate, cpu = costs.so_far()
    table.row(name, "bytes/s of a daemon until all list all", rate)
    table.row(name, "CPU ms/s of a daemon until all list all", cpu)
    costs = Costs(mixed)
    mixed.cluster.pump.pass_time(STEADY)
    rate, cpu = costs.so_far()
    table.row(name, "bytes/s of a daemon after that", rate)
    table.row(name, "CPU ms/s of a daemon after that", cpu)
    false_reports(table, name, mixed, options.crowd + 3)


def upgrade(table, mixed, options):
    if not options.old:
        print("upgrade: not run; set --old or the environment variable SWIMD_OLD to the swimd of an older version", flush=True)
        return
    failed = mixed.upgrade(options.old, paths.SWIMD)
    names = {daemon.name for daemon in mixed.cluster.daemons}
    table.row("upgrade", "failures reported by daemons of this version", mixed.told("member.failed"), 0)
    table.row("upgrade", "failures reported by daemons of the older version", failed)
    table.row("upgrade", "failures of daemons reported by base peers under the daemons' names",
              sum(who[0] in names and who[0] != who[1] for who in mixed.lost()))
    # A base peer reports a leave as a failure.
    table.row("upgrade", "failures of daemons reported by base peers under the daemons' addresses, one per leave",
              sum(who[0] == who[1] for who in mixed.lost()), len(mixed.cluster.daemons) * len(mixed.peers))
    begin = time.monotonic()
    mixed.whole(120)
    table.row("upgrade", "s until base peers have forgotten the names", time.monotonic() - begin)


TRIALS = {"peace": (peace,), "restarts": (restarts(False), restarts(True), restarts(False, 640), restarts(True, 640)),
          "events": (events, pairs, base_seed), "crowd": (crowd,), "upgrade": (upgrade,)}


def main():
    unwind_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(TRIALS), metavar="TRIAL", help=", ".join(TRIALS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--crowd", type=int, default=100)
    parser.add_argument("--old", default=os.environ.get("SWIMD_OLD"), metavar="SWIMD")
    options = parser.parse_args()
    if usable():
        print(f"bench_base: {usable()}", file=sys.stderr)
        return UNAVAILABLE
    table = Table()
    for name in options.only or TRIALS:
        for trial in TRIALS[name]:
            # Only the upgrade needs the events of base peers; the other trials need their counts.
            with Cluster() as cluster:
                try:
                    trial(table, Mixed(cluster, records=name == "upgrade", **REAL), options)
                except TimedOut as error:
                    print(f"{name}: {error}", flush=True)
                    table.row(name, "trials that timed out", 1, 0)
    table.print()
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
