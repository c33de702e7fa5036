/* SPDX-License-Identifier: MIT */
#include "net/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>

static char *
zone_put_into(const char *hostport, uint32_t zone, char *buf, size_t size)
{
	const char *end = strchr(hostport, ']');
	char name[IF_NAMESIZE];

	if (zone == 0 || end == NULL || strchr(hostport, '%') != NULL) {
		snprintf(buf, size, "%s", hostport);
		return buf;
	}
	/* The interface may be gone: write its index, which no other interface has. */
	if (if_indextoname(zone, name) == NULL)
		snprintf(name, sizeof(name), "%u", (unsigned)zone);
	snprintf(buf, size, "%.*s%%%s%s", (int)(end - hostport), hostport, name, end);
	return buf;
}

char *
zone_put(const char *hostport, uint32_t zone, char buf[ZONE_TEXT])
{
	return zone_put_into(hostport, zone, buf, ZONE_TEXT);
}

uint32_t
zone_of(const char *hostport)
{
	const char *zone = strchr(hostport, '%'), *end = strchr(hostport, ']');
	char name[IF_NAMESIZE];
	unsigned index;

	if (zone == NULL || end == NULL || end < zone || (size_t)(end - zone) > sizeof(name))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(end - zone - 1), zone + 1);
	index = if_nametoindex(name);
	return index != 0 ? index : (uint32_t)strtoul(name, NULL, 10);
}

char *
zone_format(const struct swim_addr *addr, char buf[SWIM_ADDR_TEXT])
{
	char text[SWIM_ADDR_TEXT];

	return zone_put_into(swim_addr_format_public(addr, text), addr->scope, buf, SWIM_ADDR_TEXT);
}
