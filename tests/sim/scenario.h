/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary that scenarios are written in, so that they read like theorems:
 *
 *	sim_crash(s, 7);
 *	EXPECT(s, sim_wait_all(s, 7, SWIM_DEAD, 10));
 *	EXPECT(s, sim_told(s, since, SWIM_EVENT_FAILED, ANY, ANY) == 99);
 *
 * Nodes are named by their index.  Durations are in seconds of virtual time.  A node's seed is node 0
 * unless sim_seed says otherwise.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "sim/world.h"

#define ANY UINT32_MAX

struct sim {
	struct world world;
	bool failed;      /* an expectation was not met */
	swim_time formed; /* sim_form's end */
	char notes[1024]; /* figures, for the report */
};

/* HEAVY ones are not part of --quick; LARGE ones run with --large alone, each in a process of its own. */
enum weight { LIGHT, HEAVY, LARGE };

struct scenario {
	const char *name;
	unsigned nodes;
	void (*run)(struct sim *);
	enum weight weight;
	const char *claim;
};
/* Each ends in a row without a name. */
extern const struct scenario scenarios_join[], scenarios_failure[], scenarios_partition[],
    scenarios_loss[], scenarios_limits[], scenarios_base[], scenarios_size[], scenarios_stall[],
    scenarios_liveness[], scenarios_successor[], scenarios_reflect[], scenarios_path[],
    scenarios_twins[], scenarios_mixed[], scenarios_disk[], scenarios_find[];

struct sim *sim_new(uint64_t seed, unsigned nodes, const char *label, bool trace);
void sim_free(struct sim *);

/* Before the first start. */
struct world_config *sim_config(struct sim *);
struct net_config *sim_net(struct sim *);
void sim_seed(struct sim *, unsigned i, unsigned seed); /* one more; the first call drops node 0 */
void sim_base(struct sim *, unsigned i);
void sim_base_named(struct sim *, unsigned i); /* with an id of its own */
/*
 * The members that it holds, the living first and without those that left, are all that it knows from now on: what a daemon
 * finds others by after a restart when nobody has told it of any.
 */
void sim_snapshot(struct sim *, unsigned i);
void sim_no_seeds(struct sim *, unsigned i);
/* The resolver's name HOST:PORT (static) gets the address of one more node; and it is the only seed of node i. */
void sim_name(struct sim *, const char *hostport, unsigned node);
void sim_seed_name(struct sim *, unsigned i, const char *hostport);

/* Nodes. */
void sim_start(struct sim *, unsigned i);
void sim_start_range(struct sim *, unsigned first, unsigned last);
/* Start all of them: within 20 s they are one cluster, and the network is quiet. */
bool sim_form(struct sim *);
/* Its state directory has this bound of an earlier run; 0: it is empty. */
void sim_start_at(struct sim *, unsigned i, uint64_t incarnation);
/* At an incarnation that the state code would refuse to begin with. */
void sim_start_beyond(struct sim *, unsigned i, uint64_t incarnation);
void sim_crash(struct sim *, unsigned i);
void sim_restart(struct sim *, unsigned i, bool keep_state); /* crashes it first if it runs */
void sim_leave(struct sim *, unsigned i);
/* An operator tells i to join through `other`; finder.outcome has what came of it.  False: that cannot be tried. */
bool sim_join(struct sim *, unsigned i, unsigned other);
void sim_move(struct sim *, unsigned i); /* to another address */
/* Its only tag is t=`value` from now on. */
void sim_tag(struct sim *, unsigned i, unsigned value);
/* Its only tag takes so many bytes, key and lengths included. */
void sim_tag_bytes(struct sim *, unsigned i, size_t bytes);
/* Before its first start: it bears the name of another. */
void sim_rename(struct sim *, unsigned i, unsigned as);
void sim_pause(struct sim *, unsigned i);
void sim_resume(struct sim *, unsigned i);
/* Its messages stand still, its timers don't. */
void sim_block(struct sim *, unsigned i, bool blocked);
void sim_slow(struct sim *, unsigned i, swim_duration per_datagram);

/* The network. */
size_t sim_partition(struct sim *, unsigned first, unsigned last); /* these from all others */
size_t sim_cut(struct sim *, unsigned from, unsigned to);          /* one way */
size_t sim_spoil(struct sim *, unsigned from, unsigned to,
    double loss); /* one way; either may be ANY */
