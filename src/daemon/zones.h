/* SPDX-License-Identifier: MIT */
/*
 * Follows the interfaces of this machine by their names.  An interface that is removed and created again has a new index,
 * but leads to the same network, so the zones of link-local addresses follow the name.
 */
#ifndef SWIMD_DAEMON_ZONES_H
#define SWIMD_DAEMON_ZONES_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#define ZONES_MAX 32 /* interfaces beyond these are not followed */

struct zones {
	struct zone {
		uint32_t index;
		char name[IF_NAMESIZE];
	} all[ZONES_MAX];
	size_t count;
};

/* Looks at the interfaces of this machine.  Calls `moved` for each interface whose index has changed. */
void zones_look(struct zones *, void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx);
/* As zones_look, for the given interfaces; the list ends with an index of 0. */
void zones_compare(struct zones *, const struct if_nameindex *now,
    void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx);

#endif
