"""The members file: what a restarted daemon does with it, files of another cluster, and disks that fail."""
import datetime
import os
import shutil
import signal
import subprocess

import pytest

from harness import mounts_unusable


def on_file(daemon):
    """{name: status} in the daemon's members file; {} if there is no file."""
    try:
        with open(os.path.join(daemon.state, "members"), encoding="ascii") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}
    entries = [line for line in lines[1:-1] if not line.startswith("of ")]
    assert lines[0] == "swimd members 1" and lines[-1] == f"end {len(entries)}", lines
    return {line.split()[4]: line.split()[0] for line in entries}


def saved(cluster, daemons, status="alive"):
    """Wait until the members file of each daemon has all others with this status."""
    def missing():
        return [d.name for d in daemons
                if on_file(d) != {other.name: status for other in daemons if other is not d}]
    cluster.wait(lambda: not missing(), lambda: f"the members file of {missing()}")


def snapshot_peers(daemon):
    return {p["address"]: p for p in daemon.call("discovery")["peers"] if p["source"] == "snapshot"}


def put_lines(daemon, *lines):
    with open(os.path.join(daemon.state, "members"), "w", encoding="latin-1") as file:
        file.write("".join(line + "\n" for line in lines))


@pytest.mark.parametrize("how", ["killed", "terminated"])
def test_a_cluster_finds_itself_again_without_seeds(cluster, how):
    """All daemons stop and restart without seeds (Serf #333): their members files lead them to each other."""
    cluster.start(5)
    cluster.whole()
    saved(cluster, cluster.daemons)
    for daemon in cluster.daemons:
        daemon.disconnect()
        daemon.signal(signal.SIGKILL if how == "killed" else signal.SIGTERM)
    for daemon in cluster.daemons:
        daemon.ended()
        daemon.seeds = []
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    # The daemons no longer look for members of the file, and `discovery` no longer shows them.
    cluster.wait(lambda: not any(snapshot_peers(d) for d in cluster.daemons), "no snapshot peers")
    assert not any("cannot be reached" in d.text() for d in cluster.daemons)


def test_a_restarted_member_finds_its_cluster_without_seeds(cluster):
    """A member without seeds finds its cluster after a leave and a start."""
    cluster.start(3)
    cluster.whole()
    one = cluster.daemons[2]
    one.seeds = []
    one.disconnect()
    one.signal(signal.SIGTERM)
    assert one.ended() == 0
    assert set(on_file(one)) == {"n0", "n1"}, "the file was not written at the end"
    one.launch()
    cluster.watch([one])
    cluster.whole()


def test_sigusr1_and_a_start_are_neither_a_leave_nor_a_join(cluster):
    """After SIGUSR1, which `systemctl restart` sends, and a start the others report a short suspicion at most."""
    cluster.start(3)
    cluster.whole()
    one, others = cluster.daemons[2], cluster.daemons[:2]
    one.seeds = []
    for _ in range(3):
        before, said = one.call("info")["incarnation"], [len(other.said) for other in others]
        one.disconnect()
        one.signal(signal.SIGUSR1)
        assert one.ended() == 0
        assert set(on_file(one)) == {"n0", "n1"}, "the file was not written at the end"
        one.launch()
        cluster.watch([one])
        cluster.whole()
        cluster.wait(lambda: all(o.members()[one.name]["incarnation"] > before for o in others),  # noqa: B023
                     "the incarnation of the new process at the others")
        for other, count in zip(others, said):
            told = {e["type"] for e in other.said[count:] if e.get("member", {}).get("name") == one.name}
            assert told <= {"member.suspected", "member.recovered"}, (other.name, told)
    # The daemon can still leave, and SIGUSR1 during a leave changes nothing.
    one.signal(signal.SIGTERM)
    cluster.wait(lambda: "reason=SIGTERM" in one.text(), "the leave to begin")
    one.signal(signal.SIGUSR1)
    cluster.all_say("member.left", one.name, 0.0, daemons=others)
    assert one.ended() == 0


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.early
def test_failed_members_outlast_a_restart(cluster):
    cluster.start(3)
    cluster.whole()
    first, second, third = cluster.daemons
    cluster.all_say("member.failed", third.name, third.kill())
    cluster.wait(lambda: on_file(first).get(third.name) == "dead", "the dead member in the file")
    before = first.members()[third.name]
    first.kill()
    second.kill()
    first.launch()
    cluster.watch([first])
    after = first.members()[third.name]
    assert {k: after[k] for k in ("status", "address", "incarnation")} == \
        {k: before[k] for k in ("status", "address", "incarnation")}
    # The file has the age in whole seconds.
    moved = instant(after["since"]) - instant(before["since"])
    assert abs(moved.total_seconds()) < 2, (before, after)
    health = first.call("health")
    assert health["status"] == "isolated" and health["dead"] == 1, health
    assert set(snapshot_peers(first)) == {second.address, third.address}
    # The failed member restarts without state and seeds, and is found.
    third.lose_state()
    third.seeds = []
    third.launch()
    cluster.watch([third])
    cluster.whole(daemons=[first, third])
    assert [e["type"] for e in first.said if e.get("member", {}).get("name") == third.name] == ["member.joined"]


