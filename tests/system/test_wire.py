"""Invalid datagrams are counted, not answered, and change nothing; sizes of answers and datagrams are bounded."""
import os

import pytest

import mutate
from harness import TRUSTING, Peer, Wire, base_wire, paths


def test_mutated_datagrams_do_no_harm(cluster, record_property):
    """60,000 mutated datagrams, from a seed that a failure prints, neither end the daemon nor let its memory grow."""
    seed = int(os.environ.get("SWIM_TEST_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}; SWIM_TEST_SEED={seed} repeats it")
    figures = mutate.attack(cluster, 60_000, seed)
    print(figures)
    record_property("figures", figures)
    assert figures["resident_kib_end"] - figures["resident_kib_warm"] < (4096 if paths.sanitized() else 1024)


@pytest.mark.parametrize("size", [0, 1, 8, 9, 1400, 1401, 9000, 65507])
def test_an_invalid_datagram_of_any_size_is_rejected(cluster, size):
    daemon = cluster.daemon()
    daemon.start()
    wire = Wire(cluster, "127.0.9.1:7946")
    wire.send(daemon.address, b"\xee" * size)
    cluster.wait(lambda: sum(daemon.call("metrics")["messages_rejected"].values()) == 1, "the reject to be counted")
    assert wire.came == []
    assert sorted(daemon.members()) == [daemon.name]


def test_nothing_of_an_invalid_datagram_is_applied(cluster):
    """Of a datagram with ten valid updates and an invalid one, no update is applied."""
    daemon = cluster.daemon()
    daemon.start()
    wire = Wire(cluster, "127.0.9.1:7946")
    updates = [base_wire.Update(f"x{n}", f"127.0.8.{n}:7946", base_wire.ALIVE, 0) for n in range(1, 12)]
    raw = bytearray(base_wire.ping(1, updates))
    raw[-9] = 3                                         # the last status
    assert not base_wire.is_valid(bytes(raw)) and base_wire.is_valid(base_wire.ping(1, updates))
    wire.send(daemon.address, bytes(raw))
    cluster.wait(lambda: daemon.call("metrics")["messages_rejected"]["bad-status"] == 1, "the reject to be counted")
    assert sorted(daemon.members()) == [daemon.name]
    assert wire.came == []


def test_a_full_table_ignores_further_members(cluster):
    """A full table of max_members ignores and counts further members, and keeps its own."""
    daemon = cluster.daemon(config="max_members = 20\n" + TRUSTING)
    daemon.start()
    peer = Peer(cluster, "127.0.9.1:7946", "base")
    peer.join(daemon.address)
    cluster.wait(lambda: "base" in daemon.members(), "the peer to join")
    for n in range(100):
        peer.send(daemon.address, base_wire.ping(n + 1, [base_wire.Update(f"x{n}", f"10.0.0.{n + 1}:7946",
                                                                          base_wire.ALIVE, 0)]))
    peer.answer(base_wire.ACK, 100)
    assert len(daemon.members()) == 20 and "base" in daemon.members()
    assert daemon.call("metrics")["updates_ignored"]["member-limit"] > 0


def test_each_ping_of_a_stranger_gets_one_ack(cluster):
    """Each ping of a stranger gets one ack, within the limit of a datagram."""
    cluster.start(12)
    cluster.whole()
    daemon = cluster.daemons[0]
    wire = Wire(cluster, "127.0.9.1:7946")              # never answers anything
    sent = 0
    for n in range(50):
        data = base_wire.ping(n + 1)
        wire.send(daemon.address, data)
        sent += len(data)
    wire.answer(base_wire.ACK, 50)
    acks = [data for _, _, data in wire.came if data[0] == base_wire.ACK]
    print(f"{sent} bytes in, {sum(map(len, acks))} bytes of acks out in {len(acks)}")
    assert len(acks) == 50
    assert max(map(len, acks)) <= 1400


def test_datagrams_are_within_max_datagram(cluster):
    """No sent datagram is larger than max_datagram, and with a small max_datagram the whole table is still exchanged."""
    wire = Peer(cluster, "127.0.9.1:7946", "base")
    cluster.start(12, config="max_datagram = 1024\n")
    wire.join(cluster.daemons[0].address)
    cluster.whole(also=["base"])
    cluster.wait(lambda: all(wire.statuses_at(d.address) == {"alive"} for d in cluster.daemons), "the base peer to list all",
                 seconds=60)
    assert max(len(data) for _, _, data in wire.came) <= 1024
