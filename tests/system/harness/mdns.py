"""A hostile mDNS responder: announcements by hand (RFC 6762), of services that nobody publishes."""
import socket
import struct

GROUP, PORT = "224.0.0.251", 5353
PTR, CLASS_IN = 12, 1
A_PACKET = 20


def name(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class Announcer:
    """On one machine's eth0."""

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
        """There are such (or, with ttl 0, there are no more); where they are is never answered."""
        kind = name(b"_swim", b"_udp", b"local")
        records = []
        for instance in instances:
            target = name(instance, b"_swim", b"_udp", b"local")
            records.append(kind + struct.pack(">HHIH", PTR, CLASS_IN, ttl, len(target)) + target)
        for begin in range(0, len(records), A_PACKET):
            part = records[begin:begin + A_PACKET]
            self.raw(struct.pack(">HHHHHH", 0, 0x8400, 0, len(part), 0, 0) + b"".join(part))

    def raw(self, packet):
        self.sock.sendto(packet, (GROUP, PORT))
