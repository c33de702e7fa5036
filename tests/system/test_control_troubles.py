"""The control socket while the daemon has no descriptors left, or is about to end: clients get an answer."""
import itertools
import os
import resource
import signal

import pytest

from harness import RpcError


def test_a_join_is_answered_at_sigterm(cluster):
    """A join that is under way at SIGTERM is answered with an error, and the request behind the join is answered too."""
    daemon = cluster.daemon().start()
    connection = daemon.connect()
    join = connection.send("join", addresses=["127.0.9.9:7946"])
    info = connection.send("info")      # waits behind the join
    # A join that `discovery` shows is under way.
    cluster.pump.wait(lambda: any(p["source"] == "join" for p in daemon.call("discovery")["peers"]), "the join to begin")
    daemon.signal(signal.SIGTERM)
    with pytest.raises(RpcError) as refusal:
        connection.answer(join)
    assert refusal.value.word == "unavailable" and "leaving" in refusal.value.message
    assert connection.answer(info)["name"] == daemon.name
    assert daemon.ended() == 0


def test_a_lack_of_descriptors_is_reported(cluster):
    """A daemon without free descriptors reports that by an event, once in the log, and in its health also for a while after."""
    daemon = cluster.daemon().start()
    daemon.call("subscribe", types=["error"])
    pid = daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
    free = next(fd for fd in itertools.count() if fd not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, before[1]))
    waiting = daemon.connect()
    asked = waiting.send("info")
    event = daemon.control.event("error")
    assert event["code"] == "accept-failed" and "Too many open files" in event["message"]
    health = daemon.call("health")
    assert health["status"] == "degraded", health
    assert any("control connection" in reason and "Too many open files" in reason for reason in health["reasons"])
    assert daemon.call("metrics")["control"]["accept_failures"] >= 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert waiting.answer(asked)["name"] == daemon.name
    assert daemon.text().count("cannot accept control connections") == 1
    assert any("control connection" in reason for reason in daemon.call("health")["reasons"])


@pytest.mark.early
def test_a_lack_of_descriptors_makes_no_busy_loop(cluster):
    """At the limit of descriptors accept fails without a busy loop, and works again when descriptors are free."""
    daemon = cluster.daemon(wrapper=["prlimit", "--nofile=40:40"])
    daemon.start()
    before = daemon.cpu_seconds()
    crowd = daemon.crowd(60)
    cluster.pump.pass_time(4)
    assert daemon.cpu_seconds() - before < 1
    assert daemon.call("info")["name"] == daemon.name
    for sock in crowd:
        sock.close()
    with daemon.connect() as late:
        assert late.call("info")["name"] == daemon.name
    assert daemon.text().count("cannot accept control connections") == 1
