/* SPDX-License-Identifier: MIT */
#include "discovery/seeds.h"

#include <stdlib.h>
#include <string.h>

struct seeds {
	struct discovery_source source; /* must be first: the ops cast a pointer to it */
	struct discovery *hub;
	char **list;
	size_t count;
};

static void
seeds_list_free(char **list, size_t count)
{
	while (count > 0)
		free(list[--count]);
	free(list);
}

static bool
seeds_have(char *const *list, size_t count, const char *seed)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(list[i], seed) == 0)
			return true;
	}
	return false;
}

static void
seeds_start(struct discovery_source *source, struct discovery *hub)
{
	((struct seeds *)source)->hub = hub;
}

static void
seeds_stop(struct discovery_source *source)
{
	struct seeds *seeds = (struct seeds *)source;

	seeds_list_free(seeds->list, seeds->count);
	free(seeds);
}

static const struct discovery_source_ops seeds_ops = {
    .name = "seed",
    .start = seeds_start,
    .stop = seeds_stop,
};

struct discovery_source *
seeds_new(void)
{
	struct seeds *seeds = calloc(1, sizeof(*seeds));

	if (seeds == NULL)
		return NULL;
	seeds->source.ops = &seeds_ops;
	return &seeds->source;
}

enum swim_error
seeds_set(struct discovery_source *source, swim_time now, const char *const *wanted, size_t count)
{
	struct seeds *seeds = (struct seeds *)source;
	char **list = calloc(count + 1, sizeof(*list));
	enum swim_error error = SWIM_ERROR_RESOLUTION_FAILED;
	size_t i, kept = 0;

	if (list == NULL)
		return error;
	for (i = 0; i < count; i++) {
		if (seeds_have(list, kept, wanted[i]))
			continue;
		list[kept] = strdup(wanted[i]);
		if (list[kept] == NULL)
			goto undo;
		error = discovery_offer(seeds->hub, now, source, list[kept]);
		if (error != SWIM_OK) {
			free(list[kept]);
			goto undo;
		}
		kept++;
		error = SWIM_ERROR_RESOLUTION_FAILED;
	}
	for (i = 0; i < seeds->count; i++) {
		if (!seeds_have(list, kept, seeds->list[i]))
			discovery_withdraw(seeds->hub, source, seeds->list[i]);
	}
	seeds_list_free(seeds->list, seeds->count);
	seeds->list = list;
	seeds->count = kept;
	return SWIM_OK;
undo:
	for (i = 0; i < kept; i++) {
		if (!seeds_have(seeds->list, seeds->count, list[i]))
			discovery_withdraw(seeds->hub, source, list[i]);
	}
	seeds_list_free(list, kept);
	return error;
}
