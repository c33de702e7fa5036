/* SPDX-License-Identifier: MIT */
#include "ctl/hook.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/print.h"

/* What a command is told, from where in the event. */
static const struct {
	const char *name, *outer, *inner;
} variables[] = {
    {"SWIM_EVENT", "type", NULL},
    {"SWIM_SEQ", "seq", NULL},
    {"SWIM_TIME", "time", NULL},
    {"SWIM_BY", "by", NULL},
    {"SWIM_MESSAGE", "message", NULL},
    {"SWIM_MEMBER", "member", "name"},
    {"SWIM_ADDRESS", "member", "address"},
    {"SWIM_STATUS", "member", "status"},
    {"SWIM_INCARNATION", "member", "incarnation"},
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

void
hook_init(struct hook *h, const char *command)
{
	*h = (struct hook){.command = command, .exit_fd = -1, .input_fd = -1};
}

static void
drop_input(struct hook *h)
{
	if (h->input_fd >= 0)
		close(h->input_fd);
	h->input_fd = -1;
	free(h->input);
	h->input = NULL;
}

void
hook_fini(struct hook *h)
{
	drop_input(h);
	if (h->exit_fd >= 0)
		close(h->exit_fd);
	hook_init(h, h->command);
}

/* One of ours, inherited from whoever started us? */
static bool
ours(const char *entry)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		size_t len = strlen(variables[i].name);

		if (strncmp(entry, variables[i].name, len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

static void
environment_free(char **environment)
{
	if (environment == NULL)
		return;
	/* Only what we made ourselves is in front; environ's follows. */
	for (size_t i = 0; i < VARIABLES; i++)
		free(environment[i]);
	free(environment);
}

/*
 * The environment of the command.  A value is escaped as it is printed: an ordinary name is itself, and
 * none has a newline, a space or a NUL in it; the exact bytes are in the JSON.
 */
static char **
environment_new(const json_t *params)
{
	size_t count = 0, used = VARIABLES;
	char **environment;

	while (environ[count] != NULL)
		count++;
	environment = calloc(VARIABLES + count + 1, sizeof(*environment));
	if (environment == NULL)
		return NULL;
	for (size_t i = 0; i < VARIABLES; i++) {
		const json_t *value = json_object_get(params, variables[i].outer);
		char *text;
		int n;

		if (variables[i].inner != NULL)
			value = json_object_get(value, variables[i].inner);
		/* What the event does not say is empty. */
		text = value != NULL && !json_is_null(value)
			   ? print_value(value, strcmp(variables[i].outer, "message") == 0)
			   : strdup("");
		n = text != NULL ? asprintf(&environment[i], "%s=%s", variables[i].name, text) : -1;
		free(text);
		if (n < 0) {
			environment[i] = NULL;
			environment_free(environment);
			return NULL;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (!ours(environ[i]))
			environment[used++] = environ[i];
	return environment;
}

static int
spawn(struct hook *h, int input, char **environment)
{
	char shell[] = "sh", option[] = "-c", *command = strdup(h->command);
	char *argv[] = {shell, option, command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t pipe_signal, none;
	int error;

	if (command == NULL)
		return ENOMEM;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	/* We ignore SIGPIPE; the command is to have it as usual. */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn(&h->pid, "/bin/sh", &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(command);
	return error;
}

bool
hook_start(struct hook *h, const json_t *params, const char *text, size_t len,
    struct problem *problem)
{
	char **environment = environment_new(params);
	int ends[2] = {-1, -1}, error = ENOMEM;

	assert(h->pid == 0);
	h->input = malloc(len + 1);
	if (environment == NULL || h->input == NULL)
		goto fail;
	memcpy(h->input, text, len);
	h->input[len] = '\n';
	h->input_len = len + 1;
	h->input_at = 0;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error = errno;
		goto fail;
	}
	h->input_fd = ends[1];
	if (fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0) {
		error = errno;
		goto fail;
	}
	error = spawn(h, ends[0], environment);
	if (error != 0) {
		h->pid = 0;
		goto fail;
	}
	close(ends[0]);
	ends[0] = -1;
	h->exit_fd = pidfd_open(h->pid, 0);
	if (h->exit_fd < 0) {
		error = errno;
		drop_input(h); /* it may read to the end */
		waitpid(h->pid, NULL, 0);
		h->pid = 0;
		goto fail;
	}
	environment_free(environment);
	return true;
fail:
	if (ends[0] >= 0)
		close(ends[0]);
	environment_free(environment);
	drop_input(h);
	problem_set(problem, CTL_NO, "failed", "cannot run the command: %s", strerror(error));
	return false;
}

bool
hook_running(const struct hook *h)
{
	return h->pid != 0;
}

int
hook_exit_fd(const struct hook *h)
{
	return h->exit_fd;
}

int
hook_input_fd(const struct hook *h)
{
	return h->input_fd;
}

void
hook_feed(struct hook *h)
{
	ssize_t n = write(h->input_fd, h->input + h->input_at, h->input_len - h->input_at);

	if (n > 0)
		h->input_at += (size_t)n;
	/* A command need not read what it is given. */
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || h->input_at == h->input_len)
		drop_input(h);
}

bool
hook_finish(struct hook *h, char *how, size_t cap)
{
	int status = 0;

	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	hook_fini(h);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status))
		snprintf(how, cap, "exited with status %d", WEXITSTATUS(status));
	else
		snprintf(how, cap, "was ended by signal %d", WTERMSIG(status));
	return false;
}
