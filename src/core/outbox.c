/* SPDX-License-Identifier: MIT */
/* The outbox: datagrams and events that wait for the caller, which takes out all of both after each call into the core. */
#include <string.h>

#include "core/internal.h"

/* The least size in bytes of a padding entry, because of its header: one or two missing bytes cannot be filled. */
#define PADDING_LEAST 3

void
outbox_trailer(const struct swim *s, struct wire_trailer *out)
{
	*out = (struct wire_trailer){.has_digest = true, .digest = s->digest};
	/* A member that remembers no removals leaves out their digest, as nobody has removals to fetch from it. */
	out->has_removals = s->removed_digest != 0;
	out->removals = s->removed_digest;
	if (s->config.cluster[0] != '\0') {
		out->has_cluster = true;
		out->cluster = wire_str_of(s->config.cluster);
	}
}

void
outbox_trailer_named(const struct swim *s, struct wire_trailer *out)
{
	outbox_trailer(s, out);
	out->has_sender = true;
	out->sender = (struct wire_str){s->self->name, s->self->name_len};
}

size_t
outbox_answer_body(const struct wire_member_id *of)
{
	return WIRE_HEADER_SIZE + 3 * sizeof(uint16_t) + of->id.len + of->address.len;
}

size_t
outbox_answer_trailer(const struct swim *s, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out)
{
	size_t body = outbox_answer_body(of);

	outbox_trailer(s, out);
	/* The cluster stays: the question had it too, and an answer without it would be of another cluster. */
	if (body + wire_trailer_size(out) > budget)
		out->has_removals = false;
	if (body + wire_trailer_size(out) > budget)
		out->has_digest = false;
	return body + wire_trailer_size(out);
}

void
outbox_relayed_trailer(const struct swim *s, const struct wire_member_id *of, size_t budget,
    struct wire_trailer *out)
{
	size_t body = outbox_answer_trailer(s, of, budget, out) - wire_trailer_size(out);

	/* The ack names its target as the member; the trailer names us, who send it. */
	out->sender = (struct wire_str){s->self->name, s->self->name_len};
	out->has_sender = true;
	out->has_sender = body + wire_trailer_size(out) <= budget;
}

size_t
outbox_room_for_ack(const struct swim *s, size_t id_len, size_t address_len)
{
	struct wire_member_id of = {{NULL, (uint16_t)id_len}, {NULL, (uint16_t)address_len}};
	struct wire_trailer trailer;

	return outbox_answer_trailer(s, &of, SIZE_MAX, &trailer) + PADDING_LEAST - 1;
}

size_t
outbox_room_for_kind(const struct swim *s, size_t id_len, size_t address_len)
{
	struct wire_trailer trailer;

	outbox_trailer_named(s, &trailer);
	trailer.has_removals = true;
	trailer.sender.len = (uint16_t)(id_len < SWIM_NAME_MAX ? id_len : SWIM_NAME_MAX);
	return outbox_room_for_ack(s, id_len, address_len) + WIRE_HEADER_SIZE + sizeof(uint16_t) +
	       2 * wire_trailer_size(&trailer);
}

size_t
outbox_room_for(const struct swim *s, const struct member *m)
{
	return outbox_room_for_ack(s, m->name_len, strlen(m->address));
}

bool
outbox_begin(struct swim *s, struct wire_writer *w, const struct wire_trailer *trailer,
    size_t budget)
{
	size_t need;

	if (s->out_taken == s->out_count)
		s->out_taken = s->out_count = s->out_used = 0;
	need = s->out_used + s->config.max_datagram + SWIM_HOSTPORT_MAX + 1;
	if (s->out_count == OUTBOX_DATAGRAMS ||
	    !core_grow(s, &s->outs, s->out_count, &s->out_slots, sizeof(*s->outs))) {
		s->stats.outbox_dropped++;
		return false;
	}
	if (need > s->out_capacity) {
		size_t capacity = s->out_capacity * 2 > need ? s->out_capacity * 2 : need;
		uint8_t *bytes =
		    s->config.allocator.resize(s->config.allocator.ctx, s->out_bytes, capacity);

		if (bytes == NULL) {
			s->stats.outbox_dropped++;
			return false;
		}
		s->out_bytes = bytes;
		s->out_capacity = capacity;
	}
	if (budget > s->config.max_datagram)
		budget = s->config.max_datagram;
	if (!RULE(datagram_bound))
		budget += 40;
	if (s->config.hooks.begin != NULL)
		s->config.hooks.begin(s->config.hooks.ctx, SWIM_WORK_ENCODE);
	wire_writer_init(w, s->out_bytes + s->out_used, budget, wire_trailer_size(trailer));
	return true;
}

