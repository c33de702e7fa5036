/* SPDX-License-Identifier: MIT */
/* Addresses as people write them: the zone of a link-local one by the name of its interface. */
#ifndef SWIMD_NET_ZONE_H
#define SWIMD_NET_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* "[fe80::1]:7946" and an interface make "[fe80::1%eth0]:7946"; 0, or text that has a zone, makes none. */
#define ZONE_TEXT (SWIM_HOSTPORT_MAX + 1)
char *zone_put(const char *hostport, uint32_t zone, char buf[ZONE_TEXT]);
/* The inverse: the interface that the text names, or 0. */
uint32_t zone_of(const char *hostport);
/* As swim_addr_format, into as much room, with a name. */
char *zone_format(const struct swim_addr *, char buf[SWIM_ADDR_TEXT]);

#endif
