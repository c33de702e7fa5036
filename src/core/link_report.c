/* SPDX-License-Identifier: MIT */
/*
 * Reports of broken links.  A member reports the members that it cannot reach directly, when their list changes, and
 * again in each REPEAT while the list is not empty.  The report goes along with pings and gossip as often as a rumour.
 * A report that is not repeated is forgotten.  Where all links work, no reports are sent.
 *
 * Complaints.  A member says in its pings to another that it cannot reach the other at its advertised address, as the
 * other cannot find that out by itself.
 */
#include <string.h>

#include "core/internal.h"

#define REPEAT swim_seconds(60)
/* How long a report that is not repeated counts. */
#define LASTS swim_seconds(180)
/* A complaint counts for at least this many rounds of probes.  Its member repeats it with each probe of us, once in a round. */
#define ROUNDS 3
/*
 * How long two members have to share an address before that is told: one of the two may have just crashed, and the
 * other have started there.
 */
#define SHARED_FOR swim_seconds(30)
/* bits of a report's stamp for its serial number; our incarnation is in the bits above */
#define SERIAL_BITS 20

static bool
link_report_is_fresh(const struct swim *s, const struct link_report *r)
{
	return swim_time_since(s->now, r->at).ns < LASTS.ns;
}

/* The report of m; NULL: none, or too old. */
static const struct link_report *
link_report_of(const struct swim *s, const struct member *m)
{
	const struct link_report *r = extra_of(m)->report;

	return r != NULL && link_report_is_fresh(s, r) ? r : NULL;
}

static void
link_report_unqueue(struct swim *s, const struct member *m)
{
	for (size_t i = 0; i < s->report_count; i++) {
		if (s->reports[i] == m)
			s->reports[i] = s->reports[--s->report_count];
	}
}

void
link_report_forget(struct swim *s, struct member *m)
{
	link_report_unqueue(s, m);
	if (m->extra == NULL)
		return;
	core_release(s, m->extra->report);
	m->extra->report = NULL;
	extra_tidy(s, m);
}

/*
 * Keep the report of m, and pass it on.  If too many reports wait, the oldest one is dropped, which has been passed on
 * most often.
 */
static void
link_report_keep(struct swim *s, struct member *m, const struct wire_links *links)
{
	struct extra *x = extra_new(s, m);

	if (x == NULL)
		return;
	if (x->report == NULL)
		x->report = core_alloc(s, sizeof(*x->report));
	if (x->report == NULL)
		return;
	*x->report = (struct link_report){.links = *links, .at = s->now};
	link_report_unqueue(s, m);
	if (s->report_count == LINK_REPORTS_MAX) {
		memmove(s->reports, s->reports + 1, (LINK_REPORTS_MAX - 1) * sizeof(*s->reports));
		s->report_count--;
	}
	s->reports[s->report_count++] = m;
}

/* Make our own report, and the time of its next repetition. */
static void
link_report_tell_own(struct swim *s)
{
	struct wire_links links = {.teller = s->self->hash};

	for (size_t i = 0; i < s->live_count; i++) {
		const struct member *m = s->live[i];

		if (m->link != SWIM_PATH_RELAYED)
			continue;
		if (links.count < WIRE_LINK_PEERS_MAX)
			links.peers[links.count++] = m->hash;
		if (links.total < UINT16_MAX)
			links.total++;
	}
	links.stamp = (s->self->incarnation << SERIAL_BITS) + ++s->report_serial;
	link_report_keep(s, s->self, &links);
	s->report_at = links.total > 0 ? swim_time_add(s->now, REPEAT) : SWIM_TIME_NEVER;
}

void
link_report_changed(struct swim *s)
{
	s->report_at = s->now;
}

void
link_report_tick(struct swim *s)
{
	if (swim_time_reached(s->now, s->report_at))
		link_report_tell_own(s);
}

swim_time
link_report_deadline(const struct swim *s)
{
	return s->report_at;
}

void
link_report_take(struct swim *s, const struct input *in)
{
	struct wire_links links;
	size_t offset = 0;

	/* A stranger can report in any member's name. */
	if (in->authority < AUTHORITY_MEMBER)
		return;
	while (wire_links_next(&in->msg->trailer, &offset, &links)) {
		struct member *m = members_by_hash(s, links.teller);

		if (m == NULL || m == s->self || !members_is_live(m))
			continue;
		if (link_report_of(s, m) == NULL ||
		    (int64_t)(links.stamp - m->extra->report->links.stamp) > 0)
			link_report_keep(s, m, &links);
	}
}

