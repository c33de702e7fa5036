/* SPDX-License-Identifier: MIT */
/* Counts the events that swimd peers told, and those that were wrong. */
#include <stdlib.h>

#include "sim/scenario.h"

static bool
matches(const struct world_event *e, swim_time since, enum swim_event_type type, unsigned observer,
    unsigned subject)
{
	return e->type == type && swim_time_reached(e->at, since) &&
	       (observer == ANY || e->observer == observer) &&
	       (subject == ANY || e->subject == subject);
}

unsigned
sim_told(const struct sim *s, swim_time since, enum swim_event_type type, unsigned observer,
    unsigned subject)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->world.event_count; i++)
		count += matches(&s->world.events[i], since, type, observer, subject);
	return count;
}

unsigned
sim_tellers(const struct sim *s, swim_time since, enum swim_event_type type, unsigned subject)
{
	bool *told = heap_zeroed(s->world.count, sizeof(*told));
	unsigned count = 0;

	for (size_t i = 0; i < s->world.event_count; i++) {
		const struct world_event *e = &s->world.events[i];

		if (matches(e, since, type, ANY, subject) && !told[e->observer]) {
			told[e->observer] = true;
			count++;
		}
	}
	free(told);
	return count;
}

double
sim_told_after(const struct sim *s, swim_time since, enum swim_event_type type, unsigned subject,
    unsigned n)
{
	for (size_t i = 0; i < s->world.event_count; i++) {
		const struct world_event *e = &s->world.events[i];

		if (matches(e, since, type, ANY, subject) && n-- <= 1)
			return swim_duration_seconds(swim_time_since(e->at, since));
	}
	return -1;
}

unsigned
sim_false_failures(const struct sim *s, swim_time since)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->world.event_count; i++)
		count += matches(&s->world.events[i], since, SWIM_EVENT_FAILED, ANY, ANY) &&
			 s->world.events[i].subject_up;
	return count;
}

struct verdicts
sim_verdicts(const struct sim *s, swim_time since)
{
	struct verdicts v = {0};

	for (size_t i = 0; i < s->world.event_count; i++) {
		const struct world_event *e = &s->world.events[i];

		if (!matches(e, since, SWIM_EVENT_FAILED, ANY, ANY))
			continue;
		if (e->subject != UINT32_MAX && s->world.nodes[e->subject].bad) {
			v.right++;
			continue;
		}
		v.wrong++;
		v.by_healthy += !s->world.nodes[e->observer].bad;
	}
	return v;
}
