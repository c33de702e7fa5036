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
 *	join.c     pings outside the detector: joining, greeting strangers, comparing digests
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
#include "core/index.h"
#include "core/judge.h"
#include "core/loss.h"
#include "base/rule.h"
#include "core/question.h"
#include "core/rumour.h"
#include "core/swim.h"

#define OUTBOX_DATAGRAMS 4096 /* datagrams waiting at once; what is above is dropped and counted */
#define STAND_INS_MAX 64      /* unnamed base peers not yet proven, at once */
#define HEALTH_MAX 8          /* Lifeguard's S */

/* A forgotten member, and one whose death we learnt before its life, is held back this long. */
#define TOMBSTONE_HOLD swim_seconds(120)

#define RTT_FEW 4 /* measurements that say too little of how much they vary */
/* Round trips, smoothed, and their mean deviation. */
struct rtt {
	swim_duration smoothed, deviation;
};

/* What a member says of its links. */
struct link_report {
	struct wire_links links;
	swim_time at;
	unsigned sent; /* by us */
};
#define LINK_REPORTS_MAX 16   /* waiting to be passed on */
#define LINK_REPORTS_PACKED 2 /* in one datagram */

/* How far a pass of introduce.c is through the table of members.  A pass begins at our own place in the table. */
struct progress {
	bool begun, over;
	uint64_t after; /* with `begun`: hash of the name of the last member that was told */
	/* the next member's incarnation that the base peer has been told; 0: none yet */
	uint64_t known;
};

/* What a base peer has been told of the members. */
struct introduction {
	bool ours; /* the base peer pinged us before a swimd told us of it, or has started anew */
	bool back; /* the base peer was dead or had left, and has come back */
	bool passing; /* a pass over the table of members is under way */
	bool all;     /* this pass tells of all members; else of us alone */
	/* the base peer has been told of members with a serial number (`arrived`) up to this */
	uint32_t since;
	uint32_t until;        /* `since` once the pass is over */
	struct progress done;  /* answered by the base peer */
	struct progress ahead; /* sent, and `done` once the base peer answers */
	struct question question;
	swim_time next;     /* no ping before */
	uint64_t heard_seq; /* sequence number of the base peer's last ping */
	/* we joined through the base peer: our incarnation at that time, plus 1; 0: we did not */
	uint64_t joined;
	swim_time again;     /* before this a lower sequence number does not count as a new start */
	swim_time corrected; /* before this no ping corrects what the base peer says */
};
#define STALE_MAX 8 /* members of which one datagram of a base peer is corrected */

/*
 * What few members have, so that the others need no room for it: what is known of the ways to a member (link.c), and what else
 * is seldom there.  It is made when there is something to be kept, and freed when nothing is left in it.
 */
struct extra {
	struct introduction *intro; /* of a base peer, owned; NULL: none yet */
	struct link_report
	    *report;           /* what the member last said of its links, owned; NULL: nothing */
	struct swim_addr also; /* another address at which it has answered; family 0: none */
	/* the address that is used instead of `addr`, which is silent; family 0: none */
	struct swim_addr via;
	swim_time via_until; /* with `via`: from then on a probe asks at `addr` too */
	swim_time
	    complained; /* when it last said that it cannot reach us at our address; or NEVER */
	swim_time news; /* rate of its changes that busy sources tell: paid until then (quota.c) */
	struct question late; /* the last probe that others had to answer for it */
	struct question
	    proof; /* a ping of gossip_ask_first() whose answer makes the member proven */
	/* when that ping was sent; NEVER: more often than once, so that its answer measures nothing */
	swim_time proof_sent;
	/* hash of the name of who last reached it for us, while it is out of our reach; or 0 */
	uint64_t helper;
	uint8_t unheard; /* out of our reach: probes through others that failed in a row */
	uint8_t missed;  /* probes in a row that it answered to others alone */
	uint8_t strayed; /* probes in a row that it answered at another address and not at `addr` */
	uint8_t retries; /* times that `addr` was asked again in vain since `via` was taken */
	/* suspect or dead base peer: answers to a higher suspicion that did not refute it (probe.c) */
	uint8_t doubts;
	/* a suspicion above its incarnation was sent to it (probe.c), and it has not spoken since */
	bool doubted;
	bool tell; /* the member knows less of itself than we do: tell it in the next answer */
	/* dead or left: times that a base peer which asked for the member was told its death, modulo the steps of introduce.c */
	uint8_t ends;
};

/* Why a member is suspected; and of a dead one who came to the verdict. */
struct suspicion {
	swim_time counted;        /* since when, for the verdict */
	swim_time ask_at;         /* when the suspect is asked next, or judged */
	swim_time asked_at;       /* when the last question to it has had its time */
	struct question question; /* its tries are those that the suspect has not answered */
	struct question question_to_others;   /* of those that others pass on to the suspect */
	uint64_t accusers[WIRE_ACCUSERS_MAX]; /* hashes of their names */
	uint32_t place;                       /* in suspects[], or SUSPECT_NOWHERE */
	uint8_t accuser_count;
	uint8_t lately; /* questions of the last round before the verdict */
	bool doomed;    /* a suspect, to be forgotten with its verdict */
};
#define SUSPECT_NOWHERE UINT32_MAX

/* What becomes of a member.  members_status() and members_is_shown() and the like say what follows of it. */
enum life {
	LIFE_NEW, /* in the making: until its first transition it counts as alive, and is not shown */
	LIFE_ALIVE,
	LIFE_SUSPECT,
	LIFE_DEAD,
	LIFE_LEFT,
	/* a tombstone: remembered so that late rumours do not bring it back, and not shown */
	LIFE_DEAD_HIDDEN,
	LIFE_LEFT_HIDDEN,
	/* a tombstone of one that was removed: its rumour and pages tell others to forget the member */
	LIFE_DEAD_REMOVED,
	LIFE_LEFT_REMOVED,
};

/* What a member is, as far as we know. */
enum peer {
	PEER_UNTOLD, /* nobody has said: an earlier version of swimd does not tell which members are base peers */
	PEER_SWIMD, /* it speaks our extensions */
	PEER_BASE, /* it has spoken to us, or answered us, without extensions where it had room for some */
	PEER_SAID_BASE, /* a base peer, by hearsay: it has neither answered nor spoken to us */
	PEER_UNSURE,    /* a base peer told us of it, which may know a swimd by its name too */
};

/* How an alive member came to be alive at its incarnation. */
enum alive_as {
	ALIVE_NEW,     /* it has joined */
	ALIVE_AGAIN,   /* it was suspect or dead */
	ALIVE_STILL,   /* it was alive at a lower incarnation, */
	ALIVE_CHANGED, /* and with other tags or at another address */
};

/* Has the member ever answered a question, of ours or of others?  members_has_lived() says it of all that we know. */
enum lived {
	LIVED_UNKNOWN,
	LIVED,
	LIVED_BY_RUMOUR, /* we know that by a rumour, and pass it on */
};

/* Which events of a member's life have been given out. */
enum told {
	TOLD_NOTHING,
	TOLD_JOINED, /* that it joined in this life, and what followed */
	TOLD_LEFT, /* that it left; it is dead in a life that began and ended, untold, after that */
};

/* In which of the lists of struct swim a member is. */
enum listing {
	LISTED_NOWHERE, /* we ourselves, and a member in the making */
	LISTED_LIVE,
	LISTED_GONE,
};

