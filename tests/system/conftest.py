"""Fixtures of the system tests, and how to write a system test.

The tests use Python's standard library and pytest. Each test has a network namespace, a directory and daemons of its own.
To run some of them on another build than build/:

    SWIMD_BUILD=build/asan python3 -B -m pytest -p no:cacheprovider -x tests/system -k NAME

Where a test runs. If another user than root runs the tests, they run as root of a user namespace where the kernel allows
that. Where the kernel refuses all namespaces (in a container without CAP_SYS_ADMIN, or to a user in a chroot), the tests run
one after the other on the loopback interface of this machine. The fixtures and the harness then skip a test that needs more,
at the call that needs the namespace, and the test needs no mark for that; `make check` prints for each file how many tests
were skipped and why. `make check-roots` runs the tests in fresh roots of Debian 12 and 13, with and without namespaces.

The modules for tests (tests/system/harness):

    cluster.py      daemons on loopback addresses of one namespace
    lan.py          namespaces on a bridge, each with a D-Bus and an avahi-daemon
    tunnel.py       namespaces between which a thread of the test carries the packets, with delay, loss, duplicates and
                    reordering
    machine.py      containers that booted a systemd of their own in systemd-nspawn, with swimd installed by `make install`
    peers.py        Wire, a socket that sends and receives datagrams; Peer, a base peer (tests/base_peer) on a socket of the
                    test; Crowd, members that take turns in sending updates about thousands of members to a daemon, because
                    a daemon limits the updates per second from one source (src/core/quota.c)
    mixed.py        a cluster of daemons and base peers; the rolling upgrade in test_mixed.py needs a swimd of an older
                    version: make check-upgrade SWIMD_OLD=/path/to/swimd
    flood.py        floods by tests/flood/flood.c (make test-programs), also from false addresses
    refuse.py       errors that no machine produces on demand, returned by the kernel at the test's request (seccomp)

How long a test waits. A test waits for a condition, with a generous limit. A test never sleeps instead, and never fails
because the machine was slow. A test that requires a healthy daemon checks `daemon.complaints()` and not the status of the
daemon's health, which may be `degraded` on a busy machine.

How long a test lasts. SYSTEM_JOBS tests run at the same time: four per processor, because real daemons wait most of the
time. The marks are in pytest.ini. A test that needs some seconds on any machine is marked `early`, so that it does not run
alone at the end of `make check`. A test of something that lasts minutes on any machine, such as two minutes of loss, is
marked `long` and runs in `make check-long` only. Long tests run at the same time too, print their figures to
build/log/long.log, and must together fit into the time limit of `.ci/run`.
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
# pytest-xdist first gives each worker a row of consecutive tests. HANDS should not be smaller than the number of workers.
HANDS = 32

# ip, nft and avahi-daemon are in sbin, which may not be in the user's PATH.
os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

# This comes before pytest-xdist starts its workers, so that the workers are in the same namespace.
become_root()


def pytest_configure():
    unwind_on_sigterm()


def dealt(items):
    """Order the tests so that the early ones come first, at most one in the row of tests that a worker begins with."""
    items = sorted(items, key=lambda item: item.get_closest_marker("early") is None)
    return [item for hand in range(HANDS) for item in items[hand::HANDS]]


@pytest.hookimpl(trylast=True)      # after -m and -k have deselected tests
def pytest_collection_modifyitems(items):
    items[:] = dealt(items)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    seconds = SECONDS_A_LONG_TEST if item.get_closest_marker("long") else SECONDS_A_TEST

    def overdue(*_):
        pytest.fail(f"the test did not end within {seconds} s")
    # Waits in the pump have deadlines of their own; this alarm ends a wait elsewhere.
    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.test_failed = outcome.get_result().failed


# Fixtures that some machines do not support: a function that returns the reason on this machine, or None. In a chroot whose
# root is not a mount point, mounts of a test would be visible outside the chroot.
REFUSED = {"lan": lambda: usable() or mounts_unusable(), "mounts": mounts_unusable,
           "switch": machines_unusable, "tunnels": lambda: usable() or tunnels_unusable()}


@pytest.fixture
def cluster(request):
    # This comes first, because Cluster() may wait until other tests are done with the loopback interface that all share.
    for name in REFUSED.keys() & set(request.fixturenames):
        if reason := REFUSED[name]():
            pytest.skip(reason)
    for program in (paths.SWIMD, paths.SWIMCTL):
        if not os.access(program, os.X_OK):
            pytest.fail(f"no program {program}; run make first, or set SWIMD_BUILD", pytrace=False)
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
    """A cluster for a test that mounts something which only its own programs see."""
    return cluster


@pytest.fixture
def lan(cluster):
    return Lan(cluster)


@pytest.fixture
def tunnels(cluster):
    """tunnels(count, **path) -> Tunnels: hosts whose paths have a delay, loss and so on (harness/tunnel.py)."""
    return lambda count, **path: Tunnels(cluster, count, **path)
