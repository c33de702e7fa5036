/* SPDX-License-Identifier: MIT */
/* `swimctl events` against a scripted daemon: printed events, commands of --exec, and streams that end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "support/unit.h"
#include "unit/ctl_fake.h"

#define MEMBER(name, status)                                                                       \
	"{\"name\":\"" name "\",\"address\":\"10.0.0.9:7946\",\"status\":\"" status                \
	"\",\"incarnation\":18446744073709551615,\"local\":false,\"since\":\"2026-11-23T01:02:03.412Z\"}"
#define PARAMS(seq, type, member)                                                                  \
	"{\"seq\":" seq ",\"time\":\"2026-11-23T01:02:04.000Z\",\"type\":\"" type                  \
	"\",\"member\":" member ",\"by\":\"db1\"}"
#define EVENT(params) "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":" params "}\n"
#define SUBSCRIBED(rest)                                                                           \
	"{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"result\":{\"seq\":7,\"boot\":\"b\"" rest "}}\n"

#define JOINED PARAMS("8", "member.joined", MEMBER("db3", "alive"))
#define FAILED PARAMS("9", "member.failed", MEMBER("db3", "dead"))
#define ERROR                                                                                         \
	"{\"seq\":10,\"time\":\"2026-11-23T01:02:05.000Z\",\"type\":\"error\",\"code\":\"conflict\"," \
	"\"message\":\"two members say \\\"db3\\\"\\n\"}"

/*
 * Run `swimctl events` with the arguments a to e.  The daemon answers with `text`, and then closes the connection if
 * `hang_up`.  `requests` is what the daemon must have read, or NULL.
 */
static struct run
subscribe(const char *text, bool hang_up, const char *requests, const char *a, const char *b,
    const char *c, const char *d, const char *e)
{
	const struct fake_answer answers[] = {{text, hang_up}, {NULL, false}};
	struct fake fake;
	struct run run;

	fake_start(&fake, answers);
	run = run_ctl(&fake, "events", a, b, c, d, e, NULL);
	fake_stop(&fake);
	if (requests != NULL)
		ck_assert_str_eq(fake.requests, requests);
	fake_free(&fake);
	return run;
}

START_TEST(each_event_is_printed_on_one_line)
{
	struct run run = subscribe(SUBSCRIBED("") EVENT(JOINED) EVENT(FAILED) EVENT(ERROR), false,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":{}}\n", "--count",
	    "3", NULL, NULL, NULL);

	ck_assert_str_eq(run.err, "");
	ck_assert_int_eq(run.status, 0);
	ck_assert_str_eq(run.out,
	    "2026-11-23T01:02:04.000Z  #8     member.joined     db3          10.0.0.9:7946         alive  by db1\n"
	    "2026-11-23T01:02:04.000Z  #9     member.failed     db3          10.0.0.9:7946         dead  by db1\n"
	    "2026-11-23T01:02:05.000Z  #10    error             two members say \"db3\"\\x0a\n");
	run_free(&run);
}
END_TEST

START_TEST(with_json_events_are_printed_byte_for_byte)
{
	struct run run = subscribe(SUBSCRIBED(",\"members\":[" MEMBER("db1", "alive") "]")
				       EVENT(JOINED) EVENT(FAILED),
	    false,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":"
	    "{\"types\":[\"member.*\"],\"snapshot\":true}}\n",
	    "--json", "--snapshot", "--count=2", "--type=member.*", NULL);

	ck_assert_int_eq(run.status, 0);
	ck_assert_str_eq(run.out, "{\"seq\":7,\"boot\":\"b\",\"members\":[" MEMBER("db1",
				      "alive") "]}\n" JOINED "\n" FAILED "\n");
	run_free(&run);
}
END_TEST

START_TEST(the_snapshot_is_printed_before_the_events)
{
	struct run run = subscribe(SUBSCRIBED(",\"members\":[" MEMBER("db1", "alive") "]")
				       EVENT(JOINED),
	    false, NULL, "--snapshot", "--count", "1", NULL, NULL);

	ck_assert_str_eq(run.out,
	    "2026-11-23T01:02:03.412Z  #7     snapshot          db1          10.0.0.9:7946         alive\n"
	    "2026-11-23T01:02:04.000Z  #8     member.joined     db3          10.0.0.9:7946         alive  by db1\n");
	run_free(&run);
}
END_TEST

