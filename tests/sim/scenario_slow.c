/* SPDX-License-Identifier: MIT */
/*
 * Networks and members that are slow or silent for a short time: thin lines, shared media, long paths, spikes of delay, cuts and
 * pauses.  After a disturbance the load is what it was before, and no member that answers late is declared failed.
 */
#include <stdlib.h>

#include "sim/scenario.h"

#define TOLERANCE 2.0 /* of profile lan, in seconds */
#define MEASURE 30    /* seconds over which a load is measured */

/* A test of the network alone, without running nodes. */
static void
line_queues(struct sim *s)
{
	double rate = 1000, jitter = 0.01;
	size_t queue = 2000, len = 100 - NET_HEADERS;
	swim_duration delays[NET_COPIES_MAX];
	size_t line = sim_uplink(s, 0, rate, queue);

	for (unsigned k = 1; k <= 21; k++) {
		struct net_datagram d = {0, 1 + k % 2, len, sim_now(s)};
		double wait;

		EXPECT(s, net_transmit(&s->world.net, &d, delays) == 1);
		wait = swim_duration_seconds(delays[0]) - 0.1 * k;
		EXPECT(s, wait > 0 && wait < jitter);
	}
	EXPECT(s, net_transmit(&s->world.net, &(struct net_datagram){0, 1, len, sim_now(s)},
		      delays) == 0);
	EXPECT(s, s->world.net.overflowed == 1 && sim_offered(s, line) == 2200);
	/* Node 1 does not use the uplink of node 0. */
	EXPECT(s, net_transmit(&s->world.net, &(struct net_datagram){1, 0, len, sim_now(s)},
		      delays) == 1);
	EXPECT(s, swim_duration_seconds(delays[0]) < jitter);
	sim_fill(s, line, 1.5);
	EXPECT(s, net_transmit(&s->world.net, &(struct net_datagram){0, 1, len, sim_now(s)},
		      delays) == 1);
	EXPECT(s, swim_duration_seconds(delays[0]) > 1.6 &&
		      swim_duration_seconds(delays[0]) < 1.6 + jitter);
}

static bool
form_and_settle(struct sim *s)
{
	sim_start_range(s, 0, s->world.count - 1);
	if (!sim_wait_converged(s, 30))
		return false;
	sim_run(s, 10);
	s->formed = sim_now(s);
	return true;
}

/* Run for so many seconds.  Returns how many bytes a second were sent over the line meanwhile. */
static double
offered_rate(struct sim *s, size_t line, double seconds)
{
	uint64_t before = sim_offered(s, line);

	sim_run(s, seconds);
	return (double)(sim_offered(s, line) - before) / seconds;
}

/* Give the line this rate from now on, and a queue for the bytes of so many seconds. */
static void
throttle(struct sim *s, size_t line, double rate, double seconds)
{
	s->world.net.rules[line].rate = rate;
	s->world.net.rules[line].queue = (size_t)(rate * seconds);
}

/* A load counts as idle up to IDLE_FACTOR times the idle load that was measured before, and IDLE_MORE bytes a second. */
#define IDLE_FACTOR 1.3
#define IDLE_MORE 50
#define ANY_RATE 1e12 /* bytes a second */

static bool
is_idle_load(double rate, double idle)
{
	return rate <= IDLE_FACTOR * idle + IDLE_MORE;
}

/* The traffic of the last member takes 5 % of its lines.  Other traffic fills these lines several times. */
static void
thin_link(struct sim *s)
{
	static const double filled[] = {1, 3, 8, 20};
	unsigned last = s->world.count - 1;
	size_t up = sim_uplink(s, last, ANY_RATE, SIZE_MAX / 2);
	size_t down = sim_downlink(s, last, ANY_RATE, SIZE_MAX / 2);
	double idle_up, idle, now;

	EXPECT(s, form_and_settle(s));
	now = (double)sim_offered(s, up);
	idle = offered_rate(s, down, MEASURE);
	idle_up = ((double)sim_offered(s, up) - now) / MEASURE;
	throttle(s, up, 20 * idle_up, 10);
	throttle(s, down, 20 * idle, 10);
	sim_note(s, "idle %.0f B/s", idle);
	for (unsigned k = 0; k < sizeof(filled) / sizeof(filled[0]); k++) {
		sim_fill(s, up, filled[k]);
		sim_fill(s, down, filled[k]);
		sim_run(s, filled[k] + 10);
		EXPECT(s, sim_wait_agreed(s, 0));
		now = offered_rate(s, down, MEASURE);
		sim_note(s, "; %.0f after %.0f s", now, filled[k]);
		EXPECT(s, is_idle_load(now, idle));
		EXPECT(s, sim_wait_agreed(s, 1));
	}
}

