/* SPDX-License-Identifier: MIT */
/*
 * Sending rumours.  Rumours go out on pings, ping-reqs and acks.  While rumours wait, they are also pushed to a few
 * members in each gossip interval, and a new rumour at once if the last push is long enough ago (SWIM 4.1; the push is
 * memberlist's). A rumour is sent retransmit_mult * ceil(log10(N + 1)) times; of one kind, the rumours that were sent
 * the fewest times go first.
 */
#include <math.h>
#include <string.h>

#include "core/internal.h"

#define PUSHED_MOST 16 /* an upper bound of gossip_fanout */
#define REMINDERS 4    /* members told to a base peer with each ping and ack */
/* A leave is pushed in this many gossip intervals after the first push. */
#define LEAVE_TICKS 4
/* All pushes of a leave take no longer than this, as somebody waits for swimd to end. */
#define LEAVE_MOST swim_seconds(5)
#define SHARES 8     /* parts of a datagram; each kind of rumour that waits has one */
#define BATCH 8      /* times as many datagrams in one push, while urgent rumours wait */
#define MISSES_MAX 8 /* rumours of a kind that do not fit, until a datagram counts as full */

unsigned
gossip_limit(const struct swim *s)
{
	double limit = s->config.timing.retransmit_mult *
		       ceil(log10((double)members_cluster_size(s) + 1));

	return limit < 1 ? 1 : limit >= RUMOUR_LEVELS ? RUMOUR_LEVELS - 1 : (unsigned)limit;
}

/*
 * How many times this rumour is sent.  A removal is sent twice as often as others: earlier versions of swimd have no
 * digest of removals, so a member of such a version never finds out that it missed the rumour.
 */
static unsigned
gossip_limit_of(const struct rumour *r, unsigned limit)
{
	if (!members_is_removed(r->member))
		return limit;
	return 2 * limit < RUMOUR_LEVELS ? 2 * limit : RUMOUR_LEVELS - 1;
}

static swim_duration
gossip_pause_of(const struct swim *s)
{
	swim_duration interval = s->config.timing.gossip_interval;
	swim_duration most = swim_ns(LEAVE_MOST.ns / LEAVE_TICKS);

	return s->leaving && interval.ns > most.ns ? most : interval;
}

void
gossip_wake(struct swim *s)
{
	if (s->rumours.count > 0 && s->live_count > 0 && swim_time_is_never(s->gossip_at)) {
		swim_time next = swim_time_add(s->gossiped, gossip_pause_of(s));

		s->gossip_at = swim_time_before(next, s->now) ? s->now : next;
	}
}

void
gossip_drop(struct swim *s, struct member *m)
{
	rumour_drop(&s->rumours, m->rumour);
}

static enum rumour_kind
gossip_alive_kind(const struct member *m)
{
	switch (m->alive_as) {
	case ALIVE_AGAIN:
		return RUMOUR_REFUTE;
	case ALIVE_CHANGED:
		return RULE(change_is_no_join) ? RUMOUR_TAGS : RUMOUR_JOIN;
	case ALIVE_STILL:
		return RULE(same_life_is_last) ? RUMOUR_OTHER : RUMOUR_JOIN;
	case ALIVE_NEW:
		break;
	}
	return RUMOUR_JOIN;
}

static enum rumour_kind
gossip_kind_of(const struct swim *s, const struct member *m)
{
	switch (members_status(m)) {
	case SWIM_ALIVE:
		return m == s->self ? RUMOUR_REFUTE : gossip_alive_kind(m);
	case SWIM_SUSPECT:
		return RUMOUR_SUSPECT;
	case SWIM_DEAD:
	case SWIM_LEFT:
		break;
	}
	return RUMOUR_GONE;
}

void
gossip_queue(struct swim *s, struct member *m)
{
	enum rumour_kind kind = gossip_kind_of(s, m);

	/* Other members are not told of an unnamed peer, as its address is not its name. */
	if (m->unnamed)
		return;
	/* Not all members have heard the join or change that the replaced rumour told, so the new rumour keeps that kind. */
	if (m->rumour != NULL && m->rumour->kind >= RUMOUR_JOIN && m->rumour->kind < kind)
		kind = (enum rumour_kind)m->rumour->kind;
	rumour_about(&s->rumours, m, kind);
	gossip_wake(s);
}

