"""Which of the host's addresses a daemon advertises if `advertise` is not configured."""
import shutil

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")

FOUR = ("10.77.0.{}/24",)


def launch(cluster, daemons):
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)


def add_containers(host):
    """Add a bridge as Docker makes it, listed before the interface that leads to the other hosts."""
    host.ip("link", "set", "eth0", "down")
    host.ip("link", "set", "eth0", "name", "later")
    host.ip("link", "add", "docker0", "type", "bridge")
    host.ip("addr", "add", "172.17.0.1/16", "dev", "docker0")
    host.ip("link", "set", "docker0", "addrgenmode", "none", "up")
    host.ip("link", "add", "inner0", "type", "veth", "peer", "name", "outer0")
    host.ip("link", "set", "outer0", "master", "docker0", "up")
    host.ip("link", "set", "later", "name", "eth0")
    host.ip("link", "set", "eth0", "up")


def add_private(host):
    """Add an isolated network with the default route, as test machines have: each host has the same address in it."""
    host.ip("link", "add", "nat0", "type", "veth", "peer", "name", "natter0")
    for name in ("nat0", "natter0"):
        host.ip("link", "set", name, "addrgenmode", "none", "up")
    host.ip("addr", "add", "10.0.2.15/24", "dev", "nat0")
    host.ip("route", "add", "default", "via", "10.0.2.2")


def addresses(daemon):
    return {name: member["address"] for name, member in daemon.members().items()}


def wait_addresses(cluster, daemons, wanted):
    cluster.wait(lambda: all(addresses(d) == wanted for d in daemons),
                 lambda: f"{wanted}: {[addresses(d) for d in daemons]}")


def on_the_wire(count):
    return {f"h{n}": f"10.77.0.{n}:7946" for n in range(1, count + 1)}


def test_a_bridge_of_containers_is_the_last_choice(cluster, lan):
    """The hosts have no default route, and the first daemon has no seed."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    for host in hosts:
        add_containers(host)
    daemons = [hosts[0].daemon("--no-mdns")] + [h.daemon("--no-mdns", "--seed", "10.77.0.1") for h in hosts[1:]]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, on_the_wire(3))
    for daemon in daemons:
        assert "172.17.0.1 (docker0, a bridge of containers)" in daemon.text()
        assert daemon.text().count("another address is advertised") == 0
        assert daemon.call("info")["incarnation"] == 0
        assert not daemon.heard_of("member.suspected")


def add_bridge(host, number):
    """Make the only interface that leads out a port of a bridge. Both ends of the other veth pair are on this host."""
    add_containers(host)
    host.ip("link", "add", "br0", "type", "bridge")
    host.ip("link", "set", "eth0", "down")
    host.ip("addr", "flush", "dev", "eth0")
    for name in ("eth0", "inner0", "outer0"):
        host.ip("link", "set", name, "addrgenmode", "eui64")
    host.ip("link", "set", "eth0", "master", "br0", "up")
    host.ip("link", "set", "br0", "up")
    host.ip("link", "set", "inner0", "up")
    host.ip("addr", "add", f"10.77.0.{number}/24", "dev", "br0")


@pytest.mark.parametrize("seed", ["10.77.0.1", "10.77.0.2"])
def test_a_bridge_that_holds_the_interface_is_chosen(cluster, lan, seed):
    """The ports of the bridge have link-local addresses that reach no other host, and so do the veth pairs within the host."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    for number, host in enumerate(hosts, 1):
        add_bridge(host, number)
    daemons = [host.daemon("--no-mdns", *(() if seed.endswith(f".{n}") else ("--seed", seed)))
               for n, host in enumerate(hosts, 1)]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert all(d.text().count("another address is advertised") == 0 for d in daemons)


def test_an_address_towards_the_seeds_wins_over_the_default_route(cluster, lan):
    """Each host has 10.0.2.15, with the default route; the first daemon has no seed and learns from the peers that join."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    for host in hosts:
        add_private(host)
    daemons = [hosts[0].daemon("--no-mdns")] + [h.daemon("--no-mdns", "--seed", "10.77.0.1") for h in hosts[1:]]
    daemons[0].launch()
    cluster.watch(daemons[:1])
    assert daemons[0].call("info")["address"] == "10.0.2.15:7946"
    launch(cluster, daemons[1:])
    wait_addresses(cluster, daemons, on_the_wire(3))
    for daemon in daemons[1:]:
        assert "10.0.2.15 (nat0, the default route's)" in daemon.text()
        assert daemon.text().count("another address is advertised") == 0
    assert daemons[0].text().count("another address is advertised") == 1
    assert "chosen_by=peers" in daemons[0].text()
    cluster.pump.pass_time(3)
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert not any(d.heard_of("member.failed") for d in daemons)


def test_daemons_that_are_their_own_seeds_advertise_the_address_towards_the_others(cluster, lan):
    """Each daemon has all daemons as seeds, itself included."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    for host in hosts:
        add_private(host)
    seeds = [word for n in (1, 2, 3) for word in ("--seed", f"10.77.0.{n}")]
    daemons = [host.daemon("--no-mdns", *seeds) for host in hosts]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert all(d.text().count("another address is advertised") == 0 for d in daemons)