/*
 * Expect one view within `seconds`, from the tenth second on no more than 1.1 times what the medium carries, and in the end
 * the idle load.
 */
static void
medium_calms(struct sim *s, size_t medium, double idle, double seconds)
{
	double rate = s->world.net.rules[medium].rate, most = 0, agreed = -1, now;
	swim_time start = sim_now(s);

	sim_run(s, 10);
	while (sim_since(s, start) < seconds + MEASURE) {
		if (agreed < 0 && sim_complete(s))
			agreed = sim_since(s, start);
		now = offered_rate(s, medium, 5);
		most = now > most ? now : most;
	}
	now = offered_rate(s, medium, MEASURE);
	sim_note(s,
	    "one view after %.0f s (-1: never); idle %.0f, medium %.0f, most %.0f, in the end %.0f B/s",
	    agreed, idle, rate, most, now);
	EXPECT(s, sim_wait_agreed(s, 1));
	EXPECT(s, agreed >= 0 && agreed <= seconds);
	EXPECT(s, most <= 1.1 * rate);
	EXPECT(s, is_idle_load(now, idle));
}

/* Seconds until all have one view on a medium of four times their idle load.  The pages of a larger view take longer. */
static double
medium_time(const struct sim *s)
{
	return 20 + s->world.count / 10.0;
}

#define MEDIUM_FACTOR 4 /* the rate of the medium, in idle loads */
#define MEDIUM_QUEUE 2  /* seconds that its queue takes */

static bool
form_on_medium(struct sim *s, size_t *medium, double *idle)
{
	*medium = sim_medium(s, ANY_RATE, SIZE_MAX / 2);
	if (!form_and_settle(s))
		return false;
	*idle = offered_rate(s, *medium, MEASURE);
	return true;
}

static void
medium_restart(struct sim *s, bool keep_state)
{
	size_t medium;
	double idle = 0;

	EXPECT(s, form_on_medium(s, &medium, &idle));
	for (unsigned i = 0; i < s->world.count; i++)
		sim_crash(s, i);
	sim_run(s, 10);
	throttle(s, medium, MEDIUM_FACTOR * idle, MEDIUM_QUEUE);
	for (unsigned i = 0; i < s->world.count; i++)
		sim_restart(s, i, keep_state);
	medium_calms(s, medium, idle, medium_time(s));
}

static void
medium_start(struct sim *s)
{
	bool keep_state = false;

	medium_restart(s, keep_state);
}

static void
medium_power_cut(struct sim *s)
{
	bool keep_state = true;

	sim_save(s);
	medium_restart(s, keep_state);
}

static void
medium_heals(struct sim *s)
{
	size_t medium, partition;
	double idle = 0;

	EXPECT(s, form_on_medium(s, &medium, &idle));
	partition = sim_partition(s, 0, s->world.count / 2 - 1);
	sim_run(s, 60);
	throttle(s, medium, MEDIUM_FACTOR * idle, MEDIUM_QUEUE);
	sim_mend(s, partition);
	medium_calms(s, medium, idle, medium_time(s));
}

#define IDLE_OF_ONE                                                                                \
	155 /* bytes a second that an idle member of a small cluster sends, with headers */

/* All start together on a medium of this many bytes a second. */
static void
medium_of(struct sim *s, double rate, double seconds)
{
	size_t medium = sim_medium(s, rate, (size_t)(rate * MEDIUM_QUEUE));

	sim_start_range(s, 0, s->world.count - 1);
	medium_calms(s, medium, IDLE_OF_ONE * s->world.count, seconds);
}

static void
medium_of_100k(struct sim *s)
{
	medium_of(s, 100e3, 10);
}

static void
medium_of_30k(struct sim *s)
{
	medium_of(s, 30e3, 20);
}

static void
medium_of_15k(struct sim *s)
{
	medium_of(s, 15e3, 40);
}

