"""Why a seed is not joined: `discovery` shows a state of its own for each fault, on both sides if both can see it."""
import pytest


def seed(daemon, address=None):
    return next(p for p in daemon.call("discovery")["peers"]
                if p["source"] == "seed" and (address is None or p["address"] == address))


def wait_state(cluster, daemon, wanted, address=None):
    cluster.wait(lambda: seed(daemon, address)["state"] == wanted, lambda: f"{wanted}: {seed(daemon, address)}", 60)
    return seed(daemon, address)["reason"]


@pytest.mark.parametrize("where", ["127.0.9.9", "[::1]"])
def test_a_port_without_a_daemon_is_refused(cluster, where):
    daemon = cluster.daemon(address="[::]:7946", seeds=[f"{where}:7999"])
    daemon.start()
    assert wait_state(cluster, daemon, "refused") == f"no swimd listens at {where}:7999: its machine refuses"
    health = daemon.call("health")
    assert health["status"] == "isolated" and any("refuses" in str(reason) for reason in health["reasons"]), health
    assert health["transport"]["healthy"], health
    assert daemon.call("metrics")["transport"]["icmp_errors"] > 0
    # A daemon that starts there later is joined.
    late = cluster.daemon(address=f"{where}:7999")
    cluster.watch([late.launch()])
    cluster.wait(lambda: seed(daemon)["state"] == "joined", lambda: f"the seed to be joined: {seed(daemon)}", 60)


def test_a_firewall_makes_a_seed_silent(cluster):
    first = cluster.daemon()
    second = cluster.daemon(seeds=[first.address])
    cluster.cut([first], [second])
    for daemon in (first, second):
        daemon.start()
    assert wait_state(cluster, second, "silent") == f"nobody answers at {first.address}"
    cluster.namespace.heal()
    cluster.wait(lambda: seed(second)["state"] == "joined", "the seed to answer", 60)


def test_an_icmp_error_makes_a_seed_unreachable(cluster):
    """The state shows the ICMP error of a router."""
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
# Text of the error: (address of the seed, function that makes this host refuse to send there).
UNSENT = {
    "Operation not permitted": ("127.0.9.9:7999", lambda namespace: namespace.rules(WALL)),
    "Network is unreachable": ("10.77.0.9:7946", lambda namespace: namespace.add_address("10.77.0.2/32", "lo")),
    "No route to host": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "unreachable", "10.77.0.9")),
    "Invalid argument": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "blackhole", "10.77.0.9")),
    "Permission denied": ("10.77.0.9:7946", lambda namespace: namespace.run("ip", "route", "add", "prohibit", "10.77.0.9")),
}


@pytest.mark.parametrize("text", UNSENT)
def test_a_send_error_makes_a_seed_unreachable(cluster, text):
    """If this host cannot send (no route, or a firewall), the seed is unreachable and not silent; the seed is joined later."""
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
        cluster.wait(lambda: seed(daemon)["state"] == "joined", lambda: f"the seed to be joined: {seed(daemon)}", 60)


@pytest.mark.parametrize("clusters", [("prod", "test"), ("prod", ""), ("", "test")])
def test_a_seed_of_another_cluster_shows_on_both_sides(cluster, clusters):
    """If the seed is of another cluster, both daemons show that in `discovery`, and neither lists the other as a member."""
    first, second = (cluster.daemon(config=f'cluster = "{name}"\n' if name else "") for name in clusters)
    second.seeds = [first.address]
    for daemon in (first, second):
        daemon.start()
    theirs = f"the cluster '{clusters[0]}'" if clusters[0] else "the cluster without a name"
    assert wait_state(cluster, second, "other cluster") == f"{first.address} belongs to {theirs}, which is not ours"

    def heard():
        return [p for p in first.call("discovery")["peers"] if p["source"] == "heard"]
    cluster.wait(heard, "the other side to show the peer")
    ours = f"the cluster '{clusters[1]}'" if clusters[1] else "the cluster without a name"
    assert [(p["address"], p["state"], p["reason"]) for p in heard()] == [
        (second.address, "other cluster", f"it speaks to us as a member of {ours}")]
    assert "a member of another cluster sends to this one" in first.text()
    assert set(first.listed()) == {first.name} and set(second.listed()) == {second.name}
    health = second.call("health")
    assert health["status"] == "isolated" and any("belongs to" in str(reason) for reason in health["reasons"]), health


def test_a_seed_that_only_others_reach_does_not_hear_us(cluster):
    """A daemon that is cut off from its seed, but not from a third member, shows that others reach the seed."""
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
