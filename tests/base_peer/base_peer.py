"""A base peer: a member of a SWIM cluster that knows only the base wire format.

The base peer behaves like the implementation that defines the base wire format; class BasePeer lists the less obvious
points. This file was written from the description of the wire format and from observations of that implementation, and
shares no code with the daemon. Like the daemon's core, class BasePeer does no I/O: the caller passes in the time and the
received datagrams, and takes the datagrams to send, so that a test controls both. This file is also a program, which has a
socket and prints each change of the list of members:

    base_peer.py --bind 127.0.0.1:7947 --seed 127.0.0.1:7946
"""
import argparse
import collections
import dataclasses
import functools
import ipaddress
import math
import random
import select
import signal
import socket
import sys
import time

from base_wire import (ACK, ALIVE, AUTHENTICATED, DEAD, INCARNATION_MAX, NACK, PING, PING_REQ, STATUS_NAMES, SUSPECT,
                       Invalid, Update, ack, decode, nack, ping, ping_req)

PERIOD, TIMEOUT = 0.2, 0.1  # seconds between two probes, and until a probe without an answer fails
SUSPICION_PERIODS = 5       # periods for which the peer's own suspicion lasts in a small cluster
GOSSIP_UPDATES = 10         # most updates on one datagram
JUMP_MAX = 16               # an update further above the known incarnation is refused; that of a new member is 0
MEMBERS_MAX = 10000
HELPERS = 3                 # members that are asked to ping a member which did not answer
FORGET_AFTER = 30.0         # seconds from the death of a member until the peer forgets it


@dataclasses.dataclass
class Member:
    status: int
    incarnation: int
    died_at: float = math.inf


@dataclasses.dataclass
class Rumour:
    status: int
    incarnation: int
    told: int = 0


@dataclasses.dataclass
class Probe:
    target: tuple
    seq: int
    until: float
    seen: tuple             # (status, incarnation) of the target when the probe began
    indirect: bool = False


@dataclasses.dataclass
class Relay:
    asker: str
    asker_seq: int
    target: tuple
    until: float


