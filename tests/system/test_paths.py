"""Simulated network paths of harness/tunnel.py, with delay, loss, a rate and an MTU, and daemons on such paths."""
import os
import random
import subprocess
import sys

import pytest

from harness import Path, paths


def start(tunnels, cluster, count):
    daemons = [tunnels.daemon(number, seeds=[0] if number else [], options=["--profile", "wan"])
               for number in range(count)]
    for daemon in daemons:
        daemon.launch()
    cluster.watch(daemons)
    cluster.whole()
    return daemons


def test_a_path_delays_loses_duplicates_and_limits_packets():
    rng = random.Random(7)
    assert Path(delay=50).arrivals(100, 10.0, rng) == [10.05]
    assert Path(loss=1.0).arrivals(100, 10.0, rng) == []
    assert Path(twice=1.0).arrivals(100, 10.0, rng) == [10.0, 10.0]
    assert Path(mtu=1280).arrivals(1281, 10.0, rng) == [] and Path(mtu=1280).arrivals(1280, 10.0, rng) == [10.0]
    link = Path(rate=1000, queue=150)
    assert [link.arrivals(100, 10.0, rng) for _ in range(4)] == [[10.1], [10.2], [], []]
    assert link.arrivals(100, 11.0, rng) == [11.1]
    late = [Path(delay=20, jitter=10).arrivals(1, 0.0, rng)[0] for _ in range(200)]
    assert 0.010 <= min(late) < 0.013 and 0.027 < max(late) <= 0.030
    overtaken = Path(delay=20, swap=1.0).arrivals(1, 0.0, rng)[0]
    assert overtaken > 0.040


def test_members_measure_the_delay_of_their_path(cluster, tunnels):
    network = tunnels(3, delay=40)
    one, two, three = start(network, cluster, 3)
    network.both(0, 2, delay=90)
    cluster.wait(lambda: (one.members()["n2"]["rtt_ms"] or 0) > 110, "n0 to measure the longer path to n2")
    assert one.members()["n1"]["rtt_ms"] is None or one.members()["n1"]["rtt_ms"] >= 80
    cluster.wait(lambda: (two.members()["n2"]["rtt_ms"] or 0) >= 80, "n1 to measure its own path to n2")
    assert {kind for _, _, kind in network.sent} >= {0x01, 0x03}


def test_a_host_whose_path_loses_everything_fails_and_returns(cluster, tunnels):
    network = tunnels(3, delay=1)
    one, two, three = start(network, cluster, 3)
    since = min(daemon.started for daemon in cluster.daemons)
    network.around(2, loss=1.0)
    cluster.all_say("member.failed", "n2", since, daemons=[one, two])
    network.around(2, loss=0.0)
    cluster.whole()


@pytest.mark.early
def test_bench_paths_measures_a_crash(tunnels):
    bench = os.path.join(paths.TOP, "tests", "bench", "bench_paths.py")
    done = subprocess.run([sys.executable, "-B", bench, "clean", "--no-serf", "--seconds", "1", "--members", "4"],
                          capture_output=True, text=True, timeout=140)
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("clean "))
    failures, told, packets, whole = (float(cell) for cell in row.split()[1:])
    assert failures >= 0 and 0.5 < told < 60 and packets > 0.5 and 0 < whole < 60
