"""Checks the rules of HACKING.md that a compiler cannot check. Prints TAP.

usage: house.py BUILD-DIRECTORY, which holds the objects of a build without sanitizers

The docstring of each check is the rule. (The compiler checks with -Wswitch-enum that a switch over an enumeration names
every case.)
"""
import hashlib
import pathlib
import re
import subprocess
import sys

# The floors that each floor may use besides itself. Discovery uses net to resolve names; net does not use discovery.
# swimctl (ctl) is a program of its own: it shares base, wire and the constants of the control protocol with the daemon.
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
# Files of the floors above that decide without I/O, so that the simulator can run them.
PURE_FILES = {"daemon/reserve", "daemon/snapshot", "daemon/members_file", "daemon/owner", "daemon/word", "net/retry"} | {
    f"discovery/{name}" for name in ("discovery", "heard", "hint", "known", "operator_join", "peer", "seeds")}
# PURE_FILES may also write and read an address as text, with the name of an interface in it, and a time of day in UTC, and
# write to the log.
PURE_FILES_MAY_CALL = re.compile(r"zone_(format|put|of)|gmtime_r|timegm|strftime|strptime|log_\w+|strerror")
IMPURE_FILES = {"base/log", "base/journal", "base/inherit"}
STATEFUL_FILES = {"base/log", "daemon/swimd", "ctl/swimctl"}

# The functions of the C library that a pure object may call: memory, text, arithmetic, sorting.
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

# Files that may change a struct input: input.c and speaker.c make it, and swim.c enters the answer of a question's handler.
INPUT_MAKERS = {"input", "speaker", "swim"}
AUTHORITY_MAKERS = {"input", "speaker", "judge"}
FUNCTION = re.compile(r"^(?P<name>[a-z_0-9]+)\((?P<parameters>(?:[^(){}]|\([^()]*\)(?:\([^()]*\))?)*)\)\n\{\n.*?^\}$",
                      re.MULTILINE | re.DOTALL)
MEMBER_BOOLEANS = 6
FUNCTION_LINES = 60
FUNCTION_PARAMETERS = 5
# swim_input_by takes more parameters: a datagram, its source and the time.
TOO_MANY = {"swim_input_by"}

