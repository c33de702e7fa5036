/* SPDX-License-Identifier: MIT */
/*
 * Focused confirmation: which members ask a fresh suspect at once, to confirm the suspicion.  Lifeguard waits for independent
 * accusers to find the suspect silent by chance.  Here a few members are chosen, and all members choose the same few.  If the
 * suspect is dead, the few accuse it within a few probe timeouts, and the suspicion is short.  If the suspect lives, the few
 * reach it, it refutes, and nobody else accuses it.  If too few of those chosen accuse the suspect (half of the cluster may
 * have died), the next members in order ask the suspect as well.  suspect.c asks the questions.
 */
#include "core/confirm.h"

#include "core/internal.h"

/* So many times as many members are chosen in all as are chosen to ask at once. */
#define SECOND 4

/*
 * Rendezvous hashing: those members are chosen whose hash with the suspect and its incarnation is lowest.  So all members
 * choose the same ones without a message.  As many are chosen to ask at once as can be accusers: one more than are needed
 * besides the first accuser, who may be one of them.
 */
enum confirm_turn
confirm_turn(const struct swim *s, const struct member *suspect)
{
	uint64_t salt = hash64_end(suspect->hash ^ suspect->incarnation);
	uint64_t ours = hash64_end(s->self->hash ^ salt);
	unsigned before = 0, most = (RULE(confirmers_follow) ? SECOND : 1) * WIRE_ACCUSERS_MAX;

	/* A member that we cannot reach, or that does not answer us directly, is silent to us when it is well. */
	if (!RULE(confirmation) || !locate_is_reached(s, suspect) ||
	    suspect->link == SWIM_PATH_RELAYED || link_may_have_lapsed(s, suspect))
		return CONFIRM_NEVER;
	for (size_t i = 0; i < s->live_count; i++) {
		const struct member *m = s->live[i];

		if (m == suspect || members_status(m) != SWIM_ALIVE ||
		    hash64_end(m->hash ^ salt) >= ours)
			continue;
		if (++before == most)
			return CONFIRM_NEVER;
	}
	return before < WIRE_ACCUSERS_MAX ? CONFIRM_FIRST : CONFIRM_NEXT;
}
