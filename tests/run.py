"""Runs test programs in parallel and prints one closing line over all of them.

Each job is an argument KIND:NAME=COMMAND, where KIND says how its tests are counted:
  check   a Check program: each of its tests counts, and a crash outside of them is a failure; a test
          that prints a line "# skip NAME: why" and returns is counted as skipped
  tap     a program that prints TAP ("ok - NAME", "not ok - NAME", "ok - NAME # SKIP why")
  exit    any program: one test, passed if it exits 0, skipped if it exits 77
  pytest  a pytest command: each of its tests counts; run beside the other jobs and not counted among
          the --jobs, because pytest has workers of its own, and real daemons wait most of the time

Exit status: 0 if no test failed, 1 if a test failed, 2 if the arguments are wrong.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

# Ends a program that hangs. The limit is far above the time that a program takes on a busy machine.
SECONDS_A_JOB = 900
# Each test of pytest has a limit of its own, and without network namespaces the tests run one after the other.
SECONDS_OF_PYTEST = 7200
SECONDS_TO_END = 15


class Result:
    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []         # the names of the skipped tests
        self.reasons = []       # lines that say why tests were skipped; one line may stand for several tests

    def skip(self, line):
        self.skips.append(line)
        self.reasons.append(line)


def read_tap(text, result):
    planned = None
    for line in text.splitlines():
        plan = re.match(r"1\.\.(\d+)", line)
        if plan:
            planned = int(plan.group(1))
        match = re.match(r"(not )?ok\b[ \d]*(?:- )?(.*)", line)
        if not match:
            continue
        bad, name = match.groups()
        skip = re.search(r"#\s*skip\S*\s*(.*)", name, re.IGNORECASE)
        if skip:
            result.skip(f"{name[:skip.start()].strip()}: {skip.group(1)}")
        elif bad:
            result.failures.append(name)
        else:
            result.passed += 1
    return planned


def read_junit(path, result):
    """Count the tests of a JUnit file; the skipped tests of one file with one reason share a line."""
    skipped = {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            result.failures.append(name)
        elif skip is not None:
            file = case.get("classname").rpartition(".")[2]
            skipped.setdefault((file, skip.get("message")), []).append(case.get("name"))
        else:
            result.passed += 1
    for (file, reason), names in skipped.items():
        result.skips += names
        which = f"{file}.{names[0]}" if len(names) == 1 else f"{file}, {len(names)} tests"
        result.reasons.append(f"{which}: {reason}")


class Job:
    def __init__(self, text, build):
        match = re.fullmatch(r"(check|tap|exit|pytest):([^=]+)=(.+)", text, re.DOTALL)
        if not match:
            raise ValueError(f"not KIND:NAME=COMMAND with KIND check, tap, exit or pytest: {text!r}")
        self.kind, self.name, command = match.groups()
        self.command = shlex.split(command)
        stem = os.path.join(build, "log", re.sub(r"[^A-Za-z0-9._-]", "_", self.name))
        self.log, self.counts = stem + ".log", stem + ".counts"
        self.result = Result()
        self.seconds = 0.0
        self.limit = SECONDS_OF_PYTEST if self.kind == "pytest" else SECONDS_A_JOB

    def run(self, environment):
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        if os.path.exists(self.counts):
            os.remove(self.counts)
        environment = dict(environment)
        command = self.command
        if self.kind == "check":
            environment["CK_TAP_LOG_FILE_NAME"] = self.counts
        elif self.kind == "pytest":
            command = command + [f"--junitxml={self.counts}", "-p", "no:cacheprovider"]
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            try:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=subprocess.STDOUT, env=environment,
                                           start_new_session=True)
            except OSError as error:
                self.result.failures.append(f"cannot run {command[0]}: {error.strerror}")
                return self
            try:
                status = process.wait(self.limit)
            except subprocess.TimeoutExpired:
                # SIGTERM first, so that system tests end their daemons and namespaces.
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(SECONDS_TO_END)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                status = None
        self.seconds = time.monotonic() - begin
        self.count(status)
        return self

    def count(self, status):
        result = self.result
        if status is None:
            result.failures.append(f"did not end within {self.limit} s and was killed")
        planned = None
        try:
            if self.kind == "check":
                planned = read_tap(self.read(self.counts), result)
                # Check cannot mark a test as skipped, so the test prints a line.
                skips = re.findall(r"(?m)^# skip (.*)$", self.read(self.log))
                for line in skips:
                    result.skip(line)
                result.passed -= len(skips)
            elif self.kind == "tap":
                planned = read_tap(self.read(self.log), result)
            elif self.kind == "pytest":
                read_junit(self.counts, result)
            elif status == 77:
                lines = self.read(self.log).strip().splitlines()
                result.skip(lines[-1] if lines else "no reason given")
            elif status == 0:
                result.passed += 1
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            result.failures.append(f"wrote no readable list of its tests: {error}")
        seen = result.passed + len(result.failures) + len(result.skips)
        if planned is not None and seen < planned:
            result.failures.append(f"announced {planned} tests and ran {seen}")
        if status is not None and status < 0:
            result.failures.append(f"killed by {signal.Signals(-status).name}")
        elif status and not result.failures and not (self.kind == "exit" and status == 77):
            result.failures.append(f"exit status {status}")
        elif seen == 0 and not result.failures:
            result.failures.append("ran no test")

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def report(self):
        result = self.result
        counts = f"{result.passed} passed"
        if result.failures:
            counts += f", {len(result.failures)} failed"
        if result.skips:
            counts += f", {len(result.skips)} skipped"
        print(f"{'FAIL' if result.failures else 'ok  '} {self.name}: {counts} "
              f"({self.seconds:.1f} s)", flush=True)
        for reason in result.reasons:
            print(f"       skipped {reason}", flush=True)
        if result.failures:
            print(f"---- {shlex.join(self.command)}")
            print(self.read(self.log) if os.path.exists(self.log) else "", end="")
            for failure in result.failures:
                print(f"---- failed: {failure}")
            sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="build directory")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("job", nargs="+", metavar="KIND:NAME=COMMAND")
    arguments = parser.parse_args()
    try:
        jobs = [Job(text, arguments.build) for text in arguments.job]
    except ValueError as error:
        parser.error(str(error))

    build = os.path.abspath(arguments.build)
    # CK_DEFAULT_TIMEOUT, in seconds, ends a single Check test that hangs; no test takes so long on a busy machine.
    environment = dict(os.environ, CK_DEFAULT_TIMEOUT="60", SWIMD_BUILD=build,
                       PYTHONDONTWRITEBYTECODE="1",
                       ASAN_OPTIONS="detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1",
                       UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    # With these variables, a make that a test starts would join the job server of the make that started us.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        environment.pop(name, None)

    begin = time.monotonic()
    beside = [job for job in jobs if job.kind == "pytest"]
    with concurrent.futures.ThreadPoolExecutor(len(beside) or 1) as waiting, \
            concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        running = [(waiting if job in beside else pool).submit(job.run, environment) for job in jobs]
        for future in concurrent.futures.as_completed(running):
            future.result().report()

    failed = sum(len(job.result.failures) for job in jobs)
    print(f"{sum(job.result.passed for job in jobs)} passed, {failed} failed, "
          f"{sum(len(job.result.skips) for job in jobs)} skipped "
          f"in {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
