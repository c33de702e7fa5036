"""A client that keeps a connection to the control socket: calls, subscriptions, and raw bytes."""
import json
import selectors
import socket
import time


# The daemon's health gives this reason on a busy machine, such as one that runs many tests at once.
BUSY = "the loop was kept waiting for "


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']} {error.get('data', {}).get('code')}: {error['message']}")
        self.number, self.word, self.message = error["code"], error.get("data", {}).get("code"), error["message"]


class Control:
    def __init__(self, pump, path, who=""):
        self.pump, self.who = pump, who or path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)
        self.last_id = 10**6            # far from the ids of requests that a test writes itself
        self.unread, self.unsent = bytearray(), b""
        self.lines = []                 # every line that came, decoded, in order
        self.answers = {}               # id -> answer
        self.events = []                # the params of every event, with "at": the instant of its arrival
        self.on_event = None
        self.eof = False                # the daemon closed the connection
        self.paused = False             # the test stopped reading
        self.pump.add(self.sock, selectors.EVENT_READ, self.ready)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.sock is not None:
            if not self.eof and not self.paused:
                self.pump.remove(self.sock)
            self.sock.close()
            self.sock = None

    # ---------------------------------------------------------------------------------- bytes
    def ready(self, events):
        if events & selectors.EVENT_WRITE:
            self.flush()
        if events & selectors.EVENT_READ:
            self.read()

    def read(self):
        try:
            data = self.sock.recv(1 << 20)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self.eof = True
            self.pump.remove(self.sock)
            return
        self.unread += data         # a bytearray, because a line may come in hundreds of pieces
        if b"\n" not in data:
            return
        lines = bytes(self.unread).split(b"\n")
        self.unread = bytearray(lines.pop())
        now = time.monotonic()
        for line in lines:
            self.line(json.loads(line), now)

    def line(self, answer, now):
        self.lines.append(answer)
        if answer.get("method") == "event":
            event = dict(answer["params"], at=now)
            self.events.append(event)
            if self.on_event:
                self.on_event(event)
        else:
            self.answers[answer.get("id")] = answer

    def write(self, data):
        self.unsent += data
        self.flush()

    def flush(self):
        if self.eof:
            return
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent):]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.unsent = b""           # what the daemon sent before it closed can still be read
        want = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.unsent else 0)
        self.pump.change(self.sock, want, self.ready)

    def half_close(self):
        self.pump.wait(lambda: not self.unsent, f"{self.who} to take all that was sent")
        self.sock.shutdown(socket.SHUT_WR)

    def pause(self):
        """Stop reading, as a slow client does."""
        self.paused = True
        self.pump.remove(self.sock)

    def resume(self):
        self.paused = False
        self.pump.add(self.sock, selectors.EVENT_READ, self.ready)

    # ---------------------------------------------------------------------------------- requests
    def send(self, method, **params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        if params:
            request["params"] = params
        self.write(json.dumps(request).encode() + b"\n")
        return self.last_id

    def answer(self, number, seconds=None):
        self.pump.wait(lambda: number in self.answers or self.eof, f"{self.who} to answer request {number}", seconds)
        assert number in self.answers, f"{self.who} closed without an answer to request {number}"
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def call(self, method, seconds=None, **params):
        return self.answer(self.send(method, **params), seconds)

    def complaints(self):
        """The reasons that the daemon's health gives, without the reason BUSY."""
        health = self.call("health")
        assert health["status"] == "ok" or health["reasons"], f"a status without a reason: {health}"
        return [reason for reason in health["reasons"] if not reason.startswith(BUSY)]

    def raw(self, data, count=1, seconds=None):
        """Send bytes as they are. Returns the next `count` lines."""
        begin = len(self.lines)
        self.write(data)
        self.pump.wait(lambda: len(self.lines) >= begin + count or self.eof,
                       lambda: f"{self.who} to send {count} lines; it sent {len(self.lines) - begin}", seconds)
        return self.lines[begin:begin + count]

    def event(self, kind, name=None, since=0, seconds=None):
        """Wait for the first event of this type (about this member) at or after index `since`, and return it."""
        def found():
            return next((e for e in self.events[since:]
                         if e["type"] == kind and (name is None or e["member"]["name"] == name)), None)
        return self.pump.wait(found, lambda: f"{kind} of {name} from {self.who}; its events: " + ", ".join(
            f"{e['type']} {e.get('member', {}).get('name', '')}" for e in self.events[since:][-40:]), seconds)
