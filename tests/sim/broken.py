"""Tests the simulator's oracles: turns off one rule of the protocol at a time, and each must be caught.

usage: broken.py [--seeds N] BUILD-DIRECTORY [RULE]... (with sim-test in it). Prints TAP.
       broken.py --tries    only tries on made-up output what counts as caught.

The rules are those of src/base/rule.h, and sim-test --without turns one off. First the swarm hunts the simulator without
the rule with seeds from 1 on, then the scenarios with one seed and with more, until an oracle speaks; that the simulator
crashes or does not end is told, and catches nothing.
"""
import argparse
import itertools
import pathlib
import re
import signal
import subprocess
import sys

SECONDS = 300               # a run that takes longer does not end
KNOWN_SEEDS = 1000          # of a scenario that catches a rule with few of its seeds
KNOWN = {"answer_is_told": ("short-life",), "ack_tells_us": ("one-image",), "misjudged_answers": ("one-image",),
    "leaver_is_asked": ("successor-among-base",), "reserve_before_speech": ("disk-crash",), "start_at_bound": ("disk-crash",),
    "damage_is_no_number": ("disk-damaged",), "seeds_asked_again": ("find-forgotten",),
    "own_seed_asked_again": ("find-name-changes",), "members_not_asked": ("find-multicast",)}
MORE_SEEDS = 20             # of each scenario, once the first seed of none has caught it
TROUBLES_MAX = 3            # runs that crashed or did not end before a hunt is given up
# Without these swimd is slower or declares more members failed by mistake, which lifeguard.py measures. They are hunted only
# when they are named. Nor does an oracle speak for those in the last line; ablate.py tells what gets worse without them.
MEASURED = {
    "local_health", "coordinated_probes", "learnt_timeouts", "probe_order_skips", "outage_haste",
    "urgent_pushes", "confirmation", "last_questions", "verdict_is_confirmed", "gone_have_no_say",
    "stall_waits", "suspicion_shrinks", "short_suspicion",
    "change_is_no_join", "same_life_is_last", "recent_stall_counts", "confirmers_follow",
}


def rule_texts(build_dir):
    """Rules that the simulator turns off, with the sentence of each."""
    lines = subprocess.run([build_dir / "sim-test", "--rules"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(maxsplit=1) for line in lines.splitlines())


class Run:
    """What a run came to: `where` is None unless an oracle spoke; `trouble` where it ended other than by itself."""

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
            self.trouble = f"ends with status {status} and no oracle's word"

    def caught(self, program):
        name, seed = self.where
        more = f"; and it {self.trouble}" if self.trouble else ""
        return f"caught by {name}, seed {seed}: {self.why}{more}; see it by {' '.join(program)} --scenario {name} --seed {seed} --trace"


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
    """(run, name, seed where it ended), again from the seed after one that it did not live through."""
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
    # What a rumour or an answer that is missing does, others make good with most seeds.
    for first, count in ((1, 1), (2, MORE_SEEDS)):
        for name in (line.split()[0] for line in listed.splitlines()):
            if not name.startswith("swarm"):
                run = simulate(program, "--scenario", name, "--seeds", str(count), "--seed", str(first), "--first")
                yield run, name, run.where[1] if run.where else first


def known(program, rule):
    """The scenarios that are known to catch this rule with few seeds, with many seeds each."""
    for name in KNOWN.get(rule, ()):
        run = simulate(program, "--scenario", name, "--seeds", str(KNOWN_SEEDS), "--seed", "1", "--first")
        yield run, name, run.where[1] if run.where else 1


def hunt(program, seeds, rule):
    """What caught it or None, and the troubles on the way: a crash or an endless run is no oracle's word."""
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
    """Of made-up output."""
    swarm = "# swarm: 60 seeds from 1\n# swarm seed 1\n#   0.1 s\n# swarm seed 2\n#   0.1 s\n"
    word = "# swarm, seed 3 at 1.5 s: n1 of n2: reported twice\n"
    yield "a run that is well catches nothing", Run(swarm, 0).where is None and Run(swarm, 0).trouble is None
    yield "an oracle's word counts, with its seed", Run(swarm + word, 1).where == ("swarm", 3)
    yield "so does a scenario's", Run("# crash-3, seed 1 at 2.0 s: not so: x\nnot ok - crash-3: y\n", 1).where == ("crash-3", 1)
    aborted = Run(swarm + word, -signal.SIGABRT)
    yield "a crash after an oracle's word counts, and is told", aborted.where == ("swarm", 3) and "SIGABRT" in aborted.caught(["x"])
    for what, status in ("a crash", -signal.SIGSEGV), ("a run without end", None), ("a mistaken call", 64):
        run = Run(swarm, status)
        yield f"{what} alone does not", run.where is None and bool(run.trouble) and run.finished == 2


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
        parser.error("which build directory?")
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
        print(f"#   {caught or 'no oracle caught it'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
