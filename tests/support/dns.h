/* SPDX-License-Identifier: MIT */
/*
 * A nameserver for tests (RFC 1035, 2782, 6891).  The server listens on a loopback address in the event loop of the test,
 * answers from a table that the test fills, and writes a resolv.conf with its address.
 */
#ifndef SWIMD_TESTS_SUPPORT_DNS_H
#define SWIMD_TESTS_SUPPORT_DNS_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "support/udp.h"

#define DNS_TEST_A 1
#define DNS_TEST_CNAME 5
#define DNS_TEST_AAAA 28
#define DNS_TEST_SRV 33
#define DNS_TEST_OPT 41
#define DNS_TEST_SILENT (-1) /* instead of a response code: send no answer */
#define DNS_TEST_NAMES 16
#define DNS_TEST_CONNECTIONS 8

struct dns_test_service {
	uint16_t priority, weight, port;
	const char *target; /* NULL: the end of the list */
};

struct dns_test_name {
	char name[64];
	int code4;           /* response code: 0 with records, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	int code6;           /* response code of queries for AAAA; code4 is for all other types */
	const char *v4[128]; /* IPv4 addresses; the first NULL ends the list */
	const char *v6[24];  /* IPv6 addresses, in the same way */
	struct dns_test_service services[8];
	unsigned ttl;          /* of all records, in seconds; 0: 60 s */
	unsigned edns_queries; /* number of queries for this name with EDNS */
};

struct dns_test_connection {
	struct dns_test *server;
	struct event *event;
	uint8_t bytes[1024];
	size_t len;
};

struct dns_test {
	struct event_base *base;
	int fd, tcp_fd;
	uint16_t port;
	struct event *event, *tcp_event;
	char resolv_conf[64]; /* path of a file that names this server */
	struct dns_test_name names[DNS_TEST_NAMES];
	size_t count;
	struct dns_test_connection connections[DNS_TEST_CONNECTIONS]; /* over TCP; no event: free */
	int code;             /* response code of all queries; 0: that of the name */
	int edns_code;        /* response code of queries with EDNS; 0: as without EDNS */
	unsigned queries;     /* number of queries over UDP */
	unsigned tcp_queries; /* number of queries over TCP */
	unsigned edns_queries;
};

/* The entry of a name; a new entry has no records. */
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
dns_test_u16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return 2;
}

/* Encode a name as labels.  Returns the length. */
static inline size_t
dns_test_labels(uint8_t *out, const char *name)
{
	size_t len = 0, label;

	for (; *name != '\0' && strcmp(name, ".") != 0; name += label + (name[label] == '.')) {
		label = strcspn(name, ".");
		out[len++] = (uint8_t)label;
		memcpy(out + len, name, label);
		len += label;
	}
	out[len++] = 0;
	return len;
}

/* Encode a record with these `len` bytes of data, for the name in the question (0xc00c).  Returns the length. */
static inline size_t
dns_test_record(uint8_t *out, unsigned type, unsigned ttl, const uint8_t *rdata, size_t len)
{
	size_t at = dns_test_u16(out, 0xc00c);

	at += dns_test_u16(out + at, type);
	at += dns_test_u16(out + at, 1);
	at += dns_test_u16(out + at, 0);
	at += dns_test_u16(out + at, ttl != 0 ? ttl : 60);
	at += dns_test_u16(out + at, (unsigned)len);
	memcpy(out + at, rdata, len);
	return at + len;
}

/* Encode record i of this type.  Returns the length; 0: there are no more records. */
static inline size_t
dns_test_ith(const struct dns_test_name *entry, unsigned type, size_t i, uint8_t *out)
{
	const struct dns_test_service *service;
	const char *const *addresses = type == DNS_TEST_A ? entry->v4 : entry->v6;
	uint8_t rdata[300];
	size_t len;

	if (type == DNS_TEST_SRV) {
		service = &entry->services[i];
		if (service->target == NULL)
			return 0;
		len = dns_test_u16(rdata, service->priority);
		len += dns_test_u16(rdata + len, service->weight);
		len += dns_test_u16(rdata + len, service->port);
		len += dns_test_labels(rdata + len, service->target);
	} else {
		if (addresses[i] == NULL)
			return 0;
		len = type == DNS_TEST_A ? 4 : 16;
		ck_assert_int_eq(inet_pton(len == 4 ? AF_INET : AF_INET6, addresses[i], rdata), 1);
	}
	return dns_test_record(out, type, entry->ttl, rdata, len);
}

/* Write the answer to a query into `out`, which has room for 65,535 bytes.  Returns the length; 0: there is no answer. */
static inline size_t
dns_test_answer(struct dns_test *server, const uint8_t *packet, size_t len, bool tcp, uint8_t *out)
{
	char name[256] = "";
	struct dns_test_name *entry = NULL;
	unsigned type, count = 0, limit = tcp ? 65535 : 512;
	int code = 3;
	size_t pos = 12, end, record;

	while (packet[pos] != 0) {
		size_t label = packet[pos], used = strlen(name);

		snprintf(name + used, sizeof(name) - used, "%s%.*s", used > 0 ? "." : "",
		    (int)label, (const char *)packet + pos + 1);
		pos += label + 1;
	}
	type = packet[pos + 2];
	pos += 5;
	if (packet[11] == 1) {
		/* An OPT record: the root name, the type, and the largest datagram that the client takes. */
		ck_assert_uint_ge(len, pos + 11);
		ck_assert_uint_eq(packet[pos + 2], DNS_TEST_OPT);
		server->edns_queries++;
		if (!tcp)
			limit = (unsigned)packet[pos + 3] << 8 | packet[pos + 4];
	} else {
		ck_assert_uint_eq(pos, len);
	}
	for (size_t i = 0; i < server->count; i++) {
		if (strcasecmp(server->names[i].name, name) == 0)
			entry = &server->names[i];
	}
	if (entry != NULL && packet[11] == 1)
		entry->edns_queries++;
	if (entry != NULL)
		code = type == DNS_TEST_AAAA ? entry->code6 : entry->code4;
	if (server->code != 0)
		code = server->code;
	if (server->edns_code != 0 && packet[11] == 1)
		code = server->edns_code;
	if (code == DNS_TEST_SILENT)
		return 0;
	memcpy(out, packet, pos);
	out[2] = 0x81;
	out[3] = (uint8_t)(0x80 | code);
	out[11] = 0;
	for (end = pos; code == 0 && (record = dns_test_ith(entry, type, count, out + end)) > 0;) {
		if (end + record > limit) {
			out[2] |= 2;
			break;
		}
		end += record;
		count++;
	}
	dns_test_u16(out + 6, count);
	return end;
}

