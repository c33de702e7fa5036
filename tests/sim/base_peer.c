/* SPDX-License-Identifier: MIT */
#include "sim/base_peer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "sim/base_codec.h"
#include "sim/heap.h"

#define SUSPICION_PERIODS 5 /* how long a suspicion lasts in a small cluster, in probe periods */
#define UPDATES 10          /* most updates in a message */
#define HELPERS 3           /* members that are sent a ping-req */
#define JUMP_MAX 16
#define MEMBERS_MAX 10000
#define FORGET_AFTER swim_seconds(30)

struct member {
	char id[256], address[300];
	struct swim_addr addr; /* family 0: a host name, which a base peer does not resolve */
	enum swim_status status;
	uint64_t incarnation;
	swim_time verdict;   /* when a suspicion of this peer becomes a death; or NEVER */
	swim_time forgotten; /* when a dead member is forgotten; or NEVER */
	/* The rumour about this member. */
	bool queued;
	enum swim_status told_status;
	uint64_t told_incarnation;
	unsigned told;
	uint64_t lot; /* random: the order of rumours that are equal otherwise */
};

/* A ping of this peer that waits for its answer: a probe, or a ping for a member that sent a ping-req. */
struct pending {
	bool active;
	uint64_t seq;
	char id[256], address[300];
	swim_time until;
	bool indirect; /* other members were asked to ping the target */
	/* What was known of the target when the probe began. */
	enum swim_status status;
	uint64_t incarnation;
	/* The member that asked for the ping. */
	struct swim_addr asker;
	uint64_t asker_seq;
};

/* A struct base_event that owns its texts. */
struct event {
	enum base_event_type type;
	char id[256], address[300];
	uint64_t incarnation;
	bool dead;
};

struct base_peer {
	struct member self;
	struct base_timing timing;
	struct member **members; /* by id and address */
	size_t count, capacity;
	struct pending probe, *relays;
	size_t relay_count;
	struct base_datagram *out;
	size_t out_count, out_next;
	struct event *events;
	size_t event_count, event_next;
	struct rng rng;
	uint64_t seq, invalid, asked, relayed;
	swim_time next_probe;
	size_t cursor;
	bool mute, left;
};

struct base_timing
base_timing_default(void)
{
	return (struct base_timing){swim_ms(200), swim_ms(100)};
}

static void
tell_event(struct base_peer *p, enum base_event_type type, const struct base_update *about)
{
	struct event *e;

	p->events = heap_resize(p->events, p->event_count + 1, sizeof(*p->events));
	e = &p->events[p->event_count++];
	e->type = type;
	base_copy(e->id, sizeof(e->id), about->id);
	base_copy(e->address, sizeof(e->address), about->address);
	e->incarnation = about->incarnation;
	e->dead = about->status == SWIM_DEAD;
}

static struct base_update
update_of(const struct member *m)
{
	struct base_update u = {.status = m->status, .incarnation = m->incarnation};

	base_copy(u.id, sizeof(u.id), m->id);
	base_copy(u.address, sizeof(u.address), m->address);
	return u;
}

static void
tell_change(struct base_peer *p, const struct member *m)
{
	static const enum base_event_type types[] = {[SWIM_ALIVE] = BASE_RECOVERED,
	    [SWIM_SUSPECT] = BASE_SUSPECTED,
	    [SWIM_DEAD] = BASE_FAILED};
	struct base_update u = update_of(m);

	tell_event(p, types[m->status], &u);
}

/* The factor by which suspicions last longer and rumours are told more often in a large cluster. */
static double
scale(const struct base_peer *p)
{
	double s = log((double)p->count + 1);

	return s > 1 ? s : 1;
}

static unsigned
tellings(const struct base_peer *p)
{
	return (unsigned)ceil(3 * scale(p));
}

