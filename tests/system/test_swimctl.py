"""swimctl with real daemons: output, errors and exit statuses."""
import json
import os
import pty
import signal
import subprocess
import time

import pytest

from harness import clean_environment, paths


@pytest.fixture
def three(cluster):
    cluster.start(3)
    cluster.whole()
    return cluster.daemons


def one_line(done, status, *words):
    """Assert this exit status and exactly one line on stderr, which contains these words."""
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for text in words:
        assert text in lines[0], (text, lines[0])


def test_members_in_every_form(cluster, three, swimctl):
    names = ["n0", "n1", "n2"]
    piped = subprocess.run(["sh", "-c", f"{paths.SWIMCTL} -s {three[0].socket} members | cat"], capture_output=True,
                           text=True, timeout=20, check=True, env=clean_environment())
    assert piped.stderr == "" and "\x1b" not in piped.stdout
    rows = piped.stdout.splitlines()
    assert len(rows) == 4 and [row.split()[0] for row in rows[1:]] == names, piped.stdout
    assert swimctl(three[0], "-o", "name", "members").stdout.split() == names
    tsv = [row.split("\t") for row in swimctl(three[0], "-o", "tsv", "members").stdout.splitlines()]
    assert len({len(row) for row in tsv}) == 1 and {row[0] for row in tsv} >= set(names)
    hosts = [row.split()[:2] for row in swimctl(three[0], "-o", "hosts", "members").stdout.splitlines()
             if not row.startswith("#")]
    assert hosts == [[f"127.0.1.{n + 1}", name] for n, name in enumerate(names)]
    shown = subprocess.run(["sh", "-c", f"{paths.SWIMCTL} -s {three[0].socket} --json members | jq -r '.members[].name'"],
                           capture_output=True, text=True, timeout=20, check=True, env=clean_environment())
    assert shown.stdout.split() == names
    assert "n1" in swimctl(three[0], "-o", "wide", "members").stdout


def test_each_query_has_text_and_json(cluster, three, swimctl):
    """Each command that reads exits 0 and prints text, or JSON with --json. On a busy machine `health` may exit 1."""
    for command in (["status"], [], ["members"], ["member", "n1"], ["health"], ["metrics"], ["discovery"], ["info"],
                    ["version"]):
        plain = swimctl(three[0], *command)
        expected = (0, 1) if command == ["health"] else (0,)
        assert plain.returncode in expected and plain.stdout and not plain.stderr, (command, plain)
        formed = swimctl(three[0], "--json", *command)
        assert formed.returncode in expected, (command, formed)
        json.loads(formed.stdout)


def test_the_environment_names_the_socket(cluster, three, swimctl):
    done = swimctl(None, "-o", "name", "members", env={"SWIMD_SOCKET": three[1].socket})
    assert done.stdout.split() == ["n0", "n1", "n2"]


def test_colours_are_only_on_a_terminal(cluster, three):
    """swimctl prints colours on a terminal, but not with NO_COLOR."""
    def shown(**environment):
        try:
            master, slave = pty.openpty()
        except OSError as error:
            pytest.skip(f"cannot open a pseudoterminal: {error}; is /dev/pts mounted?")
        env = clean_environment({"TERM": "xterm-256color", **environment})
        env.pop("NO_COLOR", None)
        env.update(environment)
        process = subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "members"], stdin=slave, stdout=slave,
                                   stderr=slave, env=env)
        os.close(slave)
        out = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
        os.close(master)
        assert process.wait(10) == 0
        return out
    plain = shown(NO_COLOR="1")
    assert b"\x1b[" not in plain and b"n1" in plain
    coloured = shown()
    assert b"n1" in coloured
    assert b"\x1b[" in coloured


def test_wait_exits_when_its_condition_holds(cluster, three, swimctl):
    """`wait` exits 0 when its condition holds, and 5 at the timeout."""
    begin = time.monotonic()
    assert swimctl(three[0], "wait", "--members", ">=3", "--timeout", "5").returncode == 0
    assert time.monotonic() - begin < 4
    done = swimctl(three[0], "wait", "--members", ">=4", "--timeout", "1")
    assert done.returncode == 5, done
    assert swimctl(three[0], "wait", "--status", "n1=alive", "--timeout", "5").returncode == 0
    assert swimctl(three[0], "wait", "--status", "n1=dead", "--timeout", "1").returncode == 5


def test_wait_sees_a_change(cluster, three):
    """A `wait` that is running ends when its condition becomes true."""
    waiting = [subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "wait", *condition, "--timeout", "30"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
               for condition in (["--members", "<=2"], ["--status", "n2=dead"])]
    cluster.wait(lambda: three[0].call("metrics")["control"]["subscribers"] >= 3, "both to subscribe")
    begin = three[2].kill()
    for process in waiting:
        with process:
            assert process.wait(40) == 0, process.stderr.read()
    cluster.all_say("member.failed", "n2", begin)


