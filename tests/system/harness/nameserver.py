"""A nameserver on UDP and TCP in the namespace of a test, and name service files for the programs of the test."""
import os
import socket
import struct
import subprocess
import threading

from .daemon import clean_environment

A, AAAA, SRV = 1, 28, 33
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
SILENT = "silent"
SILENT_TO_EDNS = "silent to EDNS"     # like a firewall that drops EDNS


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def rdata(kind, value):
    if kind == SRV:
        priority, weight, port, target = value
        return struct.pack("!HHH", priority, weight, port) + labels(target)
    return socket.inet_pton(socket.AF_INET6 if kind == AAAA else socket.AF_INET, value)


class Nameserver:
    """names: {(name, kind): [values]}; other names do not exist. fate: a response code for all, SILENT or SILENT_TO_EDNS."""

    def __init__(self, cluster, address, names=None, fate=None, ttl=60):
        self.address, self.names, self.fate, self.ttl = address, names or {}, fate, ttl
        self.asked = []                 # (name, kind, "udp" or "tcp")
        self.closed = False
        with cluster.namespace.inside():
            family, _, _, _, where = socket.getaddrinfo(address, 53, type=socket.SOCK_DGRAM)[0]
            self.udp = socket.socket(family, socket.SOCK_DGRAM)
            self.tcp = socket.socket(family)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for sock in (self.udp, self.tcp):
            sock.bind(where)
        self.tcp.listen(20)
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        cluster.closers.append(self.close)

    def serve_udp(self):
        while not self.closed:
            try:
                data, source = self.udp.recvfrom(4096)
                answer = data and self.answer(data, 512, "udp")
                if answer:
                    self.udp.sendto(answer, source)
            except OSError:
                continue

    def serve_tcp(self):
        while not self.closed:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                head = stream.read(2)
                if len(head) < 2:
                    return
                answer = self.answer(stream.read(struct.unpack("!H", head)[0]), 65535, "tcp")
                if answer:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def answer(self, data, limit, way):
        at, parts = 12, []
        while data[at]:
            parts.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind, = struct.unpack("!H", data[at + 1:at + 3])
        question, name = data[12:at + 5], ".".join(parts).lower()
        self.asked.append((name, kind, way))
        edns = data[10:12] != b"\0\0"
        if self.fate == SILENT or (self.fate == SILENT_TO_EDNS and edns):
            return None
        code, records, cut = self.fate if isinstance(self.fate, int) else 0, b"", 0
        known = any(name == other for other, _ in self.names)
        if not code and not known:
            code = NXDOMAIN
        values = [] if code else self.names.get((name, kind), [])
        count = 0
        for value in values:
            body = rdata(kind, value)
            record = struct.pack("!HHHIH", 0xc00c, kind, 1, self.ttl, len(body)) + body
            if 12 + len(question) + len(records) + len(record) > limit:
                cut = 0x0200
                break
            records += record
            count += 1
        return data[:2] + struct.pack("!HHHHH", 0x8180 | cut | code, 1, count, 0, 0) + question + records

    def close(self):
        self.closed = True
        for sock in (self.udp, self.tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


class Resolving:
    """Name service files of a test's own, for a daemon (`wrapper` goes before its command line) and for getent."""

    def __init__(self, cluster, resolv_conf, hosts="127.0.0.1 localhost\n", nsswitch="hosts: files dns\n"):
        self.cluster = cluster
        self.files = {"resolv.conf": resolv_conf, "hosts": hosts, "nsswitch.conf": nsswitch,
                      "host.conf": "multi on\n"}
        self.directory = os.path.join(cluster.directory, f"names{id(self)}")
        os.mkdir(self.directory)
        for name, text in self.files.items():
            self.write(name, text)
        # The whole of /etc is replaced, because some machines have no /etc/hosts over which a file could be mounted.
        self.wrapper = ["unshare", "-m", "sh", "-c",
                        f'mount --make-rprivate / && mount --bind {self.directory} /etc && exec "$@"', "sh"]

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def getent(self, name):
        """The addresses that glibc finds."""
        with self.cluster.namespace.inside():
            done = subprocess.run([*self.wrapper, "getent", "ahosts", name], capture_output=True, text=True,
                                  env=clean_environment(), timeout=120)
        return {line.split()[0] for line in done.stdout.splitlines()}


def unusable():
    """The reason why programs cannot have files of their own here, or None."""
    tried = subprocess.run(["unshare", "-m", "mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else None
