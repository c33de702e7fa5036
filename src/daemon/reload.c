/* SPDX-License-Identifier: MIT */
#include "daemon/reload.h"

#include <stdlib.h>
#include <string.h>

static int
reload_compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
reload_compare(const struct config *running, const struct config *fresh, struct reload_plan *out)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	out->live_count = out->applied_count = out->needs_restart_count = 0;
	for (size_t row = 0; row < rows; row++) {
		if (config_equal(&keys[row], running, fresh))
			continue;
		switch (keys[row].change) {
		case CONFIG_LIVE:
			out->live[out->live_count++] = &keys[row];
			if (running->origin[row] != NULL || fresh->origin[row] != NULL)
				out->applied[out->applied_count++] = keys[row].name;
			break;
		case CONFIG_RESTART:
			out->needs_restart[out->needs_restart_count++] = keys[row].name;
			break;
		}
	}
	qsort(out->applied, out->applied_count, sizeof(out->applied[0]), reload_compare_names);
	qsort(out->needs_restart, out->needs_restart_count, sizeof(out->needs_restart[0]),
	    reload_compare_names);
}

void
reload_adopt(const struct reload_plan *plan, struct config *running, struct config *fresh)
{
	for (size_t i = 0; i < plan->live_count; i++)
		config_exchange(plan->live[i], running, fresh);
}