/* Run for so many seconds.  Returns how many datagrams a second each member sent meanwhile. */
static double
datagram_rate(struct sim *s, double seconds)
{
	uint64_t before = sim_sent(s).datagrams;

	sim_run(s, seconds);
	return (double)(sim_sent(s).datagrams - before) / seconds / s->world.count;
}

/* Once the cluster has formed, the paths between some members and all others become long. */
static void
long_paths(struct sim *s, unsigned first, unsigned last, double each_way)
{
	double shorter, longer;
	swim_time start, later;

	EXPECT(s, form_and_settle(s));
	shorter = datagram_rate(s, 2 * MEASURE);
	sim_delay(s, first, last, each_way);
	start = sim_now(s);
	sim_run(s, 10);
	later = sim_now(s);
	longer = datagram_rate(s, 2 * MEASURE);
	sim_note(s,
	    "%.2f datagrams a second and member, then %.2f; %u suspicions, %u after the tenth second; %u failures told",
	    shorter, longer, sim_told(s, start, SWIM_EVENT_SUSPECTED, ANY, ANY),
	    sim_told(s, later, SWIM_EVENT_SUSPECTED, ANY, ANY),
	    sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY));
	EXPECT(s, sim_told(s, start, SWIM_EVENT_FAILED, ANY, ANY) == 0);
	EXPECT(s, sim_told(s, later, SWIM_EVENT_SUSPECTED, ANY, ANY) == 0);
	EXPECT(s, longer <= 1.2 * shorter);
}

static void
path_of_600ms(struct sim *s)
{
	long_paths(s, s->world.count - 1, s->world.count - 1, 0.3);
}

static void
path_of_1200ms(struct sim *s)
{
	long_paths(s, s->world.count - 1, s->world.count - 1, 0.6);
}

static void
path_of_3s(struct sim *s)
{
	long_paths(s, s->world.count - 1, s->world.count - 1, 1.5);
}

static void
halves_apart(struct sim *s)
{
	long_paths(s, 0, s->world.count / 2 - 1, 0.3);
}

/* One member has 2 s more delay for 8 s in 30, four times. */
static void
spikes(struct sim *s, unsigned most)
{
	unsigned last = s->world.count - 1, failures;

	EXPECT(s, form_and_settle(s));
	for (unsigned k = 0; k < 4; k++) {
		size_t rule = sim_delay(s, last, last, 2);

		sim_run(s, 8);
		sim_mend(s, rule);
		sim_run(s, 22);
	}
	failures = sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY);
	sim_note(s, "%u failures told", failures);
	EXPECT(s, failures <= most);
	EXPECT(s, sim_wait_agreed(s, 10));
}

/* With 12 members over these paths, Serf told 11 failures in profile lan and none in profile wan. */
static void
spikes_lan(struct sim *s)
{
	spikes(s, 10);
}

static void
spikes_wan(struct sim *s)
{
	swim_timing_profile(SWIM_PROFILE_WAN, &sim_config(s)->timing);
	spikes(s, 0);
}

/* One member after another is silent for as long as is tolerated, from a random moment on: nobody tells a failure. */
static void
tolerated(struct sim *s, enum silence kind)
{
	struct rng *rng = &s->world.rng;
	unsigned wrong;

	EXPECT(s, form_and_settle(s));
	for (unsigned k = 0; k < 50; k++) {
		sim_run(s, 10 + rng_unit(rng));
		sim_silence(s, (unsigned)rng_below(rng, s->world.count), kind, TOLERANCE);
	}
	sim_run(s, 10);
	wrong = sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, ANY);
	sim_note(s, "%u failures told in 50 times", wrong);
	EXPECT(s, wrong == 0);
	EXPECT(s, sim_wait_agreed(s, 10));
}

static void
tolerated_cuts(struct sim *s)
{
	tolerated(s, SILENCE_CUT);
}

static void
tolerated_deaf(struct sim *s)
{
	tolerated(s, SILENCE_DEAF);
}

static void
tolerated_mute(struct sim *s)
{
	tolerated(s, SILENCE_MUTE);
}

static void
tolerated_pauses(struct sim *s)
{
	tolerated(s, SILENCE_PAUSE);
}

static bool
last_is_suspected(struct sim *s)
{
	return sim_told(s, s->formed, SWIM_EVENT_SUSPECTED, ANY, s->world.count - 1) > 0;
}

