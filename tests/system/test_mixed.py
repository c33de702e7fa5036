"""Mixed clusters of daemons with ordinary names and base peers: each member lists all members once, with the right status.

The base peers wait longer for an answer than real ones, so that a busy machine causes no suspicion. `make bench-base` measures
with the timing of real base peers.
"""
import os
import signal
import time

import pytest

from harness import Mixed, Teller, Wire, base_wire, paths, state_of_old

OLD_SWIMD = os.environ.get("SWIMD_OLD")


@pytest.fixture
def mixed(cluster):
    return Mixed(cluster)


def at_peace(mixed, seconds):
    begin = mixed.sent_bytes()
    mixed.cluster.pump.pass_time(seconds)
    rates = [(after - before) / seconds for before, after in zip(begin, mixed.sent_bytes())]
    figures = mixed.figures()
    print(f"{seconds} s: {figures}, {sum(rates) / len(rates):.0f} bytes a second sent by each daemon")
    members = len(mixed.addresses())
    assert mixed.entries() == (members, members)
    assert (figures["failed"], figures["refused"]) == (0, 0)


def restarts(mixed, times, clean):
    daemon = mixed.cluster.daemons[1]
    seen, introduced = mixed.restarts(daemon, times, clean)
    print(f"{times} {'clean restarts' if clean else 'crashes'}: listed again after {seen:.2f} s at most, now at incarnation "
          f"{daemon.call('info')['incarnation']}; a late base peer lists all after {introduced:.2f} s")
    assert mixed.peers[-1].peer.counts["joined"] == len(mixed.addresses()) - 2, "a member joined twice, or did not join"
    assert mixed.count("refused") == 0


def test_each_member_lists_each_member_once(mixed):
    mixed.start(10, 10)
    mixed.whole()
    at_peace(mixed, 15)


@pytest.mark.long
def test_each_member_lists_each_member_once_for_minutes(mixed):
    mixed.start(10, 10)
    mixed.whole()
    at_peace(mixed, 300)


@pytest.mark.early
@pytest.mark.parametrize("clean", (False, True), ids=("crash", "clean"))
def test_base_peers_accept_a_restarted_daemon(mixed, clean):
    mixed.start(3, 3)
    mixed.whole()
    restarts(mixed, 3, clean)


@pytest.mark.long
@pytest.mark.parametrize("clean", (False, True), ids=("crash", "clean"))
def test_base_peers_accept_a_daemon_that_restarts_twenty_times(mixed, clean):
    mixed.start(3, 3)
    mixed.whole()
    restarts(mixed, 20, clean)


@pytest.mark.early
def test_a_daemon_is_killed_returns_and_leaves(mixed):
    mixed.start(3, 3)
    mixed.whole()
    daemon = mixed.cluster.daemons[1]
    begin = daemon.kill()
    mixed.all_list(daemon, "dead")
    print(f"dead after {time.monotonic() - begin:.1f} s")
    daemon.launch()
    mixed.cluster.watch([daemon])
    mixed.whole()
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.disconnect()
    mixed.all_list(daemon, "dead")
    assert mixed.count("refused") == 0
    assert all(d.heard_of("member.left", daemon.name) for d in mixed.cluster.running)


@pytest.mark.early
def test_a_base_peer_is_killed_returns_and_leaves(mixed):
    mixed.start(3, 3)
    mixed.whole()
    victim, seed = mixed.peers[1], mixed.cluster.daemons[0].address
    begin = time.monotonic()
    victim.close()
    mixed.peers.remove(victim)
    mixed.all_list(victim, "dead")
    print(f"dead after {time.monotonic() - begin:.1f} s")
    # The new base peer of this address knows nothing, and hears from a daemon that all list the address as dead.
    begin = time.monotonic()
    back = mixed.peer([seed], victim.address)
    mixed.whole()
    print(f"back after {time.monotonic() - begin:.1f} s, at incarnation {back.peer.incarnation}")
    back.leave()
    back.close()
    mixed.peers.remove(back)
    mixed.all_list(back, "dead")
    assert all(d.heard_of("member.left", back.address) for d in mixed.cluster.running)
    assert mixed.count("refused") == 0


