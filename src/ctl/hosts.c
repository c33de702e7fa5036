/* SPDX-License-Identifier: MIT */
#include "ctl/hosts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/status.h"
#include "ctl/print.h"

#define NO_HOST_NAME "not a host name"
#define AN_ADDRESS "an address to some programs"
#define OWN_MEANING "a name with a meaning of its own"
#define OWN_NAME "this machine's own name"
#define ANOTHERS_NAME "the name of another member differs only in the case of letters"

/* ---------------------------------------------------------------------------- the names of this machine */

/* Whether the name is in the list, in which each name ends with a NUL; case is ignored. */
static bool
hosts_listed(const char *list, size_t len, const char *name)
{
	for (size_t at = 0; at < len; at += strlen(list + at) + 1)
		if (strcasecmp(list + at, name) == 0)
			return true;
	return false;
}

static bool
hosts_of_an_interface(const struct ifaddrs *all, const struct swim_addr *addr)
{
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		const void *ip;
		size_t len;

		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET && addr->family == 4) {
			ip = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
			len = 4;
		} else if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET6 &&
			   addr->family == 6) {
			ip = &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
			len = 16;
		} else {
			continue;
		}
		if (memcmp(ip, addr->ip, len) == 0)
			return true;
	}
	return false;
}

/*
 * If `fixed`, write to `out` the names that the hosts file `in` gives to loopback, wildcard and multicast addresses.
 * Otherwise write the names that the file gives to the addresses of the interfaces.
 */
static void
hosts_collect(FILE *in, FILE *out, bool fixed, const struct ifaddrs *interfaces)
{
	char *line = NULL, *rest, *word;
	size_t cap = 0;

	while (getline(&line, &cap, in) >= 0) {
		struct swim_addr addr;
		bool wanted;

		line[strcspn(line, "#\r\n")] = '\0';
		word = strtok_r(line, " \t", &rest);
		if (word == NULL)
			continue;
		word[strcspn(word, "%")] = '\0';
		if (!swim_addr_from_host(word, 1, &addr))
			continue;
		wanted = swim_addr_is_loopback(&addr) || swim_addr_is_wildcard(&addr) ||
			 swim_addr_is_multicast(&addr);
		wanted = fixed ? wanted : !wanted && hosts_of_an_interface(interfaces, &addr);
		while (wanted && (word = strtok_r(NULL, " \t", &rest)) != NULL)
			fwrite(word, strlen(word) + 1, 1, out);
	}
	free(line);
}

bool
hosts_init(struct hosts *hosts, const char *path)
{
	struct ifaddrs *interfaces = NULL;
	FILE *in, *out;

	*hosts = (struct hosts){0};
	if (gethostname(hosts->host, sizeof(hosts->host) - 1) != 0)
		hosts->host[0] = '\0';
	in = fopen(path, "re");
	if (in == NULL)
		return true;
	out = open_memstream(&hosts->own, &hosts->own_len);
	if (out == NULL) {
		fclose(in);
		return false;
	}
	if (getifaddrs(&interfaces) != 0)
		interfaces = NULL;
	hosts_collect(in, out, true, interfaces);
	fflush(out);
	hosts->fixed_len = hosts->own_len;
	rewind(in);
	hosts_collect(in, out, false, interfaces);
	freeifaddrs(interfaces);
	fclose(in);
	return fclose(out) == 0;
}

void
hosts_fini(struct hosts *hosts)
{
	free(hosts->own);
	*hosts = (struct hosts){0};
}

/* -------------------------------------------------------------------------------------- kinds of names */

