/* SPDX-License-Identifier: MIT */
/* Tests the lines of the log: formats, escapes, limits, and a reader that stalls. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/unit.h"

#define LONGEST 16384 /* bytes of a line */

/* Seconds by which the clock of the log is ahead of the machine's clock. */
static time_t ahead;

/* Replaces the function of the C library. */
int
clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int status = (int)syscall(SYS_clock_gettime, clock_id, tp);

	tp->tv_sec += ahead;
	return status;
}

/*
 * Redirects stderr into a socket that keeps the boundaries between writes, so that a test also sees whether each line is one
 * write.  stop_catching restores stderr.
 */
struct catcher {
	int saved, read_end;
};

static struct catcher
catch_stderr(void)
{
	struct catcher c;
	int pair[2];
	int size = 1 << 20;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ck_assert_int_eq(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	c.saved = dup(STDERR_FILENO);
	c.read_end = pair[0];
	ck_assert_int_ge(dup2(pair[1], STDERR_FILENO), 0);
	close(pair[1]);
	return c;
}

static void
stop_catching(struct catcher *c)
{
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	close(c->read_end);
}

/* The next write without its newline, or NULL; the test fails if the write is not exactly one line. */
static char *
next_line(struct catcher *c, char *buf, size_t size)
{
	ssize_t n = recv(c->read_end, buf, size - 1, MSG_DONTWAIT);

	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	ck_assert_ptr_eq(strchr(buf, '\n'), buf + n - 1);
	buf[n - 1] = '\0';
	return buf;
}

/* The rest of a text line after "2026-11-23T01:02:03.412Z "; the format of the time is checked. */
static const char *
after_time(const char *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";

	for (size_t i = 0; i < strlen(form); i++) {
		if (form[i] == 'd')
			ck_assert_msg(line[i] >= '0' && line[i] <= '9', "time in '%s'", line);
		else
			ck_assert_msg(line[i] == form[i], "time in '%s'", line);
	}
	return line + strlen(form);
}

START_TEST(the_names_of_levels_and_formats_are_parsed_back)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_TRACE; i++) {
		enum log_level level;

		ck_assert(log_level_parse(log_level_name((enum log_level)i), &level));
		ck_assert_int_eq((int)level, i);
	}
	for (int i = LOG_FORMAT_TEXT; i <= LOG_FORMAT_AUTO; i++) {
		enum log_format format;

		ck_assert(log_format_parse(log_format_name((enum log_format)i), &format));
		ck_assert_int_eq((int)format, i);
	}
	ck_assert(!log_level_parse("verbose", &(enum log_level){LOG_LEVEL_INFO}));
	ck_assert(!log_format_parse("xml", &(enum log_format){LOG_FORMAT_TEXT}));
	/* In upper case too. */
	ck_assert(log_format_parse("JSON", &(enum log_format){LOG_FORMAT_TEXT}));
	ck_assert(log_level_parse("INFO", &(enum log_level){LOG_LEVEL_INFO}));
}
END_TEST

START_TEST(lines_below_the_threshold_are_not_written)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_NOTICE, LOG_FORMAT_TEXT);
	log_at(LOG_LEVEL_INFO, "no");
	log_at(LOG_LEVEL_TRACE, "no");
	log_at(LOG_LEVEL_NOTICE, "yes");
	log_at(LOG_LEVEL_ERROR, "yes");
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))), "notice yes");
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))), "error yes");
	ck_assert_ptr_null(next_line(&c, buf, sizeof(buf)));
	ck_assert_int_eq(log_level_now(), LOG_LEVEL_NOTICE);
	stop_catching(&c);
}
END_TEST

START_TEST(a_text_line_has_fields_of_every_type)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_at(LOG_LEVEL_INFO, "member failed", log_str("member", "db1"),
	    log_uint("incarnation", UINT64_MAX), log_int("n", INT64_MIN),
	    log_double("rtt_ms", 0.25), log_bool("yes", true), log_bool("no", false));
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))),
	    "info member failed member=db1 incarnation=18446744073709551615 "
	    "n=-9223372036854775808 rtt_ms=0.25 yes=true no=false");
	stop_catching(&c);
}
END_TEST

