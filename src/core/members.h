/* SPDX-License-Identifier: MIT */
/* The table of members and its digest; every change of a status. */
#ifndef SWIMD_CORE_MEMBERS_H
#define SWIMD_CORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/probe.h"
#include "core/swim.h"

struct extra;
struct input;
struct rumour;
struct suspicion;
struct swim;

/* How long a tombstone is remembered. */
#define TOMBSTONE_HOLD swim_seconds(120)

/*
 * The life of a member in one value: its status, and whether it is listed.  members_status(), members_is_visible() and
 * others derive from it.
 */
enum life {
	/* just created: counts as alive and is not visible until its first transition */
	LIFE_NEW,
	LIFE_ALIVE,
	LIFE_SUSPECT,
	LIFE_DEAD,
	LIFE_LEFT,
	/* tombstones: not visible, and remembered so that late rumours do not bring the member back */
	LIFE_DEAD_HIDDEN,
	LIFE_LEFT_HIDDEN,
	/* tombstones of removed members: their rumour and pages tell others to forget the member */
	LIFE_DEAD_REMOVED,
	LIFE_LEFT_REMOVED,
};

/* Which kind of peer a member is, as far as we know. */
enum peer {
	/* nobody has told: an earlier version of swimd does not tell which members are base peers */
	PEER_UNTOLD,
	PEER_SWIMD, /* it speaks our extensions */
	/* a base peer: it spoke to us without extensions, or answered without them where it had room for them */
	PEER_BASE,
	/* others call it a base peer; it has neither answered nor spoken to us */
	PEER_SAID_BASE,
	/* a base peer told of it; it may be a swimd peer, which the base peer knows by name */
	PEER_UNSURE,
};

/* How an alive member came to be alive at its incarnation. */
enum alive_as {
	ALIVE_NEW,     /* it has joined in this life */
	ALIVE_AGAIN,   /* it was suspect or dead, and has returned */
	ALIVE_STILL,   /* it was alive at a lower incarnation, with the same tags and address */
	ALIVE_CHANGED, /* it was alive at a lower incarnation, with other tags or another address */
};

/* Is the member known to have answered somebody?  Only a part of the answer: ask members_has_answered(). */
enum answered {
	ANSWERED_UNKNOWN,
	ANSWERED_SOMEBODY,
	ANSWERED_BY_RUMOUR, /* a rumour told us, and our rumours pass it on */
};

/* Which events have been given out in this life of a member. */
enum told {
	TOLD_NOTHING,
	TOLD_JOINED, /* SWIM_EVENT_JOINED, and those of each later change */
	/* SWIM_EVENT_LEFT was the last one.  The member has died in a later life, of which no event told (unseen). */
	TOLD_LEFT,
};

/* Which of the arrays of struct swim lists a member. */
enum listing {
	LISTED_NOWHERE, /* none: ourselves, and a member just created */
	LISTED_LIVE,    /* swim.live: alive or suspect */
	LISTED_GONE,    /* swim.gone: dead, left, or a tombstone */
};

struct member {
	uint64_t hash; /* of the name; orders the table and the pages */
	char *address; /* owned: the advertised address, host:port in canonical form */
	char *tags;    /* owned, encoded (wire/tags.h); NULL: none */
	/* about this member, owned by swim.rumours; NULL: none is queued */
	struct rumour *rumour;
	/* of a suspect, or of a dead member with accusers; else NULL */
	struct suspicion *suspicion;
	struct extra *extra; /* owned: what few members have; NULL: none of it */
	/* `address` as a number; family 0: a host name that is not resolved */
	struct swim_addr addr;
	uint64_t incarnation;
	swim_time since; /* when the status began */
	swim_time met;   /* when it came into our table */
	/* since when it has lived at its address in this life, as far as we have heard */
	swim_time there_since;
	swim_time alive_since; /* when it last became alive */
	/* when its last datagram came from an address at which it lives; NEVER: none did */
	swim_time heard;
	/* suspect: time of the verdict; gone: when it is forgotten; else NEVER */
	swim_time deadline;
	struct rtt rtt; /* round trips of direct questions */
	uint32_t place; /* index in the array that `listing` names */
	/* number (swim.probe_number) of our last probe of it, or of the last probe before it became live */
	uint32_t probed;
	/* serial number (swim.arrivals) of the last time that it became live or gone, for introduce.c */
	uint32_t arrived;
	/* seconds since swim_new: when a larger size is tried next, or until when `path_size` is confirmed (path.c) */
	uint32_t path_at;
	/* bytes of the largest datagram known to arrive there; 0: nothing is known */
	uint16_t path_size;
	uint16_t name_len;
	uint16_t tags_len;
	/* how often the time until the next trial of a larger size has doubled */
	uint8_t path_tries;
	uint8_t rtt_count; /* measurements in `rtt`, counted up to RTT_FEW */
	/* syncs that it left unanswered since its view last equalled ours */
	uint8_t syncs_lost;
	/* dead, never routable: how often we have asked whether it is back */
	uint8_t reconnects;
	enum life life : 4;
	enum listing listing : 2;
	enum swim_path link : 2; /* whether it answers us directly, or others alone */
	enum told told : 2;
	enum peer peer : 3;
	enum alive_as alive_as : 2; /* of an alive member */
	enum answered answered : 2;
	bool by_host : 1;      /* `address` has a host name */
	bool unnamed : 1;      /* a base peer whose name is not known yet: an unnamed peer */
	bool routable : 1;     /* it has answered a question of ours at its advertised address */
	bool was_routable : 1; /* gone: it was routable at this address in its last life */
	bool partial : 1;      /* its tags, or some of them, are not known */
	char name[];           /* name_len bytes, which may include NUL, and a terminating NUL */
};
/* Each member keeps a record of every other one, so the size counts. */
_Static_assert(offsetof(struct member, name) <= 176,
    "a member without its texts is larger than 176 bytes");