struct member {
	uint64_t hash;               /* of the name; the order of the table and of a sync */
	char *address;               /* host:port */
	char *tags;                  /* encoded (wire/tags.h); NULL: none */
	struct rumour *rumour;       /* about it; NULL: none is queued */
	struct suspicion *suspicion; /* while suspect, or dead with accusers; else NULL */
	struct extra *extra;         /* owned; NULL: nothing of that */
	struct swim_addr addr;       /* family 0: the host is a name that nobody has resolved */
	uint64_t incarnation;
	swim_time since; /* of the status */
	swim_time met;   /* when it came into the table */
	swim_time there; /* when it was first told to live at its address, in this life */
	swim_time alive; /* when it became alive last */
	swim_time heard; /* when a datagram of its own last came from where it lives; or NEVER */
	/* suspect: of the verdict; dead, left: when it is forgotten */
	swim_time deadline;
	struct rtt rtt;
	uint32_t place; /* in the list that `listing` names */
	/* number of our last probe of it, or of the last before we held it alive */
	uint32_t probed;
	uint32_t arrived; /* serial number (swim.arrivals) of when it last came or went */
	uint32_t
	    path_at; /* when a larger size is tried, or this one confirmed; seconds since swim_new */
	uint16_t path_size; /* largest datagram known to arrive there; 0: nothing is known */
	uint16_t name_len;
	uint16_t tags_len;
	uint8_t path_tries; /* doubles the time until `path_at` */
	uint8_t rtt_count;  /* measurements in `rtt`, up to RTT_FEW */
	/* syncs that it has not answered, since its view was last the same as ours */
	uint8_t syncs_lost;
	/* dead, has never answered us: times that we asked whether it is back */
	uint8_t reconnects;
	enum life life : 4;
	enum listing listing : 2;
	enum swim_path link : 2;
	enum told told : 2;
	enum peer peer : 3;
	enum alive_as alive_as : 2;
	enum lived lived : 2;
	bool by_host : 1;  /* its address is a host name */
	bool stand_in : 1; /* a base peer known by its address alone */
	bool proven : 1;   /* answered a ping of ours from its address */
	bool answered : 1; /* dead, left: was proven in a life before, at this address */
	bool partial : 1;  /* told of by one who does not know its tags */
	char name[];       /* NUL-terminated for convenience; may hold NULs itself */
};
/* A cluster has many members, and each of its members keeps all of them. */
_Static_assert(offsetof(struct member, name) <= 176,
    "a member without its texts is larger than 176 bytes");

/* The probe of this period. */
struct probe {
	struct member *target; /* NULL: none under way */
	struct question direct, elsewhere, others;
	struct swim_addr first, second; /* where it was asked; second.family 0: nowhere else yet */
	swim_time sent, timeout, ends;
	bool indirect; /* others have been asked */
	unsigned asked, nacks;
};

/* A probe of a fresh suspect, by one of the few that are chosen to confirm or not. */
struct confirm {
	struct member *target; /* NULL: free */
	struct question question;
	swim_time next; /* sent again, or taken for silent */
	unsigned most;
};
#define CONFIRMS_MAX 64

/* Questions to a member whose last two probes only others got answered: is the link between it and us broken? */
struct link_check {
	struct member *target; /* NULL: none under way */
	struct question question;
	swim_time next;
};

/* A question to a member at an address that may be a better one to use for it. */
struct link_retry {
	struct member *target; /* NULL: none under way */
	struct question question;
	struct swim_addr addr;
};

/* How far this member doubts itself (doubt.c). */
struct doubt {
	unsigned health;         /* Lifeguard's local health multiplier: 0 is best */
	swim_time strain_at;     /* from then on doubt_strain counts again */
	struct loss loss;        /* share of our questions that are lost */
	bool stalled;            /* we stood still, and have not heard an answer since */
	unsigned stall_failures; /* probes failed meanwhile */
	swim_time heard;         /* when last a datagram came that was taken */
	swim_time hearing_since; /* and the first after a silence */
};

#define DAMPING_PINGS 32
/* What we do to return from the dead, for the second time and later. */
struct damping {
	bool condemned; /* held dead, and on trial */
	unsigned returns;
	swim_time returned; /* last */
	uint64_t counted;   /* deaths at lower incarnations are */
	bool stood;         /* still, for as long as it takes to be declared dead, */
	swim_time went_on;  /* until then */
	uint64_t than;      /* the incarnation to rise above */
	swim_time ends, ping_at;
	unsigned asked, acked, unanswered;
	struct question pings[DAMPING_PINGS];
};

/* An accusation: another member has found us silent. */
struct accusal {
	uint64_t accuser; /* hash of its name */
	uint64_t incarnation;
	swim_time at;
	bool taken; /* false: this place is free */
};
#define ACCUSALS_MAX 8

enum join_kind {
	JOIN_SEED,   /* for swim_join: ends in an event */
	JOIN_GREET,  /* to learn who a stranger is */
	JOIN_CHECK,  /* to see whether its view still differs from ours */
	JOIN_CLAIM,  /* to see whether another who bears our name is alive there */
	JOIN_LEAVER, /* to see whether a base peer that is said to have left is silent */
	JOIN_FORMER, /* to see whether a base peer that answers at a new address is silent at its former one */
};

struct join {
	bool active;
	enum join_kind kind;
	struct swim_addr addr;
	struct question question;
	swim_time sent, next; /* last, and to be sent again or given up */
	size_t len;           /* of the ping sent last */
	bool small;    /* nobody has answered there yet, and a stranger told us of the address: */
	size_t budget; /* the pings have so many bytes at most */
	unsigned tries;
	bool of_base; /* a base peer's datagram from this address made us ask */
	bool to_base; /* the question is written for base peers only */
	/* JOIN_LEAVER, JOIN_FORMER: hash of the name of the member that is asked about */
	uint64_t member;
	struct swim_addr to; /* JOIN_FORMER: the new address, where the base peer answers */
	/* JOIN_CLAIM: the incarnation to rise above when nobody is there.  JOIN_LEAVER: the incarnation that left. */
	uint64_t than;
	bool answered; /* JOIN_CLAIM: a member of our name has answered, */
	bool
	    outdone; /* a member claims the name for longer: together with `answered` this ends us */
	bool claimed; /* a member claims it for about as long as we have, and is to decide */
	bool base; /* what answered is a base peer, which cannot say for how long it has the name */
	bool witnessed; /* another member says that our name lives there */
	bool stays;     /* by the ages the name is ours, and we say so */
	bool heard;     /* JOIN_CLAIM: a claim came from there; it is told after an answer */
	bool modern;    /* the other decides as we do: we go at its decision only */
	bool quiet;     /* nobody answered in the round of questions before */
	unsigned again; /* so many more rounds of questions have been asked in this contest */
	bool
	    looped; /* JOIN_CLAIM, JOIN_SEED: what we sent there came back: the address is one of our own */
	bool resting; /* JOIN_CLAIM: both stay, and the other is asked again after `rest` */
	swim_duration rest;
};

/* The outcome of a contest about our name. */
enum claim_end { CLAIM_WE_STAY, CLAIM_WE_GO, CLAIM_OPEN };

#define CLAIM_KEPT 8
#define CLAIM_ANSWERED 8
/* Claims from one address that we have answered. */
struct claim_answers {
	struct swim_addr to; /* family 0: free */
	swim_time since;     /* of the first */
	unsigned count;
};

struct relay {
	bool active;
	struct swim_addr asker;
	enum wire_recipient asker_kind;
	uint64_t asker_seq;
	struct question question;
	size_t request_len;
	swim_time deadline;
	char *text; /* target's id, then its address, as the asker gave them */
	uint16_t id_len, address_len;
	/* the asker knows the target by its address: an ack of any member there is an answer */
	bool whoever;
	/* hash of the target's name: without `whoever` only its ack is an answer */
	uint64_t target;
};

/* A ping that is under way to find out whether its size arrives. */
struct path_check {
	struct member *target; /* NULL: free */
	struct question question;
	size_t size;
	swim_time next; /* sent again, or taken for lost */
	unsigned tries;
	bool trial; /* padding alone, else it is gossip */
};
#define PATH_CHECKS_MAX 16
/*
 * Pings, ping-reqs and acks are at most so large, as failure detection depends on them: the least max_datagram, which
 * has room for a member with all of its tags and a usual name, and passes where packets of 1,052 bytes do (1,072 with
 * IPv6).
 */
#define PATH_BASE WIRE_DATAGRAM_MIN
/* The smallest size, tried where PATH_BASE does not arrive: packets of 576 bytes, which every IPv4 host takes (RFC 791). */
#define PATH_FLOOR 548

