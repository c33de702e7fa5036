/* SPDX-License-Identifier: MIT */
/*
 * The experiment "sharp".  A point has these keys; durations are in seconds:
 *
 *	profile=lan|wan|local|fast  members=N  trials=N  loss=SHARE
 *	cut=S      all datagrams from and to one member are lost for this long
 *	deaf=S     all datagrams to one member are lost
 *	mute=S     all datagrams from one member are lost
 *	pause=S    the process of one member stands still
 *	crash=1    one member crashes, and starts again once all others have told that it failed
 *	idle=S     nothing happens for this long
 *	spike=S    the delay from and to one member is 2 s longer for this long
 *	fill=S     other traffic fills the lines from and to one member for this long; they carry `rate` bytes a second, until ten
 *	           seconds later
 *	rate=B     bytes a second for `fill`; 10000 without this key
 *	path=S     in all trials, round trips to the last member are longer by this
 *	halves=S   in all trials, round trips between the two halves of the members are longer by this
 *	quiet=0    a trial begins even while members are suspected
 *	interval=S timeout=S suspicion_min=S suspicion_mult=X       settings in place of those of the profile
 *
 * A trial begins at a random moment, at least five probe intervals after all members had one view and suspected nobody.  The
 * line of a trial:
 *
 *	trial KIND SECONDS told=N victim=N others=N suspected=N first=S last=S
 *
 * `told`: members that told that a running member (a crash: another one than the crashed) has failed; `victim`: members that
 * told that the victim has failed; `others`: how often the victim told that others have; `suspected`: members that suspected
 * the victim; `first`, `last`: seconds from the beginning until the first and the last member told of the victim; -1: nobody,
 * or not all.
 * The last line has the sums over all trials, and the bytes (with the headers of IPv4 and UDP) and datagrams that each member
 * sent in a second.
 */
#include "sim/sharp.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/experiment.h"
#include "sim/scenario.h"

#define QUIET_PERIODS 5 /* probe intervals without any fault before each trial */
#define IDLE_PERIODS 30 /* probe intervals in which the load of the idle cluster is measured */
#define WAIT_PERIODS                                                                               \
	120 /* probe intervals that a cluster has to form, or to become quiet, before it is given up */
#define SETTLE_PERIODS                                                                             \
	10 /* probe intervals between the beginning of loss and of long paths and the first trial */
#define STEPS 10 /* how often the views are compared in one probe interval */

#define SPIKE_DELAY 2 /* seconds */
#define RATE 10000    /* bytes a second of a thin line */
#define QUEUE 10      /* seconds that the queue of a thin line takes */
#define FILL_AFTER 10 /* seconds */

enum fault { IDLE, CUT, DEAF, MUTE, PAUSE, CRASH, SPIKE, FILL };
static const char *const fault_names[] = {"idle", "cut", "deaf", "mute", "pause", "crash", "spike",
    "fill"};
#define FAULTS (sizeof(fault_names) / sizeof(fault_names[0]))

struct point {
	enum swim_profile profile;
	struct swim_timing timing;
	unsigned members, trials;
	double loss, path, halves, rate;
	bool noisy; /* a trial begins even while members are suspected */
	enum fault fault;
	double seconds; /* how long the fault lasts */
};

/* What became of one trial. */
struct trial {
	unsigned told, victim, others, suspected;
	double first, last;
};

struct load {
	struct sim_sent sent;
	swim_time at; /* when `sent` was counted */
};

static double
sharp_number(const char *key, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(value >= 0))
		errx(64, "--point: '%s=%s' has no number", key, text);
	return value;
}

static swim_duration
sharp_duration(const char *key, const char *text)
{
	return swim_duration_scale(swim_seconds(1), sharp_number(key, text));
}

static void
sharp_profile(struct point *p, const char *name)
{
	if (!swim_profile_parse(name, &p->profile))
		errx(64, "--point: there is no profile '%s'", name);
	swim_timing_profile(p->profile, &p->timing);
}

static bool
sharp_fault(struct point *p, const char *key, const char *value)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		if (strcmp(key, fault_names[i]) != 0)
			continue;
		p->fault = (enum fault)i;
		p->seconds = sharp_number(key, value);
		return true;
	}
	return false;
}