# The published examples of the wire format: peers in the field speak that format, so a changed example is an error.
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
                yield f"{source.relative_to(self.top)}: BELOW of tests/house.py has no floor {source.parent.name}"
        for name, path in self.objects.items():
            if not path.exists():
                yield f"src/{name}.c: no object {path}; run make first"

    def base_names_are_unique(self):
        """no two files in different rooms of src/ have one base name"""
        rooms = {}
        for source in sorted(self.top.glob("src/**/*.*")):
            rooms.setdefault(source.stem, set()).add(source.parent.relative_to(self.top).as_posix())
        for name, where in rooms.items():
            if len(where) > 1:
                yield f"{name}.*: is in {' and in '.join(sorted(where))}; rename one of the files"

    def includes_look_down(self):
        """a file includes only headers of its floor and of floors below, and names the floor"""
        for source, number, header in self.includes():
            floor, where = source.parent.name, f"{source.relative_to(self.top)}:{number}"
            target = header.split("/")[0] if "/" in header else None
            if not (self.top / "src" / header).exists() or target is None:
                yield f'{where}: "{header}" is not a file FLOOR/FILE.h of src/'
            elif target != floor and target not in BELOW[floor] and not (
                    floor == "ctl" and header in CTL_MAY_INCLUDE):
                yield f'{where}: {floor} may not include "{header}"; {target} is not below {floor}'

    def core_has_one_door(self):
        """core/swim.h is the only header of the core that other floors include"""
        for source, number, header in self.includes():
            if (header.startswith("core/") and header != "core/swim.h"
                    and source.parent.name != "core"):
                yield f'{source.relative_to(self.top)}:{number}: includes "{header}"; include "core/swim.h"'

    def links_look_down(self):
        """an object uses only functions of its floor and of floors below"""
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
                        yield f"src/{name}.c: uses {symbol}() of src/{other}.c, but {target} is not below {floor}"

    def lower_floors_are_pure(self):
        """base, wire, core and what the simulator runs of other floors have no clock, socket, random numbers or files"""
        pure = [n for n in self.objects if n in PURE_FILES or n.split("/")[0] in PURE and n not in IMPURE_FILES]
        known = {s for n in pure for s in self.defined[n]}
        for name in pure:
            for symbol in self.wanted[name]:
                if symbol not in known and not PURE_SYMBOLS.fullmatch(symbol) and not (
                        name in PURE_FILES and PURE_FILES_MAY_CALL.fullmatch(symbol)):
                    yield f"src/{name}.c: calls {symbol}, which PURE_SYMBOLS of tests/house.py does not allow"

    def no_state_at_file_scope(self):
        """no file has a mutable object at file scope, except the files of main() and the log"""
        for name, path in self.objects.items():
            if name in STATEFUL_FILES:
                continue
            for line in run("objdump", "-t", str(path)).splitlines():
                match = re.match(r"[0-9a-f]+ .{6}[O ] (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?([^.\s]\S*)", line)
                if match and re.match(r"\.(data(?!\.rel\.ro)|bss|tdata|tbss)|\*COM\*", match.group(1)):
                    yield f"src/{name}.c: {match.group(2)} is mutable (section {match.group(1)})"

    def rules(self):
        """(the names of the rules that the simulator can turn off, {source: the names of the rules that the source uses})"""
        header = self.top / "src/base/rule.h"
        used = {source: set(re.findall(r"\bRULE\((\w+)\)", source.read_text()))
                for source in self.sources if source != header}
        return re.findall(r"^\tX\((\w+), ", header.read_text(), re.M), used

    def rules_are_simulated(self):
        """each rule of base/rule.h is used, and only in code that the simulator runs"""
        names, used = self.rules()
        for name in names:
            if not any(name in found for found in used.values()):
                yield f"src/base/rule.h: no source uses RULE({name})"
        for source, found in used.items():
            name = source.relative_to(self.top / "src").with_suffix("").as_posix()
            if found and source.parent.name not in ("core", "discovery") and name not in PURE_FILES:
                yield f"{source.relative_to(self.top)}: uses {', '.join(sorted(found))}; the simulator does not run this file"

    def rules_leave_no_trace(self):
        """no object that is shipped contains the switch or the name of a rule"""
        names = set(self.rules()[0])
        for name, path in self.objects.items():
            if not path.exists():
                continue
            symbols = {line.split()[0] for line in run("nm", "-P", str(path)).splitlines()}
            texts = set(run("strings", "-d", "-n", "3", str(path)).splitlines())
            # In other files a configuration key or a metric may have the name of a rule.
            own = names if name.startswith(("core/", "discovery/")) or name in PURE_FILES else set()
            for found in sorted((symbols & {"rules_off", *own}) | (texts & own)):
                yield f"src/{name}.c: the object contains {found} of src/base/rule.h"

    def sequence_numbers_have_one_source(self):
        """the core draws 64 random bits at once only in core_seq, which takes those of the system in swimd"""
        for source in self.sources:
            if source.parent.name == "core":
                drawn = len(re.findall(r"\brng_u64\(", source.read_text()))
                if drawn > (source.name == "swim.c"):
                    yield f"{source.relative_to(self.top)}: calls rng_u64(); call core_seq()"

    def vectors_are_as_published(self):
        """the wire format's test vectors are as published"""
        found = [p for p in self.top.glob("tests/**/wire.json")]
        if not found:
            yield "tests/: no file wire.json"
        for path in found:
            if hashlib.sha256(path.read_bytes()).hexdigest() != WIRE_VECTORS_SHA256:
                yield f"{path.relative_to(self.top)}: was changed; peers in the field speak the published format"

    def invisible_characters_are_as_generated(self):
        """src/base/invisible.h is the output of its generator"""
        text = (self.top / "src/base/invisible.h").read_text()
        made = subprocess.run(["perl", str(self.top / "src/base/invisible.pl")], capture_output=True, text=True)

        def version(header):
            return re.search(r"Unicode ([\d.]+)\.", header).group(1)
        # Another version of Perl may have another version of Unicode; then there is nothing to compare.
        if made.returncode == 0 and version(made.stdout) == version(text) and made.stdout != text:
            yield "src/base/invisible.h: run perl src/base/invisible.pl >src/base/invisible.h"

    def functions(self, where):
        """Yield (file:line, name, parameters, number of lines) of each function of the files that match the pattern."""
        for source in sorted(self.top.glob(where)):
            text = source.read_text()
            for match in FUNCTION.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield (f"{source.relative_to(self.top)}:{line}", match.group("name"), match.group("parameters"),
                       match.group(0).count("\n") + 1)

    def input_is_constant(self):
        """the core changes a struct input only where the input is made and where answers are matched"""
        for source in sorted(self.top.glob("src/core/*.c")):
            if source.stem in INPUT_MAKERS:
                continue
            for number, line in enumerate(source.read_text().splitlines(), 1):
                if re.search(r"\bin->(?!found->|allowance->)[\w.]+ *([|&+-]?=)[^=]", line):
                    yield f"src/core/{source.name}:{number}: changes the struct input"
        for where, name, parameters, _ in self.functions("src/core/*.c"):
            if re.search(r"(?<!const )struct input \*in\b", parameters) and not (
                    pathlib.Path(where.split(":")[0]).stem in INPUT_MAKERS):
                yield f"{where}: {name} takes a struct input that is not const"

    def authority_is_computed_once(self):
        """only core/input.c and core/speaker.c compute an authority or compare the source address"""
        for source in sorted(self.top.glob("src/core/*.c")):
            if source.stem in AUTHORITY_MAKERS:
                continue
            for number, line in enumerate(source.read_text().splitlines(), 1):
                if re.search(r"authority = |swim_addr_(equal|compare)\([^;]*in->from", line) and not re.search(
                        r"\.authority = in->authority", line):
                    yield f"src/core/{source.name}:{number}: compares addresses or computes an authority"

    def static_functions_are_prefixed(self):
        """the name of a static function begins with that of its file, and no two functions have one name"""
        seen = {}
        for source in self.sources:
            if source.suffix != ".c":
                continue
            for name in re.findall(r"^(?:__attribute__\(.*\) )?static [^\n;={]*\n([a-z_0-9]+)\(", source.read_text(), re.M):
                where = source.relative_to(self.top)
                if name != source.stem and not name.startswith(f"{source.stem}_"):
                    yield f"{where}: the name {name} does not begin with {source.stem}_"
                if name in seen:
                    yield f"{where}: {seen[name]} has a function {name} too"
                seen[name] = where

    def functions_are_short(self):
        """no function of src has more than 60 lines, and no function of the core more than 5 parameters"""
        for where, name, _, lines in self.functions("src/*/*.c"):
            if lines > FUNCTION_LINES:
                yield f"{where}: {name} has {lines} lines; at most {FUNCTION_LINES} are allowed"
        for where, name, parameters, _ in self.functions("src/core/*.c"):
            count = re.sub(r"\([^()]*\)", "", parameters).count(",") + 1
            if count > FUNCTION_PARAMETERS and name not in TOO_MANY:
                yield f"{where}: {name} has {count} parameters; at most {FUNCTION_PARAMETERS} are allowed"

    def members_are_small(self):
        """struct member has at most six booleans, and the compiler checks its size"""
        text = (self.top / "src/core/members.h").read_text()
        member = re.search(r"^struct member \{\n(.*?)^\};", text, re.M | re.S)
        booleans = re.findall(r"\bbool\b[^;]*", re.sub(r"/\*.*?\*/", "", member[1], flags=re.S))
        count = sum(declared.count(",") + 1 for declared in booleans)
        if count > MEMBER_BOOLEANS:
            yield f"src/core/members.h: struct member has {count} booleans; at most {MEMBER_BOOLEANS} are allowed"
        if not re.search(r"_Static_assert\(offsetof\(struct member, name\) <= 176,", text):
            yield "src/core/members.h: no _Static_assert limits struct member to 176 bytes"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: house.py BUILD-DIRECTORY")
    house = House(pathlib.Path(__file__).resolve().parent.parent, pathlib.Path(sys.argv[1]))
    rules = [House.floors_exist, House.base_names_are_unique, House.includes_look_down, House.core_has_one_door,
             House.links_look_down, House.lower_floors_are_pure, House.no_state_at_file_scope,
             House.rules_are_simulated, House.rules_leave_no_trace,
             House.vectors_are_as_published, House.invisible_characters_are_as_generated,
             House.sequence_numbers_have_one_source, House.input_is_constant, House.authority_is_computed_once,
             House.functions_are_short, House.static_functions_are_prefixed, House.members_are_small]
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