/* A stranger said that somebody lives at an address; we have pinged that address and wait for the answer. */
struct visitor {
	struct swim_addr addr;
	struct question question; /* closed: free */
	uint64_t hash;            /* of its name */
	uint64_t incarnation;
	swim_time sent;
	size_t asked; /* bytes of the question */
	bool swimd;   /* a swimd told of it */
	/* a base peer gave the address for an id: any member that answers there is meant */
	bool whoever;
	/* with `whoever`: since when base peers have called it suspect; NEVER: they do not */
	swim_time suspected;
};
#define VISITORS_MAX 64

/* When views may be compared next. */
struct pace {
	swim_time allowed; /* not before */
	swim_duration backoff;
};

struct sync {
	bool active;
	bool member;  /* who is asked was known for one when it began */
	bool vouches; /* what it shows is taken without asking those that it tells of */
	struct swim_addr addr;
	struct question question; /* for this page */
	struct wire_cursor cursor;
	uint16_t covered; /* buckets of the request under way reach up to here */
	swim_time next;
	size_t pages; /* taken in so far */
	bool changed; /* something new came of it */
	size_t most;  /* bytes of the first request for a page, and so of the page */
};

#define QUOTA_SOURCES 256 /* sources that share a place share a quota */
/* Until when the updates taken so far are paid for: of each source, of all strangers, of all sources, and about us. */
struct quota {
	swim_time sources[QUOTA_SOURCES];
	swim_time strangers, all, self;
};

struct out {
	struct swim_addr to;
	size_t offset, len;
	size_t host_offset; /* of host:port, NUL-terminated; SIZE_MAX: none */
	enum wire_type type;
};

/* Which request of ours a datagram answers. */
struct answer {
	bool ours;    /* one of ours at all, by its sequence number */
	bool of_seed; /* a question to a seed, and not to ourselves */
	bool
	    as_itself; /* the speaker was asked under its name: the speaker's word of itself counts */
	bool believed; /* members that the answer tells of are taken up without being asked */
	struct swim_addr asked; /* where the question went; family 0: nowhere known */
};

/* What the sender of the datagram at hand evidently does not know, found while its updates are applied. */
struct findings {
	bool misjudged; /* the sender holds us for something else than alive */
	bool
	    lacks_answer; /* the sender does not know that dead members which it tells of have answered */
	struct member
	    *missed; /* the sender does not know of the death of this member, or of our return */
	/* members of which a datagram of a base peer says what is no longer so */
	struct member *stale[STALE_MAX];
	size_t stale_count;
};

/* How much the datagram at hand may make us send to addresses that have not answered. */
struct allowance {
	size_t credit; /* bytes that are left */
	size_t spent;  /* bytes sent to the source address already */
	bool charged;  /* something was sent because of what the datagram says */
	bool visited;  /* somebody was pinged because of what the datagram says of others */
};

/*
 * What makes the core act: a datagram, or else a timer or a call, when we ourselves are the speaker.  Only swim.c and
 * speaker.c make and change an input; all others get it const.  What handling a datagram finds and spends is kept in the two
 * records that its input points to.
 */
struct input {
	const struct wire_message *msg; /* NULL: no datagram */
	size_t len;                     /* of the datagram, in bytes */
	/* who sent it, as the datagram says; without an id: it does not say; without an address: a swimd, which says that for itself */
	struct wire_member_id claimed;
	struct swim_addr from;   /* source address; family 0: no datagram */
	uint32_t zone;           /* network interface that it came by; 0: none, or not known */
	struct wire_str speaker; /* name of the member whose word it is; points to `name` */
	char name[SWIM_NAME_MAX + 1];
	enum authority authority;
	bool named; /* the datagram names its sender */
	bool base;  /* the datagram has no extensions, so its sender tells no tags */
	bool
	    base_peer; /* and a base peer sent it: a small answer of a swimd may lack extensions too */
	bool shows_kind;  /* an answer that has no sign of a swimd although it had room for one */
	bool from_member; /* a member, perhaps an unnamed one, lives at the source address */
	bool vouches;     /* members that it tells of are taken up without being asked first */
	struct answer answer;
	struct findings *found;
	struct allowance *allowance;
};

/* Room for an input and for the two records that it points to. */
struct input_room {
	struct input input;
	struct findings found;
	struct allowance allowance;
};

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
	size_t stand_ins;
	/* when to drop stand-ins that no answer has confirmed; NEVER: there are none */
	swim_time stand_in_ends;
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
	struct join joins[SWIM_PENDING_JOINS];

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

/* members.c */
struct member *members_find(const struct swim *, const char *name, size_t len);
/* In status ALIVE, incarnation 0, in no list but the table; NULL: no memory. Counts no event. */
struct member *members_create(struct swim *, const struct input *, const struct wire_member_id *);
void members_destroy(struct swim *, const struct input *, struct member *);
/* The member has answered a question of ours, or of others who told us so. */
bool members_has_lived(const struct member *);
void members_note_lived(struct member *);
/* Another says so, in a rumour or in a page: one that is dead or has left is remembered for longer. */
void members_hear_answered(struct swim *, struct member *, bool rumour);
/* Make room when max_members is reached by forgetting someone gone; false: nobody is. */
bool members_make_room(struct swim *, const struct input *);
uint64_t members_hash(const char *name, size_t len);
void members_set_partial(struct swim *, struct member *);
/* These are all the tags of the member.  False: no memory. */
bool members_set_tags(struct swim *, struct member *, struct wire_str tags);
/* Every change of status or incarnation goes through here: lists, timers, digest and events follow. */
void members_transition(struct swim *, const struct input *, struct member *, enum life,
    uint64_t incarnation);
/* The life of a member that is shown in this status, and of a tombstone, for whose member the status is dead or left. */
enum life members_shown_life(enum swim_status);
enum life members_hidden_life(enum swim_status);
/* It has been removed: a tombstone from now on, with a rumour that says so. */
void members_forget(struct swim *, const struct input *, struct member *, enum swim_status,
    uint64_t incarnation);
/* The stand-in's id turned out to be its real one. */
void members_confirm(struct swim *, const struct input *, struct member *);
/* Up to `want` random others that are alive or suspect and pass `filter` (may be NULL). */
size_t members_pick(struct swim *, size_t want, const struct member *except,
    bool (*filter)(const struct swim *, const struct member *), struct member **out);
/* First table position whose hash is this one or above it; and first one whose hash is above it. */
size_t members_position_from(const struct swim *, uint64_t hash);
size_t members_position_after(const struct swim *, uint64_t hash);
/* With those of the bucket that were removed, if `removals`. */
uint32_t members_bucket_digest(const struct swim *, unsigned bucket, bool removals);
/* Mark a tombstone as a removal: it tells others to forget its member. */
void members_mark_removed(struct swim *, struct member *);
/* others alive or suspect, and us */
size_t members_live(const struct swim *);
void members_announce(struct swim *, const struct input *, struct member *);
/* Take out of the digest of the view what m adds to it, or put that in: around a change of it. */
void members_digest_toggle(struct swim *, const struct member *);

static inline enum swim_status
life_status(enum life life)
{
	switch (life) {
	case LIFE_NEW:
	case LIFE_ALIVE:
		return SWIM_ALIVE;
	case LIFE_SUSPECT:
		return SWIM_SUSPECT;
	case LIFE_DEAD:
	case LIFE_DEAD_HIDDEN:
	case LIFE_DEAD_REMOVED:
		return SWIM_DEAD;
	case LIFE_LEFT:
	case LIFE_LEFT_HIDDEN:
	case LIFE_LEFT_REMOVED:
		break;
	}
	return SWIM_LEFT;
}
static inline bool
life_is_shown(enum life life)
{
	return life >= LIFE_ALIVE && life <= LIFE_LEFT;
}
static inline enum swim_status
members_status(const struct member *m)
{
	return life_status(m->life);
}
/* It is reported, and told of in pages: no tombstone, and not in the making. */
static inline bool
members_is_shown(const struct member *m)
{
	return life_is_shown(m->life);
}
/* It was removed, and others are told to forget it. */
static inline bool
members_is_removed(const struct member *m)
{
	return m->life >= LIFE_DEAD_REMOVED;
}
/* Alive or suspect, and shown: one of the others, or we ourselves. */
static inline bool
members_is_living(const struct member *m)
{
	return m->life == LIFE_ALIVE || m->life == LIFE_SUSPECT;
}
/* An event has been given out that it joined in this life. */
static inline bool
members_is_announced(const struct member *m)
{
	return m->told != TOLD_NOTHING;
}
/* Another member that we hold alive or suspect. */
static inline bool
members_is_live(const struct member *m)
{
	return m->listing == LISTED_LIVE;
}
/* Another member that is dead, has left, or was removed. */
static inline bool
members_is_gone(const struct member *m)
{
	return m->listing == LISTED_GONE;
}

