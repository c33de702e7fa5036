/* SPDX-License-Identifier: MIT */
/*
 * Contests: two members of one name, and which of them keeps it.  A member that hears of a namesake pings the
 * namesake's address and sends a claim there: its age, which is the time for which it has had the name.  The older
 * member stays and the younger one leaves, so that a newcomer never drives out an owner.  If no namesake answers at
 * that address, the address was a former one of this member.
 *
 * The age in a claim is that of the moment at which the claim was sent.  If the claim is under way for longer than the
 * two ages differ, as may happen with two machines of one image that start together, each of the two finds that it is
 * the older one.  So of two members that are not settled, the one with the lower address decides, by the first claim
 * that it hears.  If the age in that claim is above the deciding member's own age, the namesake is older, however long
 * the claim was under way, and the deciding member leaves.  Otherwise the deciding member stays, and its claims say so
 * by WIRE_CLAIM_STAYS.  Later claims do not change the decision, as they may have taken a faster path.
 *
 * The member with the higher address waits for the decision, and pings the namesake in up to seven rounds.  The
 * waiting member leaves when a claim with WIRE_CLAIM_STAYS comes.  It stays if the namesake does not answer, or has
 * not said by the end of the last round that the namesake stays.  So the two never both leave, whatever is late or
 * lost.  An earlier version of swimd, whose claims have a digest, never says WIRE_CLAIM_STAYS because of a decision.
 * Against such a namesake the waiting member leaves at the end of two rounds, unless its age is above the namesake's
 * by more than one round lasts.
 *
 * The source of a datagram in our name may be forged.  So as long as no namesake has answered at that address, such a
 * datagram makes us send one datagram of no more bytes: our ping, or our answer while a ping of ours is under way.
 *
 * The answer to a claim is a claim with the same sequence number, but for the lowest bit, which is inverted.  An
 * answer is never answered by a claim, and at most ANSWERS_MAX claims from one address are answered in ANSWERS_PER.
 *
 * Anybody can send such datagrams in any name, from an address at which the sender answers.  So a member that others
 * have been answering for a while (settled) leaves for no claim: a newcomer would have been told of the namesake in
 * that time.  A member that has company, but is not settled, leaves only if a witness confirms that its name lives at
 * the other address.  A member that is alone waits until the end of the contest for company.  Two members that were
 * both settled while a partition kept them apart both stay, and give out conflict events until one of them gets
 * another name.  Only an owner that was away while its name was taken, and is back soon, gets the name back from a
 * settled member.
 */
#include <string.h>

#include "core/internal.h"

#define TELL_AGAIN swim_seconds(60) /* least time between two events about a conflict */
/*
 * Probe intervals of company that make a member settled: a newcomer is told of a namesake within a few intervals, on
 * bad links too.
 */
#define SETTLED_PERIODS 30
/* Probe intervals without an answer after which a member has no company.  Losses and slow probing make shorter gaps. */
#define ALONE_PERIODS 5
/* Probe intervals within which an owner that was away gets its name back. */
#define YIELDED_PERIODS (INT64_C(10) * SETTLED_PERIODS)

/*
 * For this long after a namesake has answered at an address, claims go there without a new ping.  The same as
 * PAUSE_MAX of inquiry.c.
 */
#define SHOWN_HOLD swim_seconds(60)

#define ANSWERS_MAX 8
#define ANSWERS_PER swim_seconds(10)
#define ADDRESS_MAX 47 /* a numeric address as text, without a zone */

static swim_duration
claim_periods(const struct swim *s, int64_t count)
{
	return swim_ns(count * s->config.timing.probe_interval.ns);
}

void
claim_note_company(struct swim *s, const struct input *in)
{
	bool interrupted = swim_time_since(s->now, s->company_seen).ns >
			   claim_periods(s, ALONE_PERIODS).ns;

	claim_taken(s, &in->from);
	if (!s->accompanied || (interrupted && !claim_is_settled(s)))
		s->company_since = s->now;
	s->accompanied = true;
	s->company_seen = s->now;
}

bool
claim_is_settled(const struct swim *s)
{
	return s->accompanied && swim_time_since(s->company_seen, s->company_since).ns >=
				     claim_periods(s, SETTLED_PERIODS).ns;
}

/* Our age in ms.  WIRE_CLAIM_STAYS is the highest bit, so that the age of a settled member is above those of all others. */
static uint64_t
claim_age(const struct swim *s)
{
	uint64_t age = (uint64_t)swim_duration_ms(swim_time_since(s->now, s->began));

	return claim_is_settled(s) ? age | WIRE_CLAIM_STAYS : age;
}

/* The size in bytes of a claim of ours with an address of this length. */
static size_t
claim_size(const struct swim *s, const struct wire_trailer *trailer, size_t address_len)
{
	return WIRE_HEADER_SIZE + 2 * sizeof(uint16_t) + s->self->name_len + address_len +
	       sizeof(uint64_t) + wire_trailer_size(trailer);
}

/*
 * Send a claim to this address, in `budget` bytes or not at all.  SIZE_MAX: the claim wants an answer and is padded,
 * so that the answer is no larger.  Returns the size of the claim, or 0.
 */
