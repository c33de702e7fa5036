/* SPDX-License-Identifier: MIT */
/*
 * The queue of rumours: at most one for each subject, in lists by kind and by how often it has been sent.  gossip.c
 * decides what a rumour says, to whom it is sent, and how often.
 */
#ifndef SWIMD_CORE_RUMOUR_H
#define SWIMD_CORE_RUMOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/pool.h"

struct member;
struct swim;

/* The subject of a rumour. */
enum rumour_subject {
	RUMOUR_MEMBER, /* a member, whose `rumour` points to its rumour */
};

/* The kinds of rumours, the most urgent one first.  Each kind that has rumours gets a share of every datagram. */
enum rumour_kind {
	RUMOUR_REFUTE,  /* our own record, and the return of others from suspect, dead or left */
	RUMOUR_GONE,    /* dead, left and removed members */
	RUMOUR_SUSPECT, /* suspicions */
	RUMOUR_JOIN,    /* alive, and new to us */
	RUMOUR_TAGS,    /* alive as before, with other tags or another address */
	RUMOUR_OTHER,   /* alive, for any other reason */
};
#define RUMOUR_KINDS 6
#define RUMOUR_LEVELS 64 /* a rumour is sent fewer times than this in a cluster of any size */

/* A rumour that is queued. */
struct rumour {
	TAILQ_ENTRY(rumour) link; /* in list[kind][sent] */
	union {
		struct member *member;
	};
	uint32_t packed; /* serial number of the last datagram into which it was packed */
	uint8_t subject; /* enum rumour_subject */
	uint8_t kind;    /* enum rumour_kind */
	uint8_t sent;    /* how many times */
};
TAILQ_HEAD(rumour_list, rumour);

/* The queue. */
struct rumours {
	struct rumour_list list[RUMOUR_KINDS][RUMOUR_LEVELS]; /* by kind and by times sent */
	size_t kind_count[RUMOUR_KINDS];                      /* rumours of each kind */
	size_t count;                                         /* all rumours */
	/* serial number of the datagram that is being filled; no rumour waits until it wraps */
	uint32_t datagram;
	struct pool pool; /* room for the rumours */
};

/* rumour_fini() frees the queue with all of its rumours. */
void rumour_init(struct rumours *);
void rumour_fini(struct swim *, struct rumours *);
/* Make room for a rumour about each of this many subjects, so that rumour_about() cannot fail.  False: no memory. */
bool rumour_room(struct swim *, struct rumours *, size_t subjects);

/*
 * Queue a rumour of this kind about the member, as sent no times.  It replaces the rumour about the member that is
 * queued.
 */
void rumour_about(struct rumours *, struct member *, enum rumour_kind);
/* End the rumour; NULL: there is none. */
void rumour_drop(struct rumours *, struct rumour *);
/* The rumour has been sent once more.  After `limit` times it ends. */
void rumour_advance(struct rumours *, struct rumour *, unsigned limit);

/* Begin to fill a datagram: no rumour is packed into it yet. */
void rumour_begin_datagram(struct rumours *);
/* Note that the rumour is packed into the datagram that is being filled; and ask whether it is. */
void rumour_pack(const struct rumours *, struct rumour *);
bool rumour_is_packed(const struct rumours *, const struct rumour *);

/* The rumours of a kind that have been sent `sent` times, in the order in which they are sent.  NULL: no more. */
struct rumour *rumour_first(const struct rumours *, enum rumour_kind, unsigned sent);
struct rumour *rumour_next(const struct rumour *);

#endif
