/* SPDX-License-Identifier: MIT */
#include "daemon/address.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/fault.h"
#include "net/sockaddr.h"

/* Checks an address after its lookup: config_keys.c has checked numeric addresses, but not those of host names. */
static int
address_check(const char *key, const char *host, const struct swim_addr *a, bool wildcard,
    char *fault)
{
	if (swim_addr_is_multicast(a))
		return fault_set(fault, EX_CONFIG,
		    "%s: '%s' is a multicast or broadcast address; a member has a unicast address",
		    key, host);
	if (swim_addr_is_wildcard(a) && !wildcard)
		return fault_set(fault, EX_CONFIG,
		    "%s: '%s' is a wildcard address, to which nobody can send", key, host);
	return 0;
}

int
address_resolve(const char *key, const char *hostport, int default_port, bool wildcard,
    struct swim_addr *out, char *fault)
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
		return address_check(key, host, out, wildcard, fault);
	if ((error = getaddrinfo(host, NULL, &hints, &all)) != 0)
		return fault_set(fault, EX_UNAVAILABLE,
		    "%s: no address is known for the host name '%s': %s", key, host,
		    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	for (info = all; info != NULL && !sockaddr_to_addr(info->ai_addr, out);)
		info = info->ai_next;
	freeaddrinfo(all);
	if (info == NULL)
		return fault_set(fault, EX_UNAVAILABLE,
		    "%s: the host name '%s' has neither an IPv4 nor an IPv6 address", key, host);
	out->port = port;
	return address_check(key, host, out, wildcard, fault);
}

int
address_bind_fault(const char *hostport, const char *device, int error, char *fault)
{
	/* Only the device can cause ENODEV; the device or the address can cause EPERM. */
	if (error == ENODEV)
		return fault_set(fault, EX_UNAVAILABLE,
		    "device: this machine has no interface '%s'", device);
	switch (error) {
	case EADDRINUSE:
		return fault_set(fault, EX_UNAVAILABLE,
		    "bind: %s is in use by another process, perhaps another swimd; give another address or port with --bind",
		    hostport);
	case EADDRNOTAVAIL:
		return fault_set(fault, EX_UNAVAILABLE,
		    "bind: %s is not an address of this machine", hostport);
	case EACCES: /* from the port; a refused device gives EPERM */
		return fault_set(fault, EX_NOPERM,
		    "bind: %s: Permission denied; a port below 1024 needs root or CAP_NET_BIND_SERVICE; or give another port with --bind",
		    hostport);
	case EINVAL:
		return fault_set(fault, EX_UNAVAILABLE,
		    "bind: cannot bind to %s; write a link-local address with its interface, as in [fe80::1%%eth0]:7946",
		    hostport);
	default: /* an errno value, not an enumeration */
		return fault_set(fault, fault_status(error, EX_UNAVAILABLE), "bind: %s%s%s: %s",
		    hostport, *device != '\0' ? " on device " : "", device, strerror(error));
	}
}
