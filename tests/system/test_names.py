"""A name belongs to one member: who has had it longer stays; one that only moved is the same member."""

import pytest


def one_error(daemon):
    lines = [line for line in daemon.text().splitlines() if "error" in line.split()[:3]]
    assert len(lines) == 1, daemon.text()
    return lines[0]


@pytest.mark.parametrize("through", ["owner", "another"])
def test_the_newcomer_goes(cluster, through):
    """The same name at another address: it exits 78 with one line, and the owner tells of both addresses."""
    cluster.start(4)
    cluster.whole()
    owner = cluster.daemons[1]
    seed = owner if through == "owner" else cluster.daemons[3]
    mark = len(owner.said)
    newcomer = cluster.daemon(name=owner.name, address="127.0.7.7:7946", seeds=[seed.address])
    newcomer.launch()
    assert newcomer.ended() == 78
    line = one_error(newcomer)
    assert all(word in line for word in (owner.name, owner.address, newcomer.address, "another name")), line
    told = cluster.wait(lambda: [e for e in owner.said[mark:] if e["type"] == "error"], "the owner to tell of it")
    assert told[0]["code"] == "name-conflict"
    assert all(word in told[0]["message"] for word in (owner.name, owner.address, newcomer.address)), told
    # The owner is where it was, for everybody, and nobody saw it fail.
    cluster.daemons.remove(newcomer)
    try:
        cluster.whole()
        for daemon in cluster.running:
            assert daemon.members()[owner.name]["address"] == owner.address
            assert not daemon.heard_of("member.failed") and not daemon.heard_of("member.updated", owner.name)
    finally:
        cluster.daemons.append(newcomer)
    assert len([e for e in owner.said[mark:] if e["type"] == "error"]) == 1


@pytest.mark.parametrize("state", ["kept", "wiped"])
@pytest.mark.parametrize("when", ["at once", "missed"])
def test_moved_after_a_restart(cluster, state, when):
    """Under another address after a restart, before or after it was missed: the same member, and no conflict."""
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
                             d.status_of(mover.name) == "alive" for d in cluster.daemons), "all to see it there")
    cluster.whole()
    # One that comes without its state has to be asked for where it was, and is missed there meanwhile.
    wrong = ("member.joined", "error") if state == "wiped" else ("member.failed", "member.joined", "error")
    for daemon in others:
        since = [e for e in daemon.said[marks[daemon]:] if e["type"] in wrong]
        assert since == [], (daemon.name, since)
    assert not [e for e in mover.said if e["type"] == "error"], mover.said
