/* SPDX-License-Identifier: MIT */
#include "ctl/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "control/protocol.h"
#include "ctl/command.h"

swim_time
session_deadline(void)
{
	return swim_time_add(connection_now(), swim_seconds(SESSION_TIMEOUT_S));
}

enum ctl_exit
session_broken(const struct session *s, int error, struct problem *problem)
{
	struct stat st;

	switch (-error) {
	case ENOENT:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "there is no socket %s; is swimd running? (give another socket with -s PATH or SWIMD_SOCKET)",
		    s->path);
	case ENOTDIR:
	case ECONNREFUSED:
	case ENOTSOCK:
		if (stat(s->path, &st) == 0 && !S_ISSOCK(st.st_mode))
			return problem_set(problem, CTL_UNREACHABLE, "unreachable",
			    "%s is not a socket; give the socket of swimd with -s PATH or SWIMD_SOCKET",
			    s->path);
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "no program listens on %s; is swimd running?", s->path);
	case EACCES:
	case EPERM:
		return problem_set(problem, CTL_DENIED, "denied",
		    "no permission to open %s; run swimctl as root or in the group of this socket",
		    s->path);
	case ENAMETOOLONG:
		return problem_set(problem, CTL_USAGE, "usage",
		    "the path of the socket is too long (107 bytes at most): %s", s->path);
	case ETIMEDOUT:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "the daemon on %s does not answer; is it stopped?", s->path);
	case EPIPE:
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "the daemon on %s closed the connection", s->path);
	case EPROTO:
		return problem_set(problem, CTL_UNREACHABLE, "protocol",
		    "the program on %s is not swimd: it sent a line that is neither a response nor an event",
		    s->path);
	case EMSGSIZE:
		return problem_set(problem, CTL_UNREACHABLE, "protocol",
		    "the program on %s is not swimd: it sent a line of more than %d MiB", s->path,
		    CONNECTION_LINE_MAX >> 20);
	default: /* other values of errno */
		return problem_set(problem, CTL_UNREACHABLE, "unreachable",
		    "cannot use the socket %s: %s", s->path, strerror(-error));
	}
}

enum ctl_exit
session_open(const struct ctl *ctl, struct session *s, swim_time deadline, struct problem *problem)
{
	int error;

	*s = (struct session){.connection.fd = -1,
	    .path = ctl->socket != NULL ? ctl->socket : CONTROL_SOCKET_DEFAULT};
	error = connection_open(&s->connection, s->path, deadline);
	if (error == -EACCES && ctl->socket == NULL && !ctl->args.command->changes) {
		/* A user outside the socket's group may use the read-only socket. */
		s->path = CONTROL_RO_SOCKET_DEFAULT;
		error = connection_open(&s->connection, s->path, deadline);
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
	connection_close(&s->connection);
}

static const char *
session_type_text(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a truth value";
	case JSON_NULL:
		return "null";
	}
	__builtin_unreachable();
}

/* Set *problem: the value `got` at `where` in the response does not have the type that swimd-control(7) says. */
static enum ctl_exit
session_misshapen(const struct session *s, const char *method, const char *where, const json_t *got,
    json_type due, struct problem *problem)
{
	return problem_set(problem, CTL_UNREACHABLE, "protocol",
	    "the program on %s is not swimd: its response to %s has %s as %s instead of %s",
	    s->path, method, got != NULL ? session_type_text(json_typeof(got)) : "nothing", where,
	    session_type_text(due));
}

/* The fields of results that must be there: without this check a missing list would be printed as an empty list. */
static const struct part {
	const char *method;
	const char *key;   /* of the field in the result */
	json_type type;    /* of the field */
	json_type items;   /* if the field is a list: the type of its items */
	const char *param; /* the field is due only with this parameter; NULL: always */
	const char *value; /* of the parameter; NULL: true */
} parts[] = {
    {"members", "members", JSON_ARRAY, JSON_OBJECT, NULL, NULL},
    {"health", "status", JSON_STRING, JSON_NULL, NULL, NULL},
    {"metrics", "text", JSON_STRING, JSON_NULL, "format", "openmetrics"},
    {"metrics", "text", JSON_STRING, JSON_NULL, "format", "prometheus"},
    {"subscribe", "seq", JSON_INTEGER, JSON_NULL, NULL, NULL},
    {"subscribe", "members", JSON_ARRAY, JSON_OBJECT, "snapshot", NULL},
    {"join", "addresses", JSON_ARRAY, JSON_OBJECT, NULL, NULL},
    {"tags", "tags", JSON_OBJECT, JSON_NULL, NULL, NULL},
    {"reload", "applied", JSON_ARRAY, JSON_STRING, NULL, NULL},
    {"reload", "needs_restart", JSON_ARRAY, JSON_STRING, NULL, NULL},
    {"links", "links", JSON_ARRAY, JSON_OBJECT, NULL, NULL},
    {"discovery", "peers", JSON_ARRAY, JSON_OBJECT, NULL, NULL},
};

static bool
session_is_due(const struct part *part, const char *method, const json_t *params)
{
	const json_t *value;

	if (strcmp(part->method, method) != 0)
		return false;
	if (part->param == NULL)
		return true;
	value = json_object_get(params, part->param);
	if (part->value == NULL)
		return json_is_true(value);
	return json_is_string(value) && strcmp(json_string_value(value), part->value) == 0;
}