static void
sharp_key(struct point *p, const char *key, const char *value)
{
	if (strcmp(key, "profile") == 0)
		sharp_profile(p, value);
	else if (strcmp(key, "path") == 0)
		p->path = sharp_number(key, value);
	else if (strcmp(key, "halves") == 0)
		p->halves = sharp_number(key, value);
	else if (strcmp(key, "rate") == 0)
		p->rate = sharp_number(key, value);
	else if (strcmp(key, "quiet") == 0)
		p->noisy = sharp_number(key, value) <= 0;
	else if (strcmp(key, "members") == 0)
		p->members = (unsigned)sharp_number(key, value);
	else if (strcmp(key, "trials") == 0)
		p->trials = (unsigned)sharp_number(key, value);
	else if (strcmp(key, "loss") == 0)
		p->loss = sharp_number(key, value);
	else if (strcmp(key, "interval") == 0)
		p->timing.probe_interval = sharp_duration(key, value);
	else if (strcmp(key, "timeout") == 0)
		p->timing.probe_timeout = sharp_duration(key, value);
	else if (strcmp(key, "suspicion_min") == 0)
		p->timing.suspicion_min = sharp_duration(key, value);
	else if (strcmp(key, "suspicion_mult") == 0)
		p->timing.suspicion_mult = sharp_number(key, value);
	else if (!sharp_fault(p, key, value))
		errx(64, "--point: there is no key '%s'", key);
}

static struct point
sharp_parse(const char *text)
{
	struct point p = {.members = 12, .trials = 100, .rate = RATE};
	char *copy = strdup(text), *rest = copy;

	if (copy == NULL)
		err(1, "strdup");
	sharp_profile(&p, "lan");
	for (char *key = strsep(&rest, ","); key != NULL; key = strsep(&rest, ",")) {
		char *value = strchr(key, '=');

		if (value == NULL)
			errx(64, "--point: '%s' is not KEY=VALUE", key);
		*value++ = '\0';
		sharp_key(&p, key, value);
	}
	free(copy);
	if (p.members < 2 || p.loss >= 1)
		errx(64, "--point: a cluster of two at least, and a loss below 1");
	return p;
}

static double
sharp_period(const struct point *p)
{
	return swim_duration_seconds(p->timing.probe_interval);
}

/* Do all members hold each other alive, with good local health?  With loss, suspicions and bad health are usual, and are allowed. */
static bool
sharp_is_quiet(const struct sim *s, const struct point *p)
{
	for (unsigned i = 0; i < p->members && !p->noisy; i++) {
		struct swim_stats stats = sim_stats(s, i);
		size_t suspects = stats.members[SWIM_SUSPECT];

		if (stats.members[SWIM_ALIVE] + suspects != p->members)
			return false;
		if (p->loss <= 0 && (suspects > 0 || stats.local_health > 0))
			return false;
	}
	return true;
}

static bool
sharp_wait_quiet(struct sim *s, const struct point *p)
{
	for (unsigned k = 0; k < WAIT_PERIODS * STEPS; k++) {
		if (sharp_is_quiet(s, p))
			return true;
		sim_run(s, sharp_period(p) / STEPS);
	}
	return sharp_is_quiet(s, p);
}

static struct sim *
sharp_form(const struct point *p, uint64_t seed)
{
	struct sim *s =
	    experiment_form(seed, p->members, &p->timing, WAIT_PERIODS * sharp_period(p));

	sim_loss(s, p->loss);
	if (p->path > 0)
		sim_delay(s, p->members - 1, p->members - 1, p->path / 2);
	if (p->halves > 0)
		sim_delay(s, 0, p->members / 2 - 1, p->halves / 2);
	sim_run(s, SETTLE_PERIODS * sharp_period(p));
	return s;
}

static struct load
sharp_load(const struct sim *s)
{
	return (struct load){.sent = sim_sent(s), .at = sim_now(s)};
}

static void
sharp_print_load(const struct sim *s, const char *word, struct load since)
{
	struct load now = sharp_load(s);
	double per = s->world.count * swim_duration_seconds(swim_time_since(now.at, since.at));
	uint64_t datagrams = now.sent.datagrams - since.sent.datagrams;
	uint64_t bytes = now.sent.bytes - since.sent.bytes + NET_HEADERS * datagrams;

	if (per > 0)
		printf(" %s_bytes=%.1f %s_datagrams=%.3f", word, (double)bytes / per, word,
		    (double)datagrams / per);
}

/* Read the log of events, which was emptied at the start of the trial. */
static struct trial
sharp_read(const struct sim *s, unsigned victim, bool crashed, swim_time start)
{
	struct trial t = {.first = -1, .last = -1};
	bool *told = heap_zeroed(3 * s->world.count, sizeof(*told));
	bool *of_victim = told + s->world.count, *suspect = of_victim + s->world.count;

	for (size_t i = 0; i < s->world.event_count; i++) {
		const struct world_event *e = &s->world.events[i];

		if (e->type == SWIM_EVENT_SUSPECTED && e->subject == victim &&
		    !suspect[e->observer]) {
			suspect[e->observer] = true;
			t.suspected++;
		}
		if (e->type != SWIM_EVENT_FAILED)
			continue;
		t.others += e->observer == victim;
		if ((e->subject != victim || !crashed) && !told[e->observer]) {
			told[e->observer] = true;
			t.told++;
		}
		if (e->subject != victim || of_victim[e->observer])
			continue;
		of_victim[e->observer] = true;
		t.last = swim_duration_seconds(swim_time_since(e->at, start));
		if (t.victim++ == 0)
			t.first = t.last;
	}
	if (t.victim < s->world.count - 1)
		t.last = -1;
	free(told);
	return t;
}

