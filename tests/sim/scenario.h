/* SPDX-License-Identifier: MIT */
/*
 * The functions that scenarios are written with, so that a scenario reads like a theorem:
 *
 *	sim_crash(s, 7);
 *	EXPECT(s, sim_wait_all(s, 7, SWIM_DEAD, 10));
 *	EXPECT(s, sim_told(s, since, SWIM_EVENT_FAILED, ANY, ANY) == 99);
 *
 * A node is given by its index.  Durations are in seconds of virtual time.  The seed of each node is node 0 unless sim_seed,
 * sim_seed_name or sim_no_seeds is called for the node.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "sim/world.h"

#define ANY UINT32_MAX

struct sim {
	struct world world;
	bool failed;      /* an EXPECT failed */
	swim_time formed; /* when sim_form ended */
	char notes[1024]; /* figures that sim_note has collected for the output */
};

/*
 * --quick leaves out HEAVY scenarios.  LARGE scenarios run with --large only, each in its own process.  AHEAD scenarios state
 * what the core does not do yet: they run with --ahead only, each in its own process.
 */
enum weight { LIGHT, HEAVY, LARGE, AHEAD };

struct scenario {
	const char *name;
	unsigned nodes; /* 0: swarm_nodes() gives the number */
	void (*run)(struct sim *);
	enum weight weight;
	const char *claim; /* what the scenario shows, in one sentence */
};
/* Each table ends with a row without a name. */
extern const struct scenario scenarios_join[], scenarios_failure[], scenarios_partition[],
    scenarios_loss[], scenarios_limits[], scenarios_base[], scenarios_size[], scenarios_stall[],
    scenarios_liveness[], scenarios_successor[], scenarios_reflect[], scenarios_path[],
    scenarios_twins[], scenarios_mixed[], scenarios_disk[], scenarios_find[], scenarios_save[],
    scenarios_slow[];

struct sim *sim_new(uint64_t seed, unsigned nodes, const char *label, bool trace);
void sim_free(struct sim *);

/* Before the next start of the node. */
struct world_config *sim_config(struct sim *);
struct net_config *sim_net(struct sim *);
/* Add a seed to node i.  The first call for node i replaces its usual seed, node 0. */
void sim_seed(struct sim *, unsigned i, unsigned seed);
/* Make node i a base peer: its id is its address, or b<i> with sim_base_named. */
void sim_base(struct sim *, unsigned i);
void sim_base_named(struct sim *, unsigned i);
/* From now on swimd peers save their members on their disks, and read them at a start. */
void sim_save(struct sim *);
void sim_no_seeds(struct sim *, unsigned i);
/* Add the address of a node to the name HOST:PORT in the resolver.  The text must be static. */
void sim_name(struct sim *, const char *hostport, unsigned node);
/* Make the name HOST:PORT the only seed of node i.  The text must be static. */
void sim_seed_name(struct sim *, unsigned i, const char *hostport);

/* Nodes. */
void sim_start(struct sim *, unsigned i);
void sim_start_range(struct sim *, unsigned first, unsigned last);
/* Start all nodes and wait up to 20 s until they have converged (see sim_converged). */
bool sim_form(struct sim *);
/* Start node i with this bound in its state file, as after an earlier run; 0: without a state file. */
void sim_start_at(struct sim *, unsigned i, uint64_t incarnation);
/* Start node i at this incarnation, even one that the state code does not give. */
void sim_start_beyond(struct sim *, unsigned i, uint64_t incarnation);
void sim_crash(struct sim *, unsigned i);
/* Crash node i if it runs, and start it. */
void sim_restart(struct sim *, unsigned i, bool keep_state);
void sim_leave(struct sim *, unsigned i);
/* An operator tells node i to join through `other`; finder.outcome of node i has the result.  False: the join cannot be tried. */
bool sim_join(struct sim *, unsigned i, unsigned other);
/* Change the port in the address of node i. */
void sim_move(struct sim *, unsigned i);
/* Give node i the tag t=`value` and no other. */
void sim_tag(struct sim *, unsigned i, unsigned value);
/* Give node i one tag, which takes this many bytes with its key and lengths. */
void sim_tag_bytes(struct sim *, unsigned i, size_t bytes);
/* Before the first start of node i: give node i the name of node `as`. */
void sim_rename(struct sim *, unsigned i, unsigned as);
/* Stop the process of node i (SIGSTOP) until sim_resume. */
void sim_pause(struct sim *, unsigned i);
void sim_resume(struct sim *, unsigned i);
/* Hold all datagrams from and to node i while it is blocked; its timers go on. */
void sim_block(struct sim *, unsigned i, bool blocked);
/* Node i needs this much time for each datagram. */
void sim_slow(struct sim *, unsigned i, swim_duration per_datagram);

