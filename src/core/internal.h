/* SPDX-License-Identifier: MIT */
/*
 * Inside the core: struct swim, which holds everything, and the list of the files.  Each file works on its own part:
 *
 *	input.c    the input: the datagram, timer or call that makes the core act
 *	index.c    indexes: sorted arrays of members
 *	pool.c     pools: room for objects, allocated ahead
 *	extra.c    what only few members have, kept apart from struct member
 *	question.c  the table of questions: those of ours that wait for an answer, by sequence number and by deadline
 *	members.c  the table of members and its digests; every change of a status
 *	locate.c   the addresses of members
 *	link.c     the links to members: direct, at another address than the advertised one, or broken
 *	base.c     base peers: the id by which they are told of a member, and the member that they mean by an id
 *	introduce.c  telling base peers of all members, and correcting what they say
 *	judge.c    the judgement on an update: the decision tables
 *	apply.c    making a case for judge.c of each update, and carrying out the judgement
 *	accused.c  which members accuse us, and whether they count
 *	suspicion.c  which members are suspect, and who accuses them
 *	confirm.c  which members confirm a suspicion
 *	suspect.c  the questions to a suspect, when each is asked, and the verdict
 *	doubt.c    self-doubt: may we accuse others now, and how patient must we be
 *	damping.c  returning after having been declared dead again and again
 *	rumour.c   the queue of rumours
 *	gossip.c   pushing and piggybacking rumours
 *	link_report.c  reports of broken links, and complaints about our address
 *	probe.c    the failure detector: probing, and asking helpers
 *	loss.c     how many questions have to stay unanswered
 *	relay.c    pinging for others
 *	inquiry.c  questions outside the failure detector: joins, greetings, checks of a digest, contests
 *	quota.c    how many updates are taken from one source in a second
 *	standing.c  which datagrams to read first
 *	speaker.c  the speaker: the member whose word a datagram is
 *	foreign.c  datagrams of other clusters
 *	visitor.c  visitors: members of which only strangers tell
 *	guest.c    guests: room in a full table for strangers that have answered
 *	sync.c     comparing views, and fetching the pages that differ
 *	path.c     how large datagrams to each member may be
 *	claim.c    contests: two members of one name
 *	outbox.c   datagrams and events that wait to be taken out
 *	report.c   reports: copies of what the core knows
 *	profile.c  profiles: named sets of timing settings
 *	swim.c     beginning and end, the way of a datagram, and time
 */
#ifndef SWIMD_CORE_INTERNAL_H
#define SWIMD_CORE_INTERNAL_H

#include "base/hash.h"
#include "base/rng.h"
#include "base/rule.h"
#include "core/accused.h"
#include "core/apply.h"
#include "core/base.h"
#include "core/claim.h"
#include "core/confirm.h"
#include "core/damping.h"
#include "core/doubt.h"
#include "core/extra.h"
#include "core/foreign.h"
#include "core/gossip.h"
#include "core/guest.h"
#include "core/index.h"
#include "core/input.h"
#include "core/introduce.h"
#include "core/inquiry.h"
#include "core/judge.h"
#include "core/link.h"
#include "core/link_report.h"
#include "core/locate.h"
#include "core/loss.h"
#include "core/members.h"
#include "core/outbox.h"
#include "core/path.h"
#include "core/pool.h"
#include "core/probe.h"
#include "core/question.h"
#include "core/quota.h"
#include "core/relay.h"
#include "core/report.h"
#include "core/rumour.h"
#include "core/speaker.h"
#include "core/suspect.h"
#include "core/suspicion.h"
#include "core/swim.h"
#include "core/sync.h"
#include "core/visitor.h"

/* All that outlives a call into the core.  NEVER as the time at which something is due: nothing is due. */
struct swim {
	struct swim_config config;  /* `name` and `cluster` are owned copies */
	struct questions questions; /* our questions that wait for an answer */
	struct rng rng;             /* the random numbers of all choices */
	swim_time now;              /* the time of the call that is under way */
	swim_time began;            /* the time of swim_new() */
	struct member *self;        /* our own record; in the table, and in no list */
	bool leaving;               /* swim_leave() was called */
	bool left;                  /* we have told our leave, and are done */
	bool no_v4, no_v6;          /* this machine cannot send to IPv4, or IPv6, addresses */
	struct swim_addr guest;     /* address of the last stranger that answered (guest.c) */
	swim_time guest_until;      /* when that stranger ceases to be the guest */

