"""Broken links between members, and members that are not reachable at their advertised addresses."""
import shutil
import subprocess

import pytest

from harness import BUSY
from harness.paths import SWIMCTL

pytestmark = pytest.mark.skipif(not shutil.which("nsenter"), reason="not installed: nsenter (make deps installs it)")

SEED = ["--no-mdns", "--seed", "10.77.0.1"]
INNER = "172.30.0.2"


def machines(lan, count, options=SEED):
    hosts = [lan.host(avahi=False) for _ in range(count)]
    return hosts, [host.daemon(*options) for host in hosts]


def start(cluster, daemons):
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()


def wait_reason(daemon, *needles, status=None):
    def said():
        # On a busy machine the reason BUSY makes the status degraded for a minute.
        health = daemon.call("health")
        busy = status == "ok" and any(reason.startswith(BUSY) for reason in health["reasons"])
        return (status is None or health["status"] == ("degraded" if busy else status)) and \
            any(all(needle in reason for needle in needles) for reason in health["reasons"])
    daemon.pump.wait(said, lambda: f"health of {daemon} with {needles} ({status}): {daemon.call('health')}", 90)


def link_of(daemon, name):
    return next(link for link in daemon.call("links")["links"] if link["name"] == name)


def put_behind(router, inner, forwarded=None):
    """Put the inner host behind the router, which translates its address (NAT) and gives each flow a port of its own."""
    inner.ip("link", "del", "eth0")
    router.ip("link", "add", "in0", "type", "veth", "peer", "name", "eth0", "netns", str(inner.holder.pid))
    router.ip("link", "set", "in0", "up")
    router.ip("addr", "add", "172.30.0.1/24", "dev", "in0")
    try:
        router.namespace.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
    except RuntimeError as error:
        pytest.skip(f"a namespace cannot forward packets here: {error}")
    inner.ip("link", "set", "eth0", "up")
    inner.ip("addr", "add", f"{INNER}/24", "dev", "eth0")
    inner.ip("route", "add", "default", "via", "172.30.0.1")
    forward = f"iifname eth0 udp dport {forwarded} dnat to {INNER}:7946" if forwarded else ""
    router.namespace.rules(f"""
        table ip translation {{
            chain before {{
                type nat hook prerouting priority -100
                {forward}
            }}
            chain after {{
                type nat hook postrouting priority 100
                oifname eth0 ip saddr 172.30.0.0/24 masquerade random
            }}
        }}""")


def swallow(host):
    """Let packets to addresses that no host has be lost silently."""
    host.ip("neigh", "add", "10.77.0.250", "lladdr", "02:00:00:00:00:fa", "dev", "eth0")
    host.ip("route", "add", "default", "via", "10.77.0.250")


def test_a_member_behind_nat_stays_alive_and_is_told_what_to_set(cluster, lan):
    hosts, daemons = machines(lan, 3)
    router, inner = lan.host(avahi=False), lan.host(avahi=False)
    put_behind(router, inner)
    for host in hosts:
        swallow(host)
    hidden = inner.daemon(*SEED)
    start(cluster, [*daemons, hidden])
    for daemon in daemons:
        wait_reason(daemon, f"{hidden.name}: no answer at {INNER}:7946", "so swimd sends to 10.77.0.", status="ok")
    wait_reason(hidden, "h1 and 2 others cannot reach this member at", f"{INNER}:7946",
                "set advertise or forward UDP 7946", status="degraded")
    cluster.wait(lambda: hidden.heard_of("error"), "an error event")
    assert hidden.text().count("address trouble") == 1
    for daemon in daemons:
        member = daemon.members()[hidden.name]
        assert member["path"] == "direct" and member["address"] == f"{INNER}:7946" and member["rtt_ms"] is not None
        assert not daemon.heard_of("member.suspected"), daemon.said
        assert not daemon.heard_of("link.failed"), daemon.said
    # A crash of the hidden daemon is reported.
    hidden.kill()
    cluster.wait(lambda: all(d.heard_of("member.failed", hidden.name) for d in daemons), "the failure of the hidden daemon", 60)


