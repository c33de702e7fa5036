"""Others who mean harm, and surroundings that fail: the daemon stays small, truthful and at work."""
import os
import struct

from harness import Wire, base_wire

GOSSIP = 0x12


def gossip(updates):
    return struct.pack("!BQ", GOSSIP, 1) + base_wire.gossip(updates)


def test_a_storm_of_events_takes_no_memory(cluster):
    """Updates of 24 bytes that each make an event, thousands a datagram: they don't pile up as reports."""
    daemon = cluster.daemon()
    daemon.start()
    wire = Wire(cluster, "127.0.9.1:7946")
    before, incarnation = daemon.resident_kib(), 0
    for _ in range(40):
        updates = [base_wire.Update("a", "9.9.9.9:9", n % 2, incarnation + n // 2) for n in range(2700)]
        incarnation += 2700 // 2
        wire.send(daemon.address, gossip(updates))
    cluster.wait(lambda: daemon.call("members", name="a")["members"], "the storm to arrive")
    daemon.call("info")
    grown = daemon.resident_kib() - before
    print(f"{grown} KiB more")
    assert daemon.call("metrics")["control"]["events"] > 20_000
    assert grown < 24 * 1024


def test_closed_standard_descriptors_are_held(cluster):
    """Started without stdout and stderr, it writes its log into none of its own files."""
    daemon = cluster.daemon(wrapper=["sh", "-c", 'exec "$@" >&- 2>&-', "sh"], options=["--log-level", "trace"])
    daemon.start()
    links = {os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") for fd in (1, 2)}
    assert links == {"/dev/null"}
    with open(os.path.join(daemon.state, "lock"), encoding="ascii") as file:
        assert file.read().strip() == str(daemon.process.pid)
