"""Discovery by mDNS with real avahi-daemons, also when Avahi or D-Bus fails, and with hostile responders."""
import os
import pathlib
import re
import shutil
import signal
import time

import pytest

from harness import Announcer, helpers, paths

MISSING = [program for program in ("avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", "nsenter")
           if not shutil.which(program)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make deps installs them)")

RECOVERY = 10       # seconds within which mDNS must work after Avahi returned


def launch(cluster, daemons):
    """Start the daemons at once and watch them. Returns the instant of the last start."""
    for daemon in daemons:
        daemon.launch()
    last = time.monotonic()
    cluster.watch(daemons)
    return last


def peers(daemon, source="mdns"):
    return [peer for peer in daemon.call("discovery")["peers"] if peer["source"] == source]


def states(daemon, service=None):
    """{(service, address or None): state}"""
    return {(p["service"], p["address"]): p["state"] for p in peers(daemon)
            if service is None or p["service"] == service}


def health(daemon):
    return daemon.call("health")


def lag_ms(daemon):
    """The longest lag of the daemon's event loop so far, in ms."""
    return daemon.call("metrics")["process"]["loop_lag_max_seconds"] * 1000


def wait_trouble(daemon, needle, seconds=None):
    """Wait until the daemon's health is degraded for an mDNS reason that contains `needle`."""
    def there():
        answer = health(daemon)
        return (answer["status"] == "degraded" and needle in answer["discovery"]
                and any(reason.startswith("mDNS: ") and needle in reason for reason in answer["reasons"]))
    daemon.pump.wait(there, lambda: f"{daemon} to be degraded by {needle}; health is {health(daemon)}", seconds)


def wait_well(daemon, seconds=None):
    """Wait until health has no mDNS reason (it may have others on a busy machine). Returns that instant."""
    def there():
        answer = health(daemon)
        return answer["discovery"] == "ok" and not any(reason.startswith("mDNS") for reason in answer["reasons"])
    daemon.pump.wait(there, lambda: f"mDNS to work at {daemon}; health is {health(daemon)}", seconds)
    return time.monotonic()


def advertised(daemon):
    daemon.pump.wait(lambda: "advertised by mDNS" in daemon.text(), lambda: f"{daemon} to be advertised: {daemon.text()}")
    wait_well(daemon)


def no_false_verdict(daemons):
    # A daemon that waited for the processor may suspect another; then only failures are errors.
    busy = max(map(lag_ms, filter(lambda daemon: daemon.running, daemons)), default=0) > 50
    for daemon in daemons:
        for kind in ("member.failed",) if busy else ("member.suspected", "member.failed"):
            said = daemon.heard_of(kind)
            assert not said, f"{daemon}: {said}"


def test_working_mdns_is_not_reported_as_broken(cluster, lan):
    host = lan.host()
    daemon = host.daemon()
    launch(cluster, [daemon])
    advertised(daemon)
    # The first start may have come before Avahi was ready; at the second start Avahi runs.
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.disconnect()
    before = len(daemon.text())
    daemon.start()
    daemon.pump.wait(lambda: "advertised by mDNS" in daemon.text()[before:], "the restarted daemon to be advertised")
    assert "mDNS does not work" not in daemon.text()[before:]


def test_a_renamed_interface_is_still_browsed(cluster, lan):
    """The renamed interface is browsed and advertised on as before, also by a helper that is started afterwards."""
    hosts = [lan.host(addresses=("10.77.0.{}/24",)) for _ in range(3)]
    daemons = [host.daemon() for host in hosts]
    first, host = daemons[0], hosts[0]
    first.environment["SWIMD_DEVICE"] = "eth0"
    launch(cluster, [first])
    advertised(first)

    def joined_by(other):
        launch(cluster, [other])
        cluster.whole(daemons=daemons[:daemons.index(other) + 1])
        cluster.wait(lambda: states(first, other.name), lambda: f"{first} to find {other}: {states(first)}")
        wait_well(first)
    for old, new in (("eth0", "tmp0"), ("tmp0", "lan0")):
        host.ip("link", "set", old, "down")
        host.ip("link", "set", old, "name", new)
        host.ip("link", "set", new, "up")
    joined_by(daemons[1])
    assert "no interface" not in first.text()
    helper, = helpers(host)
    os.kill(helper, signal.SIGKILL)
    cluster.wait(lambda: helpers(host) and helper not in helpers(host), "another helper")
    cluster.wait(lambda: states(first, daemons[1].name), lambda: f"{first} to find {daemons[1]} again: {states(first)}")
    joined_by(daemons[2])
    assert "no interface" not in first.text()


