/* SPDX-License-Identifier: MIT */
/*
 * Questions outside of the failure detector: pings to an address, to learn who lives there, or whether anybody does.
 * There are six kinds:
 *
 *	kind    why we ask                                 an answer leads to                       silence leads to
 *	------  -----------------------------------------  ---------------------------------------  ------------------
 *	SEED    we were told to join through the address   an event; a sync if the views differ     an event
 *	GREET   a stranger or an unnamed peer spoke there  a member of the name in the answer       the unnamed peer goes
 *	CHECK   a digest from there was not ours           a sync if the digest still is not ours   nothing
 *	CLAIM   our name is said to live there too         of a namesake: a contest (claim.c)       the name is ours
 *	LEAVER  a base peer is said to have left           under its id: it left, unless it denies  the base peer left
 *	FORMER  a base peer answers at a new address       under another id: the base peer moved    the base peer moved
 *
 * An address is silent after INQUIRY_TRIES pings without an answer.  A small question is asked at an address that has
 * never answered, because a stranger told of it: a ping has no more bytes than the stranger's datagram.  A check and a
 * small greeting are one ping only; a small question of CLAIM is one ping for each datagram that pays for it.
 */
#include <string.h>

#include "core/internal.h"

#define INQUIRY_TRIES 4 /* pings until an address counts as silent */
/* Further rounds of INQUIRY_TRIES pings to a namesake that has not told its decision, and to one of an earlier version. */
#define ROUNDS_MAX 6
#define ROUNDS_EARLIER 1
/* A leaver is asked this many times as fast: its leave must be told before other members declare it failed. */
#define LEAVER_HURRY 2
#define PATIENCE_MAX swim_seconds(5) /* wait for an answer, if probe_timeout is longer */
#define PAUSE_MAX swim_seconds(60)   /* between contests with a namesake that stays as we do */
#define ADDRESS_MAX 47               /* a numeric address as text, without a zone */

static swim_duration
inquiry_patience(const struct swim *s)
{
	swim_duration timeout = s->config.timing.probe_timeout;

	return timeout.ns < PATIENCE_MAX.ns ? timeout : PATIENCE_MAX;
}

/*
 * The size to pad a ping to, so that its answer has room for what we ask.  A stranger can make us send all kinds of
 * pings but INQUIRY_SEED to any address, so these leave room for a name that we know, and not for the longest one.
 */
static size_t
inquiry_padded_to(const struct swim *s, const struct input *in, const struct inquiry *j,
    const struct member *known)
{
	switch (j->kind) {
	case INQUIRY_SEED:
		return outbox_room_for_ack(s, SWIM_NAME_MAX, ADDRESS_MAX);
	case INQUIRY_CLAIM:
		return outbox_room_for_ack(s, s->self->name_len, ADDRESS_MAX);
	case INQUIRY_CHECK:
		/*
		 * Only an answer with a digest counts, so it needs room for one.  Here no member is known at the address.
		 */
		if (known == NULL)
			return outbox_room_for_ack(s, in->speaker.len, ADDRESS_MAX);
		break;
	case INQUIRY_GREET:
		/* The answer is to show whether a swimd peer or a base peer sent it. */
		if (known != NULL)
			return outbox_room_for_kind(s, known->name_len, strlen(known->address));
		break;
	case INQUIRY_LEAVER:
	case INQUIRY_FORMER:
		break;
	}
	return known != NULL ? outbox_room_for(s, known) : 0;
}

/*
 * May this small ping be sent?  An INQUIRY_CLAIM ping has to fit into its budget: only a swimd peer sends in our name,
 * and its datagrams are large enough.  Other pings may be gifts, as the datagrams of a base peer can be smaller than
 * our pings.
 */
static bool
inquiry_fits(struct swim *s, const struct input *in, const struct inquiry *j,
    struct wire_trailer *trailer)
{
	if (j->kind == INQUIRY_CLAIM)
		return visitor_trim_digests(trailer, j->budget) <= j->budget;
	return visitor_fit(s, in, trailer, j->budget) > 0;
}

/*
 * For whom is this question written?  A base peer may have spoken from an address where we know a swimd peer, and a
 * swimd peer from an address where we know a base peer.  A greeting to such an address tells nothing of swimd peers, so
 * that both kinds can answer it.
 */
static enum wire_recipient
inquiry_recipient_of(const struct swim *s, const struct inquiry *j, const struct member *known)
{
	enum wire_recipient recipient = base_recipient(s, known);

	switch (j->kind) {
	case INQUIRY_CHECK:
		/* Only swimd peers send digests, and a digest has made us ask. */
		return WIRE_RECIPIENT_SWIMD;
	case INQUIRY_CLAIM:
		return recipient == WIRE_RECIPIENT_UNKNOWN ? WIRE_RECIPIENT_SWIMD : recipient;
	case INQUIRY_GREET:
		if (s->config.cluster[0] == '\0' && j->of_base != base_is_recipient(recipient))
			return WIRE_RECIPIENT_UNKNOWN;
		break;
	case INQUIRY_SEED:
	case INQUIRY_LEAVER:
	case INQUIRY_FORMER:
		break;
	}
	return recipient;
}

