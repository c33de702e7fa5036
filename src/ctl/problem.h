/* SPDX-License-Identifier: MIT */
/* What went wrong: noted by the function that finds it, printed once by the command. */
#ifndef SWIMD_CTL_PROBLEM_H
#define SWIMD_CTL_PROBLEM_H

#include <stddef.h>

struct ctl;

enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,          /* a negative answer: unhealthy, nothing found, not joined */
	CTL_USAGE = 2,       /* the command line is wrong */
	CTL_UNREACHABLE = 3, /* no daemon on the socket, or it went away */
	CTL_DENIED = 4,      /* the socket, or the daemon, does not let us */
	CTL_TIMEOUT = 5,     /* what was waited for did not happen in time */
	CTL_NOT_FOUND = 7,   /* no such member */
};

struct problem {
	enum ctl_exit exit;
	const char *word; /* stable, as data.code of the daemon's errors; static */
	char text[1024];  /* one sentence, safe for a terminal */
	char *json;       /* the daemon's own error object where it is the daemon's; else NULL */
};

/* Put a problem down; returns its exit status.  *problem is overwritten, not freed. */
enum ctl_exit problem_set(struct problem *, enum ctl_exit, const char *word, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
void problem_fini(struct problem *);
/* Print it on err (with --json, as an object on out too), free it, and return its exit status. */
enum ctl_exit problem_print(const struct ctl *, struct problem *);
/* problem_set and then problem_print. */
enum ctl_exit problem_fail(const struct ctl *, enum ctl_exit, const char *word, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

#endif
