/* SPDX-License-Identifier: MIT */
/*
 * The table of members.  Three indexes find a member by the hash of its name (the order of the table and of pages), by
 * name (the order of reports) and by address.  Three unsorted arrays have the live, the suspect and the gone members.
 */
#include <assert.h>
#include <string.h>

#include "core/internal.h"

uint64_t
members_hash(const char *name, size_t len)
{
	return hash64_end(hash64_bytes(HASH64_START, name, len));
}

static unsigned
members_bucket_of(const struct member *m)
{
	return (unsigned)(m->hash >> 56);
}

enum life
members_visible_life(enum swim_status status)
{
	switch (status) {
	case SWIM_ALIVE:
		return LIFE_ALIVE;
	case SWIM_SUSPECT:
		return LIFE_SUSPECT;
	case SWIM_DEAD:
		return LIFE_DEAD;
	case SWIM_LEFT:
		break;
	}
	return LIFE_LEFT;
}

enum life
members_hidden_life(enum swim_status status)
{
	assert(!swim_status_is_live(status));
	return status == SWIM_DEAD ? LIFE_DEAD_HIDDEN : LIFE_LEFT_HIDDEN;
}

static enum life
members_removed_life(enum swim_status status)
{
	assert(!swim_status_is_live(status));
	return status == SWIM_DEAD ? LIFE_DEAD_REMOVED : LIFE_LEFT_REMOVED;
}

/*
 * What this member adds to the digest of the view.  A suspect counts like an alive member, as a suspicion ends soon,
 * and the dead are left out, as each observer forgets them in its own time: neither is a difference worth a sync.
 */
static uint64_t
members_record_hash(const struct member *m)
{
	uint64_t h;

	if (!members_is_visible(m) || m->unnamed || !swim_status_is_live(members_status(m)))
		return 0;
	h = hash64_bytes(HASH64_START, m->name, m->name_len);
	h = hash64_u64(h, m->incarnation);
	h = hash64_bytes(h, m->address, strlen(m->address));
	if (m->tags_len > 0)
		h = hash64_bytes(h, m->tags, m->tags_len);
	if (m->partial)
		h = hash64_u64(h, 1);
	return hash64_end(h);
}

/*
 * What this member adds to the digest of the removals.  Earlier versions have no removals, and their digest of the
 * view has to equal ours, so that removals have a digest of their own.  All members forget a removal at about the same
 * time, as pages tell its age.
 */
static uint64_t
members_removal_hash(const struct member *m)
{
	if (!members_is_removed(m))
		return 0;
	return hash64_end(
	    hash64_u64(hash64_bytes(HASH64_START, m->name, m->name_len), m->incarnation));
}

void
members_digest_toggle(struct swim *s, const struct member *m)
{
	uint64_t h = members_record_hash(m), removal = members_removal_hash(m);

	s->buckets[members_bucket_of(m)] ^= h;
	s->digest ^= h;
	s->removed_buckets[members_bucket_of(m)] ^= removal;
	s->removed_digest ^= removal;
}

uint32_t
members_bucket_digest(const struct swim *s, unsigned bucket, bool removals)
{
	uint64_t digest = s->buckets[bucket];

	if (removals)
		digest ^= s->removed_buckets[bucket];
	return (uint32_t)(digest >> 32);
}

void
members_mark_removed(struct swim *s, struct member *m)
{
	members_digest_toggle(s, m);
	m->life = members_removed_life(members_status(m));
	members_digest_toggle(s, m);
}

struct member *
members_find(const struct swim *s, const char *name, size_t len)
{
	struct index_key key = {.hash = members_hash(name, len), .name = name, .name_len = len};

	return index_find(&s->table, index_by_hash, &key);
}

