"""Clusters with only IPv6, with only link-local addresses, and with both families, on hosts of one network."""
import shutil
import types

import pytest

from harness import Namespace, Peer, base_wire

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")
needs_avahi = pytest.mark.skipif(not all(map(shutil.which, ("avahi-daemon", "dbus-daemon"))),
                                 reason="not installed: avahi-daemon or dbus-daemon (make deps installs them)")

LINK_LOCAL = ("fe80::{}/64",)
SIX = ("fd00:77::{}/64", *LINK_LOCAL)
FOUR = ("10.77.0.{}/24",)


def start(cluster, daemons):
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()


def addresses(daemon):
    return {name: member["address"] for name, member in daemon.members().items()}


def kill_one(cluster, daemons, victim):
    """Kill one daemon: all others report its failure, which shows that probes work, and report no other failure."""
    begin = victim.kill()
    others = [daemon for daemon in daemons if daemon is not victim]
    cluster.all_say("member.failed", victim.name, begin, daemons=others)
    assert {e["member"]["name"] for d in others for e in d.heard_of("member.failed")} == {victim.name}


def test_link_local_addresses_form_a_cluster_by_seeds(cluster, lan):
    """The hosts' interfaces have different names, one daemon binds a link-local address, and one restarts without seeds."""
    hosts = [lan.host(avahi=False, addresses=LINK_LOCAL) for _ in range(4)]
    names = ["eth0", "wire", "eth0", "en-x.7"]
    for host, name in zip(hosts, names):
        host.ip("link", "set", "eth0", "down", "name", name)
        host.ip("link", "set", name, "up")
        host.ip("addr", "replace", f"fe80::{host.number}/64", "dev", name, "nodad")
    daemons = [host.daemon("--no-mdns", "--seed", f"[fe80::1%{name}]:7946") for host, name in zip(hosts, names)]
    daemons[3].options += ["--bind", f"[fe80::4%{names[3]}]:7946"]
    daemons[2].options += ["--advertise", f"[fe80::3%{names[2]}]:7946"]
    start(cluster, daemons)
    for daemon, name in zip(daemons, names):
        assert addresses(daemon) == {f"h{n}": f"[fe80::{n}%{name}]:7946" for n in range(1, 5)}
        assert daemon.call("info")["address"] == f"[fe80::{daemon.host.number}%{name}]:7946"
        assert daemon.call("health")["transport"]["healthy"]
    kill_one(cluster, daemons, daemons[1])
    # The members file has the zones, so that the restarted daemon needs no seed.
    again = daemons[2]
    again.kill()
    again.options = again.options[:1]
    again.launch()
    cluster.watch([again])
    cluster.whole()
    assert addresses(again)["h1"] == "[fe80::1%eth0]:7946"


def test_one_link_local_address_on_two_links_is_two_members(cluster, lan):
    """Two base peers with one link-local address on two links are two members. The daemon learns their ids by a ping."""
    host = lan.host(avahi=False, addresses=())
    wires = {"b2": Namespace(), "c2": Namespace()}
    for name, namespace in wires.items():
        cluster.closers.append(namespace.close)
        namespace.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", str(host.holder.pid))
        namespace.run("ip", "link", "set", "eth0", "addrgenmode", "none", "up")
        host.ip("link", "set", name, "addrgenmode", "none", "up")
        host.namespace.add_address("fe80::1/64", name)
        namespace.add_address("fe80::2/64", "eth0")
    daemon = host.daemon("--no-mdns")
    cluster.watch([daemon.launch()])
    peers = {}
    for name, namespace in wires.items():
        index = namespace.run("ip", "-o", "link", "show", "eth0").partition(":")[0]
        place = types.SimpleNamespace(namespace=namespace, pump=cluster.pump, closers=cluster.closers, running=[])
        peers[name] = Peer(place, f"[fe80::2%{index}]:7946", name)
        peers[name].peer.address = "[fe80::2]:7946"
        peers[name].send(f"[fe80::1%{index}]:7946", base_wire.ping(7))
    cluster.wait(lambda: daemon.alive() == {"h1", *wires}, lambda: f"both to be members: {daemon.listed()}")
    assert {name: addresses(daemon)[name] for name in wires} == {name: f"[fe80::2%{name}]:7946" for name in wires}
    peers["b2"].peer.silent = True
    cluster.all_say("member.failed", "b2", 0, daemons=[daemon])
    assert daemon.alive() == {"h1", "c2"} and not daemon.heard_of("member.suspected", "c2")
    assert not daemon.heard_of("member.removed") and not daemon.heard_of("member.failed", "c2")


