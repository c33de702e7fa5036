/* SPDX-License-Identifier: MIT */
/* What few members have. */
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
	    routable_question; /* a ping of gossip_ask_first() whose answer makes the member routable */
	/* when that ping was sent; NEVER: more often than once, so that its answer measures nothing */
	swim_time routable_sent;
	/* hash of the name of who last reached it for us, while it is out of our reach; or 0 */
	uint64_t helper;
	uint8_t unheard; /* out of our reach: probes through others that failed in a row */
	uint8_t relayed; /* probes in a row that it answered to others alone */
	uint8_t strayed; /* probes in a row that it answered at another address and not at `addr` */
	uint8_t retries; /* times that `addr` was asked again in vain since `via` was taken */
	/* suspect or dead base peer: answers to a higher suspicion that did not refute it (probe.c) */
	uint8_t challenges;
	/* a suspicion above its incarnation was sent to it (probe.c), and it has not spoken since */
	bool challenged;
	bool tell; /* the member knows less of itself than we do: tell it in the next answer */
	/* dead or left: times that a base peer which asked for the member was told its death, modulo the steps of introduce.c */
	uint8_t ends;
};

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

#endif
