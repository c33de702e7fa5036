/* SPDX-License-Identifier: MIT */
/*
 * The core: the SWIM protocol (Das, Gupta, Motivala 2002) without I/O.  Time, random numbers and datagrams come in as
 * arguments; datagrams and events are taken out.  The same core runs in swimd under libevent, by the thousand under
 * virtual time in tests/sim, and under a fuzzer.  No other header of core/ is included from outside.
 *
 * After each call that takes `now`, the caller takes out all datagrams (swim_next_datagram) and events
 * (swim_next_event), and sets its one timer to swim_deadline.
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

#define SWIM_NAME_MAX 255                     /* bytes of a member's name */
#define SWIM_CLUSTER_MAX 64                   /* bytes of a cluster's name */
#define SWIM_MEMBERS_DEFAULT 10000            /* swim_config.max_members */
#define SWIM_JUMP_DEFAULT (UINT64_C(1) << 32) /* swim_config.max_jump */
#define SWIM_INQUIRIES 64                     /* joins, greetings and the like at a time */
#define SWIM_RELAYS 64                        /* pings for others at a time */

struct swim;

/* The source of the core's memory.  `resize` has the contract of realloc; size 0 frees and returns NULL. */
struct swim_allocator {
	void *(*resize)(void *ctx, void *ptr, size_t size);
	void *ctx;
};

/*
 * The source of sequence numbers: 64 bits that nobody can predict from all earlier ones.  An answer is recognised by
 * the number of its question, so whoever predicts a number can forge the answer.  If `draw` is NULL, the numbers come
 * from the seed, as all other random numbers do: for simulations, whose runs have to be repeatable.
 */
struct swim_random {
	uint64_t (*draw)(void *ctx);
	void *ctx;
};

/* Called when a piece of work begins and ends, for a caller that measures it.  Both may be NULL. */
enum swim_work { SWIM_WORK_DECODE, SWIM_WORK_ENCODE };
struct swim_hooks {
	void (*begin)(void *ctx, enum swim_work);
	void (*end)(void *ctx, enum swim_work);
	void *ctx;
};

/* The settings of the protocol, as in swimd.conf(5); swim_timing_profile() fills them for a profile. */
struct swim_timing {
	swim_duration probe_interval; /* T' of the SWIM paper: one member is probed in each */
	/* longest wait for a direct ack before helpers are asked */
	swim_duration probe_timeout;
	unsigned indirect_probes; /* k of the SWIM paper: helpers that are asked */
	/* a suspicion of one accuser lasts this many times as long as a confirmed one */
	double suspicion_mult;
	/* a confirmed suspicion lasts this, times log10(N) / 2 in large clusters */
	swim_duration suspicion_min;
	/* rumours are pushed once in each, while there are any */
	swim_duration gossip_interval;
	unsigned gossip_fanout; /* members to which a push goes */
	/* lambda: a rumour is sent lambda * ceil(log10(N + 1)) times */
	unsigned retransmit_mult;
	swim_duration sync_interval;      /* least time between two comparisons of views */
	swim_duration reconnect_interval; /* one dead member is pinged in each */
	swim_duration dead_retention;     /* how long a dead member is remembered */
	swim_duration left_retention;     /* how long a left member is remembered */
};

/*
 * How long a dead or left member is remembered.  A member that is not known to have `answered` anybody may not exist:
 * then nobody shall list it for a day, or count it in a quorum.
 */
#define SWIM_UNANSWERED_RETENTION swim_seconds(150)
swim_duration swim_retention(const struct swim_timing *, enum swim_status, bool answered);

enum swim_profile { SWIM_PROFILE_LAN, SWIM_PROFILE_WAN, SWIM_PROFILE_LOCAL, SWIM_PROFILE_FAST };
#define SWIM_PROFILE_COUNT 4
const char *swim_profile_name(enum swim_profile);
bool swim_profile_parse(const char *, enum swim_profile *out);
void swim_timing_profile(enum swim_profile, struct swim_timing *out);

struct swim_config {
	const char *name;    /* our name, 1 to SWIM_NAME_MAX bytes; copied */
	const char *cluster; /* "" is the unnamed cluster, to which base peers belong; copied */
	struct swim_addr address; /* our advertised address; no wildcard */
	/* loopback addresses of others are on this machine, as we are bound to loopback ourselves */
	bool loopback;
	uint64_t incarnation; /* our first incarnation */
	/* most records in the table, gone members included; below UINT32_MAX.  Further ones are refused and counted */
	size_t max_members;
	uint64_t max_jump; /* most that an incarnation may rise at once (the jump bound) */
	/* bytes of the largest datagram that is sent, WIRE_DATAGRAM_MIN to WIRE_DATAGRAM_MAX */
	size_t max_datagram;
	struct swim_timing timing;
	struct swim_allocator allocator;
	struct swim_random random;
	struct swim_hooks hooks;
};