/* Whether the name consists of labels of letters, digits and '-' (RFC 1123). */
static bool
hosts_is_host_name(const char *name, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > 253 || strlen(name) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool alnum = (name[i] >= '0' && name[i] <= '9') ||
			     (name[i] >= 'a' && name[i] <= 'z') ||
			     (name[i] >= 'A' && name[i] <= 'Z');

		if (name[i] == '.') {
			if (label == 0 || name[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!alnum && (label == 0 || name[i] != '-'))
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0 && name[len - 1] != '-';
}

/*
 * Whether some programs read the name as an address.  inet_aton(3) reads 127.1, 0x7f.1, 017700000001 and 2130706433 as
 * addresses; other programs read every name as an address if its last label is a number.
 */
static bool
hosts_is_address(const char *name)
{
	const char *dot = strrchr(name, '.'), *last = dot != NULL ? dot + 1 : name;
	struct in_addr ip;

	if (inet_aton(name, &ip) != 0 || strspn(last, "0123456789") == strlen(last))
		return true;
	return last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
	       strspn(last + 2, "0123456789abcdefABCDEF") == strlen(last + 2);
}

/* Whether the name has a meaning of its own to resolvers (RFC 6761), or in the hosts files of Debian and Red Hat. */
static bool
hosts_has_own_meaning(const char *name)
{
	static const char *const words[] = {"localhost", "localhost.localdomain", "localhost4",
	    "localhost6", "localdomain", "localdomain4", "localdomain6", "broadcasthost", "gateway",
	    "loopback"};
	static const char *const ends[] = {".localhost", ".localhost4", ".localhost6",
	    ".localdomain", ".localdomain4", ".localdomain6"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(name, words[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) && strcasecmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return strncasecmp(name, "localhost.", 10) == 0 ||
	       strncasecmp(name, "localhost4.", 11) == 0 ||
	       strncasecmp(name, "localhost6.", 11) == 0 || strncasecmp(name, "ip6-", 4) == 0;
}

/* ------------------------------------------------------------------ names that differ by case alone */

/* Names of members that differ from the name of another member only in the case of letters; a resolver ignores case. */
struct alike {
	const char **names; /* sorted, case ignored; the strings are the members' */
	size_t count;
};

static int
hosts_compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether the member has a line or comment; a suspect member may be alive, so its name stays in the hosts file. */
static bool
hosts_is_listed(const json_t *member)
{
	const char *status = json_string_value(json_object_get(member, "status"));

	return status != NULL && (strcmp(status, swim_status_name(SWIM_ALIVE)) == 0 ||
				     strcmp(status, swim_status_name(SWIM_SUSPECT)) == 0);
}

/* Collect the names; the caller frees alike->names.  False: out of memory. */
static bool
hosts_alike_init(struct alike *alike, const json_t *members)
{
	size_t count = 0, i;
	const char **names = calloc(json_array_size(members) + 1, sizeof(*names));
	const json_t *member;

	*alike = (struct alike){.names = names};
	if (names == NULL)
		return false;
	json_array_foreach((json_t *)members, i, member) {
		const char *name = json_string_value(json_object_get(member, "name"));

		if (name != NULL && hosts_is_listed(member))
			names[count++] = name;
	}
	qsort(names, count, sizeof(*names), hosts_compare_names);
	for (i = 0; i + 1 < count; i++)
		if (strcasecmp(names[i], names[i + 1]) == 0)
			names[alike->count++] = names[i];
	return true;
}

static bool
hosts_alike_has(const struct alike *alike, const char *name)
{
	return bsearch(&name, alike->names, alike->count, sizeof(*alike->names),
		   hosts_compare_names) != NULL;
}

/* -------------------------------------------------------------------------------------------- the lines */

/* Why the member must not have a line with its name, or NULL. */
static const char *
hosts_name_fault(const struct hosts *hosts, const struct alike *alike, const json_t *member)
{
	const json_t *string = json_object_get(member, "name");
	const char *name = json_string_value(string);
	const bool local = json_is_true(json_object_get(member, "local"));

	if (name == NULL || !hosts_is_host_name(name, json_string_length(string)))
		return NO_HOST_NAME;
	if (hosts_is_address(name))
		return AN_ADDRESS;
	if (hosts_has_own_meaning(name))
		return OWN_MEANING;
	if (hosts_listed(hosts->own, local ? hosts->fixed_len : hosts->own_len, name) ||
	    (!local && strcasecmp(name, hosts->host) == 0))
		return OWN_NAME;
	/* A member must not take the name of another member in other case: of such members only the local one has a line. */
	if (!local && hosts_alike_has(alike, name))
		return ANOTHERS_NAME;
	return NULL;
}

static void
hosts_print_member(const struct hosts *hosts, const struct alike *alike, const json_t *member,
    FILE *out)
{
	const json_t *name = json_object_get(member, "name");
	const char *address = json_string_value(json_object_get(member, "address"));
	const char *fault = hosts_name_fault(hosts, alike, member);
	char word[PRINT_NAME], host[SWIM_HOSTPORT_MAX + 1];
	struct swim_addr addr;
	uint16_t port;

	if (fault == NULL && (address == NULL ||
				 swim_hostport_split(address, strlen(address), -1, false, host,
				     &port) != SWIM_ADDR_OK ||
				 !swim_addr_from_host(host, port, &addr)))
		fault = "its address is not numeric";
	if (fault == NULL)
		fprintf(out, "%s %s\n", host, json_string_value(name));
	else
		fprintf(out, "# left out: %s: %s\n", print_word(name, word, sizeof(word)), fault);
}

bool
hosts_print(const struct hosts *hosts, const json_t *members, FILE *out)
{
	struct alike alike;
	const json_t *member;
	size_t i;

	if (!hosts_alike_init(&alike, members))
		return false;
	json_array_foreach((json_t *)members, i, member)
		if (hosts_is_listed(member))
			hosts_print_member(hosts, &alike, member, out);
	free(alike.names);
	return true;
}