def test_five_hosts_without_configuration_form_a_cluster(cluster, lan, swimctl):
    hosts = [lan.host() for _ in range(5)]
    daemons = [host.daemon() for host in hosts]
    # A sixth daemon, of another cluster, starts first.
    sixth = lan.host("stranger").daemon("--cluster", "theirs")
    launch(cluster, [sixth])
    last = launch(cluster, daemons)
    took = cluster.whole(daemons=daemons) - last
    print(f"all five daemons list all {took:.2f} s after the last start")
    # The time does not count if a daemon waited for the processor.
    assert took <= 5 or max(map(lag_ms, daemons)) > 50
    names = {host.name for host in hosts}

    def all_resolved():
        return all({s for (s, address), state in states(d).items() if address} == names | {"stranger"} for d in daemons)
    cluster.wait(all_resolved, lambda: f"all services to be resolved: {states(daemons[0])}")
    # Each address of our cluster is that of a member, was joined, or is the daemon's own; the sixth daemon is never asked.
    for daemon in daemons:
        def settled(daemon=daemon):
            found = states(daemon)
            return ({state for (s, _), state in found.items() if s != "stranger"} <= {"member", "joined", "self"}
                    and {state for (s, _), state in found.items() if s == "stranger"} == {"other cluster"})
        cluster.wait(settled, lambda: f"{daemon}: {states(daemon)}")
        assert all(peer["attempts"] == 0 for peer in peers(daemon) if peer["service"] == "stranger")
        assert set(states(daemon, daemon.name).values()) == {"self"}
        assert "self" not in {state for (s, _), state in states(daemon).items() if s != daemon.name}
        for peer in peers(daemon):
            assert peer["interface"] in ("eth0", "lo") and 0 <= peer["age_seconds"] < 60
        # Both families were browsed.
        assert any("[" in peer["address"] for peer in peers(daemon))
        wait_well(daemon)
    # No member was joined by two of its addresses.
    for daemon in daemons:
        joined = [p["member"] for p in peers(daemon) if p["state"] == "joined"]
        assert len(joined) == len(set(joined)), joined
    # The TXT record says version, cluster and name, and nothing else.
    for host in hosts:
        found = host.command("avahi-browse", "-rtp", "_swim._udp").stdout
        lines = [line.split(";") for line in found.splitlines() if line.startswith("=;eth0;IPv4")]
        assert {line[3] for line in lines} == names | {"stranger"}
        for line in lines:
            assert line[8] == "7946"
            assert sorted(re.findall(r'"([^"]*)"', line[9])) == [
                f"cluster={'theirs' if line[3] == 'stranger' else ''}", f"name={line[3]}",
                f"version={daemons[0].call('info')['version']}"]
    table = swimctl(daemons[0], "discovery").stdout
    assert "INTERFACE" in table and "eth0" in table and "self" in table and "other cluster" in table
    assert sixth.alive() == {"stranger"} and {s for (s, _), state in states(sixth).items() if state == "other cluster"} == names
    for daemon in daemons:
        assert daemon.members().keys() == names
    no_false_verdict(daemons)


