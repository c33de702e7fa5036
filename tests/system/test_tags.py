"""Tags: configured, changed at run time, listed by all members, with one event per change."""
import json

import pytest

from harness import Peer, RpcError


def tags_at(daemon, name):
    member = daemon.members().get(name)
    return member and member["tags"]


def everywhere(cluster, name, tags):
    cluster.wait(lambda: all(tags_at(d, name) == tags for d in cluster.running),
                 lambda: f"{tags} of {name}; listed are " + ", ".join(str(tags_at(d, name)) for d in cluster.running))


def updates(daemon, name, index=0):
    return [e["member"]["tags"] for e in daemon.said[index:]
            if e["type"] == "member.updated" and e["member"]["name"] == name]


def change(cluster, daemon, expected, **params):
    """Change the daemon's tags: the answer has the new tags, and each other daemon reports them exactly once."""
    marks = {d: len(d.said) for d in cluster.running}
    assert daemon.call("tags", **params) == {"tags": expected}
    everywhere(cluster, daemon.name, expected)
    cluster.pump.pass_time(1)       # a second event would come within this time
    for other in cluster.running:
        wanted = [] if other is daemon else [expected]
        assert updates(other, daemon.name, marks[other]) == wanted, (other.name, other.said[marks[other]:])


def test_tags_can_be_set_and_unset_at_run_time(cluster, swimctl):
    cluster.start(6)
    cluster.whole()
    daemon = cluster.daemons[2]
    before = daemon.call("info")["incarnation"]
    change(cluster, daemon, {"role": "db", "zone": "ä b"}, set={"zone": "ä b", "role": "db"})
    assert daemon.call("info")["incarnation"] > before
    change(cluster, daemon, {"role": "web"}, set={"role": "web"}, unset=["zone", "nothing"])
    change(cluster, daemon, {}, unset=["role"])
    # A call that changes nothing makes no event and no new incarnation.
    before = daemon.call("info")["incarnation"]
    assert daemon.call("tags", unset=["role"]) == {"tags": {}}
    assert daemon.call("info")["incarnation"] == before
    # swimctl does the same.
    done = swimctl(daemon, "tags", "role=db", "rack=7")
    assert (done.returncode, done.stdout) == (0, "rack 7\nrole db\n"), done
    done = swimctl(daemon, "tags", "-K", "rack")
    assert (done.returncode, done.stdout) == (0, "role db\n"), done
    everywhere(cluster, daemon.name, {"role": "db"})
    assert swimctl(daemon, "tags").stdout == "role db\n"
    assert json.loads(swimctl(daemon, "tags", "--json").stdout) == {"tags": {"role": "db"}}


def test_members_can_be_filtered_by_tags(cluster, swimctl):
    first = cluster.daemon(options=["--tag", "role=db", "--tag", "zone=a"])
    second = cluster.daemon(seeds=[first.address], config='tags = {"role=db", "zone=b"}\n')
    third = cluster.daemon(seeds=[first.address], environment={"SWIMD_TAGS": "role=web, zone=a"})
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    everywhere(cluster, "n0", {"role": "db", "zone": "a"})
    everywhere(cluster, "n1", {"role": "db", "zone": "b"})
    everywhere(cluster, "n2", {"role": "web", "zone": "a"})

    def named(**tags):
        return [m["name"] for m in third.call("members", tags=tags)["members"]]
    assert named(role="db") == ["n0", "n1"]
    assert named(role="db", zone="a") == ["n0"]
    assert named(role="db", zone="c") == named(colour="") == []
    assert named() == ["n0", "n1", "n2"]
    assert swimctl(second, "-o", "name", "members", "--tag", "zone=a").stdout == "n0\nn2\n"
    assert swimctl(second, "-o", "name", "members", "--tag", "zone=a", "--tag", "role=web").stdout == "n2\n"
    wide = swimctl(second, "-o", "wide", "members").stdout
    assert "TAGS" in wide and "role=web,zone=a" in wide
    # The first update about each member had its tags, so that no member.updated followed.
    for daemon in cluster.daemons:
        assert not daemon.heard_of("member.updated"), daemon.said
    # Configured tags do not raise the incarnation.
    assert "incarnation.incremented" not in [e["type"] for e in third.said]


