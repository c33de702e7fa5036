"""Partitions and loss by nftables inside the namespace: daemons report a partition, and it heals without help."""
import time

import pytest

from harness import BRISK


def test_a_partition_is_reported_and_heals(cluster, record_property):
    """Two halves that are cut from each other list each other as dead, and are one cluster again after the cut."""
    cluster.start(6, options=BRISK)
    cluster.whole()
    one, other = cluster.daemons[:3], cluster.daemons[3:]
    begin = cluster.part(one, other)
    for here in (one, other):
        cluster.whole(daemons=here)
    healed = time.monotonic()
    cluster.namespace.heal()
    whole = cluster.whole(seconds=60)
    record_property("all list all after the cut", f"{whole - healed:.2f} s")
    print(f"all list all {whole - healed:.2f} s after the cut")
    for here, there in ((one, other), (other, one)):
        for found in there:
            for daemon in here:
                said = [e["type"] for e in daemon.said
                        if e.get("member", {}).get("name") == found.name and e["at"] >= begin]
                assert said[-1] == "member.recovered", said
                assert not daemon.heard_of("member.failed", daemon.name)


@pytest.mark.early
def test_halves_that_removed_each_other_join_again_by_seeds(cluster):
    """After a cut that is longer than dead_retention no member of the other half is listed, but the seeds are asked again."""
    cluster.start(4, options=BRISK, config="dead_retention = 1s\n")
    cluster.whole()
    one, other = cluster.daemons[:2], cluster.daemons[2:]
    cluster.part(one, other, "member.removed")
    cluster.namespace.heal()
    cluster.whole(seconds=90)


@pytest.mark.early
@pytest.mark.parametrize("loss", [20])
def test_loss_causes_no_failure(cluster, loss):
    """With 20 % of the datagrams lost, eight daemons form a cluster, and no failure is reported."""
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
def test_members_that_cannot_reach_each_other_stay_alive(cluster):
    """Two members that cannot reach each other stay alive to each other by indirect probes."""
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
