/* SPDX-License-Identifier: MIT */
/* `swimctl events`: prints the stream of events, or runs a command for each event. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/hook.h"
#include "ctl/print.h"
#include "ctl/session.h"

/*
 * While a command runs, swimctl reads events into its buffer, up to this number of bytes.  Then it stops reading, and when
 * the daemon's own buffer for the connection is full too, the daemon closes the connection (overflow).
 */
#define BACKLOG_MAX ((size_t)64 << 20)
/* The default time limit of a command, so that a command that hangs does not delay later events for ever. */
#define EXEC_LIMIT swim_seconds(60)

struct stream {
	const struct ctl *ctl;
	struct session session;
	uint64_t wanted;  /* --count; 0: no limit */
	uint64_t seen;    /* number of events printed or passed to a command */
	struct hook hook; /* --exec */
	bool has_hook;    /* --exec was given */
	bool hook_failed; /* a command failed */
	bool closed; /* the daemon closed the connection; events in the buffer are still printed */
	struct problem problem;
};

/* ------------------------------------------------------------------------------------------ printing */

static void
events_print_line(const struct ctl *ctl, const json_t *time, const char *seq, const char *type,
    const json_t *member, const json_t *by, const json_t *message)
{
	char name[PRINT_NAME], text[PRINT_NAME], address[PRINT_NAME];

	fprintf(ctl->out, "%s  #%-5s %s%-16s%s", print_word(time, text, sizeof(text)), seq,
	    print_color(ctl, type), type, print_plain(ctl));
	if (json_is_object(member)) {
		print_word(json_object_get(member, "name"), name, sizeof(name));
		print_word(json_object_get(member, "address"), address, sizeof(address));
		print_word(json_object_get(member, "status"), text, sizeof(text));
		fprintf(ctl->out, "  %-12s %-21s %s", name, address, text);
	}
	if (json_is_string(by))
		fprintf(ctl->out, "  by %s", print_word(by, text, sizeof(text)));
	if (json_is_string(message))
		fprintf(ctl->out, "  %s",
		    print_safe(json_string_value(message), text, sizeof(text)));
	fputc('\n', ctl->out);
}

static void
events_print_event(const struct ctl *ctl, const struct reply *event)
{
	const json_t *params = event->params;
	char type[PRINT_NAME], *seq;

	if (ctl->format == CTL_JSON) {
		reply_print(event, "params", ctl->out);
	} else {
		seq = json_object_get(params, "seq") != NULL
			  ? print_value(json_object_get(params, "seq"), false)
			  : NULL;
		events_print_line(ctl, json_object_get(params, "time"), seq != NULL ? seq : "-",
		    print_word(json_object_get(params, "type"), type, sizeof(type)),
		    json_object_get(params, "member"), json_object_get(params, "by"),
		    json_object_get(params, "message"));
		free(seq);
	}
	fflush(ctl->out);
}

static void
events_print_snapshot(const struct ctl *ctl, const struct reply *reply)
{
	char *seq;
	json_t *member;
	size_t i;

	if (ctl->format == CTL_JSON) {
		reply_print(reply, "result", ctl->out);
	} else {
		seq = print_value(json_object_get(reply->result, "seq"), false);
		json_array_foreach(json_object_get(reply->result, "members"), i, member)
			events_print_line(ctl, json_object_get(member, "since"),
			    seq != NULL ? seq : "-", "snapshot", member, NULL, NULL);
		free(seq);
	}
	fflush(ctl->out);
}

/* ------------------------------------------------------------------------------------------ the stream */

enum verdict { GO_ON, END };

static enum verdict
events_take_event(struct stream *s, const struct reply *event, enum ctl_exit *status)
{
	const char *type = json_string_value(json_object_get(event->params, "type"));
	const char *text;
	size_t len;

	if (!s->has_hook)
		events_print_event(s->ctl, event);
	if (type != NULL && strcmp(type, "overflow") == 0) {
		*status = problem_set(&s->problem, CTL_NO, "overflow",
		    "the daemon closed the connection, because events came faster than swimctl read "
		    "them; use --since to continue");
		return END;
	}
	if (s->has_hook) {
		text = reply_text(event, "params", &len);
		if (!hook_start(&s->hook, event->params, text, len, &s->problem)) {
			*status = s->problem.exit;
			return END;
		}
	}
	s->seen++;
	return GO_ON;
}

