"""A hostile mDNS responder: hand-made announcements (RFC 6762) of services that do not exist."""
import ipaddress
import socket
import struct

GROUP, PORT = "224.0.0.251", 5353
A, PTR, TXT, AAAA, SRV, CLASS_IN, UNIQUE = 1, 12, 16, 28, 33, 1, 0x8000
A_PACKET = 20


def name(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class Announcer:
    """A responder on eth0 of one host."""

    def __init__(self, host):
        with host.namespace.inside():
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(f"10.77.0.{host.number}"))
            self.sock.bind((f"10.77.0.{host.number}", PORT))
        host.lan.cluster.closers.append(self.sock.close)

    def services(self, instances, ttl=4500):
        """Announce that these instances exist (with ttl 0, that they are gone), without SRV, TXT or address records."""
        kind = name(b"_swim", b"_udp", b"local")
        records = []
        for instance in instances:
            target = name(instance, b"_swim", b"_udp", b"local")
            records.append(kind + struct.pack(">HHIH", PTR, CLASS_IN, ttl, len(target)) + target)
        for begin in range(0, len(records), A_PACKET):
            part = records[begin:begin + A_PACKET]
            self.raw(struct.pack(">HHHHHH", 0, 0x8400, 0, len(part), 0, 0) + b"".join(part))

    def service(self, instance, port, txt, address, ttl=120):
        """Announce all records of one service; `txt` is the TXT record's bytes, which may be invalid."""
        kind, where = (b"_swim", b"_udp", b"local"), name(b"host of " + instance, b"local")
        own = name(instance, *kind)
        packed = ipaddress.ip_address(address).packed
        records = [(name(*kind), PTR, CLASS_IN, own), (own, TXT, CLASS_IN | UNIQUE, txt),
                   (own, SRV, CLASS_IN | UNIQUE, struct.pack(">HHH", 0, 0, port) + where),
                   (where, A if len(packed) == 4 else AAAA, CLASS_IN | UNIQUE, packed)]
        self.raw(struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(
            owner + struct.pack(">HHIH", kind, group, ttl, len(data)) + data for owner, kind, group, data in records))

    def raw(self, packet):
        self.sock.sendto(packet, (GROUP, PORT))
