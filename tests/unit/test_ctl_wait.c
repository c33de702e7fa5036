/* SPDX-License-Identifier: MIT */
/* `swimctl wait` against a scripted daemon: conditions, events, reconnecting and timeouts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "unit/ctl_fake.h"

#define MEMBER(name, status)                                                                       \
	"{\"name\":\"" name "\",\"address\":\"10.0.0.9:1\",\"status\":\"" status "\"}"
#define EVENT(type, member)                                                                        \
	"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"seq\":9,\"type\":\"" type         \
	"\",\"member\":" member "}}\n"
#define SNAPSHOT(members)                                                                          \
	"{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"result\":{\"seq\":7,\"members\":[" members "]}}\n"
#define TWO MEMBER("a", "alive") "," MEMBER("b", "alive")
#define FULL "{\"id\":null,\"error\":{\"code\":-32004,\"message\":\"too many connections\"}}\n"

static struct run
waited(const struct fake_answer *answers, const char *a, const char *b, const char *c,
    const char *d)
{
	struct fake fake;
	struct run run;

	fake_start(&fake, answers);
	run = run_ctl(&fake, "wait", a, b, c, d, NULL);
	fake_stop(&fake);
	fake_free(&fake);
	return run;
}

static void
met(const char *text, const char *option, const char *value)
{
	const struct fake_answer answers[] = {{text, false}, {NULL, false}};
	struct run run = waited(answers, option, value, NULL, NULL);

	ck_assert_msg(run.status == 0, "%s %s: %s", option, value, run.err);
	ck_assert_str_eq(run.out, "");
	ck_assert_str_eq(run.err, "");
	run_free(&run);
}

static void
not_met(const char *text, const char *option, const char *value, const char *words)
{
	const struct fake_answer answers[] = {{text, false}, {NULL, false}};
	struct run run = waited(answers, option, value, "--timeout", "0");

	ck_assert_msg(run.status == 1, "%s %s: %d", option, value, run.status);
	ck_assert_str_eq(run.out, "");
	ck_assert_msg(strstr(run.err, words) != NULL, "%s", run.err);
	run_free(&run);
}

START_TEST(members_compares_the_number_of_alive_members)
{
	static const char *const yes[] = {">=2", ">1", "=2", "==2", "2", "<=2", "<3", "!=3",
	    ">= 2"};
	static const char *const no[] = {">=3", ">2", "=3", "==1", "3", "<=1", "<2", "!=2"};
	/* Only alive members count. */
	static const char text[] = SNAPSHOT(
	    TWO "," MEMBER("c", "suspect") "," MEMBER("d", "dead") "," MEMBER("e", "left"));

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		met(text, "--members", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		not_met(text, "--members", no[i],
		    "do not hold now; the number of alive members is 2, not ");
}
END_TEST

START_TEST(status_compares_the_status_of_a_member)
{
	met(SNAPSHOT(TWO), "--status", "a=alive");
	met(SNAPSHOT(MEMBER("a=b", "dead")), "--status", "a=b=dead");
	met(SNAPSHOT(MEMBER("a b", "dead")), "--status", "a b=dead");
	not_met(SNAPSHOT(TWO), "--status", "a=dead", "a is alive, not dead");
	not_met(SNAPSHOT(TWO), "--status", "c=alive", "c is not a member");
}
END_TEST

START_TEST(status_takes_alternatives)
{
	met(SNAPSHOT(MEMBER("a", "left")), "--status", "a=dead|left");
	met(SNAPSHOT(MEMBER("a", "dead")), "--status", "a=dead|left");
	met(SNAPSHOT(TWO) EVENT("member.left", MEMBER("a", "left")), "--status", "a=dead|left");
	not_met(SNAPSHOT(TWO), "--status", "a=dead|left", "a is alive, not dead or left");
	not_met(SNAPSHOT(TWO), "--status", "c=dead|left", "c is not a member");
}
END_TEST

#define HEALTH(field) FAKE_RESULT("{\"status\":\"ok\"" field "}")

START_TEST(the_quorum_is_asked_for_when_the_other_conditions_hold)
{
	static const struct fake_answer yes[] = {{SNAPSHOT(MEMBER("a", "dead")), false},
	    {HEALTH(",\"quorum\":true"), false}, {NULL, false}};
	static const struct fake_answer no[] = {{SNAPSHOT(MEMBER("a", "dead")), false},
	    {HEALTH(",\"quorum\":false"), false}, {NULL, false}};
	static const struct fake_answer old[] = {{SNAPSHOT(MEMBER("a", "dead")), false},
	    {HEALTH(""), false}, {NULL, false}};
	struct run run;

	run = waited(yes, "--status", "a=dead|left", "--quorum", NULL);
	ck_assert_msg(run.status == 0, "%s", run.err);
	run_free(&run);
	run_complained(waited(no, "--quorum", "--status=a=dead", "--timeout", "0"), 1,
	    "does not see more than half");
	run_complained(waited(old, "--quorum", NULL, NULL, NULL), 1, "older than this swimctl");
}
END_TEST

START_TEST(events_update_the_members)
{
	met(SNAPSHOT(TWO) EVENT("member.joined", MEMBER("c", "alive")), "--members", ">=3");
	met(SNAPSHOT(TWO) EVENT("member.failed", MEMBER("b", "dead")), "--status", "b=dead");
	/* A member that was dead and is alive again counts once. */
	met(SNAPSHOT(TWO) EVENT("member.failed", MEMBER("b", "dead")) EVENT("member.recovered",
		MEMBER("b", "alive")) EVENT("member.updated", MEMBER("b", "alive"))
		EVENT("member.failed", MEMBER("a", "dead")),
	    "--members", "=1");
	met(SNAPSHOT(TWO) EVENT("member.removed", MEMBER("b", "dead"))
		EVENT("member.removed", MEMBER("a", "alive")),
	    "--members", "=0");
}
END_TEST

