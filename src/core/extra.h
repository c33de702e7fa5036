/* SPDX-License-Identifier: MIT */
/* What few members have, apart from struct member. */
#ifndef SWIMD_CORE_EXTRA_H
#define SWIMD_CORE_EXTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/members.h"
#include "core/question.h"
#include "core/swim.h"

struct introduction;
struct swim;

/*
 * What few members have, kept apart so that the others need no room for it: addresses and links out of the ordinary
 * (link.c), base peers, and more.  It is allocated when there is something to keep, and freed when nothing is left in
 * it.
 */
struct extra {
	struct introduction *intro; /* owned, of a base peer; NULL: not begun */
	/* owned: the member's last report of its broken links; NULL: none */
	struct link_report *report;
	/* another address at which it has answered, not in use; family 0: none */
	struct swim_addr also;
	/* the address in use instead of `addr`, which is silent; family 0: `addr` is in use */
	struct swim_addr via;
	swim_time via_until; /* with `via`: the time from which a probe asks at `addr` too */
	/* when it last complained that it cannot reach us at our address; NEVER: it does not */
	swim_time complained;
	/* time until which the changes of it that busy sources told are paid for (quota.c) */
	swim_time news;
	/* its last probe that only others got answered: a direct answer may still come */
	struct question late;
	/* the ping of gossip_ask_first(), whose answer makes the member routable */
	struct question routable_question;
	/* we cannot reach it: hash of the name of the helper that last reached it for us; 0: none */
	uint64_t helper;
	uint8_t unheard; /* we cannot reach it: probes through others that failed in a row */
	uint8_t relayed; /* probes in a row that it answered to others only */
	/* probes in a row that it answered at another address and not at `addr` */
	uint8_t strayed;
	uint8_t retries; /* how often `addr` was asked again in vain since `via` is in use */
	/* suspect or dead base peer: how many challenges it has answered without refuting them (probe.c) */
	uint8_t challenges;
	/* a challenge above its incarnation was sent to it, and it has not spoken since (probe.c) */
	bool challenged;
	/* it knows less of itself than we do: the next answer to it tells it its record */
	bool tell;
	/* gone: how often a base peer that asked for it was told its death, modulo the steps of introduce.c */
	uint8_t ends;
};

/* The extra of a member without one. */
extern const struct extra extra_none;
/* The member's extra, to read. */
static inline const struct extra *
extra_of(const struct member *m)
{
	return m->extra != NULL ? m->extra : &extra_none;
}
/* The member's extra, to change; allocated if there is none.  NULL: no memory. */
struct extra *extra_new(struct swim *, struct member *);
/* Free the member's extra if nothing is left in it. */
void extra_tidy(struct swim *, struct member *);
/* Free the member's extra with all that is in it. */
void extra_free(struct swim *, struct member *);

#endif