@pytest.mark.early
def test_a_lonely_daemon_looks_for_lost_members(cluster):
    """A daemon looks for lost members while no other member is alive, but not for a member that left."""
    cluster.start(2)
    cluster.whole()
    first, second = cluster.daemons
    saved(cluster, cluster.daemons)
    cluster.pump.pass_time(1)
    assert snapshot_peers(first) == {} == snapshot_peers(second)
    cluster.all_say("member.failed", "n0", first.kill())
    cluster.wait(lambda: first.address in snapshot_peers(second), "the lost member among the snapshot peers")
    # A member that left is not looked for.
    first.launch()
    cluster.watch([first])
    cluster.whole()
    cluster.wait(lambda: not snapshot_peers(second), "no snapshot peers")
    first.disconnect()
    first.signal(signal.SIGTERM)
    cluster.wait(lambda: second.status_of("n0") == "left", "n0 to leave")
    cluster.pump.pass_time(7)
    assert snapshot_peers(second) == {}


def test_a_daemon_alone_after_a_restart_is_isolated(cluster):
    daemon = cluster.daemon()
    put_lines(daemon, "swimd members 1", "alive 3 2026-11-23T01:02:03.412Z 127.0.8.8:7946 db1",
              "suspect 3 2026-11-23T01:02:03.412Z 127.0.8.9:7946 db2", "end 2")
    daemon.start()
    health = daemon.call("health")
    assert health["status"] == "isolated" and "2 members" in health["reasons"][0], health
    cluster.wait(lambda: {p["state"] for p in snapshot_peers(daemon).values()} == {"refused"}, "both members to be refused")
    assert set(snapshot_peers(daemon)) == {"127.0.8.8:7946", "127.0.8.9:7946"}
    assert daemon.listed() == {"n0": "alive"}
    # The file keeps the members for the next start.
    daemon.disconnect()
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    assert on_file(daemon) == {"db1": "alive", "db2": "suspect"}


def test_a_damaged_file_is_used_as_far_as_it_goes(cluster):
    first = cluster.daemon()
    first.launch()
    second = cluster.daemon()
    put_lines(second, "swimd members 1", "alive 3 2026-11-23T01:02:03.412Z 127.0.8.8:7946",
              "dead x 2026-11-23T01:02:03.412Z 127.0.8.8:7946 db1", "\xff\x00\x1b[31m",
              f"alive 0 2026-11-23T01:02:03.412Z {first.address} {first.name}")
    second.launch()
    cluster.watch(cluster.daemons)
    warning = next(line for line in second.text().splitlines() if "members of the earlier run are lost" in line)
    assert f"{second.state}/members:2" in warning and "six words" in warning and "=3" in warning, warning
    cluster.whole()


@pytest.mark.parametrize("content", ["", "garbage\n", "swimd members 2\nalive\n"])
def test_a_file_of_another_format_is_ignored(cluster, content):
    daemon = cluster.daemon()
    with open(os.path.join(daemon.state, "members"), "w", encoding="ascii") as file:
        file.write(content)
    daemon.start()
    assert f"{daemon.state}/members:1" in daemon.text()
    assert daemon.complaints() == []


def test_a_directory_or_a_pipe_in_place_of_the_file_is_ignored(cluster):
    for make in (os.mkdir, os.mkfifo):
        daemon = cluster.daemon()
        make(os.path.join(daemon.state, "members"))
        daemon.start()
        assert f"{daemon.state}/members" in daemon.text()


# ------------------------------------------------------------------------------- files of another member

def notices(daemon, word="set aside"):
    return [line for line in daemon.text().splitlines() if word in line]


