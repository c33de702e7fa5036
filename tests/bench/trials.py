"""Trials of bench_cluster.py: each gives the list of what did not hold, in words."""
import heapq
import itertools
import signal
import time

from harness import Cluster, TimedOut

PATIENCE = 120              # seconds; a figure beyond its bound is still measured
STARTED = 5.0               # seconds until a cluster started at once is whole
STOPPED = 8                 # daemons stopped at once
WHOLE_AGAIN = 20.0          # seconds after the last was continued
ONE_VIEW = 60.0             # seconds after the last restart of a storm
RESTARTS = 10


def wrong_failures(cluster, since, allowed=()):
    """Failed-events about members that were not meant to fail."""
    return [(d.name, e["member"]["name"]) for d in cluster.daemons
            for e in d.heard_of("member.failed", since=since) if e["member"]["name"] not in allowed]


def start(size, runs, options):
    missed, took = [], []
    print(f"{size} daemons started at once; seconds from the last start until all list all, {runs} runs:")
    for number in range(1, runs + 1):
        with Cluster() as cluster:
            begin = time.monotonic()
            last = cluster.start(size, options=options)
            try:
                took.append(max(0.0, cluster.whole(PATIENCE) - last))
            except TimedOut as error:
                missed.append(f"start of {size}, run {number}: {error}")
                continue
            print(f"  run {number}: {took[-1]:.2f} (starting them took {last - begin:.2f})", flush=True)
            if took[-1] > STARTED:
                missed.append(f"start of {size}, run {number}: {took[-1]:.2f} s, bound {STARTED:g} s")
            missed += [f"start of {size}, run {number}: {who} says {whom} failed"
                       for who, whom in wrong_failures(cluster, begin)]
    if took:
        print(f"  median {sorted(took)[len(took) // 2]:.2f}, worst {max(took):.2f}")
    return missed


# ------------------------------------------------------------------------------------ restart storm
def storm(cluster, wiped, rng):
    """Kill and restart each RESTARTS times, at random instants of its own; instant and count of restarts."""
    order = itertools.count()
    agenda = [(time.monotonic() + rng.uniform(0, 6), next(order), d, "kill") for d in cluster.daemons]
    heapq.heapify(agenda)
    left = dict.fromkeys(cluster.daemons, RESTARTS)
    while agenda:
        at, _, daemon, what = heapq.heappop(agenda)
        cluster.pump.pass_time(at - time.monotonic())
        if what == "kill":
            if daemon.process.poll() is not None:
                raise AssertionError(f"{daemon} ended by itself, status {daemon.process.returncode}: {daemon.tail(5)}")
            daemon.kill()
            if daemon in wiped:
                daemon.lose_state()
            heapq.heappush(agenda, (time.monotonic() + rng.uniform(0, 4), next(order), daemon, "start"))
            continue
        daemon.seeds = [d.address for d in rng.sample([d for d in cluster.daemons if d is not daemon], 3)]
        daemon.launch()
        left[daemon] -= 1
        if left[daemon]:
            heapq.heappush(agenda, (time.monotonic() + rng.uniform(0.5, 8), next(order), daemon, "kill"))
    return time.monotonic(), len(cluster.daemons) * RESTARTS


def views(cluster):
    """Each daemon's list as it is when asked: {daemon: {(name, address, status, incarnation)}}."""
    numbers = [(d, d.control.send("members")) for d in cluster.running]
    return {d: {(m["name"], m["address"], m["status"], m["incarnation"]) for m in d.control.answer(n)["members"]}
            for d, n in numbers}


