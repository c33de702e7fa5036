"""Floods of datagrams: the daemon goes on answering, is not declared failed, and writes no more of a log than a person
reads. `make check` sends a few at rates that leave the tests beside them their processor time, `make check-flood` short ones of
every kind, and `make bench-flood` long ones to a booted machine."""
import os
import signal
import time

import pytest

from harness import flood, paths

SECONDS = 3
MEMBERS = 4
FLOODED = 1
# Large datagrams have some 2,000 updates each. The rates are what a machine that does other things too can send.
HARD = [
    ("flap", 60, None), ("flap", 400, "member"), ("gossip", 60, None), ("gossip", 400, "many"), ("ping-large", 100, None),
    ("accuse", 2000, "member"), ("sync", 400, "member"), ("ping", 20000, "many"), ("join", 20000, "many"),
    ("ping", 20000, "member"), ("ping-req", 10000, "many"), ("sync-req", 10000, None), ("ack", 20000, "member"),
    ("claim", 10000, "many"), ("invalid", 400, None), ("fragments", 10000, "many"),
]
# Each sends several times as much as a daemon reads from one stranger: some is dropped even where a busy machine sends less.
# The decoding of large gossip from a stranger takes so much of a busy machine that members are late: check-flood sends it.
GENTLE = [("flap", 40, None), pytest.param("gossip", 40, None, marks=[pytest.mark.long, pytest.mark.flood]),
          ("ping", 2000, None)]


@pytest.fixture(autouse=True)
def sender_is_built():
    if not os.access(flood.program(), os.X_OK):
        pytest.fail(f"{flood.program()} is not there; run make test-programs", pytrace=False)


@pytest.mark.parametrize("kind, rate, source", GENTLE)
def test_a_flood_that_is_dropped_in_part(cluster, kind, rate, source):
    target, _ = flooded(cluster, kind, rate, source)
    assert target.call("metrics")["datagrams_unread"]["source"] > 0
    leaves_in_a_flood(cluster, target, kind, rate, source)


@pytest.mark.long
@pytest.mark.flood
@pytest.mark.parametrize("kind, rate, source", HARD)
def test_a_flood_keeps_nobody_from_anything(cluster, kind, rate, source):
    target, waits = flooded(cluster, kind, rate, source)
    # Some of these took more than the whole flood before datagrams were read for so long and no longer.
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
    """The address that the flood seems to come from, and how many addresses from that on."""
    return {None: (None, 1), "many": ("10.7.0.1:7946", 60000), "member": (cluster.daemons[FLOODED + 1].address, 1)}[source]


def flooded(cluster, kind, rate, source):
    """A cluster one of whose members is flooded without harm to anybody: that member, and the times its answers took."""
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
    # A detection takes seconds: it would have begun in the flood.
    all_alive(cluster)
    names = {daemon.name for daemon in cluster.daemons}
    for daemon in cluster.daemons:
        failed = [e["member"]["name"] for e in daemon.said if e["type"] == "member.failed" and e["at"] >= begin]
        assert not names.intersection(failed), (daemon.name, failed)
        grown = os.path.getsize(daemon.log) - logs[daemon]
        assert grown < 400_000, (daemon.name, grown)
    return target, waits


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
    assert target.complaints() == []
    sender = flood.send(cluster.namespace, "ping", target.address, 2000, SECONDS)
    sender.wait()
    told = cluster.wait(lambda: [r for r in target.complaints() if "unread" in r], "the health to tell of it")
    assert "127.0.0.1:" in told[0] or "127.0.1." in told[0], told
    assert target.call("metrics")["datagrams_unread"]["source"] > 0
    cluster.wait(lambda: "datagrams are dropped unread" in target.text(), "a line of the log")
    assert target.text().count("datagrams are dropped unread") == 1
