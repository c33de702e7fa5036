/* SPDX-License-Identifier: MIT */
#include "sim/base_peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "sim/base_codec.h"
#include "sim/heap.h"

#define PERIOD swim_ms(1000)
#define TIMEOUT swim_ms(400)
#define SUSPICION swim_seconds(4)
#define SENDS 16   /* of each update */
#define UPDATES 10 /* a message */
#define ASKED 3    /* members asked to ping in our place */

struct member {
	char id[256], address[300];
	struct swim_addr addr; /* family 0: a host name, which a base peer does not resolve */
	bool stand_in;         /* known by its source address alone */
	enum swim_status status;
	uint64_t incarnation;
	swim_time suspect_until;
	unsigned sends;
};

/* A ping of ours: a probe, or one in the place of another that asked. */
struct pending {
	uint64_t seq;
	char id[256], address[300];
	bool relay;
	struct swim_addr asker;
	uint64_t asker_seq;
	swim_time until;
	bool asked; /* others were asked */
};

struct base_peer {
	struct member self;
	struct member *members;
	size_t count, capacity;
	struct pending *pending;
	size_t pending_count;
	struct base_datagram *out;
	size_t out_count, out_next;
	struct rng rng;
	uint64_t seq, invalid, relayed;
	swim_time next_probe;
	size_t next_member;
	bool shy, mute, left;
};

static void
put_update(struct base_datagram *d, struct member *m, enum swim_status status)
{
	base_put_string(d, m->id);
	base_put_string(d, m->address);
	base_put(d, (uint64_t)status, 1);
	base_put(d, m->incarnation, 8);
	if (m->sends > 0)
		m->sends--;
}

static void
put_gossip(struct base_peer *p, struct base_datagram *d)
{
	size_t at = d->len;
	unsigned count = 0;

	base_put(d, 0, 2);
	if (!p->shy) {
		put_update(d, &p->self, p->left ? SWIM_DEAD : SWIM_ALIVE);
		count++;
	}
	for (size_t i = 0; i < p->count && count < UPDATES; i++) {
		struct member *m = &p->members[i];

		if (m->sends > 0 &&
		    d->len + strlen(m->id) + strlen(m->address) + 13 < sizeof(d->data)) {
			put_update(d, m, m->status);
			count++;
		}
	}
	d->data[at] = (uint8_t)(count >> 8);
	d->data[at + 1] = (uint8_t)count;
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

struct base_peer *
base_peer_new(const char *id, const char *address, uint64_t seed, swim_time now)
{
	struct base_peer *p = heap_zeroed(1, sizeof(*p));

	base_copy(p->self.id, sizeof(p->self.id), id);
	base_copy(p->self.address, sizeof(p->self.address), address);
	rng_init(&p->rng, seed);
	p->seq = rng_u64(&p->rng) >> 16;
	p->next_probe = swim_time_add(now, swim_ms((int64_t)rng_below(&p->rng, 1000)));
	return p;
}

void
base_peer_free(struct base_peer *p)
{
	if (p == NULL)
		return;
	free(p->members);
	free(p->pending);
	free(p->out);
	free(p);
}

static struct member *
find(const struct base_peer *p, const char *id)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->members[i].id, id) == 0)
			return &p->members[i];
	return NULL;
}

static struct member *
at_address(const struct base_peer *p, const struct swim_addr *addr)
{
	for (size_t i = 0; i < p->count; i++)
		if (swim_addr_equal(&p->members[i].addr, addr))
			return &p->members[i];
	return NULL;
}

static struct member *
add(struct base_peer *p, const char *id, const char *address)
{
	struct member *m;

	if (p->members == NULL || p->count == p->capacity) {
		p->capacity = p->capacity ? 2 * p->capacity : 16;
		p->members = heap_resize(p->members, p->capacity, sizeof(*p->members));
	}
	m = &p->members[p->count++];
	memset(m, 0, sizeof(*m));
	base_copy(m->id, sizeof(m->id), id);
	base_copy(m->address, sizeof(m->address), address);
	if (!swim_addr_parse(m->address, strlen(m->address), &m->addr))
		m->addr.family = 0;
	return m;
}

static void
set(struct member *m, swim_time now, enum swim_status status, uint64_t incarnation)
{
	m->status = status;
	m->incarnation = incarnation;
	m->sends = SENDS;
	m->suspect_until = swim_time_add(now, SUSPICION);
}

