/* SPDX-License-Identifier: MIT */
/*
 * Who sent the datagram at hand.  Datagrams of swimds and envelopes name their sender, and an ack names the member that
 * answers.  A datagram of a base peer that names nobody is attributed to the base peer that is known at its source address,
 * or to a stand-in: a member whose id is that address.  An address does not prove a name, as another member may have started
 * there a moment ago.  So a leave is taken only from a datagram that names the leaving member as its sender, or from a base peer
 * whose id is its address.
 */
#include <string.h>

#include "core/internal.h"

/* A stand-in that no answer confirms is dropped after this many times the time that a greeting takes. */
#define STAND_IN_GREETINGS 2

static void
speak(struct swim *s, const char *name, size_t len)
{
	if (len > SWIM_NAME_MAX)
		len = SWIM_NAME_MAX;
	memcpy(s->by, name, len);
	s->by_len = (uint16_t)len;
}

void
speaker_self(struct swim *s)
{
	speak(s, s->self->name, s->self->name_len);
	s->by_base = s->by_base_peer = false;
	s->by_member = s->by_known = s->by_proven = s->by_named = s->by_vouches = true;
}

/* From another address than it tells, where it has answered under its name. */
static bool
is_also_at(const struct member *m, const struct swim_addr *from)
{
	return m != NULL && !m->hidden && !m->stand_in &&
	       (swim_addr_equal(&m->also, from) || swim_addr_equal(&m->via, from));
}

/*
 * Anybody can write anybody's name into a datagram, but not so easily another's address onto it.  What is said of
 * others in the name of one who does not live at the source address is hearsay, unless that one has been answering
 * questions from there: the network chooses by which of its addresses one of several is heard.
 */
static void
weigh(struct swim *s, const struct member *speaker, const struct swim_addr *from)
{
	const struct member *m = locate_at(s, from);
	bool also = is_also_at(speaker, from);
	bool lives = speaker != NULL && !speaker->hidden && swim_addr_equal(&speaker->addr, from);
	bool known = lives && !speaker->stand_in;

	s->by_member = also || (m != NULL && !m->hidden);
	s->by_known = also || known;
	s->by_proven = (also && speaker->live_index != NOT_LISTED) ||
		       (known && speaker->proven && speaker->live_index != NOT_LISTED);
	s->by_vouches = visitor_vouches(s, speaker);
}

/*
 * May the question have been too small for a swimd to show in its answer that it is a swimd?  Questions that strangers make
 * us ask may be that small; all other questions are padded.
 */
static bool
is_small_answer(const struct swim *s, const struct wire_message *msg)
{
	return join_is_ours(s, msg->seq) || relay_asks(s, msg->seq) || visitor_had_no_room(s, msg);
}

/* Does a member that speaks for itself know our extensions? */
static void
note_kind(struct swim *s, struct member *m, const struct wire_message *msg,
    const struct swim_addr *from)
{
	bool is_answer = msg->type == WIRE_ACK || msg->type == WIRE_NACK;
	bool is_there = swim_addr_equal(&m->addr, from);

	if (!is_there && (is_answer || !is_also_at(m, from)))
		return;
	/* An answer without the sign of a swimd shows a base peer only if it had room for such a sign. */
	if (is_answer && base_speaks(msg)) {
		s->by_tells_kind = msg->type == WIRE_ACK && !m->swimd && !is_small_answer(s, msg);
		return;
	}
	/*
	 * A swimd that is taken for a base peer hears nothing of us any more, and its address may be forged: it is asked first
	 * (speaker_check_kind), and one of which nothing was known is asked by what both kinds read until it has answered.
	 */
	if (base_speaks(msg)) {
		m->unsure |= base_kind(s, m) == SWIM_KIND_UNKNOWN;
		m->base_peer |= base_kind(s, m) != SWIM_KIND_SWIMD;
		return;
	}
	m->swimd = true;
	m->base_peer = m->unsure = false;
}

void
speaker_note_answer(struct swim *s, const struct wire_message *msg)
{
	struct member *m = members_find(s, s->by, s->by_len);

	if (!s->answered || !s->by_tells_kind || m == NULL || m == s->self || m->swimd)
		return;
	m->base_peer |= base_answers(s, msg);
	m->unsure = false;
}

/*
 * Does the ack name its sender?  The answer to a ping-req names the target and comes from a helper, so that an ack counts
 * as the word of the member that it names only where it comes from that member's address.
 */