static void
queue(struct member *m)
{
	if (m->queued &&
	    (m->incarnation < m->told_incarnation ||
		(m->incarnation == m->told_incarnation && m->status <= m->told_status)))
		return;
	m->queued = true;
	m->told_status = m->status;
	m->told_incarnation = m->incarnation;
	m->told = 0;
}

/* Is the rumour about a sent before the rumour about b? */
static bool
goes_first(const struct member *a, const struct member *b)
{
	if (a->told_status != b->told_status)
		return a->told_status > b->told_status;
	if (a->told != b->told)
		return a->told < b->told;
	if (a->told_incarnation != b->told_incarnation)
		return a->told_incarnation > b->told_incarnation;
	return a->lot < b->lot;
}

/* Set `best` to the rumours for one datagram, in their order.  Returns how many. */
static unsigned
choose(struct base_peer *p, struct member *best[UPDATES])
{
	unsigned count = 0;

	for (size_t i = 0; i <= p->count; i++) {
		struct member *m = i < p->count ? p->members[i] : &p->self;
		unsigned at = count;

		if (!m->queued)
			continue;
		m->lot = rng_u64(&p->rng);
		while (at > 0 && goes_first(m, best[at - 1]))
			at--;
		if (at == UPDATES)
			continue;
		if (count < UPDATES)
			count++;
		for (unsigned k = count - 1; k > at; k--)
			best[k] = best[k - 1];
		best[at] = m;
	}
	return count;
}

static void
put_update(struct base_datagram *d, const struct member *m, enum swim_status status,
    uint64_t incarnation)
{
	base_put_string(d, m->id);
	base_put_string(d, m->address);
	base_put(d, (uint64_t)status, 1);
	base_put(d, incarnation, 8);
}

static void
put_gossip(struct base_peer *p, struct base_datagram *d)
{
	struct member *best[UPDATES];
	unsigned count = choose(p, best), most = tellings(p);

	base_put(d, count, 2);
	for (unsigned i = 0; i < count; i++) {
		put_update(d, best[i], best[i]->told_status, best[i]->told_incarnation);
		best[i]->told++;
	}
	for (size_t i = 0; i <= p->count; i++) {
		struct member *m = i < p->count ? p->members[i] : &p->self;

		m->queued = m->queued && m->told < most;
	}
}

static struct base_datagram *
begin(struct base_peer *p, const struct swim_addr *to, unsigned type, uint64_t seq)
{
	struct base_datagram *d;

	p->out = heap_resize(p->out, p->out_count + 1, sizeof(*p->out));
	d = &p->out[p->out_count++];
	d->to = *to;
	d->len = 0;
	base_put(d, type, 1);
	base_put(d, seq, 8);
	return d;
}

static void
member_init(struct member *m, const char *id, const char *address)
{
	memset(m, 0, sizeof(*m));
	base_copy(m->id, sizeof(m->id), id);
	base_copy(m->address, sizeof(m->address), address);
	m->verdict = m->forgotten = SWIM_TIME_NEVER;
	if (!swim_addr_parse(m->address, strlen(m->address), &m->addr))
		m->addr.family = 0;
}

struct base_peer *
base_peer_new(const char *id, const char *address, struct base_timing timing, uint64_t seed,
    swim_time now)
{
	struct base_peer *p = heap_zeroed(1, sizeof(*p));

	member_init(&p->self, id, address);
	p->timing = timing;
	rng_init(&p->rng, seed);
	/* Peers that start together do not probe at the same moment. */
	p->next_probe = swim_time_add(now, swim_duration_scale(timing.period, rng_unit(&p->rng)));
	return p;
}

void
base_peer_free(struct base_peer *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		free(p->members[i]);
	free(p->members);
	free(p->relays);
	free(p->out);
	free(p->events);
	free(p);
}

