"""Encodes and decodes the base wire format.

This codec was written from the published description (swimd-wire(7)) alone, not from the daemon's codec, so that the two
check each other. `decode` refuses all that a base peer may refuse: it returns a whole Message or raises Invalid.
"""
import dataclasses
import struct

PING, PING_REQ, ACK, NACK, AUTHENTICATED = 1, 2, 3, 4, 5
TYPE_NAMES = {PING: "ping", PING_REQ: "ping-req", ACK: "ack", NACK: "nack", AUTHENTICATED: "authenticated"}
ALIVE, SUSPECT, DEAD = 0, 1, 2
STATUS_NAMES = ("alive", "suspect", "dead")
INCARNATION_MAX = 2**64 - 1
DATAGRAM_MAX = 65507


class Invalid(ValueError):
    """A datagram that the format does not allow; the text says why."""


class UnknownType(Invalid):
    """A message type that the base format does not have; types from 0x10 up are extensions."""

    def __init__(self, number):
        super().__init__(f"no message type {number}")
        self.number = number


@dataclasses.dataclass(frozen=True)
class Update:
    id: str
    address: str
    status: int
    incarnation: int


@dataclasses.dataclass
class Message:
    type: int
    seq: int
    member: tuple = None         # (id, address): target of a ping-req or nack, subject of an ack, sender of an authenticated
    updates: list = dataclasses.field(default_factory=list)
    token: bytes = b""
    inner: "Message" = None
    trailer: bytes = b""         # bytes after the message, which a base peer ignores

    def __str__(self):
        text = f"{TYPE_NAMES[self.type]} seq={self.seq}"
        if self.member:
            text += f" member={self.member[0]}@{self.member[1]}"
        for update in self.updates:
            text += f" {update.id}@{update.address}:{STATUS_NAMES[update.status]}/{update.incarnation}"
        return text


class Reader:
    def __init__(self, data):
        self.data, self.offset = data, 0

    def take(self, count):
        end = self.offset + count
        if end > len(self.data):
            raise Invalid(f"the datagram ends at byte {len(self.data)}, within {count} bytes that begin at {self.offset}")
        piece = self.data[self.offset:end]
        self.offset = end
        return piece

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def string(self):
        raw = bytes(self.take(self.number(2)))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Invalid(f"a string is not UTF-8: {error}") from error

    def member(self):
        return self.string(), self.string()

    def gossip(self):
        updates = []
        for _ in range(self.number(2)):
            name, address = self.member()
            status = self.number(1)
            if status > DEAD:
                raise Invalid(f"an update has status {status}")
            updates.append(Update(name, address, status, self.number(8)))
        return updates

    def rest(self):
        return bytes(self.data[self.offset:])


def decode(data, inside=False):
    if len(data) > DATAGRAM_MAX:
        raise Invalid(f"the datagram has {len(data)} bytes, more than {DATAGRAM_MAX}")
    reader = Reader(data)
    message = Message(reader.number(1), reader.number(8))
    if message.type == PING:
        message.updates = reader.gossip()
    elif message.type in (PING_REQ, ACK):
        message.member = reader.member()
        message.updates = reader.gossip()
    elif message.type == NACK:
        message.member = reader.member()
    elif message.type == AUTHENTICATED and not inside:
        message.token = bytes(reader.take(reader.number(2)))
        message.member = reader.member()
        message.inner = decode(reader.rest(), inside=True)
        reader.offset = len(data)
    elif message.type == AUTHENTICATED:
        raise Invalid("an authenticated envelope inside an authenticated envelope")
    else:
        raise UnknownType(message.type)
    message.trailer = reader.rest()
    return message


def is_valid(data):
    try:
        decode(data)
    except Invalid:
        return False
    return True


def read_trailer(raw):
    """The entries of a trailer: [(tag, value)]."""
    reader, entries = Reader(raw), []
    while reader.offset < len(raw):
        tag = reader.number(1)
        entries.append((tag, bytes(reader.take(reader.number(2)))))
    return entries


def string(text):
    raw = text.encode("utf-8", "surrogateescape")
    return struct.pack("!H", len(raw)) + raw


def member_id(member):
    return string(member[0]) + string(member[1])


def gossip(updates):
    pieces = [struct.pack("!H", len(updates))]
    for update in updates:
        pieces.append(member_id((update.id, update.address)))
        pieces.append(struct.pack("!BQ", update.status, update.incarnation))
    return b"".join(pieces)


def header(kind, seq):
    return struct.pack("!BQ", kind, seq)


def ping(seq, updates=()):
    return header(PING, seq) + gossip(updates)


def ping_req(seq, target, updates=()):
    return header(PING_REQ, seq) + member_id(target) + gossip(updates)


def ack(seq, alive, updates=()):
    return header(ACK, seq) + member_id(alive) + gossip(updates)


def nack(seq, target):
    return header(NACK, seq) + member_id(target)


def authenticated(seq, token, sender, inner):
    return header(AUTHENTICATED, seq) + struct.pack("!H", len(token)) + token + member_id(sender) + inner


def encode(message):
    """The inverse of decode, the trailer included."""
    if message.type == PING:
        raw = ping(message.seq, message.updates)
    elif message.type == PING_REQ:
        raw = ping_req(message.seq, message.member, message.updates)
    elif message.type == ACK:
        raw = ack(message.seq, message.member, message.updates)
    elif message.type == NACK:
        raw = nack(message.seq, message.member)
    elif message.type == AUTHENTICATED:
        raw = authenticated(message.seq, message.token, message.member, encode(message.inner))
    else:
        raise ValueError(f"no message type {message.type}")
    return raw + message.trailer
