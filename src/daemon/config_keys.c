/* SPDX-License-Identifier: MIT */
/* The table of keys, and what makes a single value good or bad.  Document a new row in swimd.conf(5). */
#include "daemon/config.h"

#include <ctype.h>
#include <string.h>
#include <net/if.h>
#include <sys/un.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "wire/wire.h"

#define DAY 86400.0

static bool
config_keys_is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._:-[]", c) != NULL);
}

static const char *
config_keys_check_charset(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!config_keys_is_name_char(*text))
			return "has a character other than letters, digits, . _ : - [ and ]";
	}
	return NULL;
}

static const char *
config_keys_check_name(const char *text)
{
	_Static_assert(SWIM_NAME_MAX == 255, "the message below");

	if (*text == '\0')
		return "is empty; a member's name has 1 to 255 bytes";
	if (strlen(text) > SWIM_NAME_MAX)
		return "is longer than 255 bytes";
	return config_keys_check_charset(text);
}

static const char *
config_keys_check_cluster(const char *text)
{
	_Static_assert(SWIM_CLUSTER_MAX == 64, "the message below");

	if (strlen(text) > SWIM_CLUSTER_MAX)
		return "is longer than 64 bytes";
	return config_keys_check_charset(text);
}

static const char *
config_keys_check_tag(const char *text)
{
	_Static_assert(WIRE_TAGS_MAX == 512, "the message below");
	const char *equals = strchr(text, '=');

	if (equals == NULL)
		return "is no tag, which is a key and a value: 'role=db'";
	if (equals == text)
		return "has no key before its '='";
	if (equals - text > UINT8_MAX)
		return "has a key longer than 255 bytes";
	if (strlen(text) > WIRE_TAGS_MAX)
		return "is longer than the 512 bytes that all tags together may have";
	return utf8_valid(text, strlen(text)) ? NULL : "is not UTF-8";
}

static const char *
config_keys_check_hostport(const char *text, bool allow_port_0, char *host)
{
	uint16_t port;
	enum swim_addr_error error =
	    swim_hostport_split(text, strlen(text), SWIM_DEFAULT_PORT, allow_port_0, host, &port);

	return error == SWIM_ADDR_OK ? NULL : swim_addr_error_text(error);
}

static const char not_single[] = "is a multicast or broadcast address, which is no member's";

static const char *
config_keys_check_bind(const char *text)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	const char *why = config_keys_check_hostport(text, true, host);
	struct swim_addr a;

	/* The kernel binds to such an address, at which no answer would ever find us. */
	if (why == NULL && swim_addr_from_host(host, SWIM_DEFAULT_PORT, &a) &&
	    swim_addr_is_multicast(&a))
		return not_single;
	return why;
}

/* Something that others can send to. */
static const char *
config_keys_check_destination(const char *text)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	const char *why = config_keys_check_hostport(text, false, host);
	struct swim_addr a;

	if (why != NULL || !swim_addr_from_host(host, SWIM_DEFAULT_PORT, &a))
		return why;
	if (swim_addr_is_wildcard(&a))
		return "is a wildcard, which is no address to send to";
	if (swim_addr_is_multicast(&a))
		return not_single;
	return NULL;
}

static const char *
config_keys_check_seed(const char *text)
{
	if (strncmp(text, "srv:", 4) != 0)
		return config_keys_check_destination(text);
	return swim_service_name(text) != NULL
		   ? NULL
		   : "is no name of a service, such as srv:_swim._udp.example.org (it takes no port)";
}

static const char *
config_keys_check_advertise(const char *text)
{
	return *text == '\0' ? NULL : config_keys_check_destination(text);
}

static const char *
config_keys_check_device(const char *text)
{
	if (strlen(text) >= IF_NAMESIZE)
		return "is longer than the 15 bytes of an interface name";
	return strpbrk(text, "/ \t\n") != NULL ? "is no name of an interface" : NULL;
}

static const char *
config_keys_check_path(const char *text)
{
	return *text == '\0' ? "is empty; a path is wanted" : NULL;
}

static const char *
config_keys_check_optional_socket(const char *text)
{
	_Static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) == 108, "the message below");

	return strlen(text) > 107 ? "is longer than the 107 bytes that a socket's path may have"
				  : NULL;
}

