"""Base peers, which know only the base wire format, are full members of a cluster of daemons."""
import json
import os
import pathlib
import time

import pytest

from harness import TRUSTING, Peer, Wire, base_wire, paths

PEER = "127.0.9.1:7946"
FAR = "127.0.9.2:7946"


def vectors():
    found = sorted(pathlib.Path(paths.TOP, "tests").glob("**/wire.json"))
    with open(found[0], encoding="utf-8") as file:
        return json.load(file)


def test_the_codec_agrees_with_the_published_vectors():
    """The codec of these tests agrees with the published vectors."""
    cases = vectors()
    for case in cases["valid"] + cases["valid_with_trailing_bytes"]:
        raw = bytes.fromhex(case["hex"])
        message = base_wire.decode(raw)
        assert base_wire.encode(message) == raw
        assert [message.type, str(message.seq)] == [case["message"]["type"], case["message"]["seq"]]
        assert [[u.id, u.address, base_wire.STATUS_NAMES[u.status], str(u.incarnation)] for u in message.updates] == \
            [[u["id"], u["address"], u["status"], u["incarnation"]] for u in case["message"].get("updates", [])]
    for case in cases["invalid"]:
        assert not base_wire.is_valid(bytes.fromhex(case["hex"])), case["name"]


def test_the_codec_agrees_with_recorded_datagrams():
    """The codec of these tests decodes datagrams of a real base peer, and encodes the same bytes."""
    with open(pathlib.Path(paths.TOP, "tests/vectors/base-live.json"), encoding="utf-8") as file:
        cases = json.load(file)["valid"]
    assert len(cases) == 34
    for case in cases:
        raw, wanted = bytes.fromhex(case["hex"]), case["message"]
        message = base_wire.decode(raw)
        assert (base_wire.encode(message), message.trailer) == (raw, b""), case["name"]
        assert (message.type, str(message.seq)) == (wanted["type"], wanted["seq"]), case["name"]
        assert [(u.id, u.address, base_wire.STATUS_NAMES[u.status], str(u.incarnation)) for u in message.updates] == \
            [(u["id"], u["address"], u["status"], u["incarnation"]) for u in wanted.get("updates", [])], case["name"]


def one_daemon(cluster, config="", **more):
    daemon = cluster.daemon(config=TRUSTING + config, **more)
    cluster.watch([daemon.launch()])
    return daemon


def joined(cluster, daemon, address=PEER, identity="base", **more):
    peer = Peer(cluster, address, identity, **more)
    peer.join(daemon.address)
    cluster.wait(lambda: identity in daemon.alive(), f"{identity} to be alive at {daemon.name}")
    return peer


def test_a_base_peer_joins_by_a_ping_and_is_probed(cluster):
    cluster.start(3)
    cluster.whole()
    peer = joined(cluster, cluster.daemons[0])
    cluster.whole(also=["base"])
    cluster.wait(lambda: {s for s, m in peer.messages(base_wire.PING)} >= {d.address for d in cluster.daemons},
                 "every daemon to probe the base peer")
    for daemon in cluster.daemons:
        member = daemon.call("member", name="base")
        member = member.get("member", member)
        assert (member["address"], member["status"]) == (PEER, "alive")
    # The base peer learns of the other daemons by gossip.
    cluster.wait(lambda: all(peer.statuses_at(d.address) == {"alive"} for d in cluster.daemons),
                 lambda: f"the base peer to know all: {peer.peer.members}")
    assert not any(d.heard_of("member.failed") for d in cluster.daemons)


def test_the_sender_of_a_bare_ping_becomes_an_unnamed_peer(cluster):
    """A ping without updates makes its sender an unnamed peer; the ack has the sequence number of the ping."""
    daemon = one_daemon(cluster)
    wire = Peer(cluster, PEER)
    wire.peer.probing = False
    wire.send(daemon.address, base_wire.ping(0x1122334455667788))
    answer = wire.answer(base_wire.ACK, 0x1122334455667788)
    assert answer.member == (daemon.address, daemon.address), "the id of a swimd is its address to base peers"
    cluster.wait(lambda: PEER in daemon.alive(), "the unnamed peer to be a member")


