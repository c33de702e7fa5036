/* SPDX-License-Identifier: MIT */
/*
 * Introducing base peers to the members.  A base peer never asks for the list of members, never compares views, and
 * tells nobody of a member that it knows from a ping alone.  So we tell each base peer of all members, and of each
 * member that comes or goes later, by pings full of updates.  The next ping is sent when the base peer has answered the
 * last one; a ping without an answer is sent again.  Only a few swimd peers do this for a base peer: the swimd peer
 * that the base peer pinged first, and the two swimd peers for which the hash of their own name and the base peer's
 * name is lowest.
 *
 * A member that comes or goes gets the next serial number (`arrived`).  A base peer is told in passes over the table of
 * members: each pass tells of the members that got their serial number after the last pass began.  A pass tells of dead
 * members too: a base peer that has heard of a suspicion waits until it hears how the suspicion ended.
 *
 * A base peer that pings with a lower sequence number than before has started anew and knows nobody.
 *
 * A base peer that learns of a new member from an update gossips it in the next few datagrams that it sends, to any
 * receiver. Swimd peers whose only seeds are base peers find each other by these datagrams.  So a swimd peer that has
 * joined through a base peer sends the base peer nothing but answers for one probe interval: otherwise the base peer
 * would use up these few datagrams on acks to that swimd peer.
 *
 * This file also corrects base peers, as they do not compare views: a swimd peer that hears a base peer say something
 * outdated about a member answers with the present record.
 */
#include <string.h>

#include "core/internal.h"

#define INTRODUCE_BY 2 /* swimd peers that introduce a base peer, besides the one it pinged first */
#define INTRODUCE_TRIES 4
/* The most pings for introductions in one gossip interval, to all base peers together. */
#define INTRODUCE_MOST 100
/* How long a base peer that left INTRODUCE_TRIES pings unanswered gets no further ping. */
#define INTRODUCE_LATER swim_seconds(5)
/* A base peer that comes back is told of deaths that are at most this old: it may still hold these members suspect. */
#define INTRODUCE_DEAD swim_seconds(120)
/*
 * The least time between two new starts of a base peer, as pings may come out of order, and between two
 * introduce_end_again().
 */
#define INTRODUCE_AGAIN swim_seconds(5)

/* NULL: the member is no base peer, or has not been introduced yet. */
static struct introduction *
introduce_of(const struct member *m)
{
	return extra_of(m)->intro;
}

static void
introduce_wake(struct swim *s, swim_time at)
{
	if (s->introductions > 0)
		s->introduce_at = swim_time_min(s->introduce_at, at);
}

/* When to tell of a change: after one gossip interval, so that several changes go into one ping. */
static swim_time
introduce_soon(const struct swim *s)
{
	return swim_time_add(s->now, s->config.timing.gossip_interval);
}

void
introduce_unask(struct swim *s, struct introduction *i)
{
	if (i == NULL)
		return;
	question_close(s, &i->question);
	i->question.tries = 0;
}

void
introduce_arrived(struct swim *s, struct member *m)
{
	struct introduction *i = introduce_of(m);

	m->arrived = ++s->arrivals;
	/* A base peer that comes back may have forgotten everybody. */
	introduce_unask(s, i);
	if (i != NULL)
		*i = (struct introduction){.ours = i->ours, .back = true, .next = s->now};
	introduce_wake(s, introduce_soon(s));
}

void
introduce_gone(struct swim *s, struct member *m)
{
	m->arrived = ++s->arrivals;
	introduce_wake(s, introduce_soon(s));
}

void
introduce_forget(struct swim *s, struct member *m)
{
	if (introduce_of(m) == NULL)
		return;
	s->introductions--;
	introduce_unask(s, m->extra->intro);
	core_release(s, m->extra->intro);
	m->extra->intro = NULL;
	extra_tidy(s, m);
}

