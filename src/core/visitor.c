/* SPDX-License-Identifier: MIT */
/*
 * Visitors: members that only strangers tell of.  Anybody can say that a member lives at an address, or has moved
 * there, though the owner of the address has asked for nothing.  So such a datagram alone neither makes a member nor
 * moves one: we ping the address, in no more bytes than the datagram had, and take the member up once it answers under
 * that name.  Until then no other member hears of the visitor from us.  There is no timer, and only another such
 * datagram makes us ping again: a stranger's datagram costs one small ping.
 *
 * A member that we have known for a while, or that we met when we had just started, is believed without such a ping.  When
 * we start we know nobody.  Then we believe the answer of a seed, the page that we asked for, the members that we meet by
 * these two, and what any sender says of itself.  A member without a seed has nobody to ask, so it believes every sender
 * while it has just started: this is how the first member of a cluster learns of the others.
 *
 * A pair (address, address) that a base peer tells of is a visitor too, even if we have known the base peer for long:
 * base peers call a swimd peer by its address, and only the answer from that address tells the name.  So we take up any
 * member that answers there (`whoever`).
 */
#include <string.h>

#include "core/internal.h"

/* For this many sync intervals of our life we have just started: members that we meet in this time are believed. */
#define STARTING_INTERVALS 2
/* After this many probe intervals in the table a member is believed. */
#define BELIEVED_AFTER_PERIODS 30
/* The most gifts in a probe interval.  They are needed, as a base peer's smallest ping has 11 bytes. */
#define GIFTS 32
/* Once base peers have suspected a silent address for this long, they are told of its death. */
#define SUSPECTED_FOR swim_seconds(5)
#define TAGS_AROUND 7 /* bytes of the trailer entry of one member's tags, besides the tags */

bool
visitor_believes_update(const struct swim *s, const struct input *in, bool from_subject)
{
	return in->believed || in->answer.believed || !RULE(visitor_is_asked) ||
	       (from_subject && (in->answer.as_itself || visitor_is_starting(s)));
}

static swim_duration
visitor_starting(const struct swim *s)
{
	return swim_ns(STARTING_INTERVALS * s->config.timing.sync_interval.ns);
}

bool
visitor_is_starting(const struct swim *s)
{
	return swim_time_since(s->now, s->began).ns < visitor_starting(s).ns;
}

bool
visitor_believes_speaker(const struct swim *s, const struct input *in, const struct member *speaker)
{
	swim_duration needed = swim_ns(BELIEVED_AFTER_PERIODS * s->config.timing.probe_interval.ns);

	if ((!s->has_seeds || !RULE(seeds_are_trusted)) && visitor_is_starting(s))
		return true;
	return speaker != NULL && in->authority >= AUTHORITY_MEMBER &&
	       (swim_time_since(speaker->met, s->began).ns < visitor_starting(s).ns ||
		   swim_time_since(s->now, speaker->met).ns >= needed.ns);
}

bool
visitor_gift(struct swim *s, const struct input *in)
{
	/* A datagram causes at most one gift, and only if it has caused no other ping. */
	if (in->allowance->charged)
		return false;
	if (swim_time_reached(s->now, s->gifts_until)) {
		s->gifts_until = swim_time_add(s->now, s->config.timing.probe_interval);
		s->gifts = 0;
	}
	if (s->gifts == GIFTS)
		return false;
	s->gifts++;
	return true;
}

size_t
visitor_trim_digests(struct wire_trailer *trailer, size_t budget)
{
	const size_t body = WIRE_HEADER_SIZE + sizeof(uint16_t);

	/* Our name stays: a sender without a name is taken for a base peer. */
	if (body + wire_trailer_size(trailer) > budget)
		trailer->has_removals = false;
	if (body + wire_trailer_size(trailer) > budget)
		trailer->has_digest = false;
	return body + wire_trailer_size(trailer);
}

size_t
visitor_fit(struct swim *s, const struct input *in, struct wire_trailer *trailer, size_t budget)
{
	size_t least = visitor_trim_digests(trailer, budget);

	return least <= budget || visitor_gift(s, in) ? least : 0;
}

