"""Who may take over from a member that is gone: not the one that was cut off, for however long."""
import datetime
import os
import subprocess

import pytest

from harness import BRISK, clean_environment, paths


@pytest.fixture
def waiting():
    """waiting(daemon, arguments…) -> a `swimctl wait` that runs, and ends with the test."""
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
def test_take_over_when_it_has_failed_or_left(cluster, waiting, leaves):
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
    # Of those that have not left, it may be half of them now that are left alone.
    third.kill()
    cluster.wait(lambda: first.status_of("n2") == "dead", "the third to be dead")
    assert not first.call("health")["quorum"]


def test_one_that_is_cut_off_never_has_a_quorum(cluster, waiting):
    """Nor once it has forgotten that there were others, and it is not well then."""
    cluster.start(3, options=BRISK, config="dead_retention = 2s\n")
    cluster.whole()
    alone, *others = cluster.daemons
    # Whoever never answered anybody does not count once it is forgotten.
    cluster.wait(lambda: all(alone.members()[d.name]["rtt_ms"] is not None for d in others), "an answer of each of the others")
    waiter = waiting(alone, "--status", "n1=dead|left", "--quorum")
    cluster.part([alone], others)
    assert not alone.call("health")["quorum"]
    cluster.wait(lambda: list(alone.members()) == ["n0"], "it to forget the others")
    health = alone.call("health")
    assert (health["status"], health["quorum"]) == ("isolated", False), health
    assert any("2 other members were dead for so long" in reason for reason in health["reasons"]), health
    assert all(daemon.call("health")["quorum"] for daemon in others)
    assert waiter.poll() is None


def test_members_that_never_were_count_for_minutes_and_no_longer(cluster):
    """Five of them, who died as long ago as nearly those minutes, are in the file that the first daemon has of the others."""
    first = cluster.daemon(options=BRISK)
    died = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=120)
    when = died.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ghosts = [f"ghost{i}" for i in range(5)]
    with open(os.path.join(first.state, "members"), "w", encoding="ascii") as file:
        file.write("swimd members 1\n")
        for i, name in enumerate(ghosts):
            file.write(f"dead 1 {when} 127.0.9.9:{2000 + i} {name} unanswered\n")
        # One that an earlier version wrote of is taken to have lived.
        file.write(f"dead 1 {when} 127.0.9.9:3000 db1\nend 6\n")
    for _ in range(2):
        cluster.daemon(options=BRISK, seeds=[first.address])
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    assert set(ghosts) < set(first.members())
    assert not first.call("health")["quorum"]
    cluster.wait(lambda: not set(ghosts) & set(first.members()), "the ghosts to be forgotten", seconds=60)
    assert first.status_of("db1") == "dead"
    # Three alive of the four that are left.
    cluster.wait(lambda: first.call("health")["quorum"], "a quorum again")
