"""Name resolution by real daemons: they find the addresses that glibc finds, and limit their queries."""
import ipaddress
import os
import selectors
import socket
import struct

import pytest

from harness import TRUSTING, Wire, base_wire
from harness.nameserver import A, AAAA, REFUSED, SERVFAIL, SILENT, SILENT_TO_EDNS, SRV, Nameserver, Resolving, unusable

reason = unusable() if os.geteuid() == 0 else "name service files of a test's own need root"
pytestmark = pytest.mark.skipif(reason is not None, reason=str(reason))
NAMESERVERS = ["127.0.0.53", "127.0.0.54", "127.0.0.55"]
PORT = 7777


class AllAddresses:
    """A socket that receives at PORT of all addresses of the namespace and never answers. asked: the addresses with datagrams."""

    def __init__(self, cluster):
        self.asked = set()
        with cluster.namespace.inside():
            self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        self.sock.bind(("::", PORT))
        self.sock.setblocking(False)
        self.pump = cluster.pump
        self.pump.add(self.sock, selectors.EVENT_READ, self.ready)
        cluster.closers.append(self.close)

    def ready(self, _):
        while True:
            try:
                _, ancillary, _, _ = self.sock.recvmsg(2048, 256)
            except BlockingIOError:
                return
            for level, kind, data in ancillary:
                if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
                    address = ipaddress.IPv6Address(data[:16])
                    self.asked.add(str(address.ipv4_mapped or address))

    def close(self):
        self.pump.remove(self.sock)
        self.sock.close()