def test_another_cluster_is_shown_and_left_alone(cluster, lan):
    ours = [lan.host().daemon("--cluster", "ours") for _ in range(2)]
    theirs = lan.host().daemon("--cluster", "theirs")
    unnamed = lan.host().daemon()
    launch(cluster, [*ours, theirs, unnamed])
    cluster.whole(daemons=ours)
    for daemon in ours:
        for other, wanted in ((theirs, 'it belongs to cluster "theirs"'), (unnamed, "it belongs to the unnamed cluster")):
            def seen(daemon=daemon, other=other):
                return [p for p in peers(daemon) if p["service"] == other.name and p["state"] == "other cluster"]
            for peer in cluster.wait(seen, lambda: f"{daemon} to see {other}: {states(daemon)}"):
                assert peer["reason"] == wanted and peer["attempts"] == 0
    assert ours[0].alive() == {"h1", "h2"} and theirs.alive() == {"h3"} and unnamed.alive() == {"h4"}


def test_a_peer_that_left_is_no_longer_listed(cluster, lan):
    one, two = (lan.host().daemon() for _ in range(2))
    launch(cluster, [one, two])
    cluster.whole()
    cluster.wait(lambda: states(one, "h2"), lambda: f"h2 to be found: {states(one)}")
    two.signal(signal.SIGTERM)
    two.ended()
    cluster.wait(lambda: not states(one, "h2"), lambda: f"h2 to be withdrawn: {states(one)}")
    assert states(one, "h1")


@pytest.mark.early
def test_a_taken_service_name_renames_the_service_and_a_namesake_is_not_joined(cluster, lan):
    """If the service name is taken, the service gets another name and the member keeps its name. A daemon with our name is not
    joined."""
    one, two = lan.host(), lan.host()
    # Another program publishes a service of this name first.
    cluster.wait(lambda: os.path.exists(f"/proc/{two.holder.pid}/root/run/avahi-daemon/socket"), "avahi-daemon")
    two.start("taken", "avahi-publish", "-s", "h1", "_swim._udp", "9", "cluster=x", "name=printer")
    cluster.wait(lambda: "h1" in two.command("avahi-browse", "-tp", "_swim._udp").stdout, "the name to be taken")
    daemon = one.daemon()
    launch(cluster, [daemon])
    cluster.wait(lambda: "service=\"h1 #2\"" in daemon.text(), lambda: f"another name: {daemon.text()}")
    cluster.wait(lambda: states(daemon, "h1 #2") and set(states(daemon, "h1 #2").values()) == {"self"},
                 lambda: f"the state of the renamed service to be self: {states(daemon)}")
    found = two.command("avahi-browse", "-rtp", "_swim._udp").stdout
    assert '"name=h1"' in found
    # Neither of two daemons with the same name joins the other.
    namesake = two.daemon("--name", "h1")
    launch(cluster, [namesake])
    for each in (daemon, namesake):
        cluster.wait(lambda each=each: "namesake" in states(each).values(),
                     lambda each=each: f"{each} to see its namesake: {states(each)}")
    assert daemon.alive() == {"h1"} and len(daemon.call("members")["members"]) == 1


def test_a_changed_address_is_published(cluster, lan):
    """Members and mDNS both show the new address, and no daemon takes the old address for another member."""
    hosts = [lan.host() for _ in range(3)]
    daemons = [host.daemon() for host in hosts]
    launch(cluster, daemons)
    for daemon in daemons:
        advertised(daemon)
    cluster.whole()
    hosts[1].ip("addr", "del", "10.77.0.2/24", "dev", "eth0")
    hosts[1].add_address("10.77.0.22/24")
    begin = time.monotonic()
    for daemon in daemons:
        cluster.wait(lambda daemon=daemon: daemon.members()["h2"]["address"] == "10.77.0.22:7946",
                     lambda daemon=daemon: f"{daemon} to see h2 move: {daemon.members()['h2']}")
    print(f"all show the new address after {time.monotonic() - begin:.2f} s")
    assert time.monotonic() - begin < RECOVERY
    fresh = lan.host().daemon()
    launch(cluster, [fresh])
    cluster.whole()
    cluster.wait(lambda: ("h2", "10.77.0.22:7946") in states(fresh), lambda: f"h2 to be published: {states(fresh)}")
    assert ("h2", "10.77.0.2:7946") not in states(fresh)
    assert set(states(daemons[1], "h2").values()) <= {"self"}
    # While h2 had no address a probe may have failed, but no member may be declared failed.
    for daemon in (*daemons, fresh):
        assert not daemon.heard_of("member.failed"), daemon