START_TEST(a_value_cannot_forge_a_line_or_a_field)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_at(LOG_LEVEL_INFO, "x", log_str("a", "one two"), log_str("b", ""), log_str("c", "k=v"),
	    log_str("d", "l\n2026 info forged"), log_strn("e", "\x1b[2J\xff", 5),
	    /* NOLINTNEXTLINE(misc-misleading-bidirectional): the test is about this character */
	    log_str("f", "quo\"te"), log_strn("g", "n\0l", 3), log_str("h", "\xe2\x80\xae"));
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))),
	    "info x a=\"one two\" b=\"\" c=\"k=v\" d=\"l\\x0a2026 info forged\" e=\\x1b[2J\\xff "
	    "f=quo\\x22te g=n\\x00l h=\\u{202e}");
	stop_catching(&c);
}
END_TEST

START_TEST(the_context_is_on_every_line_until_it_is_removed)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_context("web1", "prod");
	log_at(LOG_LEVEL_INFO, "x", log_int("a", 1));
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))),
	    "info x a=1 self=web1 cluster=prod");
	log_context("web1", "");
	log_at(LOG_LEVEL_INFO, "x");
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))), "info x self=web1");
	log_context(NULL, NULL);
	log_at(LOG_LEVEL_INFO, "x");
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))), "info x");
	stop_catching(&c);
}
END_TEST

START_TEST(a_json_line_is_one_object)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();
	json_error_t error;
	json_t *line;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_context("web1", NULL);
	log_at(LOG_LEVEL_WARNING, "hello \"you\"", log_str("s", "a\n\x1b\\\xc3\xa9"),
	    log_strn("bad", "\xff", 1), log_int("i", -3), log_double("d", 1.5),
	    log_double("nan", (double)NAN), log_bool("b", true));
	line = json_loads(next_line(&c, buf, sizeof(buf)), JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(line != NULL, "%s in %s", error.text, buf);
	ck_assert_str_eq(json_string_value(json_object_get(line, "level")), "warning");
	ck_assert_str_eq(json_string_value(json_object_get(line, "msg")), "hello \"you\"");
	ck_assert_str_eq(json_string_value(json_object_get(line, "self")), "web1");
	ck_assert_str_eq(json_string_value(json_object_get(line, "s")), "a\n\x1b\\\xc3\xa9");
	ck_assert_str_eq(json_string_value(json_object_get(line, "bad")), "\xef\xbf\xbd");
	ck_assert_int_eq(json_integer_value(json_object_get(line, "i")), -3);
	ck_assert_double_eq(json_real_value(json_object_get(line, "d")), 1.5);
	ck_assert(json_is_null(json_object_get(line, "nan")));
	ck_assert(json_is_true(json_object_get(line, "b")));
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(line);
	stop_catching(&c);
}
END_TEST

START_TEST(a_long_text_line_is_cut_and_ends_in_dots)
{
	static char value[2 * LONGEST];
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();
	const char *line;

	memset(value, 'x', sizeof(value));
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_at(LOG_LEVEL_INFO, "x", log_strn("a", value, sizeof(value)), log_int("b", 1));
	line = next_line(&c, buf, sizeof(buf));
	ck_assert_ptr_nonnull(line);
	ck_assert_uint_eq(strlen(line), LONGEST - 1);
	ck_assert_str_eq(line + strlen(line) - 5, "xx...");
	stop_catching(&c);
}
END_TEST

