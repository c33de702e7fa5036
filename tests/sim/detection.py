"""Measures in the simulator the times until a crash is told, by profile and cluster size: the table in swimd.conf(5).

usage: detection.py [--check] BUILD-DIRECTORY (with sim-test in it). Prints the table in the markup of the page. With --check
it makes a short run, and prints a TAP line that says whether its medians differ by at most a quarter from those in the page.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "man" / "swimd.conf.5"
PROFILES = ("lan", "wan", "local", "fast")
ROW = re.compile(r"^\.It ([\d,]+), (first|all) Ta (.*)$", re.M)
TOLERANCE = 0.25


def measured(build, quick):
    """{(size, "first" or "all"): {profile: (median, 99th percentile)}}, in seconds."""
    command = [str(build / "sim-test"), "--experiment", "detection", *(["--quick"] if quick else [])]
    runs = collections.defaultdict(list)
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        if line.startswith("#"):
            continue
        profile, size, first, last = line.split()
        runs[int(size), "first", profile].append(float(first))
        runs[int(size), "all", profile].append(float(last))
    table = collections.defaultdict(dict)
    for (size, what, profile), seconds in runs.items():
        ranked = sorted(float("inf") if s < 0 else s for s in seconds)
        table[size, what][profile] = (ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)])
    return table


def page_table():
    return {(int(size.replace(",", "")), what): dict(zip(PROFILES, (float(c.split("/")[0]) for c in cells.split("Ta"))))
            for size, what, cells in ROW.findall(PAGE.read_text(encoding="utf-8"))}


def check(build):
    page, faults = page_table(), []
    for key, row in measured(build, True).items():
        for profile, (median, _) in row.items():
            stated = page.get(key, {}).get(profile)
            if stated is None:
                faults.append(f"{key[0]} members, {key[1]}, {profile}: the page has no such cell")
            elif not abs(median - stated) <= TOLERANCE * stated:
                faults.append(f"{key[0]} members, {key[1]}, {profile}: {stated} s in the page, {median:.2f} s measured")
    print(f"{'not ok' if faults else 'ok'} - swimd.conf(5) has the times until a crash is told")
    for fault in faults:
        print(f"# {fault}")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    if options.check:
        print("1..1")
        return check(options.build)
    print('.Bl -column "1,000, first" "1.95 / 3.20" "6.20 / 9.90" "1.45 / 2.70" "0.48 / 0.69" -offset indent')
    print(".It Sy members Ta " + " Ta ".join(f"Sy {p}" for p in PROFILES))
    for (size, what), row in measured(options.build, False).items():
        print(f".It {size:,}, {what} Ta " + " Ta ".join(f"{row[p][0]:.2f} / {row[p][1]:.2f}" for p in PROFILES))
    print(".El")
    return 0


if __name__ == "__main__":
    sys.exit(main())