static size_t
claim_write(struct swim *s, uint64_t seq, const struct swim_addr *to, bool stays, size_t budget)
{
	struct wire_member_id self = {{s->self->name, s->self->name_len},
	    wire_str_of(s->self->address)};
	bool answer = budget != SIZE_MAX;
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer(s, &trailer);
	/* A claim has no digest: it compares no views. */
	trailer.has_digest = trailer.has_removals = false;
	if (claim_size(s, &trailer, strlen(s->self->address)) > budget ||
	    !outbox_begin(s, &w, &trailer, budget))
		return 0;
	wire_put_claim(&w, seq, &self, stays ? claim_age(s) | WIRE_CLAIM_STAYS : claim_age(s));
	return outbox_end(s, &w, &trailer, answer ? 0 : claim_size(s, &trailer, ADDRESS_MAX), to);
}

/* Have we told the namesake at this address that we stay? */
static bool
claim_has_kept(const struct swim *s, const struct swim_addr *from)
{
	for (size_t i = 0; i < CLAIM_KEPT; i++) {
		if (swim_addr_equal(&s->kept[i], from))
			return true;
	}
	return false;
}

/*
 * We have told the namesake at this address that we stay, and it will leave.  Remember that, so that we stay whatever
 * age its later claims have.
 */
static void
claim_keep(struct swim *s, const struct swim_addr *from)
{
	if (claim_has_kept(s, from))
		return;
	s->kept[s->kept_next] = *from;
	s->kept_next = (s->kept_next + 1) % CLAIM_KEPT;
}

/* Is our address the lower one, so that we decide if neither of us is settled? */
static bool
claim_decides(const struct swim *s, const struct swim_addr *from)
{
	return RULE(lower_address_decides) && swim_addr_compare(&s->self->addr, from) < 0;
}

void
claim_send(struct swim *s, const struct inquiry *j)
{
	bool stays = claim_decides(s, &j->addr) && !j->outdone &&
		     (j->we_stay || claim_has_kept(s, &j->addr));

	if (stays)
		claim_keep(s, &j->addr);
	claim_write(s, j->question.seq, &j->addr, stays, SIZE_MAX);
}

void
claim_tell_conflict(struct swim *s, const struct swim_addr *of)
{
	if (s->told_once && swim_time_since(s->now, s->told_conflict).ns < TELL_AGAIN.ns)
		return;
	s->told_once = true;
	s->told_conflict = s->now;
	outbox_seed_event(s, SWIM_EVENT_NAME_CONFLICT, of, wire_str_of(s->self->name));
}

void
claim_namesake_answered(struct swim *s, const struct swim_addr *at)
{
	s->namesake = *at;
	s->namesake_until = swim_time_add(s->now, SHOWN_HOLD);
}

bool
claim_is_by_namesake(const struct swim *s, const struct swim_addr *at)
{
	return swim_addr_equal(at, &s->namesake) && swim_time_before(s->now, s->namesake_until);
}

bool
claim_is_routable(const struct swim *s, const struct input *in, const struct swim_addr *at)
{
	const struct member *m = link_speaker(s, in, at);

	return (m != NULL && link_is_routable_at(m, at)) || claim_is_by_namesake(s, at);
}

void
claim_note_silence(struct swim *s, const struct swim_addr *asked, bool witnessed)
{
	/* An address that only strangers named shows no owner that was away. */
	if (claim_is_settled(s) || !witnessed)
		return;
	s->yielded = *asked;
	s->yielded_until = swim_time_add(s->now, claim_periods(s, YIELDED_PERIODS));
}

void
claim_taken(struct swim *s, const struct swim_addr *asked)
{
	if (swim_addr_equal(asked, &s->yielded))
		s->yielded = (struct swim_addr){0};
}

void
claim_contradict(struct swim *s, const struct input *in, uint64_t than, bool asking)
{
	if (!claim_is_settled(s) || s->lost_name)
		return;
	/*
	 * All places for contests are taken by the questions that strangers make us ask, so there is no contest to
	 * limit how often we do this.
	 */
	if (!asking && RULE(contradictions_wait) &&
	    swim_time_since(s->now, s->contradicted).ns < inquiry_round_takes(s).ns)
		return;
	s->contradicted = s->now;
	apply_refute(s, in, than);
}

/* Is the namesake at this address an owner that was away when we took its name, and is back in time? */
static bool
claim_is_owner(const struct swim *s, const struct swim_addr *asked)
{
	return RULE(owner_comes_back) && swim_addr_equal(asked, &s->yielded) &&
	       swim_time_before(s->now, s->yielded_until);
}

/* Has another member answered us in the last ALONE_PERIODS probe intervals? */
static bool
claim_has_company(const struct swim *s)
{
	return s->accompanied &&
	       swim_time_since(s->now, s->company_seen).ns <= claim_periods(s, ALONE_PERIODS).ns;
}