@pytest.mark.parametrize("seeds", ["all have seeds", "the first has none"])
def test_the_address_changes_when_the_network_of_the_seeds_comes_up(cluster, lan, seeds):
    """At first only the default route leads to the seeds; then the interface gets an address in the network of the seeds."""
    hosts = [lan.host(avahi=False, addresses=()) for _ in range(3)]
    for host in hosts:
        add_private(host)
    words = ("--seed", "10.77.0.1", "--seed", "10.77.0.2")
    alone = seeds == "the first has none"
    daemons = [host.daemon("--no-mdns", *(() if alone and n == 0 else words)) for n, host in enumerate(hosts)]
    launch(cluster, daemons)
    assert all(d.call("info")["address"] == "10.0.2.15:7946" for d in daemons)
    for n, host in enumerate(hosts, 1):
        host.add_address(f"10.77.0.{n}/24")
    wait_addresses(cluster, daemons, on_the_wire(3))
    cluster.pump.pass_time(3)
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert all(d.text().count("another address is advertised") == 1 for d in daemons)


def test_a_second_interface_in_the_network_of_the_seeds_changes_nothing(cluster, lan):
    """The kernel now sends from the address of the second interface; the advertised address still works and is kept."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(2)]
    daemons = [hosts[0].daemon("--no-mdns"), hosts[1].daemon("--no-mdns", "--seed", "10.77.0.1")]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, on_the_wire(2))
    lan.switch.run("ip", "link", "add", "port2b", "master", "br0", "type", "veth", "peer", "name", "eth1",
                   "netns", str(hosts[1].holder.pid))
    lan.switch.run("ip", "link", "set", "port2b", "up")
    hosts[1].ip("link", "set", "eth1", "addrgenmode", "none", "up")
    hosts[1].ip("addr", "add", "10.77.0.22/24", "dev", "eth1", "noprefixroute")
    hosts[1].ip("route", "replace", "10.77.0.0/25", "dev", "eth1", "src", "10.77.0.22")
    cluster.pump.pass_time(3)
    wait_addresses(cluster, daemons, on_the_wire(2))
    assert daemons[1].text().count("another address is advertised") == 0


def test_the_address_follows_a_seed_whose_name_resolves_later(cluster, lan):
    """The daemon joins only when the seed's name resolves; until then other members do not learn its first address."""
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(2)]
    add_private(hosts[1])
    # The whole of /etc is replaced, because some machines have no /etc/hosts over which a file could be mounted.
    done = hosts[1].command("sh", "-c", "mkdir /run/etc && echo 127.0.0.1 localhost >/run/etc/hosts && "
                                        "mount --bind /run/etc /etc")
    assert done.returncode == 0, done.stderr
    daemons = [hosts[0].daemon("--no-mdns"), hosts[1].daemon("--no-mdns", "--seed", "first.test")]
    launch(cluster, daemons)
    assert daemons[1].call("info")["address"] == "10.0.2.15:7946"
    hosts[1].command("sh", "-c", "echo 10.77.0.1 first.test >>/run/etc/hosts")
    wait_addresses(cluster, daemons, on_the_wire(2))
    assert not daemons[0].heard_of("member.updated")