def test_a_reload_replaces_configured_tags(cluster):
    """A reload replaces configured tags. Tags that were set at run time override them until the daemon restarts."""
    first = cluster.daemon()
    second = cluster.daemon(seeds=[first.address], config='tags = {"role=db", "zone=a"}\n')
    for daemon in cluster.daemons:
        daemon.launch()
    cluster.watch(cluster.daemons)
    cluster.whole()
    everywhere(cluster, "n1", {"role": "db", "zone": "a"})
    second.write_config('tags = {"role=web", "rack=1"}\n')
    mark = len(first.said)
    assert second.call("reload") == {"applied": ["tags"], "needs_restart": []}
    everywhere(cluster, "n1", {"role": "web", "rack": "1"})
    cluster.pump.pass_time(1)
    assert updates(first, "n1", mark) == [{"role": "web", "rack": "1"}]
    change(cluster, second, {"role": "x", "more": "y"}, set={"role": "x", "more": "y"}, unset=["rack"])
    second.write_config('tags = {"role=db", "rack=2", "zone=b"}\n')
    assert second.call("reload")["applied"] == ["tags"]
    everywhere(cluster, "n1", {"role": "x", "more": "y", "zone": "b"})
    # A configuration with invalid tags is refused as a whole.
    second.write_config('log_level = "debug"\ntags = {"role=a", "role=b"}\n')
    with pytest.raises(RpcError) as twice:
        second.call("reload")
    assert "'role' is given twice" in twice.value.message and f"{second.config}:2" in twice.value.message
    second.write_config('tags = {"big=' + "x" * 495 + '"}\n')
    with pytest.raises(RpcError) as large:
        second.call("reload")
    assert "tags: the tags would be larger than 512 bytes" in large.value.message
    everywhere(cluster, "n1", {"role": "x", "more": "y", "zone": "b"})
    # After a restart only the configured tags are left.
    second.write_config('tags = {"role=db"}\n')
    second.kill()
    second.launch()
    cluster.watch([second])
    everywhere(cluster, "n1", {"role": "db"})


def test_tags_that_are_too_large_are_refused_with_advice(cluster, swimctl):
    first = cluster.start(2) and cluster.daemons[0]
    cluster.whole()
    change(cluster, first, {"k": "v" * 508}, set={"k": "v" * 508})      # 512 bytes with the length fields
    with pytest.raises(RpcError) as refused:
        first.call("tags", set={"l": ""})
    assert refused.value.word == "too-large"
    assert "512 bytes" in refused.value.message and "unset some, or shorten them" in refused.value.message
    assert tags_at(first, first.name) == {"k": "v" * 508}
    # One call may unset a tag to make room for another.
    change(cluster, first, {"l": "w" * 508}, set={"l": "w" * 508}, unset=["k"])
    done = swimctl(first, "tags", "m=1")
    assert done.returncode == 2 and "unset some" in done.stderr and done.stderr.count("\n") == 1, done


def test_a_long_name_leaves_less_room_for_tags(cluster):
    name = "x" * 255
    daemon = cluster.daemon(name=name, options=["--tag", "k=" + "v" * 500], config="max_datagram = 1024\n")
    daemon.launch()
    assert daemon.ended() == 78
    assert "raise max_datagram" in daemon.text() and daemon.text().count("\n") == 1, daemon.text()
    daemon.options = []
    daemon.write_config("max_datagram = 1400\n")
    daemon.start()
    assert daemon.call("tags", set={"k": "v" * 100}) == {"tags": {"k": "v" * 100}}


def test_the_read_only_socket_shows_tags_and_denies_changes(cluster, swimctl):
    daemon = cluster.daemon()
    ro_socket = daemon.socket + "-ro"
    daemon.options = ["--tag", "role=db", "--ro-socket", ro_socket]
    daemon.start()
    assert swimctl(None, "-s", ro_socket, "tags").stdout == "role db\n"
    done = swimctl(None, "-s", ro_socket, "tags", "role=web")
    assert done.returncode == 4 and done.stderr.count("\n") == 1, done
    assert tags_at(daemon, "n0") == {"role": "db"}


def test_new_tags_replace_old_ones_after_a_lost_state(cluster):
    """All list the new tags of a daemon that restarts without its state, at an incarnation that it had before."""
    cluster.start(3)
    cluster.whole()
    daemon = cluster.daemons[1]
    daemon.kill()
    daemon.lose_state()
    daemon.options = ["--tag", "role=new"]
    daemon.launch()
    cluster.watch([daemon])
    everywhere(cluster, daemon.name, {"role": "new"})


def test_tags_reach_a_late_joiner_by_a_base_peer(cluster):
    """Tags reach a daemon that joins later by a base peer, and the base peer's updates without tags do not remove them."""
    cluster.start(2, options=["--tag", "role=db"])
    cluster.whole()
    peer = Peer(cluster, "127.0.9.1:7946", "base")
    peer.join(cluster.daemons[0].address)
    cluster.whole(also=["base"])
    late = cluster.daemon(seeds=["127.0.9.1:7946"])
    late.launch()
    cluster.watch([late])
    cluster.whole(also=["base"])
    everywhere(cluster, "n0", {"role": "db"})
    everywhere(cluster, "n1", {"role": "db"})
    everywhere(cluster, "base", {})