void
link_report_add(struct swim *s, struct wire_trailer *trailer)
{
	unsigned limit = gossip_limit(s), packed = 0;
	size_t len = 0;

	/* The newest reports are the last ones. */
	for (size_t i = s->report_count; i-- > 0 && packed < LINK_REPORTS_PACKED;) {
		const struct member *m = s->reports[i];
		struct link_report *r = m->extra->report;

		len += wire_links_put(&r->links, s->report_bytes + len);
		packed++;
		if (++r->sent >= limit)
			link_report_unqueue(s, m);
	}
	if (len == 0)
		return;
	trailer->links = s->report_bytes;
	trailer->links_len = (uint16_t)len;
}

void
link_report_complain(const struct swim *s, const struct member *to, char *text,
    struct wire_trailer *trailer)
{
	const struct extra *x = extra_of(to);
	bool elsewhere = x->via.family != 0 && x->retries > 0;

	text[0] = '\0';
	if (to->peer != PEER_SWIMD || (!elsewhere && to->link != SWIM_PATH_RELAYED) ||
	    !locate_is_reached(s, to))
		return;
	if (elsewhere)
		swim_addr_format_public(&x->via, text);
	trailer->has_unreached = true;
	trailer->unreached = wire_str_of(text);
}

void
link_report_complaint(struct swim *s, const struct input *in)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);
	struct swim_addr at;
	struct extra *x;

	/*
	 * A member that cannot reach us complains in each ping of a probe, so a ping of a probe without a complaint
	 * ends the complaint.  Only such pings tell a period.
	 */
	if (in->authority < AUTHORITY_MEMBER || m == NULL || m == s->self ||
	    !in->msg->trailer.has_period)
		return;
	if (!in->msg->trailer.has_unreached) {
		if (m->extra != NULL)
			m->extra->complained = SWIM_TIME_NEVER;
		extra_tidy(s, m);
		return;
	}
	x = extra_new(s, m);
	if (x != NULL)
		x->complained = s->now;
	if (swim_addr_parse(in->msg->trailer.unreached.bytes, in->msg->trailer.unreached.len, &at))
		s->seen_at = at;
}

/* ------------------------------------------------------------------------------- copies for the outside */

static size_t
link_report_index_of(const struct swim *s, const struct member *m)
{
	struct index_key key = {.hash = m->hash, .name = m->name, .name_len = m->name_len};

	return index_lower(&s->named, index_by_name, &key);
}

/* Insert an index in the order of names. */
static void
link_report_insert(struct swim_links *links, size_t index)
{
	size_t at = links->count++;

	for (; at > 0 && links->peers[at - 1] > index; at--)
		links->peers[at] = links->peers[at - 1];
	links->peers[at] = index;
}

void
swim_links_at(const struct swim *s, size_t i, struct swim_links *out)
{
	const struct link_report *r = link_report_of(s, s->named.v[i]);

	*out = (struct swim_links){0};
	if (r == NULL)
		return;
	out->total = r->links.total;
	for (unsigned k = 0; k < r->links.count; k++) {
		const struct member *m = members_by_hash(s, r->links.peers[k]);

		/* The peer is not known here, or is gone since the report. */
		if (m == NULL || (!members_is_live(m) && m != s->self)) {
			out->total--;
			continue;
		}
		link_report_insert(out, link_report_index_of(s, m));
	}
}

/* Does m complain that it cannot reach us at our address, or report its link to us as broken? */
static bool
link_report_complains(const struct swim *s, const struct member *m)
{
	int64_t lasts = ROUNDS * (int64_t)members_cluster_size(s) *
			s->config.timing.probe_interval.ns;
	const struct link_report *r = link_report_of(s, m);
	swim_time complained = extra_of(m)->complained;

	if (lasts < LASTS.ns)
		lasts = LASTS.ns;
	if (!swim_time_is_never(complained) && swim_time_since(s->now, complained).ns < lasts)
		return true;
	for (unsigned i = 0; r != NULL && i < r->links.count; i++) {
		if (r->links.peers[i] == s->self->hash)
			return true;
	}
	return false;
}

