/* SPDX-License-Identifier: MIT */
/* What few members have (struct extra). */
#include "core/internal.h"

const struct extra extra_none = {.complained = {INT64_MAX}};

struct extra *
extra_new(struct swim *s, struct member *m)
{
	if (m->extra != NULL)
		return m->extra;
	m->extra = core_alloc(s, sizeof(*m->extra));
	if (m->extra != NULL)
		*m->extra = extra_none;
	return m->extra;
}

static bool
extra_is_empty(const struct swim *s, const struct extra *x)
{
	bool ways = x->also.family != 0 || x->via.family != 0 || question_is_open(&x->late) ||
		    question_is_open(&x->routable_question) || x->helper != 0;
	bool counts = x->unheard > 0 || x->relayed > 0 || x->strayed > 0 || x->retries > 0 ||
		      x->challenges > 0 || x->challenged || x->tell || x->ends > 0;

	return !ways && !counts && x->intro == NULL && x->report == NULL &&
	       swim_time_is_never(x->complained) && swim_time_reached(s->now, x->news);
}

void
extra_tidy(struct swim *s, struct member *m)
{
	if (m->extra != NULL && extra_is_empty(s, m->extra))
		extra_free(s, m);
}

void
extra_free(struct swim *s, struct member *m)
{
	if (m->extra == NULL)
		return;
	question_close(s, &m->extra->late);
	question_close(s, &m->extra->routable_question);
	introduce_unask(s, m->extra->intro);
	core_release(s, m->extra->intro);
	core_release(s, m->extra->report);
	core_release(s, m->extra);
	m->extra = NULL;
}
