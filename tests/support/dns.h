/* SPDX-License-Identifier: MIT */
/* A nameserver for tests, on 127.0.0.1 and the test's own loop, that knows what it is told (RFC 1035). */
#ifndef SWIMD_TESTS_SUPPORT_DNS_H
#define SWIMD_TESTS_SUPPORT_DNS_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "support/udp.h"

#define DNS_TEST_A 1
#define DNS_TEST_AAAA 28
#define DNS_TEST_SILENT (-1) /* as a code: no answer */
#define DNS_TEST_NAMES 16

struct dns_test_name {
	char name[64];
	int code4, code6; /* 0: the addresses; 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	const char *v4[24], *v6[24];
};

struct dns_test {
	int fd;
	struct event *event;
	char address[32]; /* for resolver_config.nameserver */
	struct dns_test_name names[DNS_TEST_NAMES];
	size_t count;
	unsigned queries;
};

/* The entry of a name, made if need be: without addresses. */
static inline struct dns_test_name *
dns_test_name(struct dns_test *server, const char *name)
{
	for (size_t i = 0; i < server->count; i++) {
		if (strcasecmp(server->names[i].name, name) == 0)
			return &server->names[i];
	}
	ck_assert_uint_lt(server->count, DNS_TEST_NAMES);
	snprintf(server->names[server->count].name, sizeof(server->names[0].name), "%s", name);
	return &server->names[server->count++];
}

static inline size_t
dns_test_record(uint8_t *out, int type, const char *address)
{
	const uint8_t head[] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0,
	    (uint8_t)(type == DNS_TEST_A ? 4 : 16)};

	memcpy(out, head, sizeof(head));
	ck_assert_int_eq(
	    inet_pton(type == DNS_TEST_A ? AF_INET : AF_INET6, address, out + sizeof(head)), 1);
	return sizeof(head) + head[11];
}

/* The answer to a question of `len` bytes, in place; 0: none. */
static inline size_t
dns_test_answer(struct dns_test *server, uint8_t *packet, size_t len)
{
	char name[256] = "";
	const char *const *addresses = NULL;
	int type, code = 3;
	uint8_t count = 0;
	size_t pos = 12;

	while (packet[pos] != 0) {
		size_t label = packet[pos], used = strlen(name);

		snprintf(name + used, sizeof(name) - used, "%s%.*s", used > 0 ? "." : "",
		    (int)label, (const char *)packet + pos + 1);
		pos += label + 1;
	}
	type = packet[pos + 2];
	ck_assert_uint_eq(pos + 5, len);
	for (size_t i = 0; i < server->count; i++) {
		struct dns_test_name *entry = &server->names[i];

		if (strcasecmp(entry->name, name) != 0)
			continue;
		code = type == DNS_TEST_A ? entry->code4 : entry->code6;
		addresses = type == DNS_TEST_A ? entry->v4 : entry->v6;
	}
	if (code == DNS_TEST_SILENT)
		return 0;
	for (; code == 0 && addresses[count] != NULL; count++)
		len += dns_test_record(packet + len, type, addresses[count]);
	packet[2] = 0x81;
	packet[3] = (uint8_t)(0x80 | code);
	packet[7] = count;
	return len;
}

static inline void
dns_test_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dns_test *server = arg;
	uint8_t packet[1500];
	struct swim_addr from;
	size_t len = plain_receive(fd, packet, 512, &from);

	(void)what;
	server->queries++;
	len = dns_test_answer(server, packet, len);
	if (len > 0)
		plain_send(fd, &from, packet, len);
}

static inline void
dns_test_start(struct dns_test *server, struct event_base *base)
{
	struct swim_addr own;

	memset(server, 0, sizeof(*server));
	server->fd = plain_socket("127.0.0.1", &own);
	snprintf(server->address, sizeof(server->address), "127.0.0.1:%u", (unsigned)own.port);
	server->event =
	    event_new(base, server->fd, EV_READ | EV_PERSIST, dns_test_readable, server);
	event_add(server->event, NULL);
}

static inline void
dns_test_end(struct dns_test *server)
{
	event_free(server->event);
	close(server->fd);
}

#endif
