"""Floods of datagrams: the daemon answers, is not declared failed, and writes a short log.

`make check` sends a few floods at low rates, so that other tests can run beside them. `make check-flood` sends short floods of
every kind, and `make bench-flood` sends long floods to a booted container.
"""
import os
import signal
import time

import pytest

from harness import flood, paths

SECONDS = 3
MEMBERS = 4
FLOODED = 1
# (kind, datagrams a second, source). A large datagram has about 2,000 updates. A machine that runs other programs too can
# send these rates.
HARD = [
    ("flap", 60, None), ("flap", 400, "member"), ("gossip", 60, None), ("gossip", 400, "many"), ("ping-large", 100, None),
    ("accuse", 2000, "member"), ("sync", 400, "member"), ("ping", 20000, "many"), ("join", 20000, "many"),
    ("ping", 20000, "member"), ("ping-req", 10000, "many"), ("sync-req", 10000, None), ("ack", 20000, "member"),
    ("claim", 10000, "many"), ("invalid", 400, None), ("fragments", 10000, "many"),
]
# Each of these floods is several times as large as what a daemon reads from one stranger, so that the daemon drops a part
# also if a busy machine sends less. Decoding large gossip can delay members on a busy machine, so only check-flood sends it.
GENTLE = [("flap", 40, None), pytest.param("gossip", 40, None, marks=[pytest.mark.long, pytest.mark.flood]),
          ("ping", 2000, None)]


@pytest.fixture(autouse=True)
def sender_is_built():
    if not os.access(flood.program(), os.X_OK):
        pytest.fail(f"no program {flood.program()}; run make test-programs", pytrace=False)


@pytest.mark.parametrize("kind, rate, source", GENTLE)
def test_a_flood_is_dropped_in_part(cluster, kind, rate, source):
    target, _ = flooded(cluster, kind, rate, source)
    assert target.call("metrics")["datagrams_unread"]["source"] > 0
    leaves_in_a_flood(cluster, target, kind, rate, source)


@pytest.mark.long
@pytest.mark.flood
@pytest.mark.parametrize("kind, rate, source", HARD)
def test_a_flood_harms_no_member(cluster, kind, rate, source):
    target, waits = flooded(cluster, kind, rate, source)
    # The daemon answers during the flood, because it reads datagrams only for a limited time per turn of the loop.
    assert waits[-1] < 2 * SECONDS, waits[-5:]
    leaves_in_a_flood(cluster, target, kind, rate, source)


def leaves_in_a_flood(cluster, target, kind, rate, source):
    sender = flood.send(cluster.namespace, kind, target.address, rate, SECONDS * 20, *source_of(cluster, source))
    target.disconnect()
    target.signal(signal.SIGTERM)
    assert target.ended(SECONDS * 10) == 0
    sender.kill()
    sender.wait()


def source_of(cluster, source):
    """(source address, number of addresses from that on) of the flood's datagrams; None for this host's own address."""
    return {None: (None, 1), "many": ("10.7.0.1:7946", 60000), "member": (cluster.daemons[FLOODED + 1].address, 1)}[source]


def flooded(cluster, kind, rate, source):
    """Flood one member of a cluster, and assert that no member fails. Returns that member and its answer times in seconds."""
    cluster.start(MEMBERS)
    cluster.whole()
    target = cluster.daemons[FLOODED]
    logs = {daemon: os.path.getsize(daemon.log) for daemon in cluster.daemons}
    asker = flood.Asker(target.socket)
    sender = flood.send(cluster.namespace, kind, target.address, rate, SECONDS, *source_of(cluster, source),
                        [(d.name, d.address) for d in cluster.daemons] if kind == "accuse" else ())
    begin = time.monotonic()
    cluster.wait(lambda: sender.poll() is not None, "the flood to end", seconds=SECONDS + 60)
    waits = asker.stop()
    print(f"{sender.communicate()[0].strip()}; {len(waits)} answers, the longest after {waits[-1] * 1000:.0f} ms; "
          f"{target.call('metrics')['datagrams_unread']}")
    # A failure that began during the flood would be reported some seconds later.
    all_alive(cluster)
    names = {daemon.name for daemon in cluster.daemons}
    for daemon in cluster.daemons:
        failed = [e["member"]["name"] for e in daemon.said if e["type"] == "member.failed" and e["at"] >= begin]
        assert not names.intersection(failed), (daemon.name, failed)
        grown = os.path.getsize(daemon.log) - logs[daemon]
        assert grown < 400_000, (daemon.name, grown)
    return target, waits


def all_alive(cluster):
    """Wait until each daemon lists all daemons as alive; it may list other members too. Returns that instant."""
    names = {daemon.name for daemon in cluster.daemons}

    def whole():
        return all(names <= {n for n, status in d.listed().items() if status == "alive"} for d in cluster.daemons)
    cluster.wait(whole, lambda: f"each daemon to list all as alive: {[d.call('members')['counts'] for d in cluster.daemons]}")
    return time.monotonic()


@pytest.mark.skipif(paths.sanitized(), reason="a sanitizer makes the daemon slow")
def test_a_flood_shows_in_the_health_and_the_log(cluster):
    cluster.start(2)
    cluster.whole()
    target = cluster.daemons[0]
    assert target.complaints() == []
    sender = flood.send(cluster.namespace, "ping", target.address, 2000, SECONDS)
    sender.wait()
    told = cluster.wait(lambda: [r for r in target.complaints() if "unread" in r], "health with unread datagrams")
    assert "127.0.0.1:" in told[0] or "127.0.1." in told[0], told
    assert target.call("metrics")["datagrams_unread"]["source"] > 0
    cluster.wait(lambda: "datagrams are dropped unread" in target.text(), "a line of the log")
    assert target.text().count("datagrams are dropped unread") == 1
