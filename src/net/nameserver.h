/* SPDX-License-Identifier: MIT */
/*
 * Nameservers with link-local addresses, "nameserver fe80::1%eth0" in resolv.conf(5).  A router that announces itself
 * by RFC 8106 may have such an address. c-ares 1.18 skips these lines and cannot keep an interface with an address.
 */
#ifndef SWIMD_NET_NAMESERVER_H
#define SWIMD_NET_NAMESERVER_H

#include <ares.h>
#include <stddef.h>

#include "base/addr.h"

#define NAMESERVERS_MAX 3 /* the C library uses so many too */

struct nameservers {
	struct swim_addr all[NAMESERVERS_MAX]; /* in the order of the file; port 0 */
	size_t count;
};

/*
 * Read all nameservers that can be asked now; a nameserver whose interface does not exist is left out.  The count is
 * 0 where no nameserver has an interface: then c-ares can read the file itself.
 */
void nameservers_read(const char *path, struct nameservers *out);

/*
 * Make the channel ask these nameservers, each at its own port.  The caller keeps *nameservers for as long as the
 * channel lives.  Returns a status of c-ares.
 */
int nameservers_use(ares_channel, const struct nameservers *);

#endif
