/* SPDX-License-Identifier: MIT */
/* Writes messages as one line of text, for the trace log and for `swimctl decode`. */
#include "wire/wire.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/tags.h"

#define ELLIPSIS "..."

/* Text that grows up to `end`; after the first piece that did not fit nothing more is added. */
struct text {
	char *pos;
	char *end; /* the ellipsis and the NUL have room after it */
	bool cut;
};

static void
format_put(struct text *t, const char *bytes, size_t n)
{
	if (t->cut || n > (size_t)(t->end - t->pos)) {
		t->cut = true;
		return;
	}
	memcpy(t->pos, bytes, n);
	t->pos += n;
}

__attribute__((format(printf, 2, 3))) static void
format_putf(struct text *t, const char *format, ...)
{
	char piece[128];
	va_list args;
	int n;

	va_start(args, format);
	/* clang-tidy 14 raises a false alarm here when it is given several files. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	n = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(piece));
	format_put(t, piece, (size_t)n);
}

static void
format_put_str(struct text *t, const struct wire_str *s)
{
	char piece[16];

	if (s->len == 0)
		format_put(t, "\"\"", 2);
	for (size_t done = 0; done < s->len && !t->cut;) {
		uint32_t cp;
		size_t n = utf8_next(s->bytes + done, s->len - done, &cp);

		n = n > 0 ? n : 1;
		format_put(t, piece, utf8_escape(s->bytes + done, n, true, piece, sizeof(piece)));
		done += n;
	}
}

static void
format_put_member(struct text *t, const char *role, const struct wire_member_id *m)
{
	format_putf(t, " %s=", role);
	format_put_str(t, &m->id);
	format_put(t, "@", 1);
	format_put_str(t, &m->address);
}

static void
format_put_tags(struct text *t, const struct wire_str *tags)
{
	struct wire_tag tag;
	size_t offset = 0;

	format_putf(t, " tags={");
	for (bool first = true; wire_tags_next(tags->bytes, tags->len, &offset, &tag);
	     first = false) {
		if (!first)
			format_put(t, ",", 1);
		format_put_str(t, &tag.key);
		format_put(t, "=", 1);
		format_put_str(t, &tag.value);
	}
	format_put(t, "}", 1);
}

static void
format_put_update(struct text *t, const struct wire_update *u, bool sync)
{
	format_put_str(t, &u->member.id);
	format_put(t, "@", 1);
	format_put_str(t, &u->member.address);
	format_putf(t, " %s %llu", swim_status_name(u->status), (unsigned long long)u->incarnation);
	if ((u->flags & WIRE_FLAG_FORGET) != 0)
		format_putf(t, " forget");
	if ((u->flags & WIRE_FLAG_PARTIAL) != 0)
		format_putf(t, " partial");
	if ((u->flags & WIRE_FLAG_ANSWERED) != 0)
		format_putf(t, " answered");
	if ((u->flags & WIRE_FLAG_UNANSWERED) != 0)
		format_putf(t, " unanswered");
	if ((u->flags & WIRE_FLAG_BASE) != 0)
		format_putf(t, " base");
	if (u->tags.len > 0)
		format_put_tags(t, &u->tags);
	for (unsigned i = 0; i < u->accuser_count; i++)
		format_putf(t, "%s%016llx", i == 0 ? " accusers=" : "+",
		    (unsigned long long)u->accusers[i]);
	if (sync)
		format_putf(t, " age=%us", (unsigned)u->age_s);
}

/* updates=[id@address status incarnation, ...] */
static void
format_put_updates(struct text *t, const struct wire_updates *list)
{
	struct wire_updates_iter iter = {0};
	struct wire_update u;

	format_put(t, " updates=[", 10);
	while (!t->cut && wire_updates_next(list, &iter, &u)) {
		if (iter.index > 1)
			format_put(t, ", ", 2);
		format_put_update(t, &u, list->sync);
	}
	format_put(t, "]", 1);
}

static void
format_put_cursor(struct text *t, const struct wire_cursor *c)
{
	if (c->bucket == WIRE_SYNC_BUCKETS)
		format_putf(t, " cursor=end");
	else
		format_putf(t, " cursor=%u/%016llx", (unsigned)c->bucket,
		    (unsigned long long)c->after);
}

static void
format_put_links(struct text *t, const struct wire_trailer *trailer)
{
	struct wire_links links;
	size_t offset = 0;

	while (wire_links_next(trailer, &offset, &links)) {
		format_putf(t, " links=%016llx/%llu:%u", (unsigned long long)links.teller,
		    (unsigned long long)links.stamp, (unsigned)links.total);
		for (unsigned i = 0; i < links.count; i++)
			format_putf(t, "+%016llx", (unsigned long long)links.peers[i]);
	}
}

static void
format_put_trailer(struct text *t, const struct wire_trailer *trailer)
{
	if (trailer->has_cluster) {
		format_putf(t, " cluster=");
		format_put_str(t, &trailer->cluster);
	}
	if (trailer->has_sender) {
		format_putf(t, " sender=");
		format_put_str(t, &trailer->sender);
	}
	if (trailer->has_digest)
		format_putf(t, " digest=%016llx", (unsigned long long)trailer->digest);
	if (trailer->has_removals)
		format_putf(t, " removals=%016llx", (unsigned long long)trailer->removals);
	if (trailer->has_timeout)
		format_putf(t, " timeout_ms=%u", (unsigned)trailer->timeout_ms);
	if (trailer->has_period)
		format_putf(t, " period=%u", (unsigned)trailer->period);
	if (trailer->has_answer_size)
		format_putf(t, " answer_size=%u", (unsigned)trailer->answer_size);
	if (trailer->has_unreached) {
		format_putf(t, " unreached=");
		format_put_str(t, &trailer->unreached);
	}
	if (trailer->has_reached) {
		format_putf(t, " reached=");
		format_put_str(t, &trailer->reached);
	}
	format_put_links(t, trailer);
}

static void
format_put_header(struct text *t, const struct wire_message *m)
{
	format_putf(t, "%s seq=%llu", wire_type_name(m->type), (unsigned long long)m->seq);
}

static void
format_put_body(struct text *t, const struct wire_message *m)
{
	switch (m->type) {
	case WIRE_PING:
	case WIRE_GOSSIP:
		format_put_updates(t, &m->updates);
		break;
	case WIRE_PING_REQ:
		format_put_member(t, "target", &m->member);
		format_put_updates(t, &m->updates);
		break;
	case WIRE_ACK:
		format_put_member(t, "member", &m->member);
		format_put_updates(t, &m->updates);
		break;
	case WIRE_NACK:
		format_put_member(t, "target", &m->member);
		break;
	case WIRE_AUTHENTICATED:
		format_put_member(t, "sender", &m->member);
		format_putf(t, " token_bytes=%u", (unsigned)m->token_len);
		break;
	case WIRE_SYNC_REQ:
		format_put_cursor(t, &m->cursor);
		format_putf(t, " digests=%u", (unsigned)m->digest_count);
		format_put_updates(t, &m->updates);
		break;
	case WIRE_SYNC:
		format_put_cursor(t, &m->cursor);
		format_put_updates(t, &m->updates);
		break;
	case WIRE_CLAIM:
		format_put_member(t, "member", &m->member);
		format_putf(t, " age_ms=%llu%s",
		    (unsigned long long)(m->age_ms & ~WIRE_CLAIM_STAYS),
		    m->age_ms & WIRE_CLAIM_STAYS ? " stays" : "");
		break;
	case WIRE_OTHER_CLUSTER:
		break;
	}
	format_put_trailer(t, &m->trailer);
}

/* Decodes the message inside an envelope; it was valid when the envelope was decoded. */
static void
format_put_inner(struct text *t, const struct wire_message *m)
{
	struct wire_message inner;

	if (wire_decode(m->inner, m->inner_len, &inner) != WIRE_OK)
		return;
	format_put(t, " inner=(", 8);
	format_put_header(t, &inner);
	format_put_body(t, &inner);
	format_put(t, ")", 1);
}

size_t
wire_format(const struct wire_message *m, char *out, size_t cap)
{
	struct text t = {.pos = out};
	const size_t tail = sizeof(ELLIPSIS); /* the NUL is counted */

	assert(cap >= tail);
	t.end = out + cap - tail;
	format_put_header(&t, m);
	format_put_body(&t, m);
	if (m->type == WIRE_AUTHENTICATED)
		format_put_inner(&t, m);
	if (t.cut)
		t.pos = stpcpy(t.pos, ELLIPSIS);
	*t.pos = '\0';
	return (size_t)(t.pos - out);
}
