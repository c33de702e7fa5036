"""The quorum in the health, by which a member may take over from a failed one: a member that is cut off never has a quorum."""
import datetime
import os
import subprocess

import pytest

from harness import BRISK, clean_environment, paths


@pytest.fixture
def waiting():
    """waiting(daemon, arguments…) -> the process of a `swimctl wait`, which ends with the test."""
    started = []

    def start(daemon, *arguments):
        started.append(subprocess.Popen([paths.SWIMCTL, "-s", daemon.socket, "wait", *arguments],
                                        stdin=subprocess.DEVNULL, env=clean_environment()))
        return started[-1]
    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("leaves", [True, False])
def test_a_majority_has_a_quorum_when_a_member_failed_or_left(cluster, waiting, leaves):
    cluster.start(3, options=BRISK)
    cluster.whole()
    first, second, third = cluster.daemons
    assert first.call("health")["quorum"]
    waiter = waiting(first, "--status", "n1=dead|left", "--quorum", "--timeout", "120")
    if leaves:
        second.call("leave")
        assert second.ended() == 0
    else:
        second.kill()
    cluster.wait(lambda: waiter.poll() is not None, "the wait to end")
    assert waiter.returncode == 0
    # Now only one member is alive, which is half of the members or less.
    third.kill()
    cluster.wait(lambda: first.status_of("n2") == "dead", "the third daemon to be dead")
    assert not first.call("health")["quorum"]


def test_a_member_that_is_cut_off_never_has_a_quorum(cluster, waiting):
    """A member that is cut off has no quorum, also after it removed the dead others, and its health is isolated then."""
    cluster.start(3, options=BRISK, config="dead_retention = 2s\n")
    cluster.whole()
    alone, *others = cluster.daemons
    # After its removal a member counts only if it had answered a probe.
    cluster.wait(lambda: all(alone.members()[d.name]["rtt_ms"] is not None for d in others), "an answer from each of the others")
    waiter = waiting(alone, "--status", "n1=dead|left", "--quorum")
    cluster.part([alone], others)
    assert not alone.call("health")["quorum"]
    cluster.wait(lambda: list(alone.members()) == ["n0"], "the others to be removed")
    health = alone.call("health")
    assert (health["status"], health["quorum"]) == ("isolated", False), health
    assert any("2 other members were dead for so long" in reason for reason in health["reasons"]), health
    assert all(daemon.call("health")["quorum"] for daemon in others)
    assert waiter.poll() is None


def test_dead_members_that_never_answered_count_only_for_minutes(cluster):
    """The members file of the first daemon has five dead members that never answered: they are removed some minutes after their
    death, and count for the quorum until then."""
    first = cluster.daemon(options=BRISK)
    died = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=120)
    when = died.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ghosts = [f"ghost{i}" for i in range(5)]
    with open(os.path.join(first.state, "members"), "w", encoding="ascii") as file:
        file.write("swimd members 1\n")
        for i, name in enumerate(ghosts):
            file.write(f"dead 1 {when} 127.0.9.9:{2000 + i} {name} unanswered\n")
        # The entry of an earlier version does not say `unanswered`, and counts as a member that answered.
        file.write(f"dead 1 {when} 127.0.9.9:3000 db1\nend 6\n")
    for _ in range(2):
        cluster.daemon(options=BRISK, seeds=[first.address])
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    assert set(ghosts) < set(first.members())
    assert not first.call("health")["quorum"]
    cluster.wait(lambda: not set(ghosts) & set(first.members()), "the ghosts to be removed", seconds=60)
    assert first.status_of("db1") == "dead"
    # Three of the remaining four members are alive.
    cluster.wait(lambda: first.call("health")["quorum"], "a quorum again")