/* The index of the pair in `members`, or the index at which to insert it. */
static size_t
place(const struct base_peer *p, const char *id, const char *address, bool *found)
{
	size_t low = 0, high = p->count;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(p->members[mid]->id, id);

		if (order == 0)
			order = strcmp(p->members[mid]->address, address);
		if (order == 0)
			*found = true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct member *
find(const struct base_peer *p, const char *id, const char *address)
{
	bool found;
	size_t at = place(p, id, address, &found);

	return found ? p->members[at] : NULL;
}

static struct member *
add(struct base_peer *p, const char *id, const char *address)
{
	bool found;
	size_t at = place(p, id, address, &found);
	struct member *m = heap_zeroed(1, sizeof(*m));

	if (p->members == NULL || p->count == p->capacity) {
		p->capacity = p->capacity ? 2 * p->capacity : 16;
		p->members = heap_resize(p->members, p->capacity, sizeof(struct member *));
	}
	memmove(p->members + at + 1, p->members + at, (p->count - at) * sizeof(struct member *));
	p->members[at] = m;
	p->count++;
	member_init(m, id, address);
	return m;
}

static bool
is_self(const struct base_peer *p, const struct base_update *u)
{
	return strcmp(u->id, p->self.id) == 0 && strcmp(u->address, p->self.address) == 0;
}

/* Apply an update.  Returns the member if the update is to be gossiped: a new member, or another status; else NULL. */
static struct member *
apply(struct base_peer *p, swim_time now, const struct base_update *u)
{
	struct member *m = find(p, u->id, u->address);
	uint64_t known = m == NULL ? 0 : m->incarnation;
	enum swim_status before;
	bool joins = m == NULL;

	if (u->incarnation > known && u->incarnation - known > JUMP_MAX) {
		tell_event(p, BASE_REFUSED, u);
		return NULL;
	}
	if (joins) {
		if (p->count + 1 >= MEMBERS_MAX)
			return NULL;
		m = add(p, u->id, u->address);
		tell_event(p, BASE_JOINED, u);
	} else if (u->incarnation < known || (u->incarnation == known && u->status <= m->status)) {
		return NULL;
	}
	before = m->status;
	m->status = u->status;
	m->incarnation = u->incarnation;
	m->verdict = SWIM_TIME_NEVER;
	if (!joins && before == u->status)
		return NULL;
	m->forgotten = u->status == SWIM_DEAD ? swim_time_add(now, FORGET_AFTER) : SWIM_TIME_NEVER;
	if (!joins && !(before == SWIM_DEAD && u->status == SWIM_ALIVE))
		tell_change(p, m);
	return m;
}

static void
hear(struct base_peer *p, swim_time now, const struct base_update *u)
{
	struct member *m;

	if (!is_self(p, u)) {
		m = apply(p, now, u);
		if (m != NULL)
			queue(m);
	} else if (u->status != SWIM_ALIVE && u->incarnation >= p->self.incarnation) {
		p->self.incarnation = u->incarnation < UINT64_MAX ? u->incarnation + 1 : UINT64_MAX;
		queue(&p->self);
	}
}

static struct base_update
sender(const struct swim_addr *from)
{
	struct base_update u = {.status = SWIM_ALIVE};

	swim_addr_format(from, u.id);
	swim_addr_format(from, u.address);
	return u;
}

struct pair {
	const char *id, *address;
};

static void
send_named(struct base_peer *p, const struct swim_addr *to, unsigned type, uint64_t seq,
    struct pair who)
{
	struct base_datagram *d = begin(p, to, type, seq);

	base_put_string(d, who.id);
	base_put_string(d, who.address);
	if (type != NACK)
		put_gossip(p, d);
}

static void
send_ping(struct base_peer *p, const char *address, uint64_t seq)
{
	struct swim_addr to;

	if (swim_addr_parse(address, strlen(address), &to))
		put_gossip(p, begin(p, &to, PING, seq));
}

static struct pending
await(struct base_peer *p, swim_time now, const char *id, const char *address)
{
	struct pending w = {.active = true,
	    .seq = ++p->seq,
	    .until = swim_time_add(now, p->timing.timeout)};

	base_copy(w.id, sizeof(w.id), id);
	base_copy(w.address, sizeof(w.address), address);
	return w;
}

static void
got_ping_req(struct base_peer *p, swim_time now, const struct swim_addr *from, uint64_t seq,
    const struct base_update *target)
{
	struct pending *w;

	p->asked++;
	p->relays = heap_resize(p->relays, p->relay_count + 1, sizeof(*p->relays));
	w = &p->relays[p->relay_count++];
	*w = await(p, now, target->id, target->address);
	w->asker = *from;
	w->asker_seq = seq;
	send_ping(p, w->address, w->seq);
}

static bool
answers(const struct pending *w, uint64_t seq, const struct base_update *who)
{
	return w->active && w->seq == seq && strcmp(w->id, who->id) == 0 &&
	       strcmp(w->address, who->address) == 0;
}

static void
got_ack(struct base_peer *p, swim_time now, const struct swim_addr *from, uint64_t seq,
    const struct base_update *who)
{
	struct base_update source = sender(from);
	struct member *m = find(p, source.id, source.address);

	if (answers(&p->probe, seq, who)) {
		p->probe.active = false;
		p->next_probe = swim_time_add(now, p->timing.period);
	}
	for (size_t i = 0; i < p->relay_count; i++) {
		struct pending w = p->relays[i];

		if (!answers(&w, seq, who))
			continue;
		p->relays[i] = p->relays[--p->relay_count];
		p->relayed++;
		send_named(p, &w.asker, ACK, w.asker_seq, (struct pair){w.id, w.address});
		break;
	}
	/* An answer ends a suspicion: this peer raises the incarnation, which only the member itself should do. */
	if (m != NULL && m->status == SWIM_SUSPECT) {
		m->status = SWIM_ALIVE;
		m->incarnation += m->incarnation < UINT64_MAX;
		m->verdict = SWIM_TIME_NEVER;
		tell_change(p, m);
		queue(m);
	}
}

/* One message whose fields are all read and valid. */
struct message {
	unsigned type;
	uint64_t seq;
	struct base_update who; /* the member that an ack, a ping-req or a nack names */
	struct base_update *updates;
	size_t count;
};

static void
got_message(struct base_peer *p, swim_time now, const struct swim_addr *from,
    const struct message *msg)
{
	struct base_update source = sender(from);

	for (size_t i = 0; i < msg->count; i++)
		hear(p, now, &msg->updates[i]);
	if (msg->type == PING) {
		apply(p, now, &source);
		send_named(p, from, ACK, msg->seq, (struct pair){p->self.id, p->self.address});
	} else if (msg->type == ACK) {
		got_ack(p, now, from, msg->seq, &msg->who);
	} else if (msg->type == PING_REQ) {
		got_ping_req(p, now, from, msg->seq, &msg->who);
	}
}

void
base_peer_input(struct base_peer *p, swim_time now, const struct swim_addr *from, const void *data,
    size_t len)
{
	struct base_reader r = {.pos = data, .end = (const uint8_t *)data + len};
	struct message msg = {.type = (unsigned)base_get(&r, 1)};

	msg.seq = base_get(&r, 8);
	if (!r.bad && (msg.type < PING || msg.type > AUTHENTICATED))
		return; /* an unknown type */
	if (p->mute || p->left || msg.type == AUTHENTICATED)
		return;
	if (msg.type != PING) {
		base_get_string(&r, msg.who.id, sizeof(msg.who.id));
		base_get_string(&r, msg.who.address, sizeof(msg.who.address));
	}
	if (msg.type != NACK)
		msg.count = base_get_gossip(&r, &msg.updates);
	/* Bytes after the message are ignored. */
	if (r.bad)
		p->invalid++;
	else
		got_message(p, now, from, &msg);
	free(msg.updates);
}

/* Take a random member out of the list.  NULL: the list is empty. */
static struct member *
draw(struct base_peer *p, struct member **from, size_t *count)
{
	size_t i = *count ? (size_t)rng_below(&p->rng, *count) : 0;
	struct member *m = *count ? from[i] : NULL;

	if (m != NULL)
		from[i] = from[--*count];
	return m;
}

/* The members that are alive and have a usable address, without the target of `but`.  The caller frees the list. */
static struct member **
living(const struct base_peer *p, const struct pending *but, size_t *count)
{
	struct member **list = heap_zeroed(p->count, sizeof(struct member *));

	*count = 0;
	for (size_t i = 0; i < p->count; i++) {
		struct member *m = p->members[i];

		if (m->status != SWIM_ALIVE || m->addr.family == 0)
			continue;
		if (but != NULL && strcmp(m->id, but->id) == 0 &&
		    strcmp(m->address, but->address) == 0)
			continue;
		list[(*count)++] = m;
	}
	return list;
}

/* Send ping-reqs for the target of `w`.  False: there is no member to ask. */
static bool
ask_others(struct base_peer *p, const struct pending *w)
{
	size_t left;
	struct member **list = living(p, w, &left), *m;
	struct base_datagram first = {.len = 0};
	bool asked = left > 0;

	for (unsigned i = 0; i < HELPERS && (m = draw(p, list, &left)) != NULL; i++) {
		/* All helpers get the same datagram. */
		if (first.len == 0) {
			send_named(p, &m->addr, PING_REQ, w->seq, (struct pair){w->id, w->address});
			first = p->out[p->out_count - 1];
			continue;
		}
		*begin(p, &m->addr, PING_REQ, w->seq) = first;
		p->out[p->out_count - 1].to = m->addr;
	}
	free(list);
	return asked;
}

static void
suspect(struct base_peer *p, swim_time now, const struct pending *w)
{
	struct member *m = find(p, w->id, w->address);

	if (m == NULL || w->status != SWIM_ALIVE || m->status != SWIM_ALIVE ||
	    m->incarnation != w->incarnation)
		return;
	m->status = SWIM_SUSPECT;
	m->verdict =
	    swim_time_add(now, swim_duration_scale(p->timing.period, SUSPICION_PERIODS * scale(p)));
	tell_change(p, m);
	queue(m);
}

static void
forget(struct base_peer *p, swim_time now)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct member *m = p->members[i];

		if (swim_time_reached(now, m->forgotten))
			free(m);
		else
			p->members[kept++] = m;
	}
	p->count = kept;
}

