/* SPDX-License-Identifier: MIT */
/* ctl/hosts.h: which names of members get a line for a hosts file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/hosts.h"
#include "support/unit.h"

/* The output for these members on a machine whose hosts file has the text `file`.  The caller frees the output. */
static char *
printed_all(const char *file, json_t *members)
{
	char path[] = "/tmp/swimd-test-hosts-XXXXXX", *text = NULL;
	int fd = mkstemp(path);
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct hosts hosts;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file, strlen(file)), (ssize_t)strlen(file));
	close(fd);
	ck_assert(hosts_init(&hosts, path));
	unlink(path);
	ck_assert(hosts_print(&hosts, members, out));
	fclose(out);
	hosts_fini(&hosts);
	json_decref(members);
	return text;
}

/* The output for one alive member with this name at 10.0.0.9. */
static char *
printed(const char *file, const char *name, bool local)
{
	return printed_all(file, json_pack("[{s:s,s:s,s:s,s:b}]", "name", name, "address",
				     "10.0.0.9:7946", "status", "alive", "local", (int)local));
}

static void
has_line(const char *file, const char *name, bool local)
{
	char *text = printed(file, name, local), line[512];

	snprintf(line, sizeof(line), "10.0.0.9 %s\n", name);
	ck_assert_str_eq(text, line);
	free(text);
}

static void
has_no_line(const char *file, const char *name, bool local)
{
	char *text = printed(file, name, local);

	ck_assert_msg(strncmp(text, "# left out: ", 12) == 0, "%s", text);
	free(text);
}

/* A resolver ignores case: a member that joins as DB1 must not be found under db1. */
START_TEST(names_that_differ_by_case_alone_have_no_line)
{
	char *text = printed_all("",
	    json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:s},{s:s,s:s,s:s,s:b},{s:s,s:s,s:s},{s:s,s:s,s:s}]",
		"name", "DB1", "address", "10.0.0.2:7946", "status", "alive", "name", "db1",
		"address", "10.0.0.1:7946", "status", "suspect", "name", "web", "address",
		"10.0.0.3:7946", "status", "alive", "local", true, "name", "WEB", "address",
		"10.0.0.4:7946", "status", "alive", "name", "Web", "address", "10.0.0.5:7946",
		"status", "dead"));

	ck_assert_str_eq(text,
	    "# left out: DB1: the name of another member differs only in the case of letters\n"
	    "# left out: db1: the name of another member differs only in the case of letters\n"
	    "10.0.0.3 web\n"
	    "# left out: WEB: the name of another member differs only in the case of letters\n");
	free(text);
}
END_TEST

START_TEST(only_host_names_have_a_line)
{
	static const char *const good[] = {"db1", "DB-1.Example.org", "0a", "1.example", "fe80",
	    "x0x7f", "0x7g", "dead.beef", "ip6"};
	static const char *const bad[] = {"", "a_b", "-a", "a-", "a.-b", "a..b", ".a", "a.", "a b",
	    "a#", "a/b", "\xc3\xa9", "fe80::1", "[::1]"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		has_line("", good[i], false);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		has_no_line("", bad[i], false);
}
END_TEST

START_TEST(addresses_in_any_notation_have_no_line)
{
	static const char *const addresses[] = {"127.0.0.1", "127.1", "127.0.1", "0x7f.1",
	    "0X7F.0.0.1", "0177.1", "2130706433", "0x7f000001", "017700000001", "1", "0",
	    "1.2.3.4.5", "256.256", "host.1", "host.0x7f", "0x"};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		has_no_line("", addresses[i], true);
}
END_TEST

START_TEST(names_with_a_meaning_of_their_own_have_no_line)
{
	static const char *const names[] = {"localhost", "LOCALHOST", "a.localhost",
	    "localhost.example", "localhost.localdomain", "localhost6", "broadcasthost",
	    "localhost6.localdomain6", "localhost4.localdomain4", "x.localdomain6",
	    "X.LocalDomain4", "x.localdomain", "localdomain6", "localhost6.example",
	    "BroadcastHost", "ip6-localhost", "ip6-allnodes", "IP6-loopback", "gateway",
	    "loopback"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		has_no_line("", names[i], true);
}
END_TEST

START_TEST(names_of_this_machine_have_no_line)
{
	static const char file[] =
	    "# a comment\n\n127.0.1.1\tdb1.example db1 # mine\n"
	    "255.255.255.255 everybody\nff02::1%lo allnodes\n0.0.0.0 blocked.example\n"
	    "10.0.0.7 db2\r\nnonsense db3\n::1 six";
	static const char *const own[] = {"db1", "DB1", "db1.example", "everybody", "allnodes",
	    "blocked.example", "six"};
	char host[256] = "";

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		has_no_line(file, own[i], false);
		has_no_line(file, own[i], true);
	}
	has_line(file, "db2",
	    false); /* 10.0.0.7 is no address of this machine, and the line may come from swimctl */
	has_line(file, "db3", false);
	has_line(file, "mine", false);
	/* A member with the host name of this machine that is not the member on this machine. */
	ck_assert_int_eq(gethostname(host, sizeof(host) - 1), 0);
	if (host[0] != '\0')
		has_no_line("", host, false);
}
END_TEST

UNIT_MAIN("ctl_hosts", only_host_names_have_a_line, names_that_differ_by_case_alone_have_no_line,
    addresses_in_any_notation_have_no_line, names_with_a_meaning_of_their_own_have_no_line,
    names_of_this_machine_have_no_line)