def hold(cluster, seconds, daemons):
    """Run for `seconds`, in which no daemon may accuse another."""
    cluster.pump.pass_time(seconds)
    no_false_verdict(daemons)


@pytest.mark.early
def test_mdns_works_again_after_avahi_returns(cluster, lan):
    one, two = lan.host(), lan.host()
    daemons = [one.daemon(), two.daemon()]
    launch(cluster, daemons)
    cluster.whole()
    daemon = daemons[0]
    cluster.wait(lambda: "h2" in {s for s, _ in states(daemon)}, "h2 to be found")
    for number in (signal.SIGKILL, signal.SIGTERM):
        one.stop("avahi", number)
        wait_trouble(daemon, "avahi-daemon does not run")
        one.start_avahi()
        begin = time.monotonic()
        took = wait_well(daemon, seconds=2 * RECOVERY) - begin
        cluster.wait(lambda: {s for s, a in states(daemon) if a} >= {"h1", "h2"}, "all to be found again")
        print(f"avahi-daemon ended by {number.name}: mDNS works {took:.2f} s after its restart, "
              f"all found again after {time.monotonic() - begin:.2f} s")
        assert took < RECOVERY
    assert health(daemon)["discovery"] == "ok"
    print(f"longest lag of the loop: {max(map(lag_ms, daemons)):.1f} ms")
    no_false_verdict(daemons)


def test_mdns_works_again_after_dbus_starts_late_or_returns(cluster, lan):
    one, two = lan.host(avahi=False), lan.host()
    daemons = [one.daemon(), two.daemon()]
    launch(cluster, daemons)
    daemon = daemons[0]
    wait_trouble(daemon, "D-Bus")
    assert "D-Bus" in health(daemon)["discovery"]
    assert "D-Bus" in next(s for s in daemon.call("discovery")["sources"] if s["name"] == "mdns")["trouble"]
    for _ in range(2):
        one.start_dbus()
        one.start_avahi()
        begin = time.monotonic()
        took = wait_well(daemon, seconds=2 * RECOVERY) - begin
        cluster.whole()
        print(f"D-Bus and avahi-daemon: mDNS works {took:.2f} s after their restart")
        assert took < RECOVERY
        one.stop("avahi")
        one.stop("dbus")
        # dbus-daemon removes its socket only sometimes.
        pathlib.Path(f"/proc/{one.holder.pid}/root/run/dbus/system_bus_socket").unlink(missing_ok=True)
        wait_trouble(daemon, "D-Bus")
    print(f"longest lag of the loop: {max(map(lag_ms, daemons)):.1f} ms")
    no_false_verdict(daemons)


@pytest.mark.early
def test_a_hung_avahi_does_not_block_the_event_loop(cluster, lan):
    """After SIGSTOP of avahi-daemon the calls of avahi-client block the helper, not the daemon."""
    one, two = lan.host(), lan.host()
    daemons = [one.daemon(), two.daemon()]
    launch(cluster, daemons)
    cluster.whole()
    daemon = daemons[0]
    advertised(daemon)
    before = lag_ms(daemon)
    one.kill("avahi", signal.SIGSTOP)
    wait_trouble(daemon, "Avahi does not answer", seconds=60)
    hold(cluster, 10, daemons)
    hung = lag_ms(daemon)
    one.kill("avahi", signal.SIGCONT)
    begin = time.monotonic()
    took = wait_well(daemon, seconds=2 * RECOVERY) - begin
    print(f"avahi-daemon stopped: longest lag of the loop {hung:.1f} ms (before: {before:.1f} ms); "
          f"mDNS works {took:.2f} s after SIGCONT")
    assert took < RECOVERY
    # A blocking call takes 25 s; the delays of a busy machine are shorter than 5 s.
    assert hung < 5000
    no_false_verdict(daemons)
    # The daemon ends at once, also while the helper is blocked.
    one.kill("avahi", signal.SIGSTOP)
    wait_trouble(daemon, "Avahi does not answer", seconds=60)
    begin = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    cluster.wait(lambda: not helpers(one), "the helper to end")
    print(f"ended {time.monotonic() - begin:.2f} s after SIGTERM")
    one.kill("avahi", signal.SIGCONT)


