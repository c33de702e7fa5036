/* SPDX-License-Identifier: MIT */
/* The commands of swimctl against a scripted daemon: requests, output and exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "support/unit.h"
#include "unit/ctl_fake.h"

START_TEST(each_error_of_the_daemon_has_its_exit_status_and_one_line)
{
	static const struct {
		const char *answer;
		int status;
		const char *words;
	} errors[] = {
	    {FAKE_ERROR("-32001", "not-found", "no member 'x'"), 7, "swimctl: no member 'x'\n"},
	    {FAKE_ERROR("-32002", "denied", "not on this socket"), 4, "not on this socket"},
	    {FAKE_ERROR("-32602", "invalid-params", "name: empty"), 2, "name: empty"},
	    {FAKE_ERROR("-32004", "unavailable", "too many connections"), 3, "too many"},
	    {FAKE_ERROR("-32005", "conflict", "it is alive"), 1, "it is alive"},
	    {FAKE_ERROR("-32000", "failed", "\\u001b[2Jtrouble\\n"), 1, "\\x1b[2Jtrouble\\x0a\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32004,\"message\":\"full\"}}\n",
		3, "full"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}\n", 3, "is not swimd"},
	    {"220 mail.example ESMTP\n", 3, "is not swimd"},
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct fake_answer answers[] = {{errors[i].answer, false}, {NULL, false}};
		struct fake fake;

		fake_start(&fake, answers);
		run_complained(run_ctl(&fake, "member", "x", NULL), errors[i].status,
		    errors[i].words);
		fake_stop(&fake);
		fake_free(&fake);
	}
}
END_TEST

/* A response without its fields must not be taken for success, nor a missing list for an empty list. */
START_TEST(a_response_of_the_wrong_form_is_an_error)
{
	static const struct {
		const char *arguments[4];
		const char *result, *words;
	} cases[] = {
	    {{"members"}, "null",
		"its response to members has null as result instead of an object"},
	    {{"members", "-j"}, "[]", "has a list as result instead of an object"},
	    {{"members"}, "{}", "has nothing as result.members instead of a list"},
	    {{"members", "--fail-if-empty"}, "{\"members\":null}", "has null as result.members"},
	    {{"members"}, "{\"members\":[{},7]}",
		"has a number as result.members[1] instead of an object"},
	    {{"reload"}, "{\"applied\":[],\"needs_restart\":[null]}",
		"has null as result.needs_restart[0] instead of a string"},
	    {{"member", "db1"}, "7", "its response to member has a number as result"},
	    {{"status"}, "true", "its response to info has a truth value as result"},
	    {{"info"}, "\"yes\"", "its response to info has a string as result"},
	    {{"health"}, "{\"status\":1}", "has a number as result.status instead of a string"},
	    {{"metrics"}, "null", "its response to metrics has null"},
	    {{"metrics", "--openmetrics"}, "{\"text\":null}", "has null as result.text"},
	    {{"metrics", "--prometheus"}, "{}", "result.text"},
	    {{"leave"}, "null", "its response to leave has null"},
	    {{"remove", "db9"}, "[]", "its response to remove has a list"},
	    {{"reload"}, "{}", "has nothing as result.applied"},
	    {{"reload"}, "{\"applied\":[]}", "has nothing as result.needs_restart"},
	    {{"discovery"}, "{\"peers\":{}}", "has an object as result.peers instead of a list"},
	    {{"join", "a"}, "{\"addresses\":1}", "has a number as result.addresses"},
	    {{"tags", "a=b"}, "{\"tags\":[]}", "has a list as result.tags instead of an object"},
	    {{"tags"}, "null", "its response to info has null"},
	    {{"events"}, "{}", "has nothing as result.seq instead of a number"},
	    {{"events", "--snapshot"}, "{\"seq\":1}", "has nothing as result.members"},
	    {{"wait", "--members", "1"}, "{\"seq\":1,\"members\":null}", "null as result.members"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *a = cases[i].arguments;
		struct run run = run_once(cases[i].result, a[0], a[1], a[2], NULL);

		ck_assert_msg(run.status == 3, "%s: exit %d: %s", a[0], run.status, run.err);
		ck_assert_msg(strstr(run.err, "is not swimd: ") != NULL &&
				  strstr(run.err, cases[i].words) != NULL,
		    "%s: %s", a[0], run.err);
		ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + strlen(run.err) - 1);
		run_free(&run);
	}
	run_printed(run_once("null", "version", NULL), 0,
	    "swimctl " PACKAGE_VERSION "\nswimd: not reachable\n");
}
END_TEST

