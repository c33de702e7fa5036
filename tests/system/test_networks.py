"""Networks that come and go: addresses that change, interfaces that go down, firewalls, and no network at all."""
import shutil
import signal
import time

import pytest

from harness import Refusals, refusals_unusable

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")

SEED = ["--no-mdns", "--seed", "10.77.0.1"]
LIMIT = 10          # seconds that a change may take to be known


def machines(lan, count, options=SEED, **more):
    """So many, each with a daemon of its own, not started yet."""
    made = [lan.host(avahi=False, **more).daemon(*options) for _ in range(count)]
    return made, [daemon.host for daemon in made]


def launch(cluster, daemons):
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)


def start(cluster, daemons):
    launch(cluster, daemons)
    cluster.whole()


def address_of(daemon, name):
    member = daemon.members().get(name)
    return member and member["address"]


def wait_known(cluster, daemons, name, address, since):
    """Until all of them show that address; the seconds that it took."""
    cluster.wait(lambda: all(address_of(d, name) == address for d in daemons),
                 lambda: f"{name} to be at {address}: {[address_of(d, name) for d in daemons]}")
    return time.monotonic() - since


def reasons(daemon):
    return daemon.call("health")["reasons"]


def wait_reason(daemon, needle, seconds=None):
    daemon.pump.wait(lambda: any(needle in reason for reason in reasons(daemon)),
                     lambda: f"{daemon} to say {needle!r}: {daemon.call('health')}", seconds)
    assert daemon.call("health")["status"] in ("degraded", "isolated")


def wait_without(daemon, needle, seconds=None):
    daemon.pump.wait(lambda: not any(needle in reason for reason in reasons(daemon)),
                     lambda: f"{daemon} to say {needle!r} no more: {daemon.call('health')}", seconds)


def said(daemons, *kinds):
    return [(d.name, e["type"], e["member"]["name"]) for d in daemons for kind in kinds for e in d.heard_of(kind)]


def replace(host, old, new, length=24):
    host.ip("addr", "del", f"{old}/{length}", "dev", "eth0")
    host.add_address(f"{new}/{length}")


def test_an_address_that_changes_is_followed(cluster, lan):
    daemons, hosts = machines(lan, 4)
    start(cluster, daemons)
    moved, others = daemons[1], [daemons[0], *daemons[2:]]
    before = moved.call("info")
    begin = time.monotonic()
    replace(hosts[1], "10.77.0.2", "10.77.0.22")
    took = wait_known(cluster, daemons, "h2", "10.77.0.22:7946", begin)
    print(f"another address: all show it after {took:.2f} s")
    assert took < LIMIT
    after = moved.call("info")
    assert after["address"] == "10.77.0.22:7946" and after["incarnation"] > before["incarnation"]
    # The move is one rise. Who was not found in between may have heard of it, and refuted that before.
    assert [e["by"] for e in moved.heard_of("incarnation.incremented")].count("h2") == 1
    assert not any("address" in reason for reason in reasons(moved))
    # One more beside it changes nothing, nor does the loss of that one.
    hosts[1].add_address("10.77.0.23/24")
    cluster.pump.pass_time(2)
    hosts[1].ip("addr", "del", "10.77.0.23/24", "dev", "eth0")
    cluster.pump.pass_time(1)
    assert moved.call("info")["address"] == "10.77.0.22:7946"
    assert moved.text().count("another address is advertised") == 1
    assert not said(daemons, "member.failed", "member.left")
    for daemon in others:
        assert daemon.heard_of("member.updated", "h2")


