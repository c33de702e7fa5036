/* SPDX-License-Identifier: MIT */
/*
 * The standing of a datagram: how far its source address is known, and whether it answers a question.  A caller that
 * has more datagrams than it can read chooses by that which to read, before it decodes them.
 */
#include "core/internal.h"

enum swim_standing
swim_standing(const struct swim *s, const struct swim_addr *from)
{
	const struct member *m = locate_at(s, from);

	if (m == NULL || !members_is_visible(m) || m->unnamed)
		return SWIM_STANDING_STRANGER;
	return m->routable ? SWIM_STANDING_ROUTABLE : SWIM_STANDING_HEARSAY;
}

/* Does a datagram from this address, which answers this question, have to be read? */
static bool
standing_is_asked(const struct swim *s, const struct question *q, const struct swim_addr *from)
{
	const struct member *m;

	switch ((enum question_purpose)q->purpose) {
	case QUESTION_PROBE:
	case QUESTION_PROBE_SECOND:
	case QUESTION_PROBE_OTHERS:
	case QUESTION_SUSPECT:
	case QUESTION_SUSPECT_OTHERS:
	case QUESTION_TRIAL:
	case QUESTION_LINK_CHECK:
	case QUESTION_LINK_RETRY:
	case QUESTION_SYNC:
		return true;
	/* A stranger that made us ask may have named its own address, and so know the sequence number. */
	case QUESTION_RELAY:
		return !q->of_stranger;
	case QUESTION_INQUIRY:
		return question_owner(q, const struct inquiry, question)->kind != INQUIRY_GREET;
	case QUESTION_ROUTABLE:
		/* A stranger may have made us list a member at an address of its own, to which this question was sent. */
		m = locate_at(s, from);
		return m != NULL && m->extra == question_owner(q, struct extra, routable_question);
	case QUESTION_CLOSED:
	case QUESTION_LATE:
	case QUESTION_VISITOR:
	case QUESTION_PATH:
	case QUESTION_INTRODUCTION:
		break;
	}
	return false;
}

bool
swim_awaits(const struct swim *s, const struct swim_addr *from, const void *data, size_t len)
{
	const struct question *q;
	const uint8_t *bytes = data;
	uint64_t seq = 0;

	if (len < WIRE_HEADER_SIZE ||
	    (bytes[0] != WIRE_ACK && bytes[0] != WIRE_NACK && bytes[0] != WIRE_SYNC &&
		bytes[0] != WIRE_CLAIM && bytes[0] != WIRE_AUTHENTICATED))
		return false;
	for (size_t i = 1; i < WIRE_HEADER_SIZE; i++)
		seq = seq << 8 | bytes[i];
	q = question_find(s, seq);
	return q != NULL && standing_is_asked(s, q, from);
}