@pytest.mark.parametrize("how", ["cluster", "name", "copy"])
def test_files_of_another_member_are_set_aside(cluster, how):
    """A daemon that moves to another cluster, gets another name, or has a copy of another's files, does not use these files."""
    old = [cluster.daemon(options=["--cluster", "old"], seeds=[cluster.address(0)]) for _ in range(3)]
    new = [cluster.daemon(options=["--cluster", "new"], seeds=[cluster.address(3)]) for _ in range(2)]
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole(daemons=old)
    cluster.whole(daemons=new)
    old[2].kill()
    cluster.wait(lambda: on_file(old[0]) == {"n1": "alive", "n2": "dead"}, "the dead member in the file")
    moved = old[0]
    if how == "copy":
        moved = cluster.daemon()
        shutil.copytree(old[0].state, moved.state, dirs_exist_ok=True)
    else:
        moved.disconnect()
        moved.signal(signal.SIGTERM)
        assert moved.ended() == 0
    moved.options = ["--cluster", "old" if how == "name" else "new"]
    moved.seeds = [new[0].address] if how != "name" else []
    moved.name = "moved"
    moved.launch()
    cluster.watch([moved])
    if how == "name":
        assert moved.listed() == {"moved": "alive"} and snapshot_peers(moved) == {}
    else:
        cluster.whole(daemons=[*new, moved])
        assert all("n2" not in daemon.members() for daemon in [*new, moved])
    (notice,) = notices(moved)
    assert "n0 of cluster old" in notice and f"{moved.state}/members.aside" in notice \
        and f"{moved.state}/incarnation.aside" in notice, notice
    # From now on the files are those of the moved daemon.
    moved.disconnect()
    moved.signal(signal.SIGTERM)
    assert moved.ended() == 0
    with open(moved.log, "ab") as log:
        log.truncate(0)
    moved.launch()
    cluster.watch([moved])
    assert notices(moved) == [], moved.text()


def test_files_of_an_earlier_version_are_used(cluster):
    """A members file of an earlier version has no owner: the daemon uses the file and writes its own name into it."""
    daemon = cluster.daemon()
    put_lines(daemon, "swimd members 1", "alive 3 2026-11-23T01:02:03.412Z 127.0.8.8:7946 db1", "end 1")
    with open(os.path.join(daemon.state, "incarnation"), "w", encoding="ascii") as file:
        file.write("6400\n")
    daemon.start()
    assert daemon.members()["n0"]["incarnation"] == 6400
    assert set(snapshot_peers(daemon)) == {"127.0.8.8:7946"}

    def says():
        with open(os.path.join(daemon.state, "members"), encoding="ascii") as file:
            return file.read().splitlines()[1] == "of n0"
    cluster.wait(says, "the owner in the file")
    assert on_file(daemon) == {"db1": "alive"} and notices(daemon) == []


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_in_the_state_directory_is_not_followed(cluster, link):
    """A link in the state directory does not make the daemon read or write a file elsewhere."""
    daemon = cluster.daemon()
    victim = os.path.join(daemon.directory, "victim")
    for name in ("members", "members.new", "incarnation.new"):
        with open(victim, "w", encoding="ascii") as file:
            file.write("swimd members 1\nalive 3 2026-11-23T01:02:03.412Z 127.0.8.8:7946 db1\nend 1\n")
        link(victim, os.path.join(daemon.state, name))
        daemon.start()
        assert snapshot_peers(daemon) == {}
        daemon.disconnect()
        daemon.signal(signal.SIGTERM)
        assert daemon.ended() == 0
        with open(victim, encoding="ascii") as file:
            assert "db1" in file.read()
        daemon.lose_state()
    assert any(f"{daemon.state}/members" in line and "link" in line for line in daemon.text().splitlines())


# ---------------------------------------------------------------------------------------- bad disks

def on_a_disk_of_its_own(daemon, then="true"):
    """Give the daemon a state directory on a small file system that only this daemon sees; then run the command `then`."""
    daemon.wrapper = ["unshare", "-m", "sh", "-ec", f"""
        mount -t tmpfs -o size=64k,mode=700 none {daemon.state}
        [ ! -d {daemon.state}.old ] || cp {daemon.state}.old/* {daemon.state}
        {then}
        exec "$@" """, "sh"]


def inside(daemon, command):
    enter = ["nsenter", "-t", str(daemon.process.pid), "-m"] if daemon.wrapper else []
    subprocess.run([*enter, "sh", "-ec", command], check=True)


def troubles(daemon):
    return [e["code"] for e in daemon.said if e["type"] == "error"]


