/* SPDX-License-Identifier: MIT */
/*
 * The simulated world: N unmodified cores (and base peers), the driver that each runs under, one clock
 * and one queue of events.  The driver does what the daemon's does: it takes datagrams from a bounded
 * queue, ticks at the deadline, and hands datagrams to the network and events to the log.  A swimd's incarnations come from
 * the daemon's code over a simulated disk (keep.h, disk.h), and whom it joins when from the daemon's discovery (finder.h).
 * Scenarios use scenario.h.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "core/swim.h"
#include "discovery/source.h"
#include "sim/base_peer.h"
#include "sim/budget.h"
#include "sim/check.h"
#include "sim/disk.h"
#include "sim/facts.h"
#include "sim/heap.h"
#include "sim/history.h"
#include "sim/net.h"

#define WORLD_SEEDS_MAX 16
#define WORLD_NAMES_MAX 4
#define WORLD_NAME_NODES_MAX 8

enum node_state {
	NODE_DOWN, /* never started, or crashed */
	NODE_UP,
	NODE_LEAVING,
	NODE_LEFT, /* left gracefully, and its process is gone */
};

/* A base peer keeps no state, so it cannot be restarted with its state.  base_view.c checks its list. */
enum node_kind { NODE_SWIMD, NODE_BASE };

/* What a translation of addresses keeps for what a node behind it sends to one other. */
struct binding {
	uint16_t port; /* of the translation, to that other alone; 0: none yet */
	swim_time used;
};

struct packet {
	struct packet *next;
	struct swim_addr from; /* to, while it is held */
	size_t len;
	uint8_t data[];
};

/* A name that the simulated resolver knows. */
struct world_name {
	const char *hostport;
	unsigned nodes[WORLD_NAME_NODES_MAX], count; /* it has the addresses of these */
};

/* The daemon's discovery of a swimd that runs. */
struct finder {
	struct world *world;
	struct node *node;
	struct discovery *hub;          /* NULL: the node does not run */
	struct discovery_source *known; /* the hub's, as is `source` */
	struct discovery_source source; /* of the simulated multicast */
	swim_time armed;                /* its wake-up in the heap; NEVER: none */
	bool asked;                     /* a join was begun since the last flush */
	bool told;                      /* an operator's join has come to an end, which was: */
	enum discovery_state outcome;
};

struct node {
	unsigned index;
	enum node_kind kind;
	enum node_state state;
	char name[80];
	struct swim_addr addr;
	struct swim_addr source;  /* of what it sends, and another where it can be reached */
	struct binding *bindings; /* behind a translation of addresses, by node; NULL: it is not */
	swim_duration binding_lasts;
	char hostport[64]; /* what it says its address is; a host name for some */
	struct node *heir; /* lives at this address once this one does not run; NULL: nobody */
	bool inherited;    /* lives where another lived */
	struct swim *core;
	struct base_peer *peer;
	unsigned life;    /* counts its starts; what was meant for an earlier life is dropped */
	uint64_t highest; /* incarnation it ever had */
	uint64_t told;    /* the highest at which it was ever let send */
	struct disk disk; /* of its state directory */
	struct reserve reserve; /* the daemon's code over it */
	bool unkept;            /* the disk may not know all that it told */
	/* incarnation at the start of this life; 0 for a base peer, which keeps no state */
	uint64_t first;

	swim_duration clock_offset; /* its monotonic clock at the world's zero */
	int64_t clock_ppm;          /* and how much faster it runs, parts in a million */

	bool bad; /* by the scenario: its trouble is its own, and no reason to hold others dead */
	bool paused;
	bool blocked; /* its timers fire, but nothing is read, and what is sent waits */
	struct packet *held, **held_end;
	size_t held_count;
	swim_duration cost; /* of handling one datagram: above 0 it runs slow */
	swim_time busy_until;
	unsigned since_tick; /* datagrams handled since the last tick */
	struct packet *queue, **queue_end;
	size_t queued;
	swim_time armed; /* earliest wake-up in the heap; NEVER: none */

	struct swim_addr seeds[WORLD_SEEDS_MAX];
	unsigned tries[WORLD_SEEDS_MAX]; /* of a base peer */
	unsigned seed_count;
	bool seeds_given;      /* not the usual one */
	const char *seed_name; /* one more seed, by name; NULL: none */
	/* Addresses that a swimd knows of an earlier run, those of the living first. */
	char (*known)[SWIM_HOSTPORT_MAX + 1];
	unsigned known_live, known_count;
	struct finder finder;

	uint64_t sent, sent_bytes, overflowed, overflow_told;
	struct budget budget;
	struct history *history;
};

