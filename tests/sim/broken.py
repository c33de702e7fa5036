"""Tests the simulator's oracles: turns off one rule of the protocol at a time, and an oracle must report a fault.

usage: broken.py [--seeds N] BUILD-DIRECTORY [RULE]... (with sim-test in it). Prints TAP.
       broken.py --tries    tests only, on made-up output, what counts as a fault that an oracle reports.

The rules are those of src/base/rule.h, and sim-test --without turns one off. Without the rule the simulator runs the swarm
with seeds from 1 on, then every scenario with one seed, then with more seeds, until an oracle reports a fault. A crash or a
run that does not end is printed, but does not count as a fault.
"""
import argparse
import itertools
import pathlib
import re
import signal
import subprocess
import sys

SECONDS = 300               # a run that takes longer counts as endless
KNOWN_SEEDS = 3000          # of each scenario in KNOWN
# Scenarios whose oracles report a fault without the rule, but with few seeds only.
KNOWN = {"answer_is_told": ("short-life",), "ack_tells_us": ("one-image",), "misjudged_answers": ("one-image",),
    "leaver_is_asked": ("successor-among-base",), "reserve_before_speech": ("disk-crash",), "start_at_bound": ("disk-crash",),
    "damage_is_no_number": ("disk-damaged",), "seeds_asked_again": ("find-forgotten",),
    "own_seed_asked_again": ("find-name-changes",), "members_not_asked": ("find-multicast",),
    "left_not_asked": ("save-left",), "failed_save_repeated": ("save-no-room",), "earlier_stays": ("save-two-outages",),
    "ended_restored": ("save-ended",), "earlier_asked": ("save-restarts",), "others_file_unused": ("save-other-cluster",),
    "known_asked_alone": ("save-ended",), "foreigners_not_asked": ("find-foreigner",), "foreigners_forgotten": ("find-foreigner",),
    "first_foreigners_stay": ("find-foreign-flood",)}
MORE_SEEDS = 20             # of each scenario, if no scenario has reported a fault with one seed
TROUBLES_MAX = 3            # a rule is given up after this many runs that crashed or did not end
# No oracle reports a fault without these rules, so they are tried only if they are named. Without them swimd is slower or
# declares more members failed by mistake, which lifeguard.py measures; ablate.py measures the rules in the last line.
MEASURED = {
    "local_health", "coordinated_probes", "learnt_timeouts", "probe_order_skips", "outage_haste",
    "urgent_pushes", "confirmation", "last_questions", "verdict_is_confirmed", "gone_have_no_say",
    "stall_waits", "suspicion_shrinks", "short_suspicion",
    "change_is_no_join", "same_life_is_last", "recent_stall_counts", "confirmers_follow",
}


