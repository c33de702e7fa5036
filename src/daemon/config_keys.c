/* SPDX-License-Identifier: MIT */
/* The table of configuration keys, and the checks of single values.  Document each key in swimd.conf(5). */
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
		return "is not a tag: give a key and a value, as in role=db";
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

static const char not_unicast[] =
    "is a multicast or broadcast address; a member has a unicast address";

static const char *
config_keys_check_bind(const char *text)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	const char *why = config_keys_check_hostport(text, true, host);
	struct swim_addr a;

	/* The kernel would bind to such an address, but answers could not reach this member there. */
	if (why == NULL && swim_addr_from_host(host, SWIM_DEFAULT_PORT, &a) &&
	    swim_addr_is_multicast(&a))
		return not_unicast;
	return why;
}

/* Checks an address to which members send datagrams. */
static const char *
config_keys_check_destination(const char *text)
{
	char host[SWIM_HOSTPORT_MAX + 1];
	const char *why = config_keys_check_hostport(text, false, host);
	struct swim_addr a;

	if (why != NULL || !swim_addr_from_host(host, SWIM_DEFAULT_PORT, &a))
		return why;
	if (swim_addr_is_wildcard(&a))
		return "is a wildcard address, to which nobody can send";
	if (swim_addr_is_multicast(&a))
		return not_unicast;
	return NULL;
}

static const char *
config_keys_check_seed(const char *text)
{
	if (strncmp(text, "srv:", 4) != 0)
		return config_keys_check_destination(text);
	return swim_service_name(text) != NULL
		   ? NULL
		   : "is not the name of a service: give one such as srv:_swim._udp.example.org, without a port";
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
	return strpbrk(text, "/ \t\n") != NULL ? "is not the name of an interface" : NULL;
}

static const char *
config_keys_check_path(const char *text)
{
	return *text == '\0' ? "is empty; give a path" : NULL;
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
	return *text == '\0' ? "is empty; give the name of an interface"
			     : config_keys_check_device(text);
}

