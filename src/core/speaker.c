/* SPDX-License-Identifier: MIT */
/*
 * The speaker: the member whose word a datagram is.  Datagrams of swimd peers and envelopes name their sender, and an
 * ack names the member that answers.  A datagram of a base peer without a name is attributed to the base peer that is
 * known at its source address, or to an unnamed peer, whose id is that address.  An address does not prove a name, as
 * another member may have started there a moment ago.  So a leave is taken only from a datagram that names the leaving
 * member as its sender, or from a base peer whose id is its address.
 */
#include <string.h>

#include "core/internal.h"

/* An unnamed peer without an answer is dropped after this many times the duration of a greeting. */
#define UNNAMED_GREETINGS 2

/* Is this another address than the advertised one, at which m has answered under its name? */
static bool
speaker_is_also_at(const struct member *m, const struct swim_addr *from)
{
	return m != NULL && members_is_visible(m) && !m->unnamed &&
	       (swim_addr_equal(&extra_of(m)->also, from) ||
		   swim_addr_equal(&extra_of(m)->via, from));
}

/*
 * Set the authority of the speaker (a member, or NULL) by the address from which the speaker sends.  Anybody can write
 * any name into a datagram, while a source address is harder to forge.  So a speaker that is not known at the source
 * address is a stranger.  A member with several addresses is also known at those from which it has answered, as the
 * network chooses the source address.
 */
static void
speaker_weigh(struct swim *s, struct input *in, const struct member *speaker,
    const struct swim_addr *from)
{
	const struct member *m = locate_at(s, from);
	bool also = speaker_is_also_at(speaker, from);
	bool lives = speaker != NULL && members_is_visible(speaker) &&
		     swim_addr_equal(&speaker->addr, from);
	bool known = lives && !speaker->unnamed;
	bool routable = (also || (known && speaker->routable)) && members_is_live(speaker);

	in->from_member = also || (m != NULL && members_is_visible(m));
	if (routable)
		in->authority = AUTHORITY_ROUTABLE;
	else if (also || known)
		in->authority = AUTHORITY_MEMBER;
	else
		in->authority = in->answer.ours ? AUTHORITY_ANSWERED : AUTHORITY_STRANGER;
	/* by the authority that has just been set */
	in->believed = visitor_believes_speaker(s, in, speaker);
}

/*
 * May the question have been too small for a swimd peer to show its extensions in the answer?  Questions that
 * strangers make us ask may be that small; all others are padded.
 */
static bool
speaker_is_small_answer(const struct swim *s, const struct input *in)
{
	return inquiry_is_ours(s, in->msg->seq) || question_is(s, in->msg->seq, QUESTION_RELAY) ||
	       visitor_had_no_room(s, in);
}

/* Note from a datagram which kind of peer its speaker is. */
static void
speaker_note_kind(struct swim *s, struct input *in, struct member *m)
{
	bool is_answer = in->msg->type == WIRE_ACK || in->msg->type == WIRE_NACK;
	bool is_there = input_is_from(in, &m->addr);

	if (!is_there && (is_answer || !speaker_is_also_at(m, &in->from)))
		return;
	/* An answer without extensions shows a base peer only if it had room for them. */
	if (is_answer && base_lacks_extensions(in->msg)) {
		in->shows_kind = in->msg->type == WIRE_ACK && m->peer != PEER_SWIMD &&
				 !speaker_is_small_answer(s, in);
		return;
	}
	/*
	 * A swimd peer that is taken for a base peer gets no more gossip of ours, and the source address may be
	 * forged.  So speaker_check_kind() asks it first, and a member of unknown kind is sent what both kinds read
	 * until it has answered.
	 */
	if (base_lacks_extensions(in->msg)) {
		if (base_kind(s, m) == SWIM_KIND_UNKNOWN)
			m->peer = PEER_SAID_BASE;
		return;
	}
	m->peer = PEER_SWIMD;
}

void
speaker_note_answer(struct swim *s, struct input *in)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);

	if (!in->answer.ours || !in->shows_kind || m == NULL || m == s->self ||
	    m->peer == PEER_SWIMD)
		return;
	m->peer = base_is_peer(m) || base_answers(s, in) ? PEER_BASE : PEER_UNTOLD;
}

/*
 * Does the ack name its sender?  The answer to a ping-req names the target and comes from the helper.  So an ack is the
 * word of the member that it names only if it comes from that member's address.
 */
