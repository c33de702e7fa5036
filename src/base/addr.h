/* SPDX-License-Identifier: MIT */
/*
 * Transport addresses: numeric IPv4 or IPv6 with a port.  Host names never come this far down:
 * they are split off here as text and resolved by net/resolver.
 */
#ifndef SWIMD_BASE_ADDR_H
#define SWIMD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * family is 0 (no address), 4 or 6.  An IPv4 address fills ip[0..3].  An IPv4-mapped IPv6 address
 * (::ffff:a.b.c.d) is always held as IPv4, so that one peer has one address on a dual-stack socket.
 * Unused bytes are zero, so two equal addresses are equal bytes.
 */
struct swim_addr {
	uint8_t family;
	uint8_t pad;
	uint16_t port;  /* host byte order */
	uint32_t scope; /* IPv6 link-local zone (interface index), else 0 */
	uint8_t ip[16];
};

/* The longest text swim_addr_format writes, with its NUL: "[v6%4294967295]:65535". */
#define SWIM_ADDR_TEXT 72
/* The longest host:port accepted anywhere: a DNS name (253), brackets, colon, port. */
#define SWIM_HOSTPORT_MAX 262
#define SWIM_DEFAULT_PORT 7946

enum swim_addr_error {
	SWIM_ADDR_OK = 0,
	SWIM_ADDR_EMPTY,        /* no host */
	SWIM_ADDR_NO_PORT,      /* a port is required and there is none */
	SWIM_ADDR_BAD_PORT,     /* not a number from 1 to 65535 (0 where allowed) */
	SWIM_ADDR_BAD_BRACKETS, /* [ without ], or text after ] that is not a port */
	SWIM_ADDR_BARE_IPV6,    /* an IPv6 address with a port needs brackets */
	SWIM_ADDR_BAD_HOST,     /* characters that no host name or address has */
	SWIM_ADDR_TOO_LONG,
};
/* A sentence fragment that says what is wrong and what is wanted; static. */
const char *swim_addr_error_text(enum swim_addr_error);

/*
 * Split "host", "host:port", "[v6]", "[v6]:port" or (without a port) a bare v6 address.  `text` has
 * `len` bytes and needs no NUL.  Writes the host without brackets, NUL-terminated, into host
 * (SWIM_HOSTPORT_MAX + 1 bytes) and the port, or default_port where none is given (default_port < 0:
 * a port is required).  Port 0 is accepted only when allow_port_0.  Does not look the host up.
 */
enum swim_addr_error swim_hostport_split(const char *text, size_t len, int default_port,
    bool allow_port_0, char *host, uint16_t *port);

/*
 * Tell whether the text is an IPv6 address without brackets whose last group may have been meant as a port, as in
 * "::1:7946": the last group is decimal and has four digits or more, from 1024 on, and the text before it is an
 * address too.  Returns the length of the text before it, or 0.
 */
size_t swim_hostport_mistakable(const char *text);

/*
 * The name of a service in "srv:NAME", which has SRV records in DNS (RFC 2782), or NULL when the text does not have
 * that form.
 */
const char *swim_service_name(const char *text);

/* Numeric "a.b.c.d:port" or "[v6]:port" with a port from 1 to 65535; false for anything else, host names too. */
bool swim_addr_parse(const char *text, size_t len, struct swim_addr *out);

/* A numeric host without port or brackets ("10.0.0.1", "fe80::1%3"); sets port.  False if it is not numeric. */
bool swim_addr_from_host(const char *host, uint16_t port, struct swim_addr *out);

/* Canonical text (RFC 5952 for IPv6) into buf of at least SWIM_ADDR_TEXT bytes; returns buf. */
char *swim_addr_format(const struct swim_addr *, char *buf);
/* The same text without a zone: a zone means nothing to another machine (RFC 4007, section 6). */
char *swim_addr_format_public(const struct swim_addr *, char *buf);

bool swim_addr_equal(const struct swim_addr *, const struct swim_addr *);
/* A total order: less than 0, 0 or more than 0, as memcmp returns it. */
int swim_addr_compare(const struct swim_addr *, const struct swim_addr *);
/* 0.0.0.0 or :: whatever the port. */
bool swim_addr_is_wildcard(const struct swim_addr *);
bool swim_addr_is_loopback(const struct swim_addr *);
/* True for the addresses that belong to no single machine: multicast, and IPv4's limited broadcast, 255.255.255.255. */
bool swim_addr_is_multicast(const struct swim_addr *);
/* True for fe80::/10.  Such an address may exist on several networks, and only its zone says which network is meant. */
bool swim_addr_is_link_local(const struct swim_addr *);

#endif
