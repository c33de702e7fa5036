"""Tests of the base peer (tests/base_peer) in virtual time, without a network: it behaves like a real base peer."""
import math

from harness import base_peer, base_wire

ONE, TWO, THREE = (f"127.0.9.{n}:7946" for n in (1, 2, 3))
ALIVE, SUSPECT, DEAD = base_wire.ALIVE, base_wire.SUSPECT, base_wire.DEAD


def peer(address=ONE):
    return base_peer.BasePeer(address, address, 0.0)


def tells(one, *updates, source=TWO, now=0.0):
    """Give the peer a ping with these updates. Returns the messages that the peer sends then."""
    one.out.clear()
    one.datagram(now, source, base_wire.ping(1, [base_wire.Update(*update) for update in updates]))
    return [base_wire.decode(data) for _, data in one.out]


def held(one, who):
    return who in one.members and (one.members[who].status, one.members[who].incarnation)


def live(peers, seconds, begin=0.0):
    """Run the peers for `seconds`, on a network without delay. Returns the instant of the end."""
    now, end = begin, begin + seconds
    while now < end:
        for one in list(peers.values()):
            one.tick(now)
        while any(one.out for one in peers.values()):
            for source, one in list(peers.items()):
                sent, one.out = one.out, []
                for address, data in sent:
                    if address in peers:
                        peers[address].datagram(now, source, data)
        now = max(now + 0.001, min(one.deadline() for one in peers.values()))
    return end


def test_base_peers_alone_do_not_learn_of_each_other():
    peers = {f"127.0.9.{n}:7946": peer(f"127.0.9.{n}:7946") for n in range(1, 13)}
    for one in list(peers.values())[1:]:
        one.join(ONE)
    live(peers, 30)
    assert sorted(len(one.members) for one in peers.values()) == [1] * 11 + [11]
    assert not any(one.counts["suspected"] for one in peers.values())


def test_a_member_is_a_pair():
    one = peer()
    assert [m.member for m in tells(one, ("d1", TWO, ALIVE, 0))] == [(ONE, ONE)]
    assert sorted(one.members) == [(TWO, TWO), ("d1", TWO)], "the sender of the ping is another member"
    tells(one, ("d1", TWO, DEAD, 3))
    assert held(one, ("d1", TWO)) == (DEAD, 3) and held(one, (TWO, TWO)) == (ALIVE, 0)


def test_an_ack_must_name_the_pinged_member():
    one = peer()
    one.join(TWO)
    one.tick(0.0)
    seq = one.current.seq
    one.datagram(0.05, TWO, base_wire.ack(seq, ("d1", TWO)))
    assert one.current
    one.datagram(0.06, TWO, base_wire.ack(seq, (TWO, TWO)))
    assert not one.current


def test_an_ack_ends_a_suspicion_and_raises_the_incarnation():
    one = peer()
    one.join(TWO)
    one.tick(0.0)
    one.tick(0.1)
    assert held(one, (TWO, TWO)) == (SUSPECT, 0) and one.verdicts == {(TWO, TWO): 0.1 + 5 * 0.2}
    one.datagram(0.2, TWO, base_wire.ack(77, ("d1", TWO)))
    assert held(one, (TWO, TWO)) == (ALIVE, 1)
    assert tells(one, now=0.3)[0].updates == [base_wire.Update(TWO, TWO, ALIVE, 1)]
    assert not one.verdicts and not one.counts["failed"]


def test_only_the_peers_own_suspicion_has_a_timer():
    one = peer()
    tells(one, (THREE, THREE, SUSPECT, 2))
    one.join(TWO)
    now = 0.0
    while now < 20.0:
        one.tick(now)
        now += 0.05
    assert held(one, (TWO, TWO)) == (DEAD, 0) and held(one, (THREE, THREE)) == (SUSPECT, 2)


def test_an_update_far_above_the_known_incarnation_is_refused():
    one = peer()
    tells(one, ("a", THREE, ALIVE, 16), ("b", THREE, ALIVE, 17), ("a", THREE, SUSPECT, 33))
    assert held(one, ("a", THREE)) == (ALIVE, 16) and ("b", THREE) not in one.members
    assert [event[1:] for event in one.events if event[1] == "refused"] == \
        [("refused", ("b", THREE), 17), ("refused", ("a", THREE), 33)]
    tells(one, *(("b", THREE, ALIVE, at) for at in range(16, 641, 16)))
    assert held(one, ("b", THREE)) == (ALIVE, 640) and one.counts["refused"] == 2


def test_dead_members_are_ignored_and_forgotten():
    one = peer()
    tells(one, (TWO, TWO, DEAD, 4), source=THREE)
    assert tells(one, (TWO, TWO, ALIVE, 4), now=1.0), "the ping of a dead member was not answered"
    assert held(one, (TWO, TWO)) == (DEAD, 4)
    one.tick(30.1)
    assert (TWO, TWO) not in one.members and one.counts["removed"] == 1
    tells(one, now=31.0)
    assert held(one, (TWO, TWO)) == (ALIVE, 0)


def test_a_peer_gossips_neither_joiners_nor_itself():
    one = peer()
    assert tells(one)[0].updates == [], "the sender of a ping was gossiped"
    assert tells(one, ("a", THREE, ALIVE, 0))[0].updates == [base_wire.Update("a", THREE, ALIVE, 0)]
    assert base_wire.Update("a", THREE, ALIVE, 1) not in tells(one, ("a", THREE, ALIVE, 1))[0].updates, \
        "an update with only another incarnation was gossiped"
    assert base_wire.Update(ONE, ONE, ALIVE, 8) in tells(one, (ONE, ONE, DEAD, 7))[0].updates, "the refutation was not gossiped"


def test_a_peer_sends_its_leave_once():
    one = peer()
    for n in range(2, 30):
        tells(one, source=f"127.0.9.{n}:7946")
    one.out.clear()
    one.leave()
    told = [base_wire.decode(data) for _, data in one.out]
    assert len(told) == one.tellings() == math.ceil(3 * math.log(29))
    assert all(m.updates == [base_wire.Update(ONE, ONE, DEAD, 0)] for m in told)
    assert tells(one, (ONE, ONE, DEAD, 0))[0].updates == [], "a peer that left refuted its death"


def test_a_datagram_has_ten_updates_and_each_is_sent_a_few_times():
    one = peer()
    tells(one, *((f"m{n}", f"127.0.8.{n}:7946", ALIVE, 0) for n in range(1, 30)))
    one.rumours = {who: base_peer.Rumour(ALIVE, 0) for who in one.members if who != (TWO, TWO)}
    told = []
    while updates := tells(one)[0].updates:
        assert len(updates) <= 10
        told += [update.id for update in updates]
    assert {told.count(name) for name in set(told)} == {one.tellings()} and len(set(told)) == 29
