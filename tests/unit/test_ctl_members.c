/* SPDX-License-Identifier: MIT */
/* `swimctl members` against a scripted daemon: formats, hostile names, filters, large lists and colours. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "support/unit.h"
#include "unit/ctl_fake.h"

START_TEST(members_are_printed_in_every_format)
{
	struct run run;

	run = run_once(FAKE_MEMBERS, "members", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_eq(strstr(run.out, "NAME ADDRESS            STATUS  "), run.out);
	ck_assert_ptr_nonnull(strstr(run.out, "\ndb2  [2001:db8::2]:7946 suspect "));
	ck_assert_ptr_nonnull(strstr(run.out, " 0.41 ms\n"));
	ck_assert_ptr_null(strchr(run.out, '\033'));
	run_free(&run);
	run = run_once(FAKE_MEMBERS, "-o", "wide", "members", NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "INCARNATION"));
	ck_assert_ptr_nonnull(strstr(run.out, " 18446744073709551615 2026-11-23T01:02:03.412Z "));
	ck_assert_ptr_nonnull(strstr(run.out, "role=db,zone=a\\x20b"));
	run_free(&run);
	run_printed(run_once(FAKE_MEMBERS, "-oname", "members", NULL), 0, "db1\ndb2\ndb3\n");
	run_printed(run_once(FAKE_MEMBERS, "members", "--output=tsv", NULL), 0,
	    "name\taddress\tstatus\trtt_ms\tincarnation\tsince\tlocal\ttags\tpath\theard\tkind\n"
	    "db1\t10.0.0.7:7946\talive\t-\t18446744073709551615\t2026-11-23T01:02:03.412Z\tyes\trole=db,zone=a\\x20b\tdirect\t2026-11-23T01:02:03.412Z\tswimd\n"
	    "db2\t[2001:db8::2]:7946\tsuspect\t0.41\t3\t2026-11-23T01:02:03.412Z\tno\t\trelayed\t-\tswimd\n"
	    "db3\t[2001:db8::3]:7946\talive\t1500.5\t0\t2026-11-23T01:02:03.412Z\tno\t\t-\t-\t-\n");
	run_printed(run_once(FAKE_MEMBERS, "members", "-o", "hosts", NULL), 0,
	    "10.0.0.7 db1\n2001:db8::2 db2\n2001:db8::3 db3\n");
	/* The daemon's result byte for byte, with an integer that does not fit 63 bits. */
	run_printed(run_once(FAKE_MEMBERS, "members", "-j", NULL), 0, FAKE_MEMBERS "\n");
}
END_TEST

START_TEST(the_column_kind_is_shown_if_there_is_a_base_peer)
{
#define one(name, kind)                                                                            \
	"{\"name\":\"" name                                                                        \
	"\",\"address\":\"10.0.0.7:7946\",\"status\":\"alive\",\"kind\":\"" kind "\"}"
	struct run run;

	run = run_once("{\"members\":[" one("a", "swimd") "],\"counts\":{}}", "members", NULL);
	ck_assert_ptr_null(strstr(run.out, "KIND"));
	run_free(&run);
	run = run_once("{\"members\":[" one("a", "swimd") "," one("b", "base") "],\"counts\":{}}",
	    "members", NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "KIND"));
	ck_assert_ptr_nonnull(strstr(run.out, " base"));
	run_free(&run);
#undef one
}
END_TEST

