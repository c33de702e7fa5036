"""Fixtures of the system tests. Each test has a namespace, a directory and daemons of its own.

A test that asks for what cannot be had here is skipped by the fixture or by the harness, and needs no mark for that.
"""
import os
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from harness import (Cluster, Lan, Tunnels, become_root, clean_environment, machines_unusable, mounts_unusable,  # noqa: E402
                     paths, tunnels_unusable, unwind_on_sigterm, usable)

SECONDS_A_TEST = 150
SECONDS_A_LONG_TEST = 600
# More than there are workers, as each of them is given a row of tests to begin with.
HANDS = 32

# Where ip, nft and avahi-daemon are, whether or not the user looks there.
os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

# Before pytest-xdist starts its workers, so that they are in the same namespace.
become_root()


def pytest_configure():
    unwind_on_sigterm()


def dealt(items):
    """The early ones first, and no two of them in the same row of tests that a worker begins with."""
    items = sorted(items, key=lambda item: item.get_closest_marker("early") is None)
    return [item for hand in range(HANDS) for item in items[hand::HANDS]]


@pytest.hookimpl(trylast=True)      # after those that are not wanted are out
def pytest_collection_modifyitems(items):
    items[:] = dealt(items)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    seconds = SECONDS_A_LONG_TEST if item.get_closest_marker("long") else SECONDS_A_TEST

    def overdue(*_):
        pytest.fail(f"the test was not over after {seconds} s")
    # Every wait has its own deadline; this is for what waits outside of the pump.
    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.test_failed = outcome.get_result().failed


# Fixtures that not every machine allows: why this one refuses them, or None. In a chroot whose root is no mount point, what
# is mounted could not be kept from the machine around it.
REFUSED = {"lan": lambda: usable() or mounts_unusable(), "mounts": mounts_unusable,
           "switch": machines_unusable, "tunnels": lambda: usable() or tunnels_unusable()}


@pytest.fixture
def cluster(request):
    # Looked at first, since a cluster may have to wait until other tests have done with the loopback that all share.
    for name in REFUSED.keys() & set(request.fixturenames):
        if reason := REFUSED[name]():
            pytest.skip(reason)
    for program in (paths.SWIMD, paths.SWIMCTL):
        if not os.access(program, os.X_OK):
            pytest.fail(f"{program} is not there; run make first, or set SWIMD_BUILD", pytrace=False)
    made = Cluster()
    yield made
    failed = getattr(request.node, "test_failed", True)
    if failed:
        made.show_logs()
    made.close(orderly=not failed)


@pytest.fixture
def swimctl():
    """swimctl(daemon, arguments…) -> CompletedProcess with text; options by keyword: env, input, timeout."""
    def run(daemon, *arguments, env=(), **options):
        command = [paths.SWIMCTL, *(["-s", daemon.socket] if daemon else []), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=options.pop("timeout", 60),
                              env=clean_environment(env), **options)
    return run


@pytest.fixture
def mounts(cluster):
    """The test mounts something, for its own programs alone."""
    return cluster


@pytest.fixture
def lan(cluster):
    return Lan(cluster)


@pytest.fixture
def tunnels(cluster):
    """tunnels(count, **path) -> Tunnels: hosts whose paths have a delay, a loss and so on (harness/tunnel.py)."""
    return lambda count, **path: Tunnels(cluster, count, **path)
