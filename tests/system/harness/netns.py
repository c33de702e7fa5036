"""A network namespace of one test's own: loopback up, 127.0.0.0/8 and [::1] on it, nothing else.

It has no name and is held by a file descriptor, so it ends with the last process in it and leaves nothing
behind, however a test run ends. The caller's thread steps inside to open sockets and start programs.
"""
import contextlib
import ctypes
import os
import subprocess
import time

from .pump import PATIENCE, TimedOut

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def usable():
    """None, or why tests cannot have namespaces here."""
    if os.geteuid() != 0:
        return "network namespaces need root; run as root, or under: unshare -rnm"
    return None


def checked(result, call):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def thread_namespace():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Namespace:
    def __init__(self):
        outside = thread_namespace()
        try:
            checked(libc.unshare(CLONE_NEWNET), "unshare")
            self.fd = thread_namespace()
            checked(libc.setns(outside, CLONE_NEWNET), "setns")
        finally:
            os.close(outside)
        self.inode = os.fstat(self.fd).st_ino
        self.run("ip", "link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self):
        """Sockets opened and programs started in this block belong to the namespace."""
        outside = thread_namespace()
        try:
            checked(libc.setns(self.fd, CLONE_NEWNET), "setns")
            try:
                yield
            finally:
                checked(libc.setns(outside, CLONE_NEWNET), "setns")
        finally:
            os.close(outside)

    def run(self, *command, stdin=""):
        with self.inside():
            done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def add_address(self, address, device):
        """address/length; it is there for good when this returns."""
        host = address.partition("/")[0]
        if ":" not in host:
            self.run("ip", "addr", "add", address, "dev", device)
            return
        # Without the seconds of looking for another that has it. The sysctl for that cannot be written in a container.
        self.run("ip", "addr", "add", address, "dev", device, "nodad")
        # Its route comes a little later, once the kernel has a lock that all namespaces share; what is sent there
        # before that is lost without a word.
        end = time.monotonic() + PATIENCE
        while not self.run("ip", "-6", "route", "show", "table", "local", host):
            if time.monotonic() >= end:
                raise TimedOut(f"no local route to {host} {PATIENCE:g} s after it was added")
            time.sleep(0.005)

    def cut(self, left, right):
        """Nothing passes any more between these two sets of addresses (IPv4, or IPv6)."""
        family = "ip6" if ":" in left[0] else "ip"
        one, other = ("{ " + ", ".join(side) + " }" for side in (left, right))
        self.run("nft", "-f", "-", stdin=f"""
            table inet cut {{
                chain input {{
                    type filter hook input priority 0;
                    {family} saddr {one} {family} daddr {other} drop
                    {family} saddr {other} {family} daddr {one} drop
                }}
            }}""")

    def rules(self, text):
        self.run("nft", "-f", "-", stdin=text)

    def heal(self):
        self.run("nft", "flush", "ruleset")

    def processes(self):
        """Who lives in the namespace: {pid: command line}. Empty once all has been cleaned up."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}/ns/net").st_ino == self.inode:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        found[int(pid)] = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                pass    # it has ended meanwhile
        return found

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
