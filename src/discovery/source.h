/* SPDX-License-Identifier: MIT */
/*
 * What a source of peers is to the hub, and the hub to a source.  A new kind of source is a file of its
 * own and one call of discovery_add_source.
 */
#ifndef SWIMD_DISCOVERY_SOURCE_H
#define SWIMD_DISCOVERY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "discovery/discovery.h"

/* What a source may tell others of us. */
struct discovery_self {
	const char *name, *cluster; /* cluster "": the unnamed one */
	struct swim_addr address;   /* advertised */
	const char *version;
};

struct discovery_source;
struct discovery_source_ops {
	const char *name; /* "mdns"; at most 15 bytes; static */
	bool quiet;       /* that its peers don't answer is no news */
	/*
	 * Discover: from now on, and not before, call discovery_offer and discovery_withdraw, on the loop.  What
	 * fails is the source's own to retry, and to tell in `trouble`.
	 */
	void (*start)(struct discovery_source *, struct discovery *);
	/* Advertise us, or what has changed about us; NULL: it can't. */
	void (*advertise)(struct discovery_source *, const struct discovery_self *);
	/* A sentence when something is wrong with the source now, else NULL.  NULL: nothing can be. */
	const char *(*trouble)(const struct discovery_source *);
	/* Peers that were more than it can look after, so far.  NULL: never. */
	uint64_t (*dropped)(const struct discovery_source *);
	/* Is this child of the process its own, whose end it takes?  NULL: it has none. */
	bool (*owns)(const struct discovery_source *, pid_t child);
	/* When `run` is next needed, and what is then due.  Both NULL: never. */
	swim_time (*deadline)(const struct discovery_source *);
	void (*run)(struct discovery_source *, swim_time now);
	/* Stop discovering and advertising, and free the source. */
	void (*stop)(struct discovery_source *);
};

/* The head of a source's own struct. */
struct discovery_source {
	const struct discovery_source_ops *ops;
	struct discovery_source *next; /* the hub's */
};

/* The hub owns the source from here on, and starts it. */
void discovery_add_source(struct discovery *, struct discovery_source *);
/* Tell all sources about us; again when it changes.  Strings are needed during the call only. */
void discovery_advertise(struct discovery *, const struct discovery_self *);

/*
 * A seed: somebody whom the operator trusts, at host:port, asked at once and without a limit.  One that is
 * offered a second time stays as it is.  INVALID_ADDRESS when it is no host:port, RESOLUTION_FAILED when there
 * is no room.
 */
enum swim_error discovery_offer(struct discovery *, swim_time now, const struct discovery_source *,
    const char *address);
/* It is there no more. */
void discovery_withdraw(struct discovery *, const struct discovery_source *, const char *address);

/*
 * A hint: something that was found, by whoever it was put there.  It is asked only while it is no member yet,
 * one address of a name at a time, and all hints together at a bounded rate; the least often asked first.
 */
struct discovery_hint {
	struct swim_addr address; /* family 0: not known (yet) */
	const char *interface, *service;
	const char *name;           /* the member that it claims to be; "": not known */
	enum discovery_state state; /* PENDING: to be joined; else why it is not */
	const char *reason;         /* a sentence, or "" */
};
/*
 * The source's hint of this number; again when more is known of it.  What is the same stays as it is.
 * RESOLUTION_FAILED when there is no room.
 */
enum swim_error discovery_hint(struct discovery *, swim_time now, const struct discovery_source *,
    uint64_t id, const struct discovery_hint *);
void discovery_hint_withdraw(struct discovery *, const struct discovery_source *, uint64_t id);
/* All of the source's. */
void discovery_hint_withdraw_all(struct discovery *, const struct discovery_source *);

#endif