/*
 * A core whose random numbers come from `seed`.  The configuration is copied.  NULL: no memory, or the configuration is
 * not as said above.
 */
struct swim *swim_new(const struct swim_config *, uint64_t seed, swim_time now);
void swim_free(struct swim *);

/*
 * Handle one datagram that came from this address.  Returns WIRE_OK, or why it was refused.  A refused datagram changes
 * no member; a ping of another cluster may be answered.
 */
enum wire_reject swim_input(struct swim *, swim_time now, const struct swim_addr *from,
    const void *data, size_t len);
/*
 * The same for a datagram that came by this network interface (0: not known): link-local addresses that it tells are
 * in the zone of the interface.
 */
enum wire_reject swim_input_by(struct swim *, swim_time now, const struct swim_addr *from,
    uint32_t interface, const void *data, size_t len);
/* The standing of an address, for a caller that has more datagrams than it can read: how far do we know who lives there? */
enum swim_standing {
	SWIM_STANDING_STRANGER, /* no member that we know lives there, or an unnamed peer */
	SWIM_STANDING_HEARSAY,  /* a member lives there, and has not answered us there */
	/* a member lives there, and has answered a question of ours there */
	SWIM_STANDING_ROUTABLE,
};
enum swim_standing swim_standing(const struct swim *, const struct swim_addr *from);
/* Does this datagram have the form of an answer, and the sequence number of a question of ours that waits for one? */
bool swim_awaits(const struct swim *, const struct swim_addr *from, const void *data, size_t len);
/* Do all that is due.  A call that is too early does nothing. */
void swim_tick(struct swim *, swim_time now);
/* When swim_tick is due next; SWIM_TIME_NEVER once we have left. */
swim_time swim_deadline(const struct swim *);

/*
 * A datagram to send.  `data` points into the core and is valid until the next call other than swim_next_datagram.  If
 * `host` (host:port, NUL-terminated) is not NULL, the caller resolves it and tells the result by swim_resolved.  Then
 * `to` is the member's last known address, which does not answer, or has family 0 if none is known; a datagram with
 * family 0 is dropped, unless the caller has the address of `host` at hand.
 */
struct swim_datagram {
	struct swim_addr to;
	const char *host;
	const uint8_t *data;
	size_t len;
	enum wire_type type;
};
/* Take out the next datagram.  False: there is none. */
bool swim_next_datagram(struct swim *, struct swim_datagram *);
/* The host:port of a member stands for this numeric address now. */
void swim_resolved(struct swim *, const char *hostport, const struct swim_addr *);

/*
 * The state of the link to a member: does it answer us directly, at whichever address, or does it answer others alone
 * (RELAYED)?
 */
enum swim_path { SWIM_PATH_UNKNOWN, SWIM_PATH_DIRECT, SWIM_PATH_RELAYED };
const char *swim_path_name(enum swim_path);

/*
 * The kind of peer that a member is: a swimd peer, or a base peer, which knows only the base wire format.  Unknown
 * until the member has answered or spoken, or others have told.
 */
enum swim_kind { SWIM_KIND_UNKNOWN, SWIM_KIND_SWIMD, SWIM_KIND_BASE };
const char *swim_kind_name(enum swim_kind); /* "unknown", "swimd", "base" */

/* A report: a copy of what is known of one member. */
struct swim_report {
	/* UTF-8, which may include NUL; name_len bytes and a terminating NUL */
	char name[SWIM_NAME_MAX + 1];
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1]; /* advertised, host:port */
	uint32_t zone; /* network interface of a link-local address; 0: none, or not known */
	enum swim_status status;
	uint64_t incarnation;
	bool local;               /* this member is ourselves */
	char tags[WIRE_TAGS_MAX]; /* encoded; wire_tags_next() walks them (wire/tags.h) */
	uint16_t tags_len;
	enum swim_kind kind;
	bool answered;   /* it has answered a question of ours, or of others who told us so */
	swim_time since; /* when the status began */
	/* smoothed round trip; negative: not measured, or the link is relayed */
	swim_duration rtt;
	enum swim_path path;
	/* when its last datagram came from an address at which it lives; NEVER: none */
	swim_time heard;
};