def test_the_helper_is_restarted_and_ends_with_its_daemon(cluster, lan):
    host = lan.host()
    daemon = host.daemon()
    launch(cluster, [daemon])
    advertised(daemon)
    first, = helpers(host)
    with open(f"/proc/{first}/comm", encoding="utf-8") as file:
        assert file.read() == "swimd-mdns\n"
    os.kill(first, signal.SIGKILL)
    second = []

    def another():
        second[:] = helpers(host)
        return second and first not in second
    cluster.wait(another, "another helper")
    wait_well(daemon)
    assert "signal 9 ended it" in daemon.text()
    second, = second
    # The helper ignores a SIGTERM to the daemon's process group, and ends after the daemon.
    os.kill(second, signal.SIGTERM)
    daemon.kill()
    cluster.wait(lambda: not helpers(host), "the helper to end with its daemon")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


@pytest.mark.early
@pytest.mark.parametrize("services, turns", [
    pytest.param(("avahi",), 25, id="avahi-daemon"),
    pytest.param(("avahi",), 100, id="avahi-daemon at length", marks=pytest.mark.long),
    pytest.param(("avahi", "dbus"), 100, id="D-Bus at length", marks=pytest.mark.long)])
def test_restarts_of_avahi_leak_nothing(cluster, lan, services, turns):
    """Restart the services of four hosts `turns` times: descriptors and memory of daemons and helpers do not grow."""
    hosts = [lan.host() for _ in range(4)]
    daemons = [host.daemon() for host in hosts]
    launch(cluster, daemons)
    for daemon in daemons:
        advertised(daemon)
    own = [list(helpers(host)) for host in hosts]

    def size():
        return [(descriptors(pid), resident_kib(pid), descriptors(daemon.process.pid))
                for (pid,), daemon in zip(own, daemons)]
    begun, slowest, before = [daemon.text().count("mDNS works again") for daemon in daemons], 0, None
    for turn in range(1, turns + 1):
        for host in hosts:
            for service in services:
                host.stop(service, signal.SIGKILL)
            if "dbus" in services:
                os.unlink(f"/proc/{host.holder.pid}/root/run/dbus/system_bus_socket")
                host.start_dbus()
            host.start_avahi()
        begin = time.monotonic()
        cluster.wait(lambda: all(daemon.text().count("mDNS works again") >= count + turn  # noqa: B023
                                 for daemon, count in zip(daemons, begun)), f"mDNS to work again everywhere, turn {turn}")
        slowest = max(slowest, time.monotonic() - begin)
        if turn == 5:
            before = size()
    for daemon in daemons:
        cluster.wait(lambda daemon=daemon: {s for s, a in states(daemon) if a} >= {h.name for h in hosts},
                     lambda daemon=daemon: f"{daemon} to find all again: {states(daemon)}")
    after = size()
    print(f"(helper's descriptors, its KiB, daemon's descriptors) after 5 restarts of each {before}, "
          f"after {turns} {after}; mDNS works after {slowest:.2f} s at worst, longest lag {max(map(lag_ms, daemons)):.1f} ms")
    assert [list(helpers(host)) for host in hosts] == own, "a helper was started again"
    for old, new in zip(before, after):
        assert new[0] <= old[0] and new[2] <= old[2]
        assert paths.sanitized() or new[1] <= old[1] + 512
    no_false_verdict(daemons)


HOSTILE = [
    (["no name"], "malformed"),
    (["name="], "malformed"),
    (["name=\udcff\udcfe"], "malformed"),
    (["name=x", "cluster=\udcc0\udc80"], "malformed"),
    (["name=x", "name=y"], "malformed"),
    (["name=" + "n" * 250, "name2=" + "n" * 249], "malformed"),
    (["name=big", *["k" * 200] * 40], "malformed"),
    (["name=h1"], "namesake"),
    (["name=\x1b[2J\x1b[31mevil\u202e"], ("silent", "refused", "unreachable")),
    (["name=x", "cluster=\x1b[2J"], "other cluster"),
]


