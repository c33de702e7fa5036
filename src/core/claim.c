/* SPDX-License-Identifier: MIT */
/*
 * Two members of one name.  Who hears of another under its own name asks there, and says for how long it
 * has held the name.  Who has held it longer stays; the other goes (its lower address decides between
 * equals), so that a newcomer never drives out an owner, and two that a partition kept apart agree on one.
 * Where nobody answers it was ourselves, before we moved.
 */
#include <string.h>

#include "core/internal.h"

#define TELL_AGAIN swim_seconds(60) /* an event about a conflict that goes on */

static uint64_t
age_ms(const struct swim *s)
{
	return (uint64_t)swim_duration_ms(swim_time_since(s->now, s->began));
}

void
claim_send(struct swim *s, uint64_t seq, const struct swim_addr *to)
{
	struct wire_member_id self = {{s->self->name, s->self->name_len},
	    wire_str_of(s->self->address)};
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer(s, false, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	wire_put_claim(&w, seq, &self, age_ms(s));
	outbox_end(s, &w, &trailer, 0, WIRE_CLAIM, to, NULL);
}

void
claim_lost(struct swim *s, const struct swim_addr *to)
{
	if (s->lost_name)
		return;
	s->lost_name = true;
	outbox_seed_event(s, SWIM_EVENT_NAME_LOST, to, s->self->name, s->self->name_len);
}

void
claim_receive(struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	uint64_t ours = age_ms(s);

	if (msg->member.id.len != s->self->name_len ||
	    memcmp(msg->member.id.bytes, s->self->name, s->self->name_len) != 0 || s->leaving)
		return;
	if (swim_addr_equal(from, &s->self->addr))
		return;
	if (join_is_ours(s, msg->seq)) {
		/* Our own claim came back: that address is one more of ours. */
		join_uncontested(s, from);
		return;
	}
	if (msg->age_ms > ours ||
	    (msg->age_ms == ours && swim_addr_compare(from, &s->self->addr) < 0)) {
		/* Anybody may say so in anybody's name: we go when one of our name answers us there. */
		join_contest(s, from, 0);
		join_outdone(s, from);
		return;
	}
	claim_send(s, rng_u64(&s->rng), from);
	if (s->told_once && swim_time_since(s->now, s->told_conflict).ns < TELL_AGAIN.ns)
		return;
	s->told_once = true;
	s->told_conflict = s->now;
	outbox_seed_event(s, SWIM_EVENT_NAME_CONFLICT, from, s->self->name, s->self->name_len);
}
