"""Hosts connected by simulated paths: delay, jitter, loss, duplicates, reordering, a rate, a queue, an MTU.

The kernel of a test machine may lack netem. So each host is a network namespace with one TUN device, and a thread of
the test carries the packets from device to device, as the path between the two hosts says. The thread carries only IPv4
and no multicast, about 20,000 packets a second.
"""
import fcntl
import heapq
import os
import random
import selectors
import struct
import threading
import time

from .netns import Namespace

TUN_DEVICE = "/dev/net/tun"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PREFIX = bytes([10, 78, 0])
PORT = 7946
UDP = 17
PACKETS_A_TURN = 64         # most packets that are read from one device before the others are read


def unusable():
    """The reason why tests cannot have tunnels here, or None."""
    try:
        os.close(os.open(TUN_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"paths with a delay need TUN devices, and {TUN_DEVICE}: {error.strerror}"
    return None


class Path:
    """A path from one host to another; every attribute may be changed at any time.

    delay: ms.
    jitter: ms by which the delay of a packet is longer or shorter at most.
    loss, twice, swap: shares of the packets that are lost, carried twice, or delayed until later packets have passed.
    rate: bytes a second; 0 for no limit.
    queue: bytes that may wait for the rate; further packets are dropped.
    mtu: bytes; larger packets are dropped without an ICMP message; 0 for no limit.

    Several pairs of hosts may use one Path, which is then a link that they share.
    """

    def __init__(self, delay=0.0, jitter=0.0, loss=0.0, twice=0.0, swap=0.0, rate=0.0, queue=65536, mtu=0):
        self.delay, self.jitter = delay, jitter
        self.loss, self.twice, self.swap = loss, twice, swap
        self.rate, self.queue, self.mtu = rate, queue, mtu
        self.busy_until = 0.0   # instant at which the link has sent all that waits for its rate

    def arrivals(self, size, now, rng):
        """The instants (none, one or two) at which a packet of `size` bytes arrives."""
        if (self.mtu and size > self.mtu) or rng.random() < self.loss:
            return []
        start = now
        if self.rate:
            start = max(now, self.busy_until)
            if (start - now) * self.rate > self.queue:
                return []
            start += size / self.rate
            self.busy_until = start
        copies = 2 if rng.random() < self.twice else 1
        return [start + self.late(rng) for _ in range(copies)]

    def late(self, rng):
        """The delay of one packet in seconds."""
        ms = self.delay + rng.uniform(-self.jitter, self.jitter)
        if rng.random() < self.swap:
            ms += self.delay + self.jitter + 1
        return max(0.0, ms) / 1000


class TunnelHost:
    def __init__(self, number):
        self.number = number
        self.address = f"10.78.0.{number + 1}"
        self.namespace = Namespace()
        with self.namespace.inside():
            self.device = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH", b"path0", IFF_TUN | IFF_NO_PI))
        self.namespace.run("ip", "link", "set", "path0", "up")
        self.namespace.add_address(f"{self.address}/24", "path0")


class Tunnels:
    """`count` hosts; `path` gives the attributes of all paths at the start."""

    def __init__(self, cluster, count, seed=1, **path):
        self.cluster, self.rng, self.default = cluster, random.Random(seed), path
        self.hosts = [TunnelHost(number) for number in range(count)]
        self.paths = {(a, b): Path(**path) for a in range(count) for b in range(count) if a != b}
        self.packets = self.bytes = 0       # sent by all hosts, packets that were lost included
        self.sent = {}                      # (from, to, first byte of the UDP payload): [packets, bytes]
        self.waiting, self.order = [], 0    # heap of (arrival, order, host, packet)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()
        cluster.closers.append(self.end)

    # ------------------------------------------------------------------------------------ paths
    def path(self, a, b, **attributes):
        """Change these attributes of the path from host a to host b."""
        for name, value in attributes.items():
            if not hasattr(self.paths[a, b], name):
                raise TypeError(f"a path has no {name}")
            setattr(self.paths[a, b], name, value)

    def both(self, a, b, **attributes):
        self.path(a, b, **attributes)
        self.path(b, a, **attributes)

    def around(self, host, **attributes):
        """Change the paths from this host to all others, and back."""
        for other in range(len(self.hosts)):
            if other != host:
                self.both(host, other, **attributes)

    def share(self, pairs, path):
        """Let all these pairs of hosts use this path."""
        for pair in pairs:
            self.paths[pair] = path

    # ------------------------------------------------------------------------------------ daemons
    def daemon(self, number, name=None, seeds=(), **more):
        """Make a daemon on this host without starting it; seeds are numbers of hosts."""
        host = self.hosts[number]
        return self.cluster.daemon(name or f"n{number}", f"{host.address}:{PORT}", namespace=host.namespace,
                                   seeds=[f"{self.hosts[seed].address}:{PORT}" for seed in seeds], **more)

    # ------------------------------------------------------------------------------------ carrying
    def carry(self):
        with selectors.DefaultSelector() as selector:
            for host in self.hosts:
                selector.register(host.device, selectors.EVENT_READ, host)
            while not self.stopped.is_set():
                wait = 0.02
                if self.waiting:
                    wait = min(wait, max(0.0, self.waiting[0][0] - time.monotonic()))
                for key, _ in selector.select(wait):
                    self.take(key.data)
                self.deliver()

    def take(self, host):
        for _ in range(PACKETS_A_TURN):
            try:
                packet = os.read(host.device, 65536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4 or packet[16:19] != PREFIX or (host.number, packet[19] - 1) not in self.paths:
                continue
            self.send(host.number, packet[19] - 1, packet)

    def send(self, source, target, packet):
        header = (packet[0] & 15) * 4
        kind = packet[header + 8] if packet[9] == UDP and len(packet) > header + 8 else None
        count = self.sent.setdefault((source, target, kind), [0, 0])
        count[0] += 1
        count[1] += len(packet)
        self.packets += 1
        self.bytes += len(packet)
        for arrival in self.paths[source, target].arrivals(len(packet), time.monotonic(), self.rng):
            self.order += 1
            heapq.heappush(self.waiting, (arrival, self.order, target, packet))

    def deliver(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, target, packet = heapq.heappop(self.waiting)
            try:
                os.write(self.hosts[target].device, packet)
            except OSError:
                pass        # the device is down, or its queue is full: the packet is lost

    # ------------------------------------------------------------------------------------ ending
    def end(self):
        for daemon in self.cluster.daemons:
            daemon.end()
        self.stopped.set()
        self.thread.join()
        left = []
        for host in self.hosts:
            left += host.namespace.processes().values()
            os.close(host.device)
            host.namespace.close()
        assert not left, f"processes still running: {left}"