/* extra.c */
extern const struct extra extra_none;
/* To read what few members have. */
static inline const struct extra *
extra_of(const struct member *m)
{
	return m->extra != NULL ? m->extra : &extra_none;
}
/* To change it.  NULL: no memory. */
struct extra *extra_new(struct swim *, struct member *);
/* Free it if nothing is left in it. */
void extra_tidy(struct swim *, struct member *);
/* Free it with all that is in it. */
void extra_free(struct swim *, struct member *);

/* input.c */
/* The input of a timer or a call: we ourselves speak, and nothing may be sent to strangers.  The result points into `room`. */
struct input *input_own(const struct swim *, struct input_room *room);
/* The input of a datagram, before anything is known of its sender.  The result points into `room`, and to `msg`. */
struct input *input_of_datagram(struct input_room *room, const struct wire_message *msg,
    const struct swim_addr *from, uint32_t interface, size_t len);
/* The datagram has answered a request of ours: its sender receives what we send. */
void input_raise(struct input *);
/* Does the datagram name its sender, in its trailer or its envelope? */
bool input_names_sender(const struct input *);
/* The same datagram once it is known which request it answers.  The result points into `in`. */
struct input input_answering(const struct input *in, struct answer);
/* Did the datagram come from this address? */
bool input_is_from(const struct input *, const struct swim_addr *);
/* From now on the word is that of the member of this name. */
void input_speak(struct input *, const char *name, size_t len);

/* foreign.c */
/* A valid datagram of `len` bytes that belongs to another cluster. */
void foreign_heard(struct swim *, const struct wire_message *, const struct swim_addr *from,
    size_t len);

/* locate.c */
/* The member at this address: one that is alive before one that isn't.  NULL: none. */
struct member *locate_at(const struct swim *, const struct swim_addr *);
/* Each member whose address this is, dead ones and those that left too.  Set *i to 0 before the first call.  NULL: no more. */
struct member *locate_each_at(const struct swim *, const struct swim_addr *, size_t *i);
/* Is another member that is alive, or are we ourselves, at this member's address?  One of the two is gone, it seems. */
bool locate_is_shared(const struct swim *, const struct member *);
/* Its numeric address, of what is told of it. */
void locate_parse(const struct input *, struct member *);
/* False: no memory. */
bool locate_move(struct swim *, const struct input *, struct member *, const char *address,
    size_t len);
/* The member's address is a host name, and it has answered a question of ours at this numeric address. */
void locate_found(struct swim *, const struct input *, struct member *, const struct swim_addr *);
/* Can we send to it? */
bool locate_reaches(const struct swim *, const struct swim_addr *);
bool locate_is_reached(const struct swim *, const struct member *);
/* The member speaks to us from `from`: its link-local address is in the zone of that. */
void locate_heard(struct swim *, struct member *, const struct swim_addr *from);
/* Its address is told anew: one whose zone is not known is where we hear of it. */
void locate_told(struct swim *, const struct input *, struct member *);

/* link.c */
/* The address to send to m: its own, or another at which m has answered while its own was silent. */
const struct swim_addr *link_way(const struct member *);
/* m has answered at link_way(m), so that we may send it more than it has asked for. */
bool link_is_shown(const struct member *);
/* m has answered at this address. */
bool link_is_shown_at(const struct member *, const struct swim_addr *);
/* Another address than `first` at which m may be asked; NULL: none that we can send to. */
const struct swim_addr *link_second(const struct swim *, const struct member *,
    const struct swim_addr *first);
/* A probe of m begins: where another address has been used for long, m is asked at its own address too. */
void link_retry(struct swim *, struct member *);
/* This ack of a helper has the address at which the helper reached m: ask m there, once. */
void link_try(struct swim *, const struct input *, struct member *);
/* Tell in the ack of a ping-req where we reached the target, if not at its address.  The trailer points to `text`. */
void link_reached(const struct swim *, struct wire_str id, char *text, struct wire_trailer *);
/* The member that speaks now does so from this address. */
void link_heard(struct swim *, const struct input *);
/* m has answered a question at this address, which is another than the one that m advertises. */
void link_found(struct swim *, struct member *, const struct swim_addr *at);
/* m has answered a probe that was sent to this address. */
void link_answered_at(struct swim *, struct member *, const struct swim_addr *asked);
/* The ack at hand answers a question that we sent directly to the member that the ack names. */
void link_answered(struct swim *, const struct input *);
/* The link with the member that was asked works; it is no answer if another member sent it. */
struct answer link_check_answered(struct swim *, const struct input *, struct question *);
/* The member can be reached at the address where it was asked; it is no answer if another member sent it. */
struct answer link_retry_answered(struct swim *, const struct input *, struct question *);
/* The member answers a probe after others did: it is no answer if another member sent it. */
struct answer link_late_answered(struct swim *, const struct input *, struct question *);
void link_tick(struct swim *, const struct input *);
swim_time link_deadline(const struct swim *);
void link_stalled(struct swim *);
/* No more questions about the link with m. */
void link_stop(struct swim *, const struct member *);
/* m has answered others, but not us, who asked it under `seq`. */
void link_missed(struct swim *, const struct input *, struct member *, uint64_t seq);
/* The member has a new address or a new life: nothing is known any more of the ways to it. */
void link_forget(struct swim *, struct member *);
/* We reach the member through a translation of addresses that may have forgotten it since it last spoke to us. */
bool link_is_stale(const struct swim *, const struct member *);
enum swim_path link_path(const struct swim *, const struct member *);
/* The member that speaks, if it has answered us at this address, or else the member that lives there; NULL: none. */
struct member *link_speaker(const struct swim *, const struct input *,
    const struct swim_addr *from);

/* link_report.c */
/* A link of ours broke or recovered. */
void link_report_changed(struct swim *);
void link_report_tick(struct swim *);
swim_time link_report_deadline(const struct swim *);
/* Take the reports that a datagram brings. */
void link_report_take(struct swim *, const struct input *);
/* Put reports that are to be passed on into the trailer; they are valid until the next call. */
void link_report_add(struct swim *, struct wire_trailer *);
/* If `to` does not answer at its address, say so in the trailer, which points to `text` of SWIM_ADDR_TEXT bytes. */
void link_report_complain(const struct swim *, const struct member *to, char *text,
    struct wire_trailer *);
/* The member takes another status, or is shown or hidden: since when does it live at its address? */
void link_report_note_life(const struct swim *, struct member *, enum swim_status from,
    bool was_hidden);
/* Take from a ping whether its sender can reach us at our address. */
void link_report_complaint(struct swim *, const struct input *);
void link_report_forget(struct swim *, struct member *);

