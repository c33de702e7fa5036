/* SPDX-License-Identifier: MIT */
#include "sim/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/internal.h"
#include "sim/heap.h"

/* A member at the last look. */
struct past {
	uint64_t hash, incarnation;
	struct swim_addr addr;
	swim_time since; /* of its status */
	size_t live;     /* most live members while its rumour was queued */
	enum swim_status status;
	bool hidden, forget, vouched, unnamed;
	bool queued;       /* it has a rumour */
	bool withheld;     /* gossip to base peers leaves it out */
	uint64_t accusers; /* XOR of their hashes; a new accuser may replace a dead one */
	unsigned sent;     /* of its rumour */
};

/* How many updates about a member were received or sent since the last look. */
struct tally {
	uint64_t hash;
	unsigned count;
};

struct history {
	struct facts *facts;
	struct past *past; /* in the order of the table */
	size_t past_count;
	struct tally *tallies;
	size_t tally_count, tally_capacity;
	size_t told;          /* the sum of all tallies */
	size_t live;          /* number of live members at the last look */
	swim_time gossiped;   /* time of the last push at the last look */
	uint64_t identity;    /* fact of the core's own record; 0: none yet */
	uint64_t incarnation; /* the core's own */
	bool spoken;          /* the core had sent a datagram at the last look */
};

struct history *
history_new(struct facts *facts)
{
	struct history *h = heap_zeroed(1, sizeof(*h));

	h->facts = facts;
	return h;
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	free(h->past);
	free(h->tallies);
	free(h);
}

void
history_begin(struct history *h)
{
	h->past_count = h->tally_count = h->told = h->live = 0;
	h->identity = 0;
	h->spoken = false;
}

static void
tally(struct history *h, uint64_t hash)
{
	h->told++;
	for (size_t i = 0; i < h->tally_count; i++) {
		if (h->tallies[i].hash == hash) {
			h->tallies[i].count++;
			return;
		}
	}
	if (h->tally_count == h->tally_capacity) {
		h->tally_capacity = h->tally_capacity ? 2 * h->tally_capacity : 64;
		h->tallies = heap_resize(h->tallies, h->tally_capacity, sizeof(*h->tallies));
	}
	h->tallies[h->tally_count++] = (struct tally){hash, 1};
}

static unsigned
tallied(const struct history *h, uint64_t hash)
{
	for (size_t i = 0; i < h->tally_count; i++)
		if (h->tallies[i].hash == hash)
			return h->tallies[i].count;
	return 0;
}

/* A datagram to a base peer names a swimd peer by its address.  Count the update for each member known at this address. */
static void
tally_address(struct history *h, const struct swim *s, const struct wire_member_id *pair)
{
	struct input_room room;
	struct swim_addr addr;
	struct member *m;
	bool found = false;
	size_t i = 0;

	if (!base_is_address(s, input_own(s, &room), pair) ||
	    !swim_addr_parse(pair->address.bytes, pair->address.len, &addr))
		return;
	while ((m = locate_each_at(s, &addr, &i)) != NULL) {
		tally(h, m->hash);
		found = true;
	}
	/* The update may have been sent before the same call learnt that the member has moved from this address. */
	for (i = 0; i < h->past_count && !found; i++) {
		if (swim_addr_equal(&h->past[i].addr, &addr))
			tally(h, h->past[i].hash);
	}
}

static void
tally_updates(struct history *h, const struct swim *s, const struct wire_message *msg)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	while (wire_updates_next(&msg->updates, &iter, &u)) {
		tally(h, members_hash(u.member.id.bytes, u.member.id.len));
		tally_address(h, s, &u.member);
	}
}

/* Decode the message, or the message in its envelope.  False: it is invalid. */
static bool
open_message(const void *data, size_t len, struct wire_message *msg)
{
	struct wire_message inner;

	if (wire_decode(data, len, msg) != WIRE_OK)
		return false;
	if (msg->type == WIRE_AUTHENTICATED) {
		if (wire_decode(msg->inner, msg->inner_len, &inner) != WIRE_OK)
			return false;
		*msg = inner;
	}
	return true;
}

void
history_received(struct history *h, const struct swim *s, const void *data, size_t len)
{
	struct wire_message msg;

	if (!open_message(data, len, &msg) ||
	    (msg.trailer.has_cluster && wire_str_equal(msg.trailer.cluster, WIRE_BASE_CLUSTER)))
		return;
	/* An update that is heard counts as sent.  The sender of the datagram knows its own record. */
	tally_updates(h, s, &msg);
	if (msg.trailer.has_sender)
		tally(h, members_hash(msg.trailer.sender.bytes, msg.trailer.sender.len));
}

