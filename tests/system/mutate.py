"""Sends mutated datagrams to a running daemon and checks what the daemon answers and counts.

usage: mutate.py [COUNT [SEED]]

The decoder of tests/base_peer says whether a datagram is valid. Invalid datagrams are sent from sockets that never send
a valid one, so that a datagram which comes to such a socket is an answer to an invalid datagram. Valid datagrams are sent
from other sockets. After each STEP datagrams the attack waits for an ack, so that no datagram is lost in a full buffer and
the daemon counts every invalid one.

A daemon reads 200 datagrams a second of one stranger and 8,000 of all strangers (src/net/admit.h), and drops the others
unread. So many sockets of each kind take turns, and at most RATE datagrams a second are sent.

The program starts a daemon in a namespace; SWIMD_BUILD may name a build under ASan and UBSan. Exit status 0 if no fault
was found.
"""
import glob
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Cluster, Wire, base_wire, paths, unwind_on_sigterm  # noqa: E402

STEP = 100                  # datagrams between two pings that must be answered
RATE = 4000                 # most datagrams a second
SOURCES = 64                # sockets for valid datagrams, and as many for invalid ones
MEMBERS_MAX = 200           # small, so that the table of members is full early in the attack
INTERESTING = [0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x10, 0x11, 0x12, 0x05]