/* The member whose name has this hash, listed or a tombstone, ourselves included.  NULL: none. */
struct member *members_by_hash(const struct swim *, uint64_t hash);
/* The member of this name, listed or a tombstone, ourselves included.  NULL: none. */
struct member *members_find(const struct swim *, const char *name, size_t len);
/*
 * Create a member with this name and address (copied), in LIFE_NEW at incarnation 0.  It is in the table and in no
 * list; members_transition() has to follow.  No event.  NULL: no memory.
 */
struct member *members_create(struct swim *, const struct input *, const struct wire_member_id *);
/* Take a member out of the table and of all lists, and free it.  Not for ourselves.  No event. */
void members_destroy(struct swim *, const struct input *, struct member *);
/* Has the member answered a question of ours, or of others who told us so? */
bool members_has_answered(const struct member *);
/* The member has answered somebody. */
void members_note_answered(struct member *);
/*
 * Another member says that this member has answered somebody, in a rumour (`rumour`) or on a page.  If the member is
 * dead or has left, it is remembered for longer then, and a rumour is passed on.
 */
void members_hear_answered(struct swim *, struct member *, bool rumour);
/*
 * If the table has max_members, destroy the gone member that is least worth remembering.  False: the table is full and
 * none is gone.
 */
bool members_make_room(struct swim *, const struct input *);
/* The hash of a name: the order of the table, and the member's bucket. */
uint64_t members_hash(const char *name, size_t len);
/* Note that not all tags of the member's incarnation are known.  The digest of our view differs from that of others then. */
void members_set_partial(struct swim *, struct member *);
/* Set all tags of the member (copied, encoded).  It is partial no more.  False: no memory. */
bool members_set_tags(struct swim *, struct member *, struct wire_str tags);
/*
 * Change the life, the incarnation, or both: every such change goes through here, except that members_mark_removed() makes
 * a tombstone one of a removed member.  Lists, timers, digests, links and events follow; the caller queues the rumour.
 */
void members_transition(struct swim *, const struct input *, struct member *, enum life,
    uint64_t incarnation);
/* The life of a listed member with this status, and that of a tombstone whose member is dead or has left. */
enum life members_visible_life(enum swim_status);
enum life members_hidden_life(enum swim_status);
/* Remove the member: it becomes a tombstone of this status (dead or left), with a rumour that tells others to forget it. */
void members_forget(struct swim *, const struct input *, struct member *, enum swim_status,
    uint64_t incarnation);
/* The address of this unnamed peer has turned out to be its name.  No effect on a member that has a name. */
void members_keep_name(struct swim *, const struct input *, struct member *);
/*
 * Pick up to `want` random live members other than us and `except`, which pass `filter` (may be NULL), into `out`.
 * Returns how many.
 */
size_t members_pick(struct swim *, size_t want, const struct member *except,
    bool (*filter)(const struct swim *, const struct member *), struct member **out);
/*
 * The first position in the table whose hash is at least `hash`, and the first whose hash is above it.  The table's
 * count: none.
 */
size_t members_position_from(const struct swim *, uint64_t hash);
size_t members_position_after(const struct swim *, uint64_t hash);
/* The digest of the members in this bucket, with the removals if `removals`. */
uint32_t members_bucket_digest(const struct swim *, unsigned bucket, bool removals);
/* Make a tombstone that of a removed member, so that others are told to forget the member. */
void members_mark_removed(struct swim *, struct member *);
/* How many members are alive or suspect, ourselves included: N of the formulas in swimd-protocol(7). */
size_t members_cluster_size(const struct swim *);
/* Give out SWIM_EVENT_JOINED, unless that was done in this life or the member is not visible. */
void members_announce(struct swim *, const struct input *, struct member *);
/*
 * Call before a change of m's record, to take m out of the digests, and after the change, to put m in again.
 */
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
life_is_visible(enum life life)
{
	return life >= LIFE_ALIVE && life <= LIFE_LEFT;
}
static inline enum swim_status
members_status(const struct member *m)
{
	return life_status(m->life);
}
/* Is the member listed to clients and told on pages?  Not so a tombstone, nor a member just created. */
static inline bool
members_is_visible(const struct member *m)
{
	return life_is_visible(m->life);
}
/* Is it the tombstone of a removed member? */
static inline bool
members_is_removed(const struct member *m)
{
	return m->life >= LIFE_DEAD_REMOVED;
}
/* Is it alive or suspect?  True of ourselves too until we leave, and false of a member just created. */
static inline bool
members_is_alive_or_suspect(const struct member *m)
{
	return m->life == LIFE_ALIVE || m->life == LIFE_SUSPECT;
}
/* Has SWIM_EVENT_JOINED been given out in this life? */
static inline bool
members_is_announced(const struct member *m)
{
	return m->told != TOLD_NOTHING;
}
/* Is it an unnamed peer that has not answered yet?  Then it gets nothing but a greeting. */
static inline bool
members_awaits_name(const struct member *m)
{
	return m->unnamed && !m->routable;
}
/* Is it another member that is alive or suspect? */
static inline bool
members_is_live(const struct member *m)
{
	return m->listing == LISTED_LIVE;
}
/* Is it another member that is dead, has left, or is a tombstone? */
static inline bool
members_is_gone(const struct member *m)
{
	return m->listing == LISTED_GONE;
}

#endif