void
history_sent(struct history *h, const struct swim *s, const struct swim_datagram *d)
{
	struct wire_message msg;

	if (open_message(d->data, d->len, &msg))
		tally_updates(h, s, &msg);
	/* A rumour about the receiver itself counts as sent, for each member that is known at the address. */
	for (size_t i = 0; i < s->table.count; i++) {
		const struct member *m = s->table.v[i];

		if (swim_addr_equal(&m->addr, &d->to) ||
		    swim_addr_equal(&extra_of(m)->via, &d->to) ||
		    swim_addr_equal(&extra_of(m)->also, &d->to))
			tally(h, m->hash);
	}
}

bool
history_own(struct history *h, const struct swim *s, char *why, size_t size)
{
	const struct member *self = s->self;
	const char *tags = self->tags_len > 0 ? self->tags : "";
	uint64_t identity =
	    facts_identity(self->hash, self->incarnation, self->address, tags, self->tags_len);
	bool changed = h->identity != 0 && identity != h->identity && h->spoken &&
		       self->incarnation == h->incarnation && self->incarnation != UINT64_MAX;

	facts_add(h->facts, facts_observed(self->hash));
	facts_add(h->facts, identity);
	facts_add(h->facts, facts_identity(self->hash, self->incarnation, self->address, NULL, 0));
	facts_add(h->facts, facts_lived(self->hash, self->address));
	facts_add(h->facts, facts_had(self->hash, self->incarnation));
	h->identity = identity;
	h->incarnation = self->incarnation;
	h->spoken = s->stats.sent_bytes > 0;
	if (changed)
		snprintf(why, size, "%s: its address or tags changed without a new incarnation",
		    self->name);
	return changed;
}

static double
limit_of(const struct swim *s, const struct past *p, size_t live)
{
	double limit = s->config.timing.retransmit_mult * ceil(log10((double)live + 1)) *
		       (p->forget ? 2 : 1);

	return limit < 1 ? 1 : limit > RUMOUR_LEVELS - 1 ? RUMOUR_LEVELS - 1 : limit;
}

/* Would both rumours tell the same? */
static bool
same_rumour(const struct past *a, const struct past *b)
{
	return a->incarnation == b->incarnation && a->status == b->status &&
	       a->hidden == b->hidden && a->forget == b->forget && a->unnamed == b->unnamed &&
	       a->vouched == b->vouched && a->accusers == b->accusers;
}

/*
 * A lower bound of the number of live members since the last look: the limit of a rumour follows this number, and each update
 * may have changed the number by one.
 */
static size_t
fewest_live(const struct history *h, const struct swim *s)
{
	size_t fewest = h->live < members_cluster_size(s) ? h->live : members_cluster_size(s);
	return fewest > h->told ? fewest - h->told : 1;
}

static const char *
rumour_fault(const struct history *h, const struct swim *s, const struct past *was,
    const struct past *is)
{
	bool same = was != NULL && same_rumour(was, is);
	size_t fewest = fewest_live(h, s);
	/* One push may count as sent and be left out, if all its rumours were about its receiver. */
	unsigned told = tallied(h, is->hash) + (s->gossiped.ns != h->gossiped.ns);

	if (is->hash == s->self->hash)
		return NULL; /* a member may start the rumour about itself again, to leave for example */
	if (is->queued && is->sent >= limit_of(s, is, is->live))
		return "its rumour is kept after its last sending";
	/* Gossip to a base peer may have left out this member. */
	if (is->withheld || (was != NULL && was->withheld))
		return NULL;
	if (!same)
		/* A page may have changed the record without starting the rumour again. */
		return is->queued && is->sent > told + (was != NULL && was->queued ? was->sent : 0)
			   ? "its new rumour counts more sendings than there were"
			   : NULL;
	if (!was->queued)
		return is->queued ? "its rumour starts again without a change" : NULL;
	if (is->queued && is->sent < was->sent)
		return "its rumour counts from the start without a change";
	if (is->queued && is->sent - was->sent > told)
		return "its rumour counts more sendings than there were";
	if (!is->queued && was->sent + told < limit_of(s, is, fewest))
		return "its rumour ends before its last sending";
	return NULL;
}

static const char *
change_fault(const struct swim *s, const struct past *was, const struct past *is)
{
	if (was == NULL || s->table.count >= s->config.max_members)
		return NULL; /* a member that was forgotten to make room may have returned in one call */
	if (is->incarnation < was->incarnation ||
	    (is->incarnation == was->incarnation && is->status < was->status))
		return "its incarnation or status goes back";
	if (is->status == SWIM_SUSPECT && was->status == SWIM_SUSPECT && !is->hidden &&
	    !was->hidden && is->incarnation != was->incarnation && is->since.ns == was->since.ns &&
	    is->since.ns != s->now.ns)
		return "its suspicion continues at another incarnation";
	return NULL;
}