static bool
events_enough(const struct stream *s)
{
	return s->wanted > 0 && s->seen >= s->wanted;
}

/* Print the events in the buffer, or with --exec start the command for the next event.  While a command runs, do nothing. */
static enum verdict
events_take_lines(struct stream *s, enum ctl_exit *status)
{
	while (!hook_running(&s->hook)) {
		struct reply event;
		enum verdict verdict = GO_ON;
		char *line;
		size_t len;
		int error;

		if (events_enough(s))
			return END;
		error = connection_buffered_line(&s->session.connection, &line, &len);
		if (error == -EAGAIN && !s->closed)
			return GO_ON;
		if (error == -EAGAIN)
			error = -EPIPE;
		else if (error == 0)
			error = reply_parse_event(&event, line, len);
		if (error != 0) {
			*status = session_broken(&s->session, error, &s->problem);
			return END;
		}
		if (event.params != NULL)
			verdict = events_take_event(s, &event, status);
		reply_fini(&event);
		if (verdict == END)
			return END;
	}
	return GO_ON;
}

static void
events_hook_ended(struct stream *s)
{
	char text[128];

	if (hook_finish(&s->hook, text, sizeof(text)))
		return;
	s->hook_failed = true;
	fprintf(s->ctl->err, "swimctl: the command %s\n", text);
}

