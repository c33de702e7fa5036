/* SPDX-License-Identifier: MIT */
/*
 * Finds members to join.  Sources of peers (static seeds, and others through discovery/source.h) stand behind one
 * interface.  A source offers addresses; the hub joins them at a bounded rate and remembers the outcome for each
 * address.
 *
 * The hub decides when to ask which address, and does no I/O: time and answers are arguments, and the hub asks for
 * everything else through `struct discovery_io`. discovery/discovery_loop.h runs the hub on the daemon's loop, and
 * tests/sim runs it under virtual time.
 */
#ifndef SWIMD_DISCOVERY_DISCOVERY_H
#define SWIMD_DISCOVERY_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/time.h"

#define DISCOVERY_PEERS_MAX 1024 /* seeds and joins */
#define DISCOVERY_HINTS_MAX 1024 /* found by other sources */

struct discovery;

/* The state of a peer; each state has a word ("pending", "resolving", "joined", ...) and a sentence. */
enum discovery_state {
	DISCOVERY_PENDING,    /* not tried yet */
	DISCOVERY_RESOLVING,  /* its name is being looked up */
	DISCOVERY_UNRESOLVED, /* its name has no address; tried again at next_try */
	DISCOVERY_CONTACTING, /* pinged, no answer yet */
	/* the network or this machine says that no datagram can reach it */
	DISCOVERY_UNREACHABLE,
	DISCOVERY_SILENT,  /* no answer */
	DISCOVERY_REFUSED, /* its machine says that no program listens there */
	/* it is a living member that others hear, but it does not answer us */
	DISCOVERY_HEARS_US_NOT,
	DISCOVERY_JOINED,        /* it answered, and it and we are in one cluster */
	DISCOVERY_SELF,          /* the address is our own */
	DISCOVERY_OTHER_CLUSTER, /* it belongs to another cluster */
	DISCOVERY_NAMESAKE,      /* it is another process with our name */
	/* The following are states of hints alone. */
	DISCOVERY_MEMBER, /* already a member, by its name or address: there is nothing to join */
	DISCOVERY_RATE_LIMITED, /* more hints than may be asked at once: this hint is asked later */
	DISCOVERY_MALFORMED,    /* what it says about itself is malformed */
};
const char *discovery_state_word(enum discovery_state);

struct discovery_peer {
	char source[16];                     /* "seed", "join", "mdns", "snapshot" */
	char address[SWIM_HOSTPORT_MAX + 1]; /* as given; "": not known yet */
	char interface[16];                  /* where it was found; "": nowhere in particular */
	char service[64];                    /* what it was found as, any bytes; "" */
	struct swim_addr resolved;           /* family 0: not resolved */
	enum discovery_state state;
	char reason[160]; /* a sentence; "" when there is nothing to say */
	/* the name of the member that answered, or that the peer claims to be; "" */
	char member[256];
	uint16_t member_len;
	bool was_self; /* the last try that ended found this process itself there */
	unsigned attempts;
	swim_time found;           /* when it was offered first */
	swim_time since, next_try; /* since: of the state; next_try: NEVER when not scheduled */
};

struct discovery_config {
	swim_duration retry_first; /* 1 s */
	double retry_factor;       /* 2 */
	swim_duration retry_max;   /* 30 s; every delay is jittered by +-25 % */
	uint64_t seed;             /* for the jitter */
};
void discovery_config_defaults(struct discovery_config *);

struct discovery_callbacks {
	/*
	 * Contact this address (swim_join).  False: the core asks too many addresses already, and the hub tries again
	 * later.
	 */
	bool (*join)(void *ctx, const struct swim_addr *);
	/*
	 * Called by discovery_tick and discovery_resolved alone, after `join` was called or a state changed: the
	 * owner should flush.
	 */
	void (*changed)(void *ctx);
	/* Tells whether we can send to this address.  NULL: every address counts as reachable. */
	bool (*reaches)(void *ctx, const struct swim_addr *);
	/* True while we know at least one other member that is alive. */
	bool (*has_peers)(void *ctx);
	/*
	 * Tells whether the member of this name (len 0: no name is known) or the member at this address is alive.
	 * NULL: no member is.
	 */
	bool (*is_member)(void *ctx, const char *name, size_t len, const struct swim_addr *);
	void *ctx;
};

/* The functions that the owner of the hub provides. */
struct discovery_io {
	/*
	 * Call discovery_tick at that time (as discovery_deadline says), and no longer at the time that was given
	 * before.
	 */
	void (*wake)(void *ctx, swim_time at);
	/*
	 * Look up "host:port" or "srv:NAME", and call discovery_resolved with this number, but only after this
	 * function has returned.  False: nothing more can be looked up now.
	 */
	bool (*lookup)(void *ctx, uint64_t number, const char *hostport);
	/* The hub no longer needs the answer with this number. */
	void (*cancel)(void *ctx, uint64_t number);
	void *ctx;
};

