/* SPDX-License-Identifier: MIT */
/*
 * The SWIM protocol without I/O (Das, Gupta, Motivala 2002): time, randomness and datagrams come in as
 * arguments, datagrams and events are taken out.  The same core runs under libevent in swimd, by the
 * thousand under virtual time in tests/sim, and under a fuzzer.  This is the only header of core/ that
 * others include.
 *
 * After every call that takes `now`, the caller drains swim_next_datagram and swim_next_event and sets
 * its one timer to swim_deadline.
 */
#ifndef SWIMD_CORE_SWIM_H
#define SWIMD_CORE_SWIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/time.h"
#include "wire/wire.h"

#define SWIM_NAME_MAX 255
#define SWIM_CLUSTER_MAX 64
#define SWIM_MEMBERS_DEFAULT 10000
#define SWIM_JUMP_DEFAULT (UINT64_C(1) << 32)
#define SWIM_INQUIRIES 64
#define SWIM_RELAYS 64

struct swim;

/* Where the core's memory comes from: realloc's contract, size 0 frees and returns NULL. */
struct swim_allocator {
	void *(*resize)(void *ctx, void *ptr, size_t size);
	void *ctx;
};

/*
 * Where sequence numbers come from: 64 bits that nobody can predict from all earlier ones.  An answer is recognised by the
 * number of its question, so whoever predicts a number can forge the answer.  Without `draw` (NULL) the numbers come from
 * the seed, like everything else that is drawn: for simulations, whose runs must be repeatable.
 */
struct swim_random {
	uint64_t (*draw)(void *ctx);
	void *ctx;
};

/* Told when a piece of work begins and ends, for a caller that wants to time it; may be NULL. */
enum swim_work { SWIM_WORK_DECODE, SWIM_WORK_ENCODE };
struct swim_hooks {
	void (*begin)(void *ctx, enum swim_work);
	void (*end)(void *ctx, enum swim_work);
	void *ctx;
};

/* The protocol's constants; swim_timing_profile fills them for a named profile. */
struct swim_timing {
	swim_duration probe_interval; /* T' of the SWIM paper: one member is probed each */
	swim_duration probe_timeout;  /* direct ack awaited before others are asked to probe */
	unsigned indirect_probes;     /* k of the paper */
	double suspicion_mult;        /* an unconfirmed suspicion lasts this many times */
	swim_duration
	    suspicion_min; /* what a confirmed one lasts: this, times log10 N / 2 above 100 */
	swim_duration gossip_interval; /* fresh rumours are pushed this often while there are any */
	unsigned gossip_fanout;        /* to this many members */
	unsigned retransmit_mult; /* lambda: a rumour is sent lambda * ceil(log10(N + 1)) times */
	swim_duration sync_interval;      /* least time between two comparisons of views */
	swim_duration reconnect_interval; /* one dead member is tried again each */
	swim_duration dead_retention;     /* a dead member is remembered this long */
	swim_duration left_retention;     /* one that left */
};

/*
 * For how long a member that is dead or has left is remembered.  One that is not known to have `answered` anybody may not
 * exist: whoever told of it must not make members hold it for a day, and count it in a quorum.
 */
#define SWIM_UNANSWERED_RETENTION swim_seconds(150)
swim_duration swim_retention(const struct swim_timing *, enum swim_status, bool answered);

enum swim_profile { SWIM_PROFILE_LAN, SWIM_PROFILE_WAN, SWIM_PROFILE_LOCAL, SWIM_PROFILE_FAST };
#define SWIM_PROFILE_COUNT 4
const char *swim_profile_name(enum swim_profile);
bool swim_profile_parse(const char *, enum swim_profile *out);
void swim_timing_profile(enum swim_profile, struct swim_timing *out);

struct swim_config {
	const char *name;    /* ours, 1 to SWIM_NAME_MAX bytes; copied */
	const char *cluster; /* "" is the unnamed cluster, which base peers belong to; copied */
	struct swim_addr address; /* what others reach us at; not a wildcard */
	bool
	    loopback; /* others' addresses of loopback are this machine's: we are bound to loopback ourselves */
	uint64_t incarnation; /* to begin with */
	/* dead ones included, and less than UINT32_MAX; further ones are refused and counted */
	size_t max_members;
	uint64_t max_jump;   /* most an incarnation may rise at once above what is known */
	size_t max_datagram; /* largest datagram sent, WIRE_DATAGRAM_MIN to WIRE_DATAGRAM_MAX */
	struct swim_timing timing;
	struct swim_allocator allocator;
	struct swim_random random;
	struct swim_hooks hooks;
};

