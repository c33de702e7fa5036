"""Paths that silently drop packets above some size, as a tunnel does where fragments and ICMP are dropped."""
import pytest

HALF = 4
TAG = "t=" + "x" * 400
# With the shorter times of this profile the daemons detect sooner that large datagrams are lost.
HASTY = 'profile = "local"\n'


def narrow(cluster, packet):
    """Drop packets of more than `packet` bytes between the first half and the second."""
    halves = [", ".join(d.address.rsplit(":", 1)[0] for d in half)
              for half in (cluster.daemons[:HALF], cluster.daemons[HALF:])]
    cluster.namespace.rules(f"""
        table ip narrow {{
            chain input {{
                type filter hook input priority 0;
                meta l4proto udp ip saddr {{ {halves[0]} }} ip daddr {{ {halves[1]} }} meta length > {packet} counter drop
                meta l4proto udp ip saddr {{ {halves[1]} }} ip daddr {{ {halves[0]} }} meta length > {packet} counter drop
            }}
        }}""")


def made(cluster, **more):
    first = cluster.address(0)
    return [cluster.daemon(seeds=[first] if number else [], **more) for number in range(2 * HALF)]


def unanswered(daemons):
    """The reasons of health about exchanges of views without an answer."""
    return [reason for d in daemons for reason in d.call("health")["reasons"]
            if "exchanges of views went unanswered" in reason]


@pytest.mark.parametrize("packet, config", [(1280, ""), (1200, ""), (1400, "max_datagram = 9000\n")])
def test_halves_behind_a_small_path_list_all_tags(cluster, packet, config):
    """Daemons find the datagram size of such a path, so that exchanges of views between the halves work."""
    daemons = made(cluster, config=config, options=["--tag", TAG])
    narrow(cluster, packet)
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    cluster.wait(lambda: all(member["tags"] == {"t": "x" * 400}
                             for d in daemons for member in d.call("members")["members"]),
                 "all to list the tags of all")
    metrics = [d.call("metrics") for d in daemons]
    assert any(m["paths"]["reduced"] > 0 for m in metrics), [m["paths"] for m in metrics]
    assert min(m["paths"]["smallest_bytes"] for m in metrics) >= 1024
    for daemon in daemons:
        assert not daemon.heard_of("member.failed")
        assert not unanswered([daemon])
    # Later changes of one half reach the other half, too.
    daemons[0].call("tags", set={"u": "y" * 90})
    cluster.wait(lambda: all(d.call("member", name="n0")["tags"].get("u") for d in daemons), "the new tag everywhere")


def test_a_path_that_drops_each_view_shows_in_the_health(cluster):
    daemons = made(cluster, config=HASTY)
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    narrow(cluster, 428)
    for daemon in daemons[:HALF]:
        daemon.call("tags", set={"t": "x" * 400})
    theirs = {d.name for d in daemons[:HALF]}
    cluster.wait(lambda: unanswered(daemons[HALF:]),
                 lambda: f"health with that reason: {[d.call('health')['reasons'] for d in daemons]}")
    for reason in unanswered(daemons[HALF:]):
        assert "larger datagrams" in reason and any(f"by {name}," in reason for name in theirs), reason
    # The reason disappears when the views are the same again.
    cluster.namespace.heal()
    cluster.wait(lambda: not unanswered(daemons), lambda: f"health without that reason: {unanswered(daemons)}")
