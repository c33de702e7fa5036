/* SPDX-License-Identifier: MIT */
/* Which links are broken, as each member tells of its own. */
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

/* What a member says of its links. */
struct link_report {
	struct wire_links links;
	swim_time at;
	unsigned sent; /* by us */
};
#define LINK_REPORTS_MAX 16   /* waiting to be passed on */
#define LINK_REPORTS_PACKED 2 /* in one datagram */

/* A link of ours broke or recovered. */
void link_report_changed(struct swim *);
void link_report_tick(struct swim *);
swim_time link_report_deadline(const struct swim *);
/* Take the reports that a datagram brings. */
void link_report_take(struct swim *, const struct input *);
/* Put reports that are to be passed on into the trailer; they are valid until the next call. */
void link_report_add(struct swim *, struct wire_trailer *);
/* If `to` does not answer at its address, say so in the trailer, which points to `text` of SWIM_ADDR_TEXT bytes. */
void link_report_complain(const struct swim *, const struct member *to, char *text,
    struct wire_trailer *);
/* The member takes another status, or is shown or hidden: since when does it live at its address? */
void link_report_note_life(const struct swim *, struct member *, enum swim_status from,
    bool was_hidden);
/* Take from a ping whether its sender can reach us at our address. */
void link_report_complaint(struct swim *, const struct input *);
void link_report_forget(struct swim *, struct member *);

#endif