class BasePeer:
    """`identity` is the id of the peer, `address` is host:port; `period` and `timeout` are in seconds.

    - A member is the pair of an id and an address: two pairs of one address are two members and stay two.
    - The sender of a datagram is the pair (source, source). A ping makes this pair a member at incarnation 0, and this peer
      gossips nothing of it.
    - An ack counts only if it names the pair that was pinged. Whichever pair it names, the ack ends a suspicion of the pair
      (source, source): this peer raises the incarnation of that pair by 1 and gossips it.
    - An update more than JUMP_MAX above the known incarnation is refused, with the event "refused".
    - A suspicion that this peer hears of has no timer. An update that changes only the incarnation is not passed on.
    - An update about a dead member at the same or a lower incarnation is ignored, and its sender is not corrected. Dead
      members are forgotten after FORGET_AFTER.
    - This peer names itself in acks, and in gossip only after a suspicion of itself. This peer compares no views and
      ignores nacks.
    """

    def __init__(self, identity, address, now, seed=0, period=PERIOD, timeout=TIMEOUT):
        self.id, self.address, self.incarnation = identity, address, 0
        self.random = random.Random(seed)
        self.period, self.timeout = period, timeout
        self.members = {}                   # (id, address) -> Member, without the peer itself
        self.verdicts = {}                  # (id, address) -> instant at which the peer's own suspicion ends in a death
        self.rumours = {}                   # (id, address) -> Rumour
        self.out = []                       # (address, datagram)
        self.heard = []                     # (now, address, Message), for tests
        self.events = []                    # (now, kind, (id, address), incarnation), for tests
        self.counts = collections.Counter()     # of the events, by kind
        self.invalid = 0
        self.seq = 0
        self.current = None                 # the running Probe; there is at most one
        self.relays = {}                    # seq -> Relay
        self.next_probe = now
        self.cursor = 0
        # A test sets these to make a peer that is broken in one way.
        self.silent = False                 # sends nothing
        self.deaf = False                   # receives nothing
        self.answers_pings = True
        self.relays_pings = True
        self.refutes = True
        self.probing = True
        self.left = False

    @property
    def me(self):
        return self.id, self.address

    def event(self, now, kind, who, incarnation):
        self.events.append((now, kind, who, incarnation))
        self.counts[kind] += 1

    def having(self, *statuses):
        return [who for who, member in self.members.items() if member.status in statuses]

    # ------------------------------------------------------------------------------ sending
    def send(self, address, datagram):
        if not self.silent and is_numeric(address):     # the peer resolves no names
            self.out.append((address, datagram))

    def next_seq(self):
        self.seq += 1
        return self.seq

    def scale(self):
        """The factor for the size of the cluster: suspicions last so much longer, and rumours are sent so much more often."""
        return max(1.0, math.log(1 + len(self.members)))

    def tellings(self):
        return math.ceil(3 * self.scale())

    def tell(self, who, status, incarnation):
        known = self.rumours.get(who)
        if known is None or (incarnation, status) > (known.incarnation, known.status):
            self.rumours[who] = Rumour(status, incarnation)

    def own_update(self, status=ALIVE):
        return Update(self.id, self.address, status, self.incarnation)

    def gossip(self):
        """The updates for one datagram: deaths first, then suspicions; of one status the least sent updates first."""
        order = list(self.rumours.items())
        self.random.shuffle(order)
        order.sort(key=lambda item: (-item[1].status, item[1].told, -item[1].incarnation))
        chosen = order[:GOSSIP_UPDATES]
        for _, rumour in chosen:
            rumour.told += 1
        most = self.tellings()
        self.rumours = {who: rumour for who, rumour in self.rumours.items() if rumour.told < most}
        return [Update(*who, rumour.status, rumour.incarnation) for who, rumour in chosen]

    def join(self, seed):
        """List the pair (seed, seed) as a member and ping the seed. The ping does not name its sender."""
        self.members.setdefault((seed, seed), Member(ALIVE, 0))
        self.send(seed, ping(0, self.gossip()))

    def leave(self):
        """Send the peer's own death once to a few living members."""
        self.left, self.current = True, None
        living = self.having(ALIVE)
        for _, address in self.random.sample(living, min(len(living), self.tellings())):
            self.send(address, ping(0, [self.own_update(DEAD)]))

    # ------------------------------------------------------------------------------ receiving
    def apply(self, now, who, status, incarnation):
        """Apply an update. Returns whether the update must be gossiped: it has a new member or another status."""
        member = self.members.get(who)
        if incarnation > (member.incarnation if member else 0) + JUMP_MAX:
            self.event(now, "refused", who, incarnation)
            return False
        if member is None:
            if len(self.members) + 1 >= MEMBERS_MAX:
                self.event(now, "full", who, incarnation)
                return False
            self.members[who] = Member(status, incarnation, died_at=now if status == DEAD else math.inf)
            self.event(now, "joined", who, incarnation)
            return True
        if (incarnation, status) <= (member.incarnation, member.status):
            return False
        before = member.status
        member.status, member.incarnation = status, incarnation
        self.verdicts.pop(who, None)
        if before == status:
            return False
        member.died_at = now if status == DEAD else math.inf
        if (before, status) != (DEAD, ALIVE):
            self.event(now, {ALIVE: "recovered", SUSPECT: "suspected", DEAD: "failed"}[status], who, incarnation)
        return True

    def hear(self, now, update):
        who = update.id, update.address
        if who != self.me:
            if self.apply(now, who, update.status, update.incarnation):
                self.tell(who, update.status, update.incarnation)
        elif update.status != ALIVE and update.incarnation >= self.incarnation and self.refutes and not self.left:
            self.incarnation = min(update.incarnation + 1, INCARNATION_MAX)
            self.event(now, "refuted", who, self.incarnation)
            self.tell(who, ALIVE, self.incarnation)

    def datagram(self, now, source, data):
        """Handle one datagram from `source`, which is host:port."""
        if self.deaf:
            return
        try:
            message = decode(data)
        except Invalid:
            self.invalid += 1
            return
        if message.type == AUTHENTICATED:
            self.invalid += 1               # the peer has no key to check the datagram
            return
        self.heard.append((now, source, message))
        for update in message.updates:
            self.hear(now, update)
        if message.type == PING:
            self.apply(now, (source, source), ALIVE, 0)
            if self.answers_pings:
                self.send(source, ack(message.seq, self.me, self.gossip()))
        elif message.type == PING_REQ:
            if self.relays_pings:
                seq = self.next_seq()
                self.relays[seq] = Relay(source, message.seq, message.member, now + self.timeout)
                self.send(message.member[1], ping(seq, self.gossip()))
        elif message.type == ACK:
            self.answered(now, message)
            self.revive(now, (source, source))

    def answered(self, now, message):
        probe, relay = self.current, self.relays.get(message.seq)
        if probe and (probe.seq, probe.target) == (message.seq, message.member):
            self.current, self.next_probe = None, now + self.period
        if relay and relay.target == message.member:
            del self.relays[message.seq]
            self.send(relay.asker, ack(relay.asker_seq, relay.target, self.gossip()))

    def revive(self, now, who):
        """End the suspicion of a member that answers, and raise its incarnation by 1, which that member did not do itself."""
        member = self.members.get(who)
        if member and member.status == SUSPECT:
            member.status, member.incarnation = ALIVE, min(member.incarnation + 1, INCARNATION_MAX)
            self.verdicts.pop(who, None)
            self.event(now, "recovered", who, member.incarnation)
            self.tell(who, ALIVE, member.incarnation)

    # ------------------------------------------------------------------------------ timers
    def deadline(self):
        times = [relay.until for relay in self.relays.values()]
        times += self.verdicts.values()
        if self.probing and not self.left:
            times.append(self.current.until if self.current else self.next_probe)
        return min(times, default=math.inf)

    def tick(self, now):
        for seq, relay in list(self.relays.items()):
            if now >= relay.until:
                del self.relays[seq]
                self.send(relay.asker, nack(relay.asker_seq, relay.target))
        for who, at in list(self.verdicts.items()):
            if now >= at:
                member = self.members[who]
                member.status, member.died_at = DEAD, now
                del self.verdicts[who]
                self.event(now, "failed", who, member.incarnation)
                self.tell(who, DEAD, member.incarnation)
        if self.probing and not self.left:
            self.probe(now)

    def probe(self, now):
        probe = self.current
        if probe and now >= probe.until:
            if not probe.indirect and self.ask_others(probe):
                probe.indirect, probe.until = True, now + self.timeout
            else:
                self.current, self.next_probe = None, now + self.period
                self.suspect(now, probe)
        elif not probe and now >= self.next_probe:
            self.next_probe = now + self.period
            self.forget(now)
            self.probe_next(now)

    def probe_next(self, now):
        targets = sorted(self.having(ALIVE, SUSPECT))
        if targets:
            at = self.cursor % len(targets)
            self.cursor = at + 1
            member = self.members[targets[at]]
            self.current = Probe(targets[at], self.next_seq(), now + self.timeout, (member.status, member.incarnation))
            self.send(targets[at][1], ping(self.current.seq, self.gossip()))

    def ask_others(self, probe):
        """Send ping-reqs for the probe's target. Returns False if there is no helper."""
        helpers = [who for who in self.having(ALIVE) if who != probe.target]
        if helpers:
            told = self.gossip()            # all helpers get the same updates
            for _, address in self.random.sample(helpers, min(len(helpers), HELPERS)):
                self.send(address, ping_req(probe.seq, probe.target, told))
        return bool(helpers)

    def suspect(self, now, probe):
        member = self.members.get(probe.target)
        if member and probe.seen == (member.status, member.incarnation) and member.status == ALIVE:
            member.status = SUSPECT
            self.verdicts[probe.target] = now + self.scale() * SUSPICION_PERIODS * self.period
            self.event(now, "suspected", probe.target, member.incarnation)
            self.tell(probe.target, SUSPECT, member.incarnation)

    def forget(self, now):
        for who, member in list(self.members.items()):
            if now > member.died_at + FORGET_AFTER:
                del self.members[who]
                self.event(now, "removed", who, member.incarnation)


