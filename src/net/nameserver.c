/* SPDX-License-Identifier: MIT */
/* c-ares 1.18 has no newer function than ares_set_socket_functions, which later versions deprecate. */
#define CARES_NO_DEPRECATED
#include "net/nameserver.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/sockaddr.h"

#define NAMESERVER_SPACE " \t\r\n"

static uint32_t
nameserver_zone(const char *text)
{
	uint32_t index = if_nametoindex(text);
	unsigned long number;
	char *end;

	if (index != 0)
		return index;
	number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && number <= UINT32_MAX
		   ? (uint32_t)number
		   : 0;
}

/* False: the line names no usable nameserver.  Sets *zoned if the line names an interface. */
static bool
nameserver_parse(char *line, struct swim_addr *out, bool *zoned)
{
	char *rest, *word, *zone;

	line[strcspn(line, "#;")] = '\0'; /* a comment */
	word = strtok_r(line, NAMESERVER_SPACE, &rest);
	if (word == NULL || strcmp(word, "nameserver") != 0 ||
	    (word = strtok_r(NULL, NAMESERVER_SPACE, &rest)) == NULL)
		return false;
	zone = strchr(word, '%');
	if (zone != NULL)
		*zone++ = '\0';
	if (!swim_addr_from_host(word, 1, out))
		return false;
	out->port = 0;
	if (zone == NULL)
		return true;
	*zoned = true;
	out->scope = swim_addr_is_link_local(out) ? nameserver_zone(zone) : 0;
	return out->scope != 0 || !swim_addr_is_link_local(out);
}

void
nameservers_read(const char *path, struct nameservers *out)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	bool zoned = false;
	size_t cap = 0;

	*out = (struct nameservers){.count = 0};
	if (in == NULL)
		return;
	while (out->count < NAMESERVERS_MAX && getline(&line, &cap, in) >= 0)
		out->count += nameserver_parse(line, &out->all[out->count], &zoned);
	free(line);
	fclose(in);
	if (!zoned)
		out->count = 0;
}

/* ------------------------------------------------------------------------------------- sockets of c-ares */

static ares_socket_t
nameserver_socket(int family, int type, int protocol, void *ctx)
{
	(void)ctx;
	return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static int
nameserver_close(ares_socket_t fd, void *ctx)
{
	(void)ctx;
	return close(fd);
}

/* c-ares gives the address without its zone; the list has the zone, which is the interface. */
static int
nameserver_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len, void *ctx)
{
	const struct nameservers *list = ctx;
	union sockaddr_any any;

	if (to->sa_family != AF_INET6 || len != sizeof(any.in6))
		return connect(fd, to, len);
	memcpy(&any.in6, to, sizeof(any.in6));
	for (size_t i = 0; i < list->count && any.in6.sin6_scope_id == 0; i++) {
		if (list->all[i].family == 6 &&
		    memcmp(list->all[i].ip, &any.in6.sin6_addr, sizeof(any.in6.sin6_addr)) == 0)
			any.in6.sin6_scope_id = list->all[i].scope;
	}
	return connect(fd, &any.sa, len);
}

static ares_ssize_t
nameserver_receive(ares_socket_t fd, void *data, size_t size, int flags, struct sockaddr *from,
    ares_socklen_t *from_len, void *ctx)
{
	(void)ctx;
	return recvfrom(fd, data, size, flags, from, from_len);
}

static ares_ssize_t
nameserver_send(ares_socket_t fd, const struct iovec *pieces, int count, void *ctx)
{
	(void)ctx;
	return writev(fd, pieces, count);
}

int
nameservers_use(ares_channel channel, const struct nameservers *list)
{
	static const struct ares_socket_functions functions = {
	    .asocket = nameserver_socket,
	    .aclose = nameserver_close,
	    .aconnect = nameserver_connect,
	    .arecvfrom = nameserver_receive,
	    .asendv = nameserver_send,
	};
	struct ares_addr_port_node nodes[NAMESERVERS_MAX];

	for (size_t i = 0; i < list->count; i++) {
		const struct swim_addr *addr = &list->all[i];

		nodes[i] = (struct ares_addr_port_node){
		    .next = i + 1 < list->count ? &nodes[i + 1] : NULL,
		    .family = addr->family == 4 ? AF_INET : AF_INET6,
		};
		memcpy(&nodes[i].addr, addr->ip, addr->family == 4 ? 4 : 16);
	}
	ares_set_socket_functions(channel, &functions, (void *)list);
	return ares_set_servers_ports(channel, nodes);
}
