/* SPDX-License-Identifier: MIT */
/*
 * Where members to join are found: sources (static seeds, and what discovery/source.h lets in) behind one
 * interface.  A source offers addresses; the hub joins them at a bounded rate and remembers for every one
 * what came of it.
 *
 * The hub decides whom to ask when, and does no I/O: time and answers are arguments, and `struct discovery_io` takes what it
 * wants.  discovery/discovery_loop.h runs it on the daemon's loop, and tests/sim under virtual time.
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

/* What became of a peer; each has a word ("pending", "resolving", "joined", ...) and a sentence. */
enum discovery_state {
	DISCOVERY_PENDING,       /* not tried yet */
	DISCOVERY_RESOLVING,     /* its name is being looked up */
	DISCOVERY_UNRESOLVED,    /* its name has no address; tried again at next_try */
	DISCOVERY_CONTACTING,    /* pinged, no answer yet */
	DISCOVERY_UNREACHABLE,   /* nobody can be asked there, by what we or the network know */
	DISCOVERY_SILENT,        /* no answer */
	DISCOVERY_REFUSED,       /* its machine says that no program listens there */
	DISCOVERY_HEARS_US_NOT,  /* no answer to us, though it is a living member: others hear it */
	DISCOVERY_JOINED,        /* answered; we are in one cluster with it */
	DISCOVERY_SELF,          /* it is us */
	DISCOVERY_OTHER_CLUSTER, /* it belongs to another one */
	DISCOVERY_NAMESAKE,      /* it bears our name, and is not us */
	/* Of hints alone. */
	DISCOVERY_MEMBER, /* a member already, by its name or address: there is nothing to join */
	DISCOVERY_RATE_LIMITED, /* there are more than may be asked at once: its turn will come */
	DISCOVERY_MALFORMED,    /* what it says of itself is no good */
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
	char member[256]; /* who answered, or who it says that it is; "" */
	uint16_t member_len;
	bool was_self; /* the last try that came to an end found ourselves there */
	unsigned attempts;
	swim_time found;           /* offered first */
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
	/* Contact this address (swim_join); false: too many at once, it is tried again later. */
	bool (*join)(void *ctx, const struct swim_addr *);
	/* `join` was called, or a state changed: time to flush.  Called by discovery_tick and discovery_resolved alone. */
	void (*changed)(void *ctx);
	/* Can we send to this address at all?  NULL: to every one. */
	bool (*reaches)(void *ctx, const struct swim_addr *);
	/* True while we know at least one other member that is alive. */
	bool (*has_peers)(void *ctx);
	/* Is the member of this name (len 0: none is known), or the one at this address, alive?  NULL: no. */
	bool (*is_member)(void *ctx, const char *name, size_t len, const struct swim_addr *);
	void *ctx;
};

/* What the hub wants of whoever runs it. */
struct discovery_io {
	/* Call discovery_tick then (as discovery_deadline says), and no more at the time that was asked for before. */
	void (*wake)(void *ctx, swim_time at);
	/*
	 * Look up "host:port" or "srv:NAME", and call discovery_resolved with this number, but not before this has returned.
	 * False: no more can be looked up now.
	 */
	bool (*lookup)(void *ctx, uint64_t number, const char *hostport);
	/* The answer is not wanted any more. */
	void (*cancel)(void *ctx, uint64_t number);
	void *ctx;
};

/* NULL when memory is short.  Both structs are copied. */
struct discovery *discovery_new(const struct discovery_config *, const struct discovery_io *,
    const struct discovery_callbacks *, swim_time now);
/* Stops the sources.  Joins under way end without their callback. */
void discovery_free(struct discovery *);