MANY = [f"127.0.20.{number}" for number in range(1, 61)]
NAMES = {
    ("four.test", A): ["127.0.9.1"],
    ("six.test", AAAA): ["::1"],
    ("both.test", A): ["127.0.9.2", "127.0.9.3"], ("both.test", AAAA): ["::1"],
    ("many.test", A): MANY,
    ("short.one.test", A): ["127.0.9.4"],
    ("deep.name.two.test", A): ["127.0.9.5"],
    ("filed.test", A): ["127.0.9.6"],
    ("empty.test", SRV): [],
}
HOSTS = "127.0.0.1 localhost\n::1 localhost\n127.0.9.7 filed.test alias\n127.0.9.8 filed.test\n"
SEARCH = "search one.test two.test\n"
ONE = f"nameserver {NAMESERVERS[0]}\n"
THREE = "".join(f"nameserver {address}\n" for address in NAMESERVERS) + "options timeout:1 attempts:2\n"
# Case: (name, fates of the three nameservers, resolv.conf, databases of nsswitch.conf).
CASES = {
    "one address": ("four.test", (), ONE, "files dns"),
    "IPv6 alone": ("six.test", (), ONE, "files dns"),
    "both families": ("both.test", (), ONE, "files dns"),
    "sixty addresses": ("many.test", (), ONE, "files dns"),
    "the hosts file first": ("filed.test", (), ONE, "files dns"),
    "DNS first": ("filed.test", (), ONE, "dns files"),
    "an alias of the hosts file": ("alias", (), ONE, "files dns"),
    "localhost": ("localhost", (), ONE, "files dns"),
    "a search domain": ("short", (), SEARCH + ONE, "files dns"),
    "the second search domain": ("deep.name", (), SEARCH + ONE, "files dns"),
    "no such name": ("none.test", (), ONE, "files dns"),
    "no address": ("empty.test", (), ONE, "files dns"),
    "REFUSED, good": ("four.test", (REFUSED,), THREE, "files dns"),
    "SERVFAIL, REFUSED, good": ("four.test", (SERVFAIL, REFUSED), THREE, "files dns"),
    "silent, SERVFAIL, good": ("four.test", (SILENT, SERVFAIL), THREE, "files dns"),
    "silent, silent, good": ("four.test", (SILENT, SILENT), THREE, "files dns"),
    "silent to EDNS": ("four.test", (SILENT_TO_EDNS,), ONE, "files dns"),
    "sixty addresses, silent to EDNS": ("many.test", (SILENT_TO_EDNS,), ONE, "files dns"),
    "silent, SERVFAIL, silent to EDNS": ("four.test", (SILENT, SERVFAIL, SILENT_TO_EDNS), THREE, "files dns"),
    "sixty addresses of the third": ("many.test", (SILENT, SERVFAIL), THREE, "files dns"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_daemon_pings_the_addresses_that_getent_gives(cluster, case):
    """The daemon pings each address that `getent ahosts` gives, and no other."""
    name, fates, resolv_conf, nsswitch = CASES[case]
    for address, fate in zip(NAMESERVERS, (*fates, None, None, None)):
        Nameserver(cluster, address, NAMES, fate)
    files = Resolving(cluster, resolv_conf, HOSTS, f"hosts: {nsswitch}\n")
    expected = [files.getent(name)]
    if case == "an alias of the hosts file":
        # c-ares 1.34 merges the lines of one name, so that an alias has all addresses of the name.
        expected.append(files.getent("filed.test"))
    receiver = AllAddresses(cluster)
    daemon = cluster.daemon(address="[::]:7946", seeds=[f"{name}:{PORT}"], wrapper=files.wrapper,
                            options=["--profile", "local"])
    daemon.start()

    def outcome():
        return daemon.call("discovery")["peers"][0]
    cluster.wait(lambda: outcome()["state"] in ("silent", "hears us not", "unresolved", "unreachable"),
                 lambda: f"an outcome: {outcome()}")
    print(outcome())
    assert receiver.asked in expected, (sorted(receiver.asked), expected)
    assert (outcome()["state"] == "unresolved") == (not receiver.asked)


@pytest.mark.parametrize("name", ["four.test", "many.test"])
def test_a_nameserver_may_have_a_link_local_address(cluster, name):
    """A nameserver may have a link-local address with an interface, as a router announces it; by UDP and by TCP."""
    cluster.namespace.run("ip", "addr", "add", "fe80::53/64", "dev", "lo", "nodad")
    server = Nameserver(cluster, "fe80::53%lo", NAMES)
    files = Resolving(cluster, "nameserver fe80::53%lo\n", HOSTS, "hosts: files dns\n")
    expected = set(NAMES[name, A])
    assert {found.removeprefix("::ffff:") for found in files.getent(name)} == expected
    receiver = AllAddresses(cluster)
    daemon = cluster.daemon(address="[::]:7946", seeds=[f"{name}:{PORT}"], wrapper=files.wrapper,
                            options=["--profile", "local"])
    daemon.start()
    cluster.wait(lambda: receiver.asked == expected, lambda: f"{expected}: {receiver.asked}")
    assert any(way == "tcp" for _, _, way in server.asked) == (name == "many.test")


def test_daemons_find_each_other_by_a_name_that_gets_another_address(cluster):
    """A name first resolves to the daemon's own address alone, and later to both daemons: they find each other."""
    servers = {}
    daemons = []
    for number, server in ((1, NAMESERVERS[0]), (2, NAMESERVERS[1])):
        servers[number] = Nameserver(cluster, server, {("peers.test", A): [f"127.0.1.{number}"]}, ttl=1)
        files = Resolving(cluster, f"nameserver {server}\n")
        daemons.append(cluster.daemon(address=f"127.0.1.{number}:7946", seeds=["peers.test"],
                                      wrapper=files.wrapper, options=["--profile", "local"]))
        daemons[-1].launch()
    cluster.watch(daemons)
    for daemon in daemons:
        cluster.wait(lambda d=daemon: d.call("discovery")["peers"][0]["state"] == "self", "the state of the seed to be self")
    for server in servers.values():
        server.names = {("peers.test", A): ["127.0.1.1", "127.0.1.2"]}
    cluster.whole(seconds=120)


def test_a_seed_may_be_an_srv_record(cluster):
    """A seed srv:NAME joins the target that resolves to a running daemon, at the port of the record."""
    server = Nameserver(cluster, NAMESERVERS[0], {
        ("_swim._udp.test", SRV): [(10, 0, 7001, "gone.test"), (20, 0, 7002, "first.test")],
        ("gone.test", A): ["127.0.9.9"], ("first.test", A): ["127.0.1.1"]})
    files = Resolving(cluster, ONE)
    first = cluster.daemon(address="127.0.1.1:7002", options=["--profile", "local"])
    second = cluster.daemon(seeds=["srv:_swim._udp.test"], wrapper=files.wrapper, options=["--profile", "local"])
    for daemon in (first, second):
        daemon.launch()
    cluster.watch([first, second])
    cluster.whole()
    peer = second.call("discovery")["peers"][0]
    assert (peer["state"], peer["resolved"]) == ("joined", "127.0.1.1:7002")
    assert ("_swim._udp.test", SRV, "udp") in server.asked


def test_a_changed_resolv_conf_is_used(cluster):
    """The daemon asks a nameserver that is written to resolv.conf later."""
    Nameserver(cluster, NAMESERVERS[1], {("peers.test", A): ["127.0.1.1"]})
    files = Resolving(cluster, ONE)
    first = cluster.daemon(address="127.0.1.1:7946")
    second = cluster.daemon(seeds=["peers.test"], wrapper=files.wrapper)
    for daemon in (first, second):
        daemon.launch()
    cluster.watch([first, second])
    cluster.wait(lambda: second.call("discovery")["peers"][0]["state"] == "unresolved", "the name to be unresolved")
    files.write("resolv.conf", f"nameserver {NAMESERVERS[1]}\n")
    cluster.whole(seconds=120)


@pytest.mark.parametrize("resolve", [False, True])
def test_gossip_of_host_names_causes_few_dns_queries(cluster, resolve):
    """After gossip about 600 members with host names, ten daemons send no DNS queries, or (resolve_members) a few a second."""
    server = Nameserver(cluster, NAMESERVERS[0])
    files = Resolving(cluster, ONE)
    first = cluster.address(0)
    daemons = [cluster.daemon(seeds=[first] if number else [], wrapper=files.wrapper,
                              options=["--profile", "local"],
                             config=("resolve_members = true\n" if resolve else "") + ("" if number else TRUSTING))
               for number in range(10)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    wire = Wire(cluster, "127.0.9.1:7946")
    told, sent = [f"stranger{number}" for number in range(600)], 0
    for begin in range(0, len(told), 20):
        updates = [base_wire.Update(name, f"{name}.example-with-a-long-name.test:7946", 0, 0)
                   for name in told[begin:begin + 20]]
        data = struct.pack("!BQ", 0x12, begin) + base_wire.gossip(updates)
        sent += len(data)
        wire.send(daemons[0].address, data)
    assert sent > 42_000
    # Each daemon lists some of the members, probes them, and declares the first of them failed.
    cluster.wait(lambda: all(len(d.listed()) > 100 for d in daemons), "the members to be listed", 120)
    cluster.wait(lambda: all(d.heard_of("member.failed") for d in daemons), "a failure at each daemon", 120)
    asked = len(server.asked)
    print(f"{sent} bytes, {asked} DNS queries")
    if not resolve:
        assert asked == 0
        return
    # Each daemon may resolve ten names at once, and five a second, with two queries each.
    uptime = max(d.call("info")["uptime_seconds"] for d in daemons)
    assert 0 < asked <= 2 * len(daemons) * (10 + 5 * (uptime + 1))