def is_one(wanted, found):
    """Whether the wanted state, or one of a tuple of states, is among those found."""
    return any(state in found for state in (wanted if isinstance(wanted, tuple) else (wanted,)))


@pytest.mark.early
def test_hostile_publishers_do_no_harm(cluster, lan, swimctl):
    """Malformed and huge records, names with terminal control sequences, and our own name from another host do no harm."""
    one, two = lan.host(), lan.host()
    daemon = one.daemon()
    launch(cluster, [daemon])
    advertised(daemon)
    for number, (txt, _) in enumerate(HOSTILE):
        two.start(f"evil{number}", "avahi-publish", "-s", f"evil\x1b[2J{number}", "_swim._udp", "9", *txt)
    def judged():
        found = {}
        for peer in peers(daemon):
            if peer["service"].startswith("evil"):
                found.setdefault(peer["service"], set()).add(peer["state"])
        return all(is_one(wanted, found.get(f"evil\x1b[2J{number}", ())) for number, (_, wanted) in enumerate(HOSTILE))
    cluster.wait(judged, lambda: f"all to be judged: {[(p['service'], p['state'], p['reason']) for p in peers(daemon)]}",
                 seconds=60)
    assert all(p["reason"] for p in peers(daemon) if p["state"] in ("malformed", "namesake", "other cluster"))
    for form in ("table", "wide", "tsv"):
        shown = swimctl(daemon, "-o", form, "discovery").stdout
        assert "evil" in shown and "\x1b" not in shown and "\u202e" not in shown
    assert "\x1b" not in daemon.text()
    assert daemon.alive() == {"h1"}
    for number in range(len(HOSTILE)):
        two.stop(f"evil{number}")
    cluster.wait(lambda: {s for s, _ in states(daemon)} == {"h1"}, lambda: f"all services to disappear: {states(daemon)}")
    assert daemon.members().keys() == {"h1"}


def txt(*entries):
    return b"".join(bytes([len(entry)]) + entry for entry in entries)


GOOD = txt(b"version=1", b"cluster=", b"name=stranger")
# Service: (port, TXT record, address, state that the daemon must show).
RECORDS = {
    "port 0": (0, GOOD, "10.77.0.9", "malformed"),
    "any": (7946, GOOD, "0.0.0.0", "malformed"),
    "any of six": (7946, GOOD, "::", "unresolved"),
    "many": (7946, GOOD, "224.0.0.1", "malformed"),
    "many of six": (7946, GOOD, "ff02::1", "unresolved"),
    "all": (7946, GOOD, "255.255.255.255", "malformed"),
    "here": (7946, GOOD, "127.0.0.1", "malformed"),
    "the wire": (7946, GOOD, "10.77.0.255", ("silent", "unreachable")),
    "nobody": (7946, GOOD, "10.77.0.200", ("silent", "unreachable")),
    "ourselves": (7946, GOOD, "10.77.0.1", "self"),
    "no end": (7946, GOOD + b"\xffname=", "10.77.0.200", "unresolved"),
    "zeroes": (7946, bytes(1000), "10.77.0.200", "malformed"),
    "thousands": (7946, txt(*[b"k%d=v" % number for number in range(200)]), "10.77.0.200", "malformed"),
}


