/* SPDX-License-Identifier: MIT */
/*
 * Inside the core.  One struct swim holds all; each file works on its own part of it:
 *
 *	input.c    the datagram at hand, or the timer or call that makes the core act
 *	index.c    sorted arrays of members
 *	pool.c     room for objects, made ahead
 *	extra.c    what few members have
 *	question.c  the questions of ours that wait for an answer, by their sequence numbers
 *	members.c  the table of members and its digest; every change of a status
 *	locate.c   their addresses
 *	link.c     the ways to the members: direct, at another address than they advertise, or through others alone
 *	base.c     under which id base peers are told of a member, and which member they mean by an id
 *	introduce.c  telling base peers of all members, and correcting what base peers say of them
 *	judge.c    what an update from the wire changes, as a pure function: the decision tables
 *	apply.c    making a case for judge.c of an update, and carrying out the judgement
 *	accused.c  which members accuse us, and whether they count
 *	suspicion.c  who accuses whom, for how long, and the verdict
 *	doubt.c    self-doubt: may we accuse others now, and how patient must we be
 *	damping.c  coming back after having been declared dead, again and again
 *	rumour.c   the queue of rumours
 *	gossip.c   pushing and piggybacking rumours
 *	link_report.c  which links are broken, as each member tells of its own
 *	probe.c    the failure detector: probing, and asking others to probe
 *	confirm.c  probing those whom others suspect
 *	loss.c     how many questions silence takes
 *	relay.c    probing for others
 *	inquiry.c     pings outside the detector: joining, greeting strangers, comparing digests
 *	quota.c    how many updates of a source are taken in a second
 *	standing.c  whose datagrams to read first
 *	speaker.c  who sent a datagram
 *	foreign.c  datagrams of other clusters
 *	visitor.c  those whom only strangers tell of
 *	guest.c    room for whoever shows itself, in a table full of others
 *	sync.c     comparing and pulling whole views
 *	path.c     how large datagrams to each member may be
 *	claim.c    two members of one name
 *	outbox.c   datagrams and events waiting to be taken out
 *	report.c   copies for the outside
 *	profile.c  timings as a whole: lan, wan, local, fast
 *	swim.c     beginning, end, time, and the way of a datagram
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
#include "core/suspicion.h"
#include "core/swim.h"
#include "core/sync.h"
#include "core/visitor.h"

struct swim {
	struct swim_config config; /* name and cluster point to copies of ours */
	struct questions questions;
	struct rng rng;
	swim_time now;   /* of the call under way */
	swim_time began; /* of swim_new */
	struct member *self;
	bool leaving, left;
	bool no_v4, no_v6;      /* families that we can't send to */
	struct swim_addr guest; /* has answered a ping, and may take another's place */
	swim_time guest_until;

	struct index table;   /* all, by hash and name */
	struct index named;   /* all but the hidden, by name */
	struct index located; /* all with a numeric address, by address and name */
	struct member **live; /* others, alive or suspect, in probing order */
	size_t live_count, live_capacity, probe_next;
	struct member **suspects;
	size_t suspect_count, suspect_capacity;
	struct pool suspicions;
	struct member **gone; /* dead, left and hidden */
	size_t gone_count, gone_capacity;
	size_t unnamed_count;
	/* when to drop stand-ins that no answer has confirmed; NEVER: there are none */
	swim_time unnamed_end;
	size_t status_count[SWIM_STATUS_COUNT];      /* of the named */
	uint64_t buckets[WIRE_SYNC_BUCKETS];         /* xor of the record hashes of each bucket */
	uint64_t digest;                             /* xor of all of them */
	uint64_t removed_buckets[WIRE_SYNC_BUCKETS]; /* the same of the removals that we remember */
	uint64_t removed_digest;

	struct rumours rumours;
	bool lost_name, told_once;
	bool accompanied;                      /* another member has answered us, */
	swim_time company_since, company_seen; /* first, and last */
	struct visitor visitors[VISITORS_MAX];
	unsigned gifts;           /* pings larger than the datagrams that asked for them, sent */
	swim_time gifts_until;    /* in the probe interval that ends then */
	bool has_seeds;           /* we have been told to join through an address */
	struct swim_addr yielded; /* nobody answered there when we took our name over from it, */
	swim_time yielded_until;  /* and may come back until then */
	swim_time contradicted;   /* when last we said where we live without asking there first */
	swim_time told_conflict;  /* when an event about a conflict was last given out */
	struct claim_answers claims_answered[CLAIM_ANSWERED];
	struct swim_addr kept[CLAIM_KEPT]; /* members of our name whom we have told that we stay */
	unsigned kept_next;
	struct swim_addr namesake; /* where a namesake has answered our ping last: */
	swim_time namesake_until;  /* until then claims may be sent there without a new ping */
	swim_time gossip_at, gossiped;
	unsigned leave_ticks;

	struct rtt rtt; /* over all members */
	uint8_t rtt_count;
	struct probe probe;
	struct confirm confirms[CONFIRMS_MAX];
	struct link_check link_check;
	struct link_retry link_retry;
	struct member *reports
	    [LINK_REPORTS_MAX]; /* members whose reports are to be passed on, the newest last */
	size_t report_count;
	uint32_t report_serial;
	swim_time report_at; /* when our report is told again; NEVER: there is none */
	uint8_t report_bytes[LINK_REPORTS_PACKED * WIRE_LINKS_SIZE_MAX];
	struct swim_addr seen_at; /* where a member asks us that cannot reach us at our address */
	uint32_t probe_number;    /* of the probes begun; it may wrap */
	uint32_t period, period_seen; /* ours, and the furthest that anyone told of */
	bool same_view;               /* the last digest that came was the same as ours */
	swim_time probe_at;
	struct damping damping;
	struct accusal accusals[ACCUSALS_MAX];
	struct doubt doubt;
	swim_time foreign_at; /* no member of another cluster gets an answer before */
	swim_time reconnect_at, reap_at;
	struct relay relays[SWIM_RELAYS];
	struct inquiry inquiries[SWIM_INQUIRIES];

	struct path_check path_checks[PATH_CHECKS_MAX];
	swim_time path_next; /* when to look for a member to try a larger size on; NEVER: none */
	size_t path_at;      /* where in live[] to look first */

	struct sync sync;
	struct pace sync_members, sync_strangers;
	swim_time check_at; /* digest of check_addr is looked at again */
	struct swim_addr check_addr;
	bool check_charged;  /* something has been sent for that datagram already, */
	size_t check_credit; /* what may be sent there where nobody has answered yet */
	bool check_member;   /* was known for a member when it spoke from there */
	bool synced;         /* with anyone, since the start */

	size_t introductions;   /* members whose `intro` is not NULL */
	uint32_t arrivals;      /* the last serial number given (member.arrived) */
	swim_time introduce_at; /* when introduce_tick has something to do */
	/* pings sent in the gossip interval that ends at introduce_until */
	unsigned introduce_sent;
	swim_time introduce_until;
	size_t introduce_from; /* index in live[] at which introduce_tick begins */
	swim_time end_again;   /* before this introduce_end_again does nothing */

	struct quota quota;

	uint8_t *out_bytes;
	size_t out_used, out_capacity;
	struct out *outs;
	size_t out_count, out_slots, out_taken;
	struct swim_event *events;
	size_t event_count, event_capacity, event_taken;

	struct swim_stats stats;
};

/* Memory. */
void *core_alloc(struct swim *, size_t);
void core_release(struct swim *, void *);
/* Our next sequence number.  It must not be predictable: whoever predicts one can answer in anybody's name. */
uint64_t core_seq(struct swim *);
/* Make room for one element more; false when memory is short. */
bool core_grow(struct swim *, void *array, size_t count, size_t *capacity, size_t element);

#endif