def corpus():
    """The datagrams to mutate: the published vectors, and the fuzz corpus with swimd's own messages."""
    found = []
    for path in sorted(glob.glob(os.path.join(paths.TOP, "tests", "**", "wire.json"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            vectors = json.load(file)
        found += [bytes.fromhex(v["hex"]) for kind in vectors.values() for v in kind]
        break
    for path in sorted(glob.glob(os.path.join(paths.TOP, "tests", "fuzz", "corpus", "wire*", "*"))):
        with open(path, "rb") as file:
            found.append(file.read()[:1500])
    assert found, "no vectors in tests/"
    return found


class Mutator:
    def __init__(self, seed, seeds):
        self.random, self.seeds = random.Random(seed), seeds

    def datagram(self):
        rng = self.random
        data = bytearray(rng.choice(self.seeds))
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            kind = rng.randrange(8)
            at = rng.randrange(len(data) + 1)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1 and at < len(data):
                data[at] = rng.choice(INTERESTING)
            elif kind == 2:
                del data[at:]
            elif kind == 3:
                del data[at:at + rng.randrange(1, 9)]
            elif kind == 4:
                data[at:at] = bytes(rng.getrandbits(8) for _ in range(rng.randrange(1, 9)))
            elif kind == 5:
                other = rng.choice(self.seeds)
                data[at:] = other[rng.randrange(len(other) + 1):]
            elif kind == 6 and at + 2 <= len(data):
                data[at:at + 2] = rng.choice((b"\0\0", b"\xff\xff", b"\0\xff", b"\xff\0", len(data).to_bytes(2, "big")))
            elif kind == 7:
                piece = data[at:at + rng.randrange(1, 40)]
                data[at:at] = piece * rng.choice((1, 2, 30))
        if data and rng.random() < 0.7:
            data[0] = rng.choice((1, 2, 3, 4, 5, 0x10, 0x11, 0x12))
        return bytes(data[:9000])


class Attack:
    def __init__(self, cluster, daemon, seed):
        self.cluster, self.daemon = cluster, daemon
        self.good = [Wire(cluster, f"127.0.9.{n + 1}:7946") for n in range(SOURCES)]
        self.bad = [Wire(cluster, f"127.0.10.{n + 1}:7946") for n in range(SOURCES)]
        self.mutator = Mutator(seed, corpus())
        self.valid, self.invalid, self.unjudged = 0, 0, 0
        self.asked = set()                  # sequence numbers of valid datagrams

    def send(self, wires, data):
        """Send from the socket whose turn it is. Returns that socket."""
        wires.append(wires.pop(0))
        wires[-1].send(self.daemon.address, data)
        return wires[-1]

    def step(self, count):
        """Send `count` mutated datagrams and wait until the daemon has read them all."""
        end = time.monotonic() + count / RATE
        for _ in range(count):
            data = self.mutator.datagram()
            try:
                message = base_wire.decode(data)
            except base_wire.UnknownType as error:
                # Types from 0x10 up may be swimd's own, also in an envelope; the base decoder cannot judge those.
                self.send(self.good if error.number >= 0x10 else self.bad, data)
                self.unjudged += error.number >= 0x10
                self.invalid += error.number < 0x10
                continue
            except base_wire.Invalid:
                self.send(self.bad, data)
                self.invalid += 1
                continue
            self.send(self.good, data)
            self.valid += 1
            self.asked.add(message.seq)
        seq = self.mutator.random.getrandbits(64)
        self.asked.add(seq)
        wire = self.send(self.good, base_wire.ping(seq))
        self.valid += 1
        wire.answer(base_wire.ACK, seq)
        self.check()
        self.cluster.pump.pass_time(end - time.monotonic())

    def check(self):
        for wire in self.bad:
            assert not wire.came, f"an invalid datagram was answered: {wire.came[0][2].hex()}"
        for wire in self.good:
            for source, message in wire.messages():
                if message.type in (base_wire.ACK, base_wire.NACK):
                    assert message.seq in self.asked, f"an answer to no valid datagram: {message} from {source}"
            wire.came.clear()
            wire.answers.clear()

    def run(self, count, warm_up=0.2):
        """Send `count` datagrams in steps. Returns a dict of figures and asserts what must hold of them."""
        before = self.daemon.call("metrics")
        begin, cpu = time.monotonic(), self.daemon.cpu_seconds()
        sent, resident = 0, None
        while sent < count:
            self.step(min(STEP, count - sent))
            sent += STEP
            if resident is None and sent >= count * warm_up:
                resident = self.daemon.resident_kib()
        after = self.daemon.call("metrics")
        figures = {
            "datagrams": count, "valid": self.valid, "invalid": self.invalid, "extensions": self.unjudged,
            "seconds": round(time.monotonic() - begin, 1),
            "daemon_cpu_seconds": round(self.daemon.cpu_seconds() - cpu, 2),
            "resident_kib_warm": resident, "resident_kib_end": self.daemon.resident_kib(),
            "events": after["control"]["events"], "errors": after["transport_errors"],
            "unread": sum(after["datagrams_unread"].values()),
            "rejects": {k: v - before["messages_rejected"][k] for k, v in after["messages_rejected"].items()},
        }
        assert not figures["unread"], figures
        # The daemon may reject more than the invalid datagrams: those that only swimd's extensions forbid.
        refused = sum(figures["rejects"].values())
        assert refused >= self.invalid, figures
        assert len([v for v in figures["rejects"].values() if v]) >= 6, figures
        return figures


def attack(cluster, count, seed):
    daemon = cluster.daemon(config=f"max_members = {MEMBERS_MAX}\n")
    daemon.start()
    figures = Attack(cluster, daemon, seed).run(count)
    assert daemon.running and daemon.call("info")["name"] == daemon.name
    assert len(daemon.members()) <= MEMBERS_MAX
    return figures


def main():
    unwind_on_sigterm()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    print(f"{paths.SWIMD}{' (sanitized)' if paths.sanitized() else ''}, {count} datagrams, seed {seed}", flush=True)
    with Cluster() as cluster:
        figures = attack(cluster, count, seed)
    print(json.dumps(figures, indent=1))
    grown = figures["resident_kib_end"] - figures["resident_kib_warm"]
    print(f"resident set grew by {grown} KiB after the warm-up")
    # The daemon keeps its latest events, and AddressSanitizer keeps freed memory for a while.
    limit = 4096 if paths.sanitized() else 1024
    if grown > limit:
        sys.exit(f"the resident set grew by more than {limit} KiB")


if __name__ == "__main__":
    main()