static bool
speaker_names_sender(const struct swim *s, const struct input *in)
{
	char text[SWIM_ADDR_TEXT];
	const struct member *m;

	if (in->msg->type != WIRE_ACK || in->msg->member.id.len == 0 ||
	    probe_is_indirect(s, in->msg->seq))
		return false;
	m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);
	if (m != NULL)
		return input_is_from(in, &m->addr) || speaker_is_also_at(m, &in->from);
	swim_addr_format_public(&in->from, text);
	return wire_str_equal(in->msg->member.address, text);
}

/* The member whose word a datagram without a name is; NULL: not known. */
static struct member *
speaker_resident(const struct swim *s, const struct input *in)
{
	struct member *m = locate_at(s, &in->from);

	if (m == NULL || m == s->self)
		return m;
	/* If the member of this address is gone, another may have started there: its answer has to tell who it is. */
	return !members_is_live(m) ||
		       (base_lacks_extensions(in->msg) && base_kind(s, m) == SWIM_KIND_SWIMD)
		   ? NULL
		   : m;
}

/* The speaker is not known: its address stands for its name. */
static void
speaker_take_address(struct swim *s, struct input *in)
{
	char text[SWIM_ADDR_TEXT];

	swim_addr_format_public(&in->from, text);
	/* A member with this link-local address in another zone may be known by the same text. */
	if (members_find(s, text, strlen(text)) != NULL)
		swim_addr_format(&in->from, text);
	input_set_speaker(in, text, strlen(text));
}

struct member *
speaker_identify(struct swim *s, struct input *in)
{
	struct wire_str name = in->claimed.id;
	struct member *m;

	in->base = base_lacks_extensions(in->msg);
	in->shows_kind = false;
	in->base_peer = in->base && (in->msg->type == WIRE_PING || in->msg->type == WIRE_PING_REQ);
	if (name.len == 0 && speaker_names_sender(s, in))
		name = in->msg->member.id;
	if (!RULE(address_is_no_name) && in->claimed.id.len == 0 &&
	    (m = locate_at(s, &in->from)) != NULL)
		name = (struct wire_str){m->name, m->name_len};
	in->named = name.len > 0;
	m = in->named ? members_find(s, name.bytes, name.len) : speaker_resident(s, in);
	if (in->named)
		input_set_speaker(in, name.bytes, name.len);
	else if (m != NULL)
		input_set_speaker(in, m->name, m->name_len);
	else
		speaker_take_address(s, in);
	if (m != s->self && m != NULL) {
		locate_heard(s, m, &in->from);
		speaker_note_kind(s, in, m);
		in->base_peer |= in->base && base_is_peer(m);
	}
	speaker_weigh(s, in, m, &in->from);
	return m;
}

void
speaker_check_kind(struct swim *s, const struct input *in)
{
	const struct member *m = locate_at(s, &in->from);

	if (in->base && m != NULL && m != s->self && base_kind(s, m) == SWIM_KIND_SWIMD &&
	    (in->msg->type == WIRE_PING || in->msg->type == WIRE_PING_REQ))
		inquiry_start(s, in, &in->from, INQUIRY_GREET);
}

/* Is no live member known at this address, nor ourselves? */
static bool
speaker_is_free(const struct swim *s, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);

	return m == NULL || (m != s->self && !members_is_live(m));
}

void
speaker_set_answerer(struct swim *s, struct input *in)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	if (m == NULL || m == s->self || !members_is_visible(m) || m->unnamed)
		return;
	if (!input_is_from(in, &in->answer.asked)) {
		/* The source address may be forged: it counts as the member's once the member has answered there. */
		speaker_ask(s, in, m);
		if (!swim_addr_equal(&in->answer.asked, &m->addr) &&
		    !link_is_routable_at(m, &in->answer.asked))
			return;
	} else if (speaker_is_free(s, &in->from)) {
		link_found(s, m, &in->from);
	} else {
		return;
	}
	in->named = true;
	input_set_speaker(in, m->name, m->name_len);
	speaker_weigh(s, in, m, &in->answer.asked);
}

void
speaker_ask(struct swim *s, const struct input *in, const struct member *m)
{
	if (!members_is_live(m) || speaker_is_also_at(m, &in->from) ||
	    !speaker_is_free(s, &in->from))
		return;
	inquiry_start(s, in, &in->from, INQUIRY_GREET);
}

/* How long an unnamed peer is listed without an answer.  Its greeting ends well before. */
static swim_duration
speaker_unnamed_hold(const struct swim *s)
{
	return swim_ns(UNNAMED_GREETINGS * inquiry_round_takes(s).ns);
}

/*
 * List the sender as an unnamed peer, with its address for a name, and greet it.  NULL: no room, or the sender is
 * listed under another name.
 */
