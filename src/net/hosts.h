/* SPDX-License-Identifier: MIT */
/* The hosts file, hosts(5): what a machine knows of names without asking anybody. */
#ifndef SWIMD_NET_HOSTS_H
#define SWIMD_NET_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define HOSTS_FILE "/etc/hosts"

/*
 * Look `host` up (case does not matter, nor does a final dot); writes up to max addresses, IPv4 first, with
 * that port, and returns how many.  0 where there are none, or no such file.  "localhost" is known
 * even so (RFC 6761 6.3).  Reads the file anew each time: callers keep the answer for a while.
 */
size_t hosts_find(const char *path, const char *host, uint16_t port, struct swim_addr *out,
    size_t max);

/*
 * Add an address to a list of *count < = max: IPv4 goes before IPv6, what is there already or finds no room is
 * left out.
 */
void hosts_add_address(struct swim_addr *list, size_t *count, size_t max, const struct swim_addr *);

#endif