# Fault: (command that causes the fault, command that mends it).
BREAK = {"full": ("head -c 1M /dev/zero >{0}/fill || true", "rm {0}/fill"),
         "blocked": ("mkdir {0}/members.new {0}/incarnation.new", "rmdir {0}/members.new {0}/incarnation.new"),
         "read-only": ("mount -o remount,bind,ro {0}", "mount -o remount,bind,rw {0}")}


@pytest.mark.early
@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("how", ["full", "blocked"])
def test_a_failing_disk_is_reported_and_tried_again(cluster, how):
    first, second = cluster.daemon(), cluster.daemon(seeds=[cluster.address(0)])
    on_a_disk_of_its_own(first)
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    inside(first, BREAK[how][0].format(first.state))
    third = cluster.daemon(seeds=[first.address])
    third.launch()
    cluster.watch([third])
    cluster.whole()
    cluster.wait(lambda: "snapshot-unwritable" in troubles(first), "the error event")
    health = first.call("health")
    assert health["status"] == "degraded", health
    assert any("members cannot be saved" in reason and first.state in reason for reason in health["reasons"]), health
    # The incarnation still rises, and a second error is reported when the reserved block of incarnations is used up.
    for n in range(80):
        first.call("tags", set={"n": str(n)})
    cluster.wait(lambda: second.members()["n0"]["tags"] == {"n": "79"}, "the last tag")
    assert troubles(first) == ["snapshot-unwritable", "state-unwritable"], first.said
    assert not any(d.heard_of("member.failed") for d in cluster.running)
    inside(first, BREAK[how][1].format(first.state))
    cluster.wait(lambda: first.complaints() == [], "health without reasons", 60)
    assert troubles(first) == ["snapshot-unwritable", "state-unwritable"], "an error was reported again"


@pytest.mark.early
@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_daemon_starts_on_a_bad_disk(cluster, how):
    """A daemon on a disk that cannot be written starts with the members of its file, joins, and reports the fault."""
    cluster.start(3)
    cluster.whole()
    saved(cluster, cluster.daemons)
    daemon = cluster.daemons[1]
    daemon.seeds = []
    daemon.kill()
    shutil.copytree(daemon.state, daemon.state + ".old")
    on_a_disk_of_its_own(daemon, BREAK[how][0].format(daemon.state))
    daemon.launch()
    cluster.watch([daemon])
    cluster.whole()
    health = daemon.call("health")
    assert any("cannot write to" in reason for reason in health["reasons"]), health
    assert "state is not kept" in daemon.text()
    inside(daemon, BREAK[how][1].format(daemon.state))
    cluster.wait(lambda: daemon.complaints() == [], "health without reasons", 60)


REPLACE = {"removed": "rm -r {0}; mkdir {0}", "renamed": "mv {0} {0}.old; mkdir {0}", "emptied": "rm {0}/*",
           "restored": "cp -r {0} {0}.copy; rm -r {0}; mv {0}.copy {0}", "mounted over": "mount -t tmpfs none {0}"}


@pytest.mark.parametrize("how", list(REPLACE))
def test_a_state_directory_that_is_replaced_is_used(cluster, how):
    """A state directory that a cleaner, a backup or a mount replaced gets the incarnation and the members again."""
    first, second = cluster.daemon(), cluster.daemon(seeds=[cluster.address(0)])
    if how == "mounted over":
        if reason := mounts_unusable():
            pytest.skip(reason)
        first.wrapper = ["unshare", "-m"]
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    saved(cluster, cluster.daemons)
    inside(first, REPLACE[how].format(first.state))
    for n in range(30):
        first.call("tags", set={"n": str(n)})
    used = first.call("info")["incarnation"]
    first.call("reload")
    files = [f"/proc/{first.process.pid}/root{first.state}/{name}" for name in ("incarnation", "members", "lock")]

    def stored():
        with open(files[0], encoding="utf-8") as file:
            return int(file.readline())
    cluster.wait(lambda: all(os.path.exists(name) for name in files) and stored() > used, "the files in the new directory")
    cluster.wait(lambda: first.complaints() == [], "health without reasons", 60)
    assert "was opened again" in first.text()


def test_a_missing_state_directory_shows_in_the_health(cluster):
    first = cluster.daemon()
    first.launch()
    cluster.watch([first])
    os.rename(first.state, first.state + ".old")
    first.call("reload")
    cluster.wait(lambda: any(first.state in reason for reason in first.complaints()), "health that names the directory")
    assert "state-unwritable" in troubles(first)
    os.rename(first.state + ".old", first.state)
    first.call("reload")
    cluster.wait(lambda: first.complaints() == [], "health without reasons", 60)
