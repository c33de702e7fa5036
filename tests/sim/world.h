/* SPDX-License-Identifier: MIT */
/*
 * The simulated world: nodes, a network, one clock and one queue of what is to come.  A node is an unmodified core of swimd or
 * a base peer, with a driver (driver.h) in place of the daemon's loop: the driver takes datagrams from a bounded queue, ticks
 * at the deadline, and hands datagrams to the network and events to the log.  The daemon's own code reserves the incarnations
 * of a swimd peer and saves its members, over a simulated disk (keep.h, saver.h, disk.h), and finds the addresses to join
 * through (finder.h).
 * Scenarios use scenario.h.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "core/swim.h"
#include "daemon/reserve.h"
#include "daemon/snapshot.h"
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
	NODE_LEFT, /* left gracefully, and its process has ended */
};

/* A base peer keeps no state on disk.  base_view.c checks the list of a base peer. */
enum node_kind { NODE_SWIMD, NODE_BASE };

/* The state that a translation of addresses (NAT) keeps for one node behind it and one node outside. */
struct binding {
	uint16_t port;  /* source port that the outer node sees; 0: no binding yet */
	swim_time used; /* the last datagram in either direction */
};

struct packet {
	struct packet *next;
	struct swim_addr
	    from; /* the source; the destination while a blocked node holds the packet */
	size_t len;
	uint8_t data[];
};

/* A name that the simulated resolver knows. */
struct world_name {
	const char *hostport;
	unsigned nodes[WORLD_NAME_NODES_MAX], count; /* the name has the addresses of these nodes */
};

/* The daemon's discovery in one swimd peer. */
struct finder {
	struct world *world;
	struct node *node;
	struct discovery *hub;          /* NULL: the node does not run */
	struct discovery_source *known; /* members of an earlier run; owned by the hub */
	struct discovery_source *heard; /* members of other clusters; owned by the hub */
	unsigned heard_told; /* log lines of the daemon about members of other clusters */
	struct discovery_source source; /* the simulated multicast; used by the hub */
	swim_time armed;                /* the wake-up of the hub in the heap; NEVER: none */
	bool asked;                     /* the hub has begun a join since the last flush */
	bool told;                      /* the last join by an operator has ended */
	enum discovery_state outcome;   /* how that join ended; valid if `told` */
};

struct node {
	unsigned index;
	enum node_kind kind;
	enum node_state state;
	char name[80];
	struct swim_addr addr;
	struct swim_addr source;  /* source address of its datagrams; family 0: `addr` */
	struct binding *bindings; /* of its translation of addresses, by node; NULL: none */
	swim_duration binding_lasts;
	char hostport[64]; /* the address that it advertises; a host name for some nodes */
	struct node *heir; /* has this address while this node does not run; NULL: nobody */
	bool inherited;    /* this node is the heir of another */
	struct swim *core;
	struct base_peer *peer;
	unsigned life;    /* number of starts and stops; items for an earlier life are dropped */
	uint64_t highest; /* highest incarnation that it ever had */
	uint64_t told;    /* highest incarnation at which it was ever allowed to send */
	struct disk disk; /* with its state directory */
	struct reserve reserve;   /* the daemon's code that reserves incarnations on `disk` */
	bool unkept;              /* `disk` may lack an incarnation that it sent */
	bool foreign;             /* at this start the disk had the incarnation of another member */
	struct snapshot snapshot; /* the daemon's code that saves the members on `disk` */
	bool saves;               /* `snapshot` runs */
	swim_time save_at;        /* the wake-up of `snapshot` in the heap; NEVER: none */
	/* incarnation at the start of this life; 0 for a base peer, which keeps no state */
	uint64_t first;

	swim_duration clock_offset; /* its monotonic clock when the world's clock shows 0 */
	int64_t clock_ppm;          /* by how much its clock runs faster, parts per million */

	bool bad; /* set by a scenario: the fault is at this node, others need not fail */
	bool paused;
	bool blocked; /* its timers fire, but it reads nothing, and its datagrams are held */
	struct packet *held, **held_end; /* datagrams to send when the block ends */
	size_t held_count;
	swim_duration cost; /* of handling one datagram; above 0: the node is slow */
	swim_time busy_until;
	unsigned since_tick;               /* datagrams handled since the last tick */
	struct packet *queue, **queue_end; /* received, not handled yet */
	size_t queued;
	swim_time armed; /* earliest wake-up in the heap; NEVER: none */

	struct swim_addr seeds[WORLD_SEEDS_MAX];
	unsigned tries[WORLD_SEEDS_MAX]; /* joins through each seed; base peers only */
	unsigned seed_count;
	bool seeds_given;      /* a scenario has set the seeds in place of node 0 */
	const char *seed_name; /* one more seed, by name; NULL: none */
	struct finder finder;

	uint64_t sent, sent_bytes;
	uint64_t asked;         /* pings that were sent to it, by all nodes together */
	uint64_t overflowed;    /* datagrams lost because the queue was full */
	uint64_t overflow_told; /* the part of them that the core knows of */
	struct budget budget;
	struct history *history;
};

/* An event that a swimd peer told, with the true state of its subject at that moment. */
struct world_event {
	swim_time at;
	enum swim_event_type type;
	unsigned observer;
	unsigned subject; /* index of the node of that name; UINT32_MAX: there is none */
	uint64_t incarnation;
	bool subject_up; /* the process of the subject ran, and was not about to leave */
	unsigned by;     /* index of the node that told the observer, or of itself */
};