START_TEST(an_error_that_is_no_object_is_a_protocol_error)
{
	static const struct fake_answer answers[] = {
	    {"{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"error\":null,\"result\":{}}\n", false},
	    {NULL, false}};
	struct fake fake;

	fake_start(&fake, answers);
	run_complained(run_ctl(&fake, "leave", NULL), 3,
	    "its response to leave has null as error instead of an object");
	fake_stop(&fake);
	fake_free(&fake);
}
END_TEST

START_TEST(with_json_errors_are_printed_as_objects)
{
	static const struct fake_answer answers[] = {
	    {FAKE_ERROR("-32001", "not-found", "no member 'x'"), false}, {"", true}, {NULL, false}};
	struct fake fake;
	struct run run;

	fake_start(&fake, answers);
	run = run_ctl(&fake, "member", "x", "-j", NULL);
	ck_assert_int_eq(run.status, 7);
	ck_assert_str_eq(run.out, "{\"error\":{\"code\":-32001,\"message\":\"no member 'x'\","
				  "\"data\":{\"code\":\"not-found\"}}}\n");
	ck_assert_str_eq(run.err, "swimctl: no member 'x'\n");
	run_free(&run);
	run = run_ctl(&fake, "member", "x", "-j", NULL);
	ck_assert_int_eq(run.status, 3);
	ck_assert_ptr_nonnull(strstr(run.out, "\"data\":{\"code\":\"unreachable\"}}}\n"));
	ck_assert_ptr_nonnull(strstr(run.err, "closed the connection\n"));
	run_free(&run);
	fake_stop(&fake);
	fake_free(&fake);
}
END_TEST

START_TEST(usage_errors_are_found_without_a_daemon)
{
	static const struct {
		const char *arguments[5];
		const char *words;
	} mistakes[] = {
	    {{"membres"}, "did you mean 'members'?"},
	    {{"help", "wiat"}, "no command 'wiat'; did you mean 'wait'?"},
	    {{"members", "-o", "yaml"}, "there are table, wide, name, tsv, hosts, and --json"},
	    {{"members", "extra"}, "takes no argument 'extra'"},
	    {{"member"}, "swimctl member NAME"},
	    {{"info", "--status", "x"}, "'info' has no option '--status'"},
	    {{"members", "-o", "xml"}, "no output format 'xml'"},
	    {{"members", "-o", "tvs"}, "did you mean 'tsv'?"},
	    {{"members", "-o", "json"}, "and --json"},
	    {{"info", "-o", "tsv"}, "'info' has no output format 'tsv'"},
	    {{"info", "--fail-if-empty"}, "'info' prints no list"},
	    {{"members", "--status", "undead"}, "no status 'undead'"},
	    {{"members", "--name", "\xff"}, "'\\xff' is not UTF-8"},
	    {{"member", "\xff"}, "'\\xff' is not UTF-8"},
	    {{"events", "--since", "-1"}, "--since '-1' is not a sequence number"},
	    {{"events", "--since", "9223372036854775808"}, "is not a sequence number"},
	    {{"events", "--count", "0"}, "--count '0' is not a number of events"},
	    {{"events", "--type", "member.faild"}, "did you mean 'member.failed'?"},
	    {{"wait"}, "'wait' needs a condition"},
	    {{"wait", "--members", "=>3"}, "--members '=>3' is not a count"},
	    {{"wait", "--members", ">="}, "--members '>=' is not a count"},
	    {{"wait", "--status", "db1"}, "--status 'db1' is not NAME=STATUS"},
	    {{"wait", "--status", "=alive"}, "is not NAME=STATUS"},
	    {{"wait", "--status", "db1=undead"}, "is not NAME=STATUS"},
	    {{"wait", "--members", "3", "--timeout", "soon"}, "--timeout 'soon' is not a time"},
	    {{"help", "membres"}, "no command 'membres'"},
	    {{"completion", "fish"}, "no completion for 'fish'"},
	    {{"decode", "0x"}, "is not a datagram in hexadecimal"},
	    {{"-s", "", "info"},
		"option '-s' needs a value, and the next argument is empty: -s PATH"},
	    {{"--socket=", "info"}, "--socket needs the path"},
	    {{"members", "--status", "--json"}, "option '--status' needs a value before '--json'"},
	};

	struct run run;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const char *const *a = mistakes[i].arguments;

		run_complained(run_ctl(NULL, a[0], a[1], a[2], a[3], a[4], NULL), 2,
		    mistakes[i].words);
	}
	run = run_ctl(NULL, "members", "-j", "-o", "name", NULL);
	ck_assert_int_eq(run.status, 2);
	ck_assert_ptr_nonnull(strstr(run.err, "leave one out\n"));
	ck_assert_ptr_nonnull(strstr(run.out, "\"data\":{\"code\":\"usage\"}}}\n"));
	run_free(&run);
	run = run_ctl(NULL, "help", "--json", NULL);
	ck_assert_int_eq(run.status, 2);
	ck_assert_str_eq(run.err, "swimctl: 'help' has no JSON output; leave --json out\n");
	run_free(&run);
}
END_TEST

