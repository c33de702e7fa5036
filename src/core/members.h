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

/* A forgotten member, and one whose death we learnt before its life, is held back this long. */
#define TOMBSTONE_HOLD swim_seconds(120)

/* What becomes of a member.  members_status() and members_is_visible() and the like say what follows of it. */
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

/* Has the member ever answered a question, of ours or of others?  members_has_answered() says it of all that we know. */
enum answered {
	ANSWERED_UNKNOWN,
	ANSWERED_SOMEBODY,
	ANSWERED_BY_RUMOUR, /* we know that by a rumour, and pass it on */
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
	enum answered answered : 2;
	bool by_host : 1;      /* its address is a host name */
	bool unnamed : 1;      /* a base peer known by its address alone */
	bool routable : 1;     /* answered a ping of ours from its address */
	bool was_routable : 1; /* dead, left: was routable in a life before, at this address */
	bool partial : 1;      /* told of by one who does not know its tags */
	char name[];           /* NUL-terminated for convenience; may hold NULs itself */
};
/* A cluster has many members, and each of its members keeps all of them. */
_Static_assert(offsetof(struct member, name) <= 176,
    "a member without its texts is larger than 176 bytes");

struct member *members_find(const struct swim *, const char *name, size_t len);
/* In status ALIVE, incarnation 0, in no list but the table; NULL: no memory. Counts no event. */
struct member *members_create(struct swim *, const struct input *, const struct wire_member_id *);
void members_destroy(struct swim *, const struct input *, struct member *);
/* The member has answered a question of ours, or of others who told us so. */
bool members_has_answered(const struct member *);
void members_note_answered(struct member *);
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
enum life members_visible_life(enum swim_status);
enum life members_hidden_life(enum swim_status);
/* It has been removed: a tombstone from now on, with a rumour that says so. */
void members_forget(struct swim *, const struct input *, struct member *, enum swim_status,
    uint64_t incarnation);
/* The stand-in's id turned out to be its real one. */
void members_keep_name(struct swim *, const struct input *, struct member *);
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
life_is_visible(enum life life)
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
members_is_visible(const struct member *m)
{
	return life_is_visible(m->life);
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

#endif
