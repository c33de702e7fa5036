"""Checks what ships beside the programs: man pages, systemd units, version, links. Prints TAP.

usage: docs.py BUILD-DIRECTORY
"""
import math
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def lint(page):
    # The pages of other packages may be missing on this machine; references() checks the pages of ours.
    return [line for line in run("mandoc", "-Tlint", str(page))[1]
            if "referenced manual not found" not in line and "outdated mandoc.db lacks" not in line]


def references(page):
    ours = {p.name for p in TOP.glob("man/*.[1-8]")}
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = re.match(r"\.Xr (swim\S*) (\d)", line)
        if match and f"{match.group(1)}.{match.group(2)}" not in ours:
            yield f"{page.relative_to(TOP)}:{number}: no page {match.group(1)}({match.group(2)})"


def verify_units(build):
    where = build / "docs" / "units"
    shutil.rmtree(where, ignore_errors=True)
    code, lines = run("make", "-C", str(TOP), "-s", f"BUILD={build.resolve()}", "install-units",
                      f"UNITDIR={where.resolve()}", f"SYSUSERSDIR={where.resolve()}/sysusers.d",
                      f"SBINDIR={build.resolve()}", f"BINDIR={build.resolve()}")
    if code:
        return lines
    units = sorted(str(p) for p in where.glob("*.*") if p.suffix in (".service", ".socket"))
    code, lines = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    return lines + ([f"systemd-analyze: exit status {code}"] if code else [])


def version(build):
    wanted = re.search(r"AC_INIT\(\[swimd\], \[(.*?)\]\)", (TOP / "configure.ac").read_text()).group(1)
    news = (TOP / "NEWS").read_text()
    if not re.search(rf"(?m)^(swimd )?{re.escape(wanted)}\b", news):
        yield f"NEWS: no paragraph begins with {wanted}, the version in configure.ac"
    for program in ("swimd", "swimctl"):
        code, lines = run(str(build / program), "--version" if program == "swimd" else "version")
        if code or wanted not in " ".join(lines):
            yield f"{program}: prints {' '.join(lines)!r} instead of version {wanted}"


def links():
    for text in ("README.md", "HACKING.md"):
        for number, line in enumerate((TOP / text).read_text().splitlines(), 1):
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", line):
                if not (TOP / target).exists():
                    yield f"{text}:{number}: no file {target}"


def files_named():
    """Paths in HACKING.md are relative to the top or to src/ and may lack the .c; X stands for any name."""
    for number, line in enumerate((TOP / "HACKING.md").read_text().splitlines(), 1):
        for path in re.findall(r"`(\.?\w+(?:/[\w.*-]+)+/?)`", line):
            pattern = re.sub(r"\bX\b|(?<=_)X\b", "*", path.rstrip("/"))
            if not path.startswith("build/") and not any(
                    next((TOP / where).glob(pattern + end), None) for where in (".", "src") for end in ("", ".c")):
                yield f"HACKING.md:{number}: no file {path}"


PROTOCOL = TOP / "man" / "swimd-protocol.7"
CORE = TOP / "src" / "core"
# The values of the words in the formulas of swimd-protocol(7) that are not settings. The settings are those of profile lan.
FORMULA = {"N": 10, "health": 0, "haste": 1, "questions": 3, "rttvar": 0, "c": 3, "k": 3, "returns": 1, "tries": 1,
           "min": min, "max": max, "log": math.log, "log10": math.log10, "dead_retention": 86400, "left_retention": 86400}


def profile():
    """The settings of profile lan, in seconds, from the table in swimd.conf(5); a unit test compares that table with the code."""
    page = (TOP / "man" / "swimd.conf.5").read_text()
    rows = re.findall(r"(?m)^\.It (\w+) Ta ([\d.]+)(ms|s|) Ta", page)
    return {name: float(value) / (1000 if unit == "ms" else 1) for name, value, unit in rows}