/*
 * Which flag goes with an update: `answered`, `unanswered` or none?  A page and the rumour of a leave have a byte for
 * flags in any case.  The rumour of a join has `answered`: the network may split at once, and the other half cannot ask
 * the member. The rumour of a death would grow by the flag, so it has only the rare `unanswered`.  A receiver that
 * knows of an answer sends `answered` back (gossip_tell_answered), and a member that learns `answered` by a rumour
 * passes it on.
 */
static uint8_t
gossip_answered_flag(const struct member *m, bool page)
{
	bool gone = !swim_status_is_live(members_status(m));
	bool joins = !gone && m->rumour != NULL && m->rumour->kind == RUMOUR_JOIN;

	if (!members_is_visible(m) || !(page || gone || joins))
		return 0;
	if (!members_has_answered(m) || (page && !RULE(page_of_answered)))
		return gone ? WIRE_FLAG_UNANSWERED : 0;
	return page || joins || m->answered == ANSWERED_BY_RUMOUR || members_status(m) == SWIM_LEFT
		   ? WIRE_FLAG_ANSWERED
		   : 0;
}

static void
gossip_update_of(const struct swim *s, const struct member *m, bool page, struct wire_update *out)
{
	swim_duration age = swim_time_since(s->now, m->since);

	*out = (struct wire_update){
	    .member = {{m->name, m->name_len}, wire_str_of(m->address)},
	    .status = members_status(m),
	    .incarnation = m->incarnation,
	    .age_s = swim_status_is_live(members_status(m)) ? 0 : (uint32_t)(age.ns / 1000000000),
	};
	if (swim_status_is_live(members_status(m))) {
		out->tags = (struct wire_str){m->tags, m->tags_len};
		if (m->partial)
			out->flags |= WIRE_FLAG_PARTIAL;
	}
	if (members_status(m) == SWIM_SUSPECT || members_status(m) == SWIM_DEAD)
		out->accuser_count = suspicion_named(s, m, out->accusers);
	if (members_status(m) == SWIM_LEFT)
		out->flags |= WIRE_FLAG_LEFT;
	if (members_is_removed(m))
		out->flags |= WIRE_FLAG_FORGET;
	if (m != s->self)
		out->flags |= gossip_answered_flag(m, page);
	if (base_is_peer(m))
		out->flags |= WIRE_FLAG_BASE;
}

/*
 * Add the update, or the updates that tell a base peer the same.  False: no room.  True with nothing added: the
 * recipient must not be told of m.
 */
static bool
gossip_add_update(const struct swim *s, struct wire_writer *w, const struct member *m,
    const struct wire_update *u)
{
	if (base_hears_names(w, m))
		return wire_add_update(w, u);
	return base_add(s, w, m);
}

bool
gossip_add_member(struct swim *s, struct wire_writer *w, struct member *m)
{
	struct wire_update u;

	gossip_update_of(s, m, w->sync, &u);
	return gossip_add_update(s, w, m, &u);
}

static void
gossip_leave_out_tags(struct wire_update *u)
{
	if (u->tags.len == 0)
		return;
	u->tags = (struct wire_str){0};
	u->flags |= WIRE_FLAG_PARTIAL;
}

bool
gossip_add_fitting(struct swim *s, struct wire_writer *w, struct member *m)
{
	struct wire_update u;

	gossip_update_of(s, m, w->sync, &u);
	if (gossip_add_update(s, w, m, &u))
		return true;
	if (u.tags.len == 0)
		return false;
	gossip_leave_out_tags(&u);
	return gossip_add_update(s, w, m, &u);
}

bool
gossip_add_untagged(struct swim *s, struct wire_writer *w, struct member *m)
{
	struct wire_update u;

	if (visitor_is_starting(s))
		return gossip_add_fitting(s, w, m);
	gossip_update_of(s, m, w->sync, &u);
	gossip_leave_out_tags(&u);
	return gossip_add_update(s, w, m, &u);
}

bool
gossip_add_challenge(struct wire_writer *w, const struct member *m, uint64_t incarnation)
{
	struct wire_update u = {
	    .member = {{m->name, m->name_len}, wire_str_of(m->address)},
	    .status = SWIM_SUSPECT,
	    .incarnation = incarnation,
	};

	return wire_add_update(w, &u);
}