def test_the_default_route_is_followed(cluster, lan):
    """From one interface's address to another's, as the first goes down for good."""
    daemons, hosts = machines(lan, 3)
    moved, host = daemons[2], hosts[2]
    host.ip("route", "add", "default", "via", "10.77.0.1")
    lan.switch.run("ip", "link", "add", "port3b", "master", "br0", "type", "veth", "peer", "name", "eth1",
                   "netns", str(host.holder.pid))
    lan.switch.run("ip", "link", "set", "port3b", "up")
    host.ip("link", "set", "eth1", "addrgenmode", "none", "up")
    host.ip("addr", "add", "10.77.0.33/24", "dev", "eth1")
    start(cluster, daemons)
    assert moved.call("info")["address"] == "10.77.0.3:7946"
    begin = time.monotonic()
    host.ip("link", "set", "eth0", "down")
    host.ip("route", "add", "default", "via", "10.77.0.1", "dev", "eth1")
    took = wait_known(cluster, daemons, "h3", "10.77.0.33:7946", begin)
    print(f"another interface: all show its address after {took:.2f} s")
    assert took < LIMIT
    # The first one comes back, and is needed no more.
    host.ip("link", "set", "eth0", "up")
    cluster.pump.pass_time(2)
    assert moved.call("info")["address"] == "10.77.0.33:7946"
    assert not said(daemons, "member.failed")


def test_an_address_that_is_configured_stays(cluster, lan):
    """Its loss shows in the health, and passes when it is back; nothing else is told to the others."""
    daemons, hosts = machines(lan, 3)
    bound, told = daemons[1:]
    bound.options += ["--bind", "10.77.0.2:7946"]
    told.options += ["--advertise", "10.77.0.3:7946"]
    start(cluster, daemons)
    for daemon, number in ((bound, 2), (told, 3)):
        host = daemon.host
        replace(host, f"10.77.0.{number}", f"10.77.0.{number}{number}")
        wait_reason(daemon, f"10.77.0.{number}:7946, is not on this machine")
        assert daemon.call("info")["address"] == f"10.77.0.{number}:7946"
        replace(host, f"10.77.0.{number}{number}", f"10.77.0.{number}")
        wait_without(daemon, "is not on this machine")
    cluster.whole()
    assert daemons[0].members()["h2"]["address"] == "10.77.0.2:7946"


def test_a_socket_whose_address_is_gone_says_so(cluster, lan):
    daemons, hosts = machines(lan, 2)
    bound = daemons[1]
    bound.options += ["--bind", "10.77.0.2:7946"]
    start(cluster, daemons)
    replace(hosts[1], "10.77.0.2", "10.77.0.22")
    wait_reason(bound, "transport: a datagram could not be sent: Network is unreachable")
    assert bound.call("health")["transport"] == {"healthy": False, "last_error": "send-failed"}
    replace(hosts[1], "10.77.0.22", "10.77.0.2")
    wait_without(bound, "transport")
    cluster.whole()


@pytest.mark.parametrize("loopback", [True, False])
def test_no_network_at_the_start(cluster, lan, loopback):
    daemons, hosts = machines(lan, 2)
    first, late = daemons
    host = hosts[1]
    host.ip("link", "set", "eth0", "down")
    host.ip("addr", "flush", "dev", "eth0")
    if not loopback:
        host.ip("link", "set", "lo", "down")
    launch(cluster, daemons)
    wait_reason(late, "no address but loopback" if loopback else "no address:")
    assert late.alive() == {"h2"}
    # Long enough for the seed's turns to have become rare.
    cluster.pump.pass_time(4)
    begin = time.monotonic()
    host.ip("link", "set", "eth0", "up")
    host.add_address("10.77.0.2/24")
    took = cluster.whole() - begin
    known = wait_known(cluster, daemons, "h2", "10.77.0.2:7946", begin)
    print(f"a network at last: one view after {took:.2f} s, with its address after {known:.2f} s")
    assert max(took, known) < LIMIT
    wait_without(late, "nobody elsewhere can reach it")
    assert not said(daemons, "member.failed")


def cut(cluster, daemons, host, seconds):
    """The interface is down for so long; the seconds that it took from then until there was one view."""
    host.ip("link", "set", "eth0", "down")
    cluster.pump.pass_time(seconds)
    host.ip("link", "set", "eth0", "up")
    begin = time.monotonic()
    return cluster.whole() - begin


