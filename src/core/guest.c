/* SPDX-License-Identifier: MIT */
/*
 * Room for whoever shows itself.  Anybody may fill the table with members that nobody has ever heard of: then
 * one that speaks from its own address is asked there, and once it has answered it takes the place of one that
 * has not.  Whose word has been heard is never put out.
 */
#include "core/internal.h"

/* For so long after its answer a guest may say who it is. */
#define GUEST_HOLD swim_seconds(5)

void
guest_answered(struct swim *s, const struct swim_addr *addr)
{
	s->guest = *addr;
	s->guest_until = swim_time_add(s->now, GUEST_HOLD);
}

/* Of those that have never answered, one that is suspected, or else has been there for longest. */
static struct member *
guest_find_unseen(const struct swim *s)
{
	struct member *found = NULL;

	for (size_t i = 0; i < s->live_count; i++) {
		struct member *m = s->live[i];

		if (m->routable)
			continue;
		if (found == NULL || members_status(m) > members_status(found) ||
		    (members_status(m) == members_status(found) &&
			swim_time_before(m->since, found->since)))
			found = m;
	}
	return found;
}

bool
guest_room(struct swim *s, const struct input *in, const struct swim_addr *addr)
{
	struct member *unseen;

	if (addr->family == 0)
		return false;
	if (!swim_addr_equal(addr, &s->guest) || swim_time_reached(s->now, s->guest_until)) {
		/* Its word has to come from there: what we send to strangers is no larger than what comes. */
		if (input_is_from(in, addr))
			inquiry_start(s, in, addr, INQUIRY_GREET);
		return false;
	}
	unseen = guest_find_unseen(s);
	if (unseen == NULL)
		return false;
	s->guest = (struct swim_addr){0};
	if (members_is_announced(unseen))
		outbox_event(s, in, SWIM_EVENT_REMOVED, unseen);
	members_destroy(s, in, unseen);
	return true;
}
