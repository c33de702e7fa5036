/* SPDX-License-Identifier: MIT */
/*
 * The simulator's program: runs scenarios and swarms, prints the results as TAP, and prints with each failure the command
 * that repeats it.  The same seed gives the same trace.
 *
 * Four oracles check a core after each call into it: check.c compares its events with its reports, inspect.c checks its
 * inside, history.c compares it with its state before the call and with the facts (facts.c: the records that members really
 * had), and budget.c counts its datagrams.  base_peer.c simulates a base peer, and base_view.c checks the list of a base
 * peer.  keep.c and finder.c run the daemon's code for incarnations and for discovery.
 * `--scenario swarm-mixed --seeds N` runs swarms of swimd peers and base peers.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sim/experiment.h"
#include "sim/rules.h"
#include "sim/scenario.h"
#include "sim/sharp.h"

#define SWARM "swarm"

struct options {
	const char *scenario, *experiment, *point;
	uint64_t seed;
	bool seed_given, trace, quick, large, ahead, verbose, first, list, each;
	uint64_t seeds; /* how many seeds to run the swarm or the scenario with */
	unsigned jobs;  /* processes to run them in */
};

struct outcome {
	bool failed;
	uint64_t hash, steps, datagrams;
	double seconds;
	char notes[1024];
};

static const struct scenario *const tables[] = {scenarios_join, scenarios_failure,
    scenarios_successor, scenarios_twins, scenarios_reflect, scenarios_stall, scenarios_partition,
    scenarios_loss, scenarios_limits, scenarios_base, scenarios_mixed, scenarios_size,
    scenarios_liveness, scenarios_path, scenarios_disk, scenarios_find, scenarios_save,
    scenarios_slow};
static const struct scenario swarms[] = {
    {SWARM, 0, swarm_run, LIGHT, "after random faults all members come to one view"},
    {SWARM "-mixed", 0, swarm_mixed_run, LIGHT,
	"after random faults swimd peers and base peers come to one view"},
};
#define SWARMS (sizeof(swarms) / sizeof(swarms[0]))
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void
run(const struct scenario *sc, uint64_t seed, bool trace, struct outcome *out)
{
	char label[96];
	struct sim *s;

	snprintf(label, sizeof(label), "%s, seed %" PRIu64, sc->name, seed);
	s = sim_new(seed, sc->nodes > 0 ? sc->nodes : swarm_nodes(seed), label, trace);
	sc->run(s);
	*out = (struct outcome){
	    .failed = s->failed || s->world.breaches > 0,
	    .hash = s->world.hash,
	    .steps = s->world.steps,
	    .datagrams = s->world.datagrams,
	    .seconds = (double)s->world.now.ns / 1e9,
	};
	memcpy(out->notes, s->notes, sizeof(out->notes));
	if (s->world.breaches > 0)
		printf("# %s: invariants were broken %u times\n", label, s->world.breaches);
	sim_free(s);
}

static void
print_outcome(const char *name, uint64_t seed, const struct outcome *o)
{
	printf("#   %s%s%.1f s, %" PRIu64 " steps, %" PRIu64 " datagrams, trace %016" PRIx64 "\n",
	    o->notes, o->notes[0] ? "; " : "", o->seconds, o->steps, o->datagrams, o->hash);
	if (o->failed)
		printf("#   to repeat it: sim-test %s--scenario %s --seed %" PRIu64 " --trace\n",
		    rules_option(), name, seed);
}

static bool
run_scenario(const struct scenario *sc, const struct options *o)
{
	struct outcome out;

	run(sc, o->seed, o->trace, &out);
	printf("%s - %s: %s\n", out.failed ? "not ok" : "ok", sc->name, sc->claim);
	print_outcome(sc->name, o->seed, &out);
	return !out.failed;
}