START_TEST(all_conditions_must_hold_at_once)
{
	static const struct fake_answer answers[] = {
	    {SNAPSHOT(MEMBER("a", "alive") "," MEMBER("b", "dead")) EVENT("member.joined",
		 MEMBER("c", "alive")) EVENT("member.failed", MEMBER("c", "dead"))
		    EVENT("member.recovered", MEMBER("b", "alive")),
		false},
	    {NULL, false}};
	struct run run =
	    waited(answers, "--members=2", "--status=b=alive", "--timeout=60", "--json");

	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_eq(strstr(run.out, "{\"met\":true,\"alive\":2,\"waited_ms\":"), run.out);
	run_free(&run);
}
END_TEST

/* The daemon closes the connection at once, has too many connections, and restarts twice. */
START_TEST(wait_connects_again_when_the_daemon_comes_back)
{
	static const struct fake_answer answers[] = {{NULL, true}, {FULL, true},
	    {SNAPSHOT(TWO), true}, {SNAPSHOT(MEMBER("x", "alive")), true},
	    {SNAPSHOT(TWO "," MEMBER("c", "alive")), false}, {NULL, false}};
	struct run run = waited(answers, "--members", ">=3", "--timeout", "60");

	ck_assert_msg(run.status == 0, "%s", run.err);
	run_free(&run);
}
END_TEST

/* After each refusal the pause doubles: swimctl connects 0, 50, 150, 350 and 750 ms after its start. */
START_TEST(pauses_double_while_the_daemon_refuses)
{
	struct fake_answer answers[32] = {{0}};
	struct fake fake;
	struct run run;
	unsigned attempts = 0;

	for (size_t i = 0; i + 1 < sizeof(answers) / sizeof(answers[0]); i++)
		answers[i] = (struct fake_answer){FULL, true};
	fake_start(&fake, answers);
	run = run_ctl(&fake, "wait", "--members", "2", "--timeout", "1", NULL);
	fake_stop(&fake);
	ck_assert_int_eq(run.status, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "too many connections"));
	for (const char *line = fake.requests; (line = strchr(line, '\n')) != NULL; line++)
		attempts++;
	ck_assert_uint_ge(attempts, 1);
	ck_assert_uint_le(attempts, 5);
	run_free(&run);
	fake_free(&fake);
}
END_TEST

START_TEST(the_timeout_ends_wait_with_exit_status_5)
{
	static const struct fake_answer silent[] = {{SNAPSHOT(TWO), false}, {NULL, false}},
					mute[] = {{"", false}, {NULL, false}};
	struct run run = waited(silent, "--members=>=3", "--status=a=dead", "--timeout", "2s");

	ck_assert_int_eq(run.status, 5);
	ck_assert_str_eq(run.err,
	    "swimctl: gave up after 2s; the number of alive members is 2, not >=3; a is alive, not dead\n");
	run_free(&run);
	run = waited(mute, "--members", ">=3", "--timeout", "0.05");
	ck_assert_int_eq(run.status, 5);
	ck_assert_ptr_nonnull(strstr(run.err, "gave up after 0.05 s; the daemon never answered: "));
	run_free(&run);
	run = run_ctl(NULL, "-s", "/nonexistent/sock", "wait", "--members", "1", "--timeout",
	    "50ms", NULL);
	ck_assert_int_eq(run.status, 5);
	ck_assert_ptr_nonnull(
	    strstr(run.err, "never answered: there is no socket /nonexistent/sock"));
	run_free(&run);
}
END_TEST

START_TEST(timeout_0_checks_once_and_exits_with_1)
{
	static const struct fake_answer answers[] = {{SNAPSHOT(TWO), false}, {NULL, false}};
	struct run run = waited(answers, "--members=>=3", "--timeout=0", "--json", NULL);

	ck_assert_int_eq(run.status, 1);
	ck_assert_ptr_nonnull(strstr(run.out, "\"code\":\"not-met\""));
	run_free(&run);
	run = run_ctl(NULL, "-s", "/nonexistent/sock", "wait", "--members", "1", "--timeout", "0",
	    NULL);
	ck_assert_int_eq(run.status, 3);
	ck_assert_str_eq(run.err,
	    "swimctl: there is no socket /nonexistent/sock; is swimd running? (give another socket with -s PATH or SWIMD_SOCKET)\n");
	run_free(&run);
}
END_TEST

START_TEST(errors_that_waiting_cannot_mend_end_wait_at_once)
{
	static const struct fake_answer denied[] =
	    {{"{\"id\":%ID%,\"error\":{\"code\":-32002,\"message\":\"no\"}}\n", false},
		{NULL, false}},
					stranger[] = {{"220 mail ESMTP\n", false}, {NULL, false}};
	struct run run = waited(denied, "--members", ">=3", NULL, NULL);

	ck_assert_int_eq(run.status, 4);
	run_free(&run);
	run = waited(stranger, "--members", ">=3", NULL, NULL);
	ck_assert_int_eq(run.status, 3);
	run_free(&run);
}
END_TEST

UNIT_MAIN("ctl_wait", members_compares_the_number_of_alive_members,
    status_compares_the_status_of_a_member, status_takes_alternatives,
    the_quorum_is_asked_for_when_the_other_conditions_hold, events_update_the_members,
    all_conditions_must_hold_at_once, wait_connects_again_when_the_daemon_comes_back,
    pauses_double_while_the_daemon_refuses, the_timeout_ends_wait_with_exit_status_5,
    timeout_0_checks_once_and_exits_with_1, errors_that_waiting_cannot_mend_end_wait_at_once)