/*
 * The member that an INQUIRY_LEAVER or an INQUIRY_FORMER asks about.  NULL: the member is forgotten, or has moved.
 */
static struct member *
inquiry_asked_member(const struct swim *s, const struct inquiry *j)
{
	struct member *m = members_by_hash(s, j->member);

	if (!RULE(leaver_is_asked) && j->kind == INQUIRY_LEAVER)
		return locate_at(s, &j->addr);
	return m != NULL && swim_addr_equal(&m->addr, &j->addr) ? m : NULL;
}

static void
inquiry_add_updates(struct swim *s, struct wire_writer *w, const struct inquiry *j,
    struct member *known)
{
	const struct member *leaver = j->kind == INQUIRY_LEAVER ? inquiry_asked_member(s, j) : NULL;

	/* A base peer that has not left refutes this suspicion in its answer. */
	if (leaver != NULL)
		gossip_add_challenge(w, leaver, j->than);
	/* A suspicion of the member at that address goes first, so that the member can refute it. */
	if (known != NULL && known != s->self && members_status(known) != SWIM_ALIVE)
		gossip_add_fitting(s, w, known);
	gossip_add_fitting(s, w, s->self);
}

/*
 * Sends a seed the ping that only base peers read.  The ping that only swimd peers read follows, and the seed answers
 * one of them.
 */
static void
inquiry_send_to_base(struct swim *s, struct inquiry *j, struct member *known)
{
	struct wire_trailer trailer;
	struct wire_writer w;

	base_trailer(s, WIRE_RECIPIENT_NEW_BASE, &trailer);
	if (!outbox_begin(s, &w, &trailer, path_safe(s, known)))
		return;
	w.recipient = WIRE_RECIPIENT_NEW_BASE;
	wire_begin_ping(&w, j->question.seq);
	if (known != NULL && members_status(known) != SWIM_ALIVE)
		gossip_add_fitting(s, &w, known);
	base_add_self(s, &w);
	outbox_end(s, &w, &trailer, 0, &j->addr);
}

static bool
inquiry_send(struct swim *s, const struct input *in, struct inquiry *j)
{
	enum wire_type type = WIRE_PING;
	enum wire_recipient recipient;
	struct wire_trailer trailer;
	struct member *known;
	struct wire_writer w;
	size_t room;

	/* A small question is a ping alone: our claim may follow once the address has answered. */
	if (j->kind == INQUIRY_CLAIM && !j->small)
		claim_send(s, j);
	known = locate_at(s, &j->addr);
	recipient = inquiry_recipient_of(s, j, known);
	base_trailer(s, recipient, &trailer);
	if (j->small && !inquiry_fits(s, in, j, &trailer))
		return false;
	if (j->kind == INQUIRY_SEED && recipient == WIRE_RECIPIENT_UNKNOWN) {
		if (RULE(seed_may_be_base))
			inquiry_send_to_base(s, j, known);
		recipient = WIRE_RECIPIENT_SWIMD;
		type = WIRE_AUTHENTICATED;
	}
	if (!outbox_begin(s, &w, &trailer, path_safe(s, known)))
		return false;
	w.recipient = recipient;
	if (type == WIRE_AUTHENTICATED)
		wire_begin_envelope(&w, j->question.seq);
	wire_begin_ping(&w, j->question.seq);
	if (!j->small)
		inquiry_add_updates(s, &w, j, known);
	room = inquiry_padded_to(s, in, j, known);
	if (j->small && room > j->budget)
		room = j->budget;
	j->to_base = base_is_recipient(recipient);
	if (j->to_base)
		room = 0;
	j->len = outbox_end(s, &w, &trailer, room, &j->addr);
	return true;
}

/* How long to wait for the answer to a ping. */
static swim_duration
inquiry_wait_time(const struct swim *s, const struct inquiry *j)
{
	if (j->kind == INQUIRY_LEAVER)
		return swim_ns(inquiry_patience(s).ns / LEAVER_HURRY);
	if (j->small && (j->kind == INQUIRY_GREET || j->kind == INQUIRY_CLAIM))
		return inquiry_round_takes(s);
	return inquiry_patience(s);
}

/* Notes that a ping has been sent now.  All pings of one round have one number. */
static void
inquiry_note_sent(struct swim *s, struct inquiry *j)
{
	question_repeat(s, &j->question);
	question_wait(s, &j->question, swim_time_add(s->now, inquiry_wait_time(s, j)));
}

/* Sends a ping.  If that fails, the ping counts as lost. */
static void
inquiry_ask(struct swim *s, const struct input *in, struct inquiry *j)
{
	inquiry_send(s, in, j);
	inquiry_note_sent(s, j);
}

/*
 * Is this question small?  A stranger can make us ask at an address that has never answered us, but in no more bytes
 * than the stranger sent.  A member that has answered there is sent larger pings, and more than one.  A namesake has no
 * entry of its own in the table of members, so claim_is_routable() tells whether it has answered at this address.
 */
