/* SPDX-License-Identifier: MIT */
/*
 * Probing for others (SWIM 3.1).  A ping-req makes us ping its target.  If the target answers us, we send the asker an
 * ack with the number of the ping-req, and otherwise a nack, while the asker still waits (Lifeguard IV.A).
 */
#include <string.h>

#include "core/internal.h"

#define PING_LEAST (WIRE_HEADER_SIZE + sizeof(uint16_t)) /* without a trailer */
/* The nack is sent after this part of the time that the asker waits (Lifeguard IV.A). */
#define NACK_AT 0.8

/* Sends the asker an ack or a nack about the target, and ends the relay. */
static void
relay_answer(struct swim *s, const struct input *in, struct relay *r, enum wire_type type)
{
	struct wire_member_id target = {{r->text, r->id_len},
	    {r->text + r->id_len, r->address_len}};
	const struct member *asker = locate_at(s, &r->asker);
	bool routable = !r->of_stranger;
	char text[SWIM_ADDR_TEXT];
	struct wire_trailer trailer;
	struct wire_writer w;

	/* A stranger gets no more bytes than it sent. */
	if (base_is_recipient(r->asker_kind))
		base_answer_trailer(s, &target, routable ? SIZE_MAX : r->request_len, &trailer);
	else
		outbox_relayed_trailer(s, &target, routable ? SIZE_MAX : r->request_len, &trailer);
	if (type == WIRE_ACK && routable && !base_is_recipient(r->asker_kind))
		link_reached(s, target.id, text, &trailer);
	if (outbox_begin(s, &w, &trailer, path_safe(s, asker))) {
		if (type == WIRE_ACK) {
			s->stats.relays_acked++;
			w.recipient = r->asker_kind;
			wire_begin_ack(&w, r->asker_seq, &target);
			if (routable)
				gossip_fill(s, &w, asker);
		} else {
			s->stats.relays_nacked++;
			wire_begin_nack(&w, r->asker_seq, &target);
		}
		outbox_end(s, &w, &trailer, 0, &r->asker);
	}
	if (type == WIRE_NACK && question_is_open(&r->question) && routable &&
	    base_is_recipient(r->asker_kind))
		introduce_silent(s, in, &r->asker, &target);
	if (!RULE(relay_ends))
		return;
	question_close(s, &r->question);
	core_release(s, r->text);
	*r = (struct relay){0};
}

/* A free slot for this asker; NULL: all slots are taken, or all that strangers may have. */
static struct relay *
relay_vacant(struct swim *s, bool stranger)
{
	if (stranger && !question_has_room_for_stranger(s, QUESTION_RELAY))
		return NULL;
	for (size_t i = 0; i < SWIM_RELAYS; i++) {
		if (!question_is_open(&s->relays[i].question))
			return &s->relays[i];
	}
	return NULL;
}

/*
 * Sends the target a small ping: a stranger named the target, or the target has not answered us, or it is no member
 * (`target` is NULL).  Such a target may have asked for nothing.  So the ping has no more bytes than the ping-req.
 * False: these are too few.
 */
static bool
relay_ping_small(struct swim *s, const struct input *in, const struct relay *r,
    struct member *target, const struct swim_addr *addr)
{
	/* If an update of the ping-req made us ping a visitor, only the rest of the credit is left. */
	size_t budget = in->allowance->visited ? in->allowance->credit
					       : r->request_len + in->allowance->spent;
	struct wire_trailer trailer;
	struct wire_writer w;

	base_trailer(s, base_recipient(s, target), &trailer);
	/*
	 * Our name may not fit into the size of the ping-req.  Without our name the target would take us for a base peer.
	 */
	if (PING_LEAST + wire_trailer_size(&trailer) > budget)
		trailer.has_digest = false;
	if (PING_LEAST + wire_trailer_size(&trailer) > budget)
		return false;
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return true;
	w.recipient = base_recipient(s, target);
	wire_begin_ping(&w, r->question.seq);
	if (budget < s->config.max_datagram)
		w.reserve += s->config.max_datagram - budget;
	if (target != NULL && members_status(target) != SWIM_ALIVE)
		gossip_add_fitting(s, &w, target);
	gossip_add_untagged(s, &w, s->self);
	if (target != NULL)
		outbox_end_to(s, &w, &trailer, 0, target);
	else
		outbox_end(s, &w, &trailer, 0, addr);
	return true;
}

/* The kind of the asker.  A ping-req without a name, from an address where we know no base peer, may be of either kind. */
static enum wire_recipient
relay_asker_kind(const struct input *in, const struct member *asker)
{
	if (!in->base)
		return WIRE_RECIPIENT_SWIMD;
	return asker != NULL && base_is_peer(asker) ? WIRE_RECIPIENT_NEW_BASE
						    : WIRE_RECIPIENT_UNKNOWN;
}

/*
 * Is this the pair of a swimd peer's name and address?  A base peer has such a pair from an earlier version of swimd,
 * which told base peers the names.  No swimd peer answers a base peer by its name any more, so a nack lets the base
 * peer give the pair up.
 */