enum claim_end
claim_outdone(struct swim *s, const struct inquiry *j, const struct swim_addr *from, bool last)
{
	bool owner = j->outdone && claim_is_owner(s, &j->addr);
	bool stays = RULE(settled_stays) &&
		     (claim_is_settled(s) || (claim_has_company(s) && !j->witnessed));

	if (stays && !owner) {
		claim_tell_conflict(s, from);
		return CLAIM_WE_STAY;
	}
	if (!owner && !j->witnessed && !last)
		return CLAIM_OPEN;
	if (!s->lost_name)
		outbox_seed_event(s, SWIM_EVENT_NAME_LOST, from, wire_str_of(s->self->name));
	s->lost_name = true;
	return CLAIM_WE_GO;
}

/*
 * May one more claim from this address be answered?  Counts the answer.  If many addresses claim at once, those without
 * a record get no answer.
 */
static bool
claim_may_answer(struct swim *s, const struct swim_addr *to)
{
	struct claim_answers *entry = NULL;

	for (size_t i = 0; i < CLAIM_ANSWERED; i++) {
		struct claim_answers *a = &s->claims_answered[i];

		if (swim_addr_equal(&a->to, to)) {
			entry = a;
			break;
		}
		if (a->to.family == 0 || swim_time_since(s->now, a->since).ns >= ANSWERS_PER.ns)
			entry = a;
	}
	if (entry == NULL)
		return false;
	if (!swim_addr_equal(&entry->to, to) ||
	    swim_time_since(s->now, entry->since).ns >= ANSWERS_PER.ns)
		*entry = (struct claim_answers){.to = *to, .since = s->now};
	return entry->count++ < ANSWERS_MAX;
}

/* Who keeps the name, by the two ages and addresses alone?  `theirs` is the age in the namesake's claim, in ms. */
static enum claim_end
claim_compare(const struct swim *s, uint64_t theirs, const struct swim_addr *from)
{
	bool we_are_lower = claim_decides(s, from);
	uint64_t ours = claim_age(s);

	/* We have lost the name already, and tell nobody any more that we stay. */
	if (s->lost_name)
		return CLAIM_WE_GO;
	/* The first claim counts, as a later one may have taken a faster path. */
	if (theirs < WIRE_CLAIM_STAYS && claim_has_kept(s, from) && RULE(first_claim_counts))
		return CLAIM_WE_STAY;
	if (theirs < WIRE_CLAIM_STAYS && ours < WIRE_CLAIM_STAYS && inquiry_is_outdone(s, from))
		return CLAIM_WE_GO;
	if ((RULE(elder_stays) ? theirs > ours : theirs < ours) ||
	    (theirs == ours && !we_are_lower))
		return CLAIM_WE_GO;
	/* One of the two is settled; or we decide; or the other is younger even if its claim took the slowest path. */
	if (((theirs ^ ours) & WIRE_CLAIM_STAYS) != 0 || we_are_lower ||
	    ours - theirs > (uint64_t)swim_duration_ms(inquiry_round_takes(s)))
		return CLAIM_WE_STAY;
	return CLAIM_OPEN;
}

/*
 * Answer a claim with our own.  If we are about to leave, our claim has our age alone: the namesake sees that we have
 * not said that we stay, and waits.  A settled namesake does not wait for us, so it gets no answer in this case.
 */
static void
claim_answer(struct swim *s, const struct input *in, enum claim_end end)
{
	/*
	 * Only a namesake that has answered is remembered as told that we stay: forged claims from CLAIM_KEPT
	 * addresses could otherwise displace all others.
	 */
	bool stays = end == CLAIM_WE_STAY && claim_decides(s, &in->from) &&
		     claim_is_by_namesake(s, &in->from);

	if ((end == CLAIM_WE_GO && in->msg->age_ms >= WIRE_CLAIM_STAYS) ||
	    !claim_may_answer(s, &in->from))
		return;
	if (claim_write(s, in->msg->seq ^ 1, &in->from, stays, in->len) > 0 && stays)
		claim_keep(s, &in->from);
}

void
claim_receive(struct swim *s, const struct input *in)
{
	bool is_answer = inquiry_is_ours(s, in->msg->seq ^ 1);
	enum claim_end end;

	if (!probe_same_id(in->msg->member.id, s->self) || s->leaving)
		return;
	if (input_is_from(in, &s->self->addr))
		return;
	if (inquiry_is_ours(s, in->msg->seq)) {
		/* Our own claim came back: that address is one of ours. */
		inquiry_uncontested(s, in, &in->from);
		return;
	}
	end = claim_compare(s, in->msg->age_ms, &in->from);
	/* The source of a claim may be forged.  So the claim takes effect only once a namesake has answered our ping there. */
	if (end != CLAIM_WE_STAY || !claim_is_routable(s, in, &in->from))
		inquiry_contest(s, in, &in->from, 0);
	if (!RULE(claim_is_asked))
		claim_tell_conflict(s, &in->from);
	/* A claim with a digest is of an earlier version. */
	inquiry_claimed(s, &in->from, end, !in->msg->trailer.has_digest);
	if (!is_answer && claim_is_routable(s, in, &in->from))
		claim_answer(s, in, end);
}
