/* SPDX-License-Identifier: MIT */
/*
 * Guests: room in a full table for strangers that have answered.  Anybody may fill the table with members that do not
 * exist.  A stranger that speaks from its own address is greeted then, and once it has answered it takes the place of
 * a member that has never answered us.  A member that has answered us is never displaced.
 */
#include "core/internal.h"

/* How long after its answer a stranger is the guest. */
#define GUEST_HOLD swim_seconds(5)

void
guest_answered(struct swim *s, const struct swim_addr *addr)
{
	s->guest = *addr;
	s->guest_until = swim_time_add(s->now, GUEST_HOLD);
}

/* A live member that is not routable: a suspect first, then the one with its status for longest.  NULL: none. */
static struct member *
guest_find_unanswered(const struct swim *s)
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
	struct member *unanswered;

	if (addr->family == 0)
		return false;
	if (!swim_addr_equal(addr, &s->guest) || swim_time_reached(s->now, s->guest_until)) {
		/*
		 * The datagram has to come from that address, as what we send to a stranger is no larger than what it
		 * sent.
		 */
		if (input_is_from(in, addr))
			inquiry_start(s, in, addr, INQUIRY_GREET);
		return false;
	}
	unanswered = guest_find_unanswered(s);
	if (unanswered == NULL)
		return false;
	s->guest = (struct swim_addr){0};
	if (members_is_announced(unanswered))
		outbox_event(s, in, SWIM_EVENT_REMOVED, unanswered);
	members_destroy(s, in, unanswered);
	return true;
}