/* The network.  Functions of type size_t return the number of the new rule, for sim_mend. */
/* Cut the nodes from `first` to `last` off from all others, both ways. */
size_t sim_partition(struct sim *, unsigned first, unsigned last);
/* Cut, or spoil by a loss of 0 to 1, the link from one node to another, one way.  Both may be ANY. */
size_t sim_cut(struct sim *, unsigned from, unsigned to);
size_t sim_spoil(struct sim *, unsigned from, unsigned to, double loss);
/* One node is silent for some seconds: run the simulation meanwhile. */
enum silence {
	SILENCE_CUT,   /* all datagrams from and to the node are lost */
	SILENCE_DEAF,  /* all datagrams to the node are lost */
	SILENCE_MUTE,  /* all datagrams from the node are lost */
	SILENCE_PAUSE, /* the process of the node is stopped */
};
void sim_silence(struct sim *, unsigned i, enum silence, double seconds);
/* Lose datagrams of more than `largest` bytes between nodes `first` to `last` and all others; one way: to all others only. */
size_t sim_narrow(struct sim *, unsigned first, unsigned last, size_t largest);
size_t sim_narrow_one_way(struct sim *, unsigned first, unsigned last, size_t largest);
/* Add these seconds to the delay between nodes `first` to `last` and all others, each way. */
size_t sim_delay(struct sim *, unsigned first, unsigned last, double seconds);
/*
 * Lines of `rate` bytes a second with one queue of `queue` bytes: for all that node i sends, for all that is sent to node i,
 * and for all that anybody sends.
 */
size_t sim_uplink(struct sim *, unsigned i, double rate, size_t queue);
size_t sim_downlink(struct sim *, unsigned i, double rate, size_t queue);
size_t sim_medium(struct sim *, double rate, size_t queue);
/* Other traffic keeps a line busy from now on for so many seconds. */
void sim_fill(struct sim *, size_t line, double seconds);
/* Bytes that were sent over a line since the line was added, lost ones included, with the headers of IPv4 and UDP. */
uint64_t sim_offered(const struct sim *, size_t line);
/* Remove one rule. */
void sim_mend(struct sim *, size_t rule);
/* Remove all rules. */
void sim_heal(struct sim *);
/* The probability, 0 to 1, that any datagram is lost. */
void sim_loss(struct sim *, double);

/* Time. */
swim_time sim_now(const struct sim *);
double sim_since(const struct sim *, swim_time); /* seconds */
void sim_run(struct sim *, double seconds);

/* What all nodes together have sent since the start. */
struct sim_sent {
	uint64_t datagrams;
	uint64_t bytes; /* of these datagrams, without headers */
};
struct sim_sent sim_sent(const struct sim *);

/*
 * What nodes hold.  Each sim_wait function returns true as soon as its condition is true, and false when the seconds have
 * passed.
 */
/* The status that the observer holds of the subject.  False: the observer does not run, or does not know the subject. */
bool sim_status(struct sim *, unsigned observer, unsigned subject, enum swim_status *);
bool sim_is(struct sim *, unsigned observer, unsigned subject, enum swim_status);
bool sim_wait_status(struct sim *, unsigned observer, unsigned subject, enum swim_status,
    double seconds);