/* The same seed must give the same trace, and another seed another. */
static bool
run_twice(const struct scenario *sc, uint64_t seed)
{
	struct outcome first, again, other;

	run(sc, seed, false, &first);
	run(sc, seed, false, &again);
	run(sc, seed + 1, false, &other);
	if (first.hash == again.hash && first.hash != other.hash)
		return true;
	printf("# seed %" PRIu64 ": traces %016" PRIx64 ", %016" PRIx64 "; seed %" PRIu64
	       ": %016" PRIx64 "\n",
	    seed, first.hash, again.hash, seed + 1, other.hash);
	return false;
}

/* Run every jobs-th seed from seed + offset on.  Returns how many failed. */
static unsigned
run_stride(const struct options *o, const struct scenario *sc, unsigned offset)
{
	unsigned failed = 0;

	for (uint64_t k = offset; k < o->seeds && !(o->first && failed); k += o->jobs) {
		uint64_t seed = o->seed + k;
		struct outcome out;

		run(sc, seed, false, &out);
		if (o->verbose || out.failed) {
			printf("# %s%s seed %" PRIu64 "\n", out.failed ? "failed: " : "", sc->name,
			    seed);
			print_outcome(sc->name, seed, &out);
		}
		failed += out.failed;
	}
	return failed;
}

static bool
run_seeds(const struct scenario *sc, const struct options *o)
{
	unsigned failed = 0;
	bool crashed = false;

	printf("# %s: %" PRIu64 " seeds from %" PRIu64 "\n", sc->name, o->seeds, o->seed);
	fflush(stdout);
	for (unsigned job = 1; job < o->jobs; job++) {
		pid_t child = fork();

		if (child < 0)
			err(1, "fork");
		if (child == 0) {
			unsigned n = run_stride(o, sc, job);

			fflush(stdout);
			_exit(n > 100 ? 100 : (int)n);
		}
	}
	failed = run_stride(o, sc, 0);
	for (unsigned job = 1; job < o->jobs; job++) {
		int status;

		if (wait(&status) < 0)
			err(1, "wait");
		if (WIFEXITED(status) && WEXITSTATUS(status) <= 100)
			failed += (unsigned)WEXITSTATUS(status);
		else
			crashed = true;
	}
	if (crashed)
		printf(
		    "# a process crashed; run the seeds with --jobs 1 to see which seed crashes it\n");
	printf("%s - %s, %" PRIu64 " seeds: %s\n", failed || crashed ? "not ok" : "ok", sc->name,
	    o->seeds, sc->claim);
	return failed == 0 && !crashed;
}

static const struct scenario *
find_scenario(const char *name)
{
	for (size_t i = 0; i < SWARMS; i++)
		if (strcmp(swarms[i].name, name) == 0)
			return &swarms[i];
	for (size_t t = 0; t < TABLES; t++)
		for (const struct scenario *sc = tables[t]; sc->name != NULL; sc++)
			if (strcmp(sc->name, name) == 0)
				return sc;
	return NULL;
}

/* Run the scenario in its own process, so that the memory of one scenario does not count for the next. */
static bool
run_apart(const struct scenario *sc, const struct options *o)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		bool met = run_scenario(sc, o);

		fflush(stdout);
		_exit(met ? 0 : 1);
	}
	if (waitpid(child, &status, 0) < 0)
		err(1, "waitpid");
	if (!WIFEXITED(status))
		printf("not ok - %s: the scenario crashed\n", sc->name);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
wanted(const struct scenario *sc, const struct options *o)
{
	switch (sc->weight) {
	case LIGHT:
		return !o->large && !o->ahead;
	case HEAVY:
		return !o->large && !o->ahead && !o->quick;
	case LARGE:
		return o->large;
	case AHEAD:
		return o->ahead;
	}
	return false;
}

/* Print TAP's plan: one test for each wanted scenario, and `more` tests. */
static void
plan(const struct options *o, unsigned more)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct scenario *sc = tables[t]; sc->name != NULL; sc++)
			more += wanted(sc, o);
	printf("1..%u\n", more);
}

