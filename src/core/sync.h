/* SPDX-License-Identifier: MIT */
/* Syncs: comparing views, and fetching the pages that differ. */
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

/* When views may be compared next.  Syncs with members and syncs with strangers have one each. */
struct pace {
	swim_time allowed;     /* no view is compared before */
	swim_duration backoff; /* how much longer to rest after a sync that changed nothing */
};

/* The sync under way. */
struct sync {
	bool member;           /* the answerer was a member when the sync began */
	bool believed;         /* the answerer is believed: the members of its pages are taken up */
	struct swim_addr addr; /* where the answerer is asked */
	struct question question;  /* the request for the next page; closed: no sync is under way */
	struct wire_cursor cursor; /* where the next page begins */
	uint16_t covered;          /* the first bucket that the last request does not ask for */
	size_t pages;              /* pages that have come so far */
	bool changed;              /* a page has changed our view, or has made us ping a visitor */
	size_t most;               /* bytes of a request for a page, at its first try */
};

/*
 * Compare the digest of the datagram at hand with ours.  If they differ, the sender may be sent a check now or a moment
 * later.
 */
void sync_compare(struct swim *, const struct input *);
/* Do these digests of another view, or of its removals, differ from ours? */
bool sync_differs(const struct swim *, const struct wire_trailer *);
/*
 * Begin a sync with the sender of the datagram at hand, at this address.  Nothing happens if another sync goes before it.
 */
void sync_start(struct swim *, const struct input *, const struct swim_addr *);
void sync_tick(struct swim *, const struct input *);
swim_time sync_deadline(const struct swim *);
/* Answer the request at hand with a page. */
void sync_answer(struct swim *, const struct input *);
/* The datagram at hand is the page that we asked for.  Its sender is believed if it was believed when the sync began. */
struct answer sync_answered(struct swim *, const struct input *, struct question *);
/* The page has not come in time: ask for it again, or give up the sync. */
void sync_unanswered(struct swim *, const struct input *, struct question *);
/* The datagram at hand is a page that we asked for: apply it, and ask for the next. */
void sync_page(struct swim *, const struct input *);
/* End the sync under way, if there is one. */
void sync_end(struct swim *);
/* The member's view is ours, or the member is gone: forget the syncs that the member did not answer. */
void sync_forget(struct swim *, struct member *);

#endif