static const char *
config_keys_check_socket(const char *text)
{
	const char *why = config_keys_check_path(text);

	return why != NULL ? why : config_keys_check_optional_socket(text);
}

static const char *
config_keys_check_interface(const char *text)
{
	return *text == '\0' ? "is empty; the name of an interface is wanted"
			     : config_keys_check_device(text);
}

/* RFC 6335, section 5.1: "_", up to 15 letters, digits and hyphens, and how it is transported. */
static const char *
config_keys_check_mdns_service(const char *text)
{
	size_t len = strspn(text + (*text == '_'),
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-");

	if (*text != '_' || len == 0 || len > 15 ||
	    (strcmp(text + 1 + len, "._udp") != 0 && strcmp(text + 1 + len, "._tcp") != 0))
		return "is no type of service, such as _swim._udp";
	return NULL;
}

static const char *
config_keys_check_mdns_domain(const char *text)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	uint16_t port;

	if (strlen(text) > 253 || strchr(text, ':') != NULL ||
	    swim_hostport_split(text, strlen(text), SWIM_DEFAULT_PORT, false, host, &port) !=
		SWIM_ADDR_OK)
		return "is no domain, such as local";
	return NULL;
}

#define AT(field) .offset = offsetof(struct config, field)

static const struct config_key keys[] = {
    /* This member. */
    {.name = "name",
	.option = "name",
	.argument = "NAME",
	AT(name),
	.type = CONFIG_TEXT,
	.check = config_keys_check_name,
	.change = CONFIG_RESTART,
	.help = "this member's name (default: the host name)"},
    {.name = "cluster",
	.option = "cluster",
	.argument = "NAME",
	AT(cluster),
	.type = CONFIG_TEXT,
	.fallback = "",
	.check = config_keys_check_cluster,
	.change = CONFIG_RESTART,
	.help = "name of the cluster; members of another are not heard"},
    {.name = "state_dir",
	.option = "state-dir",
	.argument = "DIR",
	AT(state_dir),
	.type = CONFIG_TEXT,
	.fallback = SWIM_STATE_DIR,
	.check = config_keys_check_path,
	.change = CONFIG_RESTART,
	.help = "what has to outlive a restart"},
    {.name = "tags",
	.option = "tag",
	.argument = "K=V",
	AT(tags),
	.type = CONFIG_LIST,
	.fallback = "",
	.check = config_keys_check_tag,
	.change = CONFIG_LIVE,
	.help = "tell this of this member to all; may be repeated"},
    /* Network. */
    {.name = "bind",
	.option = "bind",
	.argument = "HOST:PORT",
	AT(bind),
	.type = CONFIG_TEXT,
	.fallback = "[::]:7946",
	.check = config_keys_check_bind,
	.change = CONFIG_RESTART,
	.help = "listen here"},
    {.name = "advertise",
	.option = "advertise",
	.argument = "HOST:PORT",
	AT(advertise),
	.type = CONFIG_TEXT,
	.fallback = "",
	.check = config_keys_check_advertise,
	.change = CONFIG_RESTART,
	.help = "what others reach us at (default: chosen)"},
    {.name = "device",
	AT(device),
	.type = CONFIG_TEXT,
	.fallback = "",
	.check = config_keys_check_device,
	.change = CONFIG_RESTART,
	.help = "send and receive by this interface alone"},
    {.name = "max_datagram",
	AT(max_datagram),
	.type = CONFIG_SIZE,
	.fallback = "1400",
	.min = WIRE_DATAGRAM_MIN,
	.max = WIRE_DATAGRAM_MAX,
	.change = CONFIG_RESTART,
	.help = "largest datagram sent"},
    {.name = "receive_buffer",
	AT(receive_buffer),
	.type = CONFIG_SIZE,
	.fallback = "1MiB",
	.max = 1 << 30,
	.change = CONFIG_RESTART,
	.help = "the socket's receive buffer; 0: the kernel's default"},
    {.name = "retry_attempts",
	AT(retry_attempts),
	.type = CONFIG_UNSIGNED,
	.fallback = "3",
	.min = 1,
	.max = 16,
	.change = CONFIG_RESTART,
	.help = "tries to send a datagram, the first included"},
    {.name = "retry_first",
	AT(retry_first),
	.type = CONFIG_DURATION,
	.fallback = "10ms",
	.min = 0.001,
	.max = 10,
	.change = CONFIG_RESTART,
	.help = "wait before the second try"},
    {.name = "retry_factor",
	AT(retry_factor),
	.type = CONFIG_FACTOR,
	.fallback = "2",
	.min = 1,
	.max = 10,
	.change = CONFIG_RESTART,
	.help = "each further wait is longer by this"},
    {.name = "retry_max",
	AT(retry_max),
	.type = CONFIG_DURATION,
	.fallback = "100ms",
	.min = 0.001,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "longest wait between two tries"},
    {.name = "resolver_cache_entries",
	AT(resolver_cache_entries),
	.type = CONFIG_COUNT,
	.fallback = "1024",
	.min = 1,
	.max = 1000000,
	.change = CONFIG_RESTART,
	.help = "host names remembered"},
    {.name = "resolver_cache_ttl",
	AT(resolver_cache_ttl),
	.type = CONFIG_DURATION,
	.fallback = "60s",
	.min = 1,
	.max = DAY,
	.change = CONFIG_RESTART,
	.help = "for how long"},
    {.name = "resolver_timeout",
	AT(resolver_timeout),
	.type = CONFIG_DURATION,
	.fallback = "5s",
	.min = 0.1,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "for one lookup"},
    {.name = "resolve_members",
	AT(resolve_members),
	.type = CONFIG_BOOL,
	.fallback = "false",
	.change = CONFIG_LIVE,
	.help = "look up host names that members give as their addresses"},
    /* Finding others. */
    {.name = "seeds",
	.option = "seed",
	.argument = "HOST[:PORT]",
	AT(seeds),
	.type = CONFIG_LIST,
	.fallback = "",
	.check = config_keys_check_seed,
	.change = CONFIG_LIVE,
	.help = "join through this member; may be repeated"},
    {.name = "mdns",
	.option = "mdns",
	AT(mdns),
	.type = CONFIG_BOOL,
	.fallback = "true",
	.change = CONFIG_RESTART,
	.help = "find other members by mDNS, and be found"},
    {.name = "mdns_service",
	AT(mdns_service),
	.type = CONFIG_TEXT,
	.fallback = "_swim._udp",
	.check = config_keys_check_mdns_service,
	.change = CONFIG_RESTART,
	.help = "type of the service that members are found by"},
    {.name = "mdns_domain",
	AT(mdns_domain),
	.type = CONFIG_TEXT,
	.fallback = "local",
	.check = config_keys_check_mdns_domain,
	.change = CONFIG_RESTART,
	.help = "domain that they are looked for in"},
    {.name = "mdns_timeout",
	AT(mdns_timeout),
	.type = CONFIG_DURATION,
	.fallback = "5s",
	.min = 1,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "for the first round, for resolving one of them, and for Avahi to answer"},
    {.name = "mdns_interfaces",
	AT(mdns_interfaces),
	.type = CONFIG_LIST,
	.fallback = "",
	.check = config_keys_check_interface,
	.change = CONFIG_RESTART,
	.help = "look, and be found, on these interfaces alone"},
    /* Protocol. */
    {.name = "profile",
	.option = "profile",
	.argument = "lan|wan|local|fast",
	AT(profile),
	.type = CONFIG_PROFILE,
	.fallback = "lan",
	.change = CONFIG_LIVE,
	.help = "the protocol's timing"},
    {.name = "probe_interval",
	AT(timing.probe_interval),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = 3600,
	.help = "one member is probed each"},
    {.name = "probe_timeout",
	AT(timing.probe_timeout),
	.type = CONFIG_DURATION,
	.min = 0.001,
	.max = 3600,
	.help = "an answer is awaited before others are asked to probe"},
    {.name = "indirect_probes",
	AT(timing.indirect_probes),
	.type = CONFIG_UNSIGNED,
	.max = 16,
	.help = "how many others are asked"},
    {.name = "suspicion_min",
	AT(timing.suspicion_min),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = DAY,
	.help = "how long a suspicion lasts that others confirm"},
    {.name = "suspicion_mult",
	AT(timing.suspicion_mult),
	.type = CONFIG_FACTOR,
	.min = 1,
	.max = 100,
	.help = "an unconfirmed suspicion lasts this many times suspicion_min"},
    {.name = "gossip_interval",
	AT(timing.gossip_interval),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = 3600,
	.help = "fresh rumours are pushed each"},
    {.name = "gossip_fanout",
	AT(timing.gossip_fanout),
	.type = CONFIG_UNSIGNED,
	.min = 1,
	.max = 64,
	.help = "to this many members"},
    {.name = "retransmit_mult",
	AT(timing.retransmit_mult),
	.type = CONFIG_UNSIGNED,
	.min = 1,
	.max = 64,
	.help = "a rumour is sent this many times, times log10 of the members"},
    {.name = "sync_interval",
	AT(timing.sync_interval),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = DAY,
	.help = "least time between two comparisons of views"},
    {.name = "reconnect_interval",
	AT(timing.reconnect_interval),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = DAY,
	.help = "one dead member is tried again each"},
    {.name = "dead_retention",
	AT(timing.dead_retention),
	.type = CONFIG_DURATION,
	.min = 1,
	.max = 3650 * DAY,
	.help = "a dead member is remembered for"},
    {.name = "left_retention",
	AT(timing.left_retention),
	.type = CONFIG_DURATION,
	.min = 1,
	.max = 3650 * DAY,
	.help = "one that left is remembered for"},
    {.name = "max_members",
	AT(max_members),
	.type = CONFIG_COUNT,
	.fallback = "10000",
	.min = 2,
	.max = 1000000,
	.change = CONFIG_RESTART,
	.help = "further ones are refused"},
    {.name = "max_jump",
	AT(max_jump),
	.type = CONFIG_COUNT,
	.fallback = "4294967296",
	.min = 1,
	.max = 0x1p64,
	.change = CONFIG_RESTART,
	.help = "most that an incarnation may rise at once"},
    /* Control socket. */
    {.name = "socket",
	.option = "socket",
	.argument = "PATH",
	AT(socket),
	.type = CONFIG_TEXT,
	.fallback = SWIM_RUN_DIR "/swimd.sock",
	.check = config_keys_check_socket,
	.change = CONFIG_RESTART,
	.help = "control socket"},
    {.name = "ro_socket",
	.option = "ro-socket",
	.argument = "PATH",
	AT(ro_socket),
	.type = CONFIG_TEXT,
	.fallback = SWIM_RUN_DIR "/swimd-ro.sock",
	.check = config_keys_check_optional_socket,
	.change = CONFIG_RESTART,
	.help = "control socket that changes nothing (none if --socket is given alone)"},
    {.name = "socket_group",
	AT(socket_group),
	.type = CONFIG_TEXT,
	.fallback = "swimd",
	.change = CONFIG_RESTART,
	.help = "group that may use the control socket"},
    /* Log. */
    {.name = "log_level",
	.option = "log-level",
	.argument = "LEVEL",
	AT(log_level),
	.type = CONFIG_LOG_LEVEL,
	.fallback = "info",
	.help = "error, warning, notice, info, debug or trace"},
    {.name = "log_format",
	.option = "log-format",
	.argument = "text|json|journal|auto",
	AT(log_format),
	.type = CONFIG_LOG_FORMAT,
	.fallback = "auto",
	.help = "form of the log on stderr; auto is journal under systemd, and else text"},
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX is too small");

const struct config_key *
config_keys(size_t *count)
{
	*count = sizeof(keys) / sizeof(keys[0]);
	return keys;
}

const struct config_key *
config_find(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

const char *
config_nearest(const char *name)
{
	const char *names[CONFIG_KEYS_MAX];
	size_t count = sizeof(keys) / sizeof(keys[0]);

	for (size_t i = 0; i < count; i++)
		names[i] = keys[i].name;
	return nearest_word(name, names, count);
}

size_t
config_row(const struct config_key *key)
{
	return (size_t)(key - keys);
}

void
config_environment_name(const struct config_key *key, char *buf)
{
	char *out = stpcpy(buf, "SWIMD_");

	for (const char *p = key->name; *p != '\0'; p++)
		*out++ = (char)toupper((unsigned char)*p);
	*out = '\0';
}
