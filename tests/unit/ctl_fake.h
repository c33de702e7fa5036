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

#endif