def test_a_temporary_address_is_not_advertised(cluster, lan):
    """An IPv6 privacy address is added after the permanent one, and the kernel sends from the privacy address by default."""
    hosts = [lan.host(avahi=False, addresses=("2001:db8::{}/64",)) for _ in range(2)]
    for host in hosts:
        host.ip("addr", "flush", "dev", "eth0")
        done = host.command("sh", "-c", "mount -t proc proc /proc && mount -o remount,rw /proc; "
                                        "echo 2 >/proc/sys/net/ipv6/conf/eth0/use_tempaddr")
        if done.returncode:
            pytest.skip(f"cannot enable temporary addresses here: {done.stderr.strip()}")
        host.ip("addr", "add", f"2001:db8::{host.number}/64", "dev", "eth0", "mngtmpaddr", "nodad",
                "valid_lft", "36000", "preferred_lft", "36000")
        cluster.wait(lambda: "temporary" in host.ip("-6", "addr", "show", "dev", "eth0")  # noqa: B023
                     and "tentative" not in host.ip("-6", "addr", "show", "dev", "eth0"),  # noqa: B023
                     "a temporary address")
    daemons = [hosts[0].daemon("--no-mdns"), hosts[1].daemon("--no-mdns", "--seed", "2001:db8::1")]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, {f"h{n}": f"[2001:db8::{n}]:7946" for n in (1, 2)})


@pytest.mark.parametrize("floating", ["10.77.0.100/32", "10.77.0.100/24", "fd00:77::100/128"])
def test_a_floating_address_is_not_advertised(cluster, lan, floating):
    """A floating address, as of keepalived, was added before the host's own address, and later moves to another host."""
    six = ":" in floating
    own = "fd00:77::{}/64" if six else FOUR[0]
    hosts = [lan.host(avahi=False, addresses=(own,)) for _ in range(2)]
    hosts[1].ip("addr", "flush", "dev", "eth0")
    if not floating.endswith("/24"):        # the first of two addresses of one subnet is the primary one
        hosts[1].add_address(floating)
    hosts[1].add_address(own.format(2))
    if floating.endswith("/24"):
        hosts[1].add_address(floating)
    seed = own.format(1).partition("/")[0]
    vip = floating.partition("/")[0]
    # One of the seeds is the floating address, which is on this host now.
    daemons = [hosts[0].daemon("--no-mdns"), hosts[1].daemon("--no-mdns", "--seed", vip, "--seed", seed)]
    launch(cluster, daemons)
    cluster.whole()
    mine = own.format(2).partition("/")[0]
    assert daemons[1].call("info")["address"] == (f"[{mine}]:7946" if six else f"{mine}:7946")
    hosts[1].ip("addr", "del", floating, "dev", "eth0")
    cluster.pump.pass_time(2)
    assert daemons[1].text().count("another address is advertised") == 0


def test_a_seed_address_that_each_host_has_is_not_advertised(cluster, lan):
    """The first seed is the address of a load balancer (LVS-DR), which each host has on its loopback interface."""
    vip = "10.77.0.100"
    hosts = [lan.host(avahi=False, addresses=FOUR) for _ in range(3)]
    for host in hosts:
        host.ip("addr", "add", f"{vip}/32", "dev", "lo")
    daemons = [host.daemon("--no-mdns", "--seed", vip, "--seed", "10.77.0.1") for host in hosts[:2]]
    # The third daemon knows no other member until it is told to join.
    daemons.append(hosts[2].daemon("--no-mdns", "--seed", vip))
    launch(cluster, daemons)
    assert daemons[2].call("info")["address"] == f"{vip}:7946"
    daemons[2].call("join", addresses=["10.77.0.1"])
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert all(d.text().count("another address is advertised") == 0 for d in daemons[:2])


def test_a_choice_among_equal_addresses_is_logged_with_advice(cluster, lan):
    host = lan.host(avahi=False, addresses=FOUR)
    host.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    for name in ("other0", "other1"):
        host.ip("link", "set", name, "addrgenmode", "none", "up")
    host.ip("addr", "add", "10.78.0.1/24", "dev", "other0")
    daemon = host.daemon("--no-mdns")
    launch(cluster, [daemon])
    assert daemon.call("info")["address"] == "10.77.0.1:7946"
    assert "set advertise, or seeds" in daemon.text() and "10.78.0.1 (other0)" in daemon.text()


@pytest.mark.skipif(not all(map(shutil.which, ("avahi-daemon", "dbus-daemon"))),
                    reason="not installed: avahi-daemon or dbus-daemon (make deps installs them)")
def test_an_address_towards_mdns_peers_wins_over_the_default_route(cluster, lan):
    """No daemon has any configuration."""
    hosts = [lan.host(addresses=FOUR) for _ in range(3)]
    for host in hosts:
        add_private(host)
    daemons = [host.daemon() for host in hosts]
    launch(cluster, daemons)
    wait_addresses(cluster, daemons, on_the_wire(3))
    cluster.pump.pass_time(3)
    wait_addresses(cluster, daemons, on_the_wire(3))
    assert all(d.text().count("another address is advertised") == 1 for d in daemons)