START_TEST(a_daemon_that_is_not_reachable_is_exit_status_3)
{
	char path[200], file[] = "/tmp/swimd-test-file-XXXXXX";
	int fd;

	run_complained(run_ctl(NULL, "-s", "/nonexistent/sock", "info", NULL), 3,
	    "no socket /nonexistent/sock");
	setenv("SWIMD_SOCKET", "/nonexistent/other", 1);
	run_complained(run_ctl(NULL, "info", NULL), 3, "no socket /nonexistent/other");
	run_complained(run_ctl(NULL, "info", "-s", "/nonexistent/sock", NULL), 3,
	    "no socket /nonexistent/sock");
	/* The file is the test's own: for a file that the user may not write, the error would be EACCES. */
	fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	run_complained(run_ctl(NULL, "-s", file, "info", NULL), 3,
	    "is not a socket; give the socket of swimd");
	unlink(file);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	run_complained(run_ctl(NULL, "-s", path, "info", NULL), 2, "too long");
}
END_TEST

#define INFO                                                                                                     \
	"{\"name\":\"db1\",\"cluster\":\"\",\"address\":\"10.0.0.7:7946\",\"incarnation\":18446744073709551615," \
	"\"version\":\"0.1.0\",\"protocol\":1,\"uptime_seconds\":90061.5}"
#define HEALTH(status, reasons)                                                                    \
	"{\"status\":\"" status "\",\"reasons\":[" reasons                                         \
	"],\"running\":true,\"alive\":2,\"suspect\":1,"                                            \
	"\"dead\":0,\"transport\":{\"healthy\":true,\"last_error\":null}}"