@pytest.mark.early
def test_an_id_that_comes_later_replaces_the_unnamed_peer(cluster):
    """The id of an unnamed peer comes later, in gossip: one member is left, under that id."""
    daemon = one_daemon(cluster)
    peer = Peer(cluster, PEER)
    peer.peer.probing = False
    peer.send(daemon.address, base_wire.ping(1))
    cluster.wait(lambda: PEER in daemon.alive(), "the unnamed peer to be a member")
    peer.peer.id = "late-name"
    peer.send(daemon.address, base_wire.ping(2, [base_wire.Update("late-name", PEER, base_wire.ALIVE, 0)]))
    cluster.wait(lambda: "late-name" in daemon.alive(), "the id to be a member")
    cluster.wait(lambda: PEER not in daemon.members(), "the unnamed peer to be removed")
    cluster.pump.pass_time(6)
    assert not daemon.heard_of("member.failed") and not daemon.heard_of("member.left")
    assert sorted(daemon.members()) == ["late-name", daemon.name]


def test_an_id_from_a_third_peer_replaces_the_unnamed_peer(cluster):
    """A third peer tells the id of an unnamed peer: one member is left, under that id."""
    daemon = one_daemon(cluster)
    teller = joined(cluster, daemon, FAR, "teller")
    peer = Peer(cluster, PEER, "real-name")
    peer.peer.probing = False
    peer.send(daemon.address, base_wire.ping(1))
    teller.send(daemon.address, base_wire.ping(2, [base_wire.Update("real-name", PEER, base_wire.ALIVE, 3)]))
    cluster.wait(lambda: "real-name" in daemon.alive(), "the real id")
    cluster.wait(lambda: sorted(daemon.members()) == [daemon.name, "real-name", "teller"], "one member for the peer")
    assert daemon.members()["real-name"]["incarnation"] == 3
    assert not daemon.heard_of("member.failed")


def test_a_base_peer_refutes_a_suspicion(cluster):
    """A base peer that a third member suspects hears of that and refutes, and no daemon reports a failure."""
    cluster.start(2)
    cluster.whole()
    daemon = cluster.daemons[0]
    peer = joined(cluster, daemon)
    accuser = joined(cluster, daemon, FAR, "accuser")
    accuser.send(daemon.address, base_wire.ping(77, [base_wire.Update("base", PEER, base_wire.SUSPECT, 0)]))
    cluster.wait(lambda: daemon.heard_of("member.suspected", "base"), "the suspicion")
    cluster.wait(lambda: daemon.heard_of("member.recovered", "base"), "the recovery")
    assert peer.peer.incarnation >= 1
    cluster.wait(lambda: daemon.members()["base"]["incarnation"] == peer.peer.incarnation, "the new incarnation")
    assert not any(d.heard_of("member.failed") for d in cluster.daemons)


def test_a_daemon_refutes_a_suspicion(cluster):
    """A daemon that is suspected at a higher incarnation raises its own above that, and gossips its update."""
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    high = daemon.call("info")["incarnation"] + 5
    peer.send(daemon.address, base_wire.ping(5, [base_wire.Update(daemon.name, daemon.address,
                                                                  base_wire.SUSPECT, high)]))
    cluster.wait(lambda: daemon.call("info")["incarnation"] > high, "the incarnation to rise")
    pair = (daemon.address, daemon.address)
    cluster.wait(lambda: any((u.id, u.address) == pair and u.status == base_wire.ALIVE and u.incarnation > high
                             for _, m in peer.messages() for u in m.updates), "the refutation in gossip")
    said = cluster.wait(lambda: daemon.heard_of("incarnation.incremented"), "the event")
    assert said[0]["member"]["name"] == daemon.name