static struct introduction *
introduce_new(struct swim *s, struct member *m)
{
	struct extra *x = extra_new(s, m);

	if (x == NULL || x->intro != NULL)
		return introduce_of(m);
	x->intro = core_alloc(s, sizeof(*x->intro));
	if (x->intro == NULL)
		return NULL;
	*x->intro = (struct introduction){.next = s->now};
	s->introductions++;
	return x->intro;
}

void
introduce_met(struct swim *s, struct member *m)
{
	struct introduction *i = introduce_new(s, m);

	if (i != NULL)
		i->ours = true;
}

/*
 * Are we one of the swimd peers that introduce this base peer?  The hash of both names puts the swimd peers into an order.
 */
static bool
introduce_is_ours(const struct swim *s, const struct member *m)
{
	uint64_t ours = hash64_end(s->self->hash ^ m->hash);
	unsigned before = 0;

	if (introduce_of(m)->ours)
		return true;
	for (size_t k = 0; k < s->live_count && before < INTRODUCE_BY; k++) {
		const struct member *o = s->live[k];

		before += !base_is_peer(o) && members_status(o) == SWIM_ALIVE &&
			  hash64_end(o->hash ^ m->hash) < ours;
	}
	return before < INTRODUCE_BY;
}

bool
introduce_is_spreading(const struct swim *s, const struct member *m)
{
	const struct introduction *i = introduce_of(m);

	return RULE(base_seed_rests) && i != NULL && i->joined == s->self->incarnation + 1 &&
	       members_status(s->self) == SWIM_ALIVE &&
	       swim_time_since(s->now, m->met).ns < s->config.timing.probe_interval.ns;
}

/*
 * Does this pass tell `to` of m?  A long ladder does not fit into a probe, so each swimd peer tells its own ladder in a
 * pass.
 */
static bool
introduce_tells(const struct swim *s, const struct member *to, const struct member *m)
{
	const struct introduction *i = introduce_of(to);

	if (m == to || m->unnamed || members_status(m) == SWIM_SUSPECT ||
	    (int32_t)(m->arrived - i->since) <= 0 || !base_can_tell(s, m))
		return false;
	/*
	 * A new base peer need not know the dead.  Another may have heard of a suspicion, and waits to hear how it ended.
	 */
	if (members_status(m) != SWIM_ALIVE && i->since == 0 &&
	    (!i->back || swim_time_since(s->now, m->since).ns >= INTRODUCE_DEAD.ns))
		return false;
	return i->all || (m == s->self && m->incarnation > BASE_LADDER_WHOLE);
}

/*
 * Fill the ping from where the pass stands, and set `i->ahead` to where it stands once the ping has been answered.
 * Each swimd peer begins at its own place in the table, so that the swimd peers that introduce one base peer tell it of
 * different members at first.
 */
static void
introduce_fill(struct swim *s, struct wire_writer *w, const struct member *to)
{
	struct introduction *i = introduce_of(to);
	size_t start = members_position_from(s, s->self->hash), at = start;
	bool first = !i->done.begun;

	if (!first)
		at = members_position_after(s, i->done.after);
	i->ahead = i->done;
	for (;; at++, first = false) {
		const struct member *m;

		if (at >= s->table.count)
			at = 0;
		if (at == start && !first)
			break;
		m = s->table.v[at];
		if (!introduce_tells(s, to, m))
			continue;
		if (!base_add_ladder(w, m, &i->ahead.known))
			return;
		i->ahead = (struct progress){.begun = true, .after = m->hash};
	}
	i->ahead.over = true;
}

