"""Real daemons form a cluster and see each other live, leave, die and come back."""
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
def test_all_see_all(cluster, record_property, count):
    """All started at once with the first as their seed: each lists all as alive."""
    last = cluster.start(count)
    took = cluster.whole() - last
    report(record_property, f"{count} daemons whole after the last start", took)
    assert took < 15
    names = sorted(d.name for d in cluster.daemons)
    for daemon in cluster.daemons:
        answer = daemon.call("members")
        assert [m["name"] for m in answer["members"]] == sorted(names), "sorted by name"
        assert answer["counts"] == {"alive": count, "suspect": 0, "dead": 0, "left": 0}
        assert [m["name"] for m in answer["members"] if m["local"]] == [daemon.name]
        assert {m["address"] for m in answer["members"]} == {d.address for d in cluster.daemons}
    assert failed_of_others(cluster.daemons, []) == []


def test_joined_comes_once_and_first(cluster):
    """Of each member exactly one `joined`, before anything else is said of it."""
    first = cluster.daemon()
    cluster.watch([first.launch()])
    others = [cluster.daemon(seeds=[first.address]) for _ in range(5)]
    for daemon in others:
        daemon.start()
    names = {d.name for d in cluster.daemons}
    cluster.wait(lambda: first.alive() == names, "the first to see all")
    others[0].kill()
    cluster.wait(lambda: first.heard_of("member.failed", others[0].name), "failed")
    for daemon in others:
        said = [e["type"] for e in first.said if e.get("member", {}).get("name") == daemon.name]
        assert said[0] == "member.joined" and said.count("member.joined") == 1, said
    assert failed_of_others([first], [others[0].name]) == []


def test_killed_is_failed_everywhere(cluster, record_property):
    """SIGKILL one of ten: all others say that it failed, and none says it of another."""
    cluster.start(10)
    cluster.whole()
    victim = cluster.daemons[3]
    begin = victim.kill()
    instants = cluster.all_say("member.failed", victim.name, begin)
    report(record_property, "first says failed", min(instants) - begin)
    report(record_property, "all say failed", max(instants) - begin)
    assert max(instants) - begin < 20
    assert failed_of_others(cluster.running, [victim.name]) == []
    for daemon in cluster.running:
        assert daemon.status_of(victim.name) == "dead"
        said = daemon.heard_of("member.failed", victim.name)[0]
        assert said["member"]["status"] == "dead" and said["by"], said


@pytest.mark.early
def test_terminated_has_left_everywhere(cluster, record_property):
    """SIGTERM one of ten: all others say that it left, and none says failed."""
    cluster.start(10)
    cluster.whole()
    victim = cluster.daemons[3]
    begin = time.monotonic()
    victim.disconnect()
    victim.signal(signal.SIGTERM)
    instants = cluster.all_say("member.left", victim.name, begin)
    report(record_property, "all say left", max(instants) - begin)
    assert max(instants) - begin < 10
    assert victim.ended() == 0
    # Long enough for a probe of it to have failed somewhere.
    cluster.pump.pass_time(4)
    assert failed_of_others(cluster.running, []) == []
    assert {d.status_of(victim.name) for d in cluster.running} == {"left"}


@pytest.mark.parametrize("how", ["killed", "left"])
@pytest.mark.parametrize("state", ["kept", "wiped"])
def test_restarted_is_alive_everywhere(cluster, record_property, how, state):
    """Under its name and address again, with its state directory or without: all say that it is alive."""
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
    report(record_property, "all say alive again", time.monotonic() - again)
    assert time.monotonic() - again < 15
    for daemon in others:
        said = [e["type"] for e in daemon.said
                if e.get("member", {}).get("name") == victim.name and e["at"] >= again]
        assert said.count("member.joined") + said.count("member.recovered") == 1, said
    assert failed_of_others(cluster.running, [victim.name]) == []


@pytest.mark.early
def test_restarted_before_it_was_missed(cluster):
    """Killed and back at once, its incarnation forgotten: alive everywhere, and it stays so."""
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