/* base.c */
/* For this long after its (new) start a base peer is new: it may not have heard of members with high incarnations yet. */
#define BASE_NEW_FOR swim_seconds(10)
/* Members above this incarnation are not told to base peers, as the ladder would be too long. */
#define BASE_LADDER_MOST 4096
/* Base peers and strangers may raise the incarnation of a member by this much at once, unless they answer a question of ours. */
#define BASE_JUMP_MOST 64
/* The highest incarnation at which a member is listed that a stranger told, or a base peer by an address: it can still rise. */
#define BASE_FIRST_MOST (BASE_LADDER_MOST / 2)
/* Up to this incarnation every update to a base peer has its whole ladder. */
#define BASE_LADDER_WHOLE 128
/* Has the message no sign of a swimd?  Then a base peer sent it, or a swimd that had no room for such a sign in an answer. */
bool base_speaks(const struct wire_message *);
/* Is this an ack that names the pair of an address and that address, as only a base peer does? */
bool base_answers(const struct swim *, const struct input *);
/* Is m a base peer, by its own datagrams or by the word of a swimd? */
bool base_is_peer(const struct member *m);
/* The kind of m, for reports. */
enum swim_kind base_kind(const struct swim *, const struct member *m);
/* For whom a datagram to m has to be written.  m may be NULL: nobody is known at the address that the datagram goes to. */
enum wire_recipient base_recipient(const struct swim *, const struct member *m);
/* Is this recipient a base peer, new or not? */
bool base_is_recipient(enum wire_recipient);
/* Set *out to the trailer of a ping or ping-req to such a recipient. */
void base_trailer(const struct swim *, enum wire_recipient, struct wire_trailer *out);
/*
 * Set *out to the trailer of an ack to a base peer that names `of`, for a datagram of at most `budget` bytes.  If there is no
 * room for the cluster entry, *out is empty.  Returns the bytes of the ack without updates, which may be above the budget.
 */
size_t base_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * The bytes to pad a ping to m to, 0 for a base peer.  A swimd then has room for its digest in the answer, so that an answer
 * without a digest shows that m is a base peer.
 */
size_t base_room_for_answer(const struct swim *, enum wire_recipient, const struct member *m);
/* May the recipient of this datagram be told of m as swimds are, by name and with extensions? */
bool base_hears_names(const struct wire_writer *, const struct member *m);
/* The pair by which this recipient is told of m.  The result points into m or into `text`. */
struct wire_member_id base_pair(const struct member *m, enum wire_recipient,
    char text[SWIM_ADDR_TEXT]);
/* Is the id of this pair its address, and the address numeric? */
bool base_is_address(const struct swim *, const struct input *, const struct wire_member_id *pair);
/* Is the id of this pair its address `addr`, where we know a swimd (alive or not) under another name? */
bool base_is_alias(const struct swim *, const struct input *, const struct wire_member_id *pair,
    const struct swim_addr *addr);
/* May m be such an alias of a swimd?  Its name is its address, nobody has answered under it, and we have not heard it. */
bool base_may_be_alias(const struct member *m);
/*
 * The name and address of the member that a base peer means by this pair; the pair itself if we know no such member.  The
 * result points into the member or into what `pair` points to.
 */
struct wire_member_id base_meant(const struct swim *, const struct input *,
    const struct wire_member_id *pair);
/* A copy of an ack or nack of a base peer, in which the member has the name that we know it by. */
struct base_heard {
	struct wire_message message;
	char id[SWIM_NAME_MAX], address[SWIM_HOSTPORT_MAX];
};
/* The message to handle: &heard->message if a name had to be translated, else the message itself. */
const struct wire_message *base_hear(const struct swim *, const struct input *,
    struct base_heard *heard);
/* Can a base peer be told of m at all, by gossip or by introductions? */
bool base_can_tell(const struct swim *, const struct member *m);
/* Does gossip to this recipient leave m out? */
bool base_withholds(const struct swim *, enum wire_recipient, const struct member *m);
/*
 * Add the updates that tell a base peer of m.  False: they do not fit, and none was added.  True with none added if gossip to
 * this recipient leaves m out.
 */
bool base_add(const struct swim *, struct wire_writer *, const struct member *m);
/* Add ourselves for a base peer that may be new: the whole ladder, or above BASE_LADDER_WHOLE its first rung.  False: no room. */
bool base_add_self(const struct swim *, struct wire_writer *);
/*
 * Add the rungs of m above the incarnation *known while there is room, and set *known to the last one that was added.  False:
 * the datagram is full before the last rung.
 */
bool base_add_ladder(struct wire_writer *, const struct member *m, uint64_t *known);

/* introduce.c */
/* m has joined, or has come back: base peers are to be told of m, and m, if it is a base peer, of all members. */
void introduce_arrived(struct swim *, struct member *m);
/* m has died or left: base peers are to be told of that. */
void introduce_gone(struct swim *, struct member *m);
/* The introduction, which may be NULL, is about to be freed or begun anew: its ping waits for no answer any more. */
void introduce_unask(struct swim *, struct introduction *);
/* Free what is kept of the introduction of m. */
void introduce_forget(struct swim *, struct member *);
/* Is this base peer, through which we have just joined, still gossiping our join?  Then send it nothing but answers. */
bool introduce_is_spreading(const struct swim *, const struct member *);
/* This base peer pinged us before a swimd told us of it: we are one of those that introduce it to the members. */
void introduce_met(struct swim *, struct member *);
/* Call for each datagram after its updates have been applied.  Notices a base peer that has started anew. */
void introduce_heard(struct swim *, const struct input *);
/* The base peer has been told of the members in the pings of this round; another source than its address is no answer. */
struct answer introduce_answered(struct swim *, const struct input *, struct question *);
void introduce_tick(struct swim *);
swim_time introduce_deadline(const struct swim *);
/* The datagram at hand says something of m that is no longer so.  Ignored unless a base peer may have sent the datagram. */
void introduce_note_stale(const struct input *, struct member *m);
/* A base peer suspects m, which is dead or has left: tell all base peers of that again. */
void introduce_end_again(struct swim *, const struct input *, struct member *m);
/* Add to the answer to the datagram at hand what is true of the members noted by introduce_note_stale. */
void introduce_add_stale(struct swim *, const struct input *, struct wire_writer *);
/* If there was no such answer, send a ping with the same updates to the base peer at `from`. */
void introduce_answer_stale(struct swim *, const struct input *);
/*
 * The base peer at `from` asked us to ping this pair, and the ping was not answered.  If the member that the base peer means
 * is gone, or base peers have suspected an address at which no member lives, tell the base peer of the death.
 */
void introduce_silent(struct swim *, const struct input *, const struct swim_addr *from,
    const struct wire_member_id *pair);

/* apply.c */
/* The member that the update is about says so itself, in the datagram at hand. */
void apply_own_word(struct swim *, const struct input *, const struct wire_update *);
/* The update is of the view that we had before our restart. */
void apply_restored(struct swim *, const struct input *, const struct wire_update *);
/* All of the datagram at hand, in order. */
void apply_updates(struct swim *, const struct input *);
/* This base peer is said to have left at this incarnation, and did not deny that when asked: take it for left.  m may be NULL. */
void apply_left(struct swim *, const struct input *, struct member *, uint64_t incarnation);
/* The base peer m answers at the address `to` under its id, and no more at its former address: it has moved. */
void apply_moved(struct swim *, const struct input *, struct member *, const struct swim_addr *to);
/* Raise our incarnation above `than` (saturating) and tell everybody. */
void apply_refute(struct swim *, const struct input *, uint64_t than);
/* The stand-in at this member's address gives way to the member, which really lives there. */
void apply_replace_stand_in(struct swim *, const struct input *, const struct member *real);
/*
 * May this be a member's address?  Writes its canonical text, without a zone, and its numeric one, a link-local one in
 * the zone that it was told in.
 */
bool apply_address(const struct swim *, const struct input *, struct wire_str, char *text,
    struct swim_addr *);

/* accused.c */
/* This update is about us: if it accuses us, note its accusers. */
void accused_note(struct swim *, const struct input *, const struct wire_update *);

/* quota.c */
/* May this update of the datagram at hand be applied? */
bool quota_allows(struct swim *, const struct input *, const struct wire_update *);
/* The state before an update, by which quota_charge sees whether the update was news. */
struct quota_mark {
	uint64_t digest, incarnation;
	size_t events, datagrams;
};
struct quota_mark quota_mark(const struct swim *);
/* The update has been applied: charge it to its source. */
void quota_charge(struct swim *, const struct input *, const struct wire_update *,
    struct quota_mark before);

/* suspicion.c */
extern const struct suspicion suspicion_none;
/* To read why m is suspected, or was held dead. */
static inline const struct suspicion *
suspicion_of(const struct member *m)
{
	return m->suspicion != NULL ? m->suspicion : &suspicion_none;
}
/*
 * Make room for one suspicion more, before a member becomes suspect.  False: there is no memory, and more members than one in
 * eight are suspect, or dead with accusers.
 */
