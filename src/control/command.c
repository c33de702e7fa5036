/* SPDX-License-Identifier: MIT */
#include "control/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "control/client.h"
#include "control/request.h"
#include "control/view.h"
#include "net/loop.h"

/* A call of this request's, for which its connection waits from now on.  NULL: out of memory. */
static struct control_call *
call_new(struct request *r, enum control_call_kind kind)
{
	struct control_call *call = calloc(1, sizeof(*call));

	if (call != NULL && r->id != NULL) {
		call->id = strdup(r->id);
		if (call->id == NULL) {
			free(call);
			call = NULL;
		}
	}
	if (call == NULL) {
		refusal_set(&r->refusal, CONTROL_FAILED, "out of memory");
		return NULL;
	}
	call->client = r->client;
	call->kind = kind;
	r->client->call = call;
	return call;
}

static void
call_free(struct control_call *call)
{
	call->client->call = NULL;
	free(call->id);
	free(call);
}

void
command_cancel(struct client *c)
{
	if (c->call == NULL)
		return;
	if (c->call->kind == CALL_JOIN)
		discovery_join_cancel(c->control->backend.discovery, c->call);
	call_free(c->call);
}

/* ---------------------------------------------------------------------------------------- join */

static void
joined(void *ctx, const struct discovery_peer *peers, size_t count)
{
	struct control_call *call = ctx;
	struct emit e;

	request_late_begin(call, &e);
	emit_object(&e, NULL);
	emit_array(&e, "addresses");
	for (size_t i = 0; i < count; i++)
		view_joined(&e, &peers[i]);
	emit_array_end(&e);
	emit_object_end(&e);
	request_late_end(call, &e);
}

static bool
read_addresses(struct request *r, const json_t *list, const char *addresses[CONTROL_JOIN_MAX])
{
	char host[SWIM_HOSTPORT_MAX + 1], quoted[REFUSAL_QUOTE_MAX];
	uint16_t port;

	if (json_array_size(list) == 0 || json_array_size(list) > CONTROL_JOIN_MAX) {
		refusal_param(&r->refusal, "addresses", "give 1 to %d addresses: there are %zu",
		    CONTROL_JOIN_MAX, json_array_size(list));
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *address = json_array_get(list, i);
		enum swim_addr_error error = swim_hostport_split(json_string_value(address),
		    json_string_length(address), SWIM_DEFAULT_PORT, false, host, &port);

		if (error != SWIM_ADDR_OK) {
			refusal_param(&r->refusal, "addresses", "address \"%s\": %s",
			    refusal_quote(quoted, json_string_value(address),
				json_string_length(address)),
			    swim_addr_error_text(error));
			return false;
		}
		addresses[i] = json_string_value(address);
	}
	return true;
}

enum method_outcome
command_join(struct request *r)
{
	const json_t *list = json_object_get(r->params, "addresses");
	const char *addresses[CONTROL_JOIN_MAX];
	struct control_call *call;
	enum swim_error error;

	if (r->control->leaving) {
		refusal_set(&r->refusal, CONTROL_UNAVAILABLE,
		    "this member is leaving: it joins nobody any more");
		return METHOD_FAILED;
	}
	if (!read_addresses(r, list, addresses))
		return METHOD_FAILED;
	call = call_new(r, CALL_JOIN);
	if (call == NULL)
		return METHOD_FAILED;
	error = discovery_join(r->control->backend.discovery, addresses, json_array_size(list),
	    joined, call);
	if (error != SWIM_OK) {
		call_free(call);
		refusal_set(&r->refusal, CONTROL_UNAVAILABLE, "cannot join now: %s",
		    swim_error_text(error));
		return METHOD_FAILED;
	}
	control_flush(r->control);
	return METHOD_LATER;
}

/* --------------------------------------------------------------------------------------- leave */

static void
put_empty(struct emit *e)
{
	emit_object(e, NULL);
	emit_object_end(e);
}

void
command_left(struct control_call *call)
{
	struct emit e;

	request_late_begin(call, &e);
	put_empty(&e);
	request_late_end(call, &e);
}

enum method_outcome
command_leave(struct request *r)
{
	struct control *control = r->control;

	if (control->left) {
		put_empty(r->out);
		return METHOD_DONE;
	}
	if (call_new(r, CALL_LEAVE) == NULL)
		return METHOD_FAILED;
	if (!control->leaving) {
		control->leaving = true;
		control->backend.leave(control->backend.ctx);
		control_flush(control);
	}
	return METHOD_LATER;
}

/* -------------------------------------------------------------------------- remove and reload */

enum method_outcome
command_remove(struct request *r)
{
	const json_t *name = json_object_get(r->params, "name");
	const char *text = json_string_value(name);
	size_t len = json_string_length(name);
	char quoted[REFUSAL_QUOTE_MAX];

	switch (swim_remove(control_swim(r->control), loop_now(), text, len)) {
	case SWIM_REMOVE_OK:
		control_flush(r->control);
		put_empty(r->out);
		return METHOD_DONE;
	case SWIM_REMOVE_NOT_FOUND:
		refusal_set(&r->refusal, CONTROL_NOT_FOUND,
		    "no member is called \"%s\"; members lists them",
		    refusal_quote(quoted, text, len));
		return METHOD_FAILED;
	case SWIM_REMOVE_NOT_DEAD:
		refusal_set(&r->refusal, CONTROL_CONFLICT,
		    "\"%s\" is neither dead nor left: stop it first, then remove it",
		    refusal_quote(quoted, text, len));
		return METHOD_FAILED;
	}
	return METHOD_FAILED;
}

static void
put_keys(struct emit *e, const char *key, const char *const *names, size_t count)
{
	emit_array(e, key);
	for (size_t i = 0; i < count; i++)
		emit_string(e, NULL, names[i]);
	emit_array_end(e);
}

enum method_outcome
command_reload(struct request *r)
{
	const struct control_backend *backend = &r->control->backend;
	struct control_reload reload = {0};
	char error[512] = "";

	if (!backend->reload(backend->ctx, &reload, error)) {
		refusal_set(&r->refusal, CONTROL_FAILED, "nothing was changed: %s", error);
		return METHOD_FAILED;
	}
	control_flush(r->control);
	emit_object(r->out, NULL);
	put_keys(r->out, "applied", reload.applied, reload.applied_count);
	put_keys(r->out, "needs_restart", reload.needs_restart, reload.needs_restart_count);
	emit_object_end(r->out);
	return METHOD_DONE;
}