/* Datagrams of more bytes than this are lost between these and all others, or on the way from these to all others. */
size_t sim_narrow(struct sim *, unsigned first, unsigned last, size_t largest);
size_t sim_narrow_one_way(struct sim *, unsigned first, unsigned last, size_t largest);
void sim_mend(struct sim *, size_t rule);
void sim_heal(struct sim *); /* lifts all of these */
void sim_loss(struct sim *, double);

/* Time. */
swim_time sim_now(const struct sim *);
double sim_since(const struct sim *, swim_time); /* seconds */
void sim_run(struct sim *, double seconds);

/* What nodes hold: true as soon as it is so, false when the seconds have passed. */
bool sim_status(struct sim *, unsigned observer, unsigned subject, enum swim_status *);
bool sim_is(struct sim *, unsigned observer, unsigned subject, enum swim_status);
bool sim_wait_status(struct sim *, unsigned observer, unsigned subject, enum swim_status,
    double seconds);
/* At every other swimd node that runs. */
bool sim_wait_all(struct sim *, unsigned subject, enum swim_status, double seconds);
/* Every node that runs holds every one of them alive. */
bool sim_complete(struct sim *);
bool sim_wait_complete(struct sim *, double seconds);
/* And none that doesn't; all hold the same view; and nothing is left to gossip. */
bool sim_converged(struct sim *);
bool sim_wait_converged(struct sim *, double seconds);
/* The same but for what is left to gossip. */
bool sim_wait_agreed(struct sim *, double seconds);
/* Says what keeps it from being so, in the output. */
void sim_explain(struct sim *);
bool sim_wait_until(struct sim *, bool (*so)(struct sim *), double seconds);

/*
 * base_view.c: does every running base peer list each other running node as alive, under its address only (a base peer with an
 * id of its own under that id too), and every other pair as dead?
 */
bool sim_bases_complete(struct sim *);
bool sim_wait_bases_complete(struct sim *, double seconds); /* prints what is missing */
/* How many such events base peers have reported about this node since then; `subject` may be ANY. */
unsigned sim_bases_told(const struct sim *, swim_time since, enum base_event_type,
    unsigned subject);
/* How many suspicions and deaths of running nodes base peers have reported since then. */
unsigned sim_bases_wrong(const struct sim *, swim_time since);
/* Wait until each running base peer lists `subject` with this status. */
bool sim_wait_bases(struct sim *, unsigned subject, enum swim_status, double seconds);

/* told.c: what nodes told since then: how many events, and by how many observers. */
unsigned sim_told(const struct sim *, swim_time since, enum swim_event_type, unsigned observer,
    unsigned subject);
unsigned sim_tellers(const struct sim *, swim_time since, enum swim_event_type, unsigned subject);
/* Failed-events about nodes whose process ran. */
unsigned sim_false_failures(const struct sim *, swim_time since);
/*
 * Failed-events, where some nodes are marked as bad: about those, about others, and how many of the latter were told by
 * one that is not bad itself.
 */
struct verdicts {
	unsigned right, wrong, by_healthy;
};
struct verdicts sim_verdicts(const struct sim *, swim_time since);
/* Seconds from then until the n-th observer told; negative: never. */
double sim_told_after(const struct sim *, swim_time since, enum swim_event_type, unsigned subject,
    unsigned n);

struct swim_stats sim_stats(const struct sim *, unsigned i);

/*
 * forge.c: a ping as if from node `from`, with one update of our making.  Incarnations of that member are
 * no longer checked to be its own.
 */
void sim_forge(struct sim *, unsigned from, unsigned to, unsigned about, enum swim_status,
    uint64_t incarnation);
void sim_forge_update(struct sim *, unsigned from, unsigned to, const char *id, const char *address,
    enum swim_status, uint64_t incarnation);

/* A figure worth seeing in the output. */
void sim_note(struct sim *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the scenario, as failed, unless the condition holds. */
#define EXPECT(s, condition)                                                                       \
	do {                                                                                       \
		if (!sim_expect((s), (condition), #condition, __FILE__, __LINE__))                 \
			return;                                                                    \
	} while (0)
bool sim_expect(struct sim *, bool, const char *text, const char *file, int line);

/* swarm.c: chaos, then calm, in a random configuration. */
unsigned swarm_nodes(uint64_t seed);
void swarm_run(struct sim *);
void swarm_mixed_run(struct sim *); /* with base peers among the swimds */

#endif