/* Run all wanted scenarios.  Returns how many failed. */
static unsigned
run_wanted(const struct options *o,
    bool (*run_one)(const struct scenario *, const struct options *))
{
	unsigned failed = 0;

	for (size_t t = 0; t < TABLES; t++)
		for (const struct scenario *sc = tables[t]; sc->name != NULL; sc++)
			if (wanted(sc, o) && !(o->first && failed))
				failed += !run_one(sc, o);
	return failed;
}

static bool
run_all(const struct options *o)
{
	unsigned failed;

	plan(o, 2);
	failed = run_wanted(o, run_scenario);
	if (o->first && failed)
		return false;
	if (run_twice(&swarms[0], o->seed)) {
		printf("ok - determinism: the same seed gives the same trace\n");
	} else {
		printf("not ok - determinism: the same seed gives the same trace\n");
		failed++;
	}
	failed += !run_seeds(&swarms[0], o);
	return failed == 0;
}

/* Run every wanted scenario with `seeds` seeds each. */
static bool
run_each(const struct options *o)
{
	plan(o, 0);
	return run_wanted(o, run_seeds) == 0;
}

static bool
run_apart_all(const struct options *o)
{
	plan(o, 0);
	return run_wanted(o, run_apart) == 0;
}

static bool
run_chosen(const struct options *o)
{
	const struct scenario *sc;

	if (o->scenario == NULL)
		return o->large || o->ahead ? run_apart_all(o) : run_all(o);
	sc = find_scenario(o->scenario);
	if (sc == NULL)
		errx(64, "there is no scenario '%s'; --list shows them", o->scenario);
	if (o->seeds > 0) {
		printf("1..1\n");
		return run_seeds(sc, o);
	}
	return run_scenario(sc, o);
}

/* List all scenarios, or those that --quick, --large or --ahead runs. */
static void
list(const struct options *o)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct scenario *sc = tables[t]; sc->name != NULL; sc++)
			if (wanted(sc, o) || !(o->quick || o->large || o->ahead))
				printf("%-24s %s\n", sc->name, sc->claim);
	for (size_t i = 0; i < SWARMS; i++)
		printf("%-24s %s\n", swarms[i].name, swarms[i].claim);
}

static const char usage[] =
    "usage: sim-test [--scenario NAME] [--seed N] [--trace]   run one scenario, or all scenarios and a swarm\n"
    "       sim-test --seeds N [--seed FIRST] [--jobs N]      run a swarm with N seeds from FIRST on (random by default)\n"
    "       sim-test --scenario NAME --seeds N [--seed FIRST] [--jobs N]\n"
    "       sim-test --each --seeds N [--quick] [--seed FIRST] [--jobs N]   run each scenario with N seeds\n"
    "       sim-test --quick | --large | --ahead | [--quick | --large | --ahead] --list\n"
    "       sim-test --experiment interval|threshold|detection [--quick] [--seed N]   print figures\n"
    "       sim-test --point KEY=VALUE[,...] [--seed N]   print figures of the experiment sharp; sharp.c has the keys\n"
    "       sim-test --rules   list the rules of the protocol that can be turned off\n"
    "--without RULE[,RULE...] turns rules off. "
    "--first ends at the first failure, --verbose prints the figures of every seed.\n";

static uint64_t
number(const char *option, const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 0);

	if (*text == '\0' || *text == '-' || *end != '\0')
		errx(64, "--%s: '%s' is not a number", option, text);
	return n;
}

