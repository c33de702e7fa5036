/* SPDX-License-Identifier: MIT */
/*
 * Sending rumours, freshest first.  They ride on pings and acks, and while there are any they are pushed every gossip
 * interval to a few others, the first time at once (SWIM 4.1; the push is memberlist's).  Each is sent
 * lambda * ceil(log10(N + 1)) times.
 */
#include <math.h>
#include <string.h>

#include "core/internal.h"

#define PUSHED_MOST 16 /* an upper bound of gossip_fanout */
#define REMINDERS 4    /* members told to a base peer with each ping and ack */
/* A leave is pushed this many gossip intervals, and no longer than this: somebody waits for us to end. */
#define LEAVE_TICKS 4
#define LEAVE_MOST swim_seconds(5)
#define SHARES 8     /* of a datagram, one kept for each kind of rumour that waits */
#define BATCH 8      /* times as many datagrams at once, while what hangs on time doesn't fit */
#define MISSES_MAX 8 /* rumours that didn't fit, before a datagram counts as full */

unsigned
gossip_limit(const struct swim *s)
{
	double limit = s->config.timing.retransmit_mult * ceil(log10((double)members_live(s) + 1));

	return limit < 1 ? 1 : limit >= RUMOUR_LEVELS ? RUMOUR_LEVELS - 1 : (unsigned)limit;
}

/*
 * Of a removal earlier versions have no digest: whom of those this rumour misses, nothing will tell.  So it is sent
 * twice as often as others, and not stopped early.
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

	/* A stand-in is nobody else's business before it has a name. */
	if (m->unnamed)
		return;
	/* Those who have not heard of the join or change yet hear of it by this. */
	if (m->rumour != NULL && m->rumour->kind >= RUMOUR_JOIN && m->rumour->kind < kind)
		kind = (enum rumour_kind)m->rumour->kind;
	rumour_about(&s->rumours, m, kind);
	gossip_wake(s);
}

/*
 * Which flag goes with an update: `answered`, `unanswered` or none?  A sync page and the rumour of a leave have a byte for
 * flags in any case.  The rumour of a join has `answered`: a cut may follow at once, and nobody beyond it can ask the member.
 * The rumour of a death would grow by the flag, so it has only the rare `unanswered`; a receiver that knows of an answer
 * sends `answered` back (gossip_tell_answered), and whoever learns it that way passes it on.
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

/* Add the update, or the updates that tell a base peer the same, or nothing if the recipient must not be told of m. */
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
gossip_add_without(struct swim *s, struct wire_writer *w, struct member *m)
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
		return gossip_add_without(s, w, m);
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
	/* Not before our own first push has gone out: the digest would have to mend what all left to all. */
	if (m->rumour != NULL && !members_is_removed(m) &&
	    m->rumour->sent >= s->config.timing.gossip_fanout)
		rumour_advance(&s->rumours, m->rumour, gossip_limit(s));
}

/* Is it about the recipient itself? */
static bool
gossip_is_about(const struct rumour *r, const struct member *recipient)
{
	return r->member == recipient;
}

/* The recipient knows of its own life; that counts as told. */
static bool
gossip_is_known_to(const struct rumour *r, const struct member *recipient)
{
	return gossip_is_about(r, recipient) && members_status(recipient) == SWIM_ALIVE;
}

/* It is in the datagram at hand, and has been sent once more. */
static void
gossip_count_sent(struct swim *s, struct rumour *r, unsigned limit)
{
	rumour_pack(&s->rumours, r);
	rumour_advance(&s->rumours, r, gossip_limit_of(r, limit));
}

/* Rumours of one kind, least often sent first; all but the first leave `keep` bytes free. */
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
			/* One that is larger than a share, its tags being many, must not wait for the end of a storm. */
			w->reserve = reserve + keep;
			gossip_count_sent(s, r, limit);
		}
	}
full:
	w->reserve = reserve;
}

/*
 * Nothing fits: one whose tags are too many for this path goes without them, or nobody beyond it would hear of it.
 */
static void
gossip_fill_without(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	unsigned limit = gossip_limit(s);

	for (unsigned k = 0; k < RUMOUR_KINDS; k++) {
		for (unsigned level = 0; level < RUMOUR_LEVELS && s->rumours.kind_count[k] > 0;
		     level++) {
			struct rumour *r = rumour_first(&s->rumours, (enum rumour_kind)k, level);

			if (r == NULL || gossip_is_about(r, recipient) ||
			    !gossip_add_without(s, w, r->member))
				continue;
			gossip_count_sent(s, r, limit);
			return;
		}
	}
}

