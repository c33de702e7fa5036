/* SPDX-License-Identifier: MIT */
/*
 * A daemon made of canned answers, for the tests of swimctl: a Unix socket and a thread that takes one
 * line after the other, over however many connections, and says what the script says next.
 */
#ifndef SWIMD_TESTS_CTL_FAKE_H
#define SWIMD_TESTS_CTL_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What one request is answered with. */
struct fake_answer {
	const char *text; /* "%ID%" becomes the request's id; several lines are several lines */
	bool close;       /* hang up afterwards */
};

struct fake {
	char directory[64], path[96];
	int listener, stop[2];
	pthread_t thread;
	const struct fake_answer *answers; /* the caller's; ends with a NULL text and close false */
	char *requests;                    /* all lines that came in; valid after fake_stop */
};

void fake_start(struct fake *, const struct fake_answer *);
void fake_stop(struct fake *);
void fake_free(struct fake *);

/* One run of swimctl against it: exit status and what was printed.  run_free frees the latter. */
struct run {
	int status;
	char *out, *err;
};
/* Arguments end with NULL; "swimctl -s PATH" stands before them if `fake` is not NULL. */
struct run run_ctl(const struct fake *, const char *first, ...) __attribute__((sentinel));
void run_free(struct run *);
/* The same, printing where the test wants it; returns the exit status. */
int run_on(FILE *out, FILE *err, const struct fake *, const char *first, ...)
    __attribute__((sentinel));

/* start, run, stop in one, and free; the answers are one result object: {"result":RESULT}. */
struct run run_once(const char *result, const char *first, ...) __attribute__((sentinel));

/* Exactly this status and this text on standard output, and nothing on standard error; frees the run. */
void run_printed(struct run, int status, const char *out);
/* This status, nothing on standard output, and one line on standard error that has these words; frees the run. */
void run_complained(struct run, int status, const char *words);

/* Responses. */
#define FAKE_RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"result\":" text "}\n"
#define FAKE_ERROR(code, word, text)                                                               \
	"{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"error\":{\"code\":" code ",\"message\":\"" text        \
	"\",\"data\":{\"code\":\"" word "\"}}}\n"

/* What `members` may say: three of them, the first incarnation as high as there are. */
#define FAKE_MEMBERS                                                                                     \
	"{\"members\":["                                                                                 \
	"{\"name\":\"db1\",\"address\":\"10.0.0.7:7946\",\"status\":\"alive\","                          \
	"\"incarnation\":18446744073709551615,\"local\":true,\"since\":\"2026-11-23T01:02:03.412Z\","    \
	"\"rtt_ms\":null,\"path\":\"direct\",\"heard\":\"2026-11-23T01:02:03.412Z\",\"kind\":\"swimd\"," \
	"\"tags\":{\"role\":\"db\",\"zone\":\"a b\"}},"                                                  \
	"{\"name\":\"db2\",\"address\":\"[2001:db8::2]:7946\",\"status\":\"suspect\",\"incarnation\":3," \
	"\"local\":false,\"since\":\"2026-11-23T01:02:03.412Z\",\"rtt_ms\":0.41,"                        \
	"\"path\":\"relayed\",\"heard\":null,\"kind\":\"swimd\",\"tags\":{}},"                           \
	"{\"name\":\"db3\",\"address\":\"[2001:db8::3]:7946\",\"status\":\"alive\",\"incarnation\":0,"   \
	"\"local\":false,\"since\":\"2026-11-23T01:02:03.412Z\",\"rtt_ms\":1500.5,\"tags\":{}}],"        \
	"\"counts\":{\"alive\":2,\"suspect\":1,\"dead\":0,\"left\":0}}"

#endif
