"""Two containers that have booted a systemd, with swimd installed by `make install` and not configured."""
import contextlib
import json
import os
import time

import pytest

from harness import RpcError, Switch, paths

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


class Member:
    """The swimd of a machine, observed through its control socket."""

    def __init__(self, machine):
        self.machine, self.name, self.pump = machine, machine.name, machine.pump
        self.connect()

    def connect(self):
        socket_path = self.machine.path("/run/swimd/swimd.sock")
        self.pump.wait(lambda: os.path.exists(socket_path), f"the socket of {self.name}")

        def connected():
            # The socket of a killed daemon stays until the next daemon replaces it.
            with contextlib.suppress(ConnectionError):
                self.control, self.watcher = self.machine.control(), self.machine.control()
                return True
        self.pump.wait(connected, f"{self.name} to serve its socket")
        self.watcher.call("subscribe", snapshot=False)
        return self

    def statuses(self):
        return {m["name"]: m["status"] for m in self.control.call("members")["members"]}

    def peers(self):
        return self.control.call("discovery")["peers"]

    def said(self, name):
        return [e["type"] for e in self.watcher.events if e.get("member", {}).get("name") == name]


@pytest.fixture
def switch(cluster, request):
    if paths.sanitized():
        pytest.skip("AddressSanitizer needs system calls that the unit forbids")
    made = Switch(cluster)
    yield made
    if getattr(request.node, "test_failed", True):
        for machine in made.machines:
            print(f"---- {machine.name}\n{machine.console()}")
            if machine.nspawn is not None and machine.nspawn.poll() is None and machine.leader:
                print(machine.journal("-n", "60"))


@pytest.fixture
def two(switch):
    """Two booted machines whose daemons list each other as alive."""
    machines = [switch.machine(name) for name in ("db1", "db2")]
    for machine in machines:
        machine.install()
        machine.boot()
    for machine in machines:
        machine.up()
    last = time.monotonic()
    members = [Member(machine) for machine in machines]
    all_alive(members)
    print(f"both list both {time.monotonic() - last:.2f} s after the last machine booted")
    return members


def all_alive(members, seconds=None):
    names = dict.fromkeys((member.name for member in members), "alive")
    members[0].pump.wait(lambda: all(member.statuses() == names for member in members),
                         lambda: f"each daemon to list all as alive: {[member.statuses() for member in members]}", seconds)
    return time.monotonic()


def test_booted_machines_find_each_other(two):
    one, other = two
    for member in two:
        machine = member.machine
        # The installed configuration has only comments.
        with open(machine.root + "/etc/swimd/swimd.conf", encoding="utf-8") as file:
            assert all(not line.strip() or line.startswith("#") for line in file)
        assert not os.listdir(machine.root + "/etc/swimd/swimd.conf.d")
        member.pump.wait(lambda machine=machine: "\nmembers: 2 alive, 0 suspect, 0 dead\n" in
                         machine.command("swimctl").stdout, "swimctl to print two members")
        rows = machine.command("swimctl", "-o", "tsv", "members").stdout.splitlines()
        assert len(rows) == 3 and all("\talive\t" in row for row in rows[1:]), rows
        # The unit is active after the daemon's notification, and systemd shows the status text of the daemon.
        shown = machine.service("ActiveState", "Type", "NRestarts", "User")
        assert shown == {"ActiveState": "active", "Type": "notify", "NRestarts": "0", "User": "swimd"}
        member.pump.wait(lambda machine=machine: machine.service("StatusText")["StatusText"].startswith("2 alive"),
                         "a status text that tells of two members")
        assert machine.command("systemd-analyze", "verify", "--man=no", "swimd.service").stderr == ""
        assert machine.command("systemctl", "is-system-running").stdout == "running\n"
    # The daemons found each other by mDNS alone.
    for member, found in ((one, other), (other, one)):
        # The daemon that was found first may not have found the other's service yet.
        member.pump.wait(lambda member=member, found=found: found.name in {peer["service"] for peer in member.peers()},
                         lambda member=member, found=found: f"{found.name} among {member.peers()}")
        assert {peer["source"] for peer in member.peers()} == {"mdns"}
    assert any(peer["state"] == "joined" for member in two for peer in member.peers())


