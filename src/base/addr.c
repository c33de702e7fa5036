/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define DNS_NAME_MAX 253
#define DNS_LABEL_MAX 63

static bool
addr_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
addr_is_name_char(char c)
{
	return addr_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '_' || c == '.';
}

static size_t
addr_count_char(const char *text, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == c;
	return n;
}

const char *
swim_addr_error_text(enum swim_addr_error error)
{
	switch (error) {
	case SWIM_ADDR_OK:
		return "no error";
	case SWIM_ADDR_EMPTY:
		return "has no host; write HOST:PORT";
	case SWIM_ADDR_NO_PORT:
		return "has no port; write HOST:PORT";
	case SWIM_ADDR_BAD_PORT:
		return "has a port that is not a number from 1 to 65535";
	case SWIM_ADDR_BAD_BRACKETS:
		return "has brackets that do not match; write [IPV6]:PORT";
	case SWIM_ADDR_BARE_IPV6:
		return "is an IPv6 address with a port, which needs brackets; write [IPV6]:PORT";
	case SWIM_ADDR_BAD_HOST:
		return "has a host that is neither an IP address nor a host name";
	case SWIM_ADDR_TOO_LONG:
		return "has a host that is longer than a DNS name can be (253 characters)";
	}
	__builtin_unreachable();
}

/* 1 to 5 digits, no sign, space or leading zero. */
static bool
addr_parse_port(const char *text, size_t len, bool allow_0, uint16_t *port)
{
	uint32_t value = 0;

	if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!addr_is_digit(text[i]))
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (value > UINT16_MAX || (value == 0 && !allow_0))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* Parse a zone that is the index of an interface, from 1 on.  The name of an interface is not accepted. */
static bool
addr_parse_scope(const char *text, uint32_t *scope)
{
	uint64_t value = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 10 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!addr_is_digit(text[i]))
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > UINT32_MAX)
		return false;
	*scope = (uint32_t)value;
	return true;
}

