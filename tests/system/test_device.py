"""An interface that is removed and created again under its name, as by wg-quick or a driver, or that gets another name."""
import shutil

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")

FOUR, SIX, LINK = "10.77.0.{}/24", "fd00:77::{}/64", "fe80::{}/64"
# Without CAP_NET_RAW the kernel does not bind a socket that is bound to a device to another device.
UNPRIVILEGED = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]


def address(kind, number):
    return kind.format(number).partition("/")[0]


def start(cluster, lan, kind, device, wrapper=(), altname=None):
    """Start three hosts, the first with the options of the test."""
    hosts = [lan.host(avahi=False, addresses=(kind,)) for _ in range(3)]
    zone = "%eth0" if kind is LINK else ""
    daemons = [host.daemon("--no-mdns") for host in hosts]
    for daemon, seed in zip(daemons, (2, 1, 2)):
        daemon.options += ["--seed", address(kind, seed) + zone]
    if device:
        daemons[0].environment["SWIMD_DEVICE"] = altname or "eth0"
    if altname:
        add_altname(hosts[0], altname)
    daemons[0].wrapper += wrapper
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    return hosts, daemons


def remove(lan, host):
    host.ip("link", "del", "eth0")


def make(lan, host, kind):
    port = f"port{host.number}"
    lan.switch.run("ip", "link", "add", port, "master", "br0", "type", "veth", "peer", "name", "eth0",
                   "netns", str(host.holder.pid))
    lan.switch.run("ip", "link", "set", port, "up")
    host.ip("link", "set", "eth0", "addrgenmode", "none", "up")
    host.add_address(kind.format(host.number))


def add_altname(host, altname):
    done = host.command("ip", "link", "property", "add", "dev", "eth0", "altname", altname)
    if done.returncode:
        pytest.skip(f"interfaces cannot have alternative names here: {done.stderr.strip()}")


def rename(host, old, new):
    host.ip("link", "set", old, "down")
    host.ip("link", "set", old, "name", new)
    host.ip("link", "set", new, "up")


def healthy(daemon):
    """Whether health gives no reason but that others suspected this daemon, which it gives for a minute."""
    return all("suspected this member" in reason for reason in daemon.complaints())


def works(cluster, daemons, kind, said=()):
    cluster.whole()
    cluster.wait(lambda: healthy(daemons[0]), lambda: f"health without reasons: {daemons[0].call('health')}")
    # Datagrams for the lost interface may be sent again for a moment.
    def probes_without_an_error():
        before = daemons[0].call("metrics")
        cluster.wait(lambda: daemons[0].call("metrics")["probes"]["acked"] >= before["probes"]["acked"] + 3,
                     "probes to be answered")
        return daemons[0].call("metrics")["transport_errors"] == before["transport_errors"]
    cluster.wait(probes_without_an_error, lambda: f"no more errors: {daemons[0].call('metrics')['transport_errors']}")
    if kind is LINK:
        assert all("%eth0]" in member["address"] for member in daemons[0].members().values())
    else:
        host = address(kind, 1)
        wanted = f"[{host}]:7946" if ":" in host else f"{host}:7946"
        assert {d.members()["h1"]["address"] for d in daemons} == {wanted}
    for text in said:
        assert text in daemons[0].text()


@pytest.mark.parametrize("kind", (FOUR, SIX, LINK), ids=("four", "six", "link-local"))
@pytest.mark.parametrize("device", (True, False), ids=("device", "any"))
def test_an_interface_that_is_created_again_is_used(cluster, lan, device, kind):
    """An interface is created again, with and without `device`, after the others declared the daemon failed."""
    hosts, daemons = start(cluster, lan, kind, device)
    for _ in range(2):
        remove(lan, hosts[0])
        cluster.all_say("member.failed", "h1", 0, daemons=daemons[1:])
        make(lan, hosts[0], kind)
        works(cluster, daemons, kind, ["the interface was created again"] if device else [])
        for daemon in daemons:
            daemon.said.clear()


def test_an_interface_that_is_created_again_is_used_without_privileges(cluster, lan):
    """Without privileges, as in the shipped unit, the daemon opens a new socket on the same port."""
    hosts, daemons = start(cluster, lan, FOUR, True, UNPRIVILEGED)
    remove(lan, hosts[0])
    make(lan, hosts[0], FOUR)
    works(cluster, daemons, FOUR, ["the interface was created again"])


def test_a_device_may_be_an_alternative_name(cluster, lan):
    """`device` may be an alternative name of the interface: systemd gives eno1 the names enp0s31f6 and enx..."""
    hosts, daemons = start(cluster, lan, FOUR, True, altname="lan-alt")
    works(cluster, daemons, FOUR)
    rename(hosts[0], "eth0", "lan0")
    works(cluster, daemons, FOUR, ["the interface has another name now"])
    hosts[0].ip("link", "del", "lan0")
    cluster.all_say("member.failed", "h1", 0, daemons=daemons[1:])
    make(lan, hosts[0], FOUR)
    add_altname(hosts[0], "lan-alt")
    works(cluster, daemons, FOUR, ["the interface was created again"])
    assert daemons[0].text().count("another address is advertised") == 0


def test_a_bound_link_local_address_survives_a_new_interface(cluster, lan):
    hosts = [lan.host(avahi=False, addresses=(LINK,)) for _ in range(2)]
    daemons = [hosts[0].daemon("--no-mdns", "--bind", "[fe80::1%eth0]:7946", "--seed", "fe80::2%eth0"),
               hosts[1].daemon("--no-mdns", "--seed", "fe80::1%eth0")]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    remove(lan, hosts[0])
    make(lan, hosts[0], LINK)
    works(cluster, daemons, LINK, ["the interface was created again"])
    assert daemons[0].call("info")["address"] == "[fe80::1%eth0]:7946"


@pytest.mark.parametrize("kind", (FOUR, SIX), ids=("four", "six"))
@pytest.mark.parametrize("device", (True, False), ids=("device", "any"))
def test_a_renamed_interface_is_used(cluster, lan, device, kind):
    """An interface is renamed, and renamed back; then another interface gets the name."""
    hosts, daemons = start(cluster, lan, kind, device)

    def keep():
        if kind is SIX:     # the kernel removes IPv6 addresses when the interface goes down
            name = hosts[0].ip("-br", "link", "show", "type", "veth").partition("@")[0]
            hosts[0].namespace.add_address(kind.format(1), name)
    rename(hosts[0], "eth0", "lan0")
    keep()
    works(cluster, daemons, kind, ["the interface has another name now"] if device else [])
    rename(hosts[0], "lan0", "tmp0")
    rename(hosts[0], "tmp0", "eth0")
    keep()
    works(cluster, daemons, kind)
    assert daemons[0].text().count("another address is advertised") == 0
    # Another interface gets the name, and the daemon uses that interface.
    if device and kind is FOUR:
        rename(hosts[0], "eth0", "lan0")
        hosts[0].ip("addr", "flush", "dev", "lan0")
        lan.switch.run("ip", "link", "add", "port9", "master", "br0", "type", "veth", "peer", "name", "eth0",
                       "netns", str(hosts[0].holder.pid))
        lan.switch.run("ip", "link", "set", "port9", "up")
        hosts[0].ip("link", "set", "eth0", "addrgenmode", "none", "up")
        hosts[0].add_address(kind.format(1))
        works(cluster, daemons, kind, ["the interface was created again"])
