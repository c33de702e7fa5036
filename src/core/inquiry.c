/* SPDX-License-Identifier: MIT */
/*
 * Pings outside of the failure detector: to join through an address, to learn who a stranger is, and to
 * see whether another's view still differs from ours before the two are compared in full.
 */
#include <string.h>

#include "core/internal.h"

#define INQUIRY_TRIES 4 /* pings until an address counts as silent */
/* More rounds of so many pings to a member of our name that has not decided yet, and to one of an earlier version. */
#define ROUNDS_MAX 6
#define ROUNDS_EARLIER 1
/* A leave must be told before other members declare the silent member failed. */
#define LEAVER_HURRY 2
#define PATIENCE_MAX swim_seconds(5) /* however slowly the failure detector asks */
#define PAUSE_MAX swim_seconds(60)   /* between contests with one that stays as we do */
#define ADDRESS_MAX 47               /* a numeric address as text, without a zone */

static swim_duration
inquiry_patience(const struct swim *s)
{
	swim_duration timeout = s->config.timing.probe_timeout;

	return timeout.ns < PATIENCE_MAX.ns ? timeout : PATIENCE_MAX;
}

/*
 * A ping is as large as the answer that it wants.  Anybody may make us send those that are no join, to whom he
 * likes: they are no larger than that of one whose name we know.
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
		/* Only an answer with a digest counts, so there must be room for one; nobody we know lives there. */
		if (known == NULL)
			return outbox_room_for_ack(s, in->speaker.len, ADDRESS_MAX);
		break;
	case INQUIRY_GREET:
		/* The answer is to show whether a swimd or a base peer sent it. */
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
 * Does the smallest form of this ping fit into the budget?  A INQUIRY_CLAIM ping must: only a swimd sends in our name, and its
 * datagrams are large enough.  Other pings may exceed it now and then, as the datagrams of a base peer can be smaller.
 */
static bool
inquiry_fits(struct swim *s, const struct input *in, const struct inquiry *j,
    struct wire_trailer *trailer)
{
	if (j->kind == INQUIRY_CLAIM)
		return visitor_least(trailer, j->budget) <= j->budget;
	return visitor_fit(s, in, trailer, j->budget) > 0;
}

/*
 * For whom is this question written?  A base peer may have spoken from an address where we know a swimd, and a swimd from an
 * address where we know a base peer.  A greeting to such an address tells nothing of swimds, so that both kinds can answer it.
 */
static enum wire_recipient
inquiry_recipient_of(const struct swim *s, const struct inquiry *j, const struct member *known)
{
	enum wire_recipient recipient = base_recipient(s, known);

	switch (j->kind) {
	case INQUIRY_CHECK:
		/* Only swimds send digests, and a digest has made us ask. */
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

/* The member that a INQUIRY_LEAVER or a INQUIRY_FORMER asks about.  NULL: it is forgotten, or has another address by now. */
static struct member *
inquiry_asked_member(const struct swim *s, const struct inquiry *j)
{
	size_t i = members_position_from(s, j->member);
	struct member *m = i < s->table.count ? s->table.v[i] : NULL;

	if (!RULE(leaver_is_asked) && j->kind == INQUIRY_LEAVER)
		return locate_at(s, &j->addr);
	return m != NULL && m->hash == j->member && swim_addr_equal(&m->addr, &j->addr) ? m : NULL;
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
		gossip_add_without(s, w, known);
	gossip_add_without(s, w, s->self);
}

/* Send the ping that only base peers read.  The one that only swimds read follows, and one of the two is answered. */
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
		gossip_add_without(s, &w, known);
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

	/* As long as nobody has answered there, a ping is all: it proves the address, and the claim may come after it. */
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
		return inquiry_contest_takes(s);
	return inquiry_patience(s);
}

/* A ping has been sent now.  All pings of one round have one number. */
static void
inquiry_count(struct swim *s, struct inquiry *j)
{
	question_repeat(s, &j->question);
	question_wait(s, &j->question, swim_time_add(s->now, inquiry_wait_time(s, j)));
}

/* Send a ping.  Where that fails, the try counts as a lost one. */
static void
inquiry_ask(struct swim *s, const struct input *in, struct inquiry *j)
{
	inquiry_send(s, in, j);
	inquiry_count(s, j);
}

/*
 * A stranger may have us ask at an address that has never answered: once, in no more bytes than it sent.  Those of whom
 * we say more there, and more than once, are members that have answered there.  A namesake has no entry of its own in the
 * table of members, so claim_is_routable() says whether it has answered at this address.
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
 * Does a stranger make us ask this?  The joins are the operator's.  A digest that comes from the address of a member is looked
 * at however many questions strangers make us ask, or they could keep us from comparing views with members.
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
	uint64_t than;               /* INQUIRY_LEAVER: the incarnation that left */
};