static inline void
dns_test_readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t answer[65536];
	struct dns_test *server = arg;
	uint8_t packet[1500];
	struct swim_addr from;
	size_t len = plain_receive(fd, packet, 512, &from);

	(void)what;
	server->queries++;
	len = dns_test_answer(server, packet, len, false, answer);
	if (len > 0)
		plain_send(fd, &from, answer, len);
}

static inline void
dns_test_disconnect(struct dns_test_connection *connection)
{
	close(event_get_fd(connection->event));
	event_free(connection->event);
	connection->event = NULL;
}

static inline void
dns_test_tcp_readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t answer[2 + 65536];
	struct dns_test_connection *connection = arg;
	ssize_t n = recv(fd, connection->bytes + connection->len,
	    sizeof(connection->bytes) - connection->len, 0);
	size_t size, len;

	(void)what;
	if (n <= 0) {
		dns_test_disconnect(connection);
		return;
	}
	connection->len += (size_t)n;
	while (connection->len >= 2 &&
	       connection->len >=
		   (size = 2 + ((size_t)connection->bytes[0] << 8 | connection->bytes[1]))) {
		connection->server->tcp_queries++;
		len = dns_test_answer(connection->server, connection->bytes + 2, size - 2, true,
		    answer + 2);
		dns_test_u16(answer, (unsigned)len);
		if (len > 0)
			ck_assert_int_eq(send(fd, answer, len + 2, MSG_NOSIGNAL),
			    (ssize_t)(len + 2));
		connection->len -= size;
		memmove(connection->bytes, connection->bytes + size, connection->len);
	}
}

static inline void
dns_test_connected(evutil_socket_t fd, short what, void *arg)
{
	struct dns_test *server = arg;
	struct dns_test_connection *connection = server->connections;
	int accepted = accept(fd, NULL, NULL);

	(void)what;
	ck_assert_int_ge(accepted, 0);
	while (connection->event != NULL)
		connection++;
	ck_assert(connection < server->connections + DNS_TEST_CONNECTIONS);
	connection->server = server;
	connection->len = 0;
	connection->event = event_new(server->base, accepted, EV_READ | EV_PERSIST,
	    dns_test_tcp_readable, connection);
	event_add(connection->event, NULL);
}

/* Bind a UDP and a TCP socket to one port of this address; port 0: any free port.  False: the port is in use. */
static inline bool
dns_test_bind(struct dns_test *server, const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof(in);
	int on = 1;

	ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	server->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->tcp_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->fd, (struct sockaddr *)&in, len) == 0 &&
	    getsockname(server->fd, (struct sockaddr *)&in, &len) == 0 &&
	    bind(server->tcp_fd, (struct sockaddr *)&in, len) == 0 &&
	    listen(server->tcp_fd, DNS_TEST_CONNECTIONS) == 0) {
		server->port = ntohs(in.sin_port);
		return true;
	}
	ck_assert_int_eq(errno, EADDRINUSE);
	close(server->fd);
	close(server->tcp_fd);
	return false;
}

static inline void
dns_test_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* Start the nameserver at this address and port; port 0: any free port.  False: the port is in use. */
static inline bool
dns_test_start_at(struct dns_test *server, struct event_base *base, const char *address,
    uint16_t port)
{
	char text[64];

	memset(server, 0, sizeof(*server));
	server->base = base;
	if (!dns_test_bind(server, address, port))
		return false;
	server->event =
	    event_new(base, server->fd, EV_READ | EV_PERSIST, dns_test_readable, server);
	server->tcp_event =
	    event_new(base, server->tcp_fd, EV_READ | EV_PERSIST, dns_test_connected, server);
	event_add(server->event, NULL);
	event_add(server->tcp_event, NULL);
	snprintf(server->resolv_conf, sizeof(server->resolv_conf), "/tmp/swimd-test-resolv-XXXXXX");
	close(mkstemp(server->resolv_conf));
	snprintf(text, sizeof(text), "nameserver %s\n", address);
	dns_test_write(server->resolv_conf, text);
	return true;
}

static inline void
dns_test_start(struct dns_test *server, struct event_base *base)
{
	for (int i = 0; i < 100; i++) {
		if (dns_test_start_at(server, base, "127.0.0.1", 0))
			return;
	}
	ck_abort_msg("no port is free for both UDP and TCP");
}

static inline void
dns_test_end(struct dns_test *server)
{
	for (size_t i = 0; i < DNS_TEST_CONNECTIONS; i++) {
		if (server->connections[i].event != NULL)
			dns_test_disconnect(&server->connections[i]);
	}
	event_free(server->event);
	event_free(server->tcp_event);
	close(server->fd);
	close(server->tcp_fd);
	unlink(server->resolv_conf);
}

#endif
