/* SPDX-License-Identifier: MIT */
/*
 * Nameservers with link-local addresses, "nameserver fe80::1%eth0" in resolv.conf(5), as a router that announces itself by
 * RFC 8106 may be.  c-ares 1.18 skips such lines, and keeps no interface beside an address.
 */
#ifndef SWIMD_NET_NAMESERVER_H
#define SWIMD_NET_NAMESERVER_H

#include <ares.h>
#include <stddef.h>

#include "base/addr.h"

#define NAMESERVERS_MAX 3 /* as the C library heeds */

struct nameservers {
	struct swim_addr all[NAMESERVERS_MAX]; /* in their order; port 0 */
	size_t count;
};

/*
 * Read all nameservers that can be asked now: one whose interface is not there is left out.  The count is 0 where none
 * has an interface, so that c-ares' own reading of the file serves.
 */
void nameservers_read(const char *path, struct nameservers *out);

/* Have the channel ask these, at its own port.  They stay the caller's for as long as the channel lives.  A status of c-ares. */
int nameservers_use(ares_channel, const struct nameservers *);

#endif
