/* SPDX-License-Identifier: MIT */
#include "control/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "control/client.h"
#include "control/request.h"
#include "control/view.h"
#include "net/loop.h"
#include "wire/tags.h"

/* Make the call of a request; the client's later requests wait for it.  NULL: out of memory, and refusal is set. */
static struct control_call *
change_call_new(struct request *r, enum control_call_kind kind)
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
change_call_free(struct control_call *call)
{
	call->client->call = NULL;
	free(call->id);
	free(call);
}

/* Cancel the join that a call waits for. */
static void
change_give_up(struct client *c)
{
	if (c->call->kind == CALL_JOIN)
		discovery_join_cancel(c->control->backend.discovery, c->call);
}

void
change_cancel(struct client *c)
{
	if (c->call == NULL)
		return;
	change_give_up(c);
	change_call_free(c->call);
}

static const char too_late_to_join[] =
    "this member is leaving and can no longer join other members";

void
change_refuse(struct client *c)
{
	struct refusal refusal;

	if (c->call == NULL)
		return;
	change_give_up(c);
	switch (c->call->kind) {
	case CALL_JOIN:
		refusal_set(&refusal, CONTROL_UNAVAILABLE, "%s", too_late_to_join);
		break;
	case CALL_LEAVE:
		refusal_set(&refusal, CONTROL_UNAVAILABLE,
		    "swimd ends before the leave was sent: other members may declare this member dead instead of left");
		break;
	}
	request_late_refuse(c->call, &refusal);
}

/* ---------------------------------------------------------------------------------------- join */

static void
change_joined(void *ctx, const struct discovery_peer *peers, size_t count)
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
change_read_addresses(struct request *r, const json_t *list,
    const char *addresses[CONTROL_JOIN_MAX])
{
	char host[SWIM_HOSTPORT_MAX + 1], quoted[REFUSAL_QUOTE_MAX];
	uint16_t port;

	if (json_array_size(list) == 0 || json_array_size(list) > CONTROL_JOIN_MAX) {
		refusal_param(&r->refusal, "addresses", "give 1 to %d addresses, not %zu",
		    CONTROL_JOIN_MAX, json_array_size(list));
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *address = json_array_get(list, i);
		enum swim_addr_error error;

		addresses[i] = json_string_value(address);
		if (strlen(addresses[i]) == json_string_length(address) &&
		    swim_service_name(addresses[i]) != NULL)
			continue;
		error = swim_hostport_split(addresses[i], json_string_length(address),
		    SWIM_DEFAULT_PORT, false, host, &port);
		if (error != SWIM_ADDR_OK) {
			refusal_param(&r->refusal, "addresses", "the address \"%s\" %s",
			    refusal_quote(quoted, json_string_value(address),
				json_string_length(address)),
			    swim_addr_error_text(error));
			return false;
		}
	}
	return true;
}

enum method_outcome
change_join(struct request *r)
{
	const json_t *list = json_object_get(r->params, "addresses");
	const char *addresses[CONTROL_JOIN_MAX];
	struct control_call *call;
	enum swim_error error;

	if (r->control->leaving) {
		refusal_set(&r->refusal, CONTROL_UNAVAILABLE, "%s", too_late_to_join);
		return METHOD_FAILED;
	}
	if (!change_read_addresses(r, list, addresses))
		return METHOD_FAILED;
	call = change_call_new(r, CALL_JOIN);
	if (call == NULL)
		return METHOD_FAILED;
	error = discovery_join(r->control->backend.discovery, loop_now(),
	    &(struct discovery_join){
		.addresses = addresses,
		.count = json_array_size(list),
		.done = change_joined,
		.ctx = call,
	    });
	if (error != SWIM_OK) {
		change_call_free(call);
		refusal_set(&r->refusal, CONTROL_UNAVAILABLE, "cannot join now: %s",
		    swim_error_text(error));
		return METHOD_FAILED;
	}
	control_flush(r->control);
	return METHOD_LATER;
}

/* --------------------------------------------------------------------------------------- leave */

static void
change_put_empty(struct emit *e)
{
	emit_object(e, NULL);
	emit_object_end(e);
}

void
change_left(struct control_call *call)
{
	struct emit e;

	request_late_begin(call, &e);
	change_put_empty(&e);
	request_late_end(call, &e);
}

enum method_outcome
change_leave(struct request *r)
{
	struct control *control = r->control;

	if (control->left) {
		change_put_empty(r->out);
		return METHOD_DONE;
	}
	if (change_call_new(r, CALL_LEAVE) == NULL)
		return METHOD_FAILED;
	if (!control->leaving) {
		control->leaving = true;
		control->backend.leave(control->backend.ctx);
		control_flush(control);
	}
	return METHOD_LATER;
}

/* -------------------------------------------------------------------------------------- remove */

