/* SPDX-License-Identifier: MIT */
/*
 * Anti-entropy in datagrams.  Each ping, ack and gossip has the digest of its sender's view.  If the digest of another
 * member differs from ours, and still differs a moment later (rumours are under way all the time), we send that member
 * the digests of our 256 buckets.  The member answers with its records of the buckets that differ, one page for each
 * request.  Each side fetches for itself.  The answerer keeps no state, and a page is no larger than its request.
 *
 * The removals that are remembered have a digest of their own, so that a member finds out that it missed the rumour of a
 * removal.  A request says that its digests of buckets include the removals.
 *
 * Anybody can send a false digest.  So syncs with strangers have a back-off of their own, and give way to syncs with
 * members.
 */
#include <string.h>

#include "core/internal.h"

#define SYNC_TRIES 5           /* requests for one page until the sync is given up */
#define BACKOFF_MAX 30         /* sync intervals */
#define SYNC_EAGER_INTERVALS 5 /* sync intervals of our life in which we compare more often */
#define REQUEST_FIXED 12       /* bytes of the cursor and of the count of digests */
#define DIGESTS_LEAST 16       /* that a request has room for, if it has our own update too */
#define UPDATES_FIXED 9        /* bytes of the count of updates, and around the tags of one */

/*
 * The least time between two comparisons.  It is a fifth of the sync interval when we have just started.  Many members
 * may start at once, and learn of each other by syncs mostly; a sync starts no rumours, so we need not wait for rumours
 * to arrive.
 */
static swim_duration
sync_interval_of(const struct swim *s)
{
	swim_duration interval = s->config.timing.sync_interval;
	bool arriving = swim_time_since(s->now, s->began).ns < SYNC_EAGER_INTERVALS * interval.ns;

	return arriving ? swim_ns(interval.ns / 5) : interval;
}

static bool
sync_is_stranger(const struct swim *s, const struct swim_addr *addr)
{
	const struct member *m = locate_at(s, addr);

	return m == NULL || !members_is_visible(m);
}

/* Is the sync under way with a stranger?  A member may have spoken from another address than the one in its record. */
static bool
sync_is_syncing_stranger(const struct swim *s)
{
	return !s->sync.member && sync_is_stranger(s, &s->sync.addr);
}

static struct pace *
sync_pace_with(struct swim *s, bool stranger)
{
	return stranger ? &s->sync_strangers : &s->sync_members;
}

static swim_duration
sync_jittered(struct swim *s, swim_duration d)
{
	return swim_duration_scale(d, 0.5 + rng_unit(&s->rng));
}

static void
sync_send_request(struct swim *s)
{
	struct sync *y = &s->sync;
	uint32_t digests[WIRE_SYNC_BUCKETS];
	struct wire_trailer trailer;
	struct wire_writer w;
	size_t size = path_retry(y->most, y->question.tries), fixed, update, room;
	bool introduce;
	uint16_t count = 0;
	uint64_t seq;

	if (!question_is_open(&y->question))
		question_open(s, &y->question, QUESTION_SYNC, core_seq(s));
	seq = question_try(s, &y->question);
	question_wait(s, &y->question,
	    swim_time_add(s->now,
		swim_ns(s->config.timing.probe_timeout.ns * (int64_t)y->question.tries)));
	outbox_trailer_named(s, &trailer);
	/* This entry asks for the removals that the answerer remembers, even if we remember none. */
	trailer.has_removals = true;
	/* The request has an update about ourselves, with our tags, unless that leaves too little room for digests. */
	fixed = WIRE_HEADER_SIZE + REQUEST_FIXED + wire_trailer_size(&trailer);
	update = UPDATES_FIXED + WIRE_UPDATE_FIXED + s->self->name_len + strlen(s->self->address) +
		 s->self->tags_len;
	introduce = fixed + update + DIGESTS_LEAST * sizeof(uint32_t) <= size;
	fixed += introduce ? update : sizeof(uint16_t); /* the count of updates */
	room = size > fixed ? (size - fixed) / sizeof(uint32_t) : 0;
	while (y->cursor.bucket + count < WIRE_SYNC_BUCKETS && count < room) {
		/*
		 * The first sync sends digests that are wrong, so that every bucket differs: no digest tells of the
		 * dead, and we have to learn of the dead too.
		 */
		uint32_t digest =
		    members_bucket_digest(s, y->cursor.bucket + count, trailer.has_removals);

		digests[count++] = s->synced ? digest : ~digest;
	}
	y->covered = (uint16_t)(y->cursor.bucket + count);
	if (!outbox_begin(s, &w, &trailer, size))
		return;
	wire_begin_sync_req(&w, seq, y->cursor, digests, count);
	if (introduce)
		gossip_add_member(s, &w, s->self);
	outbox_end(s, &w, &trailer, size, &y->addr);
}