@pytest.mark.parametrize("status", [base_wire.SUSPECT, base_wire.DEAD])
def test_a_daemon_survives_the_highest_incarnation(cluster, status):
    """A daemon that is accused at 2^64-1, which it cannot exceed, does not wrap its incarnation round, and stays alive."""
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    peer.send(daemon.address, base_wire.ping(5, [base_wire.Update(daemon.name, daemon.address, status,
                                                                  base_wire.INCARNATION_MAX)]))
    peer.answer(base_wire.ACK, 5)
    info = daemon.call("info")
    assert 0 <= info["incarnation"] <= base_wire.INCARNATION_MAX
    assert daemon.status_of(daemon.name) == "alive"


@pytest.mark.early
def test_a_base_peer_relays_for_daemons(cluster):
    """A base peer relays pings between two daemons that cannot reach each other: no daemon reports a failure."""
    cluster.start(2)
    cluster.whole()
    peer = joined(cluster, cluster.daemons[0])
    cluster.whole(also=["base"])
    begin = time.monotonic()
    cluster.namespace.cut(["127.0.1.1"], ["127.0.1.2"])
    cluster.wait(lambda: len(peer.heard(base_wire.PING_REQ)) >= 2, "ping-reqs at the base peer")
    cluster.pump.pass_time(8)
    assert not any(d.heard_of("member.failed", since=begin) for d in cluster.daemons)
    targets = {m.member for m in peer.heard(base_wire.PING_REQ)}
    assert targets <= {(d.address, d.address) for d in cluster.daemons}


def test_a_daemon_relays_for_a_base_peer(cluster):
    """A daemon relays a ping-req that names the target by its address, and sends a nack if the target has its daemon name."""
    cluster.start(2)
    cluster.whole()
    one, other = cluster.daemons
    peer = joined(cluster, one)
    peer.send(one.address, base_wire.ping_req(4711, (other.address, other.address)))
    assert peer.answer(base_wire.ACK, 4711).member == (other.address, other.address)
    peer.send(one.address, base_wire.ping_req(4712, (other.name, other.address)))
    assert peer.answer(base_wire.NACK, 4712).member == (other.name, other.address)
    assert not any(m.seq == 4711 for _, m in peer.messages(base_wire.NACK))


def test_a_daemon_relays_between_base_peers(cluster):
    """A daemon relays a ping from one base peer to another."""
    daemon = one_daemon(cluster)
    asker = joined(cluster, daemon, PEER, "asker")
    joined(cluster, daemon, FAR, "target")
    asker.send(daemon.address, base_wire.ping_req(4712, ("target", FAR)))
    assert asker.answer(base_wire.ACK, 4712).member == ("target", FAR)


def test_a_daemon_sends_a_nack_for_a_silent_target(cluster):
    """If the target does not answer, the daemon sends a nack with the asker's sequence number in time, and no ack."""
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    target = joined(cluster, daemon, FAR, "target")
    target.peer.silent = True
    begin = time.monotonic()
    peer.send(daemon.address, base_wire.ping_req(4713, ("target", FAR)))
    assert peer.answer(base_wire.NACK, 4713).member == ("target", FAR)
    print(f"nack after {time.monotonic() - begin:.3f} s")
    assert time.monotonic() - begin < 5
    assert not any(m.seq == 4713 for _, m in peer.messages(base_wire.ACK))
    assert target.heard(base_wire.PING), "the target got no ping"


@pytest.mark.parametrize("target", [
    ("target", "some.host.invalid:7946"),       # a member that has another address
    ("nobody", "some.host.invalid:7946"),       # an unknown member at a name that does not resolve
    ("nobody", "not an address"), ("", ""), ("nobody", "0.0.0.0:7946"), ("nobody", "255.255.255.255:1"),
    ("n0", "127.0.9.2:7946"),
])
def test_a_ping_req_for_an_unusable_target_gets_a_nack(cluster, target):
    """A daemon sends a nack for a target that it cannot or will not ping, and an ack for its own name."""
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    joined(cluster, daemon, FAR, "target")
    peer.send(daemon.address, base_wire.ping_req(4714, target))
    kind = base_wire.ACK if target[0] == daemon.name else base_wire.NACK
    assert peer.answer(kind, 4714).member == target
    assert daemon.call("info")["name"] == daemon.name