static bool
last_is_told_failed(struct sim *s)
{
	return sim_told(s, s->formed, SWIM_EVENT_FAILED, ANY, s->world.count - 1) > 0;
}

#define ASKED_FIRST                                                                                \
	20 /* questions of all together in the first ASKED_FIRST_SECONDS of a suspicion */
#define ASKED_FIRST_SECONDS 3
#define ASKED_LATER 4 /* a second */

/* Count the pings that all together send to a crashed member, from the first suspicion to the first verdict. */
static void
suspect_cost(struct sim *s)
{
	unsigned last = s->world.count - 1;
	uint64_t before;
	swim_time start;

	EXPECT(s, form_and_settle(s));
	sim_crash(s, last);
	EXPECT(s, sim_wait_until(s, last_is_suspected, 30));
	start = sim_now(s);
	before = s->world.nodes[last].asked;
	for (unsigned k = 0; k < 10 * ASKED_FIRST_SECONDS && !last_is_told_failed(s); k++)
		sim_run(s, 0.1);
	sim_note(s, "asked %u times in %.1f s", (unsigned)(s->world.nodes[last].asked - before),
	    sim_since(s, start));
	EXPECT(s, s->world.nodes[last].asked - before <= ASKED_FIRST);
}

/* Four in five datagrams to the last member are lost, so that it is suspected for long.  Count the pings to it. */
static void
suspect_cost_of_deaf(struct sim *s)
{
	unsigned last = s->world.count - 1, seconds = 10;
	uint64_t most = 0;

	EXPECT(s, form_and_settle(s));
	sim_spoil(s, ANY, last, 0.8);
	for (unsigned k = 0; k < 6; k++) {
		uint64_t before = s->world.nodes[last].asked;

		sim_run(s, seconds);
		before = s->world.nodes[last].asked - before;
		most = before > most ? before : most;
	}
	sim_note(s, "asked %u times in ten seconds at most", (unsigned)most);
	/* Besides these questions, one member probes it in each probe interval of a second. */
	EXPECT(s, most <= ASKED_FIRST + (ASKED_LATER + 1) * seconds);
}

/* Claims of scenarios that run with several numbers of members. */
static const char COST[] = "all members together ask a crashed member at most 20 times in 3 s";
static const char COST_OF_DEAF[] =
    "all members together ask a member that loses 80 % of its datagrams at most 20 times, and 5 times a second";
static const char THIN[] =
    "ten seconds after other traffic has filled a line for 1 to 20 s, its load is idle and all views agree";
static const char MEDIUM_START[] =
    "members that start together on a medium of 4 times their idle load agree, and the load becomes idle";
static const char MEDIUM_HEALS[] =
    "two halves that meet again on a medium of 4 times their idle load agree, and the load becomes idle";
static const char MEDIUM_POWER[] =
    "members that start again after a power cut on such a medium agree, and the load becomes idle";
static const char TOLERATED[] =
    "nobody tells that a member has failed that is silent for 2.0 s, in profile lan";
static const char PATH_600MS[] =
    "round trips to one member take 600 ms: no failure, no suspicion after ten seconds, no more load";
static const char PATH_1200MS[] =
    "round trips to one member take 1.2 s: no failure, no suspicion after ten seconds, no more load";
static const char PATH_3S[] =
    "round trips to one member take 3 s: no failure, no suspicion after ten seconds, no more load";
static const char HALVES[] =
    "paths between two halves take 300 ms each way: no failure, no suspicion after ten seconds, no more load";