static bool
inquiry_open(struct swim *s, const struct input *in, const struct swim_addr *addr,
    const struct inquiry_about *about)
{
	enum inquiry_kind kind = about->kind;
	struct inquiry *slot = NULL;

	if (s->leaving)
		return false;
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		struct inquiry *j = &s->inquiries[i];

		if (!question_is_open(&j->question)) {
			slot = slot == NULL ? j : slot;
			continue;
		}
		/* One look at another's view at a time. */
		if (j->kind == kind && (kind == INQUIRY_CHECK || swim_addr_equal(&j->addr, addr)))
			return false;
	}
	if (slot == NULL ||
	    (inquiry_is_of_stranger(s, kind, addr) && !question_has_room(s, QUESTION_INQUIRY)))
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
	inquiry_count(s, slot);
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
inquiry_introduce(struct swim *s, const struct input *in, const struct wire_member_id *who,
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

/* A base peer's ack names it. */
void
inquiry_learn(struct swim *s, const struct input *in, const struct swim_addr *from)
{
	struct swim_addr at = *from; /* `from` may belong to the stand-in that goes */
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	/* Its address is a host name that nobody has looked up: it is here.  That replaces its stand-in. */
	if (m != NULL && m != s->self && m->addr.family == 0)
		locate_found(s, in, m, &at);
	inquiry_introduce(s, in, &in->msg->member, &at);
	/* Another may be known at this address as well: a successor and the member before it. */
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
inquiry_contest_takes(const struct swim *s)
{
	return swim_ns(INQUIRY_TRIES * inquiry_patience(s).ns);
}

/* Where the question of this kind to this address is in the table; SWIM_INQUIRIES: none is under way. */
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

/* The contest with another member of our name at this address, of which inquiry_start begins one at a time; or NULL. */
static struct inquiry *
inquiry_contest_at(struct swim *s, const struct swim_addr *addr)
{
	size_t i = inquiry_place_of(s, addr, INQUIRY_CLAIM);

	return i < SWIM_INQUIRIES ? &s->inquiries[i] : NULL;
}

/* The address has not answered yet.  Another datagram has come from there: it pays for one more small ping. */
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
	inquiry_count(s, j);
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
 * Anybody may answer with the id of a living member.  So we ask at the former address of m before we believe that m has moved
 * to the address `to`.
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
 * A base peer has answered our greeting with the id of a base peer that we know at another address, and gives the address that
 * we asked for its own.  It may have crashed and started again at this address.
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
 * What we sent there has come back: the address is one of our own.  The contest stays open with its sequence number until
 * its end, since a ping of our name with an unknown number begins a contest: what comes back would begin the next, for
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

/* Where we stay, it goes on until its end: two that both stay must not rise at each other's every word. */
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

/* From the beginning, with all that is known of the answer forgotten. */
static void
inquiry_contest_again(struct swim *s, const struct input *in, struct inquiry *j)
{
	j->answered = j->base = j->stays = false;
	/* A namesake of this version does not change its decision: keep its last claim, as its next claims may be lost. */
	j->claimed = j->claimed && j->modern;
	j->outdone = j->outdone && j->modern;
	inquiry_await(s, j, core_seq(s));
	inquiry_ask(s, in, j);
}

/* Of a claim alone nothing is told, as its source may be forged.  Whoever is settled need not wait for the claim. */
static void
inquiry_tell_claim(struct swim *s, const struct inquiry *j)
{
	if (j->heard || claim_is_settled(s))
		claim_complain(s, &j->addr);
}

/* A member of our name has answered the small ping.  Send our claim to it, and begin a full round of INQUIRY_TRIES pings. */
static void
inquiry_show(struct swim *s, const struct input *in, struct inquiry *j)
{
	struct inquiry before = *j;

	claim_namesake_answered(s, &j->addr);
	/* It tells others that our name lives there. */
	if (j->than < s->self->incarnation)
		j->than = s->self->incarnation;
	j->small = false;
	inquiry_contest_again(s, in, j);
	j->claimed = before.claimed;
	/* If a claim has outdone us already, only this answer was missing: no later claim can change the outcome. */
	j->answered = j->outdone = before.outdone;
	j->stays = before.stays;
	if (j->outdone)
		inquiry_outdone(s, j, &in->from);
	else
		inquiry_tell_claim(s, j);
}

/* Somebody lives where another of our name is said to. */
static void
inquiry_contested(struct swim *s, const struct input *in, struct inquiry *j)
{
	bool same = probe_same_id(in->msg->member.id, s->self);

	if (s->leaving) {
		/* We go anyway, and must not rise again. */
		inquiry_end(s, j);
	} else if (j->looped) {
		/* We ourselves answered. */
	} else if (!same) {
		inquiry_end(s, j);
		claim_taken(s, &j->addr);
		apply_refute(s, in, j->than);
	} else if (j->small) {
		/* That proves the address.  What a swimd answers to a small ping may look like a base peer's answer. */
		inquiry_show(s, in, j);
	} else if (!in->msg->trailer.has_digest || j->outdone) {
		/* A base peer can't say for how long: it was there when we asked. */
		j->answered = j->base = true;
		inquiry_outdone(s, j, &in->from);
	} else {
		/* One of us answers the claim that went with the ping, unless it is the one that goes. */
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
inquiry_claimed(struct swim *s, const struct swim_addr *addr, enum claim_end end, bool modern)
{
	struct inquiry *j = inquiry_contest_at(s, addr);

	if (j == NULL || j->looped)
		return;
	j->modern |= modern && RULE(namesake_has_time);
	if (end != CLAIM_WE_GO) {
		j->heard = true;
		if (j->answered)
			inquiry_tell_claim(s, j);
	}
	if (j->pausing)
		return;
	switch (end) {
	case CLAIM_WE_STAY:
		j->stays = true;
		break;
	case CLAIM_OPEN:
		j->claimed = true;
		break;
	case CLAIM_WE_GO:
		j->outdone = true;
		j->stays = false;
		if (j->answered)
			inquiry_outdone(s, j, addr);
		break;
	}
}

/* How long the answer took, unless nobody knows to which of several pings it is one (Karn's rule). */
static void
inquiry_time_answer(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);

	if (j->question.tries == 1 && m != s->self)
		probe_measure(s, m != NULL && input_is_from(in, &m->addr) ? m : NULL,
		    j->question.sent);
}

/* Where a swimd lived a base peer of its name answers: the ping had room for the digest of a swimd. */
static void
inquiry_note_base(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct wire_member_id id = in->msg->member;
	struct member *m = members_find(s, id.id.bytes, id.id.len);

	if (m == NULL || m == s->self || !swim_addr_equal(&m->addr, &j->addr))
		return;
	/* What made us ask may be forged: a swimd is one until it had room to say so and did not. */
	if (!j->to_base && (!j->of_base || base_kind(s, m) == SWIM_KIND_SWIMD) &&
	    j->len < outbox_room_for_kind(s, id.id.len, id.address.len))
		return;
	m->peer = PEER_BASE;
}

/* It lives where it was asked, and is said to, or can be reached where it was asked. */
static void
inquiry_prove(struct swim *s, const struct input *in, const struct swim_addr *asked)
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
 * The base peer that is said to leave answers under its own name: so no other has started at its address, and it was itself
 * that said so.  It may go on answering for as long as it likes, but one that has not left denies it in that answer.
 * A small question has no room for what is to be denied.
 */
static void
inquiry_leaver_answered(struct swim *s, const struct input *in, const struct inquiry *j)
{
	struct member *m = inquiry_asked_member(s, j);

	if (m != NULL && probe_same_id(in->msg->member.id, m) && !j->small &&
	    !inquiry_is_denied(in, j->than))
		apply_left(s, in, m, j->than);
}

/* A base peer that we hold dead has answered by its id.  Tell it of its death by a ping: it refutes that, and is alive again. */
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

	/* Another of our name, unless what we sent came back to us. */
	if (!other && !j->looped) {
		claim_namesake_answered(s, &j->addr);
		inquiry_contest(s, in, &j->addr, s->self->incarnation);
	}
	outbox_seed_answered(s, &j->addr, in->msg->member.id, j->looped && !other);
	if (in->msg->trailer.has_digest && sync_differs(s, &in->msg->trailer))
		sync_start(s, in, &j->addr);
}

/* The answer tells what the question was asked for. */
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
		/* Digests leave out the dead, so before our first view we ask for one even if the digests are equal. */
		if (swimd && (!s->synced || sync_differs(s, &in->msg->trailer)))
			sync_start(s, in, &j->addr);
		break;
	case INQUIRY_CLAIM:
		break;
	}
}