/* The names have characters that could do harm in a terminal, a shell or a hosts file. */
START_TEST(hostile_names_are_escaped_or_left_out)
{
#define member(name, address)                                                                      \
	"{\"name\":\"" name "\",\"address\":\"" address                                            \
	"\",\"status\":\"alive\",\"incarnation\":1,"                                               \
	"\"local\":false,\"since\":null,\"rtt_ms\":null,\"tags\":{\"k\\n\":\"\\u001b[2J\"}}"
	static const char hostile[] = "{\"members\":[" member("a\\nb\\u0000\\u001b[31m c\\t\\u202e",
	    "h\\n:1") "],\"counts\":{}}";
	static const char hosts[] = "{\"members\":[" member("a\\n127.0.0.1 bank",
	    "10.0.0.1:1") "," member("localhost", "10.0.0.1:1") "," member("x.LocalHost",
	    "10.0.0.1:1") "," member("10.0.0.9", "10.0.0.1:1") "," member("#x",
	    "10.0.0.1:1") "," member("-x", "10.0.0.1:1") "," member("x..y",
	    "10.0.0.1:1") "," member("a:b", "10.0.0.1:1") "," member("ip6-localhost",
	    "10.0.0.1:1") "," member("good-1.lan", "10.0.0.1:1") "," member("named",
	    "host.example:1") "," member("bad", "10.0.0.1") "],\"counts\":{}}";
	static const char *const formats[] = {"table", "wide", "name", "tsv"};

	for (size_t i = 0; i < 4; i++) {
		struct run run = run_once(hostile, "members", "-o", formats[i], NULL);
		const char *name = strstr(run.out, "a\\x0ab\\x00\\x1b[31m\\x20c\\x09\\u{202e}");
		size_t lines = 0;

		ck_assert_msg(name != NULL, "%s", run.out);
		for (const char *p = run.out; *p != '\0'; p++) {
			ck_assert(*p == '\n' || *p == '\t' || (*p >= ' ' && *p != 0x7f));
			lines += *p == '\n';
		}
		ck_assert_uint_eq(lines, strcmp(formats[i], "name") == 0 ? 1 : 2);
		run_free(&run);
	}
	run_printed(run_once(hosts, "-o", "hosts", "members", NULL), 0,
	    "# left out: a\\x0a127.0.0.1\\x20bank: not a host name\n"
	    "# left out: localhost: a name with a meaning of its own\n"
	    "# left out: x.LocalHost: a name with a meaning of its own\n"
	    "# left out: 10.0.0.9: an address to some programs\n"
	    "# left out: #x: not a host name\n"
	    "# left out: -x: not a host name\n"
	    "# left out: x..y: not a host name\n"
	    "# left out: a:b: not a host name\n"
	    "# left out: ip6-localhost: a name with a meaning of its own\n"
	    "10.0.0.1 good-1.lan\n"
	    "# left out: named: its address is not numeric\n"
	    "# left out: bad: its address is not numeric\n");
#undef member
}
END_TEST

START_TEST(filters_are_sent_and_fail_if_empty_exits_with_1)
{
	static const struct fake_answer answers[] = {
	    {FAKE_RESULT("{\"members\":[],\"counts\":{}}"), false},
	    {FAKE_RESULT("{\"members\":[],\"counts\":{}}"), false},
	    {FAKE_RESULT("{\"members\":[],\"counts\":{}}"), false}, {NULL, false}};
	struct fake fake;

	fake_start(&fake, answers);
	run_printed(
	    run_ctl(&fake, "members", "--status", "dead", "--status=left", "--name", "db*", NULL),
	    0, "");
	run_printed(run_ctl(&fake, "members", "--fail-if-empty", NULL), 1, "");
	run_printed(run_ctl(&fake, "members", "--tag", "role=db", "--tag=zone=a=b", NULL), 0, "");
	run_complained(run_ctl(&fake, "members", "--tag", "role", NULL), 2, "'role' is not a tag");
	run_complained(run_ctl(&fake, "members", "--tag", "a=1", "--tag", "a=2", NULL), 2, "twice");
	fake_stop(&fake);
	ck_assert_str_eq(fake.requests,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"members\",\"params\":"
	    "{\"status\":[\"dead\",\"left\"],\"name\":\"db*\"}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"members\",\"params\":{}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"members\",\"params\":"
	    "{\"tags\":{\"role\":\"db\",\"zone\":\"a=b\"}}}\n");
	fake_free(&fake);
}
END_TEST

/* The response lists 10,000 members on one line. */
START_TEST(a_response_of_several_megabytes_is_printed_whole)
{
	enum { COUNT = 10000 };
	char *text = NULL, name[32];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *at;
	struct run run;

	fprintf(f, "{\"members\":[");
	for (unsigned i = 0; i < COUNT; i++)
		fprintf(f,
		    "%s{\"name\":\"member-%05u\",\"address\":\"10.0.0.7:7946\",\"status\":\"alive\",\"incarnation\":"
		    "18446744073709551615,\"local\":false,\"since\":\"2026-11-23T01:02:03.412Z\",\"rtt_ms\":null,"
		    "\"tags\":{\"x\":\"%0180u\"}}",
		    i > 0 ? "," : "", i, i);
	fprintf(f, "],\"counts\":{}}");
	fclose(f);
	run = run_once(text, "members", "-j", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_uint_eq(strlen(run.out), len + 1);
	ck_assert_int_eq(strncmp(run.out, text, len), 0);
	run_free(&run);
	run = run_once(text, "members", "-o", "wide", NULL);
	at = run.out;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "\nmember-%05u ", i);
		at = strstr(at, name);
		ck_assert_ptr_nonnull(at);
	}
	run_free(&run);
	free(text);
}
END_TEST

