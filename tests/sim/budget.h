/* SPDX-License-Identifier: MIT */
/*
 * An oracle that bounds how many datagrams a member may send: a rate that follows from its timing, and a number for each
 * datagram that the member received and for each event that makes it send more.  What the member has not sent it may send
 * later, up to the datagrams of one second.
 */
#ifndef SIM_BUDGET_H
#define SIM_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/swim.h"
#include "wire/wire.h"

struct budget {
	double rate;  /* datagrams per second */
	double left;  /* datagrams that the member may send now */
	swim_time at; /* when `left` was last computed */
	/* datagrams sent by type (wire_type_slot) since the budget last had `rate` left */
	unsigned sent[WIRE_TYPE_SLOTS];
};

void budget_init(struct budget *, const struct swim_timing *, swim_time now);
/* The member received a datagram of this type and of so many bytes. */
void budget_received(struct budget *, enum wire_type, size_t len);
/* Allow this many datagrams more, for a request of the caller or for an event. */
void budget_allow(struct budget *, unsigned datagrams);
/* The member sends a datagram of this type.  False: the datagram exceeds the budget. */
bool budget_sent(struct budget *, enum wire_type, swim_time now);
/* Write how many datagrams of each type used the budget up: "301 gossip, 12 ping". */
void budget_describe(const struct budget *, char *text, size_t size);

#endif
