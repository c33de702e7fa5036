"""A base peer: a member of a SWIM cluster that knows the base wire format and nothing more.

It is written from the wire format's page alone and shares nothing with the daemon. Like the daemon's core
it does no I/O of its own: time and datagrams come in as arguments, datagrams are taken out, so that a test
decides what it hears and says. Run as a program it is a member on a real socket:

    base_peer.py --bind 127.0.0.1:7947 --id other --seed 127.0.0.1:7946
"""
import argparse
import dataclasses
import random
import select
import signal
import socket
import sys
import time

from base_wire import (ACK, ALIVE, AUTHENTICATED, DEAD, INCARNATION_MAX, NACK, PING, PING_REQ, STATUS_NAMES,
                       SUSPECT, Invalid, Update, ack, decode, nack, ping, ping_req)

GOSSIP_UPDATES = 12     # at most so many updates ride on one datagram
GOSSIP_TIMES = 8        # each is told so often


@dataclasses.dataclass
class Member:
    id: str
    address: str
    status: int
    incarnation: int
    stand_in: bool = False      # known by its address alone, until gossip tells its id
    suspect_until: float = 0


@dataclasses.dataclass
class Probe:
    target: tuple
    sent: float
    indirect: bool = False
    answered: bool = False


@dataclasses.dataclass
class Relay:
    asker: str
    asker_seq: int
    target: tuple
    until: float


