"""A real swimd process: how a test starts it, observes it through its control socket, and ends it."""
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time

from . import paths
from .control import Control
from .pump import PATIENCE, TimedOut

SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "UndefinedBehavior")


def clean_environment(extra=()):
    """The environment of this process, without the variables that swimd and swimctl read."""
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("SWIM") and k not in ("NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC")}
    environment.update(extra)
    return environment


class Daemon:
    def __init__(self, cluster, name, address, seeds=(), options=(), config="", environment=(), wrapper=(),
                 advertise=None, namespace=None):
        """namespace: where the daemon runs; by default the namespace of the cluster."""
        self.namespace = namespace or cluster.namespace
        self.cluster, self.name, self.address, self.pump = cluster, name, address, cluster.pump
        self.directory = os.path.join(cluster.directory, f"d{len(cluster.daemons)}")
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        self.socket = os.path.join(self.directory, "s")
        self.state = os.path.join(self.directory, "state")
        self.config = os.path.join(self.directory, "conf")
        self.log = os.path.join(self.directory, "log")
        self.notify_path = os.path.join(self.directory, "n")
        os.mkdir(self.state)
        self.write_config(config)
        self.seeds, self.options = list(seeds), list(options)
        self.environment, self.wrapper = dict(environment), list(wrapper)
        self.advertise = advertise
        self.program = paths.SWIMD      # what launch() starts; a test may set the program of another version
        self.process, self.notify, self.control, self.watcher = None, None, None, None
        self.view = {}                  # name -> status, as the events say
        self.said = []                  # every event since watch()
        self.said_before = 0            # how many of them came before the last watch()
        self.expected_exit = 0          # exit status that the end of the test expects
        self.started = None             # instant of the last launch(), time.monotonic

    def __str__(self):
        return f"{self.name} ({self.address})"

    def write_config(self, text):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def arguments(self):
        arguments = [self.program, "-c", self.config, "--name", self.name, "--bind", self.address,
                     "--socket", self.socket, "--state-dir", self.state]
        if self.advertise:
            arguments += ["--advertise", self.advertise]
        for seed in self.seeds:
            arguments += ["--seed", seed]
        # The members that a cluster finds must not depend on the Avahi of this machine.
        return arguments + ([] if "--mdns" in self.options else ["--no-mdns"]) + self.options

    # ------------------------------------------------------------------------------------ life
    def launch(self):
        """Start the process and return at once."""
        if self.address.startswith(("0.0.0.0", "[::]")):
            self.cluster.namespace.open_to_all()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.setblocking(False)
        if os.path.exists(self.notify_path):
            os.unlink(self.notify_path)
        self.notify.bind(self.notify_path)
        environment = clean_environment({"NOTIFY_SOCKET": self.notify_path, **self.environment})
        with open(self.log, "ab") as log, self.namespace.inside():
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.wrapper, *self.arguments()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.started = time.monotonic()
        self.expected_exit = 0
        return self

    def ready(self, seconds=PATIENCE):
        """Wait until the daemon notifies readiness, or serves its socket; an exit before that is a failure."""
        pidfd = os.pidfd_open(self.process.pid)
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(pidfd, selectors.EVENT_READ, "exit")
            selector.register(self.notify, selectors.EVENT_READ, "notify")
            try:
                while True:
                    # A swimd without libsystemd sends no notification; then a connection to its socket is tried.
                    for key, _ in selector.select(0.25 if paths.NOTIFIES else 0.02):
                        if key.data == "exit":
                            raise AssertionError(f"{self} ended with status {self.process.wait()} "
                                                 f"before it was ready: {self.tail(5)}")
                        if b"READY=1" in self.notify.recv(4096):
                            break
                    else:
                        if time.monotonic() > end:
                            raise TimedOut(f"{self} was not ready within {seconds:g} s: {self.tail(5)}")
                        if paths.NOTIFIES or not self.serves():
                            continue
                    break
            finally:
                os.close(pidfd)
        self.notify.close()
        self.notify = None
        self.control = Control(self.pump, self.socket, self.name)
        return self

    def serves(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(self.socket) == 0

    def start(self):
        return self.launch().ready()

    @property
    def running(self):
        return self.process is not None and self.process.returncode is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Send SIGKILL and wait for the end of the process. Returns that instant."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.disconnect()
        return time.monotonic()

    def lose_state(self):
        """Empty the state directory, as if the machine was installed again."""
        shutil.rmtree(self.state)
        os.mkdir(self.state)

    def ended(self, seconds=None):
        """Wait until the process has ended, while the pump runs. Returns the exit status."""
        if self.process.returncode is None:
            pidfd = os.pidfd_open(self.process.pid)
            gone = []
            self.pump.add(pidfd, selectors.EVENT_READ, lambda _: gone.append(True))
            try:
                self.pump.wait(lambda: gone, f"{self} to end", seconds)
            finally:
                self.pump.remove(pidfd)
                os.close(pidfd)
            self.process.wait()
        return self.process.returncode

    def disconnect(self):
        for connection in (self.control, self.watcher):
            if connection is not None:
                connection.close()
        self.control = self.watcher = None
        if self.notify is not None:
            self.notify.close()
            self.notify = None

    def end(self):
        """Kill the process, if there is one, in any state."""
        self.disconnect()
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            self.process.wait()

    # ------------------------------------------------------------------------------------ control socket
    def connect(self, path=None):
        connection = Control(self.pump, path or self.socket, self.name)
        self.cluster.connections.append(connection)
        return connection

    def crowd(self, count):
        """Make `count` sockets that send nothing. They are connected as far as the backlog of the daemon's socket allows."""
        crowd = []
        for _ in range(count):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                sock.connect(self.socket)
            except BlockingIOError:
                pass                # the backlog is full
            crowd.append(sock)
        return crowd

    def call(self, method, **params):
        return self.control.call(method, **params)

    def complaints(self):
        return self.control.complaints()

    def watch(self):
        """Subscribe; from now on `view` and `said` follow the daemon's events. Earlier events are dropped."""
        self.view, self.said = {}, []
        self.watcher = Control(self.pump, self.socket, f"{self.name}'s events")
        self.watcher.on_event = self.heard
        self.said_before = len(self.said)
        return self.watcher.send("subscribe", snapshot=True)

    def watched(self, number):
        answer = self.watcher.answer(number)
        self.view = {m["name"]: m["status"] for m in answer["members"]}
        # The answer's list of members is older than the events that came after the request.
        for event in self.said[self.said_before:]:
            self.follow(event)
        return self

    def heard(self, event):
        self.said.append(event)
        self.follow(event)

    def follow(self, event):
        if event["type"] == "member.removed":
            self.view.pop(event["member"]["name"], None)
        elif event["type"].startswith("member."):
            self.view[event["member"]["name"]] = event["member"]["status"]

    def heard_of(self, kind, name=None, since=0.0):
        """The events of this type (about this member) that came at or after the instant `since`."""
        return [e for e in self.said if e["type"] == kind and e["at"] >= since
                and (name is None or e["member"]["name"] == name)]

    def alive(self):
        return {name for name, status in self.view.items() if status == "alive"}

    def members(self):
        return {m["name"]: m for m in self.call("members")["members"]}

    def listed(self):
        """{name: status}, as the daemon answers now."""
        return {name: m["status"] for name, m in self.members().items()}

    def status_of(self, name):
        member = self.members().get(name)
        return member and member["status"]

    # ------------------------------------------------------------------------------------ costs and log
    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    def text(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def tail(self, lines=20):
        return "\n".join(self.text().splitlines()[-lines:])

    def sanitizer_report(self):
        text = self.text()
        return text if any(mark in text for mark in SANITIZER_MARKS) else None
