"""Networks that change: new addresses, interfaces that go down, firewalls, send errors, and no network at all."""
import shutil
import signal
import time

import pytest

from harness import Refusals, refusals_unusable

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")

SEED = ["--no-mdns", "--seed", "10.77.0.1"]
LIMIT = 10          # bound: seconds from a change until all daemons list it


def machines(lan, count, options=SEED, **more):
    """Make `count` hosts with a daemon each, which is not started. Returns (daemons, hosts)."""
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
    """Wait until all daemons list this address. Returns the seconds since `since`."""
    cluster.wait(lambda: all(address_of(d, name) == address for d in daemons),
                 lambda: f"{name} to be at {address}: {[address_of(d, name) for d in daemons]}")
    return time.monotonic() - since


def reasons(daemon):
    return daemon.call("health")["reasons"]


def wait_reason(daemon, needle, seconds=None):
    daemon.pump.wait(lambda: any(needle in reason for reason in reasons(daemon)),
                     lambda: f"health of {daemon} with {needle!r}: {daemon.call('health')}", seconds)
    assert daemon.call("health")["status"] in ("degraded", "isolated")


def wait_without(daemon, needle, seconds=None):
    daemon.pump.wait(lambda: not any(needle in reason for reason in reasons(daemon)),
                     lambda: f"health of {daemon} without {needle!r}: {daemon.call('health')}", seconds)


def said(daemons, *kinds):
    return [(d.name, e["type"], e["member"]["name"]) for d in daemons for kind in kinds for e in d.heard_of(kind)]


def replace(host, old, new, length=24):
    host.ip("addr", "del", f"{old}/{length}", "dev", "eth0")
    host.add_address(f"{new}/{length}")


def test_a_changed_address_is_advertised(cluster, lan):
    daemons, hosts = machines(lan, 4)
    start(cluster, daemons)
    moved, others = daemons[1], [daemons[0], *daemons[2:]]
    before = moved.call("info")
    begin = time.monotonic()
    replace(hosts[1], "10.77.0.2", "10.77.0.22")
    took = wait_known(cluster, daemons, "h2", "10.77.0.22:7946", begin)
    print(f"all list the new address after {took:.2f} s")
    assert took < LIMIT
    after = moved.call("info")
    assert after["address"] == "10.77.0.22:7946" and after["incarnation"] > before["incarnation"]
    # The move raised the incarnation once. Other rises, by a refutation before the move, have another `by`.
    assert [e["by"] for e in moved.heard_of("incarnation.incremented")].count("h2") == 1
    assert not any("address" in reason for reason in reasons(moved))
    # A second address changes nothing, nor does its removal.
    hosts[1].add_address("10.77.0.23/24")
    cluster.pump.pass_time(2)
    hosts[1].ip("addr", "del", "10.77.0.23/24", "dev", "eth0")
    cluster.pump.pass_time(1)
    assert moved.call("info")["address"] == "10.77.0.22:7946"
    assert moved.text().count("another address is advertised") == 1
    assert not said(daemons, "member.failed", "member.left")
    for daemon in others:
        assert daemon.heard_of("member.updated", "h2")


def test_the_address_follows_the_default_route(cluster, lan):
    """The interface of the default route goes down, and the daemon advertises the address of the next interface."""
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
    print(f"all list the address of the other interface after {took:.2f} s")
    assert took < LIMIT
    # The first interface returns, and the advertised address stays.
    host.ip("link", "set", "eth0", "up")
    cluster.pump.pass_time(2)
    assert moved.call("info")["address"] == "10.77.0.33:7946"
    assert not said(daemons, "member.failed")


def test_a_configured_address_stays(cluster, lan):
    """The loss of a configured address shows in the health until the address returns; the advertised address stays."""
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


def test_a_bound_address_that_is_gone_shows_in_the_health(cluster, lan):
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
def test_a_daemon_without_a_network_joins_when_it_comes_up(cluster, lan, loopback):
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
    # After this time the daemon tries the seed less often.
    cluster.pump.pass_time(4)
    begin = time.monotonic()
    host.ip("link", "set", "eth0", "up")
    host.add_address("10.77.0.2/24")
    took = cluster.whole() - begin
    known = wait_known(cluster, daemons, "h2", "10.77.0.2:7946", begin)
    print(f"after the network came up all list all within {took:.2f} s, and list the address within {known:.2f} s")
    assert max(took, known) < LIMIT
    wait_without(late, "no other machine can reach it")
    assert not said(daemons, "member.failed")


def cut(cluster, daemons, host, seconds):
    """Set the interface down for `seconds`. Returns the seconds from its return until all list all."""
    host.ip("link", "set", "eth0", "down")
    cluster.pump.pass_time(seconds)
    host.ip("link", "set", "eth0", "up")
    begin = time.monotonic()
    return cluster.whole() - begin


