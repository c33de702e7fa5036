/* SPDX-License-Identifier: MIT */
/*
 * The ways to the other members, and the state of the links to them.
 *
 * We send to a member at its advertised address (`addr`).  A member behind a translation of addresses may answer only
 * at an address that it does not know.  So if the advertised address is silent, we use another address (`via`), and ask
 * at the advertised one now and then.  We use an address only after the member has answered, under its name, a question
 * that we sent there.  While the address in use answers, no other address replaces it: anybody can send datagrams in
 * the name of the member.
 *
 * If a member answers others but not us, the link between us is broken.  After two probes in a row that the member
 * answered to others alone, we ask it once in each probe interval (`struct link_check`).  Once it has missed as many of
 * our questions in a row as doubt_questions() requires at the present loss, we tell that the link is broken.  A direct
 * answer ends the check, and the link works again.
 */
#include <string.h>

#include "core/internal.h"

/*
 * How long the advertised address is not asked while another is in use: at first, and at most.  A translation of
 * addresses may lead to where the member was before.  Such a translation is forgotten two to three minutes after the
 * last datagram, and each question of ours would prolong it, so the first wait is longer.
 */
#define LINK_RETRY_FIRST swim_seconds(240)
#define RETRY_MOST swim_seconds(1920)

/* The link is checked after this many probes in a row that the member answered to others alone. */
#define CHECKED_AFTER 2
/* A little less than 30 s, for which a translation of addresses at least remembers a stream after its last datagram. */
#define REMEMBERED swim_seconds(25)

const struct swim_addr *
link_address(const struct member *m)
{
	const struct swim_addr *via = &extra_of(m)->via;

	return via->family != 0 ? via : &m->addr;
}

bool
link_is_routable(const struct member *m)
{
	return extra_of(m)->via.family != 0 || m->routable;
}

bool
link_is_routable_at(const struct member *m, const struct swim_addr *addr)
{
	const struct extra *x = extra_of(m);

	return swim_addr_equal(&x->also, addr) || swim_addr_equal(&x->via, addr) ||
	       (m->routable && swim_addr_equal(&m->addr, addr));
}

static bool
link_can_be_asked_at(const struct swim *s, const struct swim_addr *addr,
    const struct swim_addr *first)
{
	return addr->family != 0 && !swim_addr_equal(addr, first) && locate_reaches(s, addr);
}

const struct swim_addr *
link_second(const struct swim *s, const struct member *m, const struct swim_addr *first)
{
	const struct swim_addr *also = &extra_of(m)->also;

	if (link_can_be_asked_at(s, also, first))
		return also;
	return link_can_be_asked_at(s, &m->addr, first) ? &m->addr : NULL;
}

static void
link_schedule_retry(const struct swim *s, struct extra *x)
{
	int64_t wait = LINK_RETRY_FIRST.ns << x->retries;

	if (wait < RETRY_MOST.ns)
		x->retries++;
	x->via_until = swim_time_add(s->now, swim_ns(wait));
}

static void
link_ask_at(struct swim *s, struct member *m, const struct swim_addr *addr)
{
	struct link_retry *r = &s->link_retry;

	r->target = m;
	r->addr = *addr;
	question_open(s, &r->question, QUESTION_LINK_RETRY, core_seq(s));
	probe_ping_at(s, m, &r->addr, question_try(s, &r->question));
}

void
link_retry(struct swim *s, struct member *m)
{
	struct extra *x = m->extra;

	if (x == NULL || x->via.family == 0 || !swim_time_reached(s->now, x->via_until) ||
	    !link_can_be_asked_at(s, &m->addr, &x->via))
		return;
	link_schedule_retry(s, x);
	link_ask_at(s, m, &m->addr);
}

/* May we ask m at this address because a helper told it?  Not if we ourselves or another member live there. */
static bool
link_may_be_tried(const struct swim *s, const struct member *m, const struct swim_addr *addr)
{
	const struct member *there = locate_at(s, addr);

	return !swim_addr_is_wildcard(addr) && !swim_addr_is_multicast(addr) &&
	       (!swim_addr_is_loopback(addr) || swim_addr_is_loopback(&s->self->addr)) &&
	       (there == NULL || there == m) && link_can_be_asked_at(s, addr, &m->addr);
}

