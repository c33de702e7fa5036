"""The network of a test: a network namespace with the loopback interface (127.0.0.0/8 and [::1]) and nothing else.

A file descriptor holds the namespace, which has no name. So the namespace ends with the last process in it, however a test
run ends. The thread of the test enters the namespace to open sockets and to start programs.

Where the kernel refuses namespaces (in a container without CAP_SYS_ADMIN, or to a user in a chroot), one test at a time uses
the loopback interface of this machine (class Shared). A call that needs more than loopback then skips the test.
"""
import contextlib
import ctypes
import functools
import os
import socket
import subprocess
import time
import unittest

from .pump import PATIENCE, TimedOut

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)
REMEDY = ("run the tests as root with CAP_SYS_ADMIN and CAP_NET_ADMIN (a container: --privileged), "
          "or as a user for whom 'unshare -rnm true' works")
CHROOT_REMEDY = "if this is a chroot: mount --bind its root onto itself before entering it"


def tried(*command):
    """Run this command. Returns None if it succeeds, otherwise its error text."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return done.stderr.strip() or f"{command[0]} exits {done.returncode}" if done.returncode else None


@functools.lru_cache(maxsize=None)
def usable():
    """The reason why tests cannot have network namespaces here and what to do about that, or None."""
    fault = tried("unshare", "-n", "ip", "link", "set", "lo", "up")
    return fault and f"a network namespace is needed and refused here ({fault}): {REMEDY}"


@functools.lru_cache(maxsize=None)
def mounts_unusable():
    """The reason why tests cannot have mount namespaces here and what to do about that, or None."""
    fault = tried("unshare", "-m", "true")
    return fault and f"a mount namespace is needed and refused here ({fault}): {REMEDY}; {CHROOT_REMEDY}"


def become_root():
    """Make this process root of a user namespace, unless it is root or the kernel refuses. The process must have one thread."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 or tried("unshare", "-rnm", "ip", "link", "set", "lo", "up"):
        return
    # pytest names its directory in /tmp after the user; this user may not use the directory of root.
    os.environ["LOGNAME"] = f"uid{uid}"
    # CLONE_NEWNET, because this root could not return from another network namespace to that of the machine.
    checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET), "unshare")
    # The kernel refuses a gid_map from an unprivileged user before setgroups is denied.
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    checked(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount")


def checked(result, call):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def thread_namespace():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Namespace:
    def __init__(self):
        if usable():
            raise unittest.SkipTest(usable())
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
        """Add address/length to the device. The address can be used when this returns."""
        host = address.partition("/")[0]
        if ":" not in host:
            self.run("ip", "addr", "add", address, "dev", device)
            return
        # nodad, because duplicate address detection takes seconds; a container cannot write the sysctl for that.
        self.run("ip", "addr", "add", address, "dev", device, "nodad")
        # The kernel adds the local route a little later, under a lock that all namespaces share, and silently drops
        # what is sent to the address before.
        end = time.monotonic() + PATIENCE
        while not self.run("ip", "-6", "route", "show", "table", "local", host):
            if time.monotonic() >= end:
                raise TimedOut(f"no local route to {host} {PATIENCE:g} s after it was added")
            time.sleep(0.005)

    def cut(self, left, right):
        """Drop all packets between these two sets of addresses (all IPv4 or all IPv6)."""
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

    def open_to_all(self):
        """Do nothing: a daemon may bind to all addresses here, because no other network is reachable."""

    def processes(self):
        """The processes in the namespace: {pid: command line}."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}/ns/net").st_ino == self.inode:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        found[int(pid)] = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                pass    # the process has ended
        return found

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Shared:
    """The loopback interface of this machine, in place of a Namespace. One test at a time uses it."""
    LOCK = "\0swimd-tests-have-loopback"

    def __init__(self, mark):
        """Wait for the other tests on this machine. `mark` is in the command line of all processes that the test starts."""
        self.mark = mark
        # The lock is an abstract socket address, which belongs to the network namespace and ends with this process.
        self.lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        while True:
            try:
                self.lock.bind(self.LOCK)
                break
            except OSError:
                time.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.1.1", 7946))
            except OSError as error:
                self.lock.close()
                raise unittest.SkipTest("the tests share this machine's loopback, as network namespaces are refused, and UDP "
                                        f"port 7946 of 127.0.1.1 is not free ({error.strerror}): stop the swimd that runs here"
                                        ) from None

    @contextlib.contextmanager
    def inside(self):
        yield

    def refuse(self, *_, **__):
        raise unittest.SkipTest(usable())

    run = add_address = cut = rules = heal = open_to_all = refuse

    def processes(self):
        """The processes that this test started: {pid: command line}."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue    # the process has ended
            if self.mark in command:
                found[int(pid)] = command
        return found

    def close(self):
        self.lock.close()


def network(mark):
    """The network for the daemons of a test: a Namespace, or Shared where the kernel refuses namespaces."""
    return Shared(mark) if usable() else Namespace()