/* An answer proves the address that was asked, not the address that the answer comes from, which can be forged. */
struct answer
inquiry_answered(struct swim *s, const struct input *in, struct question *q)
{
	/* A copy, as a question that is asked below may take the place of this one. */
	const struct inquiry was = *question_owner(q, struct inquiry, question);
	/* A member that an operator told us to join counts as our cluster. */
	struct answer answer = {.asked = was.addr, .believed = was.kind == INQUIRY_SEED};
	struct input known;

	if (was.kind == INQUIRY_CLAIM) {
		inquiry_contested(s, in, question_owner(q, struct inquiry, question));
		return (struct answer){.ours = true};
	}
	inquiry_end(s, question_owner(q, struct inquiry, question));
	/* One that is asked for its view is a swimd, whose answer may have had no room for the digest. */
	answer.as_itself = !in->msg->trailer.has_digest && was.kind != INQUIRY_CHECK;
	known = input_answering(in, answer);
	inquiry_time_answer(s, in, &was);
	if (input_is_from(in, &was.addr))
		guest_answered(s, &in->from);
	if (answer.as_itself) {
		inquiry_learn(s, &known, &was.addr);
		inquiry_note_base(s, in, &was);
	} else {
		inquiry_prove(s, in, &was.addr);
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
 * Another of our name is there and stays, as we do.  All others move us at every contradiction, ours and its own: so
 * what is said meanwhile is kept for a contest that comes later each time.  One such rest at once: strangers
 * who answer at many addresses must not hold all places.
 */
static void
inquiry_rest(struct swim *s, struct inquiry *j)
{
	if (!RULE(contests_pause))
		return;
	for (size_t i = 0; i < SWIM_INQUIRIES; i++) {
		if (question_is_open(&s->inquiries[i].question) && s->inquiries[i].pausing)
			return;
	}
	j->rest = j->rest.ns == 0 ? inquiry_contest_takes(s) : swim_ns(2 * j->rest.ns);
	if (j->rest.ns > PAUSE_MAX.ns)
		j->rest = PAUSE_MAX;
	/* An answer to the last ping still counts. */
	inquiry_await(s, j, j->question.seq);
	question_repeat(s, &j->question);
	question_wait(s, &j->question, swim_time_add(s->now, j->rest));
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
	/* The member that answered before may be gone, perhaps because of us. */
	if (!claim_is_settled(s) && (j->pausing || j->answered)) {
		j->pausing = false;
		j->claimed = j->outdone = j->quiet = false;
		inquiry_contest_again(s, in, j);
	}
}

static void
inquiry_rested(struct swim *s, const struct input *in, struct inquiry *j)
{
	j->pausing = false;
	j->again = 0;
	/* Nothing more was said of it. */
	if (s->leaving || j->than < s->self->incarnation) {
		inquiry_end(s, j);
		return;
	}
	j->claimed = j->outdone = j->quiet = false;
	inquiry_contest_again(s, in, j);
}

/*
 * Is another round of pings needed?  The namesake decides, and we have not heard its decision.  If it goes, it stops to
 * answer.  If it stays and is of this version, it repeats that in every round, so that we hear it even if claims are lost.
 */
static bool
inquiry_goes_on(const struct inquiry *j)
{
	if (j->small || j->again == (j->modern ? ROUNDS_MAX : ROUNDS_EARLIER))
		return false;
	if (!j->answered)
		return (j->claimed || j->outdone) && j->modern && !j->quiet;
	return j->claimed && !j->outdone;
}

/* Nobody of our name is there, or a member of our name stays as we do, or the contest is not over. */
static void
inquiry_contest_ends(struct swim *s, const struct input *in, struct inquiry *j)
{
	if (s->leaving)
		return;
	if (inquiry_goes_on(j)) {
		j->again++;
		j->quiet = !j->answered;
		inquiry_contest_again(s, in, j);
		return;
	}
	if (!j->answered)
		claim_unanswered(s, &j->addr, j->witnessed);
	/* An earlier version never tells its decision, so at the end the ages decide.  A namesake of this version tells it. */
	if (j->answered && (j->outdone || (j->claimed && !j->modern) || j->base) &&
	    inquiry_outdone(s, j, &j->addr) == CLAIM_WE_GO)
		return;
	/* The other member is gone, or goes, or has to go: the name is ours, unless we are leaving. */
	apply_refute(s, in, j->than);
	if (j->answered) {
		inquiry_tell_claim(s, j);
		inquiry_rest(s, j);
	}
}

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
		/* A sender that has never answered may not even have pinged us; if it did, its next ping makes us ask again. */
		m = locate_at(s, &j->addr);
		if (m != NULL && m->unnamed && !m->routable && !members_is_announced(m))
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

/* Does silence decide something?  Then it needs all INQUIRY_TRIES pings, as one of them may be lost. */
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
		inquiry_rested(s, in, j);
	else if (j->looped && j->kind == INQUIRY_CLAIM)
		inquiry_end(s, j);
	else if (q->tries < INQUIRY_TRIES && j->kind != INQUIRY_CHECK &&
		 (!j->small || inquiry_asks_whether_silent(j)))
		inquiry_ask(s, in, j);
	else
		inquiry_give_up(s, in, j);
}
