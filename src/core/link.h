/* SPDX-License-Identifier: MIT */
/* The links to the members: direct, at another address than the advertised one, or through others alone. */
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

/* Questions to a member that answered our last two probes to others alone: is the link to the member broken? */
struct link_check {
	struct member *target;
	struct question question; /* closed: none under way */
};

/* A question to a member at another address than the one that we use: does the member answer there? */
struct link_retry {
	struct member *target;
	struct question question; /* closed: none under way */
	struct swim_addr addr;
};

/* The address in use for m: the advertised one, or another at which m has answered while the advertised one was silent. */
const struct swim_addr *link_address(const struct member *);
/* Has m answered at link_address(m)?  Then we may send m more than m has asked for. */
bool link_is_routable(const struct member *);
/* Has m answered at this address? */
bool link_is_routable_at(const struct member *, const struct swim_addr *);
/* Another address than `first` at which m can be asked; NULL: there is none that we can send to. */
const struct swim_addr *link_second(const struct swim *, const struct member *,
    const struct swim_addr *first);
/*
 * Call when a probe of m begins.  If another address has been in use for long enough, m is asked at the advertised one too.
 */
void link_retry(struct swim *, struct member *);
/* The ack of a helper at hand may tell the address at which the helper reached m: ask m there, once. */
void link_try(struct swim *, const struct input *, struct member *);
/*
 * Add to the trailer of an answer to a ping-req where we reached the target `id`, if not at its advertised address.  The
 * trailer points to `text`, which has SWIM_ADDR_TEXT bytes.
 */
void link_reached(const struct swim *, struct wire_str id, char *text, struct wire_trailer *);
/* Note that the speaker of the datagram at hand has been heard, if the source is an address of the speaker that we know. */
void link_heard(struct swim *, const struct input *);
/* m has answered a question at this address, which is not the advertised one. */
void link_found(struct swim *, struct member *, const struct swim_addr *at);
/* m has answered a probe that was sent to this address. */
void link_answered_at(struct swim *, struct member *, const struct swim_addr *asked);
/* The member that the ack at hand names has answered a question that we sent directly to it: its link works. */
void link_answered(struct swim *, const struct input *);
/* Handles an answer to a link check: the link works.  The answer of another member is ignored. */
struct answer link_check_answered(struct swim *, const struct input *, struct question *);
/* Handles a link check that was not answered in time: the link is broken, or the member is asked again. */
void link_check_unanswered(struct swim *, const struct input *, struct question *);
/* Handles an answer to a retry: the member can be reached where it was asked.  The answer of another member is ignored. */
struct answer link_retry_answered(struct swim *, const struct input *, struct question *);
/* Handles a direct answer to a probe that others had answered first.  The answer of another member is ignored. */
struct answer link_late_answered(struct swim *, const struct input *, struct question *);
/* The process stood still: end the link check under way, as its answers may have been missed. */
void link_stalled(struct swim *);
/* End the questions about the link to m. */
void link_stop(struct swim *, const struct member *);
/* m has answered a probe to others, and has not answered our own question `direct` to m. */
void link_answered_others(struct swim *, const struct input *, struct member *,
    struct question *direct);
/* Forget all that is known of the link to the member and of its other addresses: it has a new address or a new life. */
void link_forget(struct swim *, struct member *);
/*
 * Is the address in use that of a translation of addresses, which may have forgotten the member since it last spoke to us?
 */
bool link_may_have_lapsed(const struct swim *, const struct member *);
/* The state of the link to the member, for reports. */
enum swim_path link_path(const struct swim *, const struct member *);
/*
 * The speaker of the datagram, if it has answered us at this address, or else the member that lives there; NULL: neither.
 */
struct member *link_speaker(const struct swim *, const struct input *,
    const struct swim_addr *from);

#endif
