/* SPDX-License-Identifier: MIT */
/*
 * The queue of rumours: at most one a subject, in lists by its kind and by how often it has been sent.  What a rumour says, to
 * whom it is sent, and how often, is for gossip.c.
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

/* What a rumour can be about. */
enum rumour_subject {
	RUMOUR_MEMBER, /* which points to its rumour */
};

/* Rumours by how much hangs on them; each kind that has any gets a share of every datagram. */
enum rumour_kind {
	RUMOUR_REFUTE, /* ours, and others' return from suspicion or death */
	RUMOUR_GONE,   /* dead, left, forgotten */
	RUMOUR_SUSPECT,
	RUMOUR_JOIN,  /* alive, and new to us */
	RUMOUR_TAGS,  /* alive as before, with other tags or another address */
	RUMOUR_OTHER, /* alive, for all other reasons */
};
#define RUMOUR_KINDS 6
#define RUMOUR_LEVELS 64 /* a rumour is sent less often than this, whatever the cluster's size */

struct rumour {
	TAILQ_ENTRY(rumour) link; /* in list[kind][sent] */
	union {
		struct member *member;
	};
	uint32_t packed; /* serial number of the datagram that it was last packed into */
	uint8_t subject; /* enum rumour_subject */
	uint8_t kind;    /* enum rumour_kind */
	uint8_t sent;    /* times */
};
TAILQ_HEAD(rumour_list, rumour);

struct rumours {
	struct rumour_list list[RUMOUR_KINDS][RUMOUR_LEVELS];
	size_t kind_count[RUMOUR_KINDS];
	size_t count;
	/* serial number of the datagram that is being filled; it may wrap, as no rumour waits for so many datagrams */
	uint32_t datagram;
	struct pool pool;
};

void rumour_init(struct rumours *);
void rumour_fini(struct swim *, struct rumours *);
/* Make room for a rumour about each of so many subjects, so that rumour_about() cannot fail.  False: no memory. */
bool rumour_room(struct swim *, struct rumours *, size_t subjects);

/* Queue a rumour of this kind about the member, sent to nobody yet, in place of the one that is queued. */
void rumour_about(struct rumours *, struct member *, enum rumour_kind);
/* End the rumour; NULL: there is none. */
void rumour_drop(struct rumours *, struct rumour *);
/* The rumour has been sent once more.  After `limit` times it ends. */
void rumour_advance(struct rumours *, struct rumour *, unsigned limit);

/* A datagram is to be filled, into which nothing has been packed yet. */
void rumour_begin_datagram(struct rumours *);
/* The rumour is packed into that datagram. */
void rumour_pack(const struct rumours *, struct rumour *);
bool rumour_is_packed(const struct rumours *, const struct rumour *);

/* The rumours of a kind that have been sent so often, in the order in which they are sent.  NULL: no more. */
struct rumour *rumour_first(const struct rumours *, enum rumour_kind, unsigned sent);
struct rumour *rumour_next(const struct rumour *);

#endif