static bool
inquiry_is_small(struct swim *s, const struct input *in, const struct inquiry *j)
{
	const struct member *m = link_speaker(s, in, &j->addr);

	switch (j->kind) {
	case INQUIRY_SEED:
		return false;
	case INQUIRY_CLAIM:
		if (claim_is_routable(s, in, &j->addr) || !RULE(claim_is_small))
			return false;
		break;
	case INQUIRY_GREET:
	case INQUIRY_CHECK:
	case INQUIRY_LEAVER:
	case INQUIRY_FORMER:
		break;
	}
	return m == NULL || !link_is_routable_at(m, &j->addr);
}

/*
 * Does a stranger make us ask this?  The operator asks for joins.  A check of a member's digest does not count as a
 * stranger's question: otherwise strangers could keep us from comparing views with members.
 */
static bool
inquiry_is_of_stranger(const struct swim *s, enum inquiry_kind kind, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);

	if (kind == INQUIRY_CHECK)
		return m == NULL || !members_is_visible(m) || m->unnamed;
	return kind != INQUIRY_SEED;
}

static void
inquiry_await(struct swim *s, struct inquiry *j, uint64_t seq)
{
	if (inquiry_is_of_stranger(s, j->kind, &j->addr))
		question_open_for_stranger(s, &j->question, QUESTION_INQUIRY, seq);
	else
		question_open(s, &j->question, QUESTION_INQUIRY, seq);
}

static void
inquiry_end(struct swim *s, struct inquiry *j)
{
	question_close(s, &j->question);
}

/* What a question is about. */
struct inquiry_about {
	enum inquiry_kind kind;
	const struct member *member; /* INQUIRY_LEAVER, INQUIRY_FORMER: the member; else NULL */
	uint64_t than;               /* INQUIRY_LEAVER: the incarnation at which it left */
};

/*
 * Ends the check of a stranger's digest, if one is under way: there is one check at a time, and a stranger that sends digests
 * all the time would keep us from comparing views with members.
 */
static void
inquiry_end_check_of_stranger(struct swim *s)
{
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		struct inquiry *j = &s->inquiries[i];

		if (question_is_open(&j->question) && j->question.of_stranger &&
		    j->kind == INQUIRY_CHECK)
			inquiry_end(s, j);
	}
}

static bool
inquiry_open(struct swim *s, const struct input *in, const struct swim_addr *addr,
    const struct inquiry_about *about)
{
	enum inquiry_kind kind = about->kind;
	struct inquiry *slot = NULL;

	if (s->leaving)
		return false;
	if (kind == INQUIRY_CHECK && !inquiry_is_of_stranger(s, kind, addr))
		inquiry_end_check_of_stranger(s);
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		struct inquiry *j = &s->inquiries[i];

		if (!question_is_open(&j->question)) {
			slot = slot == NULL ? j : slot;
			continue;
		}
		/* One check of a digest at a time, and one question of each other kind to an address. */
		if (j->kind == kind && (kind == INQUIRY_CHECK || swim_addr_equal(&j->addr, addr)))
			return false;
	}
	if (slot == NULL || (inquiry_is_of_stranger(s, kind, addr) &&
				!question_has_room_for_stranger(s, QUESTION_INQUIRY)))
		return false;
	question_fini(&slot->question);
	*slot = (struct inquiry){.kind = kind,
	    .addr = *addr,
	    .of_base = in->base_peer && input_is_from(in, addr),
	    .member = about->member == NULL ? 0 : about->member->hash,
	    .than = about->than};
	inquiry_await(s, slot, core_seq(s));
	slot->small = inquiry_is_small(s, in, slot);
	slot->budget = in->allowance->credit;
	if (!inquiry_send(s, in, slot)) {
		inquiry_end(s, slot);
		return false;
	}
	inquiry_note_sent(s, slot);
	if (slot->small)
		visitor_spend(in, addr, slot->len);
	return true;
}

bool
inquiry_start(struct swim *s, const struct input *in, const struct swim_addr *addr,
    enum inquiry_kind kind)
{
	return inquiry_open(s, in, addr, &(struct inquiry_about){.kind = kind});
}

bool
swim_join(struct swim *s, swim_time now, const struct swim_addr *addr)
{
	struct input_room room;

	s->now = now;
	s->has_seeds = true;
	return inquiry_start(s, input_own(s, &room), addr, INQUIRY_SEED);
}

void
inquiry_add_speaker(struct swim *s, const struct input *in, const struct wire_member_id *who,
    const struct swim_addr *from)
{
	char text[SWIM_ADDR_TEXT];
	struct wire_update u = {.member = *who, .status = SWIM_ALIVE};
	struct swim_addr stated;

	if (who->id.len == 0 || members_find(s, who->id.bytes, who->id.len) != NULL)
		return;
	if (!swim_addr_parse(who->address.bytes, who->address.len, &stated))
		u.member.address = wire_str_of(swim_addr_format_public(from, text));
	apply_own_word(s, in, &u);
}