START_TEST(status_prints_a_summary_and_the_missing_members)
{
	static const struct fake_answer answers[] = {{FAKE_RESULT(INFO), false},
	    {FAKE_RESULT(HEALTH("ok", "")), false},
	    {FAKE_RESULT("{\"members\":[],\"counts\":{}}"), false}, {FAKE_RESULT(INFO), false},
	    {FAKE_RESULT(HEALTH("degraded", "\"db2 does not answer \\\"pings\\\"\"")), false},
	    {FAKE_RESULT(FAKE_MEMBERS), false}, {FAKE_RESULT(INFO), false},
	    {FAKE_RESULT(HEALTH("ok", "")), false},
	    {FAKE_RESULT("{\"members\":[],\"counts\":{}}"), false}, {NULL, false}};
	struct fake fake;
	struct run run;

	fake_start(&fake, answers);
	run_printed(run_ctl(&fake, "--", NULL), 0,
	    "db1 at 10.0.0.7:7946 in the unnamed cluster, swimd 0.1.0, up 1 d 1 h\n"
	    "health: ok\n"
	    "members: 2 alive, 1 suspect, 0 dead\n");
	run = run_ctl(&fake, "status", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_nonnull(
	    strstr(run.out, "\nhealth: degraded\n  db2 does not answer \"pings\"\nmembers: "));
	ck_assert_ptr_nonnull(strstr(run.out, "\ndb2  [2001:db8::2]:7946 suspect"));
	run_free(&run);
	run_printed(run_ctl(&fake, "status", "--json", NULL), 0,
	    "{\"info\":" INFO
	    ",\"health\":" HEALTH("ok", "") ",\"missing\":{\"members\":[],\"counts\":{}}}\n");
	fake_stop(&fake);
	fake_free(&fake);
}
END_TEST

START_TEST(health_exits_with_1_unless_it_is_ok)
{
	run_printed(run_once(HEALTH("ok", ""), "health", NULL), 0,
	    "status               ok\nreasons              -\nrunning              yes\nalive                2\n"
	    "suspect              1\ndead                 0\ntransport.healthy    yes\ntransport.last_error -\n");
	run_printed(run_once(HEALTH("degraded", "\"one\",\"two\""), "health", NULL), 1,
	    "status               degraded\nreasons              one\nreasons              two\n"
	    "running              yes\nalive                2\n"
	    "suspect              1\ndead                 0\ntransport.healthy    yes\ntransport.last_error -\n");
	run_printed(run_once(HEALTH("isolated", ""), "-j", "health", NULL), 1,
	    HEALTH("isolated", "") "\n");
}
END_TEST

START_TEST(info_metrics_and_version_print_what_the_daemon_sent)
{
	struct run run;

	run = run_once(INFO, "info", NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "\nincarnation    18446744073709551615\n"));
	run_free(&run);
	run_printed(
	    run_once("{\"sent\":{\"ping\":3,\"ack\":0.5},\"buckets\":[1,2]}", "metrics", NULL), 0,
	    "sent.ping 3\nsent.ack  0.5\nbuckets   1\nbuckets   2\n");
	run_printed(run_once("{\"text\":\"# TYPE a counter\\na_total 1\\n# EOF\\n\"}", "metrics",
			"--openmetrics", NULL),
	    0, "# TYPE a counter\na_total 1\n# EOF\n");
	run_printed(run_once("{\"text\":\"# TYPE a_total counter\\na_total 1\\n\"}", "metrics",
			"--prometheus", NULL),
	    0, "# TYPE a_total counter\na_total 1\n");
	run_complained(run_ctl(NULL, "metrics", "--prometheus", "--openmetrics", NULL), 2,
	    "give one");
	run = run_once(INFO, "version", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_eq(strstr(run.out, "swimctl " PACKAGE_VERSION "\nswimd 0.1.0 on /tmp/"),
	    run.out);
	run_free(&run);
	run_printed(run_ctl(NULL, "-s", "/nonexistent/sock", "version", NULL), 0,
	    "swimctl " PACKAGE_VERSION "\nswimd: not reachable\n");
	run_printed(run_ctl(NULL, "-s", "/nonexistent/sock", "-j", "version", NULL), 0,
	    "{\"swimctl\":\"" PACKAGE_VERSION "\",\"swimd\":null}\n");
	/* The daemon may send any string as its version, and the output is valid JSON. */
	run_printed(
	    run_once("{\"version\":\"\\\"\\u0007\\u0090 \\u0000x\"}", "-j", "version", NULL), 0,
	    "{\"swimctl\":\"" PACKAGE_VERSION "\",\"swimd\":\"\\\"\\u0007\\u0090 \\u0000x\"}\n");
	run_printed(run_once("{\"version\":7}", "-j", "version", NULL), 0,
	    "{\"swimctl\":\"" PACKAGE_VERSION "\",\"swimd\":null}\n");
	run_printed(run_ctl(NULL, "-V", NULL), 0, "swimctl " PACKAGE_VERSION "\n");
}
END_TEST

START_TEST(leave_remove_and_reload_print_their_result)
{
	run_printed(run_once("{}", "leave", NULL), 0, "left the cluster; the daemon ends\n");
	run_printed(run_once("{}", "remove", "db\n9", NULL), 0, "removed db\\x0a9\n");
	run_printed(run_once("{}", "remove", "db9", "-j", NULL), 0, "{}\n");
	run_printed(run_once("{\"applied\":[],\"needs_restart\":[]}", "reload", NULL), 0,
	    "nothing changed\n");
	run_printed(run_once("{\"applied\":[\"log_level\",\"seeds\"],\"needs_restart\":[\"bind\"]}",
			"reload", NULL),
	    0, "applied: log_level, seeds\nneeds a restart: bind\n");
}
END_TEST

#define PEER(address, joined, state, reason)                                                       \
	"{\"source\":\"seed\",\"address\":\"" address "\",\"joined\":" joined                      \
	",\"state\":\"" state "\",\"reason\":" reason ",\"member\":null}"

START_TEST(join_fails_only_if_no_address_was_joined)
{
	run_printed(run_once("{\"addresses\":[" PEER("10.0.0.1:7946", "false", "unreachable",
				 "\"no answer in 5 s\"") "," PEER("10.0.0.2:7946", "true", "joined",
				 "null") "]}",
			"join", "10.0.0.1", "10.0.0.2", NULL),
	    0,
	    "ADDRESS       STATE       MEMBER REASON\n"
	    "10.0.0.1:7946 unreachable -      no answer in 5 s\n"
	    "10.0.0.2:7946 joined      -      -\n");
	run_printed(run_once("{\"addresses\":[" PEER("a:1", "false", "unresolved", "null") "]}",
			"join", "a:1", "-j", NULL),
	    1, "{\"addresses\":[" PEER("a:1", "false", "unresolved", "null") "]}\n");
}
END_TEST

START_TEST(links_lists_only_broken_links)
{
	static const char broken[] =
	    "{\"links\":[{\"name\":\"a\",\"local\":true,\"unreachable\":[\"b\",\"c\\u001b\"],\"total\":5},"
	    "{\"name\":\"b\",\"local\":false,\"unreachable\":[],\"total\":0}]}";
	static const char whole[] =
	    "{\"links\":[{\"name\":\"a\",\"local\":true,\"unreachable\":[],\"total\":0}]}";

	run_printed(run_once(broken, "links", "-o", "tsv", NULL), 0,
	    "name\tunreachable\na\tb\na\tc\\x1b\na\t(3 more)\n");
	run_printed(run_once(broken, "links", "-o", "name", NULL), 0, "a\n");
	run_printed(run_once(whole, "links", NULL), 0, "no member reports a broken link\n");
	run_printed(run_once(whole, "links", "--fail-if-empty", "-o", "name", NULL), 1, "");
	run_printed(run_once(whole, "links", "-j", NULL), 0,
	    "{\"links\":[{\"name\":\"a\",\"local\":true,\"unreachable\":[],\"total\":0}]}\n");
}
END_TEST

START_TEST(discovery_lists_peers)
{
	run_printed(run_once("{\"sources\":[],\"peers\":[" PEER("a:1", "false", "unreachable",
				 "\"why not\"") "]}",
			"discovery", NULL),
	    0,
	    "SOURCE ADDRESS STATE       MEMBER REASON  INTERFACE AGE\n"
	    "seed   a:1     unreachable -      why not -           -\n");
	run_printed(run_once("{\"sources\":[],\"peers\":[" PEER("a:1", "false", "unreachable",
				 "\"why not\"") "]}",
			"discovery", "-o", "tsv", NULL),
	    0,
	    "source\taddress\tstate\tmember\treason\tresolved\tattempts\tsince\tnext_try\t"
	    "interface\tage_seconds\tservice\n"
	    "seed\ta:1\tunreachable\t-\twhy not\t-\t-\t-\t-\t-\t-\t-\n");
	run_printed(run_once("{\"sources\":[],\"peers\":[]}", "discovery", "--fail-if-empty", NULL),
	    1, "no peer was found, and no seed is configured\n");
}
END_TEST

START_TEST(decode_explains_a_datagram)
{
	struct run run = run_ctl(NULL, "decode", "01 00:00 00 00 00 00 00 07 00 00", NULL);

	ck_assert_int_eq(run.status, 0);
	ck_assert_msg(strstr(run.out, "ping") != NULL && strstr(run.out, "7") != NULL, "%s",
	    run.out);
	run_free(&run);
	/* An authenticated message contains another message, which is printed too. */
	run = run_ctl(NULL, "decode",
	    "05 0000000000000007 0001 aa 0001 61 0003 613a31 01 0000000000000007 0000", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_msg(strncmp(run.out, "authenticated ", 14) == 0 &&
			  strstr(run.out, "\nping ") != NULL,
	    "%s", run.out);
	run_free(&run);
	run_complained(run_ctl(NULL, "decode", "0100", NULL), 1,
	    "not a valid datagram (2 bytes): truncated");
}
END_TEST

/* Run `swimctl decode` with this text on its standard input. */
static struct run
decode_input(const void *input, size_t len)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], input, len), (ssize_t)len);
	close(ends[1]);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	return run_ctl(NULL, "decode", NULL);
}