/* The output of `swimctl members` on a terminal of this width, for this result.  The caller frees the text. */
static char *
on_terminal(const char *result, unsigned short columns)
{
	char answer[4096];
	const struct fake_answer answers[] = {{answer, false}, {NULL, false}};
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct winsize size = {.ws_row = 24, .ws_col = columns};
	char *seen = calloc(1, 16384);
	size_t len = 0;
	struct fake fake;
	FILE *out;

	snprintf(answer, sizeof(answer), "{\"id\":%%ID%%,\"result\":%s}\n", result);
	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
	out = fdopen(slave, "w");
	fake_start(&fake, answers);
	ck_assert_int_eq(run_on(out, stderr, &fake, "members", NULL), 0);
	fake_stop(&fake);
	fake_free(&fake);
	fputs("<end>", out);
	fflush(out);
	while (strstr(seen, "<end>") == NULL) {
		ssize_t n = read(master, seen + len, 16383 - len);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	fclose(out);
	close(master);
	return seen;
}

START_TEST(a_terminal_gets_colours_unless_no_color_is_set)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	char *seen;

	if (terminal < 0) {
		printf(
		    "# skip a_terminal_gets_colours_unless_no_color_is_set: cannot create a terminal: %s; is /dev/pts mounted?\n",
		    strerror(errno));
		return;
	}
	close(terminal);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	seen = on_terminal(FAKE_MEMBERS, 200);
	ck_assert_msg(strstr(seen, "\033[32malive") != NULL, "%s", seen);
	ck_assert_ptr_nonnull(strstr(seen, "\033[33msuspect"));
	free(seen);
	setenv("NO_COLOR", "1", 1);
	seen = on_terminal(FAKE_MEMBERS, 200);
	ck_assert_ptr_null(strchr(seen, '\033'));
	ck_assert_ptr_nonnull(strstr(seen, "db2  [2001:db8::2]:7946 suspect"));
	free(seen);
}
END_TEST

/* The end of a long name is cut and marked, numbers are not cut, and no line is wider than the terminal. */
START_TEST(tables_fit_the_width_of_the_terminal)
{
#define X10 "xxxxxxxxxx"
	static const char members[] =
	    "{\"members\":[{\"name\":\"db1-" X10 X10 X10 X10 X10 X10 X10 X10
	    "\",\"address\":\"10.0.0.1:7946\",\"status\":\"alive\",\"incarnation\":1,\"local\":false,"
	    "\"since\":null,\"rtt_ms\":1500,\"tags\":{}}],\"counts\":{}}";
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	char *seen, *line, *rest;

	if (terminal < 0) {
		printf(
		    "# skip tables_fit_the_width_of_the_terminal: cannot create a terminal: %s; is /dev/pts mounted?\n",
		    strerror(errno));
		return;
	}
	close(terminal);
	setenv("NO_COLOR", "1", 1);
	seen = on_terminal(members, 80);
	ck_assert_msg(strstr(seen, "xxx... 10.0.0.1:7946 alive") != NULL, "%s", seen);
	ck_assert_ptr_nonnull(strstr(seen, "1.50 s"));
	for (line = strtok_r(seen, "\r\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\r\n", &rest))
		ck_assert_msg(strlen(line) <= 80, "%s", line);
	free(seen);
#undef X10
}
END_TEST

UNIT_MAIN("ctl_members", tables_fit_the_width_of_the_terminal, members_are_printed_in_every_format,
    the_column_kind_is_shown_if_there_is_a_base_peer, hostile_names_are_escaped_or_left_out,
    filters_are_sent_and_fail_if_empty_exits_with_1,
    a_response_of_several_megabytes_is_printed_whole,
    a_terminal_gets_colours_unless_no_color_is_set)
