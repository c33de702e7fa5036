/* SPDX-License-Identifier: MIT */
/*
 * The messages between the daemon and its mDNS helper, one message a packet of a SOCK_SEQPACKET pair.  Both
 * ends are one program, but every message is bounded and checked, because the helper reads what strangers
 * send.
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
#define MDNS_SERVICES_MAX 1024 /* that the helper follows at a time */
#define MDNS_TYPE_MAX 63       /* bytes of "_swim._udp" */
#define MDNS_DOMAIN_MAX 253
#define MDNS_INSTANCE_MAX 63 /* a DNS label */
#define MDNS_TEXT_MAX 255

enum mdns_type {
	/* To the helper. */
	MDNS_SETUP = 1, /* the first message, sent once: what to look for, and where */
	MDNS_SELF,      /* this member's properties, to advertise; sent again after a change */
	/* From the helper. */
	MDNS_ALIVE,     /* sent regularly: the helper runs, and Avahi, if it runs, answers */
	MDNS_TROUBLE,   /* text: what is wrong now; "": nothing */
	MDNS_PUBLISHED, /* text: the service name under which this member is advertised */
	MDNS_CLEAR,     /* all services so far are withdrawn */
	MDNS_SERVICE,   /* a service that was found, or has changed */
	MDNS_GONE,      /* number: of the service that was withdrawn */
	MDNS_DROPPED,   /* number: of services so far for which there was no room */
};

#define MDNS_IPV4 1U
#define MDNS_IPV6 2U
struct mdns_setup {
	char service[MDNS_TYPE_MAX + 1], domain[MDNS_DOMAIN_MAX + 1];
	uint8_t families;    /* MDNS_IPV4 | MDNS_IPV6 */
	uint32_t timeout_ms; /* for one resolution */
	uint8_t interface_count;
	char interfaces[MDNS_INTERFACES_MAX][IF_NAMESIZE]; /* count 0: all interfaces */
};

struct mdns_self {
	char name[MDNS_TEXT_MAX + 1], cluster[MDNS_TEXT_MAX + 1], version[MDNS_TEXT_MAX + 1];
	uint16_t port;
};

enum mdns_verdict {
	MDNS_FOUND,      /* and not resolved yet */
	MDNS_RESOLVED,   /* address, name and cluster are known */
	MDNS_UNRESOLVED, /* tried again later; `text` says why */
	MDNS_MALFORMED,  /* `text` names the fault */
};
#define MDNS_VERDICTS 4
struct mdns_service {
	uint32_t id; /* chosen by the helper, which uses it once */
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

/* Encode the message into `out`, which has room for MDNS_MESSAGE_MAX bytes.  Returns the length. */
size_t mdns_message_encode(const struct mdns_message *, void *out);
/* Decode a packet of exactly one message.  False when the packet is malformed; *out is then undefined. */
bool mdns_message_decode(const void *, size_t len, struct mdns_message *out);

#endif
