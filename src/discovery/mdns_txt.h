/* SPDX-License-Identifier: MIT */
/* The TXT record of _swim._udp (RFC 6763, section 6): what we say of ourselves, and what others say. */
#ifndef SWIMD_DISCOVERY_MDNS_TXT_H
#define SWIMD_DISCOVERY_MDNS_TXT_H

#include <avahi-common/strlst.h>

#include "discovery/mdns_message.h"

/* RFC 6763 finds more than this not to be recommended; no member of a cluster says nearly as much. */
#define MDNS_TXT_MAX 1300

/* version, cluster and name, and nothing secret.  For avahi_string_list_free; NULL when memory is short. */
AvahiStringList *mdns_txt_new(const struct mdns_self *);

/*
 * What a stranger's record says: name and cluster into *out.  Returns NULL, or what is wrong with it (static);
 * *out is then unchanged.  Keys that are not known are skipped.
 */
const char *mdns_txt_parse(const AvahiStringList *, struct mdns_service *out);

#endif