/*
 * An ack names a member and its address, but not its incarnation.  A member that is known by an ack alone is held at that
 * address, at incarnation 0 or at an incarnation that another told before, although the member may have had another address
 * at that incarnation.  The member's own update, at a higher incarnation, corrects this.
 */
static bool
is_known_by_ack(const struct history *h, const struct member *m)
{
	return m->partial && facts_has(h->facts, facts_lived(m->hash, m->address)) &&
	       (m->incarnation == 0 || facts_has(h->facts, facts_had(m->hash, m->incarnation)));
}

/* Compare with the facts.  Not for members whose incarnation others raise too. */
static const char *
fact_fault(const struct history *h, const struct member *m)
{
	/* The tags of a dead member are not compared, its last address is. */
	bool live = swim_status_is_live(members_status(m));
	const char *tags = m->partial || !live ? NULL : m->tags_len > 0 ? m->tags : "";
	uint64_t identity = facts_identity(m->hash, m->incarnation, m->address, tags, m->tags_len);
	if (!members_is_visible(m) || m->unnamed)
		return NULL;
	if (!facts_has(h->facts, identity) && !is_known_by_ack(h, m))
		return "has an address or tags that the member never had at that incarnation";
	for (unsigned i = 0;
	     members_status(m) == SWIM_SUSPECT && i < suspicion_of(m)->accuser_count; i++)
		if (facts_has(h->facts, facts_observed(suspicion_of(m)->accusers[i])) &&
		    !facts_has(h->facts,
			facts_accusation(suspicion_of(m)->accusers[i], m->hash, m->incarnation)))
			return "has an accuser that never accused it at that incarnation";
	return NULL;
}

/* Add the observer's own accusation of this member to the facts. */
static void
add_accusations(struct history *h, const struct swim *s, const struct member *m)
{
	for (unsigned i = 0; i < suspicion_of(m)->accuser_count; i++)
		if (suspicion_of(m)->accusers[i] == s->self->hash)
			facts_add(h->facts,
			    facts_accusation(s->self->hash, m->hash, m->incarnation));
}

static struct past
present(const struct history *h, const struct swim *s, const struct member *m,
    const struct past *was)
{
	struct past p = {
	    .hash = m->hash,
	    .addr = m->addr,
	    .incarnation = m->incarnation,
	    .since = m->since,
	    .live = members_cluster_size(s) + h->told,
	    .status = members_status(m),
	    .hidden = !members_is_visible(m),
	    .forget = members_is_removed(m),
	    .vouched = m->answered == ANSWERED_BY_RUMOUR,
	    .unnamed = m->unnamed,
	    .queued = m->rumour != NULL,
	    .withheld = base_withholds(s, WIRE_RECIPIENT_NEW_BASE, m),
	    .sent = m->rumour != NULL ? m->rumour->sent : 0,
	};

	for (unsigned i = 0; i < suspicion_of(m)->accuser_count; i++)
		p.accusers ^= suspicion_of(m)->accusers[i];
	if (was != NULL && was->live > p.live)
		p.live = was->live;
	return p;
}

bool
history_look(struct history *h, const struct swim *s, const struct check *check, char *why,
    size_t size)
{
	const struct past *old = h->past, *end = h->past + h->past_count;
	struct past *now = heap_resize(NULL, s->table.count, sizeof(*now));
	bool wrong = false;

	for (size_t i = 0; i < s->table.count; i++) {
		const struct member *m = s->table.v[i];
		const struct past *was;
		const char *fault;

		while (old < end && old->hash < m->hash)
			old++;
		was = old < end && old->hash == m->hash ? old : NULL;
		now[i] = present(h, s, m, was);
		add_accusations(h, s, m);
		fault = change_fault(s, was, &now[i]);
		if (fault == NULL)
			fault = rumour_fault(h, s, was, &now[i]);
		if (fault == NULL && check_is_owned(check, m->name, m->name_len))
			fault = fact_fault(h, m);
		if (fault != NULL && !wrong) {
			snprintf(why, size, "%s about %s: %s", s->self->name, m->name, fault);
			wrong = true;
		}
	}
	free(h->past);
	h->past = now;
	h->past_count = s->table.count;
	h->live = members_cluster_size(s);
	h->gossiped = s->gossiped;
	h->tally_count = h->told = 0;
	return wrong;
}
