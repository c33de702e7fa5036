"""Machines on one network: containers of systemd-nspawn that boot a systemd of their own from this system's files.

The root of a machine is an overlay in memory over the root of this system, so that the machine changes no file of this
system. The mounts are in a mount namespace and the bridge is in a network namespace; both end with the test.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

from . import paths
from .control import Control
from .daemon import clean_environment
from .netns import Namespace, mounts_unusable, usable

NEEDS = ("systemd-nspawn", "dbus-daemon", "avahi-daemon", "nsenter")
SECONDS_TO_BOOT, SECONDS_TO_END = 120, 60
PREPARE = """
set -e
directory=$1 name=$2
mount -t tmpfs -o mode=755 tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$directory/root"
mount -t overlay -o lowerdir=/,upperdir="$directory/upper",workdir="$directory/work" overlay "$directory/root"
mount -t tmpfs -o mode=755 tmpfs /run
cd "$directory/root"
# Remove the enabled services of this system, and the configuration and state of a swimd that may be installed here.
rm -rf etc/systemd/system etc/systemd/network etc/rc?.d etc/fstab etc/swimd var/lib/swimd var/log/journal
mkdir -p etc/systemd/system etc/systemd/network
for unit in getty.target console-getty.service systemd-logind.service systemd-udevd.service systemd-udev-trigger.service \\
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-timesyncd.service systemd-resolved.service \\
    systemd-networkd-wait-online.service; do
    ln -s /dev/null etc/systemd/system/$unit
done
: >etc/machine-id
echo "$name" >etc/hostname
printf '127.0.0.1 localhost\\n::1 localhost\\n' >etc/hosts
# If D-Bus stops first, avahi-daemon sometimes loops and ignores SIGTERM.
mkdir etc/systemd/system/avahi-daemon.service.d
printf '[Service]\\nTimeoutStopSec=3s\\n' >etc/systemd/system/avahi-daemon.service.d/stop.conf
chroot . systemctl -q enable systemd-networkd.service avahi-daemon.service
echo ready
exec sleep infinity
"""
ENTER = 'set -e; while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


def groups():
    """The directories of this process in the cgroup hierarchies that systemd uses."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        own = dict(line.rstrip("\n").split(":", 2)[1:] for line in file)
    found = []
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        for line in file:
            place, _, system = line.partition(" - ")
            kind, _, options = system.split()[:3]
            name = {"cgroup": "name=systemd", "cgroup2": ""}.get(kind)
            if name in own and (not name or name in options.split(",")):
                found.append(place.split()[4] + own[name].rstrip("/"))
    return found


def unusable():
    """The reason why such machines cannot be made here, or None."""
    missing = [program for program in NEEDS if not shutil.which(program)]
    if missing:
        return f"not installed: {', '.join(missing)} (make deps installs them)"
    if reason := usable() or mounts_unusable():
        return reason
    # The root of a user namespace may not mount what a machine needs.
    with open("/proc/self/uid_map", encoding="ascii") as file:
        if file.read().split() != ["0", "0", "4294967295"]:
            return "machines with a systemd need root of the initial user namespace"
    return None


