"""The harness of the system tests and benchmarks: daemons, clusters, clients, base peers."""
import signal

from .cluster import BRISK, PORT, Cluster
from .control import BUSY, Control, RpcError
from .daemon import Daemon, clean_environment
from .lan import Lan, helpers
from .machine import Switch, unusable as machines_unusable
from .mdns import Announcer
from .netns import Namespace, become_root, mounts_unusable, usable
from .mixed import REAL, Mixed, state_of_old
from .peers import TRUSTING, Crowd, Peer, Teller, Wire, base_peer, base_wire
from .pump import PATIENCE, Pump, TimedOut
from .refuse import Refusals, unusable as refusals_unusable
from .tunnel import Path, Tunnels, unusable as tunnels_unusable
from . import flood, paths



def unwind_on_sigterm():
    """Let SIGTERM raise KeyboardInterrupt like Ctrl-C, so that clusters end their processes and remove their files."""
    def interrupted(number, _):
        raise KeyboardInterrupt(f"signal {number}")
    signal.signal(signal.SIGTERM, interrupted)


__all__ = ["BRISK", "BUSY", "PATIENCE", "PORT", "Announcer", "Cluster", "Control", "Crowd", "Daemon", "Lan", "Mixed", "Namespace", "Path",
           "Peer", "Pump", "REAL", "Refusals", "RpcError", "Switch", "TRUSTING", "Teller", "TimedOut", "Tunnels", "Wire", "unwind_on_sigterm",
           "base_peer", "base_wire", "become_root", "clean_environment", "flood", "helpers", "machines_unusable", "mounts_unusable",
           "paths", "refusals_unusable", "state_of_old", "tunnels_unusable", "usable"]