void
link_try(struct swim *s, const struct input *in, struct member *m)
{
	const struct wire_str *text = &in->msg->trailer.reached;
	struct swim_addr addr;

	if (!in->msg->trailer.has_reached || !swim_addr_parse(text->bytes, text->len, &addr) ||
	    !link_may_be_tried(s, m, &addr))
		return;
	link_ask_at(s, m, &addr);
}

void
link_reached(const struct swim *s, struct wire_str id, char *text, struct wire_trailer *trailer)
{
	const struct member *m = members_find(s, id.bytes, id.len);

	if (m == NULL || extra_of(m)->via.family == 0)
		return;
	trailer->has_reached = true;
	trailer->reached = wire_str_of(swim_addr_format_public(&m->extra->via, text));
}

void
link_heard(struct swim *s, const struct input *in)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);

	if (m != NULL && (input_is_from(in, &m->addr) || link_is_routable_at(m, &in->from)))
		probe_heard(s, in, m);
}

static void
link_take_way(const struct swim *s, struct extra *x, const struct swim_addr *addr)
{
	x->via = *addr;
	x->strayed = x->retries = 0;
	link_schedule_retry(s, x);
}

void
link_found(struct swim *s, struct member *m, const struct swim_addr *at)
{
	struct extra *x = extra_new(s, m);

	if (x == NULL)
		return;
	x->also = *at;
	/* As long as m has not answered at its advertised address, `at` is the only one that is known to work. */
	if (x->via.family != 0 || (m->routable && locate_reaches(s, &m->addr)) ||
	    !locate_reaches(s, at))
		return;
	link_take_way(s, x, at);
	/* We may not have asked at the advertised address yet: the next probe does. */
	x->via_until = s->now;
	x->retries = 0;
}

/* The member has answered us directly: its link works, or works again. */
static void
link_is_direct(struct swim *s, const struct input *in, struct member *m)
{
	bool was_broken = m->link == SWIM_PATH_RELAYED;

	if (m->extra != NULL) {
		m->extra->relayed = 0;
		question_close(s, &m->extra->late);
		extra_tidy(s, m);
	}
	m->link = SWIM_PATH_DIRECT;
	if (was_broken)
		link_report_changed(s);
	if (was_broken && members_is_announced(m))
		outbox_event(s, in, SWIM_EVENT_LINK_RECOVERED, m);
}

void
link_answered_at(struct swim *s, struct member *m, const struct swim_addr *asked)
{
	struct extra *x = m->extra;

	if (swim_addr_equal(asked, &m->addr)) {
		m->routable = true;
		if (x != NULL) {
			x->strayed = 0;
			x->via = (struct swim_addr){0};
			extra_tidy(s, m);
		}
		return;
	}
	if (swim_addr_equal(asked, &extra_of(m)->via))
		return;
	x = extra_new(s, m);
	if (x == NULL)
		return;
	/* A single answer lost on the way from the advertised address is no reason to leave that address. */
	if (x->via.family != 0 || !m->routable || ++x->strayed >= LOSS_QUESTIONS_LEAST)
		link_take_way(s, x, asked);
}

void
link_answered(struct swim *s, const struct input *in)
{
	struct wire_str id = in->msg->member.id;
	struct member *m = members_find(s, id.bytes, id.len);

	if (m != NULL && m != s->self && members_is_alive_or_suspect(m))
		link_is_direct(s, in, m);
}

static void
link_end_check(struct swim *s)
{
	question_close(s, &s->link_check.question);
}

static void
link_end_retry(struct swim *s)
{
	question_close(s, &s->link_retry.question);
}

/* The member that the answer names; NULL: we know no such member. */
static struct member *
link_answerer(const struct swim *s, const struct input *in)
{
	return members_find(s, in->msg->member.id.bytes, in->msg->member.id.len);
}

