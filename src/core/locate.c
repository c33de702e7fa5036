/* SPDX-License-Identifier: MIT */
/*
 * The addresses of members.  An address is told without a zone, as a zone means nothing to another machine.  The zone
 * of a link-local address is what we know ourselves: the interface by which its owner, or a member that told of it,
 * was heard.
 */
#include <string.h>

#include "core/internal.h"

void
locate_parse(const struct input *in, struct member *m)
{
	m->addr = (struct swim_addr){0};
	m->by_host = !swim_addr_parse(m->address, strlen(m->address), &m->addr);
	m->addr.scope = swim_addr_is_link_local(&m->addr) ? in->zone : 0;
}

static bool
locate_is_live_or_self(const struct swim *s, const struct member *m)
{
	return members_is_live(m) || m == s->self;
}

/* The same as locate_at(), with the member `except` left out. */
static struct member *
locate_other(const struct swim *s, const struct swim_addr *addr, const struct member *except)
{
	struct index_key key = {.name = "", .name_len = 0, .addr = addr};
	struct member *found = NULL;

	for (size_t i = index_lower(&s->located, index_by_address, &key); i < s->located.count;
	     i++) {
		struct member *m = s->located.v[i];

		if (!swim_addr_equal(&m->addr, addr))
			break;
		if (m == except)
			continue;
		if (locate_is_live_or_self(s, m))
			return m;
		if (found == NULL)
			found = m;
	}
	return found;
}

struct member *
locate_at(const struct swim *s, const struct swim_addr *addr)
{
	return locate_other(s, addr, NULL);
}

struct member *
locate_each_at(const struct swim *s, const struct swim_addr *addr, size_t *i)
{
	struct index_key key = {.name = "", .name_len = 0, .addr = addr};
	size_t at = index_lower(&s->located, index_by_address, &key) + *i;

	if (at >= s->located.count || !swim_addr_equal(&s->located.v[at]->addr, addr))
		return NULL;
	++*i;
	return s->located.v[at];
}

bool
locate_is_shared(const struct swim *s, const struct member *member)
{
	const struct member *other =
	    member->addr.family == 0 ? NULL : locate_other(s, &member->addr, member);

	return other != NULL && locate_is_live_or_self(s, other);
}

/* The member has a new address: forget what its answers from the former address showed. */
static void
locate_forget_answers(struct swim *s, struct member *m)
{
	if (members_has_answered(m))
		members_note_answered(m);
	if (m->extra != NULL)
		question_close(s, &m->extra->routable_question);
	link_forget(s, m);
	m->routable = m->was_routable = false;
	m->rtt = (struct rtt){0};
	m->rtt_count = 0;
}

bool
locate_move(struct swim *s, const struct input *in, struct member *m, const char *address,
    size_t len)
{
	char *copy = core_alloc(s, len + 1);

	if (copy == NULL)
		return false;
	memcpy(copy, address, len);
	copy[len] = '\0';
	members_digest_toggle(s, m);
	if (m->addr.family != 0)
		index_remove(&s->located, index_by_address, m);
	core_release(s, m->address);
	m->address = copy;
	locate_parse(in, m);
	m->there_since = s->now;
	locate_forget_answers(s, m);
	/* That nobody answers at the former address says nothing of the new one: end the probe. */
	probe_forget(s, m);
	if (m->addr.family != 0)
		index_insert(&s->located, index_by_address, m);
	members_digest_toggle(s, m);
	return true;
}

static void
locate_set_found(struct swim *s, struct member *m, const struct swim_addr *addr)
{
	if (m->addr.family != 0)
		index_remove(&s->located, index_by_address, m);
	m->addr = *addr;
	locate_forget_answers(s, m);
	if (m->addr.family != 0)
		index_insert(&s->located, index_by_address, m);
}

void
locate_found(struct swim *s, const struct input *in, struct member *m, const struct swim_addr *addr)
{
	locate_set_found(s, m, addr);
	if (members_is_live(m))
		apply_replace_unnamed(s, in, m);
}

void
swim_resolved(struct swim *s, const char *hostport, const struct swim_addr *addr)
{
	struct input_room room;
	const struct member *resolved = NULL;

	for (size_t i = 0; i < s->table.count; i++) {
		struct member *m = s->table.v[i];

		if (!m->by_host || strcmp(m->address, hostport) != 0 ||
		    swim_addr_equal(&m->addr, addr))
			continue;
		locate_set_found(s, m, addr);
		if (members_is_live(m))
			resolved = m;
	}
	/* An unnamed peer at this address is that member. */
	if (resolved != NULL)
		apply_replace_unnamed(s, input_own(s, &room), resolved);
}

static void
locate_set_zone(struct swim *s, struct member *m, uint32_t zone)
{
	index_remove(&s->located, index_by_address, m);
	m->addr.scope = zone;
	index_insert(&s->located, index_by_address, m);
}

bool
locate_reaches(const struct swim *s, const struct swim_addr *addr)
{
	/* Every machine has loopback and link-local addresses. */
	if (swim_addr_is_loopback(addr) || swim_addr_is_link_local(addr))
		return true;
	return !(addr->family == 4 && s->no_v4) && !(addr->family == 6 && s->no_v6);
}

bool
locate_is_reached(const struct swim *s, const struct member *m)
{
	return locate_reaches(s, link_address(m));
}

void
locate_heard(struct swim *s, struct member *m, const struct swim_addr *from)
{
	struct swim_addr here = m->addr;

	here.scope = from->scope;
	if (swim_addr_is_link_local(from) && m->addr.scope != from->scope &&
	    swim_addr_equal(&here, from))
		locate_set_zone(s, m, from->scope);
}

void
locate_told(struct swim *s, const struct input *in, struct member *m)
{
	if (swim_addr_is_link_local(&m->addr) && m->addr.scope == 0 && in->zone != 0)
		locate_set_zone(s, m, in->zone);
}

void
swim_move_zone(struct swim *s, swim_time now, uint32_t from, uint32_t to)
{
	s->now = now;
	if (from == 0)
		return;
	for (size_t i = 0; i < s->table.count; i++) {
		struct member *m = s->table.v[i];

		if (m != s->self && m->addr.scope == from)
			locate_set_zone(s, m, to);
		if (m->extra != NULL && m->extra->also.scope == from)
			m->extra->also.scope = to;
		if (m->extra != NULL && m->extra->via.scope == from)
			m->extra->via.scope = to;
	}
}

void
swim_set_reach(struct swim *s, swim_time now, bool v4, bool v6)
{
	s->now = now;
	if (s->no_v4 == !v4 && s->no_v6 == !v6)
		return;
	s->no_v4 = !v4;
	s->no_v6 = !v6;
	/* Use the advertised addresses again as soon as they answer; they are better than those that replaced them. */
	for (size_t i = 0; i < s->table.count; i++) {
		struct extra *x = s->table.v[i]->extra;

		if (x == NULL)
			continue;
		if (x->via.family != 0 && !locate_reaches(s, &x->via))
			x->via = (struct swim_addr){0};
		x->via_until = s->now;
	}
}
