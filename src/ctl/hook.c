/* SPDX-License-Identifier: MIT */
#include "ctl/hook.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/connection.h"
#include "ctl/print.h"

/* The time between SIGTERM and SIGKILL for a command that has reached its limit. */
#define HOOK_GRACE swim_seconds(5)

/* The variables that are set for a command. */
static const struct {
	const char *name;
	const char *outer; /* field of the event */
	const char *inner; /* field of the object in `outer`; NULL: `outer` itself is the value */
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
hook_init(struct hook *h, const char *command, swim_duration limit)
{
	*h = (struct hook){.command = command,
	    .limit = limit,
	    .deadline = SWIM_TIME_NEVER,
	    .exit_fd = -1,
	    .input_fd = -1};
}

static void
hook_drop_input(struct hook *h)
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
	hook_drop_input(h);
	if (h->exit_fd >= 0)
		close(h->exit_fd);
	hook_init(h, h->command, h->limit);
}

/* Whether this inherited variable has the name of a variable that is set for a command. */
static bool
hook_sets_variable(const char *entry)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		size_t len = strlen(variables[i].name);

		if (strncmp(entry, variables[i].name, len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

static void
hook_environment_free(char **environment)
{
	if (environment == NULL)
		return;
	/* The first VARIABLES entries are allocated; the others point into environ. */
	for (size_t i = 0; i < VARIABLES; i++)
		free(environment[i]);
	free(environment);
}

/*
 * The environment of the command, for hook_environment_free; NULL: out of memory.  Values are escaped as in printed output:
 * no name has a newline, a space or a NUL in it, and an ordinary name is unchanged.  The JSON has the exact bytes.
 */
static char **
hook_environment_new(const json_t *params)
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
		/* A variable is empty if the event does not have the field. */
		text = value != NULL && !json_is_null(value)
			   ? print_value(value, strcmp(variables[i].outer, "message") == 0)
			   : strdup("");
		n = text != NULL ? asprintf(&environment[i], "%s=%s", variables[i].name, text) : -1;
		free(text);
		if (n < 0) {
			environment[i] = NULL;
			hook_environment_free(environment);
			return NULL;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (!hook_sets_variable(environ[i]))
			environment[used++] = environ[i];
	return environment;
}

/* Run the shell in the child.  The parent may have threads, so the child calls only async-signal-safe functions. */
static _Noreturn void
hook_become_shell(int input, char *const argv[], char **environment)
{
	sigset_t none;

	/* swimctl ignores SIGPIPE, and the command must not inherit this setting. */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) >= 0)
		execve("/bin/sh", argv, environment);
	_exit(127);
}

/* End as the shell ended: by the same signal, or with the same exit status. */
static _Noreturn void
hook_end_like(int status)
{
	if (WIFSIGNALED(status)) {
		sigset_t none;

		signal(WTERMSIG(status), SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		kill(getpid(), WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/*
 * The process between swimctl and the shell leads a process group with all that the command starts, and kills this group
 * when swimctl has ended for any reason.  All signals are blocked.
 */
static _Noreturn void
hook_supervise(pid_t parent, int input, char *const argv[], char **environment)
{
	sigset_t watched;
	pid_t shell;
	int number, status;

	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGHUP) != 0 || getppid() != parent)
		_exit(126);
	shell = fork();
	if (shell == 0)
		hook_become_shell(input, argv, environment);
	if (shell < 0)
		_exit(126);
	/* close_range also closes the writing end of the command's input: while one is open, the command reads no end of file. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	sigemptyset(&watched);
	sigaddset(&watched, SIGHUP);
	sigaddset(&watched, SIGCHLD);
	for (;;) {
		if (sigwait(&watched, &number) != 0)
			continue;
		if (getppid() != parent)
			kill(0, SIGKILL);
		if (waitpid(shell, &status, WNOHANG) == shell)
			hook_end_like(status);
	}
}

static int
hook_spawn(struct hook *h, int input, char **environment)
{
	char shell[] = "sh", option[] = "-c", *command = strdup(h->command);
	char *argv[] = {shell, option, command, NULL};
	const pid_t parent = getpid();
	sigset_t all, before;
	int error = 0;

	if (command == NULL)
		return ENOMEM;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	h->pid = fork();
	if (h->pid == 0)
		hook_supervise(parent, input, argv, environment);
	if (h->pid < 0)
		error = errno;
	else
		setpgid(h->pid, h->pid); /* the child does this too, since either may run first */
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(command);
	return error;
}

bool
hook_start(struct hook *h, const json_t *params, const char *text, size_t len,
    struct problem *problem)
{
	char **environment = hook_environment_new(params);
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
	error = hook_spawn(h, ends[0], environment);
	if (error != 0) {
		h->pid = 0;
		goto fail;
	}
	close(ends[0]);
	ends[0] = -1;
	h->exit_fd = pidfd_open(h->pid, 0);
	if (h->exit_fd < 0) {
		error = errno;
		hook_drop_input(h); /* the command reads the end of its input, so that it can end */
		waitpid(h->pid, NULL, 0);
		h->pid = 0;
		goto fail;
	}
	hook_environment_free(environment);
	h->signals = 0;
	h->deadline = h->limit.ns > 0 ? swim_time_add(connection_now(), h->limit) : SWIM_TIME_NEVER;
	return true;
fail:
	if (ends[0] >= 0)
		close(ends[0]);
	hook_environment_free(environment);
	hook_drop_input(h);
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
	/* EPIPE, for example, is no failure: a command need not read its input. */
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || h->input_at == h->input_len)
		hook_drop_input(h);
}

swim_time
hook_deadline(const struct hook *h)
{
	return h->deadline;
}

void
hook_enforce_limit(struct hook *h)
{
	if (!swim_time_reached(connection_now(), h->deadline))
		return;
	kill(-h->pid, h->signals++ == 0 ? SIGTERM : SIGKILL);
	h->deadline = swim_time_add(connection_now(), HOOK_GRACE);
}

bool
hook_finish(struct hook *h, char *how, size_t cap)
{
	const bool overdue = h->signals > 0;
	int status = 0;

	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	hook_fini(h);
	if (overdue)
		snprintf(how, cap, "took longer than %.15g s and was ended",
		    swim_duration_seconds(h->limit));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	else if (WIFEXITED(status))
		snprintf(how, cap, "exited with status %d", WEXITSTATUS(status));
	else
		snprintf(how, cap, "was ended by signal %d", WTERMSIG(status));
	return false;
}
