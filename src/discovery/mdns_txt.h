/* SPDX-License-Identifier: MIT */
/* The TXT record of _swim._udp (RFC 6763, section 6): makes our own record, and parses the records of others. */
#ifndef SWIMD_DISCOVERY_MDNS_TXT_H
#define SWIMD_DISCOVERY_MDNS_TXT_H

#include <avahi-common/strlst.h>

#include "discovery/mdns_message.h"

/* The most bytes of a record: RFC 6763 does not recommend more, and no member needs nearly as much. */
#define MDNS_TXT_MAX 1300

/*
 * Make the record: version, cluster and name, nothing secret.  Free it with avahi_string_list_free.  NULL when
 * memory is short.
 */
AvahiStringList *mdns_txt_new(const struct mdns_self *);

/*
 * Parse a stranger's record: its name and cluster are stored in *out.  Returns NULL, or the fault of the
 * record (static); then *out is unchanged.  Unknown keys are skipped.
 */
const char *mdns_txt_parse(const AvahiStringList *, struct mdns_service *out);

#endif
