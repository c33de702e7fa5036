"""Real daemons form a cluster and detect joins, leaves, crashes and restarts."""
import datetime
import os
import signal
import time

import pytest

from harness import Peer


def report(record_property, name, seconds):
    record_property(name, f"{seconds:.2f} s")
    print(f"{name}: {seconds:.2f} s")


def failed_of_others(daemons, names, since=0.0):
    return [(d.name, e["member"]["name"]) for d in daemons for e in d.heard_of("member.failed", since=since)
            if e["member"]["name"] not in names]


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_all_daemons_list_all(cluster, record_property, count):
    """Daemons that start at once with the first as the seed all list all as alive."""
    last = cluster.start(count)
    took = cluster.whole() - last
    report(record_property, f"{count} daemons list all after the last start", took)
    assert took < 15
    names = sorted(d.name for d in cluster.daemons)
    for daemon in cluster.daemons:
        answer = daemon.call("members")
        assert [m["name"] for m in answer["members"]] == sorted(names), "sorted by name"
        assert answer["counts"] == {"alive": count, "suspect": 0, "dead": 0, "left": 0}
        assert [m["name"] for m in answer["members"] if m["local"]] == [daemon.name]
        assert {m["address"] for m in answer["members"]} == {d.address for d in cluster.daemons}
    assert failed_of_others(cluster.daemons, []) == []


def test_each_member_joins_once_before_other_events(cluster):
    """Each member has exactly one member.joined event, which comes before its other events."""
    first = cluster.daemon()
    cluster.watch([first.launch()])
    others = [cluster.daemon(seeds=[first.address]) for _ in range(5)]
    for daemon in others:
        daemon.start()
    names = {d.name for d in cluster.daemons}
    cluster.wait(lambda: first.alive() == names, "the first daemon to list all")
    others[0].kill()
    cluster.wait(lambda: first.heard_of("member.failed", others[0].name), "failed")
    for daemon in others:
        said = [e["type"] for e in first.said if e.get("member", {}).get("name") == daemon.name]
        assert said[0] == "member.joined" and said.count("member.joined") == 1, said
    assert failed_of_others([first], [others[0].name]) == []


def test_a_killed_daemon_is_failed_everywhere(cluster, record_property):
    """After SIGKILL of one of ten, all others report its failure, and no other failure."""
    cluster.start(10)
    cluster.whole()
    victim = cluster.daemons[3]
    begin = victim.kill()
    instants = cluster.all_say("member.failed", victim.name, begin)
    report(record_property, "first report of the failure", min(instants) - begin)
    report(record_property, "last report of the failure", max(instants) - begin)
    assert max(instants) - begin < 20
    assert failed_of_others(cluster.running, [victim.name]) == []
    for daemon in cluster.running:
        assert daemon.status_of(victim.name) == "dead"
        said = daemon.heard_of("member.failed", victim.name)[0]
        assert said["member"]["status"] == "dead" and said["by"], said


@pytest.mark.early
def test_a_terminated_daemon_has_left_everywhere(cluster, record_property):
    """After SIGTERM of one of ten, all others report that it left, and none reports a failure."""
    cluster.start(10)
    cluster.whole()
    victim = cluster.daemons[3]
    begin = time.monotonic()
    victim.disconnect()
    victim.signal(signal.SIGTERM)
    instants = cluster.all_say("member.left", victim.name, begin)
    report(record_property, "last report of the leave", max(instants) - begin)
    assert max(instants) - begin < 10
    assert victim.ended() == 0
    # In this time probes of the member that left could fail.
    cluster.pump.pass_time(4)
    assert failed_of_others(cluster.running, []) == []
    assert {d.status_of(victim.name) for d in cluster.running} == {"left"}


@pytest.mark.parametrize("how", ["killed", "left"])
@pytest.mark.parametrize("state", ["kept", "wiped"])
def test_a_restarted_daemon_is_alive_everywhere(cluster, record_property, how, state):
    """All list a restarted daemon as alive, with its state directory or without."""
    cluster.start(6)
    cluster.whole()
    victim = cluster.daemons[3]
    begin = time.monotonic()
    if how == "killed":
        victim.kill()
        cluster.all_say("member.failed", victim.name, begin)
    else:
        victim.disconnect()
        victim.signal(signal.SIGTERM)
        cluster.all_say("member.left", victim.name, begin)
        assert victim.ended() == 0
    if state == "wiped":
        victim.lose_state()
    others = cluster.running
    again = time.monotonic()
    victim.launch()
    cluster.watch([victim])
    cluster.whole()
    report(record_property, "all list the restarted daemon as alive", time.monotonic() - again)
    assert time.monotonic() - again < 15
    for daemon in others:
        said = [e["type"] for e in daemon.said
                if e.get("member", {}).get("name") == victim.name and e["at"] >= again]
        assert said.count("member.joined") + said.count("member.recovered") == 1, said
    assert failed_of_others(cluster.running, [victim.name]) == []


