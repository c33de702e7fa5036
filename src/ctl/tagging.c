/* SPDX-License-Identifier: MIT */
/* `swimctl tags`: shows, sets and unsets tags of this member. */
#include "ctl/tagging.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "ctl/pairs.h"
#include "ctl/print.h"
#include "ctl/session.h"

bool
tagging_put(json_t *object, const char *text, struct problem *problem)
{
	const char *equals = strchr(text, '=');
	char *key;
	bool ok;

	if (equals == NULL || equals == text) {
		problem_set(problem, CTL_USAGE, "usage",
		    "'%s' is not a tag: give a key and a value, as in role=db", text);
		return false;
	}
	key = strndup(text, (size_t)(equals - text));
	if (key == NULL) {
		problem_set(problem, CTL_NO, "failed", "out of memory");
		return false;
	}
	if (json_object_get(object, key) != NULL) {
		problem_set(problem, CTL_USAGE, "usage", "the tag '%s' is given twice", key);
		free(key);
		return false;
	}
	ok = json_object_set_new(object, key, json_string(equals + 1)) == 0;
	if (!ok)
		problem_set(problem, CTL_USAGE, "usage", "argument '%s' is not UTF-8", text);
	free(key);
	return ok;
}

/* The params of `tags`: the tags to set and to unset.  NULL: *problem is set. */
static json_t *
tagging_changes(const struct ctl *ctl, struct problem *problem)
{
	json_t *set = json_object(), *unset = json_array(), *string;
	const char *key;
	size_t i;

	for (i = 0; i < ctl->args.operand_count; i++)
		if (!tagging_put(set, ctl->args.operands[i], problem))
			goto fail;
	i = 0;
	while ((key = args_next(&ctl->args, "unset", &i)) != NULL) {
		string = session_string(key, problem);
		if (string == NULL)
			goto fail;
		json_array_append_new(unset, string);
	}
	return json_pack("{s:o,s:o}", "set", set, "unset", unset);
fail:
	json_decref(set);
	json_decref(unset);
	return NULL;
}

static enum ctl_exit
tagging_print_tags(const struct ctl *ctl, const json_t *tags)
{
	char *text;

	if (ctl->format != CTL_JSON)
		return pairs_print(ctl, tags)
			   ? CTL_OK
			   : problem_fail(ctl, CTL_NO, "failed", "out of memory");
	text = tags != NULL ? json_dumps(tags, JSON_COMPACT) : NULL;
	if (text == NULL)
		return problem_fail(ctl, CTL_NO, "failed", "out of memory");
	fprintf(ctl->out, "{\"tags\":%s}\n", text);
	free(text);
	return CTL_OK;
}

/* Ask the daemon for its name, and then for the member with this name.  Both methods work on the read-only socket. */
static enum ctl_exit
tagging_show(const struct ctl *ctl)
{
	struct problem problem;
	struct session session;
	struct reply reply;
	json_t *params = NULL;
	enum ctl_exit status = session_open(ctl, &session, session_deadline(), &problem);

	if (status == CTL_OK)
		status = session_call(&session, "info", NULL, session_deadline(), &reply, &problem);
	if (status == CTL_OK) {
		params = json_pack("{s:O?}", "name", json_object_get(reply.result, "name"));
		reply_fini(&reply);
		status =
		    session_call(&session, "member", params, session_deadline(), &reply, &problem);
	}
	if (status != CTL_OK) {
		session_close(&session);
		return problem_print(ctl, &problem);
	}
	status = tagging_print_tags(ctl, json_object_get(reply.result, "tags"));
	session_end(&session, &reply);
	return status;
}

enum ctl_exit
tagging_run(struct ctl *ctl)
{
	struct problem problem;
	struct session session;
	struct reply reply;
	enum ctl_exit status;
	json_t *params;

	if (ctl->args.operand_count == 0 && !args_has(&ctl->args, "unset"))
		return tagging_show(ctl);
	params = tagging_changes(ctl, &problem);
	if (params == NULL)
		return problem_print(ctl, &problem);
	status = session_ask(ctl, &session, "tags", params, &reply);
	if (status != CTL_OK)
		return status;
	status = tagging_print_tags(ctl, json_object_get(reply.result, "tags"));
	session_end(&session, &reply);
	return status;
}
