"""Checks what ships beside the programs: man pages, systemd units, version, links. Prints TAP.

usage: docs.py BUILD-DIRECTORY
"""
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
    # Which pages this machine has is no fault of ours; whether a page of ours is there is checked below.
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
        yield f"NEWS: says nothing about {wanted}, which configure.ac names"
    for program in ("swimd", "swimctl"):
        code, lines = run(str(build / program), "--version" if program == "swimd" else "version")
        if code or wanted not in " ".join(lines):
            yield f"{program}: says {' '.join(lines)!r} where {wanted} was wanted"


def links():
    for text in ("README.md", "HACKING.md"):
        for number, line in enumerate((TOP / text).read_text().splitlines(), 1):
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", line):
                if not (TOP / target).exists():
                    yield f"{text}:{number}: {target} is not there"


def files_named():
    """Paths in HACKING.md, from the top or from src/, a file's .c perhaps left out; X stands for any name."""
    for number, line in enumerate((TOP / "HACKING.md").read_text().splitlines(), 1):
        for path in re.findall(r"`(\.?\w+(?:/[\w.*-]+)+/?)`", line):
            pattern = re.sub(r"\bX\b|(?<=_)X\b", "*", path.rstrip("/"))
            if not path.startswith("build/") and not any(
                    next((TOP / where).glob(pattern + end), None) for where in (".", "src") for end in ("", ".c")):
                yield f"HACKING.md:{number}: {path} is not there"


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
    check("one version everywhere", lambda: version(build))
    check("links of README.md and HACKING.md lead somewhere", links)
    check("files that HACKING.md names are there", files_named)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