@pytest.mark.early
def test_a_daemon_that_restarts_at_once_stays_alive(cluster):
    """A daemon that is killed and restarted at once without its state is alive everywhere, and no failure follows."""
    cluster.start(5)
    cluster.whole()
    victim = cluster.daemons[2]
    victim.kill()
    victim.lose_state()
    back = time.monotonic()
    victim.launch()
    cluster.watch([victim])
    cluster.whole()
    cluster.pump.pass_time(8)
    cluster.whole(seconds=0.1)
    assert failed_of_others(cluster.running, [], since=back) == []


def test_a_restarted_seed_is_found_by_its_cluster(cluster):
    """The seed, restarted without its state, knows no member; the others find it again."""
    cluster.start(5)
    cluster.whole()
    seed = cluster.daemons[0]
    begin = seed.kill()
    cluster.all_say("member.failed", seed.name, begin)
    seed.lose_state()
    seed.launch()
    cluster.watch([seed])
    cluster.whole()


def test_a_late_joiner_lists_all_members(cluster):
    """A daemon that joins a running cluster lists all members, the dead included."""
    cluster.start(8)
    cluster.whole()
    victim = cluster.daemons[5]
    cluster.all_say("member.failed", victim.name, victim.kill())
    late = cluster.daemon(seeds=[cluster.daemons[7].address])
    late.launch()
    cluster.watch([late])
    cluster.whole()
    cluster.wait(lambda: late.status_of(victim.name) == "dead", "the late daemon to list the dead member")
    assert not late.heard_of("member.failed")


def test_a_silent_member_is_suspected_before_it_fails(cluster):
    """All daemons suspect a base peer that stops answering before they declare it failed."""
    cluster.start(3)
    peer = Peer(cluster, "127.0.9.1:7946", "quiet")
    peer.join(cluster.daemons[0].address)
    cluster.whole(also=["quiet"])
    begin = time.monotonic()
    peer.peer.silent = True
    cluster.all_say("member.failed", "quiet", begin)
    for daemon in cluster.running:
        said = [e["type"] for e in daemon.said if e.get("member", {}).get("name") == "quiet"]
        assert said.index("member.suspected") < said.index("member.failed"), said


def test_remove_removes_a_dead_member_everywhere(cluster):
    """`remove` of a dead member removes it from all daemons; a second `remove` is refused with `not-found`."""
    from harness import RpcError
    cluster.start(5)
    cluster.whole()
    victim = cluster.daemons[4]
    with pytest.raises(RpcError) as alive:
        cluster.daemons[0].call("remove", name=victim.name)
    assert alive.value.word == "conflict"
    cluster.all_say("member.failed", victim.name, victim.kill())
    begin = time.monotonic()
    cluster.daemons[1].call("remove", name=victim.name)
    cluster.all_say("member.removed", victim.name, begin)
    for daemon in cluster.running:
        assert daemon.status_of(victim.name) is None
    with pytest.raises(RpcError) as gone:
        cluster.daemons[1].call("remove", name=victim.name)
    assert gone.value.word == "not-found"