bool suspicion_room(struct swim *);
/* Make room for the suspicions of one in eight of so many members, so that suspicion_room() needs none.  False: no memory. */
bool suspicion_room_ahead(struct swim *, size_t members);
/* m takes another status: its accusers count no longer. */
void suspicion_acquit(struct member *m);
/* m has taken another status: put it into the list of suspects, which has to have room for it, or take it out. */
void suspicion_list(struct swim *, struct member *m);
/* m is destroyed. */
void suspicion_forget(struct swim *, struct member *m);
/* The suspect m is to be forgotten with its verdict. */
void suspicion_doom(struct member *m);
/* m is dead: those who came to the verdict go with it. */
void suspicion_keep_verdict(struct swim *, struct member *m, const struct wire_update *);
/* One more accuser of a suspect, by the hash of its name; false: known, or no room. Moves the deadline. */
bool suspicion_accuse(struct swim *, struct member *, uint64_t accuser);
/* From now on m is suspected, by nobody yet. */
void suspicion_begin(struct swim *, struct member *);
void suspicion_own(struct swim *, const struct input *,
    struct member *); /* ours: a probe of it failed */
/* Those who accuse m by this update; true: one is new. */
bool suspicion_take(struct swim *, const struct input *, struct member *,
    const struct wire_update *);
/* It is the word of those alone whom we hold dead. */
bool suspicion_is_void(const struct swim *, const struct input *, const struct wire_update *);
/* Enough others have found m silent for us to hold it dead, as the update does. */
bool suspicion_proves(const struct swim *, const struct member *m, const struct wire_update *);
/* Those to be named with an update of m: all of a suspect, as many as a verdict needs of one that is dead. */
uint8_t suspicion_named(const struct swim *, const struct member *m,
    uint64_t out[WIRE_ACCUSERS_MAX]);
/* How many whom we hold alive accuse m; are they enough for a verdict? */
unsigned suspicion_accusers(const struct swim *, const struct member *m);
/* Members that several others than we find silent. */
size_t suspicion_outage(const struct swim *);
bool suspicion_confirmed(const struct swim *, const struct member *m);
/* We ourselves are one of its accusers. */
bool suspicion_is_ours(const struct swim *, const struct member *m);
/* The suspect has answered us, so it is alive, though it has not refuted. */
struct answer suspicion_answered(struct swim *, const struct input *, struct question *);
/* The suspect has answered others, so it is alive; it has not spoken to us. */
struct answer suspicion_answered_to_others(struct swim *, const struct input *, struct question *);
void suspicion_tick(struct swim *, const struct input *);
swim_time suspicion_deadline(const struct swim *);
void suspicion_stalled(struct swim *, swim_duration late);

/* doubt.c */
void doubt_init(struct swim *);
/* Our own part of a probe failed (Lifeguard IV.A); or an answer, or somebody else's finding, shows that it works. */
void doubt_worsen(struct swim *);
void doubt_improve(struct swim *);
/* Something other than a probe says that we are slow or miss datagrams; counts once a probe interval at most. */
void doubt_strain(struct swim *);
/* A datagram came that was taken. */
void doubt_heard(struct swim *);
/* A question to a member that lives was answered, or was not in time: it or its answer was lost. */
void doubt_question_answered(struct swim *);
void doubt_question_lost(struct swim *);
/* A tick this late means that the process stood still. */
bool doubt_is_stall(const struct swim *, swim_duration late);
/* The process stood still: until a probe is answered, or several have failed, no failure is believed. */
void doubt_stood_still(struct swim *);
/* A probe of ours was answered. */
void doubt_probe_answered(struct swim *);
/* Our loop is so late that the time of an answer says nothing of the path. */
bool doubt_is_late(const struct swim *);
/* How long to wait for an answer that takes so long when we are well. */
swim_duration doubt_stretch(const struct swim *, swim_duration);
/* The same of the probe interval, by half as much: who has lost all others has to find that out in time. */
swim_duration doubt_stretch_period(const struct swim *, swim_duration period);
/* False: we have just stood still, so that a silence says nothing of others. */
bool doubt_may_accuse(const struct swim *);
/* A probe has failed.  True: we have just stood still, and the failure counts for nothing. */
bool doubt_excuses_failure(struct swim *);
/* May no verdict fall on a member that has been suspected since then?  We hear nobody, or are held dead ourselves. */
bool doubt_forbids_verdict(const struct swim *, swim_time since);
/* How many questions in a row have to stay without an answer to say something of their member. */
unsigned doubt_questions(const struct swim *);
/* The same before the verdict on a member that has been suspected since then. */
unsigned doubt_questions_before_verdict(const struct swim *, swim_time since);

/* damping.c */
/* We are held dead at `than`: refute it, now or once we are well. */
void damping_condemned(struct swim *, const struct input *, uint64_t than);
/* We are said to be dead or to have left at `than`, by who need not know. */
void damping_hearsay(struct swim *, const struct input *, uint64_t than);
/* We are suspected at `than`. */
void damping_suspected(struct swim *, const struct input *, uint64_t than);
/* We were held dead at an incarnation that is below ours. */
void damping_was_dead(struct swim *, uint64_t incarnation);
/* We return for another reason. */
void damping_acquit(struct swim *);
bool damping_doubts_us(const struct swim *);
/* One answer more for our trial. */
struct answer damping_answered(struct swim *, const struct input *, struct question *);
void damping_stalled(struct swim *, swim_duration late);
void damping_tick(struct swim *, const struct input *);
swim_time damping_deadline(const struct swim *);

/* gossip.c */
void gossip_queue(struct swim *, struct member *);
void gossip_drop(struct swim *, struct member *);
/* How often a rumour is sent. */
unsigned gossip_limit(const struct swim *);
/* Another tells the same: the rumour needs less of us. */
void gossip_heard(struct swim *, struct member *);
void gossip_tick(struct swim *);
/* The member lives at its address; it is no answer if another member sent it. */
struct answer gossip_answered(struct swim *, const struct input *, struct question *);
/* After that, and what came with it: the rumours that it waits for. */
void gossip_welcome(struct swim *, const struct input *);
/*
 * What we know of m, at once, to the member at this address; in `len` bytes at most, unless it has shown to be
 * there.
 */
void gossip_tell(struct swim *, const struct input *, struct member *);
/*
 * Some of these updates say `unanswered` of a dead member.  Send the sender an update with `answered` of each such member
 * that, as we know, has answered somebody; in `len` bytes at most, unless the sender has answered at this address.
 */
void gossip_tell_answered(struct swim *, const struct input *);
/* That m has moved, to whoever lives now where it has answered before: m itself, if that is not so. */
void gossip_moved(struct swim *, struct member *m, const struct swim_addr *former);
/* Ping `to`, which has not answered at its address yet: the answer shows that `to` lives there, and which kind it is. */
void gossip_ask_first(struct swim *, struct member *to);
void gossip_wake(struct swim *);
bool gossip_add_member(struct swim *, struct wire_writer *, struct member *);
/* The same, but without the member's tags where there is no room for these. */
bool gossip_add_without(struct swim *, struct wire_writer *, struct member *);
/*
 * The same without the member's tags, which only those are told who have answered.  In the first seconds of our own life
 * the tags go along all the same, so that nobody takes us up as a member without our tags first.
 */
bool gossip_add_untagged(struct swim *, struct wire_writer *, struct member *);
/* Ask the member, in a question to it, whether it is alive: it refutes this suspicion at the given incarnation. */
bool gossip_add_doubt(struct wire_writer *, const struct member *, uint64_t incarnation);
/*
 * Add a few members, whoever they are, for a base peer: it compares no views, so that what rumours once missed
 * it would never learn.
 */
void gossip_remind(struct swim *, struct wire_writer *, const struct member *recipient);
/* Fill up with rumours, freshest first, none about `recipient` unless it is not alive. */
void gossip_fill(struct swim *, struct wire_writer *, const struct member *recipient);