/* clang-format off */
const struct scenario scenarios_slow[] = {
    {"line-queues", 3, line_queues, LIGHT,
	"a line of the network carries its rate, and loses the datagrams that find its queue full"},
    {"suspect-cost-3", 3, suspect_cost, AHEAD, COST},
    {"suspect-cost-12", 12, suspect_cost, AHEAD, COST},
    {"suspect-cost-100", 100, suspect_cost, AHEAD, COST},
    {"suspect-cost-1000", 1000, suspect_cost, AHEAD, COST},
    {"suspect-cost-deaf-12", 12, suspect_cost_of_deaf, AHEAD, COST_OF_DEAF},
    {"suspect-cost-deaf-100", 100, suspect_cost_of_deaf, AHEAD, COST_OF_DEAF},
    {"suspect-cost-deaf-1000", 1000, suspect_cost_of_deaf, AHEAD, COST_OF_DEAF},
    {"thin-link-12", 12, thin_link, AHEAD, THIN},
    {"thin-link-40", 40, thin_link, AHEAD, THIN},
    {"thin-link-80", 80, thin_link, AHEAD, THIN},
    {"thin-link-1000", 1000, thin_link, AHEAD, THIN},
    {"thin-link-5000", 5000, thin_link, AHEAD, THIN},
    {"medium-100k", 30, medium_of_100k, AHEAD,
	"30 members that start together on a medium of 100 kB/s agree within 10 s, and the load becomes idle"},
    {"medium-30k", 30, medium_of_30k, AHEAD,
	"30 members that start together on a medium of 30 kB/s agree within 20 s, and the load becomes idle"},
    {"medium-15k", 30, medium_of_15k, AHEAD,
	"30 members that start together on a medium of 15 kB/s agree within 40 s, and the load becomes idle"},
    {"medium-start-10", 10, medium_start, AHEAD, MEDIUM_START},
    {"medium-start-30", 30, medium_start, AHEAD, MEDIUM_START},
    {"medium-start-100", 100, medium_start, AHEAD, MEDIUM_START},
    {"medium-start-1000", 1000, medium_start, AHEAD, MEDIUM_START},
    {"medium-heals-10", 10, medium_heals, AHEAD, MEDIUM_HEALS},
    {"medium-heals-30", 30, medium_heals, AHEAD, MEDIUM_HEALS},
    {"medium-heals-100", 100, medium_heals, AHEAD, MEDIUM_HEALS},
    {"medium-heals-1000", 1000, medium_heals, AHEAD, MEDIUM_HEALS},
    {"medium-power-10", 10, medium_power_cut, AHEAD, MEDIUM_POWER},
    {"medium-power-30", 30, medium_power_cut, AHEAD, MEDIUM_POWER},
    {"medium-power-100", 100, medium_power_cut, AHEAD, MEDIUM_POWER},
    {"medium-power-1000", 1000, medium_power_cut, AHEAD, MEDIUM_POWER},
    {"slow-path-600ms-12", 12, path_of_600ms, AHEAD, PATH_600MS},
    {"slow-path-1200ms-12", 12, path_of_1200ms, AHEAD, PATH_1200MS},
    {"slow-path-3s-12", 12, path_of_3s, AHEAD, PATH_3S},
    {"slow-path-600ms-100", 100, path_of_600ms, AHEAD, PATH_600MS},
    {"slow-path-1200ms-100", 100, path_of_1200ms, AHEAD, PATH_1200MS},
    {"slow-path-3s-100", 100, path_of_3s, AHEAD, PATH_3S},
    {"slow-halves-12", 12, halves_apart, AHEAD, HALVES},
    {"slow-halves-100", 100, halves_apart, AHEAD, HALVES},
    {"spike-lan", 12, spikes_lan, AHEAD,
	"paths to one member take 2 s more for 8 s in 30: fewer failures are told than by Serf"},
    {"spike-wan", 12, spikes_wan, AHEAD,
	"paths to one member take 2 s more for 8 s in 30, in profile wan: no failure is told"},
    {"tolerated-cuts-3", 3, tolerated_cuts, AHEAD, TOLERATED},
    {"tolerated-cuts-12", 12, tolerated_cuts, AHEAD, TOLERATED},
    {"tolerated-cuts-100", 100, tolerated_cuts, AHEAD, TOLERATED},
    {"tolerated-deaf-3", 3, tolerated_deaf, AHEAD, TOLERATED},
    {"tolerated-deaf-12", 12, tolerated_deaf, AHEAD, TOLERATED},
    {"tolerated-deaf-100", 100, tolerated_deaf, AHEAD, TOLERATED},
    {"tolerated-mute-3", 3, tolerated_mute, AHEAD, TOLERATED},
    {"tolerated-mute-12", 12, tolerated_mute, AHEAD, TOLERATED},
    {"tolerated-mute-100", 100, tolerated_mute, AHEAD, TOLERATED},
    {"tolerated-pauses-3", 3, tolerated_pauses, AHEAD, TOLERATED},
    {"tolerated-pauses-12", 12, tolerated_pauses, AHEAD, TOLERATED},
    {"tolerated-pauses-100", 100, tolerated_pauses, AHEAD, TOLERATED},
    {0},
};
/* clang-format on */
