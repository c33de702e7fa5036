/* SPDX-License-Identifier: MIT */
/*
 * The interfaces that link-local addresses are on, by name: an interface that is removed and made again has another number,
 * and is the same network as before.
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

/* Look at this machine's interfaces; `moved` is called for each whose number is another than before. */
void zones_look(struct zones *, void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx);
/* The same for this list, which ends with an index of 0. */
void zones_compare(struct zones *, const struct if_nameindex *now,
    void (*moved)(void *ctx, uint32_t from, uint32_t to), void *ctx);

#endif