def test_an_interface_goes_down_for_a_moment(cluster, lan):
    daemons, hosts = machines(lan, 5)
    start(cluster, daemons)
    hosts[3].ip("link", "set", "eth0", "down")
    wait_reason(daemons[3], "its interface is down")
    cluster.wait(lambda: not daemons[3].call("health")["transport"]["healthy"], "the transport to fail")
    begin = time.monotonic()
    hosts[3].ip("link", "set", "eth0", "up")
    took = cluster.whole() - begin
    print(f"one view {took:.2f} s after the interface was up again")
    wait_without(daemons[3], "interface")
    wait_without(daemons[3], "transport")
    assert daemons[0].members()["h4"]["address"] == "10.77.0.4:7946"


@pytest.mark.long
def test_an_interface_is_down_for_twenty_seconds(cluster, lan):
    daemons, hosts = machines(lan, 5)
    start(cluster, daemons)
    for _ in range(2):
        took = cut(cluster, daemons, hosts[3], 20)
        print(f"interface down 20 s: one view {took:.2f} s after it was up")
        assert took < LIMIT
        assert {d.members()["h4"]["address"] for d in daemons} == {"10.77.0.4:7946"}
    # Nobody but the one that was away was ever given up by those who stayed.
    stayed = [daemons[n] for n in (0, 1, 2, 4)]
    assert {name for _, _, name in said(stayed, "member.failed")} <= {"h4"}


FAULTS = {
    "Operation not permitted": (
        ["nft", "add table inet wall; add chain inet wall out { type filter hook output priority 0; }; "
                "add rule inet wall out udp dport 7946 drop"], ["nft", "flush ruleset"]),
    "Network is unreachable": (["ip", "route", "del", "10.77.0.0/24", "dev", "eth0"],
                               ["ip", "route", "add", "10.77.0.0/24", "dev", "eth0", "src", "10.77.0.2"]),
    "No route to host": (["ip", "route", "add", "unreachable", "10.77.0.0/25"],
                         ["ip", "route", "del", "unreachable", "10.77.0.0/25"]),
    "Invalid argument": (["ip", "route", "add", "blackhole", "10.77.0.0/25"],
                         ["ip", "route", "del", "blackhole", "10.77.0.0/25"]),
    "Permission denied": (["sh", "-c", "ip route add prohibit default && ip route del 10.77.0.0/24 dev eth0"],
                          ["ip", "route", "add", "10.77.0.0/24", "dev", "eth0", "src", "10.77.0.2"]),
}


def told_and_over(cluster, daemon, text, begin, end):
    """In the health with its reason, in the metrics by its word; and it passes by itself."""
    before = daemon.call("metrics")["transport_errors"]
    begin()
    wait_reason(daemon, f"transport: a datagram could not be sent: {text}")
    assert daemon.call("health")["transport"] == {"healthy": False, "last_error": "send-failed"}
    assert not daemon.call("metrics")["transport"]["healthy"]
    told = daemon.call("metrics")["transport_errors"]
    assert told["send-failed"] > before["send-failed"] and told["invalid-address"] == before["invalid-address"]
    assert "network trouble" in daemon.text()
    end()
    wait_without(daemon, "transport")
    assert daemon.call("health")["transport"] == {"healthy": True, "last_error": None}
    assert daemon.call("metrics")["transport"]["healthy"]
    cluster.whole()


@pytest.mark.parametrize("text", FAULTS)
def test_what_keeps_datagrams_from_leaving_is_told(cluster, lan, text):
    daemons, hosts = machines(lan, 2)
    start(cluster, daemons)
    begin, end = FAULTS[text]
    told_and_over(cluster, daemons[1], text, lambda: hosts[1].namespace.run(*begin), lambda: hosts[1].namespace.run(*end))


