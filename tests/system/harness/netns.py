"""A network namespace of one test's own: loopback up, 127.0.0.0/8 and [::1] on it, nothing else.

It has no name and is held by a file descriptor, so it ends with the last process in it and leaves nothing
behind, however a test run ends. The caller's thread steps inside to open sockets and start programs.

Where the kernel lets nobody make a namespace (a container without CAP_SYS_ADMIN, a user in a chroot), a test has the
loopback interface of this machine to itself for as long as it lasts (Shared). What then needs more than loopback
is skipped, at the call that needs it.
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
    """None, or what this command complained of."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return done.stderr.strip() or f"{command[0]} exits {done.returncode}" if done.returncode else None


@functools.lru_cache(maxsize=None)
def usable():
    """None, or why tests cannot have network namespaces here, and what to do."""
    fault = tried("unshare", "-n", "ip", "link", "set", "lo", "up")
    return fault and f"a network namespace is needed and refused here ({fault}): {REMEDY}"


@functools.lru_cache(maxsize=None)
def mounts_unusable():
    """None, or why tests cannot have mount namespaces here, and what to do."""
    fault = tried("unshare", "-m", "true")
    return fault and f"a mount namespace is needed and refused here ({fault}): {REMEDY}; {CHROOT_REMEDY}"


def become_root():
    """Make this process, which has one thread, root of a user namespace, where it is not root and may be that."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 or tried("unshare", "-rnm", "ip", "link", "set", "lo", "up"):
        return
    # pytest calls its directory in /tmp after the user, and root's is not ours.
    os.environ["LOGNAME"] = f"uid{uid}"
    # A network namespace, too: to that of the machine nobody could return from another.
    checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET), "unshare")
    # Without the first one the kernel does not take the map of groups from a user.
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

    def open_to_all(self):
        """A daemon may be bound to every address here: none leads out."""

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


class Shared:
    """Loopback of this machine's own network, which one test at a time has to itself, in place of a Namespace."""
    LOCK = "\0swimd-tests-have-loopback"

    def __init__(self, mark):
        """Waits for the other tests on this machine. `mark` is in the command line of all that the test starts."""
        self.mark = mark
        # An abstract address is of the network, as loopback is, and ends with its process.
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
        """Who was started by this test: {pid: command line}. Empty once all has been cleaned up."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue    # it has ended meanwhile
            if self.mark in command:
                found[int(pid)] = command
        return found

    def close(self):
        self.lock.close()


def network(mark):
    """What a test's daemons live in: a namespace, or the loopback that all tests share."""
    return Shared(mark) if usable() else Namespace()