void
inquiry_learn(struct swim *s, const struct input *in, const struct swim_addr *from)
{
	struct swim_addr at = *from; /* `from` may belong to the unnamed peer that is dropped */
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	/*
	 * The address of m is a host name that was not looked up: m lives here, and replaces the unnamed peer of this
	 * address.
	 */
	if (m != NULL && m != s->self && m->addr.family == 0)
		locate_found(s, in, m, &at);
	inquiry_add_speaker(s, in, &in->msg->member, &at);
	/* Two members may be known at this address, one that is gone and its successor.  So the id decides. */
	m = in->msg->member.id.len > 0
		? members_find(s, in->msg->member.id.bytes, in->msg->member.id.len)
		: locate_at(s, &at);
	if (m != NULL && m != s->self && swim_addr_equal(&m->addr, &at)) {
		m->routable = true;
		members_keep_name(s, in, m);
	}
	if (RULE(unnamed_dropped))
		speaker_drop_unnamed(s, in, &at);
}

swim_duration
inquiry_round_takes(const struct swim *s)
{
	return swim_ns(INQUIRY_TRIES * inquiry_patience(s).ns);
}

/* The index of the question of this kind to this address in s->inquiries; SWIM_INQUIRIES: none is under way. */
static size_t
inquiry_place_of(const struct swim *s, const struct swim_addr *addr, enum inquiry_kind kind)
{
	size_t i = 0;

	while (i < SWIM_INQUIRIES &&
	       !(question_is_open(&s->inquiries[i].question) && s->inquiries[i].kind == kind &&
		   swim_addr_equal(&s->inquiries[i].addr, addr)))
		i++;
	return i;
}

/* The contest with a namesake at this address, of which there is one at most; NULL: none is under way. */
static struct inquiry *
inquiry_contest_at(struct swim *s, const struct swim_addr *addr)
{
	size_t i = inquiry_place_of(s, addr, INQUIRY_CLAIM);

	return i < SWIM_INQUIRIES ? &s->inquiries[i] : NULL;
}

/*
 * Sends one more small ping to an address that has not answered yet: another datagram has told of it, and pays for the
 * ping.
 */
static void
inquiry_ask_once_more(struct swim *s, const struct input *in, struct inquiry *j)
{
	size_t budget = j->budget;

	if (!j->small || j->looped || in->allowance->charged ||
	    j->question.tries >= INQUIRY_TRIES ||
	    swim_time_since(s->now, j->question.sent).ns < inquiry_patience(s).ns)
		return;
	j->budget = in->allowance->credit;
	if (!inquiry_send(s, in, j)) {
		j->budget = budget;
		return;
	}
	inquiry_note_sent(s, j);
	visitor_spend(in, &j->addr, j->len);
}

bool
inquiry_contest(struct swim *s, const struct input *in, const struct swim_addr *addr, uint64_t than)
{
	struct inquiry *j;
	bool began;

	if (swim_addr_equal(addr, &s->self->addr) || s->lost_name)
		return false;
	began = inquiry_start(s, in, addr, INQUIRY_CLAIM);
	j = inquiry_contest_at(s, addr);
	if (j != NULL && j->than < than)
		j->than = than;
	if (j != NULL && !began)
		inquiry_ask_once_more(s, in, j);
	return began;
}

bool
inquiry_is_move_to(const struct swim *s, const struct swim_addr *addr)
{
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		const struct inquiry *j = &s->inquiries[i];

		if (question_is_open(&j->question) && j->kind == INQUIRY_FORMER &&
		    swim_addr_equal(&j->to, addr))
			return true;
	}
	return false;
}

/*
 * Anybody can answer with the id of a living member.  So we ask at the former address of m before we believe that m has
 * moved to the address `to`.
 */
static void
inquiry_ask_former(struct swim *s, const struct input *in, const struct member *m,
    const struct swim_addr *to)
{
	size_t i;

	/* A member that we cannot reach at its former address may still live there. */
	if (m->link == SWIM_PATH_RELAYED || !locate_reaches(s, &m->addr) ||
	    !inquiry_open(s, in, &m->addr,
		&(struct inquiry_about){.kind = INQUIRY_FORMER, .member = m}))
		return;
	i = inquiry_place_of(s, &m->addr, INQUIRY_FORMER);
	s->inquiries[i].to = *to;
}

/*
 * A base peer has answered our greeting with the id of a base peer that we know at another address, and gives the
 * address that we asked for its own.  It may have crashed and started again at this address.
 */
static void
inquiry_found_elsewhere(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);
	struct swim_addr stated;

	if (m == NULL || m == s->self || m->peer == PEER_SWIMD ||
	    swim_addr_equal(&m->addr, &j->addr) ||
	    !swim_addr_parse(in->msg->member.address.bytes, in->msg->member.address.len, &stated))
		return;
	stated.scope = j->addr.scope;
	if (!j->of_base || !swim_addr_equal(&stated, &j->addr))
		return;
	if (!members_is_live(m) || (base_is_peer(m) && !RULE(former_is_asked)))
		apply_moved(s, in, m, &j->addr);
	else if (base_is_peer(m))
		inquiry_ask_former(s, in, m, &j->addr);
}

