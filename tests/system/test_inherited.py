"""What swimd and swimctl inherit from their parent process: signals, descriptors, limits, umask, working directory."""
import contextlib
import os
import select
import signal
import stat
import subprocess

import pytest

from harness import clean_environment, paths

BLOCKING = ["python3", "-c", """
import os, signal, sys
for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execvp(sys.argv[1], sys.argv[1:])"""]


def signals_of(pid, kind):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith(kind))
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def test_inherited_blocked_and_ignored_signals_work(cluster):
    """Signals work in a daemon whose parent blocked or ignored them."""
    daemon = cluster.daemon(wrapper=BLOCKING, config="tags = {\"role=a\"}\n").start()
    assert not signals_of(daemon.process.pid, "SigBlk")
    # Signals 32 and 33 belong to the C library, and programs cannot change them.
    assert signals_of(daemon.process.pid, "SigIgn") - {32, 33} == {signal.SIGPIPE, signal.SIGXFSZ}
    daemon.write_config("tags = {\"role=b\"}\n")
    daemon.signal(signal.SIGHUP)
    cluster.wait(lambda: daemon.members()["n0"]["tags"] == {"role": "b"}, "SIGHUP to reload")
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0


def children_of(pid):
    """The children of a process, zombies included."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


@pytest.mark.usefixtures("mounts")
def test_the_first_process_of_a_container_reaps_orphans(cluster):
    """A daemon that is process 1 reaps orphans, writes its files, and leaves on SIGTERM."""
    daemon = cluster.daemon(wrapper=["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]).start()
    assert daemon.call("info")["pid"] == 1
    inner = children_of(daemon.process.pid)[0]
    pidfd = os.pidfd_open(inner)

    def end():
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        select.select([pidfd], [], [], 30)
        os.close(pidfd)
    cluster.closers.append(end)
    cluster.daemon(seeds=[daemon.address]).start()
    for _ in range(5):
        orphan = subprocess.run(["nsenter", "-t", str(inner), "-p", "sh", "-c", "(sleep 0.2 & echo $!)"],
                                capture_output=True, text=True, timeout=60)
        assert orphan.returncode == 0, orphan.stderr
    cluster.wait(lambda: os.path.exists(f"{daemon.state}/members"), "the daemon's own child to write the file")
    cluster.wait(lambda: not children_of(inner), lambda: f"all orphans to be gone: {children_of(inner)}")
    signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    assert daemon.ended() == 0


def test_inherited_children_are_reaped(cluster):
    daemon = cluster.daemon(wrapper=["sh", "-c", 'sleep 0.1 & exec "$@"', "sh"]).start()
    cluster.wait(lambda: not children_of(daemon.process.pid), "the sleep to be reaped")


def test_a_daemon_runs_in_an_odd_environment(cluster):
    """A daemon runs with a umask of 0777, few descriptors, closed stdin and stdout, a deleted directory and an unknown locale."""
    daemon = cluster.daemon(
        wrapper=["sh", "-c", 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && umask 0777 && ulimit -S -n 12 && '
                             'exec "$@" <&- >&-', "sh"],
        environment={"LC_ALL": "xx_XX.nonsense", "LANGUAGE": "de", "POSIXLY_CORRECT": "1", "TZ": "Asia/Kathmandu"})
    other = cluster.daemon(seeds=[daemon.address])
    cluster.watch([daemon.launch(), other.launch()])
    cluster.whole()
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660
    # The daemon can open its own files while 40 clients are connected.
    crowd = daemon.crowd(40)
    assert daemon.call("info")["name"] == "n0"
    for sock in crowd:
        sock.close()
    kept = {name: stat.S_IMODE(os.stat(os.path.join(daemon.state, name)).st_mode) for name in os.listdir(daemon.state)}
    assert "incarnation" in kept and all(mode & 0o077 == 0 and mode & 0o600 for mode in kept.values()), kept
    for fd in (0, 1):
        assert os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") == "/dev/null"


def test_a_limit_of_file_sizes_shows_in_the_health(cluster):
    """A daemon whose limit of file sizes is 0 runs, and its health says what cannot be written."""
    daemon = cluster.daemon(wrapper=["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"])
    daemon.launch()
    cluster.watch([daemon])
    assert any("File too large" in reason for reason in daemon.complaints()), daemon.complaints()
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0


def test_a_umask_of_zero_does_not_open_the_files(cluster):
    daemon = cluster.daemon(wrapper=["sh", "-c", 'umask 0; exec "$@"', "sh"],
                            options=["--ro-socket", "ro"])
    daemon.options[-1] = os.path.join(daemon.directory, "ro")
    daemon.start()
    modes = {name: stat.S_IMODE(os.stat(os.path.join(daemon.directory, name)).st_mode)
             for name in os.listdir(daemon.directory)}
    assert modes["s"] == 0o660 and modes["ro"] == 0o666, modes
    for name in ("s.lock", "ro.lock"):
        assert modes[name] == 0o600, modes
    for name in os.listdir(daemon.state):
        assert stat.S_IMODE(os.stat(os.path.join(daemon.state, name)).st_mode) & 0o022 == 0, name


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment(), **more)


def test_swimctl_reports_the_exit_status_of_a_command(cluster):
    """swimctl reports the exit status of a command although its parent ignored SIGCHLD, and unblocks signals for the command."""
    daemon = cluster.daemon().start()
    call = [*BLOCKING, paths.SWIMCTL, "-s", daemon.socket, "events", "--since", "0", "--count", "1", "--exec"]
    cluster.daemon(seeds=[daemon.address]).start()
    cluster.wait(lambda: len(daemon.members()) == 2, "an event")
    failed = run([*call, "exit 7"])
    assert "exited with status 7" in failed.stderr, failed
    shown = run([*call, "grep -E 'SigBlk' /proc/self/status >&2"])
    assert "SigBlk:\t0000000000000000" in shown.stderr, shown


def test_swimctl_under_nohup_ignores_sighup(cluster):
    daemon = cluster.daemon().start()
    ignored = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(["python3", "-c", ignored, paths.SWIMCTL, "-s", daemon.socket, "events", "--json",
                                "--since", "0"],
                               stdout=subprocess.PIPE, env=clean_environment())
    try:
        cluster.daemon(seeds=[daemon.address]).start()
        assert process.stdout.readline()
        assert signal.SIGHUP in signals_of(process.pid, "SigIgn")
        assert signal.SIGCHLD not in signals_of(process.pid, "SigIgn")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_swimctl_without_an_output_fails(cluster):
    """swimctl with a closed stdout fails with an error; with a closed stdin or stderr it works."""
    daemon = cluster.daemon().start()
    closed = run(["sh", "-c", f"{paths.SWIMCTL} -s {daemon.socket} members >&-"])
    assert closed.returncode == 1 and "cannot write the output" in closed.stderr, closed
    without_input = run(["sh", "-c", f"{paths.SWIMCTL} -s {daemon.socket} -o name members <&-"])
    assert without_input.stdout == "n0\n" and without_input.returncode == 0
    mute = run(["sh", "-c", f"{paths.SWIMCTL} -s {daemon.socket} -o name members 2>&-"])
    assert mute.stdout == "n0\n"