enum {
	OPT_SCENARIO = 1,
	OPT_SEED,
	OPT_SEEDS,
	OPT_EXPERIMENT,
	OPT_POINT,
	OPT_TRACE,
	OPT_QUICK,
	OPT_LARGE,
	OPT_AHEAD,
	OPT_FIRST,
	OPT_JOBS,
	OPT_LIST,
	OPT_EACH,
	OPT_VERBOSE,
	OPT_RULES,
	OPT_WITHOUT,
	OPT_HELP
};

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"scenario", required_argument, NULL, OPT_SCENARIO},
	    {"seed", required_argument, NULL, OPT_SEED},
	    {"seeds", required_argument, NULL, OPT_SEEDS},
	    {"experiment", required_argument, NULL, OPT_EXPERIMENT},
	    {"point", required_argument, NULL, OPT_POINT},
	    {"trace", no_argument, NULL, OPT_TRACE},
	    {"quick", no_argument, NULL, OPT_QUICK},
	    {"large", no_argument, NULL, OPT_LARGE},
	    {"ahead", no_argument, NULL, OPT_AHEAD},
	    {"first", no_argument, NULL, OPT_FIRST},
	    {"jobs", required_argument, NULL, OPT_JOBS},
	    {"list", no_argument, NULL, OPT_LIST},
	    {"each", no_argument, NULL, OPT_EACH},
	    {"verbose", no_argument, NULL, OPT_VERBOSE},
	    {"rules", no_argument, NULL, OPT_RULES},
	    {"without", required_argument, NULL, OPT_WITHOUT},
	    {"help", no_argument, NULL, OPT_HELP},
	    {0},
	};
	struct options o = {.seed = 1, .jobs = 1};
	bool seeds_given = false;
	int c, index = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Print no messages of discovery below errors. */
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	while ((c = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		switch (c) {
		case OPT_SCENARIO:
			o.scenario = optarg;
			break;
		case OPT_SEED:
			o.seed = number("seed", optarg);
			o.seed_given = true;
			break;
		case OPT_SEEDS:
			o.seeds = number("seeds", optarg);
			seeds_given = true;
			break;
		case OPT_EXPERIMENT:
			o.experiment = optarg;
			break;
		case OPT_POINT:
			o.point = optarg;
			break;
		case OPT_TRACE:
			o.trace = true;
			break;
		case OPT_QUICK:
			o.quick = true;
			break;
		case OPT_FIRST:
			o.first = true;
			break;
		case OPT_LARGE:
			o.large = true;
			break;
		case OPT_AHEAD:
			o.ahead = true;
			break;
		case OPT_JOBS:
			o.jobs = (unsigned)number("jobs", optarg);
			break;
		case OPT_VERBOSE:
			o.verbose = true;
			break;
		case OPT_LIST:
			o.list = true;
			break;
		case OPT_EACH:
			o.each = true;
			break;
		case OPT_RULES:
			rules_print();
			return 0;
		case OPT_WITHOUT:
			rules_turn_off(optarg);
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			return 0;
		default: /* an unknown option */
			fputs(usage, stderr);
			return 64;
		}
	}
	if (optind != argc || o.jobs == 0 || (o.each && (!seeds_given || o.scenario != NULL))) {
		fputs(usage, stderr);
		return 64;
	}
	if (o.list) {
		list(&o);
		return 0;
	}
	if (o.point != NULL) {
		sharp_run(o.point, o.seed);
		return 0;
	}
	if (o.experiment != NULL) {
		if (!experiment_run(o.experiment, o.seed, o.quick))
			errx(64, "there is no experiment '%s'", o.experiment);
		return 0;
	}
	if (seeds_given) {
		if (!o.seed_given && getrandom(&o.seed, sizeof(o.seed), 0) != sizeof(o.seed))
			err(1, "getrandom");
		if (!o.seed_given)
			o.seed >>= 16; /* so that the number is short */
	}
	if (o.each)
		return run_each(&o) ? 0 : 1;
	if (seeds_given && o.scenario == NULL) {
		printf("1..1\n");
		return run_seeds(&swarms[0], &o) ? 0 : 1;
	}
	if (o.scenario == NULL)
		o.seeds = o.quick ? 20 : 200;
	return run_chosen(&o) ? 0 : 1;
}