void
visitor_spend(const struct input *in, const struct swim_addr *to, size_t len)
{
	/* A gift is larger than the credit. */
	if (len > in->allowance->credit)
		len = in->allowance->credit;
	in->allowance->credit -= len;
	in->allowance->charged = true;
	if (input_is_from(in, to))
		in->allowance->spent += len;
}

static swim_duration
visitor_patience(const struct swim *s)
{
	return s->config.timing.probe_timeout;
}

/* The slot of this visitor; or else a free slot, or the slot of the visitor whose ping was sent first, emptied. */
static struct visitor *
visitor_slot_of(struct swim *s, const struct swim_addr *addr, uint64_t hash)
{
	struct visitor *found = &s->visitors[0];

	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *v = &s->visitors[i];

		if (question_is_open(&v->question) && v->hash == hash &&
		    swim_addr_equal(&v->addr, addr))
			return v;
		if (!question_is_open(&v->question) ||
		    (question_is_open(&found->question) &&
			swim_time_before(v->question.sent, found->question.sent)))
			found = v;
	}
	question_close(s, &found->question);
	*found = (struct visitor){.addr = *addr, .hash = hash, .suspected = SWIM_TIME_NEVER};
	return found;
}

/* Notes since when base peers suspect the visitor: a base peer waits until it hears how a suspicion ended. */
static void
visitor_note_suspicion(const struct swim *s, struct visitor *v, const struct wire_update *u)
{
	if (!v->whoever || u->status != SWIM_SUSPECT)
		v->suspected = SWIM_TIME_NEVER;
	else if (swim_time_is_never(v->suspected))
		v->suspected = s->now;
}

bool
visitor_is_suspected(const struct swim *s, const struct swim_addr *addr, uint64_t *incarnation)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		const struct visitor *v = &s->visitors[i];

		if (!question_is_open(&v->question) || !swim_addr_equal(&v->addr, addr) ||
		    swim_time_is_never(v->suspected) ||
		    swim_time_since(s->now, v->suspected).ns < SUSPECTED_FOR.ns)
			continue;
		*incarnation = v->incarnation;
		return true;
	}
	return false;
}

