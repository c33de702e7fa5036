/* SPDX-License-Identifier: MIT */
#include "daemon/follow.h"

void
follow_init(struct follow *f, const struct swim_addr *first, enum route_rank rank)
{
	*f = (struct follow){
	    .current = *first,
	    .rank = rank,
	    .rank_now = rank,
	    .present = rank != ROUTE_RANK_NONE,
	    .moved = SWIM_TIME_NEVER,
	};
}

static bool
follow_is_wanted(const struct follow *f, const struct follow_sight *sight)
{
	if (swim_addr_equal(&sight->best, &f->current))
		return false;
	/* An address of a higher rank replaces the current one. */
	if (sight->rank > f->rank)
		return true;
	/* Seeds or members are reached from the best address now, and none from the current one. */
	if (sight->rank >= ROUTE_RANK_PEERS && sight->current_rank < sight->rank)
		return true;
	return !sight->present && sight->rank > ROUTE_RANK_LOOPBACK;
}

static swim_duration
follow_settling(const struct follow *f)
{
	int64_t ms = FOLLOW_SETTLE_MS;

	/* No other machine could use the current address, so a change disturbs nobody. */
	if (f->rank <= ROUTE_RANK_LOOPBACK)
		return swim_ms(0);
	for (unsigned i = 0; i < f->moves && ms < FOLLOW_SETTLE_MAX_MS; i++)
		ms *= 2;
	if (f->candidate_rank < f->rank && ms < FOLLOW_LESSER_MS)
		ms = FOLLOW_LESSER_MS;
	return swim_ms(ms);
}

bool
follow_look(struct follow *f, swim_time now, const struct follow_sight *sight)
{
	f->present = sight->present;
	f->rank_now = sight->current_rank;
	if (f->moves > 0 && swim_time_since(now, f->moved).ns >= swim_seconds(FOLLOW_QUIET_S).ns)
		f->moves = 0;
	if (sight->present && sight->rank > f->rank && swim_addr_equal(&sight->best, &f->current))
		f->rank = sight->rank;
	if (!follow_is_wanted(f, sight)) {
		f->candidate = (struct swim_addr){0};
		return false;
	}
	if (!swim_addr_equal(&f->candidate, &sight->best)) {
		f->candidate = sight->best;
		f->candidate_since = now;
	}
	f->candidate_rank = sight->rank;
	if (!swim_time_reached(now, follow_deadline(f)))
		return false;
	/* Leaving an address that no other machine could use is no flapping. */
	if (f->rank > ROUTE_RANK_LOOPBACK) {
		f->moves++;
		f->moved = now;
	}
	f->current = f->candidate;
	f->rank = f->rank_now = f->candidate_rank;
	f->present = true;
	f->candidate = (struct swim_addr){0};
	return true;
}

void
follow_take(struct follow *f, const struct swim_addr *addr, enum route_rank rank)
{
	f->current = *addr;
	f->rank = f->rank_now = rank;
	f->present = true;
	f->candidate = (struct swim_addr){0};
}

swim_time
follow_deadline(const struct follow *f)
{
	if (f->candidate.family == 0)
		return SWIM_TIME_NEVER;
	return swim_time_add(f->candidate_since, follow_settling(f));
}
