/* SPDX-License-Identifier: MIT */
/* Reports: copies of what the core knows, for its caller. */
#include <assert.h>
#include <string.h>

#include "core/internal.h"

void
report_member(const struct swim *s, const struct member *m, struct swim_report *out)
{
	size_t address_len = strlen(m->address);

	memcpy(out->name, m->name, (size_t)m->name_len + 1);
	out->name_len = m->name_len;
	if (address_len > SWIM_HOSTPORT_MAX)
		address_len = SWIM_HOSTPORT_MAX;
	memcpy(out->address, m->address, address_len);
	out->address[address_len] = '\0';
	out->zone = m->addr.scope;
	out->status = members_status(m);
	out->incarnation = m->incarnation;
	out->local = m == s->self;
	if (m->tags_len > 0)
		memcpy(out->tags, m->tags, m->tags_len);
	out->tags_len = m->tags_len;
	out->kind = base_kind(s, m);
	out->answered = members_has_answered(m);
	out->since = m->since;
	out->path = link_path(s, m);
	out->heard = m == s->self ? s->now : m->heard;
	out->rtt = m->rtt_count > 0 && out->path != SWIM_PATH_RELAYED ? m->rtt.smoothed
								      : swim_ns(-1);
}

size_t
swim_member_count(const struct swim *s)
{
	return s->named.count;
}

void
swim_member_at(const struct swim *s, size_t i, struct swim_report *out)
{
	assert(i < s->named.count);
	report_member(s, s->named.v[i], out);
}

bool
swim_member_find(const struct swim *s, const char *name, size_t name_len, struct swim_report *out)
{
	const struct member *m = members_find(s, name, name_len);

	if (m == NULL || !members_is_visible(m))
		return false;
	report_member(s, m, out);
	return true;
}

bool
swim_member_by_address(const struct swim *s, const struct swim_addr *address,
    struct swim_report *out)
{
	const struct member *m = locate_at(s, address);

	if (m == NULL || !members_is_visible(m))
		return false;
	report_member(s, m, out);
	return true;
}

void
swim_self(const struct swim *s, struct swim_report *out)
{
	report_member(s, s->self, out);
}

uint64_t
swim_incarnation(const struct swim *s)
{
	return s->self->incarnation;
}

void
swim_stats(const struct swim *s, struct swim_stats *out)
{
	*out = s->stats;
	memcpy(out->members, s->status_count, sizeof(out->members));
	out->rumours = s->rumours.count;
	out->digest = s->digest;
	out->local_health = s->doubt.health;
}

const char *
swim_ignore_word(enum swim_ignore reason)
{
	switch (reason) {
	case SWIM_IGNORE_BAD_NAME:
		return "bad-name";
	case SWIM_IGNORE_BAD_ADDRESS:
		return "bad-address";
	case SWIM_IGNORE_JUMP:
		return "incarnation-jump";
	case SWIM_IGNORE_MEMBER_LIMIT:
		return "member-limit";
	case SWIM_IGNORE_CONFLICT:
		return "address-conflict";
	case SWIM_IGNORE_NO_MEMORY:
		return "no-memory";
	case SWIM_IGNORE_RATE:
		return "rate";
	}
	return "unknown";
}
