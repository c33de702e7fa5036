"""Floods a swimd that runs as the shipped unit in a booted container, beside four more members.

usage: bench_flood.py [--seconds 30] [--only WORD]... (as root; half an hour in all)

The table has a row for each flood, with these columns:

    sent/s, unread  datagrams that were sent per second, and datagrams that swimd dropped unread
    control max     the longest answer time of the control socket
    echo            the same of a program that only answers, which shows the delays of the machine
    99 %            the 99th percentile of the answer times of the control socket
    SIGTERM         the time of `systemctl stop` during a second flood of the same kind
    log             bytes of log
    restarts        restarts of the unit, those by the watchdog included
    failed          the members that were declared failed, and by whom

The bound of the control socket is on the difference of `control max` and `echo`. The exit status is 1 if a bound is missed.
SWIMD_BUILD names the build.
"""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import Cluster, Daemon, Switch, flood, machines_unusable, unwind_on_sigterm  # noqa: E402

PORT, MACHINE, OTHERS = 7946, "db1", 4
ADDRESS = f"10.78.0.1:{PORT}"
CONTROL_MS, TERM_SECONDS, LOG_BYTES = 100, 2.0, 1_000_000
SOURCES = {"own": (None, 1), "many": (f"10.99.0.1:{PORT}", 60000), "member": (f"10.78.0.102:{PORT}", 1)}
LARGE = [(kind, rate, source) for kind, source in (
    ("flap", "own"), ("flap", "member"), ("gossip", "own"), ("gossip", "many"), ("ping-large", "own"), ("sync", "member"),
    ("invalid", "own")) for rate in (60, 100, 400)]
SMALL = [(kind, 50000, source) for kind, source in (
    ("ping", "own"), ("ping", "many"), ("ping", "member"), ("join", "many"), ("ping-req", "many"), ("sync-req", "own"),
    ("ack", "member"), ("claim", "many"), ("accuse", "member"), ("accuse", "many"), ("fragments", "many"))]


class Beside:
    """A cluster for the other members, which run in the namespace of the bridge."""

    def __init__(self, cluster, switch):
        self.pump, self.directory, self.namespace = cluster.pump, cluster.directory, switch.namespace
        self.daemons, self.connections, self.closers = cluster.daemons, cluster.connections, cluster.closers


