/* SPDX-License-Identifier: MIT */
/*
 * How large datagrams to each member may be.  A tunnel that drops fragments and ICMP messages silently loses datagrams
 * above some size.  So we find out for each member, from end to end, which sizes arrive, much as RFC 8899 does
 * (packetization layer path MTU discovery):
 *
 *  - The datagrams of the failure detector (ping, ping-req, ack) have at most PATH_BASE bytes, so that no amount of
 *    gossip makes a living member look dead.
 *  - Gossip and pages have up to max_datagram bytes, until a large datagram to a member has no answer and a smaller one
 *    has.  From then on the smaller size bounds all datagrams to that member.  Gossip has no answer.  So the first
 *    gossip datagram that is larger than PATH_BASE, and then one in a minute, is sent as a ping, whose ack shows that
 *    it arrived.
 *  - Later, and more and more seldom, a padded ping tries the next larger size.  Its ack is padded too, so that the size
 *    has to arrive both ways.
 */
#include <string.h>

#include "core/internal.h"

/* The sizes that are tried one after the other, up to max_datagram; bytes of a datagram. */
static const uint16_t sizes[] = {
    PATH_FLOOR,
    PATH_BASE,
    1232, /* IPv6 guarantees packets of 1,280 bytes */
    WIRE_DATAGRAM_DEFAULT,
    1452, /* Ethernet's 1,500 with IPv6 */
    4096,
    8952, /* jumbo frames of 9,000 with IPv6 */
    16384,
    32768,
    WIRE_DATAGRAM_MAX,
};

#define PADDED_TRIES 3       /* padded pings of one size (RFC 8899, MAX_PROBES) */
#define PATIENCE 3           /* probe timeouts until large gossip counts as lost */
#define PATH_RETRY_FIRST 5U  /* seconds until a larger size is tried; doubles each time */
#define RETRY_DOUBLINGS 7    /* up to 640 s (RFC 8899, PMTU_RAISE_TIMER: 600 s) */
#define CONFIRMED_SECONDS 60 /* after an answer, max_datagram counts as arriving for this long */

/* Seconds since swim_new(), the unit of member.path_at. */
static uint32_t
path_seconds_of(const struct swim *s)
{
	return (uint32_t)(swim_time_since(s->now, s->began).ns / 1000000000);
}

static bool
path_is_due(const struct swim *s, const struct member *m)
{
	return path_seconds_of(s) >= m->path_at;
}

size_t
path_most(const struct swim *s, const struct member *m)
{
	size_t most = s->config.max_datagram;

	if (m == NULL)
		return most;
	/* A base peer never sends a large datagram or asks for one, so no size is found out for it. */
	if (base_is_peer(m))
		return PATH_BASE;
	return m->path_size == 0 || m->path_size > most ? most : m->path_size;
}

size_t
path_safe(const struct swim *s, const struct member *m)
{
	size_t most = path_most(s, m);

	return most < PATH_BASE ? most : PATH_BASE;
}

size_t
path_retry(size_t most, unsigned tries)
{
	size_t least = tries < 1 ? WIRE_DATAGRAM_MAX : tries < 3 ? PATH_BASE : PATH_FLOOR;

	return most < least || !RULE(retry_is_smaller) ? most : least;
}

static bool
path_is_reduced(const struct swim *s, const struct member *m)
{
	return m->path_size != 0 && m->path_size < s->config.max_datagram;
}

/* Counts anew what the metrics tell of the paths of all members. */
static void
path_count_reduced(struct swim *s)
{
	size_t smallest = s->config.max_datagram, count = 0;

	for (size_t i = 0; i < s->table.count; i++) {
		const struct member *m = s->table.v[i];

		if (!path_is_reduced(s, m) || !members_is_live(m))
			continue;
		count++;
		if (m->path_size < smallest)
			smallest = m->path_size;
	}
	s->stats.paths_reduced = count;
	s->stats.path_smallest = smallest;
}

static swim_time
path_next_look(const struct swim *s)
{
	return swim_time_add(s->now, s->config.timing.probe_interval);
}

static void
path_retry_later(struct swim *s, struct member *m)
{
	m->path_at = path_seconds_of(s) + (PATH_RETRY_FIRST << m->path_tries);
	if (m->path_tries < RETRY_DOUBLINGS)
		m->path_tries++;
	if (swim_time_is_never(s->path_next))
		s->path_next = path_next_look(s);
}

void
path_fell(struct swim *s, struct member *m, size_t to)
{
	if (m == NULL || m == s->self || to >= path_most(s, m))
		return;
	m->path_size = (uint16_t)to;
	s->stats.paths_fallen++;
	path_retry_later(s, m);
	path_count_reduced(s);
}

void
path_holds(struct swim *s, struct member *m, size_t size)
{
	bool whole = size >= s->config.max_datagram;

	/* The answer to a small datagram does not show that larger ones do not arrive. */
	if (m == NULL || m == s->self || (m->path_size == 0 ? !whole : size < m->path_size))
		return;
	/* The whole size has arrived for a minute, so a later fall begins with the first wait again. */
	if (whole && m->path_size == size && path_is_due(s, m))
		m->path_tries = 0;
	if (m->path_size != size) {
		s->stats.paths_raised += m->path_size != 0;
		m->path_size = (uint16_t)size;
		m->path_at = path_seconds_of(s);
		path_count_reduced(s);
	}
	if (whole)
		m->path_at = path_seconds_of(s) + CONFIRMED_SECONDS;
}