START_TEST(a_long_json_line_is_still_valid_json)
{
	static char value[LONGEST + 64];
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	memset(value, '\n', sizeof(value)); /* each is escaped as six bytes */
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (size_t len = LONGEST / 6 - 64; len < LONGEST / 6 + 8; len++) {
		json_t *line;

		log_at(LOG_LEVEL_INFO, "x", log_strn("a", value, len), log_int("b", 1234567),
		    log_str("c", "yes"));
		line = json_loads(next_line(&c, buf, sizeof(buf)), 0, NULL);
		ck_assert_msg(line != NULL, "length %zu: ...%s", len, buf + strlen(buf) - 40);
		ck_assert_uint_gt(json_string_length(json_object_get(line, "a")), 2000);
		json_decref(line);
	}
	stop_catching(&c);
}
END_TEST

START_TEST(logging_keeps_errno)
{
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	close(STDERR_FILENO);
	errno = ERANGE;
	log_at(LOG_LEVEL_INFO, "into nothing");
	ck_assert_int_eq(errno, ERANGE);
	stop_catching(&c);
}
END_TEST

START_TEST(journal_lines_on_stderr_begin_with_their_priority)
{
	static const int priorities[] = {3, 4, 5, 6, 7, 7};
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_TRACE, LOG_FORMAT_JOURNAL);
	ck_assert_int_eq(log_format_now(), LOG_FORMAT_JOURNAL);
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_TRACE; i++) {
		const char *line;

		log_at((enum log_level)i, "x", log_int("a", 1));
		line = next_line(&c, buf, sizeof(buf));
		if (line == NULL) {
			/* This machine has a journal, which has taken the line. */
			ck_assert_int_eq(access("/run/systemd/journal/socket", W_OK), 0);
			continue;
		}
		ck_assert_int_eq(line[0], '<');
		ck_assert_int_eq(line[1] - '0', priorities[i]);
		ck_assert_int_eq(line[2], '>');
		ck_assert_ptr_nonnull(strstr(after_time(line + 3), " x a=1"));
	}
	stop_catching(&c);
}
END_TEST