@functools.lru_cache(maxsize=None)
def is_numeric(text):
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
        return 0 < int(port) < 65536
    except ValueError:
        return False


def split(text):
    host, _, port = text.rpartition(":")
    host, _, zone = host.strip("[]").partition("%")
    if not zone:
        return host, int(port)
    return host, int(port), 0, int(zone) if zone.isdigit() else socket.if_nametoindex(zone)


def join(address):
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bind", required=True, metavar="HOST:PORT")
    parser.add_argument("--id", help="default: the address of --bind")
    parser.add_argument("--seed", action="append", default=[], metavar="HOST:PORT")
    arguments = parser.parse_args()

    here = split(arguments.bind)
    sock = socket.socket(socket.AF_INET6 if ":" in here[0] else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(here)
    peer = BasePeer(arguments.id or arguments.bind, arguments.bind, time.monotonic(), time.time_ns())
    for seed in arguments.seed:
        peer.join(seed)
    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    shown = {}
    while True:
        leaving = bool(stop)    # read once, because the signal may come at any time
        if leaving:
            peer.leave()
        for address, datagram in peer.out:
            try:
                sock.sendto(datagram, split(address))
            except OSError as error:
                print(f"cannot send to {address}: {error.strerror}", file=sys.stderr)
        peer.out.clear()
        if leaving:
            return
        seen = {f"{who[0]}@{who[1]}": STATUS_NAMES[member.status] for who, member in peer.members.items()}
        for name in sorted(seen.keys() | shown.keys()):
            if seen.get(name) != shown.get(name):
                print(f"{name}: {seen.get(name, 'forgotten')}", flush=True)
        shown = seen
        wait = max(0.0, min(1.0, peer.deadline() - time.monotonic()))
        if select.select([sock], [], [], wait)[0]:
            data, source = sock.recvfrom(65536)
            peer.datagram(time.monotonic(), join(source), data)
        peer.tick(time.monotonic())


if __name__ == "__main__":
    main()