/* probe.c */
void probe_tick(struct swim *, const struct input *);
swim_time probe_deadline(const struct swim *);
void probe_forget(struct swim *, struct member *);
void probe_period_seen(struct swim *, const struct input *, uint32_t period);
/* No probe is under way any more. */
void probe_end(struct swim *);
/* The target of this period is alive; if another member answers, only a stand-in counts as answered. */
struct answer probe_answered(struct swim *, const struct input *, struct question *);
/* Others have reached the target of this period, which we have not reached. */
struct answer probe_answered_to_others(struct swim *, const struct input *, struct question *);
/* The question of this number went to others, who answer for the member that it is about. */
bool probe_is_indirect(const struct swim *, uint64_t seq);
/* The member that speaks has passed a question of ours on to m, and m has answered it. */
void probe_helped(struct swim *, const struct input *, struct member *m);
/* A datagram of m came from an address where m lives. */
void probe_heard(const struct swim *, const struct input *, struct member *m);
void probe_nack(struct swim *, const struct input *);
/* A ping that was sent once, at that time, has been answered now, by m if that is known (or NULL). */
void probe_measure(struct swim *, struct member *m, swim_time sent);
/*
 * A ping of any kind to a known member.  What we hold against it comes first, so that it can refute;
 * gossip comes along.
 */
void probe_ping(struct swim *, struct member *, uint64_t seq);
/* The same, at this address and nowhere else. */
void probe_ping_at(struct swim *, struct member *, const struct swim_addr *, uint64_t seq);
swim_duration probe_patience(const struct swim *, const struct member *);
/* How long who asks others waits for them, by our constants. */
swim_duration probe_rest(const struct swim *);
/* Ask a few others to ping the target; their answers come under `seq`, and are awaited for so long. */
void probe_ask_others(struct swim *, struct member *target, uint64_t seq, swim_duration wait);
bool probe_same_id(struct wire_str id, const struct member *);
void probe_reconnect(struct swim *);
void probe_stalled(struct swim *, swim_duration);

/* confirm.c */
/* Others suspect m: if it falls to us, probe it ourselves, at once. */
void confirm_start(struct swim *, struct member *m);
void confirm_forget(struct swim *, const struct member *);
void confirm_stalled(struct swim *);
/* The suspect lives, and we do not accuse it; the tries before the one that is answered count as lost. */
struct answer confirm_answered(struct swim *, const struct input *, struct question *);
void confirm_tick(struct swim *, const struct input *);
swim_time confirm_deadline(const struct swim *);

/* relay.c */
void relay_request(struct swim *, const struct input *);
/* The asker hears of the answer, if it is the target's.  It is no answer to a question of our own. */
struct answer relay_answered(struct swim *, const struct input *, struct question *);
void relay_tick(struct swim *, const struct input *);
swim_time relay_deadline(const struct swim *);

/* join.c */
/* A base peer has answered at `addr`, and we are asking at its former address whether it has moved (JOIN_FORMER). */
bool join_is_move_to(const struct swim *, const struct swim_addr *addr);
bool join_start(struct swim *, const struct input *, const struct swim_addr *, enum join_kind);
/*
 * Another bears our name, it is said, at `addr`: find out; when nobody answers there, rise above `than`.  True: just
 * begun; else that is under way, or there is no place for it.
 */
bool join_contest(struct swim *, const struct input *, const struct swim_addr *addr, uint64_t than);
/* A datagram from the address `at`, which names no sender, says that this base peer left at this incarnation: ask there. */
void join_ask_leaver(struct swim *, const struct input *, const struct member *,
    const struct swim_addr *at, uint64_t incarnation);
/* That question to this address is under way. */
bool join_is_leaver(const struct swim *, const struct swim_addr *);
/* We are finding that out. */
bool join_is_contested(struct swim *, const struct swim_addr *addr);
/* How long it takes at most. */
swim_duration join_contest_takes(const struct swim *);
/* True if `seq` is of a ping or claim of ours that is under way: then we hear ourselves. */
bool join_is_ours(const struct swim *, uint64_t seq);
/* A ping in our own name has come.  If the number is of a ping of ours to a seed, the seed's address is one of our own. */
void join_came_back(struct swim *, const struct input *, uint64_t seq);
void join_uncontested(struct swim *, const struct input *, const struct swim_addr *addr);
/*
 * Note the outcome by the claim that came from this address.  It takes effect once a namesake has answered there, and only
 * then is the conflict told.  `modern`: the claim is of this version, whose sender tells us when it decides to stay.
 */
void join_claimed(struct swim *, const struct swim_addr *addr, enum claim_end, bool modern);
/* A claim has come that ends the contest with the one at this address for us, once that one has answered. */
bool join_is_outdone(const struct swim *, const struct swim_addr *addr);
/* Is a question of ours to this address under way whose answer tells whether one of our name lives there? */
bool join_asks(const struct swim *, const struct swim_addr *addr);
/* A small answer from one of our name. */
void join_nack(struct swim *, const struct input *);
/* Another member says that our name lives there. */
void join_witness(struct swim *, const struct input *, const struct swim_addr *addr);
/* Who speaks from here, and is not known, is a member under this id, at incarnation 0 until it says more of itself. */
void join_introduce(struct swim *, const struct input *, const struct wire_member_id *,
    const struct swim_addr *from);
/* Who answered from here (without our extensions) is a member under the id that it gave. */
void join_learn(struct swim *, const struct input *, const struct swim_addr *from);
/* What answers belongs to another cluster: that is the end of a join that waits for it. */
void join_foreign(struct swim *, const struct wire_message *, const struct swim_addr *from);
void join_tick(struct swim *, const struct input *);
swim_time join_deadline(const struct swim *);
/* Somebody lives at the address that was asked: what follows of that depends on the kind of the join. */
struct answer join_answered(struct swim *, const struct input *, struct question *);

/* speaker.c */
/*
 * Who sent this.  Ours carry their sender's name, an envelope too; a base peer's is the known member at
 * its source address.  Sets the speaker, its authority and what kind of sender it is.  NULL: nobody that we know (yet).
 */
struct member *speaker_identify(struct swim *, struct input *);
/* A base peer that gives no name speaks from the address of a swimd: ask who lives there now. */
void speaker_check_kind(struct swim *, const struct input *);
/*
 * The ack at hand answers a question of ours, and what it says is the word of the member that it names.  That member can
 * be reached at the address that we asked; where the answer came from another address, we ask the member there too.
 */
void speaker_answers(struct swim *, struct input *);
/* The answer to a question of ours may tell that its sender is a base peer. */
void speaker_note_answer(struct swim *, struct input *);
/* `m` says that it speaks, from where nobody is known to: ask there. */
void speaker_ask(struct swim *, const struct input *, const struct member *m);
/*
 * The sender of a ping or ping-req that names nobody: `known`, or if that is NULL, the member that lives at the source
 * address.  If only members that are gone lived there, it is one of these; if nobody did, it is a new stand-in.  In both cases
 * a ping goes there, whose answer tells who the sender is.  NULL: there is no room for a stand-in, or the sender may have
 * moved there.
 */
struct member *speaker_meet(struct swim *, const struct input *, struct member *known);
/* The member at this address has answered by its id: drop the unconfirmed stand-in of this address. */
void speaker_drop_stand_in(struct swim *, const struct input *, const struct swim_addr *);
/* If a swimd has answered at this address, drop the member that base peers made of it by calling it by its address. */
void speaker_drop_alias(struct swim *, const struct input *, const struct swim_addr *);
void speaker_tick(struct swim *, const struct input *);
swim_time speaker_deadline(const struct swim *);
/* A base peer in an envelope says who it is: it need say no more to be a member. */
void speaker_introduce(struct swim *, struct input *);

/* visitor.c */
/* May the update at hand make a member, or move one?  `from_subject`: the member itself says so. */
bool visitor_is_vouched(const struct swim *, const struct input *, bool from_subject);
/* True in the first seconds of our own life: members that we meet then count as the cluster. */
bool visitor_is_arriving(const struct swim *);
/* Does the speaker's word (NULL: a stranger's) count where it tells of others than itself? */
bool visitor_vouches(const struct swim *, const struct input *, const struct member *speaker);
/* The update may not: ping the address at which its member is said to live. */
void visitor_hear(struct swim *, const struct input *, const struct wire_update *,
    const struct swim_addr *told, bool from_subject);