/* NULL when memory is short, or the configuration is not as said above. */
struct swim *swim_new(const struct swim_config *, uint64_t seed, swim_time now);
void swim_free(struct swim *);

/* One datagram that came in.  Returns why it was refused, or WIRE_OK; a refused one changed nothing. */
enum wire_reject swim_input(struct swim *, swim_time now, const struct swim_addr *from,
    const void *data, size_t len);
/* The same, of one that came by this network interface (0: not known): link-local addresses that it tells are there. */
enum wire_reject swim_input_by(struct swim *, swim_time now, const struct swim_addr *from,
    uint32_t interface, const void *data, size_t len);
/*
 * For a caller that has more datagrams than it can read.  Who sends from this address: a stranger, a member that only
 * others have told of, or a member that has answered a question there?
 */
enum swim_standing {
	SWIM_STANDING_STRANGER,
	SWIM_STANDING_HEARSAY,
	SWIM_STANDING_ROUTABLE,
};
enum swim_standing swim_standing(const struct swim *, const struct swim_addr *from);
/* Has this datagram the form of an answer, and the sequence number of a question of ours that waits for one? */
bool swim_awaits(const struct swim *, const struct swim_addr *from, const void *data, size_t len);
/* Do all that is due.  Harmless when early. */
void swim_tick(struct swim *, swim_time now);
/* When swim_tick is next needed; SWIM_TIME_NEVER once we have left. */
swim_time swim_deadline(const struct swim *);

/*
 * A datagram to send.  data points into the core and is valid until the next call that is not
 * swim_next_datagram.  Where `host` is not NULL (host:port, NUL-terminated), it is to be resolved and told with
 * swim_resolved: `to` has family 0 while the member's address is not known, and this datagram is dropped unless
 * the caller has it at hand; else `to` is where the member was, which does not answer.
 */
struct swim_datagram {
	struct swim_addr to;
	const char *host;
	const uint8_t *data;
	size_t len;
	enum wire_type type;
};
bool swim_next_datagram(struct swim *, struct swim_datagram *);
/* host:port of some member has this numeric address (now). */
void swim_resolved(struct swim *, const char *hostport, const struct swim_addr *);

/* Does a member answer us when we ask it directly, at whichever address?  Others may reach it while we do not. */
enum swim_path { SWIM_PATH_UNKNOWN, SWIM_PATH_DIRECT, SWIM_PATH_RELAYED };
const char *swim_path_name(enum swim_path);

/* Does a member run swimd, or know only the base wire format?  Unknown until it has answered, spoken or been told of. */
enum swim_kind { SWIM_KIND_UNKNOWN, SWIM_KIND_SWIMD, SWIM_KIND_BASE };
const char *swim_kind_name(enum swim_kind); /* "unknown", "swimd", "base" */

/* A copied, plain report of one member. */
struct swim_report {
	char name[SWIM_NAME_MAX + 1]; /* any UTF-8, perhaps with NUL bytes: see name_len */
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1];
	uint32_t zone; /* network interface of a link-local address, where known; else 0 */
	enum swim_status status;
	uint64_t incarnation;
	bool local;               /* this is us */
	char tags[WIRE_TAGS_MAX]; /* encoded: walk them with wire_tags_next (wire/tags.h) */
	uint16_t tags_len;
	enum swim_kind kind;
	bool answered;   /* it has answered a question of ours, or of others who told us so */
	swim_time since; /* of the status */
	swim_duration
	    rtt; /* smoothed round trip; negative: not measured, or not on the present path */
	enum swim_path path;
	swim_time heard; /* when last a datagram of its own came directly; NEVER: none */
};