class BasePeer:
    """`identity` is what it calls itself, `address` is host:port; `period` in seconds."""

    def __init__(self, identity, address, now, seed=0, period=1.0, timeout=0.4, suspicion=4.0):
        self.id, self.address, self.incarnation = identity, address, 0
        self.random = random.Random(seed)
        self.period, self.timeout, self.suspicion = period, timeout, suspicion
        self.members = {}                   # by id, without ourselves
        self.rumours = {}                   # id -> (update, how often told)
        self.out = []                       # (address, datagram)
        self.heard = []                     # (now, address, Message), for tests
        self.invalid = 0
        self.seq = self.random.getrandbits(32)
        self.probes, self.relays = {}, {}
        self.next_probe = now + period
        self.round = []
        # What a test may switch off, for a peer that is broken in one way.
        self.silent = False                 # hears all, says nothing
        self.answers_pings = True
        self.relays_pings = True
        self.refutes = True
        self.probing = True
        self.left = False

    # ------------------------------------------------------------------------------ what it says
    def send(self, address, datagram):
        if not self.silent:
            self.out.append((address, datagram))

    def next_seq(self):
        self.seq += 1
        return self.seq

    def tell(self, update):
        self.rumours[update.id] = (update, 0)

    def own_update(self, status=ALIVE):
        return Update(self.id, self.address, status, self.incarnation)

    def gossip(self):
        freshest = sorted(self.rumours.items(), key=lambda item: item[1][1])[:GOSSIP_UPDATES]
        for key, (update, told) in freshest:
            if told + 1 >= GOSSIP_TIMES:
                del self.rumours[key]
            else:
                self.rumours[key] = (update, told + 1)
        return [update for _, (update, _) in freshest]

    def join(self, seed):
        """Introduce ourselves: a ping that says who we are."""
        self.tell(self.own_update())
        self.ping(("", seed))

    def ping(self, target, updates=None):
        seq = self.next_seq()
        self.send(target[1], ping(seq, self.gossip() if updates is None else updates))
        return seq

    def leave(self):
        """A dead update about the sender that the sender itself sends."""
        self.left = True
        self.rumours.clear()
        for member in self.members.values():
            if member.status != DEAD:
                self.ping((member.id, member.address), [self.own_update(DEAD)])

    # ------------------------------------------------------------------------------ what it hears
    def at(self, address):
        for member in self.members.values():
            if member.address == address:
                return member
        return None

    def apply(self, update, now):
        if update.id == self.id:
            if update.status != ALIVE and update.incarnation >= self.incarnation and self.refutes and not self.left:
                self.incarnation = min(update.incarnation + 1, INCARNATION_MAX)
                self.tell(self.own_update())
            return
        member = self.members.get(update.id)
        if member is None:
            known = self.at(update.address)
            if known is not None and known.stand_in:
                del self.members[known.id]
                self.rumours.pop(known.id, None)
            elif update.status == DEAD:
                return
            member = Member(update.id, update.address, update.status, update.incarnation)
            self.members[update.id] = member
        elif (update.incarnation, update.status) <= (member.incarnation, member.status):
            return
        member.stand_in = False
        member.status, member.incarnation = update.status, update.incarnation
        member.address = update.address
        if update.status == SUSPECT:
            member.suspect_until = now + self.suspicion
        self.tell(update)

    def suspect(self, member, now):
        if member.status == ALIVE:
            self.apply(Update(member.id, member.address, SUSPECT, member.incarnation), now)

    def datagram(self, now, source, data):
        """One datagram from `source`, which is host:port."""
        try:
            message = decode(data)
        except Invalid:
            self.invalid += 1
            return
        if message.type == AUTHENTICATED:
            self.invalid += 1               # we have no key to check it with
            return
        self.heard.append((now, source, message))
        if message.type == PING and self.at(source) is None and not any(
                update.address == source for update in message.updates):
            self.members[source] = Member(source, source, ALIVE, 0, stand_in=True)
        for update in message.updates:
            self.apply(update, now)
        if message.type == PING:
            if self.answers_pings:
                self.send(source, ack(message.seq, (self.id, self.address), self.gossip()))
        elif message.type == PING_REQ:
            if self.relays_pings:
                seq = self.ping(message.member)
                self.relays[seq] = Relay(source, message.seq, message.member, now + 0.8 * self.timeout)
        elif message.type == ACK:
            known = self.at(source)
            if known and known.stand_in and message.member[1] == source:    # the answerer says who it is
                self.apply(Update(message.member[0], source, ALIVE, 0), now)
            relay = self.relays.pop(message.seq, None)
            if relay:
                self.send(relay.asker, ack(relay.asker_seq, message.member, self.gossip()))
            probe = self.probes.get(message.seq)
            if probe:
                probe.answered = True

    # -------------------------------------------------------------------------- what it does by itself
    def deadline(self):
        times = [self.next_probe] if self.probing and not self.left else []
        times += [relay.until for relay in self.relays.values()]
        times += [probe.sent + self.timeout for probe in self.probes.values()
                  if not probe.indirect and not probe.answered]
        times += [m.suspect_until for m in self.members.values() if m.status == SUSPECT]
        return min(times, default=float("inf"))

    def tick(self, now):
        for seq, relay in list(self.relays.items()):
            if now >= relay.until:
                del self.relays[seq]
                self.send(relay.asker, nack(relay.asker_seq, relay.target))
        for seq, probe in list(self.probes.items()):
            if not probe.answered and not probe.indirect and now >= probe.sent + self.timeout:
                probe.indirect = True
                others = [m for m in self.members.values() if m.status == ALIVE and m.id != probe.target[0]]
                for helper in self.random.sample(others, min(3, len(others))):
                    self.send(helper.address, ping_req(seq, probe.target, self.gossip()))
        for member in list(self.members.values()):
            if member.status == SUSPECT and now >= member.suspect_until:
                self.apply(Update(member.id, member.address, DEAD, member.incarnation), now)
        if self.probing and not self.left and now >= self.next_probe:
            self.next_probe = now + self.period
            self.probe(now)

    def probe(self, now):
        for seq, probe in list(self.probes.items()):
            del self.probes[seq]
            member = self.members.get(probe.target[0])
            if member and not probe.answered:
                self.suspect(member, now)
        self.round = [name for name in self.round if name in self.members]
        if not self.round:
            self.round = list(self.members)
            self.random.shuffle(self.round)
        while self.round:
            member = self.members[self.round.pop()]
            if member.status == DEAD:
                continue
            updates = self.gossip()
            if member.status == SUSPECT:    # it must hear of it to refute it
                updates.append(Update(member.id, member.address, SUSPECT, member.incarnation))
            self.probes[self.ping((member.id, member.address), updates)] = Probe((member.id, member.address), now)
            return


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
    parser.add_argument("--id", help="default: its address, as of a peer that never told it")
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
        leaving = bool(stop)    # the signal may come before the next line, or amid all others
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
        seen = {m.id: STATUS_NAMES[m.status] for m in peer.members.values()}
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