/* NULL when memory is short.  Both structs are copied. */
struct discovery *discovery_new(const struct discovery_config *, const struct discovery_io *,
    const struct discovery_callbacks *, swim_time now);
/* Stops the sources.  Joins under way end without a call of their callbacks. */
void discovery_free(struct discovery *);

/* Do what is due.  The callback `changed` is the last function that it calls. */
void discovery_tick(struct discovery *, swim_time now);
/* When discovery_tick is next needed, or NEVER. */
swim_time discovery_deadline(const struct discovery *);
/*
 * The result of a lookup: addresses with their ports in the order in which to ask them, or no address and a sentence
 * with the reason.
 */
struct discovery_found {
	const struct swim_addr *addresses;
	size_t count;
	const char *text;
};
/* Takes the result of the lookup with this number; a number that no peer waits for is ignored. */
void discovery_resolved(struct discovery *, swim_time now, uint64_t number,
    const struct discovery_found *);

/*
 * Set the static seeds, in place of those of an earlier call (reload).  The hub tries each seed, with growing, bounded
 * and jittered delays, until the seed has answered once.  Then the hub leaves the seed alone while has_peers is true
 * and the member that answered is_member; it tries the seed again when we know no living member or when that member
 * is lost.  Names are looked up again at every try.  A seed that is this process itself is tried again too: as often as
 * a silent seed while we know no living member, else a tenth as often.  "HOST" stands for HOST:SWIM_DEFAULT_PORT,
 * "srv:NAME" for the targets of the name's SRV records; a seed given twice counts once.
 *
 * Returns INVALID_ADDRESS for a seed that swim_hostport_split and swim_service_name refuse, RESOLUTION_FAILED when
 * there is no room for all seeds (DISCOVERY_PEERS_MAX, or memory): then nothing has changed.
 */
enum swim_error discovery_set_seeds(struct discovery *, swim_time now, const char *const *seeds,
    size_t count);

/*
 * One round for an operator's `join`.  The callback gets the outcome of each address (JOINED, SELF, UNRESOLVED or
 * SILENT, ...) in the order given, once all outcomes are known, and never before discovery_join has returned.  Errors
 * are those of discovery_set_seeds; after an error the callback is not called.  During the round the addresses are
 * peers of source "join".
 */
typedef void discovery_join_done(void *ctx, const struct discovery_peer *peers, size_t count);
struct discovery_join {
	const char *const *addresses; /* needed during the call only */
	size_t count;
	discovery_join_done *done;
	void *ctx;
};
enum swim_error discovery_join(struct discovery *, swim_time now, const struct discovery_join *);
/* Forget the joins with this ctx, because the client went away: their callbacks are not called. */
void discovery_join_cancel(struct discovery *, void *ctx);

/* Who answered: another member, this process itself, or another process with this member's name. */
enum discovery_who { DISCOVERY_WHO_OTHER, DISCOVERY_WHO_SELF, DISCOVERY_WHO_NAMESAKE };

/*
 * The core's answers to `join`.  The owner may pass them at any time, within `join` too; the hub ignores addresses
 * that no peer waits for.
 */
struct discovery_answer {
	const struct swim_addr *address;
	const char *member; /* the name of the member that answered */
	size_t member_len;
	enum discovery_who who;
};
void discovery_answered(struct discovery *, swim_time now, const struct discovery_answer *);
void discovery_silent(struct discovery *, swim_time now, const struct swim_addr *);
/* Note that a member of another cluster answered; `cluster` is that cluster's name ("": the unnamed one). */
void discovery_foreign(struct discovery *, swim_time now, const struct swim_addr *,
    const char *cluster, size_t cluster_len);
/*
 * Note that a datagram to this address did not arrive, as the network or this machine says; error_number as of
 * udp_callbacks.refused.
 */
void discovery_refused(struct discovery *, const struct swim_addr *, int error_number);

/*
 * Call this when the network has changed: peers that could not be reached are tried again soon, without the long
 * delays that follow many failures.
 */
void discovery_retry(struct discovery *, swim_time now);

/* Tells whether this child of the process belongs to a source, which waits for the child's end. */
bool discovery_owns(const struct discovery *, pid_t child);

/* Gives the name of the first source that has trouble, and its sentence; false when no source has trouble. */
bool discovery_trouble(const struct discovery *, const char **source, const char **sentence);
/* Every source except an operator's joins; false when there is no source at i.  The strings are valid now only. */
struct discovery_source_report {
	const char *name, *trouble; /* trouble: a sentence, or NULL */
	uint64_t dropped;           /* how many peers found no room */
};
bool discovery_source_at(const struct discovery *, size_t i, struct discovery_source_report *out);

/* Every peer of every source, in a stable order. i < discovery_count. */
size_t discovery_count(const struct discovery *);
void discovery_at(const struct discovery *, size_t i, struct discovery_peer *out);

#endif