void
gossip_heard(struct swim *s, struct member *m)
{
	/*
	 * Nothing is counted before our own first push has gone out.  Otherwise each member could leave the rumour to
	 * the others, and only the comparison of digests would spread it.
	 */
	if (m->rumour != NULL && !members_is_removed(m) &&
	    m->rumour->sent >= s->config.timing.gossip_fanout)
		rumour_advance(&s->rumours, m->rumour, gossip_limit(s));
}

static bool
gossip_is_about(const struct rumour *r, const struct member *recipient)
{
	return r->member == recipient;
}

/* A member need not be told that it is alive itself: a rumour of that counts as sent to it. */
static bool
gossip_is_known_to(const struct rumour *r, const struct member *recipient)
{
	return gossip_is_about(r, recipient) && members_status(recipient) == SWIM_ALIVE;
}

/* The rumour is in the datagram that is being filled: count one sending. */
static void
gossip_count_sent(struct swim *s, struct rumour *r, unsigned limit)
{
	rumour_pack(&s->rumours, r);
	rumour_advance(&s->rumours, r, gossip_limit_of(r, limit));
}

/* Add rumours of one kind, those first that were sent the fewest times; all but the first leave `keep` bytes free. */
static void
gossip_fill_kind(struct swim *s, struct wire_writer *w, const struct member *recipient,
    enum rumour_kind kind, size_t keep)
{
	unsigned limit = gossip_limit(s), misses = 0;
	size_t reserve = w->reserve;

	for (unsigned level = 0; level < RUMOUR_LEVELS && s->rumours.kind_count[kind] > 0;
	     level++) {
		struct rumour *r, *next;

		for (r = rumour_first(&s->rumours, kind, level); r != NULL; r = next) {
			next = rumour_next(r);
			if (rumour_is_packed(&s->rumours, r))
				continue;
			if (level >= gossip_limit_of(r, limit)) { /* the cluster has shrunk since */
				rumour_drop(&s->rumours, r);
				continue;
			}
			if (!gossip_is_known_to(r, recipient) &&
			    !gossip_add_member(s, w, r->member)) {
				if (++misses == MISSES_MAX)
					goto full;
				if (RULE(unsent_not_counted))
					continue;
			}
			/*
			 * The first rumour may use the room of other kinds: a rumour larger than a share would wait as
			 * long as other kinds wait.
			 */
			w->reserve = reserve + keep;
			gossip_count_sent(s, r, limit);
		}
	}
full:
	w->reserve = reserve;
}

/*
 * No rumour fits.  Add one rumour without the tags of its member: if these tags never fit on this path, the recipient would
 * not hear of the member at all.
 */
static void
gossip_fill_untagged(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	unsigned limit = gossip_limit(s);

	for (unsigned k = 0; k < RUMOUR_KINDS; k++) {
		for (unsigned level = 0; level < RUMOUR_LEVELS && s->rumours.kind_count[k] > 0;
		     level++) {
			struct rumour *r = rumour_first(&s->rumours, (enum rumour_kind)k, level);

			if (r == NULL || gossip_is_about(r, recipient) ||
			    !gossip_add_fitting(s, w, r->member))
				continue;
			gossip_count_sent(s, r, limit);
			return;
		}
	}
}

/*
 * The kinds follow each other in the order of their enumeration.  Each kind that waits has a share of the room for
 * itself, so that many rumours of one kind (joins at a start, deaths in an outage) never delay another kind.
 */
void
gossip_fill(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	size_t left = wbuf_left(&w->buf), share, keep = 0;

	/*
	 * A swimd peer is told the name of a swimd peer, a base peer its address.  We do not know which kind the
	 * recipient is.
	 */
	if (s->rumours.count == 0 || w->recipient == WIRE_RECIPIENT_UNKNOWN)
		return;
	share = (left > w->reserve ? left - w->reserve : 0) / SHARES;
	rumour_begin_datagram(&s->rumours);
	for (unsigned k = 0; k < RUMOUR_KINDS; k++)
		keep += s->rumours.kind_count[k] > 0 ? share : 0;
	for (unsigned k = 0; k < RUMOUR_KINDS; k++) {
		if (s->rumours.kind_count[k] == 0)
			continue;
		keep -= share;
		gossip_fill_kind(s, w, recipient, (enum rumour_kind)k, keep);
	}
	/* Fill what is left of the shares. */
	for (unsigned k = 0; k < RUMOUR_KINDS; k++)
		gossip_fill_kind(s, w, recipient, (enum rumour_kind)k, 0);
	if (w->count == 0)
		gossip_fill_untagged(s, w, recipient);
}