static bool
names_sender(const struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	char text[SWIM_ADDR_TEXT];
	const struct member *m;

	if (msg->type != WIRE_ACK || msg->member.id.len == 0 || probe_is_indirect(s, msg->seq))
		return false;
	m = members_find(s, msg->member.id.bytes, msg->member.id.len);
	if (m != NULL)
		return swim_addr_equal(&m->addr, from) || is_also_at(m, from);
	swim_addr_format_public(from, text);
	return wire_str_equal(msg->member.address, text);
}

/* The member whose word a datagram without any name is; NULL: none that we know. */
static struct member *
resident(const struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	struct member *m = locate_at(s, from);

	if (m == NULL || m == s->self)
		return m;
	/* If the member of this address is gone, somebody else may have started there: an answer has to tell who it is. */
	return m->live_index == NOT_LISTED ||
		       (base_speaks(msg) && base_kind(s, m) == SWIM_KIND_SWIMD)
		   ? NULL
		   : m;
}

static void
speak_address(struct swim *s, const struct swim_addr *from)
{
	char text[SWIM_ADDR_TEXT];

	swim_addr_format_public(from, text);
	/* A member with this link-local address in another zone may be known by the same text. */
	if (members_find(s, text, strlen(text)) != NULL)
		swim_addr_format(from, text);
	speak(s, text, strlen(text));
}

struct member *
speaker_identify(struct swim *s, const struct wire_message *msg,
    const struct wire_member_id *claimed, const struct swim_addr *from)
{
	struct wire_str name = claimed->id;
	struct member *m;

	s->by_base = base_speaks(msg);
	s->by_tells_kind = false;
	s->by_base_peer = s->by_base && (msg->type == WIRE_PING || msg->type == WIRE_PING_REQ);
	if (name.len == 0 && names_sender(s, msg, from))
		name = msg->member.id;
	s->by_named = name.len > 0;
	m = s->by_named ? members_find(s, name.bytes, name.len) : resident(s, msg, from);
	if (s->by_named)
		speak(s, name.bytes, name.len);
	else if (m != NULL)
		speak(s, m->name, m->name_len);
	else
		speak_address(s, from);
	if (m != s->self && m != NULL) {
		locate_heard(s, m, from);
		note_kind(s, m, msg, from);
		s->by_base_peer |= s->by_base && base_is_peer(m);
	}
	weigh(s, m, from);
	return m;
}

void
speaker_check_kind(struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	const struct member *m = locate_at(s, from);

	if (s->by_base && m != NULL && m != s->self && base_kind(s, m) == SWIM_KIND_SWIMD &&
	    (msg->type == WIRE_PING || msg->type == WIRE_PING_REQ))
		join_start(s, from, JOIN_GREET);
}

/* Nobody is known to live there but m itself, if anybody. */
static bool
is_free(const struct swim *s, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);

	return m == NULL || (m != s->self && m->live_index == NOT_LISTED);
}

void
speaker_answers(struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	struct member *m = members_find(s, msg->member.id.bytes, msg->member.id.len);

	if (m == NULL || m == s->self || m->hidden || m->stand_in)
		return;
	if (!swim_addr_equal(&s->asked, from)) {
		/* The source address may be forged: the member can be reached there once it has answered there. */
		speaker_ask(s, m, from);
		if (!swim_addr_equal(&s->asked, &m->addr) && !link_is_shown_at(m, &s->asked))
			return;
	} else if (is_free(s, from)) {
		m->also = *from;
		link_found(s, m);
	} else {
		return;
	}
	s->by_named = true;
	speak(s, m->name, m->name_len);
	weigh(s, m, &s->asked);
}

void
speaker_ask(struct swim *s, const struct member *m, const struct swim_addr *from)
{
	if (m->live_index == NOT_LISTED || is_also_at(m, from) || !is_free(s, from))
		return;
	join_start(s, from, JOIN_GREET);
}

/* How long a stand-in waits for an answer.  The greeting that asks for the answer ends well before. */
static swim_duration
stand_in_hold(const struct swim *s)
{
	return swim_ns(STAND_IN_GREETINGS * join_contest_takes(s).ns);
}