static void
introduce_send(struct swim *s, struct member *to)
{
	struct introduction *i = introduce_of(to);
	struct wire_trailer trailer;
	struct wire_writer w;

	base_trailer(s, WIRE_RECIPIENT_NEW_BASE, &trailer);
	if (!outbox_begin(s, &w, &trailer, path_safe(s, to)))
		return;
	w.recipient = WIRE_RECIPIENT_NEW_BASE;
	if (i->question.tries == 0)
		question_open(s, &i->question, QUESTION_INTRODUCTION, core_seq(s));
	wire_begin_ping(&w, i->question.seq + i->question.tries);
	introduce_fill(s, &w, to);
	if (w.count == 0) {
		outbox_cancel(s);
		i->since = i->until;
		i->passing = false;
		i->next = introduce_soon(s);
		return;
	}
	question_try(s, &i->question);
	question_wait(s, &i->question, swim_time_add(s->now, s->config.timing.probe_timeout));
	s->introduce_sent++;
	outbox_end_to(s, &w, &trailer, 0, to);
}

/* May one more ping be sent in this gossip interval? */
static bool
introduce_has_room(struct swim *s)
{
	if (swim_time_reached(s->now, s->introduce_until)) {
		s->introduce_until = introduce_soon(s);
		s->introduce_sent = 0;
	}
	return s->introduce_sent < INTRODUCE_MOST;
}

static bool
introduce_can(const struct swim *s, const struct member *m)
{
	return base_is_recipient(base_recipient(s, m)) && !m->unnamed &&
	       members_status(m) == SWIM_ALIVE && link_is_routable(m) && locate_is_reached(s, m);
}

/* Begins a pass if none is under way and this base peer has not been told everything.  False: no pass is under way. */
static bool
introduce_has_pass(struct swim *s, const struct member *m)
{
	struct introduction *i = introduce_of(m);

	if (i->passing)
		return true;
	if (i->since == s->arrivals || !RULE(base_introduction))
		return false;
	i->all = introduce_is_ours(s, m);
	if (!i->all && (s->self->incarnation <= BASE_LADDER_WHOLE ||
			   (int32_t)(s->self->arrived - i->since) <= 0))
		return false;
	i->passing = true;
	i->until = s->arrivals;
	i->done = (struct progress){0};
	introduce_unask(s, i);
	return true;
}

/* May an answer to the last ping still come in time? */
static bool
introduce_is_waiting(const struct swim *s, const struct introduction *i)
{
	return question_is_open(&i->question) && i->question.tries > 0 &&
	       !swim_time_reached(s->now, i->question.deadline);
}

/* Sends this base peer a ping if one is due.  Returns when to call again. */
static swim_time
introduce_step(struct swim *s, struct member *m)
{
	struct introduction *i = introduce_of(m);

	if (!introduce_can(s, m) || !introduce_has_pass(s, m))
		return SWIM_TIME_NEVER;
	if (introduce_is_spreading(s, m))
		return swim_time_add(m->met, s->config.timing.probe_interval);
	/* introduce_unanswered() calls again. */
	if (introduce_is_waiting(s, i))
		return SWIM_TIME_NEVER;
	if (!swim_time_reached(s->now, i->next))
		return i->next;
	if (i->question.tries >= INTRODUCE_TRIES) {
		introduce_unask(s, i);
		i->next = swim_time_add(s->now, INTRODUCE_LATER);
		return i->next;
	}
	if (!introduce_has_room(s))
		return s->introduce_until;
	introduce_send(s, m);
	return introduce_is_waiting(s, i) ? SWIM_TIME_NEVER : i->next;
}

void
introduce_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	(void)in,
	    (void)q; /* introduce_step() finds the base peer, and sees that the time has passed */
	introduce_wake(s, s->now);
}

void
introduce_tick(struct swim *s)
{
	size_t from = s->introduce_from;
	swim_time at = SWIM_TIME_NEVER;

	if (!swim_time_reached(s->now, s->introduce_at))
		return;
	/* Begin after the base peer that got the last ping, so that all base peers get pings in turn. */
	for (size_t k = 0; k < s->live_count && !s->leaving; k++) {
		size_t place = (from + k) % s->live_count;
		unsigned sent = s->introduce_sent;

		if (introduce_of(s->live[place]) == NULL)
			continue;
		at = swim_time_min(at, introduce_step(s, s->live[place]));
		if (s->introduce_sent > sent)
			s->introduce_from = place + 1;
	}
	s->introduce_at = at;
}