void
sync_forget(struct swim *s, struct member *m)
{
	if (m == NULL)
		return;
	s->stats.syncs_unanswered -= m->syncs_lost;
	m->syncs_lost = 0;
}

void
sync_end(struct swim *s)
{
	question_close(s, &s->sync.question);
}

/* Ends the sync under way, and sets the time from which the next comparison is allowed. */
static void
sync_rest(struct swim *s)
{
	struct pace *pace = sync_pace_with(s, sync_is_syncing_stranger(s));
	swim_duration interval = sync_interval_of(s);

	sync_end(s);
	/* A difference that no sync can end, for example if a table is full, must not cause a sync at every comparison. */
	if (s->sync.changed)
		pace->backoff = swim_ns(0);
	else if (pace->backoff.ns == 0)
		pace->backoff = interval;
	else if (pace->backoff.ns < BACKOFF_MAX * interval.ns)
		pace->backoff.ns *= 2;
	pace->allowed = swim_time_add(s->now, swim_ns(interval.ns / 2 + pace->backoff.ns));
}

static void
sync_complete(struct swim *s, const struct input *in)
{
	s->synced = true;
	s->stats.syncs_completed++;
	sync_forget(s, link_speaker(s, in, &s->sync.addr));
	sync_rest(s);
}

static void
sync_fail(struct swim *s)
{
	s->stats.syncs_failed++;
	sync_rest(s);
}

/* Has the sync under way priority over a new one?  `stranger`: the new one would be with a stranger. */
static bool
sync_is_busy(const struct swim *s, bool stranger)
{
	return question_is_open(&s->sync.question) && (stranger || !sync_is_syncing_stranger(s));
}

void
sync_start(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	/* The datagram at hand may have made its sender a member. */
	bool member = in->from_member || !sync_is_stranger(s, addr);

	if (sync_is_busy(s, !member) || s->leaving || !RULE(syncs))
		return;
	/* A sync with a stranger gives way to one with a member. */
	if (question_is_open(&s->sync.question))
		sync_fail(s);
	question_fini(&s->sync.question);
	s->sync = (struct sync){.member = member,
	    .believed = in->believed || in->answer.believed || visitor_is_starting(s),
	    .addr = *addr,
	    .most = path_most(s, link_speaker(s, in, addr))};
	s->check_at = SWIM_TIME_NEVER;
	s->stats.syncs_started++;
	sync_send_request(s);
}

bool
sync_differs(const struct swim *s, const struct wire_trailer *t)
{
	/* A request has the digest of removals even if its sender remembers no removal; the digest is 0 then. */
	bool removals = RULE(removals_compared) && t->has_removals && t->removals != 0 &&
			t->removals != s->removed_digest;

	return t->digest != s->digest || removals;
}

