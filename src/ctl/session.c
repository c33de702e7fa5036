/* SPDX-License-Identifier: MIT */
#include "ctl/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "control/protocol.h"
#include "ctl/command.h"

swim_time
session_patience(void)
{
	return swim_time_add(client_now(), swim_seconds(SESSION_PATIENCE_S));
}

enum ctl_exit
session_broken(const struct session *s, int error, struct problem *problem)
{
	switch (-error) {
	case ENOENT:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "no socket %s: is swimd running? (another one: -s PATH or SWIMD_SOCKET)",
		    s->path);
	case ENOTDIR:
	case ECONNREFUSED:
	case ENOTSOCK:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "nobody listens on %s: is swimd running?", s->path);
	case EACCES:
	case EPERM:
		return problem_set(problem, CTL_DENIED, "denied",
		    "no permission for %s: be root or in the group of that socket", s->path);
	case ENAMETOOLONG:
		return problem_set(problem, CTL_USAGE, "usage",
		    "the path of the socket is too long (107 bytes at most): %s", s->path);
	case ETIMEDOUT:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "the daemon on %s does not answer: is it stopped?", s->path);
	case EPIPE:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "the daemon on %s closed the connection", s->path);
	case EPROTO:
		return problem_set(problem, CTL_UNREACHABLE, "protocol",
		    "what answers on %s is not swimd: its line is no response", s->path);
	default: /* errno */
		return problem_set(problem, CTL_UNREACHABLE, "unreachable", "%s: %s", s->path,
		    strerror(-error));
	}
}

enum ctl_exit
session_open(const struct ctl *ctl, struct session *s, swim_time deadline, struct problem *problem)
{
	int error;

	*s = (struct session){.client.fd = -1,
	    .path = ctl->socket != NULL ? ctl->socket : CONTROL_SOCKET_DEFAULT};
	error = client_open(&s->client, s->path, deadline);
	if (error == -EACCES && ctl->socket == NULL && !ctl->args.command->changes) {
		/* Whoever is not in the group may still look: through the socket that is for that. */
		s->path = CONTROL_RO_SOCKET_DEFAULT;
		error = client_open(&s->client, s->path, deadline);
		if (error == -ENOENT) {
			s->path = CONTROL_SOCKET_DEFAULT;
			error = -EACCES;
		}
	}
	return error == 0 ? CTL_OK : session_broken(s, error, problem);
}

void
session_close(struct session *s)
{
	client_close(&s->client);
}

/* The same of a response's error. */
static enum ctl_exit
refused(const struct reply *reply, struct problem *problem)
{
	json_int_t code = json_integer_value(json_object_get(reply->error, "code"));
	const char *message = json_string_value(json_object_get(reply->error, "message"));
	enum ctl_exit status;
	const char *text;
	size_t len;

	switch (code) {
	case CONTROL_INVALID_PARAMS:
	case CONTROL_TOO_LARGE:
		status = CTL_USAGE;
		break;
	case CONTROL_DENIED:
		status = CTL_DENIED;
		break;
	case CONTROL_NOT_FOUND:
		status = CTL_NOT_FOUND;
		break;
	case CONTROL_UNAVAILABLE:
		status = CTL_UNREACHABLE;
		break;
	default: /* a number off the wire */
		status = CTL_NO;
		break;
	}
	problem_set(problem, status, "failed", "%s",
	    message != NULL ? message : "the daemon refused");
	text = reply_text(reply, "error", &len);
	if (text != NULL)
		problem->json = strndup(text, len);
	return status;
}

enum ctl_exit
session_call(struct session *s, const char *method, json_t *params, swim_time deadline,
    struct reply *reply, struct problem *problem)
{
	json_t *request = json_pack("{s:s,s:I,s:s,s:o*}", "jsonrpc", "2.0", "id", ++s->id, "method",
	    method, "params", params);
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	const json_t *id;
	enum ctl_exit status;
	char *line;
	size_t len;
	int error = -ENOMEM, sent;

	json_decref(request);
	if (text == NULL)
		return problem_set(problem, CTL_NO, "failed", "out of memory");
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: the length is known */
	sent = client_send(&s->client, text, len + 1, deadline);
	free(text);
	/* Who is turned away may be told why before the connection is closed. */
	if (sent != 0 && sent != -EPIPE)
		return session_broken(s, sent, problem);
	do {
		error = client_line(&s->client, deadline, &line, &len);
		if (error == 0)
			error = reply_parse(reply, line, len);
		if (error != 0)
			return session_broken(s, error, problem);
		if (reply->error != NULL) {
			status = refused(reply, problem);
			reply_fini(reply);
			return status;
		}
		id = json_object_get(reply->root, "id");
		if (reply->result != NULL && json_is_integer(id) && json_integer_value(id) == s->id)
			return CTL_OK;
		/* A notification may come first; anything else has no business here. */
		error = json_object_get(reply->root, "method") != NULL ? 0 : -EPROTO;
		reply_fini(reply);
	} while (error == 0);
	return session_broken(s, error, problem);
}

enum ctl_exit
session_ask(const struct ctl *ctl, struct session *s, const char *method, json_t *params,
    struct reply *reply)
{
	swim_time deadline = session_patience();
	struct problem problem;
	enum ctl_exit status = session_open(ctl, s, deadline, &problem);

	if (status != CTL_OK) {
		json_decref(params);
		return problem_print(ctl, &problem);
	}
	status = session_call(s, method, params, deadline, reply, &problem);
	if (status == CTL_OK)
		return CTL_OK;
	session_close(s);
	return problem_print(ctl, &problem);
}

json_t *
session_string(const char *argument, struct problem *problem)
{
	json_t *string = json_string(argument);

	if (string == NULL)
		problem_set(problem, CTL_USAGE, "usage", "argument '%s' is not UTF-8", argument);
	return string;
}