enum method_outcome
change_remove(struct request *r)
{
	const json_t *name = json_object_get(r->params, "name");
	const char *text = json_string_value(name);
	size_t len = json_string_length(name);
	char quoted[REFUSAL_QUOTE_MAX];

	switch (swim_remove(control_swim(r->control), loop_now(), text, len)) {
	case SWIM_REMOVE_OK:
		control_flush(r->control);
		change_put_empty(r->out);
		return METHOD_DONE;
	case SWIM_REMOVE_NOT_FOUND:
		refusal_no_member(&r->refusal, text, len);
		return METHOD_FAILED;
	case SWIM_REMOVE_NOT_DEAD:
		refusal_set(&r->refusal, CONTROL_CONFLICT,
		    "\"%s\" is neither dead nor left: stop it first, then remove it",
		    refusal_quote(quoted, text, len));
		return METHOD_FAILED;
	}
	return METHOD_FAILED;
}

/* ---------------------------------------------------------------------------------------- tags */

/* Read the changes from `set` and `unset` into changes, which has room for all.  False: refusal is set. */
static bool
change_read_tags(struct request *r, const json_t *set, const json_t *unset,
    struct wire_tag *changes)
{
	char quoted[REFUSAL_QUOTE_MAX], room[WIRE_TAGS_MAX];
	size_t used;
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)set, key, value) {
		*changes = (struct wire_tag){{key, 0}, {json_string_value(value), 0}};
		refusal_quote(quoted, key, strlen(key));
		if (strlen(key) > UINT8_MAX || json_string_length(value) > WIRE_TAGS_MAX) {
			refusal_set(&r->refusal, CONTROL_TOO_LARGE,
			    "the tag \"%s\" is too long: a key may have 255 bytes, and all tags together may have %d; shorten the tag",
			    quoted, WIRE_TAGS_MAX);
			return false;
		}
		changes->key.len = (uint16_t)strlen(key);
		changes->value.len = (uint16_t)json_string_length(value);
		used = 0;
		switch (wire_tags_set(room, &used, changes->key, changes->value)) {
		case WIRE_TAGS_BAD_KEY:
			refusal_param(&r->refusal, "set",
			    "the key of a tag must not be empty: give the tag a key");
			return false;
		case WIRE_TAGS_BAD_VALUE:
			refusal_param(&r->refusal, "set",
			    "the value of the tag \"%s\" has a NUL character: remove the NUL character",
			    quoted);
			return false;
		case WIRE_TAGS_OK:
		case WIRE_TAGS_TOO_LARGE: /* the daemon knows the limit, and refuses the tags */
			break;
		}
		changes++;
	}
	for (size_t i = 0; i < json_array_size(unset); i++) {
		const json_t *name = json_array_get(unset, i);

		key = json_string_value(name);
		if (json_string_length(name) == 0 || json_string_length(name) > UINT8_MAX ||
		    strlen(key) != json_string_length(name)) {
			refusal_param(&r->refusal, "unset",
			    "\"%s\" cannot be the key of a tag: a key has 1 to 255 bytes and no NUL character",
			    refusal_quote(quoted, key, json_string_length(name)));
			return false;
		}
		if (json_object_get(set, key) != NULL) {
			refusal_param(&r->refusal, "unset",
			    "the tag \"%s\" is in both set and unset: remove the tag from one of them",
			    refusal_quote(quoted, key, strlen(key)));
			return false;
		}
		*changes++ = (struct wire_tag){{key, (uint16_t)strlen(key)}, {NULL, 0}};
	}
	return true;
}

enum method_outcome
change_tags(struct request *r)
{
	const struct control_backend *backend = &r->control->backend;
	const json_t *set = json_object_get(r->params, "set");
	const json_t *unset = json_object_get(r->params, "unset");
	size_t count = json_object_size(set) + json_array_size(unset);
	struct wire_tag *changes = calloc(count + 1, sizeof(*changes));
	struct swim_report self;
	char error[512] = "";
	int code;

	if (changes == NULL) {
		refusal_set(&r->refusal, CONTROL_FAILED, "out of memory");
		return METHOD_FAILED;
	}
	if (!change_read_tags(r, set, unset, changes)) {
		free(changes);
		return METHOD_FAILED;
	}
	code = count > 0 ? backend->tags(backend->ctx, changes, count, error) : 0;
	free(changes);
	if (code != 0) {
		refusal_set(&r->refusal, code, "%s", error);
		return METHOD_FAILED;
	}
	control_flush(r->control);
	swim_self(control_swim(r->control), &self);
	emit_object(r->out, NULL);
	view_tags(r->out, "tags", self.tags, self.tags_len);
	emit_object_end(r->out);
	return METHOD_DONE;
}

/* -------------------------------------------------------------------------------------- reload */

static void
change_put_keys(struct emit *e, const char *key, const char *const *names, size_t count)
{
	emit_array(e, key);
	for (size_t i = 0; i < count; i++)
		emit_string(e, NULL, names[i]);
	emit_array_end(e);
}

enum method_outcome
change_reload(struct request *r)
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
	change_put_keys(r->out, "applied", reload.applied, reload.applied_count);
	change_put_keys(r->out, "needs_restart", reload.needs_restart, reload.needs_restart_count);
	emit_object_end(r->out);
	return METHOD_DONE;
}