/* All running swimd peers but the subject hold this status of it. */
bool sim_wait_all(struct sim *, unsigned subject, enum swim_status, double seconds);
/* Complete: each running swimd peer holds every running node alive. */
bool sim_complete(struct sim *);
bool sim_wait_complete(struct sim *, double seconds);
/* Agreed: complete, no node that does not run is held alive or suspect, and all digests are equal. */
bool sim_wait_agreed(struct sim *, double seconds);
/* Converged: agreed, and no rumour is left. */
bool sim_converged(struct sim *);
bool sim_wait_converged(struct sim *, double seconds);
/* Prints why the nodes have not converged. */
void sim_explain(struct sim *);
bool sim_wait_until(struct sim *, bool (*holds)(struct sim *), double seconds);

/*
 * base_view.c: does each running base peer list each other running node as alive, under its address only (a base peer with
 * another id under that id too), and every other pair as dead?
 */
bool sim_bases_complete(struct sim *);
/* Prints what is missing if the time is over. */
bool sim_wait_bases_complete(struct sim *, double seconds);
/* How many such events base peers have told about this node since then; `subject` may be ANY. */
unsigned sim_bases_told(const struct sim *, swim_time since, enum base_event_type,
    unsigned subject);
/* How many suspicions and deaths of running nodes base peers have told since then. */
unsigned sim_bases_wrong(const struct sim *, swim_time since);
/* Wait until each running base peer lists `subject` with this status. */
bool sim_wait_bases(struct sim *, unsigned subject, enum swim_status, double seconds);

/* told.c: the events of swimd peers since the given time. */
/* How many such events were told; `observer` and `subject` may be ANY. */
unsigned sim_told(const struct sim *, swim_time since, enum swim_event_type, unsigned observer,
    unsigned subject);
/* By how many observers such an event was told. */
unsigned sim_tellers(const struct sim *, swim_time since, enum swim_event_type, unsigned subject);
/* How many failed events were told about nodes that ran. */
unsigned sim_false_failures(const struct sim *, swim_time since);
/* Numbers of failed events, where a scenario has marked some nodes as bad. */
struct verdicts {
	unsigned right;      /* about bad nodes */
	unsigned wrong;      /* about other nodes */
	unsigned by_healthy; /* those of `wrong` that nodes which are not bad told */
};
struct verdicts sim_verdicts(const struct sim *, swim_time since);
/* Seconds from `since` to the n-th such event; negative: there were fewer. */
double sim_told_after(const struct sim *, swim_time since, enum swim_event_type, unsigned subject,
    unsigned n);

struct swim_stats sim_stats(const struct sim *, unsigned i);

/*
 * forge.c: send a forged ping from the address of node `from`, with one update.  From now on the oracles accept incarnations
 * of the subject that the subject never had.
 */
void sim_forge(struct sim *, unsigned from, unsigned to, unsigned about, enum swim_status,
    uint64_t incarnation);
void sim_forge_update(struct sim *, unsigned from, unsigned to, const char *id, const char *address,
    enum swim_status, uint64_t incarnation);

/* Append a figure to the notes of the run. */
void sim_note(struct sim *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* If the condition is false, the scenario fails and the calling function returns. */
#define EXPECT(s, condition)                                                                       \
	do {                                                                                       \
		if (!sim_expect((s), (condition), #condition, __FILE__, __LINE__))                 \
			return;                                                                    \
	} while (0)
bool sim_expect(struct sim *, bool, const char *text, const char *file, int line);

/* swarm.c: random faults, then none, in a random configuration. */
unsigned swarm_nodes(uint64_t seed);
void swarm_run(struct sim *);
/* Some nodes are base peers. */
void swarm_mixed_run(struct sim *);

#endif
