"""Hosts on one network: network namespaces on a bridge, each with a /run, a D-Bus and an avahi-daemon of its own.

The namespaces have no names outside the test, and end with the test. All programs on the hosts run as root, and each host's
/etc/passwd gives user id 0 to their own users too, because the root of a user namespace cannot become another user.
"""
import os
import signal
import subprocess
import time

from .daemon import Daemon, clean_environment
from .netns import Namespace
from .paths import SWIMD

ADDRESSES = ("10.77.0.{}/24", "fe80::{}/64")
BUS = "/run/dbus/system_bus_socket"
# All programs run as root and may do everything on this bus. With Debian's configuration dbus-daemon would become another
# user, which the root of a user namespace cannot.
BUS_CONFIG = f"""<busconfig><type>system</type><listen>unix:path={BUS}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow own="*"/><allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/>
    </policy></busconfig>
"""


class LanDaemon(Daemon):
    """A swimd without a configuration file, with only the options that the test gives."""

    def __init__(self, cluster, host, options=()):
        super().__init__(cluster, host.name, "[::]:7946", options=options, wrapper=host.enter)
        self.host = host
        self.socket = f"/proc/{host.holder.pid}/root/run/swimd/swimd.sock"

    def arguments(self):
        return [SWIMD, *self.options]


class Host:
    def __init__(self, lan, number, name, addresses):
        self.lan, self.number, self.name = lan, number, name
        self.namespace = Namespace()
        self.services = {}
        with self.namespace.inside():
            self.holder = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "-m", "-u", "sh", "-c", f"""
                    mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib &&
                    mkdir -p /run/dbus /run/avahi-daemon /run/swimd /var/lib/swimd && hostname {name} &&
                    printf 'root:x:0:0::/root:/bin/sh\\navahi:x:0:0::/run:/bin/sh\\n' >/run/passwd &&
                    printf 'root:x:0:\\navahi:x:0:\\n' >/run/group &&
                    mount --bind /run/passwd /etc/passwd && mount --bind /run/group /etc/group &&
                    echo ready && exec sleep infinity"""],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", f"cannot set up host {name}"
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-m", "-u", "-n", "-r"]
        lan.switch.run("ip", "link", "add", f"port{number}", "master", "br0", "type", "veth", "peer", "name", "eth0",
                       "netns", str(self.holder.pid))
        lan.switch.run("ip", "link", "set", f"port{number}", "up")
        self.ip("link", "set", "eth0", "addrgenmode", "none", "up")
        for address in addresses:
            self.add_address(address.format(number))

    def ip(self, *arguments):
        return self.namespace.run("ip", *arguments)

    def add_address(self, address):
        self.namespace.add_address(address, "eth0")

    def command(self, *command, **more):
        return subprocess.run([*self.enter, *command], capture_output=True, text=True,
                              env=clean_environment(), timeout=60, **more)

    def start(self, name, *command):
        """Start a program on this host; `name` is its name for stop() and kill()."""
        with open(os.path.join(self.lan.cluster.directory, f"{self.name}-{name}.log"), "ab") as log:
            self.services[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.enter, *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
        return self.services[name]

    def kill(self, name, number):
        self.services[name].send_signal(number)

    def stop(self, name, number=signal.SIGTERM):
        process = self.services.pop(name)
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        process.wait(30)

    def start_dbus(self):
        config = os.path.join(self.lan.cluster.directory, "bus.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(BUS_CONFIG)
        self.start("dbus", "dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog")
        self.lan.pump.wait(lambda: os.path.exists(f"/proc/{self.holder.pid}/root{BUS}"), "a D-Bus")

    def start_avahi(self):
        self.start("avahi", "avahi-daemon", "--no-chroot", "--no-drop-root", "--no-rlimits")

    def daemon(self, *options):
        daemon = LanDaemon(self.lan.cluster, self, options)
        self.lan.cluster.daemons.append(daemon)
        return daemon

    def end(self):
        for process in self.services.values():
            process.kill()
            process.wait()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        left = self.namespace.processes()
        self.namespace.close()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left


class Lan:
    """The hosts and the bridge of one cluster; the cluster ends them."""

    def __init__(self, cluster):
        self.cluster, self.pump, self.hosts = cluster, cluster.pump, []
        self.switch = Namespace()
        self.switch.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.switch.run("ip", "link", "set", "br0", "addrgenmode", "none", "up")
        cluster.closers.append(self.end)

    def host(self, name=None, avahi=True, addresses=ADDRESSES):
        """Make a host, named h1, h2, … by default, with its number in each of these addresses."""
        host = Host(self, len(self.hosts) + 1, name or f"h{len(self.hosts) + 1}", addresses)
        self.hosts.append(host)
        if avahi:
            host.start_dbus()
            host.start_avahi()
        return host

    def end(self):
        deadline = time.monotonic() + 10
        for daemon in self.cluster.daemons:
            daemon.end()
        # A helper ends by itself after its daemon has ended.
        while time.monotonic() < deadline and any(helpers(host) for host in self.hosts):
            time.sleep(0.01)
        left = [f"{host.name}: {pid} {command}" for host in self.hosts for pid, command in helpers(host).items()]
        for host in self.hosts:
            host.end()
        self.switch.close()
        assert not left, f"processes still running: {left}"


def helpers(host):
    """The swimd-mdns processes of this host: {pid: command line}."""
    return {pid: command for pid, command in host.namespace.processes().items() if command.startswith("swimd-mdns")}