struct answer
link_check_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct link_check *c = question_owner(q, struct link_check, question);

	if (link_answerer(s, in) != c->target)
		return (struct answer){0};
	link_end_check(s);
	return (struct answer){.ours = true};
}

struct answer
link_retry_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct link_retry *r = question_owner(q, struct link_retry, question);
	struct member *m = r->target;

	if (link_answerer(s, in) != m)
		return (struct answer){0};
	link_end_retry(s);
	link_answered_at(s, m, &r->addr);
	return (struct answer){.ours = true};
}

struct answer
link_late_answered(struct swim *s, const struct input *in, struct question *q)
{
	const struct extra *x = question_owner(q, struct extra, late);
	const struct member *m = link_answerer(s, in);

	return (struct answer){.ours = m != NULL && m->extra == x};
}

/* Counts one more question that m answered to others alone, or not at all.  True: the link is broken. */
static bool
link_count_relayed(struct swim *s, const struct input *in, struct member *m)
{
	struct extra *x = extra_new(s, m);

	if (x != NULL && x->relayed < UINT8_MAX)
		x->relayed++;
	if (m->link == SWIM_PATH_RELAYED && RULE(link_told_once))
		return true;
	if (extra_of(m)->relayed < doubt_questions(s))
		return false;
	m->link = SWIM_PATH_RELAYED;
	link_report_changed(s);
	if (members_is_announced(m))
		outbox_event(s, in, SWIM_EVENT_LINK_FAILED, m);
	return true;
}

static void
link_ask(struct swim *s)
{
	struct link_check *c = &s->link_check;

	question_wait(s, &c->question, swim_time_add(s->now, s->config.timing.probe_interval));
	probe_ping(s, c->target, question_try(s, &c->question));
}

void
link_answered_others(struct swim *s, const struct input *in, struct member *m,
    struct question *direct)
{
	struct extra *x = extra_new(s, m);

	if (x != NULL)
		question_move(s, &x->late, QUESTION_LATE, direct);
	if (link_count_relayed(s, in, m) || extra_of(m)->relayed < CHECKED_AFTER ||
	    question_is_open(&s->link_check.question))
		return;
	s->link_check.target = m;
	question_open(s, &s->link_check.question, QUESTION_LINK_CHECK, core_seq(s));
	link_ask(s);
}

void
link_check_unanswered(struct swim *s, const struct input *in, struct question *q)
{
	const struct link_check *c = question_owner(q, struct link_check, question);

	/* The failure detector asks a suspect, so the check of its link ends. */
	if (members_status(c->target) != SWIM_ALIVE || link_count_relayed(s, in, c->target))
		link_end_check(s);
	else
		link_ask(s);
}

void
link_stalled(struct swim *s)
{
	link_end_check(s);
}

void
link_stop(struct swim *s, const struct member *m)
{
	if (s->link_check.target == m)
		link_end_check(s);
	if (s->link_retry.target == m)
		link_end_retry(s);
}

void
link_forget(struct swim *s, struct member *m)
{
	struct extra *x = m->extra;

	if (x == NULL)
		return;
	x->also = x->via = (struct swim_addr){0};
	x->relayed = x->strayed = x->retries = 0;
	question_close(s, &x->late);
	extra_tidy(s, m);
}

bool
link_may_have_lapsed(const struct swim *s, const struct member *m)
{
	return extra_of(m)->via.family != 0 &&
	       swim_time_since(s->now, m->heard).ns >= REMEMBERED.ns;
}

enum swim_path
link_path(const struct swim *s, const struct member *m)
{
	if (m == s->self)
		return SWIM_PATH_DIRECT;
	/* We cannot send to the member's family of addresses. */
	if (!locate_is_reached(s, m))
		return extra_of(m)->helper != 0 ? SWIM_PATH_RELAYED : SWIM_PATH_UNKNOWN;
	return m->link;
}

struct member *
link_speaker(const struct swim *s, const struct input *in, const struct swim_addr *from)
{
	struct member *m = members_find(s, in->speaker.bytes, in->speaker.len);

	if (m != NULL && members_is_visible(m) && link_is_routable_at(m, from))
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
