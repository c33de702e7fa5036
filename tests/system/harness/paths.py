"""The paths of the programs under test, from SWIMD_BUILD, from SWIMD and SWIMCTL, or from the default build/."""
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
    """Whether the config.h of the build defines this feature."""
    try:
        with open(os.path.join(os.path.dirname(SWIMD), "config.h"), encoding="utf-8") as file:
            return re.search(rf"^#define {feature} 1$", file.read(), re.MULTILINE) is not None
    except OSError:
        return False


NOTIFIES = configured("HAVE_LIBSYSTEMD")


def sanitized():
    """Whether swimd was built with AddressSanitizer, which needs more memory and time."""
    with open(SWIMD, "rb") as file:
        return b"__asan_init" in file.read()
