"""Why a seed does not let us in: each fault that an operator makes has a state of its own, on both sides where there are two."""
import pytest


def seed(daemon, address=None):
    return next(p for p in daemon.call("discovery")["peers"]
                if p["source"] == "seed" and (address is None or p["address"] == address))


def wait_state(cluster, daemon, wanted, address=None):
    cluster.wait(lambda: seed(daemon, address)["state"] == wanted, lambda: f"{wanted}: {seed(daemon, address)}", 60)
    return seed(daemon, address)["reason"]


@pytest.mark.parametrize("where", ["127.0.9.9", "[::1]"])
def test_wrong_port(cluster, where):
    daemon = cluster.daemon(address="[::]:7946", seeds=[f"{where}:7999"])
    daemon.start()
    assert wait_state(cluster, daemon, "refused") == f"no swimd listens at {where}:7999: its machine refuses"
    health = daemon.call("health")
    assert health["status"] == "isolated" and any("refuses" in str(reason) for reason in health["reasons"]), health
    assert health["transport"]["healthy"], health
    assert daemon.call("metrics")["transport"]["icmp_errors"] > 0
    # The daemon that is started there at last is joined.
    late = cluster.daemon(address=f"{where}:7999")
    cluster.watch([late.launch()])
    cluster.wait(lambda: seed(daemon)["state"] == "joined", lambda: f"it to be joined: {seed(daemon)}", 60)


def test_firewall(cluster):
    first = cluster.daemon()
    second = cluster.daemon(seeds=[first.address])
    cluster.cut([first], [second])
    for daemon in (first, second):
        daemon.start()
    assert wait_state(cluster, second, "silent") == f"nobody answers at {first.address}"
    cluster.namespace.heal()
    cluster.wait(lambda: seed(second)["state"] == "joined", "the seed to answer", 60)


def test_no_route(cluster):
    """What a router says on the way."""
    daemon = cluster.daemon(seeds=["127.0.9.9:7946"])
    cluster.namespace.rules("""
        table ip router {
            chain input {
                type filter hook input priority 0;
                ip daddr 127.0.9.9 reject with icmp type host-unreachable
            }
        }""")
    daemon.start()
    assert wait_state(cluster, daemon, "unreachable") == "127.0.9.9:7946 cannot be reached: No route to host"
    assert daemon.call("health")["transport"]["healthy"]


WALL = """
    table inet wall {
        chain output {
            type filter hook output priority 0;
            ip daddr 127.0.9.9 udp dport 7999 drop
        }
    }"""
UNSENT = {
    "Operation not permitted": ("127.0.9.9:7999", lambda namespace: namespace.rules(WALL)),
    "Network is unreachable": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "addr", "add", "10.77.0.2/32", "dev", "lo")),
    "No route to host": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "unreachable", "10.77.0.9")),
    "Invalid argument": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "blackhole", "10.77.0.9")),
    "Permission denied": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "prohibit", "10.77.0.9")),
}


@pytest.mark.parametrize("text", UNSENT)
def test_what_this_machine_does_not_send(cluster, text):
    """No route, or a firewall of our own: the seed is not silent, as nothing was ever sent to it. It is joined later."""
    address, forbid = UNSENT[text]
    daemon = cluster.daemon(address="[::]:7946", seeds=[address], advertise="127.0.1.1")
    forbid(cluster.namespace)
    daemon.start()
    reason = f"{address} cannot be reached: {text}"
    assert wait_state(cluster, daemon, "unreachable") == reason
    asked = daemon.call("join", addresses=[address])["addresses"]
    assert [(one["joined"], one["state"], one["reason"]) for one in asked] == [(False, "unreachable", reason)]
    if text == "Operation not permitted":
        cluster.namespace.heal()
        late = cluster.daemon(address=address)
        cluster.watch([late.launch()])
        cluster.wait(lambda: seed(daemon)["state"] == "joined", lambda: f"it to be joined: {seed(daemon)}", 60)


@pytest.mark.parametrize("clusters", [("prod", "test"), ("prod", ""), ("", "test")])
def test_wrong_cluster(cluster, clusters):
    """The one that asks is told by the one that is asked, which sees who asked; neither is a member of the other's."""
    first, second = (cluster.daemon(config=f'cluster = "{name}"\n' if name else "") for name in clusters)
    second.seeds = [first.address]
    for daemon in (first, second):
        daemon.start()
    theirs = f"the cluster '{clusters[0]}'" if clusters[0] else "the cluster without a name"
    assert wait_state(cluster, second, "other cluster") == f"{first.address} belongs to {theirs}, which is not ours"

    def heard():
        return [p for p in first.call("discovery")["peers"] if p["source"] == "heard"]
    cluster.wait(heard, "the other side to say so")
    ours = f"the cluster '{clusters[1]}'" if clusters[1] else "the cluster without a name"
    assert [(p["address"], p["state"], p["reason"]) for p in heard()] == [
        (second.address, "other cluster", f"it speaks to us as a member of {ours}")]
    assert "a member of another cluster speaks to this one" in first.text()
    assert set(first.listed()) == {first.name} and set(second.listed()) == {second.name}
    health = second.call("health")
    assert health["status"] == "isolated" and any("belongs to" in str(reason) for reason in health["reasons"]), health


def test_one_that_others_hear(cluster):
    """Between two of three nothing passes: the one that is cut off from its seed sees it alive through the third."""
    first = cluster.daemon()
    third = cluster.daemon(seeds=[first.address])
    second = cluster.daemon(seeds=[first.address, third.address])
    cluster.cut([first], [second])
    for daemon in (first, third, second):
        daemon.launch()
    cluster.watch([first, third, second])
    cluster.whole()
    reason = wait_state(cluster, second, "hears us not", first.address)
    assert reason.startswith(f"{first.address} does not answer us, though others hear it"), reason
    cluster.namespace.heal()
    cluster.wait(lambda: seed(second, first.address)["state"] == "joined", "the seed to answer", 60)