void
link_report_note_life(const struct swim *s, struct member *m, enum swim_status from,
    bool was_hidden)
{
	if (!members_is_alive_or_suspect(m))
		return;
	/*
	 * Two machines with one address are each declared dead now and then, and return: a return within SHARED_FOR
	 * does not begin another stay at the address.
	 */
	if (was_hidden || from == SWIM_LEFT ||
	    (from == SWIM_DEAD && swim_time_since(s->now, m->since).ns >= SHARED_FOR.ns))
		m->there_since = s->now;
	if (members_status(m) == SWIM_ALIVE && (from != SWIM_ALIVE || was_hidden))
		m->alive_since = s->now;
}

/*
 * Is m no longer at its address?  It has left, is not visible, has been dead for SHARED_FOR, or is suspect or dead and
 * has not become alive again since it came to the address.
 */
static bool
link_report_is_gone(const struct swim *s, const struct member *m)
{
	if (!members_is_visible(m) || members_status(m) == SWIM_LEFT)
		return true;
	if (members_status(m) == SWIM_ALIVE)
		return false;
	return !swim_time_before(m->there_since, m->alive_since) ||
	       (members_status(m) == SWIM_DEAD &&
		   swim_time_since(s->now, m->since).ns >= SHARED_FOR.ns);
}

/*
 * Is m still at its address after SHARED_FOR?  `together`: since when m and another member have both been told to live
 * there.
 */
static bool
link_report_is_there(const struct swim *s, const struct member *m, swim_time together)
{
	if (m == s->self)
		return true;
	if (link_report_is_gone(s, m))
		return false;
	if (members_status(m) == SWIM_ALIVE && extra_of(m)->also.family != 0)
		return true;
	if (swim_time_since(s->now, together).ns < SHARED_FOR.ns)
		return false;
	if (members_status(m) == SWIM_ALIVE)
		return true;
	/*
	 * A member that has crashed stays silent.  A member that shares its address is suspected or declared dead too,
	 * as the other machine gets its pings, but it refutes: then it has become alive again after `together`.
	 */
	return swim_time_before(together, m->alive_since);
}

/* Do two members share one address, for longer than SHARED_FOR? */
static bool
link_report_shares(const struct swim *s, const struct member *a, const struct member *b)
{
	swim_time together = swim_time_before(a->there_since, b->there_since) ? b->there_since
									      : a->there_since;

	return swim_addr_equal(&a->addr, &b->addr) && link_report_is_there(s, a, together) &&
	       link_report_is_there(s, b, together);
}

/* Count m in a row of the report; the first one is named. */
static void
link_report_count(struct swim_reach_row *row, const struct member *m)
{
	if (row->count++ > 0)
		return;
	memcpy(row->name, m->name, (size_t)m->name_len + 1);
	row->name_len = m->name_len;
	memcpy(row->address, m->address, strlen(m->address) + 1);
}

/* Count the members that share an address with another one, except for our own address. */
static void
link_report_count_shared(const struct swim *s, struct swim_reach_row *row)
{
	const struct member *a = NULL;

	for (size_t i = 0; i < s->located.count; i++) {
		const struct member *b = s->located.v[i];

		/* Members that lived at the address before are sorted between those that live there. */
		if (link_report_is_gone(s, b))
			continue;
		if (a != NULL && a != s->self && b != s->self &&
		    !swim_addr_equal(&b->addr, &s->self->addr) && link_report_shares(s, a, b))
			link_report_count(row, b);
		a = b;
	}
}

void
swim_reach(struct swim *s, swim_time now, struct swim_reach *out)
{
	memset(out, 0, sizeof(*out));
	s->now = now;
	out->seen_at = s->seen_at;
	out->others = s->live_count;
	for (size_t i = 0; i < s->named.count; i++) {
		const struct member *m = s->named.v[i];

		if (m != s->self && link_report_shares(s, m, s->self))
			link_report_count(&out->twins, m);
		if (!members_is_live(m))
			continue;
		if (m->link == SWIM_PATH_RELAYED)
			link_report_count(&out->broken, m);
		if (extra_of(m)->via.family != 0 && extra_of(m)->retries > 0) {
			if (out->elsewhere.count == 0)
				out->asked_at = extra_of(m)->via;
			link_report_count(&out->elsewhere, m);
		}
		if (link_report_complains(s, m))
			link_report_count(&out->complaining, m);
	}
	link_report_count_shared(s, &out->shared);
}
