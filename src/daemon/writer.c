/* SPDX-License-Identifier: MIT */
#include "daemon/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "daemon/durable.h"

struct writer {
	struct event_base *base;
	const char *name, *temp;
	void (*done)(void *ctx, int error);
	void *ctx;
	pid_t child;            /* that is writing; 0: none */
	int result;             /* end of the pipe from which the child's result is read */
	struct event *readable; /* of `result` */
};

/* The child has reported its result, or is gone. */
static void
writer_reap(struct writer *w)
{
	int error = -EIO; /* the child died before it reported a result */

	if (read(w->result, &error, sizeof(error)) != (ssize_t)sizeof(error))
		error = -EIO;
	event_free(w->readable);
	w->readable = NULL;
	close(w->result);
	/* This does not wait for long: after its report the child exits at once. */
	while (waitpid(w->child, NULL, 0) < 0 && errno == EINTR)
		;
	w->child = 0;
	w->done(w->ctx, error);
}

static void
writer_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	writer_reap(ctx);
}

struct writer *
writer_new(struct event_base *base, const char *name, const char *temp,
    void (*done)(void *ctx, int error), void *ctx)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->base = base;
	w->name = name;
	w->temp = temp;
	w->done = done;
	w->ctx = ctx;
	return w;
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	if (w->child != 0) {
		/* A child that hangs in the disk dies later, and init reaps it after the end of the daemon. */
		kill(w->child, SIGKILL);
		waitpid(w->child, NULL, WNOHANG);
		event_free(w->readable);
		close(w->result);
	}
	free(w);
}

bool
writer_busy(const struct writer *w)
{
	return w->child != 0;
}

bool
writer_owns(const struct writer *w, pid_t child)
{
	return w->child == child;
}

/* Closes all descriptors of the daemon but these two and the standard ones: a slow child must not keep locks and sockets. */
static void
writer_keep_only(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

/* What a child writes. */
struct job {
	int dir_fd; /* the directory of the file */
	const void *content;
	size_t len;
};

/*
 * Runs in the child.  All signals are blocked: systemd may send SIGTERM to all processes of the service, which shall not
 * interrupt the write.
 */
static void __attribute__((noreturn))
writer_run_child(const struct writer *w, const struct job *job, pid_t parent, int answer)
{
	int error;

	writer_keep_only(job->dir_fd, answer);
	/* If the daemon is gone, a new daemon may have written the file, which this older content must not replace. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	error = durable_replace(job->dir_fd, w->name, w->temp, job->content, job->len);
	if (write(answer, &error, sizeof(error)) != (ssize_t)sizeof(error))
		_exit(1);
	_exit(0);
}

int
writer_start(struct writer *w, int dir_fd, const void *content, size_t len)
{
	const struct job job = {.dir_fd = dir_fd, .content = content, .len = len};
	pid_t parent = getpid();
	sigset_t all, before;
	int ends[2], error;

	if (w->child != 0)
		return -EBUSY;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	w->readable = event_new(w->base, ends[0], EV_READ, writer_on_readable, w);
	if (w->readable == NULL || event_add(w->readable, NULL) != 0) {
		error = -ENOMEM;
		goto fail;
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	w->child = fork();
	if (w->child == 0)
		writer_run_child(w, &job, parent, ends[1]);
	error = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (w->child > 0) {
		w->result = ends[0];
		close(ends[1]);
		return 0;
	}
	w->child = 0;
fail:
	if (w->readable != NULL)
		event_free(w->readable);
	w->readable = NULL;
	close(ends[0]);
	close(ends[1]);
	return error;
}

bool
writer_wait(struct writer *w, swim_duration at_most)
{
	struct pollfd poll_fd;
	int n;

	if (w->child == 0)
		return true;
	poll_fd = (struct pollfd){.fd = w->result, .events = POLLIN};
	do
		n = poll(&poll_fd, 1, (int)swim_duration_ms(at_most));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	writer_reap(w);
	return true;
}
