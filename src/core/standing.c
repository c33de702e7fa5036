/* SPDX-License-Identifier: MIT */
/*
 * Which datagrams to read first, by their source address and first bytes.  For a caller that has more datagrams than it
 * can read, and has to choose before it decodes them.
 */
#include "core/internal.h"

enum swim_standing
swim_standing(const struct swim *s, const struct swim_addr *from)
{
	const struct member *m = locate_at(s, from);

	if (m == NULL || !members_is_shown(m) || m->stand_in)
		return SWIM_STANDING_STRANGER;
	return m->proven ? SWIM_STANDING_PROVEN : SWIM_STANDING_HEARSAY;
}

/* Is this the number of a question to a single member, or about one, that is under way? */
static bool
standing_is_asked(const struct swim *s, uint64_t seq)
{
	const struct question *q = question_find(s, seq);
	const struct probe *p = &s->probe;

	if (q != NULL)
		return q->purpose == QUESTION_CONFIRM || q->purpose == QUESTION_TRIAL ||
		       q->purpose == QUESTION_LINK_CHECK || q->purpose == QUESTION_LINK_RETRY;
	for (size_t i = 0; i < SWIM_RELAYS; i++) {
		const struct relay *r = &s->relays[i];

		/* A stranger may name its own address as the target: then it is sent our ping, and knows the number. */
		if (r->active && !r->stranger && r->seq == seq)
			return true;
	}
	return p->target != NULL &&
	       (seq == p->seq || (p->second.family != 0 && seq == p->second_seq) ||
		   (p->indirect && seq == p->indirect_seq));
}

bool
swim_awaits(const struct swim *s, const struct swim_addr *from, const void *data, size_t len)
{
	const struct member *m;
	const uint8_t *bytes = data;
	uint64_t seq = 0;

	if (len < WIRE_HEADER_SIZE ||
	    (bytes[0] != WIRE_ACK && bytes[0] != WIRE_NACK && bytes[0] != WIRE_SYNC &&
		bytes[0] != WIRE_CLAIM && bytes[0] != WIRE_AUTHENTICATED))
		return false;
	for (size_t i = 1; i < WIRE_HEADER_SIZE; i++)
		seq = seq << 8 | bytes[i];
	if (standing_is_asked(s, seq) || join_awaits(s, seq) ||
	    (s->sync.active && s->sync.seq == seq))
		return true;
	m = locate_at(s, from);
	if (m == NULL)
		return false;
	/* There may be thousands of suspects, too many to be looked through for each datagram of a stranger. */
	return suspicion_asks(s, seq) ||
	       (extra_of(m)->proof_seq != 0 && extra_of(m)->proof_seq == seq);
}