static void
apply(struct base_peer *p, swim_time now, const struct base_update *u)
{
	struct member *m = find(p, u->id);
	struct swim_addr addr;

	if (strcmp(u->id, p->self.id) == 0) {
		if (u->status != SWIM_ALIVE && u->incarnation >= p->self.incarnation && !p->left &&
		    u->incarnation < UINT64_MAX)
			p->self.incarnation = u->incarnation + 1;
		return;
	}
	if (strcmp(u->address, p->self.address) == 0)
		return; /* somebody's stand-in for us */
	if (m == NULL && swim_addr_parse(u->address, strlen(u->address), &addr)) {
		struct member *known = at_address(p, &addr);

		if (known != NULL && known->stand_in) {
			/* The id of one known by its address alone. */
			base_copy(known->id, sizeof(known->id), u->id);
			known->stand_in = false;
			set(known, now, u->status, u->incarnation);
			return;
		}
		if (known != NULL && strcmp(u->id, u->address) == 0)
			return; /* somebody's stand-in for one whose id we know */
	}
	if (m == NULL) {
		m = add(p, u->id, u->address);
		m->stand_in = strcmp(u->id, u->address) == 0;
		set(m, now, u->status, u->incarnation);
	} else if (u->incarnation > m->incarnation ||
		   (u->incarnation == m->incarnation && u->status > m->status)) {
		set(m, now, u->status, u->incarnation);
	}
}

/* The known member at this source address, or a new one whose id is its address. */
static void
heard_from(struct base_peer *p, swim_time now, const struct swim_addr *from)
{
	char text[SWIM_ADDR_TEXT];
	struct member *m;

	if (at_address(p, from) != NULL)
		return;
	swim_addr_format(from, text);
	m = add(p, text, text);
	m->stand_in = true;
	set(m, now, SWIM_ALIVE, 0);
}

static void
send_ping(struct base_peer *p, const struct swim_addr *to, uint64_t seq)
{
	put_gossip(p, begin(p, to, PING, seq));
}

static void
send_ack(struct base_peer *p, const struct swim_addr *to, uint64_t seq, const char *id,
    const char *address)
{
	struct base_datagram *d = begin(p, to, ACK, seq);

	base_put_string(d, id);
	base_put_string(d, address);
	put_gossip(p, d);
}

static struct pending *
await(struct base_peer *p, swim_time now, const char *id, const char *address)
{
	struct pending *w;

	p->pending = heap_resize(p->pending, p->pending_count + 1, sizeof(*p->pending));
	w = &p->pending[p->pending_count++];
	memset(w, 0, sizeof(*w));
	w->seq = p->seq++;
	base_copy(w->id, sizeof(w->id), id);
	base_copy(w->address, sizeof(w->address), address);
	w->until = swim_time_add(now, TIMEOUT);
	return w;
}

static void
forget_pending(struct base_peer *p, size_t i)
{
	p->pending[i] = p->pending[--p->pending_count];
}

static void
got_ack(struct base_peer *p, uint64_t seq)
{
	for (size_t i = 0; i < p->pending_count; i++) {
		struct pending *w = &p->pending[i];

		if (w->seq != seq)
			continue;
		if (w->relay) {
			p->relayed++;
			send_ack(p, &w->asker, w->asker_seq, w->id, w->address);
		}
		forget_pending(p, i);
		return;
	}
}

/* Handle one message whose fields are all read and valid. */
static void
got_message(struct base_peer *p, swim_time now, const struct swim_addr *from, unsigned type,
    uint64_t seq, const struct base_update *id, const struct base_update *updates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		apply(p, now, &updates[i]);
	heard_from(p, now, from);
	if (type == PING) {
		send_ack(p, from, seq, p->self.id, p->self.address);
	} else if (type == ACK) {
		/* Who is alive says so: that is how the id of one known by its address is learnt. */
		if (strcmp(id->id, p->self.id) != 0 && find(p, id->id) == NULL)
			apply(p, now, id);
		got_ack(p, seq);
	} else if (type == PING_REQ) {
		struct swim_addr target;

		if (swim_addr_parse(id->address, strlen(id->address), &target)) {
			struct pending *w = await(p, now, id->id, id->address);

			w->relay = true;
			w->asker = *from;
			w->asker_seq = seq;
			/* Our word must be back before the asker's own deadline. */
			w->until = swim_time_add(now, swim_ms(300));
			send_ping(p, &target, w->seq);
		}
	}
}

