"""What each rule of the protocol is good for: turns off one rule at a time, and tells what gets worse, by how much.

usage: ablate.py [--jobs N] BUILD-DIRECTORY [RULE]... (with sim-test in it). Prints a line for each rule.

The rules are those of src/base/rule.h. Measured are the experiments of sim-test with a small grid (false positives, and how
long it takes until a failure is told), the light scenarios, and some random swarms, all with the same seeds as with every
rule on. A figure counts as worse from WORSE times the figure with every rule on. A rule that makes nothing worse is not shown
to be good for anything: then either the rule or an experiment is missing.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import statistics
import subprocess
import sys

WORSE = 1.1
SWARMS = 24
SECONDS = 600               # a run that takes longer does not end


def lines(program, *arguments):
    """What a run prints; None: it crashes, or does not end."""
    try:
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.splitlines() if done.returncode >= 0 else None


def experiment(program, name):
    """Rows of words; None: the experiment does not end by itself."""
    found = lines(program, "--experiment", name, "--seed", "1", "--quick")
    rows = [line.split() for line in found or () if not line.startswith("#")]
    return rows or None


def median(rows, column):
    return statistics.median(float("inf") if float(row[column]) < 0 else float(row[column]) for row in rows)


def interval(program):
    rows = experiment(program, "interval")
    if rows is None:
        return {"false positives (interval)": float("inf")}
    return {"false positives (interval)": sum(float(row[3]) for row in rows),
            "false positives of healthy members (interval)": sum(float(row[4]) for row in rows)}


def threshold(program):
    rows = experiment(program, "threshold")
    if rows is None:
        return {"s until the first tells (threshold)": float("inf")}
    return {"s until the first tells (threshold)": median(rows, 1), "s until all tell (threshold)": median(rows, 2)}


def detection(program):
    rows = experiment(program, "detection")
    if rows is None:
        return {"s until a crash is told (detection)": float("inf")}
    by = {}
    for row in rows:
        by.setdefault(" ".join(row[:2]), []).append(row)
    return {f"s until all tell of a crash ({name})": median(of, 3) for name, of in by.items()}


def scenarios(program):
    found = lines(program, "--quick")
    if found is None:
        return {"scenarios that fail": float("inf")}
    failed = [m[1] for line in found if (m := re.match(r"not ok - ([\w-]+): ", line))]
    return {"scenarios that fail": len(failed)}


def swarms(program):
    """The swarms that fail, by kind."""
    figures = {}
    for kind in "swarm", "swarm-mixed":
        found = lines(program, "--scenario", kind, "--seeds", str(SWARMS), "--seed", "1")
        failed = sum(line.startswith("# failed: ") for line in found or ())
        figures[f"of {SWARMS} {kind} seeds that fail"] = float("inf") if found is None else failed
    return figures


MEASURES = (interval, threshold, detection, scenarios, swarms)


def worse(before, after):
    """What of the figures got worse, in words."""
    for what, figure in after.items():
        base = before.get(what, 0)
        if figure > base * WORSE:
            yield f"{what}: {'a crash or no end' if figure == float('inf') else f'{base:g} -> {figure:g}'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("rules", nargs="*", metavar="RULE")
    options = parser.parse_args()
    sim = str(options.build / "sim-test")
    texts = dict(line.split(maxsplit=1) for line in lines([sim], "--rules"))
    for rule in options.rules:
        if rule not in texts:
            parser.error(f"there is no rule {rule}; sim-test --rules lists them")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        programs = {None: [sim], **{rule: [sim, "--without", rule] for rule in options.rules or texts}}
        runs = {rule: [pool.submit(measure, program) for measure in MEASURES] for rule, program in programs.items()}
        before = {what: figure for run in runs.pop(None) for what, figure in run.result().items()}
        for rule, measured in runs.items():
            found = [text for run in measured for text in worse(before, run.result())]
            print(f"{rule}: {texts[rule].rstrip()}")
            print("".join(f"    {text}\n" for text in found or ["nothing got worse"]), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