/* Take up a base peer that nobody has told us of, with its address for an id until its answer tells its own id. */
static struct member *
stand_in(struct swim *s, const struct swim_addr *from)
{
	char text[SWIM_ADDR_TEXT];
	struct member *m;

	if (s->leaving || s->stand_ins >= STAND_INS_MAX || !members_make_room(s)) {
		s->stats.ignored[SWIM_IGNORE_MEMBER_LIMIT]++;
		/* The answer says who the sender is, and makes the sender a guest. */
		if (!s->leaving)
			join_start(s, from, JOIN_GREET);
		return NULL;
	}
	swim_addr_format_public(from, text);
	if (members_find(s, text, strlen(text)) != NULL) {
		/* Another member has this name, such as one with the same address in another zone.  Ask the sender who it is. */
		join_start(s, from, JOIN_GREET);
		return NULL;
	}
	m = members_create(s, text, strlen(text), text, strlen(text));
	if (m == NULL) {
		s->stats.ignored[SWIM_IGNORE_NO_MEMORY]++;
		return NULL;
	}
	m->stand_in = m->base_peer = true;
	introduce_met(s, m);
	s->stand_ins++;
	s->stand_in_ends = swim_time_min(s->stand_in_ends, swim_time_add(s->now, stand_in_hold(s)));
	members_transition(s, m, SWIM_ALIVE, 0, false);
	join_start(s, from, JOIN_GREET);
	return m;
}

/* A member of this address that is gone: one that has answered a ping here, if there is any. */
static struct member *
gone_at(const struct swim *s, const struct swim_addr *from)
{
	struct member *m, *found = NULL;
	size_t i = 0;

	while ((m = locate_each_at(s, from, &i)) != NULL) {
		if (found == NULL || m->proven)
			found = m;
	}
	return found;
}

struct member *
speaker_meet(struct swim *s, struct member *known, const struct swim_addr *from)
{
	struct member *m = known != NULL ? known : locate_at(s, from);

	if (m != NULL && m != s->self && m->live_index == NOT_LISTED) {
		join_start(s, from, JOIN_GREET);
		return gone_at(s, from);
	}
	if (m == NULL && join_is_move_to(s, from))
		return NULL;
	if (m == NULL)
		return stand_in(s, from);
	if (m->stand_in && !m->proven)
		join_start(s, from, JOIN_GREET);
	return m;
}

static bool
is_unconfirmed(const struct member *m)
{
	return m->stand_in && !m->proven;
}

static void
drop(struct swim *s, struct member *m)
{
	if (m->announced)
		outbox_event(s, SWIM_EVENT_REMOVED, m);
	members_destroy(s, m);
}

void
speaker_drop_stand_in(struct swim *s, const struct swim_addr *addr)
{
	struct member *m;
	size_t i = 0;

	while ((m = locate_each_at(s, addr, &i)) != NULL) {
		if (is_unconfirmed(m)) {
			drop(s, m);
			return;
		}
	}
}

void
speaker_drop_alias(struct swim *s, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);
	struct member *o;
	size_t i = 0;

	if (m == NULL || m == s->self || !m->swimd || !m->proven || base_may_be_alias(m))
		return;
	while ((o = locate_each_at(s, addr, &i)) != NULL) {
		if (o != m && o->live_index != NOT_LISTED && base_may_be_alias(o)) {
			drop(s, o);
			return;
		}
	}
}

void
speaker_tick(struct swim *s)
{
	if (!swim_time_reached(s->now, s->stand_in_ends))
		return;
	s->stand_in_ends = SWIM_TIME_NEVER;
	for (size_t i = s->table.count; i-- > 0 && s->stand_ins > 0;) {
		struct member *m = s->table.v[i];
		swim_time ends = swim_time_add(m->met, stand_in_hold(s));

		if (!is_unconfirmed(m))
			continue;
		if (swim_time_reached(s->now, ends))
			drop(s, m);
		else
			s->stand_in_ends = swim_time_min(s->stand_in_ends, ends);
	}
}

swim_time
speaker_deadline(const struct swim *s)
{
	return s->stand_in_ends;
}

void
speaker_introduce(struct swim *s, const struct wire_message *msg, const struct wire_member_id *who,
    const struct swim_addr *from)
{
	struct member *m;

	if (s->leaving || !base_speaks(msg) || who->address.len == 0)
		return;
	join_introduce(s, who, from);
	m = members_find(s, who->id.bytes, who->id.len);
	if (m != NULL && m != s->self)
		note_kind(s, m, msg, from);
}
