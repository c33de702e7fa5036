/* SPDX-License-Identifier: MIT */
/* An error of a command, which the function that finds it sets and the command prints once. */
#ifndef SWIMD_CTL_PROBLEM_H
#define SWIMD_CTL_PROBLEM_H

#include <stddef.h>

struct ctl;

enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,          /* the answer is no, or swimctl failed */
	CTL_USAGE = 2,       /* the command line is wrong */
	CTL_UNREACHABLE = 3, /* no daemon answers on the socket, or the daemon went away */
	CTL_DENIED = 4,      /* no permission for the socket or the request */
	CTL_TIMEOUT = 5,     /* the conditions of wait did not hold in time */
	CTL_NOT_FOUND = 7,   /* there is no such member */
};

struct problem {
	enum ctl_exit exit;
	const char *word; /* stable word for data.code, as in the daemon's errors; static */
	char text[1024];  /* one sentence, escaped for a terminal */
	char *json;       /* the error object that the daemon sent; NULL: there is none */
};

/* Set *problem and return its exit status.  The old content of *problem is overwritten, not freed. */
enum ctl_exit problem_set(struct problem *, enum ctl_exit, const char *word, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
void problem_fini(struct problem *);
/* Print the problem on ctl->err, and with --json also as an object on ctl->out; free it and return its exit status. */
enum ctl_exit problem_print(const struct ctl *, struct problem *);
/* Print a new problem, as problem_set and problem_print do. */
enum ctl_exit problem_fail(const struct ctl *, enum ctl_exit, const char *word, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

#endif