swim_time
introduce_deadline(const struct swim *s)
{
	return s->introduce_at;
}

struct answer
introduce_answered(struct swim *s, const struct input *in, struct question *q)
{
	struct introduction *i = question_owner(q, struct introduction, question);
	struct member *m = locate_at(s, &in->from);
	struct answer answer = {.ours = true};

	if (m == NULL || introduce_of(m) != i || !i->passing)
		return (struct answer){0};
	answer.asked = m->addr;
	i->done = i->ahead;
	introduce_unask(s, i);
	i->next = s->now;
	if (i->done.over) {
		i->since = i->until;
		i->passing = false;
		i->next = introduce_soon(s);
	}
	/* Among many base peers the next ping to this one has to wait until the others have had theirs. */
	if (s->introductions > INTRODUCE_MOST)
		introduce_wake(s,
		    swim_time_reached(s->now, s->introduce_until) ? s->now : s->introduce_until);
	else
		introduce_wake(s, introduce_step(s, m));
	return answer;
}

void
introduce_heard(struct swim *s, const struct input *in)
{
	struct member *m = locate_at(s, &in->from);
	struct introduction *i;

	if (!in->base || m == NULL || m == s->self || !introduce_can(s, m))
		return;
	i = introduce_new(s, m);
	if (i == NULL)
		return;
	if (in->answer.of_seed && s->self->incarnation <= BASE_LADDER_WHOLE)
		i->joined = s->self->incarnation + 1;
	if (in->msg->type == WIRE_PING) {
		bool again = in->msg->seq < i->heard_seq && swim_time_reached(s->now, i->again);

		i->heard_seq = in->msg->seq;
		if (again) {
			introduce_unask(s, i);
			*i = (struct introduction){.ours = true,
			    .next = s->now,
			    .heard_seq = in->msg->seq,
			    .again = swim_time_add(s->now, INTRODUCE_AGAIN)};
			m->met = s->now;
		}
	}
	if (!i->passing && i->since != s->arrivals)
		introduce_wake(s, introduce_step(s, m));
}

/* ------------------------------------------------------- correcting base peers */

void
introduce_note_stale(const struct input *in, struct member *m)
{
	if (!in->base || m->unnamed || in->found->stale_count == STALE_MAX)
		return;
	for (size_t k = 0; k < in->found->stale_count; k++) {
		if (in->found->stale[k] == m)
			return;
	}
	in->found->stale[in->found->stale_count++] = m;
}

/*
 * A base peer that has forgotten a dead member, and hears an old suspicion of the member, lists the member as suspect
 * again. Base peers gossip such suspicions.  So all base peers are told of the death once more.
 */
void
introduce_end_again(struct swim *s, const struct input *in, struct member *m)
{
	if (!in->base_peer || s->introductions == 0 || !swim_time_reached(s->now, s->end_again))
		return;
	s->end_again = swim_time_add(s->now, INTRODUCE_AGAIN);
	introduce_gone(s, m);
}

void
introduce_add_stale(struct swim *s, const struct input *in, struct wire_writer *w)
{
	for (size_t k = 0; k < in->found->stale_count; k++)
		gossip_add_member(s, w, in->found->stale[k]);
	in->found->stale_count = 0;
}

/* Begins a ping to this base peer, at most one in a gossip interval.  False: the base peer cannot get one now. */
static bool
introduce_open(struct swim *s, struct member *to, struct wire_writer *w,
    struct wire_trailer *trailer)
{
	if (to == NULL || introduce_of(to) == NULL || !introduce_can(s, to) ||
	    !swim_time_reached(s->now, introduce_of(to)->corrected) || !introduce_has_room(s))
		return false;
	base_trailer(s, base_recipient(s, to), trailer);
	if (!outbox_begin(s, w, trailer, path_safe(s, to)))
		return false;
	w->recipient = base_recipient(s, to);
	wire_begin_ping(w, core_seq(s));
	return true;
}