/*
 * Have base peers been calling this address, at which we know no member, suspect for 5 seconds, while our pings there were
 * not answered?  Sets *incarnation to the highest one that they told.
 */
bool visitor_is_suspected(const struct swim *, const struct swim_addr *, uint64_t *incarnation);
/* The visitor lives there; it is no answer if another member than the one that was asked for sent it. */
struct answer visitor_answered(struct swim *, const struct input *, struct question *);
/* Does this answer such a ping, one so small that the answer of a swimd would have had no room for a digest? */
bool visitor_had_no_room(const struct swim *, const struct input *);
/* Leave out of a ping's trailer what does not fit.  Returns the least that the ping takes, which may be above the budget. */
size_t visitor_least(struct wire_trailer *trailer, size_t budget);
/* The same, and 0 for more than may be sent. */
size_t visitor_fit(struct swim *, const struct input *, struct wire_trailer *, size_t budget);
/* Take note that so many bytes have been sent to this address. */
void visitor_spend(const struct input *, const struct swim_addr *to, size_t len);
/* May we send one more ping that is larger than the datagram that asked for it?  If so it is counted. */
bool visitor_gift(struct swim *, const struct input *);

/* guest.c */
/* Somebody answered from here, until a moment from now a guest. */
void guest_answered(struct swim *, const struct swim_addr *);
/*
 * The table is full, and one that we do not know says that it lives at `addr`.  True: it is a guest, and there is
 * room now; else it is asked there, if its word came from there.
 */
bool guest_room(struct swim *, const struct input *, const struct swim_addr *addr);

/* sync.c */
void sync_compare(struct swim *, const struct input *);
/* Does the view of the sender of this trailer differ from ours? */
bool sync_differs(const struct swim *, const struct wire_trailer *);
void sync_start(struct swim *, const struct input *, const struct swim_addr *);
void sync_tick(struct swim *, const struct input *);
swim_time sync_deadline(const struct swim *);
void sync_answer(struct swim *, const struct input *);
/* The datagram is the page that we asked for; its members are taken up without being asked if we believed that when we began. */
struct answer sync_answered(struct swim *, const struct input *, struct question *);
/* The datagram at hand is a page that we asked for: apply it, and ask for the next. */
void sync_page(struct swim *, const struct input *);
/* No comparison is under way any more. */
void sync_end(struct swim *);
/* The member's view is ours, or the member is gone: the syncs that it did not answer count no longer. */
void sync_forget(struct swim *, struct member *);

/* path.c */
/* The most bytes of a datagram to m (NULL: to a stranger) on which failure detection does not depend. */
size_t path_most(const struct swim *, const struct member *m);
/* The most bytes of a datagram on which failure detection depends. */
size_t path_safe(const struct swim *, const struct member *m);
/* The size at which to repeat a datagram of `most` bytes that was not answered this many times. */
size_t path_retry(size_t most, unsigned tries);
/* A datagram of `to` bytes was answered, and a larger one before it was not; m may be NULL. */
void path_fell(struct swim *, struct member *m, size_t to);
/* A datagram of `size` bytes was answered at the first try; m may be NULL. */
void path_holds(struct swim *, struct member *m, size_t size);
/* True if it is not known, or was found out too long ago, whether large gossip arrives at m. */
bool path_is_open(const struct swim *, const struct member *m);
/* The smallest of the sizes to try that is not below this one; max_datagram at most. */
size_t path_step(const struct swim *, size_t size);
/* Watch the ping of this number and size to m for its answer; false: too many are under way. */
bool path_watch(struct swim *, struct member *m, uint64_t seq, size_t size);
void path_forget(struct swim *, const struct member *);
/* The size has arrived, if the member that was pinged answers where we sent the ping. */
struct answer path_answered(struct swim *, const struct input *, struct question *);
void path_tick(struct swim *);
swim_time path_deadline(const struct swim *);

/* outbox.c */
/* A writer over `budget` bytes (max_datagram at most) of the outbox; false: it is full. */
bool outbox_begin(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t budget);
/* The datagram goes to this address.  Returns its length, or 0 where it could not be written. */
size_t outbox_end(struct swim *, struct wire_writer *, const struct wire_trailer *, size_t pad_to,
    const struct swim_addr *to);
/* The same to a member: to the address in use for it, or to whatever its host name stands for by now. */
size_t outbox_end_to(struct swim *, struct wire_writer *, const struct wire_trailer *,
    size_t pad_to, const struct member *);
/* Nothing came of outbox_begin. */
void outbox_cancel(struct swim *);
void outbox_event(struct swim *, const struct input *, enum swim_event_type, const struct member *);
void outbox_seed_event(struct swim *, enum swim_event_type, const struct swim_addr *,
    struct wire_str name);
void outbox_seed_answered(struct swim *, const struct swim_addr *, struct wire_str name,
    bool ourselves);
/* The length of an ack about `of`, in bytes, without updates and without a trailer. */
size_t outbox_answer_body(const struct wire_member_id *of);
/* The trailer that every datagram of ours has: cluster and digest. */
void outbox_trailer(const struct swim *, struct wire_trailer *out);
/* The same with our name. */
void outbox_trailer_named(const struct swim *, struct wire_trailer *out);

/*
 * The trailer of an ack or nack about `of` with no updates, in `budget` bytes if it can be: it goes without what does not
 * fit.  Returns the length of the ack.
 */
size_t outbox_answer_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/* The trailer of an answer to a ping-req, with our name where it fits. */
void outbox_relayed_trailer(const struct swim *, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out);
/*
 * What to pad a ping to, for who answers it to have the bytes for all of that trailer: we may have to show yet that we
 * live here, and without a digest one looks like a base peer.
 */
size_t outbox_room_for_ack(const struct swim *, size_t id_len, size_t address_len);
/* The same, of a ping to this member. */
size_t outbox_room_for(const struct swim *, const struct member *);
/*
 * The bytes of a ping that leave a swimd with a name and an address of these lengths room for its digest in the answer, even
 * if the swimd spends some on a question of its own.  So an answer without a digest is the answer of a base peer.
 */
size_t outbox_room_for_kind(const struct swim *, size_t id_len, size_t address_len);

/* claim.c */
void claim_send(struct swim *, const struct join *);
/* Another member claims our name, in a datagram of this length. */
void claim_receive(struct swim *, const struct input *);
/* Another member has answered us. */
void claim_answered(struct swim *, const struct input *);
/* Others have answered us for so long that whoever comes with our name is the newcomer. */
bool claim_is_settled(const struct swim *);
/* A member of our name has answered a question of ours at this address. */
void claim_shown(struct swim *, const struct swim_addr *);
/* One has, a moment ago. */
bool claim_is_by_namesake(const struct swim *, const struct swim_addr *);
/* One has, or a member of another name: claims may be sent there. */
bool claim_is_shown(const struct swim *, const struct input *, const struct swim_addr *);
/* A member of our name answers at this address, and claims it: tell, but not at every datagram. */
void claim_complain(struct swim *, const struct swim_addr *of);
/* Nobody of our name answers at this address: it was ourselves, before we moved, or one that is gone. */
void claim_unanswered(struct swim *, const struct swim_addr *asked, bool witnessed);
/* One of another name lives there now: no owner of ours comes back. */
void claim_taken(struct swim *, const struct swim_addr *asked);
/*
 * We are said to live elsewhere at incarnation `than`.  Who is settled contradicts at once; where nobody is asked there
 * at most once in the time that asking takes.
 */
void claim_contradict(struct swim *, const struct input *, uint64_t than, bool asking);
/*
 * A member of our name answers where we asked, and has claimed to have borne the name for longer or cannot say for how
 * long.  Either we go, and give that out once; or we stay, and say so; or the contest is open until its `last` question.
 */
enum claim_end claim_outdone(struct swim *, const struct join *, const struct swim_addr *from,
    bool last);

/* report.c */
void report_member(const struct swim *, const struct member *, struct swim_report *out);

#endif
