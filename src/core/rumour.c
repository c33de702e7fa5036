/* SPDX-License-Identifier: MIT */
/* The queue of rumours. */
#include "core/rumour.h"

#include <assert.h>

#include "core/internal.h"

void
rumour_init(struct rumours *q)
{
	for (unsigned k = 0; k < RUMOUR_KINDS; k++) {
		for (unsigned i = 0; i < RUMOUR_LEVELS; i++)
			TAILQ_INIT(&q->list[k][i]);
	}
	pool_init(&q->pool, sizeof(struct rumour));
}

void
rumour_fini(struct swim *s, struct rumours *q)
{
	pool_fini(s, &q->pool);
}

bool
rumour_room(struct swim *s, struct rumours *q, size_t subjects)
{
	return pool_room(s, &q->pool, subjects);
}

/* Where the subject of this rumour points to it. */
static struct rumour **
rumour_holder(const struct rumour *r)
{
	switch ((enum rumour_subject)r->subject) {
	case RUMOUR_MEMBER:
		break;
	}
	return &r->member->rumour;
}

/*
 * A new rumour goes before all others of its kind; one that has just been sent goes behind the others that were sent
 * as often.
 */
static void
rumour_put(struct rumours *q, struct rumour *r, unsigned sent)
{
	struct rumour_list *list = &q->list[r->kind][sent];

	assert(sent < RUMOUR_LEVELS);
	r->sent = (uint8_t)sent;
	if (sent == 0)
		TAILQ_INSERT_HEAD(list, r, link);
	else
		TAILQ_INSERT_TAIL(list, r, link);
	q->kind_count[r->kind]++;
	q->count++;
}

static void
rumour_take_out(struct rumours *q, struct rumour *r)
{
	TAILQ_REMOVE(&q->list[r->kind][r->sent], r, link);
	q->kind_count[r->kind]--;
	q->count--;
}

void
rumour_about(struct rumours *q, struct member *m, enum rumour_kind kind)
{
	struct rumour *r = m->rumour;

	if (r != NULL) {
		rumour_take_out(q, r);
	} else {
		r = m->rumour = pool_take(&q->pool);
		r->subject = RUMOUR_MEMBER;
		r->member = m;
	}
	r->kind = (uint8_t)kind;
	rumour_put(q, r, 0);
}

void
rumour_drop(struct rumours *q, struct rumour *r)
{
	if (r == NULL)
		return;
	rumour_take_out(q, r);
	*rumour_holder(r) = NULL;
	pool_give(&q->pool, r);
}

void
rumour_advance(struct rumours *q, struct rumour *r, unsigned limit)
{
	unsigned sent = r->sent + 1U;
	unsigned most = RULE(rumour_repeated) ? limit : 1;

	if (RULE(rumour_limit) ? sent >= most : sent > most) {
		if (RULE(rumour_ends)) {
			rumour_drop(q, r);
			return;
		}
		sent = 0;
	}
	rumour_take_out(q, r);
	rumour_put(q, r, sent);
}

void
rumour_begin_datagram(struct rumours *q)
{
	q->datagram++;
}

void
rumour_pack(const struct rumours *q, struct rumour *r)
{
	r->packed = q->datagram;
}

bool
rumour_is_packed(const struct rumours *q, const struct rumour *r)
{
	return r->packed == q->datagram;
}

struct rumour *
rumour_first(const struct rumours *q, enum rumour_kind kind, unsigned sent)
{
	return TAILQ_FIRST(&q->list[kind][sent]);
}

struct rumour *
rumour_next(const struct rumour *r)
{
	return TAILQ_NEXT(r, link);
}