/* systemd sets JOURNAL_STREAM=DEVICE:INODE when it connects stderr to the journal. */
START_TEST(auto_means_journal_if_stderr_leads_to_the_journal)
{
	struct stat is;
	char said[64];

	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	ck_assert_int_eq(log_format_now(), LOG_FORMAT_TEXT);
	ck_assert_int_eq(fstat(STDERR_FILENO, &is), 0);
	snprintf(said, sizeof(said), "%ju:%ju", (uintmax_t)is.st_dev, (uintmax_t)is.st_ino);
	setenv("JOURNAL_STREAM", said, 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	ck_assert_int_eq(log_format_now(), LOG_FORMAT_JOURNAL);
	/* Stderr was redirected after that, or the variable is not valid. */
	snprintf(said, sizeof(said), "%ju:%ju", (uintmax_t)is.st_dev, (uintmax_t)is.st_ino + 1);
	for (const char *const *other = (const char *const[]){said, "", "1", "x:y", NULL};
	     *other != NULL; other++) {
		setenv("JOURNAL_STREAM", *other, 1);
		log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
		ck_assert_int_eq(log_format_now(), LOG_FORMAT_TEXT);
	}
	/* A configured format counts more than JOURNAL_STREAM. */
	snprintf(said, sizeof(said), "%ju:%ju", (uintmax_t)is.st_dev, (uintmax_t)is.st_ino);
	setenv("JOURNAL_STREAM", said, 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	ck_assert_int_eq(log_format_now(), LOG_FORMAT_TEXT);
	unsetenv("JOURNAL_STREAM");
}
END_TEST

/*
 * Fills the pipe of a log that nobody reads with lines of the length, which decides whether the pipe is full within a line or
 * between two lines.  Then reads it all, and checks that the next line tells how many lines are missing.
 */
static void
check_full_pipe(size_t length)
{
	static char value[LONGEST];
	char *text = calloc(1, 1 << 17);
	int saved = dup(STDERR_FILENO), ends[2];
	const char *note, *last;
	ssize_t n, size = 0;

	memset(value, 'x', sizeof(value));
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	close(ends[1]);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	/* More than a pipe holds.  If a write blocked, the test would run into its time limit. */
	for (size_t i = 0; i < (1 << 18) / length; i++)
		log_at(LOG_LEVEL_INFO, "unread", log_strn("v", value, length));
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	while ((n = read(ends[0], text + size, (size_t)((1 << 17) - 1 - size))) > 0)
		size += n;
	ck_assert_int_gt(size, 32768);
	log_at(LOG_LEVEL_INFO, "read again");
	while ((n = read(ends[0], text + size, (size_t)((1 << 17) - 1 - size))) > 0)
		size += n;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	note = strstr(text, " warning lines of this log are missing here");
	ck_assert_ptr_nonnull(note);
	ck_assert_ptr_nonnull(strstr(note, " count="));
	/* The note and the next message are on lines of their own. */
	ck_assert_int_eq(note[-25], '\n');
	last = strstr(note, "\n");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(after_time(last + 1), "info read again\n");
	free(text);
}

START_TEST(a_stalled_reader_of_the_log_does_not_block)
{
	check_full_pipe(80);
	check_full_pipe(3000);
	check_full_pipe(9000);
}
END_TEST

/* Reads all lines; returns their number and stores the last one ("": none). */
static unsigned
count_lines(struct catcher *c, char *last, size_t size)
{
	unsigned count = 0;

	last[0] = '\0';
	while (next_line(c, last, size) != NULL)
		count++;
	return count;
}

START_TEST(lines_of_one_kind_are_limited)
{
	char buf[LONGEST + 1];
	struct catcher c = catch_stderr();

	log_setup(LOG_LEVEL_TRACE, LOG_FORMAT_TEXT);
	log_limit(5, 12);
	for (int i = 0; i < 1000; i++)
		log_at(LOG_LEVEL_NOTICE, "member joined", log_int("n", i));
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 5);
	/* Lines of another kind are written, and the number of omitted lines is not reported before the ten seconds are over. */
	log_at(LOG_LEVEL_WARNING, "member failed");
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 1);
	log_settle();
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 0);
	ck_assert_uint_eq(log_left_out(), 995);
	ahead += LOG_LIMIT_SECONDS;
	log_settle();
	ck_assert_uint_eq(recv(c.read_end, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT) > 0, 1);
	ck_assert_str_eq(after_time(next_line(&c, buf, sizeof(buf))),
	    "notice lines of this log were left out: too many were alike "
	    "message=\"member joined\" count=995 seconds=10");
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 0);
	/* All kinds together have a limit too, so different messages cannot fill the log; one line reports the omitted ones. */
	for (int i = 0; i < 1000; i++) {
		char message[32];

		snprintf(message, sizeof(message), "the name %d", i);
		log_at(LOG_LEVEL_WARNING, message);
	}
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 12);
	ahead += LOG_LIMIT_SECONDS;
	log_at(LOG_LEVEL_INFO, "done");
	ck_assert_uint_le(count_lines(&c, buf, sizeof(buf)), 3);
	ck_assert_str_eq(after_time(buf), "info done");
	/* DEBUG has ten times the limit of a kind, and TRACE has none. */
	for (int i = 0; i < 200; i++) {
		log_at(LOG_LEVEL_DEBUG, "refused");
		log_at(LOG_LEVEL_TRACE, "received");
	}
	ck_assert_uint_eq(count_lines(&c, buf, sizeof(buf)), 50 + 200);
	log_limit(0, 0);
	stop_catching(&c);
}
END_TEST

UNIT_MAIN("log", lines_of_one_kind_are_limited, the_names_of_levels_and_formats_are_parsed_back,
    lines_below_the_threshold_are_not_written, a_text_line_has_fields_of_every_type,
    a_value_cannot_forge_a_line_or_a_field, the_context_is_on_every_line_until_it_is_removed,
    a_json_line_is_one_object, a_long_text_line_is_cut_and_ends_in_dots,
    a_long_json_line_is_still_valid_json, logging_keeps_errno,
    journal_lines_on_stderr_begin_with_their_priority,
    auto_means_journal_if_stderr_leads_to_the_journal, a_stalled_reader_of_the_log_does_not_block)
