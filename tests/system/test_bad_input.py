"""swimd refuses bad input with one line that names what is at fault and the right exit status, and leaves no files behind."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from harness import clean_environment, paths

USAGE, UNAVAILABLE, NO_PERMISSION, BAD_CONFIG = 64, 69, 77, 78
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def swimd(cluster, *arguments, config="", wrapper=(), environment=(), timeout=20, defaults=True):
    """Run swimd with input at which it ends by itself. Returns a CompletedProcess."""
    directory = os.path.join(cluster.directory, f"x{len(os.listdir(cluster.directory))}")
    os.makedirs(os.path.join(directory, "state"))
    path = os.path.join(directory, "conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(config)
    command = [paths.SWIMD]
    if defaults:
        command += ["-c", path]
        given = {"--name": "x", "--bind": "127.0.7.1:7946", "--socket": os.path.join(directory, "s"),
                 "--state-dir": os.path.join(directory, "state")}
        for option, value in given.items():
            if option not in arguments and not any(a.startswith(option + "=") for a in arguments):
                command += [option, value]
    with cluster.namespace.inside():
        return subprocess.run([*wrapper, *command, *arguments], capture_output=True, text=True, timeout=timeout,
                              env=clean_environment(environment), stdin=subprocess.DEVNULL)


def refused(done, status, *words):
    """Assert this exit status and exactly one line on stderr, which contains these words."""
    assert done.returncode == status, (done.returncode, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0], (word, lines[0])
    assert all(c.isprintable() for c in lines[0]), repr(lines[0])


def other_user():
    if subprocess.run([*NOBODY, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs a second user id; run as root outside a user namespace")


# ------------------------------------------------------------------------------------ options
@pytest.mark.parametrize("arguments, words", [
    (["--nonsense"], ["--nonsense"]),
    (["--seedy=1"], ["--seedy"]),
    (["-x"], ["-x"]),
    (["extra"], ["extra"]),
    (["--", "extra"], ["extra"]),
    (["--log-level"], ["--log-level"]),
    (["--log-level", "loud"], ["--log-level", "loud"]),
    (["--log-format", "xml"], ["--log-format", "xml"]),
    (["--profile", "moon"], ["--profile", "moon"]),
    (["--mdns=yes"], ["--mdns"]),
    (["--name", ""], ["--name", "empty"]),
    (["--name", "--check-config"], ["--name", "is missing", "--name=--check-config"]),
    (["--seed", "a", "--socket", "--seed"], ["--socket", "is missing", "--socket=--seed"]),
    (["--cluster", ""], ["--cluster", "empty", "--cluster="]),
    (["--cluster="], None),
    (["--name", "x" * 256], ["--name", "255"]),
    (["--name", "a b"], ["--name", "a b"]),
    (["--name", "nœud"], ["--name"]),
    (["--name", "a/b"], ["--name", "a/b"]),
    (["--name", "a\nb"], ["--name"]),
    (["--cluster", "x" * 65], ["--cluster"]),
    (["--bind", "127.0.0.1"], None),            # the port has a default: no error
    (["--bind", "127.0.0.1:"], ["--bind", "127.0.0.1:"]),
    (["--bind", "127.0.0.1:65536"], ["--bind", "65536"]),
    (["--bind", "127.0.0.1:x"], ["--bind", "127.0.0.1:x"]),
    (["--bind", "[::1:7946"], ["--bind", "[::1:7946"]),
    (["--bind", ""], ["--bind"]),
    (["--bind", "a b:1"], ["--bind", "a b"]),
    (["--advertise", "0.0.0.0:7946"], ["--advertise", "0.0.0.0"]),
    (["--advertise", "10.0.0.1:0"], ["--advertise", "10.0.0.1:0"]),
    (["--seed", "host:port"], ["--seed", "host:port"]),
    (["--seed", ""], ["--seed"]),
    (["--seed", "[::1"], ["--seed", "[::1"]),
    (["--seed", "127.0.0.1:0"], ["--seed", "127.0.0.1:0"]),
    (["--seed", "a b"], ["--seed", "a b"]),
    (["--socket", "/" + "x" * 110], ["--socket"]),
    (["--socket", ""], ["--socket"]),
])
def test_bad_options_are_refused(cluster, arguments, words):
    if words is None:
        done = swimd(cluster, *arguments, "--check-config")
        assert done.returncode == 0, done.stderr
    else:
        refused(swimd(cluster, *arguments), USAGE, *words)


@pytest.mark.parametrize("name", ["x", "x" * 255, "a.b_c:d-e[f]", "127.0.0.1:7946"])
def test_good_names_are_accepted(cluster, name):
    daemon = cluster.daemon(name=name)
    daemon.start()
    assert daemon.call("info")["name"] == name


# ------------------------------------------------------------------------------------ files
@pytest.mark.parametrize("config, line, words", [
    ("nonsense = 1\n", 1, ["nonsense"]),
    ("# a comment\n\nlog_level = info\nprobe_intervall = 1s\n", 4, ["probe_intervall"]),
    ("probe_interval = 500\n", 1, ["probe_interval", "500"]),
    ("probe_interval = 500 parsecs\n", 1, ["probe_interval"]),
    ("probe_interval = \"500 parsecs\"\n", 1, ["probe_interval", "parsecs"]),
    ("probe_interval = 0s\n", 1, ["probe_interval"]),
    ("\nprobe_interval = -1s\n", 2, ["probe_interval"]),
    ("receive_buffer = 64KiBs\n", 1, ["receive_buffer", "64KiBs"]),
    ("max_datagram = 100\n", 1, ["max_datagram", "100"]),
    ("max_datagram = 70000\n", 1, ["max_datagram", "70000"]),
    ("mdns = perhaps\n", 1, ["mdns", "perhaps"]),
    ("log_level = loud\n", 1, ["log_level", "loud"]),
    ("name = \"a b\"\n", 1, ["name", "a b"]),
    ("seeds = {\"good\", \"bad:port\"}\n", 1, ["seeds", "bad:port"]),
    ("seeds = {\"a\",\n\"b:0\"}\n", 2, ["seeds", "b:0"]),
    ("log_level = info\nlog_level\n", None, []),
    ("log_level = \"info\n", None, []),
    ("}{\n", 1, []),
    ("\x00\x01\x02", 1, []),
    ("log_level = info\nlog_level = debug\n", 2, ["log_level", "second time", "line 1"]),
])
def test_bad_lines_of_the_file_are_refused_with_their_number(cluster, config, line, words):
    done = swimd(cluster, "--check-config", config=config)
    where = f"/conf:{line}:" if line else "/conf:"
    refused(done, BAD_CONFIG, where, *words)
    refused(swimd(cluster, config=config), BAD_CONFIG, where, *words)


def test_keys_that_contradict_each_other_are_refused(cluster):
    done = swimd(cluster, "--check-config", config="probe_interval = 100ms\nprobe_timeout = 200ms\n")
    refused(done, BAD_CONFIG, "probe_timeout", "probe_interval", "/conf:2")


def test_a_missing_file_is_refused(cluster):
    missing = os.path.join(cluster.directory, "none.conf")
    refused(swimd(cluster, "-c", missing, defaults=False), BAD_CONFIG, missing)


def test_an_unreadable_file_is_refused(cluster):
    other_user()
    path = os.path.join(cluster.directory, "secret.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("log_level = info\n")
    os.chmod(path, 0o600)
    refused(swimd(cluster, "-c", path, defaults=False, wrapper=NOBODY), NO_PERMISSION, path)


def test_a_directory_as_file_is_refused(cluster):
    refused(swimd(cluster, "-c", cluster.directory, defaults=False), BAD_CONFIG, cluster.directory)


def test_a_pipe_as_file_is_refused_at_once(cluster):
    """swimd refuses a named pipe as its configuration file, and does not wait for a writer."""
    pipe = os.path.join(cluster.directory, "pipe")
    os.mkfifo(pipe)
    refused(swimd(cluster, "-c", pipe, defaults=False), BAD_CONFIG, pipe, "pipe")


def test_bad_environment_variables_are_refused(cluster):
    refused(swimd(cluster, environment={"SWIMD_PROBE_INTERVAL": "soon"}), BAD_CONFIG, "SWIMD_PROBE_INTERVAL", "soon")
    refused(swimd(cluster, environment={"SWIMD_SEEDS": "a b:c"}), BAD_CONFIG, "SWIMD_SEEDS")


def test_options_override_environment_conf_d_and_file(cluster):
    """Options override the environment, which overrides conf.d, which overrides the file."""
    daemon = cluster.daemon(config="profile = \"wan\"\nlog_level = \"error\"\n")
    daemon.start()
    assert daemon.call("info")["profile"] == "wan"
    daemon.call("leave")
    assert daemon.ended() == 0
    os.mkdir(daemon.config + ".d")
    with open(os.path.join(daemon.config + ".d", "10.conf"), "w", encoding="utf-8") as file:
        file.write("profile = \"local\"\n")
    daemon.disconnect()
    daemon.start()
    assert daemon.call("info")["profile"] == "local"
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.environment["SWIMD_PROFILE"] = "fast"
    daemon.disconnect()
    daemon.start()
    assert daemon.call("info")["profile"] == "fast"
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.options += ["--profile", "lan"]
    daemon.disconnect()
    daemon.start()
    assert daemon.call("info")["profile"] == "lan"


def test_an_error_in_conf_d_names_that_file(cluster):
    daemon = cluster.daemon()
    os.mkdir(daemon.config + ".d")
    with open(os.path.join(daemon.config + ".d", "20-bad.conf"), "w", encoding="utf-8") as file:
        file.write("\nxyzzy = 1\n")
    done = subprocess.run([paths.SWIMD, "-c", daemon.config, "--check-config"], capture_output=True, text=True,
                          env=clean_environment())
    refused(done, BAD_CONFIG, "20-bad.conf:2:", "xyzzy")


def test_check_config_changes_nothing(cluster):
    """--check-config neither binds nor writes, so it can run beside a daemon with the same arguments."""
    daemon = cluster.daemon()
    daemon.start()
    with cluster.namespace.inside():
        done = subprocess.run([*daemon.arguments(), "--check-config"], capture_output=True, text=True,
                              env=clean_environment())
    assert done.returncode == 0, done.stderr
    assert daemon.call("info")


def test_the_shipped_file_is_good(cluster):
    shipped = os.path.join(paths.TOP, "etc", "swimd.conf")
    done = subprocess.run([paths.SWIMD, "-c", shipped, "--name", "x", "--check-config"], capture_output=True,
                          text=True, env=clean_environment())
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------------------------ sockets and directories
def test_a_port_in_use_is_refused(cluster):
    daemon = cluster.daemon()
    daemon.start()
    refused(swimd(cluster, "--bind", daemon.address), UNAVAILABLE, daemon.address, "in use")
    assert daemon.call("info")


def test_an_address_of_another_host_is_refused(cluster):
    refused(swimd(cluster, "--bind", "192.0.2.1:7946"), UNAVAILABLE, "192.0.2.1:7946")


def test_an_unknown_device_is_refused(cluster):
    done = swimd(cluster, config="device = \"nosuch0\"\n")
    assert done.returncode in (UNAVAILABLE, BAD_CONFIG)
    refused(done, done.returncode, "nosuch0")


def test_a_privileged_port_is_refused_to_a_user(cluster):
    other_user()
    done = swimd(cluster, "--bind", "127.0.7.1:53", wrapper=NOBODY, config="",
                 environment={})
    assert done.returncode == NO_PERMISSION, done
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_socket_directory_is_refused(cluster):
    path = os.path.join(cluster.directory, "none", "s")
    refused(swimd(cluster, "--socket", path), UNAVAILABLE, path)


def test_a_socket_directory_that_is_not_writable_is_refused(cluster):
    other_user()
    directory = os.path.join(cluster.directory, "ours")
    os.mkdir(directory, 0o755)
    state = os.path.join(cluster.directory, "theirs")
    os.mkdir(state)
    os.chown(state, 65534, 65534)
    path = os.path.join(directory, "s")
    done = swimd(cluster, "--socket", path, "--state-dir", state, wrapper=NOBODY)
    refused(done, NO_PERMISSION, path)
    assert os.listdir(directory) == []


def test_a_socket_of_another_daemon_is_refused(cluster):
    daemon = cluster.daemon()
    daemon.start()
    refused(swimd(cluster, "--socket", daemon.socket), UNAVAILABLE, daemon.socket)
    assert daemon.call("info")["pid"] == daemon.process.pid
    assert daemon.connect().call("info")["pid"] == daemon.process.pid


def test_a_socket_of_another_program_is_refused(cluster):
    """swimd does not replace a socket that another program serves."""
    path = os.path.join(cluster.directory, "foreign")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        refused(swimd(cluster, "--socket", path), UNAVAILABLE, path)
    assert os.path.exists(path)


def test_a_file_in_place_of_the_socket_is_kept(cluster):
    path = os.path.join(cluster.directory, "precious")
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    done = swimd(cluster, "--socket", path)
    assert done.returncode in (UNAVAILABLE, BAD_CONFIG)
    refused(done, done.returncode, path)
    with open(path, encoding="utf-8") as file:
        assert file.read() == "precious"


def test_a_stale_socket_is_taken_over(cluster):
    daemon = cluster.daemon()
    daemon.start()
    daemon.kill()
    assert os.path.exists(daemon.socket), "SIGKILL leaves the socket behind"
    daemon.start()
    assert daemon.call("info")["pid"] == daemon.process.pid


def test_one_of_two_daemons_gets_a_stale_socket(cluster):
    """Of two daemons that start at the same time, one gets the socket and the other ends."""
    daemon = cluster.daemon()
    daemon.start()
    daemon.kill()
    rival = cluster.daemon()
    rival.socket = daemon.socket
    for one in (daemon, rival):
        one.launch()
    cluster.wait(lambda: [d for d in (daemon, rival) if d.process.poll() is not None], "one of the daemons to end")
    loser = next(d for d in (daemon, rival) if d.process.poll() is not None)
    winner = rival if loser is daemon else daemon
    assert loser.process.returncode == UNAVAILABLE, loser.text()
    winner.ready()
    assert winner.call("info")["pid"] == winner.process.pid
    assert winner.connect().call("info")["pid"] == winner.process.pid


def test_a_state_directory_that_is_not_writable_is_refused(cluster):
    other_user()
    state = os.path.join(cluster.directory, "locked")
    os.mkdir(state, 0o755)
    sockets = os.path.join(cluster.directory, "sockets")
    os.mkdir(sockets)
    os.chown(sockets, 65534, 65534)
    done = swimd(cluster, "--state-dir", state, "--socket", os.path.join(sockets, "s"), wrapper=NOBODY)
    refused(done, NO_PERMISSION, state)
    assert "s" not in os.listdir(sockets)


def test_a_state_directory_of_another_daemon_is_refused(cluster):
    """Two daemons on one state directory would use the same incarnations."""
    daemon = cluster.daemon()
    daemon.start()
    refused(swimd(cluster, "--state-dir", daemon.state), UNAVAILABLE, daemon.state)
    assert daemon.call("info")


def test_state_written_by_root_belongs_to_the_directorys_owner(cluster):
    """Files that swimd writes as root belong to the owner of the state directory, so that the service of that user can start."""
    other_user()
    daemon = cluster.daemon()
    os.chown(daemon.state, 65534, 65534)
    daemon.start()
    files = os.listdir(daemon.state)
    assert "incarnation" in files and "lock" in files
    assert {os.stat(os.path.join(daemon.state, name)).st_uid for name in files} == {65534}


@pytest.mark.parametrize("name", ["incarnation", "lock"])
def test_state_of_another_user_is_refused(cluster, name):
    other_user()
    state = os.path.join(cluster.directory, "theirs")
    os.mkdir(state)
    os.chown(state, 65534, 65534)
    path = os.path.join(state, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("7\n")
    os.chmod(path, 0o600)
    done = swimd(cluster, "--state-dir", state, "--socket", os.path.join(state, "s"), wrapper=NOBODY)
    refused(done, NO_PERMISSION, path, "the user that swimd runs as")


def test_a_missing_state_directory_is_refused(cluster):
    path = os.path.join(cluster.directory, "none")
    refused(swimd(cluster, "--state-dir", path), BAD_CONFIG, path)
    assert not os.path.exists(path)


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"-1\n", b"99999999999999999999999\n", b"7", b"\0" * 4096])
def test_a_daemon_starts_with_damaged_state(cluster, content):
    """A daemon with damaged state files starts, and logs the state directory."""
    daemon = cluster.daemon()
    daemon.start()
    daemon.call("leave")
    assert daemon.ended() == 0
    daemon.disconnect()
    files = [n for n in os.listdir(daemon.state) if n != "lock"]
    for name in files:
        with open(os.path.join(daemon.state, name), "wb") as file:
            file.write(content)
    daemon.start()
    assert daemon.call("info")["incarnation"] >= 0
    assert not files or daemon.state in daemon.text()


def test_a_file_as_state_directory_is_refused(cluster):
    path = os.path.join(cluster.directory, "file")
    with open(path, "w", encoding="utf-8"):
        pass
    done = swimd(cluster, "--state-dir", path)
    assert done.returncode in (UNAVAILABLE, BAD_CONFIG)
    refused(done, done.returncode, path)


def test_a_failed_start_leaves_no_socket(cluster):
    """A start that fails late, at the port, leaves no socket behind."""
    daemon = cluster.daemon()
    daemon.start()
    sockets = os.path.join(cluster.directory, "sockets")
    os.mkdir(sockets)
    refused(swimd(cluster, "--bind", daemon.address, "--socket", os.path.join(sockets, "s")), UNAVAILABLE)
    assert [n for n in os.listdir(sockets) if not n.endswith(".lock")] == []


# ------------------------------------------------------------------------------------ seeds
@pytest.mark.early
def test_an_unresolvable_seed_is_not_fatal(cluster):
    """The daemon logs a seed that does not resolve, shows it in `discovery` with the reason, and tries it again."""
    daemon = cluster.daemon(seeds=["no.such.host.invalid:7946", "127.0.6.6:7946"])
    cluster.watch([daemon.launch()])

    def peers():
        return {p["address"]: p for p in daemon.call("discovery")["peers"]}
    cluster.wait(lambda: peers()["no.such.host.invalid:7946"]["state"] == "unresolved", "the name to be unresolved", 60)
    peer = peers()["no.such.host.invalid:7946"]
    assert peer["reason"] and peer["attempts"] >= 1
    cluster.wait(lambda: peers()["127.0.6.6:7946"]["state"] == "refused", "the other seed to be refused", 60)
    cluster.wait(lambda: "no.such.host.invalid" in daemon.text(), "the log to name the seed")
    attempts = peers()["127.0.6.6:7946"]["attempts"]
    cluster.wait(lambda: peers()["127.0.6.6:7946"]["attempts"] > attempts, "another attempt", 60)
    # A seed that starts later is joined.
    late = cluster.daemon(address="127.0.6.6:7946")
    late.launch()
    cluster.watch([late])
    cluster.whole(seconds=60)
    assert peers()["127.0.6.6:7946"]["state"] == "joined"


def test_a_seed_may_be_a_host_name(cluster):
    first = cluster.daemon(address="127.0.0.1:7946")
    first.launch()
    second = cluster.daemon(seeds=["localhost"])
    second.launch()
    cluster.watch([first, second])
    cluster.whole()


def test_a_seed_without_brackets_gives_a_warning(cluster):
    """::1:7946 is a valid address without a port, but probably a mistake: the daemon takes it and logs a warning."""
    done = swimd(cluster, "--check-config", "--seed", "::1:7946", "--seed", "[::1]:7946")
    assert done.returncode == 0 and "ok" in done.stdout
    assert done.stderr == ("swimd: seed ::1:7946 means the address [::1:7946]:7946; "
                           "write [::1]:7946 if the seed ends in a port, else [::1:7946]\n")
    daemon = cluster.daemon(options=["--seed", "::1:7946"])
    daemon.start()
    assert daemon.text().count("write [::1]:7946 if the seed ends in a port") == 1


def test_the_daemons_own_address_may_be_a_seed(cluster):
    daemon = cluster.daemon(seeds=["127.0.1.1:7946"])
    daemon.start()
    cluster.wait(lambda: daemon.call("discovery")["peers"][0]["state"] == "self", "the state of the seed to be self")
    assert len(daemon.members()) == 1


# ------------------------------------------------------------------------------------ signals and the log
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_makes_the_daemon_leave(cluster, number):
    daemon = cluster.daemon()
    daemon.start()
    begin = time.monotonic()
    daemon.disconnect()
    daemon.signal(number)
    assert daemon.ended() == 0
    assert time.monotonic() - begin < 10
    assert not os.path.exists(daemon.socket)


def test_a_second_signal_ends_the_daemon_at_once(cluster):
    """A second SIGTERM ends the daemon while its leave is under way."""
    cluster.start(3)
    cluster.whole()
    daemon = cluster.daemons[2]
    daemon.disconnect()
    daemon.signal(signal.SIGTERM)
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


def test_each_line_of_the_json_log_is_an_object(cluster):
    daemon = cluster.daemon(options=["--log-format", "json", "--log-level", "trace"])
    other = cluster.daemon(seeds=[daemon.address])
    for one in (daemon, other):
        one.launch()
    cluster.watch([daemon, other])
    cluster.whole()
    records = [json.loads(line) for line in daemon.text().splitlines()]
    assert records and all({"time", "level", "msg"} <= set(r) for r in records)
    assert any(r["level"] == "trace" and "ping" in json.dumps(r) for r in records)


def test_the_text_log_has_no_empty_lines_and_no_escapes(cluster):
    daemon = cluster.daemon(options=["--log-level", "debug"])
    daemon.start()
    assert all(line.strip() for line in daemon.text().splitlines()) and "\x1b" not in daemon.text()


def test_version_and_help_are_on_standard_output(cluster):
    done = subprocess.run([paths.SWIMD, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("swimd ") and not done.stderr
    done = subprocess.run([paths.SWIMD, "--help"], capture_output=True, text=True, check=True)
    assert "--seed" in done.stdout and "--check-config" in done.stdout and not done.stderr


@pytest.mark.parametrize("option", ["--version", "--help", "--check-config"])
def test_output_that_cannot_be_written_is_an_error(cluster, option):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    config = os.path.join(cluster.directory, "conf")
    with open(config, "w", encoding="utf-8"):
        pass
    with open("/dev/full", "w") as full:
        done = subprocess.run([paths.SWIMD, "-c", config, option], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=clean_environment())
    assert done.returncode == 74
    assert done.stderr == "swimd: cannot write the output: No space left on device\n"
    # A reader that closed the pipe is not an error.
    done = subprocess.run(["sh", "-c", f"{paths.SWIMD} -c {config} {option} | true"], stderr=subprocess.PIPE, text=True,
                          env=clean_environment())
    assert not done.stderr
