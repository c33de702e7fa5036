"""The control socket while the daemon is short of something, or about to end: whoever asked is told."""
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