/* Finish the datagram.  Returns its record, whose address is to be set, or NULL if it could not be written. */
static struct out *
outbox_finish(struct swim *s, struct wire_writer *w, const struct wire_trailer *trailer,
    size_t pad_to)
{
	size_t len = wire_finish(w, trailer, pad_to);
	struct out *out = &s->outs[s->out_count];

	if (s->config.hooks.end != NULL)
		s->config.hooks.end(s->config.hooks.ctx, SWIM_WORK_ENCODE);
	if (len == 0) {
		s->stats.outbox_dropped++;
		return NULL;
	}
	*out = (struct out){.offset = s->out_used,
	    .len = len,
	    .host_offset = SIZE_MAX,
	    .type = (enum wire_type)s->out_bytes[s->out_used]};
	s->out_used += len;
	s->out_count++;
	return out;
}

size_t
outbox_end(struct swim *s, struct wire_writer *w, const struct wire_trailer *trailer, size_t pad_to,
    const struct swim_addr *to)
{
	struct out *out = outbox_finish(s, w, trailer, pad_to);

	if (out == NULL)
		return 0;
	out->to = *to;
	return out->len;
}

size_t
outbox_end_to(struct swim *s, struct wire_writer *w, const struct wire_trailer *trailer,
    size_t pad_to, const struct member *m)
{
	struct out *out = outbox_finish(s, w, trailer, pad_to);
	size_t host_len = strlen(m->address) + 1;

	if (out == NULL)
		return 0;
	out->to = *link_address(m);
	/* If the member does not answer, its host name may have another address by now. */
	if (m->by_host && extra_of(m)->via.family == 0 &&
	    (m->addr.family == 0 || members_status(m) != SWIM_ALIVE)) {
		out->host_offset = s->out_used;
		memcpy(s->out_bytes + s->out_used, m->address, host_len);
		s->out_used += host_len;
	}
	return out->len;
}

void
outbox_cancel(struct swim *s)
{
	if (s->config.hooks.end != NULL)
		s->config.hooks.end(s->config.hooks.ctx, SWIM_WORK_ENCODE);
}

bool
swim_next_datagram(struct swim *s, struct swim_datagram *d)
{
	const struct out *out;
	int slot;

	/* The outbox is not emptied here: the last datagram that was taken out is valid until the next call. */
	if (s->out_taken == s->out_count)
		return false;
	out = &s->outs[s->out_taken++];
	d->to = out->to;
	d->host = out->host_offset == SIZE_MAX ? NULL
					       : (const char *)s->out_bytes + out->host_offset;
	d->data = s->out_bytes + out->offset;
	d->len = out->len;
	d->type = out->type;
	slot = wire_type_slot((unsigned)out->type);
	if (slot >= 0)
		s->stats.sent[slot]++;
	s->stats.sent_bytes += out->len;
	return true;
}

static struct swim_event *
outbox_event_new(struct swim *s, enum swim_event_type type)
{
	struct swim_event *event;

	if (s->event_taken == s->event_count)
		s->event_taken = s->event_count = 0;
	if (!core_grow(s, &s->events, s->event_count, &s->event_capacity, sizeof(*s->events))) {
		s->stats.ignored[SWIM_IGNORE_NO_MEMORY]++;
		return NULL;
	}
	event = &s->events[s->event_count++];
	memset(event, 0, sizeof(*event));
	event->type = type;
	event->at = s->now;
	return event;
}

void
outbox_event(struct swim *s, const struct input *in, enum swim_event_type type,
    const struct member *m)
{
	struct swim_event *event = outbox_event_new(s, type);

	if (event == NULL)
		return;
	report_member(s, m, &event->member);
	memcpy(event->by, in->speaker.bytes, in->speaker.len);
	event->by_len = in->speaker.len;
}

static struct swim_event *
outbox_new_seed_event(struct swim *s, enum swim_event_type type, const struct swim_addr *addr,
    struct wire_str name)
{
	struct swim_event *event = outbox_event_new(s, type);

	if (event == NULL)
		return NULL;
	event->address = *addr;
	event->member.name_len = name.len > SWIM_NAME_MAX ? SWIM_NAME_MAX : name.len;
	memcpy(event->member.name, name.bytes, event->member.name_len);
	swim_addr_format(addr, event->member.address);
	return event;
}

void
outbox_seed_event(struct swim *s, enum swim_event_type type, const struct swim_addr *addr,
    struct wire_str name)
{
	(void)outbox_new_seed_event(s, type, addr, name);
}

void
outbox_seed_answered(struct swim *s, const struct swim_addr *addr, struct wire_str name,
    bool ourselves)
{
	struct swim_event *event = outbox_new_seed_event(s, SWIM_EVENT_SEED_ANSWERED, addr, name);

	if (event != NULL)
		event->member.local = ourselves;
}

bool
swim_next_event(struct swim *s, struct swim_event *out)
{
	if (s->event_taken == s->event_count)
		return false;
	*out = s->events[s->event_taken++];
	return true;
}
