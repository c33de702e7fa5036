/* SPDX-License-Identifier: MIT */
#include "sim/budget.h"

#include <stdio.h>
#include <string.h>

/* Pushes in one gossip interval, in multiples of the fanout, when the member leaves or has many urgent rumours. */
#define PUSHES 8
#define BURST_SECONDS 1
/* Bytes of the smallest ping with a sender and a digest.  The pings that a page causes have no more bytes than the page. */
#define PING_LEAST 64

static double
per_second(unsigned datagrams, swim_duration interval)
{
	return datagrams / swim_duration_seconds(interval);
}

void
budget_init(struct budget *b, const struct swim_timing *t, swim_time now)
{
	double rate = per_second(1 + t->indirect_probes, t->probe_interval) +
		      per_second(PUSHES * t->gossip_fanout, t->gossip_interval) +
		      per_second(1, t->reconnect_interval) +
		      per_second(2, t->probe_interval) + /* pings that try a larger datagram */
		      per_second(1, t->probe_timeout);   /* repeated requests for a page */

	*b = (struct budget){.rate = rate, .left = rate * BURST_SECONDS, .at = now};
}

void
budget_received(struct budget *b, enum wire_type type, size_t len)
{
	size_t paid_pings = len / PING_LEAST; /* in bytes that the member received */

	switch (type) {
	case WIRE_PING:     /* an ack, and a ping to learn who the sender is */
	case WIRE_PING_REQ: /* a ping, and an ack or nack after it */
	case WIRE_CLAIM:
	case WIRE_AUTHENTICATED:
		b->left += 2;
		break;
	case WIRE_SYNC:
		/* The next request, the updates that the sender missed, and pings to members of which only a stranger tells. */
		b->left += 2 + (double)paid_pings;
		break;
	case WIRE_SYNC_REQ:
		b->left += 1;
		break;
	case WIRE_ACK:
	case WIRE_NACK:
	case WIRE_GOSSIP:
	case WIRE_OTHER_CLUSTER:
		/* An answer is not answered.  The datagrams that an update causes are allowed with its event. */
		break;
	}
}

void
budget_allow(struct budget *b, unsigned datagrams)
{
	b->left += datagrams;
}

bool
budget_sent(struct budget *b, enum wire_type type, swim_time now)
{
	double most = b->rate * BURST_SECONDS;

	if (b->left < most) {
		b->left += b->rate * swim_duration_seconds(swim_time_since(now, b->at));
		if (b->left > most)
			b->left = most;
	}
	if (b->left >= most)
		memset(b->sent, 0, sizeof(b->sent));
	b->at = now;
	b->left -= 1;
	b->sent[wire_type_slot(type)]++;
	return b->left >= 0;
}

void
budget_describe(const struct budget *b, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int slot = 0; slot < WIRE_TYPE_SLOTS; slot++)
		if (b->sent[slot] > 0 && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%u %s",
			    len > 0 ? ", " : "", b->sent[slot],
			    wire_type_name(wire_slot_type(slot)));
}
