/* SPDX-License-Identifier: MIT */
/* The input: the datagram, timer or call that makes the core act. */
#include <string.h>

#include "core/internal.h"

void
input_set_speaker(struct input *in, const char *name, size_t len)
{
	if (len > SWIM_NAME_MAX)
		len = SWIM_NAME_MAX;
	memmove(in->name, name, len);
	in->speaker = (struct wire_str){in->name, (uint16_t)len};
}

struct input *
input_own(const struct swim *s, struct input_room *room)
{
	struct input *in = &room->input;

	memset(room, 0, sizeof(*room));
	in->found = &room->found;
	in->allowance = &room->allowance;
	in->authority = AUTHORITY_ROUTABLE;
	in->named = in->from_member = in->believed = true;
	if (s->self != NULL)
		input_set_speaker(in, s->self->name, s->self->name_len);
	return in;
}

struct input *
input_of_datagram(struct input_room *room, const struct wire_message *msg,
    const struct swim_addr *from, uint32_t interface, size_t len)
{
	struct input *in = &room->input;

	memset(room, 0, sizeof(*room));
	in->found = &room->found;
	in->allowance = &room->allowance;
	in->msg = msg;
	in->from = *from;
	in->zone = interface;
	in->len = len;
	return in;
}

struct input
input_answering(const struct input *in, struct answer answer)
{
	struct input known = *in;

	known.answer = answer;
	return known;
}

void
input_raise(struct input *in)
{
	if (in->answer.ours && in->authority < AUTHORITY_ANSWERED)
		in->authority = AUTHORITY_ANSWERED;
}

bool
input_names_sender(const struct input *in)
{
	return in->claimed.id.len > 0;
}

bool
input_is_from(const struct input *in, const struct swim_addr *addr)
{
	return swim_addr_equal(&in->from, addr);
}