void
gossip_remind(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	if (recipient == NULL || !base_is_peer(recipient))
		return;
	for (unsigned k = 0; k < REMINDERS && s->live_count > 0; k++) {
		struct member *m = s->live[rng_below(&s->rng, s->live_count)];

		if (m != recipient && members_status(m) == SWIM_ALIVE && !m->unnamed &&
		    !gossip_add_member(s, w, m))
			return;
	}
}

/*
 * Anybody can tell of a member at an address whose owner has asked for nothing.  So an address has to answer one small ping
 * before rumours are sent to it: otherwise all members would send to it.  The answer also shows the kind of the member.
 */
void
gossip_ask_first(struct swim *s, struct member *to)
{
	enum wire_recipient recipient = base_recipient(s, to);
	struct wire_trailer trailer;
	struct wire_writer w;
	struct extra *x;
	uint64_t seq;

	if (!locate_is_reached(s, to))
		return;
	x = extra_new(s, to);
	if (x == NULL)
		return;
	/*
	 * The ping is repeated under one number, so that an answer counts even if it takes longer than a gossip
	 * interval.  The round trip of a repeated ping is not measured, as the answer may be to either (Karn's rule).
	 */
	if (!question_is_open(&x->routable_question))
		question_open(s, &x->routable_question, QUESTION_ROUTABLE, core_seq(s));
	seq = question_repeat(s, &x->routable_question);
	base_trailer(s, recipient, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	w.recipient = recipient;
	wire_begin_ping(&w, seq);
	/* A base peer learns who we are from this update only. */
	if (to->peer != PEER_SWIMD)
		gossip_add_untagged(s, &w, s->self);
	outbox_end_to(s, &w, &trailer, base_room_for_answer(s, recipient, to), to);
}

static void
gossip_push(struct swim *s, struct member *to)
{
	enum wire_recipient recipient = base_recipient(s, to);
	struct wire_trailer trailer;
	struct wire_writer w;
	enum wire_type type = to->peer == PEER_SWIMD ? WIRE_GOSSIP : WIRE_PING;
	uint64_t seq = core_seq(s);
	size_t size, pad_to = to->peer == PEER_SWIMD ? 0 : base_room_for_answer(s, recipient, to);

	if (!locate_is_reached(s, to))
		return;
	base_trailer(s, recipient, &trailer);
	if (type == WIRE_GOSSIP)
		link_report_add(s, &trailer);
	if (!outbox_begin(s, &w, &trailer, path_most(s, to)))
		return;
	w.recipient = recipient;
	if (type == WIRE_GOSSIP) {
		wire_begin_gossip(&w, seq);
	} else {
		wire_begin_ping(&w, seq);
	}
	if (members_status(to) != SWIM_ALIVE && RULE(suspect_is_told))
		gossip_add_fitting(s, &w, to);
	gossip_fill(s, &w, to);
	size = path_step(s, wire_size(&w, &trailer));
	if (type == WIRE_GOSSIP && size > PATH_BASE && path_is_open(s, to) &&
	    path_watch(s, to, seq, size)) {
		wire_make_ping(&w);
		pad_to = size;
	}
	if (w.count > 0)
		outbox_end_to(s, &w, &trailer, pad_to, to);
	else
		outbox_cancel(s);
}

/*
 * Has this push asked the address of to[at] already, for an earlier member?  A stranger can tell of many members at one
 * address; the address gets one ping.
 */
static bool
gossip_is_asked(struct member *const to[], size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (!link_is_routable(to[i]) && strcmp(to[i]->address, to[at]->address) == 0)
			return true;
	}
	return false;
}

/* The member that sent the answer, by the name in it, or else by its source address.  NULL: none is known. */
static struct member *
gossip_answerer(const struct swim *s, const struct input *in)
{
	struct wire_str id = in->msg->member.id;

	return id.len > 0 ? members_find(s, id.bytes, id.len) : locate_at(s, &in->from);
}

