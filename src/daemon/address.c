/* SPDX-License-Identifier: MIT */
#include "daemon/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/fault.h"

/* Of what getaddrinfo gives; false for another family. */
static bool
from_info(const struct addrinfo *info, uint16_t port, struct swim_addr *out)
{
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];

	return getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host), NULL, 0,
		   NI_NUMERICHOST) == 0 &&
	       swim_addr_from_host(host, port, out);
}

int
address_resolve(const char *key, const char *hostport, int default_port, struct swim_addr *out,
    char *fault)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	char host[SWIM_HOSTPORT_MAX + 1];
	struct addrinfo *all, *info;
	uint16_t port;
	int error;
	enum swim_addr_error why =
	    swim_hostport_split(hostport, strlen(hostport), default_port, true, host, &port);

	if (why != SWIM_ADDR_OK)
		return fault_set(fault, EX_CONFIG, "%s: '%s' %s", key, hostport,
		    swim_addr_error_text(why));
	if (swim_addr_from_host(host, port, out))
		return 0;
	if ((error = getaddrinfo(host, NULL, &hints, &all)) != 0)
		return fault_set(fault, EX_UNAVAILABLE,
		    "%s: no address is known for the host name '%s': %s", key, host,
		    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	for (info = all; info != NULL && !from_info(info, port, out); info = info->ai_next)
		;
	freeaddrinfo(all);
	if (info == NULL)
		return fault_set(fault, EX_UNAVAILABLE,
		    "%s: the host name '%s' has neither an IPv4 nor an IPv6 address", key, host);
	return 0;
}

int
address_bind_fault(const char *hostport, const char *device, int error, char *fault)
{
	/* ENODEV is the device's fault alone; EPERM may be either's. */
	if (error == ENODEV)
		return fault_set(fault, EX_UNAVAILABLE,
		    "device: there is no interface '%s' on this machine", device);
	switch (error) {
	case EADDRINUSE:
		return fault_set(fault, EX_UNAVAILABLE,
		    "bind: %s is in use by another process, perhaps another swimd; give another with --bind",
		    hostport);
	case EADDRNOTAVAIL:
		return fault_set(fault, EX_UNAVAILABLE,
		    "bind: %s is not an address of this machine", hostport);
	default: /* an errno value, not an enumeration */
		return fault_set(fault, fault_status(error, EX_UNAVAILABLE), "bind: %s%s%s: %s",
		    hostport, *device != '\0' ? " on device " : "", device, strerror(error));
	}
}