/* RFC 6335, section 5.1: "_", then up to 15 letters, digits and hyphens, then the transport protocol. */
static const char *
config_keys_check_mdns_service(const char *text)
{
	size_t len = strspn(text + (*text == '_'),
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-");

	if (*text != '_' || len == 0 || len > 15 ||
	    (strcmp(text + 1 + len, "._udp") != 0 && strcmp(text + 1 + len, "._tcp") != 0))
		return "is not a type of service: give one such as _swim._udp";
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
		return "is not a domain: give one such as local";
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
	.help = "name of the cluster; members of other clusters are ignored"},
    {.name = "state_dir",
	.option = "state-dir",
	.argument = "DIR",
	AT(state_dir),
	.type = CONFIG_TEXT,
	.fallback = SWIM_STATE_DIR,
	.check = config_keys_check_path,
	.change = CONFIG_RESTART,
	.help = "directory of the state that outlives a restart"},
    {.name = "tags",
	.option = "tag",
	.argument = "K=V",
	AT(tags),
	.type = CONFIG_LIST,
	.fallback = "",
	.check = config_keys_check_tag,
	.change = CONFIG_LIVE,
	.help = "a tag of this member, which all members see; may be repeated"},
    /* Network. */
    {.name = "bind",
	.option = "bind",
	.argument = "HOST:PORT",
	AT(bind),
	.type = CONFIG_TEXT,
	.fallback = "[::]:7946",
	.check = config_keys_check_bind,
	.change = CONFIG_RESTART,
	.help = "address to listen at"},
    {.name = "advertise",
	.option = "advertise",
	.argument = "HOST:PORT",
	AT(advertise),
	.type = CONFIG_TEXT,
	.fallback = "",
	.check = config_keys_check_advertise,
	.change = CONFIG_RESTART,
	.help = "address at which others reach this member (default: chosen)"},
    {.name = "device",
	AT(device),
	.type = CONFIG_TEXT,
	.fallback = "",
	.check = config_keys_check_device,
	.change = CONFIG_RESTART,
	.help = "send and receive on this interface only"},
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
	.help = "attempts to send a datagram, the first included"},
    {.name = "retry_first",
	AT(retry_first),
	.type = CONFIG_DURATION,
	.fallback = "10ms",
	.min = 0.001,
	.max = 10,
	.change = CONFIG_RESTART,
	.help = "wait before the second attempt"},
    {.name = "retry_factor",
	AT(retry_factor),
	.type = CONFIG_FACTOR,
	.fallback = "2",
	.min = 1,
	.max = 10,
	.change = CONFIG_RESTART,
	.help = "each further wait is this many times as long"},
    {.name = "retry_max",
	AT(retry_max),
	.type = CONFIG_DURATION,
	.fallback = "100ms",
	.min = 0.001,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "longest wait between two attempts"},
    {.name = "resolver_cache_entries",
	AT(resolver_cache_entries),
	.type = CONFIG_COUNT,
	.fallback = "1024",
	.min = 1,
	.max = 1000000,
	.change = CONFIG_RESTART,
	.help = "host names whose addresses are remembered"},
    {.name = "resolver_cache_ttl",
	AT(resolver_cache_ttl),
	.type = CONFIG_DURATION,
	.fallback = "60s",
	.min = 1,
	.max = DAY,
	.change = CONFIG_RESTART,
	.help = "longest time for which an address is remembered"},
    {.name = "resolver_timeout",
	AT(resolver_timeout),
	.type = CONFIG_DURATION,
	.fallback = "5s",
	.min = 0.1,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "longest time for one lookup"},
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
	.help = "find other members by mDNS, and be found by them"},
    {.name = "mdns_service",
	AT(mdns_service),
	.type = CONFIG_TEXT,
	.fallback = "_swim._udp",
	.check = config_keys_check_mdns_service,
	.change = CONFIG_RESTART,
	.help = "service type under which members are found"},
    {.name = "mdns_domain",
	AT(mdns_domain),
	.type = CONFIG_TEXT,
	.fallback = "local",
	.check = config_keys_check_mdns_domain,
	.change = CONFIG_RESTART,
	.help = "domain in which members are found"},
    {.name = "mdns_timeout",
	AT(mdns_timeout),
	.type = CONFIG_DURATION,
	.fallback = "5s",
	.min = 1,
	.max = 60,
	.change = CONFIG_RESTART,
	.help = "longest time for the first round, for one lookup, and for an answer of Avahi"},
    {.name = "mdns_interfaces",
	AT(mdns_interfaces),
	.type = CONFIG_LIST,
	.fallback = "",
	.check = config_keys_check_interface,
	.change = CONFIG_RESTART,
	.help = "use mDNS on these interfaces only"},
    /* Protocol. */
    {.name = "profile",
	.option = "profile",
	.argument = "lan|wan|local|fast",
	AT(profile),
	.type = CONFIG_PROFILE,
	.fallback = "lan",
	.change = CONFIG_LIVE,
	.help = "timing of the protocol"},
    {.name = "probe_interval",
	AT(timing.probe_interval),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = 3600,
	.help = "one member is probed in each interval"},
    {.name = "probe_timeout",
	AT(timing.probe_timeout),
	.type = CONFIG_DURATION,
	.min = 0.001,
	.max = 3600,
	.help = "wait for an answer before other members are asked to probe"},
    {.name = "indirect_probes",
	AT(timing.indirect_probes),
	.type = CONFIG_UNSIGNED,
	.max = 16,
	.help = "number of other members that are asked to probe"},
    {.name = "suspicion_min",
	AT(timing.suspicion_min),
	.type = CONFIG_DURATION,
	.min = 0.01,
	.max = DAY,
	.help = "length of a suspicion that enough members confirm"},
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
	.help = "new rumours are sent in each interval"},
    {.name = "gossip_fanout",
	AT(timing.gossip_fanout),
	.type = CONFIG_UNSIGNED,
	.min = 1,
	.max = 64,
	.help = "number of members to which rumours are sent in each interval"},
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
	.help = "one dead member is pinged in each interval"},
    {.name = "dead_retention",
	AT(timing.dead_retention),
	.type = CONFIG_DURATION,
	.min = 1,
	.max = 3650 * DAY,
	.help = "how long a dead member is remembered"},
    {.name = "left_retention",
	AT(timing.left_retention),
	.type = CONFIG_DURATION,
	.min = 1,
	.max = 3650 * DAY,
	.help = "how long a member that left is remembered"},
    {.name = "max_members",
	AT(max_members),
	.type = CONFIG_COUNT,
	.fallback = "10000",
	.min = 2,
	.max = 1000000,
	.change = CONFIG_RESTART,
	.help = "most members that are kept; further members are refused"},
    {.name = "max_jump",
	AT(max_jump),
	.type = CONFIG_COUNT,
	.fallback = "4294967296",
	.min = 1,
	.max = 0x1p64,
	.change = CONFIG_RESTART,
	.help = "largest rise of an incarnation in one update"},
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
	.help = "read-only control socket; none if only --socket is given"},
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
	.help = "format of the log on stderr; auto is journal under systemd, else text"},
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