def test_the_nack_of_a_base_peer_counts(cluster):
    """The nack of a base peer that cannot reach the target counts: the target fails, the base peer does not."""
    # With this timeout the nack comes in time on a busy machine too.
    cluster.start(2, config="probe_interval = 2s\nprobe_timeout = 1s\n")
    cluster.whole()
    peer = joined(cluster, cluster.daemons[0], timeout=0.1)
    peer.peer.probing = False   # so that the base peer does not accuse the victim before the daemon sends a ping-req
    cluster.whole(also=["base"])
    victim = cluster.daemons[1]
    cluster.all_say("member.failed", victim.name, victim.kill(), daemons=[cluster.daemons[0]])
    assert peer.heard(base_wire.PING_REQ, victim.address)
    assert cluster.daemons[0].call("metrics")["probes"]["nacks_received"] > 0
    cluster.wait(lambda: "dead" in peer.statuses_at(victim.address), "the base peer to hear of the death")
    assert not cluster.daemons[0].heard_of("member.failed", "base")


def test_a_closed_base_peer_is_suspected_and_fails(cluster):
    cluster.start(3)
    peer = joined(cluster, cluster.daemons[0])
    cluster.whole(also=["base"])
    begin = time.monotonic()
    peer.close()
    cluster.all_say("member.failed", "base", begin)
    assert all(d.heard_of("member.suspected", "base", begin) for d in cluster.daemons)
    assert not any(d.heard_of("member.failed", n.name) for d in cluster.daemons for n in cluster.daemons)


def test_a_base_peer_that_was_declared_dead_recovers(cluster):
    """A base peer that was cut off and declared dead hears of that when it sends again, refutes, and is alive."""
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    peer.peer.silent = peer.peer.deaf = True
    cluster.wait(lambda: daemon.heard_of("member.failed", "base"), "failed")
    peer.peer.silent = peer.peer.deaf = False
    peer.join(daemon.address)
    cluster.wait(lambda: daemon.heard_of("member.recovered", "base"), "recovered")
    assert peer.peer.incarnation >= 1


@pytest.mark.usefixtures("mounts")
def test_a_moved_base_peer_is_found_by_its_host_name(cluster, tmp_path):
    """A base peer whose address is a host name moves: the daemon resolves the name again and finds the peer."""
    # The whole of /etc is replaced, because some machines have no /etc/hosts over which a file could be mounted.
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.9.1 peer.example\n")
    daemon = one_daemon(cluster, config="resolve_members = true\nresolver_cache_ttl = 1s\n"
                                        "reconnect_interval = 200ms\n",
                        wrapper=("unshare", "-m", "sh", "-c", f'mount --bind "{tmp_path}" /etc && exec "$@"', "sh"))
    peer = Peer(cluster, PEER, "base")
    peer.peer.address = "peer.example:7946"
    peer.send(daemon.address, base_wire.ping(1, [peer.peer.own_update()]))
    cluster.wait(lambda: peer.messages(base_wire.PING), "the daemon to probe it where its name points to")
    assert daemon.members()["base"]["address"] == "peer.example:7946"
    peer.close()
    cluster.wait(lambda: daemon.heard_of("member.failed", "base"), "failed")
    hosts.write_text("127.0.9.2 peer.example\n")
    # Discovery pings this address too, but only a ping to the dead member has an update about the member.
    moved = Wire(cluster, FAR)
    asked = cluster.wait(lambda: [m for _, m in moved.messages(base_wire.PING)
                                  if any(u.id == "base" for u in m.updates)],
                         "the member to be asked where its name points to")
    alive = base_wire.Update("base", "peer.example:7946", base_wire.ALIVE, 1)
    moved.send(daemon.address, base_wire.ack(asked[0].seq, ("base", "peer.example:7946"), [alive]))
    cluster.wait(lambda: daemon.heard_of("member.recovered", "base"), "recovered")