def put_dead(daemon, count):
    """Write dead and left members into the daemon's members file, as if an earlier run had stored them."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    lines = [f"{'dead' if i % 3 else 'left'} {i % 7} {now} 127.9.{i // 250}.{i % 250 + 1}:7946 gone-{i}" for i in range(count)]
    with open(os.path.join(daemon.state, "members"), "w", encoding="ascii") as file:
        file.write("\n".join(["swimd members 1", *lines, f"end {count}"]) + "\n")


def dead_shown(daemon):
    return sum(name.startswith("gone-") for name in daemon.members())


def remove_dead(daemon, count):
    for i in range(count):
        daemon.call("remove", name=f"gone-{i}")


@pytest.mark.early
def test_a_thousand_removals_reach_all_members(cluster):
    """A thousand removals, more than are gossiped in a few seconds, reach all members."""
    seeds = [cluster.address(0)]
    for i in range(5):
        put_dead(cluster.daemon(seeds=seeds if i > 0 else []), 1000)
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.wait(lambda: all(len(d.alive()) == 5 and dead_shown(d) == 1000 for d in cluster.daemons), "all lists to be complete")
    remove_dead(cluster.daemons[1], 1000)
    cluster.wait(lambda: not any(dead_shown(d) for d in cluster.daemons),
                 lambda: f"all to be removed: {[dead_shown(d) for d in cluster.daemons]}")


def test_a_member_that_was_cut_off_hears_of_removals(cluster):
    """The rumours of the removals end while a member is cut off, and that member hears of the removals afterwards."""
    seeds = [cluster.address(0)]
    for i in range(3):
        put_dead(cluster.daemon(seeds=seeds if i > 0 else []), 5)
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.wait(lambda: all(len(d.alive()) == 3 and dead_shown(d) == 5 for d in cluster.daemons), "all lists to be complete")
    first, second, lonely = cluster.daemons
    cluster.cut([first, second], [lonely])
    try:
        remove_dead(first, 5)
        cluster.wait(lambda: not any(d.call("metrics")["protocol"]["rumours"] or dead_shown(d)
                                     for d in (first, second)), "the rumours to be over")
    finally:
        cluster.namespace.heal()
    cluster.wait(lambda: dead_shown(lonely) == 0, lambda: f"the removals to arrive: {dead_shown(lonely)} members left")


def test_a_join_command_merges_two_clusters(cluster):
    """Two clusters become one when a daemon of one is told to join an address of the other."""
    left = [cluster.daemon(address="127.0.1.1:7946"), cluster.daemon(seeds=["127.0.1.1:7946"])]
    right = [cluster.daemon(address="127.0.1.11:7946"), cluster.daemon(seeds=["127.0.1.11:7946"])]
    for daemon in left + right:
        daemon.launch()
    cluster.watch(left + right)
    cluster.whole(daemons=left)
    cluster.whole(daemons=right)
    answer = left[1].call("join", addresses=[right[0].address, "127.0.8.8:7946"])
    print(answer)
    outcome = {p["address"]: (p["joined"], p["state"]) for p in answer["addresses"]}
    assert outcome == {right[0].address: (True, "joined"), "127.0.8.8:7946": (False, "refused")}
    cluster.whole()


def test_a_leave_command_ends_the_daemon(cluster):
    """The daemon answers `leave` and then ends with exit status 0."""
    cluster.start(4)
    cluster.whole()
    leaver = cluster.daemons[2]
    begin = time.monotonic()
    assert leaver.call("leave") == {}
    assert leaver.ended() == 0
    cluster.all_say("member.left", leaver.name, begin)
    # The log tells why the daemon ended.
    with open(leaver.log, encoding="utf-8") as log:
        assert 'notice this member leaves the cluster reason="control socket"' in log.read()


def test_clusters_of_two_names_stay_separate(cluster):
    """Daemons of two clusters with the same seeds list only the members of their own cluster."""
    seeds = ["127.0.1.1:7946", "127.0.1.2:7946"]
    daemons = [cluster.daemon(seeds=seeds, options=["--cluster", ("red", "blue")[n % 2]]) for n in range(6)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    for colour in (daemons[::2], daemons[1::2]):
        cluster.whole(daemons=colour)
    cluster.pump.pass_time(3)
    for colour in (daemons[::2], daemons[1::2]):
        cluster.whole(daemons=colour, seconds=0.1)
    assert any(d.call("metrics")["messages_rejected"]["other-cluster"] for d in daemons)
    assert failed_of_others(daemons, []) == []


@pytest.mark.early
def test_a_daemon_stopped_for_a_moment_is_not_failed(cluster):
    """Several daemons are stopped for 0.8 s, one after the other: no member is declared failed."""
    cluster.start(5)
    cluster.whole()
    for daemon in cluster.daemons[1:4]:
        daemon.signal(signal.SIGSTOP)
        cluster.pump.pass_time(0.8)
        daemon.signal(signal.SIGCONT)
        cluster.pump.pass_time(0.8)
    cluster.pump.pass_time(2)
    assert failed_of_others(cluster.daemons, []) == []


@pytest.mark.early
def test_a_daemon_stopped_for_long_accuses_no_other(cluster):
    """A daemon that was stopped until it was declared failed accuses no other member when it goes on, and is alive again."""
    cluster.start(5)
    cluster.whole()
    sleeper = cluster.daemons[2]
    begin = time.monotonic()
    sleeper.signal(signal.SIGSTOP)
    cluster.all_say("member.failed", sleeper.name, begin)
    sleeper.signal(signal.SIGCONT)
    cluster.whole()
    cluster.pump.pass_time(3)
    assert failed_of_others(cluster.daemons, [sleeper.name]) == []
    cluster.whole(seconds=0.1)