	struct index table;   /* all members, tombstones included, by hash and name */
	struct index named;   /* visible members, by name */
	struct index located; /* members with a numeric address, by address and name */
	struct member **live; /* the other live members, in the order of probing */
	size_t live_count;    /* members in `live` */
	size_t live_capacity; /* room in `live`, in members */
	size_t probe_next;    /* index in `live`: the members before it are probed in this round */
	struct member **suspects; /* the other suspect members */
	size_t suspect_count;     /* members in `suspects` */
	size_t suspect_capacity;  /* room in `suspects`, in members */
	struct pool suspicions;   /* room for the struct suspicion of members */
	size_t confirmations;  /* suspects about which a confirmation round of ours is under way */
	struct member **gone;  /* the other dead and left members, and tombstones */
	size_t gone_count;     /* members in `gone` */
	size_t gone_capacity;  /* room in `gone`, in members */
	size_t unnamed_count;  /* unnamed peers in the table */
	swim_time unnamed_end; /* when an unnamed peer may have to be dropped */
	/* visible members of each status, ourselves included */
	size_t status_count[SWIM_STATUS_COUNT];
	uint64_t buckets[WIRE_SYNC_BUCKETS]; /* xor of the record hashes of each bucket's members */
	uint64_t digest;                     /* of the view: xor of `buckets` */
	/* xor of the removal hashes of each bucket's members */
	uint64_t removed_buckets[WIRE_SYNC_BUCKETS];
	uint64_t removed_digest; /* of the removals: xor of `removed_buckets` */

	struct rumours rumours;  /* the rumours that are queued */
	bool lost_name;          /* a contest has taken our name (claim.c), and we leave */
	bool told_once;          /* SWIM_EVENT_NAME_CONFLICT was given out at least once */
	bool accompanied;        /* another member has answered us at least once */
	swim_time company_since; /* `accompanied`: first answer after which no gap was too long */
	swim_time company_seen;  /* `accompanied`: last answer of another member */
	/* addresses that we pinged on the word of strangers */
	struct visitor visitors[VISITORS_MAX];
	unsigned gifts;           /* gifts sent in the present probe interval (visitor.c) */
	swim_time gifts_until;    /* when `gifts` is counted from 0 again */
	bool has_seeds;           /* swim_join() was called */
	struct swim_addr yielded; /* address of an owner that was away when we took its name */
	swim_time yielded_until;  /* until when that owner gets its name back */
	swim_time contradicted;   /* when we last contradicted (claim_contradict()) */
	swim_time told_conflict; /* `told_once`: when SWIM_EVENT_NAME_CONFLICT was last given out */
	/* how many claims were answered, by address */
	struct claim_answers claims_answered[CLAIM_ANSWERED];
	struct swim_addr kept[CLAIM_KEPT]; /* addresses of namesakes that were told that we stay */
	unsigned kept_next;                /* index in `kept` that is replaced next */
	struct swim_addr namesake;         /* address at which a namesake last answered */
	swim_time namesake_until;          /* until when claims go to `namesake` without a ping */
	swim_time gossip_at;               /* when rumours are pushed next */
	swim_time gossiped;                /* when rumours were pushed last */
	unsigned leave_ticks;              /* `leaving`: pushes that are left */