def test_only_root_may_change_something(two):
    machine = two[0].machine
    for command in ("members", "discovery", "metrics"):
        assert machine.command(*NOBODY, "swimctl", command).stdout
    # The exit status says whether the health is ok; on a busy machine the health may be degraded.
    done = machine.command(*NOBODY, "swimctl", "--json", "health", check=False)
    assert done.returncode in (0, 1) and json.loads(done.stdout)["running"], done
    refused = machine.command(*NOBODY, "swimctl", "leave", check=False)
    assert refused.returncode == 4, refused
    # Root may change something through the control socket.
    machine.command("swimctl", "tags", "role=db")
    two[1].pump.wait(lambda: "role" in two[1].control.call("member", name="db1")["tags"], "the tag to arrive")
    with machine.control("/run/swimd/swimd-ro.sock") as control:
        with pytest.raises(RpcError) as denied:
            control.call("leave")
        assert denied.value.word == "denied"


def test_the_unit_runs_without_capabilities(two):
    machine = two[0].machine
    pid = machine.service("MainPID")["MainPID"]
    with open(machine.path(f"/proc/{pid}/status"), encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert "0" not in status["Uid"].split()
    state = os.stat(machine.root + "/var/lib/swimd")
    assert state.st_mode & 0o777 == 0o700 and state.st_uid == int(status["Uid"].split()[0])


def test_a_stop_is_a_leave_and_a_start_a_return(two):
    one, other = two
    one.machine.command("systemctl", "stop", "swimd")
    other.pump.wait(lambda: other.statuses().get("db1") == "left", lambda: f"db1 to have left: {other.statuses()}")
    assert one.machine.service("ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    one.machine.command("systemctl", "start", "swimd")
    one.connect()
    all_alive(two)
    assert "member.failed" not in other.said("db1")


def test_a_restart_is_not_a_leave_and_not_a_join(two):
    """After `systemctl restart`, and after an upgrade of the program, others report no leave, failure or join."""
    one, other = two
    before, said = other.control.call("member", name="db1"), len(other.said("db1"))
    for upgrade in (False, True):
        pid = one.machine.service("MainPID")["MainPID"]
        if upgrade:
            one.machine.install()
            one.machine.command("systemctl", "daemon-reload")
        one.machine.command("systemctl", "try-restart" if upgrade else "restart", "swimd")
        one.connect()
        all_alive(two)
        assert one.machine.service("ActiveState", "Result", "NRestarts") == {
            "ActiveState": "active", "Result": "success", "NRestarts": "0"}
        assert one.machine.service("MainPID")["MainPID"] != pid
        other.pump.wait(lambda: other.control.call("member", name="db1")["incarnation"] > before["incarnation"],
                        "the incarnation of the new process")
        before = other.control.call("member", name="db1")
        # The new process lists the whole cluster.
        assert one.control.call("members")["counts"]["alive"] == 2
    assert set(other.said("db1")[said:]) <= {"member.suspected", "member.recovered"}, other.said("db1")
    # A stop is a leave, also after a restart.
    one.machine.command("systemctl", "stop", "swimd")
    other.pump.wait(lambda: other.statuses().get("db1") == "left", lambda: f"db1 to have left: {other.statuses()}")


def test_a_reload_that_is_refused_fails(two):
    machine = two[0].machine
    machine.command("systemctl", "reload", "swimd")
    machine.write("/etc/swimd/swimd.conf.d/bad.conf", 'log_level = "info"\nnonsense = 1\n')
    refused = machine.command("systemctl", "reload", "swimd", check=False)
    assert refused.returncode != 0, refused
    assert "nonsense" in machine.journal("-u", "swimd", "-o", "cat")
    assert two[0].statuses() == {"db1": "alive", "db2": "alive"}
    # The same process still runs, and takes over a corrected configuration.
    machine.write("/etc/swimd/swimd.conf.d/bad.conf", 'tags = {"role=db"}\n')
    machine.command("systemctl", "reload", "swimd")
    assert two[0].control.call("member", name="db1")["tags"] == {"role": "db"}
    assert machine.service("NRestarts", "ActiveState") == {"NRestarts": "0", "ActiveState": "active"}


def test_a_killed_daemon_is_started_again(two):
    one, other = two
    before = other.control.call("member", name="db1")["incarnation"]
    one.machine.command("systemctl", "kill", "-s", "KILL", "swimd")
    one.pump.wait(lambda: one.machine.service("NRestarts", "ActiveState") == {"NRestarts": "1", "ActiveState": "active"},
                  lambda: f"systemd to restart swimd: {one.machine.service('NRestarts', 'ActiveState', 'Result')}")
    one.connect()
    all_alive(two)
    other.pump.wait(lambda: other.control.call("member", name="db1")["incarnation"] > before,
                    "a higher incarnation, from the state directory")
    # systemd does not restart a swimd that refuses its configuration.
    one.machine.write("/etc/swimd/swimd.conf.d/bad.conf", "nonsense = 1\n")
    one.machine.command("systemctl", "kill", "-s", "KILL", "swimd")
    one.pump.wait(lambda: one.machine.service("ActiveState")["ActiveState"] == "failed", "systemd to end its restarts")
    assert one.machine.service("ExecMainStatus")["ExecMainStatus"] == "78"
    assert "nonsense" in one.machine.journal("-u", "swimd", "-o", "cat")


def test_the_unit_waits_for_a_late_address(switch):
    """systemd goes on restarting swimd, beyond its default of five restarts, until DHCP gives the host an address."""
    machine = switch.machine("db1")
    machine.install()
    machine.write("/etc/swimd/swimd.conf.d/late.conf", 'bind = "192.0.2.9:7946"\nmdns = false\n')
    machine.boot().up()
    machine.pump.wait(lambda: int(machine.service("NRestarts")["NRestarts"]) > 5,
                      lambda: f"systemd to go on restarting: {machine.service('NRestarts', 'ActiveState', 'Result')}")
    assert "192.0.2.9:7946 is not an address of this machine" in machine.journal("-u", "swimd", "-o", "cat")
    machine.command("ip", "address", "add", "192.0.2.9/32", "dev", "lo")
    machine.pump.wait(lambda: machine.service("ActiveState")["ActiveState"] == "active", "swimd to run")


def test_a_machine_that_is_powered_off_leaves(two):
    one, other = two
    one.machine.off()
    other.pump.wait(lambda: other.statuses().get("db1") == "left", lambda: f"db1 to have left: {other.statuses()}")
    assert "member.failed" not in other.said("db1")


def test_the_journal_has_the_log_with_its_fields(two):
    machine = two[0].machine

    def joined():
        entries = map(json.loads, machine.journal("-u", "swimd", "-o", "json").splitlines())
        return [entry for entry in entries if entry.get("SWIMD_NAME") == "db2" and "member joined" in entry["MESSAGE"]]
    entry = two[0].pump.wait(joined, lambda: f"the entry of db2's join: {machine.journal('-u', 'swimd')}")[0]
    assert entry["SWIMD_SELF"] == "db1" and entry["SWIMD_STATUS"] == "alive" and entry["SYSLOG_IDENTIFIER"] == "swimd"
    assert entry["PRIORITY"] == "5" and entry["_TRANSPORT"] == "journal"
    # The message has no time, because the journal has one.
    assert entry["MESSAGE"].startswith("member joined"), entry["MESSAGE"]


def test_a_hung_journal_does_not_block_the_daemon(two):
    one, other = two
    # Each datagram makes one or two entries: in ten seconds far more than the journal's socket can hold.
    one.machine.write("/etc/swimd/swimd.conf.d/loud.conf", 'log_level = "trace"\n')
    one.machine.command("systemctl", "reload", "swimd")
    one.machine.command("systemctl", "kill", "-s", "STOP", "systemd-journald")
    for number in range(200):
        assert one.control.call("tags", set={"turn": str(number)})["tags"]["turn"] == str(number)
    one.pump.pass_time(10)
    assert one.control.call("metrics")["process"]["loop_lag_max_seconds"] < 5
    assert one.statuses() == other.statuses() == {"db1": "alive", "db2": "alive"}
    one.machine.command("systemctl", "kill", "-s", "CONT", "systemd-journald")
    assert not [e for member in two for e in member.watcher.events if e["type"] == "member.failed"]


@pytest.mark.long
def test_the_watchdog_restarts_a_hung_daemon(two):
    one, other = two
    begin = time.monotonic()
    one.machine.command("systemctl", "kill", "-s", "STOP", "swimd")
    one.pump.wait(lambda: one.machine.service("NRestarts", "ActiveState") == {"NRestarts": "1", "ActiveState": "active"},
                  "systemd to restart swimd", seconds=120)
    print(f"restarted {time.monotonic() - begin:.1f} s after SIGSTOP")
    assert "atchdog" in one.machine.journal("-u", "swimd", "-o", "cat")
    one.connect()
    all_alive(two)
    assert other.said("db1").count("member.failed") == 1


@pytest.mark.parametrize("service", ["avahi-daemon", "dbus"])
def test_mdns_works_again_after_a_service_restarts(two, service):
    one, other = two
    # D-Bus starts Avahi when a client asks for it, and so cancels a stop that is under way.
    one.machine.command("systemctl", "mask", "--runtime", "avahi-daemon")
    for unit in (f"{service}.socket", service):
        one.machine.command("systemctl", "stop", unit)
    one.pump.wait(lambda: one.control.call("health")["discovery"] != "ok", "an mDNS reason in the health")
    one.machine.command("systemctl", "unmask", "--runtime", "avahi-daemon")
    for unit in (f"{service}.socket", service):
        one.machine.command("systemctl", "start", unit)
    # An avahi-daemon that ended with D-Bus is started by the next D-Bus, because our helper asks for it.
    begin = time.monotonic()
    one.pump.wait(lambda: one.control.call("health")["discovery"] == "ok",
                  lambda: f"mDNS to work: {one.control.call('health')}", seconds=20)
    took = time.monotonic() - begin
    print(f"{service}: mDNS works {took:.2f} s after the restart")
    assert took < 10
    assert one.machine.service("NRestarts")["NRestarts"] == "0"
    for member in two:
        assert not [e for e in member.watcher.events if e["type"] == "member.failed"]


@pytest.mark.early
def test_the_helper_has_avahi_started_again(two):
    """avahi-daemon ends with its D-Bus, and systemd does not restart it; D-Bus starts it when our helper asks for it."""
    one, other = two

    def avahi():
        return one.machine.command("systemctl", "show", "-p", "MainPID", "--value", "avahi-daemon").stdout.strip()

    def advertised():
        return one.machine.journal("-u", "swimd", "-o", "cat").count("advertised by mDNS")

    def last():
        return one.machine.journal("-n", "40")
    one.pump.wait(advertised, lambda: f"swimd to be advertised: {last()}")
    for how in (("restart", "dbus"), ("kill", "-s", "KILL", "dbus"), ("kill", "-s", "KILL", "avahi-daemon")):
        # systemd starts a unit at most five times in ten seconds; this resets the count.
        one.machine.command("systemctl", "reset-failed", "avahi-daemon.service")
        before, times, begin = avahi(), advertised(), time.monotonic()
        one.machine.command("systemctl", *how)
        one.pump.wait(lambda: avahi() not in (before, "0"), lambda: f"another avahi-daemon: {last()}")  # noqa: B023
        again = time.monotonic() - begin
        one.pump.wait(lambda: advertised() > times and one.control.call("health")["discovery"] == "ok",  # noqa: B023
                      lambda: f"mDNS to work: {one.control.call('health')} {last()}")
        took = time.monotonic() - begin
        print(f"{' '.join(how)}: avahi-daemon runs again after {again:.2f} s, and swimd is advertised after {took:.2f} s")
        assert took < 10

        def found():
            lines = other.machine.command("avahi-browse", "-rtp", "_swim._udp").stdout.splitlines()
            return any(line.startswith("=") and line.split(";")[3] == "db1" for line in lines)
        one.pump.wait(found, "the other machine to find swimd")
    assert one.machine.service("NRestarts")["NRestarts"] == "0"
    for member in two:
        assert not [e for e in member.watcher.events if e["type"] == "member.failed"]