START_TEST(a_gap_is_reported_on_standard_error)
{
	struct run run = subscribe(SUBSCRIBED(",\"gap\":true") EVENT(JOINED), false,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":{\"since\":3,\"boot\":\"a\"}}\n",
	    "--since", "3", "--boot=a", "--count", "1");

	ck_assert_int_eq(run.status, 0);
	ck_assert_str_eq(run.err,
	    "swimctl: events are missing: the daemon does not have all events after the number given with --since\n");
	run_free(&run);
}
END_TEST

START_TEST(a_closed_connection_is_reported_after_the_events)
{
	struct run run =
	    subscribe(SUBSCRIBED("") EVENT(JOINED), true, NULL, "-j", NULL, NULL, NULL, NULL);

	ck_assert_int_eq(run.status, 3);
	ck_assert_ptr_eq(strstr(run.out, JOINED "\n{\"error\":"), run.out);
	ck_assert_ptr_nonnull(strstr(run.err, " closed the connection\n"));
	run_free(&run);
}
END_TEST

START_TEST(an_overflow_exits_with_1_and_names_since)
{
	struct run run = subscribe(SUBSCRIBED("") EVENT(JOINED)
				       EVENT("{\"seq\":9,\"type\":\"overflow\"}"),
	    true, NULL, NULL, NULL, NULL, NULL, NULL);

	ck_assert_int_eq(run.status, 1);
	ck_assert_ptr_nonnull(strstr(run.err, "--since"));
	run_free(&run);
}
END_TEST

/* Delete the file that the commands wrote, and return its content, which the caller frees. */
static char *
contents(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_lt(fread(text, 1, 65535, f), 65535);
	fclose(f);
	unlink(path);
	return text;
}

