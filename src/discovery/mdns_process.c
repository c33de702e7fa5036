/* SPDX-License-Identifier: MIT */
/*
 * Starts and ends the helper.  The helper is this program, executed again: a fork alone would inherit the
 * daemon's descriptors, signals and state.
 */
#include "discovery/mdns_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "discovery/mdns_helper.h"

/* The most messages taken in one turn of the loop. */
#define BUDGET 32
/* How long a helper may take to end by itself, in milliseconds. */
#define END_PATIENCE_MS 200

struct mdns_process {
	struct mdns_process_callbacks callbacks;
	pid_t pid;
	int fd, pidfd;
	struct event *readable, *exited;
	const char *verdict; /* why we ended it, or NULL */
	bool freed;          /* by a callback, while `busy` */
	bool busy;           /* mdns_process_on_readable runs */
};

/*
 * Wait for the helper, which ends when our end of the pair is closed; kill a helper in which a call of
 * Avahi blocks.
 */
static void
mdns_process_reap(struct mdns_process *process)
{
	struct pollfd end = {.fd = process->pidfd, .events = POLLIN};

	if (process->pidfd < 0 || poll(&end, 1, END_PATIENCE_MS) <= 0)
		kill(process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void
mdns_process_destroy(struct mdns_process *process)
{
	if (process->readable != NULL)
		event_free(process->readable);
	if (process->exited != NULL)
		event_free(process->exited);
	if (process->fd >= 0)
		close(process->fd);
	if (process->pid > 0)
		mdns_process_reap(process);
	if (process->pidfd >= 0)
		close(process->pidfd);
	free(process);
}

static void
mdns_process_end_now(struct mdns_process *process, const char *verdict)
{
	if (process->verdict == NULL)
		process->verdict = verdict;
	event_del(process->readable);
	kill(process->pid, SIGKILL);
}

static void
mdns_process_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct mdns_process *process = ctx;
	uint8_t packet[MDNS_MESSAGE_MAX + 1];
	struct mdns_message message;
	ssize_t len;

	(void)what;
	process->busy = true;
	for (unsigned i = 0; i < BUDGET && !process->freed; i++) {
		len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (len <= 0) {
			/* The helper closes its end of the pair only by ending. */
			event_del(process->readable);
			break;
		}
		if (!mdns_message_decode(packet, (size_t)len, &message) ||
		    message.type <= MDNS_SELF) {
			mdns_process_end_now(process, "it sent a malformed message");
			break;
		}
		process->callbacks.received(process->callbacks.ctx, &message);
	}
	process->busy = false;
	if (process->freed)
		mdns_process_destroy(process);
}

static void
mdns_process_on_exited(evutil_socket_t fd, short what, void *ctx)
{
	struct mdns_process *process = ctx;
	char why[96];
	int status = 0;

	(void)fd, (void)what;
	if (waitpid(process->pid, &status, WNOHANG) != process->pid)
		return;
	event_del(process->exited);
	event_del(process->readable);
	process->pid = -1;
	if (process->verdict != NULL)
		snprintf(why, sizeof(why), "%s", process->verdict);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "signal %d ended it", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "it ended with status %d", WEXITSTATUS(status));
	process->callbacks.ended(process->callbacks.ctx, why);
}

/*
 * Start the helper with descriptors 0 (its end of the pair), 1 (/dev/null) and 2 (our log) alone.
 * Returns 0 or an errno.
 */
static int
mdns_process_spawn(const char *program, int theirs, pid_t *pid)
{
	char path[] = "/proc/self/exe", argument[] = MDNS_HELPER_ARGUMENT,
	     name[] = MDNS_HELPER_NAME;
	char parent[16];
	char *const arguments[] = {name, argument, parent, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	sigemptyset(&none);
	sigfillset(&all);
	if ((error = posix_spawn_file_actions_init(&actions)) != 0)
		return error;
	if ((error = posix_spawnattr_init(&attributes)) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	if ((error = posix_spawn_file_actions_adddup2(&actions, theirs, MDNS_HELPER_FD)) == 0 &&
	    (error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
		 O_WRONLY, 0)) == 0 &&
	    (error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)) == 0 &&
	    (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
	    (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
	    (error = posix_spawnattr_setflags(&attributes,
		 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0)
		error = posix_spawn(pid, program != NULL ? program : path, &actions, &attributes,
		    arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

struct mdns_process *
mdns_process_new(struct event_base *base, const char *program,
    const struct mdns_process_callbacks *callbacks)
{
	struct mdns_process *process = calloc(1, sizeof(*process));
	int fds[2] = {-1, -1}, error = ENOMEM;

	if (process == NULL)
		return NULL;
	process->callbacks = *callbacks;
	process->pid = process->fd = process->pidfd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		error = errno;
		goto failed;
	}
	process->fd = fds[0];
	error = mdns_process_spawn(program, fds[1], &process->pid);
	close(fds[1]);
	if (error != 0) {
		process->pid = -1;
		goto failed;
	}
	process->pidfd = pidfd_open(process->pid, 0);
	if (process->pidfd < 0) {
		error = errno;
		goto failed;
	}
	error = ENOMEM;
	process->readable =
	    event_new(base, process->fd, EV_READ | EV_PERSIST, mdns_process_on_readable, process);
	process->exited =
	    event_new(base, process->pidfd, EV_READ | EV_PERSIST, mdns_process_on_exited, process);
	if (process->readable == NULL || process->exited == NULL ||
	    event_add(process->readable, NULL) != 0 || event_add(process->exited, NULL) != 0)
		goto failed;
	return process;
failed:
	mdns_process_destroy(process);
	errno = error;
	return NULL;
}

void
mdns_process_free(struct mdns_process *process)
{
	if (process == NULL)
		return;
	if (process->busy)
		process->freed = true;
	else
		mdns_process_destroy(process);
}

void
mdns_process_send(struct mdns_process *process, const struct mdns_message *message)
{
	uint8_t packet[MDNS_MESSAGE_MAX];
	size_t len = mdns_message_encode(message, packet);

	/* mdns_process_on_exited handles a helper that has ended. */
	if (send(process->fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    (errno == EAGAIN || errno == ENOBUFS))
		mdns_process_end_now(process, "it does not read the messages of swimd");
}

pid_t
mdns_process_pid(const struct mdns_process *process)
{
	return process->pid;
}
