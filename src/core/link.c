/* SPDX-License-Identifier: MIT */
/*
 * The ways to the other members.  We send to a member at the address that it advertises.  Where that address is silent,
 * and the member has answered questions of ours at another address (behind a translation of addresses it speaks from an
 * address that it does not know itself), we use the other address, and try the advertised one now and then.  We use only
 * addresses that have answered, under the member's name, a question which went there; and as long as the address in use
 * answers, no other address replaces it, whoever speaks from there in the member's name.
 *
 * The link between a member that answers others but not us and us is broken.  After two probes in a row with that outcome
 * we ask the member once a probe interval.  Once it has left as many questions unanswered as silence takes at the present
 * loss, we tell that the link is broken.
 */
#include <string.h>

#include "core/internal.h"

/*
 * How long a silent address is left alone before it is asked again, at first and at most.  The first is longer than a
 * translation of addresses remembers a stream that has ended (two to three minutes): one that leads to where the
 * member was before is forgotten only when nobody asks there.
 */
#define RETRY_FIRST swim_seconds(240)
#define RETRY_MOST swim_seconds(1920)

/* After so many probes in a row that the member answered to others alone, the link is checked. */
#define CHECKED_AFTER 2
/* A translation of addresses remembers a stream for at least this long after its last datagram: 30 s, less some. */
#define REMEMBERED swim_seconds(25)

const struct swim_addr *
link_way(const struct member *m)
{
	return m->via.family != 0 ? &m->via : &m->addr;
}

bool
link_is_shown(const struct member *m)
{
	return m->via.family != 0 || m->proven;
}

bool
link_is_shown_at(const struct member *m, const struct swim_addr *addr)
{
	return swim_addr_equal(&m->also, addr) || swim_addr_equal(&m->via, addr) ||
	       (m->proven && swim_addr_equal(&m->addr, addr));
}

static bool
can_be_asked_at(const struct swim *s, const struct swim_addr *addr, const struct swim_addr *first)
{
	return addr->family != 0 && !swim_addr_equal(addr, first) && locate_reaches(s, addr);
}

const struct swim_addr *
link_second(const struct swim *s, const struct member *m, const struct swim_addr *first)
{
	if (can_be_asked_at(s, &m->also, first))
		return &m->also;
	return can_be_asked_at(s, &m->addr, first) ? &m->addr : NULL;
}

static void
schedule_retry(const struct swim *s, struct member *m)
{
	int64_t wait = RETRY_FIRST.ns << m->retries;

	if (wait < RETRY_MOST.ns)
		m->retries++;
	m->via_until = swim_time_add(s->now, swim_ns(wait));
}

void
link_retry(struct swim *s, struct member *m)
{
	struct link_retry *r = &s->link_retry;

	if (m->via.family == 0 || !swim_time_reached(s->now, m->via_until) ||
	    !can_be_asked_at(s, &m->addr, &m->via))
		return;
	schedule_retry(s, m);
	*r = (struct link_retry){.target = m, .seq = core_seq(s), .addr = m->addr};
	probe_ping_at(s, m, &r->addr, r->seq);
}

/* May we send a question there because anybody said so?  Not to an address of our own or of another member. */
static bool
may_be_tried(const struct swim *s, const struct member *m, const struct swim_addr *addr)
{
	const struct member *there = locate_at(s, addr);

	return !swim_addr_is_wildcard(addr) && !swim_addr_is_multicast(addr) &&
	       (!swim_addr_is_loopback(addr) || swim_addr_is_loopback(&s->self->addr)) &&
	       (there == NULL || there == m) && can_be_asked_at(s, addr, &m->addr);
}

void
link_try(struct swim *s, const struct input *in, struct member *m)
{
	const struct wire_str *text = &in->msg->trailer.reached;
	struct link_retry *r = &s->link_retry;
	struct swim_addr addr;

	if (!in->msg->trailer.has_reached || !swim_addr_parse(text->bytes, text->len, &addr) ||
	    !may_be_tried(s, m, &addr))
		return;
	*r = (struct link_retry){.target = m, .seq = core_seq(s), .addr = addr};
	probe_ping_at(s, m, &r->addr, r->seq);
}

void
link_reached(const struct swim *s, struct wire_str id, char *text, struct wire_trailer *trailer)
{
	const struct member *m = members_find(s, id.bytes, id.len);

	if (m == NULL || m->via.family == 0)
		return;
	trailer->has_reached = true;
	trailer->reached = wire_str_of(swim_addr_format_public(&m->via, text));
}

void
link_heard(struct swim *s, const struct input *in)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);

	if (m != NULL && (input_is_from(in, &m->addr) || link_is_shown_at(m, &in->from)))
		probe_heard(s, in, m);
}

static void
take_way(struct swim *s, struct member *m, const struct swim_addr *addr)
{
	m->via = *addr;
	m->strayed = m->retries = 0;
	schedule_retry(s, m);
}

void
link_found(struct swim *s, struct member *m)
{
	/* The member has never answered at its own address: until it does, only this address is known to work. */
	if (m->via.family != 0 || (m->proven && locate_reaches(s, &m->addr)) ||
	    !locate_reaches(s, &m->also))
		return;
	take_way(s, m, &m->also);
	/* But we may not have asked it there yet: the next probe does. */
	m->via_until = s->now;
	m->retries = 0;
}

