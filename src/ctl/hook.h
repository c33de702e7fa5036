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

#include "ctl/problem.h"

struct hook {
	const char *command;
	pid_t pid;   /* 0: none runs */
	int exit_fd; /* readable once it has ended (pidfd) */
	int input_fd;
	char *input; /* what its standard input is still to be given */
	size_t input_len, input_at;
};

/* command is the caller's, and NULL where there is none to be run. */
void hook_init(struct hook *, const char *command);
/* Leaves a command that still runs to itself, without input. */
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
/* Reap it.  False if it failed: `how` then says how ("exited with status 3"). */
bool hook_finish(struct hook *, char *how, size_t cap);

#endif