class Machine:
    def __init__(self, switch, number, name):
        self.switch, self.number, self.name, self.pump = switch, number, name, switch.cluster.pump
        self.directory = os.path.join(switch.cluster.directory, name)
        self.log = os.path.join(switch.cluster.directory, f"{name}.console")
        self.nspawn, self.leader, self.told = None, None, None
        self.booted, self.ending = False, False
        os.mkdir(self.directory)
        # Each machine has cgroups of its own: in shared cgroups each systemd would manage the services of the other.
        self.groups = [os.path.join(group, f"{os.path.basename(switch.cluster.directory)}-{name}") for group in groups()]
        for group in self.groups:
            os.mkdir(group)
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "-m", "--propagation", "private", "sh", "-c", PREPARE, "sh",
             self.directory, name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment())
        if self.holder.stdout.readline() != "ready\n":
            raise RuntimeError(f"cannot set up machine {name}: {self.holder.stderr.read()}")

    @property
    def root(self):
        """The root of the machine's file system, also while the machine is off."""
        return f"/proc/{self.holder.pid}/root{self.directory}/root"

    def path(self, path):
        """A path of the running machine, as seen from here, also on the machine's own mounts such as /run."""
        return f"/proc/{self.leader}/root{path}"

    def write(self, path, text):
        with open(self.root + path, "w", encoding="utf-8") as file:
            file.write(text)

    def outside(self, *command):
        """Run a program of this system that sees the machine's files at `directory`/root, before the machine boots."""
        done = subprocess.run(["nsenter", "-t", str(self.holder.pid), "-m", "-r", *command], capture_output=True,
                              text=True, env=clean_environment())
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self):
        """Install swimd with `make install` and enable its service, as an administrator does."""
        # -o all: make must not build anything, because the test is about the programs of SWIMD_BUILD.
        self.outside("make", "-s", "-C", paths.TOP, "-o", "all", f"BUILD={os.path.dirname(paths.SWIMD)}",
                     f"DESTDIR={self.directory}/root", "install")
        self.outside("chroot", f"{self.directory}/root", "systemd-sysusers")
        self.outside("chroot", f"{self.directory}/root", "systemctl", "-q", "enable", "swimd.service")

    def boot(self):
        """Start the machine and return at once."""
        self.write("/etc/systemd/network/10.network", f"""
            [Match]
            Name=host0
            [Network]
            Address=10.78.0.{self.number}/24
            LinkLocalAddressing=ipv6
            """.replace("    ", ""))
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(os.path.join(self.switch.cluster.directory, f"{self.name}.notify"))
        self.pump.add(self.told, 1, self.hear)
        with open(self.log, "wb") as log, self.switch.namespace.inside():
            self.nspawn = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "nsenter", "-t", str(self.holder.pid), "-m", "-r",
                 "sh", "-c", ENTER, "sh", *self.groups, "--", "systemd-nspawn", "-q", "--register=no", "--keep-unit", "--notify-ready=yes", "--link-journal=no",
                 "--resolv-conf=off", "--timezone=off", "--console=pipe", "-D", f"{self.directory}/root",
                 "--network-bridge=br0", f"--machine={self.name}", "-b"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=clean_environment({"NOTIFY_SOCKET": self.told.getsockname()}))
        return self

    def hear(self, _):
        for line in self.told.recv(4096).decode().splitlines():
            key, _, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID":
                self.leader = int(value)
            self.booted = self.booted or line == "READY=1"

    def up(self):
        self.pump.wait(lambda: self.booted or self.nspawn.poll() is not None, lambda: f"{self.name} to boot: {self.console()}",
                       SECONDS_TO_BOOT)
        assert self.booted, f"{self.name} ended with {self.nspawn.returncode}: {self.console()}"
        # systemd goes on sending notifications, and would block when nobody reads them.
        self.deafen()
        return self

    def deafen(self):
        if self.told is not None:
            self.pump.remove(self.told)
            self.told.close()
            self.told = None

    def console(self):
        if self.nspawn is None:
            return "(never started)"
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def command(self, *command, check=True, **more):
        """Run a program inside the machine."""
        done = subprocess.run(["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-r", "-w", *command],
                              capture_output=True, text=True, timeout=60, env=clean_environment(), **more)
        assert not check or done.returncode == 0, f"{self.name}: {command}: {done.returncode} {done.stdout}{done.stderr}"
        return done

    def service(self, *names):
        """These properties of swimd.service, as a dictionary."""
        shown = self.command("systemctl", "show", "swimd.service", "-p", ",".join(names)).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def journal(self, *matches):
        self.command("journalctl", "--sync")
        return self.command("journalctl", "--no-pager", *matches).stdout

    def control(self, socket_path="/run/swimd/swimd.sock"):
        made = Control(self.pump, self.path(socket_path), self.name)
        self.switch.cluster.connections.append(made)
        return made

    def power_down(self):
        """Let the machine stop its services and end. Only the first call sends a signal: a second one would kill the machine."""
        self.deafen()
        if self.nspawn is not None and not self.ending and self.nspawn.poll() is None:
            self.ending = True
            self.nspawn.send_signal(signal.SIGTERM)

    def off(self):
        """Power the machine down, and wait for its end."""
        self.power_down()
        if self.nspawn is not None:
            try:
                self.nspawn.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
                raise AssertionError(f"{self.name} did not power down: {self.console()}") from None

    def remove_group(self, group):
        def empty():
            with open(os.path.join(group, "cgroup.procs"), encoding="ascii") as file:
                return not file.read()
        for directory, _, _ in os.walk(group, topdown=False):
            group = directory
            # A killed process does not leave its cgroup at once.
            self.pump.wait(empty, f"{directory} to be empty")
            os.rmdir(directory)

    def end(self):
        try:
            self.off()
        finally:
            self.holder.kill()
            self.holder.wait()
            self.holder.stdout.close()
            self.holder.stderr.close()
            for group in self.groups:
                self.remove_group(group)


class Switch:
    """The bridge and the machines of one test; the cluster fixture ends them."""

    def __init__(self, cluster):
        self.cluster, self.machines = cluster, []
        self.namespace = Namespace()
        self.namespace.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.namespace.run("ip", "link", "set", "br0", "addrgenmode", "none", "up")
        cluster.closers.append(self.end)

    def machine(self, name):
        made = Machine(self, len(self.machines) + 1, name)
        self.machines.append(made)
        return made

    def end(self):
        begin = time.monotonic()
        for machine in self.machines:
            machine.power_down()
        for machine in self.machines:
            machine.end()
        left = self.namespace.processes()
        self.namespace.close()
        print(f"all machines ended after {time.monotonic() - begin:.2f} s")
        assert not left, f"processes still running: {left}"
