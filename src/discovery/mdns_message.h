/* SPDX-License-Identifier: MIT */
/*
 * What the daemon and its mDNS helper say to each other, one message a packet of a SOCK_SEQPACKET pair.
 * Both are one program, and yet every message is bounded and checked: the helper reads what strangers send.
 */
#ifndef SWIMD_DISCOVERY_MDNS_MESSAGE_H
#define SWIMD_DISCOVERY_MDNS_MESSAGE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define MDNS_MESSAGE_MAX 2048 /* bytes of a packet */
#define MDNS_INTERFACES_MAX 64
#define MDNS_SERVICES_MAX 1024 /* looked after at once */
#define MDNS_TYPE_MAX 63       /* bytes of "_swim._udp" */
#define MDNS_DOMAIN_MAX 253
#define MDNS_INSTANCE_MAX 63 /* a DNS label */
#define MDNS_TEXT_MAX 255

enum mdns_type {
	/* To the helper. */
	MDNS_SETUP = 1, /* first, once: what to look for, and where */
	MDNS_SELF,      /* advertise us, or what has changed about us */
	/* From the helper. */
	MDNS_ALIVE,     /* all the while: it runs, and Avahi (if there) answers */
	MDNS_TROUBLE,   /* text: what is wrong now; "": nothing */
	MDNS_PUBLISHED, /* text: the service name that we go by */
	MDNS_CLEAR,     /* what was found so far is void */
	MDNS_SERVICE,   /* a service was found, or more is known of it */
	MDNS_GONE,      /* the service `number` was withdrawn */
	MDNS_DROPPED,   /* `number` services so far were more than MDNS_SERVICES_MAX */
};

#define MDNS_IPV4 1U
#define MDNS_IPV6 2U
struct mdns_setup {
	char service[MDNS_TYPE_MAX + 1], domain[MDNS_DOMAIN_MAX + 1];
	uint8_t families;    /* MDNS_IPV4 | MDNS_IPV6 */
	uint32_t timeout_ms; /* for one resolution */
	uint8_t interface_count;
	char interfaces[MDNS_INTERFACES_MAX][IF_NAMESIZE]; /* none: all */
};

struct mdns_self {
	char name[MDNS_TEXT_MAX + 1], cluster[MDNS_TEXT_MAX + 1], version[MDNS_TEXT_MAX + 1];
	uint16_t port;
};

enum mdns_verdict {
	MDNS_FOUND,      /* and being resolved */
	MDNS_RESOLVED,   /* address, name and cluster are known */
	MDNS_UNRESOLVED, /* tried again in time; `text` says why */
	MDNS_MALFORMED,  /* `text` says what is wrong with it */
};
#define MDNS_VERDICTS 4
struct mdns_service {
	uint32_t id; /* the helper's, for as long as the service is there */
	enum mdns_verdict verdict;
	char interface[IF_NAMESIZE];
	char instance[MDNS_INSTANCE_MAX + 1]; /* any bytes but NUL */
	struct swim_addr address;             /* family 0 unless resolved */
	char name[MDNS_TEXT_MAX + 1], cluster[MDNS_TEXT_MAX + 1];
	char text[MDNS_TEXT_MAX + 1];
};

struct mdns_message {
	enum mdns_type type;
	union {
		struct mdns_setup setup;
		struct mdns_self self;
		struct mdns_service service;
		char text[MDNS_TEXT_MAX + 1];
		uint64_t number;
	};
};

/* Into `out` of MDNS_MESSAGE_MAX bytes; returns its length. */
size_t mdns_message_encode(const struct mdns_message *, void *out);
/* The whole of it, or false and *out is undefined. */
bool mdns_message_decode(const void *, size_t len, struct mdns_message *out);

#endif