/* True for fe80::/10 and for multicast of link scope: only these addresses need a zone. */
static bool
addr_is_link_local(const uint8_t *ip)
{
	return (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || (ip[0] == 0xff && (ip[1] & 0x0f) == 2);
}

static bool
addr_from_ipv6(const char *text, size_t len, struct swim_addr *out)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char plain[INET6_ADDRSTRLEN];

	if (len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (inet_pton(AF_INET6, plain, out->ip) != 1)
		return false;
	out->family = 6;
	if (memcmp(out->ip, mapped, sizeof(mapped)) == 0) {
		memmove(out->ip, out->ip + 12, 4);
		memset(out->ip + 4, 0, 12);
		out->family = 4;
	}
	return true;
}

bool
swim_addr_from_host(const char *host, uint16_t port, struct swim_addr *out)
{
	struct swim_addr a = {.port = port};
	const char *zone;

	if (strchr(host, ':') == NULL) {
		if (inet_pton(AF_INET, host, a.ip) != 1)
			return false;
		a.family = 4;
	} else {
		zone = strchr(host, '%');
		if (!addr_from_ipv6(host, zone != NULL ? (size_t)(zone - host) : strlen(host), &a))
			return false;
		/* Only a link-local address may have a zone: any other address would have a second value with a zone. */
		if (zone != NULL && (a.family != 6 || !addr_is_link_local(a.ip) ||
					!addr_parse_scope(zone + 1, &a.scope)))
			return false;
	}
	*out = a;
	return true;
}

/* An IPv6 address, perhaps with a zone by number or interface name. */
static bool
addr_is_ipv6_host(const char *host)
{
	struct swim_addr ignored;
	const char *zone = strchr(host, '%');

	if (strchr(host, ':') == NULL)
		return false;
	if (zone == NULL)
		return addr_from_ipv6(host, strlen(host), &ignored);
	for (const char *c = zone + 1; *c != '\0'; c++) {
		if (!addr_is_name_char(*c))
			return false;
	}
	return zone[1] != '\0' && addr_from_ipv6(host, (size_t)(zone - host), &ignored);
}

/*
 * Check that the text is an IPv4 address or a host name.  A name whose last label is a number is not a host name
 * (RFC 1123, section 2.1): such a text is a mistyped address, and a lookup could give any host for it.
 */
static enum swim_addr_error
addr_check_name(const char *host)
{
	size_t len = strlen(host), label = 0;
	bool numeric = true;
	struct in_addr ignored;

	if (len > DNS_NAME_MAX + (host[len - 1] == '.'))
		return SWIM_ADDR_TOO_LONG;
	if (host[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (!addr_is_name_char(host[i]) || (host[i] == '.' && label == 0) ||
		    (host[i] == '-' && label == 0))
			return SWIM_ADDR_BAD_HOST;
		if (host[i] == '.') {
			label = 0;
			numeric = true;
			continue;
		}
		numeric = numeric && addr_is_digit(host[i]);
		if (++label > DNS_LABEL_MAX)
			return SWIM_ADDR_BAD_HOST;
	}
	if (label == 0 || (numeric && inet_pton(AF_INET, host, &ignored) != 1))
		return SWIM_ADDR_BAD_HOST;
	return SWIM_ADDR_OK;
}

/* Split the text without a check of the host: *host_len bytes from *host_start, and the port's text or NULL. */
static enum swim_addr_error
addr_find_parts(const char *text, size_t len, const char **host_start, size_t *host_len,
    const char **port_text)
{
	const char *close, *colon;

	*port_text = NULL;
	*host_start = text;
	*host_len = len;
	if (text[0] == '[') {
		close = memchr(text, ']', len);
		if (close == NULL)
			return SWIM_ADDR_BAD_BRACKETS;
		*host_start = text + 1;
		*host_len = (size_t)(close - text - 1);
		if (close + 1 == text + len)
			return SWIM_ADDR_OK;
		if (close[1] != ':')
			return SWIM_ADDR_BAD_BRACKETS;
		*port_text = close + 2;
		return SWIM_ADDR_OK;
	}
	if (addr_count_char(text, len, '[') > 0 || addr_count_char(text, len, ']') > 0)
		return SWIM_ADDR_BAD_BRACKETS;
	if (addr_count_char(text, len, ':') == 1) {
		colon = memchr(text, ':', len);
		*host_len = (size_t)(colon - text);
		*port_text = colon + 1;
	}
	return SWIM_ADDR_OK;
}

enum swim_addr_error
swim_hostport_split(const char *text, size_t len, int default_port, bool allow_port_0, char *host,
    uint16_t *port)
{
	const char *host_start, *port_text;
	enum swim_addr_error error;
	bool bracketed;
	size_t host_len;

	if (len == 0)
		return SWIM_ADDR_EMPTY;
	if (len > SWIM_HOSTPORT_MAX)
		return SWIM_ADDR_TOO_LONG;
	bracketed = text[0] == '[';
	error = addr_find_parts(text, len, &host_start, &host_len, &port_text);
	if (error != SWIM_ADDR_OK)
		return error;
	if (host_len == 0)
		return SWIM_ADDR_EMPTY;
	if (memchr(host_start, '\0', host_len) != NULL)
		return SWIM_ADDR_BAD_HOST;
	memcpy(host, host_start, host_len);
	host[host_len] = '\0';

	if (bracketed) {
		if (!addr_is_ipv6_host(host))
			return SWIM_ADDR_BAD_HOST;
	} else if (strchr(host, ':') != NULL) {
		size_t digits = strspn(host, "0123456789abcdefABCDEF:.");

		/* The text is no address, as in http://db1:7946: do not advise brackets. */
		if (host[digits] != '\0' && host[digits] != '%')
			return SWIM_ADDR_BAD_HOST;
		/*
		 * The text has two colons or more: it is an address without a port, or an address that lacks its
		 * brackets.
		 */
		if (default_port < 0 || !addr_is_ipv6_host(host))
			return SWIM_ADDR_BARE_IPV6;
	} else {
		error = addr_check_name(host);
		if (error != SWIM_ADDR_OK)
			return error;
	}
	if (port_text != NULL) {
		/* The text is a URL, as in http://db1: the host is at fault, not the port. */
		if (strncmp(port_text, "//", 2) == 0)
			return SWIM_ADDR_BAD_HOST;
		if (!addr_parse_port(port_text, (size_t)(text + len - port_text), allow_port_0,
			port))
			return SWIM_ADDR_BAD_PORT;
		return SWIM_ADDR_OK;
	}
	if (default_port < 0)
		return SWIM_ADDR_NO_PORT;
	*port = (uint16_t)default_port;
	return SWIM_ADDR_OK;
}

size_t
swim_hostport_mistakable(const char *text)
{
	const char *last = strrchr(text, ':');
	char before[SWIM_HOSTPORT_MAX + 1];
	size_t len = strlen(text), host_len;
	uint16_t port;

	if (last == NULL || len > SWIM_HOSTPORT_MAX || strchr(text, '%') != NULL ||
	    !addr_is_ipv6_host(text))
		return 0;
	host_len = (size_t)(last - text);
	memcpy(before, text, host_len);
	before[host_len] = '\0';
	return addr_parse_port(last + 1, strlen(last + 1), false, &port) && port >= 1024 &&
		       addr_is_ipv6_host(before)
		   ? host_len
		   : 0;
}

const char *
swim_service_name(const char *text)
{
	static const char prefix[] = "srv:";
	char host[SWIM_HOSTPORT_MAX + 1];
	const char *name = text + sizeof(prefix) - 1;
	uint16_t port;

	if (strlen(text) > SWIM_HOSTPORT_MAX || strncmp(text, prefix, sizeof(prefix) - 1) != 0 ||
	    strpbrk(name, ":[") != NULL ||
	    swim_hostport_split(name, strlen(name), 1, false, host, &port) != SWIM_ADDR_OK)
		return NULL;
	return name;
}

bool
swim_addr_parse(const char *text, size_t len, struct swim_addr *out)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;

	return swim_hostport_split(text, len, -1, false, host, &port) == SWIM_ADDR_OK &&
	       swim_addr_from_host(host, port, out);
}

char *
swim_addr_format(const struct swim_addr *a, char *buf)
{
	char ip[INET6_ADDRSTRLEN];

	if (a->family == 4) {
		inet_ntop(AF_INET, a->ip, ip, sizeof(ip));
		snprintf(buf, SWIM_ADDR_TEXT, "%s:%u", ip, (unsigned)a->port);
	} else if (a->family == 6) {
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
		if (a->scope != 0)
			snprintf(buf, SWIM_ADDR_TEXT, "[%s%%%u]:%u", ip, (unsigned)a->scope,
			    (unsigned)a->port);
		else
			snprintf(buf, SWIM_ADDR_TEXT, "[%s]:%u", ip, (unsigned)a->port);
	} else {
		snprintf(buf, SWIM_ADDR_TEXT, "-");
	}
	return buf;
}

char *
swim_addr_format_public(const struct swim_addr *a, char *buf)
{
	struct swim_addr plain = *a;

	plain.scope = 0;
	return swim_addr_format(&plain, buf);
}

bool
swim_addr_equal(const struct swim_addr *a, const struct swim_addr *b)
{
	return swim_addr_compare(a, b) == 0;
}

int
swim_addr_compare(const struct swim_addr *a, const struct swim_addr *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->ip, b->ip, sizeof(a->ip));
	if (order != 0)
		return order;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

bool
swim_addr_is_wildcard(const struct swim_addr *a)
{
	static const uint8_t zero[16] = {0};

	return a->family != 0 && memcmp(a->ip, zero, sizeof(zero)) == 0;
}

bool
swim_addr_is_loopback(const struct swim_addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == 4)
		return a->ip[0] == 127;
	return a->family == 6 && memcmp(a->ip, one, sizeof(one)) == 0;
}

bool
swim_addr_is_multicast(const struct swim_addr *a)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (a->family == 4)
		return (a->ip[0] & 0xf0) == 0xe0 ||
		       memcmp(a->ip, broadcast, sizeof(broadcast)) == 0;
	return a->family == 6 && a->ip[0] == 0xff;
}

bool
swim_addr_is_link_local(const struct swim_addr *a)
{
	return a->family == 6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}
