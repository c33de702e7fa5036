"""The control socket: order of answers, errors, limits, slow readers, resumed event streams."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from harness import TRUSTING, Crowd, RpcError, Teller, Wire, base_wire, paths

LINE_MAX = 65536
METHODS = ["info", "members", "member", "health", "metrics", "subscribe", "join", "leave", "remove", "reload",
           "discovery"]


@pytest.fixture
def daemon(cluster):
    made = cluster.daemon(config=TRUSTING)
    cluster.watch([made.launch()])
    return made


def word(answer):
    return answer["error"]["data"]["code"]


def churn(crowd, daemon, count, start=0):
    """Let `count` new members join, one event each."""
    for first in range(start, start + count, 10):
        updates = [base_wire.Update(f"m{n}", f"10.1.{n // 250}.{n % 250 + 1}:7946", base_wire.ALIVE, 0)
                   for n in range(first, min(first + 10, start + count))]
        wire = crowd.next()
        wire.send(daemon.address, base_wire.ping(first + 1, updates))
        wire.answer(base_wire.ACK, first + 1)


# ------------------------------------------------------------------------------------ framing
def test_pipelined_requests_are_answered_in_order(cluster, daemon):
    connection = daemon.connect()
    requests = [json.dumps({"jsonrpc": "2.0", "id": n, "method": ("info", "members", "health", "nonsense")[n % 4]})
                for n in range(500)]
    answers = connection.raw(("\n".join(requests) + "\n").encode(), 500)
    assert [a["id"] for a in answers] == list(range(500))
    assert all(("error" in a) == (a["id"] % 4 == 3) for a in answers)
    assert all(a["jsonrpc"] == "2.0" for a in answers)


def test_requests_may_come_in_pieces(cluster, daemon):
    """A request may come byte by byte, and two requests in one write; lines may end in CR LF."""
    connection = daemon.connect()
    for byte in b'{"id":1,"method":"info"}\n':
        connection.write(bytes([byte]))
    assert connection.answer(1)["name"] == daemon.name
    answers = connection.raw(b'{"id":2,"method":"info"}\r\n{"id":3,"method":"info"}\r\n', 2)
    assert [a["id"] for a in answers] == [2, 3]


def test_a_bare_word_is_a_request(cluster, daemon):
    connection = daemon.connect()
    answer, = connection.raw(b"members\n")
    assert answer["id"] is None and [m["name"] for m in answer["result"]["members"]] == [daemon.name]
    answer, = connection.raw(b"membres\n")
    assert word(answer) == "unknown-method" and answer["error"]["code"] == -32601
    assert "membres" in answer["error"]["message"]


def line_of(size):
    head, tail = b'{"id":1,"method":"members"', b"}"
    return head + b" " * (size - len(head) - len(tail)) + tail


def test_a_line_above_the_limit_is_refused(cluster, daemon):
    """A line of 64 KiB is answered; a line with one byte more is refused with `too-large`."""
    connection = daemon.connect()
    assert len(line_of(LINE_MAX)) == LINE_MAX
    answer, = connection.raw(line_of(LINE_MAX) + b"\n")
    assert answer["result"]["members"], answer
    answer, = connection.raw(line_of(LINE_MAX + 1) + b"\n")
    assert word(answer) == "too-large" and "65536" in answer["error"]["message"], answer
    assert daemon.call("info")["name"] == daemon.name


def test_an_endless_line_is_refused(cluster, daemon):
    """A client that never ends its line is refused at the limit, and costs no processor time."""
    connection = daemon.connect()
    before = daemon.cpu_seconds()
    connection.write(b"x" * (4 << 20))
    cluster.wait(lambda: connection.eof, "the connection to be closed")
    assert word(connection.lines[0]) == "too-large"
    cluster.pump.pass_time(1)
    assert daemon.cpu_seconds() - before < 1


def test_requests_before_a_half_close_are_answered(cluster, daemon):
    connection = daemon.connect()
    connection.write(b"info\nmembers\nhealth\n")
    connection.half_close()
    cluster.wait(lambda: connection.eof, "the daemon to close after the last answer")
    assert len(connection.lines) == 3 and all("result" in a for a in connection.lines)


def test_the_last_line_needs_no_newline(cluster, daemon):
    """The last line before a half-close needs no newline, so that `printf members | socat` works."""
    connection = daemon.connect()
    connection.write(b"members")
    connection.half_close()
    cluster.wait(lambda: connection.eof, "the daemon to close")
    assert "result" in connection.lines[0]


def test_a_subscription_survives_a_half_close(cluster, daemon):
    connection = daemon.connect()
    connection.send("subscribe")
    connection.half_close()
    cluster.wait(lambda: connection.lines, "the answer")
    crowd = Crowd(cluster, daemon, 2)
    churn(crowd, daemon, 5)
    cluster.wait(lambda: len([e for e in connection.events if e["type"] == "member.joined"]) >= 5, "five events")


def test_socat_and_jq_can_ask(cluster, daemon):
    done = subprocess.run(["sh", "-c", f"echo members | socat -t5 - UNIX:{daemon.socket} | jq .result.members"],
                          capture_output=True, text=True, timeout=20, check=True)
    assert [m["name"] for m in json.loads(done.stdout)] == [daemon.name]


# ------------------------------------------------------------------------------------ requests
@pytest.mark.parametrize("line, number, code", [
    (b"{", -32700, "parse-error"),
    (b'{"id":1,"method":"info"', -32700, "parse-error"),
    (b'{"id":1,"method":"info"} x', -32700, "parse-error"),
    (b"\xff\xfe\x00", -32700, "parse-error"),
    (b'{"id":1,"id":2,"method":"info"}', -32700, "parse-error"),
    (b"[" * 30000, -32700, "parse-error"),
    (b"[]", -32600, "invalid-request"),
    (b"17", -32600, "invalid-request"),
    (b'"info"', -32600, "invalid-request"),
    (b"{}", -32600, "invalid-request"),
    (b'{"id":1}', -32600, "invalid-request"),
    (b'{"id":1,"method":17}', -32600, "invalid-request"),
    (b'{"id":{},"method":"info"}', -32600, "invalid-request"),
    (b'{"id":1,"jsonrpc":"1.0","method":"info"}', -32600, "invalid-request"),
    (b'{"id":1,"method":"info","parms":{}}', -32600, "invalid-request"),
    (b'{"id":1,"method":"info","params":17}', None, None),
    (b'{"id":1,"method":"nonsense"}', -32601, "unknown-method"),
    (b'{"id":1,"method":""}', -32601, "unknown-method"),
    (b'{"id":1,"method":"info","params":{"x":1}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"members","params":{"status":["undead"]}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"members","params":{"status":[1]}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"members","params":{"name":7}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"member"}', -32602, "invalid-params"),
    (b'{"id":1,"method":"member","params":{"name":"nobody"}}', -32001, "not-found"),
    (b'{"id":1,"method":"remove","params":{"name":"nobody"}}', -32001, "not-found"),
    (b'{"id":1,"method":"remove","params":{"name":"n0"}}', -32005, "conflict"),
    (b'{"id":1,"method":"metrics","params":{"format":"xml"}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"subscribe","params":{"types":["member.exploded"]}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"subscribe","params":{"since":-1}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"subscribe","params":{"since":"x"}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"join"}', -32602, "invalid-params"),
    (b'{"id":1,"method":"join","params":{"addresses":"127.0.0.1:7946"}}', -32602, "invalid-params"),
    (b'{"id":1,"method":"join","params":{"addresses":[1]}}', -32602, "invalid-params"),
])
def test_each_bad_request_has_its_error(cluster, daemon, line, number, code):
    """Each bad request is answered with a number, a stable code and a message; the connection stays open."""
    connection = daemon.connect()
    answer, = connection.raw(line + b"\n")
    assert "error" in answer, answer
    if number is not None:
        assert (answer["error"]["code"], word(answer)) == (number, code), answer
    assert len(answer["error"]["message"]) > 8
    assert connection.call("info")["name"] == daemon.name


def test_a_notification_gets_no_answer(cluster, daemon):
    """A JSON-RPC request without an id is a notification and gets no answer."""
    connection = daemon.connect()
    answers = connection.raw(b'{"jsonrpc":"2.0","method":"info"}\n{"id":9,"method":"info"}\n', 1)
    connection.call("info")
    assert [a.get("id") for a in connection.lines if a.get("id") != connection.last_id][-1] == 9 and answers


def test_garbage_changes_nothing(cluster, daemon):
    """Random bytes, a megabyte in all, are answered with errors, and the daemon goes on."""
    import random
    noise = random.Random(7)
    for _ in range(20):
        connection = daemon.connect()
        connection.write(bytes(noise.choice(b'{}[]":,0123456789aeimnrstu\n\n\\ \t\x00\xff') for _ in range(50000)))
        connection.half_close()
        cluster.wait(lambda: connection.eof, "the connection to end")
        assert connection.lines and all("error" in a for a in connection.lines)
        connection.close()
    assert daemon.call("info")["name"] == daemon.name


# ------------------------------------------------------------------------------------ results
def test_info_describes_the_daemon(cluster, daemon):
    info = daemon.call("info")
    assert info["name"] == daemon.name and info["address"] == daemon.address
    assert info["pid"] == daemon.process.pid and info["cluster"] == "" and info["profile"] == "lan"
    assert info["uptime_seconds"] >= 0 and info["started"].endswith("Z") and len(info["started"]) == 24
    version = subprocess.run([paths.SWIMD, "--version"], capture_output=True, text=True, check=True)
    assert info["version"] in version.stdout


def test_members_can_be_filtered(cluster):
    cluster.start(4)
    cluster.whole()
    cluster.all_say("member.failed", "n3", cluster.daemons[3].kill())
    daemon = cluster.daemons[0]
    names = lambda **params: [m["name"] for m in daemon.call("members", **params)["members"]]  # noqa: E731
    assert names() == ["n0", "n1", "n2", "n3"]
    assert names(status=["dead"]) == ["n3"]
    assert names(status=["alive", "dead"], name="n[23]") == ["n2", "n3"]
    assert names(name="x*") == []
    counts = daemon.call("members", status=["left"])["counts"]
    assert counts == {"alive": 3, "suspect": 0, "dead": 1, "left": 0}, "counts are of all members, not of the filtered ones"


def test_health_gives_reasons(cluster):
    cluster.start(3)
    cluster.whole()
    daemon = cluster.daemons[0]
    cluster.wait(lambda: daemon.call("health").get("last_probe"), "a first probe to be answered")
    health = daemon.call("health")
    assert (health["running"], health["alive"], health["suspect"]) == (True, 3, 0), health
    assert health["status"] == ("degraded" if health["reasons"] else "ok"), health
    assert health["transport"]["healthy"] is True
    cluster.wait(lambda: daemon.call("health")["local_health"] == 0, "local health to be 0")
    assert daemon.complaints() == []
    for other in cluster.daemons[1:]:
        other.kill()
    cluster.wait(lambda: daemon.call("health")["status"] == "isolated", "health to be isolated")
    health = daemon.call("health")
    assert health["reasons"] and all(isinstance(r, str) and len(r) > 8 for r in health["reasons"])


def test_metrics_are_complete_and_count(cluster):
    cluster.start(3)
    cluster.whole()
    daemon = cluster.daemons[0]
    metrics = daemon.call("metrics")
    for key in ("messages_received", "messages_sent", "messages_rejected", "probes", "members", "decode_time", "encode_time"):
        assert key in metrics, sorted(metrics)
    text = daemon.call("metrics", format="openmetrics")["text"]
    assert text.endswith("# EOF\n")
    for line in text.splitlines():
        assert line.startswith("#") or line.split(" ")[0].startswith("swimd_"), line
    wire = Wire(cluster, "127.0.9.1:7946")
    wire.send(daemon.address, b"\x63 no such message")
    cluster.wait(lambda: daemon.call("metrics")["messages_rejected"]["unknown-type"] == 1, "the reject to be counted")


def test_dropped_datagrams_raise_the_local_health_value(cluster):
    """Datagrams that the kernel drops, because the receive buffer is full, raise the local health value."""
    # With these times no probe is due and no lag counts, so that only the drops can change the local health value.
    config = 'receive_buffer = "4KiB"\nprobe_interval = "1h"\nprobe_timeout = "30m"\n'
    daemon = cluster.daemon(config=config).launch()
    cluster.watch([daemon])
    # The second daemon starts after the first, because a failed join is repeated only after the timeout.
    cluster.watch([cluster.daemon(config=config, seeds=[daemon.address]).launch()])
    cluster.whole()
    wire = Wire(cluster, "127.0.9.1:7946")
    assert daemon.call("health")["local_health"] == 0
    assert daemon.call("metrics")["transport"]["kernel_drops"] == 0
    daemon.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
    for _ in range(500):
        wire.send(daemon.address, b"\x63" * 500)
    daemon.signal(signal.SIGCONT)

    def told():
        # The kernel reports the count with the next datagram that is received.
        wire.send(daemon.address, b"\x63")
        return daemon.call("metrics")["transport"]["kernel_drops"] > 0
    cluster.wait(told, "the drops to be counted")
    cluster.wait(lambda: daemon.call("health")["local_health"] == 1, lambda: f"local health to be 1: {daemon.call('health')}")


# ------------------------------------------------------------------------------------ read-only
def test_the_read_only_socket_denies_changes(cluster):
    daemon = cluster.daemon()
    readonly = os.path.join(daemon.directory, "ro")
    daemon.options += ["--ro-socket", readonly]
    daemon.start()
    connection = daemon.connect(readonly)
    for method in ("info", "members", "health", "metrics", "discovery", "subscribe"):
        connection.call(method)
    assert connection.call("member", name=daemon.name)
    for method, params in (("join", {"addresses": ["127.0.0.9:1"]}), ("leave", {}), ("remove", {"name": "x"}),
                           ("reload", {})):
        with pytest.raises(RpcError) as denied:
            connection.call(method, **params)
        assert denied.value.word == "denied" and denied.value.number == -32002
    assert os.stat(readonly).st_mode & 0o777 == 0o666
    assert os.stat(daemon.socket).st_mode & 0o777 == 0o660
    assert daemon.call("info")


def test_there_is_one_socket_by_default(cluster, daemon):
    names = set(os.listdir(daemon.directory))
    sockets = [n for n in names if os.path.exists(os.path.join(daemon.directory, n))
               and (os.stat(os.path.join(daemon.directory, n)).st_mode & 0o170000) == 0o140000]
    assert set(sockets) - {"n"} == {"s"}


def test_sockets_are_removed_at_the_end(cluster):
    daemon = cluster.daemon()
    readonly = os.path.join(daemon.directory, "ro")
    daemon.options += ["--ro-socket", readonly]
    daemon.start()
    assert os.path.exists(readonly)
    daemon.call("leave")
    assert daemon.ended() == 0
    assert not os.path.exists(daemon.socket) and not os.path.exists(readonly)


# ------------------------------------------------------------------------------------ limits
@pytest.mark.early
def test_most_of_four_hundred_connections_are_refused(cluster, daemon):
    """Of 400 connections at most 64 are served, those that were open before stay open, and the processor time is bounded."""
    first = daemon.connect()
    before, begin = daemon.cpu_seconds(), time.monotonic()
    crowd = daemon.crowd(400)
    cluster.pump.pass_time(5)
    spent = daemon.cpu_seconds() - before
    print(f"CPU over {time.monotonic() - begin:.1f} s with 400 connections: {spent:.2f} s")
    assert spent < 1.5
    assert first.call("info")["name"] == daemon.name, "a connection that was open before is no longer served"
    assert daemon.call("metrics")["control"]["clients"] <= 64
    for sock in crowd:
        sock.close()

    def served():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(5)
            sock.connect(daemon.socket)
            sock.sendall(b"info\n")
            return b'"result"' in sock.recv(65536)
    cluster.wait(served, "a new connection to be served again")


def test_a_slow_subscriber_is_closed_with_overflow(cluster, daemon):
    """A slow subscriber gets `overflow` as its last event and is closed; another subscriber gets all events."""
    slow, good = daemon.connect(), daemon.connect()
    slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.call("subscribe")
    good.call("subscribe")
    slow.pause()
    crowd = Crowd(cluster, daemon, 20)
    count = 0
    before = daemon.call("metrics")["control"]["overflows"]
    while daemon.call("metrics")["control"]["overflows"] == before:
        assert count < 9000, "no overflow after 9,000 events"
        churn(crowd, daemon, 500, start=count)
        count += 500
    wanted = lambda: sum(e["type"] == "member.joined" for e in good.events)  # noqa: E731
    cluster.wait(lambda: wanted() >= count, lambda: f"the other subscriber to get {count} events; it has {wanted()}")
    assert not any(e["type"] == "overflow" for e in good.events)
    slow.resume()
    cluster.wait(lambda: slow.eof, "the slow subscriber to be closed")
    assert slow.events[-1]["type"] == "overflow"
    assert sum(e["type"] == "overflow" for e in slow.events) == 1
    seqs = [e["seq"] for e in slow.events[:-1]]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "an event before the overflow is missing"


def test_output_for_a_client_that_never_reads_is_bounded(cluster, daemon):
    """The output for a client that sends requests and never reads is bounded, and other clients are served."""
    rude = daemon.connect()
    rude.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    crowd = Crowd(cluster, daemon, 2)
    churn(crowd, daemon, 500)
    before = daemon.resident_kib()
    rude.pause()
    try:
        for _ in range(200):
            rude.sock.send(b"members\n" * 100)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass
    assert daemon.call("info")["name"] == daemon.name
    cluster.pump.pass_time(1)
    grown = daemon.resident_kib() - before
    print(f"grown by {grown} KiB")
    assert grown < (64 if paths.sanitized() else 16) * 1024
    rude.resume()


def test_clients_that_vanish_leave_nothing_behind(cluster, daemon):
    """The daemon keeps nothing of clients that disconnect during a join, a subscription, an answer or a request."""
    import random
    rng = random.Random(3)
    crowd = Crowd(cluster, daemon, 2)
    churn(crowd, daemon, 300)
    requests = [
        b'{"id":1,"method":"join","params":{"addresses":["127.0.8.8:1","no.such.host.invalid","127.0.8.9:2"]}}\n',
        b'{"id":2,"method":"join","params":{"addresses":["' + daemon.address.encode() + b'"]}}\n',
        b'{"id":3,"method":"subscribe","params":{"snapshot":true,"since":0}}\n',
        b"members\n" * 20, b"metrics\n", b"reload\n", b"discovery\n", b'{"id":4,"meth', b"nonsense\n" * 50,
    ]
    for n in range(400):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(0.05)       # some requests are answered late or never
        sock.connect(daemon.socket)
        try:
            for request in rng.sample(requests, rng.randrange(1, len(requests))):
                sock.sendall(request)
                if rng.random() < 0.3:
                    sock.recv(rng.choice((1, 100, 65536)))
                if rng.random() < 0.2:
                    sock.shutdown(socket.SHUT_WR)
                    break
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass                    # also if the daemon refuses the connection because it has too many
        if rng.random() < 0.3:      # reset the connection instead of closing it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        if n % 50 == 0:
            churn(crowd, daemon, 10, start=1000 + n * 10)
    # The two clients are the harness's connection and its subscriber.
    cluster.wait(lambda: daemon.call("metrics")["control"]["clients"] == 2,
                 lambda: f"all clients to be gone: {daemon.call('metrics')['control']}")
    assert daemon.call("metrics")["control"]["subscribers"] == 1


def test_joins_are_answered_in_order(cluster, daemon):
    """Several joins of 60 addresses each, sent at once, are answered in the order of the requests."""
    connection = daemon.connect()
    numbers = [connection.send("join", addresses=[f"127.0.8.{n}:{1000 + turn}" for n in range(1, 61)])
               for turn in range(3)]
    info = connection.send("info")
    for turn, number in enumerate(numbers):
        answer = connection.answer(number, seconds=60)
        assert [p["address"] for p in answer["addresses"]] == \
            [f"127.0.8.{n}:{1000 + turn}" for n in range(1, 61)]
        assert not any(p["joined"] for p in answer["addresses"])
    assert connection.answer(info)["name"] == daemon.name
    assert [a["id"] for a in connection.lines] == [*numbers, info]


def test_a_leave_ends_a_daemon_that_joins(cluster, daemon):
    """A leave during a join that finds no member: both clients are answered, and the daemon ends."""
    joiner, leaver = daemon.connect(), daemon.connect()
    joining = joiner.send("join", addresses=["127.0.8.8:1", "no.such.host.invalid"])
    leaver.call("leave")
    assert daemon.ended() == 0
    cluster.wait(lambda: joiner.eof, "the joiner's connection to end")
    assert joining not in joiner.answers or "error" in joiner.answers[joining] or joiner.answers[joining]["result"]


# ------------------------------------------------------------------------------------ the stream
def test_snapshot_and_events_name_each_member_once(cluster, daemon):
    """A subscription with snapshot during 1,000 changes: snapshot and events together name each member once."""
    wire = Teller(cluster, "127.0.9.1:7946")
    count, late = 1000, []
    for first in range(0, count, 10):
        updates = [base_wire.Update(f"m{n}", f"10.1.{n // 250}.{n % 250 + 1}:7946", base_wire.ALIVE, 0)
                   for n in range(first, first + 10)]
        wire.send(daemon.address, base_wire.ping(first + 1, updates))
        if first % 100 == 50:
            connection = daemon.connect()
            late.append((connection, connection.send("subscribe", snapshot=True)))
        wire.answer(base_wire.ACK, first + 1)       # so that the daemon's receive buffer does not overflow
    names = {f"m{n}" for n in range(count)} | {daemon.name, wire.address}
    for connection, number in late:
        answer = connection.answer(number)

        def missing():
            told = {m["name"] for m in answer["members"]}
            return sorted(names - told - {e["member"]["name"] for e in connection.events if e["type"] == "member.joined"})
        cluster.wait(lambda: not missing(), lambda: f"a report of each member: {missing()[:20]}; {daemon.call('metrics')}")
        seen = [m["name"] for m in answer["members"]]
        joined = [e["member"]["name"] for e in connection.events if e["type"] == "member.joined"]
        assert not set(seen) & set(joined), "a member is in the snapshot and has an event"
        assert set(seen) | set(joined) == names and len(seen) + len(joined) == len(names)
        seqs = [e["seq"] for e in connection.events]
        assert seqs == list(range(answer["seq"] + 1, answer["seq"] + 1 + len(seqs)))


def test_since_resumes_without_loss_or_repetition(cluster, daemon):
    """A client that reconnects with `since` several times during 1,000 changes gets each event once, in order."""
    wire = Teller(cluster, "127.0.9.1:7946")
    connection = daemon.connect()
    answer = connection.call("subscribe")
    assert answer["gap"] is False
    begin, boot, got, count = answer["seq"], answer["boot"], [], 1000
    for first in range(0, count, 10):
        updates = [base_wire.Update(f"m{n}", f"10.1.{n // 250}.{n % 250 + 1}:7946", base_wire.ALIVE, 0)
                   for n in range(first, first + 10)]
        wire.send(daemon.address, base_wire.ping(first + 1, updates))
        if first % 100 == 50:
            connection.read()
            got += connection.events
            connection.close()
            connection = daemon.connect()
            answer = connection.call("subscribe", since=got[-1]["seq"] if got else begin)
            assert answer["gap"] is False and answer["boot"] == boot
    wire.answer(base_wire.ACK, count - 9)
    last = daemon.connect().call("subscribe")["seq"]
    cluster.wait(lambda: connection.events and connection.events[-1]["seq"] >= last or got[-1]["seq"] >= last,
                 "the last event")
    got += connection.events
    seqs = [e["seq"] for e in got]
    assert seqs == list(range(begin + 1, begin + 1 + len(seqs)))
    joined = [e["member"]["name"] for e in got if e["type"] == "member.joined" and e["member"]["name"] != wire.address]
    assert joined == [f"m{n}" for n in range(count)]


def test_a_gap_is_reported(cluster, daemon):
    """`gap` is true if `since` is older than the oldest stored event or newer than the newest."""
    crowd = Crowd(cluster, daemon, 20)
    begin = daemon.connect().call("subscribe")["seq"]
    churn(crowd, daemon, 4600)
    connection = daemon.connect()
    assert connection.call("subscribe", since=begin)["gap"] is True
    other = daemon.connect()
    answer = other.call("subscribe", since=10**9)
    assert answer["gap"] is True
    # The invented members are suspected meanwhile, which makes events: try until no event came between the two requests.
    def back_from_the_end():
        end = daemon.connect().call("subscribe")["seq"]
        answer = daemon.connect().call("subscribe", since=end - 4096)
        return answer if daemon.connect().call("subscribe")["seq"] == end else None
    again = cluster.wait(back_from_the_end, "a moment without events")
    assert again["gap"] is False, "less than 4,096 events are stored"


def test_types_select_events(cluster, daemon):
    """A subscription with `types` gets only events of these types."""
    connection = daemon.connect()
    connection.call("subscribe", types=["member.failed", "member.suspected"])
    everything = daemon.connect()
    everything.call("subscribe", types=["member.*"])
    wire = Teller(cluster, "127.0.9.1:7946")
    wire.send(daemon.address, base_wire.ping(1, [base_wire.Update("x", "127.0.9.9:1", base_wire.ALIVE, 0)]))
    cluster.wait(lambda: wire.messages(base_wire.PING), "a ping to the teller, whose report of a death counts after it answered")
    wire.send(daemon.address, base_wire.ping(2, [base_wire.Update("x", "127.0.9.9:1", base_wire.DEAD, 0)]))
    connection.event("member.failed", "x")
    everything.event("member.failed", "x")
    assert {e["type"] for e in connection.events} <= {"member.failed", "member.suspected"}
    assert "member.joined" in {e["type"] for e in everything.events}


def test_hostile_names_are_escaped(cluster, daemon, swimctl):
    """A member's id may be any UTF-8: JSON has all of it, and swimctl and the log escape control characters."""
    evil = "e\x1b[31m\n\u202e\u0007 \"q\\"
    wire = Teller(cluster, "127.0.9.1:7946")
    wire.send(daemon.address, base_wire.ping(1, [base_wire.Update(evil, "127.0.9.9:1", base_wire.ALIVE, 0)]))
    cluster.wait(lambda: evil in daemon.view, "the member")
    assert daemon.members()[evil]["address"] == "127.0.9.9:1"
    for arguments in (["members"], ["-o", "name", "members"], ["-o", "tsv", "members"], ["-o", "hosts", "members"],
                      ["status"], ["-o", "wide", "members"]):
        out = swimctl(daemon, *arguments).stdout
        assert "\x1b" not in out and "\u202e" not in out and "\x07" not in out, (arguments, out)
    assert "\x1b" not in daemon.text() and "\u202e" not in daemon.text()


def test_a_leave_is_answered_before_the_end(cluster, daemon):
    """The daemon answers `leave` with `{}` before it closes the connection and ends with exit status 0."""
    connection = daemon.connect()
    number = connection.send("leave")
    assert connection.answer(number) == {}
    assert daemon.ended() == 0
    cluster.wait(lambda: connection.eof, "the socket to close")


def test_each_method_exists(cluster, daemon):
    """Each method of swimd-control(7) exists."""
    connection = daemon.connect()
    for method in METHODS:
        if method in ("leave",):
            continue
        try:
            connection.call(method)
        except RpcError as error:
            assert error.word != "unknown-method", method
