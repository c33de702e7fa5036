/* SPDX-License-Identifier: MIT */
/* Comparing and pulling whole views. */
#ifndef SWIMD_CORE_SYNC_H
#define SWIMD_CORE_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"
#include "wire/wire.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* When views may be compared next. */
struct pace {
	swim_time allowed; /* not before */
	swim_duration backoff;
};

struct sync {
	bool member;   /* who is asked was known for one when it began */
	bool believed; /* what it shows is taken without asking those that it tells of */
	struct swim_addr addr;
	struct question question; /* for this page; closed: no comparison is under way */
	struct wire_cursor cursor;
	uint16_t covered; /* buckets of the request under way reach up to here */
	size_t pages;     /* taken in so far */
	bool changed;     /* something new came of it */
	size_t most;      /* bytes of the first request for a page, and so of the page */
};

void sync_compare(struct swim *, const struct input *);
/* Does the view of the sender of this trailer differ from ours? */
bool sync_differs(const struct swim *, const struct wire_trailer *);
void sync_start(struct swim *, const struct input *, const struct swim_addr *);
void sync_tick(struct swim *, const struct input *);
swim_time sync_deadline(const struct swim *);
void sync_answer(struct swim *, const struct input *);
/* The datagram is the page that we asked for; its members are taken up without being asked if we believed that when we began. */
struct answer sync_answered(struct swim *, const struct input *, struct question *);
/* Ask for the page again, or give up. */
void sync_unanswered(struct swim *, const struct input *, struct question *);
/* The datagram at hand is a page that we asked for: apply it, and ask for the next. */
void sync_page(struct swim *, const struct input *);
/* No comparison is under way any more. */
void sync_end(struct swim *);
/* The member's view is ours, or the member is gone: the syncs that it did not answer count no longer. */
void sync_forget(struct swim *, struct member *);

#endif