enum swim_event_type {
	/* these are the events of swimd-control(7) */
	SWIM_EVENT_JOINED,
	SWIM_EVENT_SUSPECTED,
	SWIM_EVENT_FAILED,
	SWIM_EVENT_RECOVERED,
	SWIM_EVENT_LEFT,
	SWIM_EVENT_REMOVED,
	SWIM_EVENT_UPDATED,
	SWIM_EVENT_INCARNATION, /* our incarnation rose; `member` is ourselves */
	/* the link is broken: the member answers others, but has not answered us for some time */
	SWIM_EVENT_LINK_FAILED,
	SWIM_EVENT_LINK_RECOVERED, /* the member answers us directly again */
	/* A namesake answers at `address`.  CONFLICT: we stay.  LOST: the namesake keeps the name, and we have to leave. */
	SWIM_EVENT_NAME_CONFLICT,
	SWIM_EVENT_NAME_LOST,
	/* the end of a swim_join; `address` is the address of that join */
	/* `member` has the name of the seed; `local`: the seed is ourselves */
	SWIM_EVENT_SEED_ANSWERED,
	SWIM_EVENT_SEED_SILENT,
	/* `member.name` is the name of the other cluster to which the seed belongs */
	SWIM_EVENT_SEED_FOREIGN,
};

struct swim_event {
	enum swim_event_type type;
	swim_time at; /* when it happened */
	struct swim_report member;
	/* name of the speaker: the member that told us, or we ourselves */
	char by[SWIM_NAME_MAX + 1];
	uint16_t by_len;
	struct swim_addr address; /* SEED_*: as given to swim_join; NAME_*: of the namesake */
};
/* Take out the next event.  False: there is none. */
bool swim_next_event(struct swim *, struct swim_event *);

/*
 * Join through the seed at this address.  Ends in SEED_ANSWERED, SEED_SILENT or SEED_FOREIGN.  False: SWIM_INQUIRIES
 * are under way, or this join is.
 */
bool swim_join(struct swim *, swim_time now, const struct swim_addr *);
/*
 * Leave: tell it to the others for a few gossip intervals, 5 s at most.  Then swim_has_left is true and swim_deadline
 * is NEVER.
 */
void swim_leave(struct swim *, swim_time now);
bool swim_has_left(const struct swim *);

enum swim_remove_result { SWIM_REMOVE_OK, SWIM_REMOVE_NOT_FOUND, SWIM_REMOVE_NOT_DEAD };
/* Remove a dead or left member here and, by a rumour, everywhere. */
enum swim_remove_result swim_remove(struct swim *, swim_time now, const char *name,
    size_t name_len);

/*
 * Tell the core of strain that only this process sees and that makes its judgement of others doubtful: `dropped`
 * datagrams to it that the kernel has dropped since the last call, which may include answers, and by how much its
 * loop was late.  Raises the local health multiplier, once in a probe interval at most.  To be called before the
 * swim_tick that was late, so that a stall does not count twice.
 */
void swim_strained(struct swim *, swim_time now, uint64_t dropped, swim_duration lag);

/*
 * The healthy members that have accused us in the last SWIM_ACCUSED_MEMORY.  A member is healthy if it is alive and
 * has not returned from a suspicion or death in that time.  True: there are SWIM_ACCUSERS_NEEDED of them, so that the
 * accusations say something about us.
 */
#define SWIM_ACCUSED_MEMORY swim_seconds(60)
#define SWIM_ACCUSERS_NEEDED 2
struct swim_accused {
	size_t count; /* healthy accusers */
	swim_time at; /* when we heard the last accusation */
	/* names of the first ones in our records */
	char by[SWIM_ACCUSERS_NEEDED][SWIM_NAME_MAX + 1];
	uint16_t by_len[SWIM_ACCUSERS_NEEDED];
};
bool swim_accused(const struct swim *, swim_time now, struct swim_accused *out);

/* Change the settings of the protocol while running. */
void swim_set_timing(struct swim *, swim_time now, const struct swim_timing *);
/*
 * Set our tags (copied, encoded as wire/tags.h says) and tell them.  Takes a new incarnation if anything has been sent
 * under the present one.  False: nothing changed, because the tags are not valid or above swim_tags_room, we are
 * leaving, or there is no memory.
 */
bool swim_set_tags(struct swim *, swim_time now, const void *tags, size_t len);
/* How many bytes our tags may have: WIRE_TAGS_MAX, or what our name and address leave of a datagram. */
size_t swim_tags_room(const struct swim *);
/*
 * Restore a member that an earlier run of ours knew as dead or left `age` ago.  A live member is ignored: the caller
 * joins through it as a seed instead.
 */
void swim_restore(struct swim *, swim_time now, const struct swim_report *, swim_duration age);
/* Change our advertised address, and tell it at a new incarnation. */
void swim_set_address(struct swim *, swim_time now, const struct swim_addr *);

/*
 * The network interface with number `from` has number `to` now: link-local addresses in its zone stay there.  `from` 0 changes
 * nothing.
 */
void swim_move_zone(struct swim *, swim_time now, uint32_t from, uint32_t to);

/*
 * Tell the core to which families of addresses this machine can send; at first, to both.  A member of another family
 * is probed through helpers only, and accused only after many such probes have failed in a row.
 */
