"""Loss and partitions that last for minutes, among twenty real daemons: which events they report, and which they do not."""
import time

import pytest

DAEMONS = 20


def timeline(daemons, since):
    """The events of all daemons since then as text, in the order of their arrival."""
    said = sorted((event["at"] - since, daemon.name, event["type"], event["member"]["name"], event["by"])
                  for daemon in daemons for event in daemon.said if event["at"] >= since and "member" in event)
    return "\n" + "\n".join(f"{at:8.2f} s  {who:4} reports {kind} of {whom} (by {by})" for at, who, kind, whom, by in said)


def said_of(daemon, name, since):
    return [event["type"] for event in daemon.said
            if event.get("member", {}).get("name") == name and event["at"] >= since]


def drop(cluster, what):
    cluster.namespace.rules(f"""
        table inet rough {{
            chain input {{
                type filter hook input priority 0;
                meta l4proto udp {what} drop
            }}
        }}""")


@pytest.mark.long
def test_a_loss_of_30_percent_causes_no_failure(cluster):
    cluster.start(DAEMONS)
    cluster.whole()
    begin = time.monotonic()
    drop(cluster, "numgen random mod 100 < 30")
    cluster.pump.pass_time(120)
    dropped = [d.call("metrics")["probes"] for d in cluster.daemons]
    failed = [event for d in cluster.daemons for event in d.heard_of("member.failed", since=begin)]
    assert not failed, timeline(cluster.daemons, begin)
    # Each daemon had indirect acks, which shows that the loss was real.
    assert all(probes["acked_indirectly"] > 0 for probes in dropped), dropped
    print(f"suspected {sum(len(d.heard_of('member.suspected', since=begin)) for d in cluster.daemons)} times in all")
    cluster.namespace.heal()
    cluster.whole()


@pytest.mark.long
def test_a_deaf_member_fails_once(cluster):
    """For a minute one of twenty daemons receives nothing, but its datagrams arrive: each other daemon reports one failure."""
    cluster.start(DAEMONS)
    cluster.whole()
    deaf = cluster.daemons[7]
    others = [daemon for daemon in cluster.daemons if daemon is not deaf]
    begin = time.monotonic()
    drop(cluster, f"ip daddr {deaf.address.split(':')[0]}")
    cluster.pump.pass_time(60)
    for daemon in others:
        said = [kind for kind in said_of(daemon, deaf.name, begin) if kind != "member.suspected"]
        assert said == ["member.failed"], timeline(others, begin)
        assert daemon.alive() == {other.name for other in others}, timeline(others, begin)
        for other in others:
            assert not daemon.heard_of("member.failed", other.name, begin), timeline(others, begin)
    # The deaf daemon reports each failure at most once, too.
    for other in others:
        assert said_of(deaf, other.name, begin).count("member.failed") <= 1, timeline([deaf], begin)
    healed = time.monotonic()
    cluster.namespace.heal()
    took = cluster.whole(seconds=60) - healed
    print(f"all list all {took:.2f} s after the daemon receives again")
    for daemon in others:
        assert said_of(daemon, deaf.name, healed) == ["member.recovered"], timeline(others, healed)
        assert not daemon.heard_of("member.failed", since=healed), timeline(others, healed)


@pytest.mark.long
def test_halves_that_were_cut_for_two_minutes_are_one_cluster_soon(cluster):
    cluster.start(DAEMONS)
    cluster.whole()
    halves = cluster.daemons[:DAEMONS // 2], cluster.daemons[DAEMONS // 2:]
    begin = cluster.cut(*halves)
    cluster.pump.pass_time(120)
    for here, there in (halves, halves[::-1]):
        for daemon in here:
            assert daemon.alive() == {d.name for d in here}, timeline([daemon], begin)
            for lost in there:
                said = [kind for kind in said_of(daemon, lost.name, begin) if kind != "member.suspected"]
                assert said == ["member.failed"], timeline([daemon], begin)
            assert {event["member"]["name"] for event in daemon.heard_of("member.failed", since=begin)} == {
                d.name for d in there}, timeline([daemon], begin)
    healed = time.monotonic()
    cluster.namespace.heal()
    took = cluster.whole(seconds=60) - healed
    print(f"all list all {took:.2f} s after the cut")
    assert took <= 30
    # No daemon believes what the other half said about members of its own half.
    cluster.pump.pass_time(10)
    cluster.whole()
    assert not [event for d in cluster.daemons for event in d.heard_of("member.failed", since=healed)], timeline(
        cluster.daemons, healed)
