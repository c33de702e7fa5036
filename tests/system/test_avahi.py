"""Discovery by mDNS: real avahi-daemons on a wire, and what becomes of us when they are in trouble."""
import os
import re
import shutil
import signal
import time

import pytest

from harness import Lan, TimedOut, helpers, paths

MISSING = [program for program in ("avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", "nsenter")
           if not shutil.which(program)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make deps installs them)")

RECOVERY = 10       # seconds after Avahi's return


@pytest.fixture
def lan(cluster):
    return Lan(cluster)


def launch(cluster, daemons):
    """Start them at once and follow their views; when the last was started."""
    for daemon in daemons:
        daemon.launch()
    last = time.monotonic()
    cluster.watch(daemons)
    return last


def peers(daemon, source="mdns"):
    return [peer for peer in daemon.call("discovery")["peers"] if peer["source"] == source]


def states(daemon, service=None):
    """{(service, address or None): state}"""
    return {(p["service"], p["address"]): p["state"] for p in peers(daemon)
            if service is None or p["service"] == service}


def health(daemon):
    return daemon.call("health")


def lag_ms(daemon):
    """The longest that the loop was late so far."""
    return daemon.call("metrics")["process"]["loop_lag_max_seconds"] * 1000


def wait_health(daemon, status, needle="", seconds=None):
    def there():
        answer = health(daemon)
        return answer["status"] == status and needle in " ".join(answer["reasons"])
    daemon.pump.wait(there, lambda: f"{daemon} to be {status} ({needle}); it is {health(daemon)}", seconds)
    return time.monotonic()


def no_false_verdict(daemons):
    for daemon in daemons:
        for kind in ("member.suspected", "member.failed"):
            said = daemon.heard_of(kind)
            assert not said, f"{daemon}: {said}"


def test_five_machines_without_configuration(cluster, lan, swimctl):
    hosts = [lan.host() for _ in range(5)]
    daemons = [host.daemon() for host in hosts]
    last = launch(cluster, daemons)
    took = cluster.whole() - last
    print(f"five members everywhere {took:.2f} s after the last start")
    names = {host.name for host in hosts}

    def all_resolved():
        return all({s for (s, address), state in states(d).items() if address} == names for d in daemons)
    cluster.wait(all_resolved, lambda: f"all services to be resolved: {states(daemons[0])}")
    # What joined is asked no more; every other one is a member, and we are we.
    for daemon in daemons:
        def settled(daemon=daemon):
            return {s for s in states(daemon).values()} <= {"member", "joined", "self"}
        cluster.wait(settled, lambda: f"{daemon}: {states(daemon)}")
        assert set(states(daemon, daemon.name).values()) == {"self"}
        assert "self" not in {state for (s, _), state in states(daemon).items() if s != daemon.name}
        for peer in peers(daemon):
            assert peer["interface"] in ("eth0", "lo") and 0 <= peer["age_seconds"] < 60
        # Both families were browsed, and no member was joined by two of its addresses.
        assert any("[" in peer["address"] for peer in peers(daemon))
        assert health(daemon)["status"] == "ok" and health(daemon)["discovery"] == "ok"
    for daemon in daemons:
        joined = [p["member"] for p in peers(daemon) if p["state"] == "joined"]
        assert len(joined) == len(set(joined)), joined
    # The TXT record says version, cluster and name, and nothing else.
    found = hosts[0].command("avahi-browse", "-rtp", "_swim._udp").stdout
    lines = [line.split(";") for line in found.splitlines() if line.startswith("=;eth0;IPv4")]
    assert {line[3] for line in lines} == names
    for line in lines:
        assert line[8] == "7946"
        assert sorted(re.findall(r'"([^"]*)"', line[9])) == [
            "cluster=", f"name={line[3]}", f"version={daemons[0].call('info')['version']}"]
    table = swimctl(daemons[0], "discovery").stdout
    assert "INTERFACE" in table and "eth0" in table and "self" in table
    no_false_verdict(daemons)
