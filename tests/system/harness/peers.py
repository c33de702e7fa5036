"""UDP sockets of a test inside the namespace, and base peers on such sockets."""
import collections
import os
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "base_peer")))
import base_peer  # noqa: E402
import base_wire  # noqa: E402


# A daemon without seeds believes every sender for two sync intervals after its start (src/core/visitor.c). With this key that
# is two minutes, which is enough for a test on a slow machine.
TRUSTING = 'sync_interval = "1m"\n'


def split(address):
    return base_peer.split(address)


class Wire:
    """A UDP socket in the cluster's namespace that keeps all received datagrams: (instant, source, bytes)."""

    def __init__(self, cluster, address):
        self.cluster, self.pump, self.address = cluster, cluster.pump, address
        family = socket.AF_INET6 if "[" in address else socket.AF_INET
        with cluster.namespace.inside():
            self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(split(address))
        self.sock.setblocking(False)
        self.came = []
        self.answers = {}               # (type, seq) -> Message
        self.pump.add(self.sock, selectors.EVENT_READ, self.ready)
        cluster.closers.append(self.close)

    def ready(self, _):
        while True:
            try:
                data, source = self.sock.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            self.received(time.monotonic(), base_peer.join(source), data)

    def received(self, now, source, data):
        self.came.append((now, source, data))
        if base_wire.is_valid(data):
            message = base_wire.decode(data)
            self.answers[message.type, message.seq] = message

    def send(self, to, data):
        self.sock.sendto(data, split(to))

    def messages(self, kind=None, since=0):
        """The received datagrams that are valid (and of this type): [(source, Message)]."""
        found = []
        for _, source, data in self.came[since:]:
            if base_wire.is_valid(data):
                message = base_wire.decode(data)
                if kind is None or message.type == kind:
                    found.append((source, message))
        return found

    def answer(self, kind, seq, seconds=None):
        """Wait for the message of this type and sequence number, and return it."""
        return self.pump.wait(lambda: self.answers.get((kind, seq)), lambda: self.missing(kind, seq), seconds)

    def missing(self, kind, seq):
        """The text of a failure: which datagrams came, and what the daemons counted."""
        came = [f"{data[:9].hex()} from {source}" for _, source, data in self.came[-5:]]
        counted = [f"{d.name}: {d.call('metrics')}" for d in self.cluster.running]
        name = base_wire.TYPE_NAMES[kind]
        return f"{name} of seq {seq} to {self.address}; {len(self.came)} came, last {came}; {counted}"

    def close(self):
        if self.sock is not None:
            self.pump.remove(self.sock)
            self.sock.close()
            self.sock = None


class Teller(Wire):
    """A member that answers every ping, so that no daemon suspects it, and sends nothing else by itself."""

    def received(self, now, source, data):
        super().received(now, source, data)
        if base_wire.is_valid(data) and data[0] == base_wire.PING:
            self.send(source, base_wire.ack(base_wire.decode(data).seq, (self.address, self.address)))


class Crowd:
    """Members that take turns in sending updates to a TRUSTING daemon, which limits the updates from one source.

    An update that is news counts against the quota of its source: 4,000 at once and 1,000 a second, of which 500 at
    once may be about one member (src/core/quota.c). The quota of a crowd is that of one member times the size.
    """

    def __init__(self, cluster, daemon, size):
        self.tellers = [Teller(cluster, f"127.0.9.{n + 1}:7946") for n in range(size)]
        names = {teller.address for teller in self.tellers}
        told = 0

        def are_members():
            """Tell the daemon of the missing members once a second: the daemon pings only some of the new members at a time."""
            nonlocal told
            missing = sorted(names - set(daemon.members()))
            if missing and time.monotonic() >= told + 1:
                told = time.monotonic()
                self.next().send(daemon.address, base_wire.ping(1, [
                    base_wire.Update(name, name, base_wire.ALIVE, 0) for name in missing]))
            return not missing

        cluster.wait(are_members, "the crowd to be members")

    def next(self):
        """The member whose turn it is."""
        self.tellers.append(self.tellers.pop(0))
        return self.tellers[-1]


class Peer(Wire):
    """A base peer on a socket of its own, driven by the pump.

    Its default period and timeout are longer than those of a real base peer: on a busy machine a daemon may take longer
    than 0.1 s to answer. With records=False it keeps counts but no messages and events, for many peers or long tests.
    """

    def __init__(self, cluster, address, identity=None, seed=1, period=1.0, timeout=0.4, records=True):
        self.peer = base_peer.BasePeer(identity or address, address, time.monotonic(), seed, period, timeout)
        self.records = records
        if not records:
            self.peer.heard = self.peer.events = collections.deque(maxlen=0)
        super().__init__(cluster, address)
        self.pump.tickers.append(self)

    def __str__(self):
        return self.address

    def received(self, now, source, data):
        if self.records:
            super().received(now, source, data)
        self.peer.datagram(now, source, data)
        self.flush()

    def flush(self):
        for address, datagram in self.peer.out:
            try:
                self.send(address, datagram)
            except OSError:
                pass            # the destination is unreachable: to a base peer the datagram is lost
        self.peer.out.clear()

    def deadline(self):
        return self.peer.deadline()

    def tick(self, now):
        self.peer.tick(now)
        self.flush()

    def join(self, seed):
        self.peer.join(seed)
        self.flush()

    def leave(self):
        self.peer.leave()
        self.flush()

    def listed(self):
        """{(id, address): status} of the members that are not dead."""
        return {who: base_wire.STATUS_NAMES[m.status] for who, m in self.peer.members.items() if m.status != base_wire.DEAD}

    def heard(self, kind, address=None):
        """The messages of this type that the peer received (with the member at this address)."""
        return [m for _, _, m in self.peer.heard if m.type == kind and (address is None or m.member[1] == address)]

    def statuses_at(self, address):
        """The statuses of all pairs that have this address. A base peer lists the sender of a datagram as (address, address)."""
        return {base_wire.STATUS_NAMES[m.status] for who, m in self.peer.members.items() if who[1] == address}

    def pause(self):
        """Behave like a stopped process: datagrams wait in the socket."""
        self.pump.tickers.remove(self)
        self.pump.remove(self.sock)

    def resume(self):
        self.pump.tickers.append(self)
        self.pump.add(self.sock, selectors.EVENT_READ, self.ready)

    def close(self):
        if self in self.pump.tickers:
            self.pump.tickers.remove(self)
        super().close()
