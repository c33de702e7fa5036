/* SPDX-License-Identifier: MIT */
/*
 * How many datagrams a member may send, at any moment and whatever befalls it: so many a second by its
 * timing, and so many for each that it received and each suspicion that it came to.  What it may do
 * and hasn't done is kept for later, up to a second's worth.
 */
#ifndef SIM_BUDGET_H
#define SIM_BUDGET_H

#include <stdbool.h>

#include "core/swim.h"

struct budget {
	double rate, left; /* datagrams a second; datagrams */
	swim_time at;
};

void budget_init(struct budget *, const struct swim_timing *, swim_time now);
/* A datagram of this type came in. */
void budget_received(struct budget *, enum wire_type);
/* So many datagrams on top, for what the caller or an event asked for. */
void budget_allow(struct budget *, unsigned datagrams);
/* One is sent; false if that is one too many. */
bool budget_sent(struct budget *, swim_time now);

#endif