static void
is_direct(struct swim *s, const struct input *in, struct member *m)
{
	bool was_broken = m->link == SWIM_PATH_RELAYED;

	m->missed = 0;
	m->late_seq = 0;
	m->link = SWIM_PATH_DIRECT;
	if (was_broken)
		link_report_changed(s);
	if (was_broken && m->announced)
		outbox_event(s, in, SWIM_EVENT_LINK_RECOVERED, m);
}

void
link_answered_at(struct swim *s, struct member *m, const struct swim_addr *asked)
{
	if (swim_addr_equal(asked, &m->addr)) {
		m->proven = true;
		m->strayed = 0;
		m->via = (struct swim_addr){0};
		return;
	}
	if (swim_addr_equal(asked, &m->via))
		return;
	/* One answer that was lost on the way from its own address is no reason to look for it elsewhere. */
	if (m->via.family != 0 || !m->proven || ++m->strayed >= LOSS_QUESTIONS_LEAST)
		take_way(s, m, asked);
}

void
link_answered(struct swim *s, const struct input *in)
{
	struct wire_str id = in->msg->member.id;
	struct member *m = members_find(s, id.bytes, id.len);

	if (m != NULL && m != s->self && !m->hidden && swim_status_is_live(m->status))
		is_direct(s, in, m);
}

bool
link_ack(struct swim *s, const struct input *in)
{
	struct link_check *c = &s->link_check;
	struct wire_str id = in->msg->member.id;
	struct member *m = members_find(s, id.bytes, id.len);

	if (m == NULL)
		return false;
	if (m == s->link_retry.target && in->msg->seq == s->link_retry.seq) {
		s->link_retry.target = NULL;
		link_answered_at(s, m, &s->link_retry.addr);
		return true;
	}
	if (m == c->target && in->msg->seq - c->seq < c->tries) {
		c->target = NULL;
		return true;
	}
	return m->late_seq != 0 && in->msg->seq == m->late_seq;
}

bool
link_asks(const struct swim *s, uint64_t seq)
{
	const struct link_check *c = &s->link_check;
	const struct link_retry *r = &s->link_retry;

	return (c->target != NULL && seq - c->seq < c->tries) ||
	       (r->target != NULL && seq == r->seq);
}

/* One more question that m answered to others alone; true: the link is broken now. */
static bool
count_miss(struct swim *s, const struct input *in, struct member *m)
{
	if (m->missed < UINT8_MAX)
		m->missed++;
	if (m->link == SWIM_PATH_RELAYED)
		return true;
	if (m->missed < loss_questions(&s->loss))
		return false;
	m->link = SWIM_PATH_RELAYED;
	link_report_changed(s);
	if (m->announced)
		outbox_event(s, in, SWIM_EVENT_LINK_FAILED, m);
	return true;
}

static void
ask(struct swim *s)
{
	struct link_check *c = &s->link_check;

	c->next = swim_time_add(s->now, s->config.timing.probe_interval);
	probe_ping(s, c->target, c->seq + c->tries++);
}

void
link_missed(struct swim *s, const struct input *in, struct member *m, uint64_t seq)
{
	m->late_seq = seq;
	if (count_miss(s, in, m) || m->missed < CHECKED_AFTER || s->link_check.target != NULL)
		return;
	s->link_check = (struct link_check){.target = m, .seq = core_seq(s)};
	ask(s);
}

void
link_tick(struct swim *s, const struct input *in)
{
	struct link_check *c = &s->link_check;

	if (c->target == NULL || !swim_time_reached(s->now, c->next))
		return;
	/* A suspect is for the failure detector. */
	if (c->target->status != SWIM_ALIVE || count_miss(s, in, c->target))
		c->target = NULL;
	else
		ask(s);
}

swim_time
link_deadline(const struct swim *s)
{
	return s->link_check.target != NULL ? s->link_check.next : SWIM_TIME_NEVER;
}

void
link_stalled(struct swim *s)
{
	s->link_check.target = NULL;
}

void
link_stop(struct swim *s, const struct member *m)
{
	if (s->link_check.target == m)
		s->link_check.target = NULL;
	if (s->link_retry.target == m)
		s->link_retry.target = NULL;
}

void
link_forget(struct member *m)
{
	m->also = m->via = (struct swim_addr){0};
	m->missed = m->strayed = m->retries = 0;
	m->late_seq = 0;
}

bool
link_is_stale(const struct swim *s, const struct member *m)
{
	return m->via.family != 0 && swim_time_since(s->now, m->heard).ns >= REMEMBERED.ns;
}

enum swim_path
link_path(const struct swim *s, const struct member *m)
{
	if (m == s->self)
		return SWIM_PATH_DIRECT;
	/* Of a family of addresses that we lack. */
	if (!locate_is_reached(s, m))
		return m->helper != 0 ? SWIM_PATH_RELAYED : SWIM_PATH_UNKNOWN;
	return (enum swim_path)m->link;
}

struct member *
link_speaker(const struct swim *s, const struct input *in, const struct swim_addr *from)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);

	if (m != NULL && !m->hidden && link_is_shown_at(m, from))
		return m;
	return locate_at(s, from);
}

const char *
swim_path_name(enum swim_path path)
{
	switch (path) {
	case SWIM_PATH_DIRECT:
		return "direct";
	case SWIM_PATH_RELAYED:
		return "relayed";
	case SWIM_PATH_UNKNOWN:
		break;
	}
	return "unknown";
}