enum swim_event_type {
	/* Events of the members, as in swimd-control(7). */
	SWIM_EVENT_JOINED,
	SWIM_EVENT_SUSPECTED,
	SWIM_EVENT_FAILED,
	SWIM_EVENT_RECOVERED,
	SWIM_EVENT_LEFT,
	SWIM_EVENT_REMOVED,
	SWIM_EVENT_UPDATED,
	SWIM_EVENT_INCARNATION, /* ours rose; member is us */
	SWIM_EVENT_LINK_FAILED, /* member answers others, but has not answered us for some time */
	SWIM_EVENT_LINK_RECOVERED, /* it answers us again */
	/*
	 * Another bears our name, at `address`.  LOST: it bore it first, and we have to go; else it is told
	 * to.
	 */
	SWIM_EVENT_NAME_CONFLICT,
	SWIM_EVENT_NAME_LOST,
	/* Answers to swim_join, for the caller alone: address says which. */
	SWIM_EVENT_SEED_ANSWERED, /* member: who answered; local: we did, and not another of our name */
	SWIM_EVENT_SEED_SILENT,
	SWIM_EVENT_SEED_FOREIGN, /* member.name: of the other cluster that it belongs to */
};

struct swim_event {
	enum swim_event_type type;
	swim_time at;
	struct swim_report member;
	char by[SWIM_NAME_MAX + 1]; /* whose word it is: the member that told us, or we ourselves */
	uint16_t by_len;
	struct swim_addr address; /* SEED_*: as given to swim_join */
};
bool swim_next_event(struct swim *, struct swim_event *);

/*
 * Introduce ourselves to whoever listens at this address; ends in SEED_ANSWERED, SEED_SILENT or SEED_FOREIGN.  False
 * when SWIM_INQUIRIES are under way already, or this one is.
 */
bool swim_join(struct swim *, swim_time now, const struct swim_addr *);
/*
 * Leave gracefully: tells the others, goes on telling for a few gossip intervals (5 s at most), and then
 * swim_has_left is true and swim_deadline never.
 */
void swim_leave(struct swim *, swim_time now);
bool swim_has_left(const struct swim *);

enum swim_remove_result { SWIM_REMOVE_OK, SWIM_REMOVE_NOT_FOUND, SWIM_REMOVE_NOT_DEAD };
/* Forget a dead or left member here and, by a rumour, everywhere. */
enum swim_remove_result swim_remove(struct swim *, swim_time now, const char *name,
    size_t name_len);

/*
 * What only this process can see and makes its own judgement of others a doubtful one: datagrams to it that the
 * kernel dropped since the last call, the answers that we wait for perhaps among them, and how late its loop ran.
 * Raises the local health, once a probe interval at most.  To be called before the swim_tick that was late: a stall
 * that this finds is not counted twice.
 */
void swim_strained(struct swim *, swim_time now, uint64_t dropped, swim_duration lag);

/*
 * Healthy members that have found us silent within SWIM_ACCUSED_MEMORY: alive, and not back from a suspicion within that
 * time.  True: there are enough of them for their accusations to say something about us.
 */
#define SWIM_ACCUSED_MEMORY swim_seconds(60)
#define SWIM_ACCUSERS_NEEDED 2
struct swim_accused {
	size_t count;
	swim_time at;                                     /* of the last accusation */
	char by[SWIM_ACCUSERS_NEEDED][SWIM_NAME_MAX + 1]; /* the first of them */
	uint16_t by_len[SWIM_ACCUSERS_NEEDED];
};
bool swim_accused(const struct swim *, swim_time now, struct swim_accused *out);

/* Changing constants while running (reload). */
void swim_set_timing(struct swim *, swim_time now, const struct swim_timing *);
/*
 * Our tags, encoded (wire/tags.h); gossips them under a new incarnation, once anything has been said under
 * the old one.  False, and nothing changed, when they are not valid, do not fit into swim_tags_room, we
 * are leaving, or memory is short.
 */
bool swim_set_tags(struct swim *, swim_time now, const void *tags, size_t len);
/* Bytes that our tags may have: WIRE_TAGS_MAX, or what a datagram has left beside our name and address. */
size_t swim_tags_room(const struct swim *);
/*
 * A member that an earlier run of ours knew as dead or left (status), `age` ago.  Those that were alive are
 * better joined through, as seeds: here they could be contradicted only by a higher incarnation.
 */
void swim_restore(struct swim *, swim_time now, const struct swim_report *, swim_duration age);
/* Our address changed: gossips it under a new incarnation. */
void swim_set_address(struct swim *, swim_time now, const struct swim_addr *);

/*
 * The network interface of the first number has the second one now: link-local addresses that were there are there
 * still.
 */
void swim_move_zone(struct swim *, swim_time now, uint32_t from, uint32_t to);

/*
 * Which families of addresses this machine can send to now; both to begin with.  A member of another one is
 * probed through others alone, and accused by us only after many of these probes have failed in a row.
 */