def test_wait_ends_without_a_daemon(cluster, swimctl):
    """A `wait` without a daemon exits 3 or 5 within its timeout."""
    done = subprocess.run([paths.SWIMCTL, "-s", os.path.join(cluster.directory, "none"), "wait", "--members", ">=1",
                           "--timeout", "1"], capture_output=True, text=True, timeout=20, env=clean_environment())
    assert done.returncode in (3, 5) and done.stderr


def test_events_can_be_filtered_and_counted(cluster, three):
    """`events --type` prints events of the type, --json one object per line, and --count ends the command."""
    process = subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "--json", "events", "--type", "member.failed",
                                "--count", "1"], stdout=subprocess.PIPE, text=True, env=clean_environment())
    with process:
        cluster.wait(lambda: three[0].call("metrics")["control"]["subscribers"] >= 2, "swimctl to subscribe")
        three[2].kill()
        line = process.stdout.readline()
        event = json.loads(line)
        assert (event["type"], event["member"]["name"]) == ("member.failed", "n2")
        assert process.wait(20) == 0


def test_events_begin_at_since(cluster, three, swimctl):
    done = swimctl(three[0], "--json", "events", "--since", "0", "--count", "2")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["seq"] for e in events] == [1, 2] and done.returncode == 0


def test_events_run_a_command(cluster, three):
    """`events --exec` runs a command for each event, with the event on its standard input."""
    out = os.path.join(cluster.directory, "out")
    process = subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "events", "--type", "member.failed", "--count",
                                "1", "--exec", f"cat >> {out}"], stdout=subprocess.DEVNULL, env=clean_environment())
    with process:
        cluster.wait(lambda: three[0].call("metrics")["control"]["subscribers"] >= 2, "swimctl to subscribe")
        three[2].kill()
        assert process.wait(40) == 0
    with open(out, encoding="utf-8") as file:
        assert json.loads(file.read())["member"]["name"] == "n2"


def test_events_end_with_the_reader(cluster, three):
    """`swimctl events | head -1` ends at the first event after head has ended, and the daemon goes on."""
    with subprocess.Popen(["sh", "-c", f"{paths.SWIMCTL} -s {three[0].socket} events --since 0 | head -1"],
                          stdout=subprocess.PIPE, text=True, env=clean_environment()) as process:
        assert process.stdout.readline()
        three[2].kill()
        assert process.wait(40) == 0
    assert three[0].call("info")


def test_events_end_with_the_daemon(cluster, three):
    """`events` prints one line and exits 3 when the daemon ends."""
    process = subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "events"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, env=clean_environment())
    with process:
        cluster.wait(lambda: three[0].call("metrics")["control"]["subscribers"] >= 2, "swimctl to subscribe")
        three[0].kill()
        assert process.wait(20) == 3
        assert len(process.stderr.read().strip().splitlines()) == 1


def test_an_unknown_member_is_an_error(cluster, three, swimctl):
    one_line(swimctl(three[0], "member", "nobody"), 7, "nobody")
    one_line(swimctl(three[0], "remove", "nobody"), 7, "nobody")


@pytest.mark.parametrize("arguments", [
    ["membres"], ["members", "extra"], ["member"], ["member", "a", "b"], ["--nonsense"], ["members", "--nonsense"],
    ["-o", "xml", "members"], ["wait"], ["wait", "--members", "3x"], ["wait", "--members", ">=3", "--timeout", "soon"],
    ["wait", "--status", "n1"], ["wait", "--status", "n1=undead"], ["events", "--count", "-1"],
    ["events", "--since", "x"], ["join"], ["remove"], ["leave", "now"],
])
def test_wrong_usage_is_an_error(cluster, swimctl, arguments):
    """A mistyped or extra argument is an error with one line, also without a daemon."""
    one_line(swimctl(None, "-s", os.path.join(cluster.directory, "none"), *arguments), 2)


def test_arguments_that_the_daemon_refuses_are_wrong_usage(cluster, swimctl):
    """An argument that only the daemon can check, such as an event type, is wrong usage too."""
    daemon = cluster.daemon()
    daemon.start()
    one_line(swimctl(daemon, "events", "--type", "member.exploded"), 2, "member.exploded")
    one_line(swimctl(daemon, "join", "a b"), 2, "a b")


def test_a_missing_socket_is_an_error(cluster, swimctl):
    missing = os.path.join(cluster.directory, "none")
    one_line(swimctl(None, "-s", missing, "members"), 3, missing)
    done = swimctl(None, "-s", missing, "--json", "members")
    assert done.returncode == 3


def test_the_read_only_socket_denies_a_leave(cluster, swimctl):
    daemon = cluster.daemon()
    readonly = os.path.join(daemon.directory, "ro")
    daemon.options += ["--ro-socket", readonly]
    daemon.start()
    one_line(swimctl(None, "-s", readonly, "leave"), 4)
    assert swimctl(None, "-s", readonly, "members").returncode == 0


def test_a_socket_of_another_user_is_denied(cluster, swimctl):
    """swimctl exits 4, as for `denied`, if the user may not connect to the socket."""
    if not os.access("/usr/bin/setpriv", os.X_OK) or subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs a second user id; run as root outside a user namespace")
    daemon = cluster.daemon()
    daemon.start()
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", paths.SWIMCTL, "-s",
                           daemon.socket, "members"], capture_output=True, text=True, timeout=20,
                          env=clean_environment())
    one_line(done, 4, daemon.socket)


