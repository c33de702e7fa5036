"""Builds a simulator of code that differs in pieces of its text, so that what is shipped has no trace of it.

The code is the core, or what the simulator runs of other floors (SIM_OBJS in the Makefile).
"""
import os
import pathlib
import subprocess


def edited(name, edits):
    """The texts of the files that differ, by (file of src/core or floor/file, text, what stands in its place).

    Raises LookupError where a text is not in its file just once: the edit has to follow the code.
    """
    texts = {}
    for file, old, new in edits:
        path = pathlib.Path("src", *([] if "/" in file else ["core"]), file)
        text = texts.get(file) or path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise LookupError(f"{path} has a text of {name} {text.count(old)} times: {old!r}")
        texts[file] = text.replace(old, new)
    return texts


def build(build_dir, name, edits):
    """The path of a simulator with these edits; raises LookupError likewise."""
    where = build_dir / "variant" / name
    where.mkdir(parents=True, exist_ok=True)
    texts = edited(name, edits)
    for file, text in texts.items():
        (where / file).parent.mkdir(exist_ok=True)
        (where / file).write_text(text, encoding="utf-8")
    objects = [str(p) for folder in ("obj/tests/sim", "obj/core") for p in sorted((build_dir / folder).glob("*.o"))
        if not (folder == "obj/core" and p.stem + ".c" in texts)]
    program = where / "sim-test"
    subprocess.run([*os.environ.get("CC", "cc").split(), "-std=gnu17", "-O2", "-g", "-w", "-D_GNU_SOURCE", "-include",
        str(build_dir / "config.h"), "-Isrc", "-o", str(program), *(str(where / f) for f in texts), *objects,
        str(build_dir / "libsim.a"), str(build_dir / "libwire.a"), str(build_dir / "libbase.a"), "-lm"], check=True)
    return program