void
sync_compare(struct swim *s, const struct input *in)
{
	bool stranger = !in->from_member && sync_is_stranger(s, &in->from);

	if (input_is_from(in, &s->self->addr))
		return;
	if (!stranger)
		s->same_view = in->msg->trailer.digest == s->digest;
	if (in->msg->trailer.digest == s->digest && s->stats.syncs_unanswered > 0)
		sync_forget(s, link_speaker(s, in, &in->from));
	if (!sync_differs(s, &in->msg->trailer) || sync_is_busy(s, stranger) || s->leaving)
		return;
	if (swim_time_before(s->now, sync_pace_with(s, stranger)->allowed))
		return;
	if (!s->synced) {
		/*
		 * A request is large, and the source of the datagram may be forged.  So the address has to answer a
		 * check first.
		 */
		inquiry_start(s, in, &in->from, INQUIRY_CHECK);
		return;
	}
	if (!swim_time_is_never(s->check_at) &&
	    (stranger || s->check_member || !sync_is_stranger(s, &s->check_addr)))
		return;
	s->check_at = swim_time_add(s->now, sync_jittered(s, sync_interval_of(s)));
	s->check_addr = in->from;
	s->check_credit = in->allowance->credit;
	s->check_charged = in->allowance->charged;
	s->check_member = !stranger;
}

/*
 * Ends a sync whose requests were not answered.  The member answers pings, as we began the sync after an answer.  So
 * datagrams even of the smallest size do not arrive, which the metrics tell.
 */
static void
sync_give_up(struct swim *s)
{
	struct member *m = locate_at(s, &s->sync.addr);

	if (m != NULL && members_status(m) == SWIM_ALIVE && m->syncs_lost < UINT8_MAX) {
		m->syncs_lost++;
		s->stats.syncs_unanswered++;
		s->stats.sync_silent = s->sync.addr;
	}
	sync_fail(s);
}

void
sync_tick(struct swim *s, const struct input *in)
{
	if (swim_time_reached(s->now, s->check_at)) {
		s->check_at = SWIM_TIME_NEVER;
		in->allowance->credit = s->check_credit;
		in->allowance->charged = s->check_charged;
		inquiry_start(s, in, &s->check_addr, INQUIRY_CHECK);
	}
}

void
sync_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	(void)in; /* nothing is told */
	if (q->tries < SYNC_TRIES)
		sync_send_request(s);
	else
		sync_give_up(s);
}

swim_time
sync_deadline(const struct swim *s)
{
	return s->check_at;
}

/*
 * Adds the members of the cursor's bucket whose hash is above `cursor->after`, and moves the cursor.  `removals`: add
 * those that were removed too.  False: the page is full.
 */
static bool
sync_add_bucket(struct swim *s, struct wire_writer *w, struct wire_cursor *cursor, bool removals)
{
	uint64_t base = (uint64_t)cursor->bucket << 56;
	bool fresh = cursor->after == 0;
	size_t i = fresh ? members_position_from(s, base)
			 : members_position_after(s, cursor->after);

	for (; i < s->table.count && s->table.v[i]->hash >> 56 == cursor->bucket; i++) {
		struct member *m = s->table.v[i];

		if ((!members_is_visible(m) && !(removals && members_is_removed(m))) || m->unnamed)
			continue;
		/* A member too large for an empty page goes without its tags, or every sync would end at this member. */
		if (!gossip_add_member(s, w, m)) {
			if (w->count > 0)
				return false;
			gossip_add_fitting(s, w, m);
		}
		cursor->after = m->hash;
	}
	return true;
}

void
sync_answer(struct swim *s, const struct input *in)
{
	const bool removals = in->msg->trailer.has_removals;
	struct wire_cursor cursor = in->msg->cursor;
	unsigned first = cursor.bucket;
	size_t most = path_most(s, link_speaker(s, in, &in->from));
	struct wire_trailer trailer;
	struct wire_writer w;

	outbox_trailer_named(s, &trailer);
	if (!outbox_begin(s, &w, &trailer, in->len < most ? in->len : most))
		return;
	wire_begin_sync(&w, in->msg->seq);
	while (cursor.bucket < first + in->msg->digest_count) {
		uint16_t i = (uint16_t)(cursor.bucket - first);

		if (wire_sync_digest(in->msg, i) !=
			members_bucket_digest(s, cursor.bucket, removals) &&
		    !sync_add_bucket(s, &w, &cursor, removals))
			break;
		cursor = (struct wire_cursor){.bucket = (uint16_t)(cursor.bucket + 1)};
	}
	wire_set_cursor(&w, cursor);
	outbox_end(s, &w, &trailer, 0, &in->from);
}

