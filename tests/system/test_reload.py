"""SIGHUP and `reload`: the daemon validates the whole configuration and then applies all of it or nothing."""
import os
import signal

import pytest

from harness import RpcError, paths


@pytest.mark.parametrize("how", ["reload", "SIGHUP"])
def test_a_reload_applies_seeds_and_log_level(cluster, how):
    """A reload applies a seed and a log level that were added to the file."""
    first = cluster.daemon()
    second = cluster.daemon(config="log_level = \"info\"\n")
    for daemon in (first, second):
        daemon.launch()
    cluster.watch([first, second])
    assert second.call("members")["counts"]["alive"] == 1
    second.write_config(f"log_level = \"trace\"\nseeds = {{\"{first.address}\"}}\n")
    if how == "reload":
        answer = second.call("reload")
        assert answer["applied"] == ["log_level", "seeds"] and answer["needs_restart"] == [], answer
    else:
        second.signal(signal.SIGHUP)
    cluster.whole()
    cluster.wait(lambda: "ping" in second.text(), "trace lines in the log")


@pytest.mark.parametrize("how", ["reload", "SIGHUP"])
@pytest.mark.parametrize("broken, words", [
    ("log_level = \"debug\"\nseeds = {{\"{seed}\"}}\nxyzzy = 1\n", [":3:", "xyzzy"]),
    ("seeds = {{\"{seed}\"}}\nlog_level = \"debug\"\nprobe_interval = \"soon\"\n", [":3:", "probe_interval"]),
])
def test_a_bad_file_changes_nothing(cluster, how, broken, words):
    first = cluster.daemon()
    second = cluster.daemon(config="log_level = \"info\"\n")
    for daemon in (first, second):
        daemon.launch()
    cluster.watch([first, second])
    second.write_config(broken.format(seed=first.address))
    if how == "reload":
        with pytest.raises(RpcError) as refused:
            second.call("reload")
        message = refused.value.message
        assert all(w in message for w in [second.config, *words]), message
    else:
        second.signal(signal.SIGHUP)
        cluster.wait(lambda: all(w in second.text() for w in [second.config, *words]), "the log to name the fault")
        error = second.watcher.event("error")
        assert all(w in str(error) for w in words), error
    assert second.call("discovery")["peers"] == [] and second.call("members")["counts"]["alive"] == 1
    assert " debug " not in second.text().lower().replace("level=debug", " debug ")
    # A good file is applied afterwards.
    second.write_config(f"seeds = {{\"{first.address}\"}}\n")
    assert second.call("reload")["applied"] == ["seeds"]
    cluster.whole()


def test_a_pipe_in_conf_d_is_refused_at_once(cluster):
    """A named pipe without a writer in conf.d: the reload is refused at once, and the daemon goes on."""
    daemon = cluster.daemon()
    daemon.start()
    os.mkdir(daemon.config + ".d")
    os.mkfifo(os.path.join(daemon.config + ".d", "x.conf"))
    with pytest.raises(RpcError) as refused:
        daemon.call("reload")
    assert "x.conf" in refused.value.message and "pipe" in refused.value.message, refused.value.message
    assert daemon.call("info")["name"] == daemon.name


def test_a_reload_names_the_keys_that_need_a_restart(cluster):
    daemon = cluster.daemon(config="max_datagram = 1200\n")
    daemon.start()
    assert daemon.call("reload") == {"applied": [], "needs_restart": []}
    daemon.write_config("max_datagram = 1300\nprobe_interval = \"700ms\"\n")
    answer = daemon.call("reload")
    assert answer == {"applied": ["probe_interval"], "needs_restart": ["max_datagram"]}


def test_options_still_override_the_file_after_a_reload(cluster):
    """A reload does not change what an option on the command line set."""
    daemon = cluster.daemon(options=["--log-level", "info"])
    daemon.start()
    daemon.write_config("log_level = \"trace\"\n")
    assert daemon.call("reload")["applied"] == []


def test_a_reload_changes_the_profile(cluster):
    daemon = cluster.daemon(config="profile = \"lan\"\n")
    daemon.start()
    daemon.write_config("profile = \"fast\"\n")
    answer = daemon.call("reload")
    assert "profile" in answer["applied"], answer
    assert daemon.call("info")["profile"] == "fast"


def test_reloads_leak_nothing(cluster):
    daemon = cluster.daemon(config="seeds = {\"127.0.6.1\"}\n")
    daemon.start()

    def turn(count):
        for n in range(count):
            daemon.write_config(f"seeds = {{\"127.0.6.{n % 2 + 1}\", \"no.such.host.invalid\"}}\n")
            if n % 2:
                daemon.call("reload")
            else:
                daemon.signal(signal.SIGHUP)
                daemon.call("info")
    turn(50)
    before = daemon.resident_kib()
    turn(300)
    # AddressSanitizer keeps freed memory; instead its leak checker runs at the end.
    assert paths.sanitized() or daemon.resident_kib() - before < 1024
