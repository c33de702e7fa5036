"""Checks the rules of the house that a compiler does not: HACKING.md says why each is there.

usage: house.py BUILD-DIRECTORY (with the objects of a plain build in it). Prints TAP.

A base name is unique in src/. Floors only look down. Core, wire and base (but for base/log, base/journal that it
uses, and base/inherit) are pure: no clock, no socket, no random numbers, no files, no event loop. No state at file
scope but in the files of main() and log. One header leads into the core. (That a switch over an enumeration names
every case is -Wswitch-enum's.)
"""
import hashlib
import pathlib
import re
import subprocess
import sys

# What a floor may use besides itself. Discovery stands beside net and asks it to resolve names, never the
# other way round. swimctl is a program of its own: it shares with the daemon what base and wire are, and
# the control protocol's constants.
BELOW = {
    "base": [],
    "wire": ["base"],
    "core": ["wire", "base"],
    "net": ["core", "wire", "base"],
    "discovery": ["net", "core", "wire", "base"],
    "control": ["net", "discovery", "core", "wire", "base"],
    "daemon": ["control", "net", "discovery", "core", "wire", "base"],
    "ctl": ["wire", "base"],
}
CTL_MAY_INCLUDE = {"control/protocol.h"}
PURE = ["base", "wire", "core"]
IMPURE_FILES = {"base/log", "base/journal", "base/inherit"}
STATEFUL_FILES = {"base/log", "daemon/swimd", "ctl/swimctl"}

# All that a pure object may ask of the C library: memory, text, arithmetic, sorting.
PURE_SYMBOLS = re.compile(r"""
    (__)?(mem(cpy|move|set|cmp|chr|rchr|mem|pcpy)|explicit_bzero|bzero)(_chk)?
  | (__)?(str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|rchr|chrnul|str|spn|cspn|pbrk|dup|ndup|cpy|ncpy
            |lcpy|cat|lcat|ncat|sep|tok_r|casestr)|stpcpy)(_chk)?
  | malloc|calloc|realloc|reallocarray|free
  | (__)?(v?snprintf)(_chk)?
  | (__isoc23_)?strto(u?ll?|d|[ui]max)
  | qsort|bsearch|inet_ntop|inet_pton
  | (log|log2|log10|exp|exp2|pow|sqrt|ceil|floor|round|lround|llround|fmin|fmax|ldexp|frexp)f?
  | __errno_location|__ctype_(b|tolower|toupper)_loc|tolower|toupper|is(alnum|alpha|digit|xdigit|space|print)
  | abort|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_
""", re.VERBOSE)

