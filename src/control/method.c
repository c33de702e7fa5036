/* SPDX-License-Identifier: MIT */
#include "control/method.h"

#include <stdio.h>
#include <string.h>

#include "control/change.h"
#include "control/query.h"

static const struct method methods[] = {
    {"info", METHOD_READ, query_info, "name, address, version and start of this daemon", {{0}}},
    {"members", METHOD_READ, query_members, "the members, and the number of members of each status",
	{
	    {"status", METHOD_STRING_OR_LIST, false,
		"only members of this status, or of one of these"},
	    {"name", METHOD_STRING, false, "only members whose name matches this glob"},
	    {"tags", METHOD_OBJECT, false, "only members that have all these tags"},
	}},
    {"member", METHOD_READ, query_member, "one member",
	{
	    {"name", METHOD_STRING, true, "the name of the member"},
	}},
    {"health", METHOD_READ, query_health, "the state of this daemon, and what is wrong with it",
	{{0}}},
    {"metrics", METHOD_READ, query_metrics, "counters and measurements of all parts of the daemon",
	{
	    {"format", METHOD_STRING, false, "json (the default), openmetrics or prometheus"},
	}},
    {"subscribe", METHOD_READ, query_subscribe, "send events on this connection",
	{
	    {"types", METHOD_STRING_LIST, false,
		"only events of these types; member.* has all types of members"},
	    {"snapshot", METHOD_BOOL, false, "add the members to the answer"},
	    {"since", METHOD_UINT, false, "begin after the event of this sequence number"},
	    {"boot", METHOD_STRING, false, "the boot id of the run to which since belongs"},
	}},
    {"join", METHOD_WRITE, change_join, "contact members at these addresses",
	{
	    {"addresses", METHOD_STRING_LIST, true, "addresses as host or host:port"},
	}},
    {"leave", METHOD_WRITE, change_leave, "leave the cluster gracefully and end the daemon", {{0}}},
    {"remove", METHOD_WRITE, change_remove, "forget a dead or left member on all machines",
	{
	    {"name", METHOD_STRING, true, "the name of the member"},
	}},
    {"tags", METHOD_WRITE, change_tags, "set and unset tags of this member, and tell all members",
	{
	    {"set", METHOD_OBJECT, false, "tags and their values"},
	    {"unset", METHOD_STRING_LIST, false, "keys of tags to unset"},
	}},
    {"reload", METHOD_WRITE, change_reload, "read the configuration again", {{0}}},
    {"links", METHOD_READ, query_links,
	"the members that each member says it cannot reach directly", {{0}}},
    {"discovery", METHOD_READ, query_discovery,
	"the peers that were found, and why each was or was not joined", {{0}}},
};
#define METHODS_COUNT (sizeof(methods) / sizeof(methods[0]))

size_t
method_count(void)
{
	return METHODS_COUNT;
}

const struct method *
method_at(size_t i)
{
	return &methods[i];
}

const struct method *
method_find(const char *name, size_t len)
{
	for (size_t i = 0; i < METHODS_COUNT; i++)
		if (strlen(methods[i].name) == len && memcmp(methods[i].name, name, len) == 0)
			return &methods[i];
	return NULL;
}

/* Append the separator, unless buf is empty, and the name, as far as they fit. */
static void
method_append(char *buf, size_t cap, const char *separator, const char *name)
{
	size_t len = strlen(buf);

	snprintf(buf + len, cap - len, "%s%s", len > 0 ? separator : "", name);
}

void
method_names(char *buf, size_t cap)
{
	buf[0] = '\0';
	for (size_t i = 0; i < METHODS_COUNT; i++)
		method_append(buf, cap, ", ", methods[i].name);
}

/* The text of a type after "must be". */
static const char *
method_type_text(enum method_type type)
{
	switch (type) {
	case METHOD_STRING:
		return "a string";
	case METHOD_STRING_OR_LIST:
		return "a string or a list of strings";
	case METHOD_STRING_LIST:
		return "a list of strings";
	case METHOD_OBJECT:
		return "an object whose values are strings";
	case METHOD_BOOL:
		return "true or false";
	case METHOD_UINT:
		return "an integer, 0 or more";
	}
	return "something else";
}

static bool
method_is_string_list(const json_t *value)
{
	if (!json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return false;
	return true;
}

static bool
method_is_string_object(const json_t *value)
{
	const char *key;
	const json_t *member;

	if (!json_is_object(value))
		return false;
	json_object_foreach((json_t *)value, key, member) {
		(void)key;
		if (!json_is_string(member))
			return false;
	}
	return true;
}

static bool
method_has_type(const json_t *value, enum method_type type)
{
	switch (type) {
	case METHOD_STRING:
		return json_is_string(value);
	case METHOD_STRING_OR_LIST:
		return json_is_string(value) || method_is_string_list(value);
	case METHOD_STRING_LIST:
		return method_is_string_list(value);
	case METHOD_OBJECT:
		return method_is_string_object(value);
	case METHOD_BOOL:
		return json_is_boolean(value);
	case METHOD_UINT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	}
	return false;
}

static const struct method_param *
method_find_param(const struct method *method, const char *name)
{
	for (const struct method_param *p = method->params; p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static void
method_unknown_param(const struct method *method, const char *name, struct refusal *refusal)
{
	char quoted[REFUSAL_QUOTE_MAX], known[256] = "";

	for (const struct method_param *p = method->params; p->name != NULL; p++)
		method_append(known, sizeof(known), ", ", p->name);
	refusal_param(refusal, name, "%s has no parameter \"%s\": it takes %s%s", method->name,
	    refusal_quote(quoted, name, strlen(name)), known[0] == '\0' ? "no parameters" : "",
	    known);
}

bool
method_check(const struct method *method, const json_t *params, struct refusal *refusal)
{
	const char *name;
	const json_t *value;

	if (params != NULL && !json_is_object(params)) {
		refusal_set(refusal, CONTROL_INVALID_PARAMS,
		    "params must be an object of named parameters, or be left out");
		return false;
	}
	json_object_foreach((json_t *)params, name, value) {
		const struct method_param *p = method_find_param(method, name);

		if (p == NULL) {
			method_unknown_param(method, name, refusal);
			return false;
		}
		if (!method_has_type(value, p->type)) {
			refusal_param(refusal, name, "%s of %s must be %s (%s)", name, method->name,
			    method_type_text(p->type), p->help);
			return false;
		}
	}
	for (const struct method_param *p = method->params; p->name != NULL; p++)
		if (p->required && json_object_get(params, p->name) == NULL) {
			refusal_param(refusal, p->name, "%s needs the parameter %s: %s",
			    method->name, p->name, p->help);
			return false;
		}
	return true;
}