struct answer
gossip_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct extra *x = question_owner(q, struct extra, routable_question);
	struct answer answer = {.ours = true};
	struct member *m = gossip_answerer(s, in);
	const struct question asked = *q;

	if (m == NULL || m->extra != x)
		return (struct answer){0};
	question_close(s, q);
	extra_tidy(s, m);
	m->routable = true;
	/* The answer confirms the name of an unnamed peer, as the answer to a greeting does. */
	if (in->msg->member.id.len > 0)
		members_keep_name(s, in, m);
	answer.asked = *link_address(m);
	/* If there were several pings, the answer may be to any of them, and is not measured (Karn's rule). */
	if (asked.tries == 1)
		probe_measure(s, m, asked.sent);
	return answer;
}

/*
 * Is there a rumour to tell this member?  Rumours about the member itself do not count, nor do rumours that base peers are
 * not told, nor those that have been told often enough since the cluster shrank.
 */
static bool
gossip_has_news(const struct swim *s, const struct member *to)
{
	enum wire_recipient recipient = base_recipient(s, to);
	unsigned limit = gossip_limit(s);
	const struct rumour *r;

	for (unsigned k = 0; k < RUMOUR_KINDS; k++) {
		for (unsigned level = 0; level < RUMOUR_LEVELS; level++) {
			r = rumour_first(&s->rumours, (enum rumour_kind)k, level);
			for (; r != NULL; r = rumour_next(r)) {
				if (!gossip_is_about(r, to) && level < gossip_limit_of(r, limit) &&
				    !base_withholds(s, recipient, r->member))
					return true;
			}
		}
	}
	return false;
}

void
gossip_welcome(struct swim *s, const struct input *in)
{
	struct member *m = gossip_answerer(s, in);

	if (m == NULL || !link_is_routable(m) || !members_is_live(m))
		return;
	if (gossip_has_news(s, m))
		gossip_push(s, m);
}

static void
gossip_tell_at(struct swim *s, struct member *m, const struct swim_addr *addr, size_t budget)
{
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer_named(s, &trailer);
	/* Our name is worth more than the digest, which the next ping has too. */
	for (unsigned tries = 0; tries < 2; tries++) {
		if (!outbox_begin(s, &w, &trailer, budget))
			return;
		wire_begin_gossip(&w, core_seq(s));
		if (gossip_add_fitting(s, &w, m)) {
			outbox_end(s, &w, &trailer, 0, addr);
			return;
		}
		outbox_cancel(s);
		trailer.has_digest = trailer.has_removals = false;
	}
}

/* The most bytes of gossip that the datagram at hand may make us send to its sender; 0: none. */
static size_t
gossip_room_to_tell(struct swim *s, const struct input *in)
{
	const struct member *to = link_speaker(s, in, &in->from);

	if (to == NULL || to == s->self || to->peer != PEER_SWIMD)
		return 0;
	return link_is_routable_at(to, &in->from) || in->len > path_safe(s, to) ? path_safe(s, to)
										: in->len;
}

void
gossip_tell(struct swim *s, const struct input *in, struct member *m)
{
	size_t budget = gossip_room_to_tell(s, in);

	if (budget > 0)
		gossip_tell_at(s, m, &in->from, budget);
}

void
gossip_tell_answered(struct swim *s, const struct input *in)
{
	size_t budget = gossip_room_to_tell(s, in);
	struct wire_updates_iter iter = {0};
	struct wire_trailer trailer;
	struct wire_update told, u;
	struct wire_writer w;

	outbox_trailer_named(s, &trailer);
	if (budget == 0 || !outbox_begin(s, &w, &trailer, budget))
		return;
	wire_begin_gossip(&w, core_seq(s));
	while (wire_updates_next(&in->msg->updates, &iter, &told)) {
		const struct member *m = members_find(s, told.member.id.bytes, told.member.id.len);

		if (swim_status_is_live(told.status) || !(told.flags & WIRE_FLAG_UNANSWERED) ||
		    m == NULL || m == s->self || !members_is_visible(m) || !members_has_answered(m))
			continue;
		gossip_update_of(s, m, w.sync, &u);
		u.flags |= WIRE_FLAG_ANSWERED;
		/* The datagram is to be about as small as the one that caused it. */
		gossip_leave_out_tags(&u);
		(void)wire_add_update(&w, &u); /* a smaller update may still fit */
	}
	if (w.count > 0)
		outbox_end(s, &w, &trailer, 0, &in->from);
	else
		outbox_cancel(s);
}

void
gossip_moved(struct swim *s, struct member *m, const struct swim_addr *former)
{
	if (locate_reaches(s, former))
		gossip_tell_at(s, m, former, path_safe(s, m));
}