START_TEST(decode_reads_hexadecimal_and_raw_input)
{
	static const unsigned char raw[] = {1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0};
	static const char hex[] = "01 00 00 00 00 00\n00 00 07 00 00\n";
	struct run a = decode_input(raw, sizeof(raw)), b = decode_input(hex, sizeof(hex) - 1);

	ck_assert_int_eq(a.status, 0);
	ck_assert_int_eq(b.status, 0);
	ck_assert_ptr_eq(strstr(a.out, "ping "), a.out);
	ck_assert_str_eq(a.out, b.out);
	run_free(&a);
	run_free(&b);
	run_complained(decode_input("", 0), 1, "not a valid datagram (0 bytes): empty");
	run_complained(decode_input("what is this", 12), 1,
	    "not a valid datagram (12 bytes): unknown-type");
}
END_TEST

/* Each row has its help, and an option of several commands takes a value in all of them or in none. */
START_TEST(the_rows_of_the_command_table_agree)
{
	size_t count;
	const struct command *rows = command_rows(&count);

	for (size_t i = 0; i < count; i++) {
		struct run run = run_ctl(NULL, "help", rows[i].name, NULL), same;

		ck_assert_int_eq(run.status, 0);
		ck_assert_ptr_nonnull(strstr(run.out, rows[i].help + 1));
		same = run_ctl(NULL, rows[i].name, "--help", NULL);
		ck_assert_str_eq(run.out, same.out);
		ck_assert(rows[i].min <= rows[i].max && (rows[i].formats & CTL_TABLE) != 0);
		ck_assert_ptr_eq(command_find(rows[i].name), &rows[i]);
		for (const struct args_option *a = rows[i].options; a->name != NULL; a++) {
			char title[64];

			snprintf(title, sizeof(title), " --%s", a->name);
			ck_assert_ptr_nonnull(strstr(run.out, title));
			for (const struct args_option *g = command_globals(); g->name != NULL; g++)
				ck_assert_str_ne(a->name, g->name);
			for (size_t j = 0; j < count; j++)
				for (const struct args_option *b = rows[j].options; b->name != NULL;
				     b++)
					ck_assert_msg(strcmp(a->name, b->name) != 0 ||
							  (a->value == NULL) == (b->value == NULL),
					    "--%s takes a value in one command and none in another",
					    a->name);
		}
		run_free(&run);
		run_free(&same);
	}
}
END_TEST