void swim_set_reach(struct swim *, swim_time now, bool v4, bool v6);

/* Reports of all visible members, ourselves included, in the order of their names (bytewise).  i < swim_member_count. */
size_t swim_member_count(const struct swim *);
void swim_member_at(const struct swim *, size_t i, struct swim_report *out);
bool swim_member_find(const struct swim *, const char *name, size_t name_len,
    struct swim_report *out);
/* The member with this address: a live one before a gone one.  False: none. */
bool swim_member_by_address(const struct swim *, const struct swim_addr *, struct swim_report *out);
void swim_self(const struct swim *, struct swim_report *out);
uint64_t swim_incarnation(const struct swim *);

/* The members that the i-th member reports as out of its direct reach. */
struct swim_links {
	size_t total;                      /* all of them; only `count` of them are in `peers` */
	size_t count;                      /* of `peers` */
	size_t peers[WIRE_LINK_PEERS_MAX]; /* indexes as in swim_member_at, in their order */
};
void swim_links_at(const struct swim *, size_t i, struct swim_links *out);

/* How many members have a fault, and the first of them. */
struct swim_reach_row {
	size_t count;
	char name[SWIM_NAME_MAX + 1];
	uint16_t name_len;
	char address[SWIM_HOSTPORT_MAX + 1];
};
/* Faults of advertised addresses, and of the links between members and us. */
struct swim_reach {
	size_t others;                /* members other than us that are alive or suspect */
	struct swim_reach_row broken; /* members that answer others, but not us */
	/* members that cannot reach us at our advertised address */
	struct swim_reach_row complaining;
	/* the address at which one of those reaches us; family 0: not known */
	struct swim_addr seen_at;
	/* members that answer at another address than their advertised one */
	struct swim_reach_row elsewhere;
	struct swim_addr asked_at;   /* the address at which the first of those answers */
	struct swim_reach_row twins; /* members that advertise our address */
	/* members that advertise the address of another of them */
	struct swim_reach_row shared;
};
/* Set *out to the faults at this time. */
void swim_reach(struct swim *, swim_time now, struct swim_reach *out);

/* Why an update in a valid datagram was refused. */
enum swim_ignore {
	SWIM_IGNORE_BAD_NAME, /* empty or above SWIM_NAME_MAX bytes */
	/* not host:port, or a wildcard, multicast or loopback address, or port 0 */
	SWIM_IGNORE_BAD_ADDRESS,
	/* the incarnation is above the known one by more than the jump bound */
	SWIM_IGNORE_JUMP,
	SWIM_IGNORE_MEMBER_LIMIT, /* the table has max_members */
	/* another address than the known one, which this update may not change */
	SWIM_IGNORE_CONFLICT,
	SWIM_IGNORE_NO_MEMORY,
	SWIM_IGNORE_RATE, /* the quota of the source or of all sources is used up */
};
#define SWIM_IGNORE_COUNT 7
const char *swim_ignore_word(enum swim_ignore);

/* Counters since swim_new, and a few present values. */
struct swim_stats {
	/* valid datagrams, by wire_type_slot() */
	uint64_t received[WIRE_TYPE_SLOTS], received_bytes;
	/* datagrams that were taken out, by wire_type_slot() */
	uint64_t sent[WIRE_TYPE_SLOTS], sent_bytes;
	uint64_t rejected[WIRE_REJECT_COUNT];
	uint64_t ignored[SWIM_IGNORE_COUNT];
	uint64_t probes_sent, probes_acked, probes_acked_indirectly, probes_failed, nacks_received;
	uint64_t relays, relays_acked, relays_nacked, relays_refused;
	uint64_t suspicions, refutations, syncs_started, syncs_completed, syncs_failed;
	/* syncs that were left unanswered by members whose views still differ from ours */
	uint64_t syncs_unanswered;
	struct swim_addr sync_silent; /* the address that was asked in the last of these */
	/* members to which datagrams of max_datagram bytes do not arrive, so that smaller ones are sent */
	size_t paths_reduced;
	/* the smallest size for any of these, in bytes; max_datagram: there are none */
	size_t path_smallest;
	uint64_t paths_fallen, paths_raised, path_trials, path_trial_bytes;
	/* datagrams dropped because the outbox was full, or for want of memory */
	uint64_t outbox_dropped;
	size_t members[SWIM_STATUS_COUNT]; /* visible members by status, ourselves included */
	size_t rumours;                    /* rumours that are queued */
	uint64_t digest;                   /* digest of the view; equal views have equal digests */
	bool probed;                       /* `last_probe` is valid */
	swim_time last_probe;              /* when a probe of ours was last answered */
	unsigned local_health;             /* the local health multiplier: 0 is best */
};
void swim_stats(const struct swim *, struct swim_stats *out);

#endif
