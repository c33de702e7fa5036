/* SPDX-License-Identifier: MIT */
/*
 * The interface between the hub and a source of peers.  A new kind of source is a file of its own and one call of
 * discovery_add_source.
 */
#ifndef SWIMD_DISCOVERY_SOURCE_H
#define SWIMD_DISCOVERY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "discovery/discovery.h"

/* What a source may tell others about this member. */
struct discovery_self {
	const char *name, *cluster; /* cluster "": the unnamed one */
	struct swim_addr address;   /* advertised */
	const char *version;
};

struct discovery_source;
struct discovery_source_ops {
	const char *name; /* "mdns"; at most 15 bytes; static */
	bool quiet;       /* the hub does not log that this source's peers do not answer */
	/*
	 * Start to discover.  The source calls discovery_offer and discovery_withdraw on the loop, not before this
	 * call.  When something fails, the source itself tries again and reports the failure in `trouble`.
	 */
	void (*start)(struct discovery_source *, struct discovery *);
	/* Advertise this member, or what has changed about it.  NULL: the source cannot advertise. */
	void (*advertise)(struct discovery_source *, const struct discovery_self *);
	/* Returns a sentence when something is wrong with the source now, else NULL. NULL: nothing can go wrong. */
	const char *(*trouble)(const struct discovery_source *);
	/* How many peers so far found no room in the source.  NULL: there is always room. */
	uint64_t (*dropped)(const struct discovery_source *);
	/*
	 * Tells whether this child of the process belongs to the source, which then waits for the child's end.  NULL:
	 * it has no child.
	 */
	bool (*owns)(const struct discovery_source *, pid_t child);
	/* When `run` is needed next; `run` then does what is due.  Both NULL: never. */
	swim_time (*deadline)(const struct discovery_source *);
	void (*run)(struct discovery_source *, swim_time now);
	/* Stop discovering and advertising, and free the source. */
	void (*stop)(struct discovery_source *);
};

/* The head of a source's own struct. */
struct discovery_source {
	const struct discovery_source_ops *ops;
	struct discovery_source *next; /* owned by the hub */
};

/* The hub owns the source from here on, and starts it. */
void discovery_add_source(struct discovery *, struct discovery_source *);
/* Tell all sources about this member; call it again when something changes.  Strings are needed during the call only. */
void discovery_advertise(struct discovery *, const struct discovery_self *);

/*
 * Offer a seed: the operator trusts the peer at host:port, so the hub asks it at once and without a limit.  A seed
 * that is offered a second time stays as it is.  Returns INVALID_ADDRESS when the text is no host:port,
 * RESOLUTION_FAILED when there is no room.
 */
enum swim_error discovery_offer(struct discovery *, swim_time now, const struct discovery_source *,
    const char *address);
/* Withdraw a seed that the source no longer has. */
void discovery_withdraw(struct discovery *, const struct discovery_source *, const char *address);

/*
 * A hint: an address that a source found, and that anybody may have put there.  The hub asks a hint only while the
 * hint is no member, one address of a name at a time, and all hints together at a bounded rate; the hint that was
 * asked least often comes first.
 */
struct discovery_hint {
	struct swim_addr address; /* family 0: not known (yet) */
	const char *interface, *service;
	const char *name;           /* the member that it claims to be; "": not known */
	enum discovery_state state; /* PENDING: to be joined; else why it is not */
	const char *reason;         /* a sentence, or "" */
};
/*
 * Offer the source's hint of this number, or tell more about it.  A hint that has not changed keeps its state.
 * RESOLUTION_FAILED when there is no room.
 */
enum swim_error discovery_hint(struct discovery *, swim_time now, const struct discovery_source *,
    uint64_t id, const struct discovery_hint *);
void discovery_hint_withdraw(struct discovery *, const struct discovery_source *, uint64_t id);
/* Withdraw all hints of the source. */
void discovery_hint_withdraw_all(struct discovery *, const struct discovery_source *);

#endif
