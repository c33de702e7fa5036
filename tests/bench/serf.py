"""Starts and observes Serf agents in the way of the harness for swimd, for benchmarks that compare the two.

An agent's events are read from its log, which an agent writes in any case, so that reading costs the agent nothing. At the
end the benchmark compares the events with the agent's list of members (Agent.listed).
"""
import json
import os
import re
import selectors
import shutil
import subprocess
import time

from harness import Cluster, Daemon, clean_environment

RPC_PORT = 7373
RUNNING = "Serf agent running!"
LEARNT = re.compile(r"serf: EventMember(Join|Failed|Leave|Reap): (\S+) ")
STATUS = {"Join": "alive", "Failed": "dead", "Leave": "left"}
TYPE = {"Failed": "member.failed", "Leave": "member.left", "Reap": "member.removed"}


def program():
    """The path of Serf, or None."""
    return shutil.which("serf")


def version():
    return subprocess.run([program(), "version"], capture_output=True, text=True, check=True).stdout.split()[0]


class Agent(Daemon):
    def __init__(self, cluster, name, address, **more):
        super().__init__(cluster, name, address, **more)
        self.rpc = f"{address.rpartition(':')[0]}:{RPC_PORT}"
        self.lines, self.unread = [], b""

    def arguments(self):
        arguments = [program(), "agent", "-node", self.name, "-bind", self.address, "-rpc-addr", self.rpc]
        for seed in self.seeds:
            arguments += ["-join", seed]
        return arguments + self.options

    def launch(self):
        with self.namespace.inside():
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.arguments()], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean_environment())
        os.set_blocking(self.process.stdout.fileno(), False)
        self.pump.add(self.process.stdout, selectors.EVENT_READ, self.written)
        self.started = time.monotonic()
        return self

    def written(self, _):
        data = self.process.stdout.read()
        if not data:
            self.disconnect()
            return
        now = time.monotonic()
        lines = (self.unread + data).split(b"\n")
        self.unread = lines.pop()
        for line in lines:
            self.lines.append(line.decode(errors="replace"))
            learnt = LEARNT.search(self.lines[-1])
            if learnt:
                self.learns(*learnt.groups(), now)

    def learns(self, what, name, now):
        kind = TYPE.get(what) or ("member.recovered" if name in self.view else "member.joined")
        if what == "Reap":
            self.view.pop(name, None)
        else:
            self.view[name] = STATUS[what]
        self.said.append({"type": kind, "member": {"name": name}, "at": now})

    def ready(self, seconds=60):
        def runs():
            if self.process.poll() is not None:
                raise AssertionError(f"{self} ended with status {self.process.returncode}: {self.tail(5)}")
            return any(RUNNING in line for line in self.lines)
        self.pump.wait(runs, f"{self} to run", seconds)
        return self

    def watch(self):
        """Do nothing: the agent's log is read from the beginning."""

    def watched(self, number):
        return self

    def listed(self):
        """{name: status}, as the agent answers now."""
        answer = self.namespace.run(program(), "members", "-rpc-addr", self.rpc, "-format", "json")
        words = {"failed": "dead"}
        return {m["name"]: words.get(m["status"], m["status"]) for m in json.loads(answer)["members"]}

    def disconnect(self):
        if self.process is not None and not self.process.stdout.closed:
            self.pump.remove(self.process.stdout)
            self.process.stdout.close()
        super().disconnect()

    def text(self):
        return "\n".join(self.lines)


class Agents(Cluster):
    """A cluster of Serf agents."""

    def make(self, *arguments, **more):
        return Agent(self, *arguments, **more)

    def start(self, count, **more):
        """Start the first agent and wait until it runs, then start the others: an agent that cannot join at once gives up."""
        first = self.daemon(**more)
        first.launch().ready()
        others = [self.daemon(seeds=[first.address], **more) for _ in range(count - 1)]
        for agent in others:
            agent.launch()
        last = time.monotonic()
        self.watch(others)
        return last

    def end_orderly(self):
        """Do nothing: an agent takes many seconds to leave, and no benchmark measures that."""
        return []
