"""The control socket while the daemon is short of something, or about to end: whoever asked is told."""
import itertools
import os
import resource
import signal

import pytest

from harness import RpcError


def test_join_is_answered_at_sigterm(cluster):
    """Nobody is at that address: the join is under way when the signal comes."""
    daemon = cluster.daemon().start()
    connection = daemon.connect()
    join = connection.send("join", addresses=["127.0.9.9:7946"])
    info = connection.send("info")      # waits behind it
    # What is shown as tried is under way.
    cluster.pump.wait(lambda: any(p["source"] == "join" for p in daemon.call("discovery")["peers"]), "the join to begin")
    daemon.signal(signal.SIGTERM)
    with pytest.raises(RpcError) as refusal:
        connection.answer(join)
    assert refusal.value.word == "unavailable" and "leaving" in refusal.value.message
    assert connection.answer(info)["name"] == daemon.name
    assert daemon.ended() == 0


def test_out_of_descriptors(cluster):
    """It says so to those who are connected, once in its log, and in its health for a while after."""
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
def test_descriptors_run_out(cluster):
    """At the limit of descriptors accept fails: nothing spins, and it recovers."""
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