bool
path_is_open(const struct swim *s, const struct member *m)
{
	return m->peer == PEER_SWIMD &&
	       (m->path_size == 0 || (!path_is_reduced(s, m) && path_is_due(s, m)));
}

size_t
path_step(const struct swim *s, size_t size)
{
	size_t most = s->config.max_datagram;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] >= size)
			return sizes[i] < most ? sizes[i] : most;
	}
	return most;
}

/* A free slot; NULL: there is none. */
static struct path_check *
path_vacant(struct swim *s)
{
	for (size_t i = 0; i < PATH_CHECKS_MAX; i++) {
		if (!question_is_open(&s->path_checks[i].question))
			return &s->path_checks[i];
	}
	return NULL;
}

bool
path_watch(struct swim *s, struct member *m, uint64_t seq, size_t size)
{
	struct path_check *c = path_vacant(s);

	if (c == NULL)
		return false;
	question_fini(&c->question);
	*c = (struct path_check){.target = m, .size = size};
	question_open(s, &c->question, QUESTION_PATH, seq);
	question_try(s, &c->question);
	question_wait(s, &c->question,
	    swim_time_add(s->now, swim_ns(PATIENCE * s->config.timing.probe_timeout.ns)));
	return true;
}

void
path_forget(struct swim *s, const struct member *m)
{
	for (size_t i = 0; i < PATH_CHECKS_MAX; i++) {
		if (s->path_checks[i].target == m)
			question_close(s, &s->path_checks[i].question);
	}
}

static void
path_send_padded(struct swim *s, struct path_check *c)
{
	struct wire_trailer trailer;
	struct wire_writer w;
	/* An answer to any of the pings of this size counts until the last ping has had its time. */
	uint64_t seq = question_repeat(s, &c->question);

	question_wait(s, &c->question, swim_time_add(s->now, s->config.timing.probe_timeout));
	outbox_trailer_named(s, &trailer);
	trailer.has_answer_size = true;
	trailer.answer_size = (uint16_t)c->size;
	if (!outbox_begin(s, &w, &trailer, s->config.max_datagram))
		return;
	s->stats.path_trials++;
	s->stats.path_trial_bytes += c->size;
	wire_begin_ping(&w, seq);
	outbox_end_to(s, &w, &trailer, c->size, c->target);
}

/* Tries a larger size on one member that is due.  False: no member has a reduced size. */
static bool
path_try_next(struct swim *s)
{
	struct path_check *c = path_vacant(s);
	bool any = false;

	for (size_t n = 0; n < s->live_count; n++) {
		struct member *m = s->live[(s->path_at + n) % s->live_count];

		if (!path_is_reduced(s, m))
			continue;
		any = true;
		if (c == NULL || !path_is_due(s, m) || members_status(m) != SWIM_ALIVE ||
		    !link_is_routable(m) || m->peer != PEER_SWIMD || !locate_is_reached(s, m))
			continue;
		s->path_at = (s->path_at + n + 1) % s->live_count;
		question_fini(&c->question);
		*c = (struct path_check){.target = m,
		    .size = path_step(s, m->path_size + 1U),
		    .padded = true};
		question_open(s, &c->question, QUESTION_PATH, core_seq(s));
		/* The next trial is due after this one has ended. */
		path_retry_later(s, m);
		path_send_padded(s, c);
		break;
	}
	return any;
}

/* The size does not arrive, or the member is silent. */
static void
path_give_up(struct swim *s, struct path_check *c)
{
	struct member *m = c->target;

	question_close(s, &c->question);
	/*
	 * After a trial nothing is left to do: path_retry_later() was called when it began.  The silence of a member
	 * that may be dead says nothing about sizes.
	 */
	if (!c->padded && members_status(m) == SWIM_ALIVE)
		path_fell(s, m, PATH_BASE);
}

struct answer
path_answered(struct swim *s, const struct input *in, struct question *q)
{
	struct path_check *c = question_owner(q, struct path_check, question);
	struct member *m = c->target;

	if (!probe_same_id(in->msg->member.id, m) || !input_is_from(in, link_address(m)))
		return (struct answer){0};
	question_close(s, q);
	if (c->padded && m->path_tries > 0)
		m->path_tries--;
	path_holds(s, m, c->size);
	return (struct answer){.ours = true};
}

void
path_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	struct path_check *c = question_owner(q, struct path_check, question);

	(void)in; /* nothing is told */
	if (c->padded && q->tries < PADDED_TRIES)
		path_send_padded(s, c);
	else
		path_give_up(s, c);
}

void
path_tick(struct swim *s)
{
	if (swim_time_reached(s->now, s->path_next))
		s->path_next = RULE(path_is_tried_again) && path_try_next(s) ? path_next_look(s)
									     : SWIM_TIME_NEVER;
}

swim_time
path_deadline(const struct swim *s)
{
	return s->path_next;
}