/* The former address of the base peer is silent, or answers with another id: the base peer has moved. */
static void
inquiry_former_is_gone(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = inquiry_asked_member(s, j);

	if (m != NULL && m->peer != PEER_SWIMD)
		apply_moved(s, in, m, &j->to);
}

void
inquiry_ask_leaver(struct swim *s, const struct input *in, const struct member *m,
    const struct swim_addr *at, uint64_t incarnation)
{
	inquiry_open(s, in, at,
	    &(struct inquiry_about){.kind = INQUIRY_LEAVER, .member = m, .than = incarnation});
}

bool
inquiry_is_leaver(const struct swim *s, const struct swim_addr *addr)
{
	return inquiry_place_of(s, addr, INQUIRY_LEAVER) < SWIM_INQUIRIES;
}

bool
inquiry_is_contested(struct swim *s, const struct swim_addr *addr)
{
	return inquiry_contest_at(s, addr) != NULL;
}

/*
 * Our own datagram has come back, so the address is one of our own.  The question stays open until its end: a ping in
 * our name with an unknown number begins a contest, so the next datagram that comes back would begin another one, for
 * ever.
 */
static void
inquiry_loop(struct swim *s, const struct input *in, struct inquiry *j)
{
	j->looped = true;
	apply_refute(s, in, j->than);
}

void
inquiry_uncontested(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct inquiry *j = inquiry_contest_at(s, addr);

	if (j != NULL && !j->looped)
		inquiry_loop(s, in, j);
}

/* The question of this sequence number; NULL: none is under way. */
static struct inquiry *
inquiry_of_seq(const struct swim *s, uint64_t seq)
{
	struct question *q = question_find(s, seq);

	return q != NULL && q->purpose == QUESTION_INQUIRY
		   ? question_owner(q, struct inquiry, question)
		   : NULL;
}

void
inquiry_came_back(struct swim *s, const struct input *in, uint64_t seq)
{
	struct inquiry *j = inquiry_of_seq(s, seq);

	if (j == NULL || j->looped)
		return;
	if (j->kind == INQUIRY_SEED)
		j->looped = true;
	else if (j->kind == INQUIRY_CLAIM)
		inquiry_loop(s, in, j);
}

bool
inquiry_is_ours(const struct swim *s, uint64_t seq)
{
	return question_is(s, seq, QUESTION_INQUIRY);
}

/*
 * Applies what claim_outdone() decides.  If we stay the contest goes on until its end: of two namesakes that both stay,
 * neither may raise its incarnation at every claim of the other.
 */
static enum claim_end
inquiry_outdone(struct swim *s, struct inquiry *j, const struct swim_addr *from)
{
	bool last = j->question.tries >= INQUIRY_TRIES &&
		    swim_time_reached(s->now, j->question.deadline);
	enum claim_end end = claim_outdone(s, j, from, last);

	if (end == CLAIM_WE_GO)
		inquiry_end(s, j);
	return end;
}

/* Begins another round of pings, and forgets the answers to the last one. */
static void
inquiry_contest_again(struct swim *s, const struct input *in, struct inquiry *j)
{
	j->answered = j->base = j->we_stay = false;
	/* A namesake of this version does not change its decision: keep its last claim, as later claims may be lost. */
	j->claim_open = j->claim_open && j->tells_decision;
	j->outdone = j->outdone && j->tells_decision;
	inquiry_await(s, j, core_seq(s));
	inquiry_ask(s, in, j);
}

/*
 * Tells the name conflict, if a claim has come too, or if we are settled.  To be called once a namesake has answered
 * our ping: a claim alone is not enough, as its source may be forged.
 */
static void
inquiry_tell_claim(struct swim *s, const struct inquiry *j)
{
	if (j->claim_heard || claim_is_settled(s))
		claim_tell_conflict(s, &j->addr);
}

/*
 * A namesake has answered the small ping.  Send our claim to it, and begin a full round of INQUIRY_TRIES pings.
 */
static void
inquiry_begin_full_round(struct swim *s, const struct input *in, struct inquiry *j)
{
	struct inquiry before = *j;

	claim_namesake_answered(s, &j->addr);
	/*
	 * The namesake tells others that our name lives at its address.  So we have to rise above our present incarnation.
	 */
	if (j->than < s->self->incarnation)
		j->than = s->self->incarnation;
	j->small = false;
	inquiry_contest_again(s, in, j);
	j->claim_open = before.claim_open;
	/* If a claim has outdone ours already, only this answer was missing.  No later claim can change the outcome. */
	j->answered = j->outdone = before.outdone;
	j->we_stay = before.we_stay;
	if (j->outdone)
		inquiry_outdone(s, j, &in->from);
	else
		inquiry_tell_claim(s, j);
}