def test_that_no_address_is_there_to_send_from_is_told(cluster, lan):
    """There is a route, and no IPv6 address on any interface."""
    daemons, hosts = machines(lan, 2, ["--no-mdns", "--seed", "fd00:77::1"], addresses=("fd00:77::{}/64",))
    start(cluster, daemons)

    def begin():
        hosts[1].namespace.run("sh", "-c", "ip -6 addr del ::1/128 dev lo && ip -6 addr flush dev eth0 && "
                                           "ip -6 route add fd00:77::/64 dev eth0")

    def end():
        hosts[1].ip("-6", "addr", "add", "::1/128", "dev", "lo")
        hosts[1].add_address("fd00:77::2/64")
    told_and_over(cluster, daemons[1], "Cannot assign requested address", begin, end)
    wait_without(daemons[1], "address")


def refusing(cluster, daemon):
    """The kernel refuses its sends on demand."""
    if reason := refusals_unusable():
        pytest.skip(reason)
    refusals = Refusals(cluster, daemon.name)
    daemon.wrapper += refusals.wrapper
    return refusals


# What no machine can be brought to say whenever one likes.
REFUSED = {"ENOBUFS": "No buffer space available", "ENETDOWN": "Network is down", "ENOMEM": "Cannot allocate memory"}


@pytest.mark.parametrize("error", REFUSED)
def test_what_the_kernel_refuses_is_told(cluster, lan, error):
    daemons, _ = machines(lan, 2)
    refusals = refusing(cluster, daemons[1])
    start(cluster, daemons)
    told_and_over(cluster, daemons[1], REFUSED[error], lambda: refusals.refuse(error), refusals.relent)
    assert refusals.refused
    # Each was tried again, twice.
    assert daemons[1].call("metrics")["transport"]["retries"] > 0


def test_what_the_kernel_refuses_now_and_then_goes_out_all_the_same(cluster, lan):
    """Every other send fails: each datagram is tried again, and nobody else notices."""
    daemons, _ = machines(lan, 3)
    refusals = refusing(cluster, daemons[1])
    start(cluster, daemons)
    refusals.refuse("ENOBUFS", every=2)
    cluster.wait(lambda: refusals.refused >= 10, "ten sends to fail")
    refusals.relent()
    transport = daemons[1].call("metrics")["transport"]
    print(f"{refusals.refused} sends refused: {transport['retries']} retries, {transport['retries_exhausted']} given up")
    assert transport["retries"] >= 8 and transport["retries_exhausted"] <= 2
    wait_without(daemons[1], "transport")
    cluster.whole()
    assert not said(daemons, "member.failed")


def test_an_address_that_may_not_be_sent_to_is_no_fault_of_the_transport(cluster, lan):
    """As the broadcast address of a subnet is."""
    daemons, _ = machines(lan, 2)
    start(cluster, daemons)
    daemon = daemons[1]
    before = daemon.call("metrics")["transport_errors"]
    answer = daemon.call("join", addresses=["10.77.0.255:7946"])
    assert not answer["addresses"][0]["joined"], answer
    after = daemon.call("metrics")["transport_errors"]
    assert after["invalid-address"] > before["invalid-address"] and after["send-failed"] == before["send-failed"]
    assert daemon.call("health")["transport"]["healthy"] is True
    assert "network trouble" not in daemon.text()
    cluster.whole()


def test_one_that_stood_still_looks_around_before_it_accuses(cluster, lan):
    """As after a sleep of the machine: it finds that it was given up, and gives up nobody."""
    daemons, _ = machines(lan, 5)
    start(cluster, daemons)
    sleeper, others = daemons[2], [*daemons[:2], *daemons[3:]]
    for _ in range(2):
        begin = time.monotonic()
        sleeper.signal(signal.SIGSTOP)
        cluster.all_say("member.failed", "h3", begin, daemons=others)
        begin = time.monotonic()
        sleeper.signal(signal.SIGCONT)
        print(f"one view {cluster.whole() - begin:.2f} s after it went on")
    assert not sleeper.heard_of("member.failed") and not sleeper.heard_of("member.suspected")
    assert {name for _, _, name in said(others, "member.failed", "member.suspected")} == {"h3"}