static void
probe_next(struct base_peer *p, swim_time now)
{
	size_t targets = 0, nth;

	for (size_t i = 0; i < p->count; i++)
		targets += p->members[i]->status != SWIM_DEAD;
	if (targets == 0)
		return;
	nth = p->cursor % targets;
	p->cursor = nth + 1;
	for (size_t i = 0; i < p->count; i++) {
		const struct member *m = p->members[i];

		if (m->status == SWIM_DEAD || nth-- > 0)
			continue;
		p->probe = await(p, now, m->id, m->address);
		p->probe.status = m->status;
		p->probe.incarnation = m->incarnation;
		send_ping(p, m->address, p->probe.seq);
		return;
	}
}

static void
probing(struct base_peer *p, swim_time now)
{
	struct pending *w = &p->probe;

	if (w->active && swim_time_reached(now, w->until)) {
		if (!w->indirect && ask_others(p, w)) {
			w->indirect = true;
			w->until = swim_time_add(now, p->timing.timeout);
			return;
		}
		w->active = false;
		p->next_probe = swim_time_add(now, p->timing.period);
		suspect(p, now, w);
	} else if (!w->active && swim_time_reached(now, p->next_probe)) {
		p->next_probe = swim_time_add(now, p->timing.period);
		forget(p, now);
		probe_next(p, now);
	}
}