def constants(path):
    """The #defines of a file: {name: expression}, times in seconds."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    found = {}
    for name, value in re.findall(r"(?m)^#define (\w+)[ \t]+(.+)$", text):
        value = re.sub(r"swim_ms(\(\w+\))", r"(\1 / 1000)", value).replace("swim_seconds", "")
        value = re.sub(r"U?INT64_C|(?<=\d)U\b", "", value)
        found[name] = value.strip()
    return found


def evaluate(expression, names):
    """The value of a constant or formula, with the values of `names` for its names."""
    known = {word: evaluate(names[word], names) if isinstance(names[word], str) else names[word]
             for word in re.findall(r"[A-Za-z_]\w*", expression) if word in names}
    return eval(expression, {"__builtins__": {}}, known)


def timers():
    """Yield (name, values, files, formulas, constants, line) of each entry below TIMERS AND LIMITS of swimd-protocol(7)."""
    entry, inside = None, False
    for number, line in enumerate(PROTOCOL.read_text().splitlines(), 1):
        inside = line == ".Sh TIMERS AND LIMITS" or (inside and not line.startswith(".Sh "))
        head = re.match(r"\.It Em (.+?) , No (.+?) , Pa (.+)$", line)
        if not inside:
            continue
        if head:
            if entry:
                yield entry
            values = [float(v) for v in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", head.group(2))]
            entry = (head.group(1), values, head.group(3).split(" , "), [], {}, number)
        elif entry and line.startswith(".Dl "):
            entry[3].append(line[4:])
        elif entry and (constant := re.match(r"\.Dv (\w+) No = ([\d.]+)(?: s)? [;.]$", line)):
            entry[4][constant.group(1)] = float(constant.group(2))
    if entry:
        yield entry


def timers_agree():
    """In swimd-protocol(7) each formula gives the stated value, each constant is that of the code, and no timer is missing."""
    headers = [*sorted(CORE.glob("*.h")), TOP / "src" / "wire" / "wire.h"]
    shared = {name: value for header in headers for name, value in constants(header).items()}
    settings = profile()
    words = {**FORMULA, **settings, "srtt": settings["probe_timeout"], "patience": settings["probe_timeout"],
             "least": settings["probe_timeout"] / 6, "shortest": settings["suspicion_min"] * 0.85,
             "longest": settings["suspicion_mult"] * settings["suspicion_min"] * 0.85}
    told = set()
    for name, values, files, formulas, stated, line in timers():
        where = f"{PROTOCOL.relative_to(TOP)}:{line}: {name}"
        missing = [file for file in files if not (CORE / file).exists()]
        if missing:
            yield f"{where}: no file {', '.join(missing)} in src/core"
            continue
        code = {**shared, **{n: v for file in files for n, v in constants(CORE / file).items()}}
        for constant, value in stated.items():
            told.update((file, constant) for file in [*files, *(h.name for h in headers)])
            if constant not in code:
                yield f"{where}: no constant {constant} in {', '.join(files)}"
            elif not math.isclose(evaluate(code[constant], code), value):
                yield f"{where}: {constant} is {evaluate(code[constant], code):g} in the code, not {value:g}"
        if len(values) != len(formulas):
            yield f"{where}: {len(values)} values and {len(formulas)} formulas"
            continue
        for value, formula in zip(values, formulas):
            unknown = [word for word in re.findall(r"[A-Za-z_]\w*", formula) if word not in words and word not in code]
            if unknown:
                yield f"{where}: tests/docs.py has no value for {', '.join(unknown)}"
            elif not math.isclose(result := evaluate(formula, {**code, **words}), value, rel_tol=0.01):
                yield f"{where}: {formula} is {result:g}, not {value:g}"
    for path in sorted([*CORE.glob("*.c"), *CORE.glob("*.h")]):
        for name in re.findall(r"(?m)^#define (\w+)[ \t]+swim_(?:seconds|ms)\(", path.read_text()):
            if (path.name, name) not in told:
                yield f"{PROTOCOL.relative_to(TOP)}: no timer names {name} of {path.name}"


def rules_agree():
    """In swimd-protocol(7) each rule refers to things that exist, and no rule that the simulator must catch is missing."""
    scenarios = {"swarm", *(name for source in TOP.glob("tests/sim/scenario_*.c")
                            for name in re.findall(r'(?m)^    \{"([\w-]+)", ', source.read_text()))}
    rules = set(re.findall(r"(?m)^\tX\((\w+), ", (TOP / "src/base/rule.h").read_text()))
    measured = re.search(r"(?s)^MEASURED = \{(.*?)\}", (TOP / "tests/sim/broken.py").read_text(), re.M)
    caught = rules - set(re.findall(r"\w+", measured[1]))
    known = {"Turned off as": rules, "Shown by": scenarios, "Exercised by": scenarios,
             "Tested by": {p.stem for p in TOP.glob("tests/unit/test_*.c")},
             "Measured by": {p.stem for p in TOP.glob("tests/sim/*.py")}}
    told, kind, inside = set(), None, False
    for number, line in enumerate(PROTOCOL.read_text().splitlines(), 1):
        inside = line == ".Sh RULES" or (inside and not line.startswith(".Sh "))
        if not inside or not line.startswith(".Cm "):
            kind = line if inside and line in known else None
            continue
        for name in re.findall(r"[\w-]{2,}", line[4:]) if kind else ():
            told.add(name)
            if name not in known[kind]:
                yield f"{PROTOCOL.relative_to(TOP)}:{number}: {kind} {name}: {name} does not exist"
    for name in sorted(caught - told):
        yield f"{PROTOCOL.relative_to(TOP)}: no entry names the rule {name} of src/base/rule.h"


def ablation_is_complete():
    """Each rule of rule.h has a row that says what gets worse without the rule, and no other rule has one."""
    rows = set(re.findall(r"(?m)^Without\n\.Cm (\w+) :$", PROTOCOL.read_text()))
    rules = set(re.findall(r"(?m)^\tX\((\w+), ", (TOP / "src" / "base" / "rule.h").read_text()))
    for rule in sorted(rules - rows):
        yield f"{PROTOCOL.relative_to(TOP)}: no row says what gets worse without {rule} (make sim-ablate)"
    for rule in sorted(rows - rules):
        yield f"{PROTOCOL.relative_to(TOP)}: a row is about {rule}, which src/base/rule.h has not"


def core_is_there():
    """The core has the files and functions that swimd-protocol(7) names."""
    code = "".join(path.read_text() for path in sorted(CORE.glob("*.[ch]")))
    for number, line in enumerate(PROTOCOL.read_text().splitlines(), 1):
        where = f"{PROTOCOL.relative_to(TOP)}:{number}"
        if line.startswith((".Pa ", ".Pq Pa ", ".It Em ")):
            for path in re.findall(r"(?<= )[\w/]+\.[ch]\b", line):
                if not (CORE / path).exists():
                    yield f"{where}: no file {path} in src/core"
        elif line.startswith(".Fn ") and not re.search(rf"(?m)^{line.split()[1]}\(", code):
            yield f"{where}: no function {line.split()[1]} in src/core"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: docs.py BUILD-DIRECTORY")
    build = pathlib.Path(sys.argv[1])
    failed = False

    def check(name, faults, skip=None):
        nonlocal failed
        faults = [] if skip else list(faults())
        print(f"{'not ok' if faults else 'ok'} - {name}" + (f" # SKIP {skip}" if skip else ""))
        for fault in faults:
            print(f"# {fault}")
        failed = failed or bool(faults)

    for page in sorted(TOP.glob("man/*.[1-8]")):
        check(f"{page.name} lints", lambda p=page: lint(p),
              None if shutil.which("mandoc") else "mandoc is not installed (make deps)")
        check(f"{page.name} refers to pages that exist", lambda p=page: references(p))
    check("systemd units verify", lambda: verify_units(build),
          None if shutil.which("systemd-analyze") else "systemd-analyze is not installed")
    check("NEWS and the programs have the version of configure.ac", lambda: version(build))
    check("links of README.md and HACKING.md lead to files", links)
    check("files that HACKING.md names exist", files_named)
    check("the timers of swimd-protocol(7) are those of the code", timers_agree)
    check("files and functions of the core that swimd-protocol(7) names exist", core_is_there)
    check("the rules of swimd-protocol(7) are those that the tests turn off", rules_agree)
    check("swimd-protocol(7) says what gets worse without each rule", ablation_is_complete)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
