"""Judges the figures of bench_cluster.py: which bounds are missed, and which bounds were not measured.

`verdict.py --check` tests this file with made-up figures. Prints TAP.
"""
import argparse
import statistics
import sys

# Name of a figure: format. A figure has one value per round, or one per kill if it is in KILL_FIGURES.
FIGURES = {
    "whole s": "{:.2f}", "CPU ms/s": "{:.2f}", "PSS KiB": "{:.0f}", "bytes/s": "{:.0f}", "packets/s": "{:.2f}",
    "first says failed s": "{:.2f}", "all say failed s": "{:.2f}",
}
KILL_FIGURES = ("first says failed s", "all say failed s")

# Bounds of the medians: in seconds, and as a part of Serf's median.
LAN_MEDIAN, LAN_PART, FAST_MEDIAN = 3.0, 1 / 3, 1.0
# The members and kills for which the bounds are meant.
AGENTS, KILLS = 100, 10
BESIDE_THIRD = "all say failed s, median, beside a third of Serf's"
BESIDE_BYTES = "bytes/s, beside Serf's"


class Side:
    """One of the compared programs, with the figures and faults of its rounds."""

    def __init__(self, label, cluster=None, options=()):
        self.label, self.cluster, self.options = label, cluster, list(options)
        self.figures = {name: [] for name in FIGURES}
        self.false, self.faults = [], []

    def median(self, name):
        return statistics.median(self.figures[name]) if self.figures[name] else None

    def worst(self, name):
        return max(self.figures[name], default=None)


def false_failures(daemons, killed):
    """A text for each member.failed event about a member that ran. killed: {name: instant of the kill}, time.monotonic."""
    return [f"{d.name} says that {e['member']['name']} failed" for d in daemons for e in d.heard_of("member.failed")
            if e["at"] < killed.get(e["member"]["name"], float("inf"))]


class Verdict:
    """missed: the bounds that do not hold or could not be measured; left_out: the bounds that the options left out."""

    def __init__(self, agents, kills):
        self.agents, self.kills = agents, kills
        self.missed, self.left_out = [], []

    def bound(self, what, value, limit):
        if value is None or limit is None:
            self.missed.append(f"{what}: not measured")
        elif value > limit:
            self.missed.append(f"{what}: {value:.2f}, bound {limit:.2f}")
        elif self.agents < AGENTS:
            self.left_out.append(f"{what}: measured with {self.agents} members, not with {AGENTS}")

    def median(self, what, value, limit, sides):
        """Check the bound of a median, which needs KILLS kills on each of these sides."""
        count = min(len(side.figures["all say failed s"]) for side in sides)
        if self.kills == 0:
            self.left_out.append(f"{what}: no kills")
        elif count < min(self.kills, KILLS):
            self.missed.append(f"{what}: {count} of {self.kills} kills measured")
        else:
            before = len(self.missed)
            self.bound(what, value, limit)
            if self.kills < KILLS and len(self.missed) == before:
                self.left_out.append(f"{what}: measured with {self.kills} kills, not with {KILLS}")

    def closing(self):
        """(last line of the output, exit status)"""
        if self.missed:
            more = f", {len(self.left_out)} not measured" if self.left_out else ""
            return f"{len(self.missed)} missed{more}", 1
        if self.left_out:
            return "no bound missed; NOT MEASURED: " + "; ".join(self.left_out), 0
        return "all bounds held", 0


def judge(lan, other, fast, agents, kills):
    """The Verdict on three sides; `other` is Serf's, or None."""
    name, verdict = "all say failed s", Verdict(agents, kills)
    for side, limit in ((lan, LAN_MEDIAN), (fast, FAST_MEDIAN)):
        verdict.median(f"{side.label}, {name}, median", side.median(name), limit, [side])
    if other is None:
        verdict.left_out += [f"{lan.label}, {what}: without Serf" for what in (BESIDE_THIRD, BESIDE_BYTES)]
    else:
        theirs = other.median(name)
        verdict.median(f"{lan.label}, {BESIDE_THIRD}", lan.median(name),
                       None if theirs is None else LAN_PART * theirs, [lan, other])
        verdict.bound(f"{lan.label}, {BESIDE_BYTES}", lan.median("bytes/s"), other.median("bytes/s"))
    for side in (lan, fast):
        verdict.missed += [f"{side.label}: {text}" for text in side.false] + side.faults
    return verdict


# ------------------------------------------------------------------------------------ test with made-up figures
class Heard:
    """A daemon that has reported the failures `said`: (instant, name of the member)."""

    def __init__(self, *said):
        self.name, self.said = "n0", said

    def heard_of(self, _):
        return [{"at": at, "member": {"name": name}} for at, name in self.said]


def made_up(label, seconds, kills=10, bytes_per_second=100.0):
    side = Side(label)
    side.figures["all say failed s"] = [seconds] * kills
    side.figures["bytes/s"] = [] if bytes_per_second is None else [bytes_per_second]
    return side


def closing(agents=100, kills=10, lan=2.0, serf=9.0, fast=0.5, measured=None, serf_bytes=200.0):
    """The closing of a run whose other figures hold their bounds. serf: None for --no-serf; measured: Serf's measured kills."""
    sides = [made_up("lan", lan, kills),
             None if serf is None else made_up("Serf", serf, kills if measured is None else measured, serf_bytes),
             made_up("fast", fast, kills)]
    return judge(*sides, agents, kills).closing()


def tries():
    killed = {"n1": 10.0, "n2": 20.0}
    yield "a failure event after the kill is true", not false_failures([Heard((10.5, "n1"), (22.0, "n2"))], killed)
    yield "a failure event before the kill is false", \
        false_failures([Heard((12.0, "n2"), (22.0, "n2"))], killed) == ["n0 says that n2 failed"]
    yield "a failure event about a member that is never killed is false", len(false_failures([Heard((30.0, "n3"))], killed)) == 1
    yield "a complete run within its bounds holds all bounds", closing() == ("all bounds held", 0)
    yield "a figure beyond its bounds misses both of them", closing(lan=3.1) == ("2 missed", 1)
    yield "a figure beyond a third of Serf's misses one bound", closing(serf=5.0) == ("1 missed", 1)

    text, status = closing(serf=None)
    yield "a run without Serf leaves out the two bounds beside Serf", \
        status == 0 and "held" not in text and BESIDE_THIRD in text and BESIDE_BYTES in text and text.count(":") == 3
    text, status = closing(kills=1)
    yield "a run with one kill does not measure the medians of ten", \
        status == 0 and "held" not in text and text.count("measured with 1 kills, not with 10") == 3
    yield "a run with one kill can miss a bound", closing(kills=1, lan=5.0)[1] == 1
    text, status = closing(kills=0)
    yield "a run without kills measures no median", status == 0 and text.count("no kills") == 3
    text, status = closing(agents=50)
    yield "a run with 50 members does not measure the bounds of 100", \
        status == 0 and text.count("measured with 50 members, not with 100") == 4
    yield "kills of Serf agents that were not measured are missed", closing(measured=5) == ("1 missed", 1)
    yield "figures of a Serf cluster that never listed all are missed", closing(measured=0, serf_bytes=None) == ("2 missed", 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", required=True)
    parser.parse_args()
    tried = list(tries())
    print(f"1..{len(tried)}")
    for what, holds in tried:
        print(f"{'ok' if holds else 'not ok'} - {what}")
    return 0 if all(holds for _, holds in tried) else 1


if __name__ == "__main__":
    sys.exit(main())