/* Pings the visitor, in no more bytes than the credit unless the ping is a gift.  False: that is not allowed now. */
static bool
visitor_ask(struct swim *s, const struct input *in, struct visitor *v, const struct wire_update *u)
{
	/* The visitor's answer may have an update about the visitor itself. */
	size_t room = outbox_room_for_ack(s, u->member.id.len, u->member.address.len) +
		      WIRE_UPDATE_FIXED + u->member.id.len + u->member.address.len + TAGS_AROUND +
		      u->tags.len;
	struct wire_trailer trailer;
	struct wire_writer w;
	size_t len;

	outbox_trailer_named(s, &trailer);
	if (visitor_fit(s, in, &trailer, in->allowance->credit) == 0 ||
	    !outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return false;
	if (!question_is_open(&v->question))
		question_open_for_stranger(s, &v->question, QUESTION_VISITOR, core_seq(s));
	wire_begin_ping(&w, question_repeat(s, &v->question));
	len = outbox_end(s, &w, &trailer,
	    room < in->allowance->credit ? room : in->allowance->credit, &v->addr);
	v->asked = len;
	visitor_spend(in, &v->addr, len);
	return true;
}

void
visitor_hear(struct swim *s, const struct input *in, const struct wire_update *u,
    const struct swim_addr *told, bool from_subject)
{
	const struct swim_addr *addr = from_subject ? &in->from : told;
	uint64_t hash = members_hash(u->member.id.bytes, u->member.id.len);
	struct visitor *v;

	if (s->leaving || addr->family == 0 || !locate_reaches(s, addr) ||
	    swim_addr_equal(addr, &s->self->addr))
		return;
	v = visitor_slot_of(s, addr, hash);
	/*
	 * The answer of a base peer has no incarnation, so the member will be listed at the incarnation that was told
	 * of it.
	 */
	if (v->incarnation < u->incarnation &&
	    (u->incarnation <= BASE_FIRST_MOST || (in->authority >= AUTHORITY_MEMBER && !in->base)))
		v->incarnation = u->incarnation;
	v->swimd = !in->base && !(u->flags & WIRE_FLAG_BASE);
	v->whoever = in->base && !from_subject && base_is_address(s, in, &u->member);
	visitor_note_suspicion(s, v, u);
	if (question_is_open(&v->question) &&
	    swim_time_since(s->now, v->question.sent).ns < visitor_patience(s).ns)
		return;
	if (!visitor_ask(s, in, v, u) && !question_is_open(&v->question))
		*v = (struct visitor){0};
	else
		in->allowance->visited = true;
}

bool
visitor_had_no_room(const struct swim *s, const struct input *in)
{
	const struct wire_member_id *who = &in->msg->member;
	const struct question *q = question_find(s, in->msg->seq);

	return q != NULL && q->purpose == QUESTION_VISITOR &&
	       question_owner(q, struct visitor, question)->asked <
		   outbox_room_for_kind(s, who->id.len, who->address.len);
}

/* Finds the update about the visitor itself in the visitor's answer.  False: there is none. */
static bool
visitor_says_itself(const struct input *in, struct wire_update *u)
{
	struct wire_str id = in->msg->member.id;
	struct wire_updates_iter iter = {0};

	while (wire_updates_next(&in->msg->updates, &iter, u)) {
		if (u->status == SWIM_ALIVE && wire_str_same(u->member.id, id))
			return true;
	}
	return false;
}

/* The kind of m, which has answered the ping to this visitor. */
static enum peer
visitor_peer(const struct swim *s, const struct input *in, const struct visitor *v,
    const struct member *m)
{
	/* Earlier versions of swimd do not tell which members are base peers, but the ack of a base peer shows it. */
	if ((v->swimd && !base_answers(s, in)) || in->msg->trailer.has_digest)
		return PEER_SWIMD;
	/* The ping left room for a digest in the answer, and a swimd peer would have sent its digest. */
	if (v->asked >= outbox_room_for_kind(s, m->name_len, strlen(m->address)))
		return PEER_BASE;
	if (v->swimd)
		return PEER_UNTOLD;
	/* Base peers call a swimd peer by its address.  So a visitor whose id is no address is a base peer. */
	return v->whoever ? PEER_UNSURE : PEER_SAID_BASE;
}

/* Takes the visitor up as a member, by its update about itself, or else by its name alone, without tags. */
static void
visitor_take_up(struct swim *s, const struct input *in, const struct visitor *v)
{
	struct wire_update u;
	struct member *m;

	if (!visitor_says_itself(in, &u))
		u = (struct wire_update){.member = in->msg->member,
		    .status = SWIM_ALIVE,
		    .flags = WIRE_FLAG_PARTIAL,
		    .incarnation = v->incarnation};
	else if (in->named)
		return; /* apply_updates() takes that update with the rest of the answer */
	apply_own_word(s, in, &u);
	m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);
	if (m == NULL || m == s->self)
		return;
	m->peer = visitor_peer(s, in, v, m);
	m->routable = swim_addr_equal(&m->addr, &v->addr);
	/* The ping was too small to show the kind of m, so a larger ping follows. */
	if (m->routable && base_recipient(s, m) == WIRE_RECIPIENT_UNKNOWN)
		gossip_ask_first(s, m);
}

struct answer
visitor_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct visitor v = *question_owner(q, struct visitor, question);
	struct answer answer = {.asked = v.addr, .as_itself = true};
	struct wire_str id = in->msg->member.id;
	const struct member *m;

	question_close(s, q);
	/* The ack names another member than the visitor. */
	if (members_hash(id.bytes, id.len) != v.hash && !(v.whoever && id.len > 0))
		return (struct answer){0};
	if (input_is_from(in, &v.addr))
		guest_answered(s, &in->from);
	/*
	 * A member that has moved says so in this answer, or is believed after the answer (speaker_set_answerer).  A
	 * tombstone is taken up like a member that is not known.
	 */
	m = members_find(s, id.bytes, id.len);
	if (m == NULL || (!members_is_visible(m) && RULE(removed_returns))) {
		struct input known = input_answering(in, answer);

		visitor_take_up(s, &known, &v);
	}
	answer.ours = true;
	return answer;
}