START_TEST(a_command_runs_for_each_event)
{
	char path[] = "/tmp/swimctl-exec-XXXXXX", command[512], *text;
	struct run run;

	close(mkstemp(path));
	snprintf(command, sizeof(command),
	    "{ cat; echo \"$SWIM_EVENT|$SWIM_SEQ|$SWIM_TIME|$SWIM_MEMBER|$SWIM_ADDRESS|$SWIM_STATUS|"
	    "$SWIM_INCARNATION|$SWIM_BY|$SWIM_MESSAGE|\"; } >>%s",
	    path);
	/* The command must not see this variable of swimctl's own environment. */
	setenv("SWIM_MEMBER", "other", 1);
	run = subscribe(SUBSCRIBED("") EVENT(JOINED) EVENT(FAILED) EVENT(ERROR), false, NULL,
	    "--exec", command, "--count", "3", NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert_str_eq(run.out, "");
	ck_assert_int_eq(run.status, 0);
	text = contents(path);
	ck_assert_str_eq(text, JOINED
	    "\nmember.joined|8|2026-11-23T01:02:04.000Z|db3|10.0.0.9:7946|alive|18446744073709551615|db1||\n" FAILED
	    "\nmember.failed|9|2026-11-23T01:02:04.000Z|db3|10.0.0.9:7946|dead|18446744073709551615|db1||\n" ERROR
	    "\nerror|10|2026-11-23T01:02:05.000Z||||||two members say \"db3\"\\x0a|\n");
	free(text);
	run_free(&run);
}
END_TEST

START_TEST(a_name_is_never_executed)
{
	char path[] = "/tmp/swimctl-exec-XXXXXX", command[512], wanted[512], *text;
	struct run run;

	close(mkstemp(path));
	snprintf(command, sizeof(command), "printf '%%s\\n' \"$SWIM_MEMBER\" >>%s", path);
	run = subscribe(SUBSCRIBED("") EVENT(PARAMS("1", "member.joined",
			    MEMBER("$(touch /tmp/swimctl-owned);`id`\\n'\\\"\\u0000 x", "alive"))),
	    false, NULL, "--exec", command, "--count", "1", NULL);
	ck_assert_int_eq(run.status, 0);
	text = contents(path);
	snprintf(wanted, sizeof(wanted), "%s",
	    "$(touch\\x20/tmp/swimctl-owned);`id`\\x0a'\\x22\\x00\\x20x\n");
	ck_assert_str_eq(text, wanted);
	ck_assert_int_ne(access("/tmp/swimctl-owned", F_OK), 0);
	free(text);
	run_free(&run);
}
END_TEST

START_TEST(a_failed_command_is_reported_and_the_next_event_is_handled)
{
	char path[] = "/tmp/swimctl-exec-XXXXXX", command[512], *text;
	struct run run;

	close(mkstemp(path));
	/* The command fails, and it closes its input without reading. */
	snprintf(command, sizeof(command), "echo $SWIM_SEQ >>%s; exec <&-; exit $((SWIM_SEQ - 6))",
	    path);
	run = subscribe(SUBSCRIBED("") EVENT(JOINED) EVENT(FAILED), false, NULL, "--exec", command,
	    "--count", "2", NULL);
	ck_assert_int_eq(run.status, 1);
	ck_assert_str_eq(run.err, "swimctl: the command exited with status 2\n"
				  "swimctl: the command exited with status 3\n");
	text = contents(path);
	ck_assert_str_eq(text, "8\n9\n");
	free(text);
	run_free(&run);
}
END_TEST

START_TEST(a_command_that_is_killed_is_reported)
{
	struct run run = subscribe(SUBSCRIBED("") EVENT(JOINED), false, NULL, "--exec",
	    "kill -9 $$", "--count", "1", NULL);

	ck_assert_int_eq(run.status, 1);
	ck_assert_str_eq(run.err, "swimctl: the command was ended by signal 9\n");
	run_free(&run);
}
END_TEST

/* The limit ends the process group of the command, and then the next event is handled. */
START_TEST(a_command_that_reaches_its_limit_is_ended)
{
	char path[] = "/tmp/swimctl-exec-XXXXXX", command[512], *text;
	struct run run;

	close(mkstemp(path));
	snprintf(command, sizeof(command),
	    "echo $SWIM_SEQ >>%s; [ $SWIM_SEQ != 8 ] || sleep 1000; true", path);
	run = subscribe(SUBSCRIBED("") EVENT(JOINED) EVENT(FAILED), false, NULL, "--exec", command,
	    "--exec-timeout=3", "--count=2", NULL);
	ck_assert_int_eq(run.status, 1);
	ck_assert_str_eq(run.err, "swimctl: the command took longer than 3 s and was ended\n");
	text = contents(path);
	ck_assert_str_eq(text, "8\n9\n");
	free(text);
	run_free(&run);
	run_complained(run_ctl(NULL, "events", "--exec=true", "--exec-timeout", "soon", NULL), 2,
	    "is not a time");
	run_complained(run_ctl(NULL, "events", "--exec-timeout", "5", NULL), 2, "give --exec");
}
END_TEST

/* swimctl notices that the reader has gone although no event comes that would be printed. */
START_TEST(swimctl_ends_without_a_message_when_its_reader_has_gone)
{
	static const struct fake_answer answers[] = {{SUBSCRIBED(""), false}, {NULL, false}};
	char *err_text;
	size_t err_len;
	int ends[2];
	struct fake fake;
	FILE *out, *err = open_memstream(&err_text, &err_len);

	ck_assert_int_eq(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	close(ends[0]);
	fake_start(&fake, answers);
	ck_assert_int_eq(run_on(out, err, &fake, "events", NULL), 0);
	fake_stop(&fake);
	fake_free(&fake);
	fclose(out);
	fclose(err);
	ck_assert_str_eq(err_text, "");
	free(err_text);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_an_error)
{
	char *err_text;
	size_t err_len;
	FILE *out = fopen("/dev/full", "w"), *err = open_memstream(&err_text, &err_len);

	ck_assert_int_eq(run_on(out, err, NULL, "help", NULL), 1);
	fclose(out);
	fclose(err);
	ck_assert_str_eq(err_text, "swimctl: cannot write the output: No space left on device\n");
	free(err_text);
}
END_TEST

UNIT_MAIN("ctl_events", each_event_is_printed_on_one_line,
    with_json_events_are_printed_byte_for_byte, the_snapshot_is_printed_before_the_events,
    a_gap_is_reported_on_standard_error, a_closed_connection_is_reported_after_the_events,
    an_overflow_exits_with_1_and_names_since, a_command_runs_for_each_event,
    a_name_is_never_executed, a_failed_command_is_reported_and_the_next_event_is_handled,
    a_command_that_is_killed_is_reported, a_command_that_reaches_its_limit_is_ended,
    swimctl_ends_without_a_message_when_its_reader_has_gone,
    output_that_cannot_be_written_is_an_error)
