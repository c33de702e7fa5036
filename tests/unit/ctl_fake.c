/* SPDX-License-Identifier: MIT */
#include "unit/ctl_fake.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"

#define ARGUMENTS_MAX 32

static void
send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* the client has closed the connection */
		text += n;
		len -= (size_t)n;
	}
}

/* Send an answer, with the id of the request in place of each "%ID%". */
static void
answer(int fd, const char *text, const char *request)
{
	const char *id = strstr(request, "\"id\":"), *at;

	while ((at = strstr(text, "%ID%")) != NULL) {
		send_all(fd, text, (size_t)(at - text));
		send_all(fd, id + 5, strspn(id + 5, "0123456789"));
		text = at + 4;
	}
	send_all(fd, text, strlen(text));
}

/* Wait until fd is readable.  False: fake_stop was called. */
static bool
readable(const struct fake *f, int fd)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = f->stop[0], .events = POLLIN}};

	while (poll(p, 2, -1) < 0)
		;
	return p[1].revents == 0;
}

/* Serve one connection until it is closed, and write its requests to `log`.  False: fake_stop was called. */
static bool
serve(struct fake *f, int fd, FILE *log)
{
	char line[65536];
	size_t len = 0;

	for (;;) {
		ssize_t n;

		if (f->answers->text == NULL && f->answers->close) {
			f->answers++;
			return true;
		}
		if (!readable(f, fd))
			return false;
		n = recv(fd, line + len, 1, 0);
		if (n <= 0)
			return true;
		if (line[len] != '\n') {
			len++;
			continue;
		}
		line[len] = '\0';
		len = 0;
		fprintf(log, "%s\n", line);
		if (f->answers->text != NULL) {
			bool hang_up = f->answers->close;

			answer(fd, f->answers->text, line);
			f->answers++;
			if (hang_up)
				return true;
		}
	}
}

static void *
main_loop(void *arg)
{
	struct fake *f = arg;
	size_t size;
	FILE *log = open_memstream(&f->requests, &size);
	bool more = true;

	while (more && readable(f, f->listener)) {
		int fd = accept(f->listener, NULL, NULL);

		if (fd < 0)
			break;
		more = serve(f, fd, log);
		close(fd);
	}
	fclose(log);
	return NULL;
}

void
fake_start(struct fake *f, const struct fake_answer *answers)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	*f = (struct fake){.answers = answers};
	snprintf(f->directory, sizeof(f->directory), "/tmp/swimctl-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->directory);
	memcpy(sun.sun_path, f->path, strlen(f->path) + 1);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(f->listener, 0);
	ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(f->listener, 8), 0);
	ck_assert_int_eq(pipe(f->stop), 0);
	ck_assert_int_eq(pthread_create(&f->thread, NULL, main_loop, f), 0);
}

void
fake_stop(struct fake *f)
{
	ck_assert_int_eq(write(f->stop[1], "", 1), 1);
	ck_assert_int_eq(pthread_join(f->thread, NULL), 0);
	close(f->stop[0]);
	close(f->stop[1]);
	close(f->listener);
	unlink(f->path);
	ck_assert_int_eq(rmdir(f->directory), 0);
}

void
fake_free(struct fake *f)
{
	free(f->requests);
}

static int
run_list(FILE *out, FILE *err, const struct fake *f, const char *first, va_list rest)
{
	char *argv[ARGUMENTS_MAX];
	int argc = 0, status;

	argv[argc++] = strdup("swimctl");
	if (f != NULL) {
		argv[argc++] = strdup("-s");
		argv[argc++] = strdup(f->path);
	}
	for (const char *argument = first; argument != NULL;
	     argument = va_arg(rest, const char *)) {
		ck_assert_int_lt(argc, ARGUMENTS_MAX - 1);
		argv[argc++] = strdup(argument);
	}
	argv[argc] = NULL;
	signal(SIGPIPE, SIG_IGN); /* as main does */
	status = ctl_run(argc, argv, out, err);
	while (argc > 0)
		free(argv[--argc]);
	return status;
}

static struct run
run_captured(const struct fake *f, const char *first, va_list rest)
{
	struct run run = {0};
	size_t out_len, err_len;
	FILE *out = open_memstream(&run.out, &out_len), *err = open_memstream(&run.err, &err_len);

	run.status = run_list(out, err, f, first, rest);
	fclose(out);
	fclose(err);
	return run;
}

int
run_on(FILE *out, FILE *err, const struct fake *f, const char *first, ...)
{
	va_list rest;
	int status;

	va_start(rest, first);
	status = run_list(out, err, f, first, rest);
	va_end(rest);
	return status;
}

struct run
run_ctl(const struct fake *f, const char *first, ...)
{
	struct run run;
	va_list rest;

	va_start(rest, first);
	run = run_captured(f, first, rest);
	va_end(rest);
	return run;
}

struct run
run_once(const char *result, const char *first, ...)
{
	struct fake_answer answers[] = {{0}, {0}};
	struct fake fake;
	struct run run;
	char *text;
	va_list rest;

	ck_assert_int_ge(
	    asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%%ID%%,\"result\":%s}\n", result), 0);
	answers[0].text = text;
	fake_start(&fake, answers);
	va_start(rest, first);
	run = run_captured(&fake, first, rest);
	va_end(rest);
	fake_stop(&fake);
	fake_free(&fake);
	free(text);
	return run;
}

void
run_free(struct run *run)
{
	free(run->out);
	free(run->err);
}

void
run_printed(struct run run, int status, const char *out)
{
	ck_assert_msg(run.status == status, "exit %d: %s%s", run.status, run.out, run.err);
	ck_assert_str_eq(run.out, out);
	ck_assert_str_eq(run.err, "");
	run_free(&run);
}

void
run_complained(struct run run, int status, const char *words)
{
	ck_assert_msg(run.status == status, "exit %d: %s%s", run.status, run.out, run.err);
	ck_assert_str_eq(run.out, "");
	ck_assert_msg(strstr(run.err, words) != NULL, "%s", run.err);
	ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + strlen(run.err) - 1);
	run_free(&run);
}
