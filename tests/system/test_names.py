"""Name contests: of two members with one name, the one with the longer claim keeps it; a moved member is not a rival."""
import pathlib
import signal
import struct

import pytest

from harness import Wire


def one_error(daemon):
    lines = [line for line in daemon.text().splitlines() if "error" in line.split()[:3]]
    assert len(lines) == 1, daemon.text()
    return lines[0]


@pytest.mark.parametrize("through", ["owner", "another"])
def test_a_newcomer_with_a_taken_name_ends(cluster, through):
    """A newcomer with the name of a member exits 75 with one line, and the member reports both addresses."""
    cluster.start(4)
    cluster.whole()
    owner = cluster.daemons[1]
    seed = owner if through == "owner" else cluster.daemons[3]
    mark = len(owner.said)
    newcomer = cluster.daemon(name=owner.name, address="127.0.7.7:7946", seeds=[seed.address])
    newcomer.launch()
    assert newcomer.ended() == 75
    line = one_error(newcomer)
    assert all(word in line for word in (owner.name, owner.address, newcomer.address, "another name")), line
    told = cluster.wait(lambda: [e for e in owner.said[mark:] if e["type"] == "error"], "the owner to report the conflict")
    assert told[0]["code"] == "name-conflict"
    assert all(word in told[0]["message"] for word in (owner.name, owner.address, newcomer.address)), told
    # All list the owner at its address, and none reported a failure.
    cluster.daemons.remove(newcomer)
    try:
        cluster.whole()
        for daemon in cluster.running:
            assert daemon.members()[owner.name]["address"] == owner.address
            assert not daemon.heard_of("member.failed") and not daemon.heard_of("member.updated", owner.name)
    finally:
        cluster.daemons.append(newcomer)
    assert len([e for e in owner.said[mark:] if e["type"] == "error"]) == 1


@pytest.mark.early
def test_a_daemon_waits_after_it_loses_its_name_again(cluster):
    """A daemon that loses its name again waits before it ends, gives the reason in its health, and ends at once on SIGTERM."""
    cluster.start(3)
    cluster.whole()
    owner = cluster.daemons[1]
    newcomer = cluster.daemon(name=owner.name, address="127.0.7.7:7946", seeds=[cluster.daemons[0].address])
    newcomer.launch()
    assert newcomer.ended() == 75
    newcomer.start()
    # No member has had its name for long, so each contest needs a witness, and the pauses between contests become longer.
    cluster.wait(lambda: "the name was lost again" in newcomer.text(), "the second loss", 60)
    health = newcomer.call("health")
    assert health["status"] == "degraded" and any(owner.address in reason for reason in health["reasons"]), health
    assert newcomer.ended() == 75
    newcomer.start()
    cluster.wait(lambda: newcomer.text().count("the name was lost again") == 2, "the third loss", 60)
    newcomer.disconnect()
    newcomer.signal(signal.SIGTERM)
    assert newcomer.ended() == 0
    cluster.daemons.remove(newcomer)
    try:
        cluster.whole()
        assert all(not d.heard_of("member.failed") and not d.heard_of("member.left") for d in cluster.running)
    finally:
        cluster.daemons.append(newcomer)


CLAIM, PING = 0x13, 0x01


class Namesake(Wire):
    """A stranger that uses a victim's name: it answers pings under the name, and claims to have had the name longest."""

    def __init__(self, cluster, address, victim):
        super().__init__(cluster, address)
        self.victim = victim

    def received(self, now, source, data):
        super().received(now, source, data)
        if data[0] == PING:
            answer = struct.pack("!BQ", 0x03, struct.unpack("!Q", data[1:9])[0]) + self.member() + b"\0\0"
            self.send(source, answer + struct.pack("!BHQ", 0x04, 8, 0))
            self.claim()

    def member(self):
        texts = self.victim.name.encode(), self.address.encode()
        return b"".join(struct.pack("!H", len(text)) + text for text in texts)

    def claim(self):
        self.send(self.victim.address,
                  struct.pack("!BQ", CLAIM, 7) + self.member() + struct.pack("!Q", 2**63 + 2**40))