def test_restarted_seed_finds_its_cluster(cluster):
    """The seed itself dies and comes back knowing nobody: the others take it in again."""
    cluster.start(5)
    cluster.whole()
    seed = cluster.daemons[0]
    begin = seed.kill()
    cluster.all_say("member.failed", seed.name, begin)
    seed.lose_state()
    seed.launch()
    cluster.watch([seed])
    cluster.whole()


def test_late_joiner_gets_the_whole_table(cluster):
    """One that joins a running cluster, the dead included, has the view of the others."""
    cluster.start(8)
    cluster.whole()
    victim = cluster.daemons[5]
    cluster.all_say("member.failed", victim.name, victim.kill())
    late = cluster.daemon(seeds=[cluster.daemons[7].address])
    late.launch()
    cluster.watch([late])
    cluster.whole()
    cluster.wait(lambda: late.status_of(victim.name) == "dead", "the late one to know of the dead")
    assert not late.heard_of("member.failed")


def test_silent_member_is_suspected_first(cluster):
    """A base peer that stops answering: suspected, then failed, in that order, at everyone."""
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


def test_remove_forgets_everywhere(cluster):
    """`remove` of a dead member: gone from every table, and `not-found` the second time."""
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
    """On file, as of an earlier run; no name of them is anywhere else."""
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
def test_a_thousand_removals_in_a_row_reach_everybody(cluster):
    """More than the rumours of a few seconds hold."""
    seeds = [cluster.address(0)]
    for i in range(5):
        put_dead(cluster.daemon(seeds=seeds if i > 0 else []), 1000)
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.wait(lambda: all(len(d.alive()) == 5 and dead_shown(d) == 1000 for d in cluster.daemons), "one view")
    remove_dead(cluster.daemons[1], 1000)
    cluster.wait(lambda: not any(dead_shown(d) for d in cluster.daemons),
                 lambda: f"all to be removed: {[dead_shown(d) for d in cluster.daemons]}")


def test_whoever_was_cut_off_hears_of_removals(cluster):
    """All rumours of them are over when it is reached again, before it is missed."""
    seeds = [cluster.address(0)]
    for i in range(3):
        put_dead(cluster.daemon(seeds=seeds if i > 0 else []), 5)
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.wait(lambda: all(len(d.alive()) == 3 and dead_shown(d) == 5 for d in cluster.daemons), "one view")
    first, second, lonely = cluster.daemons
    cluster.cut([first, second], [lonely])
    try:
        remove_dead(first, 5)
        cluster.wait(lambda: not any(d.call("metrics")["protocol"]["rumours"] or dead_shown(d)
                                     for d in (first, second)), "the rumours to be over")
    finally:
        cluster.namespace.heal()
    cluster.wait(lambda: dead_shown(lonely) == 0, lambda: f"it to hear of them: {dead_shown(lonely)} left")


def test_join_by_hand(cluster):
    """Two clusters become one when one daemon is told to join an address of the other."""
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


def test_leave_by_hand(cluster):
    """`leave` is answered once it is sent, and the daemon then exits 0."""
    cluster.start(4)
    cluster.whole()
    leaver = cluster.daemons[2]
    begin = time.monotonic()
    assert leaver.call("leave") == {}
    assert leaver.ended() == 0
    cluster.all_say("member.left", leaver.name, begin)
    # Whoever looks for why the daemon is gone finds it in the log.
    with open(leaver.log, encoding="utf-8") as log:
        assert 'notice leaving reason="control socket"' in log.read()


def test_clusters_of_two_names_keep_apart(cluster):
    """On the same network, with seeds of both: each member sees its own cluster alone."""
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
def test_stopped_for_a_moment_is_not_failed(cluster):
    """SIGSTOP for 0.8 s, again and again: neither it nor anybody else is declared failed."""
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
def test_stopped_for_long_accuses_nobody(cluster):
    """SIGSTOP until it is declared failed: when it goes on it accuses nobody, and is taken in again."""
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