size_t
members_position_from(const struct swim *s, uint64_t hash)
{
	size_t low = 0, high = s->table.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->table.v[middle]->hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct member *
members_by_hash(const struct swim *s, uint64_t hash)
{
	size_t i = members_position_from(s, hash);

	return i < s->table.count && s->table.v[i]->hash == hash ? s->table.v[i] : NULL;
}

size_t
members_position_after(const struct swim *s, uint64_t hash)
{
	return hash == UINT64_MAX ? s->table.count : members_position_from(s, hash + 1);
}

size_t
members_cluster_size(const struct swim *s)
{
	return s->live_count + 1;
}

/* swim.live is in the order of probing: the members before index probe_next have been probed in this round. */

static void
members_live_put(struct swim *s, size_t i, struct member *m)
{
	s->live[i] = m;
	m->place = (uint32_t)i;
}

/*
 * Insert m at a random place among the members not yet probed in this round (SWIM 4.3).  So the time until each member
 * is probed keeps its bound.
 */
static void
members_live_insert(struct swim *s, struct member *m)
{
	size_t at = s->probe_next + (size_t)rng_below(&s->rng, s->live_count - s->probe_next + 1);

	m->probed = s->probe_number;
	if (at < s->live_count)
		members_live_put(s, s->live_count, s->live[at]);
	members_live_put(s, at, m);
	m->listing = LISTED_LIVE;
	s->live_count++;
}

static void
members_live_remove(struct swim *s, struct member *m)
{
	size_t at = m->place;

	if (at < s->probe_next) {
		s->probe_next--;
		members_live_put(s, at, s->live[s->probe_next]);
		at = s->probe_next;
	}
	s->live_count--;
	if (at != s->live_count)
		members_live_put(s, at, s->live[s->live_count]);
	m->listing = LISTED_NOWHERE;
}

static void
members_gone_insert(struct swim *s, struct member *m)
{
	m->listing = LISTED_GONE;
	m->place = (uint32_t)s->gone_count;
	s->gone[s->gone_count++] = m;
}

static void
members_gone_remove(struct swim *s, struct member *m)
{
	s->gone[m->place] = s->gone[--s->gone_count];
	s->gone[m->place]->place = m->place;
	m->listing = LISTED_NOWHERE;
}

static void
members_unlist(struct swim *s, struct member *m)
{
	switch (m->listing) {
	case LISTED_LIVE:
		members_live_remove(s, m);
		break;
	case LISTED_GONE:
		members_gone_remove(s, m);
		break;
	case LISTED_NOWHERE:
		break;
	}
}

/* Make room in every list for one member more.  No change of status can fail for want of memory later. */
static bool
members_lists_room(struct swim *s)
{
	size_t n = s->table.count;

	return rumour_room(s, &s->rumours, n + 1) && index_room(s, &s->table, n) &&
	       index_room(s, &s->named, n) && index_room(s, &s->located, n) &&
	       core_grow(s, &s->live, n, &s->live_capacity, sizeof(*s->live)) &&
	       suspicion_room_ahead(s, n + 1) &&
	       core_grow(s, &s->gone, n, &s->gone_capacity, sizeof(*s->gone));
}

struct member *
members_create(struct swim *s, const struct input *in, const struct wire_member_id *id)
{
	size_t len = id->id.len, address_len = id->address.len;
	struct member *m;

	if (!members_lists_room(s))
		return NULL;
	m = core_alloc(s, sizeof(*m) + len + 1);
	if (m == NULL)
		return NULL;
	memset(m, 0, sizeof(*m));
	m->address = core_alloc(s, address_len + 1);
	if (m->address == NULL) {
		core_release(s, m);
		return NULL;
	}
	memcpy(m->address, id->address.bytes, address_len);
	m->address[address_len] = '\0';
	memcpy(m->name, id->id.bytes, len);
	m->name[len] = '\0';
	m->name_len = (uint16_t)len;
	m->hash = members_hash(m->name, len);
	m->since = m->met = m->there_since = m->alive_since = s->now;
	m->deadline = m->heard = SWIM_TIME_NEVER;
	locate_parse(in, m);
	index_insert(&s->table, index_by_hash, m);
	if (m->addr.family != 0)
		index_insert(&s->located, index_by_address, m);
	return m;
}

void
members_destroy(struct swim *s, const struct input *in, struct member *m)
{
	assert(m != s->self);
	probe_forget(s, m);
	link_report_forget(s, m);
	introduce_forget(s, m);
	for (size_t i = 0; i < in->found->stale_count; i++) {
		if (in->found->stale[i] == m)
			in->found->stale[i--] = in->found->stale[--in->found->stale_count];
	}
	gossip_drop(s, m);
	if (in->found->unaware_of == m)
		in->found->unaware_of = NULL;
	members_digest_toggle(s, m);
	members_unlist(s, m);
	suspicion_forget(s, m);
	if (members_is_visible(m)) {
		index_remove(&s->named, index_by_name, m);
		s->status_count[members_status(m)]--;
	}
	if (m->addr.family != 0)
		index_remove(&s->located, index_by_address, m);
	index_remove(&s->table, index_by_hash, m);
	if (m->unnamed)
		s->unnamed_count--;
	core_release(s, m->address);
	core_release(s, m->tags);
	extra_free(s, m);
	core_release(s, m);
}

bool
members_has_answered(const struct member *m)
{
	return m->answered != ANSWERED_UNKNOWN || m->was_routable ||
	       extra_of(m)->also.family != 0 || link_is_routable(m);
}

void
members_note_answered(struct member *m)
{
	if (m->answered == ANSWERED_UNKNOWN)
		m->answered = ANSWERED_SOMEBODY;
}

/* How much a gone member is worth remembering: least a tombstone, then a member that never answered anybody. */
static unsigned
members_worth(const struct member *m)
{
	return !members_is_visible(m) ? 0 : members_has_answered(m) ? 2 : 1;
}

static bool
members_is_worth_less(const struct member *m, const struct member *than)
{
	unsigned a = members_worth(m), b = members_worth(than);

	return a < b || (a == b && swim_time_before(m->since, than->since));
}

bool
members_make_room(struct swim *s, const struct input *in)
{
	struct member *oldest = NULL;

	if (RULE(table_bound) ? s->table.count < s->config.max_members
			      : s->table.count <= s->config.max_members)
		return true;
	for (size_t i = 0; i < s->gone_count; i++) {
		struct member *m = s->gone[i];

		if (oldest == NULL || members_is_worth_less(m, oldest))
			oldest = m;
	}
	if (oldest == NULL)
		return false;
	if (members_is_visible(oldest) && members_is_announced(oldest))
		outbox_event(s, in, SWIM_EVENT_REMOVED, oldest);
	members_destroy(s, in, oldest);
	return true;
}

bool
members_set_tags(struct swim *s, struct member *m, struct wire_str tags)
{
	char *copy = NULL;

	if (tags.len > 0) {
		copy = core_alloc(s, tags.len);
		if (copy == NULL)
			return false;
		memcpy(copy, tags.bytes, tags.len);
	}
	members_digest_toggle(s, m);
	core_release(s, m->tags);
	m->tags = copy;
	m->tags_len = tags.len;
	m->partial = false;
	members_digest_toggle(s, m);
	return true;
}

void
members_set_partial(struct swim *s, struct member *m)
{
	members_digest_toggle(s, m);
	m->partial = true;
	members_digest_toggle(s, m);
}

/*
 * Give out the events of one change.  SWIM_EVENT_JOINED is the first event of each life.  A member that was never alive
 * to us causes no event.
 */
static void
members_transition_events(struct swim *s, const struct input *in, struct member *m,
    enum swim_status from, bool was_hidden)
{
	bool unseen, was_unseen = m->told == TOLD_LEFT;

	if (m == s->self)
		return;
	if (!members_is_visible(m)) {
		if (!was_hidden && members_is_announced(m))
			outbox_event(s, in, SWIM_EVENT_REMOVED, m);
		m->told = TOLD_NOTHING;
		return;
	}
	if (was_hidden ||
	    (swim_status_is_live(members_status(m)) && (from == SWIM_LEFT || was_unseen)))
		m->told = TOLD_NOTHING;
	/* A death after a life of which no event told, since the member left, is no failure to clients. */
	unseen = members_status(m) == SWIM_DEAD && (from == SWIM_LEFT || was_unseen);
	switch (members_status(m)) {
	case SWIM_ALIVE:
	case SWIM_SUSPECT:
		if (!RULE(joined_once))
			m->told = TOLD_NOTHING;
		if (!members_is_announced(m)) {
			/* An unnamed peer is announced once its name is known, or when it is suspected. */
			if (members_status(m) == SWIM_SUSPECT ? RULE(joined_first) : !m->unnamed)
				members_announce(s, in, m);
		} else if (from == SWIM_DEAD ||
			   (from == SWIM_SUSPECT && members_status(m) == SWIM_ALIVE)) {
			outbox_event(s, in, SWIM_EVENT_RECOVERED, m);
		}
		if (members_status(m) == SWIM_SUSPECT && (from != SWIM_SUSPECT || was_hidden))
			outbox_event(s, in, SWIM_EVENT_SUSPECTED, m);
		break;
	case SWIM_DEAD:
		if (members_is_announced(m) && from != SWIM_DEAD && !unseen)
			outbox_event(s, in, SWIM_EVENT_FAILED, m);
		break;
	case SWIM_LEFT:
		if (members_is_announced(m) && from != SWIM_LEFT && !was_unseen)
			outbox_event(s, in, SWIM_EVENT_LEFT, m);
		break;
	}
	if (members_is_announced(m))
		m->told = unseen ? TOLD_LEFT : TOLD_JOINED;
}

void
members_announce(struct swim *s, const struct input *in, struct member *m)
{
	if (members_is_announced(m) || !members_is_visible(m))
		return;
	m->told = TOLD_JOINED;
	outbox_event(s, in, SWIM_EVENT_JOINED, m);
}

void
members_keep_name(struct swim *s, const struct input *in, struct member *m)
{
	if (!m->unnamed)
		return;
	members_digest_toggle(s, m);
	m->unnamed = false;
	s->unnamed_count--;
	members_digest_toggle(s, m);
	if (swim_status_is_live(members_status(m)))
		members_announce(s, in, m);
	introduce_arrived(s, m);
	gossip_queue(s, m);
}

static void
members_transition_lists(struct swim *s, struct member *m)
{
	bool gone = !members_is_alive_or_suspect(m);

	if (m == s->self)
		return;
	if (m->listing != (gone ? LISTED_GONE : LISTED_LIVE)) {
		members_unlist(s, m);
		if (gone)
			members_gone_insert(s, m);
		else
			members_live_insert(s, m);
	}
	suspicion_follow_status(s, m);
}

static swim_time
members_transition_deadline(const struct swim *s, const struct member *m)
{
	if (m == s->self)
		return SWIM_TIME_NEVER;
	if (!members_is_visible(m))
		return swim_time_add(s->now, TOMBSTONE_HOLD);
	switch (members_status(m)) {
	case SWIM_ALIVE:
		return SWIM_TIME_NEVER;
	case SWIM_SUSPECT:
		return m->deadline; /* as suspect_begin() set it */
	case SWIM_DEAD:
	case SWIM_LEFT:
		break;
	}
	return swim_time_add(m->since,
	    swim_retention(&s->config.timing, members_status(m), members_has_answered(m)));
}

void
members_hear_answered(struct swim *s, struct member *m, bool rumour)
{
	if (members_has_answered(m))
		return;
	m->answered = rumour ? ANSWERED_BY_RUMOUR : ANSWERED_SOMEBODY;
	if (!members_is_visible(m) || swim_status_is_live(members_status(m)))
		return;
	m->deadline = members_transition_deadline(s, m);
	if (rumour)
		gossip_queue(s, m);
}

/*
 * The timers for gone and for dead members are not looked at while there are none, and may be overdue.  They are due now: a
 * timer that is long overdue would look like a stall.
 */
static void
members_transition_timers(struct swim *s)
{
	if (s->gone_count == 0 && swim_time_before(s->reap_at, s->now))
		s->reap_at = s->now;
	if (s->status_count[SWIM_DEAD] == 0 && swim_time_before(s->reconnect_at, s->now))
		s->reconnect_at = s->now;
}

/*
 * A gone member is not probed, and has to answer again to be routable.  `was_routable` keeps for the reconnects of probe.c
 * whether the member was routable.
 */
static void
members_transition_probes(struct swim *s, struct member *m, enum swim_status from)
{
	probe_forget(s, m);
	if (from == members_status(m))
		return;
	m->was_routable = m->was_routable || m->routable;
	m->routable = false;
	m->reconnects = 0;
}

/* One change of the life or the incarnation of a member. */
struct transition {
	enum swim_status from, status;
	bool was_visible, visible;
	bool risen; /* the incarnation changes */
};

/* Forget what was found out about the member's former life or incarnation. */
static void
members_transition_findings(struct swim *s, struct member *m, const struct transition *t)
{
	/* The member refutes our own suspicion, so a question of ours to it, or the answer, was lost. */
	if (t->status == SWIM_ALIVE && t->from == SWIM_SUSPECT && suspicion_is_ours(s, m))
		doubt_question_lost(s);
	if (members_has_answered(m))
		members_note_answered(m);
	if (t->status == SWIM_ALIVE && m->answered == ANSWERED_BY_RUMOUR)
		m->answered = ANSWERED_SOMEBODY;
	/* Accusers are of one incarnation.  A verdict keeps the accusers of the suspicion that it ends. */
	if (t->status == SWIM_LEFT ||
	    (RULE(accusers_of_one_life) &&
		(t->status == SWIM_ALIVE || t->from != SWIM_SUSPECT || t->risen)))
		suspicion_clear(m);
	if (t->risen || t->status != SWIM_ALIVE)
		m->alive_as = t->status == SWIM_ALIVE && t->was_visible && t->from != SWIM_ALIVE
				  ? ALIVE_AGAIN
				  : ALIVE_NEW;
	if (m->extra != NULL && (t->risen || t->status != t->from)) {
		m->extra->challenges = 0;
		m->extra->challenged = false;
		extra_tidy(s, m);
	}
}

/* Forget what was found out about the addresses and the link of the member, where that ends with the change. */
static void
members_transition_ways(struct swim *s, struct member *m, const struct transition *t)
{
	/* A member that comes back may be at another address. */
	if (swim_status_is_live(t->status) && !(t->was_visible && swim_status_is_live(t->from)))
		link_forget(s, m);
	/*
	 * The link ends with the member: if it was broken, our report of broken links changes, and the member's own
	 * report is forgotten.
	 */
	if (!swim_status_is_live(t->status)) {
		if (m->link == SWIM_PATH_RELAYED)
			link_report_changed(s);
		m->link = SWIM_PATH_UNKNOWN;
		link_report_forget(s, m);
	}
}

static void
members_transition_introductions(struct swim *s, struct member *m, const struct transition *t)
{
	bool was_live = swim_status_is_live(t->from), is_live = swim_status_is_live(t->status);

	if (is_live &&
	    (!t->was_visible || !was_live || (t->risen && m->incarnation > BASE_LADDER_WHOLE)))
		introduce_arrived(s, m);
	else if (!is_live && was_live)
		introduce_gone(s, m);
}

/*
 * The order matters.  What is forgotten depends on the former life.  The record leaves the digests before it changes.  The
 * lists come before suspect_begin(), which needs the struct suspicion; `deadline` comes after it.  Events come after all that
 * they report.  The removal of a doomed suspect comes last, as it is a second transition.
 */
void
members_transition(struct swim *s, const struct input *in, struct member *m, enum life life,
    uint64_t incarnation)
{
	struct transition t = {.from = members_status(m), .was_visible = members_is_visible(m)};
	bool doomed = t.from == SWIM_SUSPECT && suspicion_of(m)->doomed;
	bool was_removed = members_is_removed(m);

	t.risen = incarnation != m->incarnation;
	t.status = life_status(life);
	t.visible = life_is_visible(life);
	members_transition_findings(s, m, &t);
	members_transition_ways(s, m, &t);
	members_transition_timers(s);
	members_digest_toggle(s, m);
	if (t.was_visible) {
		index_remove(&s->named, index_by_name, m);
		s->status_count[t.from]--;
	}
	m->incarnation = incarnation;
	/* A removal is about one incarnation: another death or leave of the same incarnation does not undo it. */
	if (was_removed && (t.visible || t.risen))
		gossip_drop(s, m);
	else if (was_removed)
		life = members_removed_life(t.status);
	m->life = life;
	link_report_note_life(s, m, t.from, !t.was_visible);
	if (t.from != t.status || t.was_visible != t.visible ||
	    (t.status == SWIM_SUSPECT && t.risen && RULE(suspicion_of_one_incarnation)))
		m->since = s->now;
	if (t.visible) {
		index_insert(&s->named, index_by_name, m);
		s->status_count[t.status]++;
	}
	members_digest_toggle(s, m);
	members_transition_lists(s, m);
	if (life == LIFE_SUSPECT)
		suspect_begin(s, m);
	m->deadline = members_transition_deadline(s, m);
	if (!swim_status_is_live(t.status))
		members_transition_probes(s, m, t.from);
	members_transition_events(s, in, m, t.from, !t.was_visible);
	members_transition_introductions(s, m, &t);
	if (s->live_count > 0)
		gossip_wake(s);
	if (doomed && !t.risen && t.status == SWIM_DEAD)
		members_forget(s, in, m, SWIM_DEAD, incarnation);
}

void
members_forget(struct swim *s, const struct input *in, struct member *m, enum swim_status status,
    uint64_t incarnation)
{
	members_transition(s, in, m, members_hidden_life(status), incarnation);
	if (!RULE(removal_told)) {
		m->life = members_hidden_life(members_status(m));
		return;
	}
	members_mark_removed(s, m);
	gossip_queue(s, m);
}

static bool
members_is_among(const struct member *m, struct member *const list[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == m)
			return true;
	}
	return false;
}

size_t
members_pick(struct swim *s, size_t want, const struct member *except,
    bool (*filter)(const struct swim *, const struct member *), struct member **out)
{
	size_t n = 0, start = 0;

	if (want > s->live_count)
		want = s->live_count;
	/*
	 * Draw without replacement by rejection, as `want` is small.  If most draws miss, a walk from a random index
	 * finds the few candidates that are left.
	 */
	for (size_t tries = 0; n < want && tries < 8 * want + s->live_count; tries++) {
		struct member *m;

		if (tries == 8 * want)
			start = (size_t)rng_below(&s->rng, s->live_count);
		if (tries < 8 * want)
			m = s->live[rng_below(&s->rng, s->live_count)];
		else
			m = s->live[(start + tries - 8 * want) % s->live_count];
		if (m != except && (filter == NULL || filter(s, m)) && !members_is_among(m, out, n))
			out[n++] = m;
	}
	return n;
}