# The published examples of the wire format: a change here breaks every peer that is in the field.
WIRE_VECTORS_SHA256 = "dcb20b3f20d3c8a3d86596c9641eb9370f7450c11c2f31cebb7a97321256bd56"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class House:
    def __init__(self, top, build):
        self.top = top
        self.sources = sorted(p for p in top.glob("src/*/*.[ch]"))
        self.objects = {}
        for source in self.sources:
            if source.suffix == ".c":
                name = source.relative_to(top / "src").with_suffix("").as_posix()
                self.objects[name] = build / "obj" / f"{name}.o"
        built = {str(path): name for name, path in self.objects.items() if path.exists()}
        self.defined = {name: [] for name in self.objects}
        self.wanted = {name: [] for name in self.objects}
        for line in run("nm", "-A", "-P", "-g", *built).splitlines() if built else []:
            path, symbol, kind = line.split()[:3]
            (self.wanted if kind in "Uvw" else self.defined)[built[path.removesuffix(":")]].append(symbol)

    def includes(self):
        for source in self.sources:
            for number, line in enumerate(source.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if match:
                    yield source, number, match.group(1)

    def floors_exist(self):
        """every floor is known, and every source has its object"""
        for source in self.sources:
            if source.parent.name not in BELOW:
                yield f"{source.relative_to(self.top)}: {source.parent.name} is no floor of tests/house.py"
        for name, path in self.objects.items():
            if not path.exists():
                yield f"src/{name}.c: no object {path}; the build is not whole"

    def base_names_are_unique(self):
        """no two files in different rooms of src/ have one base name"""
        rooms = {}
        for source in sorted(self.top.glob("src/**/*.*")):
            rooms.setdefault(source.stem, set()).add(source.parent.relative_to(self.top).as_posix())
        for name, where in rooms.items():
            if len(where) > 1:
                yield f"{name}.*: stands in {' and in '.join(sorted(where))}; a name says what the file is"

    def includes_look_down(self):
        """includes only look down, and name the floor"""
        for source, number, header in self.includes():
            floor, where = source.parent.name, f"{source.relative_to(self.top)}:{number}"
            target = header.split("/")[0] if "/" in header else None
            if not (self.top / "src" / header).exists() or target is None:
                yield f'{where}: "{header}" is not floor/file.h below src/'
            elif target != floor and target not in BELOW[floor] and not (
                    floor == "ctl" and header in CTL_MAY_INCLUDE):
                yield f'{where}: {floor} may not look into {target} ("{header}")'

    def core_has_one_door(self):
        """core/swim.h is the only header of core that others include"""
        for source, number, header in self.includes():
            if (header.startswith("core/") and header != "core/swim.h"
                    and source.parent.name != "core"):
                yield f'{source.relative_to(self.top)}:{number}: "{header}" is the core\'s own'

    def links_look_down(self):
        """objects only use what their floor and those below define"""
        owner = {}
        for name in self.objects:
            for symbol in self.defined[name]:
                if symbol != "main":
                    owner.setdefault(symbol, []).append(name)
        for name in self.objects:
            floor = name.split("/")[0]
            for symbol in self.wanted[name]:
                for other in owner.get(symbol, []):
                    target = other.split("/")[0]
                    if target != floor and target not in BELOW[floor] and floor != "ctl" and target != "ctl":
                        yield f"src/{name}.c: uses {symbol}() of src/{other}.c, which is above it"

    def lower_floors_are_pure(self):
        """base, wire and core have no clock, socket, random numbers, files or event loop"""
        pure = [n for n in self.objects if n.split("/")[0] in PURE and n not in IMPURE_FILES]
        known = {s for n in pure for s in self.defined[n]}
        for name in pure:
            for symbol in self.wanted[name]:
                if symbol not in known and not PURE_SYMBOLS.fullmatch(symbol):
                    yield f"src/{name}.c: calls {symbol}"

    def no_state_at_file_scope(self):
        """no mutable object at file scope but in the files of main() and log"""
        for name, path in self.objects.items():
            if name in STATEFUL_FILES:
                continue
            for line in run("objdump", "-t", str(path)).splitlines():
                match = re.match(r"[0-9a-f]+ .{6}[O ] (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?([^.\s]\S*)", line)
                if match and re.match(r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)|\*COM\*", match.group(1)):
                    yield f"src/{name}.c: {match.group(2)} can change ({match.group(1)})"

    def sequence_numbers_have_one_source(self):
        """the core draws 64 bits at once in core_seq alone, so that the daemon's are the system's"""
        for source in self.sources:
            if source.parent.name == "core":
                drawn = len(re.findall(r"\brng_u64\(", source.read_text()))
                if drawn > (source.name == "swim.c"):
                    yield f"{source.relative_to(self.top)}: draws with rng_u64; take core_seq()"

    def vectors_are_as_published(self):
        """the wire format's test vectors are as published"""
        found = [p for p in self.top.glob("tests/**/wire.json")]
        if not found:
            yield "tests/ has no wire.json"
        for path in found:
            if hashlib.sha256(path.read_bytes()).hexdigest() != WIRE_VECTORS_SHA256:
                yield f"{path.relative_to(self.top)}: changed; peers in the field speak the old one"

    def invisible_characters_are_as_generated(self):
        """src/base/invisible.h is what its generator writes"""
        text = (self.top / "src/base/invisible.h").read_text()
        made = subprocess.run(["perl", str(self.top / "src/base/invisible.pl")], capture_output=True, text=True)

        def version(header):
            return re.search(r"Unicode ([\d.]+)\.", header).group(1)
        # Another Perl may know another Unicode.
        if made.returncode == 0 and version(made.stdout) == version(text) and made.stdout != text:
            yield "src/base/invisible.h: run perl src/base/invisible.pl >src/base/invisible.h"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: house.py BUILD-DIRECTORY")
    house = House(pathlib.Path(__file__).resolve().parent.parent, pathlib.Path(sys.argv[1]))
    rules = [House.floors_exist, House.base_names_are_unique, House.includes_look_down, House.core_has_one_door,
             House.links_look_down, House.lower_floors_are_pure, House.no_state_at_file_scope,
             House.vectors_are_as_published, House.invisible_characters_are_as_generated]
    failed = False
    print(f"1..{len(rules)}")
    for rule in rules:
        faults = list(rule(house))
        print(f"{'not ok' if faults else 'ok'} - {rule.__doc__}")
        for fault in faults:
            print(f"# {fault}")
        failed = failed or bool(faults)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