/* The timeout of poll in ms: the time until the running command reaches its limit; -1: there is no limit. */
static int
events_poll_timeout(const struct hook *hook)
{
	swim_time deadline = hook_deadline(hook);
	int64_t ms;

	if (!hook_running(hook) || swim_time_is_never(deadline))
		return -1;
	ms = swim_duration_ms(swim_time_since(deadline, connection_now())) + 1;
	return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

static enum ctl_exit
events_run_stream(struct stream *s)
{
	enum ctl_exit status = CTL_OK;

	while (events_take_lines(s, &status) == GO_ON) {
		struct connection *connection = &s->session.connection;
		bool full = connection_pending(connection) >= BACKLOG_MAX;
		struct pollfd p[4] = {
		    {.fd = s->closed || full ? -1 : connection->fd, .events = POLLIN},
		    {.fd = hook_exit_fd(&s->hook), .events = POLLIN},
		    {.fd = hook_input_fd(&s->hook), .events = POLLOUT},
		    /* poll reports at once that the reader of the output has gone; a write would fail only at the next event. */
		    {.fd = s->has_hook ? -1 : fileno(s->ctl->out), .events = 0},
		};

		if (ferror(s->ctl->out))
			return CTL_OK; /* ctl_run prints the error */
		if (poll(p, 4, events_poll_timeout(&s->hook)) < 0) {
			if (errno == EINTR)
				continue;
			return session_broken(&s->session, -errno, &s->problem);
		}
		if (hook_running(&s->hook))
			hook_enforce_limit(&s->hook);
		if ((p[3].revents & (POLLERR | POLLHUP)) != 0)
			return CTL_OK;
		if (p[0].revents != 0) {
			int error = connection_fill(connection);

			if (error == -EPIPE)
				s->closed = true;
			else if (error != 0 && error != -EAGAIN)
				return session_broken(&s->session, error, &s->problem);
		}
		if (p[2].revents != 0)
			hook_feed(&s->hook);
		if (p[1].revents != 0)
			events_hook_ended(s);
	}
	return status;
}

/* ------------------------------------------------------------------------------------------ the command */

/* The event types of swimd-control(7).  They are checked here, so that the error text can suggest the nearest type. */
static bool
events_known_type(const char *type, struct problem *problem)
{
	static const char *const types[] = {"member.*", "member.joined", "member.suspected",
	    "member.failed", "member.recovered", "member.left", "member.removed", "member.updated",
	    "incarnation.incremented", "link.failed", "link.recovered", "error", "overflow"};
	const size_t count = sizeof(types) / sizeof(types[0]);
	const char *near;

	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	near = nearest_word(type, types, count);
	if (near != NULL)
		problem_set(problem, CTL_USAGE, "usage", "no event type '%s'; did you mean '%s'?",
		    type, near);
	else
		problem_set(problem, CTL_USAGE, "usage",
		    "no event type '%s'; there are member.joined, member.suspected, member.failed, "
		    "member.recovered, member.left, member.removed, member.updated, member.*, "
		    "incarnation.incremented, link.failed, link.recovered, error",
		    type);
	return false;
}

static json_t *
events_subscription(struct stream *s)
{
	const struct args *args = &s->ctl->args;
	json_t *params = json_object(), *types, *string;
	const char *text;
	uint64_t since;
	size_t i = 0;

	if (args_has(args, "type")) {
		types = json_array();
		json_object_set_new(params, "types", types);
		while ((text = args_next(args, "type", &i)) != NULL) {
			if (!events_known_type(text, &s->problem))
				goto fail;
			json_array_append_new(types, json_string(text));
		}
	}
	text = args_value(args, "since");
	if (text != NULL) {
		if (!args_u64(text, &since) || since > INT64_MAX) {
			problem_set(&s->problem, CTL_USAGE, "usage",
			    "--since '%s' is not a sequence number (a whole number, such as 812)",
			    text);
			goto fail;
		}
		json_object_set_new(params, "since", json_integer((json_int_t)since));
	}
	text = args_value(args, "boot");
	if (text != NULL) {
		string = session_string(text, &s->problem);
		if (string == NULL)
			goto fail;
		json_object_set_new(params, "boot", string);
	}
	if (args_has(args, "snapshot"))
		json_object_set_new(params, "snapshot", json_true());
	text = args_value(args, "count");
	if (text != NULL && (!args_u64(text, &s->wanted) || s->wanted == 0)) {
		problem_set(&s->problem, CTL_USAGE, "usage",
		    "--count '%s' is not a number of events (a whole number, at least 1)", text);
		goto fail;
	}
	return params;
fail:
	json_decref(params);
	return NULL;
}

/* Read --exec-timeout, where 0 means no limit; without the option *limit stays as it is.  False: the problem is set. */
static bool
events_read_limit(struct stream *s, swim_duration *limit)
{
	const char *text = args_value(&s->ctl->args, "exec-timeout");

	if (text == NULL)
		return true;
	if (!s->has_hook)
		problem_set(&s->problem, CTL_USAGE, "usage",
		    "--exec-timeout limits the command of --exec; give --exec too");
	else if (!args_duration(text, limit))
		problem_set(&s->problem, CTL_USAGE, "usage",
		    "--exec-timeout '%s' is not a time; write 5, 0.5, 500ms, 2m or 1h, or 0 for no limit",
		    text);
	else
		return true;
	return false;
}

static enum ctl_exit
events_subscribe(struct stream *s, json_t *params)
{
	swim_time deadline = session_deadline();
	struct reply reply;
	enum ctl_exit status = session_open(s->ctl, &s->session, deadline, &s->problem);

	if (status != CTL_OK) {
		json_decref(params);
		return status;
	}
	status = session_call(&s->session, "subscribe", params, deadline, &reply, &s->problem);
	if (status != CTL_OK)
		return status;
	if (json_is_true(json_object_get(reply.result, "gap")))
		fprintf(s->ctl->err, "swimctl: events are missing: the daemon does not have all "
				     "events after the number given with --since\n");
	if (args_has(&s->ctl->args, "snapshot"))
		events_print_snapshot(s->ctl, &reply);
	reply_fini(&reply);
	return CTL_OK;
}

enum ctl_exit
events_run(struct ctl *ctl)
{
	struct stream s = {.ctl = ctl, .session.connection.fd = -1};
	swim_duration limit = EXEC_LIMIT;
	enum ctl_exit status;
	json_t *params;

	s.has_hook = args_has(&ctl->args, "exec");
	params = events_read_limit(&s, &limit) ? events_subscription(&s) : NULL;
	hook_init(&s.hook, args_value(&ctl->args, "exec"), limit);
	if (params == NULL)
		return problem_print(ctl, &s.problem);
	status = events_subscribe(&s, params);
	if (status == CTL_OK)
		status = events_run_stream(&s);
	hook_fini(&s.hook);
	session_close(&s.session);
	if (status != CTL_OK)
		return problem_print(ctl, &s.problem);
	return s.hook_failed ? CTL_NO : CTL_OK;
}
