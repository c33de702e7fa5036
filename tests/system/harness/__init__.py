"""What the system tests and the benches are written in: daemons, clusters, clients, base peers."""
from .cluster import BRISK, PORT, Cluster
from .control import Control, RpcError
from .daemon import Daemon, clean_environment
from .netns import Namespace, usable
from .peers import Peer, Wire, base_peer, base_wire
from .pump import PATIENCE, Pump, TimedOut
from . import paths

__all__ = ["BRISK", "PATIENCE", "PORT", "Cluster", "Control", "Daemon", "Namespace", "Peer", "Pump", "RpcError",
           "TimedOut", "Wire", "base_peer", "base_wire", "clean_environment", "paths", "usable"]