void
base_peer_tick(struct base_peer *p, swim_time now)
{
	if (p->left || p->mute)
		return;
	for (size_t i = 0; i < p->relay_count;) {
		struct pending w = p->relays[i];

		if (!swim_time_reached(now, w.until)) {
			i++;
			continue;
		}
		p->relays[i] = p->relays[--p->relay_count];
		send_named(p, &w.asker, NACK, w.asker_seq, (struct pair){w.id, w.address});
	}
	for (size_t i = 0; i < p->count; i++) {
		struct member *m = p->members[i];

		if (!swim_time_reached(now, m->verdict))
			continue;
		m->verdict = SWIM_TIME_NEVER;
		m->status = SWIM_DEAD;
		m->forgotten = swim_time_add(now, FORGET_AFTER);
		tell_change(p, m);
		queue(m);
	}
	probing(p, now);
}

swim_time
base_peer_deadline(const struct base_peer *p)
{
	swim_time t = p->probe.active ? p->probe.until : p->next_probe;

	if (p->left || p->mute)
		return SWIM_TIME_NEVER;
	for (size_t i = 0; i < p->relay_count; i++)
		t = swim_time_min(t, p->relays[i].until);
	for (size_t i = 0; i < p->count; i++)
		t = swim_time_min(t, p->members[i]->verdict);
	return t;
}