/* Sends the ping that introduce_open() began, or drops the ping if it has no updates. */
static void
introduce_close(struct swim *s, struct member *to, struct wire_writer *w,
    const struct wire_trailer *trailer)
{
	if (w->count == 0) {
		outbox_cancel(s);
		return;
	}
	introduce_of(to)->corrected = introduce_soon(s);
	s->introduce_sent++;
	outbox_end_to(s, w, trailer, 0, to);
}

/*
 * The member that a base peer means by this pair, if that member is dead or has left; else NULL.  `address` is canonical.
 */
static struct member *
introduce_gone_pair(const struct swim *s, const struct input *in, const struct wire_member_id *pair,
    const char *address)
{
	struct wire_member_id meant = base_meant(s, in, pair);
	struct member *m = members_find(s, meant.id.bytes, meant.id.len);

	if (m == NULL || m == s->self || members_is_live(m) || strcmp(m->address, address) != 0 ||
	    !(base_is_peer(m) || base_is_address(s, in, pair)))
		return NULL;
	return m;
}

/*
 * Tells the base peer `to`, which asked us to ping m, that m is gone.  The base peer may know m at a higher incarnation
 * than we do, if the swimd peers that knew this incarnation are gone too or have lost their state.  Then the base peer
 * ignores a death at our incarnation, and asks again without telling the incarnation that it knows.  So each request is
 * answered with a death at a higher incarnation than the answer before.  A base peer accepts a death up to 16 above the
 * incarnation that it knows.
 */
static void
introduce_tell_end(struct swim *s, struct member *to, struct member *m)
{
	static const uint8_t above[] = {0, 1, 2, 4, 8, 16, 32, 48, 64};
	struct wire_update end = {.status = SWIM_DEAD,
	    .incarnation = m->incarnation + above[extra_of(m)->ends]};
	char text[SWIM_ADDR_TEXT];
	struct wire_trailer trailer;
	struct wire_writer w;
	struct extra *x;

	if (!introduce_open(s, to, &w, &trailer))
		return;
	x = extra_new(s, m);
	if (x != NULL)
		x->ends = (uint8_t)((x->ends + 1) % sizeof(above));
	end.member = base_pair(m, w.recipient, text);
	wire_add_update(&w, &end);
	introduce_close(s, to, &w, &trailer);
}

void
introduce_silent(struct swim *s, const struct input *in, const struct swim_addr *from,
    const struct wire_member_id *pair)
{
	struct wire_update end = {.member = *pair, .status = SWIM_DEAD};
	char text[SWIM_HOSTPORT_MAX + 1];
	struct member *to = locate_at(s, from);
	struct member *m;
	struct wire_trailer trailer;
	struct swim_addr addr;
	struct wire_writer w;

	if (!apply_address(s, in, pair->address, text, &addr))
		return;
	m = introduce_gone_pair(s, in, pair, text);
	/* Within BASE_NEW_FOR of the end of m, an update that the base peer has heard may still be on its way to us. */
	if (m != NULL && base_can_tell(s, m) &&
	    swim_time_since(s->now, m->since).ns >= BASE_NEW_FOR.ns) {
		introduce_tell_end(s, to, m);
		return;
	}
	if (locate_at(s, &addr) != NULL || !base_is_address(s, in, pair) ||
	    !visitor_is_suspected(s, &addr, &end.incarnation) ||
	    !introduce_open(s, to, &w, &trailer))
		return;
	wire_add_update(&w, &end);
	introduce_close(s, to, &w, &trailer);
}

void
introduce_answer_stale(struct swim *s, const struct input *in)
{
	struct member *to = locate_at(s, &in->from);
	struct wire_trailer trailer;
	struct wire_writer w;

	if (in->found->stale_count == 0 || !introduce_open(s, to, &w, &trailer))
		return;
	introduce_add_stale(s, in, &w);
	introduce_close(s, to, &w, &trailer);
}
