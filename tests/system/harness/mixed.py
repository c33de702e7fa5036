"""Mixed clusters: daemons with ordinary names, and base peers whose ids are their addresses."""
import os
import signal
import time

from .peers import Peer, base_peer

# The timing of a real base peer, for machines that are not loaded.
REAL = {"period": base_peer.PERIOD, "timeout": base_peer.TIMEOUT}


def state_of_old(daemon, incarnation):
    """Write the state file of the previous version of swimd, with the incarnation that the next start takes."""
    with open(os.path.join(daemon.state, "incarnation"), "w", encoding="ascii") as file:
        file.write(f"{incarnation}\n")


class Mixed:
    def __init__(self, cluster, **more):
        """`more`: arguments of Peer for every base peer."""
        self.cluster, self.more = cluster, more
        self.peers, self.made = [], 0

    def peer(self, seeds, address=None):
        """Start one more base peer, which joins through `seeds`."""
        number, self.made = self.made, self.made + 1
        address = address or f"127.0.{50 + number // 200}.{1 + number % 200}:7946"
        peer = Peer(self.cluster, address, seed=number, **self.more)
        self.peers.append(peer)
        for seed in seeds:
            peer.join(seed)
        return peer

    def start(self, swimds, bases, **more):
        """Start the daemons, wait until they list each other, then start the base peers, each with one daemon as its seed."""
        self.cluster.start(swimds, **more)
        self.cluster.whole()
        for number in range(bases):
            self.peer([self.cluster.daemons[number % swimds].address])

    def addresses(self):
        return {member.address for member in [*self.cluster.running, *self.peers]}

    def faults(self):
        """Yield a text for each base peer that does not list exactly the other members, alive, each once, under its address."""
        addresses = self.addresses()
        for peer in self.peers:
            wanted = {(address, address): "alive" for address in addresses if address != peer.address}
            listed = peer.listed()
            if listed != wanted:
                odd = {f"{who[0]}@{who[1]}": status for who, status in listed.items() if wanted.get(who) != status}
                yield f"{peer.address} lacks {sorted(a for a, _ in wanted.keys() - listed.keys())} has {odd}"

    def whole(self, seconds=None):
        """Wait until each daemon and base peer lists exactly the running members. Returns that instant."""
        self.cluster.wait(lambda: next(self.faults(), None) is None,
                          lambda: f"base peers to list exactly the running members: {list(self.faults())[:4]}", seconds)
        return self.cluster.whole(seconds, also=[peer.address for peer in self.peers])

    def all_list(self, member, status, seconds=None):
        """Wait until all other members list `member` with this status; base peers list a member that left as dead."""
        address = member.address
        name = getattr(member, "name", address)
        # Base peers forget a dead member after a while.
        wanted = ({status}, set()) if status == "dead" else ({status},)
        peers = [peer for peer in self.peers if peer is not member]
        daemons = [daemon for daemon in self.cluster.running if daemon is not member]

        def silent():
            return [peer.address for peer in peers if peer.statuses_at(address) not in wanted] + \
                [daemon.name for daemon in daemons if daemon.view.get(name) not in (status, "left" if status == "dead" else status)]
        self.cluster.wait(lambda: not silent(), lambda: f"all to list {name} as {status}; missing: {silent()}", seconds)

    # ------------------------------------------------------------------------------------ trials
    def restart(self, daemon, clean, at_once):
        """Stop the daemon by SIGTERM (`clean`) or SIGKILL and start it again, at once or when all list it as dead or left.
        Returns the seconds until each base peer listed it as alive."""
        daemon.disconnect()
        daemon.signal(signal.SIGTERM if clean else signal.SIGKILL)
        daemon.ended()
        if not at_once:
            self.all_list(daemon, "dead")
        daemon.launch()
        begin = time.monotonic()
        self.cluster.watch([daemon])
        self.all_list(daemon, "alive")
        return time.monotonic() - begin

    def restarts(self, daemon, times, clean):
        """Restart the daemon `times` times, then start a base peer. Returns two times in seconds: the longest until all
        listed the restarted daemon as alive, and the time from the start of the base peer until all members listed all."""
        took = [self.restart(daemon, clean, at_once=n % 2 == 0) for n in range(times)]
        self.whole()
        self.peer([self.cluster.daemons[0].address])
        begin = time.monotonic()
        self.whole()
        return max(took), time.monotonic() - begin

    def upgrade(self, old, new):
        """Start ten daemons of the program `old` and three base peers, then replace each daemon by one of `new`, one after the
        other. Returns how many failures the old daemons reported."""
        first = self.cluster.address(0)
        daemons = [self.cluster.daemon(seeds=[] if n == 0 else [first]) for n in range(10)]
        for daemon in daemons:
            daemon.program = old
            daemon.launch()
        self.cluster.watch(daemons)
        for n in range(3):
            self.peer([daemons[n].address])
        names = {d.name for d in daemons} | {p.address for p in self.peers}

        def all_see_all():
            self.cluster.wait(lambda: all(d.alive() == names for d in daemons),
                              lambda: f"each daemon to list all as alive: {[names ^ d.alive() for d in daemons]}", 60)
        all_see_all()
        failed = 0
        for daemon in daemons:
            daemon.program = new
            daemon.signal(signal.SIGTERM)
            assert daemon.ended() == 0
            failed += len(daemon.heard_of("member.failed"))     # the next watch() drops these events
            daemon.disconnect()
            daemon.launch()
            self.cluster.watch([daemon])
            all_see_all()
        return failed

    def partition(self, seconds):
        """Cut every second member of each kind from the others for `seconds`. Returns the seconds until all list all again."""
        members = [*self.cluster.daemons, *self.peers]
        self.cluster.namespace.cut(*([m.address.rpartition(":")[0] for m in members[n::2]] for n in (0, 1)))
        self.cluster.pump.pass_time(seconds)
        self.cluster.namespace.heal()
        begin = time.monotonic()
        self.whole()
        return time.monotonic() - begin

    def cut_pairs(self):
        """Cut three pairs from each other: two daemons, two base peers, and a daemon and a base peer."""
        hosts = [m.address.rpartition(":")[0] for m in (*self.cluster.daemons[:2], *self.peers[:2])]
        drops = [f"ip saddr {hosts[a]} ip daddr {hosts[b]} drop" for one, other in ((0, 1), (2, 3), (1, 2))
                 for a, b in ((one, other), (other, one))]
        self.cluster.namespace.rules("\n".join(["table inet cut {", "chain input {", "type filter hook input priority 0;", *drops, "}", "}"]))

    # ------------------------------------------------------------------------------------ figures
    def count(self, kind):
        return sum(peer.peer.counts[kind] for peer in self.peers)

    def lost(self):
        """The running members that base peers reported as failed, one entry per report."""
        addresses = self.addresses()
        return [who for peer in self.peers for _, kind, who, _ in peer.peer.events if kind == "failed" and who[1] in addresses]

    def told(self, kind, since=0.0):
        """How many events of this type the daemons have reported."""
        return sum(len(daemon.heard_of(kind, since=since)) for daemon in self.cluster.daemons)

    def entries(self):
        """The lengths of the shortest and the longest list of members, the owner of the list included."""
        counts = [1 + len(peer.peer.members) for peer in self.peers] + [len(daemon.members()) for daemon in self.cluster.running]
        return min(counts), max(counts)

    def figures(self):
        return {"suspected": self.count("suspected") + self.told("member.suspected"),
                "failed": self.count("failed") + self.told("member.failed"),
                "refused": self.count("refused"), "entries": "{}..{}".format(*self.entries())}

    def sent_bytes(self):
        return [daemon.call("metrics")["transport"]["bytes_sent"] for daemon in self.cluster.running]
