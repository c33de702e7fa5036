/* SPDX-License-Identifier: MIT */
/*
 * A scripted daemon, and functions that run swimctl against it.  A thread of the daemon accepts one connection after the
 * other on a Unix socket.  For each line from the client the thread sends the next answer of the script.
 */
#ifndef SWIMD_TESTS_CTL_FAKE_H
#define SWIMD_TESTS_CTL_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The answer to one request. */
struct fake_answer {
	const char
	    *text; /* one or more lines, with "%ID%" for the id of the request; NULL: no answer */
	bool
	    close; /* close the connection, after the answer or, without a text, before a request */
};

struct fake {
	char directory[64]; /* of the socket */
	char path[96];      /* of the socket */
	int listener;
	int stop[2]; /* a pipe; fake_stop writes to it */
	pthread_t thread;
	const struct fake_answer *answers; /* the caller's; ends with a NULL text and close false */
	char *requests;                    /* all lines that were read; valid after fake_stop */
};

void fake_start(struct fake *, const struct fake_answer *);
void fake_stop(struct fake *);
/* Free the requests. */
void fake_free(struct fake *);

/* The result of one run of swimctl. */
struct run {
	int status;      /* exit status */
	char *out, *err; /* the text on standard output and on standard error */
};
/* Run swimctl with arguments that end with NULL, after "-s PATH" if `fake` is not NULL.  The caller calls run_free. */
struct run run_ctl(const struct fake *, const char *first, ...) __attribute__((sentinel));
void run_free(struct run *);
/* Run swimctl in the same way with these streams; returns the exit status. */
int run_on(FILE *out, FILE *err, const struct fake *, const char *first, ...)
    __attribute__((sentinel));

/* Run swimctl against a daemon that answers one request with this result.  The caller calls run_free. */
struct run run_once(const char *result, const char *first, ...) __attribute__((sentinel));

/* Assert this exit status, exactly this standard output, and an empty standard error; free the run. */
void run_printed(struct run, int status, const char *out);
/* Assert this exit status, an empty standard output, and one line with these words on standard error; free the run. */
void run_complained(struct run, int status, const char *words);

/* Responses. */
#define FAKE_RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"result\":" text "}\n"
#define FAKE_ERROR(code, word, text)                                                               \
	"{\"jsonrpc\":\"2.0\",\"id\":%ID%,\"error\":{\"code\":" code ",\"message\":\"" text        \
	"\",\"data\":{\"code\":\"" word "\"}}}\n"

/* A result of `members` with three members; the incarnation of the first is the highest, 2^64-1. */
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
