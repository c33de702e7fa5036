"""Cuts by nftables inside the namespace: they are seen, and they heal by themselves."""
import time

import pytest

from harness import BRISK


def test_halves_find_each_other_again(cluster, record_property):
    """Two halves cut from each other: each sees the other dead; one cluster again after the cut."""
    cluster.start(6, options=BRISK)
    cluster.whole()
    one, other = cluster.daemons[:3], cluster.daemons[3:]
    begin = cluster.part(one, other)
    for here in (one, other):
        cluster.whole(daemons=here)
    healed = time.monotonic()
    cluster.namespace.heal()
    whole = cluster.whole(seconds=60)
    record_property("whole after the cut", f"{whole - healed:.2f} s")
    print(f"whole after the cut: {whole - healed:.2f} s")
    for here, there in ((one, other), (other, one)):
        for found in there:
            for daemon in here:
                said = [e["type"] for e in daemon.said
                        if e.get("member", {}).get("name") == found.name and e["at"] >= begin]
                assert said[-1] == "member.recovered", said
                assert not daemon.heard_of("member.failed", daemon.name)


@pytest.mark.early
def test_halves_that_have_forgotten_each_other_meet_again_by_their_seeds(cluster):
    """A cut that lasts longer than the dead are remembered: nobody is left to be probed, but seeds are asked again."""
    cluster.start(4, options=BRISK, config="dead_retention = 1s\n")
    cluster.whole()
    one, other = cluster.daemons[:2], cluster.daemons[2:]
    cluster.part(one, other, "member.removed")
    cluster.namespace.heal()
    cluster.whole(seconds=90)


@pytest.mark.early
@pytest.mark.parametrize("loss", [20])
def test_loss_is_survived(cluster, loss):
    """Every fifth datagram lost: eight daemons find each other all the same, and stay together."""
    cluster.namespace.rules(f"""
        table inet loss {{
            chain input {{
                type filter hook input priority 0;
                meta l4proto udp numgen random mod 100 < {loss} drop
            }}
        }}""")
    cluster.start(8)
    cluster.whole()
    whole = time.monotonic()
    cluster.pump.pass_time(10)
    failed = [(d.name, e["member"]["name"]) for d in cluster.running
              for e in d.heard_of("member.failed", since=whole)]
    assert failed == []


@pytest.mark.early
def test_one_way_between_two_is_bridged_by_others(cluster):
    """Two members that cannot reach each other directly hold each other alive through the others."""
    cluster.start(5)
    cluster.whole()
    begin = time.monotonic()
    cluster.namespace.cut(["127.0.1.2"], ["127.0.1.3"])
    cluster.pump.pass_time(12)
    failed = [(d.name, e["member"]["name"]) for d in cluster.running
              for e in d.heard_of("member.failed", since=begin)]
    assert failed == []
    relays = sum(d.call("metrics")["probes"]["acked_indirectly"] for d in cluster.running[1:3])
    assert relays > 0