static void
sharp_crash(struct sim *s, const struct point *p, unsigned victim)
{
	swim_time start = sim_now(s);

	sim_crash(s, victim);
	for (unsigned k = 0; k < WAIT_PERIODS * STEPS; k++) {
		sim_run(s, sharp_period(p) / STEPS);
		if (sharp_read(s, victim, true, start).victim == p->members - 1)
			break;
	}
	sim_restart(s, victim, true);
}

static void
sharp_fill(struct sim *s, const struct point *p, unsigned victim)
{
	size_t queue = (size_t)(p->rate * QUEUE);
	size_t lines[] = {sim_uplink(s, victim, p->rate, queue),
	    sim_downlink(s, victim, p->rate, queue)};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		sim_fill(s, lines[i], p->seconds);
	sim_run(s, p->seconds + FILL_AFTER);
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		sim_mend(s, lines[i]);
}

static void
sharp_disturb(struct sim *s, const struct point *p, unsigned victim)
{
	size_t rule;

	switch (p->fault) {
	case IDLE:
		sim_run(s, p->seconds);
		break;
	case CUT:
		sim_silence(s, victim, SILENCE_CUT, p->seconds);
		break;
	case DEAF:
		sim_silence(s, victim, SILENCE_DEAF, p->seconds);
		break;
	case MUTE:
		sim_silence(s, victim, SILENCE_MUTE, p->seconds);
		break;
	case PAUSE:
		sim_silence(s, victim, SILENCE_PAUSE, p->seconds);
		break;
	case CRASH:
		sharp_crash(s, p, victim);
		break;
	case SPIKE:
		rule = sim_delay(s, victim, victim, SPIKE_DELAY);
		sim_run(s, p->seconds);
		sim_mend(s, rule);
		break;
	case FILL:
		sharp_fill(s, p, victim);
		break;
	}
}

/* False: the cluster did not become quiet again, and no further trial can begin in it. */
static bool
sharp_trial(struct sim *s, const struct point *p, struct trial *t)
{
	unsigned victim = (unsigned)rng_below(&s->world.rng, p->members);
	swim_time start;
	bool quiet;

	sim_run(s, sharp_period(p) * (QUIET_PERIODS + rng_unit(&s->world.rng)));
	s->world.event_count = 0;
	start = sim_now(s);
	sharp_disturb(s, p, victim);
	quiet = sharp_wait_quiet(s, p);
	*t = sharp_read(s, victim, p->fault == CRASH, start);
	printf("trial %s %.3f told=%u victim=%u others=%u suspected=%u first=%.3f last=%.3f%s\n",
	    fault_names[p->fault], p->seconds, t->told, t->victim, t->others, t->suspected,
	    t->first, t->last, quiet ? "" : " never-quiet");
	return quiet;
}

static int
sharp_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
sharp_print_times(double *times, unsigned count)
{
	if (count == 0)
		return;
	qsort(times, count, sizeof(*times), sharp_order);
	printf(" p50=%.3f p99=%.3f worst=%.3f", times[count / 2], times[count * 99 / 100],
	    times[count - 1]);
}

void
sharp_run(const char *point, uint64_t seed)
{
	struct point p = sharp_parse(point);
	struct sim *s = sharp_form(&p, seed);
	double *times = heap_zeroed(p.trials + 1, sizeof(*times));
	unsigned told = 0, failures = 0;
	struct load idle = sharp_load(s), all;

	sim_run(s, IDLE_PERIODS * sharp_period(&p));
	printf("idle");
	sharp_print_load(s, "idle", idle);
	printf("\n");
	all = sharp_load(s);
	for (unsigned k = 0; k < p.trials; k++) {
		struct trial t;
		bool fine = sharp_trial(s, &p, &t);

		told += t.told > 0;
		failures += t.told;
		times[k] = t.last < 0 ? HUGE_VAL : t.last;
		if (fine)
			continue;
		sim_free(s);
		s = sharp_form(&p, ++seed);
		all = sharp_load(s);
	}
	printf("sum %s %s members=%u loss=%.2f seconds=%.3f trials=%u wrong=%u tellers=%u",
	    fault_names[p.fault], swim_profile_name(p.profile), p.members, p.loss, p.seconds,
	    p.trials, told, failures);
	if (p.fault == CRASH)
		sharp_print_times(times, p.trials);
	sharp_print_load(s, "mean", all);
	printf(" breaches=%u\n", s->world.breaches);
	free(times);
	sim_free(s);
}