void
base_peer_input(struct base_peer *p, swim_time now, const struct swim_addr *from, const void *data,
    size_t len)
{
	struct base_reader r = {.pos = data, .end = (const uint8_t *)data + len};
	unsigned type = (unsigned)base_get(&r, 1);
	uint64_t seq = base_get(&r, 8);
	struct base_update *updates = NULL;
	struct base_update id = {.status = SWIM_ALIVE};
	size_t count = 0;

	if (!r.bad && (type < PING || type > AUTHENTICATED))
		return; /* of a type that it doesn't know */
	if (p->mute || p->left || type == AUTHENTICATED)
		return;
	if (type != PING) {
		base_get_string(&r, id.id, sizeof(id.id));
		base_get_string(&r, id.address, sizeof(id.address));
	}
	if (type != NACK)
		count = base_get_gossip(&r, &updates);
	/* What follows the message is nobody's business. */
	if (r.bad)
		p->invalid++;
	else
		got_message(p, now, from, type, seq, &id, updates, count);
	free(updates);
}

static void
ask_others(struct base_peer *p, struct pending *w)
{
	unsigned asked = 0;
	size_t at = p->count ? (size_t)rng_below(&p->rng, p->count) : 0;

	for (size_t i = 0; i < p->count && asked < ASKED; i++) {
		const struct member *m = &p->members[(at + i) % p->count];
		struct base_datagram *d;

		if (m->status == SWIM_DEAD || m->addr.family == 0 || strcmp(m->id, w->id) == 0)
			continue;
		d = begin(p, &m->addr, PING_REQ, w->seq);
		base_put_string(d, w->id);
		base_put_string(d, w->address);
		put_gossip(p, d);
		asked++;
	}
}

static void
pending_due(struct base_peer *p, swim_time now)
{
	for (size_t i = 0; i < p->pending_count;) {
		struct pending *w = &p->pending[i];
		struct member *m;

		if (!swim_time_reached(now, w->until)) {
			i++;
			continue;
		}
		if (w->relay) {
			struct base_datagram *d = begin(p, &w->asker, NACK, w->asker_seq);

			base_put_string(d, w->id);
			base_put_string(d, w->address);
		} else if (!w->asked) {
			w->asked = true;
			w->until = swim_time_add(now, TIMEOUT);
			ask_others(p, w);
			i++;
			continue;
		} else if ((m = find(p, w->id)) != NULL && m->status == SWIM_ALIVE) {
			set(m, now, SWIM_SUSPECT, m->incarnation);
		}
		forget_pending(p, i);
	}
}

static void
probe(struct base_peer *p, swim_time now)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct member *m = &p->members[p->next_member++ % p->count];

		if (m->status != SWIM_DEAD && m->addr.family != 0) {
			struct pending *w = await(p, now, m->id, m->address);

			send_ping(p, &m->addr, w->seq);
			return;
		}
	}
}

void
base_peer_tick(struct base_peer *p, swim_time now)
{
	if (p->left || p->mute)
		return;
	pending_due(p, now);
	for (size_t i = 0; i < p->count; i++) {
		struct member *m = &p->members[i];

		if (m->status == SWIM_SUSPECT && swim_time_reached(now, m->suspect_until))
			set(m, now, SWIM_DEAD, m->incarnation);
	}
	if (swim_time_reached(now, p->next_probe)) {
		p->next_probe = swim_time_add(now, PERIOD);
		probe(p, now);
	}
}

swim_time
base_peer_deadline(const struct base_peer *p)
{
	swim_time t = p->next_probe;

	if (p->left || p->mute)
		return SWIM_TIME_NEVER;
	for (size_t i = 0; i < p->pending_count; i++)
		t = swim_time_min(t, p->pending[i].until);
	for (size_t i = 0; i < p->count; i++)
		if (p->members[i].status == SWIM_SUSPECT)
			t = swim_time_min(t, p->members[i].suspect_until);
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

void
base_peer_join(struct base_peer *p, swim_time now, const struct swim_addr *to)
{
	(void)now;
	send_ping(p, to, p->seq++);
}

void
base_peer_leave(struct base_peer *p, swim_time now)
{
	(void)now;
	p->left = true;
	/* What is not refuted by the sender itself and comes from it: a graceful leave. */
	for (size_t i = 0; i < p->count; i++)
		if (p->members[i].status != SWIM_DEAD && p->members[i].addr.family != 0)
			send_ping(p, &p->members[i].addr, p->seq++);
}

void
base_peer_set_shy(struct base_peer *p, bool shy)
{
	p->shy = shy;
}

void
base_peer_set_mute(struct base_peer *p, bool mute)
{
	p->mute = mute;
}

bool
base_peer_find(const struct base_peer *p, const char *id, enum swim_status *status,
    uint64_t *incarnation)
{
	const struct member *m = find(p, id);

	if (m == NULL)
		return false;
	*status = m->status;
	*incarnation = m->incarnation;
	return true;
}

size_t
base_peer_count(const struct base_peer *p)
{
	return p->count;
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
base_peer_relayed(const struct base_peer *p)
{
	return p->relayed;
}