/* An event that a base peer told about a pair of an id and an address. */
struct world_base_event {
	swim_time at;
	enum base_event_type type;
	unsigned observer;
	unsigned subject; /* index of the node with this pair; UINT32_MAX: there is none */
	uint64_t incarnation;
	bool subject_up; /* the subject ran, in the life that has this incarnation */
};

struct world_config {
	struct swim_timing timing;
	struct base_timing base;
	/* a base peer that knows no live swimd peer joins through its seeds again */
	bool base_rejoins;
	const char *cluster;
	size_t max_members;
	uint64_t max_jump;
	size_t max_datagram;
	size_t queue_max;     /* datagrams that a socket holds; more are dropped */
	int64_t clock_ppm;    /* largest error of a node's clock, parts per million */
	unsigned check_every; /* calls into a core from one check of the whole view to the next */
	bool check_events;    /* check the whole view after each event too */
};

struct world {
	struct world_config config;
	uint64_t seed;
	struct rng rng;
	struct net net;
	struct heap heap;
	swim_time now;
	struct node *nodes;
	unsigned count; /* of nodes */
	unsigned bases; /* number of nodes that are base peers */
	struct check *check;
	struct facts facts;
	struct world_event *events;
	size_t event_count, event_capacity;
	struct world_base_event *base_events;
	size_t base_event_count, base_event_capacity;
	struct world_name names[WORLD_NAMES_MAX];
	unsigned name_count;
	bool multicast;     /* swimd peers find each other by multicast */
	bool saves;         /* swimd peers save their members on their disks */
	uint64_t hash;      /* of the trace: of all that happened */
	uint64_t steps;     /* items of the heap that were handled */
	uint64_t datagrams; /* sent */
	uint64_t calls;     /* calls into cores */
	uint64_t same_time; /* steps since `now` last changed */
	bool trace;         /* print the trace */
	bool forged;        /* a scenario has forged an update */
	/* a base peer has started at the address of a swimd peer, and may receive names of swimd peers */
	bool leaked;
	/* Called with each datagram to an address that no node has; NULL: none. */
	void (*stray)(struct world *, void *ctx, unsigned from, const struct swim_addr *to,
	    const void *data, size_t len);
	void *stray_ctx;
	unsigned breaches; /* number of broken invariants; the first ones are printed */
	char label[96];    /* of the run, for messages: "SCENARIO, seed N" */
};

void world_init(struct world *, uint64_t seed, unsigned nodes);
void world_fini(struct world *);
/* Before the first start: give every other node an IPv6 address. */
void world_mix_families(struct world *);
/* Before the first start: the source address of node i is not the address that it advertises; both reach node i. */
void world_speak_elsewhere(struct world *, unsigned i);
/* Before the first start of node i: node i gets the address of node `from`, and its datagrams while `from` does not run. */
void world_inherit(struct world *, unsigned i, unsigned from);
/*
 * Before the first start: put node i behind a translation of addresses (NAT).  Nobody can send to the address that node i
 * advertises.  Each other node sees another port of the translation, and can answer to that port until no datagram has
 * passed in either direction for `lasts`; the next datagram of node i then gets a new port.
 */
void world_translate(struct world *, unsigned i, swim_duration lasts);
/* The source address of the datagrams of a node. */
const struct swim_addr *world_source(const struct node *);
/*
 * Before the first start: make node i a base peer.  The id of node i is its address, as is usual for base peers; or with
 * `named` the id is b<i>, so that other base peers list node i twice.
 */
void world_make_base(struct world *, unsigned i, bool named);

/* Handle the next item of the heap if its time is not after `until`; else set the clock to `until` and return false. */
bool world_step(struct world *, swim_time until);

/* Start node i at the incarnation that follows from its disk. */
void world_start(struct world *, unsigned i);
/* Start node i at this incarnation, whatever its disk says. */
void world_start_beyond(struct world *, unsigned i, uint64_t incarnation);
/* While node i does not run: give it a new disk, empty (bound 0) or with this bound in its state file. */
void world_replace_disk(struct world *, unsigned i, uint64_t bound);
/* End the process of node i at once, and drop all datagrams that wait in its queues. */
void world_stop(struct world *, unsigned i, enum node_state);
void world_leave(struct world *, unsigned i);
void world_pause(struct world *, unsigned i, bool paused);
void world_block(struct world *, unsigned i, bool blocked);
/* Take the datagrams and events out of the core of node i, after a direct call into the core (swim_remove for example). */
void world_flush(struct world *, unsigned i);
/* Send a forged datagram to node `to` from the source address `from`, by the simulated network. */
void world_inject(struct world *, const struct swim_addr *from, unsigned to, const void *data,
    size_t len);

bool world_running(const struct world *, unsigned i);
/* The index of the node of this name; UINT32_MAX: there is none. */
unsigned world_by_name(const struct world *, const char *name, size_t len);
/* The index of the node that advertises this address: the first that runs, or the last heir; UINT32_MAX: there is none. */
unsigned world_by_address(const struct world *, const char *address);
/* The time that the clock of node i shows at this time of the world. */
swim_time world_local(const struct world *, unsigned i, swim_time);
/* Count a broken invariant, and print `text` if it is among the first. */
void world_breach(struct world *, const char *text);

#endif