/* Do what is due; the callbacks' `changed` is the last that it calls. */
void discovery_tick(struct discovery *, swim_time now);
/* When discovery_tick is next needed, or NEVER. */
swim_time discovery_deadline(const struct discovery *);
/* What a lookup found: addresses with their ports in the order in which to ask them, or none and a sentence that says why. */
struct discovery_found {
	const struct swim_addr *addresses;
	size_t count;
	const char *text;
};
/* A number that nobody waits for is ignored. */
void discovery_resolved(struct discovery *, swim_time now, uint64_t number,
    const struct discovery_found *);

/*
 * The static seeds, replacing those of an earlier call (reload).  Each is tried until it has answered once,
 * for ever, with capped and jittered backoff; then it is left alone while has_peers and who answered is_member,
 * and taken up again when we are alone or that one is lost.  Names are looked up anew at every try.  A seed that is
 * ourselves is tried again too: as often as a silent one while we are alone, and a tenth as often else.
 * "HOST" stands for HOST:SWIM_DEFAULT_PORT, "srv:NAME" for the targets of the name's SRV records; a seed given twice
 * counts once.
 *
 * INVALID_ADDRESS for one that swim_hostport_split and swim_service_name refuse, RESOLUTION_FAILED when there is no room for
 * all (DISCOVERY_PEERS_MAX, or memory): then nothing has changed.
 */
enum swim_error discovery_set_seeds(struct discovery *, swim_time now, const char *const *seeds,
    size_t count);

/*
 * One round for an operator's `join`: the outcome of each address (JOINED, SELF, UNRESOLVED or
 * SILENT, ...), in the order given, once all are known; never before discovery_join has returned.  Errors as of
 * discovery_set_seeds; then the callback is not called.  Meanwhile they are peers of source "join".
 */
typedef void discovery_join_done(void *ctx, const struct discovery_peer *peers, size_t count);
struct discovery_join {
	const char *const *addresses; /* needed during the call only */
	size_t count;
	discovery_join_done *done;
	void *ctx;
};
enum swim_error discovery_join(struct discovery *, swim_time now, const struct discovery_join *);
/* Forget the joins with this ctx (the client went away): their callback is not called. */
void discovery_join_cancel(struct discovery *, void *ctx);

/* Who answered: another member, this one itself, or another that bears the name of this one. */
enum discovery_who { DISCOVERY_WHO_OTHER, DISCOVERY_WHO_SELF, DISCOVERY_WHO_NAMESAKE };

/* The core's answers to `join`.  They may be told at any time, within `join` too; addresses that nobody waits for are ignored. */
struct discovery_answer {
	const struct swim_addr *address;
	const char *member; /* its name */
	size_t member_len;
	enum discovery_who who;
};
void discovery_answered(struct discovery *, swim_time now, const struct discovery_answer *);
void discovery_silent(struct discovery *, swim_time now, const struct swim_addr *);
/* A member of another cluster, of this name ("": the unnamed one), answered. */
void discovery_foreign(struct discovery *, swim_time now, const struct swim_addr *,
    const char *cluster, size_t cluster_len);
/* What was to be sent there did not arrive, by what the network or this machine says; error_number as of udp_callbacks.refused. */
void discovery_refused(struct discovery *, const struct swim_addr *, int error_number);

/* The network has changed: whoever could not be reached is tried again soon, without the waits of many failures. */
void discovery_retry(struct discovery *, swim_time now);

/* Is this child of the process one of a source, which takes its end? */
bool discovery_owns(const struct discovery *, pid_t child);

/* The first source's name and sentence that has trouble; false: all is well. */
bool discovery_trouble(const struct discovery *, const char **source, const char **sentence);
/* Every source but an operator's joins; false: there is none at i.  Strings as of now. */
struct discovery_source_report {
	const char *name, *trouble; /* trouble: a sentence, or NULL */
	uint64_t dropped;           /* peers for which there was no room */
};
bool discovery_source_at(const struct discovery *, size_t i, struct discovery_source_report *out);

/* Every peer of every source, in a stable order. i < discovery_count. */
size_t discovery_count(const struct discovery *);
void discovery_at(const struct discovery *, size_t i, struct discovery_peer *out);

#endif
