"""Writes the seed corpora of fuzz_wire_decode, from the test vectors, and of fuzz_core_input, from SCRIPTS below.

usage: make_corpus.py. After a change of a vector or a script, run the program in any directory, and commit the files that
it writes in tests/fuzz/corpus.
"""
import json
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"


def vectors():
    for name in ("wire.json", "base-live.json", "extensions.json"):
        root = json.loads((VECTORS / name).read_text())
        for kind in ("valid", "valid_with_trailing_bytes", "invalid"):
            for row in root.get(kind, []):
                slug = re.sub(r"[^a-z0-9]+", "-", row["name"].lower()).strip("-")
                yield kind, slug, bytes.fromhex(row["hex"])


def text(value):
    value = value.encode()
    return struct.pack(">H", len(value)) + value


def update(name, address, status, incarnation):
    return text(name) + text(address) + struct.pack(">BQ", status, incarnation)


def entry(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


def gossip(*updates):
    return struct.pack(">H", len(updates)) + b"".join(updates)


def ping(*updates):
    return struct.pack(">BQ", 1, 7) + gossip(*updates)


def ping_req(name, address, *updates):
    return struct.pack(">BQ", 2, 8) + text(name) + text(address) + gossip(*updates)


def ack(name, address, *updates):
    return struct.pack(">BQ", 3, 0) + text(name) + text(address) + gossip(*updates)


def nack(name, address):
    return struct.pack(">BQ", 4, 0) + text(name) + text(address)


def sync(bucket, after, *updates):
    return (struct.pack(">BQHQH", 0x11, 0, bucket, after, len(updates)) + b"".join(updates))


def sync_req(*digests):
    return (struct.pack(">BQHQH", 0x10, 9, 0, 0, len(digests))
            + b"".join(struct.pack(">I", d) for d in digests) + gossip())


# Steps of a script; fuzz_core_input.c describes the format. `step` is the time that passes before the action: 0: none,
# 1: 1 ms, 2: 20 ms, 3: 200 ms, 4: 1 s, 5: 5 s, 6: 30 s, 7: 130 s.
def datagram(source, step, data, answer=False):
    return bytes([(64 if answer else 0) | step << 3 | source, len(data)]) + data


def join(source, step=0):
    return bytes([128 | step << 3 | source])


def command(which, source=0, step=0):
    return bytes([192 | step << 3 | source, which])


SELF = ("self", "10.0.0.1:7946")
B = ("b", "10.0.0.2:7946")
C = ("c", "10.0.0.3:7946")
OURS = entry(2, b"b") + entry(4, struct.pack(">Q", 1))

SCRIPTS = {
    "stranger-pings-and-falls-silent": [
        datagram(1, 0, ping()), datagram(1, 1, ack(*B), True), datagram(1, 5, ping()),
        command(1 + 5, 0, 6)],
    "joins-and-pulls-the-view": [
        join(1), datagram(1, 1, ack(*B) + OURS, True),
        datagram(1, 1, sync(17, 1 << 60, update(*C, 0, 3) + struct.pack(">BI", 0, 0)), True),
        datagram(1, 1, sync(256, 0, update("d", "h:1", 2, 3) + struct.pack(">BI", 1, 60)), True),
        command(4, 3)],
    "refutes-and-is-refuted": [
        datagram(1, 0, ping(update(*B, 0, 1), update(*C, 0, 1), update(*SELF, 1, 0)) + OURS),
        datagram(1, 1, ping(update(*C, 1, 1), update(*SELF, 2, 5)) + OURS),
        datagram(2, 2, ping(update(*C, 0, 2)) + entry(2, b"c")),
        datagram(1, 1, ping(update(*C, 2, 2)) + OURS),
        datagram(2, 5, ping(update(*C, 0, 2)) + entry(2, b"c"))],
    "leaves-and-comes-back": [
        datagram(1, 0, ping(update(*B, 0, 1)) + OURS),
        datagram(1, 2, ping(update(*B, 2, 1)) + entry(3, b"\0\0\1") + OURS),
        datagram(1, 2, ping(update(*B, 0, 2)) + OURS),
        command(1 + 5), command(0, 0, 2)],
    "relays": [
        datagram(1, 0, ping(update(*B, 0, 1), update(*C, 0, 1)) + OURS),
        datagram(1, 1, ping_req(*C) + entry(5, struct.pack(">I", 300)) + OURS),
        datagram(2, 1, ack(*C), True),
        datagram(1, 1, ping_req("x", "[2001:db8::5]:7946")),
        datagram(1, 3, ping_req(*SELF)), datagram(1, 4, nack(*C), True)],
    "answers-a-sync": [
        datagram(1, 0, ping(update(*B, 0, 1), update(*C, 0, 1)) + OURS),
        datagram(1, 1, sync_req(*range(40)) + entry(0, bytes(40)))],
    "moves-and-forgets": [
        datagram(1, 0, ping(update(*B, 0, 1), update("e", "10.0.0.4:7946", 2, 9)) + OURS),
        datagram(1, 1, ping(update(*B, 0, 2), update("b", "10.0.0.4:7947", 0, 3)) + OURS),
        datagram(1, 1, ping(update("e", "10.0.0.4:7946", 2, 9)) + entry(3, b"\0\0\2") + OURS),
        command(2, 5, 1), command(3 + 5, 0, 4)],
}


def main():
    kept = HERE / "corpus" / "wire_decode"
    kept.mkdir(parents=True, exist_ok=True)
    for kind, slug, data in vectors():
        (kept / f"{kind}-{slug}").write_bytes(data)
    kept = HERE / "corpus" / "core_input"
    kept.mkdir(parents=True, exist_ok=True)
    for name, steps in SCRIPTS.items():
        (kept / name).write_bytes(b"".join(steps))


if __name__ == "__main__":
    main()
