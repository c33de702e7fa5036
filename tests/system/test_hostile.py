"""Others who mean harm, and surroundings that fail: the daemon stays small, truthful and at work."""
import os
import socket
import struct

import pytest

from harness import TRUSTING, Crowd, RpcError, Wire, base_wire, paths

GOSSIP = 0x12
measures_memory = pytest.mark.skipif(paths.sanitized(), reason="a sanitizer keeps what was freed")


def gossip(updates):
    return struct.pack("!BQ", GOSSIP, 1) + base_wire.gossip(updates)


def deaf(cluster, daemon, requests):
    """A client that asks and never reads."""
    connection = socket.socket(socket.AF_UNIX)
    cluster.closers.append(connection.close)
    connection.connect(daemon.socket)
    connection.sendall(requests)


def test_a_name_forged_before_its_owner_starts(cluster):
    """Whether it was taken for a member (two sync intervals after a start) or not, its owner rises and is one."""
    cluster.start(2)
    cluster.whole()
    late, forged = cluster.daemon(seeds=[cluster.daemons[0].address]), 2**62
    wire = Wire(cluster, "127.0.9.1:7946")
    wire.send(cluster.daemons[0].address, gossip([base_wire.Update(late.name, late.address, 0, forged)]))
    cluster.watch([late.launch()])
    cluster.whole()


@pytest.mark.parametrize("above", [0, 64, 1000])
def test_a_word_that_one_who_lives_is_to_be_forgotten(cluster, above):
    """Nobody says that it failed, nor forgets it: it is suspected at most, and refutes; a stranger's large step counts for nothing."""
    cluster.start(4)
    cluster.whole()
    told, victim = cluster.daemons[:2]
    incarnation = victim.call("info")["incarnation"] + above
    forget = struct.pack("!BHHB", 0x03, 3, 0, 0x02)     # the flags of the first update
    Wire(cluster, "127.0.9.1:7946").send(told.address, gossip([
        base_wire.Update(victim.name, victim.address, base_wire.DEAD, incarnation)]) + forget)

    def ignored():
        return told.call("metrics")["updates_ignored"]["incarnation-jump"] == 1

    def refuted():
        return all(d.members().get(victim.name, {}).get("incarnation", 0) > incarnation for d in cluster.daemons)
    cluster.wait(*((ignored, "the word to be ignored") if above > 64 else (refuted, "the refutation at all")))
    cluster.whole()
    for daemon in cluster.daemons:
        for kind in ("member.failed", "member.removed"):
            assert not daemon.heard_of(kind, victim.name), (kind, daemon.name)


def test_a_table_full_of_fakes_has_room_for_who_shows_itself(cluster):
    """However many a stranger tells of, and whether they are taken up, one that starts then is a member."""
    first, second = (cluster.daemon(seeds=seeds, config="max_members = 40\n") for seeds in ([], [cluster.address(0)]))
    cluster.watch([first.launch()])
    Wire(cluster, "127.0.9.1:7946").send(first.address, gossip([
        base_wire.Update(f"fake{n}", f"127.3.0.{n + 1}:7946", 0, 1) for n in range(60)]))
    cluster.watch([second.launch()])
    cluster.wait(lambda: second.name in first.alive() and first.name in second.alive(),
                 lambda: f"the two to see each other: {first.alive()}, {second.alive()}")
    assert len(first.members()) <= 40


@measures_memory
def test_a_storm_of_events_takes_no_memory(cluster):
    """Updates of 24 bytes, thousands a datagram, hundreds of which make an event: they don't pile up as reports."""
    daemon = cluster.daemon(config=TRUSTING)
    daemon.start()
    crowd = Crowd(cluster, daemon, 80)      # each may make 500 events of one member
    before, incarnation = daemon.resident_kib(), 0
    for turn in range(80):
        updates = [base_wire.Update("a", "9.9.9.9:9", n % 2, incarnation + n // 2) for n in range(2700)]
        incarnation += 2700 // 2
        crowd.next().send(daemon.address, gossip(updates))
        if turn % 10 == 9:                  # no more than a receive buffer holds
            daemon.call("info")
    cluster.wait(lambda: daemon.call("members", name="a")["members"], "the storm to arrive")
    daemon.call("info")
    grown, made = daemon.resident_kib() - before, daemon.call("metrics")["control"]["events"]
    print(f"{grown} KiB more after {made} events")
    assert made > 20_000
    assert grown < 24 * 1024


def test_closed_standard_descriptors_are_held(cluster):
    """Started without stdout and stderr, it writes its log into none of its own files."""
    daemon = cluster.daemon(wrapper=["sh", "-c", 'exec "$@" >&- 2>&-', "sh"], options=["--log-level", "trace"])
    daemon.start()
    links = {os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") for fd in (1, 2)}
    assert links == {"/dev/null"}
    with open(os.path.join(daemon.state, "lock"), encoding="ascii") as file:
        assert file.read().strip() == str(daemon.process.pid)


@pytest.mark.early
@measures_memory
def test_connections_that_never_read_take_bounded_memory(cluster):
    """10,000 members with names as long as they may be; 30 ask for all of them, 16 MB, and read nothing."""
    daemon = cluster.daemon(config=TRUSTING)
    daemon.start()
    crowd = Crowd(cluster, daemon, 10)
    for begin in range(0, 10_000, 100):
        crowd.next().send(daemon.address, gossip([
            base_wire.Update("\x01" * 245 + f"{n:08}", f"127.3.{n // 250}.{n % 250}:7946", 0, 1)
            for n in range(begin, begin + 100)]))
        daemon.call("info")
    patient = daemon.connect()
    answer = len(patient.raw(b"members\n")[0]["result"]["members"])
    assert answer > 9000
    for _ in range(30):
        deaf(cluster, daemon, b"members\n")

    def answered():
        """Who reads gets the answer, or hears that there is no room for now; and is never closed."""
        try:
            # Its turn comes after those of all others, 500 MB of text: on a busy machine that takes longer than most waits.
            assert len(patient.call("members", seconds=120)["members"]) == answer
        except RpcError as error:
            assert error.word == "unavailable", error
            return False
        return True

    for _ in range(3):
        cluster.wait(answered, "those that do not read to be closed")
    resident = daemon.resident_kib()
    print(f"{resident} KiB")
    assert resident < 200 * 1024
    counts = daemon.call("metrics")["control"]
    assert counts["overflows"] + counts["errors"] > 20, counts


@measures_memory
def test_deaf_subscribers_take_little_memory(cluster):
    """60 that subscribe and never read, while 20,000 events happen: a backlog of 1 MiB each and no more."""
    daemon = cluster.daemon(config=TRUSTING)
    daemon.start()
    crowd = Crowd(cluster, daemon, 100)     # each may make 500 events of one member
    for _ in range(60):
        deaf(cluster, daemon, b"subscribe\n")
    cluster.wait(lambda: daemon.call("metrics")["control"]["subscribers"] == 60, "all to be subscribed")
    incarnation, before = 0, daemon.call("metrics")["control"]["events"]
    for _ in range(500):
        crowd.next().send(daemon.address, gossip([
            base_wire.Update("a", "9.9.9.9:9", n % 2, incarnation + n // 2) for n in range(40)]))
        incarnation += 20
        daemon.call("info")
    resident, made = daemon.resident_kib(), daemon.call("metrics")["control"]["events"] - before
    print(f"{resident} KiB after {made} events")
    assert made > 18_000
    assert resident < 128 * 1024
    assert daemon.call("metrics")["control"]["overflows"] == 60
