"""The file of the control socket is removed while the daemon runs, as by a cleaner of temporary directories."""
import os
import shutil
import signal
import socket
import stat

import pytest


@pytest.fixture
def lone(cluster):
    daemon = cluster.daemon()
    place = os.path.join(daemon.directory, "run")
    os.mkdir(place, 0o755)
    daemon.socket = os.path.join(place, "s")
    daemon.options += ["--ro-socket", os.path.join(place, "ro")]
    return daemon.start()


def serves(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0


def wait_served(cluster, daemon):
    place = os.path.dirname(daemon.socket)
    for name, mode in (("s", 0o660), ("ro", 0o666)):
        path = os.path.join(place, name)
        cluster.wait(lambda: serves(path), f"{name} to be served again")     # noqa: B023
        assert stat.S_IMODE(os.lstat(path).st_mode) == mode
        assert os.path.exists(f"{path}.lock")
    with daemon.connect() as fresh:
        assert fresh.call("info")["name"] == daemon.name


def wait_reason(cluster, daemon, needle):
    cluster.wait(lambda: any(needle in reason for reason in daemon.call("health")["reasons"]),
                 lambda: f"health with {needle!r}: {daemon.call('health')}")


def test_a_removed_socket_is_created_again(cluster, lone):
    """The daemon creates removed sockets, lock files and their directory again, and open connections stay open."""
    place = os.path.dirname(lone.socket)
    lone.call("subscribe", types=["error"])
    os.unlink(lone.socket)
    wait_served(cluster, lone)
    event = lone.control.event("error")
    assert event["code"] == "socket-lost" and lone.socket in event["message"]
    for name in os.listdir(place):
        os.unlink(os.path.join(place, name))
    wait_served(cluster, lone)
    shutil.rmtree(place)
    wait_served(cluster, lone)
    os.rename(place, f"{place}.old")
    wait_served(cluster, lone)
    shutil.rmtree(f"{place}.old")
    assert lone.complaints() == []
    lone.signal(signal.SIGTERM)
    assert lone.ended() == 0 and os.listdir(place) == []


def test_a_file_in_place_of_the_socket_shows_in_the_health(cluster, lone):
    """A file in the place of the socket shows in the health until the file is removed, and is logged once."""
    os.unlink(lone.socket)
    os.mkdir(lone.socket)
    wait_reason(cluster, lone, "not a socket")
    cluster.pump.pass_time(5)
    assert lone.text().count("was removed or replaced") == 1
    os.rmdir(lone.socket)
    wait_served(cluster, lone)
    assert lone.complaints() == []
    # Another daemon takes the path while the path is free.
    for name in ("s", "s.lock"):
        os.unlink(os.path.join(os.path.dirname(lone.socket), name))
    other = cluster.daemon()
    other.socket = lone.socket
    other.start()
    wait_reason(cluster, lone, "another daemon uses this path")
    other.signal(signal.SIGTERM)
    assert other.ended() == 0
    wait_served(cluster, lone)


def test_a_reload_creates_the_socket_again_at_once(cluster, lone):
    os.unlink(lone.socket)
    lone.call("reload")
    assert serves(lone.socket)


def test_sockets_are_created_again_on_a_new_file_system(cluster, lan):
    """A file system is mounted over /run, as in a container that is set up late: the daemon creates the sockets again."""
    host = lan.host(avahi=False)
    daemon = host.daemon("--no-mdns").start()
    done = host.command("mount", "-t", "tmpfs", "tmpfs", "/run")
    assert done.returncode == 0, done.stderr
    cluster.wait(lambda: serves(daemon.socket), "the socket to be served again")
    with daemon.connect() as fresh:
        assert fresh.complaints() == []
    assert serves(daemon.socket.replace("swimd.sock", "swimd-ro.sock"))