def test_a_member_with_a_forwarded_port_has_no_complaints(cluster, lan):
    hosts, daemons = machines(lan, 2)
    router, inner = lan.host(avahi=False), lan.host(avahi=False)
    put_behind(router, inner, forwarded=17946)
    for host in hosts:
        swallow(host)
    reached = inner.daemon(*SEED, "--advertise", f"10.77.0.{router.number}:17946")
    start(cluster, [*daemons, reached])
    cluster.wait(lambda: all(d.members()[reached.name]["path"] == "direct" for d in daemons), "answers")
    cluster.pump.pass_time(10)
    for daemon in [*daemons, reached]:
        assert daemon.complaints() == []
        assert not daemon.heard_of("member.suspected")


def test_a_broken_link_is_reported_by_both_ends_and_listed_by_all(cluster, lan):
    hosts, daemons = machines(lan, 4)
    start(cluster, daemons)
    first, one, other, last = daemons
    cluster.wait(lambda: all(m["path"] == "direct" for d in daemons for m in d.members().values()), "all to be direct")
    assert all(link["unreachable"] == [] and link["total"] == 0 for link in first.call("links")["links"])
    hosts[1].namespace.cut(["10.77.0.2"], ["10.77.0.3"])
    cluster.wait(lambda: one.heard_of("link.failed", "h3") and other.heard_of("link.failed", "h2"), "both to report that", 90)
    for daemon, peer in ((one, "h3"), (other, "h2")):
        member = daemon.members()[peer]
        assert (member["status"], member["path"], member["rtt_ms"]) == ("alive", "relayed", None)
        wait_reason(daemon, f"{peer} answers others but not this member", status="degraded")
    for daemon in (first, last):
        cluster.wait(lambda daemon=daemon: link_of(daemon, "h2")["unreachable"] == ["h3"]
                     and link_of(daemon, "h3")["unreachable"] == ["h2"], "the others to list the failed link", 60)
        assert daemon.complaints() == []
        assert {m["path"] for m in daemon.members().values()} == {"direct"}
    done = subprocess.run([SWIMCTL, "-s", first.socket, "links", "-o", "tsv"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "name\tunreachable\nh2\th3\nh3\th2\n")
    hosts[1].namespace.heal()
    cluster.wait(lambda: one.heard_of("link.recovered", "h3") and other.heard_of("link.recovered", "h2"),
                 "both to report that the link works again", 90)
    cluster.wait(lambda: all(link["total"] == 0 for d in daemons for link in d.call("links")["links"]), "no failed link")
    for daemon in daemons:
        assert not daemon.heard_of("member.suspected") and not daemon.heard_of("member.failed")
        cluster.wait(lambda daemon=daemon: daemon.complaints() == [], "health without reasons")


def test_members_that_advertise_one_address_stay_alive_and_complain(cluster, lan):
    """Each host has a private network with the same address, and each daemon advertises that address."""
    hosts, daemons = machines(lan, 3, [*SEED, "--advertise", "10.0.2.15:7946"])
    for host in hosts:
        host.ip("link", "add", "private", "type", "bridge")
        host.ip("link", "set", "private", "up")
        host.ip("addr", "add", "10.0.2.15/24", "dev", "private")
    start(cluster, daemons)
    for daemon in daemons:
        wait_reason(daemon, "advertise this member's address, 10.0.2.15:7946, too", "set advertise", status="degraded")
        cluster.wait(lambda daemon=daemon: daemon.heard_of("error"), "an error event")
        assert "address trouble" in daemon.text()
    cluster.wait(lambda: all(m["path"] == "direct" for d in daemons for m in d.members().values()), "all to be direct")
    for daemon in daemons:
        assert not daemon.heard_of("member.failed"), daemon.said