/* Has a refute, gone or suspect rumour not gone out `gossip_fanout` times yet? */
static bool
gossip_is_urgent(const struct swim *s)
{
	for (unsigned k = 0; k < RUMOUR_JOIN; k++) {
		for (unsigned level = 0;
		     level < s->config.timing.gossip_fanout && level < RUMOUR_LEVELS; level++) {
			if (rumour_first(&s->rumours, (enum rumour_kind)k, level) != NULL)
				return true;
		}
	}
	return false;
}

/* May urgent rumours be pushed to m?  Only to a routable member, and not to one that may be the subject of the rumour. */
static bool
gossip_may_push_urgent(const struct swim *s, const struct member *m)
{
	return members_status(m) == SWIM_ALIVE && link_is_routable(m) && m->rumour == NULL &&
	       locate_is_reached(s, m);
}

static bool
gossip_is_reached_swimd(const struct swim *s, const struct member *m)
{
	return !base_is_peer(m) && locate_is_reached(s, m);
}

/* May rumours be pushed to m? */
static bool
gossip_may_push(const struct swim *s, const struct member *m)
{
	return locate_is_reached(s, m) && !introduce_is_spreading(s, m);
}

/*
 * Picks the members to push rumours to.  Base peers hear of new members by introductions too (introduce.c), and swimd
 * peers do not: a few swimd peers among many base peers would hear late.  So if there are base peers, half as many
 * swimd peers are picked in addition.
 */
static size_t
gossip_pick_targets(struct swim *s, size_t want, struct member **to)
{
	size_t swimds = 0, others, count;

	if (s->introductions > 0)
		swimds = members_pick(s, (want + 1) / 2, NULL, gossip_is_reached_swimd, to);
	others = members_pick(s, want, NULL, gossip_may_push, to + swimds);
	count = swimds;
	for (size_t i = swimds; i < swimds + others; i++) {
		bool again = false;

		for (size_t k = 0; k < swimds; k++)
			again |= to[k] == to[i];
		if (!again)
			to[count++] = to[i];
	}
	return count;
}

void
gossip_tick(struct swim *s)
{
	struct member *to[PUSHED_MOST + (PUSHED_MOST + 1) / 2];
	size_t want = s->config.timing.gossip_fanout;

	if (!swim_time_reached(s->now, s->gossip_at))
		return;
	if (s->leaving) {
		/*
		 * The leave has to reach somebody: it goes to twice as many members, and its rumour begins anew in each
		 * tick.
		 */
		want *= 2;
		gossip_queue(s, s->self);
	}
	if (want > PUSHED_MOST)
		want = PUSHED_MOST;
	want = gossip_pick_targets(s, want, to);
	for (size_t i = 0; i < want && s->rumours.count > 0; i++) {
		if (link_is_routable(to[i]) && base_recipient(s, to[i]) != WIRE_RECIPIENT_UNKNOWN)
			gossip_push(s, to[i]);
		else if (!gossip_is_asked(to, i))
			gossip_ask_first(s, to[i]);
	}
	for (size_t i = want; i < BATCH * want && RULE(urgent_pushes) && gossip_is_urgent(s); i++) {
		if (members_pick(s, 1, NULL, gossip_may_push_urgent, to) == 0)
			break;
		gossip_push(s, to[0]);
	}
	s->gossiped = s->now;
	s->gossip_at = SWIM_TIME_NEVER;
	if (s->leaving) {
		/* Without other members nobody has to be told. */
		if (s->leave_ticks-- == 0 || s->live_count == 0) {
			s->left = true;
			return;
		}
		gossip_queue(s, s->self);
	}
	gossip_wake(s);
}

void
swim_leave(struct swim *s, swim_time now)
{
	struct input_room room;

	if (s->leaving)
		return;
	s->now = now;
	s->leaving = true;
	s->leave_ticks = LEAVE_TICKS;
	probe_end(s);
	sync_end(s);
	questions_leave(s);
	s->check_at = SWIM_TIME_NEVER;
	members_transition(s, input_own(s, &room), s->self, LIFE_LEFT, s->self->incarnation);
	if (s->live_count == 0) {
		s->left = true;
		return;
	}
	gossip_queue(s, s->self);
	s->gossip_at = now;
	gossip_tick(s);
}