static bool
relay_is_former_pair(const struct swim *s, const struct input *in, const struct relay *r,
    const struct wire_member_id *pair, const struct member *target)
{
	return base_is_recipient(r->asker_kind) && base_kind(s, target) == SWIM_KIND_SWIMD &&
	       !base_is_address(s, in, pair);
}

/* Notes the asker, and the target as the asker named it.  False: no memory. */
static bool
relay_keep(struct swim *s, const struct input *in, struct relay *r, const struct member *asker,
    const struct wire_member_id *meant)
{
	struct wire_str id = in->msg->member.id, address = in->msg->member.address;

	question_fini(&r->question);
	*r = (struct relay){.asker = in->from,
	    .asker_kind = relay_asker_kind(in, asker),
	    .asker_seq = in->msg->seq,
	    .whoever = in->base && base_is_address(s, in, &in->msg->member),
	    .target = members_hash(meant->id.bytes, meant->id.len),
	    .request_len = in->len - in->allowance->spent,
	    .id_len = id.len,
	    .address_len = address.len};
	r->text = core_alloc(s, (size_t)id.len + address.len + 1);
	if (r->text == NULL)
		return false;
	memcpy(r->text, id.bytes, id.len);
	memcpy(r->text + id.len, address.bytes, address.len);
	return true;
}

/* Pings the target at this address and waits for its answer.  `target` is NULL if we do not know it at this address. */
static void
relay_ask(struct swim *s, const struct input *in, struct relay *r, struct member *target,
    const struct swim_addr *addr)
{
	const struct wire_trailer *t = &in->msg->trailer;
	swim_duration wait = probe_others_wait(s);

	if (t->has_timeout && swim_ms(t->timeout_ms).ns < 10 * wait.ns)
		wait = swim_ms(t->timeout_ms);
	if (r->of_stranger)
		question_open_for_stranger(s, &r->question, QUESTION_RELAY, core_seq(s));
	else
		question_open(s, &r->question, QUESTION_RELAY, core_seq(s));
	question_try(s, &r->question);
	question_wait(s, &r->question, swim_time_add(s->now, swim_duration_scale(wait, NACK_AT)));
	if (target != NULL && !r->of_stranger && link_is_routable(target))
		probe_ping(s, target, r->question.seq);
	else if (!relay_ping_small(s, in, r, target, addr))
		relay_answer(s, in, r, WIRE_NACK);
}

void
relay_request(struct swim *s, const struct input *in)
{
	struct wire_member_id meant = in->base ? base_meant(s, in, &in->msg->member)
					       : in->msg->member;
	char address_text[SWIM_HOSTPORT_MAX + 1];
	struct member *target = members_find(s, meant.id.bytes, meant.id.len);
	const struct member *asker = link_speaker(s, in, &in->from);
	bool stranger = asker == NULL || !link_is_routable_at(asker, &in->from);
	struct relay *r = relay_vacant(s, stranger);
	bool usable, known;
	struct swim_addr addr;

	s->stats.relays++;
	if (r == NULL || !relay_keep(s, in, r, asker, &meant)) {
		s->stats.relays_refused++;
		return;
	}
	r->of_stranger = stranger;
	/* An asker whose target is gone does not know that it is gone. */
	if (target != NULL && target != s->self && !members_is_live(target))
		introduce_note_stale(in, target);
	/*
	 * A target that we do not know has to have a numeric address: others must not choose which host names we look up.
	 */
	usable = apply_address(s, in, meant.address, address_text, &addr);
	known = usable && target != NULL && strcmp(target->address, address_text) == 0;
	if (known && relay_is_former_pair(s, in, r, &in->msg->member, target)) {
		relay_answer(s, in, r, WIRE_NACK);
		return;
	}
	if (target == s->self) {
		relay_answer(s, in, r, WIRE_ACK);
		return;
	}
	if (known)
		addr = *link_address(target);
	/*
	 * We do not ping a target that we cannot send to, nor a stranger that names its own address: it would get two
	 * datagrams for one.
	 */
	if (!usable || (stranger && input_is_from(in, &addr)) || (!known && addr.family == 0) ||
	    !locate_reaches(s, &addr)) {
		s->stats.relays_refused++;
		relay_answer(s, in, r, WIRE_NACK);
		return;
	}
	relay_ask(s, in, r, known ? target : NULL, &addr);
}

struct answer
relay_answered(struct swim *s, const struct input *in, struct question *q)
{
	struct relay *r = question_owner(q, struct relay, question);
	struct wire_str id = in->msg->member.id;

	/* Another member at that address cannot answer for the target. */
	if (id.len == 0 || r->whoever || members_hash(id.bytes, id.len) == r->target)
		relay_answer(s, in, r, WIRE_ACK);
	return (struct answer){0};
}

void
relay_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	relay_answer(s, in, question_owner(q, struct relay, question), WIRE_NACK);
}
