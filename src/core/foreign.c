/* SPDX-License-Identifier: MIT */
/*
 * Datagrams of other clusters.  They change nothing here.  A member that tries to join through a member of another
 * cluster is answered with that cluster's name, in no more bytes than its ping had, so that its operator learns why
 * it cannot join.
 */
#include "core/internal.h"

/* Least time between two such answers, to any address: a flood of pings must not cause a flood of answers. */
#define ANSWER_EVERY swim_ms(100)

static void
foreign_answer(struct swim *s, const struct wire_message *msg, const struct swim_addr *from,
    size_t len)
{
	const struct wire_trailer trailer = {
	    .has_cluster = s->config.cluster[0] != '\0',
	    .cluster = wire_str_of(s->config.cluster),
	};
	bool bounded = RULE(foreign_length) && len < s->config.max_datagram;
	size_t budget = bounded ? len : s->config.max_datagram;
	struct wire_writer w;

	/* A ping without a sender's name is of a base peer, which does not know this type of answer. */
	if (!msg->trailer.has_sender ||
	    (RULE(foreign_rate) && !swim_time_reached(s->now, s->foreign_at)))
		return;
	if (WIRE_HEADER_SIZE + wire_trailer_size(&trailer) > budget)
		return;
	if (!outbox_begin(s, &w, &trailer, budget))
		return;
	s->foreign_at = swim_time_add(s->now, ANSWER_EVERY);
	wire_put_other_cluster(&w, msg->seq);
	outbox_end(s, &w, &trailer, 0, from);
}

void
foreign_heard(struct swim *s, const struct wire_message *msg, const struct swim_addr *from,
    size_t len)
{
	if (s->leaving)
		return;
	if (msg->type == WIRE_PING && RULE(foreign_is_answered))
		foreign_answer(s, msg, from, len);
	else if (msg->type == WIRE_OTHER_CLUSTER || msg->type == WIRE_ACK)
		inquiry_foreign(s, msg, from);
}
