/* SPDX-License-Identifier: MIT */
/*
 * One address that a source or an operator offered, and how it is tried until it has an outcome.  For files of
 * discovery/ only.
 */
#ifndef SWIMD_DISCOVERY_PEER_H
#define SWIMD_DISCOVERY_PEER_H

#include "base/rng.h"
#include "discovery/discovery.h"
#include "discovery/source.h"
#include "net/retry.h"

/* At most so many addresses of one name are asked at a time; when one does not answer, the next is asked. */
#define PEER_ASKED_MAX 16

enum peer_contact_state {
	PEER_CONTACT_WAITING, /* it has not been asked yet */
	PEER_CONTACT_UNUSABLE,
	PEER_CONTACT_ASKED,
	PEER_CONTACT_SILENT,
	PEER_CONTACT_FOREIGN,  /* a member of another cluster */
	PEER_CONTACT_NAMESAKE, /* another process with our name */
	PEER_CONTACT_SELF
};
struct peer_contact {
	struct swim_addr address;
	enum peer_contact_state state;
	/* why a datagram to it did not arrive, as the network or this machine says; or 0 */
	int error_number;
};

struct operator_join;
struct peer {
	struct discovery *hub;
	const struct discovery_source *source; /* NULL: an operator's join */
	struct operator_join *join;            /* the round that the peer belongs to, or NULL */
	bool hint;
	/* Of a hint: */
	uint64_t id;
	enum discovery_state offered; /* the state that the hint's source gave last */
	char claim[256];              /* the name that the hint claims */
	struct discovery_peer report;
	char hostport[SWIM_HOSTPORT_MAX + 1]; /* report.address with its port */
	uint64_t lookup;                      /* number of the lookup under way; 0: none */
	struct peer_contact *contacts;        /* all addresses of this try, on the heap */
	size_t contact_count;
	char foreign[40];  /* the name of the other cluster that answered last, escaped */
	unsigned failed;   /* how many tries in a row failed */
	unsigned put_offs; /* tries in a row in which the core had no room for a question */
	swim_time
	    give_up; /* CONTACTING: an address that has not answered by then is silent; else NEVER */
	enum discovery_state told; /* outcome logged last; PENDING: none */
};

struct discovery {
	struct discovery_config config;
	struct discovery_io io;
	struct discovery_callbacks callbacks;
	struct retry_policy policy;
	struct rng rng;
	uint64_t lookups; /* the number of the last lookup */
	struct discovery_source *sources, *seeds;
	struct peer *peers[DISCOVERY_PEERS_MAX + DISCOVERY_HINTS_MAX]; /* as they came */
	size_t peer_count, hint_count;
	swim_time
	    alone_check; /* when to look again whether we are alone, and which hints are members */
	swim_time
	    hint_full; /* the instant from which on a full burst of hints may be asked again */
	struct operator_join *joins;
};

/* Make a peer, which is tried at `now`.  NULL and *error when the address is malformed or there is no room. */
struct peer *peer_new(struct discovery *, const struct discovery_source *, const char *address,
    swim_time now, enum swim_error *error);
void peer_free(struct peer *);
/* Do what is due, except for the next try of a hint (see hint_run). */
void peer_run(struct peer *, swim_time now);
/* When peer_run is next needed. */
swim_time peer_deadline(const struct peer *);
/* Note that an address that the peer may be waiting for answered or did not answer. */
void peer_answered(struct peer *, const struct discovery_answer *, swim_time now);
void peer_silent(struct peer *, const struct swim_addr *, swim_time now);
void peer_foreign(struct peer *, const struct swim_addr *, const char *cluster, size_t cluster_len,
    swim_time now);
/*
 * Note why a datagram did not arrive at an address that the peer may be waiting for, as the network or this machine
 * says.
 */
void peer_refused(struct peer *, const struct swim_addr *, int error_number);
/* Tells whether the peer's last try failed.  A state that the source of a hint gave is no try. */
bool peer_has_failed(const struct peer *);
/* Try the peer again at `at`, whatever its outcome was. */
void peer_again(struct peer *, swim_time at);
/* Tells whether the peer is this process itself, with a next try later than that of any peer that failed. */
bool peer_is_seldom_asked(const struct peer *, swim_time now);
/* Tells whether the peer's outcome in this round of its join is known. */
bool peer_settled(const struct peer *);

/* Ask these addresses, in this order, until one answers. */
void peer_contact(struct peer *, const struct swim_addr *, size_t count, swim_time now);
void peer_set_state(struct peer *, enum discovery_state, swim_time now);
/* Returns `delay` plus or minus up to a quarter. */
swim_duration peer_jitter(const struct peer *, swim_duration delay);

/* Ask the hints that are due. */
void hint_run(struct discovery *, swim_time now);
/* When hint_run is next needed. */
swim_time hint_deadline(const struct discovery *);
/* Find out which hints have become members, and which are members no longer. */
void hint_check(struct discovery *, swim_time now);

/* Give the peer the result of its lookup. */
void peer_resolved(struct peer *, const struct discovery_found *, swim_time now);

/* Functions of the hub (discovery.c).  This one asks the owner to run the hub when something is next due. */
void discovery_arm(struct discovery *, swim_time now);
/* The same, after something that was due is no longer due. */
void discovery_rearm(struct discovery *);
struct peer *discovery_add_peer(struct discovery *, const struct discovery_source *,
    const char *address, swim_time now, enum swim_error *error);
void discovery_remove_peer(struct discovery *, struct peer *);
/* Tells whether some peer waits for an answer from this address. */
bool discovery_is_asking(const struct discovery *, const struct swim_addr *);

/* Tells whether there is a join whose outcomes are all known. */
bool operator_join_due(const struct discovery *);
/* Call back for every join whose outcomes are all known. */
void operator_join_run(struct discovery *);
/* Drop all joins without their callbacks. */
void operator_join_clear(struct discovery *);

#endif
