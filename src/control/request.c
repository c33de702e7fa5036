/* SPDX-License-Identifier: MIT */
#include "control/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "control/client.h"
#include "control/method.h"

/* The contents of a line. */
struct parsed {
	json_t *root;         /* NULL for a bare word */
	const char *method;   /* not NUL-terminated if it is a bare word */
	size_t method_len;    /* bytes of the method */
	const json_t *params; /* NULL: not given */
	const json_t *id;     /* NULL: not given, or invalid */
	bool notification;    /* an object without id: no answer is sent */
};

static void
request_put_envelope(struct emit *e, const char *id)
{
	emit_object(e, NULL);
	emit_string(e, "jsonrpc", "2.0");
	emit_json(e, "id", id);
}

/* The caller then writes one value without a key. */
static void
request_put_result_envelope(struct emit *e, const char *id)
{
	request_put_envelope(e, id);
	emit_json(e, "result", "");
	e->comma = false;
}

static void
request_put_end(struct emit *e)
{
	emit_object_end(e);
	emit_raw(e, "\n");
}

static void
request_put_refusal(struct emit *e, const struct refusal *refusal)
{
	emit_object(e, "error");
	emit_int(e, "code", refusal->code);
	emit_string(e, "message", refusal->text);
	emit_object(e, "data");
	emit_string(e, "code", refusal_word(refusal->code));
	if (refusal->param[0] != '\0')
		emit_string(e, "param", refusal->param);
	emit_object_end(e);
	emit_object_end(e);
}

static void
request_put_error_line(struct emit *e, const char *id, const struct refusal *refusal)
{
	emit_init(e);
	request_put_envelope(e, id);
	request_put_refusal(e, refusal);
	request_put_end(e);
}

static void
request_answer_refusal(struct client *c, const char *id, const struct refusal *refusal)
{
	struct emit e;

	c->control->stats.errors++;
	request_put_error_line(&e, id, refusal);
	client_answer(c, &e);
}

void
request_error_line(struct emit *e, int code, const char *text)
{
	struct refusal refusal;

	refusal_set(&refusal, code, "%s", text);
	request_put_error_line(e, "null", &refusal);
}

void
request_refuse(struct client *c, int code, const char *text)
{
	struct emit e;

	c->control->stats.errors++;
	request_error_line(&e, code, text);
	client_answer(c, &e);
}

void
request_late_begin(const struct control_call *call, struct emit *e)
{
	emit_init(e);
	request_put_result_envelope(e, call->id != NULL ? call->id : "null");
}

/* Send the line in `e` unless the call is a notification, free the call, and let the client's next request run. */
static void
request_end_call(struct control_call *call, struct emit *e)
{
	struct client *c = call->client;

	if (call->id != NULL)
		client_answer(c, e);
	else
		emit_fini(e);
	c->call = NULL;
	client_ready(c);
	free(call->id);
	free(call);
}

void
request_late_end(struct control_call *call, struct emit *e)
{
	request_put_end(e);
	request_end_call(call, e);
}

void
request_late_refuse(struct control_call *call, const struct refusal *refusal)
{
	struct emit e;

	call->client->control->stats.errors++;
	request_put_error_line(&e, call->id != NULL ? call->id : "null", refusal);
	request_end_call(call, &e);
}

/* --------------------------------------------------------------------------------------- parsing */

static bool
request_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
request_is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool later = (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';

		if (!letter && !(later && i > 0))
			return false;
	}
	return len > 0;
}

static bool
request_check_keys(const json_t *root, struct refusal *refusal)
{
	static const char *const known[] = {"jsonrpc", "id", "method", "params"};
	const char *key;
	const json_t *value;
	char quoted[REFUSAL_QUOTE_MAX];

	json_object_foreach((json_t *)root, key, value) {
		size_t i;

		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strcmp(key, known[i]) == 0)
				break;
		if (i == sizeof(known) / sizeof(known[0])) {
			refusal_set(refusal, CONTROL_INVALID_REQUEST,
			    "a request has no key \"%s\": its keys are jsonrpc, id, method and params",
			    refusal_quote(quoted, key, strlen(key)));
			return false;
		}
	}
	return true;
}

/* Read the version, method and parameters of a request object; the id has been read already. */
static bool
request_read_object(struct parsed *parsed, struct refusal *refusal)
{
	const json_t *version = json_object_get(parsed->root, "jsonrpc");
	const json_t *method = json_object_get(parsed->root, "method");

	if (!request_check_keys(parsed->root, refusal))
		return false;
	if (version != NULL &&
	    (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)) {
		refusal_set(refusal, CONTROL_INVALID_REQUEST,
		    "jsonrpc must be \"2.0\", or be left out");
		return false;
	}
	if (!json_is_string(method)) {
		refusal_set(refusal, CONTROL_INVALID_REQUEST,
		    "method is %s: give the name of a method as a string",
		    method == NULL ? "missing" : "not a string");
		return false;
	}
	parsed->method = json_string_value(method);
	parsed->method_len = json_string_length(method);
	parsed->params = json_object_get(parsed->root, "params");
	return true;
}

/*
 * Read a line that is not blank.  False: refusal is set, and parsed->id is the id of the request if it could be read.
 * The caller answers such a request with the error even if it has no id.
 */