@pytest.mark.parametrize("identity", ("base", PEER))
@pytest.mark.parametrize("answers", (True, False))
def test_a_dead_update_about_its_sender_is_a_leave(cluster, identity, answers):
    """A dead update about its own sender is a leave, not a failure."""
    cluster.start(3)
    peer = joined(cluster, cluster.daemons[0], identity=identity)
    cluster.whole(also=[identity])
    cluster.wait(lambda: all(peer.statuses_at(d.address) == {"alive"} for d in cluster.daemons), "the base peer to list all")
    begin = time.monotonic()
    peer.peer.answers_pings = answers
    peer.leave()
    cluster.all_say("member.left", identity, begin)
    cluster.pump.pass_time(3)
    assert not any(d.heard_of("member.failed") for d in cluster.daemons)


def test_a_leave_heard_by_one_daemon_reaches_all_as_left(cluster):
    """One daemon gets the leave from the base peer, and the others report `left` by its gossip."""
    cluster.start(3)
    peer = joined(cluster, cluster.daemons[0])
    cluster.whole(also=["base"])
    begin = time.monotonic()
    peer.peer.left = True
    peer.send(cluster.daemons[1].address, base_wire.ping(9, [peer.peer.own_update(base_wire.DEAD)]))
    peer.peer.answers_pings = False
    cluster.all_say("member.left", "base", begin)
    assert not any(d.heard_of("member.failed", "base") for d in cluster.daemons)


def test_a_dead_update_about_another_is_not_a_leave(cluster):
    daemon = one_daemon(cluster)
    peer = joined(cluster, daemon)
    peer.peer.refutes = False
    accuser = joined(cluster, daemon, FAR, "accuser")
    accuser.send(daemon.address, base_wire.ping(3, [base_wire.Update("base", PEER, base_wire.DEAD, 0)]))
    cluster.wait(lambda: daemon.heard_of("member.suspected", "base"), "suspected")
    assert daemon.heard_of("member.suspected", "base")[0]["by"] == "accuser"
    # The base peer answers the daemon, so that it does not fail; when it stops answering, it fails.
    assert not daemon.heard_of("member.failed", "base")
    peer.peer.answers_pings = False
    cluster.wait(lambda: daemon.heard_of("member.failed", "base"), "failed")
    assert not daemon.heard_of("member.left", "base")