def test_a_stranger_takes_no_name_from_a_daemon_with_other_members(cluster):
    """A stranger claims the name of a daemon again and again just after its start: the daemon keeps the name, because other
    members answer it."""
    cluster.start(3)
    cluster.whole()
    fresh = cluster.daemon(seeds=[cluster.daemons[0].address])
    stranger = Namesake(cluster, "127.0.9.1:7946", fresh)
    fresh.launch()
    cluster.watch([fresh])
    for _ in range(10):
        stranger.claim()
        cluster.pump.pass_time(0.2)
    assert stranger.messages(PING), "the stranger was not asked"
    cluster.whole()
    cluster.wait(lambda: [e for e in fresh.said if e.get("code") == "name-conflict"], "the daemon to report the conflict")
    assert fresh.running
    # `join` tells the other owner of the name from the daemon itself.
    asked = fresh.call("join", addresses=[stranger.address, fresh.address])["addresses"]
    assert [(one["joined"], one["state"], one["member"]) for one in asked] == [
        (False, "namesake", fresh.name), (False, "self", fresh.name)], asked
    assert asked[0]["reason"] == f"another member at {stranger.address} bears our name: give one of the two another name"


def test_the_unit_restarts_after_a_lost_name():
    """The unit restarts swimd after exit status 75, but not after statuses that a restart does not help."""
    unit = pathlib.Path(__file__).parents[2] / "systemd" / "swimd.service.in"
    settings = dict(line.split("=", 1) for line in unit.read_text().splitlines() if "=" in line and line[0] != "#")
    assert settings["Restart"] == "on-failure" and settings["StartLimitIntervalSec"] == "0"
    assert settings["RestartPreventExitStatus"].split() == ["64", "77", "78"]


def test_a_stranger_ends_a_daemon_without_other_members(cluster):
    """A daemon without other members loses its name to a stranger, and ends with a status after which it is started again."""
    fresh = cluster.daemon()
    stranger = Namesake(cluster, "127.0.9.1:7946", fresh)
    fresh.launch()
    cluster.wait(fresh.serves, "the daemon to run")
    stranger.claim()
    assert fresh.ended() == 75
    stranger.close()
    fresh.start()
    assert fresh.complaints() == []


@pytest.mark.parametrize("state", ["kept", "wiped"])
@pytest.mark.parametrize("when", ["at once", "missed"])
def test_a_daemon_that_restarts_elsewhere_is_the_same_member(cluster, state, when):
    """A daemon that restarts at another address, before or after it was declared failed, is the same member, without conflict."""
    cluster.start(4)
    cluster.whole()
    mover = cluster.daemons[2]
    others = [d for d in cluster.daemons if d is not mover]
    begin = mover.kill()
    if when == "missed":
        cluster.all_say("member.failed", mover.name, begin)
    if state == "wiped":
        mover.lose_state()
    marks = {d: len(d.said) for d in others}
    mover.address, mover.seeds = "127.0.7.7:7946", [others[0].address]
    mover.launch()
    cluster.watch([mover])
    cluster.wait(lambda: all(d.members()[mover.name]["address"] == mover.address and
                             d.status_of(mover.name) == "alive" for d in cluster.daemons), "all to list the new address")
    cluster.whole()
    # For a daemon without its state the others first probe the old address, so that they may declare it failed.
    wrong = ("member.joined", "error") if state == "wiped" else ("member.failed", "member.joined", "error")
    for daemon in others:
        since = [e for e in daemon.said[marks[daemon]:] if e["type"] in wrong]
        assert since == [], (daemon.name, since)
    assert not [e for e in mover.said if e["type"] == "error"], mover.said
