/* SPDX-License-Identifier: MIT */
/*
 * Slow is not dead: thin lines, shared media, long paths, delays that come and go, short cuts and pauses.  A disturbance
 * leaves nothing behind, and nobody fails who answers, however late.
 */
#include <stdlib.h>

#include "sim/scenario.h"

#define TOLERANCE 2.0 /* of profile lan, in seconds */
#define MEASURE 30    /* seconds over which a load is measured */

/* The network itself: a line carries its rate, one datagram after another, and what finds the queue full is lost. */
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
	/* Other nodes do not use the line.  Others' traffic fills it. */
	EXPECT(s, net_transmit(&s->world.net, &(struct net_datagram){1, 0, len, sim_now(s)},
		      delays) == 1);
	EXPECT(s, swim_duration_seconds(delays[0]) < jitter);
	sim_fill(s, line, 1.5);
	EXPECT(s, net_transmit(&s->world.net, &(struct net_datagram){0, 1, len, sim_now(s)},
		      delays) == 1);
	EXPECT(s, swim_duration_seconds(delays[0]) > 1.6 &&
		      swim_duration_seconds(delays[0]) < 1.6 + jitter);
}

static uint64_t
datagrams_of_all(const struct sim *s)
{
	uint64_t sent = 0;

	for (unsigned i = 0; i < s->world.count; i++)
		sent += s->world.nodes[i].sent;
	return sent;
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

/* Bytes a second that a line is offered over so many seconds from now on. */
static double
offered_rate(struct sim *s, size_t line, double seconds)
{
	uint64_t before = sim_offered(s, line);

	sim_run(s, seconds);
	return (double)(sim_offered(s, line) - before) / seconds;
}

/* Give the line this rate from now on, and a queue for so many seconds. */
static void
throttle(struct sim *s, size_t line, double rate, double seconds)
{
	s->world.net.rules[line].rate = rate;
	s->world.net.rules[line].queue = (size_t)(rate * seconds);
}

/* More than the idle load of a line by this factor, and these bytes a second, is no idle load. */
#define IDLE_FACTOR 1.3
#define IDLE_MORE 50
#define ANY_RATE 1e12 /* bytes a second */

static bool
is_idle_load(double rate, double idle)
{
	return rate <= IDLE_FACTOR * idle + IDLE_MORE;
}

/* The last member is behind lines that are used to 5 %, and are filled by others' traffic again and again. */
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

/* Datagrams a second that a member sends, over so many seconds from now on. */
static double
datagram_rate(struct sim *s, double seconds)
{
	uint64_t before = datagrams_of_all(s);

	sim_run(s, seconds);
	return (double)(datagrams_of_all(s) - before) / seconds / s->world.count;
}

/* From now on the paths between some members and all others are long. */
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

/* Serf told 11 failures of this in profile lan, and none in profile wan. */
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

enum silence { CUT, DEAF, MUTE, PAUSED };

static void
silence(struct sim *s, unsigned victim, enum silence kind)
{
	size_t rule = SIZE_MAX;

	switch (kind) {
	case CUT:
		rule = sim_partition(s, victim, victim);
		break;
	case DEAF:
		rule = sim_cut(s, ANY, victim);
		break;
	case MUTE:
		rule = sim_cut(s, victim, ANY);
		break;
	case PAUSED:
		sim_pause(s, victim);
		break;
	}
	sim_run(s, TOLERANCE);
	if (kind == PAUSED)
		sim_resume(s, victim);
	else
		sim_mend(s, rule);
}

/* One member after another is silent for as long as is tolerated, at a random moment: nobody is told failed. */
static void
tolerated(struct sim *s, enum silence kind)
{
	struct rng *rng = &s->world.rng;
	unsigned wrong;

	EXPECT(s, form_and_settle(s));
	for (unsigned k = 0; k < 50; k++) {
		sim_run(s, 10 + rng_unit(rng));
		silence(s, (unsigned)rng_below(rng, s->world.count), kind);
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
	tolerated(s, CUT);
}

static void
tolerated_deaf(struct sim *s)
{
	tolerated(s, DEAF);
}

static void
tolerated_mute(struct sim *s)
{
	tolerated(s, MUTE);
}

static void
tolerated_pauses(struct sim *s)
{
	tolerated(s, PAUSED);
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

#define ASKED_FIRST 20 /* questions of all together in the first seconds of a suspicion */
#define ASKED_FIRST_SECONDS 3
#define ASKED_LATER 4 /* a second */

/* Pings of all together to a member that has crashed, from the first suspicion to the first verdict. */
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

/* Four fifths of what the last member is sent are lost, so that it is suspected for long: the questions stay few. */
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
	/* The probes of the interval come on top, one a second. */
	EXPECT(s, most <= ASKED_FIRST + (ASKED_LATER + 1) * seconds);
}

/* clang-format off */
const struct scenario scenarios_slow[] = {
    {"line-queues", 3, line_queues, LIGHT,
	"a line of the network carries its rate, and loses what finds its queue full"},
    {"suspect-cost-3", 3, suspect_cost, AHEAD,
	"a crashed member is asked at most 20 times by all together in 3 s"},
    {"suspect-cost-12", 12, suspect_cost, AHEAD,
	"a crashed member is asked at most 20 times by all together in 3 s"},
    {"suspect-cost-100", 100, suspect_cost, AHEAD,
	"a crashed member is asked at most 20 times by all together in 3 s"},
    {"suspect-cost-1000", 1000, suspect_cost, AHEAD,
	"a crashed member is asked at most 20 times by all together in 3 s"},
    {"suspect-cost-deaf-12", 12, suspect_cost_of_deaf, AHEAD,
	"a member that misses 80 % of all is asked at most 20 times, and 5 a second"},
    {"suspect-cost-deaf-100", 100, suspect_cost_of_deaf, AHEAD,
	"a member that misses 80 % of all is asked at most 20 times, and 5 a second"},
    {"suspect-cost-deaf-1000", 1000, suspect_cost_of_deaf, AHEAD,
	"a member that misses 80 % of all is asked at most 20 times, and 5 a second"},
    {"thin-link-12", 12, thin_link, AHEAD,
	"a line used to 5 % and filled for 1 to 20 s: ten seconds later idle and one view"},
    {"thin-link-40", 40, thin_link, AHEAD,
	"a line used to 5 % and filled for 1 to 20 s: ten seconds later idle and one view"},
    {"thin-link-80", 80, thin_link, AHEAD,
	"a line used to 5 % and filled for 1 to 20 s: ten seconds later idle and one view"},
    {"thin-link-1000", 1000, thin_link, AHEAD,
	"a line used to 5 % and filled for 1 to 20 s: ten seconds later idle and one view"},
    {"thin-link-5000", 5000, thin_link, AHEAD,
	"a line used to 5 % and filled for 1 to 20 s: ten seconds later idle and one view"},
    {"medium-100k", 30, medium_of_100k, AHEAD,
	"30 start together on a medium of 100 kB/s: one view within 10 s, then idle"},
    {"medium-30k", 30, medium_of_30k, AHEAD,
	"30 start together on a medium of 30 kB/s: one view within 20 s, then idle"},
    {"medium-15k", 30, medium_of_15k, AHEAD,
	"30 start together on a medium of 15 kB/s: one view within 40 s, then idle"},
    {"medium-start-10", 10, medium_start, AHEAD,
	"all start together on a medium of 4 times their idle load: one view, then idle"},
    {"medium-start-30", 30, medium_start, AHEAD,
	"all start together on a medium of 4 times their idle load: one view, then idle"},
    {"medium-start-100", 100, medium_start, AHEAD,
	"all start together on a medium of 4 times their idle load: one view, then idle"},
    {"medium-start-1000", 1000, medium_start, AHEAD,
	"all start together on a medium of 4 times their idle load: one view, then idle"},
    {"medium-heals-10", 10, medium_heals, AHEAD,
	"halves heal on a medium of 4 times their idle load: one view, then idle"},
    {"medium-heals-30", 30, medium_heals, AHEAD,
	"halves heal on a medium of 4 times their idle load: one view, then idle"},
    {"medium-heals-100", 100, medium_heals, AHEAD,
	"halves heal on a medium of 4 times their idle load: one view, then idle"},
    {"medium-heals-1000", 1000, medium_heals, AHEAD,
	"halves heal on a medium of 4 times their idle load: one view, then idle"},
    {"medium-power-10", 10, medium_power_cut, AHEAD,
	"a power cut on a medium of 4 times the idle load: one view, then idle"},
    {"medium-power-30", 30, medium_power_cut, AHEAD,
	"a power cut on a medium of 4 times the idle load: one view, then idle"},
    {"medium-power-100", 100, medium_power_cut, AHEAD,
	"a power cut on a medium of 4 times the idle load: one view, then idle"},
    {"medium-power-1000", 1000, medium_power_cut, AHEAD,
	"a power cut on a medium of 4 times the idle load: one view, then idle"},
    {"slow-path-600ms-12", 12, path_of_600ms, AHEAD,
	"a round trip of 600ms to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-path-1200ms-12", 12, path_of_1200ms, AHEAD,
	"a round trip of 1200ms to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-path-3s-12", 12, path_of_3s, AHEAD,
	"a round trip of 3s to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-path-600ms-100", 100, path_of_600ms, AHEAD,
	"a round trip of 600ms to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-path-1200ms-100", 100, path_of_1200ms, AHEAD,
	"a round trip of 1200ms to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-path-3s-100", 100, path_of_3s, AHEAD,
	"a round trip of 3s to one member: no failure, no suspicion after ten seconds, no more load"},
    {"slow-halves-12", 12, halves_apart, AHEAD,
	"halves with 300 ms more each way: no failure, no suspicion after ten seconds, no more load"},
    {"slow-halves-100", 100, halves_apart, AHEAD,
	"halves with 300 ms more each way: no failure, no suspicion after ten seconds, no more load"},
    {"spike-lan", 12, spikes_lan, AHEAD,
	"2 s more delay for 8 s in 30: fewer failures than Serf tells"},
    {"spike-wan", 12, spikes_wan, AHEAD,
	"2 s more delay for 8 s in 30 in profile wan: no failure"},
    {"tolerated-cuts-3", 3, tolerated_cuts, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-cuts-12", 12, tolerated_cuts, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-cuts-100", 100, tolerated_cuts, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-deaf-3", 3, tolerated_deaf, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-deaf-12", 12, tolerated_deaf, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-deaf-100", 100, tolerated_deaf, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-mute-3", 3, tolerated_mute, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-mute-12", 12, tolerated_mute, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-mute-100", 100, tolerated_mute, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-pauses-3", 3, tolerated_pauses, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-pauses-12", 12, tolerated_pauses, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {"tolerated-pauses-100", 100, tolerated_pauses, AHEAD,
	"silence of 2.0 s in profile lan is never told as a failure"},
    {0},
};
/* clang-format on */