def test_join_leave_remove_and_reload_work(cluster, three, swimctl):
    alone = cluster.daemon()
    alone.launch()
    cluster.watch([alone])
    done = swimctl(alone, "join", three[0].address)
    assert done.returncode == 0, done
    cluster.whole()
    assert swimctl(alone, "reload").returncode == 0
    done = swimctl(alone, "join", "127.0.8.8:7946")
    assert done.returncode == 1 and "127.0.8.8:7946" in done.stdout + done.stderr, done
    begin = time.monotonic()
    done = swimctl(alone, "leave")
    assert done.returncode == 0, done
    assert alone.ended() == 0
    cluster.all_say("member.left", alone.name, begin)
    assert swimctl(three[0], "remove", alone.name).returncode == 0
    cluster.wait(lambda: alone.name not in three[0].members(), "the member to be removed")


def test_health_is_an_exit_status(cluster, three, swimctl):
    done = swimctl(three[0], "--json", "health")
    assert three[0].complaints() == []
    # On a busy machine the health may be degraded.
    assert done.returncode == (0 if json.loads(done.stdout)["status"] == "ok" else 1), done
    for daemon in three[1:]:
        daemon.kill()
    cluster.wait(lambda: three[0].call("health")["status"] == "isolated", "health to be isolated")
    assert swimctl(three[0], "health").returncode == 1


def test_fail_if_empty_changes_the_exit_status(cluster, three, swimctl):
    assert swimctl(three[0], "members", "--fail-if-empty").returncode == 0
    assert swimctl(three[0], "members", "--status", "dead", "--fail-if-empty").returncode == 1
    assert swimctl(three[0], "members", "--status", "dead").returncode == 0


def test_help_names_each_command(cluster, swimctl):
    done = swimctl(None, "--help")
    assert done.returncode == 0 and not done.stderr
    for command in ("status", "members", "member", "health", "metrics", "events", "join", "leave", "remove", "reload",
                    "discovery", "wait", "info", "version"):
        assert command in done.stdout, command
    done = swimctl(None, "--version")
    assert done.returncode == 0 and done.stdout.startswith("swimctl ")


def test_a_broken_pipe_is_not_an_error(cluster, three):
    done = subprocess.run(["sh", "-c", f"{paths.SWIMCTL} -s {three[0].socket} metrics | true"], capture_output=True,
                          text=True, timeout=20, env=clean_environment())
    assert done.stderr == ""


def test_swimctl_reports_output_that_cannot_be_written(cluster, three):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    for command in (["--version"], ["--help"], ["members"], ["--json", "health"], ["metrics", "--openmetrics"],
                    ["events", "--since", "0"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([paths.SWIMCTL, "-s", three[0].socket, *command], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=20, env=clean_environment())
        one_line(done, 1, "cannot write the output")


def test_json_has_the_parts_of_addresses(cluster, three):
    daemon = three[0]
    for member in daemon.members().values():
        assert member["address"] == f"{member['host']}:{member['port']}" and isinstance(member["port"], int)
    info = daemon.call("info")
    assert (info["host"], info["port"]) == tuple(p(v) for p, v in zip((str, int), info["address"].rsplit(":", 1)))
    joined = daemon.call("join", addresses=["127.0.8.8"])["addresses"][0]
    assert (joined["address"], joined["host"], joined["port"]) == ("127.0.8.8", "127.0.8.8", 7946)


def test_mistyped_settings_are_logged_with_a_suggestion(cluster):
    """The log suggests a name for an unknown environment variable, and warns of the host name localhost."""
    daemon = cluster.daemon(environment={"SWIMD_NMAE": "x"}, config="log_level = INFO\nmdns = False\n")
    daemon.name = "localhost"
    daemon.start()
    assert "SWIMD_NMAE in the environment is not a setting of swimd; did you mean SWIMD_NAME?" in daemon.text()
    assert "is localhost, which is the name of every machine without a host name" in daemon.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_handler_does_not_outlive_swimctl(cluster, three, number):
    """The handler of `events --exec` and its children end with swimctl, however swimctl ends."""
    marks = [os.path.join(cluster.directory, name) for name in ("handler", "child")]
    handler = f"sleep 1000 & echo $! >{marks[1]}; echo $$ >{marks[0]}; wait"
    process = subprocess.Popen([paths.SWIMCTL, "-s", three[0].socket, "events", "--since", "0", "--exec", handler],
                               stdin=subprocess.DEVNULL, env=clean_environment())

    def number_in(path):
        return os.path.exists(path) and open(path).read().strip()
    pids = [int(cluster.wait(lambda path=path: number_in(path), "the handler to run")) for path in marks]
    process.send_signal(number)
    process.wait()

    def gone(pid):
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True
    cluster.wait(lambda: all(map(gone, pids)), "handler and child to end")