/*
 * Is the speaker, in whose page u is about m, behind: has it missed a refutation or a leave of m?  The speaker is not
 * told that we hold m dead at the same incarnation, as deaths would then spread between the halves of a healed
 * partition.
 *
 * The speaker may be m itself, which has lost its state and started below an incarnation at which we remember its end
 * as a tombstone.  No page has the tombstone, the answers to the speaker's pings may have no room for it, and no other
 * member may remember it.  So the speaker can rise above that incarnation only if we tell it here.
 *
 * A removal of m at a lower incarnation than ours changes nothing here.  The speaker has not heard of m's last life.
 * Until it hears of that life, or forgets the removal, its digest differs from ours and makes us sync again.
 */
static bool
sync_is_behind(const struct member *m, const struct wire_update *u, const struct member *speaker)
{
	if (u->incarnation < m->incarnation && (u->flags & WIRE_FLAG_FORGET))
		return true;
	if (!members_is_visible(m))
		return m == speaker;
	return (members_status(m) == SWIM_ALIVE && u->incarnation < m->incarnation) ||
	       (members_status(m) == SWIM_LEFT && u->status != SWIM_LEFT);
}

/* Tells the speaker, whose page has just been applied, what it has missed. */
static void
sync_teach(struct swim *s, const struct input *in, const struct wire_updates *updates,
    const struct swim_addr *to)
{
	const struct member *speaker = members_find(s, in->speaker.bytes, in->speaker.len);
	struct wire_updates_iter iter = {0};
	struct wire_trailer trailer;
	struct wire_update u;
	struct wire_writer w;

	outbox_trailer_named(s, &trailer);
	if (!outbox_begin(s, &w, &trailer, s->sync.most))
		return;
	wire_begin_gossip(&w, core_seq(s));
	while (wire_updates_next(updates, &iter, &u)) {
		struct member *m = members_find(s, u.member.id.bytes, u.member.id.len);

		if (m != NULL && !m->unnamed && u.incarnation <= m->incarnation &&
		    sync_is_behind(m, &u, speaker))
			gossip_add_member(s, &w, m);
	}
	if (w.count > 0)
		outbox_end(s, &w, &trailer, 0, to);
	else
		outbox_cancel(s);
}

struct answer
sync_answered(struct swim *s, const struct input *in, struct question *q)
{
	(void)s, (void)in; /* the number alone shows that this is the answer */
	return (struct answer){.ours = true,
	    .believed = question_owner(q, struct sync, question)->believed};
}

void
sync_page(struct swim *s, const struct input *in)
{
	struct sync *y = &s->sync;
	uint64_t digest = s->digest, removed = s->removed_digest;
	struct wire_cursor next = in->msg->cursor;
	size_t size = path_retry(y->most, (unsigned)(in->msg->seq - y->question.seq));

	apply_updates(s, in);
	/* The page may have made its sender a member. */
	if (size < y->most)
		path_fell(s, link_speaker(s, in, &y->addr), size);
	else
		path_holds(s, link_speaker(s, in, &y->addr), size);
	y->most = size;
	sync_teach(s, in, &in->msg->updates, &y->addr);
	y->changed |= digest != s->digest || removed != s->removed_digest || in->allowance->visited;
	if (next.bucket > y->covered)
		next = (struct wire_cursor){.bucket = y->covered};
	/*
	 * The page does not move the cursor forward, or there were more pages than a table can fill: an honest page
	 * that does not end its bucket has one member at least.  Give up, or this sync would never end, and do not come
	 * back soon.
	 */
	if (next.bucket < y->cursor.bucket ||
	    (next.bucket == y->cursor.bucket && next.after <= y->cursor.after) ||
	    ++y->pages > WIRE_SYNC_BUCKETS + s->config.max_members) {
		y->changed = false;
		sync_fail(s);
		return;
	}
	y->cursor = next;
	question_close(s, &y->question);
	y->question.tries = 0;
	if (next.bucket == WIRE_SYNC_BUCKETS)
		sync_complete(s, in);
	else
		sync_send_request(s);
}
