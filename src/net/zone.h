/* SPDX-License-Identifier: MIT */
/* Addresses as people write them: the zone of a link-local address is the name of its interface. */
#ifndef SWIMD_NET_ZONE_H
#define SWIMD_NET_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/*
 * "[fe80::1]:7946" and an interface make "[fe80::1%eth0]:7946".  Interface 0, or text that has a zone already, leaves
 * the text as it is.
 */
#define ZONE_TEXT (SWIM_HOSTPORT_MAX + 1)
char *zone_put(const char *hostport, uint32_t zone, char buf[ZONE_TEXT]);
/* The inverse: returns the interface that the text names, or 0. */
uint32_t zone_of(const char *hostport);
/* As swim_addr_format, with the same room, but with the interface's name as zone. */
char *zone_format(const struct swim_addr *, char buf[SWIM_ADDR_TEXT]);

#endif
