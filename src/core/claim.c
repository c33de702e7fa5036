/* SPDX-License-Identifier: MIT */
/*
 * Two members of one name.  Who hears of another under its own name asks there, and says for how long it
 * has held the name.  Who has held it longer stays; the other goes (its lower address decides between
 * equals), so that a newcomer never drives out an owner.  Where nobody answers it was ourselves, before we moved.
 *
 * Anybody can say all that in anybody's name, from an address at which he answers.  So whom others have been answering
 * for a while is settled, and goes for nobody's word: a newcomer would have been told by then.  Two that were both
 * settled while a partition kept them apart both stay, and complain until one of them is given another name.
 * Only an owner that was away while its name was taken over, and is back soon, outdoes one that is settled.
 */
#include <string.h>

#include "core/internal.h"

#define TELL_AGAIN swim_seconds(60) /* an event about a conflict that goes on */
/* Probe intervals of company that make a member settled: a newcomer is told within a few, on bad links too. */
#define SETTLED_PERIODS 30
/* Without an answer for longer, the company before is none: losses and slow probing make gaps of less. */
#define ALONE_PERIODS 5
/* For so long an owner that was away may come back and find its name taken. */
#define YIELDED_PERIODS (INT64_C(10) * SETTLED_PERIODS)

static swim_duration
periods(const struct swim *s, int64_t count)
{
	return swim_ns(count * s->config.timing.probe_interval.ns);
}

void
claim_answered(struct swim *s)
{
	bool interrupted = swim_time_since(s->now, s->company_seen).ns >
			   periods(s, ALONE_PERIODS).ns;

	claim_taken(s, &s->from);
	if (!s->accompanied || (interrupted && !claim_is_settled(s)))
		s->company_since = s->now;
	s->accompanied = true;
	s->company_seen = s->now;
}

bool
claim_is_settled(const struct swim *s)
{
	return s->accompanied && swim_time_since(s->company_seen, s->company_since).ns >=
				     periods(s, SETTLED_PERIODS).ns;
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
	if (claim_is_settled(s))
		return;
	s->yielded = *asked;
	s->yielded_until = swim_time_add(s->now, periods(s, YIELDED_PERIODS));
}

void
claim_taken(struct swim *s, const struct swim_addr *asked)
{
	if (swim_addr_equal(asked, &s->yielded))
		s->yielded = (struct swim_addr){0};
}

void
claim_contradict(struct swim *s, uint64_t than, bool asking)
{
	if (!claim_is_settled(s) || s->lost_name)
		return;
	/* Nobody is asked while strangers have us ask them: the contest that would hold us back is missing. */
	if (!asking && swim_time_since(s->now, s->contradicted).ns < join_contest_takes(s).ns)
		return;
	s->contradicted = s->now;
	apply_refute(s, than);
}

/* An owner that was away while we came, and is back where it was, has not lost its name to us. */
static bool
is_owner(const struct swim *s, const struct swim_addr *asked)
{
	return swim_addr_equal(asked, &s->yielded) && swim_time_before(s->now, s->yielded_until);
}

bool
claim_outdone(struct swim *s, const struct swim_addr *asked, const struct swim_addr *from,
    bool claimed)
{
	if (claim_is_settled(s) && !(claimed && is_owner(s, asked))) {
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
	claim_send(s, core_seq(s), from);
	complain(s, from);
}
