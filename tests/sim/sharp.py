"""Measures in the simulator how long a member may be cut off until others tell that it failed, and how soon a crash is told.

usage: sharp.py [--quick] [--trials N] [--profiles LIST] [--sizes LIST] [--jobs N] [--alone] BUILD-DIRECTORY (with sim-test in it).
Exits with 1 if a bound is missed. With --check it makes a short run of each fault, and prints TAP lines.

The longest silence that nobody calls a failure is the tolerance; sharpness is the tolerance divided by the time in which 99 % of the
crashes are told by all. A detector that gets one sign of life a second cannot be much sharper than 0.65 with a tolerance of 2 s.
Clusters of 1,000 members get a tenth of the trials.

For comparison, two other detectors are measured, which are the same core with rules turned off (sim-test --without): plain SWIM, and
Lifeguard as it was published. Lifeguard has local health, nacks, suspicions that shrink with each accuser, pings that tell a suspect of
its suspicion, and suspicions as long as those of memberlist. The probe interval of both is set so that an idle cluster sends as many
bytes as one of swimd.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys

from lifeguard import NOTHING_BUT_SWIM, PLAIN

INTERVAL = {"lan": 1.0, "wan": 3.0, "local": 1.0, "fast": 0.2}   # seconds, of the profiles in src/core/profile.c
TOLERANCE = {"lan": 2.0, "wan": 6.0, "local": 1.0, "fast": 0.3}  # seconds
FACTORS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)             # cuts, in tolerances
SHORT_FACTORS = (0.5, 1.0, 1.5)                                  # of one-way cuts and pauses
LONG_FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)   # cuts for the comparison of systems
LOSSES = (0, 0.1, 0.3)
KINDS = {"deaf": "nothing arrives at one member", "mute": "nothing arrives from one member", "pause": "one member stands still"}
ROUND_TRIPS = (0.2, 0.6, 1.2, 3.0)  # seconds, added to the usual ones
DISTURBANCES = {"2 s more for 8 s": ("spike", 8, ",quiet=1"), "10 kB/s, filled 3 s": ("fill", 3, ",rate=10000"),
                "3 kB/s, filled 3 s": ("fill", 3, ",rate=3000"), "3 kB/s, filled 20 s": ("fill", 20, ",rate=3000")}
LONG_TRIALS = 20                    # of long round trips and of DISTURBANCES, as a trial lasts up to a minute
LIFEGUARD = [rule for rule in NOTHING_BUT_SWIM if rule not in ("local_health", "suspect_is_told")] + ["short_suspicion"]
SYSTEMS = {"swimd": [], "Lifeguard": LIFEGUARD, "plain SWIM": PLAIN}
RARE = 1 / 1000  # the share of tolerated silences that may be told as a failure

# Bounds by size: shares of a tolerance in which half and 99 % of the crashes are told, and the sharpness.
BOUNDS = {12: (1.5, 1.7, 0.58), 100: (1.5, 1.8, 0.55)}
LOSSY, LOSSY_RARE, LOSSY_P99 = 0.1, 1 / 200, 2.25

Point = collections.namedtuple("Point", "system profile members fault seconds loss extra", defaults=(0, ""))


class Runs:
    """The results of points, each a dictionary of figures."""

    def __init__(self, options):
        self.options, self.results, self.intervals = options, {}, {}

    def trials(self, point):
        trials = max(1, self.options.trials // (10 if point.members >= 1000 else 1))
        return min(trials, LONG_TRIALS) if point.extra else trials

    def run(self, point, trials=None):
        settings = {"profile": point.profile, "members": point.members, "loss": point.loss,
                    "trials": self.trials(point) if trials is None else trials, point.fault: point.seconds}
        words = ",".join(f"{key}={value}" for key, value in settings.items()) + point.extra + self.intervals.get(point[:3], "")
        command = [str(self.options.build / "sim-test"), "--point", words, "--seed", str(self.options.seed)]
        if SYSTEMS[point.system]:
            command += ["--without", ",".join(SYSTEMS[point.system])]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        figures = {}
        for line in lines:
            if line.startswith(("idle ", "sum ")):
                figures |= {key: float(value) for key, _, value in (word.partition("=") for word in line.split() if "=" in word)}
        return figures

    def run_all(self, points):
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            # Large clusters take the longest, so they begin first.
            todo = sorted(set(points) - set(self.results), key=lambda p: -p.members)
            for point, figures in zip(todo, pool.map(self.run, todo)):
                self.results[point] = figures

    def equal_bytes(self, profile, members):
        """Set the probe intervals of the other systems so that their idle clusters send as many bytes as those of swimd."""
        interval = INTERVAL[profile]
        own = self.run(Point("swimd", profile, members, "idle", 0), 0)["idle_bytes"]
        for system in list(SYSTEMS)[1:]:
            other = self.run(Point(system, profile, members, "idle", 0), 0)["idle_bytes"]
            self.intervals[system, profile, members] = f",interval={interval * other / own:.3f}"

    def share(self, point):
        return self.results[point]["wrong"] / self.results[point]["trials"]

    def told(self, point):
        figures = self.results[point]
        return f"{figures['tellers'] / figures['trials']:.1f} / {figures['mean_datagrams']:.1f}"

    def cell(self, point):
        """The share of trials in which anybody told a failure, in per cent, and by how many on average."""
        figures = self.results[point]
        by = f" ({figures['tellers'] / figures['wrong']:.0f})" if figures["wrong"] else ""
        return f"{100 * self.share(point):.1f}{by}"


def cut(system, profile, members, factor, fault="cut", loss=0):
    return Point(system, profile, members, fault, round(factor * TOLERANCE[profile], 4), loss)


def crash(system, profile, members, loss=0):
    return Point(system, profile, members, "crash", 1, loss)


def path(profile, members, setting, round_trip):
    return Point("swimd", profile, members, "idle", 60, 0, f",{setting}={round_trip},quiet=0")


def disturbance(profile, members, name):
    fault, seconds, extra = DISTURBANCES[name]
    return Point("swimd", profile, members, fault, seconds, 0, extra)


def table(title, columns, rows):
    width = max(14, 2 + max(len(c) for c in columns))
    print(f"\n{title}")
    print(f"{'':22}" + "".join(f"{c:>{width}}" for c in columns))
    for name, cells in rows:
        print(f"{name:22}" + "".join(f"{c:>{width}}" for c in cells))


def print_cuts(runs, profile, sizes):
    tolerance = TOLERANCE[profile]
    table(f"{profile}: one member is cut off; share of cuts in which anybody tells a failure, in per cent (told by how many)",
          [f"{f * tolerance:.3g} s" for f in FACTORS],
          [(f"{n:,} members", [runs.cell(cut("swimd", profile, n, f)) for f in FACTORS]) for n in sizes])
    for kind, text in KINDS.items():
        table(f"{profile}: {text}", [f"{f * tolerance:.3g} s" for f in SHORT_FACTORS],
              [(f"{n:,} members", [runs.cell(cut("swimd", profile, n, f, kind)) for f in SHORT_FACTORS]) for n in sizes])


def crash_cells(figures, tolerance):
    return [f"{figures['p50']:.2f}", f"{figures['p99']:.2f}", f"{figures['worst']:.2f}", f"{tolerance / figures['p99']:.2f}",
            f"{figures['idle_bytes']:.0f}", f"{figures['idle_datagrams']:.2f}", f"{figures['mean_bytes']:.0f}"]


def print_crashes(runs, profile, sizes):
    table(f"{profile}: seconds until all tell of a crash, and the load of a member a second",
          ["p50", "p99", "worst", "sharpness", "idle B", "idle dgrams", "mean B"],
          [(f"{n:,}, loss {loss:.0%}", crash_cells(runs.results[crash("swimd", profile, n, loss)], TOLERANCE[profile]))
           for n in sizes for loss in LOSSES])


def print_paths(runs, profile, sizes):
    for setting, text in (("path", "to one member"), ("halves", "between halves")):
        table(f"{profile}: round trips {text} for 60 s: members that tell a failure, and datagrams a second and member",
              [f"{r:.3g} s" for r in ROUND_TRIPS],
              [(f"{n:,} members", [runs.told(path(profile, n, setting, r)) for r in ROUND_TRIPS]) for n in sizes])
    table(f"{profile}: delays and thin lines of one member: members that tell a failure each time, and datagrams a second and member",
          DISTURBANCES, [(f"{n:,} members", [runs.told(disturbance(profile, n, name)) for name in DISTURBANCES]) for n in sizes])


def tolerated(runs, system, profile, members):
    """The longest of the cuts below the first that is told too often, in seconds."""
    longest = 0
    for factor in LONG_FACTORS:
        if runs.share(cut(system, profile, members, factor)) > RARE:
            break
        longest = factor * TOLERANCE[profile]
    return longest


def print_beside(runs, profile, sizes):
    rows = []
    for n in sizes:
        for system in SYSTEMS:
            longest = tolerated(runs, system, profile, n)
            rows.append((f"{n:,}, {system}", [f"{longest:.3g}", *crash_cells(runs.results[crash(system, profile, n)], longest)]))
    table(f"{profile}: beside others at equal bytes: the longest cut tried that is told at most once in 1,000, and crashes",
          ["tolerates", "p50", "p99", "worst", "sharpness", "idle B", "idle dgrams", "mean B"], rows)
    table(f"{profile}: share of cuts told, in per cent (by how many)", [f"{f * TOLERANCE[profile]:.3g} s" for f in LONG_FACTORS],
          [(f"{n:,}, {system}", [runs.cell(cut(system, profile, n, f)) for f in LONG_FACTORS]) for n in sizes for system in SYSTEMS])


def faults(runs, profile, members):
    """Yields (what, figure, bound, met) for each bound."""
    half, most, sharp = BOUNDS[members]
    tolerance = TOLERANCE[profile]
    for kind in ("cut", "pause"):
        for factor in FACTORS if kind == "cut" else SHORT_FACTORS:
            if factor <= 1:
                share = runs.share(cut("swimd", profile, members, factor, kind))
                yield f"share of {kind}s of {factor * tolerance:.3g} s that are told", share, RARE, share <= RARE
    figures = runs.results[crash("swimd", profile, members)]
    yield "crash told by all, p50", figures["p50"], half * tolerance, figures["p50"] <= half * tolerance
    yield "crash told by all, p99", figures["p99"], most * tolerance, figures["p99"] <= most * tolerance
    yield "sharpness", tolerance / figures["p99"], sharp, tolerance / figures["p99"] >= sharp
    share = runs.share(cut("swimd", profile, members, 1, loss=LOSSY))
    yield f"share of cuts of {tolerance:.3g} s that are told at {LOSSY:.0%} loss", share, LOSSY_RARE, share <= LOSSY_RARE
    p99 = runs.results[crash("swimd", profile, members, LOSSY)]["p99"]
    yield f"crash told by all at {LOSSY:.0%} loss, p99", p99, LOSSY_P99 * tolerance, p99 <= LOSSY_P99 * tolerance


def points(profile, sizes, beside):
    for n in sizes:
        yield from (cut("swimd", profile, n, f) for f in FACTORS)
        yield cut("swimd", profile, n, 1, loss=LOSSY)
        yield from (cut("swimd", profile, n, f, kind) for kind in KINDS for f in SHORT_FACTORS)
        yield from (crash("swimd", profile, n, loss) for loss in LOSSES)
    for n in beside:
        yield from (path(profile, n, setting, r) for setting in ("path", "halves") for r in ROUND_TRIPS)
        yield from (disturbance(profile, n, name) for name in DISTURBANCES)
        for system in SYSTEMS:
            yield from (cut(system, profile, n, f) for f in LONG_FACTORS)
            yield crash(system, profile, n)


CHECK_TRIALS, CHECK_FACTOR = 40, 2.0  # crashes of a short run are told by all within so many tolerances


def check(options):
    """One short run of each fault: the experiment works, and half a tolerance of silence is told by nobody."""
    options.trials = CHECK_TRIALS
    runs = Runs(options)
    silences = [cut("swimd", "lan", 12, 0.5, kind) for kind in ("cut", *KINDS)]
    runs.run_all([*silences, crash("swimd", "lan", 12), *(disturbance("lan", 12, name) for name in DISTURBANCES)])
    worst = runs.results[crash("swimd", "lan", 12)]["worst"]
    told = {p.fault: runs.cell(p) for p in silences if runs.share(p) > 0}
    print("1..2")
    print(f"{'not ok' if told else 'ok'} - silence of half the tolerance is told by nobody {told or ''}")
    late = worst > CHECK_FACTOR * TOLERANCE["lan"]
    print(f"{'not ok' if late else 'ok'} - all tell of every crash: {worst:.2f} s at most")
    return 1 if told or late else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="profile lan, 12 and 100 members, 100 trials a point")
    parser.add_argument("--check", action="store_true", help="a short run, with TAP output")
    parser.add_argument("--alone", action="store_true", help="swimd alone, without long paths")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--profiles", default="lan,wan,local,fast")
    parser.add_argument("--sizes", default="3,12,100,1000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    if options.quick:
        options.profiles, options.sizes, options.trials = "lan", "12,100", 100
    return options


def main():
    options = arguments()
    if options.check:
        return check(options)
    runs, missed = Runs(options), []
    sizes = [int(n) for n in options.sizes.split(",")]
    bounded = [n for n in sizes if n in BOUNDS]
    for profile in options.profiles.split(","):
        beside = [] if options.alone else bounded
        for n in beside:
            runs.equal_bytes(profile, n)
        runs.run_all(points(profile, sizes, beside))
        print_cuts(runs, profile, sizes)
        print_crashes(runs, profile, sizes)
        if beside:
            print_paths(runs, profile, beside)
            print_beside(runs, profile, beside)
        print(flush=True)
        for n in bounded:
            for what, figure, bound, met in faults(runs, profile, n):
                line = f"{profile}, {n} members: {what}: {figure:.3f}, bound {bound:.3f}"
                print(f"{'ok' if met else 'not ok'} - {line}", flush=True)
                missed += [] if met else [line]
    print(f"\n{len(missed)} bounds are missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
