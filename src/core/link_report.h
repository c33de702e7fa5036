/* SPDX-License-Identifier: MIT */
/* Reports of broken links, and complaints about addresses. */
#ifndef SWIMD_CORE_LINK_REPORT_H
#define SWIMD_CORE_LINK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/swim.h"
#include "wire/wire.h"

struct input;
struct member;
struct swim;

/* What a member last said of its broken links. */
struct link_report {
	struct wire_links links; /* as the member told it */
	swim_time at;            /* when we heard it */
	unsigned sent;           /* how often we have passed it on */
};
#define LINK_REPORTS_MAX 16   /* reports that wait to be passed on */
#define LINK_REPORTS_PACKED 2 /* reports in one datagram */

/* A link of ours has broken or recovered: our own report is told anew. */
void link_report_changed(struct swim *);
/* Tell our own report if it is due.  The deadline is the time of the next call; NEVER: none. */
void link_report_tick(struct swim *);
swim_time link_report_deadline(const struct swim *);
/* Take the reports in the datagram's trailer, if a member sent it. */
void link_report_take(struct swim *, const struct input *);
/* Put reports that are to be passed on into the trailer.  Their bytes are valid until the next call. */
void link_report_add(struct swim *, struct wire_trailer *);
/*
 * If `to` does not answer at its advertised address, put a complaint into the trailer of a ping to it.  The trailer
 * points to `text`, which has SWIM_ADDR_TEXT bytes.
 */
void link_report_complain(const struct swim *, const struct member *to, char *text,
    struct wire_trailer *);
/*
 * The member's life has changed; it was not visible before if `was_hidden`.  Note since when it has lived at its
 * address, and been alive.
 */
void link_report_note_life(const struct swim *, struct member *, enum swim_status from,
    bool was_hidden);
/* Take from a ping whether its sender complains about our address. */
void link_report_complaint(struct swim *, const struct input *);
/* Forget the member's report. */
void link_report_forget(struct swim *, struct member *);

#endif
