"""IPv6: clusters with only IPv6, and with both families on one socket."""
import socket

from harness import Peer, base_wire


def add_address(cluster, *addresses):
    for address in addresses:
        cluster.namespace.add_address(f"{address}/128", "lo")


def test_daemons_of_one_address_have_a_port_each(cluster):
    """Daemons on one address, [::1], have a port each."""
    seed = "[::1]:7001"
    daemons = [cluster.daemon(address=f"[::1]:{7001 + n}", seeds=[seed] if n else []) for n in range(4)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    assert {m["address"] for m in daemons[3].call("members")["members"]} == {d.address for d in daemons}
    begin = daemons[1].kill()
    cluster.all_say("member.failed", daemons[1].name, begin)


def test_daemons_of_ipv6_addresses_form_a_cluster(cluster):
    add_address(cluster, *[f"fd00::{n}" for n in range(1, 5)])
    daemons = [cluster.daemon(address=f"[fd00::{n}]:7946", seeds=["[fd00:0:0::1]:7946"] if n > 1 else [])
               for n in range(1, 5)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    cluster.namespace.cut(["fd00::1"], ["fd00::2", "fd00::3", "fd00::4"])
    cluster.all_say("member.failed", daemons[0].name, 0, daemons=daemons[1:])
    cluster.namespace.heal()
    cluster.whole(seconds=60)


def test_one_socket_reaches_both_families(cluster):
    """A daemon that is bound to [::] reaches IPv4 and IPv6 members by one socket, and lists each with one address."""
    add_address(cluster, "fd00::1", "fd00::2")
    both = cluster.daemon(name="both", address="[::]:7946", advertise="[fd00::1]:7946")
    six = cluster.daemon(name="six", address="[fd00::2]:7947", seeds=["[fd00::1]:7946"])
    both.launch()
    six.launch()
    cluster.watch([both, six])
    cluster.whole()
    assert both.call("info")["address"] == "[fd00::1]:7946"
    # An IPv4 base peer reaches the same socket at 127.0.0.1 and is answered from there. The daemon would refuse a base peer with
    # a loopback address.
    cluster.namespace.add_address("10.9.9.9/32", "lo")
    peer = Peer(cluster, "10.9.9.9:7947", "four")
    seq = 991
    peer.send("127.0.0.1:7946", base_wire.ping(seq, [base_wire.Update("four", "10.9.9.9:7947", base_wire.ALIVE, 0)]))
    peer.answer(base_wire.ACK, seq)
    assert [source for _, source, data in peer.came if data[0] == base_wire.ACK][0] == "127.0.0.1:7946"
    cluster.wait(lambda: "four" in both.alive(), "the IPv4 peer to be a member")
    assert both.members()["four"]["address"] == "10.9.9.9:7947", "the address is not mapped to IPv6"


def test_answers_from_the_address_that_was_asked(cluster):
    """A daemon that is bound to [::] answers from the address to which the request was sent, in both families."""
    add_address(cluster, "fd00::1", "fd00::2", "fd00::9")
    cluster.daemon(address="[::]:7946", advertise="127.0.0.1:7946").start()
    for ours, asked in (("127.0.9.1:7000", "127.0.5.5:7946"), ("[fd00::9]:7000", "[fd00::2]:7946")):
        peer = Peer(cluster, ours, f"peer-{ours}")
        peer.send(asked, base_wire.ping(5))
        peer.answer(base_wire.ACK, 5)
        assert {source for _, source, data in peer.came if data[0] == base_wire.ACK} == {asked}


def test_a_wildcard_bind_advertises_a_usable_address(cluster):
    """A daemon that is bound to 0.0.0.0 advertises loopback without a route, and the host's address if there is one."""
    daemon = cluster.daemon(address="0.0.0.0:7946")
    daemon.start()
    assert daemon.call("info")["address"] == "127.0.0.1:7946"
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.disconnect()
    cluster.namespace.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    cluster.namespace.run("ip", "addr", "add", "10.9.8.7/24", "dev", "eth0")
    for link in ("eth0", "eth1"):
        cluster.namespace.run("ip", "link", "set", link, "up")
    cluster.namespace.run("ip", "route", "add", "default", "via", "10.9.8.1")
    daemon.start()
    assert daemon.call("info")["address"] == "10.9.8.7:7946"


def test_python_has_ipv6():
    """Python has IPv6, without which the other tests of this file show nothing."""
    assert socket.has_ipv6
