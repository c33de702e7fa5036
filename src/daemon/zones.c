/* SPDX-License-Identifier: MIT */
#include "daemon/zones.h"

#include <stdio.h>
#include <string.h>

static const char *
zones_name(const struct if_nameindex *now, uint32_t index)
{
	for (; now->if_index != 0; now++) {
		if (now->if_index == index)
			return now->if_name;
	}
	return NULL;
}

static uint32_t
zones_index(const struct if_nameindex *now, const char *name)
{
	for (; now->if_index != 0; now++) {
		if (now->if_name != NULL && strcmp(now->if_name, name) == 0)
			return now->if_index;
	}
	return 0;
}

void
zones_compare(struct zones *zones, const struct if_nameindex *now,
    void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx)
{
	for (size_t i = 0; i < zones->count; i++) {
		struct zone *zone = &zones->all[i];
		const char *name = zones_name(now, zone->index);
		uint32_t index;

		if (name != NULL) {
			/* The interface is still there, perhaps with another name. */
			snprintf(zone->name, sizeof(zone->name), "%s", name);
			continue;
		}
		index = zones_index(now, zone->name);
		if (index == 0)
			continue; /* the interface may come back */
		moved(ctx, zone->index, index);
		zone->index = index;
	}
	for (; now->if_index != 0; now++) {
		size_t i = 0;

		while (i < zones->count && zones->all[i].index != now->if_index)
			i++;
		if (i < zones->count || zones->count == ZONES_MAX)
			continue;
		zones->all[i].index = now->if_index;
		snprintf(zones->all[i].name, sizeof(zones->all[i].name), "%s", now->if_name);
		zones->count++;
	}
}

void
zones_look(struct zones *zones, void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx)
{
	struct if_nameindex *now = if_nameindex();

	if (now == NULL)
		return;
	zones_compare(zones, now, moved, ctx);
	if_freenameindex(now);
}