def test_an_interface_that_goes_down_shows_in_the_health(cluster, lan):
    daemons, hosts = machines(lan, 5)
    start(cluster, daemons)
    hosts[3].ip("link", "set", "eth0", "down")
    wait_reason(daemons[3], "its interface is down")
    cluster.wait(lambda: not daemons[3].call("health")["transport"]["healthy"], "the transport to fail")
    begin = time.monotonic()
    hosts[3].ip("link", "set", "eth0", "up")
    took = cluster.whole() - begin
    print(f"all list all {took:.2f} s after the interface was up again")
    wait_without(daemons[3], "interface")
    wait_without(daemons[3], "transport")
    assert daemons[0].members()["h4"]["address"] == "10.77.0.4:7946"


@pytest.mark.long
def test_the_cluster_is_whole_after_an_interface_was_down_for_long(cluster, lan):
    daemons, hosts = machines(lan, 5)
    start(cluster, daemons)
    for _ in range(2):
        took = cut(cluster, daemons, hosts[3], 20)
        print(f"interface down for 20 s: all list all {took:.2f} s after it was up again")
        assert took < LIMIT
        assert {d.members()["h4"]["address"] for d in daemons} == {"10.77.0.4:7946"}
    # The other daemons declared only the unreachable daemon failed.
    stayed = [daemons[n] for n in (0, 1, 2, 4)]
    assert {name for _, _, name in said(stayed, "member.failed")} <= {"h4"}


# Text of the error: (command that causes the error, command that ends it).
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
    """The fault shows in the health with its reason, in the metrics and in the log, and the health is ok after the fault ends."""
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
def test_send_errors_show_in_health_metrics_and_log(cluster, lan, text):
    daemons, hosts = machines(lan, 2)
    start(cluster, daemons)
    begin, end = FAULTS[text]
    told_and_over(cluster, daemons[1], text, lambda: hosts[1].namespace.run(*begin), lambda: hosts[1].namespace.run(*end))


def test_a_lack_of_source_addresses_shows_in_the_health(cluster, lan):
    """A host with a route but without any IPv6 address reports that it cannot send."""
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
    """Prepare the daemon so that the test can let its sends fail."""
    if reason := refusals_unusable():
        pytest.skip(reason)
    refusals = Refusals(cluster, daemon.name)
    daemon.wrapper += refusals.wrapper
    return refusals


# Errors that no machine produces on demand.
REFUSED = {"ENOBUFS": "No buffer space available", "ENETDOWN": "Network is down", "ENOMEM": "Cannot allocate memory"}


@pytest.mark.parametrize("error", REFUSED)
def test_sends_that_the_kernel_refuses_show_in_the_health(cluster, lan, error):
    daemons, _ = machines(lan, 2)
    refusals = refusing(cluster, daemons[1])
    start(cluster, daemons)
    told_and_over(cluster, daemons[1], REFUSED[error], lambda: refusals.refuse(error), refusals.relent)
    assert refusals.refused
    # The daemon sends a refused datagram again.
    assert daemons[1].call("metrics")["transport"]["retries"] > 0


def test_a_refused_datagram_is_sent_again(cluster, lan):
    """If every other send fails, the daemon sends each datagram again, and the other members do not notice."""
    daemons, _ = machines(lan, 3)
    refusals = refusing(cluster, daemons[1])
    start(cluster, daemons)
    refusals.refuse("ENOBUFS", every=2)
    cluster.wait(lambda: refusals.refused >= 10, "ten sends to fail")
    refusals.relent()
    transport = daemons[1].call("metrics")["transport"]
    print(f"{refusals.refused} sends refused: {transport['retries']} retries, {transport['retries_exhausted']} datagrams dropped")
    assert transport["retries"] >= 8 and transport["retries_exhausted"] <= 2
    wait_without(daemons[1], "transport")
    cluster.whole()
    assert not said(daemons, "member.failed")


def test_an_invalid_destination_is_not_a_transport_fault(cluster, lan):
    """A join at the broadcast address of the subnet fails, and the transport stays healthy."""
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


def test_a_stopped_daemon_accuses_no_other_when_it_continues(cluster, lan):
    """A daemon that was stopped, as during a sleep of the machine, and was declared failed, accuses no other member."""
    daemons, _ = machines(lan, 5)
    start(cluster, daemons)
    sleeper, others = daemons[2], [*daemons[:2], *daemons[3:]]
    for _ in range(2):
        begin = time.monotonic()
        sleeper.signal(signal.SIGSTOP)
        cluster.all_say("member.failed", "h3", begin, daemons=others)
        begin = time.monotonic()
        sleeper.signal(signal.SIGCONT)
        print(f"all list all {cluster.whole() - begin:.2f} s after SIGCONT")
    assert not sleeper.heard_of("member.failed") and not sleeper.heard_of("member.suspected")
    assert {name for _, _, name in said(others, "member.failed", "member.suspected")} == {"h3"}
