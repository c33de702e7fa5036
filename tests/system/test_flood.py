"""Floods of datagrams of every kind, short ones: the daemon goes on answering, is not declared failed, and writes no more
of a log than a person reads. The long ones, on a booted machine, are `make bench-flood`."""
import os
import signal
import time

import pytest

from harness import flood, paths

SECONDS = 3
MEMBERS = 4
FLOODED = 1
# Large datagrams have some 2,000 updates each. The rates are what a machine that does other things too can send.
FLOODS = [
    ("flap", 60, None), ("flap", 400, "member"), ("gossip", 60, None), ("gossip", 400, "many"), ("ping-large", 100, None),
    ("accuse", 2000, "member"), ("sync", 400, "member"), ("ping", 20000, "many"), ("join", 20000, "many"),
    ("ping", 20000, "member"), ("ping-req", 10000, "many"), ("sync-req", 10000, None), ("ack", 20000, "member"),
    ("claim", 10000, "many"), ("invalid", 400, None), ("fragments", 10000, "many"),
]


@pytest.mark.parametrize("kind, rate, source", FLOODS)
def test_a_flood_keeps_nobody_from_anything(cluster, kind, rate, source):
    if not os.access(flood.program(), os.X_OK):
        pytest.fail(f"{flood.program()} is not there; run make test-programs")
    cluster.start(MEMBERS)
    cluster.whole()
    target, member = cluster.daemons[FLOODED], cluster.daemons[FLOODED + 1]
    sources = {None: (None, 1), "many": ("10.7.0.1:7946", 60000), "member": (member.address, 1)}
    source, spread = sources[source]
    logs = {daemon: os.path.getsize(daemon.log) for daemon in cluster.daemons}
    asker = flood.Asker(target.socket)
    sender = flood.send(cluster.namespace, kind, target.address, rate, SECONDS, source, spread,
                        [(d.name, d.address) for d in cluster.daemons] if kind == "accuse" else ())
    begin = time.monotonic()
    cluster.wait(lambda: sender.poll() is not None, "the flood to end", seconds=SECONDS + 60)
    waits = asker.stop()
    print(f"{sender.communicate()[0].strip()}; {len(waits)} answers, the longest after {waits[-1] * 1000:.0f} ms; "
          f"{target.call('metrics')['datagrams_unread']}")
    # Some of these took more than the whole flood before datagrams were read for so long and no longer.
    assert waits[-1] < 2 * SECONDS, waits[-5:]
    # A detection takes seconds: it would have begun in the flood.
    all_alive(cluster)
    names = {daemon.name for daemon in cluster.daemons}
    for daemon in cluster.daemons:
        failed = [e["member"]["name"] for e in daemon.said if e["type"] == "member.failed" and e["at"] >= begin]
        assert not names.intersection(failed), (daemon.name, failed)
        grown = os.path.getsize(daemon.log) - logs[daemon]
        assert grown < 400_000, (daemon.name, grown)
    # It leaves while another flood goes on.
    sender = flood.send(cluster.namespace, kind, target.address, rate, SECONDS * 20, source, spread)
    target.disconnect()
    target.signal(signal.SIGTERM)
    assert target.ended(SECONDS * 10) == 0
    sender.kill()
    sender.wait()


def all_alive(cluster):
    """Wait until each daemon lists all of them alive, whoever else it lists; when that was."""
    names = {daemon.name for daemon in cluster.daemons}

    def whole():
        return all(names <= {n for n, status in d.listed().items() if status == "alive"} for d in cluster.daemons)
    cluster.wait(whole, lambda: f"all to list all alive: {[d.call('members')['counts'] for d in cluster.daemons]}")
    return time.monotonic()


@pytest.mark.skipif(paths.sanitized(), reason="a sanitizer makes the daemon slow")
def test_an_operator_is_told_of_a_flood(cluster):
    cluster.start(2)
    cluster.whole()
    target = cluster.daemons[0]
    assert target.call("health")["status"] == "ok"
    sender = flood.send(cluster.namespace, "ping", target.address, 10000, 1)
    sender.wait()
    health = cluster.wait(lambda: [r for r in target.call("health")["reasons"] if "unread" in r], "the health to tell of it")
    assert "127.0.0.1:" in health[0] or "127.0.1." in health[0], health
    assert target.call("metrics")["datagrams_unread"]["source"] > 0
    cluster.wait(lambda: "datagrams are dropped unread" in target.text(), "a line of the log")
    assert target.text().count("datagrams are dropped unread") == 1