/* Handles an answer to INQUIRY_CLAIM: somebody lives at the address where a namesake is said to live. */
static void
inquiry_contested(struct swim *s, const struct input *in, struct inquiry *j)
{
	bool same = probe_same_id(in->msg->member.id, s->self);

	if (s->leaving) {
		/* We are leaving, so our incarnation must not rise again. */
		inquiry_end(s, j);
	} else if (j->looped) {
		/* We ourselves answered. */
	} else if (!same) {
		inquiry_end(s, j);
		claim_taken(s, &j->addr);
		apply_refute(s, in, j->than);
	} else if (j->small) {
		/*
		 * This proves the address, but not the kind: a swimd peer's answer to a small ping may look like a base
		 * peer's.
		 */
		inquiry_begin_full_round(s, in, j);
	} else if (!in->msg->trailer.has_digest || j->outdone) {
		/* A base peer cannot say for how long it has had the name, so it counts as the older one. */
		j->answered = j->base = true;
		inquiry_outdone(s, j, &in->from);
	} else {
		/* A namesake that is a swimd peer answers the claim that went with our ping, unless the namesake goes. */
		j->answered = true;
		claim_namesake_answered(s, &j->addr);
		inquiry_tell_claim(s, j);
	}
}

void
inquiry_nack(struct swim *s, const struct input *in)
{
	struct inquiry *j = inquiry_of_seq(s, in->msg->seq);

	if (j != NULL && j->kind == INQUIRY_CLAIM && j->small &&
	    probe_same_id(in->msg->member.id, s->self))
		inquiry_contested(s, in, j);
}

bool
inquiry_is_outdone(const struct swim *s, const struct swim_addr *addr)
{
	size_t i = inquiry_place_of(s, addr, INQUIRY_CLAIM);

	return i < SWIM_INQUIRIES && s->inquiries[i].outdone && !s->inquiries[i].pausing;
}

bool
inquiry_asks(const struct swim *s, const struct swim_addr *addr)
{
	return inquiry_place_of(s, addr, INQUIRY_SEED) < SWIM_INQUIRIES ||
	       inquiry_place_of(s, addr, INQUIRY_CLAIM) < SWIM_INQUIRIES;
}

void
inquiry_claimed(struct swim *s, const struct swim_addr *addr, enum claim_end end,
    bool tells_decision)
{
	struct inquiry *j = inquiry_contest_at(s, addr);

	if (j == NULL || j->looped)
		return;
	j->tells_decision |= tells_decision && RULE(namesake_has_time);
	if (end != CLAIM_WE_GO) {
		j->claim_heard = true;
		if (j->answered)
			inquiry_tell_claim(s, j);
	}
	if (j->pausing)
		return;
	switch (end) {
	case CLAIM_WE_STAY:
		j->we_stay = true;
		break;
	case CLAIM_OPEN:
		j->claim_open = true;
		break;
	case CLAIM_WE_GO:
		j->outdone = true;
		j->we_stay = false;
		if (j->answered)
			inquiry_outdone(s, j, addr);
		break;
	}
}

/*
 * Measures the round trip of the answer, unless several pings were sent, so that it may answer any of them (Karn's rule).
 */
static void
inquiry_time_answer(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	if (j->question.tries == 1 && m != s->self)
		probe_measure(s, m != NULL && input_is_from(in, &m->addr) ? m : NULL,
		    j->question.sent);
}

/* Notes that the member of this answer is a base peer, if the answer has no digest though it had room for one. */
static void
inquiry_note_base(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct wire_member_id id = in->msg->member;
	struct member *m = members_find(s, id.id.bytes, id.id.len);

	if (m == NULL || m == s->self || !swim_addr_equal(&m->addr, &j->addr))
		return;
	/*
	 * The datagram that made us ask may be forged.  So a swimd peer is taken for a base peer only if its
	 * answer had room for a digest and has none.
	 */
	if (!j->to_base && (!j->of_base || base_kind(s, m) == SWIM_KIND_SWIMD) &&
	    j->len < outbox_room_for_kind(s, id.id.len, id.address.len))
		return;
	m->peer = PEER_BASE;
}

/* Notes that the member of this answer is routable, if the address that was asked is the advertised one. */
static void
inquiry_note_routable(struct swim *s, const struct input *in, const struct swim_addr *asked)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	if (m == NULL || m == s->self)
		return;
	locate_heard(s, m, asked);
	if (swim_addr_equal(&m->addr, asked))
		m->routable = true;
}

/* Does the answer say that its sender is alive, at this incarnation at least? */
static bool
inquiry_is_denied(const struct input *in, uint64_t than)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (wire_updates_next(&in->msg->updates, &iter, &u)) {
		if (swim_status_is_live(u.status) && u.incarnation >= than &&
		    wire_str_same(u.member.id, in->msg->member.id))
			return true;
	}
	return false;
}

/*
 * The base peer that is said to have left answers under its own name: so no other has started at its address, and it
 * was itself that told of the leave.  A base peer that has left may go on answering.  One that has not left denies the
 * leave in its answer, unless the question was small: a small question has no room to tell the base peer of the leave.
 */
