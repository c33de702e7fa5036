/* SPDX-License-Identifier: MIT */
/* The ways to the members: direct, at another address than they advertise, or through others alone. */
#ifndef SWIMD_CORE_LINK_H
#define SWIMD_CORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/question.h"
#include "core/swim.h"

struct answer;
struct input;
struct member;
struct question;
struct swim;

/* Questions to a member whose last two probes only others got answered: is the link between it and us broken? */
struct link_check {
	struct member *target;
	struct question question; /* closed: none under way */
};

/* A question to a member at an address that may be a better one to use for it. */
struct link_retry {
	struct member *target;
	struct question question; /* closed: none under way */
	struct swim_addr addr;
};

/* The address to send to m: its own, or another at which m has answered while its own was silent. */
const struct swim_addr *link_way(const struct member *);
/* m has answered at link_way(m), so that we may send it more than it has asked for. */
bool link_is_routable(const struct member *);
/* m has answered at this address. */
bool link_is_routable_at(const struct member *, const struct swim_addr *);
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
/* One more question that the member has not answered: the link is broken, or the member is asked again. */
void link_check_unanswered(struct swim *, const struct input *, struct question *);
/* The member can be reached at the address where it was asked; it is no answer if another member sent it. */
struct answer link_retry_answered(struct swim *, const struct input *, struct question *);
/* The member answers a probe after others did: it is no answer if another member sent it. */
struct answer link_late_answered(struct swim *, const struct input *, struct question *);
void link_stalled(struct swim *);
/* No more questions about the link with m. */
void link_stop(struct swim *, const struct member *);
/* m has answered others, but not us, who asked it by the question `direct`. */
void link_answered_others(struct swim *, const struct input *, struct member *,
    struct question *direct);
/* The member has a new address or a new life: nothing is known any more of the ways to it. */
void link_forget(struct swim *, struct member *);
/* We reach the member through a translation of addresses that may have forgotten it since it last spoke to us. */
bool link_is_stale(const struct swim *, const struct member *);
enum swim_path link_path(const struct swim *, const struct member *);
/* The member that speaks, if it has answered us at this address, or else the member that lives there; NULL: none. */
struct member *link_speaker(const struct swim *, const struct input *,
    const struct swim_addr *from);

#endif
