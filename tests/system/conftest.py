"""Fixtures of the system tests, and what whoever writes such a test has to know.

The tests use Python's standard library and pytest. Each test has a network namespace, a directory and daemons of its own.
To run some of them on another build than build/:

    SWIMD_BUILD=build/asan python3 -B -m pytest -p no:cacheprovider -x tests/system -k NAME

Where a test runs. A user other than root becomes root of a user namespace where the kernel allows that. Where nobody may
make a namespace (in a container without CAP_SYS_ADMIN, or for a user in a chroot), the tests run one after the other on the
loopback interface of this machine. A test that needs more is then skipped by the fixture or by the harness, at the call that
needs the namespace, and needs no mark for that; `make check` says of each file how many tests were skipped and why.
`make check-roots` tries all of this in fresh roots of Debian 12 and 13.

What a test is written in (tests/system/harness):

    cluster.py      daemons on loopback addresses of one namespace
    lan.py          namespaces on a bridge, each with a D-Bus and an avahi-daemon
    tunnel.py       namespaces between which a thread of the test carries the packets: late, twice, in another order, or not
    machine.py      systems that have booted a systemd in systemd-nspawn, with swimd as `make install` leaves it
    peers.py        Wire, a socket that takes and makes datagrams; Peer, a base peer (tests/base_peer) on a socket of the
                    test; Crowd, members that take turns in telling a daemon of thousands of members, because a daemon takes
                    only so many updates in a second from one source (src/core/quota.c)
    mixed.py        a cluster of daemons and base peers; the rolling upgrade in test_mixed.py needs a swimd of an older
                    version: make check-upgrade SWIMD_OLD=/path/to/swimd
    flood.py        floods by tests/flood/flood.c (make test-programs), from false addresses too
    refuse.py       errors that no machine produces on demand, returned by the kernel at the test's request (seccomp)

How long a test waits. A test waits for a condition, with a generous limit. It never sleeps for as long as something "should
take", and never fails because the machine was slow. A test that requires a healthy daemon checks `daemon.complaints()` and
not the status of the daemon's health, which may be `degraded` on a busy machine.

How long a test lasts. All tests run beside each other, SYSTEM_JOBS at a time: four a processor, as real daemons mostly wait.
The marks are in pytest.ini. A test that takes some seconds by its nature is marked `early`, or the whole of `make check` may
end up waiting for it alone. A test whose subject lasts, such as two minutes of loss, so that no faster machine makes it
shorter, is marked `long` and runs in `make check-long` only. Long tests run beside each other, their figures are in
build/log/long.log, and all of them together get the time that `.ci/run` has left.
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
