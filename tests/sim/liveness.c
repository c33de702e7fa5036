/* SPDX-License-Identifier: MIT */
/*
 * Random faults, then permanent faults: up to a third of the members is cut off, deaf, mute, stopped or crashed for ever.  The
 * other members must come to one view of each other, and keep it.
 */
#include <stdlib.h>

#include "sim/scenario.h"

/* What happens to a member for ever.  A DEAF member still sends, and a MUTE member still receives. */
enum fate { WELL, CUT, DEAF, MUTE, STOPPED, CRASHED, FATES };

static bool
well_agree(struct sim *s, const enum fate *fates)
{
	for (unsigned i = 0; i < s->world.count; i++) {
		for (unsigned j = 0; fates[i] == WELL && j < s->world.count; j++) {
			enum swim_status status = SWIM_DEAD;

			if (i == j)
				continue;
			(void)sim_status(s, i, j, &status);
			/* An unknown member counts as dead. */
			if (fates[j] == WELL ? status != SWIM_ALIVE : status <= SWIM_SUSPECT)
				return false;
		}
	}
	return true;
}

static void
apply_fates(struct sim *s, const enum fate *fates)
{
	for (unsigned i = 0; i < s->world.count; i++) {
		switch (fates[i]) {
		case WELL:
			break;
		case CUT:
			sim_cut(s, ANY, i);
			sim_cut(s, i, ANY);
			break;
		case DEAF:
			sim_cut(s, ANY, i);
			break;
		case MUTE:
			sim_cut(s, i, ANY);
			break;
		case STOPPED:
			sim_pause(s, i);
			break;
		case CRASHED:
		case FATES:
			sim_crash(s, i);
			break;
		}
	}
}

static void
for_ever(struct sim *s)
{
	struct rng *rng = &s->world.rng;
	enum fate *fates = heap_zeroed(s->world.count, sizeof(*fates));
	bool agreed = false;
	swim_time since, calm;

	sim_start_range(s, 0, s->world.count - 1);
	sim_run(s, 5 * rng_unit(rng));
	for (unsigned k = 0; k < 10; k++) {
		unsigned i = (unsigned)rng_below(rng, s->world.count);

		sim_loss(s, 0.2 * rng_unit(rng));
		if (k % 3 == 0)
			sim_restart(s, i, rng_below(rng, 2) == 1);
		else if (k % 3 == 1)
			sim_partition(s, i, s->world.count - 1);
		else
			sim_heal(s);
		sim_run(s, 3 * rng_unit(rng));
	}
	sim_heal(s);
	sim_loss(s, 0);
	/* A third of the members, perhaps with the seed. */
	for (unsigned k = 0; k < s->world.count / 3; k++)
		fates[rng_below(rng, s->world.count)] = (enum fate)(1 + rng_below(rng, FATES - 1));
	apply_fates(s, fates);
	since = sim_now(s);
	while (!(agreed = well_agree(s, fates)) && sim_since(s, since) < 120)
		sim_run(s, 0.1);
	sim_note(s, "the rest agree after %.1f s", sim_since(s, since));
	calm = sim_now(s);
	if (agreed)
		sim_run(s, 60);
	for (size_t i = 0; i < s->world.event_count; i++) {
		const struct world_event *e = &s->world.events[i];

		/* No WELL member declares another WELL member failed, although deaf members accuse others. */
		if (e->type == SWIM_EVENT_FAILED && swim_time_reached(e->at, calm) &&
		    e->subject != UINT32_MAX && fates[e->observer] == WELL &&
		    fates[e->subject] == WELL)
			agreed = false;
	}
	free(fates);
	EXPECT(s, agreed);
}

const struct scenario scenarios_liveness[] = {
    {"for-ever", 18, for_ever, LIGHT,
	"up to a third of 18 members is cut off, deaf, mute or stopped for ever: the others agree"},
    {"for-ever-40", 40, for_ever, HEAVY,
	"up to a third of 40 members is cut off, deaf, mute or stopped for ever: the others agree"},
    {0},
};
