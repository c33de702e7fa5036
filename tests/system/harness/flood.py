"""Floods of datagrams, and the answer times of a daemon's control socket during a flood."""
import json
import os
import select
import socket
import subprocess
import sys
import time


def program():
    from . import paths     # here, because this file also runs as a program, outside its package
    return os.path.join(paths.BUILD, "tests", "flood", "flood")


# Bytes: the MTU of the loopback interface.
LOOPBACK_MTU = 65536


def send(namespace, kind, to, rate, seconds, source=None, spread=1, victims=(), mtu=LOOPBACK_MTU):
    """Start tests/flood/flood.c in the namespace. Returns a Popen whose output says how many datagrams were sent."""
    arguments = [kind, to, str(rate), str(seconds), f"mtu={mtu}"]
    if source:
        arguments += [f"from={source}", f"spread={spread}"]
    arguments += [f"victim={name}@{address}" for name, address in victims]
    with namespace.inside():
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program(), *arguments], stdout=subprocess.PIPE, text=True)


class Asker:
    """A process that sends requests to a control socket, one after the other, and measures how long each answer takes."""

    def __init__(self, path, word="info", pause=0.02, wrapper=()):
        self.process = subprocess.Popen([*wrapper, sys.executable, "-B", __file__, path, word, str(pause)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # Wait for the start of the process, which may take long on a busy machine.
        assert self.process.stdout.readline() == "asking\n"

    def stop(self):
        """End the process. Returns the answer times in seconds, shortest first."""
        answer = json.loads(self.process.communicate(timeout=120)[0])
        assert answer["fault"] is None, answer
        return sorted(answer["waits"])


class Echo:
    """A process that answers every line at once, on a socket of its own: its answer times show the delays of the machine."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen([sys.executable, "-B", __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "listening\n"

    def stop(self):
        self.process.communicate(timeout=60)
        os.unlink(self.path)


def read_line(connection):
    answer = b""
    while not answer.endswith(b"\n"):
        if not select.select([connection], [], [], 60)[0]:
            raise OSError("no answer within 60 s")
        more = connection.recv(1 << 16)
        if not more:
            raise OSError("the connection was closed")
        answer += more
    return answer


def ask(path, word, pause):
    """Send requests until standard input ends, then print the answer times."""
    waits, fault = [], None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            print("asking", flush=True)
            while not select.select([0], [], [], pause)[0]:
                begin = time.monotonic()
                connection.sendall(word.encode() + b"\n")
                answer = read_line(connection)
                waits.append(time.monotonic() - begin)
                if b'"result"' not in answer:
                    raise OSError(answer.decode())
            # Send one more request in any case, so that the last answer comes after all that the daemon had to do.
            begin = time.monotonic()
            connection.sendall(word.encode() + b"\n")
            read_line(connection)
            waits.append(time.monotonic() - begin)
    except OSError as error:
        fault = str(error)
    json.dump({"waits": waits, "fault": fault}, sys.stdout)


def echo(path):
    """Answer one connection until the connection or standard input ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("listening", flush=True)
        if listener not in select.select([0, listener], [], [])[0]:
            return
        with listener.accept()[0] as connection:
            while 0 not in select.select([0, connection], [], [])[0] and connection.recv(1 << 16):
                connection.sendall(b'{"result":null}\n')


if __name__ == "__main__":
    if len(sys.argv) == 2:
        echo(sys.argv[1])
    else:
        ask(sys.argv[1], sys.argv[2], float(sys.argv[3]))