static bool
request_parse(struct parsed *parsed, const char *line, size_t len, struct refusal *refusal)
{
	json_error_t error;

	*parsed = (struct parsed){0};
	if (request_is_word(line, len)) {
		parsed->method = line;
		parsed->method_len = len;
		return true;
	}
	parsed->root = json_loadb(line, len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	if (parsed->root == NULL) {
		char quoted[REFUSAL_QUOTE_MAX * 2];

		/* The text of jansson quotes a part of the line in single quotes. */
		utf8_sentence(error.text, strlen(error.text), quoted, sizeof(quoted));
		refusal_set(refusal, CONTROL_PARSE_ERROR,
		    "the line is not JSON: %s, at byte %d: a request is one line with a JSON object or the name of a method",
		    quoted, error.position);
		return false;
	}
	if (json_is_array(parsed->root)) {
		refusal_set(refusal, CONTROL_INVALID_REQUEST,
		    "batches are not supported: send each request on a line of its own, without waiting for the answers");
		return false;
	}
	if (!json_is_object(parsed->root)) {
		refusal_set(refusal, CONTROL_INVALID_REQUEST,
		    "a request is one line with a JSON object or the name of a method");
		return false;
	}
	parsed->id = json_object_get(parsed->root, "id");
	if (parsed->id != NULL && !json_is_string(parsed->id) && !json_is_number(parsed->id) &&
	    !json_is_null(parsed->id)) {
		parsed->id = NULL;
		refusal_set(refusal, CONTROL_INVALID_REQUEST,
		    "id must be a string, a number or null");
		return false;
	}
	if (!request_read_object(parsed, refusal))
		return false;
	parsed->notification = parsed->id == NULL;
	return true;
}

/* The id as JSON text, allocated, for the answer; NULL: out of memory. */
static char *
request_id_text(const json_t *id)
{
	return id == NULL ? strdup("null") : json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* ---------------------------------------------------------------------------------- carrying out */

static const struct method *
request_choose(const struct parsed *parsed, const struct client *c, struct refusal *refusal)
{
	const struct method *method = method_find(parsed->method, parsed->method_len);
	char quoted[REFUSAL_QUOTE_MAX], names[256];

	if (method == NULL) {
		method_names(names, sizeof(names));
		refusal_set(refusal, CONTROL_UNKNOWN_METHOD,
		    "there is no method \"%s\": the methods are %s",
		    refusal_quote(quoted, parsed->method, parsed->method_len), names);
		return NULL;
	}
	if (method->access == METHOD_WRITE && c->read_only) {
		refusal_set(refusal, CONTROL_DENIED,
		    "the method %s changes something, which the read-only socket does not allow: use the read-write socket, as root or in the group of that socket",
		    method->name);
		return NULL;
	}
	if (!method_check(method, parsed->params, refusal))
		return NULL;
	return method;
}

static void
request_run_method(struct client *c, const struct parsed *parsed, const char *id)
{
	struct emit e;
	struct request request = {.control = c->control,
	    .client = c,
	    .params = parsed->params,
	    .out = &e,
	    .id = parsed->notification ? NULL : id};
	const struct method *method = request_choose(parsed, c, &request.refusal);
	enum method_outcome outcome = METHOD_FAILED;

	emit_init(&e);
	if (method != NULL) {
		request_put_result_envelope(&e, id);
		outcome = method->handler(&request);
		if (outcome == METHOD_DONE && e.failed) {
			refusal_set(&request.refusal, CONTROL_FAILED, "out of memory");
			outcome = METHOD_FAILED;
		}
		/* A method that changed something is always answered with its result, which is short. */
		if (outcome == METHOD_DONE && method->access == METHOD_READ &&
		    !control_room(c->control, c, e.len + client_stream_size(c))) {
			client_stream_cancel(c);
			refusal_no_room(&request.refusal, CONTROL_STUCK_SECONDS);
			outcome = METHOD_FAILED;
		}
	}
	switch (outcome) {
	case METHOD_DONE:
		request_put_end(&e);
		if (parsed->notification)
			emit_fini(&e);
		else
			client_answer(c, &e);
		if (c->stream)
			client_stream(c);
		break;
	case METHOD_FAILED:
		emit_fini(&e);
		if (parsed->notification)
			c->control->stats.errors++;
		else
			request_answer_refusal(c, id, &request.refusal);
		break;
	case METHOD_LATER:
		emit_fini(&e);
		break;
	}
}

void
request_run(struct client *c, const char *line, size_t len)
{
	struct parsed parsed;
	struct refusal refusal;
	char *id;
	bool sound;

	while (len > 0 && request_is_space(line[0])) {
		line++;
		len--;
	}
	while (len > 0 && request_is_space(line[len - 1]))
		len--;
	if (len == 0)
		return;
	c->control->stats.requests++;
	sound = request_parse(&parsed, line, len, &refusal);
	id = request_id_text(parsed.id);
	if (id == NULL)
		request_refuse(c, CONTROL_FAILED, "out of memory");
	else if (!sound)
		request_answer_refusal(c, id, &refusal);
	else
		request_run_method(c, &parsed, id);
	free(id);
	json_decref(parsed.root);
}
