"""The trials of bench_cluster.py. Each returns a list of texts that say what did not hold."""
import heapq
import itertools
import signal
import time

from harness import Cluster, TimedOut

PATIENCE = 120              # seconds, larger than the bounds, so that a figure beyond its bound is measured too
STARTED = 5.0               # bound: seconds from the last start until all list all
STOPPED = 8                 # daemons that are stopped at once
WHOLE_AGAIN = 20.0          # bound: seconds from the last SIGCONT until all list all
ONE_VIEW = 60.0             # bound: seconds from the last restart of a storm until all lists are the same
RESTARTS = 10               # restarts of each daemon in a storm


def wrong_failures(cluster, since, allowed=()):
    """[(observer, member)] of the member.failed events since then about members that are not in `allowed`."""
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
            missed += [f"start of {size}, run {number}: {who} says that {whom} failed"
                       for who, whom in wrong_failures(cluster, begin)]
    if took:
        print(f"  median {sorted(took)[len(took) // 2]:.2f}, worst {max(took):.2f}")
    return missed


# ------------------------------------------------------------------------------------ restart storm
def storm(cluster, wiped, rng):
    """Kill and restart each daemon RESTARTS times at random instants; empty the state of those in `wiped` each time.
    Returns the instant of the last restart and the number of restarts."""
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
    """The lists of all daemons, as they answer now: {daemon: {(name, address, status, incarnation)}}."""
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
            cluster.wait(one_view, "all lists to be the same", PATIENCE)
        except TimedOut as error:
            missed.append(f"restart storm: {error}")
        took = time.monotonic() - last
        print(f"  {restarts} restarts in {last - begin:.1f} s; all lists are the same {took:.2f} s after the last start")
        if took > ONE_VIEW:
            missed.append(f"restart storm: all lists are the same after {took:.2f} s, bound {ONE_VIEW:g} s")
        for daemon, view in views(cluster).items():
            wrong = sorted({m[:3] for m in view} ^ expected)
            if wrong:
                missed.append(f"restart storm: the list of {daemon.name} is wrong in {wrong[:5]}")
        # A member that still has an old record of another member, dead or suspect, may spread that record later.
        quiet = time.monotonic()
        cluster.pump.pass_time(15)
        for daemon in cluster.daemons:
            said = [e for e in daemon.said if e["at"] >= quiet and e["type"] in ("member.failed", "member.joined",
                                                                                "member.left")]
            missed += [f"restart storm: {daemon.name} reports {e['type']} of {e['member']['name']} afterwards" for e in said]
    return missed


# ------------------------------------------------------------------------------------ stop and continue
def stopping(cluster, stopped, stop, run, seconds):
    """Stop these daemons for `stop` seconds and let them run for `run` seconds, repeated for `seconds`.
    Returns the instant at which the last run ended."""
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
        # A suspicion that began before may end only now, in a false failure.
        cluster.pump.pass_time(continued + WHOLE_AGAIN - time.monotonic())
        missed += [f"{what}: {WHOLE_AGAIN:g} s after {d.name} lacks {sorted(all_names - d.alive())}"
                   for d in cluster.daemons if d.alive() != all_names]
        wrong = wrong_failures(cluster, begin, names)
        right = len(wrong_failures(cluster, begin)) - len(wrong)
        print(f"  {what}: {len(wrong)} failures of the others reported, {right} of the stopped; "
              f"all list all {whole:.2f} s after the end", flush=True)
        missed += [f"{what}: {who}{' (stopped)' if who in names else ''} says that {whom} failed" for who, whom in wrong]
        if whole > WHOLE_AGAIN:
            missed.append(f"{what}: all list all {whole:.2f} s after the end, bound {WHOLE_AGAIN:g} s")
    return missed


def short_stops(size, options, rng, stops):
    """Stop one daemon at a time for a second, then STOPPED daemons at a time: no daemon may be declared failed."""
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
            print(f"  {many} of {size} stopped 1 s, {stops} times: {len(wrong)} failures and "
                  f"{suspected} suspicions reported", flush=True)
            missed += [f"{many} stopped 1 s: {who} says that {whom} failed" for who, whom in wrong]
    return missed


def stop_cont(size, options, rng):
    print(f"SIGSTOP and SIGCONT of some of {size} daemons")
    missed = one_stop_cont(size, options, rng, 4.1, 0.064, 60)
    missed += one_stop_cont(size, options, rng, 16.4, 0.064, 90)
    return missed + short_stops(size, options, rng, 20)