def test_a_stopped_member_is_alive_again_after_it_continues(mixed):
    """A daemon, then a base peer, is stopped until all list it as dead, and continued."""
    mixed.start(3, 3)
    mixed.whole()
    daemon, peer = mixed.cluster.daemons[1], mixed.peers[1]
    for member, stop, go_on in ((daemon, lambda: daemon.signal(signal.SIGSTOP), lambda: daemon.signal(signal.SIGCONT)),
                                (peer, peer.pause, peer.resume)):
        stop()
        mixed.all_list(member, "dead")
        begin = time.monotonic()
        go_on()
        mixed.all_list(member, "alive")
        mixed.whole()
        print(f"all list {member} as alive after {time.monotonic() - begin:.1f} s")
    assert mixed.count("refused") == 0


def partition(mixed, seconds):
    """Each side of the partition has two daemons and two base peers."""
    mixed.start(4, 4)
    mixed.whole()
    print(f"{seconds} s: healed after {mixed.partition(seconds):.1f} s")
    assert mixed.count("refused") == 0


@pytest.mark.early
def test_a_short_partition_heals(mixed):
    partition(mixed, 5)


@pytest.mark.long
def test_a_partition_that_outlasts_the_memory_of_base_peers_heals(mixed):
    partition(mixed, 45)


@pytest.mark.early
def test_pairs_that_cannot_reach_each_other_stay_alive(mixed):
    """Two daemons, two base peers, and a daemon and a base peer cannot reach each other; others relay for them."""
    mixed.start(4, 4)
    mixed.whole()
    mixed.cut_pairs()
    begin = time.monotonic()
    mixed.cluster.pump.pass_time(20)
    assert mixed.told("member.failed", begin) == 0
    assert (mixed.count("failed"), mixed.count("refused")) == (0, 0)
    assert mixed.cluster.daemons[0].call("metrics")["probes"]["acked_indirectly"] > 0


def test_a_base_peer_is_the_only_seed(mixed):
    """The daemons have a base peer as their only seed. The other base peers have a daemon, because base peers do not gossip
    joiners."""
    first = mixed.peer([])
    daemons = [mixed.cluster.daemon(seeds=[first.address]) for _ in range(3)]
    for daemon in daemons:
        daemon.launch()
    begin = time.monotonic()
    mixed.cluster.watch(daemons)
    mixed.peer([daemons[1].address])
    mixed.peer([daemons[2].address])
    mixed.whole()
    print(f"all list all after {time.monotonic() - begin:.1f} s")
    assert (mixed.count("failed"), mixed.count("refused")) == (0, 0)


@pytest.mark.early
@pytest.mark.parametrize("identity", ("n1", "127.0.1.2:7946", "x" * 60000), ids=("a name", "an address", "60000 bytes"))
def test_a_base_peer_with_an_odd_id_displaces_no_member(mixed, identity):
    """A base peer whose id is the name or address of another member, or an id that is refused, displaces no other member."""
    mixed.start(3, 2)
    mixed.whole()
    odd = Wire(mixed.cluster, "127.0.9.1:7946")
    for daemon in mixed.cluster.daemons:
        odd.send(daemon.address, base_wire.ping(1, [base_wire.Update(identity, odd.address, base_wire.ALIVE, 0)]))
        odd.send(daemon.address, base_wire.ping(2, [base_wire.Update(identity, odd.address, base_wire.SUSPECT, 3)]))
    mixed.cluster.wait(lambda: len(odd.came) >= 3, "answers or pings to the base peer")
    for source, message in odd.messages(base_wire.PING):
        odd.send(source, base_wire.ack(message.seq, (identity, odd.address)))
    mixed.cluster.pump.pass_time(3)
    odd.close()
    addresses = {d.name: d.address for d in mixed.cluster.daemons}
    for daemon in mixed.cluster.daemons:
        assert daemon.call("info")["name"] == daemon.name
        assert {name: daemon.members()[name]["address"] for name in addresses} == addresses
        assert not any(daemon.heard_of("member.failed", other) for other in addresses)
    mixed.whole()
    assert (mixed.lost(), mixed.count("refused")) == ([], 0)


