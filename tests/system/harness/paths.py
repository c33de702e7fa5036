"""Where the programs under test are: SWIMD and SWIMCTL, or the build directory SWIMD_BUILD (default build/)."""
import os
import re

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.path.abspath(os.environ.get("SWIMD_BUILD") or os.environ.get("SWIM_BUILD") or os.path.join(TOP, "build"))


def program(name):
    if os.environ.get("SWIMD_BUILD"):
        return os.path.join(BUILD, name)
    return os.environ.get(name.upper()) or os.path.join(BUILD, name)


SWIMD, SWIMCTL = program("swimd"), program("swimctl")


def configured(feature):
    """Whether config.h beside the programs defines this."""
    try:
        with open(os.path.join(os.path.dirname(SWIMD), "config.h"), encoding="utf-8") as file:
            return re.search(rf"^#define {feature} 1$", file.read(), re.MULTILINE) is not None
    except OSError:
        return False


NOTIFIES = configured("HAVE_LIBSYSTEMD")


def sanitized():
    """Built with AddressSanitizer, which costs memory and time of its own."""
    with open(SWIMD, "rb") as file:
        return b"__asan_init" in file.read()