/* An event that some node told, with what was true in the world at that moment. */
struct world_event {
	swim_time at;
	enum swim_event_type type;
	unsigned observer;
	unsigned subject; /* index of the node, or UINT32_MAX when there is none of that name */
	uint64_t incarnation;
	bool subject_up; /* its process ran, and was not about to leave */
	unsigned by;     /* whose word it was, likewise */
};

/* An event that a base peer reported about a pair. */
struct world_base_event {
	swim_time at;
	enum base_event_type type;
	unsigned observer;
	unsigned subject; /* the node that the pair belongs to, or UINT32_MAX */
	uint64_t incarnation;
	bool subject_up; /* the node was running, in the life that has this incarnation */
};

struct world_config {
	struct swim_timing timing;
	struct base_timing base;
	/* a base peer that knows no living swimd joins through its seeds again */
	bool base_rejoins;
	const char *cluster;
	size_t max_members;
	uint64_t max_jump;
	size_t max_datagram;
	size_t queue_max;     /* datagrams that a socket holds; further ones are dropped */
	int64_t clock_ppm;    /* each node's clock is off by up to this much */
	unsigned check_every; /* views are compared whole after each so many calls */
	bool check_events;    /* and after every event; else only what the event is about */
};

struct world {
	struct world_config config;
	uint64_t seed;
	struct rng rng;
	struct net net;
	struct heap heap;
	swim_time now;
	struct node *nodes;
	unsigned count, bases; /* so many of the nodes are base peers */
	struct check *check;
	struct facts facts;
	struct world_event *events;
	size_t event_count, event_capacity;
	struct world_base_event *base_events;
	size_t base_event_count, base_event_capacity;
	struct world_name names[WORLD_NAMES_MAX];
	unsigned name_count;
	bool multicast; /* swimds hear of each other by it */
	uint64_t hash;  /* of all that happened */
	uint64_t steps, datagrams, calls, same_time;
	bool trace;
	bool forged; /* datagrams of anybody's making told of members */
	/* a base peer started at the address of a swimd: datagrams there may have names of swimds */
	bool leaked;
	/* Told of what is sent to an address that no node has; NULL: nobody is. */
	void (*stray)(struct world *, void *ctx, unsigned from, const struct swim_addr *to,
	    const void *data, size_t len);
	void *stray_ctx;
	unsigned breaches; /* of invariants; the first ones are printed */
	char label[96];    /* of the run, for messages */
};

void world_init(struct world *, uint64_t seed, unsigned nodes);
void world_fini(struct world *);
/* Before the first start: every other node gets an IPv6 address. */
void world_mix_families(struct world *);
/* Before the first start: the node is heard from another address than it tells. */
void world_speak_elsewhere(struct world *, unsigned i);
/* Before its first start: node i gets the address of `from`, and what is sent there once that one does not run. */
void world_inherit(struct world *, unsigned i, unsigned from);
/*
 * Before the first start: the node is behind a translation of addresses.  Nobody can send to the address that it
 * tells.  Others hear it from a port of the translation, each from another one, and can answer there until nothing has
 * gone either way for so long; then the next that it sends gets another port.
 */
void world_translate(struct world *, unsigned i, swim_duration lasts);
/* Where what a node sends comes from. */
const struct swim_addr *world_source(const struct node *);
/*
 * Make node i a base peer, before its first start.  Its id is its address, as is usual for base peers; or with `named` it is
 * b<i>, so that other base peers list it twice.
 */
void world_make_base(struct world *, unsigned i, bool named);

/* Handle what comes next, if it comes not after `until`; else set the clock to `until` and return false. */
bool world_step(struct world *, swim_time until);

/* At the incarnation that its disk leads to. */
void world_start(struct world *, unsigned i);
/* At this one, whatever its disk says. */
void world_start_beyond(struct world *, unsigned i, uint64_t incarnation);
/* While it does not run: its disk is another one, empty (bound 0) or with this bound in its file. */
void world_replace_disk(struct world *, unsigned i, uint64_t bound);
/* Its process is gone at once; what it had queued too. */
void world_stop(struct world *, unsigned i, enum node_state);
void world_leave(struct world *, unsigned i);
void world_pause(struct world *, unsigned i, bool paused);
void world_block(struct world *, unsigned i, bool blocked);
/* Hand out what the core has to say after a call from outside (swim_remove and the like). */
void world_flush(struct world *, unsigned i);
/* A datagram of anybody's making, as if it came from `from`, after the usual treatment on the way. */
void world_inject(struct world *, const struct swim_addr *from, unsigned to, const void *data,
    size_t len);

bool world_running(const struct world *, unsigned i);
/* The node of this name, or the node that advertises this address (of several, the last); or UINT32_MAX. */
unsigned world_by_name(const struct world *, const char *name, size_t len);
unsigned world_by_address(const struct world *, const char *address);
swim_time world_local(const struct world *, unsigned i, swim_time);
void world_breach(struct world *, const char *text);

#endif