class Bench:
    def __init__(self, cluster):
        self.cluster, self.pump = cluster, cluster.pump
        self.switch = Switch(cluster)
        self.machine = self.switch.machine(MACHINE)
        self.machine.install()
        self.machine.write("/etc/swimd/swimd.conf.d/bench.conf",
                           f'mdns = false\nseeds = {{"10.78.0.101:{PORT}", "10.78.0.102:{PORT}"}}\n')
        beside = Beside(cluster, self.switch)
        for number in range(OTHERS):
            address = f"10.78.0.{101 + number}"
            self.switch.namespace.add_address(f"{address}/24", "br0")
            cluster.daemons.append(Daemon(beside, f"n{number}", f"{address}:{PORT}",
                                          seeds=[f"10.78.0.101:{PORT}"] if number else [], wrapper=["nice", "-n", "-5"]))
        self.others = cluster.daemons
        for daemon in self.others:
            daemon.launch()
        self.machine.boot().up()
        # Datagrams from false addresses must arrive, and swimd must be able to send answers to such addresses.
        self.machine.command("sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done")
        self.machine.command("ip", "route", "add", "default", "via", "10.78.0.101")
        cluster.watch(self.others)
        self.names = {MACHINE} | {daemon.name for daemon in self.others}
        self.control = None

    def whole(self):
        """Connect to the control socket of the machine and wait until all list all as alive. Returns a connection with events."""
        path = self.machine.path("/run/swimd/swimd.sock")
        self.pump.wait(lambda: os.path.exists(path), "the control socket")
        self.control, watcher = self.machine.control(), self.machine.control()
        watcher.call("subscribe", snapshot=False)

        def listed(call):
            return {m["name"] for m in call("members", status="alive")["members"]}
        self.pump.wait(lambda: all(self.names <= listed(call) for call in
                                   [self.control.call, *[d.call for d in self.others]]), "each daemon to list all as alive", 60)
        return watcher

    def send(self, kind, rate, source, seconds):
        victims = [(d.name, d.address) for d in self.others] + [(MACHINE, ADDRESS)]
        return flood.send(self.switch.namespace, kind, ADDRESS, rate, seconds, *SOURCES[source],
                          victims=victims if kind == "accuse" else (), mtu=1500)

    def log_bytes(self, since):
        return len(self.machine.journal("-u", "swimd", "-o", "short", "--since", f"@{since:.3f}"))

    def run(self, kind, rate, source, seconds):
        watcher = self.whole()
        restarts = self.machine.service("NRestarts")["NRestarts"]
        begin, wall = time.monotonic(), time.time()
        echo = flood.Echo(os.path.join(self.cluster.directory, "echo"))
        asker, other = (flood.Asker(path, wrapper=["nice", "-n", "-5"])
                        for path in (self.machine.path("/run/swimd/swimd.sock"), echo.path))
        sender = self.send(kind, rate, source, seconds)
        self.pump.wait(lambda: sender.poll() is not None, "the flood to end", seconds + 120)
        waits, beside = asker.stop(), other.stop()[-1]
        echo.stop()
        sent = int(sender.communicate()[0].split()[0]) / seconds
        # A suspicion that began during the flood may end in a failure some seconds later.
        self.pump.pass_time(5)
        failed = [f"{e['member']['name']} by {d.name}" for d in self.others for e in d.said
                  if e["type"] == "member.failed" and e["at"] >= begin and e["member"]["name"] in self.names]
        failed += [f"{e['member']['name']} by {MACHINE}" for e in watcher.events
                   if e["type"] == "member.failed" and e["member"]["name"] in self.names]
        unread = sum(self.control.call("metrics")["datagrams_unread"].values())
        log = self.log_bytes(wall)
        restarts = int(self.machine.service("NRestarts")["NRestarts"]) - int(restarts)
        # Stop the unit during a second flood.
        sender = self.send(kind, rate, source, 60)
        self.pump.pass_time(1)
        term = time.monotonic()
        self.machine.command("systemctl", "stop", "swimd")
        term = time.monotonic() - term
        sender.kill()
        sender.wait()
        self.machine.command("systemctl", "start", "swimd")
        return {"sent": sent, "unread": unread, "max": waits[-1] * 1000, "beside": beside * 1000,
                "p99": waits[len(waits) * 99 // 100] * 1000,
                "answers": len(waits), "term": term, "log": log, "restarts": restarts, "failed": failed}


def missed(row):
    bounds = {"control": row["max"] - row["beside"] > CONTROL_MS, "SIGTERM": row["term"] > TERM_SECONDS, "log": row["log"] > LOG_BYTES,
              "watchdog": row["restarts"] > 0, "failed": bool(row["failed"])}
    return [name for name, is_missed in bounds.items() if is_missed]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="run floods whose row begins with WORD")
    options = parser.parse_args()
    reason = machines_unusable()
    if reason:
        sys.exit(f"bench_flood: {reason}")
    unwind_on_sigterm()
    misses = 0
    with Cluster() as cluster:
        bench = Bench(cluster)
        print(f"{'flood':<26}{'sent/s':>8}{'unread':>9}{'control max':>13}{'echo':>8}{'99 %':>8}{'SIGTERM':>9}{'log':>9}{'restarts':>9}  failed")
        for kind, rate, source in LARGE + SMALL:
            name = f"{kind} {rate}/s {source}"
            if options.only and not any(name.startswith(word) for word in options.only):
                continue
            row = bench.run(kind, rate, source, options.seconds)
            told = missed(row)
            misses += bool(told)
            print(f"{name:<26}{row['sent']:>8.0f}{row['unread']:>9}{row['max']:>10.0f} ms{row['beside']:>5.0f} ms{row['p99']:>5.0f} ms"
                  f"{row['term']:>7.2f} s{row['log'] / 1000:>6.0f} kB{row['restarts']:>9}  {', '.join(row['failed'][:3]) or 'nobody'}"
                  f"{'  MISSED: ' + ', '.join(told) if told else ''}", flush=True)
    print(f"{misses} rows missed a bound: control {CONTROL_MS} ms, SIGTERM {TERM_SECONDS} s, log {LOG_BYTES} bytes, no restart, nobody failed")
    sys.exit(1 if misses else 0)


if __name__ == "__main__":
    main()
