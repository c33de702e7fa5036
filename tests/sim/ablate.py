"""Shows what each rule of the protocol is good for: turns off one rule at a time, and tells what gets worse, by how much.

usage: ablate.py [--jobs N] BUILD-DIRECTORY [RULE]... (with sim-test in it). Prints a line for each rule.
       ablate.py --rows BUILD-DIRECTORY    runs nothing, and writes the results so far into swimd-protocol(7), below each
                                           comment "ablation of": for the rules that the entry above it is turned off as,
                                           and for those that the comment names.

The rules are those of src/base/rule.h. A rule is measured in stages, with the same seeds as a run with every rule on. The
first stage in which something gets worse is the last:

oracles    The scenarios that broken.py or swimd-protocol(7) knows to need the rule, with many seeds; the light scenarios; random
           swarms of both kinds.
           A fault that an oracle reports, a crash and a run that does not end count as worse.
figures    Figures that scenarios note (NOTED), and the experiments of sim-test with a small grid, with several seeds: false
           positives, suspicions, and the time until a failure or a newcomer is told.
           A figure is worse if its sum over the seeds is WORSE times the sum with every rule on, and with no seed is less.

For the rules in broken.MEASURED the figures come first. If nothing gets worse without a rule, the rule is of no use, or an
experiment is missing.

The results are kept in BUILD-DIRECTORY/ablation, a file for each rule, so that a run that was stopped can be continued. They
are measured again once sim-test has changed.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import textwrap

sys.dont_write_bytecode = True
import broken  # noqa: E402 beside this file

PAGE = pathlib.Path(__file__).resolve().parents[2] / "man" / "swimd-protocol.7"
WORSE = 1.1
SWARMS = {"swarm": 40, "swarm-mixed": 20}
SECONDS = 600               # an experiment that takes longer counts as endless
NEVER = 1e6                 # instead of a time that has no end, so that times can be added


def run(program, *arguments):
    return broken.simulate(program, *arguments)


def names(text):
    return re.findall(r"[\w-]{3,}", text)


def shown():
    """rule: [scenario], as the entries of swimd-protocol(7) have it."""
    found = {}
    for entry in PAGE.read_text(encoding="utf-8").split("\n.It Cm ")[1:]:
        words = dict(re.findall(r"(?m)^(Turned off as|Shown by)((?:\n\.Cm .*)+)$", entry))
        for rule in names(words.get("Turned off as", "")):
            found.setdefault(rule, []).extend(names(words.get("Shown by", "")))
    return found


def oracles(program, rule):
    """The first fault that an oracle reports without the rule, or None."""
    hunts = [(name, broken.KNOWN_SEEDS) for name in broken.KNOWN.get(rule, ())]
    hunts += [(name, SWARMS.get(name, 10)) for name in shown().get(rule, ())]
    runs = [("--scenario", name, "--seeds", str(count), "--seed", "1", "--first") for name, count in hunts]
    runs.append(("--quick", "--first"))
    runs += [("--scenario", name, "--seeds", str(count), "--seed", "1", "--first") for name, count in SWARMS.items()]
    trouble = None
    for arguments in runs:
        done = run(program, *arguments)
        if done.where:
            return f"{done.where[0]}, seed {done.where[1]}: {done.why}"
        if done.trouble:
            trouble = trouble or f"sim-test {' '.join(arguments)} {done.trouble}"
    # A crash hides the scenarios after it.
    for name in light(program) if trouble else ():
        done = run(program, "--scenario", name, "--seed", "1", "--first")
        if done.where:
            return f"{done.where[0]}, seed {done.where[1]}: {done.why}"
    return trouble


def light(program):
    """The names of the light scenarios."""
    listed = subprocess.run([*program, "--quick", "--list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


def rows_of(program, name, seed):
    """Rows of words; None: the experiment does not end by itself."""
    try:
        done = subprocess.run([*program, "--experiment", name, "--seed", str(seed), "--quick"], capture_output=True, text=True,
                              timeout=SECONDS, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return [line.split() for line in done.stdout.splitlines() if not line.startswith("#")] or None


def mean(rows, column):
    return statistics.fmean(NEVER if float(row[column]) < 0 else float(row[column]) for row in rows)


def interval(program, seed):
    rows = rows_of(program, "interval", seed)
    if rows is None:
        return {"false positives": NEVER}
    return {"false positives": sum(float(row[3]) for row in rows),
            "false positives of healthy members": sum(float(row[4]) for row in rows)}


def threshold(program, seed):
    rows = rows_of(program, "threshold", seed)
    if rows is None:
        return {"seconds until the first tells of stopped members": NEVER}
    return {"seconds until the first tells of stopped members": mean(rows, 1), "seconds until all tell of stopped members": mean(rows, 2)}


def detection(program, seed):
    rows = rows_of(program, "detection", seed)
    if rows is None:
        return {"seconds until all tell of a crash": NEVER}
    by = {}
    for row in rows:
        by.setdefault(" ".join(row[:2]), []).append(row)
    return {f"seconds until all tell of a crash ({name})": mean(of, 3) for name, of in by.items()}


# scenario: the figure in its notes, and what the figure is.
NOTED = {
    "flap-4s": (r"failed-events: (\d+)", "failures told of members that stop for 4 s again and again"),
    "flap-16s": (r"failed-events: (\d+)", "failures told of members that stop for 16 s again and again"),
    "lossy-flip": (r"told (\d+) failures", "failures that a member at 90 % loss tells of others"),
    "loss-30": (r"(\d+) suspected", "suspicions at 30 % loss"),
    "half-crash-400": (r"agree after ([\d.]+) s", "seconds until the survivors agree after half of 400 crashed"),
    "most-crash-100": (r"agree after ([\d.]+) s", "seconds until the survivors agree after three quarters of 100 crashed"),
    "flip-flop": (r"told (\d+) suspicions", "suspicions that healthy members tell of each other while one member is deaf again and again"),
    "tags-storm": (r"newcomer after ([\d.]+) s", "seconds until all list a newcomer while 300 members change their tags"),
}


def scenarios(program, seed):
    found = {}
    for name, (pattern, what) in NOTED.items():
        try:
            done = subprocess.run([*program, "--scenario", name, "--seed", str(seed), "--verbose"], capture_output=True, text=True,
                                  timeout=SECONDS, check=False)
            noted = re.search(pattern, done.stdout)
        except subprocess.TimeoutExpired:
            noted = None
        found[what] = float(noted[1]) if noted else NEVER
    return found


# Cheap ones first; how many seeds of each.
EXPERIMENTS = {"scenarios": (scenarios, 5), "threshold": (threshold, 3), "detection": (detection, 3), "interval": (interval, 2)}


def figures(program, name):
    """what: [figure of each seed]."""
    experiment, seeds = EXPERIMENTS[name]
    found = {}
    for seed in range(1, seeds + 1):
        for what, figure in experiment(program, seed).items():
            found.setdefault(what, []).append(round(figure, 3))
    return found


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def worse(before, after):
    """What of the figures got worse, in words."""
    for what, with_all in before.items():
        without = after.get(what) or [NEVER] * len(with_all)
        if sum(without) > sum(with_all) * WORSE and all(w >= b for w, b in zip(without, with_all)):
            told = "without end" if sum(without) >= NEVER else figure(statistics.fmean(without))
            yield f"{what}: {figure(statistics.fmean(with_all))} -> {told}"


class Kept:
    """What is known of each rule, in files; `None` is the run with every rule on."""

    def __init__(self, build):
        self.where = build / "ablation"
        self.sim = build / "sim-test"
        self.stamp = hashlib.sha256(self.sim.read_bytes()).hexdigest()[:16] if self.sim.exists() else ""

    def path(self, rule):
        return self.where / f"{rule or 'every-rule-on'}.txt"

    def read(self, rule, stale=False):
        try:
            known = json.loads(self.path(rule).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return known if stale or known.get("program") == self.stamp else {}

    def write(self, rule, known):
        self.where.mkdir(parents=True, exist_ok=True)
        new = self.path(rule).with_suffix(".new")
        new.write_text(json.dumps({**known, "program": self.stamp}, indent=1) + "\n", encoding="utf-8")
        new.replace(self.path(rule))


def measure(kept, rule, before=None):
    """What is known of the rule, with all that is needed to say whether something gets worse."""
    program = [str(kept.sim), *(["--without", rule] if rule else [])]
    known = kept.read(rule)
    if rule is None:
        stages = [*EXPERIMENTS]
    else:
        stages = [*EXPERIMENTS, "oracles"] if rule in broken.MEASURED else ["oracles", *EXPERIMENTS]
    for stage in stages:
        if rule and any(verdict(known, before)):
            break
        if stage not in known:
            known[stage] = oracles(program, rule) if stage == "oracles" else figures(program, stage)
            kept.write(rule, known)
    return known


def verdict(known, before):
    """What gets worse, in words."""
    for name in EXPERIMENTS:
        if name in known:
            yield from worse(before[name], known[name])
    if known.get("oracles"):
        yield known["oracles"]


def is_complete(known):
    return {*EXPERIMENTS, "oracles"} <= known.keys()


def claims(program):
    """The claim of each scenario."""
    listed = subprocess.run([*program, "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(maxsplit=1) for line in listed.splitlines())


def row(text, claimed):
    """What gets worse, as lines of the page: the fault of an oracle without node names, and without expressions in C."""
    spoke = re.match(r"([\w-]+), seed (\d+): (.*)$", text)
    if not spoke:
        return textwrap.wrap(text.replace("->", "to") + ".", 80)
    name, seed, word = spoke.groups()
    found_by = "" if seed == "1" else f" with seed {seed}"
    if word.startswith("not so: "):
        said = f"fails{found_by} its claim: {claimed[name]}" if name in claimed else f"fails{found_by}"
    else:
        said = f"fails{found_by}: " + re.sub(r"^(?:n\d+|[\d.]+:\d+)(?: (?:about|and) [\w.:]+?)?(?:: | )", "", word)
    return [f".Cm {name}", *textwrap.wrap(said + ".", 80)]


def page_with_rows(kept):
    """swimd-protocol(7) with what gets worse at each marker; and the rules that have a row, and those that have none."""
    before, claimed, lines, told = kept.read(None, True), claims([str(kept.sim)]), [], set()
    inside, rules, kind = False, [], None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if (marker := re.match(r'\.\\" ablation of [\w-]+(?:: (.*))?$', line)):
            inside = True
            lines.append(line)
            for rule in [*rules, *(marker[1] or "").split()]:
                known = kept.read(rule, True)
                found = list(verdict(known, before)) or (["nothing gets worse"] if is_complete(known) else [])
                if found:
                    told.add(rule)
                    lines += ["Without", f".Cm {rule} :", *row(found[0], claimed)]
            continue
        if line.startswith((".It ", ".El", ".Ss ", ".Sh ")):
            inside, rules = False, []
        if not line.startswith(".Cm "):
            kind = line
        elif kind == "Turned off as":
            rules += names(line)
        if not inside:
            lines.append(line)
    return "\n".join(lines) + "\n", told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("rules", nargs="*", metavar="RULE")
    options = parser.parse_args()
    kept = Kept(options.build)
    texts = broken.rule_texts(options.build)
    for rule in options.rules:
        if rule not in texts:
            parser.error(f"there is no rule {rule}; sim-test --rules lists them")
    if options.rows:
        page, told = page_with_rows(kept)
        PAGE.write_text(page, encoding="utf-8")
        for rule in texts:
            if rule not in told:
                why = "is not measured to the end, or has no marker" if kept.read(rule, True) else "is not measured"
                print(f"{rule} has no row: it {why}")
        return 0
    rules = options.rules or sorted(texts, key=lambda rule: rule not in broken.MEASURED)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        before = measure(kept, None)
        runs = {rule: pool.submit(measure, kept, rule, before) for rule in rules}
        for rule, known in runs.items():
            found = list(verdict(known.result(), before))
            print(f"{rule}: {texts[rule].rstrip()}")
            print("".join(f"    {text}\n" for text in found or ["nothing got worse"]), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