@needs_avahi
def test_link_local_addresses_form_a_cluster_by_mdns(cluster, lan):
    """No daemon has any configuration."""
    hosts = [lan.host(addresses=LINK_LOCAL) for _ in range(3)]
    daemons = [host.daemon() for host in hosts]
    start(cluster, daemons)
    wanted = {f"h{n}": f"[fe80::{n}%eth0]:7946" for n in range(1, 4)}
    for daemon in daemons:
        assert addresses(daemon) == wanted

        def found(daemon=daemon):
            return {p["service"]: p["address"] for p in daemon.call("discovery")["peers"]
                    if p["address"] and p["interface"] == "eth0"}
        cluster.wait(lambda: found() == wanted, lambda: f"{daemon} to find all: {found()}")  # noqa: B023
    kill_one(cluster, daemons, daemons[1])


def test_a_member_leaves_its_link_local_address_for_a_better_one(cluster, lan):
    hosts = [lan.host(avahi=False, addresses=LINK_LOCAL) for _ in range(3)]
    daemons = [host.daemon("--no-mdns", "--seed", "fe80::1%eth0") for host in hosts]
    start(cluster, daemons)
    for host in hosts:
        host.add_address(f"fd00:77::{host.number}/64")
    wanted = {f"h{n}": f"[fd00:77::{n}]:7946" for n in range(1, 4)}
    cluster.wait(lambda: all(addresses(d) == wanted for d in daemons),
                 lambda: f"all to have the other addresses: {[addresses(d) for d in daemons]}")
    assert not any(d.heard_of("member.failed") for d in daemons)


def test_ipv6_hosts_form_a_cluster_by_seeds(cluster, lan):
    hosts = [lan.host(avahi=False, addresses=SIX) for _ in range(4)]
    daemons = [host.daemon("--no-mdns", "--seed", "fd00:77::1") for host in hosts]
    start(cluster, daemons)
    assert addresses(daemons[3]) == {f"h{n}": f"[fd00:77::{n}]:7946" for n in range(1, 5)}
    kill_one(cluster, daemons, daemons[2])


@needs_avahi
def test_ipv6_hosts_form_a_cluster_by_mdns(cluster, lan):
    daemons = [lan.host(addresses=SIX).daemon() for _ in range(3)]
    start(cluster, daemons)
    assert addresses(daemons[2]) == {f"h{n}": f"[fd00:77::{n}]:7946" for n in range(1, 4)}
    kill_one(cluster, daemons, daemons[1])


def test_hosts_of_both_families_form_one_cluster(cluster, lan):
    """Two hosts have both families, three only IPv4 and three only IPv6: members that cannot reach each other use relays."""
    both = [lan.host(avahi=False, addresses=(*FOUR, *SIX)) for _ in range(2)]
    four = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    six = [lan.host(avahi=False, addresses=SIX) for _ in range(3)]
    daemons = [host.daemon("--no-mdns", "--seed", "10.77.0.1") for host in (*both, *four)] + \
        [host.daemon("--no-mdns", "--seed", "fd00:77::1") for host in six]
    start(cluster, daemons)
    views = [addresses(daemon) for daemon in daemons]
    assert views == [views[0]] * len(views)
    assert views[0] == {**{f"h{n}": f"10.77.0.{n}:7946" for n in range(1, 6)},
                        **{f"h{n}": f"[fd00:77::{n}]:7946" for n in range(6, 9)}}
    # Each member with one family has been acked indirectly since.
    before = [daemon.call("metrics")["probes"]["acked_indirectly"] for daemon in daemons]
    cluster.wait(lambda: all(d.call("metrics")["probes"]["acked_indirectly"] > n
                             for d, n in zip(daemons[2:], before[2:])), "an indirect ack at each member of one family")
    cluster.pump.pass_time(6)
    # On a busy machine a member may be suspected for a moment.
    said = [(d.name, e["member"]["name"]) for d in daemons for e in d.heard_of("member.failed")]
    assert not said
    for daemon in daemons:
        assert daemon.call("health")["transport"] == {"healthy": True, "last_error": None}
        assert daemon.call("metrics")["transport_errors"]["send-failed"] == 0
    # One member of each family is killed, and all members report that, reachable or not.
    for victim in (daemons[4], daemons[7]):
        begin = victim.kill()
        daemons.remove(victim)
        said = cluster.all_say("member.failed", victim.name, begin, daemons=daemons)
        print(f"all list {victim} as dead after {max(said) - begin:.2f} s")