START_TEST(the_manual_has_every_command_and_option)
{
	char *page = calloc(1, 65536), text[64];
	FILE *f = fopen(TOP_DIR "/man/swimctl.1", "r");
	size_t count;
	const struct command *rows = command_rows(&count);

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_lt(fread(page, 1, 65535, f), 65535);
	fclose(f);
	for (size_t i = 0; i <= count; i++) {
		const struct args_option *o = i < count ? rows[i].options : command_globals();

		snprintf(text, sizeof(text), "Cm %s", i < count ? rows[i].name : "status");
		ck_assert_msg(strstr(page, text) != NULL, "swimctl(1) has no '%s'", text);
		for (; o->name != NULL; o++) {
			snprintf(text, sizeof(text), "Fl -%s", o->name);
			ck_assert_msg(strstr(page, text) != NULL, "swimctl(1) has no '%s'", text);
		}
	}
	free(page);
}
END_TEST

START_TEST(tags_are_shown_set_and_unset)
{
	static const struct fake_answer answers[] = {{FAKE_RESULT("{\"name\":\"db1\"}"), false},
	    {FAKE_RESULT("{\"name\":\"db1\",\"tags\":{\"role\":\"db\",\"zone\":\"\\u001b\"}}"),
		false},
	    {FAKE_RESULT("{\"name\":\"db1\"}"), false},
	    {FAKE_RESULT("{\"name\":\"db1\",\"tags\":{}}"), false},
	    {FAKE_RESULT("{\"tags\":{\"role\":\"web\"}}"), false},
	    {FAKE_RESULT("{\"tags\":{}}"), false},
	    {FAKE_ERROR("-32003", "too-large", "the tags are too large"), false}, {NULL, false}};
	struct fake fake;

	fake_start(&fake, answers);
	run_printed(run_ctl(&fake, "tags", NULL), 0, "role db\nzone \\x1b\n");
	run_printed(run_ctl(&fake, "tags", "-j", NULL), 0, "{\"tags\":{}}\n");
	run_printed(run_ctl(&fake, "tags", "role=web", "-K", "zone", "--unset", "x", NULL), 0,
	    "role web\n");
	run_printed(run_ctl(&fake, "tags", "-j", "--unset=role", NULL), 0, "{\"tags\":{}}\n");
	run_complained(run_ctl(&fake, "tags", "a=b", NULL), 2, "too large");
	/* After a usage error no request is sent. */
	run_complained(run_ctl(&fake, "tags", "role", NULL), 2, "'role' is not a tag");
	run_complained(run_ctl(&fake, "tags", "=db", NULL), 2, "'=db' is not a tag");
	run_complained(run_ctl(&fake, "tags", "a=\xff", NULL), 2, "UTF-8");
	run_complained(run_ctl(&fake, "tags", "a=1", "a=2", NULL), 2, "'a' is given twice");
	fake_stop(&fake);
	ck_assert_ptr_nonnull(
	    strstr(fake.requests, "\"method\":\"member\",\"params\":{\"name\":\"db1\"}}\n"));
	ck_assert_ptr_nonnull(strstr(fake.requests,
	    "\"method\":\"tags\",\"params\":{\"set\":{\"role\":\"web\"},\"unset\":[\"zone\",\"x\"]}}\n"));
	fake_free(&fake);
}
END_TEST

UNIT_MAIN("ctl_commands", tags_are_shown_set_and_unset,
    each_error_of_the_daemon_has_its_exit_status_and_one_line,
    a_response_of_the_wrong_form_is_an_error, an_error_that_is_no_object_is_a_protocol_error,
    with_json_errors_are_printed_as_objects, usage_errors_are_found_without_a_daemon,
    a_daemon_that_is_not_reachable_is_exit_status_3,
    status_prints_a_summary_and_the_missing_members, health_exits_with_1_unless_it_is_ok,
    info_metrics_and_version_print_what_the_daemon_sent, leave_remove_and_reload_print_their_result,
    join_fails_only_if_no_address_was_joined, links_lists_only_broken_links, discovery_lists_peers,
    decode_explains_a_datagram, decode_reads_hexadecimal_and_raw_input,
    the_rows_of_the_command_table_agree, the_manual_has_every_command_and_option)
