/* SPDX-License-Identifier: MIT */
/*
 * `swimctl events --exec`: one shell command a time.  What an event says reaches it as environment and
 * standard input, never as part of the command, so that no name can be a command.
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
	const char *command;
	swim_duration limit; /* how long one run may take; 0: no limit */
	swim_time deadline;
	unsigned overdue; /* times that it was told to end */
	pid_t pid;        /* 0: none runs; else it leads a process group of that number */
	int exit_fd;      /* readable once it has ended (pidfd) */
	int input_fd;
	char *input; /* what its standard input is still to be given */
	size_t input_len, input_at;
};

/* command is the caller's, and NULL where there is none to be run. */
void hook_init(struct hook *, const char *command, swim_duration limit);
/* A command that still runs goes on without input, and ends with this process. */
void hook_fini(struct hook *);

/*
 * Start it for one event: params, and their JSON text.  None may be running.  False: *problem says why.
 * SIGPIPE must be ignored.
 */
bool hook_start(struct hook *, const json_t *params, const char *text, size_t len,
    struct problem *);
bool hook_running(const struct hook *);

/* For poll: readable when the command has ended (hook_finish), writable when it takes input (hook_feed); or -1. */
int hook_exit_fd(const struct hook *);
int hook_input_fd(const struct hook *);
void hook_feed(struct hook *);
/* When to call hook_hurry, which tells a command to end that has run for too long; NEVER: there is no limit. */
swim_time hook_deadline(const struct hook *);
void hook_hurry(struct hook *);
/* Reap it.  False if it failed: `how` then says how ("exited with status 3"). */
bool hook_finish(struct hook *, char *how, size_t cap);

#endif