void swim_set_reach(struct swim *, swim_time now, bool v4, bool v6);

/* Reports.  The order is by name (bytewise).  i < swim_member_count. */
size_t swim_member_count(const struct swim *);
void swim_member_at(const struct swim *, size_t i, struct swim_report *out);
bool swim_member_find(const struct swim *, const char *name, size_t name_len,
    struct swim_report *out);
/* Who has this address: one that is alive before one that isn't.  False: nobody. */
bool swim_member_by_address(const struct swim *, const struct swim_addr *, struct swim_report *out);
void swim_self(const struct swim *, struct swim_report *out);
uint64_t swim_incarnation(const struct swim *);

/* The members that the i-th member says it cannot reach directly. */
struct swim_links {
	size_t total; /* `count` of these are named: */
	size_t count;
	size_t peers[WIRE_LINK_PEERS_MAX]; /* as in swim_member_at */
};
void swim_links_at(const struct swim *, size_t i, struct swim_links *out);

/* How many, and the first of them by name. */
struct swim_reach_row {
	size_t count;
	char name[SWIM_NAME_MAX + 1];
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1];
};
/* What is wrong with the addresses that we and others advertise, and with the links between us. */
struct swim_reach {
	size_t others;                     /* alive or suspect */
	struct swim_reach_row broken;      /* they answer others, but not us */
	struct swim_reach_row complaining; /* they cannot reach us at our address */
	struct swim_addr seen_at; /* the address at which one of them does; family 0: not known */
	struct swim_reach_row elsewhere; /* they do not answer at their address */
	struct swim_addr asked_at;       /* the address at which the first of them does */
	struct swim_reach_row twins;     /* they advertise our address */
	struct swim_reach_row
	    shared; /* they advertise an address that another of them advertises too */
};
void swim_reach(struct swim *, swim_time now, struct swim_reach *out);

/* Why an update inside a valid datagram was not taken over. */
enum swim_ignore {
	SWIM_IGNORE_BAD_NAME,     /* empty or above SWIM_NAME_MAX bytes */
	SWIM_IGNORE_BAD_ADDRESS,  /* not host:port, or a wildcard, multicast or port 0 */
	SWIM_IGNORE_JUMP,         /* incarnation above what is known by more than max_jump */
	SWIM_IGNORE_MEMBER_LIMIT, /* max_members reached */
	SWIM_IGNORE_CONFLICT,     /* same incarnation, another address */
	SWIM_IGNORE_NO_MEMORY,
	SWIM_IGNORE_RATE, /* too many in a second from this source, or from all */
};
#define SWIM_IGNORE_COUNT 7
const char *swim_ignore_word(enum swim_ignore);

struct swim_stats {
	uint64_t received[WIRE_TYPE_SLOTS], received_bytes; /* valid ones, by wire_type_slot */
	uint64_t sent[WIRE_TYPE_SLOTS], sent_bytes;         /* handed out by swim_next_datagram */
	uint64_t rejected[WIRE_REJECT_COUNT];
	uint64_t ignored[SWIM_IGNORE_COUNT];
	uint64_t probes_sent, probes_acked, probes_acked_indirectly, probes_failed, nacks_received;
	uint64_t relays, relays_acked, relays_nacked, relays_refused;
	uint64_t suspicions, refutations, syncs_started, syncs_completed, syncs_failed;
	uint64_t
	    syncs_unanswered; /* syncs that members left unanswered whose views still differ from ours */
	struct swim_addr sync_silent; /* where the last of these was asked */
	size_t
	    paths_reduced; /* members that are sent less than max_datagram: more did not arrive */
	size_t
	    path_smallest; /* the smallest size for any of them, in bytes; max_datagram: there is none */
	uint64_t paths_fallen, paths_raised, path_trials, path_trial_bytes;
	uint64_t outbox_dropped;           /* datagrams that found the outbox full */
	size_t members[SWIM_STATUS_COUNT]; /* us included */
	size_t rumours;                    /* waiting to be gossiped */
	uint64_t digest;                   /* of the view; equal views have equal digests */
	bool probed;                       /* last_probe is valid */
	swim_time last_probe;              /* last time a probe of ours was answered */
	unsigned local_health;             /* 0 is best */
};
void swim_stats(const struct swim *, struct swim_stats *out);

#endif