def restart_storm(size, options, rng):
    missed = []
    with Cluster() as cluster:
        cluster.start(size, options=options)
        cluster.whole(PATIENCE)
        wiped = set(cluster.daemons[size // 2:])
        print(f"{size} daemons, each killed and restarted {RESTARTS} times; "
              f"{len(wiped)} of them with their state directory wiped each time", flush=True)
        for daemon in cluster.daemons:
            daemon.watcher.close()
        begin = time.monotonic()
        last, restarts = storm(cluster, wiped, rng)
        cluster.watch(cluster.daemons)
        expected = {(d.name, d.address, "alive") for d in cluster.daemons}

        def one_view():
            found = list(views(cluster).values())
            return found[0] == found[-1] and all(v == found[0] for v in found) and \
                {m[:3] for m in found[0]} == expected
        try:
            cluster.whole(PATIENCE)
            cluster.wait(one_view, "one view", PATIENCE)
        except TimedOut as error:
            missed.append(f"restart storm: {error}")
        took = time.monotonic() - last
        print(f"  {restarts} restarts in {last - begin:.1f} s; one view of all alive {took:.2f} s after the last start")
        if took > ONE_VIEW:
            missed.append(f"restart storm: one view after {took:.2f} s, bound {ONE_VIEW:g} s")
        for daemon, view in views(cluster).items():
            wrong = sorted({m[:3] for m in view} ^ expected)
            if wrong:
                missed.append(f"restart storm: {daemon.name} differs: {wrong[:5]}")
        # A ghost may also come back later: from a member that still holds it dead or suspect.
        quiet = time.monotonic()
        cluster.pump.pass_time(15)
        for daemon in cluster.daemons:
            said = [e for e in daemon.said if e["at"] >= quiet and e["type"] in ("member.failed", "member.joined",
                                                                                "member.left")]
            missed += [f"restart storm: later {daemon.name} says {e['type']} of {e['member']['name']}" for e in said]
    return missed


# ------------------------------------------------------------------------------------ stop and continue
def stopping(cluster, stopped, stop, run, seconds):
    """Stop these for `stop`, let them run for `run`, and so on for `seconds`; when they were last continued."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for daemon in stopped:
            daemon.signal(signal.SIGSTOP)
        cluster.pump.pass_time(stop)
        for daemon in stopped:
            daemon.signal(signal.SIGCONT)
        cluster.pump.pass_time(run)
    return time.monotonic()


def one_stop_cont(size, options, rng, stop, run, seconds):
    missed, what = [], f"{STOPPED} of {size} stopped {stop:g} s, running {1000 * run:.0f} ms, for {seconds:g} s"
    with Cluster() as cluster:
        cluster.start(size, options=options)
        cluster.whole(PATIENCE)
        cluster.pump.pass_time(3)
        stopped = rng.sample(cluster.daemons, STOPPED)
        names, all_names = {d.name for d in stopped}, {d.name for d in cluster.daemons}
        begin = time.monotonic()
        continued = stopping(cluster, stopped, stop, run, seconds)
        try:
            whole = cluster.whole(PATIENCE) - continued
        except TimedOut as error:
            return [f"{what}: {error}"]
        # What began in the last moments of running ends later, in a wrong failure or in a view lost again.
        cluster.pump.pass_time(continued + WHOLE_AGAIN - time.monotonic())
        missed += [f"{what}: {WHOLE_AGAIN:g} s after {d.name} lacks {sorted(all_names - d.alive())}"
                   for d in cluster.daemons if d.alive() != all_names]
        wrong = wrong_failures(cluster, begin, names)
        right = len(wrong_failures(cluster, begin)) - len(wrong)
        print(f"  {what}: {len(wrong)} failed-events about the others, {right} about the stopped; "
              f"all views whole {whole:.2f} s after", flush=True)
        missed += [f"{what}: {who}{' (stopped)' if who in names else ''} says {whom} failed" for who, whom in wrong]
        if whole > WHOLE_AGAIN:
            missed.append(f"{what}: whole {whole:.2f} s after, bound {WHOLE_AGAIN:g} s")
    return missed


def short_stops(size, options, rng, stops):
    """Stops of one second, one after another and then eight at once: nobody is declared failed."""
    missed = []
    with Cluster() as cluster:
        cluster.start(size, options=options)
        cluster.whole(PATIENCE)
        cluster.pump.pass_time(3)
        for many in (1, STOPPED):
            begin, suspected = time.monotonic(), 0
            for _ in range(stops):
                stopping(cluster, rng.sample(cluster.daemons, many), 1.0, rng.uniform(0.5, 2.0), 0.5)
            cluster.pump.pass_time(10)
            wrong = wrong_failures(cluster, begin)
            suspected = sum(len(d.heard_of("member.suspected", since=begin)) for d in cluster.daemons)
            print(f"  {many} of {size} stopped 1 s, {stops} times: {len(wrong)} failed-events, "
                  f"{suspected} suspected-events", flush=True)
            missed += [f"{many} stopped 1 s: {who} says {whom} failed" for who, whom in wrong]
    return missed


def stop_cont(size, options, rng):
    print(f"SIGSTOP and SIGCONT of some of {size} daemons")
    missed = one_stop_cont(size, options, rng, 4.1, 0.064, 60)
    missed += one_stop_cont(size, options, rng, 16.4, 0.064, 90)
    return missed + short_stops(size, options, rng, 20)