def test_a_base_peer_can_be_the_only_seed(cluster):
    """Daemons that know only a base peer find it, and find each other by its gossip."""
    peer = Peer(cluster, PEER, "base")
    daemons = [cluster.daemon(seeds=[PEER]) for _ in range(3)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole(also=["base"])
    cluster.wait(lambda: all(peer.statuses_at(d.address) == {"alive"} for d in daemons), "the base peer to know all")


@pytest.mark.early
def test_base_peers_list_dead_and_left_daemons_as_dead(cluster):
    """Base peers list a daemon that was killed, and one that left, as dead."""
    cluster.start(4)
    peers = [Peer(cluster, f"127.0.9.{i}:7946", f"base{i}", seed=i) for i in (1, 2, 3)]
    for peer in peers:
        peer.join(cluster.daemons[0].address)
    cluster.whole(also=[p.peer.id for p in peers])
    cluster.wait(lambda: all(p.statuses_at(d.address) == {"alive"} for p in peers for d in cluster.daemons), "peers to know")
    killed, leaver = cluster.daemons[1], cluster.daemons[2]
    cluster.all_say("member.failed", killed.name, killed.kill())
    leaver.call("leave")
    assert leaver.ended() == 0
    for peer in peers:
        for gone in (killed, leaver):
            cluster.wait(lambda: "dead" in peer.statuses_at(gone.address), f"{peer.peer.id} to know {gone.name} dead")
    cluster.whole(also=[p.peer.id for p in peers])


def test_a_dead_update_at_a_higher_incarnation_wins(cluster):
    """A dead update at a higher incarnation wins over an alive update at a lower incarnation."""
    daemon = one_daemon(cluster)
    teller = joined(cluster, daemon)
    ghost = "127.0.9.77:7946"
    teller.send(daemon.address, base_wire.ping(1, [base_wire.Update("ghost", ghost, base_wire.ALIVE, 1)]))
    cluster.wait(lambda: "ghost" in daemon.view, "the ghost to be known")
    teller.send(daemon.address, base_wire.ping(2, [base_wire.Update("ghost", ghost, base_wire.DEAD, 7)]))
    cluster.wait(lambda: daemon.status_of("ghost") == "dead", "the ghost to be dead")
    teller.send(daemon.address, base_wire.ping(3, [base_wire.Update("ghost", ghost, base_wire.ALIVE, 6)]))
    teller.answer(base_wire.ACK, 3)
    member = daemon.members()["ghost"]
    assert (member["status"], member["incarnation"]) == ("dead", 7)
    teller.send(daemon.address, base_wire.ping(4, [base_wire.Update("ghost", ghost, base_wire.ALIVE, 8)]))
    cluster.wait(lambda: daemon.heard_of("member.recovered", "ghost"), "the ghost to be alive again")


def test_a_jump_of_the_incarnation_is_ignored_except_of_a_new_member(cluster):
    """A new member may have any incarnation; an update of more than 64 above the known incarnation is ignored."""
    daemon = one_daemon(cluster)
    teller = joined(cluster, daemon)
    high = 2**50
    jumps = daemon.call("metrics")["updates_ignored"]["incarnation-jump"]

    def tell(seq, status, incarnation):
        teller.send(daemon.address, base_wire.ping(seq, [base_wire.Update("old", "127.0.9.50:7946", status, incarnation)]))
        teller.answer(base_wire.ACK, seq)
        return daemon.call("metrics")["updates_ignored"]["incarnation-jump"] - jumps
    assert tell(1, base_wire.ALIVE, high) == 0
    cluster.wait(lambda: "old" in daemon.view, "the member to be listed")
    assert daemon.members()["old"]["incarnation"] == high
    assert tell(2, base_wire.DEAD, high + 65) == 1
    assert tell(3, base_wire.DEAD, base_wire.INCARNATION_MAX) == 2
    assert daemon.members()["old"]["incarnation"] < high + 65


def test_a_named_cluster_rejects_a_base_peer(cluster):
    """A daemon of a named cluster does not answer a base peer, and counts its datagram as rejected."""
    daemon = one_daemon(cluster, options=["--cluster", "named"])
    wire = Wire(cluster, PEER)
    wire.send(daemon.address, base_wire.ping(1))
    cluster.wait(lambda: daemon.call("metrics")["messages_rejected"]["other-cluster"] == 1, "the reject to be counted")
    assert sorted(daemon.members()) == [daemon.name]
    assert wire.came == []


@pytest.mark.parametrize("identity", ("program", PEER))
def test_the_program_joins_and_leaves(cluster, identity):
    """The program base_peer.py joins, and leaves and ends on SIGTERM, with an id of its own or with its address."""
    import signal
    import subprocess
    import sys
    daemon = one_daemon(cluster)
    with cluster.namespace.inside():
        process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(paths.TOP, "tests/base_peer/base_peer.py"), "--bind", PEER,
             "--id", identity, "--seed", daemon.address], stdout=subprocess.PIPE, text=True)
    try:
        cluster.wait(lambda: identity in daemon.alive(), "the program to join")
        assert process.stdout.readline() == f"{daemon.address}@{daemon.address}: alive\n"
        process.send_signal(signal.SIGTERM)
        cluster.wait(lambda: daemon.heard_of("member.left", identity), "the program to leave")
        assert not daemon.heard_of("member.failed", identity)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