bool
base_peer_next_datagram(struct base_peer *p, struct base_datagram *out)
{
	if (p->out_next == p->out_count) {
		p->out_next = p->out_count = 0;
		return false;
	}
	*out = p->out[p->out_next++];
	return true;
}

bool
base_peer_next_event(struct base_peer *p, struct base_event *out)
{
	const struct event *e;

	if (p->event_next == p->event_count) {
		p->event_next = p->event_count = 0;
		return false;
	}
	e = &p->events[p->event_next++];
	*out = (struct base_event){e->type, e->id, e->address, e->incarnation, e->dead};
	return true;
}

void
base_peer_join(struct base_peer *p, swim_time now, const struct swim_addr *to)
{
	struct base_update seed = sender(to);

	(void)now;
	if (find(p, seed.id, seed.address) == NULL)
		add(p, seed.id, seed.address);
	send_ping(p, seed.address, 0);
}

void
base_peer_leave(struct base_peer *p)
{
	size_t left;
	struct member **list = living(p, NULL, &left), *m;
	unsigned most = tellings(p);

	p->left = true;
	for (unsigned i = 0; i < most && (m = draw(p, list, &left)) != NULL; i++) {
		struct base_datagram *d = begin(p, &m->addr, PING, 0);

		base_put(d, 1, 2);
		put_update(d, &p->self, SWIM_DEAD, p->self.incarnation);
	}
	free(list);
}

void
base_peer_set_mute(struct base_peer *p, bool mute)
{
	p->mute = mute;
}

static void
report(const struct member *m, struct base_report *out)
{
	*out = (struct base_report){m->id, m->address, m->status, m->incarnation};
}

size_t
base_peer_count(const struct base_peer *p)
{
	return p->count;
}

void
base_peer_at(const struct base_peer *p, size_t i, struct base_report *out)
{
	report(p->members[i], out);
}

bool
base_peer_find(const struct base_peer *p, const char *id, const char *address,
    struct base_report *out)
{
	const struct member *m = find(p, id, address);

	if (m != NULL)
		report(m, out);
	return m != NULL;
}

uint64_t
base_peer_incarnation(const struct base_peer *p)
{
	return p->self.incarnation;
}

uint64_t
base_peer_invalid(const struct base_peer *p)
{
	return p->invalid;
}

uint64_t
base_peer_asked(const struct base_peer *p)
{
	return p->asked;
}

uint64_t
base_peer_relayed(const struct base_peer *p)
{
	return p->relayed;
}