static enum ctl_exit
session_check_part(const struct session *s, const struct part *part, const json_t *result,
    struct problem *problem)
{
	const json_t *value = json_object_get(result, part->key), *item;
	char where[64];
	size_t i;

	snprintf(where, sizeof(where), "result.%s", part->key);
	if (value == NULL || json_typeof(value) != part->type)
		return session_misshapen(s, part->method, where, value, part->type, problem);
	for (i = 0; i < json_array_size(value); i++) {
		item = json_array_get(value, i);
		if (json_typeof(item) == part->items)
			continue;
		snprintf(where, sizeof(where), "result.%s[%zu]", part->key, i);
		return session_misshapen(s, part->method, where, item, part->items, problem);
	}
	return CTL_OK;
}

static enum ctl_exit
session_check_result(const struct session *s, const char *method, const json_t *params,
    const json_t *result, struct problem *problem)
{
	enum ctl_exit status = CTL_OK;

	if (!json_is_object(result))
		return session_misshapen(s, method, "result", result, JSON_OBJECT, problem);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == CTL_OK; i++)
		if (session_is_due(&parts[i], method, params))
			status = session_check_part(s, &parts[i], result, problem);
	return status;
}

/* Set *problem from the error of a response, and return the exit status. */
static enum ctl_exit
session_refused(const struct session *s, const char *method, const struct reply *reply,
    struct problem *problem)
{
	json_int_t code = json_integer_value(json_object_get(reply->error, "code"));
	const char *message = json_string_value(json_object_get(reply->error, "message"));
	enum ctl_exit status;
	const char *text;
	size_t len;

	if (!json_is_object(reply->error))
		return session_misshapen(s, method, "error", reply->error, JSON_OBJECT, problem);
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
	default: /* other codes of the daemon */
		status = CTL_NO;
		break;
	}
	problem_set(problem, status, "failed", "%s",
	    message != NULL ? message : "the daemon refused the request without a reason");
	text = reply_text(reply, "error", &len);
	if (text != NULL)
		problem->json = strndup(text, len);
	return status;
}

/* Wait for the response to the last request.  Returns CTL_OK with the result in *reply, or an exit status with *problem set. */
static enum ctl_exit
session_await(struct session *s, const char *method, const json_t *params, swim_time deadline,
    struct reply *reply, struct problem *problem)
{
	const json_t *id;
	enum ctl_exit status = CTL_OK;
	bool ours;
	char *line;
	size_t len;
	int error;

	for (;;) {
		error = connection_line(&s->connection, deadline, &line, &len);
		if (error == 0)
			error = reply_parse(reply, line, len);
		if (error != 0)
			return session_broken(s, error, problem);
		id = json_object_get(reply->root, "id");
		ours = json_is_integer(id) && json_integer_value(id) == s->id;
		if (reply->error != NULL) {
			status = session_refused(s, method, reply, problem);
		} else if (reply->result != NULL && ours) {
			status = session_check_result(s, method, params, reply->result, problem);
		} else if (json_object_get(reply->root, "method") == NULL) {
			status = session_broken(s, -EPROTO, problem);
		} else if (swim_time_reached(connection_now(), deadline)) {
			status = session_broken(s, -ETIMEDOUT, problem);
		} else {
			/* Skip a notification that comes before the response. */
			reply_fini(reply);
			continue;
		}
		if (status != CTL_OK)
			reply_fini(reply);
		return status;
	}
}

enum ctl_exit
session_call(struct session *s, const char *method, json_t *params, swim_time deadline,
    struct reply *reply, struct problem *problem)
{
	json_t *request = json_pack("{s:s,s:I,s:s,s:O*}", "jsonrpc", "2.0", "id", ++s->id, "method",
	    method, "params", params);
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	enum ctl_exit status;
	size_t len;
	int sent;

	json_decref(request);
	if (text == NULL) {
		json_decref(params);
		return problem_set(problem, CTL_NO, "failed", "out of memory");
	}
	len = strlen(text);
	text[len] = '\n'; /* replaces the NUL, which connection_send does not need */
	sent = connection_send(&s->connection, text, len + 1, deadline);
	free(text);
	/* A daemon that closed the connection may have sent the reason first, so swimctl reads even after -EPIPE. */
	if (sent != 0 && sent != -EPIPE)
		status = session_broken(s, sent, problem);
	else
		status = session_await(s, method, params, deadline, reply, problem);
	json_decref(params);
	return status;
}

enum ctl_exit
session_ask(const struct ctl *ctl, struct session *s, const char *method, json_t *params,
    struct reply *reply)
{
	swim_time deadline = session_deadline();
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

void
session_end(struct session *s, struct reply *reply)
{
	reply_fini(reply);
	session_close(s);
}

enum ctl_exit
session_of_list(const struct ctl *ctl, enum ctl_exit status, const json_t *list)
{
	return status == CTL_OK && ctl->fail_if_empty && json_array_size(list) == 0 ? CTL_NO
										    : status;
}

json_t *
session_string(const char *argument, struct problem *problem)
{
	json_t *string = json_string(argument);

	if (string == NULL)
		problem_set(problem, CTL_USAGE, "usage", "argument '%s' is not UTF-8", argument);
	return string;
}
