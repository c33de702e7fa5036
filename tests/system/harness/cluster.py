"""Clusters: many daemons in one namespace, started, queried and ended together."""
import os
import shutil
import signal
import tempfile
import time

from .daemon import Daemon
from .netns import network
from .pump import PATIENCE, Pump

PORT = 7946
# Options that make the protocol faster, for tests that do not depend on the times of a profile.
BRISK = ["--profile", "local"]


class Cluster:
    """A context manager that ends all processes that were started in the block."""

    def __init__(self):
        self.pump = Pump()
        self.directory = tempfile.mkdtemp(prefix="swimd-")   # short: the path of a socket has at most 107 bytes
        os.chmod(self.directory, 0o755)
        self.daemons, self.connections, self.closers = [], [], []
        try:
            self.namespace = network(self.directory)
        except BaseException:
            os.rmdir(self.directory)
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.show_logs()
        self.close(orderly=kind is None)

    # ------------------------------------------------------------------------------------ making
    def address(self, number, port=PORT):
        return f"127.0.{1 + number // 200}.{1 + number % 200}:{port}"

    def daemon(self, name=None, address=None, **more):
        """Make a daemon without starting it; by default n0, n1, … at 127.0.1.1, 127.0.1.2, …"""
        number = len(self.daemons)
        made = self.make(name or f"n{number}", address or self.address(number), **more)
        self.daemons.append(made)
        return made

    def make(self, *arguments, **more):
        return Daemon(self, *arguments, **more)

    def start(self, count, **more):
        """Start and watch `count` daemons at once, the first as the seed of the others. Returns the instant of the last start."""
        first = self.address(len(self.daemons))
        made = [self.daemon(seeds=[first] if number else [], **more) for number in range(count)]
        for daemon in made:
            daemon.launch()
        last = time.monotonic()
        self.watch(made)
        return last

    def watch(self, daemons):
        for daemon in daemons:
            daemon.ready()
        numbers = [daemon.watch() for daemon in daemons]
        for daemon, number in zip(daemons, numbers):
            daemon.watched(number)

    # ------------------------------------------------------------------------------------ asking
    @property
    def running(self):
        return [daemon for daemon in self.daemons if daemon.running]

    def wait(self, condition, what, seconds=None):
        return self.pump.wait(condition, what, seconds)

    def whole(self, seconds=None, daemons=None, also=()):
        """Wait until each daemon lists exactly these daemons and the names `also` as alive. Returns that instant."""
        daemons = self.running if daemons is None else daemons
        names = {daemon.name for daemon in daemons} | set(also)

        def missing():
            return [f"{d.name} lacks {sorted(names - d.alive())} has {sorted(d.alive() - names)}"
                    for d in daemons if d.alive() != names]
        # A daemon whose view was whole is not checked again until the view of each was whole.
        left = list(daemons)

        def all_whole():
            while left and left[-1].alive() == names:
                left.pop()
            if left:
                return False
            left.extend(d for d in daemons if d.alive() != names)
            return not left
        self.wait(all_whole, lambda: "each daemon to list all as alive; " + "; ".join(missing()[:5]), seconds)
        return time.monotonic()

    def all_say(self, kind, name, since, daemons=None, seconds=None):
        """Wait until each daemon has reported `kind` of member `name` since then. Returns the instants of these events."""
        daemons = [d for d in self.running if d.name != name] if daemons is None else daemons
        silent = set(daemons)

        def done():
            silent.difference_update([d for d in silent if d.heard_of(kind, name, since)])
            return not silent
        self.wait(done, lambda: f"{kind} of {name} from each daemon; missing: {sorted(d.name for d in silent)}", seconds)
        return [d.heard_of(kind, name, since)[0]["at"] for d in daemons]

    def cut(self, one, other):
        """Drop all datagrams between these daemons and those. Returns the instant of the cut."""
        begin = time.monotonic()
        self.namespace.cut(*([d.address.rsplit(":", 1)[0] for d in half] for half in (one, other)))
        return begin

    def part(self, one, other, kind="member.failed"):
        """Cut two groups from each other, and wait until each daemon reports `kind` of the other group. Returns the instant of the cut."""
        begin = self.cut(one, other)
        for here, there in ((one, other), (other, one)):
            for lost in there:
                self.all_say(kind, lost.name, begin, daemons=here)
        return begin

    # ------------------------------------------------------------------------------------ ending
    def close(self, orderly=True):
        faults = []
        try:
            if orderly:
                faults += self.end_orderly()
        finally:
            for connection in self.connections:
                connection.close()
            for closer in self.closers:
                closer()
            for daemon in self.daemons:
                daemon.end()
            for daemon in self.daemons:
                report = daemon.sanitizer_report()
                if report:
                    faults.append(f"{daemon}: {report}")
            left = self.namespace.processes()
            left.pop(os.getpid(), None)
            for pid, command in left.items():
                faults.append(f"process still running: {pid} {command}")
                os.kill(pid, signal.SIGKILL)
            self.namespace.close()
            self.pump.close()
            if not faults:
                shutil.rmtree(self.directory)
        if faults:
            self.show_logs()
            shutil.rmtree(self.directory)
            raise AssertionError("\n".join(faults))

    def end_orderly(self):
        """Send SIGTERM to the running daemons; each must end with its `expected_exit`. Returns the faults."""
        running = self.running
        for daemon in running:
            daemon.disconnect()
            daemon.signal(signal.SIGTERM)
        faults, end = [], time.monotonic() + PATIENCE
        for daemon in running:
            try:
                status = daemon.ended(max(0.0, end - time.monotonic()))
            except AssertionError as error:
                faults.append(str(error))
                continue
            if status != daemon.expected_exit:
                faults.append(f"{daemon} ended with status {status} on SIGTERM")
        return faults

    def show_logs(self, lines=30):
        for daemon in self.daemons:
            print(f"---- {daemon}: {daemon.log}\n{daemon.tail(lines)}")