	struct rtt rtt;               /* round trips over all members */
	uint8_t rtt_count;            /* measurements in `rtt`, counted up to RTT_FEW */
	struct probe probe;           /* the probe that is under way */
	struct link_check link_check; /* the check of a link that is under way */
	/* the question to a silent advertised address that is under way */
	struct link_retry link_retry;
	/* members whose reports of broken links are passed on, the newest last */
	struct member *reports[LINK_REPORTS_MAX];
	size_t report_count;    /* members in `reports` */
	uint32_t report_serial; /* serial number of our own last report */
	swim_time report_at;    /* when our own report is told next */
	/* the encoded reports of the last trailer that was written */
	uint8_t report_bytes[LINK_REPORTS_PACKED * WIRE_LINKS_SIZE_MAX];
	/* address at which a member that complains about ours reaches us */
	struct swim_addr seen_at;
	uint32_t probe_number;  /* of the last probe that was begun; it may wrap */
	uint32_t period;        /* number of our probe interval, as told to others; it may wrap */
	uint32_t period_seen;   /* the furthest period that a member has told; it may wrap */
	bool same_view;         /* the last digest that a member told equals ours */
	swim_time probe_at;     /* when the next probe interval begins */
	struct damping damping; /* returns from the dead, and the trial */
	struct accusal accusals[ACCUSALS_MAX]; /* accusations of us */
	struct doubt doubt;                    /* self-doubt: health, loss, stalls, silence */
	swim_time foreign_at;             /* no answer to another cluster is sent before this */
	swim_time reconnect_at;           /* when a dead member is pinged next */
	swim_time reap_at;                /* when to look next for gone members to forget */
	struct relay relays[SWIM_RELAYS]; /* pings for others that are under way */
	struct inquiry inquiries[SWIM_INQUIRIES]; /* questions of inquiry.c that are under way */

	struct path_check path_checks[PATH_CHECKS_MAX]; /* datagrams that show which size arrives */
	swim_time path_next; /* when to look for a member to try a larger size on */
	size_t path_at;      /* index in `live` at which to look first */

	struct sync sync;            /* the sync that is under way */
	struct pace sync_members;    /* when we may sync with a member next */
	struct pace sync_strangers;  /* when we may sync with a stranger next */
	swim_time check_at;          /* when `check_addr` is asked for its digest again */
	struct swim_addr check_addr; /* source address of a datagram with a digest that differs */
	bool check_charged;          /* `charged` (struct allowance) of that datagram */
	size_t check_credit;         /* `credit` (struct allowance) of that datagram, in bytes */
	bool check_member;           /* that datagram came from a member */
	bool synced;                 /* a sync has ended well since the start */

	size_t introductions;      /* members whose `intro` is not NULL */
	uint32_t arrivals;         /* the last serial number given to a member's `arrived` */
	swim_time introduce_at;    /* when introduce_tick() has something to do */
	unsigned introduce_sent;   /* pings of introduce.c sent in its present gossip interval */
	swim_time introduce_until; /* when `introduce_sent` is counted from 0 again */
	size_t introduce_from;     /* index in `live` at which introduce_tick() begins */
	swim_time end_again;       /* before this, introduce_end_again() does nothing */

	struct quota quota; /* what sources may still tell */

	uint8_t *out_bytes;        /* the bytes of the datagrams in `outs`, one after the other */
	size_t out_used;           /* bytes in `out_bytes` */
	size_t out_capacity;       /* room in `out_bytes`, in bytes */
	struct out *outs;          /* datagrams for the caller */
	size_t out_count;          /* datagrams in `outs` */
	size_t out_slots;          /* room in `outs`, in datagrams */
	size_t out_taken;          /* datagrams in `outs` that the caller has taken out */
	struct swim_event *events; /* events for the caller */
	size_t event_count;        /* events in `events` */
	size_t event_capacity;     /* room in `events`, in events */
	size_t event_taken;        /* events in `events` that the caller has taken out */

	struct swim_stats stats; /* counters; swim_stats() fills in the rest */
};

/* Allocate memory, not cleared, by the caller's allocator.  NULL: no memory. */
void *core_alloc(struct swim *, size_t);
/* Free it; NULL is allowed. */
void core_release(struct swim *, void *);
/*
 * A sequence number for our next question.  It must not be predictable: whoever predicts one can answer in anybody's
 * name.
 */
uint64_t core_seq(struct swim *);
/*
 * Grow the array to which `array` points (a pointer to a pointer of any type), so that it has room for one element
 * more than `count`.  *capacity counts elements of `element` bytes.  False: no memory, and the array is unchanged.
 */
bool core_grow(struct swim *, void *array, size_t count, size_t *capacity, size_t element);

#endif