@pytest.mark.parametrize("ladder", ((16, 32, 8, 48), (16, 64), (2**64 - 33, 2**64 - 17, 2**64 - 1)), ids=("down", "gap", "end"))
def test_a_daemon_refutes_accusations_at_odd_incarnations(mixed, ladder):
    """A base peer accuses a daemon at rising incarnations with odd steps: the daemon refutes, and all list it as alive."""
    mixed.start(3, 2)
    mixed.whole()
    daemon, teller = mixed.cluster.daemons[1], Teller(mixed.cluster, "127.0.9.1:7946")
    for number, other in enumerate(mixed.cluster.daemons):
        teller.send(other.address, base_wire.ping(number + 1, [
            base_wire.Update(daemon.address, daemon.address, base_wire.SUSPECT, step) for step in ladder]))
        teller.answer(base_wire.ACK, number + 1)
    mixed.cluster.pump.pass_time(2)
    teller.close()
    mixed.cluster.wait(lambda: all(d.listed().get(daemon.name) == "alive" for d in mixed.cluster.daemons),
                       "all to list the daemon as alive")
    mixed.all_list(daemon, "alive")
    assert daemon.call("info")["name"] == daemon.name
    assert not any(d.heard_of("member.failed", daemon.name) for d in mixed.cluster.daemons)
    assert mixed.lost() == []


@pytest.mark.early
def test_base_peers_accept_a_state_of_the_previous_version(mixed):
    """Base peers refuse the incarnation in the state of the previous version unless it rises in steps; all list the daemon."""
    daemons = [mixed.cluster.daemon(seeds=[] if n == 0 else [mixed.cluster.address(0)]) for n in range(3)]
    for daemon in daemons:
        state_of_old(daemon, 640)
        daemon.launch()
    mixed.cluster.watch(daemons)
    for _ in range(3):
        mixed.peer([daemons[0].address])
    mixed.whole()
    assert all(daemon.call("info")["incarnation"] >= 640 for daemon in daemons)
    restarts(mixed, 2, clean=False)
    assert daemons[1].call("info")["incarnation"] < 672, "a restart takes a few incarnations, not a block of 64"


def test_thirty_base_peers_and_three_daemons_list_all(cluster):
    mixed = Mixed(cluster, records=False)
    mixed.start(3, 30)
    begin = time.monotonic()
    mixed.whole()
    print(f"all list all 33 after {time.monotonic() - begin:.1f} s")
    assert (mixed.count("failed"), mixed.count("refused")) == (0, 0)


@pytest.mark.long
@pytest.mark.upgrade
def test_upgraded_daemons_report_no_failure(mixed):
    """Ten daemons of an older version are upgraded to this version, one after the other, beside three base peers.

    An older daemon lists the pair by which base peers know another daemon as one more member, and believes base peers about a
    death, so it may report failures. A daemon of this version reports none.
    """
    if not OLD_SWIMD:
        pytest.skip("set SWIMD_OLD to the swimd program of an older version")
    failed = mixed.upgrade(OLD_SWIMD, paths.SWIMD)
    assert mixed.told("member.failed") == 0
    print(f"older daemons reported {failed} failures")
    # Base peers list older daemons under their names too. These pairs fail, and base peers forget them in the end.
    mixed.whole(120)
    print(mixed.figures())
    told = {f"{who[0]}@{who[1]}" for peer in mixed.peers for _, kind, who, _ in peer.peer.events if kind == "failed"}
    print(f"base peers reported the failure of {sorted(told)}")