static struct member *
speaker_list_unnamed(struct swim *s, const struct input *in)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_member_id id;
	struct member *m;

	if (s->leaving || (s->unnamed_count >= UNNAMED_MAX && RULE(unnamed_bound)) ||
	    !members_make_room(s, in)) {
		s->stats.ignored[SWIM_IGNORE_MEMBER_LIMIT]++;
		/* The answer tells who the sender is, and makes the sender a guest. */
		if (!s->leaving)
			inquiry_start(s, in, &in->from, INQUIRY_GREET);
		return NULL;
	}
	swim_addr_format_public(&in->from, text);
	id = (struct wire_member_id){wire_str_of(text), wire_str_of(text)};
	if (members_find(s, text, strlen(text)) != NULL) {
		/*
		 * Another member has this name, as one with the same address in another zone has.  Ask the sender for
		 * its name.
		 */
		inquiry_start(s, in, &in->from, INQUIRY_GREET);
		return NULL;
	}
	m = members_create(s, in, &id);
	if (m == NULL) {
		s->stats.ignored[SWIM_IGNORE_NO_MEMORY]++;
		return NULL;
	}
	m->unnamed = true;
	m->peer = PEER_BASE;
	introduce_met(s, m);
	s->unnamed_count++;
	s->unnamed_end =
	    swim_time_min(s->unnamed_end, swim_time_add(s->now, speaker_unnamed_hold(s)));
	members_transition(s, in, m, LIFE_ALIVE, 0);
	inquiry_start(s, in, &in->from, INQUIRY_GREET);
	return m;
}

/* A gone member of this address: a routable one, if there is any.  For an address whose members are all gone. */
static struct member *
speaker_gone_at(const struct swim *s, const struct swim_addr *from)
{
	struct member *m, *found = NULL;
	size_t i = 0;

	while ((m = locate_each_at(s, from, &i)) != NULL) {
		if (found == NULL || m->routable)
			found = m;
	}
	return found;
}

struct member *
speaker_meet(struct swim *s, const struct input *in, struct member *known)
{
	struct member *m = known != NULL ? known : locate_at(s, &in->from);

	if (m != NULL && m != s->self && !members_is_live(m)) {
		if (RULE(place_of_gone_is_asked))
			inquiry_start(s, in, &in->from, INQUIRY_GREET);
		return speaker_gone_at(s, &in->from);
	}
	if (m == NULL && inquiry_is_move_to(s, &in->from))
		return NULL;
	if (m == NULL)
		return speaker_list_unnamed(s, in);
	if (members_awaits_name(m))
		inquiry_start(s, in, &in->from, INQUIRY_GREET);
	return m;
}

static void
speaker_drop(struct swim *s, const struct input *in, struct member *m)
{
	if (members_is_announced(m))
		outbox_event(s, in, SWIM_EVENT_REMOVED, m);
	members_destroy(s, in, m);
}

void
speaker_drop_unnamed(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct member *m;
	size_t i = 0;

	while ((m = locate_each_at(s, addr, &i)) != NULL) {
		if (members_awaits_name(m)) {
			speaker_drop(s, in, m);
			return;
		}
	}
}

void
speaker_drop_alias(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);
	struct member *o;
	size_t i = 0;

	if (m == NULL || m == s->self || m->peer != PEER_SWIMD || !m->routable ||
	    base_may_be_alias(m))
		return;
	while ((o = locate_each_at(s, addr, &i)) != NULL) {
		if (o != m && members_is_live(o) && base_may_be_alias(o)) {
			speaker_drop(s, in, o);
			return;
		}
	}
}

void
speaker_tick(struct swim *s, const struct input *in)
{
	if (!swim_time_reached(s->now, s->unnamed_end))
		return;
	s->unnamed_end = SWIM_TIME_NEVER;
	for (size_t i = s->table.count; i-- > 0 && s->unnamed_count > 0;) {
		struct member *m = s->table.v[i];
		swim_time ends = swim_time_add(m->met, speaker_unnamed_hold(s));

		if (!members_awaits_name(m))
			continue;
		if (swim_time_reached(s->now, ends))
			speaker_drop(s, in, m);
		else
			s->unnamed_end = swim_time_min(s->unnamed_end, ends);
	}
}

swim_time
speaker_deadline(const struct swim *s)
{
	return s->unnamed_end;
}

void
speaker_add_member(struct swim *s, struct input *in)
{
	struct member *m;

	if (s->leaving || !base_lacks_extensions(in->msg) || in->claimed.address.len == 0)
		return;
	inquiry_add_speaker(s, in, &in->claimed, &in->from);
	m = members_find(s, in->claimed.id.bytes, in->claimed.id.len);
	if (m != NULL && m != s->self)
		speaker_note_kind(s, in, m);
}
