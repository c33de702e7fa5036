/* SPDX-License-Identifier: MIT */
/*
 * A ring of the last events, each encoded once as a line.  The ring and the clients that still have to send the line
 * share it by counted references.
 */
#ifndef SWIMD_CONTROL_RING_H
#define SWIMD_CONTROL_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_line {
	unsigned refs; /* the number of holders */
	unsigned kind; /* enum event_kind */
	uint64_t seq;
	char *text; /* with the newline, not NUL-terminated */
	size_t len; /* bytes of text, the newline included */
};

struct ring {
	struct ring_line **lines; /* the line of `seq` is at index seq % capacity */
	size_t capacity;          /* the most lines that are kept */
	uint64_t last;            /* the sequence number of the newest line; 0: none yet */
};

/* Returns 0 or -ENOMEM. */
int ring_init(struct ring *, size_t capacity);
void ring_fini(struct ring *);

/*
 * Add a line with the sequence number ring->last + 1; a full ring drops its oldest line.  The ring takes the
 * allocated `text`, even if ring_add fails.  NULL: out of memory.  The line is valid until the ring drops it, or
 * longer with ring_hold.
 */
struct ring_line *ring_add(struct ring *, unsigned kind, char *text, size_t len);
/* The sequence number of the oldest line; last + 1 if the ring is empty. */
uint64_t ring_oldest(const struct ring *);
/* The line of `seq`, which must be from ring_oldest to ring->last. */
struct ring_line *ring_at(const struct ring *, uint64_t seq);

/* Take one more reference, to be given back by ring_release.  Returns the line. */
struct ring_line *ring_hold(struct ring_line *);
/* Give back one reference; the last one frees the line.  NULL is ignored. */
void ring_release(struct ring_line *);

#endif