static void
inquiry_leaver_answered(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = inquiry_asked_member(s, j);

	if (m != NULL && probe_same_id(in->msg->member.id, m) && !j->small &&
	    !inquiry_is_denied(in, j->than))
		apply_left(s, in, m, j->than);
}

/*
 * A base peer that we hold dead has answered by its id.  Tell it of its death by a ping: it refutes that, and is alive
 * again.
 */
static void
inquiry_tell_of_its_death(struct swim *s, const struct input *in, const struct swim_addr *asked)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	if (m != NULL && base_is_peer(m) && m->life == LIFE_DEAD &&
	    swim_addr_equal(&m->addr, asked))
		probe_ping(s, m, core_seq(s));
}

static void
inquiry_seed_answered(struct swim *s, const struct input *in, const struct inquiry *j)
{
	bool other = in->answer.of_seed;

	/* A namesake has answered, unless our own ping came back to us. */
	if (!other && !j->looped) {
		claim_namesake_answered(s, &j->addr);
		inquiry_contest(s, in, &j->addr, s->self->incarnation);
	}
	outbox_seed_answered(s, &j->addr, in->msg->member.id, j->looped && !other);
	if (in->msg->trailer.has_digest && sync_differs(s, &in->msg->trailer))
		sync_start(s, in, &j->addr);
}

/* Carries out what follows from an answer to this kind of question. */
static void
inquiry_conclude(struct swim *s, const struct input *in, const struct inquiry *j)
{
	bool swimd = in->msg->trailer.has_digest;

	switch (j->kind) {
	case INQUIRY_SEED:
		inquiry_seed_answered(s, in, j);
		break;
	case INQUIRY_GREET:
		if (!swimd) {
			inquiry_found_elsewhere(s, in, j);
			inquiry_tell_of_its_death(s, in, &j->addr);
		}
		break;
	case INQUIRY_LEAVER:
		inquiry_leaver_answered(s, in, j);
		break;
	case INQUIRY_FORMER:
		if (members_hash(in->msg->member.id.bytes, in->msg->member.id.len) != j->member)
			inquiry_former_is_gone(s, in, j);
		break;
	case INQUIRY_CHECK:
		/* Digests leave out the dead, so our first sync begins even if the digests are equal. */
		if (swimd && (!s->synced || sync_differs(s, &in->msg->trailer)))
			sync_start(s, in, &j->addr);
		break;
	case INQUIRY_CLAIM:
		break;
	}
}

/* An answer shows that the asked address is routable.  It shows nothing of its own source address, which may be forged. */
struct answer
inquiry_answered(struct swim *s, const struct input *in, struct question *q)
{
	/* A copy, as a question that is asked below may take the place of this one. */
	const struct inquiry was = *question_owner(q, struct inquiry, question);
	/* An operator told us to join through the seed, so its answer is believed. */
	struct answer answer = {.asked = was.addr, .believed = was.kind == INQUIRY_SEED};
	struct input known;

	if (was.kind == INQUIRY_CLAIM) {
		inquiry_contested(s, in, question_owner(q, struct inquiry, question));
		return (struct answer){.ours = true};
	}
	inquiry_end(s, question_owner(q, struct inquiry, question));
	/* Only a swimd peer is sent a check, and its answer may have had no room for the digest. */
	answer.as_itself = !in->msg->trailer.has_digest && was.kind != INQUIRY_CHECK;
	known = input_answering(in, answer);
	inquiry_time_answer(s, in, &was);
	if (input_is_from(in, &was.addr))
		guest_answered(s, &in->from);
	if (answer.as_itself) {
		inquiry_learn(s, &known, &was.addr);
		inquiry_note_base(s, in, &was);
	} else {
		inquiry_note_routable(s, in, &was.addr);
	}
	answer.of_seed = was.kind == INQUIRY_SEED && !probe_same_id(in->msg->member.id, s->self);
	known.answer = answer;
	inquiry_conclude(s, &known, &was);
	answer.ours = true;
	return answer;
}

void
inquiry_foreign(struct swim *s, const struct wire_message *msg, const struct swim_addr *from)
{
	const struct wire_trailer *t = &msg->trailer;
	struct inquiry *j = inquiry_of_seq(s, msg->seq);

	if (j == NULL || j->kind != INQUIRY_SEED || !swim_addr_equal(&j->addr, from))
		return;
	inquiry_end(s, j);
	outbox_seed_event(s, SWIM_EVENT_SEED_FOREIGN, &j->addr,
	    t->has_cluster ? t->cluster : wire_str_of(""));
}

/*
 * Begins the pause between two contests: a namesake has answered and stays, as we do.  Each contradiction, ours or the
 * namesake's, makes all other members move our name.  So what is told of the namesake meanwhile waits for the next
 * contest, and each pause is twice as long as the last one.  There is one pause at a time: strangers that answer at
 * many addresses must not hold all slots.
 */