/*
 * By kind, the weightiest first; but every kind that waits has a share kept for it, so that a storm of
 * one (joins at a start, deaths in an outage) never starves another.
 */
void
gossip_fill(struct swim *s, struct wire_writer *w, const struct member *recipient)
{
	size_t left = wbuf_left(&w->buf), share, keep = 0;

	/* Of a swimd a swimd has to hear the name, and a base peer the address: we do not know which one the recipient is. */
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
	/* What the later ones didn't need. */
	for (unsigned k = 0; k < RUMOUR_KINDS; k++)
		gossip_fill_kind(s, w, recipient, (enum rumour_kind)k, 0);
	if (w->count == 0)
		gossip_fill_without(s, w, recipient);
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
 * Anybody may say that somebody lives at an address, whose owner has asked for nothing.  So before whoever
 * lives there is sent rumours by all of us, it has to answer a small ping once.  The answer also tells which kind it is.
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
	/* The same question until it is answered: with a new one each time, no answer that takes longer than an interval counts. */
	if (!question_is_open(&x->routable_question))
		question_open(s, &x->routable_question, QUESTION_ROUTABLE, core_seq(s));
	seq = question_repeat(s, &x->routable_question);
	base_trailer(s, recipient, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	w.recipient = recipient;
	wire_begin_ping(&w, seq);
	/* A base peer knows us by our word alone. */
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
		gossip_add_without(s, &w, to);
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

/* Many may be said to live at one address, which is asked for one of them at a time. */
static bool
gossip_is_asked(struct member *const to[], size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (!link_is_routable(to[i]) && strcmp(to[i]->address, to[at]->address) == 0)
			return true;
	}
	return false;
}

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
	/* An answer to this ping confirms a stand-in as an answer to its greeting does. */
	if (in->msg->member.id.len > 0)
		members_keep_name(s, in, m);
	answer.asked = *link_way(m);
	/* Of several pings nobody knows which has been answered (Karn's rule). */
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
	/* Who tells it is worth more than the digest, which the next ping has. */
	for (unsigned tries = 0; tries < 2; tries++) {
		if (!outbox_begin(s, &w, &trailer, budget))
			return;
		wire_begin_gossip(&w, core_seq(s));
		if (gossip_add_without(s, &w, m)) {
			outbox_end(s, &w, &trailer, 0, addr);
			return;
		}
		outbox_cancel(s);
		trailer.has_digest = trailer.has_removals = false;
	}
}

/* What a datagram of this length may make us tell its sender; 0: nothing. */
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
		/* The answer is to be about as small as the question. */
		gossip_leave_out_tags(&u);
		(void)wire_add_update(&w, &u); /* where it does not fit, a smaller one may */
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

/* Do suspicions, verdicts or refutations wait that have not gone out to as many as one interval reaches? */
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

/* Those who have shown to be there; and what is told of a member is no news to itself. */
static bool
gossip_wants_news(const struct swim *s, const struct member *m)
{
	return members_status(m) == SWIM_ALIVE && link_is_routable(m) && m->rumour == NULL &&
	       locate_is_reached(s, m);
}

static bool
gossip_is_reached_swimd(const struct swim *s, const struct member *m)
{
	return !base_is_peer(m) && locate_is_reached(s, m);
}

static bool
gossip_is_told(const struct swim *s, const struct member *m)
{
	return locate_is_reached(s, m) && !introduce_is_spreading(s, m);
}

/*
 * Whom to push rumours to.  Base peers hear of new members by introductions too (introduce.c), and swimds do not.  So if there
 * are base peers, half as many targets more are picked among the swimds, which would otherwise hear late among many base peers.
 */
static size_t
gossip_pick_targets(struct swim *s, size_t want, struct member **to)
{
	size_t swimds = 0, others, count;

	if (s->introductions > 0)
		swimds = members_pick(s, (want + 1) / 2, NULL, gossip_is_reached_swimd, to);
	others = members_pick(s, want, NULL, gossip_is_told, to + swimds);
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
		/* The last word has to reach somebody: louder than a rumour, and not used up by its limit. */
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
		if (members_pick(s, 1, NULL, gossip_wants_news, to) == 0)
			break;
		gossip_push(s, to[0]);
	}
	s->gossiped = s->now;
	s->gossip_at = SWIM_TIME_NEVER;
	if (s->leaving) {
		/* When all others have left too, nobody is there to be told. */
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
