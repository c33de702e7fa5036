/* SPDX-License-Identifier: MIT */
/*
 * The command of `swimctl events --exec`, which runs once for each event.  The shell gets the event in its environment and
 * on its standard input, never as part of the command text, so that no name is executed.
 */
#ifndef SWIMD_CTL_HOOK_H
#define SWIMD_CTL_HOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/time.h"
#include "ctl/problem.h"

struct hook {
	const char *command; /* the caller's */
	swim_duration limit; /* how long one run may take; 0: no limit */
	swim_time deadline;  /* when the next signal is sent to the command */
	unsigned signals;    /* number of signals sent because of the limit */
	pid_t pid;           /* of the process group of the command; 0: no command runs */
	int exit_fd;         /* pidfd, readable when the command has ended; -1: no command runs */
	int input_fd;        /* writing end of the command's standard input; -1: closed */
	char *input;         /* the text for the command's standard input */
	size_t input_len;    /* of input, in bytes */
	size_t input_at;     /* number of bytes of input that are written */
};

/* command must outlive the hook, and may be NULL if the hook is never started. */
void hook_init(struct hook *, const char *command, swim_duration limit);
/* Free everything.  A command that still runs gets no more input, and ends when this process ends. */
void hook_fini(struct hook *);

/*
 * Start the command for one event: params, and their JSON text.  No command may be running, and the caller ignores SIGPIPE.
 * False: the command does not run, and *problem says why.
 */
bool hook_start(struct hook *, const json_t *params, const char *text, size_t len,
    struct problem *);
bool hook_running(const struct hook *);

/* For poll: readable when the command has ended and hook_finish is to be called; -1: no command runs. */
int hook_exit_fd(const struct hook *);
/* For poll: writable when the command takes input and hook_feed is to be called; -1: the input is closed. */
int hook_input_fd(const struct hook *);
void hook_feed(struct hook *);
/* When to call hook_enforce_limit; SWIM_TIME_NEVER: the command has no limit. */
swim_time hook_deadline(const struct hook *);
/* If the running command has reached its limit, send SIGTERM to its process group; SIGKILL 5 seconds later. */
void hook_enforce_limit(struct hook *);
/* Reap the command.  False: the command failed, and `how` says how ("exited with status 3"). */
bool hook_finish(struct hook *, char *how, size_t cap);

#endif