static void
inquiry_begin_pause(struct swim *s, struct inquiry *j)
{
	if (!RULE(contests_pause))
		return;
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		if (question_is_open(&s->inquiries[i].question) && s->inquiries[i].pausing)
			return;
	}
	j->pause = j->pause.ns == 0 ? inquiry_round_takes(s) : swim_ns(2 * j->pause.ns);
	if (j->pause.ns > PAUSE_MAX.ns)
		j->pause = PAUSE_MAX;
	/* An answer to the last ping still counts. */
	inquiry_await(s, j, j->question.seq);
	question_repeat(s, &j->question);
	question_wait(s, &j->question, swim_time_add(s->now, j->pause));
	j->pausing = true;
	j->than = 0;
}

void
inquiry_witness(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct inquiry *j = inquiry_contest_at(s, addr);

	if (j == NULL || j->witnessed)
		return;
	j->witnessed = true;
	/* The namesake that answered before may be gone, perhaps because it lost the contest. */
	if (!claim_is_settled(s) && (j->pausing || j->answered)) {
		j->pausing = false;
		j->claim_open = j->outdone = j->round_was_silent = false;
		inquiry_contest_again(s, in, j);
	}
}

/* The pause is over: begin the next contest, if others have told of the namesake meanwhile. */
static void
inquiry_end_pause(struct swim *s, const struct input *in, struct inquiry *j)
{
	j->pausing = false;
	j->further_rounds = 0;
	if (s->leaving || j->than < s->self->incarnation) {
		inquiry_end(s, j);
		return;
	}
	j->claim_open = j->outdone = j->round_was_silent = false;
	inquiry_contest_again(s, in, j);
}

/*
 * Is another round of pings needed?  It is if the namesake decides and we have not heard its decision.  A namesake that
 * goes stops answering.  A namesake of this version that stays says so in every round, so that we hear it even if
 * claims are lost.
 */
static bool
inquiry_goes_on(const struct inquiry *j)
{
	if (j->small || j->further_rounds == (j->tells_decision ? ROUNDS_MAX : ROUNDS_EARLIER))
		return false;
	if (!j->answered)
		return (j->claim_open || j->outdone) && j->tells_decision && !j->round_was_silent;
	return j->claim_open && !j->outdone;
}

/* A round of pings is over: no namesake is there, or the namesake stays as we do, or another round is needed. */
static void
inquiry_contest_ends(struct swim *s, const struct input *in, struct inquiry *j)
{
	if (s->leaving)
		return;
	if (inquiry_goes_on(j)) {
		j->further_rounds++;
		j->round_was_silent = !j->answered;
		inquiry_contest_again(s, in, j);
		return;
	}
	if (!j->answered)
		claim_note_silence(s, &j->addr, j->witnessed);
	/* A namesake of an earlier version never tells its decision, so at the end the ages decide. */
	if (j->answered && (j->outdone || (j->claim_open && !j->tells_decision) || j->base) &&
	    inquiry_outdone(s, j, &j->addr) == CLAIM_WE_GO)
		return;
	/* The namesake is gone, is about to leave, or has to leave: the name is ours. */
	apply_refute(s, in, j->than);
	if (j->answered) {
		inquiry_tell_claim(s, j);
		inquiry_begin_pause(s, j);
	}
}

/* Ends the question, and carries out what follows from silence. */
static void
inquiry_give_up(struct swim *s, const struct input *in, struct inquiry *j)
{
	struct member *m;

	inquiry_end(s, j);
	switch (j->kind) {
	case INQUIRY_SEED:
		outbox_seed_event(s, SWIM_EVENT_SEED_SILENT, &j->addr, wire_str_of(""));
		break;
	case INQUIRY_GREET:
		/*
		 * The source of the unnamed peer's ping may have been forged.  If it was not, its next ping makes us
		 * ask again.
		 */
		m = locate_at(s, &j->addr);
		if (m != NULL && members_awaits_name(m) && !members_is_announced(m))
			members_destroy(s, in, m);
		break;
	case INQUIRY_CHECK:
		break;
	case INQUIRY_LEAVER:
		apply_left(s, in, inquiry_asked_member(s, j), j->than);
		break;
	case INQUIRY_FORMER:
		inquiry_former_is_gone(s, in, j);
		break;
	case INQUIRY_CLAIM:
		inquiry_contest_ends(s, in, j);
		break;
	}
}

/* Does silence change what we hold of a member?  Then all INQUIRY_TRIES pings are sent, as one of them may be lost. */
static bool
inquiry_asks_whether_silent(const struct inquiry *j)
{
	return j->kind == INQUIRY_LEAVER || j->kind == INQUIRY_FORMER;
}

void
inquiry_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	struct inquiry *j = question_owner(q, struct inquiry, question);

	if (j->pausing)
		inquiry_end_pause(s, in, j);
	else if (j->looped && j->kind == INQUIRY_CLAIM)
		inquiry_end(s, j);
	else if (q->tries < INQUIRY_TRIES && j->kind != INQUIRY_CHECK &&
		 (!j->small || inquiry_asks_whether_silent(j)))
		inquiry_ask(s, in, j);
	else
		inquiry_give_up(s, in, j);
}
