/* SPDX-License-Identifier: MIT */
/*
 * Two members of one name.  Who hears of another under its own name asks there, and says for how long it
 * has held the name.  Who has held it longer stays; the other goes (its lower address decides between
 * equals), so that a newcomer never drives out an owner.  Where nobody answers it was ourselves, before we moved.
 *
 * Anybody can say all that in anybody's name, from an address at which he answers.  So whom others have been answering
 * for a while is settled, and goes for nobody's word: a newcomer would have been told by then.  Two that were both
 * settled while a partition kept them apart both stay, and complain until one of them is given another name.
 */
#include <string.h>

#include "core/internal.h"

#define TELL_AGAIN swim_seconds(60) /* an event about a conflict that goes on */
/* Probe intervals of company that make a member settled: a newcomer is told within a few, on bad links too. */
#define SETTLED_PERIODS 30

void
claim_answered(struct swim *s)
{
	if (!s->accompanied)
		s->company_since = s->now;
	s->accompanied = true;
	s->company_seen = s->now;
}

bool
claim_is_settled(const struct swim *s)
{
	return s->accompanied && swim_time_since(s->company_seen, s->company_since).ns >=
				     SETTLED_PERIODS * s->config.timing.probe_interval.ns;
}

/* One that is settled is above all that are not. */
static uint64_t
standing(const struct swim *s)
{
	uint64_t age = (uint64_t)swim_duration_ms(swim_time_since(s->now, s->began));

	return claim_is_settled(s) ? age | WIRE_CLAIM_STAYS : age;
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
	wire_put_claim(&w, seq, &self, standing(s));
	outbox_end(s, &w, &trailer, 0, WIRE_CLAIM, to, NULL);
}

static void
complain(struct swim *s, const struct swim_addr *of)
{
	if (s->told_once && swim_time_since(s->now, s->told_conflict).ns < TELL_AGAIN.ns)
		return;
	s->told_once = true;
	s->told_conflict = s->now;
	outbox_seed_event(s, SWIM_EVENT_NAME_CONFLICT, of, s->self->name, s->self->name_len);
}

void
claim_unanswered(struct swim *s, const struct swim_addr *asked)
{
	if (!claim_is_settled(s))
		s->yielded = *asked;
}

bool
claim_outdone(struct swim *s, const struct swim_addr *asked, const struct swim_addr *from)
{
	/* An owner that was away while we came, and is back where it was, has not lost its name to us. */
	if (claim_is_settled(s) && !swim_addr_equal(asked, &s->yielded)) {
		complain(s, from);
		return false;
	}
	if (!s->lost_name)
		outbox_seed_event(s, SWIM_EVENT_NAME_LOST, from, s->self->name, s->self->name_len);
	s->lost_name = true;
	return true;
}

void
claim_receive(struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	uint64_t ours = standing(s);

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
	complain(s, from);
}