def test_records_without_a_usable_address_are_shown_and_not_joined(cluster, lan):
    """The daemon shows records with impossible addresses or invalid TXT records, with the reason, and joins none."""
    one, evil = lan.host(), lan.host(avahi=False)
    daemon = one.daemon()
    launch(cluster, [daemon])
    advertised(daemon)
    announcer = Announcer(evil)

    def announce(ttl):
        for service, (port, record, address, _) in RECORDS.items():
            announcer.service(service.encode(), port, record, address, ttl)
    announce(120)
    cluster.wait(lambda: all(is_one(state, states(daemon, service).values()) for service, (*_, state) in RECORDS.items()),
                 lambda: f"all to be judged: {[(p['service'], p['state'], p['reason']) for p in peers(daemon)]}", 60)
    for peer in peers(daemon):
        assert peer["reason"] or peer["state"] in ("self", "resolving"), peer
        # Nothing is sent to an address that is not of a single host.
        assert peer["state"] != "malformed" or peer["attempts"] == 0, peer
    assert daemon.alive() == {"h1"}
    announce(0)
    cluster.wait(lambda: {s for s, _ in states(daemon)} == {"h1"}, lambda: f"all services to disappear: {states(daemon)}")
    assert daemon.members().keys() == {"h1"}


def source(daemon):
    return next(s for s in daemon.call("discovery")["sources"] if s["name"] == "mdns")


@pytest.mark.early
def test_thousands_of_flapping_services_are_bounded(cluster, lan):
    one, two, evil = lan.host(), lan.host(), lan.host(avahi=False)
    daemons = [one.daemon(), two.daemon()]
    launch(cluster, daemons)
    for daemon in daemons:
        advertised(daemon)
    cluster.whole()
    daemon = daemons[0]
    announcer = Announcer(evil)
    instances = [b"flood %d \xff\x1b" % number if number % 50 == 0 else b"flood %d" % number for number in range(1500)]
    helper, = helpers(one)
    before = resident_kib(daemon.process.pid), resident_kib(helper)

    def announce(ttl):
        # A few at a time, so that avahi-daemon's socket does not overflow.
        for begin in range(0, len(instances), 100):
            announcer.services(instances[begin:begin + 100], ttl)
            cluster.pump.pass_time(0.05)
    announce(4500)
    cluster.wait(lambda: source(daemon)["peers"] >= 1000, lambda: f"1,000 services to be found: {source(daemon)}", seconds=60)
    cluster.wait(lambda: source(daemon)["dropped"] > 0, lambda: f"services to be dropped: {source(daemon)}", seconds=60)
    cluster.wait(lambda: "unresolved" in states(daemon).values(), "a service to be unresolved", seconds=60)
    assert source(daemon)["peers"] <= 1024
    for peer in peers(daemon):
        assert peer["state"] in ("resolving", "unresolved", "malformed", "self", "member", "joined"), peer
        assert peer["reason"] or peer["state"] not in ("unresolved", "malformed")
    grown = resident_kib(daemon.process.pid) - before[0], resident_kib(helper) - before[1]
    for _ in range(3):
        announce(0)
        announce(4500)
    begin = time.monotonic()
    # Repeat the withdrawal, because avahi-daemon may have been too busy to read all of it.
    while source(daemon)["peers"] >= 20:
        assert time.monotonic() < begin + 60, f"withdrawn services are still listed: {source(daemon)}"
        announce(0)
        cluster.pump.pass_time(1)
    print(f"1,500 services: {source(daemon)['dropped']} dropped, daemon and helper grew by {grown} KiB, "
          f"longest lag of the loop {lag_ms(daemon):.1f} ms")
    assert paths.sanitized() or max(grown) < 16 * 1024
    # The helper was not restarted.
    assert list(helpers(one)) == [helper]
    # A new member is found, and no member was accused.
    third = lan.host().daemon()
    launch(cluster, [third])
    cluster.whole()
    wait_well(daemon)
    no_false_verdict([*daemons, third])


def test_noise_on_the_multicast_group_is_ignored(cluster, lan):
    """Packets to the multicast group that are not mDNS do not disturb discovery."""
    one, two = lan.host(), lan.host()
    daemon = one.daemon()
    launch(cluster, [daemon])
    advertised(daemon)
    announcer = Announcer(two)
    for length in range(0, 1400, 7):
        announcer.raw(bytes(range(256)) * 6 if length == 0 else os.urandom(length))
    announcer.services([b"\x00" * 63, b"x" * 63, b"." * 60, "\u202e".encode() * 20, b"a\\b\"c"])
    third = two.daemon()
    launch(cluster, [third])
    cluster.whole()
    wait_well(daemon)