def rule_texts(build_dir):
    """The text of each rule that the simulator can turn off, by name."""
    lines = subprocess.run([build_dir / "sim-test", "--rules"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(maxsplit=1) for line in lines.splitlines())


class Run:
    """The result of a run. `where`: the scenario and seed of the first fault that an oracle reported, or None; `why`: that fault;
    `trouble`: how the run ended if it crashed, did not end or failed without a fault, or None; `finished`: seeds of the swarm."""

    ORACLE = re.compile(r"^# ([\w-]+), seed (\d+) at [0-9.]+ s: (.*)$", re.M)

    def __init__(self, output, status):
        spoke = self.ORACLE.search(output)
        self.where, self.why = ((spoke[1], int(spoke[2])), spoke[3][:110]) if spoke and status != 0 else (None, "")
        self.finished = len(re.findall(r"^# (?:failed: )?swarm seed \d+$", output, re.M))
        self.trouble = None
        if status is None:
            self.trouble = f"does not end within {SECONDS} s"
        elif status < 0:
            self.trouble = f"crashes ({signal.Signals(-status).name})"
        elif status != 0 and self.where is None:
            self.trouble = f"ends with status {status}, but no oracle reports a fault"

    def caught(self, program):
        name, seed = self.where
        more = f"; the run {self.trouble}" if self.trouble else ""
        again = f"{' '.join(program)} --scenario {name} --seed {seed} --trace"
        return f"caught by {name}, seed {seed}: {self.why}{more}; to repeat it: {again}"


def simulate(program, *arguments):
    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        try:
            output, status = process.communicate(timeout=SECONDS)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, status = process.communicate()[0], None
    return Run(output, status)


def swarms(program, seeds):
    """Yields (run, name, last seed). After a crash or an endless run it goes on with the next seed."""
    first = 1
    while first <= seeds:
        run = simulate(program, "--seeds", str(seeds - first + 1), "--seed", str(first), "--first", "--verbose")
        first += run.finished
        yield run, "swarm", first
        if not run.trouble:
            return
        first += 1


def scenarios(program):
    listed = subprocess.run([*program, "--quick", "--list"], capture_output=True, text=True, check=True).stdout
    # With most seeds other rumours and answers make up for one that is missing, so a fault may need more seeds.
    for first, count in ((1, 1), (2, MORE_SEEDS)):
        for name in (line.split()[0] for line in listed.splitlines()):
            if not name.startswith("swarm"):
                run = simulate(program, "--scenario", name, "--seeds", str(count), "--seed", str(first), "--first")
                yield run, name, run.where[1] if run.where else first


def known(program, rule):
    """Yields the same for the scenarios of this rule in KNOWN."""
    for name in KNOWN.get(rule, ()):
        run = simulate(program, "--scenario", name, "--seeds", str(KNOWN_SEEDS), "--seed", "1", "--first")
        yield run, name, run.where[1] if run.where else 1


def hunt(program, seeds, rule):
    """Returns the fault that an oracle reported, or None, and a list of the runs that crashed or did not end."""
    troubles = []
    for run, name, seed in itertools.chain(known(program, rule), swarms(program, seeds), scenarios(program)):
        if run.where:
            return run.caught(program), troubles
        if run.trouble:
            troubles.append(f"{name}, seed {seed}, {run.trouble}")
            if len(troubles) == TROUBLES_MAX:
                break
    return None, troubles


def tries():
    """Yields (claim, whether it holds) for made-up output."""
    swarm = "# swarm: 60 seeds from 1\n# swarm seed 1\n#   0.1 s\n# swarm seed 2\n#   0.1 s\n"
    fault = "# swarm, seed 3 at 1.5 s: n1 about n2: reported twice\n"
    failed = "# crash-3, seed 1 at 2.0 s: not so: x\nnot ok - crash-3: y\n"
    yield "a run that passes has no fault", Run(swarm, 0).where is None and Run(swarm, 0).trouble is None
    yield "a fault that an oracle reports counts, with its seed", Run(swarm + fault, 1).where == ("swarm", 3)
    yield "a failed expectation of a scenario counts", Run(failed, 1).where == ("crash-3", 1)
    aborted = Run(swarm + fault, -signal.SIGABRT)
    yield "a fault before a crash counts", aborted.where == ("swarm", 3)
    yield "the crash after a fault is told with it", "SIGABRT" in aborted.caught(["x"])
    for what, status in ("a crash", -signal.SIGSEGV), ("a run without end", None), ("a mistaken call", 64):
        run = Run(swarm, status)
        yield f"{what} alone is no fault", run.where is None and bool(run.trouble) and run.finished == 2


def check_tries():
    tried = list(tries())
    print(f"1..{len(tried)}")
    for what, holds in tried:
        print(f"{'ok' if holds else 'not ok'} - {what}")
    return 0 if all(holds for _, holds in tried) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--tries", action="store_true")
    parser.add_argument("build", type=pathlib.Path, nargs="?")
    parser.add_argument("rules", nargs="*", metavar="RULE")
    options = parser.parse_args()
    if options.tries:
        return check_tries()
    if options.build is None:
        parser.error("the build directory is missing")
    texts = rule_texts(options.build)
    rules = options.rules or [rule for rule in texts if rule not in MEASURED]
    for rule in [*rules, *MEASURED]:
        if rule not in texts:
            parser.error(f"there is no rule {rule}; sim-test --rules lists them")
    missed = 0
    print(f"1..{len(rules)}")
    for rule in rules:
        caught, troubles = hunt([str(options.build / "sim-test"), "--without", rule], options.seeds, rule)
        missed += caught is None
        print(f"{'not ok' if caught is None else 'ok'} - without {rule}: {texts[rule].rstrip()}")
        for trouble in troubles:
            print(f"#   {trouble}")
        print(f"#   {caught or 'no oracle reports a fault'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
